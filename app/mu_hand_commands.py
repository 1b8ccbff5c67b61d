"""`eqs mu photon` and `eqs mu electron`: one field from typed numbers and the book."""

import argparse
from math import isfinite
from pathlib import Path
from typing import Any

from app.answers import finish, say
from app.filter.mu.book import Book
from app.filter.mu.book_check import open_book
from app.filter.mu.books import own_book_folder
from app.filter.mu.check import LEFT_OUT
from app.filter.mu.electron import ElectronInput
from app.filter.mu.hand import HandPhoton, electron_by_hand, expect, photon_by_hand
from app.filter.mu.report import RULE_VERSION
from app.filter.mu.special import beam_of
from app.filter.mu.tell import FACTORS, electron_rows, number
from core.errors import ClinicFileError

CLEAN = 0


def add_hand_commands(commands: Any) -> None:  # noqa: ANN401  (argparse has no public name for it)
    """Add `photon` and `electron` to `eqs mu`."""
    photon = commands.add_parser("photon", help="dose and MU of a photon field from typed numbers")
    photon.add_argument("--beam", default="6X", metavar="ID", help="of the book (default 6X)")
    photon.add_argument("--field", required=True, metavar="XxY", help="at the isocentre, cm")
    photon.add_argument("--depth", required=True, metavar="CM")
    photon.add_argument("--ssd", metavar="CM", help="default: the point at 100 cm")
    photon.add_argument("--off-axis", default="0,0", metavar="X,Y", help="at the isocentre, cm")
    photon.add_argument("--wedge", default="", metavar="NAME", help="of the book, toe towards +Y")
    electron = commands.add_parser("electron", help="dose and MU of an electron field")
    electron.add_argument("--beam", default="9E", metavar="ID", help="of the book (default 9E)")
    electron.add_argument("--applicator", required=True, metavar="CM")
    electron.add_argument("--cutout", metavar="LxW", help="cm; default: the open applicator")
    electron.add_argument("--factor", metavar="FACTOR", help="measured for this cutout")
    electron.add_argument("--isodose", required=True, metavar="PERCENT")
    electron.add_argument("--ssd", default="100", metavar="CM")
    electron.add_argument("--bolus", default="0", metavar="CM")
    for one, run in ((photon, _photon), (electron, _electron)):
        one.add_argument("--mu", default="100", metavar="MU")
        one.add_argument("--dose", metavar="CGY", help="tell the MU for this dose")
        one.add_argument("--book", type=Path, metavar="DIR", help="default: the clinic's book")
        finish(one, run)


def _photon(words: argparse.Namespace) -> int:
    book = open_book(own_book_folder(words.book))
    beam = beam_of(book, words.beam)
    expect(beam, "photon")
    given = HandPhoton(
        _number("mu", words.mu), _pair("field", words.field, "x"), _number("depth", words.depth),
        None if words.ssd is None else _number("ssd", words.ssd),
        _pair("off-axis", words.off_axis, ",", least=-40.0), words.wedge,
    )  # fmt: skip
    found = photon_by_hand(book, beam, given)
    factors = [(title, number(found.mean(name), digits)) for name, title, digits in FACTORS]
    values = {name: found.mean(name) for name, _, _ in FACTORS}
    return _answer(words, book, found.dose_cgy, factors, values)


def _electron(words: argparse.Namespace) -> int:
    book = open_book(own_book_folder(words.book))
    beam = beam_of(book, words.beam)
    expect(beam, "electron")
    given = ElectronInput(
        _number("isodose", words.isodose),
        None if words.cutout is None else _pair("cutout", words.cutout, "x"),
        None if words.factor is None else _number("factor", words.factor),
        _number("ssd", words.ssd), _number("bolus", words.bolus, least=0.0),
    )  # fmt: skip
    found = electron_by_hand(
        beam, _number("mu", words.mu), _number("applicator", words.applicator), given
    )
    values = {"cutout_factor": found.cutout_factor, "isf": found.isf, "gap_cm": found.gap_cm,
              "effective_ssd_cm": found.effective_ssd_cm, "dmax_cm": found.dmax_cm}  # fmt: skip
    return _answer(words, book, found.dose_cgy, electron_rows(found), values)


def _answer(
    words: argparse.Namespace,
    book: Book,
    dose_cgy: float,
    factors: list[tuple[str, str]],
    values: dict[str, float],
) -> int:
    mu = _number("mu", words.mu)
    wanted = None if words.dose is None else _number("dose", words.dose, most=1e5)
    mu_for_it = None if wanted is None or not dose_cgy else mu * wanted / dose_cgy
    answer = {
        "status": "pass", "notice": book.notice, "rule_version": RULE_VERSION,
        "book": {"name": book.name, "digest": book.digest}, "beam": words.beam, "mu": mu,
        "dose_cgy": dose_cgy, "wanted_cgy": wanted, "mu_for_it": mu_for_it,
        "factors": {name: value for name, value in values.items() if isfinite(value)},
        "left_out": [{"item": one.item, "why": one.why} for one in LEFT_OUT],
    }  # fmt: skip
    lines = [book.notice, f"{words.beam}: {mu:g} MU give {dose_cgy:.2f} cGy"]
    if mu_for_it is not None:
        lines.append(f"{wanted:g} cGy need {mu_for_it:.1f} MU")
    lines += [f"    {name} {text}" for name, text in factors if text != "-"]
    lines += ["", "Not part of the calculation:"]
    lines += [f"  {one.item}: {one.why}" for one in LEFT_OUT]
    lines += ["", f"Book {book.name}, SHA-256 {book.digest}", f"Rules {RULE_VERSION}"]
    say(words, answer, "\n".join(lines))
    return CLEAN


def _pair(name: str, text: str, apart: str, least: float = 0.001) -> tuple[float, float]:
    first, found, second = text.lower().partition(apart)
    if not found:
        raise _not_written(name, text)
    return _number(name, first, least), _number(name, second, least)


def _number(name: str, text: str, least: float = 0.001, most: float = 1000.0) -> float:
    try:
        value = float(text)
    except ValueError as fault:
        raise _not_written(name, text) from fault
    if not least <= value <= most:
        raise _not_written(name, text)
    return value


def _not_written(name: str, text: str) -> ClinicFileError:
    return ClinicFileError(
        f"--{name} {text!r} cannot be understood", where="command line",
        remedy="eqs mu photon --help and eqs mu electron --help show how.",
    )  # fmt: skip
