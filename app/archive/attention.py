"""What a person has to look at: quarantine, damage, what was refused, what could not be sent.

Nothing of it goes away by itself because time has passed; what was refused goes once a person says
that it was looked at.
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from app.archive.command import person_words
from core.archive.archive import Archive
from core.archive.index import Conflict
from core.archive.ledger import Ledger
from core.findings import State

MOST = 1000


class Matter(StrEnum):
    """Why somebody should look."""

    DAMAGED = "Damaged on the disk"
    UNSENT = "Could not be sent"
    MIRROR = "Mirror not equal"
    QUARANTINED = "Other content under a known UID"
    REFUSED = "Refused"


STATES = {
    Matter.DAMAGED: State.ERROR, Matter.UNSENT: State.ERROR, Matter.MIRROR: State.ERROR,
    Matter.QUARANTINED: State.WARNING,
    Matter.REFUSED: State.WARNING,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One thing to look at.

    Attributes:
        name: UID of the object, or the file's name.
        person: Whose it is, where that is known.
        when: Time it was noticed (ISO 8601, UTC); empty when not kept.
        source: Sender, rule or folder.
        conflict: For other content under a known UID.

    """

    matter: Matter
    name: str
    person: str
    when: str
    source: str
    why: str
    conflict: Conflict | None = None

    @property
    def state(self) -> State:
        """How bad it is."""
        return STATES[self.matter]


def look(archive: Archive) -> list[Row]:
    """Return everything a person has to look at, the worst first."""
    with closing(Ledger(archive)) as ledger:
        told = {digest: (what, at) for digest, what, at in ledger.damages()}
        rows = [
            Row(Matter.DAMAGED, one.sop_uid, _person(archive, "i.sop_uid = ?", one.sop_uid),
                told[one.digest][1], "", told[one.digest][0])
            for one in ledger.damaged()
        ]  # fmt: skip
        rows += [
            Row(Matter.UNSENT, *_object(archive, "i.sop_uid = ?", uid), at, f"rule {rule}", why)
            for rule, uid, _, why, at in ledger.not_forwarded()[:MOST]
        ]
        rows += [
            Row(Matter.MIRROR, one.node, "", one.at, "", one.words)
            for one in ledger.mirrored()
            if not one.is_equal
        ]
        rows += [
            Row(Matter.QUARANTINED, one.sop_uid, _person(archive, "i.sop_uid = ?", one.sop_uid),
                one.received, one.sender, "the first is kept as it is, this one beside it", one)
            for one in archive.conflicts()[:MOST]
        ]  # fmt: skip
        rows += [
            Row(Matter.REFUSED, name, "", at, sender, why)
            for name, sender, why, at in ledger.refused()[:MOST]
        ]
    return rows


def looked_at(archive: Archive, rows: Sequence[Row]) -> None:
    """Let go of the refusals among some rows: a person has looked at them; later ones stay."""
    with closing(Ledger(archive)) as ledger:
        ledger.forget_refused(
            (one.name, one.source, one.why, one.when) for one in rows
            if one.matter is Matter.REFUSED
        )  # fmt: skip


def _object(archive: Archive, where: str, value: str) -> tuple[str, str]:
    found = archive.index.instances(where, value)
    return (found[0].sop_uid if found else value), _person(archive, where, value)


def _person(archive: Archive, where: str, value: str) -> str:
    rows = archive.index.rows(
        "SELECT p.name, p.patient_id FROM instance i JOIN series r ON i.series = r.id"
        f" JOIN study s ON r.study = s.id JOIN patient p ON s.patient = p.id WHERE {where}",
        value,
    )
    return f"{person_words(rows[0]['name'])} ({rows[0]['patient_id']})" if rows else ""


def counts(rows: Sequence[Row]) -> dict[str, int]:
    """Return how many rows there are of each matter."""
    return {matter.name.lower(): sum(one.matter is matter for one in rows) for matter in Matter}


def to_json(rows: Sequence[Row]) -> dict[str, Any]:
    """Return plain values."""
    worst = State.PASS if not rows else rows[0].state
    return {"status": worst, "counts": counts(rows), "rows": [asdict(one) for one in rows]}


def in_text(rows: Sequence[Row]) -> str:
    """Return the rows for people."""
    if not rows:
        return "Nothing has to be looked at."
    return "\n".join(
        f"{one.matter}: {one.name}{f' of {one.person}' if one.person else ''}"
        f"{f' ({one.source})' if one.source else ''}: {one.why}"
        for one in rows
    )
