"""How far leaves and jaws travel between segments, and how long a beam takes at least (L-09).

Only what the machine description states is counted. What it does not state is named, so that an
estimate is never taken for the whole time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.lex.plan import Beam, Segment
from core.machines import Machine

_LEAST_MM = 1e-3


@dataclass(frozen=True, slots=True)
class Way:
    """The way from one control point to the next.

    Attributes:
        leaf_mm, jaw_mm: Longest way of any leaf and of any jaw.
        turn_deg: Largest turn of gantry, collimator and couch, the short way round.

    """

    leaf_mm: float
    jaw_mm: float
    turn_deg: float

    @property
    def travel_mm(self) -> float:
        """Return the longest way of any leaf or jaw: all move at the same time."""
        return max(self.leaf_mm, self.jaw_mm)


@dataclass(frozen=True, slots=True)
class DeliveryTime:
    """What can be told of the time a beam takes.

    Attributes:
        seconds: Sum of what is known; None when neither dose rate nor leaf speed is.
        not_estimated: What is not in it, each in a few words.

    """

    seconds: float | None
    not_estimated: tuple[str, ...]

    def __str__(self) -> str:
        """Return the estimate in words."""
        words = "time not estimated" if self.seconds is None else f"at least {self.seconds:.1f} s"
        return f"{words} ({'; '.join(self.not_estimated)})" if self.not_estimated else words


def way(here: Segment, there: Segment) -> Way:
    """Return how far things go between two points; a jaw unknown at either end stands still."""
    leaves = zip(here.left_cm + here.right_cm, there.left_cm + there.right_cm, strict=True)
    jaws = [
        abs(a - b)
        for a, b in zip(_jaws(here), _jaws(there), strict=True)
        if a is not None and b is not None
    ]
    turns = zip(_angles(here), _angles(there), strict=True)
    return Way(
        10.0 * max((abs(a - b) for a, b in leaves), default=0.0),
        10.0 * max(jaws, default=0.0),
        max(_apart_deg(a, b) for a, b in turns),
    )


def travel_mm(points: Sequence[Segment]) -> float:
    """Return the travel of a beam: the sum of the longest way of each step."""
    return sum(way(here, there).travel_mm for here, there in pairwise(points))


def turn_deg(points: Sequence[Segment]) -> float:
    """Return the turning of a beam: the sum of the largest turn of each step."""
    return sum(way(here, there).turn_deg for here, there in pairwise(points))


def delivery_time(beam: Beam, machine: Machine | None, rate_mu_min: float | None) -> DeliveryTime:
    """Return how long a beam takes at least.

    A step with dose takes as long as the slower of dose rate and leaves, one without dose as long
    as its leaves.

    Args:
        beam: The beam.
        machine: Its description; None leaves the leaf speed unknown.
        rate_mu_min: Dose rate; None when unknown.

    """
    speed = None if machine is None or machine.mlc is None else machine.mlc.speed_mm_s.value
    ways = [way(here, there) for here, there in pairwise(beam.segments)]
    gaps = []
    if not rate_mu_min:
        gaps.append("not estimated: dose rate unknown")
    if speed is None and any(one.leaf_mm > _LEAST_MM for one in ways):
        gaps.append("not estimated: leaf speed unknown")
    if any(one.jaw_mm > _LEAST_MM for one in ways):
        gaps.append("not estimated: jaw speed unknown")
    if any(one.turn_deg > _LEAST_MM for one in ways):
        gaps.append("not estimated: speed of gantry, collimator and couch unknown")
    if not rate_mu_min and speed is None:
        return DeliveryTime(None, tuple(gaps))
    seconds = 0.0
    for one, (here, there) in zip(ways, pairwise(beam.segments), strict=True):
        mu = beam.mu * (there.meterset_share - here.meterset_share)
        on_s = 60.0 * mu / rate_mu_min if rate_mu_min else 0.0
        seconds += max(on_s, one.leaf_mm / speed if speed is not None else 0.0)
    return DeliveryTime(seconds, tuple(gaps))


def _jaws(point: Segment) -> tuple[float | None, ...]:
    return point.x1_cm, point.x2_cm, point.y1_cm, point.y2_cm


def _angles(point: Segment) -> tuple[float, ...]:
    return point.gantry_deg, point.collimator_deg, point.couch_deg


def _apart_deg(a_deg: float, b_deg: float) -> float:
    """Return the angle between two directions, at most half a turn."""
    return abs((a_deg - b_deg + 180.0) % 360.0 - 180.0)
