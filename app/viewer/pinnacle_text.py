"""Pinnacle's ASCII files to a tree that keeps repeated names in their order.

One grammar for all of them: ``name = value;`` and ``name ={ ... };`` in plan files,
``name : value`` in headers and regions, blocks of points as one array. Latin-1 throughout.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from core.dose.geometry import Floats
from core.errors import UnreadableFileError

FETCH_AGAIN = "Fetch the file again from Pinnacle, in binary mode."
# Blocks that hold rows of numbers and no names.
ROWS = ("Points[]", "points", "vertices", "triangles")
SCALAR = re.compile(r"([^:=]+?)\s*([:=])\s*(.*)", re.DOTALL)
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"\s*;?\s*', re.DOTALL)
ELSEWHERE = re.compile(r"\\XDR(?:_COPY)?:(\d+)\\")
# Two arbitrary bytes between comment signs end most files; either may be a line feed.
TRAILER = re.compile(r"/\*.{0,6}\*/\s*\Z", re.DOTALL)
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
# A quoted text goes over this many lines at most; more means that its end is missing.
LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A value kept in the binary file of this number."""

    number: int


@dataclass(frozen=True, eq=False, slots=True)
class Block:
    """One object of a file.

    Attributes:
        pairs: Names and values in the order of the file; a name may come many times.

    """

    pairs: "list[tuple[str, str | Elsewhere | Floats | Block]]" = field(default_factory=list)

    def blocks(self, name: str) -> "list[Block]":
        """Return all objects of a name."""
        return [value for key, value in self.pairs if key == name and isinstance(value, Block)]

    def block(self, name: str) -> "Block":
        """Return the first object of a name; an empty one when there is none."""
        return next(iter(self.blocks(name)), Block())

    def numbered(self) -> "list[Block]":
        """Return the objects under #0, #1 ..."""
        return [v for key, v in self.pairs if key.startswith("#") and isinstance(v, Block)]

    def text(self, name: str) -> str:
        """Return the first value of a name as text; empty when it is not there."""
        found = (value for key, value in self.pairs if key == name and isinstance(value, str))
        return next(found, "")

    def number(self, name: str) -> float | None:
        """Return the first value of a name as a finite number; None when it is none."""
        return as_number(self.text(name))

    def elsewhere(self, name: str) -> int | None:
        """Return the number of the binary file that holds a value; None when there is none."""
        for key, value in self.pairs:
            if key == name and isinstance(value, Elsewhere):
                return value.number
        return None

    def rows(self, name: str) -> Floats:
        """Return the numbers of a block of points, one after the other."""
        found = (v for key, v in self.pairs if key == name and isinstance(v, np.ndarray))
        return next(found, np.zeros(0))


def as_number(text: str) -> float | None:
    """Return a text as a finite number, or None when it is none."""
    value = float(text) if NUMBER.fullmatch(text.strip()) else math.nan
    return value if math.isfinite(value) else None


def read_file(path: Path) -> Block:
    """Return the tree of a file.

    Raises:
        UnreadableFileError: It is not there, ends early, or a line cannot be understood.

    """
    try:
        text = path.read_bytes().decode("latin-1")
    except FileNotFoundError as fault:
        raise UnreadableFileError(
            f"{path.name} is not here", where=path.parent.name, remedy="Copy the whole folder."
        ) from fault
    except OSError as fault:
        raise UnreadableFileError(
            f"{path.name} cannot be read ({fault.strerror})",
            where=path.parent.name,
            remedy="Ask who may read it.",
        ) from fault
    return parse(text, path.name)


def parse(text: str, where: str) -> Block:
    """Return the tree of a text.

    Raises:
        UnreadableFileError: It ends early, or a line cannot be understood.

    """
    lines = _Lines(TRAILER.sub("", text).split("\n"), where)
    top = Block()
    _fill(top, lines, depth=0)
    return top


class _Lines:
    """The lines of a file, and where reading has come to."""

    def __init__(self, lines: list[str], where: str) -> None:
        self.lines = lines
        self.where = where
        self.place = 0

    def __iter__(self) -> Iterator[str]:
        while self.place < len(self.lines):
            self.place += 1
            yield self.lines[self.place - 1].strip()

    def fault(self, what: str) -> UnreadableFileError:
        return UnreadableFileError(
            what, where=f"{self.where}, line {self.place}", remedy=FETCH_AGAIN
        )


def _fill(block: Block, lines: _Lines, depth: int) -> None:
    for line in lines:
        if not line or line.startswith(("//", "/*")):
            continue
        if line.startswith("}"):
            if depth == 0:
                raise lines.fault("an object ends that never began")
            return
        opener = line.split("//")[0].rstrip()
        if opener.endswith("{") and '"' not in opener:
            _add_object(block, opener.rstrip("{").rstrip("= \t"), lines, depth)
        else:
            block.pairs.append(_scalar(line, lines))
    if depth:
        raise lines.fault("the file ends early, within an object")


def _add_object(block: Block, name: str, lines: _Lines, depth: int) -> None:
    if name in ROWS:
        block.pairs.append((name, _numbers(lines)))
        return
    inner = Block()
    _fill(inner, lines, depth + 1)
    block.pairs.append((name, inner))


def _numbers(lines: _Lines) -> Floats:
    found: list[str] = []
    for line in lines:
        if line.startswith("}"):
            break
        found += line.replace(",", " ").split()
    else:
        raise lines.fault("the file ends early, within a block of points")
    try:
        values = np.array(found, dtype=np.float64)
    except ValueError as fault:
        raise lines.fault("a block of points holds something that is no number") from fault
    if not np.isfinite(values).all():
        raise lines.fault("a block of points holds something that is no number")
    return values


def _scalar(line: str, lines: _Lines) -> tuple[str, str | Elsewhere]:
    match = SCALAR.fullmatch(line)
    if match is None:
        raise lines.fault(f"'{line[:40]}' is neither a value nor an object")
    name, sign, value = match.groups()
    name = name.replace(" .", ".")
    if sign == "=" and value.startswith('"'):
        return name, _quoted(value, lines)
    if sign == ":":
        return name, value.strip()
    value = value.split("//")[0].strip().removesuffix(";").strip()
    elsewhere = ELSEWHERE.fullmatch(value)
    return name, Elsewhere(int(elsewhere[1])) if elsewhere else value


def _quoted(value: str, lines: _Lines) -> str:
    """Return a quoted text, which may go on over further lines."""
    match = QUOTED.fullmatch(value)
    for count, line in enumerate(lines if match is None else (), 1):
        value += "\n" + line
        match = QUOTED.fullmatch(value)
        if match is not None or count > LONGEST_TEXT:
            break
    if match is None:
        raise lines.fault("the file ends early, within a text")
    return re.sub(r"\\(.)", r"\1", match[1])
