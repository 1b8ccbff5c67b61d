"""What the panels of total body fields and of radiosurgery arcs share: row, banner, table."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.background import JOBS, CancelledError
from app.choosing import choose_new_file
from app.filter.field import Field
from app.filter.gui.questions import Questions
from app.filter.gui.status_model import StatusModel
from app.filter.mu.book import Book
from app.filter.mu.book_check import open_book
from app.filter.mu.books import own_book_folder
from app.filter.mu.special import SrsReport, TbiReport
from app.filter.rv_source import open_rv
from app.findings_view import Banner, plain_table
from app.typed_box import DecimalSpin
from core.errors import RemedyError
from core.findings import State

TEXT = ("Field", "Arc", "SSD", "Status", "Depths cm")
NO_EXPORT = "Open an R&V export first."
CHANGED = "Changed since the calculation; calculate again."
DOSES = "doses"


class SpecialPanel(QWidget):
    """One technique: boxes in a row, a banner, a table, what is left out."""

    titles: tuple[str, ...] = ()
    start = ""
    job = ""
    table_name = ""

    def __init__(self) -> None:
        super().__init__()
        self.rv: Path | None = None
        self.book_folder: Path | None = None
        self.report: TbiReport | SrsReport | None = None
        self.fields: tuple[Field, ...] = ()
        self._stale = False
        self._questions = Questions(self, lambda fault, _kind: self._show_fault(fault))
        self.notice = QLabel()
        self.banner = Banner()
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.go = QPushButton("Ca&lculate")
        self.go.clicked.connect(self.calculate)
        self.save = QPushButton("Save sheet…")
        self.save.setToolTip("A workbook whose formulas recalculate every number")
        self.save.clicked.connect(self._ask_sheet)
        self.row = QHBoxLayout()
        self.model = StatusModel([one for one in self.titles if one not in TEXT],
                                 ("Status", "SSD"))  # fmt: skip
        self.table = plain_table(self.model)
        self.table.setAccessibleName(self.table_name)
        self.table.selectionModel().currentRowChanged.connect(self._on_row)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        for widget in (self.notice, self.banner):
            column.addWidget(widget)
        column.addLayout(self.row)
        column.addWidget(self.table, 1)
        column.addWidget(self.words)

    def set_source(self, rv: Path | None, book: Path | None = None) -> None:
        """Learn which export is open; its fields are listed when the tab is looked at."""
        self._questions.drop(DOSES)
        self.rv, self.book_folder, self.report = rv, book, None
        self.fields, self._stale = (), rv is not None
        self.notice.hide()
        self.banner.hide()
        self.model.show(self.titles, ())
        self.words.setText(self.start if rv is not None else NO_EXPORT)
        self._ready()
        if self._stale and self.isVisible():
            self._list()

    def showEvent(self, event: QShowEvent) -> None:
        """List the fields when the tab is seen for the first time."""
        super().showEvent(event)
        if self._stale:
            self._list()

    def calculate(self) -> None:
        """Calculate in the background with what is typed; list the fields first, if need be."""
        if self._stale:
            self._list(self.calculate)
            return
        folder = self.book_folder
        try:
            work = self._work()
        except RemedyError as problem:
            self._show_fault(problem)
            return
        self._questions.ask(
            DOSES, self.job, lambda _progress: work(open_book(own_book_folder(folder))),
            self._show,
        )  # fmt: skip
        self.go.setEnabled(False)

    def _changed(self) -> None:
        """Take a result, or the wait for one, away: it is not of what stands in the boxes now."""
        asked = self._questions.drop(DOSES)
        if asked or self.report is not None:
            self.words.setText(CHANGED)
        self.report = None
        self.notice.hide()
        self.banner.hide()
        self._ready()
        self._fill()

    def _list(self, then: Callable[[], None] = lambda: None) -> None:
        rv = self.rv
        if rv is None:
            return
        self._stale = False
        self.words.setText(self.start)
        self.go.setEnabled(False)

        def done(fields: tuple[Field, ...]) -> None:
            if rv is self.rv:
                self.fields = fields
                self._fill()
                self._ready()
                then()

        def failed(fault: Exception) -> None:
            if rv is self.rv:
                self._stale = True  # listed again when the tab is seen or they are asked for
                self._show_fault(fault)

        JOBS.start(
            self, "Listing fields", lambda _progress: open_rv(rv).fields, done=done, failed=failed
        )

    def _show(self, report: TbiReport | SrsReport) -> None:
        self.report = report
        self.notice.setText(f"<b>{report.book.notice}</b>")
        self.notice.setStyleSheet(f"color: {theme.colour(State.ERROR).name()};")
        self.notice.setVisible(bool(report.book.notice))
        self.banner.show_state(report.status, self._told())
        self.banner.show()
        self._fill()
        left_out = "; ".join(f"{one.item}: {one.why}" for one in report.not_checked)
        self.words.setText(
            f"Not part of the calculation: {left_out}. SHA-256 {report.book.digest[:12]}…, rules "
            f"{report.rule_version}"
        )
        self._ready()

    def _show_fault(self, fault: Exception) -> None:
        self._ready()
        if isinstance(fault, CancelledError):
            if self.report is None:
                self.words.setText(str(fault))
            return
        known = isinstance(fault, RemedyError)
        words = (
            str(fault) if known else f"The program has a fault: {type(fault).__name__}: {fault}"
        )
        self.report = None
        self.save.setEnabled(False)
        self.banner.show_state(State.ERROR, words, "Not calculated")
        self.banner.show()

    def _ready(self) -> None:
        self.go.setEnabled(self.rv is not None)
        self.save.setEnabled(self.report is not None and self.report.ran)

    def _fill(self) -> None:
        row = max(self.table.currentIndex().row(), 0)
        self.model.show(self.titles, self._rows())
        self.table.resizeColumnsToContents()
        if self.model.rowCount():
            self.table.selectRow(min(row, self.model.rowCount() - 1))

    def _ask_sheet(self) -> None:
        report, name = self.report, f"{self.table_name.split()[0].lower()}.xlsx"
        path = choose_new_file(self, "Save sheet", name, "Workbooks (*.xlsx)")
        if not path or report is None:
            return
        JOBS.start(
            self, "Saving the sheet", lambda _progress: report.save(path),
            done=lambda _: self.words.setText(f"Saved: {path.name}"),
            failed=self._show_fault,
        )  # fmt: skip

    def _work(self) -> Callable[[Book], TbiReport | SrsReport]:
        """Return what calculates, with what is typed now. Each panel has its own."""
        raise NotImplementedError

    def _rows(self) -> list[tuple[str, ...]]:
        raise NotImplementedError

    def _told(self) -> str:
        raise NotImplementedError

    def _on_row(self, current: QModelIndex) -> None:
        raise NotImplementedError


def small_box(name: str, prefix: str, unit: str, most: float, empty: str = "") -> DecimalSpin:
    """Return a box for a number; at 0 it shows `empty` where that is given."""
    box = DecimalSpin()
    box.setRange(0.0, most)
    box.setDecimals(1)
    box.setPrefix(prefix)
    box.setSuffix(unit)
    box.setAccessibleName(name)
    box.setToolTip(name)
    if empty:
        box.setSpecialValueText(f"{prefix}{empty}")
    return box
