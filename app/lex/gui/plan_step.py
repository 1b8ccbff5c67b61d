"""Step 2: patient, plan, trial; each list holds only what belongs to the choice on its left."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QWidget,
)

from app.lex.browse import PatientChoice
from app.lex.gui.step import Step
from app.lex.plan import Trial

DATA = Qt.ItemDataRole.UserRole


class PlanStep(Step):
    """Three lists; a plan is read when it is chosen, in the background."""

    title = "Patient and plan"
    guidance = "Each list shows only what belongs to the choice on its left."
    plan_wanted = Signal(Path)
    trial_chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find a patient by name or number")
        self.search.setClearButtonEnabled(True)
        self.patients, self.plans, self.trials = QListWidget(), QListWidget(), QListWidget()
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        grid = QGridLayout()
        titles = ("&Patient", "P&lan", "&Trial")
        for column, (words, listing) in enumerate(
            zip(titles, (self.patients, self.plans, self.trials), strict=True)
        ):
            label = QLabel(words)
            label.setBuddy(listing)
            grid.addWidget(label, 0, column)
            grid.addWidget(listing, 2, column)
        grid.addWidget(self.search, 1, 0)
        grid.setRowStretch(2, 1)
        holder = QWidget()
        holder.setLayout(grid)
        self.column.addWidget(holder, 1)
        self.column.addWidget(self.words)
        self.search.textChanged.connect(self._narrow)
        self.patients.currentItemChanged.connect(lambda now, _: self._on_patient(now))
        self.plans.currentItemChanged.connect(lambda now, _: self._on_plan(now))
        self.trials.currentItemChanged.connect(lambda now, _: self._on_trial(now))
        self.trial: Trial | None = None

    def show_patients(self, patients: Sequence[PatientChoice]) -> None:
        """Fill the first list; a single choice is taken at once."""
        self._clear(self.patients, self.plans, self.trials)
        for patient in patients:
            item = QListWidgetItem(f"{patient.name}   {patient.id}".strip())
            item.setData(DATA, patient)
            self.patients.addItem(item)
        self.search.setVisible(len(patients) > 1)
        if len(patients) == 1:
            self.patients.setCurrentRow(0)
        self.changed.emit()

    def show_trials(self, trials: Sequence[Trial], chosen: Trial) -> None:
        """Fill the last list and choose the trial the rule names."""
        self._clear(self.trials)
        for trial in trials:
            item = QListWidgetItem(trial.name)
            item.setData(DATA, trial)
            self.trials.addItem(item)
        names = [trial.name for trial in trials]
        self.trials.setCurrentRow(names.index(chosen.name) if chosen.name in names else 0)
        self.words.setText("\n".join(chosen.notes))

    def show_fault(self, words: str) -> None:
        """Tell why the chosen plan cannot be read."""
        self._clear(self.trials)
        self.words.setText(words)
        self.changed.emit()

    def missing(self) -> tuple[str, ...]:
        """Return the first choice that has not been made."""
        for listing, words in ((self.patients, "a patient"), (self.plans, "a plan")):
            if listing.currentItem() is None:
                return (words,)
        return () if self.trial is not None else ("a trial",)

    def _clear(self, *listings: QListWidget) -> None:
        for listing in listings:
            listing.clear()
        self.trial = None
        self.words.clear()

    def _narrow(self, text: str) -> None:
        words = text.casefold().split()
        for row in range(self.patients.count()):
            item = self.patients.item(row)
            item.setHidden(not all(word in item.text().casefold() for word in words))

    def _on_patient(self, item: QListWidgetItem | None) -> None:
        self._clear(self.plans, self.trials)
        patient = item.data(DATA) if item is not None else None
        plans = patient.plans if isinstance(patient, PatientChoice) else ()
        for plan in plans:
            entry = QListWidgetItem(f"{plan.name}   {plan.words}".strip())
            entry.setData(DATA, plan)
            if not plan.present:
                entry.setFlags(Qt.ItemFlag.NoItemFlags)
            self.plans.addItem(entry)
        if len(plans) == 1 and plans[0].present:
            self.plans.setCurrentRow(0)
        self.changed.emit()

    def _on_plan(self, item: QListWidgetItem | None) -> None:
        self._clear(self.trials)
        if item is not None:
            self.plan_wanted.emit(item.data(DATA).path)
        self.changed.emit()

    def _on_trial(self, item: QListWidgetItem | None) -> None:
        trial = item.data(DATA) if item is not None else None
        self.trial = trial if isinstance(trial, Trial) else None
        if self.trial is not None:
            self.words.setText("\n".join(self.trial.notes))
            self.trial_chosen.emit(self.trial)
        self.changed.emit()
