"""Small parts of the Filter room: the page at first, a tab that comes and goes, a fault."""

from collections.abc import Callable
from typing import Any

from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QComboBox, QPlainTextEdit, QTabWidget, QWidget

from app.background import JOBS
from app.empty_page import empty_page
from app.filter.field import Plan
from app.filter.gui.ask_strip import AskStrip
from core.errors import RemedyError
from core.findings import Finding, State

PLAN_FILES = "Plans (*.dcm plan.Trial);;All files (*)"
RV_FILES = "R&V exports (*.rtp *.RTP *.dcm);;All files (*)"
SCALES = (
    ("Scale: as the file says", None),
    ("Scale: IEC 61217", "iec"),
    ("Scale: Varian native", "varian_native"),
    ("Scale: Elekta native", "elekta_native"),
)


def show_tab(tabs: QTabWidget, page: QWidget, title: str, at: int = -1) -> None:
    """Show a page that is not always there under its title; an empty title takes it away."""
    place = tabs.indexOf(page)
    if title and place < 0:
        tabs.insertTab(at, page, title)
    elif not title and place >= 0:
        tabs.removeTab(place)


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


def beside(
    owner: QWidget,
    strip: AskStrip,
    title: str,
    work: Callable[[], object],
    done: Callable[[Any], None],
    otherwise: Callable[[], None] = lambda: None,
) -> None:
    """Do what may wait for the clinic's share, the logs or a plan's folder; a fault is told."""

    def failed(fault: Exception) -> None:
        strip.tell_fault(fault)
        otherwise()

    JOBS.start(owner, title, lambda _progress: work(), done=done, failed=failed)


def patient_key(rv: Plan) -> str:
    """Return what tells one patient from another: the number, or all there is without one."""
    return rv.patient.id or repr(rv.patient)


def patient_words(rv: Plan) -> str:
    """Return whose export it is, for the patient banner."""
    patient = rv.patient
    name = ", ".join(part for part in (patient.last_name, patient.first_name) if part)
    plan = f"   Plan {rv.plan_id}" if rv.plan_id else ""
    return f"{name or 'No name'}   ID {patient.id or '-'}{plan}"


def first_page() -> QWidget:
    """Return what the room shows before an export is open."""
    return empty_page(
        "Drop an R&V export here",
        "RTP-Connect (.rtp) or DICOM RT Plan. The report comes first; then import the plan "
        "(Pinnacle folder or DICOM) and every field, control point and leaf is compared.",
    )


def scale_box() -> QComboBox:
    """Return the choice of the scale of jaws, leaves and angles."""
    box = QComboBox()
    box.setAccessibleName("Scale of the export")
    box.setToolTip("Scale of jaws, leaves and angles where the file does not say it")
    for words, value in SCALES:
        box.addItem(words, value)
    return box


def printout_view() -> QPlainTextEdit:
    """Return the page of a printout, in letters of one width."""
    page = QPlainTextEdit(readOnly=True)
    page.setAccessibleName("Stereotactic arcs by isocentre")
    page.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
    page.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
    return page
