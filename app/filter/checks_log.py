"""Every check on record: who, when, which files, by which rules, and all that was flagged (R-28).

Reports stand in a chained log of their own beside the one of what people did, so that the latter
stays short.
"""

import platform
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.filter.ledger_log import filter_folder
from app.filter.people import printed_name, read_record_rules
from app.filter.report import Report
from app.filter.rule_set import RuleSet, rule_set
from core.audit import LogError, append, entries
from core.findings import Finding, State, overall

ACTION = "report"
MOST = 500
"""Findings that are written out; all are counted by rule."""


def checks_file() -> Path:
    """Return the chained log of reports."""
    return filter_folder() / "checks.jsonl"


def on_record(report: Report, how: str) -> Report:
    """Put a report into the log, where the clinic's rules ask for it, and return it.

    Args:
        report: As it is shown.
        how: Where it was asked for: "window" or the command.

    Returns:
        The report; with a warning when the log could not be written, since nobody could later
        say that this check was made.

    """
    if not read_record_rules().reports:
        return report
    try:
        append(checks_file(), _entry(report, how))
    except LogError as fault:
        words = f"This check stands in no log: {fault.what}"
        row = Finding("F-LOG", State.WARNING, words, item="log", remedy=fault.remedy)
        findings = (*report.findings, row)
        return replace(report, findings=findings, status=overall(findings))
    return report


def batch_on_record(folder: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Put a run over many exports into the log: one entry with a short row per file.

    Raises:
        LogError: The log cannot be written.

    """
    if not read_record_rules().reports:
        return
    short = [[row["file"], row["status"], row["errors"], row["warnings"]] for row in rows]
    append(checks_file(), {
        "action": "batch", "folder": str(folder), "files": short, **_rules(rule_set()),
        "person": printed_name(), "station": platform.node(),
    })  # fmt: skip


def reports_on_record() -> tuple[dict[str, Any], ...]:
    """Return every report of the log, oldest first."""
    return tuple(one for one in entries(checks_file()) if one.get("action") == ACTION)


def _entry(report: Report, how: str) -> dict[str, Any]:
    rv = report.rv
    patient = rv.patient if rv is not None else None
    told = [one for one in report.findings if one.state != State.PASS]
    return {
        "action": ACTION, "how": how, "title": report.title, "status": report.status.value,
        "patient_id": patient.id if patient else "", "plan_id": rv.plan_id if rv else "",
        "patient_name": f"{patient.last_name}, {patient.first_name}" if patient else "",
        "sources": [[Path(one.path).name, one.path, one.sha256] for one in report.sources],
        "pairs": [[one.rv_field, one.plan_beam, one.deviation] for one in report.matches],
        "counts": Counter(one.state.value for one in told),
        "fired": Counter(f"{one.rule} {one.state.value}" for one in told),
        "flagged": [_row(one) for one in told[:MOST]], "not_written_out": len(told[MOST:]),
        "not_checked": list(dict.fromkeys(one.item for one in report.not_checked)),
        **_rules(report.rule_set), "person": printed_name(), "station": platform.node(),
    }  # fmt: skip


def _row(one: Finding) -> dict[str, Any]:
    return {
        "rule": one.rule, "state": one.state.value, "field": one.field, "item": one.item,
        "control_point": one.control_point, "message": one.message,
    }  # fmt: skip


def _rules(rules: RuleSet) -> dict[str, Any]:
    """Return the version, and which tables were not as shipped; older entries have no such."""
    return {"rules": rules.version, "not_as_shipped": [one.words for one in rules.own]}
