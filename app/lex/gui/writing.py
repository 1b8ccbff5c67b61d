"""Between the transfer and its file: shown, written and read back in the background."""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.background import JOBS
from app.lex.gui.chosen import Chosen, in_words, plan_for_the_filter
from app.lex.gui.write_step import WriteStep
from app.lex.plan import Trial
from app.lex.transfer import Transfer, write
from core.findings import Finding, State, overall

ReadBack = Callable[[Path], Sequence[Finding]]
ReadBackFor = Callable[[Path, str | None, Collection[str], tuple[str, ...]], ReadBack]


class Writing(QObject):
    """What the LEX page does on its last step.

    Attributes:
        busy: Whether a file is being written just now.
        written: The file written last, None for none.

    Signals:
        changed: A writing has begun or ended.
        made: A file was written.

    """

    changed = Signal()
    made = Signal(Path)

    def __init__(self, owner: QWidget, step: WriteStep, read_back: ReadBackFor) -> None:
        super().__init__(owner)
        self._owner, self._step, self._read_back = owner, step, read_back
        self.busy = False
        self.written: Path | None = None

    def show(self, transfer: Transfer, trial: Trial) -> None:
        """List what would be written, and propose a name."""
        rows = [
            (one.field_id, f"{one.mu:.2f}", str(one.points), one.beam, one.prescription)
            for one in transfer.fields
        ]
        self._step.show_fields(rows, Path.home() / f"{trial.person.id or 'plan'}.rtp")

    def write(
        self, transfer: Transfer, chosen: Chosen, trial: Trial, beams: Collection[str]
    ) -> None:
        """Write the file whose name stands in the step."""
        target = self._step.target()
        path, name = plan_for_the_filter(chosen, trial)
        back = self._read_back(path, name, beams, transfer.options)
        self.busy = True
        self.changed.emit()
        JOBS.start(
            self._owner, f"Writing {target.name}", lambda _: write(transfer, target, back),
            done=lambda findings: self._show_written(target, findings),
            failed=lambda fault: self._show_not_written(target, fault),
        )  # fmt: skip

    def _show_written(self, target: Path, findings: Sequence[Finding]) -> None:
        self.busy = False
        self.written = target
        words = f"{target} - read back by the Filter, no difference to the plan"
        state = overall(findings)
        self._step.show_result(state if state != State.ERROR else State.WARNING, words, [])
        self.made.emit(target)
        self.changed.emit()

    def _show_not_written(self, target: Path, fault: Exception) -> None:
        self.busy = False
        findings = getattr(fault, "findings", ())
        self._step.show_result(State.ERROR, f"{target.name}: {in_words(fault)}", findings)
        self.changed.emit()
