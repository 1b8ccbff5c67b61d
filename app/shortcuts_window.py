"""Every action of the window with its keys, to change them."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QMainWindow,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
)

from app.shortcuts import choose, conflicts, keys_of, shipped_keys

_PORTABLE = QKeySequence.SequenceFormat.PortableText
HINT = "Select keys and press those you want instead; Backspace takes them away."


class ShortcutsWindow(QDialog):
    """A table of actions and keys; conflicts are told below while they last."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(560, 560)
        self._window = window
        self._shipped = shipped_keys(window)
        self.keys: dict[str, QKeySequenceEdit] = {}
        self.table = QTableWidget(len(self._shipped), 2)
        self.table.setAccessibleName("Actions and their keys")
        self.table.setTabKeyNavigation(False)
        self.table.setHorizontalHeaderLabels(["Action", "Keys"])
        self.table.verticalHeader().hide()
        head = self.table.horizontalHeader()
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.setColumnWidth(1, 200)
        for row, (name, own) in enumerate(keys_of(window).items()):
            item = QTableWidgetItem(name)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            self.table.setItem(row, 0, item)
            self.table.setCellWidget(row, 1, self._box(name, own))
        self.words = QLabel(HINT)
        self.words.setWordWrap(True)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save
            | QDialogButtonBox.StandardButton.Cancel
            | QDialogButtonBox.StandardButton.RestoreDefaults
        )
        self.buttons.accepted.connect(self.save)
        self.buttons.rejected.connect(self.reject)
        self.reset_button = self.buttons.button(QDialogButtonBox.StandardButton.RestoreDefaults)
        self.reset_button.setText("As &shipped")
        self.reset_button.clicked.connect(self.reset)
        column = QVBoxLayout(self)
        column.addWidget(self.table, 1)
        column.addWidget(self.words)
        column.addWidget(self.buttons)

    def _box(self, name: str, own: str) -> QKeySequenceEdit:
        box = QKeySequenceEdit(QKeySequence.fromString(own, _PORTABLE))
        box.setMaximumSequenceLength(1)
        box.setClearButtonEnabled(True)
        box.setAccessibleName(f"Keys of {name}")
        line = box.findChild(QLineEdit)
        if line is not None:
            line.setPlaceholderText("none")
            line.setAccessibleName(f"Keys of {name}")
        box.keySequenceChanged.connect(self._on_change)
        self.keys[name] = box
        return box

    @property
    def wanted(self) -> dict[str, str]:
        """The keys as they stand in the boxes."""
        return {name: box.keySequence().toString(_PORTABLE) for name, box in self.keys.items()}

    def _on_change(self) -> None:
        double = conflicts(self.wanted)
        told = [f"{own}: {' and '.join(names)}" for own, names in double.items()]
        self.words.setText(f"The same keys twice. {'; '.join(told)}" if told else HINT)
        self.buttons.button(QDialogButtonBox.StandardButton.Save).setEnabled(not told)

    def reset(self) -> None:
        """Put the shipped keys into the boxes."""
        for name, own in self._shipped.items():
            self.keys[name].setKeySequence(QKeySequence.fromString(own, _PORTABLE))

    def save(self) -> None:
        """Keep and apply what stands in the boxes."""
        choose(self._window, self.wanted)
        self.accept()
