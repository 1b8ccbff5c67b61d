"""Dose-volume histogram of a structure with its error band, from contours and a dose grid.

Between the planes of contours the structure is not known (`core.dose.stack`), and the dose is
sampled at points. Both uncertainties are computed: three histograms are filled in one walk, of the
structure by the rule, of its inner and of its outer bound, and the samples are split like the
fields of a chess board into two halves, whose difference tells the error of sampling.
"""

import math
from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from core.dose.coverage import coverage
from core.dose.geometry import Floats, Grid
from core.dose.sample import at_points, offsets_of, slice_index, trilinear
from core.dose.stack import Layer, Stack

BINS = 4000
# Sampling: about this many points per structure, within these distances.
POINTS = 200_000
FINEST_MM, COARSEST_MM = 0.1, 2.5
# Rows of the tally.
EVEN, ODD, INNER, OUTER = range(4)


@dataclass(frozen=True, eq=False, slots=True)
class Tally:
    """Volume per dose bin.

    Attributes:
        edges_gy: Bin edges; shape (bins + 1,).
        even_cc: Volume by the rule in the even half of the samples; shape (bins,).
        odd_cc: The same in the odd half.
        inner_cc: Volume of the inner bound.
        outer_cc: Volume of the outer bound.
        outside_cc: Volume outside the dose grid: by the rule, inner bound, outer bound.
        extremes_gy: Lowest and highest dose by the rule, inner bound, outer bound; shape (3, 2).
        step_mm: Distance of the samples.

    """

    edges_gy: Floats
    even_cc: Floats
    odd_cc: Floats
    inner_cc: Floats
    outer_cc: Floats
    outside_cc: tuple[float, float, float]
    extremes_gy: Floats
    step_mm: float

    @property
    def rule_cc(self) -> Floats:
        """Volume by the rule per bin, inside the dose grid; shape (bins,)."""
        return self.even_cc + self.odd_cc


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
    edges = np.linspace(0.0, largest * (1 + 1e-6), BINS + 1)
    volumes = np.zeros((4, BINS))
    outside = np.zeros(3)
    extremes = np.tile([np.inf, -np.inf], (3, 1))
    masks: dict[int, npt.NDArray[np.float32]] = {}
    empty = np.zeros(size, dtype=np.float32)
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
                masks[side] = coverage(polygons, corner, step_mm, size)
            sides.append(empty if side is None else masks[side])
        if layer.below is not None:
            masks.pop(layer.below - 1, None)
        heights = _heights(layer, step_mm)
        height_mm = (layer.high_mm - layer.low_mm) / len(heights)
        cell = np.array([height_mm, height_mm * step_mm * step_mm, edges[-1]])
        _walk(
            dose.values, steps, offsets, sides[0], sides[1], heights, cell,
            volumes, outside, extremes,
        )  # fmt: skip
    _corner_extremes(stack, dose, extremes)
    even, odd, inner, outer = volumes / 1000
    out = outside / 1000
    beyond = (float(out[0]), float(out[1]), float(out[2]))
    return Tally(edges, even, odd, inner, outer, beyond, extremes, step_mm)


def _corner_extremes(stack: Stack, dose: Grid, extremes: Floats) -> None:
    """Let the contours' own corners count for lowest and highest dose, where these mostly are."""
    reach: dict[int, list[tuple[int, float]]] = {number: [] for number in range(len(stack.planes))}
    for layer in stack.layers:
        half = (layer.low_mm + layer.high_mm) / 2
        if layer.below is not None:
            reach[layer.below] += [(0, half), (2, layer.high_mm)]
        if layer.above is not None:
            reach[layer.above] += [(0, half), (2, layer.low_mm)]
    for number, plane in enumerate(stack.planes):
        flat = np.concatenate(plane.polygons)
        across = flat[:, :1] * stack.across + flat[:, 1:] * stack.along
        for row, place_mm in reach[number]:
            found = at_points(dose, across + place_mm * stack.normal)
            found = found[np.isfinite(found)]
            if len(found):
                extremes[row, 0] = min(extremes[row, 0], found.min())
                extremes[row, 1] = max(extremes[row, 1], found.max())


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
    below: npt.NDArray[np.float32],
    above: npt.NDArray[np.float32],
    heights: Floats,
    cell: Floats,
    volumes: Floats,
    outside: Floats,
    extremes: Floats,
) -> None:
    start, right, down, up = steps
    height_mm, weight, top = cell
    per_gray = volumes.shape[1] / top
    middle = heights[0] + (heights[-1] - heights[0]) / 2
    number = 0.0
    rows, columns = below.shape
    number = 0.0
    for layer in range(len(heights)):
        lower_half = heights[layer] < middle
        for row in range(rows):
            for column in range(columns):
                low, high = below[row, column], above[row, column]
                outer = max(low, high)
                if outer == 0.0:
                    continue
                inner = min(low, high)
                own = low if lower_half else high
                # Within its cell the sample is moved by a low-discrepancy sequence (Roberts'
                # R3): on a lattice a slope along an axis would show as a comb of doses.
                number += 1.0
                x = column + (number * 0.8191725133961645) % 1.0 - 0.5
                y = row + (number * 0.6710436067037893) % 1.0 - 0.5
                z = heights[layer] + ((number * 0.5497004779019703) % 1.0 - 0.5) * height_mm
                c = start[0] + x * right[0] + y * down[0] + z * up[0]
                r = start[1] + x * right[1] + y * down[1] + z * up[1]
                offset = start[2] + x * right[2] + y * down[2] + z * up[2]
                dose = trilinear(values, c, r, slice_index(offset, offsets))
                if math.isnan(dose):
                    outside[0] += weight * own
                    outside[1] += weight * inner
                    outside[2] += weight * outer
                    continue
                bin_number = int(dose * per_gray)
                half = (row + column + layer) % 2
                volumes[half, bin_number] += weight * own
                volumes[INNER, bin_number] += weight * inner
                volumes[OUTER, bin_number] += weight * outer
                for kind, share in ((0, own), (1, inner), (2, outer)):
                    if share >= 0.999:
                        extremes[kind, 0] = min(extremes[kind, 0], dose)
                        extremes[kind, 1] = max(extremes[kind, 1], dose)
