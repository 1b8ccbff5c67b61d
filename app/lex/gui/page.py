"""The LEX room: six steps from the plan to the transfer file; a thin face over `app.lex`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QDate, Qt
from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.background import JOBS, CancelledError, Job, Progress
from app.lex.browse import PatientChoice, browse
from app.lex.gui.beams_step import BeamsStep
from app.lex.gui.checking import Checking
from app.lex.gui.checks_step import ChecksStep
from app.lex.gui.chosen import Chosen, in_words, read_plan
from app.lex.gui.entering import Entering
from app.lex.gui.fetching import Fetching
from app.lex.gui.fix_panel import FixPanel
from app.lex.gui.plan_step import PlanStep
from app.lex.gui.source_step import SourceStep
from app.lex.gui.step import Step
from app.lex.gui.treatment_step import TreatmentStep
from app.lex.gui.write_step import WriteStep
from app.lex.gui.writing import ReadBackFor, Writing
from app.lex.plan import Trial
from app.lex.treatment import rv_system_ids
from app.page import Page
from app.recognise import Kind
from core.errors import RemedyError
from core.layers import own_layers
from core.machines import machine_ids

FIX, BACK = "Repair an e&xport…", "Back to LE&X"
CANCELLED = "Reading was cancelled; choose the plan again."
PLAN_FILES = "Plans (*.dcm plan.Trial);;All files (*)"


class LexPage(Page):
    """Lead the dosimetrist through the transfer; refuse to go on while something is missing."""

    title = "LEX"
    help_page = "lex"

    def __init__(self, read_back: ReadBackFor) -> None:
        super().__init__()
        self.chosen: Chosen | None = None
        self._reading: Path | None = None
        self._opening: Job | None = None
        self.source_step = SourceStep()
        self.plan_step = PlanStep()
        self.beams_step = BeamsStep()
        self.treatment_step = TreatmentStep(machine_ids(), rv_system_ids())
        self.checks_step = ChecksStep()
        self.write_step = WriteStep(rv_system_ids())
        self.steps: tuple[Step, ...] = (
            self.source_step, self.plan_step, self.beams_step, self.treatment_step,
            self.checks_step, self.write_step,
        )  # fmt: skip
        self.fetching = Fetching(self, self.source_step.server_box, self.plan_step)
        self.entering = Entering(self, self.treatment_step, self.beams_step)
        self.checking = Checking(self, self.checks_step)
        self.writing = Writing(self, self.write_step, read_back, lambda: self.checking.checked)
        self._lay_out()
        self._connect()
        self._refresh()
        JOBS.start(
            self, "Reading the machine types", lambda _progress: machine_ids(own_layers()),
            done=self.treatment_step.offer_machines,
            # With the share out of reach the shipped ones stay, and no transfer: checks say so.
            failed=lambda _fault: None,
        )  # fmt: skip

    # What the window asks for.

    def history(self) -> QUndoStack | None:
        """Return the steps of the treatment form while it is in view."""
        seen = self.stack.currentWidget() is self.treatment_step and self.jobs.currentIndex() == 0
        return self.entering.undoing.stack if seen else None

    def accepts(self, kind: Kind) -> bool:
        """Take every kind of plan source."""
        return kind in (
            Kind.DICOM, Kind.DICOM_FOLDER, Kind.PINNACLE, Kind.PINNACLE_PATIENT,
            Kind.PINNACLE_ROOT,
        )  # fmt: skip

    def open_path(self, path: Path) -> None:
        """List what there is to choose from at a source."""
        self.fix_button.setChecked(False)
        self.entering.await_demo(None)  # what is opened now is another plan
        self._drop_opening()

        def listed(progress: Progress) -> tuple[PatientChoice, ...]:
            found = tuple(browse(path))
            progress(1.0, "")  # what was cancelled meanwhile is not shown
            return found

        self._opening = JOBS.start(
            self, f"Opening {path.name}", listed,
            done=lambda patients: self._show_source(path, patients),
            failed=self._show_source_fault,
        )  # fmt: skip

    def _drop_opening(self) -> None:
        """Let what was opened last be what is shown, however slow the one before is."""
        if self._opening is not None:
            self._opening.drop()
        self._opening = None

    def open_demo(self, folder: Path) -> None:
        """Open the demonstration plan with its treatment data filled in."""
        self.open_path(folder / "dicom")
        self.entering.await_demo(folder / "treatment.toml")

    def state(self) -> dict[str, Any]:
        """Return the plan in hand and what was entered for it."""
        if self.chosen is None:
            return {}
        return {"plan": str(self.chosen.path), "entered": self.entering.kept()}

    def resume(self, state: Mapping[str, Any]) -> None:
        """Open the plan of an earlier run; every step is walked again, with its entries."""
        self.entering.await_kept(state["entered"])
        self.open_path(Path(state["plan"]))

    def tables_changed(self) -> None:
        """Take no result of the checks for one by the tables in force now."""
        checks, present = self.steps.index(self.checks_step), self.stack.currentIndex()
        self.checking.forget()  # those under way, too
        if present < checks:
            self._refresh()
        elif self.fix_button.isChecked():
            self.stack.setCurrentIndex(checks - 1)  # behind the repair of exports, which stays
            self._refresh()
        else:
            self.go(checks)

    def under_way(self) -> str:
        """Return what closing now would interrupt: the writing of the file."""
        return "a file is being written" if self.writing.busy else ""

    # Steps.

    def _lay_out(self) -> None:
        self.list = QListWidget()
        self.list.setObjectName("steps")
        self.list.setAccessibleName("Steps")
        self.list.setFixedWidth(210)
        self.list.ensurePolished()  # rows laid out before they have the style keep its lower ones
        self.stack = QStackedWidget()
        self.fix_panel = FixPanel()
        self.fix_button = QPushButton(FIX)
        self.fix_button.setCheckable(True)
        self.fix_button.setToolTip("Make the same repairs in an RTP-Connect file by a recipe")
        for number, step in enumerate(self.steps):
            self.list.addItem(QListWidgetItem(f"{number + 1}  {step.title}"))
            self.stack.addWidget(step)
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.note.setAccessibleName("What is missing")
        self.back_button = QPushButton("&Back")
        self.next_button = QPushButton("&Next")
        self.next_button.setDefault(True)
        buttons = QHBoxLayout()
        buttons.addWidget(self.note, 1)
        buttons.addWidget(self.back_button)
        buttons.addWidget(self.next_button)
        right = QVBoxLayout()
        right.addWidget(self.stack, 1)
        right.addLayout(buttons)
        left = QVBoxLayout()
        left.addWidget(self.list, 1)
        left.addWidget(self.fix_button)
        steps = QWidget()
        steps.setLayout(right)
        right.setContentsMargins(0, 0, 0, 0)
        self.jobs = QStackedWidget()
        self.jobs.addWidget(steps)
        self.jobs.addWidget(self.fix_panel)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 12, 16, 12)
        row.setSpacing(16)
        row.addLayout(left)
        row.addWidget(self.jobs, 1)

    def _connect(self) -> None:
        self.back_button.clicked.connect(lambda: self.go(self.stack.currentIndex() - 1))
        self.next_button.clicked.connect(lambda: self.go(self.stack.currentIndex() + 1))
        self.list.currentRowChanged.connect(self.go)
        for chosen in (self.list.itemClicked, self.list.itemActivated):
            chosen.connect(lambda _: self.fix_button.setChecked(False))
        self.fix_button.toggled.connect(self._show_fix)
        self.source_step.wanted.connect(self._ask_source)
        self.plan_step.plan_wanted.connect(self._read_plan)
        self.fetching.listed.connect(self._show_patients)
        self.fetching.copied.connect(lambda *_: self.entering.await_demo(None))
        self.fetching.copied.connect(self._read_plan)
        self.plan_step.choice_left.connect(self._forget_reading)
        self.plan_step.trial_chosen.connect(self._on_trial)
        self.entering.asked.connect(self._refresh)
        self.beams_step.changed.connect(self.checking.forget)
        self.treatment_step.changed.connect(self.checking.forget)
        self.checks_step.read_again.connect(self._again)
        self.write_step.write_wanted.connect(self._write)
        self.write_step.check_wanted.connect(self._check_written)
        self.write_step.system_wanted.connect(self._change_system)
        self.writing.changed.connect(self._refresh)
        self.writing.made.connect(self.opened)
        for step in self.steps:
            step.changed.connect(self._refresh)

    def _show_fix(self, wanted: bool) -> None:
        """Show the repair of exports in place of the steps, or the steps again."""
        self.fix_button.setText(BACK if wanted else FIX)
        self.jobs.setCurrentIndex(int(wanted))
        self._refresh()
        (self.fix_panel.recipe_button if wanted else self.list).setFocus()

    def reachable(self) -> int:
        """Return the last step that may be shown: the first one that is not complete."""
        for number, step in enumerate(self.steps):
            if step.missing():
                return number
        return len(self.steps) - 1

    def go(self, number: int) -> None:
        """Show a step, or the last one that can be reached before it."""
        self.fix_button.setChecked(False)
        checks = self.steps.index(self.checks_step)
        if number >= checks and self.reachable() == checks and self.checking.checked is None:
            self._prepare(number)
        number = max(0, min(number, self.reachable()))
        if number == self.steps.index(self.treatment_step):
            self.entering.show()
        if number == self.steps.index(self.write_step):
            self._show_records()
        self.stack.setCurrentIndex(number)
        self._refresh()

    def _refresh(self) -> None:
        reachable = self.reachable()
        present = self.stack.currentIndex()
        lacking = self.steps[present].missing()
        for number in range(self.list.count()):
            item = self.list.item(number)
            allowed = number <= reachable
            flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
            item.setFlags(flags if allowed else Qt.ItemFlag.NoItemFlags)
        self.list.blockSignals(True)
        self.list.setCurrentRow(present)
        if self.fix_button.isChecked():
            self.list.clearSelection()  # No step is shown; choosing any leads back.
        self.list.blockSignals(False)
        self.history_changed.emit()
        self.note.setText(f"Missing: {', '.join(lacking)}" if lacking else "")
        self.back_button.setEnabled(present > 0)
        self.next_button.setEnabled(not lacking and present < len(self.steps) - 1)
        self.next_button.setVisible(present < len(self.steps) - 1)
        self.write_step.write_button.setEnabled(
            self.checking.checked is not None
            and not self.checks_step.missing()
            and self.write_step.may_write()
            and not self.writing.busy
        )

    # Source and plan.

    def _ask_source(self, what: str) -> None:
        if what == "file":
            path = self.ask_for_file("Open plan", PLAN_FILES)
        else:
            path = self.ask_for_folder("Open plan folder")
        if path is not None:
            self.open_path(path)

    def _show_source(self, path: Path, patients: Sequence[PatientChoice]) -> None:
        self._opening = None
        self.fetching.forget()
        self.opened.emit(path)
        self._show_patients(str(path), patients)

    def _show_patients(self, place: str, patients: Sequence[PatientChoice]) -> None:
        self._drop_opening()
        self.chosen = self._reading = self.writing.written = None
        self.checking.forget()
        plans = sum(len(patient.plans) for patient in patients)
        found = f"Patients: {len(patients)}" + (f"   Plans: {plans}" if plans else "")
        self.source_step.show_source(place, found)
        self.plan_step.show_patients(patients)
        self.go(1)

    def _show_source_fault(self, fault: Exception) -> None:
        self._opening = None
        self.source_step.show_fault(in_words(fault))
        if not isinstance(fault, CancelledError):  # whoever stopped it stays there
            self.stack.setCurrentIndex(0)
            self._refresh()

    def _read_plan(self, path: Path) -> None:
        self._reading = path
        JOBS.start(
            self, f"Reading {path.name}", lambda progress: read_plan(path, progress),
            done=self._show_plan, failed=lambda fault: self._show_plan_fault(path, fault),
        )  # fmt: skip

    def _forget_reading(self) -> None:
        """Drop the answer under way: it belongs to a plan that is not chosen any more."""
        self._reading = None
        self.patient_changed.emit("")

    def _show_plan_fault(self, path: Path, fault: Exception) -> None:
        if path == self._reading:
            cancelled = isinstance(fault, CancelledError)
            self.plan_step.show_fault(CANCELLED if cancelled else in_words(fault))

    def _show_plan(self, chosen: Chosen) -> None:
        if chosen.path != self._reading:
            return
        self.chosen = chosen
        self.plan_step.show_trials(chosen.source.trials, chosen.trial)

    def _on_trial(self, trial: Trial) -> None:
        self.checking.forget()
        self.entering.take_trial(trial)
        self.beams_step.show_trial(trial)
        person = trial.person
        name = ", ".join(part for part in (person.last_name, person.first_name) if part)
        date = QDate.fromString(person.birth_date, "yyyyMMdd")
        date_words = date.toString(Qt.DateFormat.ISODate) if date.isValid() else person.birth_date
        born = f"   born {date_words}" if date_words else ""
        plan = f"   Plan {trial.plan_name or trial.name}"
        self.patient_changed.emit(f"{name or 'No name'}   ID {person.id or '-'}{born}{plan}")

    def _again(self) -> None:
        if self.chosen is not None:
            self.plan_step.ask_again()
            self.go(self.steps.index(self.plan_step if self.fetching.active else self.beams_step))

    # Checks and file.

    def _prepare(self, then: int) -> None:
        """Run the checks in the background, then show step `then` or the checks."""
        trial = self.plan_step.trial
        if trial is None:
            return
        try:
            treatment = self.entering.treatment(trial)
        except RemedyError:
            self.entering.ask_what_is_missing()
            return
        self.checking.run(trial, treatment, lambda: self.go(then))

    def _show_records(self) -> None:
        if self.checking.checked is not None:
            self.writing.show(self.checking.checked)

    def _write(self) -> None:
        if self.checking.checked is not None and self.chosen is not None:
            self.writing.write(self.checking.checked, self.chosen)

    def _change_system(self, system: str) -> None:
        """Write for another R&V system: checked anew, for names and limits are others."""
        self.treatment_step.choose_system(system)
        self.entering.when_read(lambda: self.go(self.steps.index(self.write_step)))

    def _check_written(self) -> None:
        if self.writing.written is not None:
            self.go_to_room.emit("Filter", *self.writing.written)
