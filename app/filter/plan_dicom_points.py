"""Control points of a DICOM beam: values that a point leaves out are those of the point before.

DICOM PS3.3 C.8.8.14: IEC 61217 angles, mm at the isocentre plane, cumulative meterset weights.
"""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import pairwise

from app.filter.field import ControlPoint, LeafBanks, Point
from app.filter.plan_dicom_item import Item

ANGLES = (
    ("gantry_deg", "GantryAngle"),
    ("collimator_deg", "BeamLimitingDeviceAngle"),
    ("couch_deg", "PatientSupportAngle"),
    ("pedestal_deg", "TableTopEccentricAngle"),
)
DIRECTIONS = (
    ("gantry_direction", "GantryRotationDirection"),
    ("collimator_direction", "BeamLimitingDeviceRotationDirection"),
    ("couch_direction", "PatientSupportRotationDirection"),
    ("pedestal_direction", "TableTopEccentricRotationDirection"),
)
TURNS = {"CW": "CW", "CC": "CCW", "NONE": ""}
NUMBERS = (
    ("energy", "NominalBeamEnergy"),
    ("dose_rate_mu_min", "DoseRateSet"),
    ("ssd_mm", "SourceToSurfaceDistance"),
)
TABLE_TOP = (
    ("vertical_mm", "TableTopVerticalPosition"),
    ("lateral_mm", "TableTopLateralPosition"),
    ("longitudinal_mm", "TableTopLongitudinalPosition"),
)
JAW_PAIRS = {
    "X": ("x1_mm", "x2_mm"),
    "ASYMX": ("x1_mm", "x2_mm"),
    "Y": ("y1_mm", "y2_mm"),
    "ASYMY": ("y1_mm", "y2_mm"),
}
LEAF_TRAVEL = {"MLCX": "X", "MLCX1": "X", "MLCX2": "X", "MLCY": "Y", "MLCY1": "Y", "MLCY2": "Y"}
LAST_WEIGHT_TOLERANCE = Decimal("1e-4")
"""Largest share by which the last weight may miss the final one: writers round them apart."""


@dataclass(frozen=True, slots=True)
class Devices:
    """Collimator devices of a beam: kind and number of pairs, in the order the beam names them.

    Attributes:
        edges_mm: Leaf boundaries by kind, where the beam states them.

    """

    pairs: dict[str, int]
    edges_mm: dict[str, tuple[Decimal, ...]] = field(default_factory=dict)

    def count(self, kind: str) -> int:
        """Return the number of pairs a control point has to give for `kind`; 0 for a stranger.

        Some writers announce ASYMX and then write X, or the reverse; either is the same jaw pair.
        """
        jaws = {JAW_PAIRS[own] for own in self.pairs if own in JAW_PAIRS}
        return 1 if JAW_PAIRS.get(kind) in jaws else self.pairs.get(kind, 0)


def read_devices(beam: Item) -> Devices:
    """Return the beam limiting devices of a beam.

    Raises:
        UnreadableRecordError: An unknown kind, or leaf boundaries that do not rise or do not fit.

    """
    pairs: dict[str, int] = {}
    bounds: dict[str, tuple[Decimal, ...]] = {}
    for item in beam.items("BeamLimitingDeviceSequence", "collimator device"):
        kind = item.word("RTBeamLimitingDeviceType")
        if kind not in JAW_PAIRS and kind not in LEAF_TRAVEL:
            raise item.fault("RTBeamLimitingDeviceType", f"unknown collimator device {kind!r}")
        count = item.whole("NumberOfLeafJawPairs") or 1
        if kind in pairs:
            raise item.fault("RTBeamLimitingDeviceType", f"{kind} stands twice")
        edges = item.numbers("LeafPositionBoundaries")
        if edges and len(edges) != count + 1:
            raise item.fault("LeafPositionBoundaries", f"{len(edges)} edges for {count} pairs")
        if any(upper <= lower for lower, upper in pairwise(edges)):
            raise item.fault("LeafPositionBoundaries", "the leaf edges do not rise")
        pairs[kind], bounds[kind] = count, edges
    return Devices(pairs, bounds)


def read_points(beam: Item, devices: Devices, *, treats: bool) -> tuple[ControlPoint, ...]:
    """Return the control points of a beam, each complete.

    Args:
        beam: Item of the BeamSequence.
        devices: Its collimator devices.
        treats: True when the beam has a meterset or is for treatment: then angles and weights
            are required, and the weights have to rise from 0 to the final one.

    Raises:
        UnreadableRecordError: A value is missing or impossible; it names the control point.

    """
    items = beam.items("ControlPointSequence", "control point")
    stated = beam.whole("NumberOfControlPoints")
    if not items:
        raise beam.fault("ControlPointSequence", "the beam has no control point")
    if stated is not None and stated != len(items):
        raise beam.fault(
            "NumberOfControlPoints",
            f"{stated} control points are announced, {len(items)} are there",
        )
    shares = _shares(beam, items, treats=treats)
    points: list[ControlPoint] = []
    banks: dict[str, LeafBanks] = {}
    for number, (item, share) in enumerate(zip(items, shares, strict=True)):
        index = item.whole("ControlPointIndex")
        if index is not None and index != number:
            raise item.fault("ControlPointIndex", f"point {index} stands at place {number}")
        before = points[-1] if points else ControlPoint(0, Decimal(0))
        points.append(
            _point(item, replace(before, number=number, cumulative=share), devices, banks)
        )
    if treats:
        _require_angles(items[0], points[0])
    return tuple(points)


def _shares(beam: Item, items: tuple[Item, ...], *, treats: bool) -> list[Decimal]:
    """Return the share of the meterset at each point."""
    final = beam.number("FinalCumulativeMetersetWeight")
    if not final:
        if treats:
            raise beam.fault("FinalCumulativeMetersetWeight", f"the final weight is {final}")
        return [Decimal(0)] * len(items)
    weights: list[Decimal] = []
    for item in items:
        weight = item.need("CumulativeMetersetWeight") if treats else _weight(item)
        if treats and weights and weight < weights[-1]:
            raise item.fault("CumulativeMetersetWeight", f"{weight} is less than {weights[-1]}")
        weights.append(weight)
    if treats and weights[0] != 0:
        raise items[0].fault(
            "CumulativeMetersetWeight", f"the first weight is {weights[0]}, not 0"
        )
    if treats and abs(weights[-1] - final) > LAST_WEIGHT_TOLERANCE * abs(final):
        raise items[-1].fault(
            "CumulativeMetersetWeight", f"the last weight is {weights[-1]}, the final one {final}"
        )
    return weights if final == 1 else [weight / final for weight in weights]


def _weight(item: Item) -> Decimal:
    return item.number("CumulativeMetersetWeight") or Decimal(0)


def _point(
    item: Item, before: ControlPoint, devices: Devices, banks: dict[str, LeafBanks]
) -> ControlPoint:
    """Return the point: `before` with what the item itself writes put in its place."""
    written: dict[str, object] = {}
    written |= {name: _angle(item, keyword) for name, keyword in ANGLES}
    written |= {name: _turn(item, keyword) for name, keyword in DIRECTIONS}
    written |= {name: item.number(keyword) for name, keyword in NUMBERS}
    # Planning systems that leave the dose rate to the machine write 0.
    written["dose_rate_mu_min"] = written["dose_rate_mu_min"] or None
    written["wedge_in"] = _wedge_in(item)
    written["isocentre"] = _isocentre(item)
    written = {name: value for name, value in written.items() if value is not None}
    table = {
        name: number for name, keyword in TABLE_TOP if (number := item.number(keyword)) is not None
    }
    jaws, new_banks = _openings(item, devices)
    banks.update(new_banks)
    stated = {"cumulative", *written, *table, *jaws}
    if new_banks:
        stated.add("layers")
        written["layers"] = tuple(banks[kind] for kind in devices.pairs if kind in banks)
    return replace(
        before,
        couch=replace(before.couch, **table) if table else before.couch,
        jaws=replace(before.jaws, **jaws) if jaws else before.jaws,
        stated=frozenset(stated),
        **written,  # type: ignore[arg-type]  # names and values come from the tables above
    )


def _angle(item: Item, keyword: str) -> Decimal | None:
    angle_deg = item.number(keyword)
    if angle_deg is not None and abs(angle_deg) > 360:
        raise item.fault(keyword, f"the angle {angle_deg} is beyond a full turn")
    return angle_deg


def _turn(item: Item, keyword: str) -> str | None:
    word = item.word(keyword)
    if not word:
        return None
    if word not in TURNS:
        raise item.fault(keyword, f"unknown direction {word!r}")
    return TURNS[word]


def _wedge_in(item: Item) -> bool | None:
    positions = {
        wedge.word("WedgePosition") for wedge in item.items("WedgePositionSequence", "wedge")
    }
    if positions - {"IN", "OUT"}:
        raise item.fault("WedgePosition", f"unknown wedge position {positions - {'IN', 'OUT'}}")
    return "IN" in positions if positions else None


def _isocentre(item: Item) -> Point | None:
    numbers = item.numbers("IsocenterPosition")
    if numbers and len(numbers) != 3:
        raise item.fault("IsocenterPosition", f"{len(numbers)} coordinates instead of 3")
    return Point(*numbers) if numbers else None


def _openings(item: Item, devices: Devices) -> tuple[dict[str, Decimal], dict[str, LeafBanks]]:
    """Return the jaws and the leaf banks that the item itself writes."""
    jaws: dict[str, Decimal] = {}
    banks: dict[str, LeafBanks] = {}
    for device in item.items("BeamLimitingDevicePositionSequence", "collimator device"):
        kind = device.word("RTBeamLimitingDeviceType")
        count = devices.count(kind)
        if not count:
            raise device.fault(
                "RTBeamLimitingDeviceType", f"the beam has no {kind or 'such'} device"
            )
        numbers = device.numbers("LeafJawPositions")
        if len(numbers) != 2 * count:
            raise device.fault(
                "LeafJawPositions", f"{len(numbers)} positions instead of {2 * count} for {kind}"
            )
        if kind in LEAF_TRAVEL:
            edges_mm = devices.edges_mm.get(kind, ())
            banks[kind] = LeafBanks(numbers[:count], numbers[count:], LEAF_TRAVEL[kind], edges_mm)
        elif JAW_PAIRS[kind][0] in jaws:
            raise device.fault("RTBeamLimitingDeviceType", f"the {kind} jaws stand twice")
        else:
            jaws |= dict(zip(JAW_PAIRS[kind], numbers, strict=True))
    return jaws, banks


def _require_angles(item: Item, first: ControlPoint) -> None:
    for name, keyword in ANGLES[:3]:
        if getattr(first, name) is None:
            raise item.fault(keyword, "the first control point states no angle")
