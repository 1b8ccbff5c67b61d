"""What a room shows before something is open: what to drop there, and what follows."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget


def empty_page(invitation: str, words: str, button: QPushButton | None = None) -> QWidget:
    """Return the page: an invitation, one or two sentences, and a button where there is one."""
    page = QWidget()
    column = QVBoxLayout(page)
    head, body = QLabel(invitation), QLabel(words)
    head.setStyleSheet("font-size: 16pt; font-weight: 600;")
    column.addStretch(2)
    for label in (head, body):
        label.setWordWrap(True)
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(label)
    if button is not None:
        column.addSpacing(12)
        column.addWidget(button, 0, Qt.AlignmentFlag.AlignCenter)
    column.addStretch(3)
    return page
