"""Values of a grid at points and on planes, trilinear; outside the grid there is no value."""

import math
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from core.dose.geometry import Floats, Geometry, Grid

Values = npt.NDArray[np.float32]
# A point this far outside, in voxels, still counts as on the edge: positions are rounded in files.
EDGE = 1e-4


def at_points(grid: Grid, points_mm: npt.ArrayLike) -> Values:
    """Return the values at patient positions; NaN outside the grid.

    Args:
        grid: What to sample.
        points_mm: Shape (..., 3), mm.

    """
    points = np.asarray(points_mm, dtype=np.float64)
    geometry = grid.geometry
    flat = np.ascontiguousarray(points.reshape(-1, 3))
    scale = np.array([[1 / geometry.column_mm], [1 / geometry.row_mm], [1.0]])
    split = geometry.inverse_axes * scale
    found: Values = _at_positions(
        grid.values, flat, geometry.origin_mm, split, offsets_of(geometry)
    )
    return found.reshape(points.shape[:-1])


def on_plane(
    grid: Grid, corner_mm: Floats, right_mm: Floats, down_mm: Floats, size: tuple[int, int]
) -> Values:
    """Return the values on a plane; NaN outside the grid.

    Args:
        grid: What to sample.
        corner_mm: Patient position of the first pixel's centre.
        right_mm: Step from one pixel to the next in a row.
        down_mm: Step from one row to the next.
        size: Number of rows and of pixels per row.

    """
    start, right, down, offsets = plane_steps(grid.geometry, corner_mm, right_mm, down_mm)
    out = np.empty(size, dtype=np.float32)
    _on_plane(grid.values, start, right, down, offsets, out)
    return out


def plane_steps(
    geometry: Geometry, corner_mm: Floats, right_mm: Floats, down_mm: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return start and steps in columns, rows and mm along the slices, and the slice offsets."""
    scale = np.array([1 / geometry.column_mm, 1 / geometry.row_mm, 1.0])
    inverse = geometry.inverse_axes
    start = (inverse @ (np.asarray(corner_mm) - geometry.origin_mm)) * scale
    return start, (inverse @ right_mm) * scale, (inverse @ down_mm) * scale, offsets_of(geometry)


def offsets_of(geometry: Geometry) -> Floats:
    """Return the slice offsets as the kernels want them."""
    return np.ascontiguousarray(geometry.slice_offsets_mm, dtype=np.float64)


@numba.njit(cache=True, nogil=True)
def slice_index(offset: float, offsets: Floats) -> Any:  # noqa: ANN401  (a number to numba)
    """Return the fractional slice at an offset in mm; outside it goes beyond the ends."""
    last = len(offsets) - 1
    if last == 0:
        return offset - offsets[0]
    if offset <= offsets[0]:
        return (offset - offsets[0]) / (offsets[1] - offsets[0])
    if offset >= offsets[last]:
        return last + (offset - offsets[last]) / (offsets[last] - offsets[last - 1])
    low = int((offset - offsets[0]) / (offsets[last] - offsets[0]) * last)
    while offsets[low] > offset:
        low -= 1
    while offsets[low + 1] < offset:
        low += 1
    return low + (offset - offsets[low]) / (offsets[low + 1] - offsets[low])


@numba.njit(cache=True, nogil=True)
def trilinear(values: npt.NDArray[Any], column: float, row: float, place: float) -> Any:  # noqa: ANN401  (a number to numba)
    """Return the value between eight voxels; NaN outside. A single slice serves half a mm."""
    slices, rows, columns = values.shape
    half = 0.5 if slices == 1 else EDGE
    if not (-EDGE <= column <= columns - 1 + EDGE and -EDGE <= row <= rows - 1 + EDGE):
        return math.nan
    if not -half <= place <= slices - 1 + half:
        return math.nan
    c0 = min(max(int(column), 0), max(columns - 2, 0))
    r0 = min(max(int(row), 0), max(rows - 2, 0))
    s0 = min(max(int(place), 0), max(slices - 2, 0))
    c1, r1, s1 = min(c0 + 1, columns - 1), min(r0 + 1, rows - 1), min(s0 + 1, slices - 1)
    u = min(max(column - c0, 0.0), 1.0)
    v = min(max(row - r0, 0.0), 1.0)
    w = min(max(place - s0, 0.0), 1.0)
    a = values[s0, r0, c0] * (1 - u) + values[s0, r0, c1] * u
    b = values[s0, r1, c0] * (1 - u) + values[s0, r1, c1] * u
    c = values[s1, r0, c0] * (1 - u) + values[s1, r0, c1] * u
    d = values[s1, r1, c0] * (1 - u) + values[s1, r1, c1] * u
    return (a * (1 - v) + b * v) * (1 - w) + (c * (1 - v) + d * v) * w


@numba.njit(cache=True, nogil=True)
def _at_positions(
    values: npt.NDArray[Any], points: Floats, origin: Floats, split: Floats, offsets: Floats
) -> Values:
    out = np.empty(len(points), dtype=np.float32)
    for n in range(len(points)):
        x, y, z = points[n, 0] - origin[0], points[n, 1] - origin[1], points[n, 2] - origin[2]
        column = split[0, 0] * x + split[0, 1] * y + split[0, 2] * z
        row = split[1, 0] * x + split[1, 1] * y + split[1, 2] * z
        offset = split[2, 0] * x + split[2, 1] * y + split[2, 2] * z
        out[n] = trilinear(values, column, row, slice_index(offset, offsets))
    return out


@numba.njit(cache=True, nogil=True)
def _on_plane(
    values: npt.NDArray[Any],
    start: Floats,
    right: Floats,
    down: Floats,
    offsets: Floats,
    out: Values,
) -> None:
    for n in range(out.shape[0]):
        column, row, offset = start + n * down
        for m in range(out.shape[1]):
            out[n, m] = trilinear(values, column, row, slice_index(offset, offsets))
            column += right[0]
            row += right[1]
            offset += right[2]
