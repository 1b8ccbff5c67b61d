"""Stored pixels to values: straight from the file where it can be, decoded where it must be."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
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
FORM_WORDS = (
    "RescaleSlope", "RescaleIntercept", "BitsAllocated", "BitsStored", "HighBit",
    "SamplesPerPixel", "PixelRepresentation", "TransferSyntaxUID",
)  # fmt: skip


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
    forms = _forms(series)
    if all(form.whole for form in forms):
        try:
            return _read(series, forms, np.dtype(np.int16), progress, first_image, first)
        except _TooLargeError:
            pass
    return _read(series, forms, np.dtype(np.float32), progress, first_image, first)


@dataclass(frozen=True, slots=True)
class _Form:
    """How the pixels of a slice are stored.

    Attributes:
        slope: RescaleSlope.
        intercept: RescaleIntercept.
        bits: BitsStored of a plain object, 0 where the values have to be decoded.
        signed: Whether they are two's complement.
        element_bytes: Length of the element's own head in the file.
        whole: Whether the values are whole numbers of at most 16 bits allocated.

    """

    slope: float
    intercept: float
    bits: int
    signed: bool
    element_bytes: int
    whole: bool


def _forms(series: ImageSeries) -> list[_Form]:
    """Return the form of each slice; what is written alike is judged once."""
    known: dict[Hashable, _Form] = {}
    found = []
    for item in series.items:
        written = item.raw(FORM_WORDS)
        form = known.get(written) if written is not None else None
        if form is None:
            form = _form(item)
            known[written] = form
        found.append(form)
    return found


def _form(item: Item) -> _Form:
    slope, intercept = maybe_float(item, "RescaleSlope"), maybe_float(item, "RescaleIntercept")
    if slope == 0:
        raise UnreadableFileError(
            "RescaleSlope is 0: every value would be the same",
            where=item.source.name,
            remedy="Export the series again.",
        )
    slope, intercept = (1.0 if slope is None else slope), (intercept or 0.0)
    whole = slope == 1 and intercept == int(intercept)
    syntax = item.transfer_syntax
    return _Form(
        slope,
        intercept,
        _plain_bits(item),
        item.get("PixelRepresentation") == 1,
        8 if syntax.is_implicit_VR else 12,
        whole and (maybe_int(item, "BitsAllocated") or 16) <= 16,
    )


def _plain_bits(item: Item) -> int:
    """Return BitsStored where the file holds 16-bit values of this machine's order, else 0."""
    bits = item.get("BitsStored")
    bits = 16 if bits is None else int(bits)
    high, samples = item.get("HighBit"), item.get("SamplesPerPixel")
    plain = (
        item.stored is None
        and not item.transfer_syntax.is_compressed
        and item.transfer_syntax.is_little_endian
        and item.get("BitsAllocated") == 16
        and (1 if samples is None else samples) == 1
        and np.little_endian
        and (item.get("PixelRepresentation") == 1 or bits < 16)
        and bits == (15 if high is None else high) + 1
    )
    return bits if plain and item.pixel_start >= 0 and not item.source.member else 0


def _read(
    series: ImageSeries,
    forms: Sequence[_Form],
    kind: np.dtype[np.int16] | np.dtype[np.float32],
    progress: Progress | None,
    first_image: FirstImage | None,
    first: int | None,
) -> Grid:
    values = np.zeros(series.geometry.shape, dtype=kind)
    grid = Grid(series.geometry, values, series.frame_uid)
    count = len(series.items)
    start, *rest = _order(count, first)

    def fill(number: int) -> None:
        _fill(series.items[number], forms[number], values[number])

    fill(start)
    if first_image is not None:
        first_image(start, grid)
    if progress is not None:
        progress(1 / count, f"1 of {count} slices")
    # Two at a time: neither reading nor numpy's arithmetic holds the interpreter's lock.
    with ThreadPoolExecutor(2) as pool:
        try:
            for done, _ in enumerate(pool.map(fill, rest), start=2):
                if progress is not None and done % 10 == 0:
                    progress(done / count, f"{done} of {count} slices")
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return grid


def _order(count: int, first: int | None) -> Iterator[int]:
    start = count // 2 if first is None else min(max(first, 0), count - 1)
    yield start
    yield from (number for number in range(count) if number != start)


def _fill(item: Item, form: _Form, target: npt.NDArray[Any]) -> None:
    if target.dtype == np.int16:
        ends = _straight_into(item, form, target) if form.bits else None
        if ends is None:
            stored = stored_values(item, target.shape)
            ends = int(stored.min()), int(stored.max())
            _fit(ends, 0)
            target[:] = stored
        _fit(ends, int(form.intercept))
        if form.intercept:
            target += np.int16(form.intercept)
        return
    target[:] = stored_values(item, target.shape)
    if form.slope != 1:
        target *= np.float32(form.slope)
    if form.intercept:
        target += np.float32(form.intercept)


def _fit(ends: tuple[int, int], added: int) -> None:
    if not (ends[0] + added >= -32768 and ends[1] + added <= 32767):
        raise _TooLargeError


def _straight_into(item: Item, form: _Form, target: npt.NDArray[Any]) -> tuple[int, int] | None:
    """Read plain values into place and return lowest and highest.

    Returns:
        None where bits above BitsStored are in use, so that the plain number is not the value.

    """
    with item.source.path.open("rb") as stream:
        stream.seek(item.pixel_start + form.element_bytes)
        got = stream.readinto(target.reshape(-1).view(np.uint8).data)
    if got != target.nbytes:
        raise _cut_short(item)
    low, high = int(target.min()), int(target.max())
    if form.bits < 16:
        lowest = -(1 << form.bits - 1) if form.signed else 0
        if not (low >= lowest and high < lowest + (1 << form.bits)):
            return None
    return low, high


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
