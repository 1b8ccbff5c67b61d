"""What an export is held against: the menu of the page, and the report each entry makes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from PySide6.QtWidgets import QMenu, QToolButton

from app.background import Progress
from app.filter.acknowledged import with_record
from app.filter.checks_log import on_record
from app.filter.desk_tables import DeskTables, read_desk_tables
from app.filter.field import Plan
from app.filter.other_reports import (
    SrsReport,
    exports_report,
    srs_report,
    tbi_report,
    without_plan_report,
)
from app.filter.report import Report, compare_report, open_report
from app.filter.views import PLAN_TO_VARIS


@dataclass(frozen=True, slots=True)
class Against:
    """One way of checking an export.

    Attributes:
        kind: "alone", "plan", "varis", "initial", "srs", "tbi", "clinical" or "vsim".
        path: The file or folder it is held against; None where there is none.
        measured_mm: For "tbi": SSD measured on verification day, by field ID.
        thickness_mm: For "tbi": thickness of the body at the umbilicus.

    """

    kind: str = "alone"
    path: Path | None = None
    measured_mm: tuple[tuple[str, Decimal], ...] = ()
    thickness_mm: Decimal | None = None

    @property
    def subject(self) -> str:
        """Return what was done, for the banner."""
        return SUBJECTS[self.kind]

    @property
    def words(self) -> str:
        """Return what the export is held against, for the line beside the buttons."""
        if self.path is not None:
            return f"against   {self.path.name}"
        return WORDS[self.kind]


@dataclass(frozen=True, slots=True)
class Opened:
    """One export with its report.

    Attributes:
        plan: What it was held against, field by field; None where there is none.
        printout: The arcs by isocentre, for stereotactic plans.
        said: The report with what people have said of it; None where nobody was asked.
        tables: The clinic's tables beside it; the window's own thread reads none.

    """

    rv: Plan
    plan: Plan | None
    report: Report
    printout: str = ""
    said: Report | None = None
    tables: DeskTables = field(default_factory=DeskTables)

    @property
    def shown(self) -> Report:
        """The report as it is shown."""
        return self.said or self.report


SUBJECTS = {
    "alone": "R&V export alone",
    "plan": "R&V export against plan",
    "varis": "VARIS export against plan",
    "initial": "Final export against initial export",
    "srs": "Stereotactic arcs against their requirements",
    "tbi": "Total body irradiation against its template",
    "clinical": "Clinical set-up, no plan exists",
    "vsim": "Virtual simulation, no plan exists",
}
WORDS = {
    "alone": "no plan imported yet",
    "srs": "against   the stereotactic requirements",
    "tbi": "against   the TBI template",
    "clinical": "clinical set-up without a plan",
    "vsim": "virtual simulation without a plan",
}
# Entries of the menu: kind, text, and whether a file, a folder or nothing is asked for.
ENTRIES = (
    ("plan", "Plan file (DICOM RT Plan or plan.Trial)…", "file"),
    ("plan", "Plan folder (DICOM or Pinnacle)…", "folder"),
    ("varis", "Plan file of a VARIS export…", "file"),
    ("", "", ""),
    ("initial", "Initial export (the open one is the final)…", "export"),
    ("srs", "Stereotactic requirements", ""),
    ("tbi", "Total body irradiation template", ""),
    ("", "", ""),
    ("clinical", "Nothing: a clinical set-up", ""),
    ("vsim", "Nothing: a virtual simulation", ""),
)


def open_export(rv_path: Path, against: Against, scale: str | None, progress: Progress) -> Opened:
    """Read an export and what it is held against, and report. No widget in sight."""
    name = f" and {against.path.name}" if against.path is not None else ""
    progress(0.1, f"reading {rv_path.name}{name}, checking")
    printout = ""
    report = _report(rv_path, against, scale)
    if isinstance(report, SrsReport):
        printout, report = report.printout(), report.report
    rv = report.rv
    if rv is None:
        raise ValueError("a report of the Filter holds what it reports on")
    progress(0.9, "keeping the check in the log")
    report = on_record(report, "window")
    tables = read_desk_tables(rv, report.plan)
    return Opened(rv, report.plan, report, printout, with_record(report), tables)


def _report(rv_path: Path, against: Against, scale: str | None) -> Report | SrsReport:
    path = against.path
    if path is None:
        return _alone(rv_path, against, scale)
    if against.kind == "initial":
        return exports_report(rv_path, path, scale)
    if against.kind == "varis":
        return compare_report(rv_path, path, machine_scale=scale, view=PLAN_TO_VARIS)
    return compare_report(rv_path, path, machine_scale=scale)


def _alone(rv_path: Path, against: Against, scale: str | None) -> Report | SrsReport:
    kind = against.kind
    if kind in ("clinical", "vsim"):
        return without_plan_report(rv_path, kind, scale)
    if kind == "srs":
        return srs_report(rv_path, scale)
    if kind == "tbi":
        return tbi_report(rv_path, scale, dict(against.measured_mm), against.thickness_mm)
    return open_report(rv_path, scale)


def compare_button(chosen: Callable[[str, str], None]) -> QToolButton:
    """Return the button with the menu of all an export can be held against.

    Args:
        chosen: Called with the kind and with what has to be asked for ("file", "folder",
            "export" or nothing).

    """
    button = QToolButton()
    button.setText("Compare with…")
    button.setAccessibleName("Compare with a plan, an earlier export or a template")
    button.setStyleSheet("padding-right: 14px;")
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    menu = QMenu(button)
    for kind, text, needs in ENTRIES:
        if not kind:
            menu.addSeparator()
        else:
            action = menu.addAction(text)
            action.triggered.connect(lambda *_, k=kind, n=needs: chosen(k, n))
    button.setMenu(menu)
    button.setEnabled(False)
    return button
