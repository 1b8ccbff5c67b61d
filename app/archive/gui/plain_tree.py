"""A tree as every page of the Archive room shows its rows."""

from collections.abc import Sequence

from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem

from app import theme
from core.findings import State

GAP = 12


class PlainTree(QTreeWidget):
    """Columns a person may pull; the last one takes what is left."""

    def __init__(self, titles: Sequence[str], name: str, *, is_flat: bool = False) -> None:
        super().__init__()
        self.setHeaderLabels(list(titles))
        self.setRootIsDecorated(not is_flat)
        self.setAlternatingRowColors(True)
        self.setUniformRowHeights(True)
        self.setAccessibleName(name)
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.header().setStretchLastSection(True)

    def fit(self, most: int = 420) -> None:
        """Make each column but the last as wide as its texts, up to so many pixels."""
        for column in range(self.columnCount() - 1):
            self.resizeColumnToContents(column)
            self.setColumnWidth(column, min(self.columnWidth(column) + GAP, most))


def show_state(item: QTreeWidgetItem, state: State, column: int = 1) -> None:
    """Show sign and word of a state in a column."""
    item.setText(column, theme.LOOKS[state].word)
    item.setIcon(column, theme.icon(state))
