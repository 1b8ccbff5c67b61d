"""Isodose lines on a view plane, from the dose at its own resolution."""

import numpy as np

from app.viewer.planes import ViewPlane
from core.dose.geometry import Floats, Grid
from core.dose.isodose import isodose_lines
from core.dose.sample import on_plane

# Lines are found on a lattice this many times finer than the dose voxels, so that they follow
# the same trilinear dose as the colour wash.
FINER = 2.0
MOST_POINTS = 250_000


def isodoses_on(
    dose: Grid, plane: ViewPlane, levels: tuple[float, ...]
) -> tuple[tuple[float, tuple[Floats, ...]], ...]:
    """Return for each level its lines in pixels of the view."""
    if not levels:
        return ()
    corners = plane.pixels(dose.geometry.corners_mm)
    height, width = plane.size
    low = np.maximum(corners.min(axis=0), 0.0)
    high = np.minimum(corners.max(axis=0), [width - 1.0, height - 1.0])
    if (high <= low).any():
        return tuple((level, ()) for level in levels)
    geometry = dose.geometry
    voxel_mm = min(geometry.column_mm, geometry.row_mm, geometry.slice_mm)
    step = max(voxel_mm / FINER / plane.pixel_mm, 1.0)
    span = high - low
    step = max(step, float(np.sqrt(span[0] * span[1] / MOST_POINTS)))
    size = (int(span[1] / step) + 2, int(span[0] / step) + 2)
    corner = plane.point_mm(float(low[0]), float(low[1]))
    move = step * plane.pixel_mm
    values = on_plane(dose, corner, plane.right * move, plane.down * move, size)
    return tuple(
        (found.level, tuple(low + line * step for line in found.lines))
        for found in isodose_lines(values, levels)
    )
