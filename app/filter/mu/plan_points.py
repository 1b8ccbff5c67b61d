"""Where the plan states the dose of a beam, how deep, and how much: DICOM and Pinnacle.

DICOM PS3.3 C.8.8.13 (beam dose specification point) and C.8.8.14.16 (depth at each control
point); Pinnacle's MonitorUnitInfo. All from the plan alone: nothing is measured on images.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path

from app.filter.field import Field, Plan
from app.filter.mu.beam_eye import Triple
from app.filter.mu.photon import Point
from app.filter.mu.shields import Outline, Shield
from app.filter.plan_dicom import load_plan
from app.filter.plan_dicom_beam import named_beams
from app.filter.plan_dicom_item import PARSER_FAULTS, Item
from app.filter.plan_scale import point_from_pinnacle_to_dicom
from app.filter.plan_trial import trial_keys
from app.filter.plan_trial_calibration import MachineCalibration
from app.filter.plan_trial_keys import Keys
from app.filter.plan_trial_machine import machine_of_beam, read_machines
from app.filter.plan_trial_patient import Folder, point_cm, read_folder
from core.errors import UnsupportedPlanError

CLOSE_MM = 0.05
WATER, GEOMETRIC = "water-equivalent", "geometric"
FROM_SSD = f"{GEOMETRIC} depth from the plan's SSD"
Depths = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Traced:
    """Depths of a point traced through the CT, in the form of `Stated`."""

    water_cm: Depths
    depth_cm: Depths

    def of(self, kind: str) -> Depths:
        """Return the depths of a kind, `WATER` or `GEOMETRIC`."""
        return self.water_cm if kind == WATER else self.depth_cm


@dataclass(frozen=True, slots=True)
class Stated:
    """What a plan says of one beam's point.

    Attributes:
        offset_cm: From the isocentre, DICOM axes; None when the plan names no point.
        depth_cm: Geometric: (share of MU, depth); empty when the plan states none.
        water_cm: Water-equivalent depth in the same form.
        ssd_cm: Distance from the source to the skin on the axis, at the same shares.
        source: Where it stands.
        place_mm: The point in the frame of the plan, to tell whether beams share it.
        outline_cm: Of an electron cutout at the isocentre plane, beam's eye view.
        shield: Shielding blocks of a photon beam; None where the plan has no outline of one.
        calibration: Of the machine; None where the plan does not state it.

    """

    offset_cm: Triple | None = None
    depth_cm: Depths = ()
    water_cm: Depths = ()
    ssd_cm: Depths = ()
    source: str = ""
    place_mm: tuple[float, ...] = ()
    outline_cm: Outline = ()
    shield: Shield | None = None
    calibration: MachineCalibration | None = None


def stated_points(plan: Plan, trial: str | None = None) -> dict[int | None, Stated]:
    """Return what the plan says of each beam's point, by beam number (names may stand twice).

    Args:
        plan: As read by the Filter.
        trial: Which trial of a Pinnacle plan.

    Raises:
        RemedyError: The plan cannot be read again.

    """
    path = Path(plan.source)
    if plan.kind == "Pinnacle plan":
        return dict(_of_pinnacle(plan, path, trial))
    return dict(_of_dicom(plan, path))


def point_for(
    stated: Stated,
    beam: Field,
    position: str | None,
    depth_cm: float | None = None,
    traced: Traced | None = None,
    kind: str = WATER,
) -> Point:
    """Return the point of a beam for the calculation.

    The depth is the one typed by the user, else the one traced through the CT, else the plan's
    own, else distance less SSD on the axis (the paper's flat phantom).

    Args:
        stated: What the plan says.
        beam: The plan beam.
        position: Of the patient.
        depth_cm: Typed by the user.
        traced: Depths traced through the CT; None when nobody did.
        kind: `WATER`: the water-equivalent depth where there is one; `GEOMETRIC`: always that.

    Raises:
        UnsupportedPlanError: No point, or no depth that holds for the whole beam.

    """
    where = f"beam {beam.name}"
    if stated.offset_cm is None:
        raise UnsupportedPlanError(
            "the plan names no point at which it states the beam's dose",
            where=where,
            remedy="Give a point in the plan, or check this beam by measurement.",
        )
    sad_cm = float(beam.sad_mm or 1000) / 10
    on_axis = stated.offset_cm == (0.0, 0.0, 0.0)
    choices: tuple[tuple[Depths, str], ...] = (
        (() if depth_cm is None else ((0.0, depth_cm),), "depth typed by the user"),
        (() if traced is None else traced.of(kind), f"{kind} depth traced through the CT"),
        (stated.water_cm if kind == WATER else (), f"{WATER} depth of the plan"),
        (stated.depth_cm, f"{GEOMETRIC} depth of the plan"),
        (
            tuple((share, sad_cm - ssd) for share, ssd in stated.ssd_cm) if on_axis else (),
            FROM_SSD,
        ),
    )
    for depths, words in choices:
        if depths:
            source = f"{stated.source}; {words}"
            return Point(stated.offset_cm, position, depths, source, words == FROM_SSD)
    raise UnsupportedPlanError(
        "the plan states no depth of the point that holds for the whole beam",
        where=where,
        remedy="Give the CT (--ct FOLDER), type the depth (--depth BEAM=CM), or export the plan "
        "with its depths.",
    )


def _of_dicom(plan: Plan, path: Path) -> Iterator[tuple[int | None, Stated]]:
    root = Item(load_plan(path), path.name)
    booked = _booked(root)
    references = {
        number: point
        for item in root.items("DoseReferenceSequence", "dose reference")
        if (number := item.whole("DoseReferenceNumber")) is not None
        and (point := _triple(item, "DoseReferencePointCoordinates")) is not None
    }
    fields = {field.number: field for field in plan.fields}
    for number, beam in named_beams(root).items():
        field = fields.get(number)
        if field is None:
            continue
        item = booked.get(number)
        point = _triple(item, "BeamDoseSpecificationPoint") if item is not None else None
        yield number, _dicom_beam(beam, field, item, point, references)


def _dicom_beam(
    beam: Item,
    field: Field,
    item: Item | None,
    point: Triple | None,
    references: Mapping[int, Triple],
) -> Stated:
    depths, water = (
        _depths(beam, field, point, references, keyword) or _booked_depth(item, field, keyword)
        for keyword in ("BeamDosePointDepth", "BeamDosePointEquivalentDepth")
    )
    return Stated(
        _offset(point, field),
        depths,
        water,
        _ssds(field),
        "beam dose specification point of the plan",
        point or (),
        _outline(beam),
        _shield(beam),
    )


def _booked_depth(item: Item | None, field: Field, keyword: str) -> Depths:
    """Return the one depth stated for a beam that does not turn."""
    if item is None or field.arc_start_deg is not None:
        return ()
    depth = _single(item, keyword)
    return ((0.0, depth / 10),) if depth and depth > 0 else ()


def _outline(beam: Item) -> Outline:
    """Return the outline of the one aperture block of an electron beam."""
    blocks = [block for block in _blocks(beam) if block.word("BlockType") == "APERTURE"]
    return _corners(blocks[0]) if len(blocks) == 1 else ()


def _shield(beam: Item) -> Shield | None:
    """Return the shielding blocks of a beam."""
    blocks = [block for block in _blocks(beam) if block.word("BlockType") == "SHIELDING"]
    outlines: dict[tuple[str, ...], Outline] = {
        (str(n), block.word("BlockTrayID")): _corners(block) for n, block in enumerate(blocks)
    }
    tray = _single(beam, "TotalBlockTrayFactor")
    return Shield(outlines, tray) if outlines and all(outlines.values()) else None


def _blocks(beam: Item) -> list[Item]:
    return list(beam.items("BlockSequence", "block"))


def _corners(block: Item) -> Outline:
    numbers = [float(one) / 10 for one in block.numbers("BlockData")]
    return tuple(zip(numbers[::2], numbers[1::2], strict=False))


def _booked(root: Item) -> dict[int, Item]:
    found: dict[int, Item] = {}
    for group in root.items("FractionGroupSequence", "fraction group"):
        for item in group.items("ReferencedBeamSequence", "referenced beam"):
            number = item.whole("ReferencedBeamNumber")
            if number is not None:
                found.setdefault(number, item)
    return found


def _depths(
    beam: Item,
    field: Field,
    point: Triple | None,
    references: Mapping[int, Triple],
    keyword: str,
) -> Depths:
    """Return the depth at each control point, for the dose reference that is the point.

    A dose reference without coordinates (a site) stands for the beam's point where no other one
    has a depth.
    """
    if point is None:
        return ()
    rows: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    items = beam.items("ControlPointSequence", "control point")
    for item, state in zip(items, field.control_points, strict=False):
        for own in item.items("ReferencedDoseReferenceSequence", "dose reference"):
            depth = _single(own, keyword)
            at = references.get(own.whole("ReferencedDoseReferenceNumber") or -1)
            same = at is None or max(
                abs(one - other) for one, other in zip(at, point, strict=True)
            ) <= CLOSE_MM  # fmt: skip
            if depth is not None and depth > 0 and same:
                rows[at is not None].append((float(state.cumulative), depth / 10))
    found = rows[True] or rows[False]
    whole = field.arc_start_deg is None or len(found) >= len(field.control_points) - 1
    return tuple(dict(found).items()) if whole else ()


def _ssds(field: Field) -> Depths:
    """Return the SSD at the control points that state it; all of them must, for an arc."""
    rows = tuple(
        (float(point.cumulative), float(point.ssd_mm) / 10)
        for point in field.control_points
        if point.ssd_mm is not None and (point.number == 0 or "ssd_mm" in point.stated)
    )
    if field.arc_start_deg is not None and len(rows) < len(field.control_points):
        return ()
    if not rows and field.ssd_mm is not None and field.arc_start_deg is None:
        return ((0.0, float(field.ssd_mm) / 10),)
    return rows


def _offset(point: Triple | None, field: Field) -> Triple | None:
    if point is None or field.isocentre is None:
        return None
    at = (field.isocentre.x_mm, field.isocentre.y_mm, field.isocentre.z_mm)
    x, y, z = ((one - float(other)) / 10 for one, other in zip(point, at, strict=True))
    return x, y, z


def _triple(item: Item, keyword: str) -> Triple | None:
    numbers = item.numbers(keyword)
    if len(numbers) != 3:
        return None
    x, y, z = (float(one) for one in numbers)
    return x, y, z


def _single(item: Item, keyword: str) -> float | None:
    """Return a value of the binary kind (VR FL); None when absent or empty.

    Raises:
        UnreadableRecordError: It is no number.

    """
    try:
        value = item.dataset.get(keyword)
        number = None if value is None or value == "" else float(value)
    except PARSER_FAULTS as fault:
        raise item.fault(keyword, "the value cannot be read") from fault
    if number is not None and not isfinite(number):
        raise item.fault(keyword, f"{number} is no number")
    return number


def _of_pinnacle(plan: Plan, path: Path, trial: str | None) -> Iterator[tuple[int | None, Stated]]:
    chosen, folder = trial_keys(path, trial)
    around, machines = read_folder(folder), read_machines(folder)
    for number, keys in enumerate(chosen.listed("BeamList.Beam"), start=1):
        named = ("MachineNameAndVersion", "Modality", "MachineEnergyName")
        stated, modality, energy = (keys.text(name) for name in named)
        machine, _ = machine_of_beam(machines, stated, modality, energy, keys.where)
        own = _pinnacle_beam(keys, around, plan.position)
        yield number, replace(own, calibration=machine.calibrations.get((modality, energy)))


def _pinnacle_beam(keys: Keys, around: Folder, position: str | None) -> Stated:
    depth = keys.number("MonitorUnitInfo.PrescriptionPointDepth")
    water = keys.number("MonitorUnitInfo.PrescriptionPointRadDepth")
    names = (keys.text("PrescriptionPointName"), keys.text("IsocenterName"))
    point, centre = (point_cm(around, name, keys.where) for name in names)
    offset = None
    if point is not None and centre is not None and position is not None:
        x, y, z = (one - other for one, other in zip(point, centre, strict=True))
        turned = point_from_pinnacle_to_dicom(x, y, z, position)
        if turned is not None:
            offset = (float(turned.x_mm) / 10, float(turned.y_mm) / 10, float(turned.z_mm) / 10)
    moving = keys.text("SetBeamType") == "Dynamic Arc"
    return Stated(
        offset,
        ((0.0, float(depth)),) if depth and not moving else (),
        ((0.0, float(water)),) if water and not moving else (),
        (),
        f"prescription point {names[0]} of the plan",
        tuple(float(one) * 10 for one in point or ()),
    )
