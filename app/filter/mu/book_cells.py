"""A table of the dosimetry book as cells to be changed one by one; nothing is written here.

Cells stay as they are written (a point parts decimals), so that a change shows as one cell. An
axis is kept rising: a new row or column takes its place by its value. New cells are empty until
somebody measures them; nothing is filled in.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from io import StringIO

from app.filter.mu.book_check import check_book, place_words
from app.filter.mu.book_read import BEAM_FILE, BOOK_FILE, book_of, csv_parts, table_of
from app.filter.mu.quantities import Quantity, quantity_of
from core.errors import ClinicFileError
from core.findings import State

NO_CELL = (-1, -1)
REMEDY = "Look at the table with: eqs settings book BEAM TABLE"


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of numbers as text.

    Attributes:
        file: Within the book, "6X/tmr.csv".
        notes: The comment lines, to the letter.
        rows, columns: The two axes, as numbers are written; lengths cm.
        cells: By row, then column.

    """

    file: str
    notes: tuple[str, ...]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]

    @property
    def quantity(self) -> Quantity:
        """What is measured, with axes, unit and range."""
        found = quantity_of(self.file.split("/")[-1])
        if found is None:
            raise _fault(self.file, "no quantity is named so")
        return found

    @property
    def head(self) -> dict[str, str]:
        """What the table says of itself: unit, energy, machine, geometry, who, when, source."""
        return csv_parts("\n".join(self.notes), self.file)[0]

    @property
    def text(self) -> str:
        """The table as its file has it."""
        out = StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([self.quantity.rows, *self.columns])
        writer.writerows([at, *row] for at, row in zip(self.rows, self.cells, strict=True))
        return "".join(f"{line}\n" for line in self.notes) + out.getvalue()


@dataclass(frozen=True, slots=True)
class Mark:
    """What is said of a table, and of which cell; NO_CELL for the table as a whole."""

    state: State
    message: str
    row: int = NO_CELL[0]
    column: int = NO_CELL[1]


def grid_of(text: str, file: str) -> Grid:
    """Return a table's cells.

    Raises:
        ClinicFileError: It is no table with a heading and rows of one length.

    """
    _, rows = csv_parts(text, file)
    if len(rows) < 2 or len(rows[0]) < 2:
        raise _fault(file, "the table has no rows")
    for row in rows[1:]:
        if len(row) != len(rows[0]):
            raise _fault(file, f"row {row[0]} has {len(row) - 1} values, "
                         f"there are {len(rows[0]) - 1} columns")  # fmt: skip
    notes = tuple(line for line in text.splitlines() if line.startswith("#"))
    grid = Grid(file, notes, tuple(row[0] for row in rows[1:]), tuple(rows[0][1:]),
                tuple(tuple(row[1:]) for row in rows[1:]))  # fmt: skip
    if rows[0][0] != grid.quantity.rows:
        raise _fault(file, f"the first column is {rows[0][0]!r}, {grid.quantity.rows!r} is needed")
    return grid


def with_block(grid: Grid, row: int, column: int, block: Sequence[Sequence[str]]) -> Grid:
    """Return the table with a block of cells laid over it from one cell on.

    Raises:
        ClinicFileError: The block reaches beyond the table.

    """
    high, wide = len(block), max(map(len, block), default=0)
    if row + high > len(grid.rows) or column + wide > len(grid.columns):
        raise _fault(
            grid.file, f"{high} rows and {wide} columns do not fit there: the table has "
            f"{len(grid.rows) - row} and {len(grid.columns) - column} from that cell on",
        )  # fmt: skip
    cells = [list(line) for line in grid.cells]
    for down, line in enumerate(block):
        cells[row + down][column : column + len(line)] = line
    return replace(grid, cells=tuple(map(tuple, cells)))


def with_cell(grid: Grid, row: int, column: int, value: str) -> Grid:
    """Return the table with one cell changed; errors as in `with_block`."""
    return with_block(grid, row, column, [[value]])


def with_row(grid: Grid, at: str) -> Grid:
    """Return the table with an empty row at a value of its axis.

    Raises:
        ClinicFileError: The row is there, or the value is no number.

    """
    place = _new_place(grid, grid.rows, at, grid.quantity.rows)
    empty = ("",) * len(grid.columns)
    return replace(grid, rows=(*grid.rows[:place], at, *grid.rows[place:]),
                   cells=(*grid.cells[:place], empty, *grid.cells[place:]))  # fmt: skip


def with_column(grid: Grid, at: str) -> Grid:
    """Return the table with an empty column; errors as in `with_row`."""
    if not grid.quantity.columns:
        raise _fault(grid.file, f"{grid.quantity.name} has one column")
    place = _new_place(grid, grid.columns, at, grid.quantity.columns)
    cells = tuple((*line[:place], "", *line[place:]) for line in grid.cells)
    return replace(
        grid, columns=(*grid.columns[:place], at, *grid.columns[place:]), cells=cells
    )  # fmt: skip


def without_row(grid: Grid, place: int) -> Grid:
    """Return the table without a row.

    Raises:
        ClinicFileError: It is the last one.

    """
    if len(grid.rows) < 2:
        raise _fault(grid.file, "the last row cannot be taken out")
    return replace(grid, rows=grid.rows[:place] + grid.rows[place + 1 :],
                   cells=grid.cells[:place] + grid.cells[place + 1 :])  # fmt: skip


def without_column(grid: Grid, place: int) -> Grid:
    """Return the table without a column; errors as in `without_row`."""
    if len(grid.columns) < 2:
        raise _fault(grid.file, "the last column cannot be taken out")
    cells = tuple(line[:place] + line[place + 1 :] for line in grid.cells)
    return replace(grid, columns=grid.columns[:place] + grid.columns[place + 1 :], cells=cells)


def place_of(axis: Sequence[str], at: str, name: str, file: str) -> int:
    """Return the place of a value on an axis.

    Raises:
        ClinicFileError: It is not on it.

    """
    wanted = _number(at)
    for place, one in enumerate(axis):
        if wanted is not None and _number(one) == wanted:
            return place
    raise _fault(file, f"{name} {at} is not in the table; it has {', '.join(axis)}")


def marks_of(grid: Grid, files: Mapping[str, str]) -> tuple[Mark, ...]:
    """Return what the book's own reader and its check say of a table by its cells, errors first.

    Args:
        grid: The table as it would be.
        files: Of the whole book; the beam's other tables are read with it.

    """
    marks = tuple(_unreadable(grid))
    if marks:
        return marks
    folder = grid.file.split("/")[0]
    own = {name: text for name, text in files.items()
           if name == BOOK_FILE or name.startswith(f"{folder}/")}  # fmt: skip
    own[grid.file] = grid.text
    try:
        table = table_of(grid.text, grid.file, grid.quantity)
        found = check_book(book_of(own, ""))
    except ClinicFileError as fault:
        return (Mark(State.ERROR, fault.what),)
    cells = {place_words(table, row, column): (row, column)
             for row in range(len(grid.rows)) for column in range(len(grid.columns))}  # fmt: skip
    told = []
    for one in found:
        _, head, words = one.message.partition(f" {table.name}: ")
        if head and one.item == table.name:
            at = next(
                (at for place, at in cells.items() if words.startswith(f"{place} ")), NO_CELL
            )
            told.append(Mark(one.state, words, *at))
    return tuple(sorted(dict.fromkeys(told), key=lambda one: list(State).index(one.state)))


def beams_of(files: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the tables of each beam's folder by name: {"6X": ("csf", "oar", ...)}."""
    folders = sorted(name.split("/")[0] for name in files if name.endswith(f"/{BEAM_FILE}"))
    return {
        folder: tuple(sorted(name.split("/")[1].removesuffix(".csv") for name in files
                             if name.startswith(f"{folder}/") and name.endswith(".csv")))
        for folder in folders
    }  # fmt: skip


def _unreadable(grid: Grid) -> Iterator[Mark]:
    for row, line in enumerate(grid.cells):
        for column, cell in enumerate(line):
            if _number(cell) is None:
                words = "is empty" if not cell else f"is {cell!r}, not a number"
                place = f"{_label(grid.quantity.rows)} {grid.rows[row]}"
                if grid.quantity.columns:
                    place += f", {_label(grid.quantity.columns)} {grid.columns[column]}"
                yield Mark(State.ERROR, f"{place} {words}", row, column)


def _label(axis: str) -> str:
    return axis.rpartition("_")[0].replace("_", " ")


def _new_place(grid: Grid, axis: Sequence[str], at: str, name: str) -> int:
    value = _number(at)
    if value is None:
        raise _fault(grid.file, f"{name} {at!r} is not a number")
    numbers = [_number(one) or 0.0 for one in axis]
    if value in numbers:
        raise _fault(grid.file, f"{name} {at} is there already")
    return sum(one < value for one in numbers)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None


def _fault(file: str, what: str) -> ClinicFileError:
    return ClinicFileError(what, where=f"dosimetry book, {file}", remedy=REMEDY)
