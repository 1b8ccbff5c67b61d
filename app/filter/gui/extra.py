"""Small parts of the Filter room: a tab that comes and goes, and a fault as a row."""

from PySide6.QtWidgets import QTabWidget, QWidget

from core.errors import RemedyError
from core.findings import Finding, State


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
