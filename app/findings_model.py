"""Findings as a Qt table: state, place, item, expected, found, difference, message."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from app import theme
from core.findings import Finding, NotChecked, State

COLUMNS = (
    ("Status", "state"),
    ("Field", "field"),
    ("Point", "control_point"),
    ("Item", "item"),
    ("Expected", "expected"),
    ("Found", "found"),
    ("Difference", "difference"),
    ("Unit", "unit"),
    ("Tolerance", "tolerance"),
    ("What it means", "message"),
)
ORDER = list(State)
AnyIndex = QModelIndex | QPersistentModelIndex
NUMBERS = {"control_point", "expected", "found", "difference", "tolerance"}


class FindingsModel(QAbstractTableModel):
    """Rows are findings, worst first; the order within a state is the report's own.

    Args:
        item_words: Turns the name of an item into plain words, for the eye alone.
        sentence_words: Does the same with the names in a sentence.

    """

    def __init__(
        self,
        item_words: Callable[[str], str] = str,
        sentence_words: Callable[[str], str] = str,
    ) -> None:
        super().__init__()
        self._item_words = item_words
        self._sentence_words = sentence_words
        self._rows: list[Finding] = []

    @property
    def rows(self) -> tuple[Finding, ...]:
        """The findings in the order shown."""
        return tuple(self._rows)

    def show(self, findings: Sequence[Finding]) -> None:
        """Replace all rows."""
        self.beginResetModel()
        self._rows = sorted(findings, key=lambda finding: ORDER.index(finding.state))
        self.endResetModel()

    def names(self, row: int) -> str:
        """Return rule and item of a row as programs know them."""
        return f"{self._rows[row].rule} {self._rows[row].item}"

    def is_empty(self, column: int) -> bool:
        """Return whether no finding has anything in a column."""
        return not any(getattr(one, COLUMNS[column][1]) not in ("", None) for one in self._rows)

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  (Qt's signature)
        """Return the number of findings."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  (Qt's signature)
        """Return the number of columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:  # noqa: ANN401  (Qt's signature)
        """Return the column titles."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section][0]
        return None

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401  (Qt's signature)
        """Return text, sign or colour of one cell."""
        finding = self._rows[index.row()]
        name = COLUMNS[index.column()][1]
        if name == "state":
            return _state_cell(finding.state, role)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            value = getattr(finding, name)
            if name == "item" and value:
                return self._item_words(value)
            if name == "message":
                return self._sentence_words(value)
            return "" if value is None else str(value)
        if role == Qt.ItemDataRole.TextAlignmentRole and name in NUMBERS:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None


def _state_cell(state: State, role: int) -> Any:  # noqa: ANN401  (what Qt asks for)
    if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
        return theme.LOOKS[state].word
    if role == Qt.ItemDataRole.DecorationRole:
        return theme.icon(state)
    if role == Qt.ItemDataRole.ForegroundRole:
        return theme.colour(state)
    return None


class NotCheckedModel(QAbstractTableModel):
    """What nobody has looked at: item, field, why (R-23)."""

    TITLES = ("Not checked", "Field", "Why")

    def __init__(self, item_words: Callable[[str], str] = str) -> None:
        super().__init__()
        self._item_words = item_words
        self._rows: list[NotChecked] = []

    def show(self, rows: Sequence[NotChecked]) -> None:
        """Replace all rows."""
        self.beginResetModel()
        self._rows = list(rows)
        self.endResetModel()

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  (Qt's signature)
        """Return the number of items."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  (Qt's signature)
        """Return the number of columns."""
        return 0 if parent.isValid() else len(self.TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:  # noqa: ANN401  (Qt's signature)
        """Return the column titles."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self.TITLES[section]
        return None

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401  (Qt's signature)
        """Return the text of one cell."""
        row = self._rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return (self._item_words(row.item), row.field, row.why)[index.column()]
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0:
            return theme.icon(State.NOT_RUN)
        return None


class GridModel(QAbstractTableModel):
    """A plain table of texts: field tables, control points, what will be written.

    Args:
        numeric: Titles of the columns to align to the right.
        marked: Titles of columns that mark their row as an error when they are not empty.

    """

    def __init__(self, numeric: Sequence[str] = (), marked: Sequence[str] = ()) -> None:
        super().__init__()
        self._marked = set(marked)
        self._titles: tuple[str, ...] = ()
        self._rows: list[tuple[str, ...]] = []
        self._numeric = set(numeric)

    def show(self, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Replace titles and rows."""
        self.beginResetModel()
        self._titles = tuple(titles)
        self._rows = [tuple(row) for row in rows]
        self.endResetModel()

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  (Qt's signature)
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  (Qt's signature)
        """Return the number of columns."""
        return 0 if parent.isValid() else len(self._titles)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:  # noqa: ANN401  (Qt's signature)
        """Return the column titles."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._titles[section]
        return None

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401  (Qt's signature)
        """Return text or alignment of one cell."""
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._rows[index.row()][index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole and self._is_number(index):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ForegroundRole and self._is_marked(index.row()):
            return theme.colour(State.ERROR)
        return None

    def _is_marked(self, row: int) -> bool:
        pairs = zip(self._titles, self._rows[row], strict=True)
        return any(cell and title in self._marked for title, cell in pairs)

    def _is_number(self, index: AnyIndex) -> bool:
        return self._titles[index.column()] in self._numeric
