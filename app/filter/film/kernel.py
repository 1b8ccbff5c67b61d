"""The dose of many segments at many points of a film in one compiled pass.

The same numbers as `app.filter.mu.segment_dose` gives for one point (a test holds them together),
arranged so that what depends on the point and the direction alone (depth, TMR, OAR, penumbra) is
worked out once for all segments of a direction.
"""

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from app.filter.film.phantom import depth_in_box
from app.filter.mu.curves import on_line, place, row_at, slopes
from app.filter.mu.segment_dose import Tables
from app.filter.mu.strips import Curve, clipped, equivalent_square, widened
from core.dose.geometry import Floats

Counts = npt.NDArray[np.int64]
BINS = 8
"""Per cm of field side: where to begin to look in a table."""
OUT_OF_PHANTOM, TOO_DEEP, TOO_WIDE_OFF_AXIS, TOO_LARGE = 1, 2, 3, 4
REASONS = {
    OUT_OF_PHANTOM: "outside the phantom",
    TOO_DEEP: "at a depth beyond the book's tables (tmr, oar, penumbra)",
    TOO_WIDE_OFF_AXIS: "farther from the axis than the book's oar",
    TOO_LARGE: "where the field is wider than the book's tmr, psf or csf",
}


class Apertures(NamedTuple):
    """The rectangles of the segments, one after the other; cm at the isocentre plane.

    Attributes:
        strips: x1, x2, y1, y2; those of one segment rise in y.
        first: Where the strips of each segment begin; one more than segments.
        side: Of the equivalent square of each segment.
        tips, edges, jaws: As in `app.filter.mu.segment_dose.Shapes`.

    """

    strips: Floats
    first: Counts
    side: Floats
    tips: Floats
    edges: Floats
    jaws: Floats


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


class Cubic(NamedTuple):
    """A monotone cubic as polynomials of each interval."""

    sides: Floats
    per: Floats
    terms: Floats
    bins: Counts


class Line(NamedTuple):
    """The penumbra along the distance inside an edge, by straight lines."""

    axis: Floats
    value: Floats
    slope: Floats
    bins: Counts


@numba.njit(cache=True, nogil=True)
def apertures(own_tips: Floats, edges: Floats, jaws: Floats, offset: float) -> Apertures:
    """Return the open rectangles of every segment; neighbours of equal tips become one.

    Args:
        own_tips: Shape (segments, pairs, 2).
        edges: Shape (pairs + 1,).
        jaws: Of each segment.
        offset: From a tip to the radiation edge, see `app.filter.mu.strips.widened`.

    """
    tips = own_tips.copy()
    for n in range(len(tips)):
        tips[n] = widened(own_tips[n], offset)
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
    return Apertures(strips[:used].copy(), first, side, tips, edges, jaws)


@numba.njit(cache=True, nogil=True)
def cubic_of(sides: Floats) -> Cubic:
    """Return an empty cubic over some sides."""
    count = len(sides)
    per = np.zeros(count)
    for k in range(count - 1):
        per[k] = 1 / (sides[k + 1] - sides[k])
    bins = np.zeros(int(sides[-1] * BINS) + 2, dtype=np.int64)
    for n in range(len(bins)):
        bins[n] = place(sides, min(max(n / BINS, sides[0]), sides[-1])) if count > 1 else 0
    return Cubic(sides, per, np.zeros((count, 4)), bins)


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
def _at(cubic: Cubic, side: float) -> float:
    """Return the value at a side, at most that at the largest."""
    last = len(cubic.sides) - 1
    if side >= cubic.sides[last]:
        return float(cubic.terms[last, 0])
    k = cubic.bins[int(side * BINS)]
    while cubic.sides[k + 1] <= side:
        k += 1
    t = (side - cubic.sides[k]) * cubic.per[k]
    c = cubic.terms[k]
    return float(((c[3] * t + c[2]) * t + c[1]) * t + c[0])


@numba.njit(cache=True, nogil=True)
def _filled(curve: Curve) -> Cubic:
    made = cubic_of(curve.sides)
    fill(made, curve.values, curve.slopes)
    return made


@numba.njit(cache=True, nogil=True)
def _scatter(
    strips: Floats,
    span: tuple[int, int],
    at: tuple[float, float, float],
    stretch: Floats,
    cubics: tuple[Cubic, Cubic, Cubic],
    sums: Floats,
) -> None:
    """Add up csf, psf and tmr over the corners of a segment's rectangles (Day's method).

    Args:
        strips: Of all segments.
        span: Those of this one.
        at: x, y, and the distance from the source over SAD.
        stretch: Of the collimator exchange.
        cubics: csf, psf, tmr.
        sums: The three integrals, then the widest side in the phantom and in air.

    """
    csf, psf, tmr = cubics
    zeros = (csf.terms[0, 0], psf.terms[0, 0], tmr.terms[0, 0])
    sums[0], sums[1], sums[2] = zeros
    sums[3] = sums[4] = 0.0
    for k in range(span[0], span[1]):
        for corner in range(4):
            x = strips[k, corner & 1] - at[0]
            y = strips[k, 2 + (corner >> 1)] - at[1]
            if x == 0 or y == 0:
                continue
            # Corners at x1, y1 and x2, y2 count positive; a corner beyond the point on one side
            # only has the other sign again.
            sign = 0.25 if ((corner == 0) or (corner == 3)) == ((x > 0) == (y > 0)) else -0.25
            x, y = abs(x), abs(y)
            flat = at[2] * 4 * x * y / (x + y)
            x, y = x * stretch[0], y * stretch[1]
            air = 4 * x * y / (x + y)
            sums[3], sums[4] = max(sums[3], flat), max(sums[4], air)
            sums[0] += sign * (_at(csf, air) - zeros[0])
            sums[1] += sign * (_at(psf, flat) - zeros[1])
            sums[2] += sign * (_at(tmr, flat) - zeros[2])


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
def edge(strips: Floats, span: tuple[int, int], x: float, y: float, reach: float) -> float:
    """Return the distance to the aperture's edge, positive inside; -inf of a closed one.

    Inside, any distance over `reach` may be given as `reach` and a little.
    """
    first, last = span
    if first == last:
        return -np.inf
    inside = False
    for k in range(first, last):
        if strips[k, 2] <= y <= strips[k, 3] and strips[k, 0] <= x <= strips[k, 1]:
            inside = True
    nearest = (reach * (1 + 1e-9) + 1e-9) ** 2 if inside else np.inf
    for k in range(first, last):
        beyond = max(strips[k, 2] - y, 0.0, y - strips[k, 3])
        if beyond * beyond >= nearest:
            continue
        nearest = min(nearest, _segment(y, x - strips[k, 0], strips[k, 2], strips[k, 3]))
        nearest = min(nearest, _segment(y, x - strips[k, 1], strips[k, 2], strips[k, 3]))
        joined = k > first and abs(strips[k - 1, 3] - strips[k, 2]) < 1e-9
        nearest = min(nearest, _border(strips, k, k - 1 if joined else -1, x, y))
        if k == last - 1 or abs(strips[k + 1, 2] - strips[k, 3]) >= 1e-9:
            nearest = min(nearest, _border(strips, -1, k, x, y))
    return float(np.sqrt(nearest) if inside else -np.sqrt(nearest))


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
def _lined(line: Line, values: Floats) -> None:
    """Set the penumbra of a depth."""
    count = len(line.axis)
    for k in range(count - 1):
        line.slope[k] = (values[k + 1] - values[k]) / (line.axis[k + 1] - line.axis[k])
    line.value[:] = values


@numba.njit(cache=True, nogil=True)
def _on(line: Line, at: float) -> float:
    """Return the penumbra at a distance inside the edge; beyond the table that of its end."""
    last = len(line.axis) - 1
    if at >= line.axis[last]:
        return float(line.value[last])
    if at <= line.axis[0]:
        return float(line.value[0])
    k = line.bins[int((at - line.axis[0]) * BINS)]
    while line.axis[k + 1] <= at:
        k += 1
    return float(line.value[k] + (at - line.axis[k]) * line.slope[k])


@numba.njit(cache=True, nogil=True)
def _opened(strips: Floats, span: tuple[int, int], x: float, y: float, line: Line) -> float:
    """Return the share of the primary that a segment leaves open to a point."""
    total, top, rise = 0.0, np.inf, 0.0
    for k in range(span[0], span[1]):
        low = rise if strips[k, 2] == top else _on(line, y - strips[k, 2])
        top = strips[k, 3]
        rise = _on(line, y - top)
        if low != rise:
            total += (low - rise) * (_on(line, x - strips[k, 0]) - _on(line, x - strips[k, 1]))
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
            values[k] *= _at(psf, tables.tmr_sides[k]) / tables.psf.values[0]
    fill(tmr, values, slopes(tables.tmr_sides, values))
    _lined(line, row_at(tables.edge_depths, tables.edge, depth))


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
def _line_over(axis: Floats) -> Line:
    count = len(axis)
    bins = np.zeros(int((axis[-1] - axis[0]) * BINS) + 2, dtype=np.int64)
    for n in range(len(bins)):
        bins[n] = place(axis, min(axis[0] + n / BINS, axis[-1])) if count > 1 else 0
    return Line(axis, np.zeros(count), np.zeros(count), bins)


@numba.njit(cache=True, nogil=True)
def _direction(
    tables: Tables, own: Apertures, span: tuple[int, int], at: tuple[float, float, float],
    cubics: tuple[Cubic, Cubic, Cubic], line: Line, weights: Floats
) -> float:  # fmt: skip
    """Return the weighted dose of the segments of one direction, without OAR and distance.

    -1 where one of them is wider than the tables.
    """
    sums = np.zeros(5)
    most = min(tables.tmr_sides[-1], tables.psf.sides[-1]) + 1e-6
    total = 0.0
    for n in range(span[0], span[1]):
        if weights[n] == 0:
            continue
        strips = (own.first[n], own.first[n + 1])
        _scatter(own.strips, strips, at, tables.stretch, cubics, sums)
        if sums[3] > most or sums[4] > tables.csf.sides[-1] + 1e-6:
            return -1.0
        share = 1.0
        if not edge(own.strips, strips, at[0], at[1], tables.reach_cm) > tables.reach_cm:
            share = _opened(own.strips, strips, at[0], at[1], line)
            leak = tables.leakage[0 if _layers(own, n, at[0], at[1]) <= 1 else 1]
            share += leak * (1 - share)
        zero = cubics[2].terms[0, 0]
        total += weights[n] * sums[0] * sums[1] * (zero * share + sums[2] - zero)
    return total


@numba.njit(cache=True, nogil=True)
def film_rows(
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
    psf, csf, tmr = _filled(tables.psf), _filled(tables.csf), cubic_of(tables.tmr_sides)
    unity = cubic_of(tables.psf.sides)
    fill(unity, 1 + 0 * tables.psf.values, 0 * tables.psf.values)
    # Khan's form takes PSF(0) and holds the rest of the phantom scatter in its SMR.
    cubics = (csf, unity if tables.khan else psf, tmr)
    factor = tables.psf.values[0] if tables.khan else 1.0
    line = _line_over(tables.edge_distances)
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
            at = (y, x, away / where.sad_cm) if where.along_y else (x, y, away / where.sad_cm)
            total = _direction(tables, own, (where.first[d], where.first[d + 1]), at, cubics,
                               line, weights)  # fmt: skip
            if total < 0:
                why[p] = TOO_LARGE
                break
            row = row_at(tables.oar_depths, tables.oar, depth)
            oar = on_line(tables.oar_radii, row, min(off_axis, tables.oar_radii[-1]))
            out[p] += factor * total * oar / (away * away)
