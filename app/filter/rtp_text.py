"""The framing of an RTP-Connect file, lossless: what is read is written back byte by byte.

A file is a list of lines; a line is quoted cells, a checksum, and the line end it really had.
Nothing is interpreted here: unknown records, odd quoting, padding and Ctrl-Z stay as they are.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.filter.rtp_checksum import checksum
from core.errors import UnreadableFileError, UnreadableRecordError

EXPORT_AGAIN = "Export the plan again from the R&V system; do not edit an export by hand."
_LINE_END = re.compile(rb"\r\n|\n\r|\n|\r")
_OUTER_BLANKS = b" \t\x1a"
_BLANKS = b" \t\r\n"
_FOREIGN = (
    (b"\xff\xfe", "UTF-16 text"), (b"\xfe\xff", "UTF-16 text"), (b"\xef\xbb\xbf", "UTF-8 text"),
    (b"PK\x03\x04", "a zip archive"), (b"%PDF", "a PDF document"), (b"<", "an HTML or XML page"),
    (b"{", "a JSON document"),
)  # fmt: skip
MOST_BYTES = 200_000_000
MOST_DIGITS = 10
_WELL_QUOTED = re.compile(r'"[^"]*(?:""[^"]*)*"(?:,"[^"]*(?:""[^"]*)*")*')
_WELL_QUOTED_CELL = re.compile(r'"((?:[^"]|"")*)"(?:,|$)')
_CONTROLS = bytes({*range(9), *range(14, 26)})
_LETTERS = tuple(
    bytes([number]).decode("cp1252", "ignore") or chr(number) for number in range(256)
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file.

    Attributes:
        number: Line number, from 1.
        raw: Bytes of the line without its end.
        end: Bytes of the line end; empty at the end of a file that lacks it.
        cells: Text of every cell, the checksum included; empty for a blank line.
        stored: Checksum as stored in the line; None where the last cell is not a number.
        odd: Words for quoting that does not follow the rule; empty when it does.

    """

    number: int
    raw: bytes
    end: bytes
    cells: tuple[str, ...] = ()
    stored: int | None = None
    odd: str = ""

    @property
    def keyword(self) -> str:
        """Record type in upper case; empty for a blank line."""
        return self.cells[0].strip().upper() if self.cells else ""

    @property
    def computed(self) -> int:
        """Checksum as it should be for the bytes of this line."""
        return checksum(self.raw[self.raw.find(b'"') : self.raw.rfind(b",") + 1])


@dataclass(frozen=True, slots=True)
class RtpFile:
    """A whole file; `where` is its name for messages."""

    where: str
    lines: tuple[Line, ...]

    @property
    def records(self) -> tuple[Line, ...]:
        """Lines that hold a record."""
        return tuple(line for line in self.lines if line.cells)

    def to_bytes(self) -> bytes:
        """Return the file as it was read, byte by byte."""
        return b"".join(line.raw + line.end for line in self.lines)


def read_file(path: Path) -> RtpFile:
    """Read a file from disk; see `parse`.

    Raises:
        UnreadableFileError: The file is not there, too large, or no RTP-Connect file.

    """
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise _foreign(str(path), "a folder or a device")
        if size > MOST_BYTES:
            raise _foreign(path.name, "a file of more than 200 MB")
        data = path.read_bytes()
    except OSError as fault:
        raise UnreadableFileError(
            f"the file cannot be opened: {fault.strerror or fault}",
            where=str(path),
            remedy="Check the path and your rights.",
        ) from fault
    return parse(data, path.name)


def parse(data: bytes, where: str) -> RtpFile:
    """Split a file into lines and cells; there is at least one record.

    Args:
        data: Content of the file.
        where: Name for messages.

    Raises:
        UnreadableFileError: The content is empty, binary, or of another kind.
        UnreadableRecordError: A line is not a list of quoted cells.

    """
    _require_text(data, where)
    return RtpFile(where, tuple(_line(*parts, where) for parts in _split(data)))


def _split(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    start = 0
    number = 0
    for number, match in enumerate(_LINE_END.finditer(data), start=1):
        yield number, data[start : match.start()], match.group()
        start = match.end()
    if start < len(data):
        yield number + 1, data[start:], b""


def _line(number: int, raw: bytes, end: bytes, where: str) -> Line:
    body = raw.strip(_OUTER_BLANKS)
    if not body:
        return Line(number, raw, end)
    if not (body.startswith(b'"') and body.endswith(b'"') and len(body) > 1):
        raise UnreadableRecordError(
            f"the line is not a list of quoted values (it starts with {_excerpt(body)})",
            where=f"{where}, line {number}",
            remedy=EXPORT_AGAIN,
        )
    cells, odd = _cells(_text(body))
    last = cells[-1].strip()
    plain = last.isascii() and last.isdigit() and len(last) <= MOST_DIGITS
    return Line(number, raw, end, cells, int(last) if plain and len(cells) > 1 else None, odd)


def _cells(text: str) -> tuple[tuple[str, ...], str]:
    """Return the cells of a line and what is odd in its quoting.

    Quotes inside a value are doubled in a well-formed line. One that is not is kept as it stands,
    and the cells are then parted wherever quote, comma, quote follow each other.
    """
    cells = tuple(text[1:-1].split('","'))
    if text.count('"') == 2 * len(cells):
        return cells, ""
    if _WELL_QUOTED.fullmatch(text):
        return tuple(cell.replace('""', '"') for cell in _WELL_QUOTED_CELL.findall(text)), ""
    return cells, "a quote stands alone inside a value"


def _text(line: bytes) -> str:
    """Decode as Windows-1252; bytes it does not define become Latin-1's control characters."""
    try:
        return line.decode("cp1252")
    except UnicodeDecodeError:
        return "".join(_LETTERS[letter] for letter in line)


def require_checksums(file: RtpFile) -> None:
    """Refuse a file in which a line's checksum is missing or does not fit its text.

    Raises:
        UnreadableRecordError: Names line, record, stored and computed checksum.

    """
    for line in file.records:
        words = checksum_fault(line)
        if words:
            raise UnreadableRecordError(
                words,
                where=f"{file.where}, line {line.number}, {line.keyword}",
                remedy=EXPORT_AGAIN,
            )


def checksum_fault(line: Line) -> str:
    """Return what is wrong with a line's checksum; empty when it fits."""
    if line.stored is None:
        return "wrong checksum: the line does not end with one, it may be cut off"
    if line.stored != line.computed:
        return f"wrong checksum: the line says {line.stored}, its text gives {line.computed}"
    return ""


def _require_text(data: bytes, where: str) -> None:
    if not data.strip():
        raise _foreign(where, "an empty file")
    for start, words in _FOREIGN:
        if data.startswith(start):
            raise _foreign(where, words)
    if data[128:132] == b"DICM":
        raise _foreign(where, "a DICOM file")
    sample = data[:100_000]
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    if b"\x00" in sample or controls > len(sample) // 50:
        raise _foreign(where, "a binary file")
    if not data.lstrip(_BLANKS).startswith(b'"'):
        raise _foreign(where, "a file whose first line is no list of quoted values")


def _foreign(where: str, words: str) -> UnreadableFileError:
    return UnreadableFileError(
        f"this is {words}, not an RTP-Connect file",
        where=where,
        remedy="Open the export of the R&V system (text with quoted values, usually .rtp).",
    )


def _excerpt(body: bytes) -> str:
    text = body[:24].decode("latin-1")
    return repr(
        text if text.isprintable() else "".join(c if c.isprintable() else "." for c in text)
    )
