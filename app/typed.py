"""Numbers as this user types them."""

import math

from PySide6.QtCore import QLocale


def typed_float(text: str) -> float | None:
    """Return a number in the user's own language; None when it is none.

    Thousands marks are refused: "1.000" is one to some and a thousand to others. So are "nan" and
    "inf", which Qt takes for numbers.
    """
    locale = QLocale()
    locale.setNumberOptions(QLocale.NumberOption.RejectGroupSeparator)
    value, good = locale.toDouble(text.strip())
    return float(value) if good and math.isfinite(value) else None


def typed_whole(text: str) -> int | None:
    """Return a whole number; None when it is none, or a mark stands in it."""
    digits = text.strip()
    return int(digits) if digits.isdecimal() else None
