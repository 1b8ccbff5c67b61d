"""The same DVH values by the rules of the other programs, step by step from ours to theirs.

Written from their documentation and their source's behaviour, with none of their code: what is
left between such a value and theirs is what the steps do not explain.
"""

import numpy as np

from core.dose.coverage import coverage
from core.dose.sample import at_points

PIXEL_MM = 0.5
FEWEST_PIXELS = 60
# dicompyler-core takes a plane of the dose as it is when a contour lies this near to it.
SNAP_MM, BIN_GY = 0.5, 0.01


def on_slices(stack, dose):
    """Return the values when dose is taken on the drawn slices only, with fine pixels."""
    return _on_slices(stack, lambda points: at_points(dose, points), np.inf)


def on_slices_below(stack, dose, top_mm):
    """Return the values of the slices below `top_mm`, as plastimatch has them.

    Half a voxel beyond the dose grid the dose of its edge holds, further out it is 0.

    """
    geometry = dose.geometry
    last = np.array(geometry.shape[::-1]) - 1

    def padded(points):
        index = geometry.indices(points)
        near = ((index >= -0.5) & (index <= last + 0.5)).all(axis=-1)
        held = geometry.points_mm(np.clip(index, 0, last))
        return np.where(near, np.nan_to_num(at_points(dose, held)), 0.0)

    return _on_slices(stack, padded, top_mm)


def _on_slices(stack, at, top_mm):
    edge_mm = float(min(PIXEL_MM, (stack.box_mm[1] - stack.box_mm[0]).max() / FEWEST_PIXELS))
    corner = stack.box_mm[0] - edge_mm
    columns, rows = np.ceil((stack.box_mm[1] - corner) / edge_mm).astype(int) + 1
    across = corner[0] + (np.arange(columns) + 0.5) * edge_mm
    along = corner[1] + (np.arange(rows) + 0.5) * edge_mm
    doses, volumes = [], []
    for plane, thick_mm in zip(stack.planes, stack.thicknesses_mm, strict=True):
        if plane.place_mm < top_mm:
            share = coverage(plane.polygons, corner, edge_mm, (rows, columns))
            row, column = np.nonzero(share)
            doses.append(at(_points(stack, across[column], along[row], plane.place_mm)))
            volumes.append(share[row, column] * edge_mm**2 * thick_mm / 1000)
    flat, cc = np.concatenate(doses), np.concatenate(volumes)
    known = np.isfinite(flat)
    return float(cc.sum()), *_values(flat[known], cc[known])[1:]


def at_grid_points(stack, dose):
    """Return the values when only the points of the dose grid on the drawn slices count.

    As dicompyler-core has it: every slice is as thick as the least distance of two; slices beyond
    the dose count for the volume, and their dose is that of the others.

    """
    geometry = dose.geometry
    places = np.array([plane.place_mm for plane in stack.planes])
    thick_mm = float(np.diff(places).min()) if len(places) > 1 else 0.0
    across = geometry.origin_mm[0] + np.arange(geometry.shape[2]) * geometry.column_mm
    along = geometry.origin_mm[1] + np.arange(geometry.shape[1]) * geometry.row_mm
    heights = geometry.origin_mm[2] + geometry.slice_offsets_mm
    cell_cc = geometry.column_mm * geometry.row_mm * thick_mm / 1000
    doses, count = [np.empty(0)], 0
    for plane in stack.planes:
        row, column = np.nonzero(_inside(plane.polygons, across, along))
        count += len(row)
        nearest = heights[np.abs(heights - plane.place_mm).argmin()]
        place_mm = nearest if abs(nearest - plane.place_mm) < SNAP_MM else plane.place_mm
        found = at_points(dose, _points(stack, across[column], along[row], place_mm))
        doses.append(found[np.isfinite(found)])
    flat = np.concatenate(doses)
    if not len(flat):
        return None
    whole, mean, *_ = _values(flat, np.full(len(flat), count * cell_cc / len(flat)))
    return whole, mean, *(_nearest(flat, share) for share in (0.95, 0.5, 0.02))


def _nearest(doses, share):
    """Return the bin whose share is nearest to the one asked for, the lowest such bin."""
    edges = np.arange(int(doses.max() / BIN_GY) + 2) * BIN_GY
    at_least = 1 - np.searchsorted(np.sort(doses), edges) / len(doses)
    return float(edges[np.abs(at_least - share).argmin()])


def _points(stack, across, along, place_mm):
    return across[:, None] * stack.across + along[:, None] * stack.along + place_mm * stack.normal


def _inside(polygons, across, along):
    """Return which points lie inside by the even-odd rule; shape (rows, columns)."""
    found = np.zeros((len(along), len(across)), dtype=bool)
    for polygon in polygons:
        x, y = polygon.T
        next_x, next_y = np.roll(polygon, -1, axis=0).T
        for row, height in enumerate(along):
            crossed = np.flatnonzero((y > height) != (next_y > height))
            part = (height - y[crossed]) / (next_y[crossed] - y[crossed])
            at = np.sort(x[crossed] + part * (next_x[crossed] - x[crossed]))
            found[row] ^= np.searchsorted(at, across) % 2 == 1
    return found


def _values(doses, volumes):
    """Return volume, mean, D95, D50 and D2."""
    order = np.argsort(-doses)
    doses, volumes = doses[order], volumes[order]
    reached = np.cumsum(volumes)
    whole = reached[-1]
    at = [
        float(doses[min(np.searchsorted(reached, share * whole), len(doses) - 1)])
        for share in (0.95, 0.5, 0.02)
    ]
    return float(whole), float(doses @ volumes / whole), *at
