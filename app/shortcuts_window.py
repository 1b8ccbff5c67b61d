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
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
)

from app.key_use import PORTABLE
from app.shortcuts import USED, choose, keys_of, refusals, shipped_keys

HINT = (
    "Select keys and press those you want instead; Backspace takes them away, Reset beside them "
    "brings the shipped ones back."
)


class ShortcutsWindow(QDialog):
    """A table of actions and keys; conflicts are told below while they last."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(640, 560)
        self._window = window
        self._shipped = shipped_keys(window)
        self.keys: dict[str, QKeySequenceEdit] = {}
        self.resets: dict[str, QPushButton] = {}
        self.table = QTableWidget(len(self._shipped), 3)
        self.table.setAccessibleName("Actions and their keys")
        self.table.setTabKeyNavigation(False)
        self.table.setHorizontalHeaderLabels(["Action", "Keys", "Shipped"])
        self.table.verticalHeader().hide()
        head = self.table.horizontalHeader()
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.setColumnWidth(1, 200)
        self.table.setColumnWidth(2, 110)
        for row, (name, own) in enumerate(keys_of(window).items()):
            item = QTableWidgetItem(name)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            self.table.setItem(row, 0, item)
            self.table.setCellWidget(row, 1, self._box(name, own))
            self.table.setCellWidget(row, 2, self._reset_of(name))
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
        self.reset_button.setText("All as &shipped")
        self.reset_button.clicked.connect(self.reset)
        column = QVBoxLayout(self)
        column.addWidget(self.table, 1)
        column.addWidget(self.words)
        column.addWidget(self.buttons)
        self._show_resets()

    def _box(self, name: str, own: str) -> QKeySequenceEdit:
        box = QKeySequenceEdit(QKeySequence.fromString(own, PORTABLE))
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

    def _reset_of(self, name: str) -> QPushButton:
        own = QKeySequence.fromString(self._shipped[name], PORTABLE)
        words = own.toString(QKeySequence.SequenceFormat.NativeText) or "no keys"
        button = QPushButton("Reset")
        button.setAutoDefault(False)
        button.setToolTip(f"Back to {words}, as shipped")
        button.setAccessibleName(f"Shipped keys of {name}: {words}")
        button.clicked.connect(lambda: self.reset_one(name))
        self.resets[name] = button
        return button

    def _show_resets(self) -> None:
        for name, own in self.wanted.items():
            self.resets[name].setEnabled(own != self._shipped[name])

    @property
    def wanted(self) -> dict[str, str]:
        """The keys as they stand in the boxes."""
        return {name: box.keySequence().toString(PORTABLE) for name, box in self.keys.items()}

    def _on_change(self) -> None:
        told = refusals(self._window, self.wanted)
        self.words.setText(f"{USED} {'; '.join(told)}." if told else HINT)
        self._show_resets()
        self.buttons.button(QDialogButtonBox.StandardButton.Save).setEnabled(not told)

    def reset(self) -> None:
        """Put the shipped keys into the boxes."""
        for name, own in self._shipped.items():
            self.keys[name].setKeySequence(QKeySequence.fromString(own, PORTABLE))

    def reset_one(self, name: str) -> None:
        """Put the shipped keys into one box, and go there: the button can do no more."""
        self.keys[name].setFocus()
        self.keys[name].setKeySequence(QKeySequence.fromString(self._shipped[name], PORTABLE))

    def save(self) -> None:
        """Keep and apply what stands in the boxes."""
        choose(self._window, self.wanted)
        self.accept()
