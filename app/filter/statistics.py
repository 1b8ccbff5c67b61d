"""How often each rule fired and was overridden, and with which reasons, as CSV (R-28, R-30).

Counted are reports of the log; a report on the same files by the same rules counts once, however
often it was opened.
"""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from app.filter.acknowledged import ACTION
from app.filter.checks_log import reports_on_record
from app.filter.ledger_log import recorded

TITLES = (
    "rule", "reports", "fired", "error", "warning", "not-run", "manual", "info", "acknowledged",
    "answered_yes", "answered_no", "reasons",
)  # fmt: skip


@dataclass(slots=True)
class RuleCount:
    """What became of one rule.

    Attributes:
        reports: Reports in which it fired.
        states: Findings by state.
        acknowledged: Findings that were acknowledged or answered.
        answers: Answers to its questions.
        reasons: Reasons as they were given, with how often.

    """

    reports: int = 0
    states: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)


def rule_counts() -> dict[str, RuleCount]:
    """Return the counts of every rule that has fired, by its name."""
    found: dict[str, RuleCount] = defaultdict(RuleCount)
    for entry in _different(reports_on_record()):
        rules = set()
        for words, count in entry.get("fired", {}).items():
            rule, _, state = str(words).rpartition(" ")
            found[rule].states[state] += int(count)
            rules.add(rule)
        for rule in rules:
            found[rule].reports += 1
    for entry in recorded(ACTION):
        for key in entry.get("findings", []):
            one = found[str(key[0])]
            one.acknowledged += 1
            one.reasons[str(entry.get("reason", ""))] += 1
            if entry.get("answer"):
                one.answers[str(entry["answer"])] += 1
    return dict(sorted(found.items()))


def statistics_csv() -> str:
    """Return one line per rule; reasons are parted by semicolons, the most frequent first."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(TITLES)
    for rule, one in rule_counts().items():
        writer.writerow(_line(rule, one))
    return text.getvalue()


def statistics_json() -> list[dict[str, Any]]:
    """Return the same rows as mappings."""
    return [
        dict(zip(TITLES, _line(rule, one), strict=True)) for rule, one in rule_counts().items()
    ]


def _line(rule: str, one: RuleCount) -> tuple[str | int, ...]:
    states = [one.states[name] for name in TITLES[3:8]]
    reasons = "; ".join(
        f"{reason} ({count})" if count > 1 else reason
        for reason, count in one.reasons.most_common()
    )
    answers = (one.answers["yes"], one.answers["no"])
    return (rule, one.reports, sum(states), *states, one.acknowledged, *answers, reasons)


def _different(entries: tuple[dict[str, Any], ...]) -> Iterator[dict[str, Any]]:
    seen = set()
    for entry in entries:
        digests = tuple(str(one[2]) or str(one[1]) for one in entry.get("sources", []))
        key = (digests, entry.get("rules"), str(sorted(entry.get("fired", {}).items())))
        if key not in seen:
            seen.add(key)
            yield entry
