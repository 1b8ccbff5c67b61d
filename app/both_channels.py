"""Where the two channels meet: LEX has written, the Filter reads it back. Only the frame knows."""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from app.filter.report import compare_report
from core.findings import Finding, State

NOT_WRITTEN = "F-CMP-BEAM"


def reader_back(
    plan: Path,
    trial: str | None = None,
    beams: Collection[str] | None = None,
    options: tuple[str, ...] = (),
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
        options: What LEX was asked to do to segments, as `Transfer.options` says it. The Filter
            does not take it yet: a file with such a change differs from the plan and is refused.

    """
    del options

    def read_back(written: Path) -> Sequence[Finding]:
        report = compare_report(written, plan, trial=trial)
        return [
            finding
            for finding in report.findings
            if finding.state == State.ERROR and not _left_out(finding, beams)
        ]

    return read_back


def _left_out(finding: Finding, beams: Collection[str] | None) -> bool:
    return finding.rule == NOT_WRITTEN and beams is not None and finding.expected not in beams
