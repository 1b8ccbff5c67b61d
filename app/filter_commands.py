"""The commands of the Filter: open an export, compare it, translate one, stereotactic arcs."""

import argparse
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from app.answers import finish, new_file, say
from app.filter.acknowledged import with_record
from app.filter.checks_log import on_record
from app.filter.delivery_forms import FORMS
from app.filter.other_reports import (
    WITHOUT_PLAN,
    exports_report,
    srs_report,
    tbi_report,
    without_plan_report,
)
from app.filter.plan_dicom import read_dicom_plan
from app.filter.report import compare_report, open_report
from app.filter.rtp_write import rtp_bytes
from app.filter.views import PLAN_TO_RV, PLAN_TO_VARIS
from app.filter_commission_command import add_commission_command
from app.filter_desk_commands import add_desk_commands, say_report
from app.filter_record_commands import add_record_commands
from app.mu_commands import add_mu_command
from core.errors import RemedyError
from core.findings import State
from core.safe_write import write_whole

CLEAN, FINDINGS = 0, 1
SCALES = ("iec", "varian_native", "elekta_native")


def add_filter_commands(rooms: Any) -> None:  # noqa: ANN401  (argparse has no public name for it)
    """Add the commands of the Filter."""
    commands = rooms.add_parser("filter", help="check R&V exports").add_subparsers(required=True)
    alone = commands.add_parser("open", help="report on an R&V export alone")
    alone.add_argument("file", type=Path, metavar="FILE")
    alone.add_argument(
        "--no-plan", choices=tuple(WITHOUT_PLAN), metavar="KIND",
        help="there is no plan at all: " + " or ".join(WITHOUT_PLAN),
    )  # fmt: skip
    pair = commands.add_parser("compare", help="compare an R&V export with what it should be")
    pair.add_argument("--rv", type=Path, required=True, metavar="FILE")
    against = pair.add_mutually_exclusive_group(required=True)
    against.add_argument("--plan", type=Path, metavar="SOURCE", help="the plan")
    against.add_argument("--initial", type=Path, metavar="FILE", help="the initial export")
    against.add_argument("--template", choices=("srs", "tbi"), help="a template of the clinic")
    pair.add_argument("--trial", metavar="NAME")
    pair.add_argument(
        "--varis", action="store_true", help="--rv is a DICOM export of VARIS, --plan its plan"
    )
    pair.add_argument(
        "--ssd", action="append", default=[], metavar="FIELD=CM",
        help="with --template tbi: SSD measured on verification day; once per field",
    )  # fmt: skip
    pair.add_argument(
        "--thickness", type=_cm, metavar="CM",
        help="with --template tbi: thickness of the body at the umbilicus",
    )  # fmt: skip
    pair.add_argument(
        "--expected", nargs="+", choices=FORMS, default=(), metavar="FORM",
        help="forms of delivery that were asked for: " + ", ".join(FORMS),
    )  # fmt: skip
    arcs = commands.add_parser("srs", help="stereotactic arcs by isocentre, as a printout")
    arcs.add_argument("--rv", type=Path, required=True, metavar="FILE")
    for one, run in ((alone, _open), (pair, _compare), (arcs, _srs)):
        one.add_argument("--scale", choices=SCALES, help="scale of an export that does not say it")
        finish(one, run)
    add_mu_command(commands)
    change = commands.add_parser("translate", help="write a DICOM RT Plan as RTP-Connect")
    change.add_argument("--in", type=Path, required=True, metavar="FILE.dcm", dest="source")
    change.add_argument("--out", type=new_file(".rtp"), required=True, metavar="NEW.rtp")
    finish(change, _translate)
    add_desk_commands(commands)
    add_record_commands(commands)
    add_commission_command(commands)


def _open(words: argparse.Namespace) -> int:
    if words.no_plan:
        return say_report(words, without_plan_report(words.file, words.no_plan, words.scale))
    return say_report(words, open_report(words.file, machine_scale=words.scale))


def _compare(words: argparse.Namespace) -> int:
    if words.template != "tbi" and (words.ssd or words.thickness is not None):
        raise RemedyError(
            "--ssd and --thickness are for total body irradiation alone", where="command line",
            remedy="Add --template tbi, or leave them out.",
        )  # fmt: skip
    if words.template == "srs":
        return _srs(words)
    if words.template == "tbi":
        return say_report(words, tbi_report(
            words.rv, words.scale, _measured(words.ssd), words.thickness
        ))  # fmt: skip
    if words.initial is not None:
        return say_report(words, exports_report(words.rv, words.initial, words.scale))
    view = PLAN_TO_VARIS if words.varis else PLAN_TO_RV
    report = compare_report(
        words.rv, words.plan, words.trial, words.scale, words.expected, view
    )  # fmt: skip
    return say_report(words, report)


def _srs(words: argparse.Namespace) -> int:
    report = srs_report(words.rv, words.scale)
    report = replace(report, report=with_record(on_record(report.report, "command")))
    say(words, report.to_json(), report.text())
    return CLEAN if report.report.status == State.PASS else FINDINGS


def _translate(words: argparse.Namespace) -> int:
    """Translate and say what RTP-Connect does not hold of the plan."""
    if words.out.exists():
        raise RemedyError(
            "the file is there already", where=str(words.out), remedy="Name a new file."
        )
    plan = read_dicom_plan(words.source)
    write_whole(words.out, rtp_bytes(plan))
    text = f"{words.out}: {len(plan.fields)} fields written, positions rounded to 0.01 cm."
    say(words, {"status": "pass", "file": str(words.out), "fields": len(plan.fields)}, text)
    return CLEAN


def _cm(text: str) -> Decimal:
    """Return a length in cm as mm."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no thickness in cm, as 28.5")
    return value.scaleb(1)


def _measured(pairs: list[str]) -> dict[str, Decimal]:
    """Return SSD in mm by field ID from FIELD=CM."""
    found = {}
    for pair in pairs:
        name, _, number = pair.partition("=")
        try:
            value = Decimal(number)
        except InvalidOperation:
            value = Decimal("NaN")
        if not name or not value.is_finite():
            raise RemedyError(
                f"{pair!r} is no measured SSD", where="--ssd", remedy="Write FIELD=CM, as 1=398.5."
            )
        found[name] = value.scaleb(1)
    return found
