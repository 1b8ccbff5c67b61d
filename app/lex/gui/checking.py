"""Between the checks and their step: run in the background, shown in place, kept in the log."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QDateTime, QLocale, QObject, Qt
from PySide6.QtWidgets import QWidget

from app.background import JOBS
from app.lex.gui.checks_step import ChecksStep
from app.lex.gui.chosen import in_words
from app.lex.log import earlier_runs, log_checks, log_reasons
from app.lex.plan import Trial
from app.lex.policy import ReasonError, reason_for, stopping_rules
from app.lex.preview import Record, preview
from app.lex.transfer import Transfer, prepare
from app.lex.treatment import Treatment
from core.findings import Finding, State


@dataclass(frozen=True, slots=True)
class Checked:
    """The transfer of a trial with these entries.

    Attributes:
        records: The file to be, next to what the plan says.
        earlier: What the log had about this plan before.
        stopping: Rules that stopped a file when it was checked.

    """

    trial: Trial
    treatment: Treatment
    transfer: Transfer
    records: tuple[Record, ...]
    earlier: tuple[dict[str, Any], ...]
    stopping: frozenset[str]


def check_and_log(trial: Trial, treatment: Treatment) -> Checked:
    """Check a trial; what is found is in the log by then. Runs off the GUI thread.

    Raises:
        RemedyError: A description cannot be used, or the log cannot be written.

    """
    earlier = earlier_runs(trial)
    transfer = prepare(trial, treatment)
    log_checks(trial, transfer.findings)
    records = preview(trial, treatment, transfer)
    return Checked(trial, treatment, transfer, records, earlier, stopping_rules())


class Checking(QObject):
    """The result of the checks for the plan and the entries as they are now.

    Attributes:
        checked: None until the checks have run, and again once something was changed.

    """

    def __init__(self, owner: QWidget, step: ChecksStep) -> None:
        super().__init__(owner)
        self._owner, self._step = owner, step
        self.checked: Checked | None = None
        self._last: Checked | None = None
        self._asked: tuple[Trial, Treatment] | None = None
        step.reasons.given.connect(self._accept)

    def forget(self) -> None:
        """Drop the result of the checks: something has changed since."""
        self.checked = None
        self._asked = None
        self._step.forget()

    def run(self, trial: Trial, treatment: Treatment, then: Callable[[], None]) -> None:
        """Check in the background; `then` is called once the result is on its page."""
        self._asked = asked = (trial, treatment)
        JOBS.start(
            self._owner, "Checking the plan", lambda _: check_and_log(trial, treatment),
            done=lambda checked: self._show(asked, checked, then),
            failed=lambda fault: self._show_fault(asked, fault),
        )  # fmt: skip

    def _show(
        self, asked: tuple[Trial, Treatment], checked: Checked, then: Callable[[], None]
    ) -> None:
        if asked is not self._asked:
            return  # Something was changed in the meantime: the answer is to another question.
        transfer = checked.transfer
        if self._last is not None and self._last.trial is checked.trial:
            # The same plan with other entries: what was answered word for word stays answered.
            kept = [r for r in self._last.transfer.reasons if r.finding in transfer.findings]
            transfer = transfer.with_reasons(kept)
        self.checked = self._last = replace(checked, transfer=transfer)
        self._step.show_findings(
            transfer.findings,
            transfer.not_checked,
            transfer.reasons,
            earlier(checked.earlier),
            checked.stopping,
        )
        then()

    def _show_fault(self, asked: tuple[Trial, Treatment], fault: Exception) -> None:
        if asked is not self._asked:
            return
        finding = Finding("LEX-OPEN", State.ERROR, in_words(fault))
        self._step.show_findings([finding], [])

    def _accept(self, findings: Sequence[Finding], words: str) -> None:
        """Take a reason: it counts once it is in the log."""
        if self.checked is None:
            return
        trial, stopping = self.checked.trial, self.checked.stopping
        try:
            reasons = [reason_for(one, words, stopping) for one in findings]
        except ReasonError as fault:
            self._step.reasons.show_fault(str(fault))
            return

        def show(_: object) -> None:
            # The plan may be another one by now: a reason never goes over to it.
            if self.checked is not None and self.checked.trial is trial:
                transfer = self.checked.transfer.with_reasons(reasons)
                self.checked = self._last = replace(self.checked, transfer=transfer)
                self._step.show_reasons(transfer.reasons)

        JOBS.start(
            self._owner, "Keeping the reason in the log", lambda _: log_reasons(trial, reasons),
            done=show, failed=lambda fault: self._step.reasons.show_fault(in_words(fault)),
        )  # fmt: skip


def earlier(runs: Sequence[Mapping[str, Any]]) -> str:
    """Return in one sentence what the last check before found, "" without one (L-22)."""
    if not runs:
        return ""
    last = runs[-1]
    when = QDateTime.fromString(str(last.get("time", "")), Qt.DateFormat.ISODateWithMs)
    time = QLocale().toString(when.toLocalTime(), QLocale.FormatType.ShortFormat)
    rules = dict.fromkeys(
        f"{one.get('rule')} {one.get('field') or ''}".strip()
        for one in last.get("findings", ())
        if one.get("state") in (State.ERROR, State.WARNING)
    )
    found = ", ".join([*rules][:6]) + (", …" if len(rules) > 6 else "") or "nothing to cure"
    times = f"{len(runs)} time{'s' * (len(runs) != 1)}"
    return f"In the log: checked {times} before, last {time}: {found}."
