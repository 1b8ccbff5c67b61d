"""An honest page for a room that is not built yet: what will come, and what to use until then."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout

from app.page import Page


class PlaceholderPage(Page):
    """Say what the room will do and that it does nothing yet."""

    def __init__(self, title: str, when: str, will: tuple[str, ...], until: str) -> None:
        super().__init__()
        self.title = title
        column = QVBoxLayout(self)
        column.setContentsMargins(32, 32, 32, 32)
        head = QLabel(f"{title}: not in this version")
        head.setStyleSheet("font-size: 16pt; font-weight: 600;")
        items = "".join(f"<li style='margin-bottom:6px'>{line}</li>" for line in will)
        body = QLabel(
            f"<p>This room opens nothing yet. Planned for version {when}:</p>"
            f"<ul>{items}</ul><p>{until}</p>"
        )
        body.setWordWrap(True)
        body.setTextFormat(Qt.TextFormat.RichText)
        body.setMaximumWidth(820)
        column.addWidget(head)
        column.addWidget(body)
        column.addStretch(1)
