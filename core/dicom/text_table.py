"""A table of text, and how numbers, words and dates are written in its cells.

A value that a file does not give is a dash, never 0. Numbers have a decimal point, whatever the
language of the machine, so that a table can be copied into a spreadsheet or a report.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

NONE = "–"  # noqa: RUF001  (an en dash: no minus sign, no number)
UID_END = 12
Columns = Sequence[tuple[str, bool]]


@dataclass(frozen=True)
class Table:
    """A table of text.

    Attributes:
        title: What it is about.
        columns: Titles, with the unit.
        rows: Cells; as many in each row as there are columns.
        numeric: For each column, whether it holds numbers (to align to the right).
        notes: Sentences below the table.

    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    notes: tuple[str, ...]

    def to_tsv(self, chosen: Iterable[int] | None = None) -> str:
        """Return titles and rows, all or those chosen, separated by tabs."""
        rows = self.rows if chosen is None else [self.rows[number] for number in chosen]
        return "\n".join(
            "\t".join(" ".join(c.split()) for c in row) for row in [self.columns, *rows]
        )


def make_table(
    title: str, columns: Columns, rows: Iterable[tuple[str, ...]], notes: Iterable[str] = ()
) -> Table:
    """Return a table from titles that each tell whether their column holds numbers."""
    titles, numeric = tuple(name for name, _ in columns), tuple(number for _, number in columns)
    return Table(title, titles, tuple(rows), numeric, tuple(notes))


def fixed(value: float | None, digits: int) -> str:
    """Return a number with so many decimals; a dash for none."""
    if value is None or not math.isfinite(value):
        return NONE
    words = f"{value:.{digits}f}"
    return words.lstrip("-") if float(words) == 0 else words


def words_or_none(words: str) -> str:
    """Return words on one line; a dash for none."""
    return " ".join(words.split()) or NONE


def number_or_none(number: int | None) -> str:
    """Return a number of an object; a dash for none, or the -1 that stands for it."""
    return NONE if number is None or number < 0 else str(number)


def iso_date(date: str) -> str:
    """Return a DICOM date as 2018-03-04; a dash for none, anything odd as it is."""
    if len(date) == 8 and date.isdigit():
        return f"{date[:4]}-{date[4:6]}-{date[6:]}"
    return words_or_none(date)


def tail(uid: str) -> str:
    """Return the end of a UID, as the certificate writes it; a dash for none."""
    return f"...{uid[-UID_END:]}" if uid else NONE
