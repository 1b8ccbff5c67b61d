"""Pictures of films: TIFF as scanners write them (TIFF 6.0, Adobe 1992; deflate of 2002).

Grey or RGB, 8 to 32 bit whole numbers or 32-bit floats, in strips, without
compression, by PackBits or by deflate. Anything else is refused by name.
"""

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.dose.geometry import Floats
from core.errors import UnreadableFileError

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
STRIPS, SAMPLES, ROWS, COUNTS = 273, 277, 278, 279
X_RESOLUTION, Y_RESOLUTION, PLANAR, UNIT, PREDICTOR = 282, 283, 284, 296, 317
FORMAT = 339
SIZES = {1: "B", 2: "c", 3: "H", 4: "L", 5: "LL", 9: "l", 10: "ll", 11: "f", 12: "d"}
UNIT_MM = {2: 25.4, 3: 10.0}
PLAIN, DEFLATE, OLD_DEFLATE, PACKBITS = 1, 8, 32946, 32773
SAVE_PLAIN = "Save the scan as TIFF without compression, grey or RGB, 8 or 16 bit."
MOST_PIXELS = 2**28


@dataclass(frozen=True, eq=False, slots=True)
class Picture:
    """A scan.

    Attributes:
        values: Shape (rows, columns, channels), rows from the top.
        pixel_mm: Distance of columns and rows; None where the file does not say it.

    """

    values: Floats
    pixel_mm: tuple[float, float] | None


def is_tiff(start: bytes) -> bool:
    """Return whether a file begins like a TIFF."""
    return start[:4] in (b"II*\x00", b"MM\x00*")


def read_tiff(file: Path) -> Picture:
    """Return the first picture of a TIFF.

    Raises:
        UnreadableFileError: It is damaged, or of a kind that is not read.

    """
    data = file.read_bytes()
    order = "<" if data[:2] == b"II" else ">"
    try:
        tags = _tags(data, order)
        return Picture(_values(data, order, tags, file), _pixel_mm(tags))
    except (struct.error, IndexError, KeyError, ValueError, zlib.error) as fault:
        raise UnreadableFileError(
            f"the TIFF is damaged or cut short: {fault}", where=file.name,
            remedy="Scan or copy the film again.",
        ) from fault  # fmt: skip


def _tags(data: bytes, order: str) -> dict[int, tuple[float, ...]]:
    (place,) = struct.unpack_from(f"{order}L", data, 4)
    (count,) = struct.unpack_from(f"{order}H", data, place)
    found: dict[int, tuple[float, ...]] = {}
    for number in range(count):
        at = place + 2 + 12 * number
        tag, kind, amount = struct.unpack_from(f"{order}HHL", data, at)
        if kind not in SIZES or kind == 2 or amount > len(data):
            continue
        layout = f"{order}{SIZES[kind] * amount}"
        size = struct.calcsize(layout)
        start = at + 8 if size <= 4 else struct.unpack_from(f"{order}L", data, at + 8)[0]
        values = struct.unpack_from(layout, data, start)
        if kind in (5, 10):
            values = tuple(
                a / b if b else 0.0 for a, b in zip(values[::2], values[1::2], strict=True)
            )
        found[tag] = values
    return found


def _pixel_mm(tags: Mapping[int, tuple[float, ...]]) -> tuple[float, float] | None:
    unit = UNIT_MM.get(int(tags.get(UNIT, (2,))[0]))
    per = [tags.get(tag, (0.0,))[0] for tag in (X_RESOLUTION, Y_RESOLUTION)]
    if unit is None or not all(one > 1 for one in per):
        return None  # 1 pixel a unit stands for "unknown"
    return unit / per[0], unit / per[1]


def _values(data: bytes, order: str, tags: Mapping[int, tuple[float, ...]], file: Path) -> Floats:
    columns, rows = int(tags[WIDTH][0]), int(tags[HEIGHT][0])
    samples = int(tags.get(SAMPLES, (1,))[0])
    bits, packing = int(tags.get(BITS, (1,))[0]), int(tags.get(COMPRESSION, (1,))[0])
    kind = int(tags.get(FORMAT, (1,))[0])
    number = {(8, 1): "u1", (16, 1): "u2", (32, 1): "u4", (32, 3): "f4"}.get((bits, kind))
    planar, predictor = (int(tags.get(tag, (1,))[0]) for tag in (PLANAR, PREDICTOR))
    lacks = ""
    if packing not in (PLAIN, DEFLATE, OLD_DEFLATE, PACKBITS):
        lacks = f"compression {packing}"
    elif number is None or samples not in (1, 3, 4):
        lacks = f"{samples} channels of {bits} bits (format {kind})"
    elif planar != 1 or predictor not in (1, 2) or STRIPS not in tags:
        lacks = "tiles, separate colour planes or a floating predictor"
    elif int(tags.get(PHOTOMETRIC, (1,))[0]) not in (0, 1, 2) or rows * columns > MOST_PIXELS:
        lacks = "a palette, or more pixels than a film can have"
    if lacks or number is None:
        raise UnreadableFileError(
            f"a TIFF with {lacks} is not read", where=file.name, remedy=SAVE_PLAIN
        )
    strips = zip(tags[STRIPS], tags[COUNTS], strict=True)
    body = b"".join(
        _unpacked(data[int(start) : int(start) + int(size)], packing) for start, size in strips
    )
    found = np.frombuffer(body, dtype=order + number, count=rows * columns * samples)
    found = found.reshape(rows, columns, samples)
    if predictor == 2:
        found = np.cumsum(found, axis=1, dtype=found.dtype.newbyteorder("="))
    return found.astype(np.float64)


def _unpacked(strip: bytes, packing: int) -> bytes:
    if packing == PLAIN:
        return strip
    if packing != PACKBITS:
        return zlib.decompress(strip)
    made, at = bytearray(), 0
    while at < len(strip):
        code = strip[at]
        if code < 128:
            made += strip[at + 1 : at + 2 + code]
            at += 2 + code
        else:
            if code > 128:
                made += strip[at + 1 : at + 2] * (257 - code)
            at += 2 if code > 128 else 1
    return bytes(made)
