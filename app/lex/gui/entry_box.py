"""A box with a list: one of its values, or, where the list is open, what is typed."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QWidget

from app.lex.offers import Offer
from app.said import Said
from app.typed import typed_whole
from core.findings import State

MARK_PX = 112


class EntryBox(QComboBox):
    """A text, or a whole number, from a list or typed; empty is "not entered".

    Args:
        limits: Lowest and highest number; None for a text.
        longest: Most characters of a text.
        unit: Shown with the numbers of the list.

    """

    entered = Signal()

    def __init__(
        self, *, limits: tuple[int, int] | None = None, longest: int = 20, unit: str = ""
    ) -> None:
        super().__init__()
        self._limits, self._longest, self._unit = limits, longest, unit
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumContentsLength(8)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.offer(Offer())
        self.currentTextChanged.connect(lambda _: self.entered.emit())

    def offer(self, offer: Offer) -> None:
        """Show another list; what was entered stays, in or out of it."""
        kept = self.value()
        self.blockSignals(True)
        self.clear()
        self.addItem("", None)
        for text in offer.values:
            self._add(text)
        self.setEditable(not offer.closed)
        line = self.lineEdit()
        if line is not None:
            line.setPlaceholderText("choose or type" if offer.values else "")
            # Typing 4 must not become 400 because the list has it.
            self.setCompleter(None)  # type: ignore[arg-type]  # Qt takes a null pointer here
            # No validator of numbers: it would drop the mark of "1.5" and leave 15.
            line.setMaxLength(self._longest)
        self.set_value(kept)
        self.blockSignals(False)

    def value(self) -> str | int | None:
        """Return what was entered, None for nothing; a text that is no number stays a text."""
        text = self.currentText().strip()
        if not text:
            return None
        if self._limits is None:
            return text
        index = self.findText(text)
        data = self.itemData(index) if index >= 0 else None
        if isinstance(data, int):
            return data
        number = typed_whole(text.removesuffix(self._unit))
        return text if number is None else number

    def set_value(self, value: object) -> None:
        """Show a value; one that is not in a closed list is added, for the checks to refuse."""
        if value is None or value == "":
            self.setCurrentIndex(0)
            if self.isEditable():
                self.setEditText("")
            return
        index = self.findData(value)
        if index < 0 and not self.isEditable():
            self._add(str(value))
            index = self.count() - 1
        if index >= 0:
            self.setCurrentIndex(index)
        else:
            self.setEditText(str(value))

    def _add(self, text: str) -> None:
        first = text.partition(" ")[0]
        if self._limits is None or not first.isdecimal():
            self.addItem(text, text)
        else:
            self.addItem(f"{text} {self._unit}".strip(), int(first))


class Marked(QWidget):
    """A box with room beside it for what is wrong with it or where its value is from."""

    def __init__(self, box: QWidget) -> None:
        super().__init__()
        self.box = box
        self.mark = Said(wrap=False)
        self.mark.setFixedWidth(MARK_PX)
        policy = self.mark.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.mark.setSizePolicy(policy)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(box, 1)
        row.addWidget(self.mark)
        self.setFocusProxy(box)

    def say(self, state: State, words: str, more: str = "") -> None:
        """Show a word beside the box, "" for none; `more` is the whole sentence."""
        self.mark.say(state, words)
        self.mark.setToolTip(more or words)
        self.box.setAccessibleDescription(more or words)
