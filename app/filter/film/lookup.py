"""Curves that are read many times: which interval a place lies in is looked up, not searched.

The same numbers as `app.filter.mu.curves` gives.
"""

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from app.filter.mu.curves import place
from app.filter.mu.strips import Curve
from core.dose.geometry import Floats

Counts = npt.NDArray[np.int64]
BINS, FINE_BINS = 8, 64
"""Per cm of field side, and of distance to an edge: where to begin to look in a table."""


class Cubic(NamedTuple):
    """A monotone cubic as polynomials of each interval."""

    sides: Floats
    per: Floats
    terms: Floats
    bins: Counts


class Pair(NamedTuple):
    """Two monotone cubics over the union of their sides: eight terms an interval."""

    sides: Floats
    terms: Floats
    bins: Counts


class Line(NamedTuple):
    """The penumbra along the distance inside an edge, by straight lines."""

    axis: Floats
    value: Floats
    slope: Floats
    bins: Counts


@numba.njit(cache=True, nogil=True)
def cubic_of(sides: Floats) -> Cubic:
    """Return an empty cubic over some sides."""
    count = len(sides)
    per = np.zeros(count)
    for k in range(count - 1):
        per[k] = 1 / (sides[k + 1] - sides[k])
    return Cubic(sides, per, np.zeros((count, 4)), bins_of(sides, BINS))


@numba.njit(cache=True, nogil=True)
def bins_of(axis: Floats, per_cm: int) -> Counts:
    """Return the interval in which each bin begins, counted from the start of the axis."""
    bins = np.zeros(int((axis[-1] - axis[0]) * per_cm) + 2, dtype=np.int64)
    for n in range(len(bins)):
        bins[n] = place(axis, min(axis[0] + n / per_cm, axis[-1])) if len(axis) > 1 else 0
    return bins


@numba.njit(cache=True, nogil=True)
def fill(cubic: Cubic, values: Floats, slope: Floats) -> None:
    """Set the polynomials of a cubic from values and slopes at its sides."""
    for k in range(len(cubic.sides) - 1):
        step = cubic.sides[k + 1] - cubic.sides[k]
        rise, one, other = values[k + 1] - values[k], step * slope[k], step * slope[k + 1]
        cubic.terms[k, 0] = values[k]
        cubic.terms[k, 1] = one
        cubic.terms[k, 2] = 3 * rise - 2 * one - other
        cubic.terms[k, 3] = one + other - 2 * rise
    cubic.terms[-1, 0] = values[-1]


@numba.njit(cache=True, nogil=True)
def at_side(cubic: Cubic, side: float) -> float:
    """Return the value at a side, at most that at the largest."""
    return value_at(cubic.sides, cubic.per, cubic.terms, cubic.bins, side)


@numba.njit(cache=True, nogil=True)
def value_at(sides: Floats, per: Floats, terms: Floats, bins: Counts, side: float) -> float:
    """Return the value of a cubic, given as bare arrays, at a side."""
    # Bare arrays: counting the references of a tuple of them would take longer than the sum.
    side = min(side, sides[-1])
    k = bins[int(side * BINS)]
    while sides[k + 1] < side:
        k += 1
    t = (side - sides[k]) * per[k]
    return float(((terms[k, 3] * t + terms[k, 2]) * t + terms[k, 1]) * t + terms[k, 0])


@numba.njit(cache=True, nogil=True)
def pair_over(one: Cubic, other: Cubic) -> Pair:
    """Return a pair over the sides of both, as far as the shorter reaches."""
    last = min(one.sides[-1], other.sides[-1])
    sides = np.unique(np.concatenate((one.sides, other.sides)))
    sides = sides[sides <= last]
    bins = bins_of(sides, BINS)
    return Pair(sides, np.zeros((len(sides), 8)), bins)


@numba.njit(cache=True, nogil=True)
def set_half(cubic: Cubic, pair: Pair, first: int) -> None:
    """Set one half of a pair: the same polynomials about the start of each interval."""
    k = 0
    for n in range(len(pair.sides)):
        while k < len(cubic.sides) - 2 and cubic.sides[k + 1] <= pair.sides[n]:
            k += 1
        t, per, c = (pair.sides[n] - cubic.sides[k]) * cubic.per[k], cubic.per[k], cubic.terms[k]
        pair.terms[n, first] = ((c[3] * t + c[2]) * t + c[1]) * t + c[0]
        pair.terms[n, first + 1] = ((3 * c[3] * t + 2 * c[2]) * t + c[1]) * per
        pair.terms[n, first + 2] = (3 * c[3] * t + c[2]) * per * per
        pair.terms[n, first + 3] = c[3] * per * per * per


@numba.njit(cache=True, nogil=True)
def both_at(sides: Floats, terms: Floats, bins: Counts, side: float) -> tuple[float, float]:
    """Return both values of a pair at a side, at most those at the largest."""
    side = min(side, sides[-1])
    k = bins[int(side * BINS)]
    while sides[k + 1] < side:
        k += 1
    t = side - sides[k]
    return (
        ((terms[k, 3] * t + terms[k, 2]) * t + terms[k, 1]) * t + terms[k, 0],
        ((terms[k, 7] * t + terms[k, 6]) * t + terms[k, 5]) * t + terms[k, 4],
    )


@numba.njit(cache=True, nogil=True)
def filled(curve: Curve) -> Cubic:
    """Return a cubic through the points of a curve."""
    made = cubic_of(curve.sides)
    fill(made, curve.values, curve.slopes)
    return made


@numba.njit(cache=True, nogil=True)
def set_line(line: Line, values: Floats) -> None:
    """Set the penumbra of a depth."""
    count = len(line.axis)
    for k in range(count - 1):
        line.slope[k] = (values[k + 1] - values[k]) / (line.axis[k + 1] - line.axis[k])
    line.value[:] = values


@numba.njit(cache=True, nogil=True)
def on_line_at(axis: Floats, value: Floats, slope: Floats, bins: Counts, at: float) -> float:
    """Return the penumbra at a distance inside the edge; beyond the table that of its end."""
    at = min(max(at, axis[0]), axis[-1])
    k = bins[int((at - axis[0]) * FINE_BINS)]
    while axis[k + 1] < at:
        k += 1
    return float(value[k] + (at - axis[k]) * slope[k])


@numba.njit(cache=True, nogil=True)
def line_over(axis: Floats) -> Line:
    """Return an empty line over distances."""
    count = len(axis)
    return Line(axis, np.zeros(count), np.zeros(count), bins_of(axis, FINE_BINS))
