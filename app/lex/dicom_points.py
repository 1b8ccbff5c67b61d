"""Turn the control points of a DICOM beam into segments; what a point leaves out is carried on.

DICOM PS3.3 C.8.8.14: the first control point states everything, later ones only what changes.
Lengths in DICOM are millimetres at the isocentre plane.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from app.lex.dicom_items import Item
from app.lex.plan import Segment
from core.errors import UnsupportedPlanError

_TURNS = {"CW": "CW", "CC": "CCW", "CCW": "CCW", "NONE": "", "": ""}
_JAW_AXES = {"X": "X", "ASYMX": "X", "Y": "Y", "ASYMY": "Y"}
_LEAF_AXES = {"MLCX": "X", "MLCY": "Y"}
_TILTS = ("GantryPitchAngle", "TableTopPitchAngle", "TableTopRollAngle")
_SHARE_SLACK = 1e-3
_SAME_CM = 1e-6


def cm_from_mm(length_mm: float) -> float:
    """Return a length in centimetres; the only place where LEX leaves DICOM's millimetres."""
    return length_mm / 10.0


@dataclass(frozen=True, slots=True)
class Collimation:
    """Which jaws and leaves a beam declares.

    Attributes:
        leaf_axis: "X", "Y", or "" without an MLC.
        pairs: Number of leaf pairs; 0 without an MLC.
        falling: True when the leaf boundaries run from the high end to the low one.
        edges_cm: Leaf boundaries, rising.

    """

    leaf_axis: str = ""
    pairs: int = 0
    falling: bool = False
    edges_cm: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class _Shape:
    """Jaws and leaves as they stand (cm, DICOM order of the leaves)."""

    x_cm: tuple[float, ...] = ()
    y_cm: tuple[float, ...] = ()
    leaves_cm: tuple[float, ...] = ()


def read_collimation(beam: Item) -> Collimation:
    """Return the jaws and leaves the beam declares.

    Raises:
        UnsupportedPlanError: Two leaf layers, or a device the transfer file has no place for.
        UnreadableFileError: Leaf pairs and boundaries do not belong together.

    """
    found = Collimation()
    for device in beam.items("BeamLimitingDeviceSequence"):
        kind = device.text("RTBeamLimitingDeviceType")
        if kind in _JAW_AXES:
            continue
        if kind not in _LEAF_AXES:
            raise UnsupportedPlanError(
                f"the beam is shaped by {kind or 'a device without a type'}; the transfer file "
                "has no place for a second leaf layer or another device",
                where=beam.where,
                remedy="Transfer this plan as DICOM straight to the R&V system.",
            )
        if found.leaf_axis:
            raise UnsupportedPlanError(
                "the beam has two multileaf collimators; the transfer file has place for one",
                where=beam.where,
                remedy="Transfer this plan as DICOM straight to the R&V system.",
            )
        pairs = device.integer("NumberOfLeafJawPairs")
        edges_cm = tuple(sorted(map(cm_from_mm, device.numbers("LeafPositionBoundaries"))))
        found = Collimation(_LEAF_AXES[kind], pairs, _falls(device, pairs), edges_cm)
    return found


def _falls(device: Item, pairs: int) -> bool:
    """Return whether the leaf boundaries fall; they must run one way and fit the pairs."""
    edges = device.numbers("LeafPositionBoundaries")
    if not edges:
        raise device.fault("LeafPositionBoundaries is missing or empty")
    steps = [b - a for a, b in pairwise(edges)]
    falling = all(step < 0 for step in steps)
    if pairs < 1 or len(edges) != pairs + 1 or not (falling or all(step > 0 for step in steps)):
        raise device.fault(
            f"LeafPositionBoundaries has {len(edges)} values for {pairs} leaf pairs, or they do "
            "not run one way"
        )
    return falling


def read_points(beam: Item, collimation: Collimation, *, with_mu: bool) -> tuple[Segment, ...]:
    """Return the control points of a beam.

    Args:
        beam: The beam.
        collimation: What it declares.
        with_mu: False for a set-up beam, whose weights mean nothing.

    Raises:
        UnreadableFileError: No point, a value missing at the first, an angle or weight that
            cannot be, a number of leaf positions that does not fit.

    """
    points = beam.items("ControlPointSequence")
    if len(points) < (2 if with_mu else 1):
        raise beam.fault(f"the beam has {len(points)} control points; delivery needs at least two")
    _require_order(beam, points)
    places = [point.at(f"{beam.where}, control point {n}") for n, point in enumerate(points)]
    _require_level(places)
    shares = _shares(beam, places) if with_mu else [0.0] * len(places)
    segments: list[Segment] = []
    shape = _Shape()
    for point, share in zip(places, shares, strict=True):
        before = segments[-1] if segments else None
        shape = _shape(point, collimation, shape)
        segments.append(_segment(point, before, shape, collimation, share))
    segments[-1] = replace(segments[-1], gantry_turn="", collimator_turn="", couch_turn="")
    return tuple(segments)


def _require_order(beam: Item, points: Sequence[Item]) -> None:
    """Refuse control points that are fewer or in another order than the plan states."""
    stated = beam.maybe("NumberOfControlPoints")
    if stated is not None and stated != len(points):
        raise beam.fault(f"NumberOfControlPoints is {stated:g}, the beam holds {len(points)}")
    for place, point in enumerate(points):
        if point.maybe("ControlPointIndex") not in (None, place):
            raise point.fault(
                f"ControlPointIndex is {point.text('ControlPointIndex')}, not {place}"
            )


def _require_level(points: Sequence[Item]) -> None:
    """Refuse a tilted gantry or couch top: the transfer file has no place for the angle."""
    for point in points:
        for keyword in _TILTS:
            angle_deg = point.maybe(keyword)
            if angle_deg is not None and angle_deg % 360.0:
                raise UnsupportedPlanError(
                    f"{keyword} is {angle_deg:g} degrees, and the transfer file has no place "
                    "for it",
                    where=point.where,
                    remedy="Transfer this plan as DICOM straight to the R&V system.",
                )


def _shares(beam: Item, points: Sequence[Item]) -> list[float]:
    """Return the delivered share at each point, 0 to 1, never falling."""
    final = beam.number("FinalCumulativeMetersetWeight")
    if not final > 0:
        raise beam.fault(f"FinalCumulativeMetersetWeight is {final:g}, so no share of MU follows")
    shares: list[float] = []
    for point in points:
        share = point.number("CumulativeMetersetWeight") / final
        if share < (shares[-1] if shares else 0.0) - 1e-9:
            raise point.fault("CumulativeMetersetWeight falls")
        shares.append(min(max(share, 0.0), 1.0))
    if shares[0] > 1e-9 or abs(points[-1].number("CumulativeMetersetWeight") / final - 1.0) > (
        _SHARE_SLACK
    ):
        raise beam.fault(
            "CumulativeMetersetWeight does not run from 0 to FinalCumulativeMetersetWeight "
            f"{final:g}"
        )
    return [0.0, *shares[1:-1], 1.0]


def _segment(
    point: Item, before: Segment | None, shape: _Shape, collimation: Collimation, share: float
) -> Segment:
    """Return one point; what it leaves out stands as before."""
    left_cm, right_cm = _banks(shape.leaves_cm, collimation)
    x1_cm, x2_cm = shape.x_cm or (None, None)
    y1_cm, y2_cm = shape.y_cm or (None, None)
    ssd_mm = point.maybe("SourceToSurfaceDistance")
    rate = point.maybe("DoseRateSet") or None  # planning systems write 0 for "not stated"
    return Segment(
        meterset_share=share,
        gantry_deg=_angle_deg(point, "GantryAngle", before.gantry_deg if before else None),
        collimator_deg=_angle_deg(
            point, "BeamLimitingDeviceAngle", before.collimator_deg if before else None
        ),
        couch_deg=_angle_deg(point, "PatientSupportAngle", before.couch_deg if before else None),
        couch_top_deg=_angle_deg(
            point, "TableTopEccentricAngle", before.couch_top_deg if before else 0.0
        ),
        gantry_turn=_turn(
            point, "GantryRotationDirection", before.gantry_turn if before else None
        ),
        collimator_turn=_turn(
            point,
            "BeamLimitingDeviceRotationDirection",
            before.collimator_turn if before else None,
        ),
        couch_turn=_turn(
            point, "PatientSupportRotationDirection", before.couch_turn if before else None
        ),
        x1_cm=x1_cm,
        x2_cm=x2_cm,
        y1_cm=y1_cm,
        y2_cm=y2_cm,
        left_cm=left_cm,
        right_cm=right_cm,
        dose_rate_mu_min=rate if rate is not None or before is None else before.dose_rate_mu_min,
        ssd_cm=_ssd_cm(ssd_mm, before),
    )


def _ssd_cm(ssd_mm: float | None, before: Segment | None) -> float | None:
    """Return the distance from source to skin, or the one before."""
    if ssd_mm is not None:
        return cm_from_mm(ssd_mm)
    return before.ssd_cm if before else None


def _angle_deg(point: Item, keyword: str, before_deg: float | None) -> float:
    """Return an angle, 0 up to 360, or the one before."""
    value_deg = point.maybe(keyword)
    if value_deg is None:
        if before_deg is None:
            raise point.fault(f"{keyword} is missing or empty")
        return before_deg
    if not -360.0 <= value_deg <= 360.0:
        raise point.fault(f"{keyword} is {value_deg:g} degrees, beyond one turn")
    return (value_deg % 360.0) % 360.0


def _turn(point: Item, keyword: str, before: str | None) -> str:
    """Return a direction of rotation, or the one before."""
    if keyword not in point.dataset:
        return before or ""
    word = point.text(keyword).upper()
    if word not in _TURNS:
        raise point.fault(f"{keyword} is {word!r}, neither CW, CC nor NONE")
    return _TURNS[word]


def _shape(point: Item, collimation: Collimation, before: _Shape) -> _Shape:
    """Return jaws and leaves after this point; devices not named stand as before."""
    shape = before
    for device in point.items("BeamLimitingDevicePositionSequence"):
        kind = device.text("RTBeamLimitingDeviceType")
        place_cm = tuple(map(cm_from_mm, device.numbers("LeafJawPositions")))
        is_jaw = kind in _JAW_AXES
        expected = 2 if is_jaw else 2 * collimation.pairs
        if not is_jaw and _LEAF_AXES.get(kind) != collimation.leaf_axis:
            raise device.fault(f"LeafJawPositions of {kind!r}, which the beam does not declare")
        if len(place_cm) != expected:
            raise device.fault(
                f"LeafJawPositions of {kind} has {len(place_cm)} values where {expected} are "
                "expected"
            )
        if not is_jaw:
            shape = replace(shape, leaves_cm=place_cm)
        elif _JAW_AXES[kind] == "X":
            shape = replace(shape, x_cm=place_cm)
        else:
            shape = replace(shape, y_cm=place_cm)
    if collimation.pairs and not shape.leaves_cm:
        raise point.fault("LeafJawPositions of the leaves is missing")
    return shape


def _banks(
    leaves_cm: tuple[float, ...], collimation: Collimation
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Split the positions into the low and the high bank, leaf 1 at the low end."""
    step = -1 if collimation.falling else 1
    return leaves_cm[: collimation.pairs][::step], leaves_cm[collimation.pairs :][::step]


def technique_of(segments: Sequence[Segment]) -> str:
    """Return "Static", "StepNShoot", "DMLC", "Arc" or "VMAT": what the geometry shows.

    Step and shoot moves only while no dose is given; everything else moves during delivery.
    """
    steps = list(pairwise(segments))
    reshaped = [_reshaped(a, b) for a, b in steps]
    if any(a.gantry_turn or a.couch_turn or _turned(a, b) for a, b in steps):
        return "VMAT" if any(_leaves_moved(a, b) for a, b in steps) else "Arc"
    if not any(reshaped):
        return "Static"
    given = [b.meterset_share - a.meterset_share > 1e-9 for a, b in steps]
    moving = any(moved and dosed for moved, dosed in zip(reshaped, given, strict=True))
    return "DMLC" if moving else "StepNShoot"


def _turned(here: Segment, there: Segment) -> bool:
    """Return whether the gantry or the couch stands elsewhere at the next point."""
    return here.gantry_deg != there.gantry_deg or here.couch_deg != there.couch_deg


def _leaves_moved(here: Segment, there: Segment) -> bool:
    """Return whether any leaf stands elsewhere at the next point."""
    pairs = zip(here.left_cm + here.right_cm, there.left_cm + there.right_cm, strict=True)
    return any(abs(a - b) > _SAME_CM for a, b in pairs)


def _reshaped(here: Segment, there: Segment) -> bool:
    """Return whether a leaf, a jaw, the collimator or a motorised wedge differs."""
    jaws = ("x1_cm", "x2_cm", "y1_cm", "y2_cm", "collimator_deg", "wedge_in")
    return _leaves_moved(here, there) or any(
        getattr(here, name) != getattr(there, name) for name in jaws
    )
