"""Where the two channels meet: LEX has written, the Filter reads it back. Only the frame knows."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from app.filter.delivery_forms import RULES
from app.filter.report import compare_report
from core.findings import Finding, State

NOT_WRITTEN = "F-CMP-BEAM"
FORMS = frozenset(RULES.values())


def reader_back(
    plan: Path,
    trial: str | None = None,
    beams: Collection[str] | None = None,
    expected: Collection[str] = (),
) -> Callable[[Path], Sequence[Finding]]:
    """Return the question LEX asks before a file gets its name.

    The answer is every difference the Filter finds between the file and the plan that LEX was
    asked to transfer; it uses its own readers for both (R-01). Warnings (names, notes) are left
    to the report: only errors keep the file from being written.

    Args:
        plan: The plan source, read again by the Filter.
        trial: Trial of a Pinnacle plan.
        beams: Names of the beams LEX was asked to write; None for all. A beam left out on purpose
            is not missed.
        expected: Forms of delivery LEX was asked for (`app.filter.delivery_forms`). In a file of
            the R&V system one that nobody declared is for the physicist to weigh; in a file that
            LEX has just written it is an error of LEX.

    """

    def read_back(written: Path) -> Sequence[Finding]:
        report = compare_report(written, plan, trial=trial, expected=expected)
        return [finding for finding in _errors(report.findings) if not _left_out(finding, beams)]

    return read_back


def _errors(findings: Sequence[Finding]) -> Iterator[Finding]:
    for finding in findings:
        if finding.state == State.ERROR:
            yield finding
        elif finding.state == State.WARNING and finding.rule in FORMS:
            yield replace(finding, state=State.ERROR)


def _left_out(finding: Finding, beams: Collection[str] | None) -> bool:
    return finding.rule == NOT_WRITTEN and beams is not None and finding.expected not in beams
