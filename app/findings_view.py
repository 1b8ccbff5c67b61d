"""The summary report on the screen: one coloured banner, one table, one remedy (R-26)."""

from collections.abc import Callable, Sequence
from dataclasses import astuple, fields

from PySide6.QtCore import QModelIndex, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTableView,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.findings_model import COLUMNS, AnyIndex, FindingsModel, NotCheckedModel
from app.key_use import room_sequence
from core.findings import Finding, NotChecked, State, overall

COUNTED = (State.ERROR, State.WARNING, State.NOT_RUN, State.MANUAL, State.INFO)
PLURALS = {
    State.ERROR: ("error", "errors"),
    State.WARNING: ("warning", "warnings"),
    State.NOT_RUN: ("check not run", "checks not run"),
    State.MANUAL: ("question", "questions"),
    State.INFO: ("note", "notes"),
}


def summary(findings: Sequence[Finding], not_checked: Sequence[NotChecked]) -> str:
    """Return the counts in words, e.g. "2 errors, 1 note; 14 items not checked"."""
    parts = []
    for state in COUNTED:
        count = sum(finding.state == state for finding in findings)
        if count:
            parts.append(f"{count} {PLURALS[state][count != 1]}")
    passed = sum(finding.state == State.PASS for finding in findings)
    if not any(finding.state in (State.ERROR, State.WARNING) for finding in findings):
        parts.insert(0, _passes(passed) if passed else "No difference found")
    elif passed:
        parts.append(_passes(passed))
    words = ", ".join(parts)
    if not_checked:
        words += f"; {len(not_checked)} item{'s' if len(not_checked) != 1 else ''} not checked"
    return words


def _passes(count: int) -> str:
    return f"{count} check{'s' if count != 1 else ''} passed"


class Banner(QWidget):
    """Sign, word and counts on the state's colour: red with white letters, yellow, green."""

    def __init__(self) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setObjectName("banner")
        self.state: State | None = None
        self._sign = QLabel()
        self._word = QLabel()
        self._words = QLabel()
        self._words.setWordWrap(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 14, 8)
        row.addWidget(self._sign)
        row.addWidget(self._word)
        row.addWidget(self._words, 1)

    def show_state(self, state: State, words: str, word: str = "") -> None:
        """Show one state with its sign, its word and what it counts."""
        self.state = state
        look = theme.LOOKS[state]
        self._sign.setPixmap(theme.icon(state, look.banner_text).pixmap(22, 22))
        self._word.setText(word or look.word)
        self._words.setText(words)
        self.setStyleSheet(
            f"#banner {{ background: {look.banner}; border-radius: 4px; }}"
            f"#banner QLabel {{ color: {look.banner_text}; background: transparent; }}"
        )
        self._word.setStyleSheet("font-weight: 600; font-size: 12pt;")
        self.setAccessibleName(f"{self._word.text()}: {words}")

    @property
    def text(self) -> str:
        """Word and counts as shown."""
        return f"{self._word.text()}: {self._words.text()}"


class _Filter(QSortFilterProxyModel):
    """Rows that hold the typed words, in any column."""

    def __init__(self) -> None:
        super().__init__()
        self._words: list[str] = []

    def set_words(self, text: str) -> None:
        self._words = text.casefold().split()
        self.invalidate()

    def filterAcceptsRow(self, row: int, parent: AnyIndex) -> bool:
        source = self.sourceModel()
        columns = range(source.columnCount())
        cells = [str(source.index(row, column, parent).data() or "") for column in columns]
        if isinstance(source, FindingsModel):  # also by the names that programs use
            cells.append(source.names(row))
        line = " ".join(cells).casefold()
        return all(word in line for word in self._words)


class FindingsView(QWidget):
    """Banner, table of findings with the selected one's remedy, and what was not checked."""

    selected = Signal(object)

    def __init__(
        self,
        *,
        with_passes: bool = False,
        item_words: Callable[[str], str] = str,
        sentence_words: Callable[[str], str] = str,
    ) -> None:
        super().__init__()
        self.explain: Callable[[Finding], str] = lambda _finding: ""
        self._with_passes = with_passes
        self._told = (State.NOT_RUN, "")
        self._outdated: dict[str, str] = {}
        self.banner = Banner()
        self._sentence_words = sentence_words
        self.model = FindingsModel(item_words, sentence_words)
        self.not_checked_model = NotCheckedModel(sentence_words)
        self._proxy = _Filter()
        self._proxy.setSourceModel(self.model)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Show only rows with these words, e.g. leaf or gantry")
        self.search.setAccessibleName("Show only rows with these words")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._proxy.set_words)
        self.table = _table(self._proxy, stretch=len(COLUMNS) - 1)
        self.table.setAccessibleName("Findings")
        self.table.selectionModel().currentRowChanged.connect(self._show_detail)
        self.detail = QLabel()
        self.detail.setWordWrap(True)
        self.detail.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.detail.setMinimumHeight(44)
        self.detail.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.not_checked = _table(self.not_checked_model, stretch=2)
        self.not_checked.setAccessibleName("Not checked")
        _wrap_rows(self.not_checked)  # no line below it tells the whole reason
        self._lay_out()
        self._add_copy()

    def _add_copy(self) -> None:
        copy = QAction("Copy rows", self)
        copy.setShortcut(room_sequence("findings.copy"))
        copy.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        copy.triggered.connect(self.copy_rows)
        self.addAction(copy)

    def _lay_out(self) -> None:
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        report = QWidget()
        column = QVBoxLayout(report)
        column.setContentsMargins(0, 6, 0, 0)
        column.addWidget(self.search)
        column.addWidget(self.table, 1)
        column.addWidget(self.detail)
        self.tabs.addTab(report, "Findings")
        self.tabs.addTab(self.not_checked, "Not checked")
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.banner)
        whole.addWidget(self.tabs, 1)

    def show_report(
        self, findings: Sequence[Finding], not_checked: Sequence[NotChecked], subject: str = ""
    ) -> None:
        """Show a whole report; the banner takes the worst state."""
        shown = [one for one in findings if self._with_passes or one.state != State.PASS]
        self.model.show(shown)
        self.not_checked_model.show(not_checked)
        words = summary(findings, not_checked)
        self._told = (overall(findings), f"{subject}: {words}" if subject else words)
        self._show_told()
        self.tabs.setTabText(0, f"Findings ({self.model.rowCount()})")
        self.tabs.setTabText(1, f"Not checked ({self.not_checked_model.rowCount()})")
        self.tabs.setCurrentIndex(0)
        for column in range(len(COLUMNS) - 1):
            self.table.setColumnHidden(column, self.model.is_empty(column))
            self.table.resizeColumnToContents(column)
        for column in (0, 1):
            self.not_checked.resizeColumnToContents(column)
        for widget in (self.search, self.table):
            widget.setVisible(bool(shown))
        if shown:
            self.table.selectRow(0)
        else:
            self.detail.setText("Nothing to report. The second tab tells what was not checked.")

    def show_outdated(self, words: str, what: str = "") -> None:
        """Say in the banner why the report no longer holds; without words it holds again.

        A pass is not shown meanwhile; an error stays one.

        Args:
            words: Why.
            what: Names what has changed, where several things can.

        """
        self._outdated[what] = words
        self._show_told()

    def _show_told(self) -> None:
        state, words = self._told
        why = " ".join(one for one in self._outdated.values() if one)
        if why:
            state = state if state is State.ERROR else State.WARNING
            self.banner.show_state(state, f"{why} Before: {words}", "Out of date")
        else:
            self.banner.show_state(state, words)

    def show_nothing(self, words: str) -> None:
        """Show that there is no report, and why: neither a pass nor a fault."""
        self.show_report([], [])
        self._told = (State.NOT_RUN, words)
        self._show_told()
        self.detail.setText(words)

    def copy_rows(self) -> None:
        """Put the selected rows on the clipboard, columns separated by tabs."""
        rows = sorted({index.row() for index in self.table.selectedIndexes()})
        lines = ["\t".join(entry.name for entry in fields(Finding))]
        for row in rows:
            finding = self.model.rows[self.source_row(self._proxy.index(row, 0))]
            lines.append("\t".join("" if cell is None else str(cell) for cell in astuple(finding)))
        QGuiApplication.clipboard().setText("\n".join(lines))

    def help_topic(self) -> str:
        """Return the rule of the selected finding, while findings are shown."""
        index = self.table.currentIndex()
        shown = self.tabs.currentIndex() == 0
        return self.model.rows[self.source_row(index)].rule if shown and index.isValid() else ""

    def source_row(self, index: QModelIndex) -> int:
        """Return the row of the model behind a row of the (filtered) table."""
        return self._proxy.mapToSource(index).row()

    def _show_detail(self, current: QModelIndex) -> None:
        if not current.isValid():
            self.detail.clear()
            return
        finding = self.model.rows[self.source_row(current)]
        remedy = f"\nNext: {finding.remedy}" if finding.remedy else ""
        why = self.explain(finding)
        why = f"\nWhy it matters: {why}" if why else ""
        words = self._sentence_words(finding.message)
        self.detail.setText(f"{words}{why}{remedy}\nRule {finding.rule} (F1 tells all about it)")
        self.selected.emit(finding)


def _table(model: object, *, stretch: int = -1) -> QTableView:
    table = QTableView()
    table.setModel(model)  # type: ignore[arg-type]  # any item model
    prepare_table(table)
    header = table.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
    if stretch >= 0:
        header.setSectionResizeMode(stretch, QHeaderView.ResizeMode.Stretch)
    header.setStretchLastSection(stretch < 0)
    return table


def _wrap_rows(table: QTableView) -> None:
    rows = table.verticalHeader()
    rows.setMinimumSectionSize(rows.defaultSectionSize())
    rows.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)


def prepare_table(table: QTableView) -> None:
    """Give a table that is only read the look and the keys of all of them."""
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setAlternatingRowColors(True)
    table.setShowGrid(False)
    table.setWordWrap(True)
    table.setTabKeyNavigation(False)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + 9)
    header = table.horizontalHeader()
    header.setHighlightSections(False)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


plain_table = _table
