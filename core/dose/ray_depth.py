"""How deep a point lies in a CT along a ray: Siddon's path (Med Phys 1985;12:252).

Every voxel fills its cell with one value; slices may be uneven, turned or tilted. The path is the
exact sum of the pieces of the ray within the cells, so a slab of n voxels is n voxels deep.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.dose.geometry import Floats, Grid


@dataclass(frozen=True, eq=False, slots=True)
class RayPath:
    """The pieces of a ray from the source to a point, in order.

    Attributes:
        lengths_mm: Of each piece within one voxel.
        values: Of the voxel of each piece.
        entered_mm: From the source to the outside of the grid.
        ends_inside: Whether the point lies in the grid.

    """

    lengths_mm: Floats
    values: Floats
    entered_mm: float
    ends_inside: bool


def ray_path(ct: Grid, source_mm: npt.ArrayLike, point_mm: npt.ArrayLike) -> RayPath:
    """Return the path of a ray through the cells of a grid.

    Args:
        ct: Values at voxel centres.
        source_mm: Where the ray begins, in the grid's frame; shape (3,).
        point_mm: Where it ends.

    Raises:
        ValueError: The ends are not finite, or the same.

    """
    geometry = ct.geometry
    ends = np.array([source_mm, point_mm], dtype=np.float64)
    length = float(np.linalg.norm(ends[1] - ends[0]))
    if not np.isfinite(ends).all() or not length > 0:
        raise ValueError(f"no ray from {ends[0]} to {ends[1]}")
    steps = (ends - geometry.origin_mm) @ geometry.inverse_axes.T
    first, along = steps[0], steps[1] - steps[0]
    _, rows, columns = geometry.shape
    borders: tuple[Floats, Floats, Floats] = (
        (np.arange(columns + 1, dtype=np.float64) - 0.5) * geometry.column_mm,
        (np.arange(rows + 1, dtype=np.float64) - 0.5) * geometry.row_mm,
        _slice_borders(geometry.slice_offsets_mm, geometry.slice_mm),
    )
    low, high = _span(first, along, borders)
    if high <= low:
        return RayPath(np.zeros(0), np.zeros(0), length, ends_inside=False)
    cuts = [np.array([low, high])]
    for axis, edges in enumerate(borders):
        if along[axis] != 0:
            at = (edges - first[axis]) / along[axis]
            cuts.append(at[(at > low) & (at < high)])
    places = np.unique(np.concatenate(cuts))
    middles = first + (places[:-1, None] + places[1:, None]) / 2 * along
    column, row, piece = (
        np.clip(np.searchsorted(edges, middles[:, axis]) - 1, 0, len(edges) - 2)
        for axis, edges in enumerate(borders)
    )
    values = ct.values[piece, row, column].astype(np.float64)
    inside = high >= 1 and bool(
        all(edges[0] <= steps[1][n] <= edges[-1] for n, edges in enumerate(borders))
    )
    return RayPath(np.diff(places) * length, values, low * length, inside)


def _slice_borders(offsets_mm: Floats, usual_mm: float) -> Floats:
    """Return where the slices meet: half way; the outermost are as thick outside as inside."""
    if len(offsets_mm) == 1:
        return np.array([offsets_mm[0] - usual_mm / 2, offsets_mm[0] + usual_mm / 2])
    middles = (offsets_mm[:-1] + offsets_mm[1:]) / 2
    first = 2 * offsets_mm[0] - middles[0]
    last = 2 * offsets_mm[-1] - middles[-1]
    return np.concatenate([[first], middles, [last]])


def _span(
    first: Floats, along: Floats, borders: tuple[Floats, Floats, Floats]
) -> tuple[float, float]:
    """Return the shares of the ray at which it enters and leaves the grid, within 0 to 1."""
    low, high = 0.0, 1.0
    for axis, edges in enumerate(borders):
        if along[axis] == 0:
            if not edges[0] <= first[axis] <= edges[-1]:
                return 1.0, 0.0
            continue
        ends = sorted((edges[[0, -1]] - first[axis]) / along[axis])
        low, high = max(low, float(ends[0])), min(high, float(ends[1]))
    return low, high


def depths_mm(
    path: RayPath, density: Callable[[Floats], Floats], least_hu: float
) -> tuple[float, float, bool]:
    """Return geometric and water-equivalent depth, and whether the skin lies in the grid.

    The skin is where the ray first meets a voxel denser than `least_hu`; couch and fixation in
    the images count.

    Args:
        path: From the source to the point.
        density: Relative to water, of voxel values.
        least_hu: Lowest value that is material.

    """
    dense = np.flatnonzero(path.values >= least_hu)
    if not len(dense):
        return 0.0, 0.0, True
    start = int(dense[0])
    lengths = path.lengths_mm[start:]
    water = float((lengths * density(path.values[start:])).sum())
    return float(lengths.sum()), water, start > 0
