"""Read a DICOM RT Plan (PS3.3 A.20): patient, fraction groups, beams.

Each fraction group becomes a prescription; a beam that two groups use stands in both, with the
monitor units of each.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from app.lex import dicom_devices as devices
from app.lex.dicom_file import open_dicom
from app.lex.dicom_items import Item
from app.lex.dicom_points import cm_from_mm, read_collimation, read_points, technique_of
from app.lex.plan import Beam, Device, Person, Point, Prescription, Trial
from core.errors import UnreadableFileError, UnsupportedPlanError

_ION_PLAN = "1.2.840.10008.5.1.4.1.1.481.8"
_TREATMENT = ("TREATMENT", "CONTINUATION", "")
_MODALITIES = {"PHOTON": "Xrays", "ELECTRON": "Elect"}
_AGAIN = "Correct the plan in the planning system and export it again."


@dataclass(frozen=True, slots=True)
class _Given:
    """What a fraction group says about one of its beams."""

    mu: float | None
    dose_cgy: float | None
    depth_cm: float | None
    point: Point | None


def read_dicom_plan(path: Path) -> Trial:
    """Return the plan in a DICOM RT Plan file, with or without preamble.

    Raises:
        UnreadableFileError: No RT Plan, cut off, or a value that cannot be; names beam, control
            point and keyword.
        UnsupportedPlanError: Brachytherapy, ions, or a collimator with two leaf layers.

    """
    plan = Item(open_dicom(path), path.name)
    _require_beam_plan(plan)
    beams, notes = _beams(plan)
    prescriptions, more = _prescriptions(plan, beams)
    sets = plan.items("ReferencedStructureSetSequence")
    position, setup_notes = _position(plan)
    return Trial(
        name=plan.first_text("RTPlanLabel", "RTPlanName") or path.stem,
        person=_person(plan),
        prescriptions=prescriptions,
        plan_name=plan.text("RTPlanName"),
        uid=plan.text("SOPInstanceUID"),
        structure_set_uid=sets[0].text("ReferencedSOPInstanceUID") if sets else "",
        frame_uid=plan.text("FrameOfReferenceUID"),
        position=position,
        system_maker=plan.text("Manufacturer"),
        system_model=plan.text("ManufacturerModelName"),
        system_version=plan.text("SoftwareVersions"),
        approved=plan.text("ApprovalStatus"),
        notes=tuple(notes + more + setup_notes),
    )


def _require_beam_plan(plan: Item) -> None:
    """Refuse what is no external beam plan of photons or electrons, in words."""
    modality = plan.text("Modality")
    if modality != "RTPLAN":
        raise UnreadableFileError(
            f"this is not a DICOM RT Plan; its modality is {modality or 'not stated'}",
            where=plan.where,
            remedy="Choose the RT Plan file of the export (often named RP...).",
        )
    reason = ""
    if plan.text("SOPClassUID") == _ION_PLAN or plan.items("IonBeamSequence"):
        reason = "this is an ion plan"
    elif plan.items("ApplicationSetupSequence"):
        reason = "this is a brachytherapy plan"
    if reason:
        raise UnsupportedPlanError(
            f"{reason}; LEX transfers photon and electron beams only",
            where=plan.where,
            remedy="Transfer this plan with the system made for it.",
        )


def _person(plan: Item) -> Person:
    """Return the patient; the parts of the name lie between circumflexes."""
    name = plan.text("PatientName").partition("=")[0]
    parts = [part.strip() for part in name.split("^")] + ["", "", ""]
    return Person(
        plan.text("PatientID"), parts[0], parts[1], parts[2], plan.text("PatientBirthDate")
    )


def _position(plan: Item) -> tuple[str, list[str]]:
    """Return the patient position of the set-ups; all of them must agree to count."""
    setups = plan.items("PatientSetupSequence")
    found = sorted({setup.text("PatientPosition") for setup in setups} - {""})
    if len(found) > 1:
        return "", [f"The plan has several patient positions ({', '.join(found)}); none is used."]
    return (found[0] if found else ""), []


def _beams(plan: Item) -> tuple[dict[int, Beam], list[str]]:
    """Return all beams by number, without their monitor units."""
    beams: dict[int, Beam] = {}
    notes: list[str] = []
    for item in plan.items("BeamSequence"):
        number = item.integer("BeamNumber")
        if number in beams:
            raise plan.fault(f"BeamNumber {number} stands twice")
        named = item.at(f"{plan.where}, beam {number} {item.text('BeamName')!r}")
        beams[number], more = _beam(named, number)
        notes += more
    if not beams:
        raise plan.fault("the plan has no beam (BeamSequence)")
    return beams, notes


def _beam(item: Item, number: int) -> tuple[Beam, list[str]]:
    """Return one beam; monitor units and dose come from the fraction group."""
    setup = item.text("TreatmentDeliveryType").upper() not in _TREATMENT
    if item.first_text("PrimaryDosimeterUnit") not in ("MU", "") and not setup:
        raise UnsupportedPlanError(
            f"PrimaryDosimeterUnit is {item.text('PrimaryDosimeterUnit')!r}, not MU",
            where=item.where,
            remedy="Plan this beam in monitor units.",
        )
    collimation = read_collimation(item)
    segments = read_points(item, collimation, with_mu=not setup)
    wedges, segments = devices.read_wedges(item, segments)
    blocks, cutout, notes = _blocks(item)
    extra = devices.other_accessories(item)
    if extra:
        notes.append(f"Beam {number}: accessory {', '.join(extra)} has no place in the file.")
    if any(wedge.kind == "virtual" for wedge in wedges) and technique_of(segments) != "Static":
        notes.append(
            f"Beam {number}: the plan draws its virtual wedge as a moving aperture as well."
        )
    isocentre_cm = _isocentre(item)
    if isocentre_cm is None and not setup:
        notes.append(f"Beam {number}: the plan gives no isocentre (IsocenterPosition).")
    sad_mm = item.maybe("SourceAxisDistance")
    beam = Beam(
        number=number,
        name=item.text("BeamName"),
        machine=item.text("TreatmentMachineName"),
        modality=_modality(item, setup=setup),
        energy=_energy(item, setup=setup),
        technique=technique_of(segments),
        mu=0.0,
        segments=segments,
        fff=_fff(item),
        sad_cm=None if sad_mm is None else cm_from_mm(sad_mm),
        leaf_axis=collimation.leaf_axis,
        leaf_edges_cm=collimation.edges_cm,
        isocentre_cm=isocentre_cm,
        note=item.text("BeamDescription"),
        wedges=wedges,
        blocks=blocks,
        boluses=devices.read_boluses(item),
        compensators=devices.read_compensators(item),
        applicator=devices.read_applicator(item),
        cutout=cutout,
        setup=setup,
    )
    return beam, notes


def _blocks(item: Item) -> tuple[tuple[Device, ...], Device | None, list[str]]:
    """Return photon blocks, or the cutout of an electron beam."""
    found = devices.read_blocks(item)
    if item.text("RadiationType") != "ELECTRON" or not found:
        return found, None, []
    apertures = [block for block in found if block.kind == "aperture"]
    if len(apertures) == 1 and len(found) == 1:
        return (), apertures[0], []
    note = f"{item.where}: the electron beam has {len(found)} blocks, not one cutout."
    return found, None, [note]


def _modality(item: Item, *, setup: bool) -> str:
    """Return the particle in the words of the transfer file."""
    kind = item.text("RadiationType")
    if kind in _MODALITIES:
        return _MODALITIES[kind]
    if setup:
        return "Xrays"
    raise UnsupportedPlanError(
        f"RadiationType is {kind!r}; LEX transfers photons and electrons only",
        where=item.where,
        remedy="Transfer this plan with the system made for it.",
    )


def _energy(item: Item, *, setup: bool) -> float:
    """Return the nominal energy (MV, MeV); it must stay the same over the beam."""
    points = item.items("ControlPointSequence")
    found = {value for point in points if (value := point.maybe("NominalBeamEnergy")) is not None}
    if len(found) == 1 and min(found) > 0:
        return found.pop()
    if setup and not found:
        return 0.0
    words = ", ".join(f"{value:g}" for value in sorted(found)) or "missing"
    raise item.fault(f"NominalBeamEnergy is {words}; one energy above zero is expected")


def _fff(item: Item) -> bool | None:
    """Return whether the beam is unflattened; None when the plan does not say."""
    modes = item.items("PrimaryFluenceModeSequence")
    if not modes:
        return None
    identifier = modes[0].text("FluenceModeID").upper()
    if modes[0].text("FluenceMode") == "NON_STANDARD":
        return identifier in ("", "FFF") or "FFF" in identifier
    return False


def _isocentre(item: Item) -> tuple[float, float, float] | None:
    """Return the isocentre in DICOM patient axes; it must not move during the beam."""
    points = item.items("ControlPointSequence")
    places = {place for point in points if (place := point.numbers("IsocenterPosition"))}
    if len(places) > 1:
        raise UnsupportedPlanError(
            "IsocenterPosition moves during the beam",
            where=item.where,
            remedy="Transfer this plan as DICOM straight to the R&V system.",
        )
    if not places:
        return None
    place_mm = places.pop()
    if len(place_mm) != 3:
        raise item.fault(f"IsocenterPosition has {len(place_mm)} values where 3 are expected")
    return cm_from_mm(place_mm[0]), cm_from_mm(place_mm[1]), cm_from_mm(place_mm[2])


def _prescriptions(
    plan: Item, beams: dict[int, Beam]
) -> tuple[tuple[Prescription, ...], list[str]]:
    """Return one prescription per fraction group, set-up beams of no group in the first."""
    groups = plan.items("FractionGroupSequence")
    if not groups:
        raise plan.fault("the plan has no FractionGroupSequence, so no beam has monitor units")
    label = plan.first_text("RTPlanLabel", "RTPlanName")
    used: set[int] = set()
    made = []
    notes: list[str] = []
    for place, group in enumerate(groups, start=1):
        where = group.at(f"{plan.where}, fraction group {group.text('FractionGroupNumber')}")
        given = _given(where, beams)
        used |= set(given)
        notes += [
            f"Beam {number} {beams[number].name!r} is a set-up beam; its {said.mu:g} MU are left "
            "out."
            for number, said in given.items()
            if beams[number].setup and said.mu
        ]
        name = label if place == 1 else f"{label} {place}"
        made.append(_prescription(plan, where, name, given, beams, alone=len(groups) == 1))
    free = [beam for number, beam in beams.items() if number not in used]
    extra = tuple(beam for beam in free if beam.setup)
    made[0] = replace(made[0], beams=made[0].beams + extra)
    return tuple(made), notes + [
        f"Beam {beam.number} {beam.name!r} is in no fraction group, so it has no MU and is left "
        "out."
        for beam in free
        if not beam.setup
    ]


def _given(group: Item, beams: dict[int, Beam]) -> dict[int, _Given]:
    """Return what the group says about each of its beams."""
    found: dict[int, _Given] = {}
    for item in group.items("ReferencedBeamSequence"):
        number = item.integer("ReferencedBeamNumber")
        if number not in beams:
            raise group.fault(f"ReferencedBeamNumber {number} is a beam the plan does not have")
        if number in found:
            raise group.fault(f"ReferencedBeamNumber {number} stands twice")
        mu = item.maybe("BeamMeterset")
        if mu is not None and mu < 0:
            raise group.fault(f"BeamMeterset of beam {number} is {mu:g}")
        dose_gy, depth_mm = item.maybe("BeamDose"), item.maybe("BeamDosePointDepth")
        found[number] = _Given(
            mu,
            None if dose_gy is None else dose_gy * 100.0,
            None if depth_mm is None else cm_from_mm(depth_mm),
            _dose_point(item),
        )
    return found


def _dose_point(item: Item) -> Point | None:
    """Return the point the dose of a beam is specified at: its place, or the reference's UID."""
    place = _place_cm(item, "BeamDoseSpecificationPoint")
    uid = item.text("ReferencedDoseReferenceUID")
    return Point(uid, place) if uid or place is not None else None


def _place_cm(item: Item, keyword: str) -> tuple[float, float, float] | None:
    """Return a place in DICOM patient axes; None when it is not there."""
    place_mm = item.numbers(keyword)
    if not place_mm:
        return None
    if len(place_mm) != 3:
        raise item.fault(f"{keyword} has {len(place_mm)} values where 3 are expected")
    return cm_from_mm(place_mm[0]), cm_from_mm(place_mm[1]), cm_from_mm(place_mm[2])


def _prescription(
    plan: Item,
    group: Item,
    name: str,
    given: dict[int, _Given],
    beams: dict[int, Beam],
    *,
    alone: bool,
) -> Prescription:
    """Return one fraction group as a prescription."""
    fractions = group.integer("NumberOfFractionsPlanned")
    if not 1 <= fractions <= 999:
        raise group.fault(f"NumberOfFractionsPlanned is {fractions}")
    own = tuple(_with_mu(group, beams[number], said) for number, said in given.items())
    fraction_cgy, total_cgy = _doses(plan, group, own, fractions, alone=alone)
    return Prescription(name, fractions, fraction_cgy, total_cgy, own)


def _with_mu(group: Item, beam: Beam, said: _Given) -> Beam:
    """Return the beam with the group's monitor units and dose; a set-up beam gets none."""
    if beam.setup:
        return beam
    if said.mu is None:
        raise group.fault(f"BeamMeterset of beam {beam.number} {beam.name!r} is missing or empty")
    return replace(
        beam,
        mu=said.mu,
        mu_per_fraction_source=f"BeamMeterset {said.mu:g} MU",
        dose_cgy=said.dose_cgy,
        depth_cm=said.depth_cm,
        dose_point=said.point,
    )


def _doses(
    plan: Item, group: Item, beams: Sequence[Beam], fractions: int, *, alone: bool
) -> tuple[float | None, float | None]:
    """Return dose per fraction and in total (cGy), or None where the plan does not say.

    The target's prescription holds when exactly one applies to the group; otherwise the dose
    per fraction is the sum of the beam doses, if every beam has one.
    """
    wanted = {
        item.integer("ReferencedDoseReferenceNumber")
        for item in group.items("ReferencedDoseReferenceSequence")
    }
    targets = [
        dose_gy
        for item in plan.items("DoseReferenceSequence")
        if item.text("DoseReferenceType") == "TARGET"
        and (alone or item.integer("DoseReferenceNumber") in wanted)
        and (dose_gy := item.maybe("TargetPrescriptionDose")) is not None
    ]
    if len(targets) == 1 and targets[0] > 0:
        total_cgy = targets[0] * 100.0
        return total_cgy / fractions, total_cgy
    doses = [beam.dose_cgy for beam in beams if not beam.setup]
    known = [dose for dose in doses if dose is not None]
    if not known or len(known) < len(doses):
        return None, None
    return sum(known), sum(known) * fractions
