"""The dosimetry book on the screen: beams and tables at the left, curves at the right."""

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import (
    QLabel,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.filter.mu.book import Book, BookBeam, Table
from app.filter.mu.book_check import check_book
from core.findings import Finding, State

MOST_CURVES = 8
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6d31", "#7f7f7f")
"""Okabe and Ito's colours, told apart by most eyes; the legend names each curve as well."""


class BookPlot(QWidget):
    """Every table of a book as curves, with what the file says of itself."""

    def __init__(self) -> None:
        super().__init__()
        self.book: Book | None = None
        self.findings: list[Finding] = []
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setAccessibleName("Beams and tables of the dosimetry book")
        self.tree.setMinimumWidth(260)
        self.tree.currentItemChanged.connect(self._on_item)
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.plot = pg.PlotWidget()
        self.plot.setMenuEnabled(False)
        self.plot.showGrid(x=True, y=True, alpha=0.25)
        self.plot.setAccessibleName("Curves of the table")
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.words)
        column.addWidget(self.plot, 1)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.tree)
        split.addWidget(right)
        split.setSizes([240, 800])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.addWidget(split)

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change between light and dark."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "tree"):
            self._on_item(self.tree.currentItem())

    def show_book(self, book: Book) -> None:
        """Show the beams of a book, and its first table."""
        self.book, self.findings = book, check_book(book)
        self.tree.clear()
        for beam in book.beams:
            entry = QTreeWidgetItem([f"{beam.id}   {beam.modality}"])
            self.tree.addTopLevelItem(entry)
            for table in beam.tables.values():
                item = QTreeWidgetItem([title_of(table)])
                item.setData(0, Qt.ItemDataRole.UserRole, (beam.id, table.name))
                if self._doubts(beam, table):
                    item.setIcon(0, theme.icon(State.WARNING))
                    item.setToolTip(0, "A value of this table asks for a look")
                entry.addChild(item)
        top = self.tree.topLevelItem(0)
        first = top.child(0) if top is not None else None
        if top is not None and first is not None:
            self.tree.expandItem(top)
            self.tree.setCurrentItem(first)

    def choose(self, beam_id: str, name: str) -> None:
        """Choose a table in the list, which draws it."""
        for n in range(self.tree.topLevelItemCount()):
            top = self.tree.topLevelItem(n)
            for k in range(top.childCount() if top is not None else 0):
                item = top.child(k) if top is not None else None
                if item and item.data(0, Qt.ItemDataRole.UserRole) == (beam_id, name):
                    self.tree.setCurrentItem(item)

    def show_table(self, beam_id: str, name: str) -> None:
        """Draw one table."""
        beam = next((one for one in self.book.beams if one.id == beam_id), None) if (
            self.book
        ) else None  # fmt: skip
        if beam is None or self.book is None or name not in beam.tables:
            return
        table = beam.tables[name]
        self._ink()
        self.plot.clear()
        ink = self.palette().text().color()
        legend = self.plot.addLegend(offset=(-10, 10), labelTextColor=ink)
        ground = self.palette().base().color()
        ground.setAlpha(200)
        legend.setBrush(ground)
        legend.clear()
        quantity = table.quantity
        self.plot.setLabel("bottom", _axis(quantity.rows))
        unit = "" if quantity.unit == "1" else f" ({quantity.unit})"
        self.plot.setLabel("left", f"{quantity.title}{unit}")
        for colour, place in zip(COLOURS, chosen_columns(table), strict=False):
            label = _column(table, place)
            pen = pg.mkPen(colour, width=2)
            self.plot.plot(table.rows, table.values[:, place], pen=pen, name=label, symbol="o",
                           symbolSize=4, symbolBrush=colour, symbolPen=None)  # fmt: skip
        self.plot.autoRange()
        self.words.setText(self._about(self.book, beam, table))

    def _about(self, book: Book, beam: BookBeam, table: Table) -> str:
        head = table.head
        lines = [f"<b>{book.notice}</b>"] if book.notice else []
        lines.append(f"{beam.id} {table.quantity.title}: {head['geometry']}")
        lines.append(f"{head['who']}, {head['when']}. Source: {head['source']}")
        if len(table.columns) > MOST_CURVES:
            lines.append(f"{MOST_CURVES} of {len(table.columns)} columns are drawn.")
        lines += [f"{one.state.value}: {one.message}" for one in self._doubts(beam, table)[:3]]
        return "<br>".join(lines)

    def _doubts(self, beam: BookBeam, table: Table) -> list[Finding]:
        return [
            one for one in self.findings if (one.field, one.item) == (beam.id, table.name)
        ]  # fmt: skip

    def _on_item(self, item: QTreeWidgetItem | None, *_: object) -> None:
        data = item.data(0, Qt.ItemDataRole.UserRole) if item is not None else None
        if data:
            self.show_table(*data)

    def _ink(self) -> None:
        palette = self.palette()
        self.plot.setBackground(palette.base().color())
        for side in ("bottom", "left"):
            self.plot.getAxis(side).setPen(palette.text().color())
            self.plot.getAxis(side).setTextPen(palette.text().color())


def title_of(table: Table) -> str:
    """Return the title of a table, with what tells it from others of its kind."""
    rest = table.name.removeprefix(table.quantity.name).strip("_")
    return f"{table.quantity.title} {rest}".strip()


def chosen_columns(table: Table) -> list[int]:
    """Return the columns to draw: all of a few, else some spread over them with both ends."""
    count = len(table.columns)
    return sorted({round(n) for n in np.linspace(0, count - 1, min(count, MOST_CURVES))})


def _axis(name: str) -> str:
    label, _, unit = name.rpartition("_")
    return f"{label.replace('_', ' ').capitalize()} ({unit})"


def _column(table: Table, place: int) -> str:
    if not table.quantity.columns:
        return table.quantity.title
    label, _, unit = table.quantity.columns.rpartition("_")
    return f"{label.replace('_', ' ')} {table.columns[place]:g} {unit}"
