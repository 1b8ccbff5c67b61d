"""How much of each pixel of a plane the contours cover, by the even-odd rule."""

from collections.abc import Sequence

import numba
import numpy as np
import numpy.typing as npt

from core.dose.geometry import Floats

Shares = npt.NDArray[np.float32]
# Lines per pixel row; along a line the covered length is exact.
LINES = 8


def coverage(
    polygons: Sequence[Floats], corner_mm: Floats, pixel_mm: float, size: tuple[int, int]
) -> Shares:
    """Return the share of each pixel inside the polygons, 0 to 1.

    Args:
        polygons: Corner points, each of shape (n, 2), mm.
        corner_mm: Lower corner of the first pixel (not its centre).
        pixel_mm: Edge of the square pixels.
        size: Number of rows (second coordinate) and columns (first coordinate).

    """
    return np.asarray(coverage_and_middles(polygons, corner_mm, pixel_mm, size)[0])


def coverage_and_middles(
    polygons: Sequence[Floats], corner_mm: Floats, pixel_mm: float, size: tuple[int, int]
) -> Shares:
    """Return the covered share of each pixel and the middle of the covered part.

    Returns:
        Shape (3, rows, columns): share, 0 to 1; column and row of the middle of the covered part
        less those of the pixel's centre, in pixels.

    """
    points = np.concatenate([(polygon - corner_mm) / pixel_mm for polygon in polygons])
    ends = np.cumsum([len(polygon) for polygon in polygons])
    starts = np.concatenate([[0], ends[:-1]])
    filled = np.zeros((3, *size), dtype=np.float32)
    _fill(points, starts, ends, filled)
    np.divide(filled[1:], filled[0], out=filled[1:], where=filled[0] > 0)
    return filled


@numba.njit(cache=True, nogil=True)
def _fill(
    points: Floats, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64], out: Shares
) -> None:
    rows = out.shape[1]
    lines = rows * LINES
    count = np.zeros(lines + 1, dtype=np.int64)
    for polygon in range(len(starts)):
        for corner in range(starts[polygon], ends[polygon]):
            first, last = _lines_crossed(points, corner, starts[polygon], ends[polygon], lines)
            for line in range(first, last):
                count[line + 1] += 1
    begin = np.cumsum(count)
    crossings = np.empty(begin[lines])
    filled = begin[:-1].copy()
    for polygon in range(len(starts)):
        for corner in range(starts[polygon], ends[polygon]):
            first, last = _lines_crossed(points, corner, starts[polygon], ends[polygon], lines)
            after = corner + 1 if corner + 1 < ends[polygon] else starts[polygon]
            x, y = points[corner]
            slope = (points[after, 0] - x) / (points[after, 1] - y) if last > first else 0.0
            for line in range(first, last):
                crossings[filled[line]] = x + ((line + 0.5) / LINES - y) * slope
                filled[line] += 1
    whole = np.zeros((2, out.shape[2] + 1))
    for line in range(lines):
        own = crossings[begin[line] : begin[line + 1]]
        _sort(own)
        height = (line % LINES + 0.5) / LINES - 0.5
        for pair in range(0, len(own) - 1, 2):
            _add(out, line // LINES, height, own[pair], own[pair + 1], whole)
        if line % LINES == LINES - 1:
            _add_whole(out, line // LINES, whole)


@numba.njit(cache=True, nogil=True)
def _sort(own: Floats) -> None:
    """Sort in place by insertion: a line crosses few edges."""
    for place in range(1, len(own)):
        value, at = own[place], place
        while at > 0 and own[at - 1] > value:
            own[at] = own[at - 1]
            at -= 1
        own[at] = value


@numba.njit(cache=True, nogil=True)
def _lines_crossed(
    points: Floats, corner: int, start: int, end: int, lines: int
) -> tuple[int, int]:
    """Return the half-open range of lines whose height lies between two neighbouring corners."""
    after = corner + 1 if corner + 1 < end else start
    low, high = points[corner, 1], points[after, 1]
    if low > high:
        low, high = high, low
    first = int(np.ceil(low * LINES - 0.5))
    last = int(np.ceil(high * LINES - 0.5))
    return max(first, 0), min(last, lines)


@numba.njit(cache=True, nogil=True)
def _add(out: Shares, row: int, height: float, left: float, right: float, whole: Floats) -> None:
    """Add a covered piece of a line, with its moments about the pixels' centres.

    Pixels that it covers from side to side are noted in `whole` by where their run begins and
    ends: share and height.

    """
    columns = out.shape[2]
    left, right = max(left, 0.0), min(right, float(columns))
    if right <= left:
        return
    first, last = int(left), min(int(right), columns - 1)
    for column in range(first, last + 1, max(last - first, 1)):
        start, end = max(left, float(column)), min(right, column + 1.0)
        part = (end - start) / LINES
        out[0, row, column] += part
        out[1, row, column] += part * ((start + end) / 2 - column - 0.5)
        out[2, row, column] += part * height
    if last - first > 1:
        whole[0, first + 1] += 1.0 / LINES
        whole[0, last] -= 1.0 / LINES
        whole[1, first + 1] += height / LINES
        whole[1, last] -= height / LINES


@numba.njit(cache=True, nogil=True)
def _add_whole(out: Shares, row: int, whole: Floats) -> None:
    """Add the runs of a row of pixels, and begin anew. Sums of 1/128: nothing is rounded."""
    share, moment = 0.0, 0.0
    for column in range(out.shape[2]):
        share += whole[0, column]
        moment += whole[1, column]
        if share > 0.0:
            out[0, row, column] += share
            out[2, row, column] += moment
    whole[:] = 0.0
