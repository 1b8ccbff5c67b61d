"""Restore drill: objects are fetched back from a backup and compared with ours (Y-13).

A backup that nobody has restored from is a hope. Nothing here or there is changed by a drill,
unless it is told to send the objects first.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

from core.archive.archive import Archive, TakenIn
from core.archive.calls import Caller
from core.archive.client_confirm import outgoing_of
from core.archive.client_retrieve import get
from core.archive.client_web import Web
from core.archive.content import content_digest
from core.archive.forward import send_to
from core.archive.index import Instance
from core.archive.ledger import UNREADABLE, Ledger, damage_of
from core.archive.nodes import Kind, Node
from core.archive.plan_sets import plan_sets
from core.archive.transfer import GOOD, Effort, Fate, Remote, Result
from core.errors import UnreadableFileError


class Proof(StrEnum):
    """What the drill has shown of one object."""

    EQUAL = "came back equal"
    DIFFERS = "came back with another content"
    LOST = "did not come back"
    UNSENT = "could not be sent"
    DAMAGED = "damaged here"


@dataclass(frozen=True, slots=True)
class Proven:
    """One object of a drill.

    Attributes:
        why: Reason for everything but EQUAL.

    """

    sop_uid: str
    proof: Proof
    why: str = ""


@dataclass(frozen=True, slots=True)
class DrillReport:
    """What a drill has shown.

    Attributes:
        seconds: From the first request to the last object back.

    """

    node: str
    objects: tuple[Proven, ...]
    seconds: float

    @property
    def is_proven(self) -> bool:
        """Whether every object came back equal, and there was one."""
        return bool(self.objects) and all(one.proof is Proof.EQUAL for one in self.objects)

    @property
    def equal(self) -> int:
        """How many came back equal."""
        return sum(one.proof is Proof.EQUAL for one in self.objects)

    def words(self) -> str:
        """Return the report as one line."""
        if not self.objects:
            return "nothing was drilled: the archive holds nothing of this"
        told = f"{self.equal} of {len(self.objects)} objects came back equal from {self.node}"
        others = [f"{count} {proof}" for proof in Proof if proof is not Proof.EQUAL
                  and (count := sum(one.proof is proof for one in self.objects))]  # fmt: skip
        return f"{'; '.join([told, *others])}; {self.seconds:.1f} s"

    def results(self) -> list[Result]:
        """Return the objects as those of a transfer."""
        return [
            Result(one.sop_uid, Fate.DONE)
            if one.proof is Proof.EQUAL
            else Result(one.sop_uid, Fate.FAILED, f"{one.proof}: {one.why}" if one.why
                        else one.proof.value)
            for one in self.objects
        ]  # fmt: skip


def drawn(archive: Archive, persons: int) -> list[Instance]:
    """Return the plan sets of some persons drawn by lot; all objects of one who has no set."""
    rows = archive.index.rows("SELECT id FROM patient ORDER BY RANDOM() LIMIT ?", persons)
    wanted: dict[str, Instance] = {}
    for row in rows:
        own = archive.instances_of_patient(row["id"])
        sets = [one for each in plan_sets(own) for one in each.instances]
        wanted |= {one.sop_uid: one for one in sets or own}
    return list(wanted.values())


def drill(
    ledger: Ledger, caller: Caller, node: Node, wanted: Sequence[Instance], *,
    resend: bool = False, effort: Effort | None = None,
) -> DrillReport:  # fmt: skip
    """Fetch objects back from another system and compare their contents with ours.

    Args:
        ledger: Of our archive; the drill is noted there.
        caller: How we introduce ourselves.
        node: The backup, or the planning system the objects would be restored to.
        wanted: Objects of our archive.
        resend: Send them there first: it stays with what it got.
        effort: How hard to try.

    """
    means = effort if effort is not None else Effort()
    begun = time.monotonic()
    found: dict[str, Proven] = {}
    ours: dict[str, str] = {}
    for one in wanted:
        damage = damage_of(ledger.archive, one)
        if damage:
            found[one.sop_uid] = Proven(one.sop_uid, Proof.DAMAGED, damage)
        else:
            ours[one.sop_uid] = ledger.content_of(one)
    sound = [one for one in wanted if one.sop_uid in ours]
    if resend and sound:
        sent = send_to(caller, node, outgoing_of(ledger.archive, sound), means)
        bad = [one for one in sent if one.fate not in (*GOOD, Fate.CHANGED)]
        found |= {one.sop_uid: Proven(one.sop_uid, Proof.UNSENT, one.why) for one in bad}
        sound = [one for one in sound if one.sop_uid not in found]
    with TemporaryDirectory(dir=ledger.archive.store.folder, prefix=".drill.") as name:
        found |= _back(Path(name), caller, node, sound, ours, means)
    report = DrillReport(
        node.title, tuple(found[one.sop_uid] for one in wanted), time.monotonic() - begun
    )
    if report.objects and not means.stop.is_set():
        ledger.note_drill(node.title, len(report.objects), report.equal, report.seconds)
    return report


def _back(
    folder: Path, caller: Caller, node: Node, sound: Sequence[Instance], ours: dict[str, str],
    effort: Effort,
) -> dict[str, Proven]:  # fmt: skip
    """Return what came back, compared with ours."""
    if not sound:
        return {}
    with fetched_apart(folder, caller, node, sound, effort) as (scratch, results):
        return {one.sop_uid: _compared(scratch, one, ours[one.sop_uid]) for one in results}


@contextmanager
def fetched_apart(
    folder: Path, caller: Caller, node: Node, wanted: Sequence[Instance], effort: Effort
) -> Iterator[tuple[Archive, list[Result]]]:
    """Fetch objects of another system into an archive of their own, in an empty folder."""
    scratch = Archive(folder)
    try:

        def take(objects: Sequence[bytes], sender: str) -> list[TakenIn | OSError]:
            return scratch.take_in_many(objects, "drill", sender)

        asked = [Remote(one.sop_uid, one.sop_class, one.series_uid, one.study_uid, one.patient_id)
                 for one in wanted]  # fmt: skip
        yield (
            scratch,
            (
                Web(node).get(asked, take, effort)
                if node.kind is Kind.WEB
                else get(caller, node, asked, take, effort)
            ),
        )
    finally:
        scratch.close()


def _compared(scratch: Archive, result: Result, ours: str) -> Proven:
    came = scratch.index.instances("i.sop_uid = ?", result.sop_uid)
    path = scratch.path_of(came[0]) if came else None
    if path is None:
        return Proven(result.sop_uid, Proof.LOST, result.why)
    try:
        theirs = content_digest(path)
    except UnreadableFileError:
        theirs = f"{UNREADABLE} {came[0].digest}"
    if theirs == ours:
        return Proven(result.sop_uid, Proof.EQUAL)
    return Proven(result.sop_uid, Proof.DIFFERS)
