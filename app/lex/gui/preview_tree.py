"""The transfer file as a tree of records: plain names, the value written, what the plan said."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem

from app.lex.preview import Record

TITLES = ("Record / item", "Written", "In the plan", "Unit", "Where it is from")
RECORD = Qt.ItemDataRole.UserRole
OPENED_AT_ONCE = 2


class PreviewTree(QTreeWidget):
    """Records are listed at once; the elements of one are read when it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.setColumnCount(len(TITLES))
        self.setHeaderLabels(list(TITLES))
        self.setAccessibleName("What will be written")
        self.setAlternatingRowColors(True)
        self.setUniformRowHeights(True)
        header = self.header()
        header.setStretchLastSection(False)
        for column, mode in enumerate((
            QHeaderView.ResizeMode.Interactive, QHeaderView.ResizeMode.Stretch,
            QHeaderView.ResizeMode.Stretch, QHeaderView.ResizeMode.ResizeToContents,
            QHeaderView.ResizeMode.ResizeToContents,
        )):  # fmt: skip
            header.setSectionResizeMode(column, mode)
        self.setColumnWidth(0, 280)
        self.itemExpanded.connect(_fill)

    def show_records(self, records: Sequence[Record]) -> None:
        """Show the records of one file; the first two levels stand open."""
        self.clear()
        for record in records:
            self.addTopLevelItem(_item(record))
        for number in range(self.topLevelItemCount()):
            top = self.topLevelItem(number)
            if top is not None:
                top.setExpanded(True)
        first = self.topLevelItem(0)
        if first is not None:
            self.setCurrentItem(first)


def _item(record: Record) -> QTreeWidgetItem:
    item = QTreeWidgetItem([record.title])
    item.setData(0, RECORD, record)
    font = item.font(0)
    font.setBold(True)
    item.setFont(0, font)
    item.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)
    return item


def _fill(item: QTreeWidgetItem) -> None:
    """Put the elements under a record, then the records that belong to it; once."""
    record = item.data(0, RECORD)
    if not isinstance(record, Record) or item.childCount():
        return
    for one in record.elements():
        child = QTreeWidgetItem([one.name, one.written, one.planned or "—", one.unit, one.origin])
        for column in (1, 2):
            child.setToolTip(column, child.text(column))
        item.addChild(child)
    for inner in record.children:
        item.addChild(_item(inner))
