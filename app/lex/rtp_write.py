"""Records become quoted lines with checksum: the one place where LEX rounds (RTP-Connect).

A text that has to be cut, a value outside its column, a character the target cannot hold: each is
a finding, and the caller refuses the file while one of them is an error.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from app.lex.rtp_columns import TEXTS, Column, layout
from app.lex.rv_systems import RvSystem
from core.findings import Finding, State

Cell = str | int | float | None
_JAW_TOLERANCE_CM = Decimal("0.000001")
_CURE = "Shorten or change it in the planning system, save, and read the plan again."
# What a whole-number column may lose without a word: a hundredth where it is rounded.
_LOST = {"int": Decimal("0.01"), "whole": Decimal("0.000001")}
_ABSURD = 1e9
_TENS = tuple(10.0**decimals for decimals in range(9))
_BETWEEN = '","'
# Kinds that are rounded to a fixed number of decimals without a word.
_PLAIN = frozenset(("cm", "mu", "cgy", "min", "frac"))


@dataclass(frozen=True, slots=True)
class Row:
    """One record to write: its keyword, its filled elements, and whose it is.

    Attributes:
        values: Elements by name; what is left out stays empty.
        field: Beam name, for findings; empty for a record of the plan.
        point: Control point number, for findings.
        plan_point: Control point of the plan it began as, where the order is another one.

    """

    record: str
    values: Mapping[str, Cell]
    field: str = ""
    point: int | None = None
    plan_point: int | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """The file's bytes and what was found while its values were put into columns."""

    data: bytes
    findings: tuple[Finding, ...]


def checksum(data: bytes) -> int:
    """Return the checksum of a record over everything before its value.

    CRC-16 with the reflected polynomial 0xA001 and the register started at 0x0521 (LED17001,
    appendix A); the comma before the value is the last byte counted. The division is linear over
    the two-element field, so each byte leaves a remainder of its own that depends on how many
    bytes follow it, and the remainders add up.
    """
    count = len(data)
    remainders, starts = _remainders(count // _STEP + 1)
    own = remainders[np.arange(count - 1, -1, -1), np.frombuffer(data, dtype=np.uint8)]
    return int(np.bitwise_xor.reduce(own, initial=0)) ^ int(starts[count])


_STEP = 2048


@cache
def _remainders(steps: int) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint16]]:
    """Return what every byte, and the started register, leave after 0, 1, 2, ... zero bytes."""
    one = np.arange(256, dtype=np.uint16)
    for _ in range(8):
        one = np.where(one & 1, one >> 1 ^ 0xA001, one >> 1).astype(np.uint16)
    rows = np.empty((steps * _STEP + 1, 257), dtype=np.uint16)
    rows[0] = [*one, 0x0521]
    for place in range(1, len(rows)):
        before = rows[place - 1]
        rows[place] = before >> 8 ^ one[before & 0xFF]
    return rows[:, :256], rows[:, 256]


def rounded(value: float, decimals: int) -> Decimal:
    """Return `value` with so many decimals, halves away from zero, never a negative zero.

    The shortest decimal that stands for the float is rounded, so 0.125 and 2.675 go up as they do
    on paper.
    """
    number = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return number + 0 if number else abs(number)


def angle(value_deg: float) -> Decimal:
    """Return an angle with one decimal in 0.0 to 359.9 degrees."""
    turn = Decimal(360)
    within = (Decimal(repr(float(value_deg))) % turn + turn) % turn
    return rounded(float(within), 1) % turn


def jaw(value_cm: float, most_decimals: int) -> Decimal:
    """Return a jaw position with one decimal, or two when the plan needs them and they fit."""
    one = rounded(value_cm, 1)
    exact = abs(Decimal(repr(float(value_cm))) - one) <= _JAW_TOLERANCE_CM
    return one if exact or most_decimals < 2 else rounded(value_cm, 2)


def write_records(rows: Iterable[Row], system: RvSystem) -> Written:
    """Return the file of all records, CR LF after each.

    The bytes may only be used when no finding is an error.
    """
    lines: list[bytes] = []
    findings: list[Finding] = []
    for row in rows:
        line, found = _line(row, system)
        lines.append(line)
        findings += found
    return Written(b"".join(lines), tuple(findings))


def _line(row: Row, system: RvSystem) -> tuple[bytes, list[Finding]]:
    """Return one record as bytes, and what was found in it."""
    cells, findings = _cells(row, system)
    body = f'"{_BETWEEN.join(cells)}",'.encode(system.encoding, "replace")
    return body + f'"{checksum(body)}"\r\n'.encode("ascii"), findings


def filled_cells(row: Row, system: RvSystem) -> dict[str, str]:
    """Return the elements of a record that are not empty, as they stand in the file."""
    names = [column.name for column in layout(row.record, system.layout)]
    cells, _ = _cells(row, system)
    return {name: cell for name, cell in zip(names, cells, strict=True) if cell}


def _cells(row: Row, system: RvSystem) -> tuple[list[str], list[Finding]]:
    """Return the elements of a record as they stand in the file, and what was found in them."""
    columns = layout(row.record, system.layout)
    filled = {"keyword": row.record, **row.values}
    strange = filled.keys() - {column.name for column in columns}
    if strange:
        raise ValueError(f"{row.record} has no {', '.join(sorted(strange))} in {system.layout}")
    cells: list[str] = []
    findings: list[Finding] = []
    for column in columns:
        value = filled.get(column.name)
        if value is None:
            cells.append("")
            continue
        # Most cells of a file are leaf positions; nothing can be found in one within its limits.
        if column.kind in _PLAIN and column.limits is not None and type(value) is float:
            text = _plain(value, column.size)
            if column.limits[0] <= float(text) <= column.limits[1]:
                cells.append(text)
                continue
        text, found = _cell(row, column, value, system)
        cells.append(text)
        findings += found
    return cells, findings


def _cell(row: Row, column: Column, value: Cell, system: RvSystem) -> tuple[str, list[Finding]]:
    """Return one element as it stands between the quotes."""
    if value is None or value == "":
        return "", []
    if column.kind in TEXTS:
        return _text(row, column, str(value), system)
    if isinstance(value, str):
        raise TypeError(f"{row.record}, {column.name}: {value!r} is no number")
    return _number(row, column, value, system)


def _number(row: Row, column: Column, value: float, system: RvSystem) -> tuple[str, list[Finding]]:
    """Return a number in its column's decimals; outside its range or half lost is a finding."""
    if not abs(value) < _ABSURD:
        message = f"{column.name} is {value:g}, which no column can hold."
        return "", [_finding(row, column, State.ERROR, message, ("a position", f"{value:g}"))]
    if column.kind == "deg":
        number = angle(value)
    elif column.kind == "jaw":
        number = jaw(value, system.jaw_decimals)
    else:
        number = rounded(value, column.size)
    text = f"{number:f}"
    plan = f"{rounded(value, 6).normalize():f}"
    if column.limits is not None and not column.limits[0] <= number <= column.limits[1]:
        low, high = column.limits
        allowed = f"{low:g} to {high:g}"
        message = f"{column.name} is {text}; the transfer file takes {allowed}."
        return text, [_finding(row, column, State.ERROR, message, (allowed, plan))]
    lost = abs(Decimal(repr(float(value))) - number)
    if lost > _LOST.get(column.kind, lost):
        state = State.ERROR if column.kind == "whole" else State.WARNING
        message = f"{column.name} is {plan}; the transfer file takes whole numbers: {text}."
        return text, [_finding(row, column, state, message, (plan, text))]
    if column.kind == "jaw" and system.jaw_decimals < 2 and lost > _JAW_TOLERANCE_CM:
        message = f"{column.name} is {plan} cm; {system.name} takes millimetres: {text} cm."
        return text, [_finding(row, column, State.WARNING, message, (plan, text))]
    return text, []


def _plain(value: float, decimals: int) -> str:
    """Return what `rounded` gives, as text; by float arithmetic wherever that cannot differ.

    Only near a half, and for numbers with so many digits that a half cannot be told, does the
    shortest decimal round another way than the float.
    """
    scaled = abs(value) * _TENS[decimals]
    if not scaled < 1e8:
        return f"{rounded(value, decimals):f}" if abs(value) < _ABSURD else "inf"
    if abs(scaled % 1.0 - 0.5) < 1e-6:
        return _half(value, decimals)
    text = f"{value:.{decimals}f}"
    return text[1:] if scaled < 0.5 and text[0] == "-" else text


@lru_cache(maxsize=1 << 14)
def _half(value: float, decimals: int) -> str:
    """Return `rounded` as text; leaves on half a column's last digit come again and again."""
    return f"{rounded(value, decimals):f}"


def _text(row: Row, column: Column, value: str, system: RvSystem) -> tuple[str, list[Finding]]:
    """Return a text that fits its column; what had to be done to it is a finding."""
    text = "".join(sign if sign.isprintable() else " " for sign in value).replace('"', "'")
    findings = []
    alien = sorted({sign for sign in text if not _fits(sign, system.encoding)})
    if alien:
        message = f"{column.name} {text!r} has {' '.join(alien)}, which {system.name} cannot hold."
        findings.append(_finding(row, column, State.ERROR, message, (system.encoding, text)))
    if len(text) > column.size:
        state = State.ERROR if column.kind == "key" else State.WARNING
        cut = text[: column.size]
        message = f"{column.name} {text!r} is longer than {column.size} characters: {cut!r}."
        findings.append(_finding(row, column, state, message, (text, cut)))
        text = cut
    return text, findings


def _fits(sign: str, encoding: str) -> bool:
    """Tell whether the target's encoding has a character."""
    try:
        sign.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _finding(
    row: Row, column: Column, state: State, message: str, values: tuple[str, str]
) -> Finding:
    """Return the finding about one element; `values` are expected and found."""
    rule = "LEX-TEXT" if column.kind in TEXTS else "LEX-COLUMN"
    return Finding(
        rule,
        state,
        f"{row.record}: {message}",
        field=row.field,
        control_point=row.point,
        item=column.name,
        expected=values[0],
        found=values[1],
        unit=column.kind if column.kind in ("cm", "deg", "mu", "cgy") else "",
        remedy=_CURE,
    )
