"""A dosimetry book from its files: `book.toml`, and per beam `beam.toml` and one CSV a quantity.

A CSV opens with comment lines that are TOML (``# unit = "1"``), then the heading, then the rows.
"""

import csv
import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from app.filter.mu.book import Book, BookBeam, Calibration, Model, Table, Tray, Wedge
from app.filter.mu.quantities import Quantity, quantity_of
from core.errors import ClinicFileError

T = TypeVar("T")
HEAD = ("unit", "energy", "machine", "geometry", "who", "when", "source")
"""What every table has to say of itself."""

BOOK_FILE, BEAM_FILE = "book.toml", "beam.toml"
MOST_FILES = 2000
REMEDY = "Correct the file; the shipped generic book shows how it is written."


def files_of(folder: Path) -> dict[str, str]:
    """Return the texts of a book's folder by their names ("6X/tmr.csv").

    Raises:
        ClinicFileError: There is no book, or a file is not text.

    """
    if not (folder / BOOK_FILE).is_file():
        raise ClinicFileError(
            "the folder holds no dosimetry book (book.toml)",
            where=str(folder),
            remedy="Choose the folder with book.toml, or make one with: eqs book make DIR",
        )
    found: dict[str, str] = {}
    for file in sorted(folder.glob("*.toml")) + sorted(folder.glob("*/*.*"))[:MOST_FILES]:
        if file.suffix in (".toml", ".csv"):
            name = file.relative_to(folder).as_posix()
            try:
                found[name] = file.read_text(encoding="utf-8-sig")
            except (OSError, UnicodeDecodeError) as fault:
                raise _fault(name, f"the file cannot be read: {fault}") from fault
    return found


def book_of(files: Mapping[str, str], source: str) -> Book:
    """Return the book that some texts make.

    Raises:
        ClinicFileError: A file is incomplete or damaged; the sentence names file and cell.

    """
    head = _toml(files.get(BOOK_FILE, ""), BOOK_FILE)
    name, clinical = head.get("name"), head.get("clinical")
    if not isinstance(name, str) or not isinstance(clinical, bool):
        raise _fault(BOOK_FILE, "name (text) and clinical (true or false) are needed")
    folders = sorted({file.split("/")[0] for file in files if file.endswith(f"/{BEAM_FILE}")})
    if not folders:
        raise _fault(BOOK_FILE, "the book holds no beam: no folder with a beam.toml")
    beams = [_beam(folder, files) for folder in folders]
    beams.sort(key=lambda one: (one.modality != "photon", one.energy, one.fff, one.id))
    return Book(name, source, clinical, digest_of(files), tuple(beams))


def digest_of(files: Mapping[str, str]) -> str:
    """Return the SHA-256 of a book's content.

    Line ends, spaces and the way a number is written do not count: a book that went through a
    spreadsheet and back is the same book.
    """
    made = sha256()
    for name in sorted(files):
        made.update(f"{name}\n".encode())
        if name.endswith(".csv"):
            head, rows = csv_parts(files[name], name)
            made.update(repr(sorted(head.items())).encode())
            made.update(repr([[_plain(cell) for cell in row] for row in rows]).encode())
        else:
            made.update(repr(_sorted(_toml(files[name], name))).encode())
    return made.hexdigest()


def csv_parts(text: str, name: str) -> tuple[dict[str, str], list[list[str]]]:
    """Return what a CSV says of itself, and its heading and rows as cells."""
    lines = text.splitlines()
    notes = "\n".join(line[1:].strip() for line in lines if line.startswith("#"))
    head = {key: str(value) for key, value in _toml(notes, name).items()}
    body = [line for line in lines if line.strip() and not line.startswith("#")]
    return head, [[cell.strip() for cell in row] for row in csv.reader(body)]


def table_of(text: str, name: str, quantity: Quantity) -> Table:
    """Return one table.

    Raises:
        ClinicFileError: A cell is missing or no number, an axis does not rise, or the file does
            not say what it holds.

    """
    head, rows = csv_parts(text, name)
    _expect_head(head, rows, name, quantity)
    headings = rows[0][1:]
    columns = [_number(cell, name, f"heading {cell!r}") for cell in headings]
    values: list[list[float]] = []
    axis: list[float] = []
    for cells in rows[1:]:
        at = f"row {quantity.rows} {cells[0]}"
        if len(cells) != len(rows[0]):
            raise _fault(name, f"{at} has {len(cells) - 1} values for {len(columns)} columns")
        axis.append(_number(cells[0], name, at))
        values.append(
            [
                _number(cell, name, f"{at}, {quantity.columns or 'value'} {heading}")
                for cell, heading in zip(cells[1:], headings, strict=True)
            ]
        )
    for label, numbers in ((quantity.rows, axis), (quantity.columns, columns)):
        for before, after in pairwise(numbers):
            if not before < after:
                raise _fault(name, f"{label} does not rise: {after:g} follows {before:g}")
    stem = name.rsplit("/", 1)[-1].removesuffix(".csv")
    return Table(stem, quantity, head, np.array(axis), np.array(columns), np.array(values))


def _expect_head(
    head: Mapping[str, str], rows: list[list[str]], name: str, quantity: Quantity
) -> None:
    """Refuse a table that does not say what it holds, or is laid out otherwise."""
    missing = [key for key in HEAD if not head.get(key, "").strip()]
    if missing:
        raise _fault(name, f"the opening comment lines do not say: {', '.join(missing)}")
    if head["unit"] != quantity.unit:
        raise _fault(name, f"the unit is {head['unit']}, {quantity.name} has {quantity.unit}")
    if len(rows) < 2 or len(rows[0]) < 2:
        raise _fault(name, "the table has no rows")
    if rows[0][0] != quantity.rows:
        raise _fault(name, f"the first column is {rows[0][0]!r}, {quantity.rows!r} is needed")
    if not quantity.columns and len(rows[0]) != 2:
        raise _fault(name, f"one column of values is needed, {len(rows[0]) - 1} are there")


def _beam(folder: str, files: Mapping[str, str]) -> BookBeam:
    name = f"{folder}/{BEAM_FILE}"
    head = _toml(files[name], name)
    modality = head.get("modality")
    if modality not in ("photon", "electron"):
        raise _fault(name, f"modality is {modality!r}, photon or electron is needed")
    if not isinstance(head.get("energy"), int | float) or not isinstance(head.get("id"), str):
        raise _fault(name, "id (text) and energy (number) are needed")
    tables: dict[str, Table] = {}
    for file, text in files.items():
        if file.startswith(f"{folder}/") and file.endswith(".csv"):
            quantity = quantity_of(file.split("/")[-1])
            if quantity is None or modality not in quantity.modalities:
                raise _fault(file, f"no quantity of {modality} beams is named so")
            table = table_of(text, file, quantity)
            tables[table.name] = table
    return BookBeam(
        head["id"],
        modality,
        float(head["energy"]),
        head.get("fff") is True,
        tuple(str(one) for one in head.get("machines", ())),
        _section(Calibration, head.get("calibration", {}), name, "calibration"),
        _section(Model, head.get("model", {}), name, "model") if modality == "photon" else None,
        tuple(_section(Wedge, one, name, "wedge") for one in head.get("wedge", ())),
        tables,
        tuple(_section(Tray, one, name, "tray") for one in head.get("tray", ())),
    )


def _section(kind: type[T], values: Mapping[str, Any], name: str, section: str) -> T:
    """Return a section of a beam.toml as the dataclass whose attributes are its keys."""
    known = {one.name: one for one in fields(kind)}  # type: ignore[arg-type]  # every caller's
    for key in values:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f", did you mean {near[0]!r}" if near else ""
            raise _fault(name, f"[{section}] has an unknown entry {key!r}{hint}")
    made: dict[str, Any] = {}
    for key, one in known.items():
        if key not in values:
            if one.default is MISSING:
                raise _fault(name, f"[{section}] has no {key}")
            continue
        value = values[key]
        if one.type is float:
            if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
                raise _fault(name, f"[{section}] {key} is {value!r}, a number from 0 is needed")
            value = float(value)
        made[key] = tuple(str(part) for part in value) if isinstance(value, list) else value
    return kind(**made)


def _toml(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise _fault(name, f"the file is no TOML: {fault}") from fault


def _number(cell: str, name: str, at: str) -> float:
    if not cell:
        raise _fault(name, f"{at} is empty")
    try:
        value = float(cell)
    except ValueError as fault:
        raise _fault(name, f"{at} is {cell!r}, not a number") from fault
    if not np.isfinite(value):
        raise _fault(name, f"{at} is {cell!r}, not a number")
    return value


def _plain(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell


def _sorted(value: object) -> object:
    if isinstance(value, dict):
        return [(key, _sorted(value[key])) for key in sorted(value)]
    if isinstance(value, list):
        return [_sorted(one) for one in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return value if isinstance(value, bool) else str(value)


def _fault(name: str, what: str) -> ClinicFileError:
    return ClinicFileError(what, where=f"dosimetry book, {name}", remedy=REMEDY)
