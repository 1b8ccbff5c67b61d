"""Digitally reconstructed radiographs: what the source sees through the CT.

Each pixel is the path through the CT along its ray, in mm of water: the sum of steps times
(HU + 1000) / 1000, trilinear between voxel centres. A voxel fills its whole cell, so the grid
ends half a voxel beyond its outermost centres. The image lies in the isocentre plane of the
IEC 61217 beam limiting device frame (see `beam_frame`), as seen from the source: +Xb to the
right, +Yb up.
"""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from core.dose.beam_frame import BeamFrame
from core.dose.geometry import EVEN_GAP_MM, Floats, Geometry, Grid
from core.dose.sample import offsets_of

Image = npt.NDArray[np.float32]
Progress = Callable[[float, str], None]
# HU of air, and from there to water.
AIR_HU, WATER_HU = -1000.0, 1000.0
WORKERS = 2
SLAB_ROWS = 16
# Bins for finding a slice: at 1 m of slices 0.02 mm each, far below any slice distance.
MOST_BINS = 50_000
# Sums may be reordered, so that several steps of a ray are taken at once; NaN stays NaN.
REORDER = {"reassoc", "contract"}


def drr(
    ct: Grid,
    frame: BeamFrame,
    *,
    half_width_mm: float = 200.0,
    pixels: int = 512,
    step_mm: float | None = None,
    only_above_hu: float | None = None,
    progress: Progress | None = None,
) -> Image:
    """Return the radiograph of a CT, in mm of water per ray.

    Args:
        ct: HU at the voxel centres; turned, tilted or unevenly spaced grids are fine.
        frame: The beam, in the CT's patient coordinates.
        half_width_mm: Half the picture's width and height at the isocentre plane.
        pixels: Pixels per row and per column; 128 for a quick look.
        step_mm: Longest step along a ray; None for half the smallest voxel edge.
        only_above_hu: Voxels below count as nothing, so that bone stands out; None for all.
        progress: Told the fraction done after each slab of rows, always in the calling
            thread; may raise to stop.

    Returns:
        Shape (pixels, pixels); row 0 has the largest Yb, column 0 the smallest Xb. The centre of
        pixel (row, column) is given by `pixel_centres_mm`.

    Raises:
        ValueError: A picture without size or steps, or a beam or grid at no finite place.

    """
    if pixels < 1 or not 0 < half_width_mm < math.inf:
        raise ValueError(f"no picture of {pixels} pixels and half width {half_width_mm} mm")
    step = default_step_mm(ct.geometry) if step_mm is None else step_mm
    if not 0 < step < math.inf:
        raise ValueError(f"no steps of {step} mm")
    least = AIR_HU if only_above_hu is None else max(AIR_HU, only_above_hu)
    x_mm, y_mm = pixel_centres_mm(half_width_mm, pixels)
    out = np.zeros((pixels, pixels), dtype=np.float32)
    cells, rays = _cells(ct), _rays(ct.geometry, frame)
    if not np.isfinite(rays).all():  # the kernels look up voxels without checking bounds
        raise ValueError("no place of the beam in the CT: a number is not finite")
    setting = (frame.sad_mm, float(step), float(least))

    def trace(first: int) -> None:
        slab = slice(first, first + SLAB_ROWS)
        _trace_rows(cells, rays, x_mm, y_mm[slab], setting, out[slab])

    _in_slabs(trace, range(0, pixels, SLAB_ROWS), progress)
    return out


def pixel_centres_mm(half_width_mm: float, pixels: int) -> tuple[Floats, Floats]:
    """Return Xb of each column and Yb of each row of a radiograph, mm at the isocentre plane."""
    pitch = 2 * half_width_mm / pixels
    x_mm: Floats = (np.arange(pixels, dtype=np.float64) + 0.5) * pitch - half_width_mm
    return x_mm, np.ascontiguousarray(x_mm[::-1])


def default_step_mm(geometry: Geometry) -> float:
    """Return half the smallest voxel edge; the usual gap stands for all slices."""
    return 0.5 * min(geometry.column_mm, geometry.row_mm, geometry.slice_mm)


def to_grey(
    path_mm: npt.ArrayLike, *, percentiles: tuple[float, float] = (1.0, 99.5)
) -> npt.NDArray[np.uint8]:
    """Return a radiograph as grey levels for display, long paths (bone) bright.

    Args:
        path_mm: Paths from `drr`.
        percentiles: Which paths become black and white, among the rays that met anything; the
            air around the patient and a few metal pixels thus do not spoil the contrast.

    """
    path = np.asarray(path_mm, dtype=np.float32)
    met = path[path > 0]
    if met.size == 0:
        return np.zeros(path.shape, dtype=np.uint8)
    low, high = (float(p) for p in np.percentile(met, percentiles))
    if high - low <= 1e-3 * high:  # one path everywhere: white where there is any
        low = 0.0
    scaled = (np.nan_to_num(path) - low) * (255.0 / (high - low))
    grey: npt.NDArray[np.uint8] = np.rint(np.clip(scaled, 0.0, 255.0)).astype(np.uint8)
    return grey


def _in_slabs(trace: Callable[[int], None], firsts: range, progress: Progress | None) -> None:
    """Trace slabs of rows in threads; when `progress` raises, those not begun are dropped."""
    with ThreadPoolExecutor(WORKERS) as pool:
        waiting = [pool.submit(trace, first) for first in firsts]
        try:
            for done, slab in enumerate(as_completed(waiting), start=1):
                slab.result()
                if progress is not None:
                    progress(done / len(waiting), f"radiograph {done} of {len(waiting)} parts")
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


class _Cells(NamedTuple):
    """A grid as the kernels want it.

    Places are columns, rows and, along the slices, indices of even and mm of uneven slices.

    Attributes:
        values: HU, flat.
        shape: Slices, rows, columns.
        low: Outer edge of the first column, row, slice.
        high: Outer edge of the last column, row, slice.
        offsets: Of uneven slices in mm; empty when even, as the next two.
        per_gap: One over the gap behind each slice.
        bins: Slice at or before the start of each bin, bins being no wider than any gap.
        per_bin: Bins per mm.

    """

    values: npt.NDArray[np.int16] | npt.NDArray[np.float32]
    shape: tuple[int, int, int]
    low: Floats
    high: Floats
    offsets: Floats
    per_gap: Floats
    bins: npt.NDArray[np.int64]
    per_bin: float


def _cells(ct: Grid) -> _Cells:
    slices, rows, columns = ct.geometry.shape
    values, shape = ct.values.reshape(-1), (slices, rows, columns)
    low, high = np.full(3, -0.5), np.array([columns - 0.5, rows - 0.5, slices - 0.5])
    if _is_straight(ct.geometry):
        none = np.empty(0)
        return _Cells(values, shape, low, high, none, none, np.empty(0, dtype=np.int64), 1.0)
    offsets, gaps = offsets_of(ct.geometry), ct.geometry.gaps_mm
    low[2], high[2] = offsets[0] - 0.5 * gaps[0], offsets[-1] + 0.5 * gaps[-1]
    extent = float(offsets[-1] - offsets[0])
    count = int(min(np.ceil(extent / gaps.min()), MOST_BINS))
    starts = offsets[0] + np.arange(count + 1) * (extent / count)
    bins = np.clip(np.searchsorted(offsets, starts, side="right") - 1, 0, slices - 2)
    return _Cells(values, shape, low, high, offsets, 1 / gaps, bins, count / extent)


def _rays(geometry: Geometry, frame: BeamFrame) -> Floats:
    """Return source, 1 mm along Xb, 1 mm along Yb, source to isocentre, in places of `_Cells`."""
    vectors = np.stack(
        [
            frame.source_mm - geometry.origin_mm,
            frame.x_axis,
            frame.y_axis,
            -frame.sad_mm * frame.axis,
        ]
    )
    steps: Floats = vectors @ geometry.inverse_axes.T
    steps /= np.array([geometry.column_mm, geometry.row_mm, 1.0])
    if _is_straight(geometry):
        steps[0, 2] -= geometry.slice_offsets_mm[0]
        steps[:, 2] /= _mean_gap_mm(geometry)
    return np.ascontiguousarray(steps)


def _is_straight(geometry: Geometry) -> bool:
    """Whether index times gap gives every slice: small differences must not add up either."""
    offsets = geometry.slice_offsets_mm
    straight = offsets[0] + _mean_gap_mm(geometry) * np.arange(len(offsets))
    return geometry.is_even and float(np.abs(offsets - straight).max()) <= EVEN_GAP_MM


def _mean_gap_mm(geometry: Geometry) -> float:
    gaps = geometry.gaps_mm
    return float(gaps.mean()) if len(gaps) else geometry.slice_mm


@numba.njit(cache=True, nogil=True)
def _trace_rows(
    cells: _Cells,
    rays: Floats,
    x_mm: Floats,
    y_mm: Floats,
    setting: tuple[float, float, float],
    out: Image,
) -> None:
    """Trace a few rows, column by column: neighbouring rays find their voxels in the cache."""
    sad, longest, least = setting
    for column in range(len(x_mm)):
        for row in range(len(y_mm)):
            x, y = x_mm[column], y_mm[row]
            along = (rays[3] + x * rays[1] + y * rays[2]) / math.sqrt(sad * sad + x * x + y * y)
            near, far = _inside(cells, rays[0], along)
            count = math.ceil((far - near) / longest)
            if count > 0:
                step = (far - near) / count
                first = rays[0] + (near + 0.5 * step) * along
                total = _sum(cells, first, step * along, count, least)
                out[row, column] = total * step / WATER_HU


@numba.njit(cache=True, nogil=True)
def _inside(cells: _Cells, source: Floats, along: Floats) -> tuple[float, float]:
    """Return where a ray enters and leaves the grid, mm from the source; equal when it misses."""
    near, far = 0.0, math.inf
    for n in range(3):
        before, behind = cells.low[n] - source[n], cells.high[n] - source[n]
        if along[n] != 0.0:
            one, two = before / along[n], behind / along[n]
            near, far = max(near, min(one, two)), min(far, max(one, two))
        elif before > 0.0 or behind < 0.0:
            return 0.0, 0.0
    return near, max(near, far)


@numba.njit(cache=True, nogil=True, fastmath=REORDER)
def _sum(cells: _Cells, place: Floats, step: Floats, count: int, least: float) -> float:
    """Return the sum of HU above air at steps along a ray.

    Without branches and with indices that cannot be negative, so that the compiler can take
    several steps at once.
    """
    values, (slices, rows, columns) = cells.values, cells.shape
    place_c, place_r, place_s = place
    step_c, step_r, step_s = step
    last_column, last_row = max(columns - 2, 0), max(rows - 2, 0)
    right = np.uint64(min(columns - 1, 1))
    down = np.uint64(columns * min(rows - 1, 1))
    next_slice = np.uint64(columns * rows * min(slices - 1, 1))
    total = 0.0
    for n in range(count):
        column = min(max(place_c + n * step_c, 0.0), columns - 1.0)
        row = min(max(place_r + n * step_r, 0.0), rows - 1.0)
        c, r = min(int(column), last_column), min(int(row), last_row)
        u, v = column - c, row - r
        s, w = _slice_at(cells, place_s + n * step_s)
        at = np.uint64((s * rows + r) * columns + c)
        behind = at + next_slice
        a = _between(values[at], values[at + right], u, least)
        b = _between(values[at + down], values[at + down + right], u, least)
        d = _between(values[behind], values[behind + right], u, least)
        e = _between(values[behind + down], values[behind + down + right], u, least)
        near, far = a + v * (b - a), d + v * (e - d)
        total += near + w * (far - near)
    return total


@numba.njit(cache=True, nogil=True, fastmath=REORDER)
def _slice_at(cells: _Cells, place: float) -> tuple[int, float]:
    """Return the slice before a place and the share of the next one; outside, the end slice."""
    slices = cells.shape[0]
    last = max(slices - 2, 0)
    if len(cells.offsets) == 0:
        index = min(max(place, 0.0), slices - 1.0)
        s = min(int(index), last)
        return s, index - s
    first, one = cells.offsets[0], np.uint64(1)
    offset = min(max(place, first), cells.offsets[slices - 1])
    low = np.uint64(cells.bins[np.uint64(int((offset - first) * cells.per_bin))])
    s = min(int(low) + int(offset >= cells.offsets[low + one]), last)
    share = (offset - cells.offsets[np.uint64(s)]) * cells.per_gap[np.uint64(s)]
    return s, min(max(share, 0.0), 1.0)


@numba.njit(cache=True, nogil=True, fastmath=REORDER)
def _between(one: float, two: float, share: float, least: float) -> float:
    """Return the HU above air between two voxels; one below `least` is nothing."""
    a = one - AIR_HU if one >= least else 0.0
    b = two - AIR_HU if two >= least else 0.0
    return a + share * (b - a)
