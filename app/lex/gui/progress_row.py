"""A bar, what is being done, and Cancel; hidden while nothing is done."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

_STEPS = 1000


class ProgressRow(QWidget):
    """How far a fetch is.

    Signals:
        cancelled: The user has pressed Cancel.

    """

    cancelled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.bar = QProgressBar()
        self.bar.setRange(0, _STEPS)
        self.bar.setAccessibleName("Progress of the fetch")
        self.words = QLabel()
        self.words.setMinimumWidth(260)
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.clicked.connect(self.cancelled.emit)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.bar, 1)
        row.addWidget(self.words, 2)
        row.addWidget(self.cancel_button)
        self.hide()

    def begin(self, words: str) -> None:
        """Show that something has begun."""
        self.show_share(0.0, words)
        self.show()

    def show_share(self, share: float, words: str) -> None:
        """Show how far it is."""
        self.bar.setValue(round(share * _STEPS))
        self.words.setText(words)
