"""`eqs plane` and `eqs film`: virtual films, and films against the plan, without a window."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from app.answers import finish, say
from app.filter.film.phantom import AXES, FilmSetup, Phantom
from app.filter.film.quality import Asked, FilmFile, FilmReport, film_report
from app.filter.film.rule import read_rule
from app.filter.film.tell import report_json, report_text
from app.filter.film.virtual import VirtualFilm, virtual_film
from app.filter.film.write import write_plane
from app.filter.mu.book_check import open_book
from app.filter.mu.books import own_book_folder
from app.filter_desk_commands import add_person, by
from app.plane_commands import (
    add_reading,
    add_registering,
    not_written,
    numbers,
    reading_of,
    registering_of,
)
from core.findings import State

CLEAN, FINDINGS, COULD_NOT_RUN = 0, 1, 2


def add_film_commands(rooms: Any) -> None:  # noqa: ANN401  (argparse has no public name for it)
    """Add `plane` to the grammar."""
    plane = rooms.add_parser("plane", help="virtual film: dose on a plane in a slab phantom")
    add_film(plane)
    plane.add_argument("--out", type=Path, action="append", default=[], metavar="FILE",
                       help="write it: .raw, .csv or .dcm; repeatable")  # fmt: skip
    finish(plane, _plane)
    film = rooms.add_parser(
        "film", help="films against the plan's dose, with the clinic's verdict"
    )
    film.add_argument("--dose", type=Path, required=True, metavar="FILE",
                      help="the plan's dose on the phantom: RT Dose, CSV, raw plane")  # fmt: skip
    film.add_argument(
        "--virtual", type=Path, metavar="FILE", help="virtual film (eqs plane --out)"
    )
    film.add_argument("--measured", type=Path, metavar="FILE", help="TIFF, CSV, DICOM")
    film.add_argument("--fit", action="store_true", help="move the measured film where it fits")
    film.add_argument("--preset", metavar="NAME", help="gamma criteria instead of the rule's")
    film.add_argument("--fractions", type=int, default=1, metavar="N",
                      help="fractions that the plan's dose is of; a film has one")  # fmt: skip
    film.add_argument("--lines", default="0,0", metavar="Y,X", help="mm: where profiles run")
    film.add_argument("--report", type=Path, action="append", default=[], metavar="FILE",
                      help="write it: .html or .pdf; repeatable")  # fmt: skip
    add_registering(film)
    add_reading(film, "", "the measured film")
    add_person(film)
    finish(film, _film)


def add_film(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what film to calculate."""
    parser.add_argument("--rv", type=Path, metavar="FILE", help="R&V export; without it the plan")
    parser.add_argument("--plan", type=Path, required=True, metavar="SOURCE")
    parser.add_argument("--trial", metavar="NAME")
    parser.add_argument("--book", type=Path, metavar="DIR", help="default: the clinic's")
    only = "only these fields; repeatable"
    parser.add_argument("--field", action="append", default=[], metavar="ID", help=only)
    plane = "plane of the film; default coronal"
    parser.add_argument("--film", choices=tuple(AXES), default="coronal", dest="film_plane",
                        help=plane)  # fmt: skip
    for name, default, words in (
        ("offset", 0.0, "mm of the film from the isocentre"),
        ("step", 1.0, "mm between points"),
        ("iso-depth", 10.0, "cm of phantom above the isocentre"),
        ("density", 1.0, "electron density of the phantom relative to water"),
    ):  # fmt: skip
        parser.add_argument(f"--{name}", type=float, default=default, metavar="NUMBER", help=words)
    parser.add_argument("--size", default="200x200", metavar="WxH", help="of the film, mm")
    parser.add_argument("--phantom", default="30x30x20", metavar="WxLxT", help="cm")
    parser.add_argument("--perpendicular", action="store_true",
                        help="every field from above, as on a film flat on the couch")  # fmt: skip
    parser.add_argument("--along-ray", action="store_true",
                        help="depth along the ray instead of along the axis")  # fmt: skip


def setup_of(words: argparse.Namespace) -> FilmSetup:
    """Return the set-up that the options ask for.

    Raises:
        RemedyError: A size is not written as it must be, or impossible.

    """
    width, length, thickness = _sizes("--phantom", words.phantom, 3)
    across, up = _sizes("--size", words.size, 2)
    phantom = Phantom(width, length, thickness, words.iso_depth, words.density)
    return FilmSetup(
        phantom, words.film_plane, words.offset, across, up, words.step, words.perpendicular,
        words.along_ray,
    )  # fmt: skip


def _sizes(name: str, text: str, count: int) -> list[float]:
    try:
        found = [float(one) for one in text.lower().split("x")]
    except ValueError as fault:
        raise not_written(name, text) from fault
    if len(found) != count:
        raise not_written(name, text)
    return found


def film_asked(words: argparse.Namespace) -> VirtualFilm:
    """Return the film that the options ask for."""
    book = open_book(own_book_folder(words.book))
    sources = (words.rv or words.plan, words.plan)
    return virtual_film(sources, book, setup_of(words), words.field, words.trial)


def film_json(film: VirtualFilm) -> dict[str, object]:
    """Return the film as a mapping that JSON can hold."""
    values = film.plane.values
    centre = values[values.shape[0] // 2, values.shape[1] // 2]
    return {
        "status": film.status, "setup": film.setup.words, "title": film.plane.title,
        "rows": values.shape[0], "columns": values.shape[1], "unit": "Gy, one fraction",
        "largest_gy": float(np.nanmax(values)),
        "centre_gy": None if np.isnan(centre) else float(centre),
        "fields": [
            {"id": one.id, "beam": one.beam, "mu": one.mu, "segments": one.segments,
             "book_beam": one.book_beam, "largest_gy": one.largest_gy}
            for one in film.fields
        ],
        "book": {"name": film.book, "digest": film.book_digest}, "notice": film.notice,
        "rule_version": film.rule_version,
        "findings": [
            {"rule": one.rule, "severity": one.state, "message": one.message,
             "remedy": one.remedy}
            for one in film.findings
        ],
        "not_checked": [
            {"item": one.item, "why": one.why, "field": one.field} for one in film.not_checked
        ],
    }  # fmt: skip


def film_text(film: VirtualFilm) -> str:
    """Return the film's facts as plain text."""
    told = film_json(film)
    lines = [film.notice, ""] if film.notice else []
    lines += [f"Status: {film.status.value.upper()}", f"Virtual film: {film.setup.words}"]
    lines.append(f"Largest dose {told['largest_gy']:.4f} Gy, one fraction")
    for one in film.fields:
        lines.append(
            f"  Field {one.id} ({one.beam}), {one.book_beam}: {one.mu:g} MU, {one.segments} "
            f"segments, up to {one.largest_gy:.4f} Gy"
        )
    lines += [f"{one.state.value:8} {one.message}" for one in film.findings]
    lines += ["", "Not part of the calculation:"]
    lines += [
        f"  {f'field {one.field}: ' if one.field else ''}{one.item}: {one.why}"
        for one in film.not_checked
    ]
    lines += ["", f"Book {film.book}, SHA-256 {film.book_digest}", f"Rules {film.rule_version}"]
    return "\n".join(lines)


def _film(words: argparse.Namespace) -> int:
    if not 1 <= words.fractions <= 100:
        raise not_written("--fractions", str(words.fractions))
    films = [FilmFile("virtual film", words.virtual)] if words.virtual else []
    if words.measured:
        films.append(FilmFile("measured film", words.measured, reading_of(words, ""), words.fit))
    lines = numbers("--lines", words.lines, (2,))
    asked = Asked(
        words.dose, tuple(films), registering_of(words), words.fractions, (lines[0], lines[1])
    )
    report = film_report(asked, read_rule(preset=words.preset))
    for file in words.report:
        _write_report(report, file, by(words))
    written = [str(file) for file in words.report]
    text = "\n".join([report_text(report), *(f"Written: {file}" for file in written)])
    say(words, {**report_json(report), "written": written}, text)
    if not any(one.gamma.ran for one in report.films):
        return COULD_NOT_RUN
    return CLEAN if report.status == State.PASS else FINDINGS


def _write_report(report: FilmReport, file: Path, person: str) -> None:
    from app.filter.gui.film_report import write_report  # noqa: PLC0415  (Qt only for pictures)

    write_report(report, file, person)


def _plane(words: argparse.Namespace) -> int:
    film = film_asked(words)
    for file in words.out:
        write_plane(film.plane, file)
    written = [str(file) for file in words.out]
    text = "\n".join([film_text(film), *(f"Written: {file}" for file in written)])
    say(words, {**film_json(film), "written": written}, text)
    return CLEAN if film.status == State.PASS else FINDINGS
