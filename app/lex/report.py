"""What LEX tells on the command line: checks made, file written or refused, as text and JSON."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.lex.policy import Policy, Reason, policy_of, unanswered
from app.lex.transfer import WrittenField
from core.findings import Finding, NotChecked, State, overall


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What was found, what nobody looked at, and what has still to be answered.

    Attributes:
        options: What was done to segments, in words.

    """

    trial: str
    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...]
    fields: tuple[WrittenField, ...]
    reasons: tuple[Reason, ...] = ()
    options: tuple[str, ...] = ()

    @property
    def status(self) -> State:
        """Worst state."""
        return overall(self.findings)

    @property
    def unanswered(self) -> tuple[Finding, ...]:
        """Findings that need a reason and have none."""
        return unanswered(self.findings, self.reasons)

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values for JSON."""
        return {
            "status": self.status.value,
            "trial": self.trial,
            "options": list(self.options),
            "fields": [
                {
                    "field_id": one.field_id, "beam": one.beam, "prescription": one.prescription,
                    "mu": one.mu, "points": one.points,
                }
                for one in self.fields
            ],
            "findings": [_in_json(finding) for finding in self.findings],
            "needs_a_reason": [_in_json(finding) for finding in self.unanswered],
            "acknowledged": [
                {**_in_json(one.finding), "reason": one.words} for one in self.reasons
            ],
            "not_checked": [
                {"item": one.item, "why": one.why, "field": one.field} for one in self.not_checked
            ],
        }  # fmt: skip

    def as_text(self) -> str:
        """Return the report for a terminal: result, fields, what needs attention, limits."""
        stops = sum(policy_of(one) == Policy.HARD for one in self.findings)
        asks = len(self.unanswered)
        head = f"Checked: {stops} stop the file, {asks} need a reason"
        return "\n".join(self._lines(f"{self.status.value.upper()}  {head}"))

    def _lines(self, head: str) -> list[str]:
        """Return the lines of the report under its first one."""
        lines = [head, f"Trial: {self.trial}"]
        lines += [f"Options: {', '.join(self.options)}"] if self.options else []
        lines.append("")
        lines += [
            f"  field {one.field_id:<5}  {one.mu:9.2f} MU  {one.points:3d} points  {one.beam}"
            for one in self.fields
        ]
        lines.append("")
        lines += [_in_words(one) for one in self.findings if one.state != State.PASS]
        lines += [f"acknowledged {one.finding.rule}: {one.words}" for one in self.reasons]
        passed = sum(one.state == State.PASS for one in self.findings)
        lines += [f"{passed} checks passed.", "", "Not checked:"]
        return lines + [f"  {one.item}: {one.why}" for one in self.not_checked]


@dataclass(frozen=True, slots=True)
class WriteReport(CheckReport):
    """The same, and what was written.

    Attributes:
        out: The file; None when it was refused.
        refusal: Why it was refused, in one sentence; "" when it was written.

    """

    out: Path | None = None
    refusal: str = ""

    @property
    def status(self) -> State:
        """Worst state, and never better than an error when nothing was written."""
        return State.ERROR if self.out is None else overall(self.findings)

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values for JSON."""
        written = None if self.out is None else str(self.out)
        said = CheckReport.to_json(self)
        return {**said, "written": written, "refused": self.refusal or None}

    def as_text(self) -> str:
        """Return the report for a terminal."""
        head = f"Not written: {self.refusal}" if self.out is None else f"Written: {self.out}"
        return "\n".join(self._lines(f"{self.status.value.upper()}  {head}"))


def _in_json(finding: Finding) -> dict[str, Any]:
    """Return one finding as plain values."""
    return {
        "rule": finding.rule, "severity": finding.state.value, "field": finding.field,
        "control_point": finding.control_point, "item": finding.item,
        "expected": finding.expected, "found": finding.found, "unit": finding.unit,
        "message": finding.message, "remedy": finding.remedy,
    }  # fmt: skip


def _in_words(finding: Finding) -> str:
    """Return one finding as one line."""
    point = "" if finding.control_point is None else f" point {finding.control_point}"
    place = f" [{finding.field}{point}]" if finding.field else ""
    remedy = f" {finding.remedy}" if finding.remedy and finding.state != State.INFO else ""
    asks = " (needs a reason)" if policy_of(finding) == Policy.ACK else ""
    return f"{finding.state.value:<8} {finding.rule}{place}{asks} {finding.message}{remedy}"
