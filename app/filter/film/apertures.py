"""The open rectangles of many segments, one after the other, for the film's kernel."""

from typing import NamedTuple

import numba
import numpy as np

from app.filter.film.lookup import Counts
from app.filter.mu.segment_dose import Air
from app.filter.mu.strips import clipped, equivalent_square, widened_all
from core.dose.geometry import Floats


class Apertures(NamedTuple):
    """The rectangles of the segments, one after the other; cm at the isocentre plane.

    Attributes:
        strips: x1, x2, y1, y2; those of one segment rise in y.
        first: Where the strips of each segment begin; one more than segments.
        side: Of the equivalent square of each segment.
        tips, edges, jaws: As in `app.filter.mu.segment_dose.Shapes`.
        air_strips, air_first: Rectangles of the collimator scatter in the form of `strips` and
            `first`; without any where they are these.

    """

    strips: Floats
    first: Counts
    side: Floats
    tips: Floats
    edges: Floats
    jaws: Floats
    air_strips: Floats
    air_first: Counts


@numba.njit(cache=True, nogil=True)
def apertures(own_tips: Floats, edges: Floats, jaws: Floats, offset: float, air: Air) -> Apertures:
    """Return the open rectangles of every segment; neighbours of equal tips become one.

    Args:
        own_tips: Shape (segments, pairs, 2).
        edges: Shape (pairs + 1,).
        jaws: Of each segment.
        offset: From a tip to the radiation edge, see `app.filter.mu.strips.widened`.
        air: Apertures of the collimator scatter, see `app.filter.mu.segment_dose.Air`.

    """
    tips = widened_all(own_tips, offset)
    strips, first, side = _strips_of(tips, edges, jaws)
    air_strips, air_first = np.zeros((0, 4)), np.zeros(0, dtype=np.int64)
    if len(air.tips):
        air_strips, air_first, _ = _strips_of(air.tips, air.edges, jaws)
    return Apertures(strips, first, side, tips, edges, jaws, air_strips, air_first)


@numba.njit(cache=True, nogil=True)
def _strips_of(tips: Floats, edges: Floats, jaws: Floats) -> tuple[Floats, Counts, Floats]:
    """Return the open rectangles, where those of each segment begin, and equivalent squares."""
    count, pairs = tips.shape[0], tips.shape[1]
    strips = np.empty((count * pairs, 4))
    first = np.zeros(count + 1, dtype=np.int64)
    side = np.zeros(count)
    used = 0
    for n in range(count):
        whole = clipped(tips[n], edges, jaws[n])
        side[n] = equivalent_square(whole)
        for k in range(len(whole)):
            same = (
                used > first[n]
                and strips[used - 1, 0] == whole[k, 0]
                and strips[used - 1, 1] == whole[k, 1]
                and abs(strips[used - 1, 3] - whole[k, 2]) < 1e-9
            )
            if same:
                strips[used - 1, 3] = whole[k, 3]
            else:
                strips[used] = whole[k]
                used += 1
        first[n + 1] = used
    return strips[:used].copy(), first, side
