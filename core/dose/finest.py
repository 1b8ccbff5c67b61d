"""The grid on which several doses are added: covers all, as fine as the finest of them."""

from collections.abc import Sequence

import numpy as np

from core.dose.geometry import Floats, Geometry, upright_geometry
from core.errors import RemedyError

# float32: 160 MB
MOST_VOXELS = 40_000_000
# Axes this near to a patient axis count as along it (2.6 degrees).
ALONG = 0.999


class UnusableDoseError(RemedyError):
    """A value without which a dose cannot be added is missing or impossible."""


def finest(geometries: Sequence[Geometry]) -> Geometry:
    """Return an upright grid that covers all, with the smallest spacing of them.

    The spacing is found for x, y and z each; a grid at an angle to an axis counts with the
    smallest of its spacings. Beyond 40 million voxels all three spacings grow by one factor;
    the sum onto it says that it is coarser than a part (see `Summed.words`).

    Args:
        geometries: At least one, all in one frame (see `core.dicom.registration.moved`).

    Raises:
        UnusableDoseError: There are none.

    """
    if not geometries:
        raise UnusableDoseError("there is no dose", where="sum", remedy="Choose a dose.")
    boxes = np.stack([geometry.box_mm for geometry in geometries])
    low, high = boxes[:, 0].min(axis=0), boxes[:, 1].max(axis=0)
    spacings = np.min([spacings_mm(geometry) for geometry in geometries], axis=0)
    spacings[~np.isfinite(spacings)] = 1.0
    counts = _counts(high - low, spacings)
    while np.prod(counts) > MOST_VOXELS:
        spacings = spacings * max(float(np.prod(counts) / MOST_VOXELS) ** (1 / 3), 1.001)
        counts = _counts(high - low, spacings)
    columns, rows, slices = (int(count) for count in counts)
    x, y, z = (float(spacing) for spacing in spacings)
    return upright_geometry(low, (x, y, z), (slices, rows, columns))


def _counts(extent_mm: Floats, spacings: Floats) -> Floats:
    """Return how many voxel centres cover an extent; float, so that no product overflows."""
    counts: Floats = np.ceil(extent_mm / spacings - 1e-6) + 1
    return counts


def spacings_mm(geometry: Geometry, turn: Floats | None = None) -> Floats:
    """Return the spacing along patient x, y, z, after a turn; infinite across a single slice."""
    gap = float(geometry.gaps_mm.min()) if len(geometry.gaps_mm) else np.inf
    own = np.array([geometry.column_mm, geometry.row_mm, gap])
    axes = geometry.axes if turn is None else turn @ geometry.axes
    along = np.abs(axes / np.linalg.norm(axes, axis=0)) > ALONG
    spacings: Floats = np.where(along.any(axis=1), own[along.argmax(axis=1)], own.min())
    return spacings
