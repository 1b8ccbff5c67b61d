"""Put the segments of a step-and-shoot beam in the order of least travel (L-09).

Between two segments every leaf and jaw moves at once, so the longest way decides. Ways are whole
micrometres and thousandths of a degree: sums are exact, and the same plan always gives the same
order. Up to `EXACT` segments the order is the best there is (Held and Karp 1962); beyond that the
planned order is improved by turning round and moving pieces of it until neither helps.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from app.lex.delivery_time import travel_mm, turn_deg
from app.lex.plan import Beam, Segment
from app.lex.segments import joined, shots_of
from core.errors import UnsupportedPlanError

EXACT = 10
PIECE = 3
# A turn comes before any way: how long one takes is not known, and heads turn slowly.
_TURN = 10**10
Lengths = Sequence[Sequence[int]]


def resequenced(beam: Beam) -> Beam:
    """Return the beam with its segments in the order of least travel, two points for each.

    Segments, their MU and their apertures stay the same; the beam is returned as it is when no
    order is shorter than the planned one.

    Raises:
        UnsupportedPlanError: Something moves while dose is given, the gantry or couch stands
            elsewhere in some segment, a turn has a stated direction, or a motorised wedge moves.

    """
    shots = shots_of(beam)
    _refuse_ways_that_cannot_be_chosen(beam)
    lengths = _lengths([shot.begin for shot in shots])
    found = joined(beam, [shots[place] for place in best_order(lengths)])
    shorter = travel_mm(found.segments) < travel_mm(beam.segments)
    return found if shorter and turn_deg(found.segments) <= turn_deg(beam.segments) else beam


def best_order(lengths: Lengths) -> tuple[int, ...]:
    """Return an order of least length, never longer than 0, 1, 2, ...

    Args:
        lengths: Way between every two places; the same both ways, 0 to itself.

    """
    count = len(lengths)
    planned = tuple(range(count))
    if count < 3:
        return planned
    found = _exact(lengths) if count <= EXACT else _improved(lengths)
    return found if _total(lengths, found) < _total(lengths, planned) else planned


def _refuse_ways_that_cannot_be_chosen(beam: Beam) -> None:
    """Refuse what another order would change beyond the way of leaves, jaws and collimator."""
    points = beam.segments
    reason = ""
    if len({(one.gantry_deg, one.couch_deg, one.couch_top_deg) for one in points}) > 1:
        reason = "gantry or couch stands elsewhere in some segments"
    elif any(one.gantry_turn or one.collimator_turn or one.couch_turn for one in points):
        reason = "the plan states which way it turns between segments"
    elif len({one.wedge_in for one in points}) > 1:
        reason = "its motorised wedge is in for some segments only"
    elif len({_known(one) for one in points}) > 1:
        reason = "leaves or jaws are known for some segments only"
    if reason:
        raise UnsupportedPlanError(
            f"beam {beam.name!r} keeps its order: {reason}",
            where=f"beam {beam.name!r}",
            remedy="Write it in the order of the plan.",
        )


def _known(point: Segment) -> tuple[object, ...]:
    """Return which leaves and jaws a point has."""
    jaws = (point.x1_cm, point.x2_cm, point.y1_cm, point.y2_cm)
    return (len(point.left_cm), *(jaw is None for jaw in jaws))


def _lengths(points: Sequence[Segment]) -> list[list[int]]:
    """Return the way between every two points: turns first, then the longest way in µm."""
    places = np.array(
        [
            [round(1e4 * (cm or 0.0)) for cm in (
                *one.left_cm, *one.right_cm, one.x1_cm, one.x2_cm, one.y1_cm, one.y2_cm
            )]
            for one in points
        ],
        dtype=np.int64,
    )  # fmt: skip
    angles = np.array([round(1e3 * one.collimator_deg) for one in points], dtype=np.int64)
    ways = np.abs(places[:, None, :] - places[None, :, :]).max(axis=2)
    apart = np.abs((angles[:, None] - angles[None, :] + 180_000) % 360_000 - 180_000)
    rows: list[list[int]] = [
        [_TURN * turn + length for turn, length in zip(turns, row, strict=True)]
        for turns, row in zip(apart.tolist(), ways.tolist(), strict=True)
    ]
    return rows


def _total(lengths: Lengths, order: Sequence[int]) -> int:
    """Return the length of an order."""
    return sum(lengths[a][b] for a, b in pairwise(order))


def _exact(lengths: Lengths) -> tuple[int, ...]:
    """Return the best order: for every set of places and last place, the best way through it."""
    count = len(lengths)
    best: dict[tuple[int, int], tuple[int, int]] = {(1 << k, k): (0, -1) for k in range(count)}
    for visited in range(1, 1 << count):
        inside = [k for k in range(count) if visited >> k & 1]
        if len(inside) == 1:
            continue
        for last in inside:
            before = visited ^ (1 << last)
            best[visited, last] = min(
                (best[before, k][0] + lengths[k][last], k) for k in inside if k != last
            )
    visited = (1 << count) - 1
    last = min(range(count), key=lambda k: (best[visited, k][0], k))
    order: list[int] = []
    while last >= 0:
        order.append(last)
        visited, last = visited ^ (1 << last), best[visited, last][1]
    return tuple(reversed(order))


def _improved(lengths: Lengths) -> tuple[int, ...]:
    """Return the planned order after every turn and every move of a piece that shortens it."""
    order = list(range(len(lengths)))
    table = np.array(lengths, dtype=np.int64)
    while _turn_one(table, order) or _move_one(table, order):
        pass
    return tuple(order)


def _turn_one(table: npt.NDArray[np.int64], order: list[int]) -> bool:
    """Turn round the piece whose turning helps most; return whether there was one (2-opt)."""
    count = len(order)
    apart = table[np.ix_(order, order)]
    steps = np.diagonal(apart, 1)
    # Turning the piece from i to j changes the step before i and the step after j.
    gain = np.zeros((count, count), dtype=np.int64)
    gain[1:, :] += steps[:, None] - apart[:-1, :]
    gain[:, :-1] += steps[None, :] - apart[:, 1:]
    gain = np.triu(gain, 1)
    i, j = divmod(int(gain.argmax()), count)
    if gain[i, j] <= 0:
        return False
    order[i : j + 1] = order[i : j + 1][::-1]
    return True


def _move_one(table: npt.NDArray[np.int64], order: list[int]) -> bool:
    """Move a short piece elsewhere when that helps; return whether one was moved (Or-opt)."""
    for size in range(1, PIECE + 1):
        for start in range(len(order) - size + 1):
            piece, rest = order[start : start + size], order[:start] + order[start + size :]
            before = _length(table, order)
            for ends in (piece, piece[::-1]):
                place = _best_gap(table, rest, ends)
                moved = rest[:place] + ends + rest[place:]
                if _length(table, moved) < before:
                    order[:] = moved
                    return True
    return False


def _best_gap(table: npt.NDArray[np.int64], rest: list[int], piece: list[int]) -> int:
    """Return where in `rest` a piece costs least."""
    path = np.array(rest)
    into, out = table[path, piece[0]], table[piece[-1], path]
    cost = np.concatenate(([out[0]], into[:-1] + out[1:] - table[path[:-1], path[1:]], [into[-1]]))
    return int(cost.argmin())


def _length(table: npt.NDArray[np.int64], order: list[int]) -> int:
    """Return the length of an order."""
    path = np.array(order)
    return int(table[path[:-1], path[1:]].sum())
