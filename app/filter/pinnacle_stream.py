"""Pinnacle's object files as a stream of (path, value): one pass, no tree.

The files nest ``Name ={ ... };`` and end each value with a semicolon; lists are repeated names.
Text is ISO-8859-1; values stay text, so that the digits of a number survive.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from core.errors import UnreadableFileError, UnreadableRecordError

REPEATED = frozenset(
    {
        "Beam",
        "BeamModifier",
        "CurvePainter",
        "ElectronApplicator",
        "ImageSet",
        "MLCLeafPair",
        "MachineEnergy",
        "MeasureGeometry",
        "Plan",
        "Poi",
        "Prescription",
        "Trial",
        "Wedge",
    }
)
"""Names that make lists: they carry an index always, others from their second use on."""

DEEPEST = 60
"""Nesting beyond this is damage; real files stay below 15."""

# No possessive quantifiers: Python 3.11.2, the one of Debian 12, matches them wrongly.
BLANK = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
KEY = r"(#\d{1,9}|[A-Za-z_]\w*(?:[ \t]*\.[ \t]*[A-Za-z_]\w*)*)"
OPENING = re.compile(KEY + r"[ \t]*=[ \t]*\{")
CLOSING = re.compile(r"\}[ \t]*;")
POINTS = re.compile(r"Points\[\][ \t]*=[ \t]*\{([^{}]*)\}[ \t]*;")
QUOTED = r'"([^"\\]*(?:\\.[^"\\]*)*)"[ \t]*'
VALUE = re.compile(KEY + rf'[ \t]*=[ \t]*(?:{QUOTED}|([^;"\n{{}}]*));', re.DOTALL)


class Entry(NamedTuple):
    """One value, e.g. ``Trial[0].BeamList.Beam[2].Name``, with the line it begins on."""

    path: str
    value: str
    line: int


class _Open(NamedTuple):
    """An object whose end has not come: its path and how often it has used each name."""

    path: str
    used: Counter[str]


def read_text(path: Path) -> str:
    """Return the text of a Pinnacle file.

    Raises:
        UnreadableFileError: It cannot be opened, or it is empty or binary.

    """
    try:
        data = path.read_bytes()
    except OSError as fault:
        raise UnreadableFileError(
            f"the file cannot be opened: {fault.strerror}",
            where=str(path),
            remedy="Copy the whole plan folder from the planning system again.",
        ) from fault
    if not data.strip() or b"\0\0\0\0" in data:
        raise UnreadableFileError(
            "the file is empty" if not data.strip() else "the file is no text",
            where=str(path),
            remedy="Copy the whole plan folder from the planning system again, in binary mode.",
        )
    return data.decode("latin-1")


def stream(text: str, where: str) -> Iterator[Entry]:
    """Yield every value of a Pinnacle object file in file order.

    A list member's index counts from 0 within its object; ``#n`` keys keep their number; a block
    of points is one value of comma separated numbers under the name ``Points[]``.

    Args:
        text: Content of the file.
        where: File name for error messages.

    Raises:
        UnreadableRecordError: The text leaves the grammar, or an object is not closed.

    """
    open_objects = [_Open("", Counter())]
    place = BLANK.match(text)
    at, line, counted = place.end() if place else 0, 1, 0
    while at < len(text):
        line += text.count("\n", counted, at)
        counted = at
        inner = open_objects[-1]
        if match := POINTS.match(text, at):
            yield Entry(_path(inner, "Points[]"), match[1], line)
        elif match := OPENING.match(text, at):
            open_objects.append(_Open(_path(inner, match[1]), Counter()))
        elif match := VALUE.match(text, at):
            quoted = match[2]
            value = match[3].strip() if quoted is None else _unescaped(quoted)
            yield Entry(_path(inner, match[1]), value, line)
        elif match := CLOSING.match(text, at):
            open_objects.pop()
        if match is None or not 0 < len(open_objects) <= DEEPEST:
            raise _broken(f"{text[at : at + 40].splitlines()[0]!r} is not understood", where, line)
        after = BLANK.match(text, match.end())
        at = after.end() if after else match.end()
    if len(open_objects) > 1:
        raise _broken(f"{open_objects[-1].path} is not closed, the file is cut off", where, line)


def _path(inner: _Open, key: str) -> str:
    name = re.sub(r"[ \t]+", "", key)
    index = inner.used[name]
    inner.used[name] += 1
    if name in REPEATED or index:
        name = f"{name}[{index}]"
    return f"{inner.path}.{name}" if inner.path else name


def _unescaped(quoted: str) -> str:
    return re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL)


def _broken(what: str, where: str, line: int) -> UnreadableRecordError:
    return UnreadableRecordError(
        what,
        where=f"{where}, line {line}",
        remedy="Copy the whole plan folder from the planning system again.",
    )
