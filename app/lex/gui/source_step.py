"""Step 1: where the plan comes from. Reading happens in the background, read-only (L-01)."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton

from app.lex.gui.server_box import ServerBox
from app.lex.gui.step import Step


class SourceStep(Step):
    """Ask for a plan file or folder, or a planning server; the page reads it."""

    title = "Source"
    guidance = (
        "Open a DICOM RT Plan, a Pinnacle plan, patient or institution folder, or drop it on the "
        "window; or connect to a planning server. Nothing is changed at the source."
    )
    wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.file_button = QPushButton("Open plan &file…")
        self.folder_button = QPushButton("Open plan f&older…")
        self.file_button.clicked.connect(lambda: self.wanted.emit("file"))
        self.folder_button.clicked.connect(lambda: self.wanted.emit("folder"))
        row = QHBoxLayout()
        row.addWidget(self.file_button)
        row.addWidget(self.folder_button)
        row.addStretch(1)
        self.words = QLabel("No plan opened yet.")
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.fault = QLabel()
        self.fault.setWordWrap(True)
        self.fault.setObjectName("fault")
        self.fault.hide()
        self.column.addSpacing(8)
        self.column.addLayout(row)
        self.column.addWidget(self.words)
        self.column.addWidget(self.fault)
        self.server_box = ServerBox()
        self.column.addWidget(self.server_box)
        self.column.addStretch(1)
        self._complete = False

    def show_source(self, place: str, what: str) -> None:
        """Tell what was opened: a path or a server, and what lies there."""
        self._complete = True
        self.words.setText(f"{place}\n{what}")
        self.fault.hide()
        self.changed.emit()

    def show_fault(self, words: str) -> None:
        """Tell why nothing was opened; an earlier source stays as it was."""
        self.fault.setText(words)
        self.fault.show()
        self.changed.emit()

    def missing(self) -> tuple[str, ...]:
        """Return "a plan" until one was read."""
        return () if self._complete else ("a plan",)
