"""Between the steps and the planning server: patients, plans and copies come in the background."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from app.background import JOBS, CancelledError, Job, Progress
from app.lex.browse import PatientChoice, PlanChoice
from app.lex.gui.chosen import in_words
from app.lex.gui.plan_step import PlanStep
from app.lex.gui.server_box import ServerBox
from app.lex.passwords import keep_password, stored_password
from app.lex.planning_server import copy_plans, list_patients, list_plans
from app.lex.servers import Server
from core.errors import RemedyError
from core.findings import State

CANCELLED = "Cancelled; nothing was kept."
# Whoever walks down a list with the arrow keys does not want every plan on the way.
REST_MS = 300


@dataclass(frozen=True, slots=True)
class Connected:
    """A server that let us in.

    Attributes:
        password: Kept in memory while this source is open.
        note: Why the password was not put into the store; "" when all went well.

    """

    server: Server
    password: str
    patients: tuple[PatientChoice, ...]
    note: str = ""


def log_in(server: Server, typed: str, *, keep: bool, progress: Progress) -> Connected:
    """List the patients of a server. Runs off the GUI thread.

    Raises:
        RemedyError: No password is at hand, or the server does not answer as it should.

    """
    password = typed or (stored_password(server) if server.needs_password else "")
    if password is None:
        raise RemedyError(
            "no password was entered, and none is kept", where=server.words, remedy="Enter it."
        )
    patients = list_patients(server, password, progress)
    note = ""
    if keep and typed:
        try:
            keep_password(server, typed)
        except RemedyError as fault:
            note = str(fault)
    return Connected(server, password, patients, note)


class Fetching(QObject):
    """What the LEX page asks of a planning server; at most one thing at a time.

    Signals:
        listed: Words for the server and its patients.
        copied: Local plan folder, whole and proven.

    """

    listed = Signal(str, object)
    copied = Signal(Path)

    def __init__(self, owner: QWidget, box: ServerBox, plans: PlanStep) -> None:
        super().__init__(owner)
        self._owner, self._box, self._plans = owner, box, plans
        self._connected: Connected | None = None
        self._job: Job | None = None
        self._next: Callable[[], None] | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._start_next)
        box.connect_wanted.connect(self._log_in)
        box.progress.cancelled.connect(self._cancel_login)
        plans.choice_left.connect(self.stop)
        plans.patient_wanted.connect(lambda one: self._after_rest(lambda: self._ask_plans(one)))
        plans.copy_wanted.connect(lambda one: self._after_rest(lambda: self._copy(one)))
        plans.progress.cancelled.connect(self._cancel_copy)

    @property
    def active(self) -> bool:
        """Whether the plans on the page come from a server."""
        return self._connected is not None

    def forget(self) -> None:
        """Leave the server: a plan from elsewhere was opened."""
        self.stop()
        self._connected = None

    def stop(self) -> None:
        """Stop what is under way and drop its answer."""
        self._rest.stop()
        self._next = None
        if self._job is not None:
            self._job.drop()
            self._job = None
        self._box.progress.hide()
        self._plans.progress.hide()

    def _log_in(self, server: Server, typed: str, keep: bool) -> None:
        self.stop()
        self._box.begin(f"Connecting to {server.name}")
        self._start(
            f"Listing the patients of {server.name}",
            lambda progress: log_in(server, typed, keep=keep, progress=progress),
            done=self._show_connected,
            failed=self._box.fail,
            progressed=self._box.progress.show_share,
            dropped=self._cancel_login,
        )

    def _show_connected(self, found: Connected) -> None:
        self._connected = found
        self._box.end(State.WARNING, found.note)
        self.listed.emit(found.server.words, found.patients)

    def _cancel_login(self) -> None:
        self.stop()
        self._box.end(State.INFO, CANCELLED)

    def _after_rest(self, work: Callable[[], None]) -> None:
        """Do the work when no other choice follows at once."""
        self.stop()
        self._next = work
        self._rest.start()

    def _start_next(self) -> None:
        if self._next is not None:
            self._next()

    def _ask_plans(self, patient: PatientChoice) -> None:
        where = self._connected
        if where is None:
            return
        self._on_plan_step(
            f"Asking for the plans of {patient.name}",
            lambda progress: list_plans(where.server, where.password, patient, progress),
            self._plans.show_plans,
        )

    def _copy(self, plan: PlanChoice) -> None:
        where = self._connected
        if where is None:
            return
        self._on_plan_step(
            f"Copying {plan.name}",
            lambda progress: copy_plans(where.server, where.password, (plan,), progress),
            lambda folder: self.copied.emit(folder / plan.path),
        )

    def _cancel_copy(self) -> None:
        self.stop()
        self._plans.show_fault(CANCELLED)

    def _on_plan_step(
        self, title: str, work: Callable[[Progress], object], done: Callable[[Any], None]
    ) -> None:
        row = self._plans.progress

        def show(answer: object) -> None:
            row.hide()
            done(answer)

        def show_fault(fault: Exception) -> None:
            row.hide()
            self._plans.show_fault(in_words(fault))

        row.begin(title)
        self._start(
            title, work, done=show, failed=show_fault, progressed=row.show_share,
            dropped=self._cancel_copy,
        )  # fmt: skip

    def _start(
        self,
        title: str,
        work: Callable[[Progress], object],
        *,
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
        progressed: Callable[[float, str], None],
        dropped: Callable[[], None],
    ) -> None:
        # A job that was stopped answers nothing, so an answer is always that of the present one.
        def over(answer: object) -> None:
            self._job = None
            done(answer)

        def fallen(fault: Exception) -> None:
            self._job = None
            if isinstance(fault, CancelledError):
                dropped()
            else:
                failed(fault)

        self._job = JOBS.start(
            self._owner, title, work, done=over, failed=fallen, progressed=progressed
        )
