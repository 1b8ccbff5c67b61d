"""Control points of a Pinnacle beam, brought to the pattern of DICOM control points.

A Pinnacle control point of a step-and-shoot beam is a segment with its share of the MU: it becomes
two DICOM points of one shape, before and after. In an arc it is a state, and its share is given on
the way to the next.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from app.filter.field import ControlPoint, Point
from app.filter.plan_scale import (
    NativeSetting,
    PinnacleScale,
    Setting,
    setting_from_pinnacle_to_iec,
)
from app.filter.plan_trial_keys import Keys

WHOLE_TOLERANCE = Decimal("0.002")
"""Weights are written to about three decimals; their sum may miss 1 by this much."""

LARGEST_ARC_STEP_DEG = Decimal(90)
"""Beyond this the shorter way between two angles need not be the way the gantry takes."""

POINT_VALUES = ("gantry_deg", "couch_deg", "collimator_deg", "layers", "wedge_in")
BEAM_VALUES = ("energy", "isocentre", "dose_rate_mu_min", "ssd_mm")
CONTROL_POINTS = ("CPManager.CPManagerObject", "CPManager")


@dataclass(frozen=True, slots=True)
class State:
    """One stored control point.

    Attributes:
        weight: Share of the beam's MU.
        wedge_in: None for a beam without a wedge.

    """

    setting: Setting
    weight: Decimal
    wedge_in: bool | None
    dose_rate_mu_min: Decimal | None


@dataclass(frozen=True, slots=True)
class Common:
    """What all control points of a beam share."""

    energy: Decimal | None
    dose_rate_mu_min: Decimal | None
    ssd_mm: Decimal | None
    isocentre: Point | None


def stored_points(beam: Keys) -> tuple[Keys, ...]:
    """Return the stored control points of a beam, whichever of the two wrappers it uses.

    Raises:
        UnreadableRecordError: There is none, or not as many as the beam announces.

    """
    manager = next((name for name in CONTROL_POINTS if beam.holds(f"{name}.ControlPointList")), "")
    points = beam.numbered(f"{manager}.ControlPointList") if manager else ()
    if not points:
        raise beam.fault("CPManager", "the beam has no control point")
    announced = beam.whole(f"{manager}.NumberOfControlPoints")
    if announced is not None and announced != len(points):
        raise beam.fault(
            f"{manager}.NumberOfControlPoints",
            f"{announced} control points are announced, {len(points)} are there",
        )
    return tuple(point.at(f"{beam.where}, control point {k}") for k, point in enumerate(points))


def read_state(point: Keys, scale: PinnacleScale, *, with_leaves: bool, with_wedge: bool) -> State:
    """Return one stored control point in IEC 61217.

    Raises:
        RemedyError: A value is missing or damaged, or the machine's frame is not known.

    """
    leaves = point.pairs("MLCLeafPositions.RawData.Points[]") if with_leaves else ()
    if with_leaves and len(leaves) != point.whole("MLCLeafPositions.RawData.NumberOfPoints"):
        raise point.fault(
            "MLCLeafPositions.RawData.NumberOfPoints", f"{len(leaves)} pairs are there"
        )
    if with_leaves and not leaves:
        raise point.fault("MLCLeafPositions", "the leaf positions are missing")
    native = NativeSetting(
        gantry_deg=_angle(point, "Gantry"),
        couch_deg=_angle(point, "Couch"),
        collimator_deg=_angle(point, "Collimator"),
        left_cm=point.need("LeftJawPosition"),
        right_cm=point.need("RightJawPosition"),
        top_cm=point.need("TopJawPosition"),
        bottom_cm=point.need("BottomJawPosition"),
        leaves_cm=leaves,
    )
    weight = point.need("Weight")
    if weight < 0:
        raise point.fault("Weight", f"the weight {weight} is negative")
    return State(
        setting_from_pinnacle_to_iec(native, scale, point.where),
        weight,
        bool(wedge_name(point)) if with_wedge else None,
        point.number("DoseRate") or None,
    )


def wedge_name(point: Keys) -> str:
    """Return the name of the wedge at a control point; empty for none."""
    name = point.text("WedgeContext.WedgeName")
    return "" if name.lower() in ("", "no wedge", "nowedge") else name


def _angle(point: Keys, key: str) -> Decimal:
    angle_deg = point.need(key)
    if abs(angle_deg) > 360:
        raise point.fault(key, f"the angle {angle_deg} is beyond a full turn")
    return angle_deg


def shares(states: Sequence[State], beam: Keys) -> list[Decimal]:
    """Return the weights as shares that add up to 1.

    Raises:
        UnreadableRecordError: They miss 1 by more than rounding.

    """
    whole = sum((state.weight for state in states), Decimal(0))
    if abs(whole - 1) > WHOLE_TOLERANCE:
        raise beam.fault(
            "CPManager", f"the weights of the control points add up to {whole}, not 1"
        )
    return [state.weight if whole == 1 else state.weight / whole for state in states]


def segment_points(
    states: Sequence[State], portions: Sequence[Decimal], common: Common
) -> tuple[ControlPoint, ...]:
    """Return two control points per segment: cumulative 0, w0, w0, w0 + w1 ..."""
    turns = {name: _stands_still(states, name) for name in ("couch_deg", "collimator_deg")}
    points: list[ControlPoint] = []
    given = Decimal(0)
    for state, portion in zip(states, portions, strict=True):
        before = _point(state, common, len(points), given, turns, "")
        given += portion
        points.append(before)
        points.append(_point(state, common, len(points), given, turns, "", repeats=True))
    return tuple(points)


def arc_points(
    states: Sequence[State], portions: Sequence[Decimal], common: Common, direction: str | None
) -> tuple[ControlPoint, ...]:
    """Return one control point per stored one; a share is given on the way to the next."""
    turns = {name: _stands_still(states, name) for name in ("couch_deg", "collimator_deg")}
    points: list[ControlPoint] = []
    given = Decimal(0)
    for state, portion in zip(states, portions, strict=True):
        last = len(points) == len(states) - 1
        points.append(_point(state, common, len(points), given, turns, "" if last else direction))
        given += portion
    return tuple(points)


def _stands_still(states: Sequence[State], name: str) -> str | None:
    """Return "" for an axis that does not turn, None when its direction is not known."""
    return "" if len({getattr(state.setting, name) for state in states}) == 1 else None


def _point(
    state: State,
    common: Common,
    number: int,
    given: Decimal,
    turns: dict[str, str | None],
    direction: str | None,
    *,
    repeats: bool = False,
) -> ControlPoint:
    setting = state.setting
    point = ControlPoint(
        number=number,
        cumulative=given,
        gantry_deg=setting.gantry_deg,
        gantry_direction=direction,
        collimator_deg=setting.collimator_deg,
        collimator_direction=turns["collimator_deg"],
        couch_deg=setting.couch_deg,
        couch_direction=turns["couch_deg"],
        jaws=setting.jaws,
        layers=setting.layers,
        isocentre=common.isocentre,
        energy=common.energy,
        dose_rate_mu_min=state.dose_rate_mu_min or common.dose_rate_mu_min,
        ssd_mm=common.ssd_mm,
        wedge_in=state.wedge_in,
    )
    return replace(point, stated=_stated(point, repeats=repeats))


def _stated(point: ControlPoint, *, repeats: bool) -> frozenset[str]:
    """Return what the plan wrote for this point: its own keys, and the beam's at the first."""
    if repeats:
        return frozenset({"cumulative"})
    own = POINT_VALUES + (BEAM_VALUES if point.number == 0 else ())
    filled = {name for name in own if getattr(point, name) not in (None, ())}
    return frozenset({"cumulative", "x1_mm", "x2_mm", "y1_mm", "y2_mm"} | filled)


def turning(angles_deg: Sequence[Decimal | None], ccw: bool | None) -> tuple[str | None, str]:
    """Return the direction of an arc, or None and why it cannot be told.

    The angles say it as long as the steps are small; Pinnacle's own flag has to agree, because
    nothing proves in which scale the flag is meant.
    """
    known = [angle for angle in angles_deg if angle is not None]
    if len(known) < len(angles_deg) or len(set(known)) < 2:
        return None, "the gantry angles of the arc are not known"
    steps = [(after - now + 540) % 360 - 180 for now, after in pairwise(known)]
    steps = [step for step in steps if step]
    if any(abs(step) > LARGEST_ARC_STEP_DEG for step in steps):
        return None, "the control points lie too far apart to tell the direction of the arc"
    directions = {"CW" if step > 0 else "CCW" for step in steps}
    if len(directions) != 1:
        return None, "the gantry reverses"
    direction = directions.pop()
    if ccw is not None and ccw != (direction == "CCW"):
        return None, "the plan's direction flag contradicts its gantry angles"
    return direction, ""
