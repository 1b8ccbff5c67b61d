"""The file of a table as text, to be edited; a change is written or left on purpose."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.layers import Layer

CANCEL, LEAVE = "&Cancel", "&Cancel without writing"


class TableText(QWidget):
    """One file.

    Signals:
        write_asked: The text is to be written.
        closed: It is left as it was.
        changed: It is another than the file's now, or the same again.

    """

    write_asked, closed, changed = Signal(), Signal(), Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.name, self.layer, self._file = "", Layer.USER, Path()
        self.seen: str | None = None
        self.title = QLabel()
        self.title.setWordWrap(True)
        self.text = QPlainTextEdit()
        self.text.setAccessibleName("Text of the table")
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.modificationChanged.connect(self._on_changed)
        self.write_button, self.back = QPushButton("&Write this table"), QPushButton(CANCEL)
        self.write_button.clicked.connect(self.write_asked)
        self.back.clicked.connect(self._leave)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.write_button)
        row.addWidget(self.back)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.title)
        column.addWidget(self.text, 1)
        column.addLayout(row)

    @property
    def is_changed(self) -> bool:
        """Whether something stands here that is not written."""
        return self.text.document().isModified()

    @property
    def content(self) -> str:
        """What stands here."""
        return self.text.toPlainText()

    def show_file(
        self, name: str, layer: Layer, file: Path, seen: str | None, begin: str
    ) -> None:  # fmt: skip
        """Show a table's file of a layer as it stands there, or what it would begin with."""
        self.name, self.layer, self._file, self.seen = name, layer, file, seen
        self.text.setPlainText(begin if seen is None else seen)
        self._on_changed(False)
        self.text.setFocus()

    def forget(self) -> None:
        """Take what stands here for written, or for left."""
        self.text.document().setModified(False)

    def _leave(self) -> None:
        self.forget()
        self.closed.emit()

    def _on_changed(self, changed: bool) -> None:
        words = ": changed, not written" if changed else ""
        self.title.setText(f"{self._file} (layer '{self.layer}'){words}")
        self.back.setText(LEAVE if changed else CANCEL)
        self.changed.emit(changed)
