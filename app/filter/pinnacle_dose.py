"""Dose of one Pinnacle beam at a point: big-endian float32, cGy per MU, one file per beam."""

import re
import struct
from dataclasses import dataclass
from itertools import product
from math import floor, isfinite
from pathlib import Path
from typing import BinaryIO

from core.errors import MissingDataError, UnreadableFileError

REFERENCE = re.compile(r"\\XDR(_COPY)?:(\d{1,6})\\")
BYTES_PER_VOXEL = 4
Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class DoseGrid:
    """Dose grid of a trial in its own frame: counts, voxel size and origin along x, y, z.

    Rows are stored from the largest y downwards, slices from the origin upwards.
    """

    counts: tuple[int, int, int]
    voxel_cm: Triple
    origin_cm: Triple

    @property
    def file_bytes(self) -> int:
        """Length of a complete dose file."""
        nx, ny, nz = self.counts
        return nx * ny * nz * BYTES_PER_VOXEL

    def offset(self, i: int, j: int, k: int) -> int:
        """Return where voxel (i, j, k) stands in the file; j counts along y upwards."""
        nx, ny, _ = self.counts
        return ((k * ny + (ny - 1 - j)) * nx + i) * BYTES_PER_VOXEL


def dose_file_number(reference: str) -> tuple[int, bool] | None:
    """Return the number of the dose file and whether it is a copy; None when there is none."""
    match = REFERENCE.fullmatch(reference)
    return (int(match[2]), bool(match[1])) if match else None


def dose_per_mu(file: Path, grid: DoseGrid, point_cm: Triple) -> float:
    """Return the dose in cGy per MU at a point, trilinear between the eight voxels around it.

    Args:
        file: plan.Trial.binary.NNN of the beam.
        grid: Dose grid of the trial.
        point_cm: Point in the frame of the plan.

    Raises:
        MissingDataError: No dose was computed, or the point lies outside the grid or where the
            dose is not positive.
        UnreadableFileError: The file's length does not fit the grid.

    """
    try:
        size = file.stat().st_size
    except OSError as fault:
        raise MissingDataError(f"the dose file {file.name} is not there") from fault
    if size == 0:
        raise MissingDataError(f"the dose file {file.name} is empty")
    if size != grid.file_bytes:
        raise UnreadableFileError(
            f"the dose file has {size} bytes, the dose grid needs {grid.file_bytes}",
            where=str(file),
            remedy="Compute the dose in Pinnacle, save, and copy the whole plan folder again.",
        )
    corners = _corners(grid, point_cm)
    try:
        with file.open("rb") as data:
            dose = sum(share * _voxel(data, offset) for offset, share in corners)
    except (OSError, struct.error) as fault:
        raise MissingDataError(f"the dose file {file.name} cannot be read") from fault
    if not (isfinite(dose) and dose > 0):
        raise MissingDataError(f"the dose in {file.name} at the prescription point is {dose}")
    return dose


def _voxel(data: BinaryIO, offset: int) -> float:
    data.seek(offset)
    value: float = struct.unpack(">f", data.read(BYTES_PER_VOXEL))[0]
    return value


def _corners(grid: DoseGrid, point_cm: Triple) -> list[tuple[int, float]]:
    """Return file offset and weight of the voxels around a point, without those of weight 0."""
    cells: list[tuple[tuple[int, float], ...]] = []
    for axis in range(3):
        at = (point_cm[axis] - grid.origin_cm[axis]) / grid.voxel_cm[axis]
        last = grid.counts[axis] - 1
        if not 0 <= at <= last:
            raise MissingDataError("the prescription point lies outside the dose grid")
        low = min(floor(at), last)
        share = at - low
        cells.append(((low, 1 - share), (low + 1, share)))
    return [
        (grid.offset(i, j, k), along_x * along_y * along_z)
        for (i, along_x), (j, along_y), (k, along_z) in product(*cells)
        if along_x * along_y * along_z > 0
    ]
