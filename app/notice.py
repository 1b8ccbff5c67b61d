"""A strip above the rooms that tells something and offers what to do; it never stops the user."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from app import theme
from core.findings import State

SIGN_PX = 20


class Notice(QFrame):
    """One notice at a time: sign, words, buttons, and one that closes it.

    Signals:
        closed: One of the buttons was pressed, and what it does is done.

    """

    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self.sign = QLabel()
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.close_button = QPushButton("Close")
        self.close_button.clicked.connect(self._close)
        self.buttons: list[QPushButton] = []
        self._on_close: Callable[[], object] | None = None
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(16, 6, 16, 6)
        self._row.addWidget(self.sign)
        self._row.addWidget(self.words, 1)
        self._row.addWidget(self.close_button)
        self.hide()

    def tell(
        self,
        state: State,
        words: str,
        offers: Mapping[str, Callable[[], object]] | None = None,
        close: str = "Close",
        on_close: Callable[[], object] | None = None,
    ) -> None:
        """Show a notice in place of the one before.

        Args:
            state: Gives sign and colours.
            words: One or two sentences.
            offers: Words of a button, and what it does; the notice closes first.
            close: Words of the button that does none of it.
            on_close: What that button does besides.

        """
        for button in self.buttons:
            button.deleteLater()
        self.buttons = []
        look = theme.LOOKS[state]
        self.setStyleSheet(
            f"#notice {{ background: {look.banner}; }}"
            f"#notice QLabel {{ color: {look.banner_text}; }}"
        )
        self.sign.setPixmap(theme.icon(state, look.banner_text).pixmap(SIGN_PX, SIGN_PX))
        self.words.setText(f"<b>{look.word}.</b> {words}")
        self.setAccessibleName(f"{look.word}: {words}")
        for place, (text, action) in enumerate((offers or {}).items()):
            button = QPushButton(text)
            button.clicked.connect(self.hide)
            button.clicked.connect(action)
            button.clicked.connect(self.closed)
            self._row.insertWidget(2 + place, button)
            self.buttons.append(button)
        self.close_button.setText(close)
        self._on_close = on_close
        self.show()

    def _close(self) -> None:
        self.hide()
        if self._on_close is not None:
            self._on_close()
        self.closed.emit()
