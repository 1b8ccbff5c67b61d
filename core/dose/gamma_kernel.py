"""The compiled part of gamma: the nearest point of a trilinear dose within the walls of a cell."""

import numba
import numpy as np
import numpy.typing as npt

from core.dose.geometry import Floats

Values = npt.NDArray[np.float32]
OUTSIDE = np.float32(-1)
"""Mark of a point with no evaluated dose within reach."""

STEPS, HALVES = 24, 8
SMALL = 1e-6
BENT = 0.5
FAST = {"contract", "arcp", "nsz"}  # no license to assume that values are finite
Place = tuple[float, float, float]
Surface = tuple[float, float, float, float, float]
Terms = tuple[float, float, float, float, float, float, float, float]


def cell_ranges(values: Values) -> tuple[Values, Values]:
    """Return the smallest and largest dose of every cell; a cell that lacks one has no range."""
    low = high = values
    for axis in range(3):
        if values.shape[axis] > 1:
            first = tuple(slice(None, -1) if a == axis else slice(None) for a in range(3))
            second = tuple(slice(1, None) if a == axis else slice(None) for a in range(3))
            low = np.minimum(low[first], low[second])
            high = np.maximum(high[first], high[second])
    missing = np.isnan(low)
    if missing.any():
        low, high = np.where(missing, np.inf, low), np.where(missing, -np.inf, high)
    return (
        np.ascontiguousarray(low, dtype=np.float32), np.ascontiguousarray(high, dtype=np.float32),
    )  # fmt: skip


@numba.njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _start(axis: Floats, at: float) -> int:
    """Return the cell of an axis nearest to a place."""
    cells = max(len(axis) - 1, 1)
    found = np.searchsorted(axis, at, side="right") - 1
    return int(max(min(int(found), cells - 1), 0))


@numba.njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def gamma_rows(
    reference: Values,
    places: tuple[Floats, Floats, Floats],
    rows: tuple[int, int],
    grid: tuple[Values, Values, Values, Floats, Floats, Floats],
    near: tuple[npt.NDArray[np.int64], Floats],
    limits: Floats,
    out: Values,
) -> None:
    """Fill in gamma for some rows of the reference (rows of all slices counted through).

    Args:
        reference: Dose.
        places: Axes of the reference in the frame of the evaluated axes.
        rows: First row and the one after the last.
        grid: Evaluated dose, its cells' ranges, its axes.
        near: Steps to cells, nearest first, and their least squared distances.
        limits: Distance, dose (or share of the local dose), 1 for local, threshold, most.
        out: Result.

    """
    local, threshold, most = limits[2] > 0, limits[3], limits[4]
    reach = most * limits[0]
    per_mm, work = 1 / limits[0], np.empty(27)
    for row in range(rows[0], rows[1]):
        k, j = row // reference.shape[1], row % reference.shape[1]
        z, y = places[0][k], places[1][j]
        first0, first1 = _start(grid[3], z), _start(grid[4], y)
        for i in range(reference.shape[2]):
            dose = float(reference[k, j, i])
            if not dose >= threshold or dose <= 0:
                continue
            x = places[2][i]
            if _beyond(grid, z, y, x) >= reach * reach:
                out[k, j, i] = OUTSIDE
                continue
            first = (first0, first1, _start(grid[5], x))
            per_dose = 1 / (limits[1] * dose if local else limits[1])
            units = (dose, per_mm, per_dose, most * most)
            found = _nearest(grid, (z, y, x), first, units, near, work)
            out[k, j, i] = np.sqrt(found) if found < 1e30 else OUTSIDE


@numba.njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _beyond(
    grid: tuple[Values, Values, Values, Floats, Floats, Floats], z: float, y: float, x: float
) -> float:
    """Return the squared distance of a place from the grid."""
    squared = 0.0
    for axis, own in ((grid[3], z), (grid[4], y), (grid[5], x)):
        if len(axis) > 1:
            squared += max(axis[0] - own, own - axis[-1], 0.0) ** 2
    return squared


@numba.njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _nearest(
    grid: tuple[Values, Values, Values, Floats, Floats, Floats],
    at: tuple[float, float, float],
    first: tuple[int, int, int],
    units: tuple[float, float, float, float],
    near: tuple[npt.NDArray[np.int64], Floats],
    work: Floats,
) -> float:
    """Return gamma squared, at most the last of `units`."""
    values, low, high = grid[0], grid[1], grid[2]
    steps, least = near
    dose, per_mm, per_dose, best = units
    for n in range(len(steps)):
        if least[n] >= best:
            break
        c0, c1, c2 = first[0] + steps[n, 0], first[1] + steps[n, 1], first[2] + steps[n, 2]
        if not (0 <= c0 < low.shape[0] and 0 <= c1 < low.shape[1] and 0 <= c2 < low.shape[2]):
            continue
        gap = max(low[c0, c1, c2] - dose, dose - high[c0, c1, c2], 0.0) * per_dose
        bound = gap * gap
        if bound >= best:
            continue
        l0, h0 = _walls(grid[3], c0, at[0], per_mm)
        l1, h1 = _walls(grid[4], c1, at[1], per_mm)
        l2, h2 = _walls(grid[5], c2, at[2], per_mm)
        bound += max(l0, -h0, 0.0) ** 2 + max(l1, -h1, 0.0) ** 2 + max(l2, -h2, 0.0) ** 2
        if bound >= best:
            continue
        terms = _terms(values, c0, c1, c2, dose, per_dose)
        best = _in_cell(terms, (l0, l1, l2), (h0, h1, h2), best, work)
    return best


@numba.njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _walls(axis: Floats, cell: int, at: float, per_mm: float) -> tuple[float, float]:
    """Return the walls of a cell as seen from a place, in units of the distance to agreement.

    An axis of one plane has no extent: the place lies on it.
    """
    if len(axis) == 1:
        return 0.0, 0.0
    return (axis[cell] - at) * per_mm, (axis[cell + 1] - at) * per_mm


@numba.njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _terms(values: Values, c0: int, c1: int, c2: int, dose: float, per_dose: float) -> Terms:
    """Return the coefficients of 1, u, v, w, uv, uw, vw, uvw of a cell, in units of tolerance."""
    d0, d1, d2 = int(values.shape[0] > 1), int(values.shape[1] > 1), int(values.shape[2] > 1)
    a = (values[c0, c1, c2] - dose) * per_dose
    b = (values[c0, c1, c2 + d2] - dose) * per_dose
    c = (values[c0, c1 + d1, c2] - dose) * per_dose
    d = (values[c0, c1 + d1, c2 + d2] - dose) * per_dose
    e = (values[c0 + d0, c1, c2] - dose) * per_dose
    f = (values[c0 + d0, c1, c2 + d2] - dose) * per_dose
    g = (values[c0 + d0, c1 + d1, c2] - dose) * per_dose
    h = (values[c0 + d0, c1 + d1, c2 + d2] - dose) * per_dose
    return (a, e - a, c - a, b - a, g - e - c + a, f - e - b + a, d - c - b + a,
            h - g - f - d + e + c + b - a)  # fmt: skip


@numba.njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _in_cell(terms: Terms, low: Place, high: Place, best: float, work: Floats) -> float:
    """Return the least gamma squared in a cell, or `best` where that is less.

    A trilinear surface may have more than one nearest point: where it is bent by more than `BENT`
    tolerances, each eighth of the cell that may hold a nearer one is looked at by itself.

    Args:
        terms: Of the dose difference, in units of the dose tolerance.
        low: Walls, from the reference point, in units of the distance to agreement.
        high: The walls opposite.
        best: The least found so far.
        work: Room for 27 numbers.

    """
    per = (
        1 / (high[0] - low[0]) if high[0] > low[0] else 0.0,
        1 / (high[1] - low[1]) if high[1] > low[1] else 0.0,
        1 / (high[2] - low[2]) if high[2] > low[2] else 0.0,
    )
    best = min(best, _descent(terms, (low, per), low, high, _clamped(0.0, low, low, high)))
    if abs(terms[4]) + abs(terms[5]) + abs(terms[6]) + abs(terms[7]) < BENT:
        return best
    middle = ((low[0] + high[0]) / 2, (low[1] + high[1]) / 2, (low[2] + high[2]) / 2)
    filled = False
    for n in range(8):
        near, far = _octant(n, low, middle, high)
        at = _clamped(0.0, low, near, far)
        bound = at[0] * at[0] + at[1] * at[1] + at[2] * at[2]
        if bound >= best:
            continue
        if not filled:
            _lattice(terms, work)
            filled = True
        gap = _gap(work, n)
        if bound + gap * gap < best:
            best = min(best, _descent(terms, (low, per), near, far, at))
    return best


@numba.njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _lattice(terms: Terms, work: Floats) -> None:
    """Set the dose difference at the corners of the eighths of a cell."""
    a, bu, bv, bw, cuv, cuw, cvw, e = terms
    for i in range(3):
        u = i / 2
        for j in range(3):
            v = j / 2
            base = a + bu * u + (bv + cuv * u) * v
            rise = bw + cuw * u + (cvw + e * u) * v
            for k in range(3):
                work[9 * i + 3 * j + k] = base + rise * k / 2


@numba.njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _gap(work: Floats, n: int) -> float:
    """Return how far the dose differences in an eighth stay from 0: its corners bound them."""
    first = 9 * (n >> 2) + 3 * ((n >> 1) & 1) + (n & 1)
    least, most = np.inf, -np.inf
    for corner in range(8):
        value = work[first + 9 * (corner >> 2) + 3 * ((corner >> 1) & 1) + (corner & 1)]
        least, most = min(least, value), max(most, value)
    return float(max(least, -most, 0.0))


@numba.njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _octant(n: int, low: Place, middle: Place, high: Place) -> tuple[Place, Place]:
    near = (
        middle[0] if n & 4 else low[0], middle[1] if n & 2 else low[1],
        middle[2] if n & 1 else low[2],
    )  # fmt: skip
    far = (
        high[0] if n & 4 else middle[0], high[1] if n & 2 else middle[1],
        high[2] if n & 1 else middle[2],
    )  # fmt: skip
    return near, far


@numba.njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _surface(terms: Terms, low: Place, per: Place, at: Place) -> Surface:
    """Return gamma squared, dose difference and its slopes; `per` is 1 over the cell's widths."""
    u, v, w = (at[0] - low[0]) * per[0], (at[1] - low[1]) * per[1], (at[2] - low[2]) * per[2]
    a, bu, bv, bw, cuv, cuw, cvw, e = terms
    g0 = bu + cuv * v + (cuw + e * v) * w
    g1 = bv + cuv * u + (cvw + e * u) * w
    g2 = bw + cuw * u + (cvw + e * u) * v
    dose = a + bv * v + bw * w + cvw * v * w + g0 * u
    square = at[0] * at[0] + at[1] * at[1] + at[2] * at[2] + dose * dose
    return square, dose, g0 * per[0], g1 * per[1], g2 * per[2]


@numba.njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _descent(
    terms: Terms, cell: tuple[Place, Place], near: Place, far: Place, start: Place
) -> float:
    """Return the gamma squared that a descent from a place ends at, between two walls each way.

    Gauss-Newton: the dose is taken as linear about the last place, for which the nearest point
    within the walls is known in closed form but for one number, found by `_along`. A step that
    leads uphill is halved.
    """
    here = start
    best, dose, g0, g1, g2 = _surface(terms, cell[0], cell[1], here)
    for _ in range(STEPS):
        slope = (g0, g1, g2)
        flat = dose - g0 * here[0] - g1 * here[1] - g2 * here[2]
        target = _along(flat, slope, near, far, dose)
        there, share = target, 1.0
        square, dose, g0, g1, g2 = _surface(terms, cell[0], cell[1], there)
        for _half in range(HALVES):
            if square <= best:
                break
            share /= 2
            there = (
                here[0] + share * (target[0] - here[0]), here[1] + share * (target[1] - here[1]),
                here[2] + share * (target[2] - here[2]),
            )  # fmt: skip
            square, dose, g0, g1, g2 = _surface(terms, cell[0], cell[1], there)
        if not square < best - SMALL:
            break
        best, here = square, there
    return best


@numba.njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _clamped(t: float, slope: Place, low: Place, high: Place) -> Place:
    return (
        min(max(-t * slope[0], low[0]), high[0]), min(max(-t * slope[1], low[1]), high[1]),
        min(max(-t * slope[2], low[2]), high[2]),
    )  # fmt: skip


@numba.njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")
def _along(flat: float, slope: Place, low: Place, high: Place, start: float) -> Place:
    """Return the nearest point y = clamp(-t g) of a linear dose: t = flat + g . y(t).

    The right side falls with t and is made of straight pieces, so Newton's method ends.
    """
    t = start
    y = _clamped(t, slope, low, high)
    for _ in range(10):
        steep = 1.0
        if low[0] < y[0] < high[0]:
            steep += slope[0] * slope[0]
        if low[1] < y[1] < high[1]:
            steep += slope[1] * slope[1]
        if low[2] < y[2] < high[2]:
            steep += slope[2] * slope[2]
        miss = t - (flat + slope[0] * y[0] + slope[1] * y[1] + slope[2] * y[2])
        if abs(miss) <= SMALL * (1 + abs(t)):
            break
        t -= miss / steep
        y = _clamped(t, slope, low, high)
    return y
