"""One sentence in place: sign, word and colour of its state, then what there is to say."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from app import theme
from core.findings import State

_SIGN_PX = 16


class Said(QWidget):
    """Hidden while there is nothing to say."""

    def __init__(self, *, wrap: bool = True) -> None:
        super().__init__()
        self.state = State.INFO
        self._sign = QLabel()
        self._words = QLabel()
        self._words.setWordWrap(wrap)
        self._words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 4, 0, 4)
        row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._words, 1)
        self.hide()

    def say(self, state: State, words: str) -> None:
        """Show a sentence, or nothing for ""."""
        self.state = state
        sentence = words[:1].upper() + words[1:]
        self._words.setText(sentence)
        self.setAccessibleName(f"{theme.LOOKS[state].word}: {sentence}" if words else "")
        self._colour()
        self.setVisible(bool(words))

    def text(self) -> str:
        """Return the sentence shown."""
        return self._words.text()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the colours of the page."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._colour()

    def _colour(self) -> None:
        look, ink = theme.LOOKS[self.state], theme.colour(self.state).name()
        sign = theme.icon(self.state).pixmap(_SIGN_PX, _SIGN_PX)
        self._sign.setPixmap(sign)
        self._sign.setToolTip(look.word)
        self._words.setStyleSheet(f"color: {ink}; font-weight: 600;" if self.text() else "")
