"""When do two values agree? When the plan's rounds to the R&V's, as far as that was written."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.filter.limits import Limits
from app.filter.parameters import Kind, Parameter, Value

FINE = Decimal("0.0001")
ROUNDING = Decimal("0.000000001")


@dataclass(frozen=True, slots=True)
class Difference:
    """Two values that do not agree, as text in the units of the record table."""

    expected: str
    found: str
    difference: str = ""
    tolerance: str = ""


def half_step(value: Decimal, *, digits_count: bool) -> Decimal:
    """Return half a step of the last digit written.

    A DICOM export drops trailing zeros, so its digits say nothing; there half of 0.0001 is taken.
    """
    if not digits_count:
        return FINE / 2
    return Decimal(1).scaleb(int(value.as_tuple().exponent)) / 2


def finest_of(values: Sequence[Decimal]) -> Decimal:
    """Return one step of the last digit of the value that was written most finely, at most 1."""
    if values and all(map(values[0].same_quantum, values)):
        values = values[:1]
    exponents = [int(value.as_tuple().exponent) for value in values]
    return Decimal(1).scaleb(min(exponents, default=0))


def tolerance_of(row: Parameter, found: Decimal, limits: Limits, *, digits_count: bool) -> Decimal:
    """Return the largest difference that passes, in the unit of the values."""
    limit = limits[row.limit] if row.limit else Decimal(0)
    return max(limit, half_step(found, digits_count=digits_count))


def compare_values(
    row: Parameter,
    found: Value,
    expected: Value,
    limits: Limits,
    *,
    digits_count: bool,
) -> Difference | None:
    """Return the difference of two values that are both there; None when they agree."""
    if found == expected:
        return None
    if isinstance(found, Decimal) and isinstance(expected, Decimal):
        tolerance = tolerance_of(row, found, limits, digits_count=digits_count)
        apart = found - expected
        if row.kind == Kind.ANGLE:
            apart = _on_the_circle(apart)
        if abs(apart) <= tolerance + ROUNDING:
            return None
        return Difference(
            _shown(row, expected), _shown(row, found), f"{_shown_change(row, apart)}",
            _shown(row, tolerance),
        )  # fmt: skip
    if row.kind == Kind.TEXT and _same_text(row, str(found), str(expected)):
        return None
    return Difference(_word(expected), _word(found))


def one_is_blank(row: Parameter, found: Value, expected: Value) -> Difference:
    """Return the difference of two values of which one is not there."""
    texts = [
        "blank" if value is None
        else _shown(row, value) if isinstance(value, Decimal) else _word(value)
        for value in (expected, found)
    ]  # fmt: skip
    return Difference(*texts)


def _on_the_circle(apart: Decimal) -> Decimal:
    """Return an angle difference between -180 and 180 degrees."""
    return (apart + 180) % 360 - 180 if apart >= -180 else (apart + 180) % 360 + 180


def _same_text(row: Parameter, found: str, expected: str) -> bool:
    one, other = _cut(row, found), _cut(row, expected)
    if row.item == "field_name":
        return same_name(one, other, expected)
    return one == other


def same_name(found: str, expected: str, whole: str) -> bool:
    """Return whether an R&V field name stands for a plan's beam name.

    R&V systems put the beam number before the name and cut the result after some ten letters.
    """
    if found == expected:
        return True
    number, _, rest = found.partition(" ")
    name = whole.strip().casefold()
    if not number.isdigit():
        return False
    return bool(rest) and (rest == expected or (len(found) >= 8 and name.startswith(rest)))


def _cut(row: Parameter, text: str) -> str:
    text = text.strip()
    return (text[: row.letters].strip() if row.letters else text).casefold()


def _shown(row: Parameter, value: Decimal) -> str:
    if row.kind == Kind.LENGTH:
        value = value.scaleb(-1)
    text = f"{value:f}"
    if "." in text and len(text.partition(".")[2]) > 6:
        text = f"{value:.6f}".rstrip("0").rstrip(".")
    return text


def _shown_change(row: Parameter, value: Decimal) -> str:
    text = _shown(row, value)
    return text if value < 0 else f"+{text}"


def _word(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value in ("", None) else str(value)
