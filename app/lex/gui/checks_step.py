"""Step 5: what the checks say. LEX is no editor: a plan is cured at its source (L-22)."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton

from app.findings_view import FindingsView
from app.lex.gui.step import Step
from core.findings import Finding, NotChecked, State


class ChecksStep(Step):
    """Show findings; errors stop the writing, and only the planning system can cure them."""

    title = "Checks"
    guidance = (
        "Errors must be cured: in the planning system (then read the plan again) or in the "
        "treatment data of the step before."
    )
    read_again = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.view = FindingsView(with_passes=True)
        self.again_button = QPushButton("Read the plan again")
        self.again_button.clicked.connect(self.read_again)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.again_button)
        self.column.addWidget(self.view, 1)
        self.column.addLayout(row)
        self._errors: int | None = None

    def forget(self) -> None:
        """Drop the result: the plan or the treatment data have changed since."""
        self._errors = None

    def show_findings(
        self, findings: Sequence[Finding], not_checked: Sequence[NotChecked]
    ) -> None:
        """Show the result of the checks."""
        self._errors = sum(finding.state == State.ERROR for finding in findings)
        self.view.show_report(findings, not_checked)
        self.changed.emit()

    def missing(self) -> tuple[str, ...]:
        """Return the number of errors that still stand, or that the checks have not run."""
        if self._errors is None:
            return ("the result of the checks",)
        if not self._errors:
            return ()
        return (f"the cure of {self._errors} error{'s' if self._errors > 1 else ''}",)
