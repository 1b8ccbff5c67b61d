"""Step 5: what the checks say. LEX is no editor: a plan is cured at its source (L-22)."""

from collections.abc import Collection, Iterable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSplitter

from app.findings_view import FindingsView
from app.lex.gui.reasons_box import ReasonsBox
from app.lex.gui.step import Step
from app.lex.policy import Policy, Reason, policy_of, unanswered
from app.lex.preview import in_words
from core.findings import Finding, NotChecked, State

NAMED = 3


class ChecksStep(Step):
    """Show findings; errors stop the writing, and only the planning system can cure them."""

    title = "Checks"
    guidance = (
        "Errors must be cured: in the planning system (then read the plan again) or in the "
        "treatment data of the step before. Warnings need a reason; it is kept in the log."
    )
    read_again = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.view = FindingsView(with_passes=True, item_words=in_words)
        self.reasons = ReasonsBox()
        self.earlier = QLabel()
        self.earlier.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.earlier.setWordWrap(True)
        self.again_button = QPushButton("Read the plan a&gain")
        self.again_button.clicked.connect(self.read_again)
        row = QHBoxLayout()
        row.addWidget(self.earlier, 1)
        row.addWidget(self.again_button)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.addWidget(self.view)
        split.addWidget(self.reasons)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        self.column.addWidget(split, 1)
        self.column.addLayout(row)
        self._errors: int | None = None
        self._open: tuple[Finding, ...] = ()
        self._stopping: Collection[str] = ()

    def forget(self) -> None:
        """Drop the result: the plan or the treatment data have changed since."""
        self._errors = None
        self._open = ()

    def show_findings(
        self,
        findings: Sequence[Finding],
        not_checked: Sequence[NotChecked],
        reasons: Iterable[Reason] = (),
        earlier: str = "",
        stopping: Collection[str] = (),
    ) -> None:
        """Show the result of the checks.

        Args:
            findings: All of them.
            not_checked: What nobody has looked at.
            reasons: What has been said to them already.
            earlier: What the log has of earlier checks of this plan, in one sentence.
            stopping: Rules that stop the file, as they were when it was checked.

        """
        self._errors = sum(finding.state == State.ERROR for finding in findings)
        self.view.show_report(findings, not_checked)
        self._stopping = stopping
        asked = [one for one in findings if policy_of(one, stopping) == Policy.ACK]
        # Equal findings are answered together: one row for them.
        self.reasons.show_findings(list(dict.fromkeys(asked)))
        self.earlier.setText(earlier)
        self.show_reasons(reasons)

    def show_reasons(self, reasons: Iterable[Reason]) -> None:
        """Show which findings have their reason by now."""
        given = tuple(reasons)
        self._open = unanswered(self.reasons.findings, given, self._stopping)
        self.reasons.show_reasons(given)
        self.changed.emit()

    def missing(self) -> tuple[str, ...]:
        """Return the errors that still stand, then the findings that have no reason."""
        if self._errors is None:
            return ("the result of the checks",)
        if self._errors:
            return (f"the cure of {self._errors} error{'s' if self._errors > 1 else ''}",)
        words = [f"a reason for {_in_short(one)}" for one in self._open]
        more = len(words) - NAMED
        return tuple(words[:NAMED]) + ((f"and for {more} more",) if more > 0 else ())


def _in_short(finding: Finding) -> str:
    """Return rule and field of a finding."""
    return f"{finding.rule} ({finding.field})" if finding.field else finding.rule
