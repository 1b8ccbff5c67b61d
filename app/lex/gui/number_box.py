"""Number boxes that can be empty: an empty box is "not entered", never zero."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QValidator

from app.typed_box import UNFINISHED, Answer, DecimalSpin, WholeSpin

EMPTY = "—"
TAKEN = QValidator.State.Acceptable


class WholeBox(WholeSpin):
    """A whole number, or nothing; a text that is no number is nothing."""

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

    def validate(self, text: str, at: int) -> Answer:
        """Take a text that says nothing as well."""
        return _taken(super().validate(text, at))

    def valueFromText(self, text: str) -> int:
        """Return the number of a text that `validate` took."""
        is_number = super().validate(text, 0)[0] == TAKEN
        return super().valueFromText(text) if is_number else self.minimum()


class DecimalBox(DecimalSpin):
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

    def validate(self, text: str, at: int) -> Answer:
        """Take a text that says nothing as well."""
        return _taken(super().validate(text, at))

    def valueFromText(self, text: str) -> float:
        """Return the number of a text that `validate` took."""
        is_number = super().validate(text, 0)[0] == TAKEN
        return super().valueFromText(text) if is_number else self.minimum()


def _taken(answer: Answer) -> Answer:
    """Take a text that is no number, too: it says nothing."""
    state, text, at = answer
    return TAKEN if state == UNFINISHED else state, text, at
