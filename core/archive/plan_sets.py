"""RT plan sets: plan, structures, images, doses and records tied by what they refer to (Y-02).

DICOM gives studies and series no meaning in radiotherapy (PS3.3 A.86), so sets follow the
references in the objects; each link carries the evidence it rests on.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.archive.index import Instance
from core.findings import State

IMAGES = ("CT", "MR", "PT")
FULL_DOSES = ("PLAN", "MULTI_PLAN", "FRACTION", "")


class Evidence(StrEnum):
    """What a link rests on, strongest first."""

    REFERENCE = "named by its UID"
    FRAME = "same frame of reference"


@dataclass(frozen=True, slots=True)
class Link:
    """One object of a set, and why it belongs there."""

    instance: Instance
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about a set that a person should know."""

    state: State
    words: str


@dataclass(frozen=True, slots=True)
class PlanSet:
    """A plan with everything that belongs to it, or objects that no plan here refers to.

    Attributes:
        plan: None for a set without a plan.
        images: Slices that are here.
        slices_asked: Slices the structures refer to, here or not.
        remarks: What is missing, unapproved or doubled; empty for a complete set.

    """

    plan: Instance | None
    structures: tuple[Link, ...]
    images: tuple[Link, ...]
    doses: tuple[Link, ...]
    records: tuple[Link, ...]
    registrations: tuple[Link, ...]
    slices_asked: int
    remarks: tuple[Remark, ...]

    @property
    def label(self) -> str:
        """Label of the plan, else of the structures."""
        named = [self.plan] if self.plan is not None else [one.instance for one in self.structures]
        return next((one.rt.label for one in named if one.rt is not None and one.rt.label), "")

    @property
    def state(self) -> State:
        """Worst remark; PASS for a complete set."""
        order = list(State)
        return min((one.state for one in self.remarks), key=order.index, default=State.PASS)

    @property
    def instances(self) -> tuple[Instance, ...]:
        """Every object of the set, the plan first."""
        groups = (self.structures, self.images, self.doses, self.records, self.registrations)
        own = [] if self.plan is None else [self.plan]
        return tuple(dict.fromkeys([*own, *(link.instance for part in groups for link in part)]))


@dataclass(frozen=True, slots=True)
class _Person:
    """The objects of one person, by kind and by UID."""

    by_uid: dict[str, Instance]
    kinds: dict[str, list[Instance]]

    def named(self, uids: Iterable[str], kind: str) -> list[Instance]:
        found = (self.by_uid.get(uid) for uid in uids)
        return [one for one in found if one is not None and one.modality == kind]


def plan_sets(instances: Sequence[Instance]) -> list[PlanSet]:
    """Return the plan sets of one person's objects, then what no plan refers to."""
    kinds: dict[str, list[Instance]] = defaultdict(list)
    for one in instances:
        kinds[one.modality].append(one)
    person = _Person({one.sop_uid: one for one in instances}, kinds)
    sets = [_of_plan(plan, person) for plan in kinds["RTPLAN"]]
    used = {one.sop_uid for own in sets for one in own.instances}
    for structures in kinds["RTSTRUCT"]:
        if structures.sop_uid not in used:
            sets.append(_of_structures(structures, person))
            used |= {one.sop_uid for one in sets[-1].instances}
    sets += _orphans(kinds, used)
    return sets


def _orphans(kinds: Mapping[str, Sequence[Instance]], used: Container[str]) -> Iterable[PlanSet]:
    """Return a set of the doses, and one of the records and RT images, whose plan is not here."""
    doses = _left(kinds, ("RTDOSE",), used)
    if doses:
        words = f"{_counted(doses, 'dose', 'doses')} whose plan is not here"
        yield PlanSet(None, (), (), doses, (), (), 0, (Remark(State.WARNING, words),))
    records = _left(kinds, ("RTRECORD", "RTIMAGE"), used)
    if records:
        told = _counted(records, "record or RT image", "records and RT images")
        remark = Remark(State.WARNING, f"{told} whose plan is not here")
        yield PlanSet(None, (), (), (), records, (), 0, (remark,))


def _left(
    kinds: Mapping[str, Sequence[Instance]], wanted: Iterable[str], used: Container[str]
) -> tuple[Link, ...]:
    return tuple(
        Link(one, Evidence.REFERENCE)
        for kind in wanted
        for one in kinds.get(kind, ())
        if one.sop_uid not in used
    )


def _counted(links: Sequence[Link], one: str, many: str) -> str:
    return f"{len(links)} {one if len(links) == 1 else many}"


def _of_plan(plan: Instance, person: _Person) -> PlanSet:
    rt = plan.rt
    asked = rt.structures if rt is not None else ()
    structures = [Link(one, Evidence.REFERENCE) for one in person.named(asked, "RTSTRUCT")]
    if not asked and rt is not None and rt.frames:
        structures = [
            Link(one, Evidence.FRAME)
            for one in person.kinds["RTSTRUCT"]
            if one.rt is not None and set(one.rt.frames) & set(rt.frames)
        ]
    images, slices_asked = _images_of([one.instance for one in structures], person)
    doses = tuple(
        Link(one, Evidence.REFERENCE)
        for one in person.kinds["RTDOSE"]
        if (one.rt is not None and plan.sop_uid in one.rt.plans)
        or (rt is not None and one.sop_uid in rt.doses)
    )
    records = _referring(plan, person, ("RTRECORD", "RTIMAGE"))
    frames = {link.instance.frame_uid for link in images} - {""}
    registrations = tuple(
        Link(one, Evidence.FRAME)
        for one in person.kinds["REG"]
        if one.rt is not None and set(one.rt.frames) & frames
    )
    remarks = (
        *_about_structures(plan, structures),
        *_about_images(images, slices_asked, bool(structures)),
        *_about_doses(doses),
        *_about_plan(plan, person),
    )
    return PlanSet(
        plan, tuple(structures), images, doses, records, registrations, slices_asked, remarks
    )


def _of_structures(structures: Instance, person: _Person) -> PlanSet:
    images, asked = _images_of([structures], person)
    remarks = (Remark(State.INFO, "no plan"), *_about_images(images, asked, True))
    own = (Link(structures, Evidence.REFERENCE),)
    return PlanSet(None, own, images, (), (), (), asked, remarks)


def _images_of(structures: Sequence[Instance], person: _Person) -> tuple[tuple[Link, ...], int]:
    """Return the slices structures were drawn on, and how many they ask for."""
    facts = [one.rt for one in structures if one.rt is not None]
    uids = dict.fromkeys(uid for rt in facts for uid in rt.images)
    series = {uid for rt in facts for uid in rt.series}
    images = [one for kind in IMAGES for one in person.kinds[kind]]
    if uids:
        found = [person.by_uid[uid] for uid in uids if uid in person.by_uid]
        return tuple(Link(one, Evidence.REFERENCE) for one in found), len(uids)
    if series:
        found = [one for one in images if one.series_uid in series]
        return tuple(Link(one, Evidence.REFERENCE) for one in found), len(found)
    frames = {uid for rt in facts for uid in rt.frames}
    found = [one for one in images if one.frame_uid and one.frame_uid in frames]
    return tuple(Link(one, Evidence.FRAME) for one in found), len(found)


def _referring(plan: Instance, person: _Person, kinds: tuple[str, ...]) -> tuple[Link, ...]:
    return tuple(
        Link(one, Evidence.REFERENCE)
        for kind in kinds
        for one in person.kinds[kind]
        if one.rt is not None and plan.sop_uid in one.rt.plans
    )


def _about_structures(plan: Instance, structures: Sequence[Link]) -> Iterable[Remark]:
    asked = plan.rt.structures if plan.rt is not None else ()
    if not structures:
        words = "structures missing" if asked else "no structures"
        yield Remark(State.WARNING if asked else State.INFO, words)


def _about_images(images: Sequence[Link], asked: int, has_structures: bool) -> Iterable[Remark]:
    if not has_structures:
        return
    if not images:
        words = f"images missing (0 of {asked} slices)" if asked else "no images"
        yield Remark(State.WARNING, words)
    elif len(images) < asked:
        yield Remark(State.WARNING, f"{len(images)} of {asked} slices")


def _about_doses(doses: Sequence[Link]) -> Iterable[Remark]:
    if not doses:
        yield Remark(State.WARNING, "dose missing")
    elif not any(
        one.instance.rt is not None and one.instance.rt.summation.upper() in FULL_DOSES
        for one in doses
    ):
        yield Remark(State.INFO, "doses of single beams only")


def _about_plan(plan: Instance, person: _Person) -> Iterable[Remark]:
    rt = plan.rt
    if rt is None:
        return
    if rt.approval.upper() != "APPROVED":
        yield Remark(State.INFO, f"plan is {rt.approval.lower() or 'of untold approval'}")
    versions = [
        one
        for one in person.kinds["RTPLAN"]
        if one is not plan and one.rt is not None and rt.label and one.rt.label == rt.label
    ]
    if versions:
        count = len(versions)
        others = "1 other plan is" if count == 1 else f"{count} other plans are"
        words = f"{others} labelled {rt.label}"
        yield Remark(State.INFO, words)
