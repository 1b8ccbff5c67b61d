"""Number boxes that can be empty: an empty box is "not entered", never zero."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDoubleSpinBox, QSpinBox

EMPTY = "—"


class WholeBox(QSpinBox):
    """A whole number, or nothing."""

    entered = Signal()

    def __init__(self, least: int, most: int) -> None:
        super().__init__()
        self.setRange(least - 1, most)
        self.setSpecialValueText(EMPTY)
        self.set_number(None)
        self.valueChanged.connect(lambda _: self.entered.emit())

    def number(self) -> int | None:
        """Return the number, None while nothing was entered."""
        return None if self.value() == self.minimum() else self.value()

    def set_number(self, number: int | None) -> None:
        """Show a number, or nothing."""
        self.setValue(self.minimum() if number is None else number)


class DecimalBox(QDoubleSpinBox):
    """A decimal number, or nothing; typed and shown in the user's own locale."""

    entered = Signal()

    def __init__(self, least: float, most: float, decimals: int, unit: str) -> None:
        super().__init__()
        self.setDecimals(decimals)
        self.setSingleStep(10.0**-decimals)
        self.setRange(least - 1, most)
        self.setSpecialValueText(EMPTY)
        self.setSuffix(f" {unit}")
        self.set_number(None)
        self.valueChanged.connect(lambda _: self.entered.emit())

    def number(self) -> float | None:
        """Return the number, None while nothing was entered."""
        return None if self.value() == self.minimum() else self.value()

    def set_number(self, number: float | None) -> None:
        """Show a number, or nothing."""
        self.setValue(self.minimum() if number is None else number)
