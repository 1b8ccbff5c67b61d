"""A table of the dosimetry book in the settings: a grid that is edited, marked, then written."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.book_model import BookModel, axis_words, unit_of
from app.filter.mu.book_cells import (
    NO_CELL,
    Grid,
    with_column,
    with_row,
    without_column,
    without_row,
)
from app.settings_book import BookIn
from app.settings_model import number_text, typed_number
from core.findings import State

MARKS_HIGH, ROOM_PX, SIGN_PX = 70, 8, 16
Key = QKeySequence.StandardKey


class BookEditor(QWidget):
    """Choose beam and table, change cells, paste, add and take out rows and columns, undo."""

    write_asked = Signal()
    copy_asked = Signal()
    closed = Signal()
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.book: BookIn | None = None
        self.model = BookModel(self)
        self.model.changed.connect(self._on_changed)
        self.model.refused.connect(self.refused)
        self._make_head()
        self._make_grid()
        self._make_buttons()
        self._lay_out()

    def _make_head(self) -> None:
        self.beam, self.table = QComboBox(), QComboBox()
        self.beam.setAccessibleName("Beam of the dosimetry book")
        self.table.setAccessibleName("Table of the beam")
        self.beam.currentTextChanged.connect(lambda _: self._fill_tables())
        self.table.currentTextChanged.connect(lambda _: self._show_table())
        self.about, self.place = QLabel(), QLabel()
        for label in (self.about, self.place):
            label.setWordWrap(True)

    def _make_grid(self) -> None:
        self.view = QTableView()
        self.view.setModel(self.model)
        self.view.setAccessibleName("Cells of the table")
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ContiguousSelection)
        self.view.setTabKeyNavigation(False)
        self.view.setMinimumHeight(90)
        self.view.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + ROOM_PX)
        self.marks = QListWidget()
        self.marks.setAccessibleName("What is said of the table")
        self.marks.setMaximumHeight(MARKS_HIGH)
        self.marks.setWordWrap(True)
        self.marks.setIconSize(QSize(SIGN_PX, SIGN_PX))
        self.marks.itemActivated.connect(self._go_to_mark)
        self.marks.itemClicked.connect(self._go_to_mark)
        for key, words, deed in (
            (Key.Copy, "Copy cells", self._copy), (Key.Paste, "Paste cells", self._paste),
            (Key.Undo, "Undo", self.model.undo), (Key.Redo, "Redo", self.model.redo),
        ):  # fmt: skip
            action = QAction(words, self.view)
            action.setShortcut(QKeySequence(key))
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.triggered.connect(deed)
            self.view.addAction(action)

    def _make_buttons(self) -> None:
        self.at = QLineEdit()
        self.at.setAccessibleName("Value of the axis for a new row or column")
        self.at.setPlaceholderText("at")
        self.at.setMaximumWidth(80)
        made: list[QPushButton] = []
        for words, deed in (
            ("Add ro&w", lambda: self._add(with_row)),
            ("Add colu&mn", lambda: self._add(with_column)),
            ("Take row ou&t", self._take_row), ("Take column out", self._take_column),
            ("Undo", self.model.undo), ("Redo", self.model.redo),
            ("&Copy this book into the layer", self.copy_asked.emit),
            ("Write this ta&ble", self.write_asked.emit), ("C&lose without writing", self._close),
        ):  # fmt: skip
            button = QPushButton(words)
            button.setAutoDefault(False)
            button.clicked.connect(deed)
            made.append(button)
        (self.row_button, self.column_button, self.no_row_button, self.no_column_button,
         self.undo_button, self.redo_button, self.copy_button, self.write_button,
         self.close_button) = made  # fmt: skip

    def _lay_out(self) -> None:
        head, axes, foot = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        for label, box in (("Beam", self.beam), ("Table", self.table)):
            head.addWidget(QLabel(label))
            head.addWidget(box)
        head.addWidget(self.place, 1)
        for one in (self.at, self.row_button, self.column_button, self.no_row_button,
                    self.no_column_button):  # fmt: skip
            axes.addWidget(one)
        axes.addStretch(1)
        for one in (self.undo_button, self.redo_button):
            foot.addWidget(one)
        foot.addStretch(1)
        for one in (self.copy_button, self.write_button, self.close_button):
            foot.addWidget(one)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(head)
        column.addWidget(self.about)
        column.addWidget(self.view, 1)
        column.addWidget(self.marks)
        column.addLayout(axes)
        column.addLayout(foot)

    # What is shown.

    @property
    def is_changed(self) -> bool:
        """Whether there is something that is not written."""
        return self.model.can_undo

    def seen(self) -> str:
        """Return the text of the table's file as it was when it was opened."""
        grid = self.model.grid
        return self.book.files[grid.file] if self.book is not None and grid is not None else ""

    def show_book(self, book: BookIn) -> None:
        """Show a book, at the table that was looked at where it has it."""
        beam, table = self.beam.currentText(), self.table.currentText()
        self.book = book
        beams = list(book.beams)
        self._fill(self.beam, beams, beam)
        self._fill(self.table, list(book.beams[self.beam.currentText()]), table)
        told = "only looked at" if book.is_shipped else "changed here"
        self.place.setText(f"Layer '{book.layer}', {told}. {book.state}")
        self.place.setToolTip(str(book.folder))
        self.copy_button.setVisible(book.is_shipped)
        self._show_table()

    def choose(self, beam: str, table: str) -> None:
        """Look at a table."""
        self.beam.setCurrentText(beam)
        self.table.setCurrentText(table)

    def _fill_tables(self) -> None:
        if self.book is not None:
            table = self.table.currentText()
            self._fill(self.table, list(self.book.beams[self.beam.currentText()]), table)
            self._show_table()

    def _fill(self, box: QComboBox, names: list[str], chosen: str) -> None:
        box.blockSignals(True)
        box.clear()
        box.addItems(names)
        box.setCurrentIndex(max(0, box.findText(chosen)))
        box.blockSignals(False)

    def _show_table(self) -> None:
        if self.book is None or not self.table.currentText():
            return
        grid = self.book.grid(self.beam.currentText(), self.table.currentText())
        self.model.show_grid(grid, self.book.marks, read_only=self.book.is_shipped)
        self.view.resizeColumnsToContents()
        self.view.setCurrentIndex(self.model.index(0, 0))

    def _on_changed(self) -> None:
        grid = self.model.grid
        if grid is None:
            return
        quantity, free = grid.quantity, not self.model.read_only
        unit = "ratio, unit 1" if quantity.unit == "1" else quantity.unit
        columns = f", columns {axis_words(quantity.columns)}" if quantity.columns else ""
        more = (" Beam and table can be chosen again once this one is written or undone."
                if self.is_changed else "")  # fmt: skip
        head = grid.head
        self.about.setText(
            f"{head.get('energy', '')}, {head.get('machine', '')}. {quantity.title} "
            f"({unit}; {number_text(quantity.least)} to "
            f"{number_text(quantity.most)}): rows {axis_words(quantity.rows)}{columns}.{more}"
        )
        self.about.setToolTip(
            f"{head.get('geometry', '')}\n{head.get('who', '')}, {head.get('when', '')}\n"
            f"{head.get('source', '')}"
        )
        self.at.setPlaceholderText(f"at, {unit_of(quantity.rows)}")
        self.close_button.setText("C&lose without writing" if self.is_changed else "C&lose")
        self.beam.setDisabled(self.is_changed)
        self.table.setDisabled(self.is_changed)
        self.at.setEnabled(free)
        self.row_button.setEnabled(free)
        self.no_row_button.setEnabled(free and len(grid.rows) > 1)
        self.column_button.setEnabled(free and bool(quantity.columns))
        self.no_column_button.setEnabled(free and len(grid.columns) > 1)
        self.undo_button.setEnabled(self.model.can_undo)
        self.redo_button.setEnabled(self.model.can_redo)
        wrong = any(one.state == State.ERROR for one in self.model.marks)
        self.write_button.setEnabled(free and self.is_changed and not wrong)
        self._show_marks()

    def _show_marks(self) -> None:
        self.marks.clear()
        for mark in self.model.marks:
            words = f"{theme.LOOKS[mark.state].word}: {mark.message}"
            item = QListWidgetItem(theme.icon(mark.state), words)
            item.setData(Qt.ItemDataRole.UserRole, (mark.row, mark.column))
            self.marks.addItem(item)
            if mark.row != NO_CELL[0]:
                wide = self.view.sizeHintForColumn(mark.column)
                self.view.setColumnWidth(
                    mark.column, max(wide, self.view.columnWidth(mark.column))
                )  # fmt: skip
        self.marks.setVisible(bool(self.model.marks))

    # What is done.

    def _go_to_mark(self, item: QListWidgetItem) -> None:
        row, column = item.data(Qt.ItemDataRole.UserRole)
        if (row, column) != NO_CELL:
            self.view.setCurrentIndex(self.model.index(row, column))
            self.view.setFocus()

    def _add(self, made: Callable[[Grid, str], Grid]) -> None:
        text = self.at.text()
        at = typed_number(text, 1)
        if at is None:
            self.refused.emit(
                f"{text!r} is not a number: type the value of the axis for the new row or column, "
                f"like {number_text(2.5)}."
            )
            self.at.setFocus()
        elif self.model.change(lambda grid: made(grid, at)):
            self.at.clear()
            first = self.model.marks[0] if self.model.marks else None
            if first is not None and first.row != NO_CELL[0]:
                self.view.setCurrentIndex(self.model.index(first.row, first.column))
                self.view.setFocus()

    def _take_row(self) -> None:
        row = self.view.currentIndex().row()
        if row >= 0:
            self.model.change(lambda grid: without_row(grid, row))
            self.view.setCurrentIndex(self.model.index(max(0, row - 1), 0))

    def _take_column(self) -> None:
        column = self.view.currentIndex().column()
        if column >= 0:
            self.model.change(lambda grid: without_column(grid, column))
            self.view.setCurrentIndex(self.model.index(0, max(0, column - 1)))

    def _copy(self) -> None:
        chosen = self.view.selectionModel().selectedIndexes()
        if chosen:
            rows, columns = [one.row() for one in chosen], [one.column() for one in chosen]
            block = self.model.block_text(
                range(min(rows), max(rows) + 1), range(min(columns), max(columns) + 1)
            )
            QGuiApplication.clipboard().setText(block)

    def _paste(self) -> None:
        at = self.view.currentIndex()
        if at.isValid():
            self.model.paste(at.row(), at.column(), QGuiApplication.clipboard().text())

    def _close(self) -> None:
        self._show_table()
        self.closed.emit()
