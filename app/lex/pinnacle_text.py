"""Read the text files of a Pinnacle plan into a tree; repeated names stay apart, in file order.

Nothing is interpreted: a value is the text between ``=`` and ``;``, numbers are made on request.
The files are ISO-8859-1 with LF; most end with a comment that holds two arbitrary bytes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path

from core.errors import UnreadableFileError

_REMEDY = "Copy the plan again from the planning system; do not edit its files by hand."

# The trailer is cut on the bytes: its two characters may be a newline or a star.
_TRAILER = re.compile(rb"/\*[ ]..[ ]\*/\s*\Z", re.DOTALL)
_BLANK = re.compile(r"(?:[ \t\r\n]+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_KEY = re.compile(r"[#A-Za-z_][^={}\";\n]*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_BARE = re.compile(r"[^;{}\"\n]*")
_ROWS = re.compile(r"[^{}=;]*")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_CLOSE = re.compile(r"\}[ \t]*;?")


@dataclass(frozen=True, slots=True)
class Entry:
    """One ``key = value;`` or ``key ={ ... };`` of a file.

    Attributes:
        key: Name; dotted keys are joined without blanks ("DoseGrid.Origin.X").
        value: Text without quotes, or the block.
        line: Line of the key, from 1.

    """

    key: str
    value: "str | Block"
    line: int


@dataclass(frozen=True, slots=True)
class Block:
    """One object of the file: its entries in order, repeated keys kept.

    Attributes:
        name: Key the block stands under; the file name for the whole file.
        file: File name, for messages.
        line: Line of the opening brace, from 1.
        points: Numbers of a ``Points[]`` block; empty for every other.

    """

    name: str
    file: str
    line: int
    entries: tuple[Entry, ...] = ()
    points: tuple[float, ...] = ()
    _index: dict[str, list[Entry]] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        for entry in self.entries:
            self._index.setdefault(entry.key, []).append(entry)

    @property
    def where(self) -> str:
        """Return file, block and line for a message."""
        return f"{self.file}, {self.name}, line {self.line}"

    def fault(self, what: str, remedy: str = _REMEDY) -> UnreadableFileError:
        """Return an error that points at this block."""
        return UnreadableFileError(what, where=self.where, remedy=remedy)

    def blocks(self, key: str) -> tuple["Block", ...]:
        """Return every block named `key`, in file order."""
        found = (entry.value for entry in self._index.get(key, ()))
        return tuple(value for value in found if isinstance(value, Block))

    def block(self, *path: str) -> "Block | None":
        """Return the only block at `path`, or None.

        Raises:
            UnreadableFileError: A name of the path stands more than once.

        """
        here: Block = self
        for key in path:
            found = here.blocks(key)
            if len(found) > 1:
                raise here.fault(f"{key} stands {len(found)} times where one is expected")
            if not found:
                return None
            here = found[0]
        return here

    def need(self, *path: str) -> "Block":
        """Return the block at `path`; refuse the file when it is missing."""
        found = self.block(*path)
        if found is None:
            raise self.fault(f"{'/'.join(path)} is missing")
        return found

    def numbered(self) -> tuple["Block", ...]:
        """Return the blocks under the keys #0, #1, ... in file order."""
        return tuple(
            entry.value
            for entry in self.entries
            if entry.key.startswith("#") and isinstance(entry.value, Block)
        )

    def text(self, key: str, default: str = "") -> str:
        """Return the text under `key`, or `default`.

        Raises:
            UnreadableFileError: The key stands twice with different values, or is a block.

        """
        found = self._index.get(key, [])
        if not found:
            return default
        values = {entry.value for entry in found if isinstance(entry.value, str)}
        if len(values) != 1:
            raise self.fault(f"{key} does not have one value but {len(values)}")
        return values.pop()

    def number(self, key: str, default: float | None = None) -> float:
        """Return the number under `key`.

        Raises:
            UnreadableFileError: It is missing without a default, not a number, or not finite.

        """
        given = self.text(key).strip()
        if not given and default is not None:
            return default
        return self._number(key, given)

    def maybe(self, key: str) -> float | None:
        """Return the number under `key`, or None when the key is missing or empty."""
        given = self.text(key).strip()
        return self._number(key, given) if given else None

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Return a 0/1 value as a truth value."""
        return self.number(key, float(default)) != 0

    def _number(self, key: str, given: str) -> float:
        """Convert one value, naming the key when it is none."""
        try:
            value = float(given)
        except ValueError:
            value = float("nan")
        if not isfinite(value):
            line = next((entry.line for entry in self._index.get(key, ())), self.line)
            raise UnreadableFileError(
                f"{key} is {given!r}, which is not a number",
                where=f"{self.file}, {self.name}, line {line}",
                remedy=_REMEDY,
            )
        return value


@dataclass(slots=True)
class _Scan:
    """A place in the text; lines are counted on the way, so that reading stays linear."""

    text: str
    file: str
    at: int = 0
    line: int = 1

    def move(self, to: int) -> None:
        """Go forward to `to` and count the lines passed."""
        self.line += self.text.count("\n", self.at, to)
        self.at = to

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Match `pattern` here and step over it."""
        match = pattern.match(self.text, self.at)
        if match is not None:
            self.move(match.end())
        return match

    def fault(self, what: str) -> UnreadableFileError:
        """Return an error that points at this line."""
        return UnreadableFileError(what, where=f"{self.file}, line {self.line}", remedy=_REMEDY)


@dataclass(slots=True)
class _Open:
    """A block whose closing brace has not come yet."""

    name: str
    line: int
    entries: list[Entry] = field(default_factory=list)


def read_pinnacle_file(path: Path) -> Block:
    """Read one Pinnacle text file as a tree.

    Raises:
        UnreadableFileError: The file cannot be opened or does not follow the grammar.

    """
    try:
        data = path.read_bytes()
    except OSError as fault:
        raise UnreadableFileError(
            f"{path.name} cannot be read: {fault.strerror or fault}",
            where=str(path),
            remedy="Choose a complete Pinnacle plan folder.",
        ) from fault
    return parse_pinnacle(data, path.name)


def parse_pinnacle(data: bytes, file: str) -> Block:
    """Return the tree of the file content `data`; linear in its length.

    Raises:
        UnreadableFileError: A block is not closed, a value has no end, or a line is no entry.

    """
    scan = _Scan(_TRAILER.sub(b"", data).decode("latin-1"), file)
    stack = [_Open(file, 1)]
    while True:
        scan.take(_BLANK)
        if scan.at >= len(scan.text):
            break
        if scan.take(_CLOSE):
            _close(scan, stack)
            continue
        _read_entry(scan, stack)
    if len(stack) > 1:
        raise UnreadableFileError(
            f"the block {stack[-1].name} is never closed",
            where=f"{file}, line {stack[-1].line}",
            remedy=_REMEDY,
        )
    return Block(file, file, 1, tuple(stack[0].entries))


def _close(scan: _Scan, stack: list[_Open]) -> None:
    """Finish the innermost block."""
    if len(stack) == 1:
        raise scan.fault("a closing brace has no block to close")
    done = stack.pop()
    block = Block(done.name, scan.file, done.line, tuple(done.entries))
    stack[-1].entries.append(Entry(done.name, block, done.line))


def _read_entry(scan: _Scan, stack: list[_Open]) -> None:
    """Read a key and what follows its equals sign."""
    line = scan.line
    match = scan.take(_KEY)
    if match is None or not scan.text.startswith("=", scan.at):
        raise scan.fault("this is neither an entry nor the end of a block")
    key = re.sub(r"\s*\.\s*", ".", match.group().strip())
    scan.move(scan.at + 1)
    while scan.text[scan.at : scan.at + 1] in (" ", "\t"):
        scan.move(scan.at + 1)
    if scan.text.startswith("{", scan.at):
        scan.move(scan.at + 1)
        if key == "Points[]":
            stack[-1].entries.append(Entry(key, _read_points(scan, line), line))
        else:
            stack.append(_Open(key, line))
        return
    stack[-1].entries.append(Entry(key, _read_value(scan, key), line))


def _read_value(scan: _Scan, key: str) -> str:
    """Return a quoted or bare value; it must end with a semicolon."""
    quoted = scan.take(_QUOTED)
    if quoted is not None:
        value = _ESCAPE.sub(r"\1", quoted.group(1))
    else:
        bare = scan.take(_BARE)
        value = bare.group().strip() if bare is not None else ""
    if not scan.text.startswith(";", scan.at):
        raise scan.fault(f"the value of {key} does not end with a semicolon")
    scan.move(scan.at + 1)
    return value


def _read_points(scan: _Scan, line: int) -> Block:
    """Return a ``Points[]`` block: numbers separated by commas."""
    match = scan.take(_ROWS)
    rows = match.group() if match is not None else ""
    if not scan.take(_CLOSE):
        raise scan.fault("the Points[] block is never closed")
    return Block("Points[]", scan.file, line, points=tuple(_numbers(scan, rows, line)))


def _numbers(scan: _Scan, rows: str, line: int) -> Iterator[float]:
    """Yield the numbers of a ``Points[]`` block; a comma after the last one is allowed."""
    cells = rows.split(",")
    if not cells[-1].strip():
        cells.pop()
    for cell in cells:
        try:
            value = float(cell)
        except ValueError:
            value = float("nan")
        if not isfinite(value):
            raise UnreadableFileError(
                f"Points[] holds {cell.strip()!r}, which is not a number",
                where=f"{scan.file}, line {line}",
                remedy=_REMEDY,
            )
        yield value


def read_colon_lines(path: Path) -> dict[str, str]:
    """Return the ``name : value`` and ``name = value;`` lines of an image header or defaults file.

    A file that is missing gives an empty answer: nothing in it is essential to a plan.
    """
    try:
        text = path.read_bytes().decode("latin-1")
    except OSError:
        return {}
    values: dict[str, str] = {}
    for line in text.split("\n"):
        match = re.match(r"\s*(\w+)\s*(?:=\s*(.*?);?|:\s*(.*?))\s*$", line)
        if match:
            values[match.group(1)] = (match.group(2) or match.group(3) or "").strip()
    return values
