"""A plane through a grid as a picture: bilinear between voxels, colours looked up, blended.

A plane along the voxels (every axial, coronal and sagittal plane of an upright image) is first
taken out of the grid and then enlarged, row by row; any other plane is sampled point by point.
"""

from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from core.dose.geometry import Floats, Geometry, Grid
from core.dose.sample import Values, on_plane, plane_steps

Bytes = npt.NDArray[np.uint8]
STRAIGHT = 1e-9
# Between two slices further apart than this many times the usual distance there is no value.
BLANK_GAP = 1.5


@dataclass(frozen=True, eq=False, slots=True)
class Cut:
    """A plane of a grid, before it is enlarged to pixels.

    Attributes:
        values: Values on the plane at the grid's own resolution; shape (n, m).
        across: Index into the second axis for each pixel of a row; NaN outside.
        down: Index into the first axis for each row; NaN outside.

    """

    values: Values
    across: Floats
    down: Floats


@dataclass(frozen=True, eq=False, slots=True)
class View:
    """Where the pixels lie.

    Attributes:
        corner_mm: Patient position of the first pixel's centre.
        right_mm: Step from pixel to pixel.
        down_mm: Step from row to row.
        size: Rows and pixels per row.

    """

    corner_mm: Floats
    right_mm: Floats
    down_mm: Floats
    size: tuple[int, int]


def cut(grid: Grid, view: View, *, border: float = 0.0) -> Cut:
    """Return a plane of a grid.

    Args:
        grid: What to cut.
        view: Where.
        border: How far, in voxels, values reach beyond the outermost centres: 0.5 for images,
            whose voxels fill their cell; 0 for dose, which is known between centres only.

    """
    geometry = grid.geometry
    start, right, down, _ = plane_steps(geometry, view.corner_mm, view.right_mm, view.down_mm)
    along = _axis(right), _axis(down)
    if None in along or along[0] == along[1]:
        plane = on_plane(grid, view.corner_mm, view.right_mm, view.down_mm, view.size)
        rows, columns = view.size
        return Cut(plane, np.arange(columns, dtype=np.float64), np.arange(rows, dtype=np.float64))
    first, second = int(along[0] or 0), int(along[1] or 0)
    fixed = 3 - first - second
    at = _places(geometry, fixed, np.array([start[fixed]]), border)[0]
    across = _places(
        geometry, first, start[first] + right[first] * np.arange(view.size[1]), border
    )
    rows_at = _places(
        geometry, second, start[second] + down[second] * np.arange(view.size[0]), border
    )
    if np.isnan(at):
        return Cut(np.zeros((1, 1), dtype=np.float32), across * np.nan, rows_at * np.nan)
    # Array axes are slice, row, column; the plane's axes are those of `down` and `across`.
    plane = _between(grid.values, 2 - fixed, at)
    if (2 - first) < (2 - second):
        plane = plane.T
    return Cut(np.ascontiguousarray(plane), across, rows_at)


def _axis(step: Floats) -> int | None:
    """Return the only axis along which a step goes; None for a slanted one."""
    scale = float(np.abs(step).max())
    moving = np.flatnonzero(np.abs(step) > STRAIGHT * scale)
    return int(moving[0]) if len(moving) == 1 else None


def _places(geometry: Geometry, axis: int, steps: Floats, border: float) -> Floats:
    """Return indices along an axis (0 column, 1 row, 2 slice); NaN outside and in wide gaps."""
    count = geometry.shape[2 - axis]
    if axis == 2:
        places = geometry.slice_at(steps)
        if count == 1:
            border = 0.5
        gaps = geometry.gaps_mm
        wide = np.flatnonzero(gaps > BLANK_GAP * geometry.slice_mm)
        for gap in wide:
            places = np.where((places > gap + 0.01) & (places < gap + 0.99), np.nan, places)
    else:
        places = steps
    outside = (places < -border - 1e-4) | (places > count - 1 + border + 1e-4)
    return np.where(outside, np.nan, np.clip(places, 0, count - 1))


def _between(values: npt.NDArray[np.generic], axis: int, at: float) -> Values:
    low = int(at)
    share = at - low
    first = np.take(values, low, axis=axis)
    if share < 1e-6 or low + 1 >= values.shape[axis]:
        return np.asarray(first, dtype=np.float32)
    second = np.take(values, low + 1, axis=axis)
    mixed = first.astype(np.float32) * np.float32(1 - share) + second * np.float32(share)
    return np.asarray(mixed, dtype=np.float32)


def paint_grey(own: Cut, low: float, high: float, picture: Bytes) -> None:
    """Write a cut in grey into a picture of shape (rows, columns, 4); black where no value is."""
    _paint_grey(own.values, *_split(own.across), *_split(own.down), low, high, picture)


def paint_wash(
    own: Cut,
    table: Bytes,
    thresholds: tuple[float, float],
    opacity: float,
    picture: Bytes,
    hollow: float = 0.0,
) -> None:
    """Blend a cut in colours over a picture.

    Args:
        own: The dose.
        table: Colours from the lower to the upper threshold; shape (n, 3).
        thresholds: Doses of the first and last colour; nothing is painted below the first.
        opacity: 0 to 1.
        picture: Shape (rows, columns, 4).
        hollow: Values nearer to zero than this are not painted, for differences.

    """
    low, high = thresholds
    share = round(opacity * 256)
    _paint_wash(
        own.values,
        *_split(own.across),
        *_split(own.down),
        table,
        low,
        high,
        hollow,
        share,
        picture,
    )


def _split(places: Floats) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Return whole index and share of the next one; -1 where there is no value."""
    good = np.isfinite(places)
    safe = np.where(good, places, 0.0)
    whole = safe.astype(np.int64)
    return np.where(good, whole, -1), (safe - whole).astype(np.float32)


@numba.njit(cache=True, nogil=True)
def _row(values: Values, at: int, share: float, line: Values) -> None:
    # Without a share the next row does not count, not even when it has no value.
    after = min(at + 1, values.shape[0] - 1) if share > 0 else at
    for n in range(values.shape[1]):
        line[n] = values[at, n] * (1 - share) + values[after, n] * share


@numba.njit(cache=True, nogil=True)
def _paint_grey(  # noqa: PLR0913, PLR0917  (a kernel)
    values: Values,
    across: npt.NDArray[np.int64],
    across_share: npt.NDArray[np.float32],
    down: npt.NDArray[np.int64],
    down_share: npt.NDArray[np.float32],
    low: float,
    high: float,
    picture: Bytes,
) -> None:
    scale = np.float32(255.0 / max(high - low, 1e-6))
    line = np.empty(values.shape[1], dtype=np.float32)
    last = values.shape[1] - 1
    for row in range(len(down)):
        if down[row] >= 0:
            _row(values, down[row], down_share[row], line)
        for column in range(len(across)):
            grey = np.float32(0.0)
            if down[row] >= 0 and across[column] >= 0:
                at = across[column]
                share = across_share[column]
                after = min(at + 1, last) if share > 0 else at
                value = line[at] * (1 - share) + line[after] * share
                grey = min(max((value - np.float32(low)) * scale, np.float32(0)), np.float32(255))
            byte = np.uint8(grey)
            picture[row, column, 0] = byte
            picture[row, column, 1] = byte
            picture[row, column, 2] = byte
            picture[row, column, 3] = 255


@numba.njit(cache=True, nogil=True)
def _paint_wash(  # noqa: PLR0913, PLR0917  (a kernel)
    values: Values,
    across: npt.NDArray[np.int64],
    across_share: npt.NDArray[np.float32],
    down: npt.NDArray[np.int64],
    down_share: npt.NDArray[np.float32],
    table: Bytes,
    low: float,
    high: float,
    hollow: float,
    opacity: int,
    picture: Bytes,
) -> None:
    steps = len(table) - 1
    scale = np.float32(steps / max(high - low, 1e-9))
    line = np.empty(values.shape[1], dtype=np.float32)
    last = values.shape[1] - 1
    rest = 256 - opacity
    for row in range(len(down)):
        if down[row] < 0:
            continue
        _row(values, down[row], down_share[row], line)
        for column in range(len(across)):
            at = across[column]
            if at < 0:
                continue
            share = across_share[column]
            after = min(at + 1, last) if share > 0 else at
            dose = line[at] * (1 - share) + line[after] * share
            if not dose >= low or abs(dose) < hollow:
                continue
            step = min(int((dose - np.float32(low)) * scale + np.float32(0.5)), steps)
            for channel in range(3):
                below = picture[row, column, channel]
                mixed = (below * rest + table[step, channel] * opacity) >> 8
                picture[row, column, channel] = mixed
