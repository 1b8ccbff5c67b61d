"""Control points of two fields brought to the same form and order before they are compared."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from app.filter.field import ControlPoint

Array = NDArray[np.float64]
SMALL = 1e-6
ALIKE_CM = 0.11
JAWS = 4
ROUNDING_MM = 1e-9


@dataclass(frozen=True, slots=True)
class Ordered:
    """The plan's control points in the order in which they are compared.

    Attributes:
        order: For each R&V segment the plan's segment it was paired with; empty in plan order.

    """

    points: tuple[ControlPoint, ...]
    order: tuple[int, ...] = ()


def same_state(one: ControlPoint, other: ControlPoint) -> bool:
    """Return whether nothing but the delivered MU differs between two points."""
    return (
        one.gantry_deg == other.gantry_deg
        and one.collimator_deg == other.collimator_deg
        and one.couch_deg == other.couch_deg
        and one.jaws == other.jaws
        and one.layers == other.layers
        and one.wedge_in == other.wedge_in
    )


def fitted(points: Sequence[ControlPoint], count: int) -> tuple[ControlPoint, ...]:
    """Return a static plan field with as many points as the R&V system keeps of it.

    A beam whose points all show the same state is one aperture: R&V systems store one control
    point for it (number 0, share 0), or none for a field without an MLC.
    """
    whole = tuple(points)
    if count == len(whole) or count > 1 or not whole:
        return whole
    if not all(same_state(whole[0], point) for point in whole[1:]):
        return whole
    if count == 0:
        return () if not whole[0].layers else whole[:1]
    return (replace(whole[0], number=0, cumulative=Decimal(0)),)


class _Same:
    """The very same points, not equal ones: a key that need not look at thousands of leaves."""

    __slots__ = ("points",)

    def __init__(self, points: tuple[ControlPoint, ...]) -> None:
        self.points = points

    def __hash__(self) -> int:
        return id(self.points)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.points is self.points


def aperture(points: Sequence[ControlPoint]) -> Array:
    """Return jaws (`JAWS` columns) and leaf tips of each point in cm, one row a point.

    Absent jaws count 0. The array is shared and cannot be written to.
    """
    return _aperture(_Same(tuple(points)))


@lru_cache(maxsize=128)  # each field is held against each beam
def _aperture(key: _Same) -> Array:
    rows = []
    for point in key.points:
        jaws = (point.jaws.x1_mm, point.jaws.x2_mm, point.jaws.y1_mm, point.jaws.y2_mm)
        row = [float(value or 0) for value in jaws]
        for layer in point.layers:
            row += map(float, layer.a_mm)
            row += map(float, layer.b_mm)
        rows.append(row)
    width = max((len(row) for row in rows), default=0)
    made = np.array([row + [0.0] * (width - len(row)) for row in rows], dtype=float) / 10
    made.flags.writeable = False
    return made


def leaves_apart(
    found: Sequence[ControlPoint], planned: Sequence[ControlPoint], passes_mm: Decimal
) -> list[bool]:
    """Return for each point whether a leaf tip may be more than `passes_mm` from the plan's.

    Where not, every tip is near enough for certain; where so, each has to be compared exactly.
    Binary numbers are off by less than a thousandth of `ROUNDING_MM`, of which the exact
    comparison forgives all. Points with other leaves than the plan's are always to be looked at.
    """
    for one, other in zip(found, planned, strict=True):
        mine, theirs = ([len(layer.a_mm) for layer in point.layers] for point in (one, other))
        if mine != theirs:
            return [True] * len(found)
    if not found:
        return []
    apart = np.abs(aperture(found) - aperture(planned))[:, JAWS:]
    most_cm = (float(passes_mm) + ROUNDING_MM / 2) / 10
    return [bool(row.any()) for row in apart > most_cm]


def shares(points: Sequence[ControlPoint]) -> Array:
    """Return the cumulative shares."""
    return np.array([float(point.cumulative) for point in points])


def in_order(
    found: Sequence[ControlPoint], planned: Sequence[ControlPoint], weight_mu: float
) -> float:
    """Return the sum of leaf, jaw (cm) and share differences of points in the same order.

    Args:
        found: Control points of the R&V field.
        planned: As many control points of the plan.
        weight_mu: What a share difference of 1 counts.

    """
    one, other = aperture(found), aperture(planned)
    if one.shape != other.shape:
        return float("inf")
    apart = np.abs(one - other)
    moved = np.abs(shares(found) - shares(planned))
    return float(apart[apart > SMALL].sum() + weight_mu * moved[moved > SMALL].sum())


def ordered(
    found: Sequence[ControlPoint], planned: Sequence[ControlPoint], weight_mu: float
) -> Ordered:
    """Return the plan's points in the order that fits the R&V field best (R-06).

    Segments of a step-and-shoot field may be delivered in any order; they are re-paired when that
    makes the deviation smaller. A moving gantry keeps its order. Only the plan has to be step and
    shoot: one wrong value of the R&V field must not make a stranger of every other one.
    """
    plain = Ordered(tuple(planned))
    if len(found) != len(planned) or len(found) < 4 or not is_step_and_shoot(planned):
        return plain
    now = in_order(found, planned, weight_mu)
    if now <= SMALL * len(found):
        return plain
    cost = _costs(found, planned, weight_mu)
    rows, columns = linear_sum_assignment(cost)
    order = tuple(int(column) for column in columns)
    if order == tuple(range(len(order))) or not np.isfinite(cost[rows, columns]).all():
        return plain
    best, arranged = float(cost[rows, columns].sum()), _arranged(planned, order)
    # Where nothing fits in any order, the least bad one is no sign of another order.
    explains = best < now / 2 or _alike(found, arranged) >= len(order) / 2
    return Ordered(arranged, order) if best < now - SMALL and explains else plain


def _alike(found: Sequence[ControlPoint], planned: Sequence[ControlPoint]) -> int:
    """Return how many segments agree but for rounding and leaves opened under a jaw."""
    apart = np.abs(aperture(found) - aperture(planned)).max(axis=1)
    return int((np.maximum(apart[::2], apart[1::2]) <= ALIKE_CM).sum())


def is_step_and_shoot(points: Sequence[ControlPoint]) -> bool:
    """Return whether all MU are given in pairs of points between which nothing moves."""
    if len(points) < 2 or len(points) % 2:
        return False
    for start in range(0, len(points), 2):
        first, last = points[start], points[start + 1]
        if first.gantry_deg != points[0].gantry_deg or not same_state(first, last):
            return False
        if start and first.cumulative != points[start - 1].cumulative:
            return False
    return True


def _costs(
    found: Sequence[ControlPoint], planned: Sequence[ControlPoint], weight_mu: float
) -> Array:
    """Return what it costs to take plan segment j for R&V segment i, both points of each."""
    one, other = aperture(found), aperture(planned)
    count = len(found) // 2
    if one.shape[1] != other.shape[1]:
        return np.full((count, count), np.inf)
    mine = shares(found)[1::2] - shares(found)[::2]
    plan = shares(planned)[1::2] - shares(planned)[::2]
    cost: Array = 2 * weight_mu * np.abs(mine[:, None] - plan[None, :])
    for end in (0, 1):
        cost = cost + np.abs(one[end::2][:, None, :] - other[end::2][None, :, :]).sum(axis=2)
    return cost


def _arranged(planned: Sequence[ControlPoint], order: Sequence[int]) -> tuple[ControlPoint, ...]:
    """Return the plan's points as they would stand if delivered in another order."""
    points: list[ControlPoint] = []
    total = Decimal(0)
    for segment in order:
        first, last = planned[2 * segment], planned[2 * segment + 1]
        share = last.cumulative - first.cumulative
        points.append(replace(first, number=len(points), cumulative=total))
        total += share
        points.append(replace(last, number=len(points), cumulative=total))
    return tuple(points)
