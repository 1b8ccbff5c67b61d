"""Commissioning in the Filter room: is one fault per rule found in copies of the export."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.background import JOBS, Job, Progress
from app.choosing import choose_new_file
from app.filter.commission.commissioning import OPEN_ENDINGS, Commissioned, commission, on_log
from app.filter.commission.page import VERDICTS, commission_html
from app.filter.commission.run import Ending, Tried
from app.filter.gui.ask_strip import AskStrip
from app.filter.gui.page_pdf import pdf_of
from app.filter.item_words import sentence_in_words
from app.filter.people import printed_name, signer
from app.findings_model import AnyIndex, GridModel
from app.findings_view import Banner, plain_table
from core.findings import State
from core.safe_write import write_whole

TITLES = ("Result", "Row or group", "Column of Table 1", "Rule", "Fault put in, or why not")
LOOKS = {
    Ending.MISSED: State.ERROR, Ending.MORE: State.WARNING, Ending.OFF: State.WARNING,
    Ending.NOT_SHOWN: State.NOT_RUN, Ending.BY_HAND: State.MANUAL, Ending.FOUND: State.PASS,
}  # fmt: skip
ORDER = list(Ending)


class MatrixModel(GridModel):
    """The coverage matrix: each row with the sign and colour of what became of its fault."""

    def __init__(self) -> None:
        super().__init__()
        self.tried: list[Tried] = []

    def show_rows(self, rows: Sequence[Tried]) -> None:
        """Replace all rows; those not covered stand first."""
        self.tried = sorted(rows, key=lambda one: ORDER.index(one.ending))
        self.show(TITLES, [
            (one.ending.value.capitalize(), one.row, one.column, one.rule,
             sentence_in_words(one.words))
            for one in self.tried
        ])  # fmt: skip

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401  (Qt's signature)
        """Return text, sign or colour of one cell."""
        if index.column() == 0:
            state = LOOKS[self.tried[index.row()].ending]
            if role == Qt.ItemDataRole.DecorationRole:
                return theme.icon(state)
            if role == Qt.ItemDataRole.ForegroundRole:
                return theme.colour(state)
        return super().data(index, role)


class CommissionPanel(QWidget):
    """Banner, matrix, and the words of the selected row; runs off the GUI thread."""

    def __init__(self) -> None:
        super().__init__()
        self.sources: tuple[Path, Path, str | None] | None = None
        self.made: Commissioned | None = None
        self.job: Job | None = None
        self.banner = Banner()
        self.strip = AskStrip()
        self.model = MatrixModel()
        self.table = plain_table(self.model)
        self.table.setAccessibleName("Coverage matrix: every row of Table 1 and every rule")
        self.table.selectionModel().currentRowChanged.connect(self._show_detail)
        self.detail = QLabel()
        self.detail.setWordWrap(True)
        self.detail.setMinimumHeight(44)
        self.detail.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.detail.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._lay_out()
        self.show_for(None)

    def _lay_out(self) -> None:
        self.run_button = QPushButton("&Run again")
        self.run_button.clicked.connect(self.run)
        self.cancel_button = QPushButton("&Cancel")
        self.cancel_button.clicked.connect(self._cancel)
        self.bar = QProgressBar()
        self.bar.setRange(0, 100)
        self.bar.setMaximumWidth(220)
        self.progress = QLabel()
        self.only = QCheckBox("Only what is not covered")
        self.only.toggled.connect(self._fill)
        self.save_button = QPushButton("&Save report…")
        self.save_button.clicked.connect(self._ask_save)
        row = QHBoxLayout()
        for widget in (self.run_button, self.cancel_button, self.bar, self.progress):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.only)
        row.addWidget(self.save_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 6, 4, 4)
        column.addWidget(self.banner)
        column.addLayout(row)
        column.addWidget(self.strip)
        column.addWidget(self.table, 1)
        column.addWidget(self.detail)

    def show_for(self, sources: tuple[Path, Path, str | None] | None) -> None:
        """Take over export, plan and scale as just read; what was shown before is dropped."""
        self._cancel()
        self.sources, self.made = sources, None
        self.strip.clear()
        self._fill()
        self._busy(False)

    def run(self) -> None:
        """Put every fault in and show the matrix; the files themselves are not changed."""
        if self.sources is None or self.job is not None:
            return
        rv, plan, scale = self.sources

        def work(progress: Progress) -> Commissioned:
            made = commission(rv, plan, scale=scale, progress=progress)
            on_log(made, printed_name())
            return made

        self._busy(True)
        self.banner.show_state(State.INFO, f"Faults are put into copies of {rv.name}", "Running")
        self.job = JOBS.start(
            self, f"Commissioning with {rv.name}", work, done=self._done, failed=self._failed,
            progressed=self._progressed,
        )  # fmt: skip

    def _done(self, made: Commissioned) -> None:
        self.job, self.made = None, made
        self._busy(False)
        self._fill()

    def _failed(self, fault: Exception) -> None:
        self.job = None
        self._busy(False)
        self._fill()
        self.strip.tell_fault(fault)

    def _progressed(self, share: float, words: str) -> None:
        self.bar.setValue(round(100 * share))
        self.progress.setText(words)

    def _cancel(self) -> None:
        if self.job is not None:
            self.job.drop()
            self.job = None
            self._busy(False)
            self._fill()

    def _busy(self, busy: bool) -> None:
        self.run_button.setEnabled(not busy and self.sources is not None)
        self.save_button.setEnabled(not busy and self.made is not None)
        for widget in (self.cancel_button, self.bar, self.progress):
            widget.setVisible(busy)
        self.bar.setValue(0)
        self.progress.clear()

    def _fill(self) -> None:
        made = self.made
        if made is None:
            words = "No fault has been put in yet; run it, or run it again"
            self.banner.show_state(State.NOT_RUN, words, "Not run")
        else:
            self.banner.show_state(made.status, made.headline, VERDICTS[made.status])
        rows = made.rows if made is not None else ()
        self.model.show_rows([
            one for one in rows if one.ending in OPEN_ENDINGS or not self.only.isChecked()
        ])  # fmt: skip
        self.table.resizeColumnsToContents()
        if self.model.rowCount():
            self.table.selectRow(0)
        self._show_detail()

    def _show_detail(self, *_: object) -> None:
        row = self.table.currentIndex().row()
        if not 0 <= row < len(self.model.tried):
            self.detail.clear()
            return
        one = self.model.tried[row]
        where = f" (report: {one.report})" if one.report else ""
        told = [f"Also told: {sentence_in_words(other)}" for other in one.others]
        self.detail.setText("\n".join([f"{sentence_in_words(one.words)}{where}", *told]))

    def _ask_save(self) -> None:
        def write(person: str, _words: str) -> None:
            name = choose_new_file(
                self, "Save the coverage matrix", "filter-commissioning.pdf",
                "PDF (*.pdf);;HTML (*.html)",
            )  # fmt: skip
            if name:
                self.save(name, person)

        self.strip.ask("Save the coverage matrix", "", "Choose file…", write)

    def save(self, file: Path, person: str) -> None:
        """Write the matrix as PDF, or as HTML by the name's ending."""
        made = self.made
        if made is None:
            return

        def work() -> Path:
            html = commission_html(
                made, signer(person, what="write a report").name, datetime.now().astimezone()
            )
            pdf = file.suffix.lower() != ".html"
            title = "Commissioning of the Filter"
            write_whole(file, pdf_of(html, title, landscape=True) if pdf else html.encode())
            return file

        JOBS.start(
            self, "Saving the coverage matrix", lambda _progress: work(),
            done=lambda path: self.strip.tell(State.PASS, str(path)), failed=self.strip.tell_fault,
        )  # fmt: skip
