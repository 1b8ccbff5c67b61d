"""The content of an object, apart from how it is written down (Y-04).

Two files hold the same object when their data sets say the same: the meta header, the byte order,
explicit or implicit VR, padding and the compression of the pixels are only ways of writing.
"""

import hashlib
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

from core.dicom.files import Item, Source, read_header, read_whole
from core.dicom.pixels import stored_values
from core.errors import UnreadableFileError

PIXEL_DATA = 0x7FE00010
# Group lengths and padding carry nothing (PS3.5 7.2, PS3.10 7.1); 0008,0001 is their old kin.
PADDING = 0xFFFCFFFC
LENGTH_TO_END = 0x00080001
# Values of text may be padded by a space or a null to an even length (PS3.5 6.2).
TEXTS = (
    "AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI",
    "UR", "UT",
)  # fmt: skip
# Here spaces in front mean nothing either.
TRIMMED = ("AE", "CS", "DS", "IS", "LO", "SH", "PN", "DA", "TM", "DT")
WORD_BYTES = {"US": 2, "SS": 2, "OW": 2, "AT": 2, "UL": 4, "SL": 4, "FL": 4, "OF": 4, "OL": 4,
              "FD": 8, "OD": 8, "OV": 8, "SV": 8, "UV": 8}  # fmt: skip
NUMBER_FORMATS = {"US": "<H", "SS": "<h", "UL": "<L", "SL": "<l", "FL": "<f", "FD": "<d",
                  "SV": "<q", "UV": "<Q"}  # fmt: skip


def content_digest(path: Path) -> str:
    """Return the SHA-256 of what an object says, as hexadecimal digits.

    Lossily compressed pixels count as what they decode to.

    Raises:
        UnreadableFileError: It is no DICOM object, damaged, or its pixels cannot be decoded.

    """
    item = read_header(Source(path))
    if item is None:
        raise UnreadableFileError("this is no DICOM object", where=path.name, remedy="Leave it.")
    try:
        return _digest(item, read_whole(item))
    except UnreadableFileError:
        raise
    except Exception as fault:  # pydicom raises what the broken bytes happen to provoke
        raise UnreadableFileError(
            f"its content cannot be read to its end ({type(fault).__name__}: {fault})",
            where=path.name,
            remedy="Export it again from where it came.",
        ) from fault


def _digest(item: Item, whole: Dataset) -> str:
    digest = hashlib.sha256()
    little = item.transfer_syntax.is_little_endian
    _add(digest, whole, little=little)
    if whole.get("PixelData"):  # a deflated file does not tell where they begin
        digest.update(b"pixels")
        if item.transfer_syntax.is_encapsulated:
            digest.update(np.ascontiguousarray(_decoded(item, whole)).tobytes())
        else:
            # Read anew: pydicom has turned the element into a value on the way.
            digest.update(_native(whole, little=little))
    return digest.hexdigest()


def same_content(one: Path, other: Path) -> bool:
    """Return whether two files hold the same object; False where one cannot be read."""
    try:
        return content_digest(one) == content_digest(other)
    except UnreadableFileError:
        return False


def _decoded(item: Item, whole: Dataset) -> np.ndarray[Any, Any]:
    frames = int(whole.get("NumberOfFrames") or 1)
    samples = int(whole.get("SamplesPerPixel") or 1)
    size = (frames, int(whole.Rows), int(whole.Columns), samples)
    return stored_values(item, size)


def _native(whole: Dataset, *, little: bool) -> bytes:
    """Return uncompressed pixels in little endian, without padding."""
    data = bytes(whole.PixelData)
    bits = int(whole.get("BitsAllocated") or 8)
    count = int(whole.Rows) * int(whole.Columns) * int(whole.get("SamplesPerPixel") or 1)
    count *= int(whole.get("NumberOfFrames") or 1)
    data = data[: count * bits // 8] if bits >= 8 else data
    return data if little or bits <= 8 else _swapped(data, bits // 8)


def _add(digest: Any, data: Dataset, *, little: bool) -> None:  # noqa: ANN401  (hashlib has no public type)
    for tag in sorted(data.keys()):
        if tag.element == 0 or tag in (PIXEL_DATA, PADDING, LENGTH_TO_END):
            continue
        element = data.get_item(tag)
        vr = _vr(tag, element)
        digest.update(int(tag).to_bytes(4, "big"))
        if vr == "SQ":
            for one in data[tag].value or ():
                digest.update(b"item")
                _add(digest, one, little=little)
            digest.update(b"end")
            continue
        if isinstance(element, DataElement) and vr in NUMBER_FORMATS:
            value = _packed(element.value, NUMBER_FORMATS[vr])
        else:
            value = _bytes(element)
            if vr in TRIMMED:
                value = b"\\".join(part.strip(b"\0 ") for part in value.split(b"\\"))
            elif vr in TEXTS or (tag.is_private and _looks_like_text(value)):
                value = value.rstrip(b"\0 ")
            elif not little:
                value = _swapped(value, WORD_BYTES.get(vr, 1))
        digest.update(len(value).to_bytes(8, "big"))
        digest.update(value)


def _vr(tag: BaseTag, element: Any) -> str:  # noqa: ANN401  (pydicom's raw or read element)
    """Return the kind of a value: as the dictionary has it where the file does not say."""
    told = element.VR
    if told in (None, "UN"):
        try:
            return dictionary_VR(tag)
        except KeyError:
            return "UN"
    return str(told)


def _looks_like_text(value: bytes) -> bool:
    """Return whether a private value is text: an implicit file does not tell its kind."""
    return all(one >= 0x20 or one in b"\t\n\f\r\x1b" for one in value.rstrip(b"\0"))


def _packed(value: Any, form: str) -> bytes:  # noqa: ANN401  (pydicom's value)
    """Return numbers that pydicom has already read as the bytes they were read from."""
    if value is None or value == "":
        return b""
    many = value if isinstance(value, pydicom.multival.MultiValue | list) else [value]
    return b"".join(struct.pack(form, one) for one in many)


def _bytes(element: Any) -> bytes:  # noqa: ANN401  (pydicom's raw or read element)
    if isinstance(element, RawDataElement):
        return element.value or b""
    if isinstance(element, DataElement):
        value = element.value
        if isinstance(value, bytes):
            return value
        many = value if isinstance(value, pydicom.multival.MultiValue | list) else [value]
        return "\\".join("" if one is None else str(one) for one in many).encode()
    raise UnreadableFileError("an element has no value", where=str(element), remedy="Leave it.")


def _swapped(value: bytes, word: int) -> bytes:
    if word == 1 or len(value) % word:
        return value
    return np.frombuffer(value, dtype=f">u{word}").astype(f"<u{word}").tobytes()
