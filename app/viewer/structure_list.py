"""The list of structures: shown or hidden, in their colours."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.dicom.structures import Structure

NUMBER = Qt.ItemDataRole.UserRole


class StructureList(QWidget):
    """Structures with check boxes, a search box, all and none.

    Signals:
        changed: Which structures are hidden has changed.
        wanted: The user wants to see a structure (double click): its number.

    """

    changed = Signal()
    wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find a structure")
        self.search.setAccessibleName("Find a structure")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.list = QListWidget()
        self.list.setAccessibleName("Structures")
        self.list.itemChanged.connect(lambda _: self.changed.emit())
        self.list.itemDoubleClicked.connect(lambda item: self.wanted.emit(item.data(NUMBER)))
        row = QHBoxLayout()
        row.addWidget(self.search, 1)
        for words, on in (("All", True), ("None", False)):
            button = QToolButton()
            button.setText(words)
            button.clicked.connect(lambda _=False, state=on: self.set_all(state))
            button.setToolTip(f"{'Show' if on else 'Hide'} all structures in the list")
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self.list, 1)

    def set_structures(self, structures: Sequence[Structure]) -> None:
        """List other structures, all with contours shown."""
        self.list.blockSignals(True)
        self.list.clear()
        for one in structures:
            words = one.name if one.contours else f"{one.name} (no contours)"
            item = QListWidgetItem(_swatch(one.colour), words)
            item.setToolTip(
                f"{one.name}: {one.kind or 'type not told'}, {len(one.contours)} contours"
            )
            item.setData(NUMBER, one.number)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if one.contours else Qt.CheckState.Unchecked)
            self.list.addItem(item)
        self._filter(self.search.text())
        self.list.blockSignals(False)
        self.changed.emit()

    @property
    def hidden(self) -> frozenset[int]:
        """Numbers of the structures that are not shown."""
        items = (self.list.item(row) for row in range(self.list.count()))
        return frozenset(
            item.data(NUMBER) for item in items if item.checkState() == Qt.CheckState.Unchecked
        )

    def set_all(self, on: bool) -> None:
        """Show or hide all that the search leaves in the list."""
        state = Qt.CheckState.Checked if on else Qt.CheckState.Unchecked
        self.list.blockSignals(True)
        for row in range(self.list.count()):
            item = self.list.item(row)
            if not item.isHidden():
                item.setCheckState(state)
        self.list.blockSignals(False)
        self.changed.emit()

    def _filter(self, text: str) -> None:
        wanted = text.casefold()
        for row in range(self.list.count()):
            item = self.list.item(row)
            item.setHidden(wanted not in item.text().casefold())


def _swatch(colour: tuple[int, int, int]) -> QIcon:
    picture = QPixmap(16, 16)
    picture.fill(QColor(*colour))
    painter = QPainter(picture)
    painter.setPen(QColor(128, 128, 128))  # seen on white and on black
    painter.drawRect(0, 0, 15, 15)
    painter.end()
    return QIcon(picture)
