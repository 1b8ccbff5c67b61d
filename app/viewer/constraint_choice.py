"""The choice among dose constraints: the clinic's as they are in force, and files of one's own."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox

from app.background import JOBS, Job
from app.choosing import choose_file
from core.dose.constraints import Template, read_template, templates_in_force
from core.errors import ClinicFileError

NO_TEMPLATE = "No constraints"
FROM_FILE = "From a file…"


class ConstraintChoice(QComboBox):
    """A list of templates; the last row opens one from a file.

    Signals:
        chosen: Other constraints are to be judged, or none.
        told: What went wrong, or is not there any more.

    """

    chosen = Signal()
    told = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Constraints")
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.activated.connect(self._on_activated)
        self._clinic: tuple[Template, ...] = ()
        self._opened: list[Template] = []
        self.template: Template | None = None
        self._job: Job | None = None
        self._list()
        self.read()

    @property
    def templates(self) -> tuple[Template, ...]:
        """All that are offered: the clinic's, then those from files."""
        return (*self._clinic, *self._opened)

    def read(self) -> None:
        """Offer the clinic's constraints once they are read: its share may be slow."""
        if self._job is not None:
            self._job.drop()
        self._job = JOBS.start(
            self, "Reading the dose constraints", lambda _progress: templates_in_force(),
            done=self._on_read, failed=self._on_fault,
        )  # fmt: skip

    def choose_none(self) -> None:
        """Judge by nothing: what was chosen was chosen for another person."""
        self._choose(None)

    def ask_for_file(self, title: str, kinds: str) -> Path | None:
        """Ask what to read; None when the user does not want to."""
        return choose_file(self, title, kinds)

    def _on_read(self, found: tuple[Template, ...]) -> None:
        """Take the clinic's anew; what was chosen stays so by its title, with its limits now."""
        self._job = None
        before, was = self.template, self._clinic
        self._clinic = found
        if before is None or before not in was:
            self._list()
            return
        self._choose(next((one for one in found if one.title == before.title), None))
        if self.template is None:
            self.told.emit(f"The constraints {before.title!r} are not in force any more.")

    def _on_fault(self, fault: Exception) -> None:
        """Offer none of the clinic's: those read before may not be in force any more."""
        self._on_read(())
        self.told.emit(f"The dose constraints were not read: {fault}")

    def _choose(self, template: Template | None) -> None:
        self.template = template
        self._list()
        self.chosen.emit()

    def _list(self) -> None:
        self.clear()
        self.addItems([NO_TEMPLATE, *(one.title for one in self.templates), FROM_FILE])
        places = [number for number, one in enumerate(self.templates, 1) if one is self.template]
        self.setCurrentIndex(places[0] if places else 0)

    def _on_activated(self, number: int) -> None:
        if number <= len(self.templates):
            self._choose(self.templates[number - 1] if number else None)
            return
        self._list()
        path = self.ask_for_file("Open constraints", "Constraints (*.toml)")
        if path is None:
            return
        try:
            opened = read_template(path)
        except ClinicFileError as fault:
            self.told.emit(str(fault))
            return
        self._opened.append(opened)
        self._choose(opened)
