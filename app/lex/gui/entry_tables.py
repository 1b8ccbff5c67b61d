"""Prescriptions and fields of the treatment form: one row each, what is missing in the row."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRegularExpression, Qt
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import (
    QComboBox,
    QHeaderView,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from app import theme
from app.lex.gui.entry_box import EntryBox
from app.lex.offers import Offer
from app.typed import typed_whole
from core.findings import State

AnyIndex = QModelIndex | QPersistentModelIndex
PRESCRIPTIONS = ("Prescription in the plan", "Name in the R&V", "Technique", "Missing")
FIELDS = ("Beam", "Field ID", "Dose rate MU/min", "Gated", "Missing")
RATES = (1, 9999)


class _TextDelegate(QStyledItemDelegate):
    """A line with a pattern: what does not fit cannot be typed."""

    def __init__(self, owner: QWidget, pattern: str) -> None:
        super().__init__(owner)
        self._pattern = QRegularExpression(pattern)

    def createEditor(
        self, parent: QWidget, option: QStyleOptionViewItem, index: AnyIndex
    ) -> QWidget:
        del option, index
        line = QLineEdit(parent)
        line.setValidator(QRegularExpressionValidator(self._pattern, line))
        return line


class _ListDelegate(QStyledItemDelegate):
    """A box with a list that is asked for anew each time."""

    def __init__(
        self, owner: QWidget, offer: Callable[[], Offer], limits: tuple[int, int] | None
    ) -> None:
        super().__init__(owner)
        self._offer, self._limits = offer, limits

    def createEditor(
        self, parent: QWidget, option: QStyleOptionViewItem, index: AnyIndex
    ) -> QWidget:
        del option, index
        box = EntryBox(limits=self._limits)
        box.setParent(parent)
        box.offer(self._offer())
        return box

    def setEditorData(self, editor: QWidget, index: AnyIndex) -> None:
        if isinstance(editor, EntryBox):
            text = str(index.data() or "")
            editor.set_value(int(text) if self._limits and text.isdecimal() else text)

    def setModelData(self, editor: QWidget, model: Any, index: AnyIndex) -> None:  # noqa: ANN401
        if isinstance(editor, EntryBox):
            value = editor.value()
            model.setData(index, "" if value is None else str(value))


class EntryTable(QTableWidget):
    """Rows by the plan's name; the last column says what is missing."""

    columns: Mapping[int, str] = {}

    def __init__(self, titles: Sequence[str], name: str) -> None:
        super().__init__(0, len(titles))
        self.setHorizontalHeaderLabels(list(titles))
        self.setAccessibleName(name)
        self.verticalHeader().hide()
        self.setAlternatingRowColors(True)
        self.setTabKeyNavigation(False)
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 10)
        self.setMinimumHeight(92)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)

    def names(self) -> tuple[str, ...]:
        """Return the plan's names, row by row."""
        return tuple(self.text(row, 0) for row in range(self.rowCount()))

    def text(self, row: int, column: int) -> str:
        """Return what stands in a cell."""
        item = self.item(row, column)
        return "" if item is None else item.text().strip()

    def put(self, row: int, column: int, text: str) -> None:
        """Put a text into a cell."""
        item = self.item(row, column)
        if item is not None:
            item.setText(text)

    def go_to(self, name: str, key: str) -> None:
        """Choose the cell of an entry."""
        column = next(column for column, of in self.columns.items() if of == key)
        self.setCurrentCell(self.names().index(name), column)

    def fill(self, rows: Sequence[Sequence[str]]) -> None:
        """Put texts into the rows; first and last column cannot be edited."""
        self.blockSignals(True)
        self.setRowCount(len(rows))
        for row, texts in enumerate(rows):
            for column, text in enumerate((*texts, "")):
                item = QTableWidgetItem(text)
                if column in (0, self.columnCount() - 1):
                    item.setFlags(Qt.ItemFlag.ItemIsEnabled)
                self.setItem(row, column, item)
        self.blockSignals(False)

    def mark(self, words: Mapping[str, str]) -> None:
        """Say in each row what is missing there; "" or no entry for nothing."""
        self.blockSignals(True)
        for row, name in enumerate(self.names()):
            item = self.item(row, self.columnCount() - 1)
            text = words.get(name, "")
            if item is not None and item.text() != text:
                item.setText(text)
                item.setToolTip(text)
                item.setForeground(theme.colour(State.ERROR))
                item.setData(
                    Qt.ItemDataRole.DecorationRole, theme.icon(State.ERROR) if text else None
                )
        self.blockSignals(False)


class PrescriptionTable(EntryTable):
    """Name and technique of each prescription in the R&V system."""

    columns: Mapping[int, str] = {1: "id", 2: "technique"}

    def __init__(self) -> None:
        super().__init__(PRESCRIPTIONS, "Prescriptions")
        self.techniques = Offer()
        self.setItemDelegateForColumn(1, _TextDelegate(self, ".{0,20}"))
        self.setItemDelegateForColumn(2, _ListDelegate(self, lambda: self.techniques, None))

    def values(self) -> dict[str, dict[str, Any]]:
        """Return the entries by the plan's name."""
        return {
            name: {
                key: text
                for key, text in (("id", self.text(row, 1)), ("technique", self.text(row, 2)))
                if text
            }
            for row, name in enumerate(self.names())
        }

    def set_values(self, entries: Mapping[str, Mapping[str, Any]], *, whole: bool = False) -> None:
        """Put entries into the rows there are; what is not said stays, or goes if it is whole."""
        for row, name in enumerate(self.names()):
            entry = entries.get(name, {})
            for column, key in self.columns.items():
                if whole or key in entry:
                    self.put(row, column, str(entry.get(key, "")))


class FieldTable(EntryTable):
    """Field ID, own dose rate and gating of each field."""

    columns: Mapping[int, str] = {1: "id", 2: "dose_rate_mu_min", 3: "gated"}

    def __init__(self) -> None:
        super().__init__(FIELDS, "Fields")
        self.dose_rates = Offer()
        self.setItemDelegateForColumn(1, _TextDelegate(self, "[A-Za-z0-9]{0,5}"))
        self.setItemDelegateForColumn(2, _ListDelegate(self, lambda: self.dose_rates, RATES))

    def show_beams(
        self,
        beams: Sequence[str],
        entries: Mapping[str, Mapping[str, Any]],
        ids: Mapping[str, str],
    ) -> None:
        """List beams with what was entered for them, else with the field ID proposed."""
        rows = []
        for name in beams:
            entry = entries.get(name, {})
            rate = str(entry.get("dose_rate_mu_min", ""))
            rows.append((name, str(entry.get("id", ids.get(name, ""))), rate, ""))
        self.fill(rows)
        self.blockSignals(True)
        for row, name in enumerate(beams):
            item = QTableWidgetItem("gated")
            item.setFlags(
                Qt.ItemFlag.ItemIsEnabled
                | Qt.ItemFlag.ItemIsSelectable
                | Qt.ItemFlag.ItemIsUserCheckable
            )
            item.setCheckState(_ticked(bool(entries.get(name, {}).get("gated", False))))
            self.setItem(row, 3, item)
        self.blockSignals(False)

    def values(self) -> dict[str, dict[str, Any]]:
        """Return the entries by the plan's name."""
        found: dict[str, dict[str, Any]] = {}
        for row, name in enumerate(self.names()):
            entry: dict[str, Any] = {"id": self.text(row, 1)} if self.text(row, 1) else {}
            rate = self.text(row, 2)
            if rate:
                number = typed_whole(rate)
                entry["dose_rate_mu_min"] = rate if number is None else number
            gated = self.item(row, 3)
            if gated is not None and gated.checkState() == Qt.CheckState.Checked:
                entry["gated"] = True
            found[name] = entry
        return found

    def set_values(self, entries: Mapping[str, Mapping[str, Any]], *, whole: bool = False) -> None:
        """Put entries into the rows there are; what is not said stays, or goes if it is whole."""
        for row, name in enumerate(self.names()):
            entry = entries.get(name, {})
            for column, key in ((1, "id"), (2, "dose_rate_mu_min")):
                if whole or key in entry:
                    self.put(row, column, str(entry.get(key, "")))
            gated = self.item(row, 3)
            if gated is not None and (whole or "gated" in entry):
                gated.setCheckState(_ticked(bool(entry.get("gated"))))

    def propose(self, before: Mapping[str, str], ids: Mapping[str, str]) -> None:
        """Show other proposals where the earlier one still stands."""
        for row, name in enumerate(self.names()):
            if self.text(row, 1) in ("", before.get(name, "")):
                self.put(row, 1, ids.get(name, ""))


def _ticked(tick: bool) -> Qt.CheckState:
    return Qt.CheckState.Checked if tick else Qt.CheckState.Unchecked


def choice(names: Sequence[str], empty: str | None = None) -> QComboBox:
    """Return a box of names, with an empty choice first where one is named."""
    box = QComboBox()
    box.setMinimumContentsLength(8)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    if empty is not None:
        box.addItem(empty, None)
    for name in names:
        box.addItem(name, name)
    return box
