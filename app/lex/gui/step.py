"""What every step of the LEX wizard has in common."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget


class Step(QWidget):
    """One step: a title, one sentence of guidance, its own widgets below.

    Signals:
        changed: Something was picked or typed; the page asks `missing` again.

    """

    title = ""
    guidance = ""
    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        head = QLabel(self.title)
        head.setStyleSheet("font-size: 14pt; font-weight: 600;")
        words = QLabel(self.guidance)
        words.setWordWrap(True)
        self.column.addWidget(head)
        self.column.addWidget(words)

    def missing(self) -> tuple[str, ...]:
        """Return what is still needed here, one phrase each; empty when the step is complete."""
        return ()
