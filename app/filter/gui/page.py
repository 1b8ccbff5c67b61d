"""The Filter room: open an R&V export, read the report, import the plan, compare."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.background import CancelledError
from app.filter.acknowledged import ASKED
from app.filter.cards import why_of
from app.filter.field import Plan
from app.filter.gui.against import Against, Opened, compare_button
from app.filter.gui.body_measured import BodyMeasured
from app.filter.gui.commission_panel import CommissionPanel
from app.filter.gui.desk_bar import DeskBar, Shown
from app.filter.gui.extra import (
    PLAN_FILES,
    RV_FILES,
    fault_finding,
    first_page,
    patient_key,
    patient_words,
    printout_view,
    scale_box,
    show_tab,
)
from app.filter.gui.fields_panel import FieldsPanel
from app.filter.gui.joining import Joining
from app.filter.gui.kept import kept_typed, restore_measured
from app.filter.gui.mu_panel import MuPanel
from app.filter.gui.notes_panel import NotesPanel
from app.filter.gui.opening import Opening
from app.filter.gui.tbi_measured import NOTHING_HELD, Held, TbiMeasured
from app.filter.gui.worklist_panel import WorkListPanel
from app.filter.item_words import in_words, sentence_in_words
from app.filter.report import Report
from app.findings_model import GridModel
from app.findings_view import FindingsView, plain_table
from app.page import Page
from app.recognise import Kind, recognise
from core.findings import Finding, NotChecked, State


class FilterPage(Page):
    """Compare what the R&V system holds with the plan."""

    title = "Filter"
    help_page = "filter"

    def __init__(self) -> None:
        super().__init__()
        self.rv_path: Path | None = None
        self.against = Against()
        self._kept: Mapping[str, Any] = {}
        self.opening = Opening(self)
        self._tables_late = self._shows_changes = False
        self._scale_for: Path | None = None
        self.view = FindingsView(item_words=in_words, sentence_words=sentence_in_words)
        self.view.explain = why_of
        self._make_controls()
        self._make_tables()
        self.pages = QStackedWidget()
        self.empty = first_page()
        self.pages.addWidget(self.empty)
        self.pages.addWidget(self.view)
        self.desk = DeskBar(
            self._chosen_item, self._chosen_findings, lambda: self.notes.open_words
        )
        self.desk.changes.connect(self._show_changes)
        self.joining = Joining(self, self.desk)
        self.joining.said.connect(self._show_said)
        self.joining.outdated.connect(lambda words: self.view.show_outdated(words, "tables"))
        self.notes.compared.connect(self.joining.take_notes)
        self.joining.joined.connect(self.notes.joined)
        self.joining.not_joined.connect(self.notes.not_joined)
        self.desk.commission.connect(self._on_commission)
        self.worklist = WorkListPanel(
            lambda: self.opened_export.rv if self.opened_export else None
        )
        self.pages.addWidget(self.worklist)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.addLayout(self._controls)
        column.addWidget(self.pages, 1)
        column.addWidget(self.desk)
        self.desk.hide()

    @property
    def opened_export(self) -> Opened | None:
        """Return the export that is open with its report as it is now."""
        return self.joining.opened

    @property
    def plan_path(self) -> Path | None:
        """Return the file or folder the export is held against."""
        return self.against.path

    def accepts(self, kind: Kind) -> bool:
        """Take exports always, and plans once an export is open."""
        plans = (Kind.PINNACLE, Kind.PINNACLE_PATIENT, Kind.DICOM_FOLDER)
        return kind in (Kind.RTP, Kind.DICOM) or (kind in plans and self._export is not None)

    @property
    def _export(self) -> Path | None:
        """The export a plan is for: the one that is being opened, else the one that is open."""
        return self.opening.path or self.rv_path

    def open_path(self, path: Path) -> None:
        """Open an export, or import a plan for the export that is open."""
        rv = self._export
        if recognise(path) == Kind.RTP or rv is None:
            self.run(path, None)
        else:
            self.run(rv, path)

    def take_over(self, path: Path, plan: Path) -> None:
        """Check a file that LEX has just written against its plan."""
        self.run(path, plan)

    def state(self) -> dict[str, Any]:
        """Return the export that is checked, against what, and what was typed for it."""
        if self.rv_path is None:
            return dict(self._kept)  # not open again yet
        against, scale = str(self.against.path or ""), self.scale.currentData()
        own = {"rv": str(self.rv_path), "kind": self.against.kind, "against": against}
        opened = self.opened_export
        rv = opened.rv if opened is not None else None
        return own | {"scale": scale} | kept_typed(rv, self.notes, self.measured, self.mu.kept())

    def resume(self, state: Mapping[str, Any]) -> None:
        """Check an export anew as it was checked in an earlier run."""
        self.scale.setCurrentIndex(max(0, self.scale.findData(state["scale"])))
        path = Path(state["against"]) if state["against"] else None
        rv = self._scale_for = Path(state["rv"])
        self._kept = state
        self.measured.begin(rv, state.get("patient"))
        restore_measured(self.measured, state.get("measured", {}))
        self.check(rv, Against(state["kind"], path))

    def run(self, rv_path: Path, plan_path: Path | None) -> None:
        """Read an export, alone or against a plan, and report in the background."""
        self.check(rv_path, Against("plan", plan_path) if plan_path else Against())

    def check(self, rv_path: Path, against: Against) -> None:
        """Read an export and what it is held against, and report in the background."""
        self._busy(True)
        if self._scale_for not in (None, rv_path):
            self.scale.setCurrentIndex(0)  # what was chosen for another file
        self._scale_for = rv_path
        if against.kind == "tbi" and rv_path == self.measured.rv:
            values = self.measured
            against = replace(against, measured_mm=values.pairs, thickness_mm=values.thickness_mm)
        self.opening.start(
            rv_path, against, self.scale.currentData(),
            done=lambda opened: self._show(rv_path, against, opened),
            failed=lambda fault: self._show_fault(rv_path, against, fault),
        )  # fmt: skip

    def tables_changed(self) -> None:
        """Say of a report that was made by other tables than those in force."""
        self._tables_late = self.opening.path is not None
        self.joining.tables_changed()

    def _make_controls(self) -> None:
        self.open_button = QPushButton("&Open R&&V export…")
        self.open_button.clicked.connect(self._ask_rv)
        self.plan_button = compare_button(self._ask_against)
        self.again_button = QPushButton("Read again")
        self.again_button.setToolTip("Read both sources again, after a correction")
        self.again_button.setEnabled(False)
        self.again_button.clicked.connect(self._again)
        self.scale = scale_box()
        self.scale.activated.connect(self._again)
        self.sources = QLabel("")
        self.sources.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._controls = QHBoxLayout()
        for widget in (self.open_button, self.plan_button, self.again_button, self.scale):
            self._controls.addWidget(widget)
        self._controls.addWidget(self.sources, 1)
        self.worklist_button = QPushButton("&Work list")
        self.worklist_button.setCheckable(True)
        self.worklist_button.setToolTip("Plans on their way, open items, watched folders")
        self.worklist_button.toggled.connect(self._on_worklist)
        self._controls.addWidget(self.worklist_button)

    def _make_tables(self) -> None:
        self.field_tab = FieldsPanel()
        self.field_view = self.field_tab.field_view
        self.leaf_view = self.field_tab.leaf_view
        self.matches = GridModel(numeric=("Deviation",))
        self.match_view = plain_table(self.matches)
        self.match_view.setAccessibleName("Pairs of fields and beams")
        self.view.tabs.addTab(self.field_tab, "Fields and leaves")
        self.view.tabs.addTab(self.match_view, "Pairs")
        self.measured = BodyMeasured(self)
        self.mu = MuPanel(self.measured)
        self.view.tabs.addTab(self.mu, "Monitor units")
        self.view.tabs.addTab(self.mu.film, "Film")
        self.notes = NotesPanel()
        self.view.tabs.addTab(self.notes, "Chart notes")
        self.commissioning = CommissionPanel()
        self.body = TbiMeasured(self.measured)
        self.body.entered.connect(self._again)
        self.body.outdated.connect(lambda words: self.view.show_outdated(words, "measured"))
        self.printout = printout_view()
        self.view.table.doubleClicked.connect(self._on_finding)

    def _ask_rv(self) -> None:
        path = self.ask_for_file("Open R&V export", RV_FILES)
        if path is not None:
            self.run(path, None)

    def _ask_against(self, kind: str, needs: str) -> None:
        path = None
        if needs == "folder":
            path = self.ask_for_folder("Import plan folder")
        elif needs == "export":
            path = self.ask_for_file("Open the initial export", RV_FILES)
        elif needs:
            path = self.ask_for_file("Import plan", PLAN_FILES)
        if self.rv_path is not None and (path is not None or not needs):
            self.check(self.rv_path, Against(kind, path))

    def _again(self) -> None:
        if self.rv_path is not None:
            self.check(self.rv_path, self.against)

    def _busy(self, busy: bool) -> None:
        has_export = self.rv_path is not None
        self.open_button.setEnabled(not busy)
        self.scale.setEnabled(not busy)
        self.plan_button.setEnabled(not busy and has_export)
        self.again_button.setEnabled(not busy and has_export)

    def _show(self, rv_path: Path, against: Against, opened: Opened) -> None:
        before = self.measured.rv
        patient = patient_key(opened.rv)
        other = self.measured.begin(rv_path, patient)
        if other and rv_path == before:  # what was typed and measured is another patient's
            self.mu.set_sources(None, None)
            self.measured.begin(rv_path, patient)
            if against.kind == "tbi":
                self.check(rv_path, Against("tbi"))
                return
        self.rv_path, self.against = rv_path, against
        self._shows_changes = False
        self.joining.begin(opened)
        kept, self._kept = self._kept, {}
        if kept.get("rv") != str(rv_path) or kept.get("patient") not in (None, patient):
            kept = {}
        notes = (str(kept["notes"]), bool(kept.get("database"))) if kept else None
        self.notes.show_for(opened.rv, opened.plan, opened.tables, notes)
        self._busy(False)
        report = opened.shown
        self.view.show_report(report.findings, report.not_checked, against.subject)
        plan = against.path if against.kind == "plan" else None
        scale = self.scale.currentData()
        self.desk.show_for(Shown(opened.report, rv_path, plan, scale, opened.tables))
        self.sources.setText(f"  {rv_path.name}   {against.words}")
        self.sources.setToolTip(f"{rv_path}\n{against.path or ''}")
        self._show_tables(opened)
        self._show_printout(opened.printout)
        held = (against.measured_mm, against.thickness_mm)
        self._show_body(opened.rv if against.kind == "tbi" else None, held)
        self._show_commissioning(plan)
        planned = against.kind in ("plan", "varis")
        self.mu.set_sources(rv_path, against.path if planned else None)
        self.mu.restore(kept.get("mu", {}), opened.rv)
        self._show_page(self.view)
        self.patient_changed.emit(patient_words(opened.rv))
        self.opened.emit(rv_path)
        if against.path is not None:
            self.opened.emit(against.path)
        if self._tables_late:
            self._tables_late = False
            self.joining.tables_changed()

    def _show_page(self, page: QWidget) -> None:
        self.pages.setCurrentWidget(page)
        self.desk.setVisible(page is self.view and self.desk.shown is not None)
        self.worklist_button.setChecked(page is self.worklist)

    def _on_worklist(self, on: bool) -> None:
        if on:
            self.worklist.refresh()
            self._show_page(self.worklist)
        elif self.pages.currentWidget() is self.worklist:
            self._show_page(self.view if self.sources.text() else self.empty)

    def _chosen_findings(self) -> tuple[Finding, ...]:
        """Return the selected findings that ask for an answer, as they were made."""
        if self.opened_export is None or self.view.tabs.currentIndex() != 0:
            return ()
        picked = {
            self.view.source_row(index)
            for index in self.view.table.selectionModel().selectedRows()
        }
        told = [self.view.model.rows[row] for row in picked]
        # What has been said of a finding changes its words on the screen, not its place.
        report, said = self.opened_export.report, self.opened_export.shown
        pairs = zip(report.findings, said.findings, strict=True)
        return tuple(one for one, shown in pairs if shown in told and one.state in ASKED)

    def _chosen_item(self) -> NotChecked | None:
        """Return the item selected in the tab of what was not checked, while it is open."""
        row = self.view.not_checked.currentIndex().row()
        rows = self.opened_export.report.not_checked if self.opened_export else ()
        seen = self.view.tabs.currentWidget() is self.view.not_checked
        return rows[row] if seen and 0 <= row < len(rows) else None

    def _show_changes(self, report: Report) -> None:
        self._shows_changes = True
        self.view.show_report(report.findings, report.not_checked, "Changed since the check")
        self.desk.show_changes_of(f"{report.title}. “Read again” shows the check itself.")

    def _show_said(self, report: Report) -> None:
        if self._shows_changes:
            return  # “Read again” shows the check itself
        place = self.view.tabs.currentIndex()
        self.view.show_report(report.findings, report.not_checked, self.against.subject)
        self.view.tabs.setCurrentIndex(place)

    def _show_body(self, rv: Plan | None, held: Held = NOTHING_HELD) -> None:
        """Show the tab of what was measured for a total body irradiation."""
        self.body.show_for(rv, held)
        show_tab(self.view.tabs, self.body, "Measured" if rv is not None else "", 2)

    def _show_printout(self, text: str) -> None:
        """Show the tab of arcs by isocentre where there are some."""
        show_tab(self.view.tabs, self.printout, "Arcs by isocentre" if text else "")
        self.printout.setPlainText(text)

    def _show_commissioning(self, plan: Path | None) -> None:
        """Take the matrix away: it holds for what was read before, not for what is now open."""
        rv, scale = self.rv_path, self.scale.currentData()
        self.commissioning.show_for((rv, plan, scale) if rv is not None and plan else None)
        show_tab(self.view.tabs, self.commissioning, "")

    def _on_commission(self) -> None:
        """Open the tab of the matrix and run it, unless it is there for these files."""
        show_tab(self.view.tabs, self.commissioning, "Commissioning")
        self.view.tabs.setCurrentWidget(self.commissioning)
        if self.commissioning.made is None:
            self.commissioning.run()

    def _show_tables(self, opened: Opened) -> None:
        self.field_tab.show_opened(opened)
        rows = [
            (match.rv_field, f"{float(match.deviation):g}", match.plan_beam)
            for match in opened.report.matches
        ]
        self.matches.show(("R&V field", "Deviation", "Plan beam"), rows)
        self.match_view.resizeColumnsToContents()

    def _show_fault(self, rv_path: Path, against: Against, fault: Exception) -> None:
        self._busy(False)
        if isinstance(fault, CancelledError):
            if self.rv_path is not None and self.desk.shown is not None:
                self._scale_for = self.rv_path
                self.scale.setCurrentIndex(self.scale.findData(self.desk.shown.scale))
            return
        self.joining.begin(None)
        if against.path is None or rv_path != self.rv_path:  # nothing of the export before stays
            self.rv_path, self.against = None, Against()
            self.plan_button.setEnabled(False)
            self.again_button.setEnabled(False)
            self.patient_changed.emit("")
        name = (against.path or rv_path).name
        self.view.show_report([fault_finding(fault)], [], name)
        self.field_tab.show_opened(None)
        self.matches.show((), ())
        self.mu.set_sources(None, None)
        self._show_body(None)
        self.view.banner.show_state(State.ERROR, f"{name}: nothing was checked", "Not opened")
        self._show_commissioning(None)
        self.notes.show_for(None, None)
        self.sources.setText(f"  {rv_path.name}")
        self.desk.show_for(None)
        self._show_page(self.view)

    def _on_finding(self, _index: QModelIndex) -> None:
        row = self.view.table.currentIndex()
        finding = self.view.model.rows[self.view.source_row(row)]
        self.show_place(finding)

    def show_place(self, finding: Finding) -> None:
        """Show field, control point and leaf a finding speaks of, and the beam's eye view."""
        if self.field_tab.show_place(finding):
            self.view.tabs.setCurrentWidget(self.field_tab)
