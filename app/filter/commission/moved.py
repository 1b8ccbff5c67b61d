"""The smallest change of a cell that its rule must not let pass."""

from decimal import Decimal, InvalidOperation

from app.filter.rtp_columns import Column
from app.filter.rtp_values import MIXED

ZERO_IS_BLANK = ("energy", "doserate", "ssd", "sad", "field_dose")
OTHER_WORD = {
    "Xrays": "Elect", "Elect": "Xrays", "CW": "CCW", "CCW": "CW", "IN": "OUT", "OUT": "IN",
    "0": "1", "1": "0",
}  # fmt: skip


def number_in(text: str) -> Decimal | None:
    """Return a cell's number; None for a blank or a word."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def step_of(column: Column, text: str, passes: Decimal = Decimal(0)) -> Decimal:
    """Return two steps of the last digit written, beyond what passes.

    Two, because a plan's value that was rounded may lie half a step away.
    """
    _, point, digits = text.partition(".")
    written = len(digits) if point else (column.decimals or 0)
    return passes + Decimal(2).scaleb(-written)


def moved(column: Column, text: str, passes: Decimal = Decimal(0)) -> str | None:
    """Return a number moved by `step_of`; None where the cell holds none that is read.

    Angles stay on the circle, all else goes up.
    """
    value = number_in(text)
    if value is None or (not value and column.name in ZERO_IS_BLANK):
        return None
    return written_as(column, text, value + step_of(column, text, passes))


def written_as(column: Column, text: str, value: Decimal) -> str:
    """Return a value with the digits that `text` is written with."""
    _, point, digits = text.partition(".")
    places = len(digits) if point else (column.decimals or 0)
    if column.kind.startswith("deg"):
        value = (value % 360 + 360) % 360
    return f"{value:.{places}f}"


def reworded(text: str) -> str | None:
    """Return another word or text; None for a blank or mixed cell."""
    if not text or text == MIXED:
        return None
    return OTHER_WORD.get(text) or f"{text[:-1]}{'Z' if text[-1:].upper() == 'Q' else 'Q'}"
