"""The MU tab of the Filter: dose by the book against the plan, factor by factor."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QModelIndex, QSignalBlocker, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.background import JOBS, CancelledError
from app.choosing import choose_folder, choose_new_file
from app.filter.field import Plan
from app.filter.gui.aperture_plot import AperturePlot
from app.filter.gui.body_measured import BodyMeasured
from app.filter.gui.book_plot import BookPlot
from app.filter.gui.film_panel import FilmPanel
from app.filter.gui.kept import choices_from, kept_choices
from app.filter.gui.mu_asked import Asked, calculated
from app.filter.gui.special_panel import small_box
from app.filter.gui.srs_panel import SrsPanel
from app.filter.gui.status_model import StatusModel
from app.filter.gui.tbi_panel import TbiPanel
from app.filter.mu.book import Book, BookBeam
from app.filter.mu.check import Choices
from app.filter.mu.electron import ElectronDose, ElectronInput
from app.filter.mu.photon import PhotonDose
from app.filter.mu.report import BeamResult, MuReport
from app.filter.mu.sheet import write_sheet
from app.filter.mu.tell import BEAM_TITLES, STATE_TITLES, beam_row, electron_rows, state_rows
from app.findings_model import GridModel
from app.findings_view import Banner, FindingsView, plain_table, summary
from core.errors import RemedyError
from core.findings import State

BOXES = (
    ("Depth of the point in cm", " cm", 60.0, "depth: plan"),
    ("Isodose of an electron field in %", " %", 110.0, "isodose: ask"),
    ("Length of an electron cutout in cm", " cm", 40.0, "length: plan"),
    ("Width of an electron cutout in cm", " cm", 40.0, "width: plan"),
)
TEXT = ("Field", "Plan beam", "Book", "Status", "Region", "Factor", "Value")
STATUS = BEAM_TITLES.index("Status")
NO_PLAN = "Import the plan first: it holds the point, its depth and the dose to compare with."
CT_TIP = "Trace the depths of the points through the planning CT; off: as the plan says"
ONE_SIDE = "One side of the cutout is typed: type the other as well, or none."
GONE = "Not used: what was typed for {}, which the export has no more."
EMPTY = 0.0
"""What a box shows as "as the plan says"."""


class MuPanel(QWidget):
    """Fields with their factors, the states of one, its aperture; the book in a second tab."""

    def __init__(self, body: BodyMeasured | None = None) -> None:
        super().__init__()
        self.asked: Asked | None = None
        self._made_of: tuple[Asked | None, str] = (None, "")  # what is shown, and the line on it
        self._left_out = ""  # what was typed in an earlier run and is not used
        self.report: MuReport | None = None
        self._stale = False
        self._book_beams: tuple[BookBeam, ...] = ()
        self._make_controls()
        self._make_tables()
        self.findings = FindingsView(item_words=lambda name: name.replace("_", " "))
        self.findings.banner.hide()  # the panel has its own, above every tab
        self.book = BookPlot()
        self.tabs = QTabWidget()
        self.tabs.addTab(self._fields_page(), "Factors")
        self.tabs.addTab(self.findings, "Result")
        self.tabs.addTab(self.book, "Dosimetry book")
        self.tbi, self.srs = TbiPanel(body), SrsPanel()
        self.tabs.addTab(self.tbi, "Total body")
        self.tabs.addTab(self.srs, "Radiosurgery arcs")
        self.tabs.currentChanged.connect(self._on_tab)
        self.film = FilmPanel()  # a tab of the page, beside this one
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.addWidget(self.notice)
        column.addWidget(self.banner)
        column.addLayout(self._controls)
        column.addWidget(self.tabs, 1)
        self._show_nothing(NO_PLAN)

    def set_sources(self, rv: Path | None, plan: Path | None) -> None:
        """Learn what is open; the calculation starts when the tab is looked at."""
        book = self.asked.book if self.asked is not None else None
        self.asked = Asked(rv, plan, book) if rv is not None and plan is not None else None
        self._stale = self.asked is not None
        self._left_out = ""
        with QSignalBlocker(self.ct):
            self.ct.setChecked(False)
        self.film.set_sources(rv, plan)
        for panel in (self.tbi, self.srs):
            panel.set_source(rv, book)
        self._show_typed("")
        self._show_nothing("" if self.asked else NO_PLAN)
        if self._stale and self.isVisible():
            self.calculate()

    def kept(self) -> dict[str, Any]:
        """Return what was typed for the fields, for a run of the program after a crash."""
        return kept_choices(self.asked.choices) if self.asked is not None else {}

    def restore(self, kept: Mapping[str, Any], rv: Plan) -> None:
        """Calculate with what `kept` told of the fields that the export has still."""
        if self.asked is not None and kept:
            choices, gone = choices_from(kept, rv)
            self.asked = replace(self.asked, choices=choices)
            self._left_out = f"{GONE.format(', '.join(gone))} " if gone else ""
            if not self._stale:
                self.calculate()

    def showEvent(self, event: QShowEvent) -> None:
        """Calculate when the tab is seen for the first time."""
        super().showEvent(event)
        if self._stale:
            self.calculate()

    def calculate(self) -> None:
        """Calculate in the background."""
        asked = self.asked
        if asked is None:
            return
        self._stale = False
        self.again.setEnabled(False)
        if self.report is None:
            self.words.setText("Calculating…")
        JOBS.start(
            self, "Calculating monitor units", lambda progress: calculated(asked, progress),
            done=lambda made: self._show(*made) if asked is self.asked else None,
            failed=lambda fault: self._show_fault(fault) if asked is self.asked else None,
        )  # fmt: skip

    def _make_controls(self) -> None:
        self.notice = QLabel()
        self.notice.setAccessibleName("Use of the dosimetry book")
        self.banner = Banner()
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.choose = QPushButton("Choose book…")
        self.choose.clicked.connect(self._ask_book)
        self.ct = QPushButton("Depths by CT…")
        self.ct.setCheckable(True)
        self.ct.setToolTip(CT_TIP)
        self.ct.toggled.connect(self._on_ct)
        self.save = QPushButton("Save sheet…")
        self.save.setToolTip("A workbook whose formulas recalculate every dose")
        self.save.clicked.connect(self._ask_sheet)
        self.depth_box, self.isodose_box, self.length_box, self.width_box = (
            small_box(name, "", unit, most, empty) for name, unit, most, empty in BOXES
        )
        self.again = QPushButton("Calculate with these")
        self.again.setToolTip("Use the values at the left for the selected field")
        self.again.clicked.connect(self._apply)
        self._controls = QHBoxLayout()
        for widget in (
            self.choose, self.ct, self.save, self.depth_box, self.isodose_box, self.length_box,
            self.width_box,
            self.again,
        ):  # fmt: skip
            self._controls.addWidget(widget)
        self._controls.addWidget(self.words, 1)
        self._controls.addStretch(0)  # where the words are hidden
        self._show_boxes(electron=False)

    def _make_tables(self) -> None:
        numeric = [title for title in (*BEAM_TITLES, *STATE_TITLES) if title not in TEXT]
        self.fields = StatusModel(numeric)
        self.states = GridModel(numeric=numeric)
        self.field_view = plain_table(self.fields)
        self.field_view.setAccessibleName("Fields with their factors")
        self.state_view = plain_table(self.states)
        self.state_view.setAccessibleName("States of the selected field")
        self.field_view.selectionModel().currentRowChanged.connect(self._on_field)
        self.state_view.selectionModel().currentRowChanged.connect(self._on_state)
        self.aperture = AperturePlot()
        self.detail = QLabel()
        self.detail.setWordWrap(True)

    def _fields_page(self) -> QWidget:
        lower = QSplitter(Qt.Orientation.Horizontal)
        lower.addWidget(self.state_view)
        lower.addWidget(self.aperture)
        lower.setSizes([760, 320])
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.field_view)
        split.addWidget(lower)
        split.setSizes([220, 320])
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 4, 0, 0)
        column.addWidget(split, 1)
        column.addWidget(self.detail)
        return page

    def _show(self, report: MuReport, book: Book) -> None:
        self.report = report
        line = f"{self._left_out}SHA-256 {report.book_digest[:12]}…, rules {report.rule_version}"
        self._made_of = (self.asked, line)
        self.notice.setText(f"<b>{report.notice}</b>")
        self.notice.setVisible(bool(report.notice))
        self.notice.setStyleSheet(f"color: {theme.colour(State.ERROR).name()};")
        self.words.setText(self._made_of[1])
        self.words.setToolTip(f"{report.book}\nSHA-256 {report.book_digest}")
        told = summary(report.findings, report.not_checked)
        self.banner.show_state(report.status, f"MU by the dosimetry book: {told}")
        self.banner.show()
        self.findings.show_report(report.findings, report.not_checked, "MU by the dosimetry book")
        self.fields.show(BEAM_TITLES, [beam_row(one) for one in report.beams])
        self.field_view.resizeColumnsToContents()
        self.book.show_book(book)
        self._book_beams = book.beams
        self.save.setEnabled(report.ran)
        self.again.setEnabled(True)
        if report.beams:
            self.field_view.selectRow(0)

    def _show_nothing(self, words: str) -> None:
        self.report = None
        self.notice.hide()
        self.banner.setAccessibleName("")  # it says nothing, so no tab shows it again
        self.banner.hide()
        self.words.setText(words)
        for model in (self.fields, self.states):
            model.show((), ())
        self.aperture.show_state(None)
        self.detail.setText("")
        self.findings.show_nothing("Nothing was calculated.")
        self.save.setEnabled(False)
        self.again.setEnabled(False)

    def _show_fault(self, fault: Exception) -> None:
        if isinstance(fault, CancelledError):
            self._stale = self.report is None
            if self.report is None:
                self.words.setText("Not calculated")
            else:  # what is shown is what was made before
                self.asked = self._made_of[0]
                self.again.setEnabled(True)
                self._on_field(self.field_view.currentIndex())
            return
        fallback = f"The program has a fault: {type(fault).__name__}: {fault}"
        self._show_nothing(str(fault) if isinstance(fault, RemedyError) else fallback)
        self.banner.show_state(State.ERROR, self.words.text(), "Not calculated")
        self.banner.show()

    def _show_boxes(self, electron: bool) -> None:
        """Show what can be typed for the selected field, and nothing else."""
        self.depth_box.setVisible(not electron)
        for box in (self.isodose_box, self.length_box, self.width_box):
            box.setVisible(electron)

    def _on_tab(self, _number: int) -> None:
        """Total body and arcs have banner and row of their own."""
        own = self.tabs.currentWidget() not in (self.tbi, self.srs)
        shown = own and self.report is not None
        self.banner.setVisible(own and bool(self.banner.accessibleName()))
        self.notice.setVisible(shown and bool(self.notice.text()))
        for widget in (self.ct, self.save, self.again, self.words):
            widget.setVisible(own)
        if own:
            self._on_field(self.field_view.currentIndex())
        else:
            for box in (self.depth_box, self.isodose_box, self.length_box, self.width_box):
                box.hide()

    def _beam(self) -> BeamResult | None:
        row = self.field_view.currentIndex().row()
        beams = self.report.beams if self.report is not None else ()
        return beams[row] if 0 <= row < len(beams) else None

    def _on_field(self, _current: QModelIndex) -> None:
        one = self._beam()
        if one is None:
            return
        self.aperture.show_state(None)
        self.words.setText(self._made_of[1])
        self.detail.setText(_about(one))
        book = next((b for b in self._book_beams if b.id == one.book_beam), None)
        self._show_boxes(electron=book is not None and book.modality == "electron")
        self._show_typed(one.field_id)
        if isinstance(one.dose, PhotonDose):
            self.states.show(STATE_TITLES, state_rows(one.dose))
            self.state_view.selectRow(0)
        elif isinstance(one.dose, ElectronDose):
            self.states.show(("Factor", "Value"), electron_rows(one.dose))
        else:
            self.states.show((), ())
        self.state_view.resizeColumnsToContents()

    def _show_typed(self, field: str) -> None:
        """Show what was typed for a field; nothing that was typed for another stays."""
        choices = self.asked.choices if self.asked is not None else Choices()
        electron = choices.electrons.get(field, ElectronInput())
        length, width = electron.cutout_cm or (0.0, 0.0)
        self.depth_box.setValue(choices.depth_cm.get(field, EMPTY))
        self.isodose_box.setValue(electron.isodose_percent or EMPTY)
        self.length_box.setValue(length or EMPTY)
        self.width_box.setValue(width or EMPTY)

    def _on_state(self, current: QModelIndex) -> None:
        one = self._beam()
        if one is not None and isinstance(one.dose, PhotonDose) and current.row() >= 0:
            self.aperture.show_state(one.dose, current.row())

    def _apply(self) -> None:
        one = self._beam()
        if one is None or self.asked is None:
            return
        choices = self.asked.choices
        depths = {**choices.depth_cm, one.field_id: self.depth_box.value()}
        size = (self.length_box.value(), self.width_box.value())
        if any(size) and not all(size):
            self.words.setText(ONE_SIDE)
            (self.width_box if size[0] else self.length_box).setFocus()
            return
        given = ElectronInput(
            self.isodose_box.value() or None, size if all(size) else None
        )  # fmt: skip
        electrons = {**choices.electrons, one.field_id: given}
        self.asked = replace(self.asked, choices=replace(
            choices,
            depth_cm={name: depth for name, depth in depths.items() if depth != EMPTY},
            electrons={name: one for name, one in electrons.items() if one != ElectronInput()},
        ))  # fmt: skip
        self.calculate()

    def _ask_book(self) -> None:
        name = choose_folder(self, "Choose a dosimetry book (with book.toml)")
        if name:
            self.use_book(name)

    def use_book(self, folder: Path) -> None:
        """Calculate by another book."""
        if self.asked is not None:
            self.asked = replace(self.asked, book=folder)
            for panel in (self.tbi, self.srs):
                panel.set_source(panel.rv, folder)
            self.calculate()

    def use_ct(self, folder: Path | None) -> None:
        """Trace the depths through a CT; take those of the plan without one."""
        if self.asked is not None:
            self.asked = replace(self.asked, ct=folder)
            self.calculate()

    def _on_ct(self, on: bool) -> None:
        name = choose_folder(self, "Choose the folder of the planning CT") if on else None
        with QSignalBlocker(self.ct):
            self.ct.setChecked(bool(name))
        self.ct.setToolTip(f"{CT_TIP}\n{name or ''}".strip())
        if name or not on:
            self.use_ct(name)

    def _ask_sheet(self) -> None:
        name = choose_new_file(self, "Save sheet", "mu.xlsx", "Workbooks (*.xlsx)")
        report = self.report
        if not name or report is None:
            return
        JOBS.start(
            self,
            "Saving the sheet",
            lambda _progress: write_sheet(report, name),
            done=lambda _: self.words.setText(f"Saved: {name.name}"),
            failed=lambda fault: self.words.setText(str(fault)),
        )


def _about(one: BeamResult) -> str:
    """Return why a field is not checked and what to do, or where its point and depth come from."""
    if one.dose is None:
        return f"{one.why}. {one.remedy}"
    return f"Not checked: {one.why}. {one.point}" if one.why else one.point
