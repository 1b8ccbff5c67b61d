"""Ctrl+K: type a few letters of what you want, Enter does it."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.deeds import Deed, matching
from app.key_use import does, pressed
from app.keys import first
from app.settings_store import user_settings

RECENT_KEY, MOST_RECENT = "palette/recent", 8
SIZE = (520, 380)
STEPS = {
    first("commands.down"): 1, first("commands.up"): -1,
    first("commands.far_down"): 8, first("commands.far_up"): -8,
}  # fmt: skip


def recent_names() -> list[str]:
    """Return the names of the deeds done last by the palette, newest first."""
    stored = user_settings().value(RECENT_KEY, [])
    names = stored if isinstance(stored, list) else [stored]
    return [str(name) for name in names if name]


def remember(name: str) -> None:
    """Put a deed before all others."""
    names = [name, *(one for one in recent_names() if one != name)]
    user_settings().setValue(RECENT_KEY, names[:MOST_RECENT])


class CommandPalette(QDialog):
    """A line to type in over a list of deeds."""

    def __init__(self, window: QWidget, deeds: Sequence[Deed]) -> None:
        super().__init__(window)
        self.setWindowTitle("Commands")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(*SIZE)
        self._deeds = list(deeds)
        self._recent = recent_names()
        self.words = QLineEdit(placeholderText="What do you want to do?")
        self.words.setAccessibleName("Words of a command")
        self.words.textChanged.connect(self._show)
        self.words.installEventFilter(self)
        self.list = QListWidget()
        self.list.setAccessibleName("Commands")
        self.list.setAlternatingRowColors(True)
        self.list.itemActivated.connect(self.run)
        column = QVBoxLayout(self)
        column.addWidget(self.words)
        column.addWidget(self.list, 1)
        self._show("")

    def _show(self, typed: str) -> None:
        self.list.clear()
        for deed in matching(self._deeds, typed, self._recent):
            keys = f"   ({deed.keys})" if deed.keys else ""
            item = QListWidgetItem(f"{deed.title}{keys}   -   {deed.place}")
            item.setToolTip(item.text())
            item.setData(Qt.ItemDataRole.UserRole, deed)
            self.list.addItem(item)
        if not self.list.count():
            item = QListWidgetItem("Nothing that can be done now has these words.")
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    def run(self) -> None:
        """Close, then do what is selected: it belongs to the window, not to this dialog."""
        item = self.list.currentItem()
        deed = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        if not isinstance(deed, Deed):
            return
        remember(deed.name)
        self.accept()
        deed.run()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let arrows move in the list while the words keep the focus; Enter does it."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            key = pressed(event)
            if does(event, "commands.do"):
                self.run()
                return True
            if key in STEPS:
                row = self.list.currentRow() + STEPS[key]
                self.list.setCurrentRow(min(max(row, 0), self.list.count() - 1))
                return True
        return super().eventFilter(watched, event)
