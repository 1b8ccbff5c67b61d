"""Open leaf pairs that a Y jaw covers wholly by a small gap, so that no leaves collide (L-10).

Only the Y jaws count, for leaves along X: a pair is covered when all of its width lies behind one
of them. Pairs that are only behind an X jaw stay as planned: many machines have no X jaw, and the
plan gives one all the same. A pair that is wider open than the gap stays as well.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from app.lex.plan import Beam, Segment
from core.errors import MissingDataError
from core.machines import Machine

_NO_DOSE = 1e-9
_SAME_CM = 0.01
# Files hold hundredths of a centimetre; on that grid the gap is exact after rounding.
_DECIMALS = 2


@dataclass(frozen=True, slots=True)
class Opened:
    """A beam with its covered pairs opened.

    Attributes:
        pairs: Leaf pairs opened, counted at every control point.

    """

    beam: Beam
    pairs: int


def open_covered_pairs(beam: Beam, machine: Machine | None) -> Opened:
    """Return the beam with every covered pair opened to the machine's gap.

    Where dose is given on the way to another point, a pair is opened only if it is covered there,
    too: leaves and jaws may move in between.

    Raises:
        MissingDataError: No machine is chosen; it has no leaves or Y jaws of its own; its leaf
            pairs are not the plan's; a value is not stated; a Y jaw makes a virtual wedge.

    """
    if machine is None:
        raise MissingDataError("no machine type is chosen")
    if not beam.leaf_axis:
        return Opened(beam, 0)
    edges_cm, gap_cm = _facts(beam, machine)
    covered = [_covered(point, edges_cm) for point in beam.segments]
    safe = [set(pairs) for pairs in covered]
    for n, (here, there) in enumerate(pairwise(beam.segments)):
        if there.meterset_share - here.meterset_share > _NO_DOSE:
            safe[n] &= covered[n + 1]
            safe[n + 1] &= covered[n]
    points, count = [], 0
    for point, pairs in zip(beam.segments, safe, strict=True):
        opened, number = _opened(point, pairs, gap_cm, machine)
        points.append(opened)
        count += number
    return Opened(replace(beam, segments=tuple(points)) if count else beam, count)


def _facts(beam: Beam, machine: Machine) -> tuple[tuple[float, ...], float]:
    """Return leaf boundaries and gap in cm, or tell what stands in the way."""
    mlc = machine.mlc
    if mlc is None:
        raise MissingDataError(f"the machine file of {machine.name} describes no leaves")
    if beam.leaf_axis != "X":
        raise MissingDataError("the leaves move along Y, the Y jaws do not cover whole leaves")
    if mlc.replaces_jaw.require() == "Y":
        raise MissingDataError(f"{machine.name} has no Y jaws, its leaves stand in for them")
    if any(wedge.kind == "virtual" for wedge in beam.wedges):
        raise MissingDataError("a Y jaw moves during the beam, it makes the virtual wedge")
    edges_cm = tuple(edge / 10.0 for edge in mlc.boundaries_mm.require())
    if not beam.leaf_edges_cm:
        raise MissingDataError("the plan does not state where its leaf pairs lie")
    same = len(beam.leaf_edges_cm) == len(edges_cm) and all(
        abs(a - b) <= _SAME_CM for a, b in zip(beam.leaf_edges_cm, edges_cm, strict=True)
    )
    if not same or any(len(point.left_cm) != len(edges_cm) - 1 for point in beam.segments):
        raise MissingDataError(f"the leaf pairs of the plan are not those of {machine.name}")
    return edges_cm, mlc.gap_under_jaw_mm.require() / 10.0


def _covered(point: Segment, edges_cm: Sequence[float]) -> set[int]:
    """Return the pairs, from 0, whose whole width lies behind a Y jaw."""
    if point.y1_cm is None or point.y2_cm is None:
        return set()
    return {
        pair
        for pair, (low, high) in enumerate(pairwise(edges_cm))
        if high <= point.y1_cm or low >= point.y2_cm
    }


def _opened(
    point: Segment, pairs: set[int], gap_cm: float, machine: Machine
) -> tuple[Segment, int]:
    """Return the point with these pairs open, and how many were not before."""
    left, right = list(point.left_cm), list(point.right_cm)
    count = 0
    for pair in sorted(pairs):
        if right[pair] - left[pair] < gap_cm - 1e-9:
            left[pair], right[pair] = _tips(left[pair], right[pair], gap_cm, machine)
            count += 1
    if not count:
        return point, 0
    return replace(point, left_cm=tuple(left), right_cm=tuple(right)), count


def _tips(left_cm: float, right_cm: float, gap_cm: float, machine: Machine) -> tuple[float, float]:
    """Return two tips the gap apart around where they meet, inside the range of both leaves."""
    begin_cm = round((left_cm + right_cm - gap_cm) / 2.0, _DECIMALS)
    for low_cm, high_cm in _starts(gap_cm, machine):
        begin_cm = min(max(begin_cm, low_cm), high_cm)
    return begin_cm, round(begin_cm + gap_cm, 6)


def _starts(gap_cm: float, machine: Machine) -> Iterator[tuple[float, float]]:
    """Yield where the left tip may stand, as far as the machine states it."""
    mlc = machine.mlc
    if mlc is not None and mlc.leaf_x1_mm.value is not None:
        yield mlc.leaf_x1_mm.value[0] / 10.0, mlc.leaf_x1_mm.value[1] / 10.0
    if mlc is not None and mlc.leaf_x2_mm.value is not None:
        low_mm, high_mm = mlc.leaf_x2_mm.value
        yield low_mm / 10.0 - gap_cm, high_mm / 10.0 - gap_cm
