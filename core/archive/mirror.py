"""Two archives that back each other up: what one lacks is sent, nothing is ever deleted (Y-04).

A side is ours (it tells digests of content by study, series and object) or any other server; of
such a one UIDs are compared, and contents only by fetching them (`deep`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from core.archive.archive import TakenIn
from core.archive.calls import Caller
from core.archive.client_confirm import outgoing_of
from core.archive.client_query import Query, content_told, querying
from core.archive.client_retrieve import get
from core.archive.client_web import Web
from core.archive.forward import send_to
from core.archive.ledger import Ledger
from core.archive.manifest import Manifest, manifest_of
from core.archive.nodes import Kind, Node
from core.archive.transfer import GOOD, Effort, Fate, Remote, Result

# Our archive tells no digest of a file that is no longer what was received.
DAMAGED_THERE = "damaged there"


class Direction(StrEnum):
    """Which side may receive."""

    BOTH = "both"
    PUSH = "push"
    PULL = "pull"


@dataclass(frozen=True, slots=True)
class Mirroring:
    """How two archives are brought together.

    Attributes:
        deep: Fetch what a server that tells no digests has under our UIDs, and compare contents.
        restore: Bring back what was on both sides once and is on one side no more.
        dry: Only report.

    """

    direction: Direction = Direction.BOTH
    deep: bool = False
    restore: bool = False
    dry: bool = False
    effort: Effort = field(default_factory=Effort)


@dataclass(frozen=True, slots=True)
class MirrorReport:
    """How two archives stood, and what was done; objects by their UIDs.

    Attributes:
        same: Objects of equal content on both sides.
        unchecked: Objects on both sides whose contents were not compared.
        here_only: Only here when the run began.
        there_only: Only there when the run began.
        differ: Other content under the same UID; both are kept, ours in its place.
        gone_here: Were on both sides once, are only there now; not brought back unasked.
        gone_there: The other way round.
        damaged_here: Our file is not what was received; not sent.
        sent: Results of what was sent.
        fetched: Results of what was fetched.

    """

    node: str
    same: int
    unchecked: int
    here_only: tuple[str, ...]
    there_only: tuple[str, ...]
    differ: tuple[str, ...]
    gone_here: tuple[str, ...]
    gone_there: tuple[str, ...]
    damaged_here: tuple[str, ...]
    sent: tuple[Result, ...]
    fetched: tuple[Result, ...]

    @property
    def is_equal(self) -> bool:
        """Whether both sides hold the same objects now, as far as was compared."""
        done = {one.sop_uid for one in (*self.sent, *self.fetched) if one.fate in GOOD}
        lacking = {*self.here_only, *self.there_only} - done
        return not (
            lacking or self.differ or self.gone_here or self.gone_there or self.damaged_here
        )

    def results(self) -> list[Result]:
        """Return what was done, and what somebody has to look at, as those of a transfer."""
        rows = [*self.sent, *self.fetched]
        told = {one.sop_uid for one in rows}
        for uids, fate, why in (
            (self.differ, Fate.QUARANTINED, "another content is there; ours stays in its place"),
            (self.gone_here, Fate.CANCELLED, "was on both sides once and is gone here"),
            (self.gone_there, Fate.CANCELLED, "was on both sides once and is gone there"),
            (self.damaged_here, Fate.FAILED, "our file is damaged, so it was not sent"),
        ):
            rows += [Result(uid, fate, why) for uid in uids if uid not in told]
        return rows

    def words(self) -> str:
        """Return the report as one line."""
        done = (*self.sent, *self.fetched)
        failed = sum(one.fate not in GOOD for one in done)
        counts = (
            (self.same, "same"), (self.unchecked, "same UID, content not compared"),
            (len(self.here_only), "only here"), (len(self.there_only), "only there"),
            (len(self.differ), "differ"), (len(self.gone_here), "gone here"),
            (len(self.gone_there), "gone there"), (len(self.damaged_here), "damaged here"),
            (sum(one.fate in GOOD for one in self.sent), "sent"),
            (sum(one.fate in GOOD for one in self.fetched), "fetched"), (failed, "failed"),
        )  # fmt: skip
        return ", ".join(f"{count} {name}" for count, name in counts if count) or "both are empty"

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {**asdict(self), "equal": self.is_equal}


@dataclass(frozen=True, slots=True)
class _There:
    """What the other side has: objects it named, and ours in branches of equal digest."""

    named: dict[str, Remote]
    equal: set[str]


def mirror(
    ledger: Ledger, caller: Caller, node: Node, how: Mirroring | None = None
) -> MirrorReport:
    """Bring our archive and another together; cut off, the next run goes on where it ended.

    Raises:
        RemedyError: The other side cannot be asked what it has.

    """
    means = how if how is not None else Mirroring()
    here = manifest_of(ledger)
    there = _web(node) if node.kind is Kind.WEB else _asked(caller, node, here)
    plan = _planned(ledger, node, here, there)
    if means.dry:
        return _report(node, here, plan, (), ())
    sent: list[Result] = []
    fetched: list[Result] = []
    if means.direction is not Direction.PULL:
        restored = plan.gone_there if means.restore else ()
        uids = [*plan.here_only, *restored]
        objects = outgoing_of(ledger.archive, [here.held[uid].one for uid in uids])
        sent = send_to(caller, node, objects, means.effort) if objects else []
    if means.direction is not Direction.PUSH and not means.effort.stop.is_set():
        fetched = _fetch(ledger, caller, node, means, _wanted(plan, means))
    _note(ledger, node, plan, [*sent, *fetched])
    report = _report(node, here, plan, sent, fetched)
    if not means.effort.stop.is_set():
        ledger.note_mirrored(node.title, report.words(), is_equal=report.is_equal)
    return report


@dataclass(frozen=True, slots=True)
class _Plan:
    same: tuple[str, ...]
    unchecked: tuple[Remote, ...]
    here_only: tuple[str, ...]
    there_only: tuple[Remote, ...]
    differ: tuple[Remote, ...]
    gone_here: tuple[Remote, ...]
    gone_there: tuple[str, ...]
    damaged: tuple[str, ...]


def _planned(ledger: Ledger, node: Node, here: Manifest, there: _There) -> _Plan:
    once = ledger.shared(node.title)
    damaged = {uid for uid, own in here.held.items() if not own.content}
    common = [one for uid, one in there.named.items() if uid in here.held and uid not in damaged]
    same = {
        one.sop_uid
        for one in common
        if (one.content or once.get(one.sop_uid, "")) == here.held[one.sop_uid].content
    }
    differ = [one for one in common if one.content and one.sop_uid not in same]
    other = {one.sop_uid for one in differ}
    there_too = {*there.named, *there.equal, *damaged}
    lacking_there = [uid for uid in here.held if uid not in there_too]
    lacking_here = [one for uid, one in there.named.items() if uid not in here.held]
    return _Plan(
        same=(*same, *there.equal),
        unchecked=tuple(one for one in common if one.sop_uid not in other | same),
        here_only=tuple(uid for uid in lacking_there if uid not in once),
        there_only=tuple(one for one in lacking_here if one.sop_uid not in once),
        differ=tuple(differ),
        gone_here=tuple(one for one in lacking_here if one.sop_uid in once),
        gone_there=tuple(uid for uid in lacking_there if uid in once),
        damaged=tuple(sorted(damaged)),
    )


def _wanted(plan: _Plan, how: Mirroring) -> list[Remote]:
    """Return what is fetched: what we lack, and other contents, which go to quarantine."""
    return [
        *plan.there_only, *plan.differ, *(plan.gone_here if how.restore else ()),
        *(plan.unchecked if how.deep else ()),
    ]  # fmt: skip


def _fetch(
    ledger: Ledger, caller: Caller, node: Node, how: Mirroring, wanted: list[Remote]
) -> list[Result]:
    if not wanted:
        return []

    def take(objects: Sequence[bytes], sender: str) -> list[TakenIn | OSError]:
        return ledger.archive.take_in_many(objects, "mirror", sender)

    if node.kind is Kind.WEB:
        return Web(node).get(wanted, take, how.effort)
    return get(caller, node, wanted, take, how.effort)


def _note(ledger: Ledger, node: Node, plan: _Plan, results: Iterable[Result]) -> None:
    """Remember what is on both sides, and the contents that were compared."""
    by_uid = {one.sop_uid: one.fate for one in results}
    both = [*plan.same, *(one.sop_uid for one in (*plan.unchecked, *plan.differ))]
    both += [uid for uid, fate in by_uid.items() if fate in (*GOOD, Fate.CHANGED)]
    compared = {uid for uid, fate in by_uid.items() if fate in GOOD} & {
        one.sop_uid for one in (*plan.unchecked, *plan.there_only, *plan.gone_here)
    }
    known = {*plan.same, *compared}
    rows = []
    for uid in dict.fromkeys(both):
        found = ledger.archive.index.instances("i.sop_uid = ?", uid)
        content = ledger.content_of(found[0]) if found and uid in known else ""
        rows.append((uid, content))
    ledger.note_shared(node.title, rows)


def _report(
    node: Node, here: Manifest, plan: _Plan, sent: Iterable[Result], fetched: Iterable[Result]
) -> MirrorReport:
    del here
    got = tuple(fetched)
    looked = {one.sop_uid: one.fate for one in got}
    other = [one.sop_uid for one in plan.unchecked
             if looked.get(one.sop_uid) is Fate.QUARANTINED]  # fmt: skip
    alike = [one.sop_uid for one in plan.unchecked if looked.get(one.sop_uid) is Fate.HERE]
    return MirrorReport(
        node=node.title,
        same=len(plan.same) + len(alike),
        unchecked=len(plan.unchecked) - len(alike) - len(other),
        here_only=plan.here_only,
        there_only=tuple(one.sop_uid for one in plan.there_only),
        differ=(*(one.sop_uid for one in plan.differ), *other),
        gone_here=tuple(one.sop_uid for one in plan.gone_here),
        gone_there=plan.gone_there,
        damaged_here=plan.damaged,
        sent=tuple(sent),
        fetched=got,
    )


# What the other side has.


def _web(node: Node) -> _There:
    found = {one.sop_uid: one for one in Web(node).instances()}
    return _There(found, set())


def _asked(caller: Caller, node: Node, here: Manifest) -> _There:
    with querying(caller, node) as query:
        if not query.is_ours:
            return _There({one.sop_uid: one for one in query.instances()}, set())
        return _ours(query, here)


def _ours(query: Query, here: Manifest) -> _There:
    """Go down only where digests differ: patient, study, series, object."""
    found = _There({}, set())
    patients = here.patients()
    under = here.sound(lambda one: one.patient_id)
    down = _Down(query, here, found)
    for person in query.ask("PATIENT"):
        id = str(person.get("PatientID") or "")
        if id and patients.get(id) == content_told(person) != "":
            found.equal.update(under.get(id, ()))
        else:
            down.into_patient(id)
    return found


class _Down:
    """The way down into what differs."""

    def __init__(self, query: Query, here: Manifest, found: _There) -> None:
        self.query, self.found = query, found
        self.studies, self.series = here.studies(), here.series()
        self.of_study = here.sound(lambda one: one.study_uid)
        self.of_series = here.sound(lambda one: (one.study_uid, one.series_uid))

    def into_patient(self, id: str) -> None:
        """Look at the studies of a patient; without an ID, at all there are."""
        for study in self.query.ask("STUDY", {"PatientID": id} if id else {}):
            uid = str(study.StudyInstanceUID)
            if self.studies.get(uid) == content_told(study) != "":
                self.found.equal.update(self.of_study.get(uid, ()))
            else:
                self.into_study(uid)

    def into_study(self, uid: str) -> None:
        """Look at the series of a study, and at the objects of those that differ."""
        for one in self.query.ask("SERIES", {"StudyInstanceUID": uid}):
            place = (uid, str(one.SeriesInstanceUID))
            if self.series.get(place) == content_told(one) != "":
                self.found.equal.update(self.of_series.get(place, ()))
            else:
                self.found.named.update(_images(self.query, place))


def _images(query: Query, place: tuple[str, str]) -> dict[str, Remote]:
    study, series = place
    rows = query.ask("IMAGE", {"StudyInstanceUID": study, "SeriesInstanceUID": series})
    return {
        str(one.SOPInstanceUID): Remote(
            str(one.SOPInstanceUID), str(one.get("SOPClassUID") or ""), series, study, "",
            content_told(one) or DAMAGED_THERE,
        )
        for one in rows
    }  # fmt: skip
