"""`eqs mu tbi` and `eqs mu srs`: total body fields and radiosurgery arcs, by the book."""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from app.answers import finish, new_file, say
from app.filter.field import Field
from app.filter.mu.book_check import open_book
from app.filter.mu.books import own_book_folder
from app.filter.mu.special import SrsReport, TbiReport, srs_report, tbi_report
from app.filter.mu.srs_arcs import ArcMu, arcs_of, read_printout
from app.filter.mu.tbi_dose import TbiDose, TbiInput
from app.filter.mu.tell import number, signed
from app.filter.rule_set import printed
from app.filter.rv_source import open_rv
from app.mu_hand_commands import add_hand_commands
from core.errors import ClinicFileError
from core.findings import State

CLEAN, FINDINGS, COULD_NOT_RUN = 0, 1, 2


def add_special_commands(rooms: Any) -> None:  # noqa: ANN401  (argparse has no public name for it)
    """Add `mu` to the grammar."""
    mu = rooms.add_parser("mu", help="MU by the book: one field, total body, radiosurgery arcs")
    commands = mu.add_subparsers(required=True)
    add_hand_commands(commands)
    tbi = commands.add_parser("tbi", help="dose at mid-plane from the R&V system's MU")
    tbi.add_argument("--rv", type=Path, required=True, metavar="FILE")
    tbi.add_argument("--thickness", required=True, metavar="CM", help="at the umbilicus")
    tbi.add_argument("--side", metavar="CM", help="equivalent square of the patient")
    tbi.add_argument("--measured", action="append", default=[], metavar="FIELD=CM",
                     help="SSD measured on verification day")  # fmt: skip
    srs = commands.add_parser("srs", help="MU of each arc, from a printout or the R&V system")
    source = srs.add_mutually_exclusive_group(required=True)
    source.add_argument("--printout", type=Path, metavar="FILE.txt")
    source.add_argument("--rv", type=Path, metavar="FILE")
    srs.add_argument("--beam", default="6X", metavar="ID", help="beam of the book (default 6X)")
    srs.add_argument("--cone", action="append", default=[], metavar="[FIELD=]MM")
    srs.add_argument("--depths", action="append", default=[], metavar="FIELD=CM,CM,...")
    srs.add_argument("--isodose", metavar="PERCENT", help="the R&V doses are prescribed to")
    for one, run in ((tbi, _tbi), (srs, _srs)):
        one.add_argument("--book", type=Path, metavar="DIR", help="default: the clinic's book")
        one.add_argument(
            "--xlsx", type=new_file(".xlsx"), metavar="FILE", help="sheet with live formulas"
        )
        finish(one, run)


def _tbi(words: argparse.Namespace) -> int:
    book = open_book(own_book_folder(words.book))
    measured = {field: _number("measured", text) for field, text in _pairs(words.measured)}
    side = None if words.side is None else _number("side", words.side)
    given = TbiInput(_number("thickness", words.thickness), measured, side)
    fields = _fields(words.rv)
    _refuse_unknown("measured", measured, fields)
    report = tbi_report(fields, str(words.rv), book, given)
    if words.xlsx is not None:
        report.save(words.xlsx)
    answer = {
        **_head(report),
        "fields": [
            {"field": one.field_id, "mu": one.mu, "dose_cgy": one.dose_cgy,
             "prescribed_cgy": one.planned_cgy, "difference_percent": one.difference_percent,
             "severity": one.state.value, "mu_for_it": one.mu_for_it, "ssd_cm": one.ssd_cm,
             "measured_ssd_cm": one.measured_ssd_cm, "ssd_severity": one.ssd_state.value,
             "factors": dict(one.factors), "why": one.why, "remedy": one.remedy}
            for one in report.doses
        ],
    }  # fmt: skip
    say(words, answer, _page(report, [_tbi_line(one) for one in report.doses]))
    return _code(report)


def _tbi_line(one: TbiDose) -> str:
    ssd = f"SSD {number(one.ssd_cm, 1)} cm, measured {number(one.measured_ssd_cm, 1)} cm"
    if one.dose_cgy is None:
        return f"Field {one.field_id}: not calculated: {one.why}; {ssd}: {one.ssd_state.value}"
    factors = ", ".join(f"{name} {value:.4f}" for name, value in one.factors.items())
    dose = f"{number(one.dose_cgy, 2)} cGy at mid-plane, {number(one.planned_cgy, 2)} prescribed"
    return (
        f"Field {one.field_id}: {dose}, {signed(one.difference_percent)} %: {one.state.value}; "
        f"{ssd}: {one.ssd_state.value}\n    {factors}"
    )


def _srs(words: argparse.Namespace) -> int:
    book = open_book(own_book_folder(words.book))
    if words.printout is not None:
        arcs, about = read_printout(words.printout), str(words.printout)
    else:
        if words.isodose is None:
            raise _not_written("--isodose is missing: the line the R&V doses are prescribed to")
        line = _number("isodose", words.isodose)
        cones = {f: _number("cone", t) / 10 for f, t in _pairs(words.cone, bare=True)}
        depths = {
            f: [_number("depths", one) for one in t.split(",")] for f, t in _pairs(words.depths)
        }
        fields = _fields(words.rv)
        _refuse_unknown("cone", {one for one in cones if one}, fields)
        _refuse_unknown("depths", depths, fields)
        arcs, about = arcs_of(fields, cones, depths, line), str(words.rv)
    report = srs_report(arcs, about, book, words.beam)
    if words.xlsx is not None:
        report.save(words.xlsx)
    answer = {
        **_head(report),
        "arcs": [
            {"arc": one.arc.name, "cone_cm": one.arc.cone_cm, "dose_cgy": one.arc.dose_cgy,
             "mu": one.mu, "planned_mu": one.arc.mu, "output": one.output,
             "difference_percent": one.difference_percent, "severity": one.state.value,
             "depths_cm": list(one.arc.depths_cm), "tmr": list(one.tmr), "isf": one.isf,
             "why": one.why, "remedy": one.remedy}
            for one in report.arcs
        ],
    }  # fmt: skip
    say(words, answer, _page(report, [_arc_line(one) for one in report.arcs]))
    return _code(report)


def _arc_line(one: ArcMu) -> str:
    if one.mu is None:
        return f"Arc {one.arc.name}: not calculated: {one.why}"
    mean = sum(one.tmr) / len(one.tmr)
    return (
        f"Arc {one.arc.name}, cone {10 * one.arc.cone_cm:g} mm: {one.mu:.1f} MU by the book, "
        f"{number(one.arc.mu, 1)} in the plan, {signed(one.difference_percent)} %: "
        f"{one.state.value}; ScT {one.output:.4f}, mean TMR {mean:.4f}, ISF {one.isf:.4f}"
    )


def _fields(path: Path) -> tuple[Field, ...]:
    return open_rv(path).fields


def _pairs(texts: list[str], *, bare: bool = False) -> list[tuple[str, str]]:
    pairs = [text.rpartition("=") for text in texts]
    if not bare and any(not field for field, _, _ in pairs):
        raise _not_written(f"{' '.join(texts)!r} names no field")
    return [(field, text) for field, _, text in pairs]


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError as fault:
        raise _not_written(f"--{name} {text!r} is no number") from fault
    if not 0 < value < 1000:
        raise _not_written(f"--{name} {text!r} is out of range")
    return value


def _refuse_unknown(name: str, given: Iterable[str], fields: tuple[Field, ...]) -> None:
    for field in sorted(set(given) - {one.id for one in fields}):
        raise _not_written(f"--{name}: the export has no field {field}")


def _not_written(what: str) -> ClinicFileError:
    return ClinicFileError(
        what, where="command line", remedy="eqs mu tbi --help and eqs mu srs --help show how."
    )


def _head(report: TbiReport | SrsReport) -> dict[str, object]:
    book = report.book
    return {
        "status": report.status.value,
        "notice": book.notice,
        "book": {"name": book.name, "digest": book.digest},
        "rule_version": report.rule_version,
        "rules": report.rules.to_json() if report.rules is not None else None,
        "left_out": [{"item": one.item, "why": one.why} for one in report.not_checked],
    }


def _page(report: TbiReport | SrsReport, lines: list[str]) -> str:
    book = report.book
    left_out = [f"  {one.item}: {one.why}" for one in report.not_checked]
    foot = f"Book {book.name}, SHA-256 {book.digest}\nRules {report.rule_version}"
    foot += f"\n{printed(report.rules)}" if report.rules is not None else ""
    return "\n".join(
        [book.notice, *lines, "", "Not part of the calculation:", *left_out, "", foot]
    )


def _code(report: TbiReport | SrsReport) -> int:
    if not report.ran:
        return COULD_NOT_RUN
    return CLEAN if report.status == State.PASS else FINDINGS
