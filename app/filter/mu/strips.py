"""Scatter integrated over one rectangle per leaf pair, and where the aperture's edge is.

Day's method on strips (Siochi 2009, II.C.4.a; equations (5) to (8)): the scatter at a point is the
signed sum over the corners of every rectangle of a quarter of the scatter of the field whose
equivalent square the corner makes with the point. Exact for any rectangle about the point, valid
for points outside, islands allowed. Lengths cm at the isocentre plane.
"""

from typing import NamedTuple

import numba
import numpy as np

from app.filter.mu.curves import on_cubic, on_line
from core.dose.geometry import Floats


class Curve(NamedTuple):
    """A quantity along the side of square fields, with the slopes of its monotone cubic."""

    sides: Floats
    values: Floats
    slopes: Floats


@numba.njit(cache=True, nogil=True)
def clipped(tips: Floats, edges: Floats, jaws: Floats) -> Floats:
    """Return the rectangles x1, x2, y1, y2 that leaves and jaws leave open.

    Args:
        tips: Leaf tips, shape (pairs, 2).
        edges: Edges of the pairs, one more than pairs.
        jaws: X1, X2, Y1, Y2.

    """
    found = np.empty((len(tips), 4))
    count = 0
    for k in range(len(tips)):
        x1, x2 = max(tips[k, 0], jaws[0]), min(tips[k, 1], jaws[1])
        y1, y2 = max(edges[k], jaws[2]), min(edges[k + 1], jaws[3])
        if x2 > x1 and y2 > y1:
            found[count, 0], found[count, 1], found[count, 2], found[count, 3] = x1, x2, y1, y2
            count += 1
    return found[:count].copy()


@numba.njit(cache=True, nogil=True)
def widened(tips: Floats, offset: float) -> Floats:
    """Return leaf tips as the beam sees them: rounded tips let through beside an open gap.

    Args:
        tips: Leaf tips, shape (pairs, 2).
        offset: Distance from tip to radiation edge, each side; closed pairs stay closed.

    """
    if offset == 0:
        return tips
    found = tips.copy()
    for k in range(len(tips)):
        if tips[k, 1] > tips[k, 0]:
            found[k, 0] -= offset
            found[k, 1] += offset
    return found


@numba.njit(cache=True, nogil=True)
def widened_all(tips: Floats, offset: float) -> Floats:
    """Return the tips of many segments, shape (segments, pairs, 2), as `widened` gives one."""
    found = tips.copy()
    for n in range(len(tips)):
        found[n] = widened(tips[n], offset)
    return found


@numba.njit(cache=True, nogil=True)
def primary_share(distances: Floats, edge: Floats, rectangles: Floats, point: Floats) -> float:
    """Return the share of the open primary that reaches a point through the aperture.

    The edge function is integrated over every strip: rise minus fall along X times rise minus
    fall along Y. Exact for edges whose blur is a product of one in X and one in Y.

    Args:
        distances: Inside the edge, rising.
        edge: Primary at these distances as a share of the open beam.
        rectangles: x1, x2, y1, y2 each.
        point: x, y.

    """
    low, high = distances[0], distances[-1]
    total = 0.0
    for k in range(len(rectangles)):
        found = np.empty(4)
        for side in range(4):
            inside = point[side // 2] - rectangles[k, side]
            found[side] = on_line(distances, edge, min(max(inside, low), high))
        total += (found[0] - found[1]) * (found[2] - found[3])
    return float(min(max(total, 0.0), 1.0))


@numba.njit(cache=True, nogil=True)
def cropped(rectangles: Floats, flash: Floats) -> Floats:
    """Return the rectangles without the part that radiates air: edges moved in by `flash`.

    Args:
        rectangles: Of the aperture.
        flash: Distance by which the edges at X1, X2, Y1, Y2 move inwards; all from 0.

    """
    if len(rectangles) == 0 or not np.any(flash > 0):
        return rectangles
    jaws = np.array(
        [-1e9, 1e9, rectangles[:, 2].min() + flash[2], rectangles[:, 3].max() - flash[3]]
    )
    found = np.empty_like(rectangles)
    count = 0
    for k in range(len(rectangles)):
        x1, x2 = rectangles[k, 0] + flash[0], rectangles[k, 1] - flash[1]
        y1, y2 = max(rectangles[k, 2], jaws[2]), min(rectangles[k, 3], jaws[3])
        if x2 > x1 and y2 > y1:
            found[count, 0], found[count, 1], found[count, 2], found[count, 3] = x1, x2, y1, y2
            count += 1
    return found[:count].copy()


@numba.njit(cache=True, nogil=True)
def _corner(curve: Curve, x: float, y: float, widest: Floats) -> float:
    """Return a quarter of the scatter of the field that a corner makes with the point."""
    if x == 0 or y == 0:
        return 0.0
    side = 4 * abs(x * y) / (abs(x) + abs(y))
    widest[0] = max(widest[0], side)
    value = on_cubic(curve.sides, curve.values, curve.slopes, min(side, curve.sides[-1]))
    value = (value - curve.values[0]) / 4
    return float(value if (x > 0) == (y > 0) else -value)


@numba.njit(cache=True, nogil=True)
def integrated(
    curve: Curve, rectangles: Floats, point: Floats, scale: Floats, widest: Floats
) -> float:
    """Return a quantity integrated over the aperture, its value without field included.

    Args:
        curve: The quantity for square fields, beginning with side 0.
        rectangles: x1, x2, y1, y2 each.
        point: x, y.
        scale: Factors that take distances along X and Y to the plane the curve is for.
        widest: Shape (1,): raised to the largest side the curve was asked for.

    """
    total = float(curve.values[0])
    for k in range(len(rectangles)):
        x1, x2 = (rectangles[k, 0] - point[0]) * scale[0], (rectangles[k, 1] - point[0]) * scale[0]
        y1, y2 = (rectangles[k, 2] - point[1]) * scale[1], (rectangles[k, 3] - point[1]) * scale[1]
        total += _corner(curve, x2, y2, widest) - _corner(curve, x1, y2, widest)
        total += _corner(curve, x1, y1, widest) - _corner(curve, x2, y1, widest)
    return float(total)


@numba.njit(cache=True, nogil=True)
def equivalent_square(rectangles: Floats) -> float:
    """Return the side of equation (6): area and mean opening of the exposed strips.

    Openings are averaged with the visible height of their strip, so that a sliver of a leaf under
    the jaw's edge counts as the sliver it is.
    """
    area, height = 0.0, 0.0
    for k in range(len(rectangles)):
        tall = rectangles[k, 3] - rectangles[k, 2]
        area += (rectangles[k, 1] - rectangles[k, 0]) * tall
        height += tall
    if area <= 0:
        return 0.0
    mean = area / height
    return 2 * area * mean / (mean * mean + area)


@numba.njit(cache=True, nogil=True)
def _to_segment(along: float, across: float, low: float, high: float) -> float:
    beyond = max(low - along, 0.0, along - high)
    return float(np.hypot(beyond, across))


@numba.njit(cache=True, nogil=True)
def _to_step(rectangles: Floats, upper: int, lower: int, point: Floats) -> float:
    """Return the distance to the parts of a horizontal border that only one strip touches.

    Args:
        rectangles: Of the aperture.
        upper: Number of the strip above the border; -1 for none.
        lower: Number of the strip below it; -1 for none.
        point: x, y.

    """
    if upper >= 0:
        at, first = rectangles[upper, 2], upper
    else:
        at, first = rectangles[lower, 3], lower
    across = point[1] - at
    low, high = rectangles[first, 0], rectangles[first, 1]
    if upper < 0 or lower < 0:
        return _to_segment(point[0], across, low, high)
    other_low, other_high = rectangles[lower, 0], rectangles[lower, 1]
    if other_low >= high or low >= other_high:
        return min(
            _to_segment(point[0], across, low, high),
            _to_segment(point[0], across, other_low, other_high),
        )
    nearest = np.inf
    if low != other_low:
        ends = (min(low, other_low), max(low, other_low))
        nearest = min(nearest, _to_segment(point[0], across, ends[0], ends[1]))
    if high != other_high:
        ends = (min(high, other_high), max(high, other_high))
        nearest = min(nearest, _to_segment(point[0], across, ends[0], ends[1]))
    return nearest


@numba.njit(cache=True, nogil=True)
def edge_distance(rectangles: Floats, point: Floats) -> float:
    """Return the distance from a point to the aperture's edge, positive inside; -inf if closed.

    The strips stand in rising order of Y, as leaf pairs do.
    """
    inside, nearest = False, np.inf
    count = len(rectangles)
    for k in range(count):
        x1, x2, y1, y2 = rectangles[k]
        if x1 <= point[0] <= x2 and y1 <= point[1] <= y2:
            inside = True
        nearest = min(nearest, _to_segment(point[1], point[0] - x1, y1, y2))
        nearest = min(nearest, _to_segment(point[1], point[0] - x2, y1, y2))
        below = k - 1 if k > 0 and abs(rectangles[k - 1, 3] - y1) < 1e-9 else -1
        nearest = min(nearest, _to_step(rectangles, k, below, point))
        if k == count - 1 or abs(rectangles[k + 1, 2] - y2) >= 1e-9:
            nearest = min(nearest, _to_step(rectangles, -1, k, point))
    return nearest if inside else -nearest
