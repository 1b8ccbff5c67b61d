"""The Filter room: open an R&V export, read the report, import the plan, compare."""

from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.background import JOBS, CancelledError
from app.filter.field import Field, Plan
from app.filter.gui.against import Against, Opened, compare_button, open_export
from app.filter.gui.desk_bar import DeskBar, Shown
from app.filter.gui.mu_panel import MuPanel
from app.filter.gui.worklist_panel import WorkListPanel
from app.filter.ledger import with_attestations
from app.filter.report import Report
from app.filter.tables import field_table, leaf_table, point_table
from app.findings_model import GridModel
from app.findings_view import FindingsView, plain_table
from app.page import Page
from app.recognise import Kind, recognise
from core.errors import RemedyError
from core.findings import Finding, NotChecked, State

PLAN_FILES = "Plans (*.dcm plan.Trial);;All files (*)"
RV_FILES = "R&V exports (*.rtp *.RTP *.dcm);;All files (*)"
NUMERIC = (
    "Energy", "MU", "Dose cGy", "Gantry deg", "Collimator deg", "Couch deg", "X1 cm", "X2 cm",
    "Y1 cm", "Y2 cm", "Points", "Point", "MU share", "Open pairs", "Dose rate MU/min", "Leaf",
    "A cm", "A plan", "A diff.", "B cm", "B plan", "B diff.", "Opening cm",
)  # fmt: skip
SCALES = (
    ("Scale: as the file says", None),
    ("Scale: IEC 61217", "iec"),
    ("Scale: Varian native", "varian_native"),
    ("Scale: Elekta native", "elekta_native"),
)


class FilterPage(Page):
    """Compare what the R&V system holds with the plan."""

    title = "Filter"
    help_page = "filter"

    def __init__(self) -> None:
        super().__init__()
        self.rv_path: Path | None = None
        self.against = Against()
        self.opened_export: Opened | None = None
        self.view = FindingsView()
        self._make_controls()
        self._make_tables()
        self.pages = QStackedWidget()
        self.empty = self._empty_page()
        self.pages.addWidget(self.empty)
        self.pages.addWidget(self.view)
        self.desk = DeskBar(self._chosen_item)
        self.desk.changes.connect(self._show_changes)
        self.desk.attested.connect(self._show_attested)
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
    def plan_path(self) -> Path | None:
        """Return the file or folder the export is held against."""
        return self.against.path

    def accepts(self, kind: Kind) -> bool:
        """Take exports always, and plans once an export is open."""
        plans = (Kind.PINNACLE, Kind.PINNACLE_PATIENT, Kind.DICOM_FOLDER)
        return kind in (Kind.RTP, Kind.DICOM) or (kind in plans and self.rv_path is not None)

    def open_path(self, path: Path) -> None:
        """Open an export, or import a plan for the export that is open."""
        if recognise(path) == Kind.RTP or self.rv_path is None:
            self.run(path, None)
        else:
            self.run(self.rv_path, path)

    def take_over(self, path: Path, plan: Path) -> None:
        """Check a file that LEX has just written against its plan."""
        self.run(path, plan)

    def run(self, rv_path: Path, plan_path: Path | None) -> None:
        """Read an export, alone or against a plan, and report in the background."""
        self.check(rv_path, Against("plan", plan_path) if plan_path else Against())

    def check(self, rv_path: Path, against: Against) -> None:
        """Read an export and what it is held against, and report in the background."""
        self._busy(True)
        scale = self.scale.currentData()
        title = f"Checking {rv_path.name}"
        JOBS.start(
            self,
            title,
            lambda progress: open_export(rv_path, against, scale, progress),
            done=lambda opened: self._show(rv_path, against, opened),
            failed=lambda fault: self._show_fault(rv_path, against, fault),
        )

    def _make_controls(self) -> None:
        self.open_button = QPushButton("&Open R&&V export…")
        self.open_button.clicked.connect(self._ask_rv)
        self.plan_button = compare_button(self._ask_against)
        self.again_button = QPushButton("Read again")
        self.again_button.setToolTip("Read both sources again, after a correction")
        self.again_button.setEnabled(False)
        self.again_button.clicked.connect(self._again)
        self.scale = QComboBox()
        self.scale.setAccessibleName("Scale of the export")
        self.scale.setToolTip("Scale of jaws, leaves and angles where the file does not say it")
        for words, value in SCALES:
            self.scale.addItem(words, value)
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
        self.fields = GridModel(numeric=NUMERIC)
        self.points = GridModel(numeric=NUMERIC)
        self.leaves = GridModel(numeric=NUMERIC, marked=("A diff.", "B diff."))
        self.field_view = plain_table(self.fields)
        self.point_view = plain_table(self.points)
        self.leaf_view = plain_table(self.leaves)
        self.leaf_view.horizontalHeader().setStretchLastSection(False)
        self.field_view.selectionModel().currentRowChanged.connect(self._on_field)
        self.point_view.selectionModel().currentRowChanged.connect(self._on_point)
        lower = QSplitter(Qt.Orientation.Horizontal)
        lower.addWidget(self.point_view)
        lower.addWidget(self.leaf_view)
        lower.setSizes([700, 500])
        self.field_tab = QSplitter(Qt.Orientation.Vertical)
        self.field_tab.addWidget(self.field_view)
        self.field_tab.addWidget(lower)
        self.field_tab.setSizes([240, 400])
        self.matches = GridModel(numeric=("Deviation",))
        self.match_view = plain_table(self.matches)
        self.view.tabs.addTab(self.field_tab, "Fields and leaves")
        self.view.tabs.addTab(self.match_view, "Pairs")
        self.mu = MuPanel()
        self.view.tabs.addTab(self.mu, "Monitor units")
        self.printout = QPlainTextEdit(readOnly=True)
        self.printout.setAccessibleName("Stereotactic arcs by isocentre")
        self.printout.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.printout.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.view.table.doubleClicked.connect(self._on_finding)

    def _empty_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        head = QLabel("Drop an R&V export here")
        head.setStyleSheet("font-size: 16pt; font-weight: 600;")
        body = QLabel(
            "RTP-Connect (.rtp) or DICOM RT Plan. The report comes first; then import the plan "
            "(Pinnacle folder or DICOM) and every field, control point and leaf is compared."
        )
        body.setWordWrap(True)
        for label in (head, body):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addStretch(2)
        column.addWidget(head)
        column.addWidget(body)
        column.addStretch(3)
        return page

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
        self.rv_path, self.against, self.opened_export = rv_path, against, opened
        self._busy(False)
        report = with_attestations(opened.report)
        self.view.show_report(report.findings, report.not_checked, against.subject)
        plan = against.path if against.kind == "plan" else None
        self.desk.show_for(Shown(opened.report, rv_path, plan, self.scale.currentData()))
        self.sources.setText(f"  {rv_path.name}   {against.words}")
        self.sources.setToolTip(f"{rv_path}\n{against.path or ''}")
        self._show_tables(opened)
        self._show_printout(opened.printout)
        planned = against.kind in ("plan", "varis")
        self.mu.set_sources(rv_path, against.path if planned else None)
        self._show_page(self.view)
        patient = opened.rv.patient
        name = ", ".join(part for part in (patient.last_name, patient.first_name) if part)
        plan_words = f"   Plan {opened.rv.plan_id}" if opened.rv.plan_id else ""
        self.patient_changed.emit(f"{name or 'No name'}   ID {patient.id or '-'}{plan_words}")
        self.opened.emit(rv_path)
        if against.path is not None:
            self.opened.emit(against.path)

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

    def _opened_plan(self) -> Plan | None:
        return self.opened_export.rv if self.opened_export else None

    def _chosen_item(self) -> NotChecked | None:
        """Return the item selected in the tab of what was not checked, while it is open."""
        row = self.view.not_checked.currentIndex().row()
        rows = self.opened_export.report.not_checked if self.opened_export else ()
        seen = self.view.tabs.currentWidget() is self.view.not_checked
        return rows[row] if seen and 0 <= row < len(rows) else None

    def _show_changes(self, report: Report) -> None:
        self.view.show_report(report.findings, report.not_checked, "Changed since the check")
        self.desk.attest_button.setEnabled(False)
        self.desk.strip.tell(State.INFO, f"{report.title}. “Read again” shows the check itself.")

    def _show_attested(self) -> None:
        if self.opened_export is None:
            return
        place = self.view.tabs.currentIndex()
        report = with_attestations(self.opened_export.report)
        self.view.show_report(report.findings, report.not_checked, self.against.subject)
        self.view.tabs.setCurrentIndex(place)

    def _show_printout(self, text: str) -> None:
        """Show the tab of arcs by isocentre where there are some."""
        place = self.view.tabs.indexOf(self.printout)
        if text and place < 0:
            self.view.tabs.addTab(self.printout, "Arcs by isocentre")
        elif not text and place >= 0:
            self.view.tabs.removeTab(place)
        self.printout.setPlainText(text)

    def _show_tables(self, opened: Opened) -> None:
        table = field_table(opened.rv)
        self.fields.show(table.titles, table.rows)
        self.field_view.resizeColumnsToContents()
        rows = [
            (match.rv_field, f"{float(match.deviation):g}", match.plan_beam)
            for match in opened.report.matches
        ]
        self.matches.show(("R&V field", "Deviation", "Plan beam"), rows)
        self.match_view.resizeColumnsToContents()
        if table.rows:
            self.field_view.selectRow(0)

    def _show_fault(self, rv_path: Path, against: Against, fault: Exception) -> None:
        self._busy(False)
        if isinstance(fault, CancelledError):
            return
        if against.path is None:
            self.rv_path, self.against, self.opened_export = None, Against(), None
            self.plan_button.setEnabled(False)
            self.again_button.setEnabled(False)
            self.patient_changed.emit("")
        name = (against.path or rv_path).name
        self.view.show_report([fault_finding(fault)], [], name)
        self.view.banner.show_state(State.ERROR, f"{name}: nothing was checked", "Not opened")
        for model in (self.fields, self.points, self.leaves, self.matches):
            model.show((), ())
        self.mu.set_sources(None, None)
        self.sources.setText(f"  {rv_path.name}")
        self.desk.show_for(None)
        self._show_page(self.view)

    def _on_field(self, current: QModelIndex) -> None:
        field = self._field(current.row())
        if field is None:
            return
        table = point_table(field)
        self.points.show(table.titles, table.rows)
        self.point_view.resizeColumnsToContents()
        self.leaves.show((), ())
        if table.rows:
            self.point_view.selectRow(0)

    def _on_point(self, current: QModelIndex) -> None:
        field = self._field(self.field_view.currentIndex().row())
        if field is None or not 0 <= current.row() < len(field.control_points):
            return
        planned = self._planned(field)
        same = planned is not None and len(planned.control_points) == len(field.control_points)
        other = planned.control_points[current.row()] if planned is not None and same else None
        table = leaf_table(field.control_points[current.row()], other)
        self.leaves.show(table.titles, table.rows)
        self.leaf_view.resizeColumnsToContents()

    def _field(self, row: int) -> Field | None:
        fields = self.opened_export.rv.fields if self.opened_export else ()
        return fields[row] if 0 <= row < len(fields) else None

    def _planned(self, field: Field) -> Field | None:
        if self.opened_export is None or self.opened_export.plan is None:
            return None
        pairs = {match.rv_field: match.plan_beam for match in self.opened_export.report.matches}
        name = pairs.get(field.id)
        beams = self.opened_export.plan.fields
        return next((beam for beam in beams if name in (beam.name, beam.id)), None)

    def _on_finding(self, _index: QModelIndex) -> None:
        row = self.view.table.currentIndex()
        finding = self.view.model.rows[self.view.source_row(row)]
        self.show_place(finding)

    def show_place(self, finding: Finding) -> None:
        """Show the field and control point a finding speaks of."""
        fields = self.opened_export.rv.fields if self.opened_export else ()
        for row, field in enumerate(fields):
            if field.id == finding.field:
                self.view.tabs.setCurrentWidget(self.field_tab)
                self.field_view.selectRow(row)
                if finding.control_point is not None:
                    self.point_view.selectRow(finding.control_point)
                if finding.item.startswith(("mlc_a", "mlc_b")):
                    self.leaf_view.selectRow(int(finding.item[5:]) - 1)


def fault_finding(fault: Exception) -> Finding:
    """Return a fault as one row: what, where, what to do; never a traceback."""
    if isinstance(fault, RemedyError):
        return Finding("F-OPEN", State.ERROR, f"{fault.what} ({fault.where})", remedy=fault.remedy)
    return Finding(
        "F-OPEN",
        State.ERROR,
        f"The program has a fault: {type(fault).__name__}: {fault}",
        remedy="Send the file's kind and this sentence to your support; check the plan by hand.",
    )
