"""An RTP-Connect file whose cells can be changed in a copy; the file itself is never touched."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.filter.rtp_checksum import checksum
from app.filter.rtp_columns import Column, columns
from app.filter.rtp_text import Line, RtpFile, parse

CHILDREN = ("EXTENDED_FIELD_DEF", "MLC_DEF", "CONTROL_PT_DEF", "MLC_SHAPE_DEF")
FIELDS = ("FIELD_DEF", "PDF_FIELD_DEF")


@dataclass(frozen=True, slots=True)
class Row:
    """One record with its cells by name.

    Attributes:
        place: Place among the file's lines, 0-based.
        field: Field ID of the field it belongs to; empty for any other record.

    """

    place: int
    line: Line
    layout: tuple[Column, ...]
    field: str

    @property
    def keyword(self) -> str:
        """Record type."""
        return self.line.keyword

    def holds(self, item: str) -> bool:
        """Return whether this dialect of the record has the element."""
        return any(column.name == item for column in self.layout)

    def column(self, item: str) -> Column:
        """Return the column of an element that the record holds."""
        return next(column for column in self.layout if column.name == item)

    def text(self, item: str) -> str:
        """Return an element without blanks; empty where it is blank or not in the dialect."""
        for place, column in enumerate(self.layout):
            if column.name == item:
                return self.line.cells[place].strip()
        return ""


Values = Mapping[str, str]
Edit = Callable[[Row], Values]


class Export:
    """The records of a file, and copies of it with some of them changed."""

    def __init__(self, file: RtpFile) -> None:
        self.file = file
        self.rows = tuple(_rows(file))

    def of(self, *keywords: str, field: str | None = None) -> list[Row]:
        """Return the records of some types, of one field where it is named."""
        return [
            row
            for row in self.rows
            if row.keyword in keywords and (field is None or row.field == field)
        ]

    def with_values(self, changes: Mapping[int, Values]) -> bytes:
        """Return the file with new values in some lines, each line with its new checksum.

        Args:
            changes: New texts by element, by place of the line.

        """
        return self._joined(
            {place: _changed(self.rows[self._row(place)], values) for place, values in
             changes.items()}
        )  # fmt: skip

    def without(self, places: Sequence[int], changes: Mapping[int, Values] | None = None) -> bytes:
        """Return the file without some lines, others with new values."""
        lines = dict.fromkeys(places, b"")
        for place, values in (changes or {}).items():
            lines[place] = _changed(self.rows[self._row(place)], values)
        return self._joined(lines)

    def with_lines(
        self, after: int, lines: Sequence[bytes], changes: Mapping[int, Values] | None = None
    ) -> bytes:
        """Return the file with lines put in after one of its own, others with new values."""
        made = {place: _changed(self.rows[self._row(place)], values)
                for place, values in (changes or {}).items()}  # fmt: skip
        own = made.get(after, _whole(self.file.lines[after]))
        end = b"" if self.file.lines[after].end else b"\r\n"
        made[after] = own + end + b"".join(lines)
        return self._joined(made)

    def in_order(self, order: Sequence[int], made: Mapping[int, bytes]) -> bytes:
        """Return the lines in another order, some of them replaced."""
        return b"".join(made.get(n, _whole(self.file.lines[n])) for n in order)

    def _row(self, place: int) -> int:
        return next(n for n, row in enumerate(self.rows) if row.place == place)

    def _joined(self, made: Mapping[int, bytes]) -> bytes:
        return self.in_order(range(len(self.file.lines)), made)


def changed_line(row: Row, values: Values) -> bytes:
    """Return the bytes of a record with new values and its new checksum."""
    return _changed(row, values)


def line_of(cells: Sequence[str], end: bytes) -> bytes:
    """Return a line of quoted cells with its checksum."""
    quoted = [cell.replace('"', '""') for cell in cells]
    body = _bytes("".join(f'"{cell}",' for cell in quoted))
    return body + f'"{checksum(body)}"'.encode("ascii") + end


def read_export(data: bytes, where: str) -> Export:
    """Return the export that stands in `data`.

    Raises:
        RemedyError: It is no RTP-Connect file.

    """
    return Export(parse(data, where))


def _changed(row: Row, values: Values) -> bytes:
    cells = list(row.line.cells[:-1])
    for place, column in enumerate(row.layout):
        if column.name in values:
            cells[place] = values[column.name]
    return line_of(cells, row.line.end)


def _whole(line: Line) -> bytes:
    return line.raw + line.end


def _bytes(text: str) -> bytes:
    """Return text as the file's letters: Windows-1252, control characters as they are."""
    try:
        return text.encode("cp1252")
    except UnicodeEncodeError:
        return b"".join(
            one.encode("cp1252", "ignore") or one.encode("latin-1", "replace") for one in text
        )


def _rows(file: RtpFile) -> Iterator[Row]:
    field = ""
    for place, line in enumerate(file.lines):
        layout = columns(line.keyword, len(line.cells)) if line.cells else None
        if layout is None:
            continue
        row = Row(place, line, layout, "")
        if line.keyword in FIELDS or line.keyword in CHILDREN:
            field = row.text("field_id")
            row = Row(place, line, layout, field)
        yield row
