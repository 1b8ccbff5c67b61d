"""Number boxes that read what is typed as this user means it; in every room.

Qt's boxes take the mark that does not part decimals in the user's language for one of thousands,
or drop it: "12.5" typed in German, or "12,5" in English, would be 125. Here point and comma both
part decimals, so that what is typed is what is used and what is shown. A text with more marks
than its number can have stays in sight; left so, the box goes back to its last number.
"""

from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QDoubleSpinBox, QSpinBox

MARKS = ".,"
UNFINISHED = QValidator.State.Intermediate
Answer = tuple[QValidator.State, str, int]
"""What `validate` says of a text: its state, the text and the place of the cursor."""


class WholeSpin(QSpinBox):
    """A whole number; a text with a mark in it is none: dropped, it would make 15 of "1.5"."""

    def validate(self, text: str, at: int) -> Answer:
        """Keep a mark in sight."""
        if has_too_many_marks(self, text):
            return UNFINISHED, text, at
        return super().validate(text, at)

    def fixup(self, text: str) -> str:
        """Take no mark out."""
        return text


class DecimalSpin(QDoubleSpinBox):
    """A decimal number typed with a point or a comma; shown in the user's own language."""

    def validate(self, text: str, at: int) -> Answer:
        """Read either mark."""
        if has_too_many_marks(self, text):
            return UNFINISHED, text, at
        return super().validate(self._own(text), at)

    def valueFromText(self, text: str) -> float:
        """Return the number of a text that `validate` took."""
        return super().valueFromText(self._own(text))

    def fixup(self, text: str) -> str:
        """Take no mark out."""
        return text

    def _own(self, text: str) -> str:
        """Return a text with its point or comma as the mark that parts this user's decimals."""
        number = number_part(self, text)
        at = len(self.prefix()) if text.startswith(self.prefix()) else 0
        own = number
        for mark in MARKS:
            own = own.replace(mark, self.locale().decimalPoint())
        return f"{text[:at]}{own}{text[at + len(number) :]}" if number else text


def has_too_many_marks(box: QSpinBox | QDoubleSpinBox, text: str) -> bool:
    """Tell whether more marks stand in a text than the box's number can have."""
    number = number_part(box, text)
    most = 1 if isinstance(box, QDoubleSpinBox) and box.decimals() else 0
    return sum(number.count(mark) for mark in {*MARKS, box.locale().decimalPoint()}) > most


def number_part(box: QSpinBox | QDoubleSpinBox, text: str) -> str:
    """Return what stands between the words that a box writes around its number."""
    if text == box.specialValueText():
        return ""
    return text.removeprefix(box.prefix()).removesuffix(box.suffix())
