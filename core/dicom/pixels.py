"""Stored pixels to values: straight from the file where it can be, decoded where it must be."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import FileMetaDataset
from pydicom.pixels.utils import pixel_array

from core.dicom.files import Item, Progress, read_whole
from core.dicom.images import ImageSeries
from core.dicom.values import maybe_float, maybe_int
from core.dose.geometry import Grid
from core.errors import UnreadableFileError

Stored = npt.NDArray[np.generic]
FirstImage = Callable[[int, Grid], None]


class _TooLargeError(Exception):
    """A value does not fit into 16 bits."""


def read_volume(
    series: ImageSeries,
    progress: Progress | None = None,
    first_image: FirstImage | None = None,
    first: int | None = None,
) -> Grid:
    """Return all values of a series, rescaled (CT in HU).

    Values are 16-bit whole numbers where nothing is lost, else float32.

    Args:
        series: What to read.
        progress: Told after every few slices; may raise to stop.
        first_image: Called with the number of the first slice that is read and the grid as soon
            as that slice is there; the other slices are then still empty.
        first: Slice to read first; the middle one for None.

    Raises:
        UnreadableFileError: A slice is cut short, or its compression is not known.

    """
    if _fits_16_bits(series):
        try:
            return _read(series, np.dtype(np.int16), progress, first_image, first)
        except _TooLargeError:
            pass
    return _read(series, np.dtype(np.float32), progress, first_image, first)


def _fits_16_bits(series: ImageSeries) -> bool:
    for item in series.items:
        slope, intercept = _rescale(item)
        if slope != 1 or intercept != int(intercept):
            return False
        if (maybe_int(item.header, "BitsAllocated") or 16) > 16:
            return False
    return True


def _rescale(item: Item) -> tuple[float, float]:
    slope = maybe_float(item.header, "RescaleSlope")
    intercept = maybe_float(item.header, "RescaleIntercept")
    if slope == 0:
        raise UnreadableFileError(
            "RescaleSlope is 0: every value would be the same",
            where=item.source.name,
            remedy="Export the series again.",
        )
    return (1.0 if slope is None else slope), (intercept or 0.0)


def _read(
    series: ImageSeries,
    kind: np.dtype[np.int16] | np.dtype[np.float32],
    progress: Progress | None,
    first_image: FirstImage | None,
    first: int | None,
) -> Grid:
    values = np.zeros(series.geometry.shape, dtype=kind)
    grid = Grid(series.geometry, values, series.frame_uid)
    count = len(series.items)
    for done, number in enumerate(_order(count, first)):
        _fill(series.items[number], values[number])
        if done == 0 and first_image is not None:
            first_image(number, grid)
        if progress is not None and done % 10 == 0:
            progress(done / count, f"{done} of {count} slices")
    return grid


def _order(count: int, first: int | None) -> Iterator[int]:
    start = count // 2 if first is None else min(max(first, 0), count - 1)
    yield start
    yield from (number for number in range(count) if number != start)


def _fill(item: Item, target: npt.NDArray[Any]) -> None:
    slope, intercept = _rescale(item)
    if target.dtype == np.int16:
        if not _straight_into(item, target):
            stored = stored_values(item, target.shape)
            _fit(stored.min(), stored.max(), 0)
            target[:] = stored
        _fit(target.min(), target.max(), int(intercept))
        if intercept:
            target += np.int16(intercept)
        return
    stored = stored_values(item, target.shape)
    target[:] = stored
    if slope != 1:
        target *= np.float32(slope)
    if intercept:
        target += np.float32(intercept)


def _fit(low: np.generic, high: np.generic, added: int) -> None:
    if not (int(low) + added >= -32768 and int(high) + added <= 32767):
        raise _TooLargeError


def _straight_into(item: Item, target: npt.NDArray[Any]) -> bool:
    """Read 16-bit values of this machine's byte order into place; False where that is not so."""
    if item.stored is not None:
        return False
    header = item.header
    plain = (
        not item.transfer_syntax.is_compressed
        and item.transfer_syntax.is_little_endian
        and header.get("BitsAllocated") == 16
        and header.get("SamplesPerPixel", 1) == 1
        and np.little_endian
        and (header.get("PixelRepresentation") == 1 or int(header.get("BitsStored", 16)) < 16)
        and header.get("BitsStored", 16) == header.get("HighBit", 15) + 1
    )
    if not plain or item.pixel_start < 0 or item.source.member:
        return False
    with item.source.open() as stream:
        stream.seek(item.pixel_start + (8 if item.transfer_syntax.is_implicit_VR else 12))
        got = stream.readinto(target.reshape(-1).view(np.uint8).data)  # type: ignore[attr-defined]
    if got != target.nbytes:
        raise _cut_short(item)
    return not _has_overlay_bits(item, target)


def _has_overlay_bits(item: Item, target: npt.NDArray[Any]) -> bool:
    """Whether bits above BitsStored are in use, so that the plain number is not the value."""
    stored = int(item.header.get("BitsStored", 16))
    if stored >= 16:
        return False
    if item.header.get("PixelRepresentation") == 1:
        return not (
            int(target.min()) >= -(1 << stored - 1) and int(target.max()) < 1 << stored - 1
        )
    return not (int(target.min()) >= 0 and int(target.max()) < 1 << stored)


def stored_values(item: Item, shape: tuple[int, ...]) -> Stored:
    """Return the stored values of one object, decoded, before any rescaling.

    Raises:
        UnreadableFileError: It is cut short, or its compression cannot be decoded.

    """
    if item.stored is not None:
        made = item.stored()
        if made.size != int(np.prod(shape)):
            raise _cut_short(item)
        return made.reshape(shape)
    whole = read_whole(item)
    if "TransferSyntaxUID" not in getattr(whole, "file_meta", {}):
        whole.file_meta = FileMetaDataset()
        whole.file_meta.TransferSyntaxUID = item.transfer_syntax
    try:
        found = pixel_array(whole, raw=True)
    except Exception as fault:  # decoders raise what broken bytes happen to provoke
        name = item.transfer_syntax.name
        raise UnreadableFileError(
            f"the pixels cannot be decoded ({name}: {fault})",
            where=item.source.name,
            remedy="Export it again, uncompressed if it happens again.",
        ) from fault
    if found.size != int(np.prod(shape)):
        raise _cut_short(item)
    return found.reshape(shape)


def _cut_short(item: Item) -> UnreadableFileError:
    return UnreadableFileError(
        "the pixels are cut short", where=item.source.name, remedy="Fetch the file again."
    )
