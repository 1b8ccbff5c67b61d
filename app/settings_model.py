"""The values of one table, or those found, as rows of the settings window."""

import re
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QLocale,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont

from app.settings_desk import title_of, value_words
from app.typed import typed_float
from core.layers import Layer
from core.settings.rows import Row

TITLES = ("Key", "Value", "Unit", "Allowed", "Layer", "Source")
KEY, VALUE, UNIT, ALLOWED, LAYER, SOURCE = range(6)
Index = QModelIndex | QPersistentModelIndex


NUMBER_LIKE = re.compile(r"[+-]?[\d.,]*\d[\d.,]*")


def number_text(value: float) -> str:
    """Return a number as this user reads it, without thousands marks."""
    locale = QLocale()
    locale.setNumberOptions(QLocale.NumberOption.OmitGroupSeparator)
    if isinstance(value, int):
        return locale.toString(value)
    return locale.toString(value, "g", 15)


def typed_number(text: str, like: float) -> str | None:
    """Return a number this user typed, with a point as files have it; None when it is none."""
    value = typed_float(text)
    if value is None:
        return None
    whole = isinstance(like, int) and value.is_integer()
    return str(int(value)) if whole else repr(value)


def is_number(value: object) -> bool:
    """Tell a number from a truth value, a text or a list."""
    return isinstance(value, int | float) and not isinstance(value, bool)


class SettingsModel(QAbstractTableModel):
    """Rows to look at; a value typed is only asked for, and shown once it is in force."""

    asked = Signal(object, str)
    """A row, and the value typed as a file would have it."""
    refused = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[Row, ...] = ()
        self.named = False

    def show_rows(self, rows: Sequence[Row], *, named: bool) -> None:
        """Show other rows; `named` puts the table before each key."""
        self.beginResetModel()
        self.rows, self.named = tuple(rows), named
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        """Return how many rows there are."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        """Return how many columns there are."""
        return 0 if parent is not None and parent.isValid() else len(TITLES)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:  # noqa: ANN401  (Qt)
        """Return the title of a column."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return TITLES[section]
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Only values can be edited."""
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() == VALUE else flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401  (Qt)
        """Return what a cell shows."""
        row = self.rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._text(row, index.column())
        if role == Qt.ItemDataRole.EditRole and index.column() == VALUE:
            return "" if row.leaf.value is None else self._text(row, VALUE)
        if role == Qt.ItemDataRole.FontRole and row.layer != Layer.SHIPPED:
            font = QFont()
            font.setBold(index.column() in (VALUE, LAYER))
            return font
        return None

    def setData(
        self,
        index: Index,
        value: Any,  # noqa: ANN401  (Qt)
        role: int = Qt.ItemDataRole.EditRole,
    ) -> bool:
        """Ask for a value; the row changes once it is written."""
        row, text = self.rows[index.row()], str(value)
        if text == self.data(index, Qt.ItemDataRole.EditRole):
            return False
        if is_number(row.leaf.value) or row.leaf.value is None:
            typed = typed_number(text, row.leaf.value or 0)
            looks_like_one = bool(NUMBER_LIKE.fullmatch(text.strip()))
            if typed is None and (row.leaf.value is not None or looks_like_one):
                example = number_text(0.5)
                self.refused.emit(
                    f"{row.key}: {text!r} is not a number. Write it like {example}, without marks "
                    "between thousands."
                )
                return False
            text = text if typed is None else typed
        self.asked.emit(row, text)
        return True

    def _text(self, row: Row, column: int) -> str:
        leaf = row.leaf
        if column == KEY:
            return f"{title_of(row.table)}: {row.key}" if self.named else row.key
        if column == VALUE:
            return number_text(leaf.value) if is_number(leaf.value) else value_words(row)
        allowed = leaf.allowed.replace(".", QLocale().decimalPoint())
        return (leaf.unit, allowed, str(row.layer), leaf.source)[column - UNIT]
