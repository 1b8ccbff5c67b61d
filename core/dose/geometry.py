"""Where voxels lie: index of a grid to patient millimetres and back.

Patient coordinates are DICOM's: +x to the patient's left, +y to the back, +z to the head.
A grid may be turned, sheared (tilted gantry) and unevenly spaced along its slices.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# Slices whose gaps differ by less are taken as evenly spaced; positions are written to 0.01 mm.
EVEN_GAP_MM = 0.02


@dataclass(frozen=True, eq=False)
class Geometry:
    """Positions of the voxel centres of one grid.

    Attributes:
        origin_mm: Patient position of the centre of voxel (column 0, row 0, slice 0); shape (3,).
        along_columns: Unit vector in which the column index grows (DICOM's row direction).
        along_rows: Unit vector in which the row index grows (DICOM's column direction).
        along_slices: Unit vector from slice to slice; not at right angles to the others when
            the gantry was tilted.
        column_mm: Distance of neighbouring columns.
        row_mm: Distance of neighbouring rows.
        slice_offsets_mm: Distance of each slice from slice 0 along `along_slices`; ascending.
        shape: Number of slices, rows, columns: the order of the array.

    """

    origin_mm: Floats
    along_columns: Floats
    along_rows: Floats
    along_slices: Floats
    column_mm: float
    row_mm: float
    slice_offsets_mm: Floats
    shape: tuple[int, int, int]

    @cached_property
    def normal(self) -> Floats:
        """Unit vector at right angles to the slices, on the side of `along_slices`."""
        normal = np.cross(self.along_columns, self.along_rows)
        normal /= np.linalg.norm(normal)
        return normal if normal @ self.along_slices > 0 else -normal

    @cached_property
    def axes(self) -> Floats:
        """Return the three unit vectors as columns of a 3x3 matrix: columns, rows, slices."""
        return np.stack([self.along_columns, self.along_rows, self.along_slices], axis=1)

    @cached_property
    def gaps_mm(self) -> Floats:
        """Return the distances of neighbouring slices along `along_slices`."""
        return np.diff(self.slice_offsets_mm)

    @cached_property
    def slice_mm(self) -> float:
        """Usual distance of the slices; 1 mm stands for a single slice without a thickness."""
        return float(np.median(self.gaps_mm)) if len(self.gaps_mm) else 1.0

    @cached_property
    def is_even(self) -> bool:
        """Whether all slices have the same distance."""
        gaps = self.gaps_mm
        return len(gaps) == 0 or float(gaps.max() - gaps.min()) <= EVEN_GAP_MM

    @cached_property
    def is_tilted(self) -> bool:
        """Whether the slices follow each other at an angle to their normal (over 0.06 deg)."""
        return float(self.normal @ self.along_slices) < 0.9999995

    def points_mm(self, indices: npt.ArrayLike) -> Floats:
        """Return patient positions of (column, row, slice) indices, fractions allowed.

        Args:
            indices: Shape (..., 3).

        Returns:
            Shape (..., 3), mm.

        """
        index = np.asarray(indices, dtype=np.float64)
        steps = np.stack(
            [
                index[..., 0] * self.column_mm,
                index[..., 1] * self.row_mm,
                self._offset_of(index[..., 2]),
            ],
            axis=-1,
        )
        positions: Floats = self.origin_mm + steps @ self.axes.T
        return positions

    def indices(self, points_mm: npt.ArrayLike) -> Floats:
        """Return fractional (column, row, slice) indices of patient positions.

        Outside the slices the last gap goes on, so that a point outside is seen to be outside.

        Args:
            points_mm: Shape (..., 3), mm.

        Returns:
            Shape (..., 3).

        """
        steps = (np.asarray(points_mm, dtype=np.float64) - self.origin_mm) @ self.inverse_axes.T
        return np.stack(
            [
                steps[..., 0] / self.column_mm,
                steps[..., 1] / self.row_mm,
                self.slice_at(steps[..., 2]),
            ],
            axis=-1,
        )

    @cached_property
    def inverse_axes(self) -> Floats:
        """Return the matrix that splits a patient vector into steps along the three axes."""
        return np.asarray(np.linalg.inv(self.axes), dtype=np.float64)

    @cached_property
    def corners_mm(self) -> Floats:
        """Return the patient positions of the eight outermost voxel centres; shape (8, 3)."""
        slices, rows, columns = self.shape
        ends = [
            (c, r, s) for s in (0, slices - 1) for r in (0, rows - 1) for c in (0, columns - 1)
        ]
        return self.points_mm(ends)

    @cached_property
    def box_mm(self) -> Floats:
        """Return lowest and highest x, y, z of the voxel centres; shape (2, 3)."""
        return np.stack([self.corners_mm.min(axis=0), self.corners_mm.max(axis=0)])

    def holds(
        self, points_mm: npt.ArrayLike, *, margin_index: float = 1e-6
    ) -> npt.NDArray[np.bool_]:
        """Return which points lie between the outermost voxel centres; shape (...)."""
        index = self.indices(points_mm)
        last = np.array(self.shape[::-1]) - 1
        inside = (index >= -margin_index) & (index <= last + margin_index)
        return np.asarray(inside.all(axis=-1))

    def matches(self, other: "Geometry", *, tolerance_mm: float = 0.01) -> bool:
        """Return whether both grids have the same voxels, so that values add one by one."""
        return self.shape == other.shape and bool(
            np.abs(self.corners_mm - other.corners_mm).max() <= tolerance_mm
            and np.abs(self.slice_offsets_mm - other.slice_offsets_mm).max() <= tolerance_mm
        )

    def _offset_of(self, index: Floats) -> Floats:
        offsets = self.slice_offsets_mm
        last = len(offsets) - 1
        inside = np.interp(index, np.arange(last + 1), offsets)
        first_gap, last_gap = self._end_gaps
        beyond = np.minimum(index, 0) * first_gap + np.maximum(index - last, 0) * last_gap
        return np.asarray(inside + beyond)

    def slice_at(self, offset: Floats) -> Floats:
        """Return the fractional slice at a distance (mm) along `along_slices` from slice 0."""
        offsets = self.slice_offsets_mm
        inside = np.interp(offset, offsets, np.arange(len(offsets)))
        first_gap, last_gap = self._end_gaps
        before = np.minimum(offset - offsets[0], 0) / first_gap
        after = np.maximum(offset - offsets[-1], 0) / last_gap
        return np.asarray(inside + before + after)

    @cached_property
    def _end_gaps(self) -> tuple[float, float]:
        gaps = self.gaps_mm
        return (float(gaps[0]), float(gaps[-1])) if len(gaps) else (1.0, 1.0)


@dataclass(frozen=True, eq=False)
class Grid:
    """Values at the voxel centres of a geometry.

    Attributes:
        geometry: Where the voxels lie.
        values: Shape `geometry.shape`; int16 or float32, contiguous.
        frame_uid: FrameOfReferenceUID in which the geometry is given; empty when unknown.

    """

    geometry: Geometry
    values: npt.NDArray[Any]
    frame_uid: str

    def __post_init__(self) -> None:
        if self.values.shape != self.geometry.shape:
            raise ValueError(f"{self.values.shape} values for a grid of {self.geometry.shape}")


def upright_geometry(
    origin_mm: npt.ArrayLike,
    spacing_mm: tuple[float, float, float],
    shape: tuple[int, int, int],
) -> Geometry:
    """Return a geometry along the patient's axes.

    Args:
        origin_mm: Centre of the first voxel: x, y, z.
        spacing_mm: Distance of columns (x), rows (y), slices (z).
        shape: Slices, rows, columns.

    """
    x, y, z = np.eye(3)
    offsets = np.arange(shape[0]) * np.float64(spacing_mm[2])
    origin = np.asarray(origin_mm, dtype=np.float64)
    return Geometry(origin, x, y, z, spacing_mm[0], spacing_mm[1], offsets, shape)
