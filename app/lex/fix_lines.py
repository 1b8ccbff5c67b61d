"""The lines of an RTP-Connect file, taken apart so far that single elements can be replaced.

Made for the fixer alone: what is not changed is written back byte for byte, line ends, padding
and records this program does not know included. Letters are taken as Latin-1, which maps every
byte to one letter and back.
"""

import re
from dataclasses import dataclass
from functools import cache

from app.lex.rtp_columns import LAYOUTS, RECORDS, Column, layout
from app.lex.rtp_write import checksum
from core.errors import UnreadableFileError, UnreadableRecordError

_ENDS = re.compile(rb"(\r\n|\n\r|\r|\n)")
_MOVING = "CONTROL_PT_DEF"  # Newer layouts put elements before its leaves; others append.
_AGAIN = "Export the plan again; do not edit the file by hand."


@dataclass(slots=True, eq=False)
class Line:
    """One line of the file.

    Attributes:
        number: From 1.
        cells: Elements without quotes, the checksum last; empty for a line that holds no record.
        end: Bytes of the line end.
        raw: The line as it stands, without its end.
        changed: Whether an element was replaced.

    """

    number: int
    cells: list[str]
    end: bytes
    raw: bytes
    changed: bool = False

    @property
    def record(self) -> str:
        """Return the keyword in capitals, "" for none."""
        return self.cells[0].strip().upper() if self.cells else ""

    def column(self, item: str) -> Column | None:
        """Return the column of an element; None when this line has no such element."""
        place = self._place(item)
        return None if place is None else _columns(self.record, len(self.cells) - 1)[place]

    def text(self, item: str) -> str:
        """Return an element without padding; "" when it is empty or not there."""
        place = self._place(item)
        return "" if place is None else self.cells[place].strip()

    def put(self, item: str, text: str) -> None:
        """Replace an element."""
        place = self._place(item)
        if place is None:
            raise KeyError(item)
        self.cells[place] = text
        self.changed = True

    def data(self) -> bytes:
        """Return the bytes of the line; a changed one gets its own checksum."""
        if not self.changed:
            return self.raw + self.end
        body = "".join(f'"{cell}",' for cell in self.cells[:-1]).encode("latin-1")
        return body + f'"{checksum(body)}"'.encode("ascii") + self.end

    def _place(self, item: str) -> int | None:
        if self.record not in RECORDS:
            return None
        names = [column.name for column in _columns(self.record, len(self.cells) - 1)]
        return names.index(item) if item in names else None


@cache
def _columns(record: str, count: int) -> tuple[Column, ...]:
    """Return the columns of a record with so many elements, chosen by its own length."""
    known = [layout(record, dialect) for dialect in LAYOUTS]
    exact = [columns for columns in known if len(columns) == count]
    if exact:
        return exact[0]
    if record == _MOVING:
        return ()
    shorter = [columns for columns in known if len(columns) < count]
    return (shorter[-1] if shorter else known[0])[:count]


def read_lines(data: bytes, where: str) -> list[Line]:
    """Return the lines of a file.

    Args:
        data: The whole file.
        where: Name of the file, for the error.

    Raises:
        UnreadableFileError: It does not begin with a PLAN_DEF record.
        UnreadableRecordError: A line is no record, or its checksum does not fit its text: fixing
            it would give damage a valid checksum.

    """
    parts = _ENDS.split(data)
    lines = [
        _line(number, raw, end, where)
        for number, (raw, end) in enumerate(zip(parts[::2], [*parts[1::2], b""], strict=True), 1)
        if raw or end
    ]
    if not lines or lines[0].record != "PLAN_DEF":
        raise UnreadableFileError(
            "this is not an RTP-Connect file: it does not begin with PLAN_DEF",
            where=where,
            remedy="Choose the file the planning system has exported.",
        )
    return lines


def _line(number: int, raw: bytes, end: bytes, where: str) -> Line:
    """Return one line taken apart."""
    if not raw.strip(b" \t\x1a"):
        return Line(number, [], end, raw)
    text = raw.decode("latin-1")
    place = f"{where}, line {number}"
    if len(text) < 5 or not (text.startswith('"') and text.endswith('"')):
        raise UnreadableRecordError("the line is not a record", where=place, remedy=_AGAIN)
    body, _, crc = raw.rpartition(b",")
    stated = crc.strip(b'" ')
    if not stated.isdigit() or int(stated) != checksum(body + b","):
        raise UnreadableRecordError(
            "the line's checksum does not fit its text", where=place, remedy=_AGAIN
        )
    return Line(number, text[1:-1].split('","'), end, raw)
