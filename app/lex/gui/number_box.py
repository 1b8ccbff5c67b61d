"""Number boxes that can be empty: an empty box is "not entered", never zero."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QValidator

from app.typed_box import Answer, DecimalSpin, WholeSpin, has_too_many_marks, number_part

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
        if _says_nothing(self, text):
            return TAKEN, text, at
        return super().validate(text, at)

    def valueFromText(self, text: str) -> int:
        """Return the number of a text that `validate` took."""
        return self.minimum() if _says_nothing(self, text) else super().valueFromText(text)


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
        if _says_nothing(self, text):
            return TAKEN, text, at
        return super().validate(text, at)

    def valueFromText(self, text: str) -> float:
        """Return the number of a text that `validate` took."""
        return self.minimum() if _says_nothing(self, text) else super().valueFromText(text)


def _says_nothing(box: WholeBox | DecimalBox, text: str) -> bool:
    return not number_part(box, text).strip() or has_too_many_marks(box, text)
