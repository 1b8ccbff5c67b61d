"""Distance to agreement: how far away the evaluated plane has the dose of a reference point.

Each cell of the evaluated grid is four triangles about its middle, in which the dose is linear;
where it equals the reference dose is then a piece of a straight line, whose nearest point is known
in closed form. Exact for doses that are linear in a cell.
"""

import numba
import numpy as np

from app.filter.film.plane import FilmPlane, Values
from core.dose.geometry import Floats

MOST_MM = 10.0
# Corners of the triangles, counted round the cell from its lowest x and y.
ROUND = np.array([[0, 0], [0, 1], [1, 1], [1, 0]])


def distance_mm(
    reference: FilmPlane,
    evaluated: FilmPlane,
    threshold_percent: float = 10.0,
    most_mm: float = MOST_MM,
) -> Values:
    """Return the distance to agreement at the points of the reference, mm.

    Args:
        reference: At whose points.
        evaluated: Where the dose is looked for, on the same axes.
        threshold_percent: NaN below this share of the largest reference dose.
        most_mm: Given where there is no such dose within it.

    """
    least = threshold_percent / 100 * float(np.nanmax(reference.values))
    axes = (reference.x_mm, reference.y_mm, evaluated.x_mm, evaluated.y_mm)
    found: Values = _distances(
        reference.values, evaluated.values, axes, (least, most_mm), np.full(4, np.nan)
    )
    return found


@numba.njit(cache=True, nogil=True)
def _distances(
    reference: Values,
    evaluated: Values,
    axes: tuple[Floats, Floats, Floats, Floats],
    limits: tuple[float, float],
    ring: Floats,
) -> Values:
    own_x, own_y, x_mm, y_mm = axes
    least, most = limits
    across, up = x_mm[1] - x_mm[0], y_mm[1] - y_mm[0]
    out = np.full(reference.shape, np.nan, dtype=np.float32)
    for j in range(len(own_y)):
        first_row = max(int((own_y[j] - most - y_mm[0]) / up), 0)
        last_row = min(int((own_y[j] + most - y_mm[0]) / up) + 1, len(y_mm) - 1)
        for i in range(len(own_x)):
            dose = reference[j, i]
            if not dose >= least:
                continue
            first = max(int((own_x[i] - most - x_mm[0]) / across), 0)
            last = min(int((own_x[i] + most - x_mm[0]) / across) + 1, len(x_mm) - 1)
            nearest = most * most
            for row in range(first_row, last_row):
                low_y = y_mm[row] - own_y[j]
                beyond_y = max(low_y, 0.0, -low_y - up)
                for column in range(first, last):
                    low_x = x_mm[column] - own_x[i]
                    beyond = max(low_x, 0.0, -low_x - across)
                    if beyond * beyond + beyond_y * beyond_y >= nearest:
                        continue
                    if _set_ring(evaluated, row, column, float(dose), ring):
                        nearest = min(nearest, _in_cell(ring, low_x, low_y, across, up))
            out[j, i] = np.sqrt(nearest)
    return out


@numba.njit(cache=True, nogil=True)
def _set_ring(values: Values, row: int, column: int, dose: float, ring: Floats) -> bool:
    """Set the corners' differences from a dose, round the cell; return whether it is between."""
    low, high = np.inf, -np.inf
    for n in range(4):
        ring[n] = values[row + ROUND[n, 0], column + ROUND[n, 1]] - dose
        low, high = min(low, ring[n]), max(high, ring[n])
    # A comparison with a corner that has no dose is false.
    return bool(low <= 0 <= high) and not np.isnan(ring.sum())


@numba.njit(cache=True, nogil=True)
def _in_cell(ring: Floats, x: float, y: float, across: float, up: float) -> float:
    """Return the squared distance from the origin to where the difference is 0 in a cell."""
    middle = ring.mean()
    centre_x, centre_y = x + across / 2, y + up / 2
    nearest = np.inf
    for n in range(4):
        after = (n + 1) % 4
        xs = (x + ROUND[n, 1] * across, x + ROUND[after, 1] * across, centre_x)
        ys = (y + ROUND[n, 0] * up, y + ROUND[after, 0] * up, centre_y)
        nearest = min(nearest, _in_triangle(xs, ys, (ring[n], ring[after], middle)))
    return nearest


@numba.njit(cache=True, nogil=True)
def _in_triangle(
    xs: tuple[float, float, float],
    ys: tuple[float, float, float],
    values: tuple[float, float, float],
) -> float:
    """Return the squared distance from the origin to the line of 0 in a triangle."""
    found = 0
    first_x = first_y = 0.0
    nearest = np.inf
    for n in range(3):
        after = (n + 1) % 3
        one, other = values[n], values[after]
        if one == 0:
            nearest = min(nearest, xs[n] * xs[n] + ys[n] * ys[n])
        if one * other >= 0:
            # Both ends on the line, or none: the whole side may lie on it.
            if one == 0 and other == 0:
                nearest = min(nearest, _to_line(xs[n], ys[n], xs[after], ys[after]))
            continue
        share = one / (one - other)
        at_x, at_y = xs[n] + share * (xs[after] - xs[n]), ys[n] + share * (ys[after] - ys[n])
        if found:
            nearest = min(nearest, _to_line(first_x, first_y, at_x, at_y))
        elif values[(n + 2) % 3] == 0:
            third = (n + 2) % 3
            nearest = min(nearest, _to_line(xs[third], ys[third], at_x, at_y))
        first_x, first_y, found = at_x, at_y, found + 1
    return nearest


@numba.njit(cache=True, nogil=True)
def _to_line(x1: float, y1: float, x2: float, y2: float) -> float:
    """Return the squared distance from the origin to a piece of a line."""
    along_x, along_y = x2 - x1, y2 - y1
    length = along_x * along_x + along_y * along_y
    share = 0.0
    if length > 0:
        share = min(max(-(x1 * along_x + y1 * along_y) / length, 0.0), 1.0)
    at_x, at_y = x1 + share * along_x, y1 + share * along_y
    return at_x * at_x + at_y * at_y
