"""Curves through measured points: monotone cubics along the field size, straight lines elsewhere.

The cubic is that of Fritsch and Carlson (SIAM J Numer Anal 1980;17:238): between two measured
points it never leaves the values of the two.
"""

import numba
import numpy as np

from core.dose.geometry import Floats


@numba.njit(cache=True, nogil=True)
def place(axis: Floats, at: float) -> int:
    """Return the number of the interval of a rising axis in which `at` lies, ends included."""
    low, high = 0, len(axis) - 1
    while high - low > 1:
        middle = (low + high) // 2
        if axis[middle] <= at:
            low = middle
        else:
            high = middle
    return low


@numba.njit(cache=True, nogil=True)
def _end_slope(near: float, far: float, first: float, second: float) -> float:
    slope = ((2 * near + far) * first - near * second) / (near + far)
    if slope * first <= 0:
        return 0.0
    if first * second <= 0 and abs(slope) > 3 * abs(first):
        return 3 * first
    return slope


@numba.njit(cache=True, nogil=True)
def slopes(axis: Floats, values: Floats) -> Floats:
    """Return the slope of the monotone cubic at each point."""
    count = len(axis)
    found = np.zeros(count)
    if count == 1:
        return found
    step = np.diff(axis)
    rise = np.diff(values) / step
    if count == 2:
        found[:] = rise[0]
        return found
    for k in range(1, count - 1):
        if rise[k - 1] * rise[k] > 0:
            before, after = 2 * step[k] + step[k - 1], step[k] + 2 * step[k - 1]
            found[k] = (before + after) / (before / rise[k - 1] + after / rise[k])
    found[0] = _end_slope(step[0], step[1], rise[0], rise[1])
    found[-1] = _end_slope(step[-1], step[-2], rise[-1], rise[-2])
    return found


@numba.njit(cache=True, nogil=True)
def on_cubic(axis: Floats, values: Floats, slope: Floats, at: float) -> float:
    """Return the value at `at`, which must lie within the axis."""
    if len(axis) == 1:
        return float(values[0])
    k = place(axis, at)
    step = axis[k + 1] - axis[k]
    t = (at - axis[k]) / step
    rest = 1 - t
    return float(
        values[k] * (1 + 2 * t) * rest * rest
        + step * slope[k] * t * rest * rest
        + values[k + 1] * t * t * (3 - 2 * t)
        - step * slope[k + 1] * t * t * rest
    )


@numba.njit(cache=True, nogil=True)
def row_at(axis: Floats, values: Floats, at: float) -> Floats:
    """Return the row of a table at `at` between two measured rows, by straight lines."""
    found = np.empty(values.shape[1])
    if len(axis) == 1:
        found[:] = values[0]
        return found
    k = place(axis, at)
    share = (at - axis[k]) / (axis[k + 1] - axis[k])
    found[:] = (1 - share) * values[k] + share * values[k + 1]
    return found


@numba.njit(cache=True, nogil=True)
def on_line(axis: Floats, values: Floats, at: float) -> float:
    """Return the value at `at` by straight lines; `at` must lie within the axis."""
    if len(axis) == 1:
        return float(values[0])
    k = place(axis, at)
    share = (at - axis[k]) / (axis[k + 1] - axis[k])
    return float((1 - share) * values[k] + share * values[k + 1])
