"""`eqs mu tbi` and `eqs mu srs`: total body fields and radiosurgery arcs, by the book."""

import argparse
from pathlib import Path
from typing import Any

from app.answers import finish, say
from app.filter.field import Field
from app.filter.limits import read_limits
from app.filter.mu.book import Book, BookBeam
from app.filter.mu.book_check import open_book
from app.filter.mu.books import own_book_folder
from app.filter.mu.special_sheet import write_srs, write_tbi
from app.filter.mu.srs_arcs import ArcMu, arc_mus, arcs_of, read_printout
from app.filter.mu.tbi_dose import TbiDose, TbiInput, tbi_doses
from app.filter.mu.tell import number, signed
from app.filter.rv_source import open_rv
from core.errors import ClinicFileError
from core.findings import State

CLEAN, FINDINGS, COULD_NOT_RUN = 0, 1, 2


def add_special_commands(rooms: Any) -> None:  # noqa: ANN401  (argparse has no public name for it)
    """Add `mu` to the grammar."""
    mu = rooms.add_parser("mu", help="MU of total body fields and radiosurgery arcs")
    commands = mu.add_subparsers(required=True)
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
        one.add_argument("--xlsx", type=Path, metavar="FILE", help="sheet with live formulas")
        finish(one, run)


def _tbi(words: argparse.Namespace) -> int:
    book, limits = open_book(own_book_folder(words.book)), read_limits()
    measured = {field: _number("measured", text) for field, text in _pairs(words.measured)}
    side = None if words.side is None else _number("side", words.side)
    given = TbiInput(_number("thickness", words.thickness), measured, side)
    fields = _fields(words.rv)
    _refuse_unknown("measured", measured, fields)
    doses = tbi_doses(fields, book, given, limits)
    if words.xlsx is not None:
        limit = (float(limits["mu.tbi_fail_percent"]), float(limits["special.tbi_ssd_mm"]))
        write_tbi(doses, book, str(words.rv), limit, words.xlsx)
    states = [state for one in doses for state in (one.state, one.ssd_state)]
    answer = {
        "status": _status(states).value, **_head(book),
        "fields": [
            {"field": one.field_id, "mu": one.mu, "dose_cgy": one.dose_cgy,
             "prescribed_cgy": one.planned_cgy, "difference_percent": one.difference_percent,
             "severity": one.state.value, "mu_for_it": one.mu_for_it, "ssd_cm": one.ssd_cm,
             "measured_ssd_cm": one.measured_ssd_cm, "ssd_severity": one.ssd_state.value,
             "factors": dict(one.factors), "why": one.why, "remedy": one.remedy}
            for one in doses
        ],
    }  # fmt: skip
    say(words, answer, "\n".join([book.notice, *(_tbi_line(one) for one in doses), _foot(book)]))
    return _code(states, any(one.dose_cgy is not None for one in doses))


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
    book, limits = open_book(own_book_folder(words.book)), read_limits()
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
        arcs, about = arcs_of(_fields(words.rv), cones, depths, line), str(words.rv)
    made = arc_mus(arcs, _beam(book, words.beam), limits)
    pair = (float(limits["mu.photon_warn_percent"]), float(limits["mu.photon_fail_percent"]))
    if words.xlsx is not None:
        write_srs(made, book, about, pair, words.xlsx)
    states = [one.state for one in made]
    answer = {
        "status": _status(states).value, **_head(book),
        "arcs": [
            {"arc": one.arc.name, "cone_cm": one.arc.cone_cm, "dose_cgy": one.arc.dose_cgy,
             "mu": one.mu, "planned_mu": one.arc.mu, "output": one.output,
             "difference_percent": one.difference_percent, "severity": one.state.value,
             "depths_cm": list(one.arc.depths_cm), "tmr": list(one.tmr), "isf": one.isf,
             "why": one.why, "remedy": one.remedy}
            for one in made
        ],
    }  # fmt: skip
    say(words, answer, "\n".join([book.notice, *(_arc_line(one) for one in made), _foot(book)]))
    return _code(states, any(one.mu is not None for one in made))


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


def _beam(book: Book, name: str) -> BookBeam:
    for beam in book.beams:
        if beam.id == name:
            return beam
    listed = ", ".join(beam.id for beam in book.beams)
    raise _not_written(f"the book has no beam {name}; it has {listed}")


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


def _refuse_unknown(name: str, given: dict[str, float], fields: tuple[Field, ...]) -> None:
    for field in set(given) - {one.id for one in fields}:
        raise _not_written(f"--{name}: the export has no field {field}")


def _not_written(what: str) -> ClinicFileError:
    return ClinicFileError(
        what, where="command line", remedy="eqs mu tbi --help and eqs mu srs --help show how."
    )


def _head(book: Book) -> dict[str, object]:
    return {"notice": book.notice, "book": {"name": book.name, "digest": book.digest}}


def _foot(book: Book) -> str:
    return f"Book {book.name}, SHA-256 {book.digest}"


def _status(states: list[State]) -> State:
    """Return the worst; what was not run keeps the result from passing."""
    for one in (State.ERROR, State.WARNING):
        if one in states:
            return one
    return State.WARNING if State.NOT_RUN in states or not states else State.PASS


def _code(states: list[State], ran: bool) -> int:
    if not ran:
        return COULD_NOT_RUN
    return CLEAN if _status(states) == State.PASS else FINDINGS
