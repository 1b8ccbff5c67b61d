"""`eqs certificate`, `eqs dvh`, `eqs render`, `eqs anonymise`: the Viewer without a window.

What reads and computes is imported by the command that needs it: its compiled loops take half a
second to load, which no other command and no start of the window should wait for.
"""

# ruff: noqa: PLC0415  (see above)

import argparse
from pathlib import Path
from typing import Any

from app.answers import finish, new_file, say
from core.errors import RemedyError
from core.findings import State
from core.safe_write import write_whole

VIEWS = ("axial", "coronal", "sagittal")


def add_viewer_commands(rooms: Any) -> None:  # noqa: ANN401  (argparse has no public name for it)
    """Add the Viewer's commands to the grammar."""
    certificate = rooms.add_parser("certificate", help="examine the geometry of an RT set")
    _sources(certificate)
    finish(certificate, _certificate)
    dvh = rooms.add_parser("dvh", help="DVHs of an RT set with their error band")
    _sources(dvh)
    dvh.add_argument("--structure", action="append", default=[], metavar="NAME",
                     help="only these structures; * and ? allowed; repeatable")  # fmt: skip
    dvh.add_argument("--dose", metavar="UID", help="SOPInstanceUID of the dose")
    dvh.add_argument(
        "--csv", type=new_file(".csv"), metavar="FILE.csv", help="also write the table"
    )
    finish(dvh, _dvh)
    render = rooms.add_parser("render", help="one view of an RT set as PNG")
    _sources(render)
    render.add_argument("--out", type=new_file(".png"), required=True, metavar="FILE.png")
    render.add_argument("--view", choices=VIEWS, default="axial")
    render.add_argument("--at", metavar="X,Y,Z", help="patient point in mm")
    render.add_argument("--size", default="800x800", metavar="WIDTHxHEIGHT")
    finish(render, _render)
    hide = rooms.add_parser("anonymise", help="write an RT set without the person")
    _sources(hide)
    hide.add_argument("--out", type=Path, required=True, metavar="DIR", help="new or empty")
    hide.add_argument("--id", required=True, metavar="ID", help="pseudonym for the patient ID")
    hide.add_argument("--name", default="ANONYMOUS", help="pseudonym for the name")
    finish(hide, _anonymise)


def _sources(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", type=Path, nargs="+", metavar="SOURCE",
                        help="DICOM files, folders or zip archives; Pinnacle folders")  # fmt: skip
    parser.add_argument("--patient", metavar="ID", help="one of several persons")


def _certificate(words: argparse.Namespace) -> int:
    from app.viewer import command

    own, found = command.certificate_of(words.source, words.patient)
    answer = {"patient_id": own.patient_id, **found.to_json()}
    say(words, answer, command.certificate_text(own, found))
    return 1 if found.state in (State.ERROR, State.WARNING) else 0


def _dvh(words: argparse.Namespace) -> int:
    from app.viewer import command
    from app.viewer.patient_words import patient_words
    from core.dicom.dvh_export import dvh_json, dvh_table_csv

    answer = command.dvhs_of(
        words.source, words.patient, names=words.structure, dose_uid=words.dose
    )
    patient = patient_words(answer.rt_set)
    table = dvh_table_csv(answer.dvhs, patient, answer.dose.title)
    if words.csv is not None:
        write_whole(words.csv, table.encode("utf-8"))
    lacking = command.not_used(answer.rt_set)
    doubtful = bool(lacking) or any(one.problem for one in answer.dvhs)
    plan = answer.rt_set.plan_of(answer.dose)
    whole = {
        "status": State.WARNING if doubtful else State.PASS,
        "patient_id": answer.rt_set.patient_id,
        "plan": plan.label if plan is not None else "",
        "dose": answer.dose.title,
        "dose_uid": answer.dose.item.sop_uid,
        "structure_set": answer.structures.label,
        "structures": dvh_json(answer.dvhs),
        "not_used": list(lacking),
    }
    say(words, whole, "\n".join([table, *(f"Not used: {one}" for one in lacking)]))
    return 1 if doubtful else 0


def _render(words: argparse.Namespace) -> int:
    from app.viewer.planes import Orientation
    from app.viewer.render import Wanted, render

    wanted = Wanted(Orientation(words.view), _point(words.at), _size(words.size), words.patient)
    done = render(words.source, words.out, wanted)
    text = "{} written: {} view through ({:.1f}, {:.1f}, {:.1f}) mm".format(
        words.out, words.view, *done.at_mm
    )
    doubtful = bool(done.left_out or done.not_used)
    whole = {
        "status": State.WARNING if doubtful else State.PASS,
        "file": str(words.out),
        "at_mm": list(done.at_mm),
        "left_out": list(done.left_out),
        "not_used": list(done.not_used),
    }
    lines = [text, *done.left_out, *(f"Not used: {one}" for one in done.not_used)]
    say(words, whole, "\n".join(lines))
    return 1 if doubtful else 0


def _anonymise(words: argparse.Namespace) -> int:
    from app.viewer import command
    from core.dicom.anonymise import Pseudonym, export_anonymised

    own = command.one_set(words.source, words.patient)
    report = export_anonymised(list(own.items), words.out, Pseudonym(words.id, words.name))
    lines = [f"{report.written} objects written to {words.out}"]
    lines += [f"warning  {line}" for line in report.warnings]
    lines += [f"refused  {one.name}: {one.why}" for one in report.refused]
    say(words, report.to_json(), "\n".join(lines))
    return 1 if report.refused or report.warnings else 0


def _point(text: str | None) -> tuple[float, float, float] | None:
    if text is None:
        return None
    try:
        x, y, z = (float(part) for part in text.split(","))
    except ValueError as fault:
        raise RemedyError(
            f"'{text}' is no point", where="--at", remedy="Write three numbers in mm: --at=1,-2,3."
        ) from fault
    return x, y, z


def _size(text: str) -> tuple[int, int]:
    try:
        width, height = (int(part) for part in text.lower().split("x"))
    except ValueError as fault:
        raise RemedyError(
            f"'{text}' is no size", where="--size", remedy="Write e.g. --size 800x600."
        ) from fault
    if not (16 <= width <= 8192 and 16 <= height <= 8192):
        raise RemedyError(
            f"{text} pixels cannot be made", where="--size", remedy="Stay between 16 and 8192."
        )
    return height, width
