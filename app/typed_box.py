"""Number boxes that read what is typed as this user means it; in every room.

Qt's boxes take the mark that does not part decimals in the user's language for one of thousands,
or drop it: "12.5" typed in German, or "12,5" in English, would be 125. They drop every other key
that cannot be as well: "1365" cm would be 136, "120" % would be 12. Here point and comma both part
decimals, and what is typed stays in sight; a text that is no number of the box counts for nothing:
left so, the box goes back to the number it had before. The box's own unit may be typed with the
number, and a number may be typed into the words that stand for none ("not known").
"""

import re
from typing import Any

from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QDoubleSpinBox, QSpinBox, QWidget

MARKS = ".,"
UNFINISHED, NO_NUMBER = QValidator.State.Intermediate, QValidator.State.Invalid
Answer = tuple[QValidator.State, str, int]
"""What `validate` says of a text: its state, the text and the place of the cursor."""


class Settled:
    """The number a box has while another one is typed into it, and the text in sight."""

    def __init__(self, box: QSpinBox | QDoubleSpinBox) -> None:
        self._box = box
        self._text = ""
        self.number: Any = 0

    def take(self, number: float) -> None:
        """Take the number that stands in the box."""
        self.number, self._text = number, self._box.text()

    def hold(self, number: float) -> None:
        """Stay at a number as far as the box's new range lets it."""
        box = self._box
        if box.hasAcceptableInput() or not box.minimum() <= number <= box.maximum():
            box.setValue(number)  # type: ignore[arg-type]  # each box gets its own number back

    def typed(self, text: str, at: int) -> tuple[str, int]:
        """Return a text and its cursor without the words for no number that it was typed into.

        The box's own unit, typed although Qt writes it, is taken off as well.
        """
        box, words = self._box, self._box.specialValueText()
        if words and self._text == words != text:
            bare = text.removesuffix(box.suffix())
            # Qt puts the prefix before words that do not begin with it any more.
            ways = (bare, bare.removeprefix(box.prefix()))
            own = f"{box.prefix()}{min((_typed_over(words, one) for one in ways), key=len)}"
            text, at = f"{own}{box.suffix()}", len(own)
        number = number_part(box, text)
        bare, unit = number.rstrip(), box.suffix().strip()
        if unit and bare.endswith(unit):
            text = f"{box.prefix()}{bare.removesuffix(unit).rstrip()}{box.suffix()}"
            at = len(text)
        return text, at

    def judge(self, text: str, answer: Answer) -> Answer:
        """Keep in sight what is no number; only the words around it cannot be rubbed out."""
        if answer[0] == NO_NUMBER and not self._is_harmed(text):
            answer = (UNFINISHED, text, answer[2])
        if answer[0] != NO_NUMBER:
            self._text = text
        return answer

    def text(self) -> str:
        """Return the text of the number."""
        box = self._box
        number = max(box.minimum(), min(self.number, box.maximum()))
        return f"{box.prefix()}{box.textFromValue(number)}{box.suffix()}"

    def _is_harmed(self, text: str) -> bool:
        """Tell whether a letter of the words around was rubbed out; Qt adds them whole again."""
        now, before = number_part(self._box, text), number_part(self._box, self._text)
        ends = [f"{before}{rest}" for rest in _one_letter_less(self._box.suffix())]
        return now in ends or now in [f"{r}{before}" for r in _one_letter_less(self._box.prefix())]


def _one_letter_less(words: str) -> list[str]:
    return [words[:at] + words[at + 1 :] for at in range(len(words))]


def _typed_over(words: str, text: str) -> str:
    """Return what was typed between or over the letters of some words."""
    while words and text[:1] == words[0]:
        words, text = words[1:], text[1:]
    while words and text[-1:] == words[-1]:
        words, text = words[:-1], text[:-1]
    return text


class WholeSpin(QSpinBox):
    """A whole number; a text with a mark in it is none: dropped, it would make 15 of "1.5"."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settled = Settled(self)
        self.editingFinished.connect(self._settle)

    def value(self) -> int:
        """Return the number; while what is in sight is none, the one before."""
        return super().value() if self.hasAcceptableInput() else int(self._settled.number)

    def setValue(self, value: int) -> None:
        """Show a number."""
        super().setValue(value)
        self._settle()

    def setRange(self, least: int, most: int) -> None:
        """Take other limits; the number that counts is held to them."""
        number = self.value()
        super().setRange(least, most)
        self._settled.hold(number)

    def setMinimum(self, least: int) -> None:
        """Take another lower limit."""
        self.setRange(least, max(least, self.maximum()))

    def setMaximum(self, most: int) -> None:
        """Take another upper limit."""
        self.setRange(min(self.minimum(), most), most)

    def setSpecialValueText(self, words: str) -> None:
        """Show words in place of the lowest number."""
        super().setSpecialValueText(words)
        self._settle()

    def stepBy(self, steps: int) -> None:
        """Go to the next numbers."""
        super().stepBy(steps)
        self._settle()

    def validate(self, text: str, at: int) -> Answer:
        """Keep in sight what is no number."""
        text, at = self._settled.typed(text, at)
        if has_too_many_marks(self, text):
            return self._settled.judge(text, (UNFINISHED, text, at))
        state = super().validate(text, at)[0]
        return self._settled.judge(text, (state, text, at))

    def fixup(self, _text: str) -> str:
        """Go back to the number before."""
        return self._settled.text()

    def _settle(self) -> None:
        self._settled.take(super().value())


class DecimalSpin(QDoubleSpinBox):
    """A decimal number typed with a point or a comma; shown in the user's own language."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settled = Settled(self)
        self.editingFinished.connect(self._settle)

    def value(self) -> float:
        """Return the number; while what is in sight is none, the one before."""
        return super().value() if self.hasAcceptableInput() else float(self._settled.number)

    def setValue(self, value: float) -> None:
        """Show a number."""
        super().setValue(value)
        self._settle()

    def setRange(self, least: float, most: float) -> None:
        """Take other limits; the number that counts is held to them."""
        number = self.value()
        super().setRange(least, most)
        self._settled.hold(number)

    def setMinimum(self, least: float) -> None:
        """Take another lower limit."""
        self.setRange(least, max(least, self.maximum()))

    def setMaximum(self, most: float) -> None:
        """Take another upper limit."""
        self.setRange(min(self.minimum(), most), most)

    def setSpecialValueText(self, words: str) -> None:
        """Show words in place of the lowest number."""
        super().setSpecialValueText(words)
        self._settle()

    def stepBy(self, steps: int) -> None:
        """Go to the next numbers."""
        super().stepBy(steps)
        self._settle()

    def validate(self, text: str, at: int) -> Answer:
        """Read either mark, and keep in sight what is no number."""
        text, at = self._settled.typed(text, at)
        if has_too_many_marks(self, text):
            return self._settled.judge(text, (UNFINISHED, text, at))
        own = self._own(text)
        state = super().validate(own, at)[0]
        return self._settled.judge(text, (state, own, at))

    def valueFromText(self, text: str) -> float:
        """Return the number of a text that `validate` took."""
        return super().valueFromText(self._own(text))

    def fixup(self, _text: str) -> str:
        """Go back to the number before."""
        return self._settled.text()

    def _settle(self) -> None:
        self._settled.take(super().value())

    def _own(self, text: str) -> str:
        """Return a text with its point or comma as the mark that parts this user's decimals."""
        number = number_part(self, text)
        at = len(self.prefix()) if text.startswith(self.prefix()) else 0
        own = number
        for mark in MARKS:
            own = own.replace(mark, self.locale().decimalPoint())
        return f"{text[:at]}{own}{text[at + len(number) :]}" if number else text


def has_too_many_marks(box: QSpinBox | QDoubleSpinBox, text: str) -> bool:
    """Tell whether more marks stand in a text than the box's number can have.

    A blank between digits is one too many: in some languages it would part thousands.
    """
    number = number_part(box, text)
    if re.search(r"\d\s+\d", number):
        return True
    most = 1 if isinstance(box, QDoubleSpinBox) and box.decimals() else 0
    return sum(number.count(mark) for mark in {*MARKS, box.locale().decimalPoint()}) > most


def number_part(box: QSpinBox | QDoubleSpinBox, text: str) -> str:
    """Return what stands between the words that a box writes around its number."""
    if text == box.specialValueText():
        return ""
    return text.removeprefix(box.prefix()).removesuffix(box.suffix())
