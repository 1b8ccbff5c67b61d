"""Between the transfer and its file: shown, written and read back in the background."""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.background import JOBS
from app.lex.gui.checking import Checked
from app.lex.gui.chosen import Chosen, in_words, plan_for_the_filter
from app.lex.gui.write_step import WriteStep
from app.lex.log import log_written
from app.lex.remembered import remember
from app.lex.transfer import write
from core.errors import RemedyError
from core.findings import Finding, State, overall

BEFORE = "The transfer before this one"
ReadBack = Callable[[Path], Sequence[Finding]]
ReadBackFor = Callable[[Path, str | None, Collection[str], tuple[str, ...]], ReadBack]


def write_and_keep(
    checked: Checked, target: Path, back: ReadBack, source: Path, *, overwrite: bool
) -> tuple[tuple[Finding, ...], str]:
    """Write the file, then its place in the log and the defaults for the next plan.

    Returns:
        The findings, and one sentence if log or defaults could not be kept; the file is written.

    Raises:
        TransferRefusedError: As `app.lex.transfer.write`.

    """
    findings = write(checked.transfer, target, back, source=source, overwrite=overwrite)
    try:
        log_written(checked.trial, target, checked.transfer.data)
        remember(checked.trial, checked.treatment)
    except (RemedyError, OSError) as fault:
        return findings, in_words(fault)
    return findings, ""


class Writing(QObject):
    """What the LEX page does on its last step.

    Attributes:
        busy: Whether a file is being written just now.
        written: The file written last for the transfer in view and its plan, None for none.

    Signals:
        changed: A writing has begun or ended.
        made: A file was written.

    """

    changed = Signal()
    made = Signal(Path)

    def __init__(
        self,
        owner: QWidget,
        step: WriteStep,
        read_back: ReadBackFor,
        present: Callable[[], Checked | None],
    ) -> None:
        """Write for a page; `present` returns the transfer that is in hand now."""
        super().__init__(owner)
        self._present = present
        self._owner, self._step, self._read_back = owner, step, read_back
        self.busy = False
        self.written: tuple[Path, Path] | None = None
        self._late: tuple[State, str, Sequence[Finding], bool] | None = None

    def show(self, checked: Checked) -> None:
        """Show what would be written, and propose a name."""
        self.written = None
        name = f"{checked.trial.person.id or 'plan'}.rtp"
        system = checked.treatment.rv_system
        self._step.show_records(checked.records, system, Path.home() / name)
        if self._late is not None:
            state, words, findings, is_written = self._late
            self._step.show_result(state, words, findings, None, is_written=is_written)
            self._late = None

    def write(self, checked: Checked, chosen: Chosen) -> None:
        """Write the file whose name stands in the step."""
        target, overwrite = self._step.target(), self._step.replace.isChecked()
        path, name = plan_for_the_filter(chosen, checked.trial)
        back = self._read_back(path, name, checked.treatment.beams or (), checked.transfer.options)
        self.busy = True
        self.changed.emit()
        JOBS.start(
            self._owner, f"Writing {target.name}",
            lambda _: write_and_keep(checked, target, back, chosen.path, overwrite=overwrite),
            done=lambda done: self._show_written(checked, (target, path), *done),
            failed=lambda fault: self._show_not_written(checked, target, fault),
        )  # fmt: skip

    def _show_written(
        self, checked: Checked, written: tuple[Path, Path], findings: Sequence[Finding], note: str
    ) -> None:
        self.busy = False
        target = written[0]
        words = f"{target} - read back by the Filter, no difference to the plan"
        state = State.WARNING if note else overall(findings)
        words = f"{words}. {note}" if note else words
        if checked is self._present():
            self.written = written
            self._step.show_result(state, words, [], target)
        else:
            self._late = (state, f"{BEFORE}: {words}", [], True)
        self.made.emit(target)
        self.changed.emit()

    def _show_not_written(self, checked: Checked, target: Path, fault: Exception) -> None:
        self.busy = False
        findings = getattr(fault, "findings", ())
        words = f"{target.name}: {in_words(fault)}"
        if checked is self._present():
            self._step.show_result(State.ERROR, words, findings, None)
        else:
            self._late = (State.ERROR, f"{BEFORE}: {words}", findings, False)
        self.changed.emit()
