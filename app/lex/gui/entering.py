"""Between the treatment form and the plan: what is proposed, what is missing, files of entries."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.lex.field_ids import proposed_field_ids
from app.lex.gui.beams_step import BeamsStep
from app.lex.gui.treatment_step import TreatmentStep
from app.lex.plan import Trial
from app.lex.treatment import (
    Treatment,
    missing,
    parse_treatment,
    read_treatment_table,
    treatment_text,
)
from app.page import Page
from core.errors import RemedyError
from core.safe_write import write_whole

TREATMENT_FILES = "Treatment data (*.toml)"


class Entering(QObject):
    """What the LEX page does with the entries.

    Signals:
        asked: It is known anew what is missing.

    """

    asked = Signal()

    def __init__(self, page: Page, step: TreatmentStep, beams: BeamsStep) -> None:
        super().__init__(page)
        self._page, self._step, self._beams = page, step, beams
        self._trial: Trial | None = None
        self._demo: Path | None = None
        step.load_wanted.connect(self._ask_file)
        step.save_wanted.connect(self._save)
        step.changed.connect(self.ask_what_is_missing)

    def take_trial(self, trial: Trial) -> None:
        """Begin with another trial; nothing counts as complete until the form was seen."""
        self._trial = trial
        self._step.forget()

    def await_demo(self, file: Path) -> None:
        """Fill the form from a file the next time it is shown."""
        self._demo = file

    def show(self) -> None:
        """Fill the form for the trial and the beams chosen."""
        if self._trial is None:
            return
        self._step.show_trial(self._trial, self._beams.chosen(), self._proposed_ids(self._trial))
        if self._demo is not None:
            self.load(self._demo)
            self._demo = None
        self.ask_what_is_missing()

    def load(self, path: Path) -> None:
        """Fill the form from a TREATMENT.toml file."""
        try:
            self._step.set_values(read_treatment_table(path))
        except RemedyError as fault:
            self._step.show_missing([str(fault)])
            self.asked.emit()

    def treatment(self, trial: Trial) -> Treatment:
        """Return what was entered; raises ClinicFileError when a box holds what cannot be."""
        entries = self._step.values()
        entries["beams"] = list(self._beams.chosen())
        entries["trial"] = trial.name
        return parse_treatment(entries, "the form")

    def ask_what_is_missing(self) -> None:
        """Let the headless check say what is missing, and show it."""
        if self._trial is None:
            return
        try:
            lacking = [one.label for one in missing(self._trial, self.treatment(self._trial))]
        except RemedyError as fault:
            lacking = [fault.what]
        self._step.show_missing(lacking)
        self.asked.emit()

    def _proposed_ids(self, trial: Trial) -> dict[str, str]:
        try:
            return dict(proposed_field_ids(trial, self.treatment(trial)))
        except RemedyError:
            return {}

    def _ask_file(self) -> None:
        path = self._page.ask_for_file("Load treatment data", TREATMENT_FILES)
        if path is not None:
            self.load(path)

    def _save(self) -> None:
        path = self._page.ask_for_new_file(
            "Keep treatment data", "treatment.toml", TREATMENT_FILES
        )
        if path is not None:
            write_whole(path, treatment_text(self._step.values()).encode())
