"""RT Plan objects to the plan for display; a value the file lacks is None, never guessed."""

from collections.abc import Iterator
from dataclasses import replace

from pydicom.dataset import Dataset

from core.dicom.files import Item, read_whole
from core.dicom.plan import (
    LEAVES_ALONG_X,
    LEAVES_ALONG_Y,
    X_JAWS,
    Y_JAWS,
    Beam,
    Block,
    ControlPoint,
    FractionGroup,
    LeafBank,
    Plan,
    Prescription,
)
from core.dicom.values import items, maybe_float, maybe_int, numbers, text
from core.dose.geometry import Floats

TILTS = ("TableTopPitchAngle", "TableTopRollAngle", "TableTopEccentricAngle", "GantryPitchAngle")


def read_plan(item: Item) -> Plan:
    """Return a plan as far as it can be read; values that are missing are None.

    Raises:
        UnreadableFileError: The file is damaged.

    """
    data = read_whole(item)
    groups = items(data, "FractionGroupSequence")
    ions = items(data, "IonBeamSequence")
    setups = items(data, "PatientSetupSequence")
    positions = (text(one, "PatientPosition").upper() for one in setups)
    return Plan(
        item=item,
        label=text(data, "RTPlanLabel"),
        name=text(data, "RTPlanName"),
        intent=text(data, "PlanIntent"),
        approval=text(data, "ApprovalStatus"),
        date=text(data, "RTPlanDate"),
        geometry=text(data, "RTPlanGeometry").upper(),
        frame_uid=text(data, "FrameOfReferenceUID"),
        structure_uids=_references(data, "ReferencedStructureSetSequence"),
        dose_uids=_references(data, "ReferencedDoseSequence"),
        prescriptions=tuple(_prescription(one) for one in items(data, "DoseReferenceSequence")),
        groups=tuple(_group(one) for one in groups),
        beams=tuple(_beam(one, groups) for one in items(data, "BeamSequence")),
        brachy_setups=len(items(data, "ApplicationSetupSequence")),
        is_ion=bool(ions),
        patient_positions=tuple(dict.fromkeys(position for position in positions if position)),
    )


def _references(data: Dataset, keyword: str) -> tuple[str, ...]:
    return tuple(text(one, "ReferencedSOPInstanceUID") for one in items(data, keyword))


def _prescription(one: Dataset) -> Prescription:
    largest = maybe_float(one, "TargetMaximumDose")
    return Prescription(
        maybe_int(one, "DoseReferenceNumber"),
        text(one, "DoseReferenceDescription"),
        text(one, "DoseReferenceType").upper(),
        text(one, "DoseReferenceStructureType").upper(),
        maybe_int(one, "ReferencedROINumber"),
        maybe_float(one, "TargetPrescriptionDose"),
        maybe_float(one, "OrganAtRiskMaximumDose") if largest is None else largest,
    )


def _group(one: Dataset) -> FractionGroup:
    referenced = (
        maybe_int(beam, "ReferencedBeamNumber") for beam in items(one, "ReferencedBeamSequence")
    )
    return FractionGroup(
        maybe_int(one, "FractionGroupNumber"),
        maybe_int(one, "NumberOfFractionsPlanned"),
        tuple(number for number in referenced if number is not None),
    )


def _beam(one: Dataset, groups: list[Dataset]) -> Beam:
    number = maybe_int(one, "BeamNumber")
    meterset, dose = _meterset(number, groups)
    points = items(one, "ControlPointSequence")
    devices = items(one, "BeamLimitingDeviceSequence")
    applicators = items(one, "ApplicatorSequence")
    return Beam(
        number=-1 if number is None else number,
        name=text(one, "BeamName") or text(one, "BeamDescription"),
        kind=text(one, "BeamType").upper(),
        delivery=text(one, "TreatmentDeliveryType").upper(),
        radiation=text(one, "RadiationType").upper(),
        machine=text(one, "TreatmentMachineName"),
        source_axis_mm=maybe_float(one, "SourceAxisDistance"),
        meterset_mu=meterset,
        dose_gy=dose,
        leaf_banks=tuple(_leaf_banks(devices)),
        blocks=tuple(_blocks(one)),
        wedges=tuple(_wedge(wedge) for wedge in items(one, "WedgeSequence")),
        applicator=text(applicators[0], "ApplicatorID") if applicators else "",
        bolus=len(items(one, "ReferencedBolusSequence")),
        points=tuple(_control_points(points, meterset, _final_weight(one, points))),
        is_tilted=any(maybe_float(point, name) for point in points for name in TILTS),
    )


def _meterset(number: int | None, groups: list[Dataset]) -> tuple[float | None, float | None]:
    for group in groups:
        for beam in items(group, "ReferencedBeamSequence"):
            if number is not None and maybe_int(beam, "ReferencedBeamNumber") == number:
                return maybe_float(beam, "BeamMeterset"), maybe_float(beam, "BeamDose")
    return None, None


def _leaf_banks(devices: list[Dataset]) -> Iterator[LeafBank]:
    for device in devices:
        kind = text(device, "RTBeamLimitingDeviceType").upper()
        edges = numbers(device, "LeafPositionBoundaries")
        if kind in LEAVES_ALONG_X + LEAVES_ALONG_Y and edges is not None and len(edges) > 1:
            yield LeafBank(kind, edges)


def _blocks(beam: Dataset) -> Iterator[Block]:
    for block in items(beam, "BlockSequence"):
        points = numbers(block, "BlockData")
        if points is not None and len(points) >= 6 and len(points) % 2 == 0:
            kind = text(block, "BlockType").upper()
            yield Block(text(block, "BlockName"), kind, points.reshape(-1, 2))


def _wedge(one: Dataset) -> str:
    angle = maybe_float(one, "WedgeAngle")
    words = [text(one, "WedgeID"), text(one, "WedgeType").lower()]
    if angle is not None:
        words.append(f"{angle:g} deg")
    return " ".join(word for word in words if word)


def _final_weight(beam: Dataset, points: list[Dataset]) -> float | None:
    final = maybe_float(beam, "FinalCumulativeMetersetWeight")
    if final is None and points:
        final = maybe_float(points[-1], "CumulativeMetersetWeight")
    return final


def _control_points(
    points: list[Dataset], meterset: float | None, final: float | None
) -> Iterator[ControlPoint]:
    last: ControlPoint | None = None
    for place, one in enumerate(points):
        weight = maybe_float(one, "CumulativeMetersetWeight")
        known = meterset is not None and weight is not None and final is not None and final > 0
        mu = meterset * weight / final if known else None  # type: ignore[operator]  # all known
        now = _control_point(one, place, mu)
        last = now if last is None else _carried(last, now)
        yield last


def _control_point(one: Dataset, place: int, mu: float | None) -> ControlPoint:
    jaws: dict[str, Floats] = {}
    leaves: dict[str, Floats] = {}
    for device in items(one, "BeamLimitingDevicePositionSequence"):
        kind = text(device, "RTBeamLimitingDeviceType").upper()
        positions = numbers(device, "LeafJawPositions")
        if positions is None:
            continue
        if kind in X_JAWS + Y_JAWS and len(positions) == 2:
            jaws[kind] = positions
        elif kind in LEAVES_ALONG_X + LEAVES_ALONG_Y and len(positions) % 2 == 0:
            leaves[kind] = positions
    isocentre = numbers(one, "IsocenterPosition")
    wedges = {
        number: text(wedge, "WedgePosition").upper()
        for wedge in items(one, "WedgePositionSequence")
        if (number := maybe_int(wedge, "ReferencedWedgeNumber")) is not None
    }
    number = maybe_int(one, "ControlPointIndex")
    return ControlPoint(
        place if number is None else number, mu,
        maybe_float(one, "GantryAngle"), text(one, "GantryRotationDirection").upper(),
        maybe_float(one, "BeamLimitingDeviceAngle"), maybe_float(one, "PatientSupportAngle"),
        maybe_float(one, "NominalBeamEnergy"), maybe_float(one, "DoseRateSet"),
        isocentre if isocentre is not None and len(isocentre) == 3 else None,
        jaws, leaves, wedges,
        (
            maybe_float(one, "TableTopVerticalPosition"),
            maybe_float(one, "TableTopLongitudinalPosition"),
            maybe_float(one, "TableTopLateralPosition"),
        ),
    )  # fmt: skip


def _carried(last: ControlPoint, now: ControlPoint) -> ControlPoint:
    """Return `now` with what it does not say taken from `last` (DICOM C.8.8.14.5)."""
    vertical, longitudinal, lateral = (
        before if after is None else after
        for before, after in zip(last.couch_mm, now.couch_mm, strict=True)
    )
    kept = {
        name: getattr(last, name)
        for name in (
            "gantry_deg", "collimator_deg", "couch_deg", "energy", "dose_rate", "isocentre_mm",
        )
        if getattr(now, name) is None
    }  # fmt: skip
    return replace(
        now,
        **kept,
        gantry_turn=now.gantry_turn or last.gantry_turn,
        jaws=last.jaws | now.jaws,
        leaves=last.leaves | now.leaves,
        wedges=last.wedges | now.wedges,
        couch_mm=(vertical, longitudinal, lateral),
    )
