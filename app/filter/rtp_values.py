"""One record's cells by name, as text and as decimals that keep the digits written."""

from decimal import Decimal, InvalidOperation
from functools import lru_cache

from app.filter.rtp_columns import columns
from app.filter.rtp_text import EXPORT_AGAIN, Line
from core.errors import UnreadableRecordError

MIXED = "?"
_LETTERS = frozenset("0123456789+-.")
LEAF_DECIMALS = 2
_MOST_LETTERS = 20  # arithmetic on Decimal is exact to 28 digits


class Record:
    """Cells of one line under the names of its columns; blanks around values are gone."""

    __slots__ = ("_places", "keyword", "layout", "line", "where")

    def __init__(self, line: Line, where: str) -> None:
        layout = columns(line.keyword, len(line.cells))
        if layout is None:
            raise UnreadableRecordError(
                f"the record has {len(line.cells)} values, which fits no known layout",
                where=f"{where}, line {line.number}, {line.keyword}",
                remedy=EXPORT_AGAIN,
            )
        self.keyword = line.keyword
        self.layout = layout
        self.line = line
        self.where = where
        self._places = _places(line.keyword, len(line.cells))

    def text(self, name: str) -> str:
        """Return a cell as text; empty when it is blank or this dialect has no such column."""
        place = self._places.get(name)
        return "" if place is None else self.line.cells[place].strip()

    def holds(self, name: str) -> bool:
        """Return whether this dialect has the column at all."""
        return name in self._places

    def number(self, name: str) -> Decimal | None:
        """Return a cell as a decimal with the digits written; None when blank or mixed.

        A whole number without a point is taken to the digits of its column: "4" in a column of
        0.1 cm becomes 4.0.

        Raises:
            UnreadableRecordError: The cell is no number; names line, record, item and value.

        """
        text = self.text(name)
        if not text or text == MIXED:
            return None
        return self._decimal(self._places[name], text)

    def _decimal(self, place: int, text: str) -> Decimal:
        column = self.layout[place]
        value = _number(text, column.decimals)
        if value is None:
            raise self.fault(column.name, f"{text[:40]!r} is not a number")
        return value

    def whole(self, name: str) -> int | None:
        """Return a cell as a whole number; None when blank.

        Raises:
            UnreadableRecordError: The cell is no whole number.

        """
        value = self.number(name)
        if value is None:
            return None
        if value != value.to_integral_value():
            raise self.fault(name, f"{self.text(name)!r} is not a whole number")
        return int(value)

    def numbers(self, first: str, count: int) -> tuple[Decimal, ...]:
        """Return `count` neighbouring cells from column `first` on as decimals.

        Raises:
            UnreadableRecordError: One of them is blank or no number.

        """
        start = self._places[first]
        found = []
        for place, cell in enumerate(self.line.cells[start : start + count], start):
            value = _number(cell, LEAF_DECIMALS)
            if value is None:
                if not cell.strip():
                    raise self.fault(self.layout[place].name, "a leaf position is missing")
                value = self._decimal(place, cell.strip())
            found.append(value)
        return tuple(found)

    def is_mixed(self, name: str) -> bool:
        """Return whether the R&V system says that the fields differ in this value ("?")."""
        return self.text(name) == MIXED

    def fault(self, name: str, words: str) -> UnreadableRecordError:
        """Return the error for one cell of this record."""
        return UnreadableRecordError(
            f"{name}: {words}",
            where=f"{self.where}, line {self.line.number}, {self.keyword}",
            remedy=EXPORT_AGAIN,
        )


@lru_cache(maxsize=1 << 15)  # leaf positions come back again and again
def _number(text: str, decimals: int | None) -> Decimal | None:
    """Return a decimal from digits, sign and point only: no exponent, no words, no infinity."""
    digits = text.strip()
    if len(digits) > _MOST_LETTERS or not _LETTERS.issuperset(digits):
        return None
    try:
        value = Decimal(digits)
    except InvalidOperation:
        return None
    if decimals and "." not in digits:
        value = value.quantize(Decimal(1).scaleb(-decimals))
    return value


@lru_cache(maxsize=256)
def _places(keyword: str, count: int) -> dict[str, int]:
    """Return the place of each column of a record of this length."""
    return {column.name: place for place, column in enumerate(columns(keyword, count) or ())}
