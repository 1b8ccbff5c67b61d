"""The forward rules without a window: what they say, what they have done, what they would do."""

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any

from core.archive.archive import Archive, Progress
from core.archive.forward import waiting_for
from core.archive.index import Instance
from core.archive.ledger import Ledger
from core.archive.rules import Rule
from core.archive.settings import ArchiveSettings
from core.findings import State


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule and what it has done.

    Attributes:
        when: What must be so, in words.
        then: What is done then, in words.
        sent: Objects it has sent.
        failed: Objects it could not send so far; they are tried again.

    """

    rule: Rule
    when: str
    then: str
    sent: int
    failed: int

    @property
    def state(self) -> State:
        """ERROR while something could not be sent."""
        return State.ERROR if self.failed else State.PASS if self.sent else State.INFO

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {**asdict(self), "state": self.state}


def rule_rows(archive: Archive, settings: ArchiveSettings) -> list[RuleRow]:
    """Return every rule with what it has done."""
    with closing(Ledger(archive)) as ledger:
        counts = ledger.forward_counts()
    return [RuleRow(one, *one.words(), *counts.get(one.name, (0, 0))) for one in settings.rules]


def rules_text(rows: Sequence[RuleRow]) -> str:
    """Return the rules for people."""
    if not rows:
        return "There are no rules: nothing is sent unasked."
    lines = []
    for one in rows:
        done = f"{one.sent} sent" + (f", {one.failed} NOT sent" if one.failed else "")
        lines += [f"{one.rule.name}", f"  IF    {one.when}", f"  THEN  {one.then}   ({done})"]
    return "\n".join(lines)


def would_send(archive: Archive, rule: Rule, progress: Progress | None = None) -> list[Instance]:
    """Return what a rule would send now; nothing is sent."""
    with closing(Ledger(archive)) as ledger:
        return waiting_for(ledger, rule, progress)


def would_send_words(wanted: Sequence[Instance]) -> str:
    """Return what a rule would send, for people."""
    if not wanted:
        return "Now it would send nothing."
    persons = len({one.patient_id for one in wanted})
    kinds = Counter(one.modality for one in wanted)
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    many = "1 object" if len(wanted) == 1 else f"{len(wanted)} objects"
    who = "1 person" if persons == 1 else f"{persons} persons"
    return f"Now it would send {many} of {who}: {told}."
