"""The clinical steps: demonstration patient, LEX, Filter, MU and DVH, by the commands' functions.

Known results stand in resources/selftest.toml.
"""

import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from app.both_channels import reader_back
from app.demo.write_demo import demo_set, write_demo
from app.filter.batch import check_folder
from app.filter.item_words import sentence_in_words
from app.filter.mu.book_check import open_book
from app.filter.mu.books import GENERIC
from app.filter.mu.check import Choices, mu_report
from app.filter.mu.electron import ElectronInput
from app.filter.report import compare_report
from app.lex.command import write_from_files
from app.lex.treatment import read_treatment
from app.selftest.outcome import SelfTestError
from core.findings import State
from core.paths import RESOURCES

TABLE = RESOURCES / "selftest.toml"
DEMO = "demonstration"
WRITTEN = "transfer.rtp"


@cache
def known() -> dict[str, Any]:
    """Return the results that every installation must reach."""
    return tomllib.loads(TABLE.read_text(encoding="utf-8"))


def demonstration(folder: Path) -> str:
    """Write the demonstration patient into the folder of the self-test."""
    demo = write_demo(folder / DEMO)
    files = sum(file.is_file() for file in demo.folder.rglob("*"))
    return f"{files} files written."


def _plans(folder: Path) -> dict[Path, Path]:
    """Return each form of the demonstration plan and the file that LEX writes from it."""
    demo = demo_set(folder / DEMO)
    return {demo.pinnacle_plan: folder / WRITTEN, demo.plan: folder / "from_dicom.rtp"}


def lex(folder: Path) -> str:
    """Write a transfer file from each form of the plan; the Filter reads it back first."""
    treatment = demo_set(folder / DEMO).treatment
    entries = read_treatment(treatment)
    for plan, out in _plans(folder).items():
        back = reader_back(plan, entries.trial, entries.beams, entries.options)
        report = write_from_files(plan, treatment, out, back)
        if report.out is None:
            raise SelfTestError(f"LEX wrote no file: {report.refusal}", plan.name)
    return f"{len(report.fields)} fields written from the Pinnacle plan and from the DICOM plan."


def checker(folder: Path) -> str:
    """Compare what LEX wrote with its plan, and find one seeded error and nothing else."""
    demo = demo_set(folder / DEMO)
    for plan, written in _plans(folder).items():
        report = compare_report(written, plan)
        if report.status is not State.PASS:
            words = next((one.message for one in report.findings), report.status)
            raise SelfTestError(f"LEX's file differs from its plan: {words}", plan.name)
        if len(report.matches) != known()["filter"]["fields"]["value"]:
            raise SelfTestError(f"{len(report.matches)} fields were paired", plan.name)
    name = known()["filter"]["seeded"]["value"]
    seeded = demo.variant_index.parent / f"{name}.rtp"
    found = [one for one in compare_report(seeded, demo.plan).findings if one.state is State.ERROR]
    told = {(one.field, one.item) for one in found}
    if told != {_seeded(demo.variant_index, seeded.name)}:
        raise SelfTestError(f"the seeded error was not told alone: {sorted(told)}", seeded.name)
    named = sentence_in_words(found[0].message)
    return f"LEX's files equal their plans; the seeded error is named: {named}"


def _seeded(index: Path, name: str) -> tuple[str, str]:
    """Return field and item of the error that was seeded into an export."""
    rows = json.loads(index.read_text(encoding="utf-8"))
    own = next(one for one in rows if one["file"] == name)
    return str(own["field"]), str(own["item"])


def mu(folder: Path) -> str:
    """Calculate every field of LEX's file by the generic book, the electron field included."""
    demo = demo_set(folder / DEMO)
    table = known()["mu"]
    choices = Choices(electrons={
        table["electron_field"]["value"]: ElectronInput(
            isodose_percent=table["electron_isodose"]["value"]
        )
    })  # fmt: skip
    report = mu_report(folder / WRITTEN, demo.folder / "dicom", open_book(GENERIC), choices)
    if report.status is not State.PASS:
        raise SelfTestError(f"status {report.status}, not pass", "MU")
    for one in report.beams:
        _compare(f"MU, field {one.field_id}", one.dose_cgy, table["dose"][one.field_id])
    return f"{len(report.beams)} fields within {table['dose']['1']['tolerance']} cGy."


def dvh(folder: Path) -> str:
    """Compute the DVHs of every structure and compare volumes and doses."""
    from app.viewer.command import dvhs_of  # noqa: PLC0415  (its compiled loops take a while)
    from core.dicom.structure_dvh import statistics  # noqa: PLC0415  (see above)

    answer = dvhs_of([demo_set(folder / DEMO).folder / "dicom"])
    found = {one.structure.name: one for one in answer.dvhs}
    values = 0
    for name, row in known()["dvh"].items():
        if name not in found:
            raise SelfTestError("there is no DVH", f"DVH of {name}")
        told = statistics(found[name])
        for item, wanted in row.items():
            value = None if told is None else getattr(told, item).value
            _compare(f"DVH of {name}, {item}", value, wanted)
            values += 1
    return f"{len(found)} structures computed, {values} values as they should be."


def workers(folder: Path) -> str:
    """Check every export of the demonstration in two processes."""
    demo = demo_set(folder / DEMO)
    rows = {Path(one.file).name: one for one in check_folder(demo.export.parent, jobs=2)}
    clean = rows.get(demo.export.name)
    if clean is None or clean.status != State.PASS:
        words = "it was not looked at" if clean is None else clean.words or clean.status
        raise SelfTestError(f"the clean export does not pass: {words}", demo.export.name)
    fault = next((one for one in rows.values() if "has a fault" in one.words), None)
    if fault is not None:
        raise SelfTestError(fault.words, Path(fault.file).name)
    return f"{len(rows)} exports checked by two processes."


def _compare(where: str, value: float | None, wanted: dict[str, Any]) -> None:
    if value is None or not abs(value - wanted["value"]) <= wanted["tolerance"]:
        told = "nothing" if value is None else f"{value:.4f} {wanted['unit']}"
        raise SelfTestError(f"{told} instead of {wanted['value']} {wanted['unit']}", where)
