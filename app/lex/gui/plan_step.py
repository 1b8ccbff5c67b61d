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

from app.lex.browse import PatientChoice, PlanChoice
from app.lex.gui.progress_row import ProgressRow
from app.lex.gui.step import Step
from app.lex.plan import Trial

DATA = Qt.ItemDataRole.UserRole


class PlanStep(Step):
    """Three lists; a plan is read when it is chosen, in the background.

    Signals:
        plan_wanted: A plan that lies here shall be read.
        patient_wanted: A `PatientChoice` on a server, whose plans shall be shown.
        copy_wanted: A `PlanChoice` on a server, which shall be copied and read.
        choice_left: What was asked for the patient or plan before is not wanted any more.

    """

    title = "Patient and plan"
    guidance = "Each list shows only what belongs to the choice on its left."
    plan_wanted = Signal(Path)
    patient_wanted = Signal(object)
    copy_wanted = Signal(object)
    choice_left = Signal()
    trial_chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find a patient by name or number")
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName("Find a patient")
        self.search.returnPressed.connect(self._choose_first_found)
        self.progress = ProgressRow()
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
        self.column.addWidget(self.progress)
        self.column.addWidget(self.words)
        self.search.textChanged.connect(self._narrow)
        self.patients.currentItemChanged.connect(lambda now, _: self._on_patient(now))
        self.plans.currentItemChanged.connect(lambda now, _: self._on_plan(now))
        self.trials.currentItemChanged.connect(lambda now, _: self._on_trial(now))
        self.trial: Trial | None = None

    def show_patients(self, patients: Sequence[PatientChoice]) -> None:
        """Fill the first list; a single choice is taken at once."""
        self._clear(self.patients, self.plans, self.trials)
        self.choice_left.emit()
        for patient in patients:
            item = QListWidgetItem(f"{patient.name}   {patient.id}".strip())
            item.setData(DATA, patient)
            self.patients.addItem(item)
        self.search.setVisible(len(patients) > 1)
        if len(patients) == 1:
            self.patients.setCurrentRow(0)
        self.changed.emit()

    def show_plans(self, patient: PatientChoice) -> None:
        """Fill the second list for the patient chosen; a single choice is taken at once."""
        self._clear(self.plans, self.trials)
        for plan in patient.plans:
            entry = QListWidgetItem(f"{plan.name}   {plan.words}".strip())
            entry.setData(DATA, plan)
            if not plan.present:
                entry.setFlags(Qt.ItemFlag.NoItemFlags)
            self.plans.addItem(entry)
        if not patient.plans:
            self.words.setText("No plan is listed for this patient.")
        if len(patient.plans) == 1 and patient.plans[0].present:
            self.plans.setCurrentRow(0)
        self.changed.emit()

    def ask_again(self) -> None:
        """Ask for the plan chosen once more: it may have been saved anew."""
        item = self.plans.currentItem()
        plan = item.data(DATA) if item is not None else None
        if isinstance(plan, PlanChoice) and plan.remote is not None:
            self._on_plan(item)
        elif isinstance(plan, PlanChoice):
            self.plan_wanted.emit(plan.path)

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

    def _choose_first_found(self) -> None:
        """Go from the search box to the first patient it leaves."""
        for row in range(self.patients.count()):
            if not self.patients.item(row).isHidden():
                self.patients.setCurrentRow(row)
                self.patients.setFocus()
                return

    def _on_patient(self, item: QListWidgetItem | None) -> None:
        self._clear(self.plans, self.trials)
        patient = item.data(DATA) if item is not None else None
        self.choice_left.emit()
        if isinstance(patient, PatientChoice) and patient.remote is not None:
            self.patient_wanted.emit(patient)
        elif isinstance(patient, PatientChoice):
            self.show_plans(patient)
        self.changed.emit()

    def _on_plan(self, item: QListWidgetItem | None) -> None:
        self._clear(self.trials)
        self.choice_left.emit()
        plan = item.data(DATA) if item is not None else None
        if isinstance(plan, PlanChoice) and plan.remote is not None:
            self.copy_wanted.emit(plan)
        elif isinstance(plan, PlanChoice):
            self.plan_wanted.emit(plan.path)
        self.changed.emit()

    def _on_trial(self, item: QListWidgetItem | None) -> None:
        trial = item.data(DATA) if item is not None else None
        self.trial = trial if isinstance(trial, Trial) else None
        if self.trial is not None:
            self.words.setText("\n".join(self.trial.notes))
            self.trial_chosen.emit(self.trial)
        self.changed.emit()
