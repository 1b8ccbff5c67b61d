"""Between the checks and their step: run in the background, shown in place, kept in the log."""

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.background import JOBS, CancelledError
from app.lex.gui.checks_step import ChecksStep
from app.lex.gui.chosen import in_words
from app.lex.plan import Trial
from app.lex.transfer import Transfer, prepare
from app.lex.treatment import Treatment
from core.findings import Finding, State


class Checking(QObject):
    """The result of the checks for the plan and the entries as they are now.

    Attributes:
        transfer: None until the checks have run, and again once something was changed.

    """

    def __init__(self, owner: QWidget, step: ChecksStep) -> None:
        super().__init__(owner)
        self._owner, self._step = owner, step
        self.transfer: Transfer | None = None

    def forget(self) -> None:
        """Drop the result of the checks: something has changed since."""
        self.transfer = None
        self._step.forget()

    def run(self, trial: Trial, treatment: Treatment, then: Callable[[], None]) -> None:
        """Check in the background; `then` is called once the result is on its page."""
        JOBS.start(
            self._owner, "Checking the plan", lambda _: prepare(trial, treatment),
            done=lambda transfer: self._show(transfer, then), failed=self._show_fault,
        )  # fmt: skip

    def _show(self, transfer: Transfer, then: Callable[[], None]) -> None:
        self.transfer = transfer
        self._step.show_findings(transfer.findings, transfer.not_checked)
        then()

    def _show_fault(self, fault: Exception) -> None:
        if isinstance(fault, CancelledError):
            return
        finding = Finding("LEX-OPEN", State.ERROR, in_words(fault))
        self._step.show_findings([finding], [])
