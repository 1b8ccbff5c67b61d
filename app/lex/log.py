"""What LEX keeps of every run: findings, reasons, files; never a patient's name (L-22).

The plan is named by patient ID, plan label and digest. Texts of the plan and the messages that
quote them stay out; a finding is kept as rule, place and numbers.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from app.lex.plan import Trial
from app.lex.policy import Reason
from core import audit
from core.findings import Finding, State
from core.paths import data_folder

_TEXTS = ("LEX-TEXT", "LEX-D7")


def log_file() -> Path:
    """Return the log of this user's LEX."""
    return data_folder() / "audit" / "lex.jsonl"


def plan_digest(trial: Trial) -> str:
    """Return the SHA-256 of the plan as it was read: equal for equal plans only."""
    return sha256(repr(trial).encode()).hexdigest()


def log_checks(
    trial: Trial, findings: Iterable[Finding], digests: Mapping[str, str] | None = None
) -> None:
    """Keep what the checks found in a plan; an earlier run of it stays in the log.

    Args:
        trial: The plan.
        findings: All findings.
        digests: SHA-256 of the clinic's own files that took part, by name.

    """
    found = [one for one in findings if one.state != State.PASS]
    _append("checks", trial, findings=[_row(one) for one in found], files=dict(digests or {}))


def log_reasons(trial: Trial, reasons: Iterable[Reason]) -> None:
    """Keep who went on in spite of which findings, and why."""
    for reason in reasons:
        _append("acknowledged", trial, **_row(reason.finding), reason=reason.words)


def log_written(trial: Trial, out: Path, data: bytes) -> None:
    """Keep that a file was written, with its digest."""
    _append("written", trial, file=str(out), file_sha256=sha256(data).hexdigest())


def earlier_runs(trial: Trial) -> tuple[dict[str, Any], ...]:
    """Return the earlier checks of this patient's plan of the same name, oldest first."""
    plan = {"patient_id": trial.person.id, "plan": trial.plan_name, "trial": trial.name}
    return tuple(
        entry
        for entry in audit.entries(log_file())
        if entry.get("event") == "checks" and plan.items() <= entry.items()
    )


def _append(event: str, trial: Trial, **more: object) -> None:
    """Add one entry about a plan."""
    audit.append(
        log_file(),
        {
            "event": event,
            "patient_id": trial.person.id,
            "plan": trial.plan_name,
            "trial": trial.name,
            "plan_sha256": plan_digest(trial),
            **more,
        },
    )


def _row(finding: Finding) -> dict[str, object]:
    """Return a finding without texts of the plan."""
    row: dict[str, object] = {
        "rule": finding.rule,
        "state": finding.state.value,
        "field": finding.field,
        "control_point": finding.control_point,
        "item": finding.item,
    }
    if finding.rule not in _TEXTS:
        row |= {"expected": finding.expected, "found": finding.found, "unit": finding.unit}
    return row
