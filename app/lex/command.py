"""LEX from files alone, for the command line: plan and treatment data in, transfer file out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.lex.plan import Trial
from app.lex.sources import choose_trial, open_source
from app.lex.transfer import Transfer, TransferRefusedError, WrittenField, prepare, write
from app.lex.treatment import read_treatment
from core.findings import Finding, NotChecked, State, overall


@dataclass(frozen=True, slots=True)
class WriteReport:
    """What was written, what was found, and what nobody looked at.

    Attributes:
        out: The file; None when it was refused.
        refusal: Why it was refused, in one sentence; "" when it was written.
        options: What was done to segments, in words.

    """

    trial: str
    out: Path | None
    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...]
    fields: tuple[WrittenField, ...]
    refusal: str = ""
    options: tuple[str, ...] = ()

    @property
    def status(self) -> State:
        """Worst state, and never better than an error when nothing was written."""
        return State.ERROR if self.out is None else overall(self.findings)

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values for JSON."""
        return {
            "status": self.status.value,
            "written": None if self.out is None else str(self.out),
            "refused": self.refusal or None,
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
            "not_checked": [
                {"item": one.item, "why": one.why, "field": one.field} for one in self.not_checked
            ],
        }  # fmt: skip

    def as_text(self) -> str:
        """Return the report for a terminal: result, fields, what needs attention, limits."""
        head = f"Not written: {self.refusal}" if self.out is None else f"Written: {self.out}"
        lines = [f"{self.status.value.upper()}  {head}", f"Trial: {self.trial}"]
        lines += [f"Options: {', '.join(self.options)}"] if self.options else []
        lines.append("")
        lines += [
            f"  field {one.field_id:<5}  {one.mu:9.2f} MU  {one.points:3d} points  {one.beam}"
            for one in self.fields
        ]
        lines.append("")
        lines += [_in_words(one) for one in self.findings if one.state != State.PASS]
        passed = sum(one.state == State.PASS for one in self.findings)
        lines += [f"{passed} checks passed.", "", "Not checked:"]
        lines += [f"  {one.item}: {one.why}" for one in self.not_checked]
        return "\n".join(lines)


def write_from_files(
    plan: Path,
    treatment: Path,
    out: Path,
    read_back: Callable[[Path], Sequence[Finding]],
    trial: str | None = None,
) -> WriteReport:
    """Read plan and treatment data, check them, and write the transfer file.

    Args:
        plan: Any source `open_source` knows.
        treatment: A TREATMENT.toml file.
        out: File to write.
        read_back: As in `transfer.write`.
        trial: Trial to take; None takes the one the treatment data name, else the plan's own
            choice.

    Raises:
        RemedyError: Plan, treatment data or a description cannot be read. A plan that is read but
            refused is no error here: the report says so, and nothing is written.

    """
    entries = read_treatment(treatment)
    chosen = choose_trial(open_source(plan), trial or entries.trial)
    transfer = prepare(chosen, entries)
    try:
        findings = write(transfer, out, read_back)
    except TransferRefusedError as refused:
        return _report(chosen, transfer, refused)
    return WriteReport(
        chosen.name, out, findings, transfer.not_checked, transfer.fields, options=transfer.options
    )


def _report(chosen: Trial, transfer: Transfer, refused: TransferRefusedError) -> WriteReport:
    """Return the report of a transfer that was refused, with the other channel's findings."""
    more = tuple(one for one in refused.findings if one not in transfer.findings)
    return WriteReport(
        chosen.name,
        None,
        transfer.findings + more,
        transfer.not_checked,
        transfer.fields,
        str(refused),
        transfer.options,
    )


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
    return f"{finding.state.value:<8} {finding.rule}{place} {finding.message}{remedy}"
