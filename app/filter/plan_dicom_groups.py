"""Fraction groups of a DICOM RT Plan: what each prescribes and what it books for each beam."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from app.filter.field import Prescription
from app.filter.plan_dicom_item import Item
from app.filter.plan_scale import cgy_of_gray


@dataclass(frozen=True, slots=True)
class Booking:
    """What one fraction group asks of one beam in every fraction."""

    site: str = ""
    meterset: Decimal | None = None
    dose_cgy: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """One fraction group.

    Attributes:
        bookings: By beam number.
        notes: Sentences on what could not be decided.

    """

    prescription: Prescription
    bookings: dict[int, Booking]
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Target:
    """One dose reference with a prescribed dose."""

    number: int | None
    name: str
    is_volume: bool
    dose_cgy: Decimal | None


def read_groups(plan: Item, beam_numbers: Sequence[int]) -> tuple[Group, ...]:
    """Return the fraction groups in file order, each with a site name of its own.

    Raises:
        UnreadableRecordError: A group names a beam the plan does not have, books a negative
            meterset, or has no fraction to give.

    """
    items = plan.items("FractionGroupSequence", "fraction group")
    targets = _targets(plan)
    groups: list[Group] = []
    for item in items:
        used = {group.prescription.site for group in groups}
        groups.append(_group(item, plan, targets, beam_numbers, used, alone=len(items) == 1))
    return tuple(groups)


def _targets(plan: Item) -> tuple[Target, ...]:
    return tuple(
        Target(
            item.whole("DoseReferenceNumber"),
            item.text("DoseReferenceDescription"),
            item.word("DoseReferenceStructureType") in ("SITE", "VOLUME"),
            _dose(item, "TargetPrescriptionDose"),
        )
        for item in plan.items("DoseReferenceSequence", "dose reference")
        if item.word("DoseReferenceType") == "TARGET"
    )


def _group(
    item: Item,
    plan: Item,
    targets: tuple[Target, ...],
    beam_numbers: Sequence[int],
    used: set[str],
    *,
    alone: bool,
) -> Group:
    number = item.whole("FractionGroupNumber")
    here = item.at(f"{plan.where}, fraction group {number}")
    fractions = here.whole("NumberOfFractionsPlanned")
    if fractions is not None and fractions < 1:
        raise here.fault("NumberOfFractionsPlanned", f"{fractions} fractions are planned")
    own = _own_targets(here, targets, alone=alone)
    name = here.text("FractionGroupDescription") or next((t.name for t in own if t.name), "")
    site = name or plan.text("RTPlanLabel")
    if site in used:
        site = f"{site} (group {number})"
    total_cgy, notes = _total(own, site)
    prescription = Prescription(
        site=site,
        total_cgy=total_cgy,
        fraction_cgy=total_cgy / fractions if total_cgy is not None and fractions else None,
        fractions=fractions,
        field_count=here.whole("NumberOfBeams"),
    )
    return Group(prescription, _bookings(here, site, beam_numbers), notes)


def _own_targets(group: Item, targets: tuple[Target, ...], *, alone: bool) -> tuple[Target, ...]:
    """Return the targets the group refers to; a lone group that refers to none has them all.

    A target volume is preferred to a point: points carry what the point receives.
    """
    references = group.items("ReferencedDoseReferenceSequence", "dose reference")
    numbers = {item.whole("ReferencedDoseReferenceNumber") for item in references}
    own = [target for target in targets if target.number in numbers or (alone and not numbers)]
    own = [target for target in own if target.dose_cgy is not None] or own
    return tuple([target for target in own if target.is_volume] or own)


def _total(targets: Sequence[Target], site: str) -> tuple[Decimal | None, tuple[str, ...]]:
    doses = {target.dose_cgy for target in targets} - {None}
    if len(doses) == 1:
        return doses.pop(), ()
    if not doses:
        return None, (f"The plan states no prescribed dose for {site}.",)
    levels = ", ".join(f"{dose:f}" for dose in sorted(d for d in doses if d is not None))
    return None, (f"{site} has targets of different prescribed dose ({levels} cGy).",)


def _bookings(group: Item, site: str, beam_numbers: Sequence[int]) -> dict[int, Booking]:
    items = group.items("ReferencedBeamSequence", "referenced beam")
    stated = group.whole("NumberOfBeams")
    if stated is not None and stated != len(items):
        raise group.fault("NumberOfBeams", f"{stated} beams are announced, {len(items)} listed")
    bookings: dict[int, Booking] = {}
    for item in items:
        number = item.whole("ReferencedBeamNumber")
        if number is None or number not in beam_numbers:
            raise group.fault("ReferencedBeamNumber", f"the plan has no beam {number}")
        if number in bookings:
            raise group.fault("ReferencedBeamNumber", f"beam {number} is listed twice")
        here = item.at(f"{group.where}, beam {number}")
        meterset, dose_cgy = here.number("BeamMeterset"), _dose(here, "BeamDose")
        if meterset is not None and meterset < 0:
            raise here.fault("BeamMeterset", f"the meterset {meterset} is negative")
        bookings[number] = Booking(site, meterset, dose_cgy)
    return bookings


def _dose(item: Item, keyword: str) -> Decimal | None:
    dose_gy = item.number(keyword)
    if dose_gy is None:
        return None
    if dose_gy < 0:
        raise item.fault(keyword, f"the dose {dose_gy} Gy is negative")
    return cgy_of_gray(dose_gy)
