"""`eqs filter mu` and `eqs book show|check|export|import|make`: the MU check without a window."""

import argparse
from pathlib import Path
from typing import Any

from app.answers import finish, new_file, say
from app.filter.mu.book import Book
from app.filter.mu.book_check import check_book, open_book
from app.filter.mu.book_generic import generic_book
from app.filter.mu.book_read import book_of, files_of
from app.filter.mu.book_sheet import export_workbook, import_workbook
from app.filter.mu.book_write import write_book
from app.filter.mu.books import own_book_folder
from app.filter.mu.check import Choices, mu_report
from app.filter.mu.electron import ElectronInput
from app.filter.mu.plan_points import GEOMETRIC, WATER
from app.filter.mu.sheet import write_sheet
from app.filter.mu.tell import as_text, to_json
from core.errors import ClinicFileError
from core.findings import State, overall

CLEAN, FINDINGS, COULD_NOT_RUN = 0, 1, 2
EDGES = ("X1", "X2", "Y1", "Y2")


def add_mu_command(checker: Any) -> None:  # noqa: ANN401  (argparse has no public name for it)
    """Add `filter mu` to the commands of the Filter."""
    mu = checker.add_parser("mu", help="check the MU by the dosimetry book")
    mu.add_argument("--rv", type=Path, metavar="FILE", help="R&V export; without it the plan's MU")
    mu.add_argument("--plan", type=Path, required=True, metavar="SOURCE")
    mu.add_argument("--trial", metavar="NAME")
    mu.add_argument("--book", type=Path, metavar="DIR", help="default: the clinic's, else generic")
    mu.add_argument("--ct", type=Path, metavar="DIR", help="trace the depths through this CT")
    mu.add_argument(
        "--depth-kind", choices=("water", "geometric"), default="water",
        help="water-equivalent where it is known (default), or always geometric",
    )  # fmt: skip
    mu.add_argument(
        "--xlsx", type=new_file(".xlsx"), metavar="FILE", help="write the sheet with formulas"
    )
    for name, words in (
        ("depth", "FIELD=CM: depth of the point instead of the plan's"),
        ("flash", "FIELD=EDGE:CM: crop flash at X1, X2, Y1 or Y2 for phantom scatter"),
        ("isodose", "FIELD=PERCENT: isodose an electron field is prescribed to"),
        ("cutout", "FIELD=LxW: clinical size of an electron cutout, cm"),
        ("factor", "FIELD=FACTOR: measured factor of an electron cutout"),
        ("ssd", "FIELD=CM: SSD of an electron field"),
        ("bolus", "FIELD=CM: bolus on the skin the SSD was read on"),
    ):
        mu.add_argument(f"--{name}", action="append", default=[], metavar="FIELD=...", help=words)
    finish(mu, _mu)


def add_book_commands(rooms: Any) -> None:  # noqa: ANN401  (argparse has no public name for it)
    """Add `book` to the grammar."""
    book = rooms.add_parser("book", help="look at and exchange dosimetry books")
    commands = book.add_subparsers(required=True)
    for name, words, run in (
        ("show", "list beams and tables", _show),
        ("check", "look for impossible and doubtful values", _check),
        ("plot", "draw a table as PNG", _plot),
        ("export", "write the book as a workbook", _export),
        ("import", "make a book's folder from a workbook", _import),
        ("make", "write the generic book", _make),
    ):
        one = commands.add_parser(name, help=words)
        if name == "plot":
            one.add_argument("--beam", required=True, metavar="ID")
            one.add_argument("--table", required=True, metavar="NAME", help="e.g. tmr")
            one.add_argument("--out", type=new_file(".png"), required=True, metavar="FILE.png")
        if name in ("show", "check", "plot", "export"):
            one.add_argument("book", type=Path, nargs="?", metavar="DIR")
        if name == "import":
            one.add_argument("workbook", type=Path, metavar="FILE.xlsx")
        if name == "make":
            one.add_argument("folder", type=Path, metavar="DIR")
        if name in ("export", "import"):
            one.add_argument("--out", type=Path, required=True)
        finish(one, run)


def _mu(words: argparse.Namespace) -> int:
    book = open_book(own_book_folder(words.book))
    choices = choices_of(words)
    report = mu_report(words.rv or words.plan, words.plan, book, choices, words.trial, words.ct)
    if words.xlsx is not None:
        write_sheet(report, words.xlsx)
    say(words, to_json(report), as_text(report))
    if not report.ran:
        return COULD_NOT_RUN
    return CLEAN if report.status == State.PASS else FINDINGS


def choices_of(words: argparse.Namespace) -> Choices:
    """Return what the options of the command add.

    Raises:
        ClinicFileError: An option is not written as it must be.

    """
    flash: dict[str, dict[str, float]] = {}
    for field, text in _pairs(words.flash, "flash"):
        edge, _, size = text.partition(":")
        if edge not in EDGES:
            raise _not_written("flash", f"{field}={text}")
        flash.setdefault(field, {})[edge] = _number("flash", size)
    given: dict[str, dict[str, Any]] = {}
    for name, attribute in (
        ("isodose", "isodose_percent"), ("factor", "cutout_factor"), ("ssd", "ssd_cm"),
        ("bolus", "bolus_cm"),
    ):  # fmt: skip
        for field, text in _pairs(getattr(words, name), name):
            given.setdefault(field, {})[attribute] = _number(name, text)
    for field, text in _pairs(words.cutout, "cutout"):
        length, _, width = text.lower().partition("x")
        sides = (_number("cutout", length), _number("cutout", width))
        given.setdefault(field, {})["cutout_cm"] = sides
    depths = {field: _number("depth", text) for field, text in _pairs(words.depth, "depth")}
    electrons = {field: ElectronInput(**values) for field, values in given.items()}
    kind = WATER if words.depth_kind == "water" else GEOMETRIC
    return Choices(depths, flash, electrons, kind)


def _pairs(texts: list[str], name: str) -> list[tuple[str, str]]:
    pairs = [text.rpartition("=") for text in texts]
    if any(not field for field, _, _ in pairs):
        raise _not_written(name, " ".join(texts))
    return [(field, text) for field, _, text in pairs]


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError as fault:
        raise _not_written(name, text) from fault
    if not 0 <= value < 1000:
        raise _not_written(name, text)
    return value


def _not_written(name: str, text: str) -> ClinicFileError:
    return ClinicFileError(
        f"--{name} {text!r} cannot be understood",
        where="command line",
        remedy="eqs filter mu --help shows how the options are written.",
    )


def _show(words: argparse.Namespace) -> int:
    book = book_of(files_of(folder := own_book_folder(words.book)), str(folder))
    answer = {
        "status": "pass", "notice": book.notice, "name": book.name, "digest": book.digest,
        "source": book.source,
        "beams": [
            {"id": beam.id, "modality": beam.modality, "energy": beam.energy, "fff": beam.fff,
             "machines": list(beam.machines),
             "tables": [
                 {"name": one.name, "unit": one.quantity.unit, "rows": len(one.rows),
                  "columns": len(one.columns), **dict(one.head)}
                 for one in beam.tables.values()
             ]}
            for beam in book.beams
        ],
    }  # fmt: skip
    say(words, answer, _book_text(book))
    return CLEAN


def _plot(words: argparse.Namespace) -> int:
    from app.filter.gui.book_picture import write_plot  # noqa: PLC0415  (Qt only for pictures)

    book = open_book(own_book_folder(words.book))
    write_plot(book, words.beam, words.table, words.out)
    answer = {"status": "pass", "notice": book.notice, "digest": book.digest,
              "picture": str(words.out)}  # fmt: skip
    say(words, answer, f"{words.out}: {words.beam} {words.table}")
    return CLEAN


def _book_text(book: Book) -> str:
    lines = [book.notice or book.name, f"{book.source}, SHA-256 {book.digest}", ""]
    for beam in book.beams:
        lines.append(f"{beam.id}  {beam.modality}, {beam.energy:g}{' FFF' if beam.fff else ''}")
        for one in beam.tables.values():
            span = f"{one.quantity.rows} {one.rows[0]:g} to {one.rows[-1]:g}"
            if one.quantity.columns:
                span += f", {one.quantity.columns} {one.columns[0]:g} to {one.columns[-1]:g}"
            lines.append(f"    {one.name:20} {span}")
    return "\n".join(lines)


def _check(words: argparse.Namespace) -> int:
    folder = own_book_folder(words.book)
    book = book_of(files_of(folder), str(folder))
    found = check_book(book)
    answer = {
        "status": overall(found), "notice": book.notice, "digest": book.digest,
        "findings": [
            {"rule": one.rule, "severity": one.state, "beam": one.field, "table": one.item,
             "message": one.message, "remedy": one.remedy}
            for one in found
        ],
    }  # fmt: skip
    lines = [f"{one.state.value:8} {one.message}" for one in found]
    say(words, answer, "\n".join([*lines, f"{book.name}: {overall(found).value}", book.digest]))
    return CLEAN if overall(found) == State.PASS else FINDINGS


def _export(words: argparse.Namespace) -> int:
    export_workbook(files_of(own_book_folder(words.book)), words.out)
    return _done(words, f"The book was written to {words.out}.")


def _import(words: argparse.Namespace) -> int:
    files = import_workbook(words.workbook)
    book = book_of(files, str(words.workbook))
    wrong = [one for one in check_book(book) if one.state == State.ERROR]
    if wrong:
        raise ClinicFileError(
            wrong[0].message, where=str(words.workbook), remedy=wrong[0].remedy
        )  # fmt: skip
    write_book(files, words.out)
    return _done(words, f"The book was written to {words.out}; SHA-256 {book.digest}.")


def _make(words: argparse.Namespace) -> int:
    write_book(generic_book(), words.folder)
    return _done(words, f"The generic book, not for clinical use, was written to {words.folder}.")


def _done(words: argparse.Namespace, text: str) -> int:
    say(words, {"status": "pass", "message": text}, text)
    return CLEAN
