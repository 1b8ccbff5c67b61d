"""Import in the room: in the background, with its report in the banner and as a table (Y-03)."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton

from app.archive.gui.faults import told_of
from app.archive.imports import ImportReport, save_report, take_in
from app.background import JOBS, CancelledError, Job
from core.archive.archive import Archive
from core.findings import State

STOPPED = "What had been taken in by then is in the archive; import again to take in the rest."


class ReportButton(QPushButton):
    """Runs imports; once there is a report, it can be saved as a table of every file.

    Signals:
        told: State, words, the word before them, and all reasons for the tooltip.
        over: An import is over.

    """

    told = Signal(object, str, str, str)
    over = Signal()

    def __init__(self) -> None:
        super().__init__("Save i&mport report…")
        self.report: ImportReport | None = None
        self._jobs: set[Job] = set()
        self.hide()

    @property
    def is_busy(self) -> bool:
        """Whether an import is under way."""
        return not self._jobs.isdisjoint(JOBS.running)

    def take_in(self, archive: Archive, paths: Sequence[Path]) -> None:
        """Take everything under some paths into the archive."""
        job = JOBS.start(
            self, f"Importing {paths[0].name}",
            lambda progress: take_in(archive, paths, progress),
            done=self._show, failed=self._show_fault,
        )  # fmt: skip
        self._jobs.add(job)
        job.ended.connect(lambda: self._jobs.discard(job))

    def _show(self, report: ImportReport) -> None:
        self.report = report
        self.show()
        reasons = "\n".join(f"{one.name}: {one.why}" for one in report.others)
        self.told.emit(report.state, report.words(), "Imported", reasons)
        self.over.emit()

    def save(self, report: ImportReport, path: Path) -> None:
        """Write the table of every file of an import."""
        try:
            save_report(report, path)
        except OSError as fault:
            self.told.emit(State.ERROR, f"{path.name} cannot be written: {fault.strerror}", "", "")
        else:
            self.told.emit(State.PASS, f"The report is in {path}", "Saved", "")

    def _show_fault(self, fault: Exception) -> None:
        if isinstance(fault, CancelledError):
            self.told.emit(State.WARNING, STOPPED, "Cancelled", "")
        else:
            self.told.emit(*told_of(fault), "", "")
        self.over.emit()
