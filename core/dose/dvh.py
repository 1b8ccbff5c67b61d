"""Dose-volume histogram of a structure with its error band, from contours and a dose grid.

Between the planes of contours the structure is not known (`core.dose.stack`), and the dose is
sampled at points. Both uncertainties are computed: histograms of the structure by the rule, of its
inner and of its outer bound are filled in one walk, and the samples are split like the fields of a
chess board into four quarters, whose spread tells the error of sampling: a quarter has four times
fewer samples than the whole, so that the spread is an upper estimate.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import numba
import numpy as np
import numpy.typing as npt

from core.dose.coverage import LINES, coverage_and_middles
from core.dose.geometry import Floats, Grid
from core.dose.sample import Values, at_points, offsets_of, slice_index, trilinear
from core.dose.stack import Layer, Stack

BINS = 4000
# Sampling: about this many points per structure, within these distances.
POINTS = 200_000
FINEST_MM, COARSEST_MM = 0.1, 2.5
DIRECTIONS = 16
# A covered pixel is known to be covered as far as its outermost lines lie.
SURE = 0.5 - 0.5 / LINES
LIFT = 0.6710436067037893
# Rows of the tally: four quarters of the samples by the rule, then the bounds.
# Samples that count alike for all three stand apart, so that each is written once.
QUARTERS, INNER, OUTER, SHARED = 4, 4, 5, 6


@dataclass(frozen=True, eq=False, slots=True)
class Tally:
    """Volume per dose bin.

    Attributes:
        edges_gy: Bin edges, from the lowest dose of the grid or 0; shape (bins + 1,).
        quarters_cc: Volume by the rule in each quarter of the samples; shape (4, bins).
        inner_cc: Volume of the inner bound.
        outer_cc: Volume of the outer bound.
        outside_cc: Volume outside the dose grid: by the rule, inner bound, outer bound.
        extremes_gy: Lowest and highest dose by the rule, inner bound, outer bound; shape (3, 2).
        step_mm: Distance of the samples.
        contour_cc: Volume by the rule from the contours' own areas, to compare with.

    """

    edges_gy: Floats
    quarters_cc: Floats
    inner_cc: Floats
    outer_cc: Floats
    outside_cc: tuple[float, float, float]
    extremes_gy: Floats
    step_mm: float
    contour_cc: float

    @property
    def rule_cc(self) -> Floats:
        """Volume by the rule per bin, inside the dose grid; shape (bins,)."""
        return np.asarray(self.quarters_cc.sum(axis=0))


def tally(stack: Stack, dose: Grid, *, points: int = POINTS) -> Tally:
    """Return the volumes per dose bin of a structure.

    Args:
        stack: The structure.
        dose: Dose in Gy, same frame of reference.
        points: Number of sample points to aim at.

    """
    step_mm = _step(stack, dose, points)
    corner = stack.box_mm[0] - step_mm
    size_mm = stack.box_mm[1] - stack.box_mm[0] + 2 * step_mm
    size = (math.ceil(size_mm[1] / step_mm), math.ceil(size_mm[0] / step_mm))
    largest = max(float(dose.values.max()), 1e-6)
    lowest = min(float(dose.values.min()), 0.0)
    edges = np.linspace(lowest, largest + 1e-6 * (largest - lowest), BINS + 1)
    volumes = np.zeros((SHARED + QUARTERS, BINS))
    outside = np.zeros(3)
    extremes = np.tile([np.inf, -np.inf], (3, 1))
    masks: dict[int, npt.NDArray[np.float32]] = {}
    empty = np.zeros((3, *size), dtype=np.float32)
    first_mm = (corner[0] + step_mm / 2) * stack.across + (corner[1] + step_mm / 2) * stack.along
    steps = np.stack(
        [
            _index(dose, first_mm, position=True),
            _index(dose, step_mm * stack.across),
            _index(dose, step_mm * stack.along),
            _index(dose, stack.normal),
        ]
    )
    offsets = offsets_of(dose.geometry)
    for layer in stack.layers:
        sides = []
        for side in (layer.below, layer.above):
            if side is not None and side not in masks:
                polygons = stack.planes[side].polygons
                masks[side] = coverage_and_middles(polygons, corner, step_mm, size)
            sides.append(empty if side is None else masks[side])
        if layer.below is not None:
            masks.pop(layer.below - 1, None)
        heights = _heights(layer, step_mm)
        height_mm = (layer.high_mm - layer.low_mm) / len(heights)
        cell = np.array([height_mm, height_mm * step_mm * step_mm, edges[0], edges[-1]])
        _walk(
            dose.values, steps, offsets, dose.geometry.is_even, sides[0], sides[1], heights, cell,
            volumes, outside, extremes,
        )  # fmt: skip
    _nested(extremes)
    shared = volumes[SHARED:]
    volumes[:QUARTERS] += shared
    volumes[INNER : OUTER + 1] += shared.sum(axis=0)
    _corner_extremes(stack, dose, extremes)
    _trend_extremes(stack, dose, extremes)
    volumes /= 1000
    out = outside / 1000
    beyond = (float(out[0]), float(out[1]), float(out[2]))
    return Tally(
        edges, volumes[:QUARTERS], volumes[INNER], volumes[OUTER], beyond, extremes, step_mm,
        stack.volume_cc,
    )  # fmt: skip


def _corner_extremes(stack: Stack, dose: Grid, extremes: Floats) -> None:
    """Let the contours' own corners count for lowest and highest dose, where these mostly are."""
    # Each plane bounds one space below and one above it: their middles and their far ends.
    heights = np.empty((2, 2, len(stack.planes)))
    for layer in stack.layers:
        half = (layer.low_mm + layer.high_mm) / 2
        if layer.below is not None:
            heights[0, :, layer.below] = half, layer.high_mm
        if layer.above is not None:
            heights[1, :, layer.above] = half, layer.low_mm
    flat = _lying(stack, stack.corners_mm)
    for middles, ends in heights:
        for places_mm, row in ((middles, 0), (ends, 2)):
            lifts = np.repeat(places_mm, stack.corner_counts)[:, None] * stack.normal
            _count(at_points(dose, flat + lifts), extremes[row])


def _lying(stack: Stack, flat: Floats) -> Floats:
    """Return in-plane coordinates as patient vectors; a matrix product would wake more threads."""
    return flat[..., :1] * stack.across + flat[..., 1:] * stack.along


def _count(found: Values, lowest_highest: Floats) -> None:
    found = found[np.isfinite(found)]
    if len(found):
        lowest_highest[0] = min(lowest_highest[0], found.min())
        lowest_highest[1] = max(lowest_highest[1], found.max())


def _trend_extremes(stack: Stack, dose: Grid, extremes: Floats) -> None:
    """Let the outer bound of lowest and highest dose follow the trend of the contours.

    A widest section or a tip between two planes is wider than both. How far is estimated from how
    much the structure grew from the plane before, seen in 16 directions: half of that up to the
    middle of the next space, all of it through the space beyond an end plane.

    """
    angles = np.arange(DIRECTIONS) * (2 * math.pi / DIRECTIONS)
    ways = np.stack([np.cos(angles), np.sin(angles)])
    reach = stack.corners_mm[:, :1] * ways[0] + stack.corners_mm[:, 1:] * ways[1]
    begins = np.cumsum([0, *stack.corner_counts])
    last = len(stack.planes) - 1
    tops = np.array([low + reach[low:high].argmax(axis=0) for low, high in pairwise(begins)])
    furthest = reach[tops, np.arange(DIRECTIONS)]
    sides: list[tuple[int, int, float, float]] = []
    for layer in stack.layers:
        low_mm, high_mm = layer.low_mm, layer.high_mm
        is_end = layer.below is None or layer.above is None
        for side, step, far_mm in ((layer.below, -1, high_mm), (layer.above, 1, low_mm)):
            if side is not None and 0 <= side + step <= last:
                share, height_mm = (1.0, far_mm) if is_end else (0.5, (low_mm + high_mm) / 2)
                sides.append((side, side + step, share, height_mm))
    if not sides:
        return
    own, before, shares, heights_mm = (np.array(column) for column in zip(*sides, strict=True))
    growth = np.maximum(furthest[own] - furthest[before], 0.0) * shares[:, None]
    tips = stack.corners_mm[tops[own]] + growth[:, :, None] * ways.T
    flat = _lying(stack, tips)
    _count(at_points(dose, flat + heights_mm[:, None, None] * stack.normal), extremes[2])


def _step(stack: Stack, dose: Grid, points: int) -> float:
    cube_mm = (max(stack.volume_cc, 1e-6) * 1000 / points) ** (1 / 3)
    geometry = dose.geometry
    voxel_mm = min(geometry.column_mm, geometry.row_mm, geometry.slice_mm)
    return float(np.clip(cube_mm, FINEST_MM, max(min(voxel_mm, COARSEST_MM), FINEST_MM)))


def _index(dose: Grid, vector_mm: Floats, *, position: bool = False) -> Floats:
    """Return a patient vector in columns, rows and mm along the slices of the dose."""
    geometry = dose.geometry
    scale = np.array([1 / geometry.column_mm, 1 / geometry.row_mm, 1.0])
    origin = geometry.origin_mm if position else np.zeros(3)
    return np.asarray((geometry.inverse_axes @ (vector_mm - origin)) * scale)


def _heights(layer: Layer, step_mm: float) -> Floats:
    """Return an even number of heights, so that none lies where the rule changes sides."""
    count = 2 * max(math.ceil((layer.high_mm - layer.low_mm) / step_mm / 2), 1)
    return layer.low_mm + (np.arange(count) + 0.5) * (layer.high_mm - layer.low_mm) / count


@numba.njit(cache=True, nogil=True)
def _walk(  # noqa: PLR0913, PLR0917  (a kernel: all state comes in by argument)
    values: npt.NDArray[np.float32],
    steps: Floats,
    offsets: Floats,
    even: bool,
    below: npt.NDArray[np.float32],
    above: npt.NDArray[np.float32],
    heights: Floats,
    cell: Floats,
    volumes: Floats,
    outside: Floats,
    extremes: Floats,
) -> None:
    start, right, down, up = steps
    start_c, start_r, start_s = start
    right_c, right_r, right_s = right
    down_c, down_r, down_s = down
    up_c, up_r, up_s = up
    height_mm, weight, lowest, top = cell
    bins = volumes.shape[1]
    per_gray = bins / (top - lowest)
    middle = heights[0] + (heights[-1] - heights[0]) / 2
    gaps = len(offsets) - 1
    per_mm = gaps / offsets[gaps] if even and gaps > 0 else 0.0
    u, v, w = 0.5, 0.5, 0.5
    for layer in range(len(heights)):
        side = below if heights[layer] < middle else above
        for row in range(below.shape[1]):
            for column in range(below.shape[2]):
                low, high = below[0, row, column], above[0, row, column]
                outer = max(low, high)
                if outer == 0.0:
                    continue
                inner = min(low, high)
                own = side[0, row, column]
                # Within its cell the sample is moved by a low-discrepancy sequence (Roberts'
                # R3): on a lattice a slope along an axis would show as a comb of doses. Of a
                # pixel that is covered in part, the covered part is sampled.
                u, v, w = (
                    _next(u, 0.8191725133961645),
                    _next(v, LIFT),
                    _next(w, 0.5497004779019703),
                )
                spread = own if own > 0.0 else np.float32(1.0)
                x = column + (u - 0.5) * spread + side[1, row, column]
                y = row + (v - 0.5) * spread + side[2, row, column]
                z = heights[layer] + (w - 0.5) * height_mm
                offset = start_s + x * right_s + y * down_s + z * up_s
                dose = trilinear(
                    values,
                    start_c + x * right_c + y * down_c + z * up_c,
                    start_r + x * right_r + y * down_r + z * up_r,
                    offset * per_mm if per_mm > 0.0 else slice_index(offset, offsets),
                )
                if math.isnan(dose):
                    outside[0] += weight * own
                    outside[1] += weight * inner
                    outside[2] += weight * outer
                    continue
                place_in = min(max(int((dose - lowest) * per_gray), 0), bins - 1)
                quarter = ((row + column) & 1) * 2 + ((column + layer) & 1)
                _book(volumes, quarter, place_in, weight * own, weight * inner, weight * outer)
                if abs(v - 0.5) <= SURE:
                    _widen(extremes, dose, own, inner, outer)


@numba.njit(cache=True, nogil=True)
def _next(share: float, step: float) -> float:
    share += step
    return share - 1.0 if share >= 1.0 else share


@numba.njit(cache=True, nogil=True)
def _book(
    volumes: Floats, quarter: int, place: int, own: float, inner: float, outer: float
) -> None:
    """Add volumes to the rule and, where they differ from it, to the bounds."""
    if inner == outer:
        volumes[SHARED + quarter, place] += own
        return
    volumes[quarter, place] += own
    volumes[INNER, place] += inner
    volumes[OUTER, place] += outer


@numba.njit(cache=True, nogil=True)
def _widen(extremes: Floats, dose: float, own: float, inner: float, outer: float) -> None:
    """Let a sample count for lowest and highest dose where its pixel is covered.

    It is booked once, for the smallest of the three that hold it; `_nested` does the rest.

    """
    if outer < 0.999:
        return
    kind = 1 if inner >= 0.999 else 0 if own >= 0.999 else 2
    extremes[kind, 0] = min(extremes[kind, 0], dose)
    extremes[kind, 1] = max(extremes[kind, 1], dose)


def _nested(extremes: Floats) -> None:
    """Let the rule reach as far as the inner bound, and the outer bound as far as the rule."""
    for small, large in ((1, 0), (0, 2)):
        extremes[large, 0] = min(extremes[large, 0], extremes[small, 0])
        extremes[large, 1] = max(extremes[large, 1], extremes[small, 1])
