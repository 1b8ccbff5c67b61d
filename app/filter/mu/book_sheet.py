"""A dosimetry book as one workbook and back: a sheet for each file of the book."""

import csv
import tomllib
from collections.abc import Iterable, Mapping
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font

from app.filter.mu.book_read import book_of, csv_parts
from app.filter.mu.book_write import toml_text
from app.filter.mu.cells import put_row
from core.errors import ClinicFileError
from core.safe_write import write_whole

Cells = list[list[Any]]
INDEX = "Files"
WORDS = "Each sheet is one file of the book. Change values, not the layout; then import it again."
REMEDY = "Export a book with this program and fill in that workbook."


def export_workbook(files: Mapping[str, str], path: Path) -> None:
    """Write a book as a workbook; the file appears whole or not at all."""
    made = Workbook()
    index = made.active
    if index is None:
        raise ClinicFileError("a new workbook has no sheet", where=str(path), remedy=REMEDY)
    index.title = INDEX
    index.append([WORDS])
    index.append([book_of(files, "").notice])
    index.append(["Sheet", "File"])
    for number, name in enumerate(sorted(files), start=1):
        title = f"{number:03d} {name.replace('/', ' ').rsplit('.', 1)[0]}"[:31]
        index.append([title, name])
        sheet = made.create_sheet(title)
        rows = _csv_rows(files[name], name) if name.endswith(".csv") else _toml_rows(files[name])
        for row in rows:
            put_row(sheet, row)
        sheet.column_dimensions["A"].width = 28
    for cell in index[3]:
        cell.font = Font(bold=True)
    index.column_dimensions["A"].width = 34
    data = BytesIO()
    made.save(data)
    write_whole(path, data.getvalue())


def import_workbook(path: Path) -> dict[str, str]:
    """Return the files of the book that a workbook holds.

    Raises:
        ClinicFileError: It is no workbook of a book, or a cell holds a formula without value.

    """
    try:
        book = load_workbook(path, data_only=True, read_only=True)
    except (OSError, BadZipFile, KeyError, ValueError, TypeError) as fault:
        raise ClinicFileError(
            "the file is no workbook (.xlsx)", where=str(path), remedy=REMEDY
        ) from fault
    if INDEX not in book.sheetnames:
        raise ClinicFileError(
            f"the workbook has no sheet {INDEX!r}", where=str(path), remedy=REMEDY
        )
    files: dict[str, str] = {}
    for row in list(book[INDEX].iter_rows(values_only=True))[3:]:
        title, name = (*row, None, None)[:2]
        if not title or not name:
            continue
        if str(title) not in book.sheetnames:
            raise ClinicFileError(f"sheet {title} is missing", where=str(path), remedy=REMEDY)
        cells: Cells = [list(line) for line in book[str(title)].iter_rows(values_only=True)]
        text = _csv_of(cells) if str(name).endswith(".csv") else _toml_of(cells, str(title))
        files[str(name)] = text
    book.close()
    return files


def _csv_rows(text: str, name: str) -> Iterable[list[Any]]:
    head, rows = csv_parts(text, name)
    for key, words in head.items():
        yield [f"# {key}", words]
    for row in rows:
        yield [_value(cell) for cell in row]


def _csv_of(cells: Cells) -> str:
    head: dict[str, object] = {}
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    body = [row for row in cells if not str(row[0] or "").startswith("#")]
    width = max((len(_trimmed(row)) for row in body), default=0)
    for row in cells:
        if str(row[0] or "").startswith("#"):
            head[str(row[0])[1:].strip()] = "" if len(row) < 2 or row[1] is None else str(row[1])
    for row in body:
        if any(cell is not None for cell in row):
            writer.writerow(["" if cell is None else cell for cell in row[:width]])
    notes = "".join(f"# {line}\n" for line in toml_text(head).splitlines() if line)
    return notes + out.getvalue()


def _trimmed(row: list[Any]) -> list[Any]:
    while row and row[-1] is None:
        row = row[:-1]
    return row


def _toml_rows(text: str) -> Iterable[list[object]]:
    yield from _flat("", tomllib.loads(text))


def _flat(prefix: str, value: object) -> Iterable[list[object]]:
    """Return nested values as path and value: ``wedge.0.names``, a list as one cell a value."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _flat(f"{prefix}{key}.", one)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for number, one in enumerate(value):
            yield from _flat(f"{prefix}{number}.", one)
    elif isinstance(value, list):
        yield [f"{prefix[:-1]}[]", *(str(one) for one in value)]
    else:
        yield [prefix[:-1], value if isinstance(value, bool | int | float) else str(value)]


def _toml_of(cells: Cells, title: str) -> str:
    made: dict[str, object] = {}
    for row in cells:
        filled = _trimmed(row)
        if not filled:
            continue
        path = str(filled[0])
        value: object = filled[1] if len(filled) > 1 else ""
        if path.endswith("[]"):
            path, value = path[:-2], [str(one) for one in filled[1:]]
        _put(made, path.split("."), value, title)
    return toml_text(made)


def _put(into: dict[str, object], path: list[str], value: object, title: str) -> None:
    key, *rest = path
    if not rest:
        into[key] = value
        return
    if rest[0].isdigit():
        rows = into.setdefault(key, [])
        place = int(rest[0])
        if not isinstance(rows, list) or place > len(rows) or len(rest) < 2:
            raise ClinicFileError(
                f"{'.'.join(path)} is out of order", where=f"sheet {title}", remedy=REMEDY
            )
        if place == len(rows):
            rows.append({})
        _put(rows[place], rest[1:], value, title)
        return
    inner = into.setdefault(key, {})
    if not isinstance(inner, dict):
        raise ClinicFileError(f"{key} stands twice", where=f"sheet {title}", remedy=REMEDY)
    _put(inner, rest, value, title)


def _value(cell: str) -> object:
    try:
        return float(cell)
    except ValueError:
        return cell
