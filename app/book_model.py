"""The cells of a table of the dosimetry book: changed, undone, done again, not yet written."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QLocale, QObject, Qt, Signal

from app import theme
from app.filter.mu.book_cells import Grid, Mark, with_block
from app.settings_model import Index, number_text, typed_number
from core.errors import ClinicFileError

Marker = Callable[[Grid], tuple[Mark, ...]]


class BookModel(QAbstractTableModel):
    """A grid with its axes as headers; a cell that something is said of has icon and word."""

    changed = Signal()
    refused = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.grid: Grid | None = None
        self.marks: tuple[Mark, ...] = ()
        self.read_only = True
        self._by_cell: dict[tuple[int, int], Mark] = {}
        self._marker: Marker = lambda _: ()
        self._past: list[Grid] = []
        self._future: list[Grid] = []

    def show_grid(self, grid: Grid, marker: Marker, *, read_only: bool) -> None:
        """Show another table, without a past."""
        self._past, self._future = [], []
        self._marker, self.read_only = marker, read_only
        self._show(grid)

    @property
    def can_undo(self) -> bool:
        """Whether something was changed."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether something was undone."""
        return bool(self._future)

    def change(self, made: Callable[[Grid], Grid]) -> bool:
        """Change the table; what cannot be is told and changes nothing."""
        if self.grid is None or self.read_only:
            return False
        try:
            grid = made(self.grid)
        except ClinicFileError as fault:
            self.refused.emit(f"{fault.what}.")
            return False
        if grid != self.grid:
            self._past.append(self.grid)
            self._future.clear()
            self._show(grid)
        return True

    def undo(self) -> None:
        """Take the last change back."""
        if self._past and self.grid is not None:
            self._future.append(self.grid)
            self._show(self._past.pop())

    def redo(self) -> None:
        """Do again what was taken back."""
        if self._future and self.grid is not None:
            self._past.append(self.grid)
            self._show(self._future.pop())

    def block_text(self, rows: range, columns: range) -> str:
        """Return cells as a spreadsheet takes them, numbers as this user reads them."""
        if self.grid is None:
            return ""
        return "\n".join("\t".join(_shown(self.grid.cells[row][column]) for column in columns)
                         for row in rows)  # fmt: skip

    def paste(self, row: int, column: int, text: str) -> bool:
        """Lay a block from a spreadsheet over the table, unless a cell of it is no number."""
        block = []
        for down, line in enumerate(text.rstrip("\r\n").splitlines(), 1):
            numbers = []
            for right, cell in enumerate(line.split("\t"), 1):
                number = _typed(cell)
                if number is None:
                    self.refused.emit(
                        f"Nothing is pasted: row {down}, column {right} of the block is {cell!r}, "
                        f"not a number like {number_text(0.5)}."
                    )
                    return False
                numbers.append(number)
            block.append(numbers)
        return self.change(lambda grid: with_block(grid, row, column, block))

    def rowCount(self, parent: Index | None = None) -> int:
        """Return how many rows there are."""
        nothing = self.grid is None or (parent is not None and parent.isValid())
        return 0 if nothing or self.grid is None else len(self.grid.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        """Return how many columns there are."""
        nothing = self.grid is None or (parent is not None and parent.isValid())
        return 0 if nothing or self.grid is None else len(self.grid.columns)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:  # noqa: ANN401  (Qt)
        """Return a value of an axis with its unit."""
        if self.grid is None or role != Qt.ItemDataRole.DisplayRole:
            return None
        quantity = self.grid.quantity
        if orientation == Qt.Orientation.Vertical:
            return f"{_shown(self.grid.rows[section])} {unit_of(quantity.rows)}"
        if not quantity.columns:
            return quantity.title
        return f"{_shown(self.grid.columns[section])} {unit_of(quantity.columns)}"

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Cells can be edited, unless the table is only looked at."""
        flags = super().flags(index)
        return flags if self.read_only else flags | Qt.ItemFlag.ItemIsEditable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401  (Qt)
        """Return what a cell shows."""
        if self.grid is None:
            return None
        text = _shown(self.grid.cells[index.row()][index.column()])
        mark = self._by_cell.get((index.row(), index.column()))
        if role == Qt.ItemDataRole.EditRole:
            return text
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{text} {theme.LOOKS[mark.state].word}".strip() if mark else text
        return _looks(mark).get(role)

    def setData(
        self,
        index: Index,
        value: Any,  # noqa: ANN401  (Qt)
        role: int = Qt.ItemDataRole.EditRole,
    ) -> bool:
        """Change a cell to a number this user typed."""
        if role != Qt.ItemDataRole.EditRole or self.data(index, role) == str(value):
            return False
        number = _typed(str(value))
        if number is None:
            self.refused.emit(
                f"{str(value)!r} is not a number. Write it like {number_text(0.5)}, without marks "
                "between thousands."
            )
            return False
        row, column = index.row(), index.column()
        return self.change(lambda grid: with_block(grid, row, column, [[number]]))

    def _show(self, grid: Grid) -> None:
        same = (self.grid is not None and self.grid.file == grid.file
                and (self.grid.rows, self.grid.columns) == (grid.rows, grid.columns))  # fmt: skip
        if not same:
            self.beginResetModel()
        self.grid, self.marks = grid, self._marker(grid)
        self._by_cell = {(one.row, one.column): one for one in reversed(self.marks)}
        if not same:
            self.endResetModel()
        else:
            last = self.index(len(grid.rows) - 1, len(grid.columns) - 1)
            self.dataChanged.emit(self.index(0, 0), last)
        self.changed.emit()


def unit_of(axis: str) -> str:
    """Return the unit of an axis: "depth_cm" is in cm."""
    return axis.rpartition("_")[2]


def axis_words(axis: str) -> str:
    """Return an axis as words: "depth (cm)"."""
    label, _, unit = axis.rpartition("_")
    return f"{label.replace('_', ' ')} ({unit})"


def _looks(mark: Mark | None) -> dict[int, Any]:
    right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    looks: dict[int, Any] = {Qt.ItemDataRole.TextAlignmentRole: right}
    if mark is not None:
        looks[Qt.ItemDataRole.DecorationRole] = theme.icon(mark.state)
        looks[Qt.ItemDataRole.ToolTipRole] = mark.message
    return looks


def _typed(text: str) -> str | None:
    return typed_number(text, 1)


def _shown(text: str) -> str:
    """Return a number of a file as this user reads it; anything else as it stands."""
    value, good = QLocale.c().toDouble(text)
    return number_text(value) if good else text
