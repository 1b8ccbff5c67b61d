"""The dose of many segments at many points of a film in one compiled pass.

The same numbers as `app.filter.mu.segment_dose` gives for one point (a test holds them together),
arranged so that what depends on the point and the direction alone (depth, TMR, OAR, penumbra) is
worked out once for all segments of a direction.
"""

from typing import NamedTuple

import numba
import numpy as np

from app.filter.film.apertures import Apertures
from app.filter.film.lookup import (
    Counts,
    Cubic,
    Line,
    Pair,
    at_side,
    both_at,
    cubic_of,
    fill,
    filled,
    line_over,
    on_line_at,
    pair_over,
    set_half,
    set_line,
    value_at,
)
from app.filter.film.phantom import depth_in_box
from app.filter.mu.curves import on_line, place, row_at, slopes
from app.filter.mu.segment_dose import Tables
from core.dose.geometry import Floats

Sums = tuple[float, float, float, float, float]
TINY = 1e-300
OUT_OF_PHANTOM, TOO_DEEP, TOO_WIDE_OFF_AXIS, TOO_LARGE = 1, 2, 3, 4
REASONS = {
    OUT_OF_PHANTOM: "outside the phantom",
    TOO_DEEP: "at a depth beyond the book's tables (tmr, oar, penumbra)",
    TOO_WIDE_OFF_AXIS: "farther from the axis than the book's oar",
    TOO_LARGE: "where the field is wider than the book's tmr, psf or csf",
}


class Directions(NamedTuple):
    """The directions in which the beam stands, and the segments of each.

    Attributes:
        first: Number of the first segment of each direction; one more than directions.
        source: Shape (directions, 3), table axes, cm.
        turn: Shape (directions, 3, 3).
        sad_cm: Source to axis.
        along_y: Whether leaves move along Y: then x and y are exchanged.

    """

    first: Counts
    source: Floats
    turn: Floats
    sad_cm: float
    along_y: bool


class Box(NamedTuple):
    """The phantom, and how depth is measured in it."""

    low: Floats
    high: Floats
    density: float
    along_ray: bool


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _scatter(
    strips: Floats, span: tuple[int, int], at: tuple[float, float, float], stretch: Floats,
    csf: Cubic, both: Pair
) -> Sums:  # fmt: skip
    """Add up csf, psf and tmr over the corners of a segment's rectangles (Day's method).

    Args:
        strips: Of all segments.
        span: Those of this one.
        at: x, y, and the distance from the source over SAD.
        stretch: Of the collimator exchange.
        csf: In air.
        both: psf and tmr, in the phantom.

    Returns:
        The three integrals, then the widest side in the phantom and in air.

    """
    px, py, scale = at
    sides, terms, bins = both.sides, both.terms, both.bins
    own_sides, per, own_terms, own_bins = csf.sides, csf.per, csf.terms, csf.bins
    csf_zero, psf_zero, tmr_zero = csf.terms[0, 0], both.terms[0, 0], both.terms[0, 4]
    first, second, third, wide, air_wide = 0.0, 0.0, 0.0, 0.0, 0.0
    plain = stretch[0] == 1 and stretch[1] == 1
    for k in range(span[0], span[1]):
        for side in range(2):
            x = strips[k, side] - px
            # Corners at x1, y1 and x2, y2 count positive; a corner beyond the point on one side
            # only has the other sign again.
            outer = -0.25 if (x > 0) == (side == 0) else 0.25
            x = abs(x)
            for end in range(2):
                y = strips[k, 2 + end] - py
                sign = -outer if (y > 0) == (end == 0) else outer
                y = abs(y)
                air = 4 * x * y / max(x + y, TINY)
                flat = scale * air
                if not plain:
                    air_x, air_y = x * stretch[0], y * stretch[1]
                    air = 4 * air_x * air_y / max(air_x + air_y, TINY)
                wide, air_wide = max(wide, flat), max(air_wide, air)
                first += sign * (value_at(own_sides, per, own_terms, own_bins, air) - csf_zero)
                a, b = both_at(sides, terms, bins, flat)
                second += sign * (a - psf_zero)
                third += sign * (b - tmr_zero)
    return first + csf_zero, second + psf_zero, third + tmr_zero, wide, air_wide


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _in_air(
    strips: Floats, span: tuple[int, int], at: tuple[float, float, float], stretch: Floats,
    csf: Cubic
) -> tuple[float, float]:  # fmt: skip
    """Add up csf alone over the corners of rectangles, as `_scatter` does; and its widest side."""
    zero, total, widest = csf.terms[0, 0], 0.0, 0.0
    for k in range(span[0], span[1]):
        for side in range(2):
            x = strips[k, side] - at[0]
            outer = -0.25 if (x > 0) == (side == 0) else 0.25
            x = abs(x) * stretch[0]
            for end in range(2):
                y = strips[k, 2 + end] - at[1]
                sign = -outer if (y > 0) == (end == 0) else outer
                y = abs(y) * stretch[1]
                air = 4 * x * y / max(x + y, TINY)
                widest = max(widest, air)
                value = value_at(csf.sides, csf.per, csf.terms, csf.bins, air)
                total += sign * (value - zero)
    return total + zero, widest


@numba.njit(cache=True, nogil=True)
def _segment(along: float, across: float, low: float, high: float) -> float:
    beyond = max(low - along, 0.0, along - high)
    return beyond * beyond + across * across


@numba.njit(cache=True, nogil=True)
def _border(strips: Floats, upper: int, lower: int, x: float, y: float) -> float:
    """Return the squared distance to the parts of a border that only one strip touches."""
    first = upper if upper >= 0 else lower
    across = y - (strips[upper, 2] if upper >= 0 else strips[lower, 3])
    low, high = strips[first, 0], strips[first, 1]
    if upper < 0 or lower < 0:
        return _segment(x, across, low, high)
    other_low, other_high = strips[lower, 0], strips[lower, 1]
    if other_low >= high or low >= other_high:
        return min(_segment(x, across, low, high), _segment(x, across, other_low, other_high))
    nearest = np.inf
    if low != other_low:
        nearest = _segment(x, across, min(low, other_low), max(low, other_low))
    if high != other_high:
        nearest = min(nearest, _segment(x, across, min(high, other_high), max(high, other_high)))
    return nearest


@numba.njit(cache=True, nogil=True)
def well_inside(strips: Floats, span: tuple[int, int], x: float, y: float, reach: float) -> bool:
    """Return whether a point lies inside an aperture, farther than `reach` from its edge."""
    first, last = span
    while first < last and strips[first, 3] < y - reach:
        first += 1
    while last > first and strips[last - 1, 2] > y + reach:
        last -= 1
    inside = False
    for k in range(first, last):
        if strips[k, 2] <= y <= strips[k, 3] and strips[k, 0] <= x <= strips[k, 1]:
            inside = True
    if not inside:
        return False
    nearest = reach * reach
    for k in range(first, last):
        if (
            _segment(y, x - strips[k, 0], strips[k, 2], strips[k, 3]) <= nearest
            or _segment(y, x - strips[k, 1], strips[k, 2], strips[k, 3]) <= nearest
        ):
            return False
        joined = k > span[0] and abs(strips[k - 1, 3] - strips[k, 2]) < 1e-9
        if _border(strips, k, k - 1 if joined else -1, x, y) <= nearest:
            return False
        ends = k == span[1] - 1 or abs(strips[k + 1, 2] - strips[k, 3]) >= 1e-9
        if ends and _border(strips, -1, k, x, y) <= nearest:
            return False
    return True


@numba.njit(cache=True, nogil=True)
def _layers(own: Apertures, n: int, x: float, y: float) -> int:
    """Return how many layers of collimators lie over a point."""
    jaws, edges = own.jaws[n], own.edges
    count = 0 if jaws[0] <= x <= jaws[1] else 1
    count += 0 if jaws[2] <= y <= jaws[3] else 1
    if edges[0] <= y < edges[-1]:
        k = place(edges, y)
        if not own.tips[n, k, 0] <= x <= own.tips[n, k, 1]:
            count += 1
    return count


@numba.njit(cache=True, nogil=True)
def _opened(strips: Floats, span: tuple[int, int], x: float, y: float, line: Line) -> float:
    """Return the share of the primary that a segment leaves open to a point."""
    axis, value, slope, bins = line.axis, line.value, line.slope, line.bins
    total, top, rise = 0.0, np.inf, 0.0
    for k in range(span[0], span[1]):
        low = rise
        if strips[k, 2] != top:
            low = on_line_at(axis, value, slope, bins, y - strips[k, 2])
        top = strips[k, 3]
        rise = on_line_at(axis, value, slope, bins, y - top)
        if low != rise:
            near = on_line_at(axis, value, slope, bins, x - strips[k, 0])
            total += (low - rise) * (near - on_line_at(axis, value, slope, bins, x - strips[k, 1]))
    return min(max(total, 0.0), 1.0)


@numba.njit(cache=True, nogil=True)
def seen_from(
    point: Floats, where: Directions, n: int, box: Box
) -> tuple[float, float, float, float]:
    """Return x and y at the isocentre plane, distance along the axis, depth (-1: outside)."""
    turn, sad = where.turn[n], where.sad_cm
    beam = np.zeros(3)
    for row in range(3):
        for column in range(3):
            beam[row] += turn[row, column] * point[column]
    away = sad - beam[2]
    depth, ray = depth_in_box(point, where.source[n], box.low, box.high)
    if depth > 0:
        depth *= box.density if box.along_ray else box.density * away / ray
    return beam[0] * sad / away, beam[1] * sad / away, away, depth


@numba.njit(cache=True, nogil=True)
def _set_curves(tables: Tables, psf: Cubic, depth: float, tmr: Cubic, line: Line) -> None:
    """Set the TMR and the penumbra of a depth."""
    values = row_at(tables.depths, tables.tmr, depth)
    if tables.khan:
        for k in range(1, len(values)):
            values[k] *= at_side(psf, tables.tmr_sides[k]) / tables.psf.values[0]
    fill(tmr, values, slopes(tables.tmr_sides, values))
    set_line(line, row_at(tables.edge_depths, tables.edge, depth))


@numba.njit(cache=True, nogil=True)
def _refusal(tables: Tables, depth: float, off_axis: float) -> int:
    """Return why the book has nothing for a place; 0 when it has."""
    if depth < 0:
        return OUT_OF_PHANTOM
    for axis in (tables.depths, tables.oar_depths, tables.edge_depths):
        if not axis[0] - 1e-9 <= depth <= axis[-1] + 1e-9:
            return TOO_DEEP
    if off_axis > tables.oar_radii[-1] + 1e-9:
        return TOO_WIDE_OFF_AXIS
    return 0


@numba.njit(cache=True, nogil=True)
def _direction(  # noqa: PLR0913, PLR0917  (a kernel)
    tables: Tables, own: Apertures, span: tuple[int, int], at: tuple[float, float, float],
    csf: Cubic, both: Pair, line: Line, weights: Floats
) -> float:  # fmt: skip
    """Return the weighted dose of the segments of one direction, without OAR and distance.

    -1 where one of them is wider than the tables.
    """
    most, most_air = both.sides[-1] + 1e-6, tables.csf.sides[-1] + 1e-6
    zero, total = both.terms[0, 4], 0.0
    for n in range(span[0], span[1]):
        if weights[n] == 0:
            continue
        strips = (own.first[n], own.first[n + 1])
        air, psf, tmr, wide, air_wide = _scatter(
            own.strips, strips, at, tables.stretch, csf, both
        )  # fmt: skip
        if len(own.air_first):
            strips_in_air = (own.air_first[n], own.air_first[n + 1])
            air, air_wide = _in_air(own.air_strips, strips_in_air, at, tables.stretch, csf)
        if wide > most or air_wide > most_air:
            return -1.0
        share = 1.0
        if not well_inside(own.strips, strips, at[0], at[1], tables.reach_cm):
            share = _opened(own.strips, strips, at[0], at[1], line)
            leak = tables.leakage[0 if _layers(own, n, at[0], at[1]) <= 1 else 1]
            share += leak * (1 - share)
        total += weights[n] * air * psf * (zero * share + tmr - zero)
    return total


@numba.njit(cache=True, nogil=True)
def film_rows(  # noqa: PLR0913, PLR0917  (a kernel)
    tables: Tables, own: Apertures, where: Directions, box: Box, fluence: Floats,
    points: Floats, out: Floats, why: Counts
) -> None:  # fmt: skip
    """Add the dose of a field to some points.

    Args:
        tables: Of the beam.
        own: Its segments.
        where: Their directions.
        box: The phantom.
        fluence: MU times dose per MU times squared calibration distance of each segment, times
            wedge at each point; shape (1 or points, segments).
        points: Shape (points, 3), table axes, cm.
        out: Dose in the unit of `fluence`; added to.
        why: Set to the reason where nothing can be calculated.

    """
    psf, csf, tmr = filled(tables.psf), filled(tables.csf), cubic_of(tables.tmr_sides)
    unity = cubic_of(tables.psf.sides)
    fill(unity, 1 + 0 * tables.psf.values, 0 * tables.psf.values)
    # Khan's form takes PSF(0) and holds the rest of the phantom scatter in its SMR.
    both = pair_over(psf, tmr)
    set_half(unity if tables.khan else psf, both, 0)
    factor = tables.psf.values[0] if tables.khan else 1.0
    line = line_over(tables.edge_distances)
    for p in range(len(points)):
        weights = fluence[p] if len(fluence) > 1 else fluence[0]
        for d in range(len(where.source)):
            x, y, away, depth = seen_from(points[p], where, d, box)
            off_axis = np.hypot(x, y)
            reason = _refusal(tables, depth, off_axis)
            if reason:
                why[p] = reason
                break
            depth = min(max(depth, tables.depths[0]), tables.depths[-1])
            _set_curves(tables, psf, depth, tmr, line)
            set_half(tmr, both, 4)
            at = (y, x, away / where.sad_cm) if where.along_y else (x, y, away / where.sad_cm)
            total = _direction(tables, own, (where.first[d], where.first[d + 1]), at, csf,
                               both, line, weights)  # fmt: skip
            if total < 0:
                why[p] = TOO_LARGE
                break
            row = row_at(tables.oar_depths, tables.oar, depth)
            oar = on_line(tables.oar_radii, row, min(off_axis, tables.oar_radii[-1]))
            out[p] += factor * total * oar / (away * away)
