"""Between the treatment form and the plan: what is proposed, what is missing, files of entries."""

import ast
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.background import JOBS
from app.lex.field_ids import proposed_field_ids
from app.lex.gui.beams_step import BeamsStep
from app.lex.gui.treatment_step import TreatmentStep
from app.lex.gui.undoing import FormChange, Undoing
from app.lex.nomenclature import Nomenclature
from app.lex.offers import Described, described, offers_of
from app.lex.plan import Beam, Person, Trial
from app.lex.remembered import machine_type_of, remembered, rv_system_last, technique_of
from app.lex.rv_systems import DEFAULT, rv_system_ids
from app.lex.treatment import (
    Treatment,
    missing,
    parse_treatment,
    read_treatment_table,
    treatment_text,
)
from app.page import Page
from core.errors import RemedyError
from core.findings import State
from core.safe_write import write_whole

TREATMENT_FILES = "Treatment data (*.toml)"
FORM = "the form"
READING = "the clinic's names and machines are being read"
AS_LEFT = "As entered for this plan before another one was opened."
LAST_TIME, PLANNED, MAPPED = "last time's", "as planned", "by the map"


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
        self._kept: Mapping[str, Any] = {}
        self._left: dict[tuple[Person, str], Mapping[str, Any]] = {}
        self._holds: tuple[Person, str] | None = None  # whose entries stand in the form
        self._names = Nomenclature()
        self._list_fault = ""
        self._described: Described | None = None
        self._described_for: tuple[str, str | None] | None = None
        self._proposes = True
        self._choice: FormChange | None = None
        self._then: Callable[[], None] | None = None
        self.undoing = Undoing(step)
        step.load_wanted.connect(self._ask_file)
        step.save_wanted.connect(self._save)
        step.lists_wanted.connect(self._offer_anew)
        step.changed.connect(self.ask_what_is_missing)

    def take_trial(self, trial: Trial) -> None:
        """Begin with another trial; nothing counts as complete until the form was seen.

        Entries of the patient stay for the plan that is read again, or another trial of it, and
        come back with it: the couch stands elsewhere for another plan of the same person.
        """
        before = self._trial
        if before is not None and _whose(before) != _whose(trial):
            if self._holds is not None:
                self._left[self._holds] = self._step.values()
            self._holds = None
            self._trial = None  # the empty form asks for no lists
            self._step.forget_patient()
        self._trial = trial
        self._step.forget()
        self.undoing.clear()

    def kept(self) -> dict[str, Any]:
        """Return the entries and whose they are, for a run of the program after a crash."""
        if self._trial is None or self._holds is None:
            return {}
        return {"whose": _named(self._trial), "values": self._step.values()}

    def await_kept(self, kept: Mapping[str, Any]) -> None:
        """Fill the form with kept entries when it is shown next, if the same plan is chosen."""
        self._kept = kept

    def await_demo(self, file: Path | None) -> None:
        """Fill the form from a file the next time it is shown; None for no more."""
        self._demo = file

    def show(self) -> None:
        """Fill the form for the trial and the beams chosen."""
        if self._trial is None:
            return
        self._holds, self._then = _whose(self._trial), None
        self._choice = None
        self._described, self._described_for = None, None  # may have been changed meanwhile
        with self.undoing.unrecorded():
            self._fill(self._trial)
        self.ask_what_is_missing()

    def _fill(self, trial: Trial) -> None:
        self._step.file_said.say(State.INFO, "")
        self._step.show_trial(trial, self._beams.chosen())
        self._preselect()
        self._offer()
        left = self._left.pop(_whose(trial), None)
        if left is not None:
            self._take(left)
            self._step.file_said.say(State.INFO, AS_LEFT)
        if self._demo is not None:
            self.load(self._demo)
            self._demo = None
        if self._kept and self._kept["whose"] == _named(trial):
            self._take(self._kept["values"])
        self._kept = {}

    def when_read(self, then: Callable[[], None]) -> None:
        """Go on once the lists are read; not any more when the form is shown before."""
        if self._list_fault == READING:
            self._then = then
        else:
            then()

    def load(self, path: Path) -> None:
        """Fill the form from a TREATMENT.toml file; one that cannot be used changes nothing."""
        try:
            entries = read_treatment_table(path)
            parse_treatment(entries, path.name)
        except RemedyError as fault:
            self._step.file_said.say(State.ERROR, str(fault))
            return
        self._step.file_said.say(State.INFO, "")
        with self.undoing.together(f"loading of {path.name}"):
            self._take(entries)

    def _take(self, entries: Mapping[str, Any]) -> None:
        """Fill the form; what the entries leave empty stays so, when the lists come later too."""
        self._proposes = False
        self._step.set_values(entries)
        self._proposes = not self._waits

    def treatment(self, trial: Trial) -> Treatment:
        """Return what was entered; raises ClinicFileError when a box holds what cannot be."""
        entries = self._step.values()
        entries["beams"] = list(self._beams.chosen())
        entries["trial"] = trial.name
        return parse_treatment(entries, FORM)

    def ask_what_is_missing(self) -> None:
        """Let the headless check say what is missing, and show it."""
        if self._trial is None:
            return
        # While they are read, no box is wrong; the step is only not complete.
        about = "lists" if self._list_fault == READING else "rv_system"
        faults = {about: self._list_fault} if self._list_fault else {}
        try:
            lacking = missing(self._trial, self.treatment(self._trial))
        except RemedyError as fault:
            lacking = ()
            faults |= {_key(fault.where): fault.what}
        self._step.show_missing(lacking, faults)
        self.asked.emit()

    def _written(self) -> list[Beam]:
        chosen = self._beams.chosen()
        return [] if self._trial is None else [b for b in self._trial.beams if b.name in chosen]

    def _preselect(self) -> None:
        """Choose the machine type that was chosen last for the plan's machine, and its R&V."""
        planned = {beam.machine for beam in self._written()}
        known = machine_type_of(planned.pop()) if len(planned) == 1 else None
        if self._step.values().get("machine_type") is not None:
            return
        system = rv_system_last()
        if system in rv_system_ids():
            self._step.preselect("rv_system", system, LAST_TIME)
        if known in self._step.machine_types:
            self._step.preselect("machine_type", known, LAST_TIME)

    @property
    def _waits(self) -> bool:
        """Whether names and machine are being read."""
        return self._described is None and self._described_for is not None

    def _offer_anew(self) -> None:
        """Let the lists and proposals of another choice be one step with it.

        A step that is taken back has had its proposals.
        """
        before = self.undoing.last
        self._proposes = self._proposes and not self.undoing.restoring
        self._choice = None
        with self.undoing.together():
            self._offer()
        if self.undoing.last is not before:
            self._choice = self.undoing.last
        if not self._waits and not self.undoing.held:
            self._proposes = True

    def _offer(self) -> None:
        """Show the lists of the machine type and R&V system chosen, then what follows of them.

        They are read beside, once for each choice: the clinic's share may be slow. The step is
        not complete before, so that nothing is put into the form behind the user's back.
        """
        trial = self._trial
        if trial is None:
            return
        values = self._step.values()
        wanted = (values.get("rv_system", DEFAULT), values.get("machine_type"))
        if wanted == self._described_for:
            if self._described is not None:
                self._show_offers(trial, self._described)
            return
        self._described, self._described_for = None, wanted
        self._list_fault = READING

        def ended() -> None:
            self._proposes = True
            self.ask_what_is_missing()
            then, self._then = self._then, None
            if then is not None:
                then()

        def done(read: Described) -> None:
            if self._trial is trial and self._described_for == wanted:
                self._described = read
                with self.undoing.following(self._choice):
                    self._show_offers(trial, read)
                ended()

        def failed(fault: Exception) -> None:
            if self._trial is trial and self._described_for == wanted:
                self._described_for = None
                self._list_fault = str(fault)
                ended()

        JOBS.start(
            self._page, "Reading names and machines", lambda _progress: described(*wanted),
            done=done, failed=failed,
        )  # fmt: skip

    def _show_offers(self, trial: Trial, read: Described) -> None:
        lists = offers_of(read, self._written())
        self._list_fault = ""
        self._names = lists.names
        self._step.offer(lists)
        if self._proposes:
            self._step.propose(self._proposals(trial))
            self._step.propose_ids(self._proposed_ids(trial))

    def _proposals(self, trial: Trial) -> dict[str, tuple[Any, str]]:
        """Return what the map or the last plan of this kind proposes, and which of them."""
        machines = self._names.machines
        found: dict[str, tuple[Any, str]] = {}
        planned = {beam.machine for beam in self._written()}
        name = planned.pop() if len(planned) == 1 else ""
        called = machines.of(name) if name else None
        if called is not None:
            found["machine"] = (called[: machines.longest], PLANNED)
        machine_type = self._step.values().get("machine_type")
        if machine_type is not None:
            kept = remembered(machine_type, technique_of(trial, self._beams.chosen()))
            found |= {key: (value, LAST_TIME) for key, value in kept.items()}
        if name in machines.names:
            found["machine"] = (machines.names[name], MAPPED)
        return found

    def _proposed_ids(self, trial: Trial) -> dict[str, str]:
        """Return the field IDs of the clinic's rule, as if none had been entered."""
        entries = self._step.values() | {"fields": {}, "beams": list(self._beams.chosen())}
        try:
            treatment = parse_treatment(entries, FORM)
        except RemedyError:
            return {}
        return proposed_field_ids(trial, treatment, self._names.field_ids)

    def _ask_file(self) -> None:
        path = self._page.ask_for_file("Load treatment data", TREATMENT_FILES)
        if path is not None:
            self.load(path)

    def _save(self) -> None:
        path = self._page.ask_for_new_file(
            "Keep treatment data", "treatment.toml", TREATMENT_FILES
        )
        if path is None:
            return
        try:
            write_whole(path, treatment_text(self._step.values()).encode())
        except OSError as fault:
            words = f"{path.name} was not kept: {fault.strerror or fault}."
            self._step.file_said.say(State.ERROR, words)
        else:
            self._step.file_said.say(State.INFO, f"Kept as {path}")


def _key(where: str) -> str:
    """Return the key of the box an error speaks of, from its place in words."""
    parts = where.removeprefix(f"{FORM}, ").split(", ")
    return ".".join(_bare(part) for part in parts)


def _bare(part: str) -> str:
    """Return a name without the quotes it is told in."""
    try:
        return str(ast.literal_eval(part))
    except (ValueError, SyntaxError):
        return part


def _named(trial: Trial) -> list[str]:
    """Return patient and plan as kept values that another run compares."""
    return [trial.person.id, trial.person.last_name, trial.plan_name, trial.name]


def _whose(trial: Trial) -> tuple[Person, str]:
    """Return whose plan it is and what it is called; its UID changes with each correction."""
    return trial.person, trial.plan_name
