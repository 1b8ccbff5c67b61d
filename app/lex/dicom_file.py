"""Open a DICOM file whole: a file that ends early is refused, not read as far as it goes."""

import struct
import warnings
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pydicom
from pydicom.datadict import dictionary_VR
from pydicom.errors import BytesLengthException, InvalidDicomError

from core.errors import UnreadableFileError

# What pydicom raises on bytes that are not what their tags promise.
DAMAGE = (
    ArithmeticError,
    AttributeError,
    BytesLengthException,
    EOFError,
    InvalidDicomError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)

_AGAIN = "Export the plan again from the planning system."
_DEFLATED = "1.2.840.10008.1.2.1.99"
_UNDEFINED = 0xFFFFFFFF
_LONG_FORM = frozenset(
    {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
)  # fmt: skip  (PS3.5 table 7.1-1)
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD


def open_dicom(path: Path) -> pydicom.Dataset:
    """Return the dataset of a DICOM file, with or without its preamble.

    Raises:
        UnreadableFileError: The file cannot be read, is no DICOM, or ends inside an element.

    """
    try:
        data = path.read_bytes()
        # pydicom tells of odd values by warnings; those LEX uses are checked one by one.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = pydicom.dcmread(BytesIO(data), force=True)
            implicit, little = dataset.original_encoding
    except DAMAGE as fault:
        raise _unreadable(path, "the file is damaged or no DICOM file") from fault
    if len(dataset) == 0:
        raise _unreadable(path, "the file is empty or no DICOM file")
    syntax = getattr(dataset, "file_meta", {}).get("TransferSyntaxUID", "")
    if syntax != _DEFLATED and not _is_complete(data, bool(implicit), bool(little)):
        raise _unreadable(path, "the file is cut off or a length in it is wrong")
    return dataset


def modality_of(path: Path) -> str:
    """Return the modality a file states ("RTPLAN", "CT"); "" when it states none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            head = pydicom.dcmread(
                path, force=True, specific_tags=["Modality"], stop_before_pixels=True
            )
        return str(head.get("Modality", ""))
    except DAMAGE:
        return ""


def _unreadable(path: Path, what: str) -> UnreadableFileError:
    """Return an error that names the file."""
    return UnreadableFileError(what, where=path.name, remedy=_AGAIN)


@dataclass(slots=True)
class _Level:
    """Where the walk stands: among elements, items, or fragments of pixel data.

    Attributes:
        inside: "elements", "items" or "fragments".
        end: First byte after it; None when a delimiter ends it.

    """

    inside: str
    end: int | None
    implicit: bool


def _is_complete(data: bytes, implicit: bool, little: bool) -> bool:
    """Walk all lengths of the file (PS3.5 section 7) and return whether they fit its size."""
    start = 132 if data[128:132] == b"DICM" else 0
    order = "<" if little else ">"
    at = _skip_meta(data, start)
    levels = [_Level("elements", len(data), implicit)]
    while levels:
        here = levels[-1]
        if here.end is not None and at >= here.end:
            if at > here.end:
                return False
            levels.pop()
            continue
        if at + 8 > len(data):
            return len(levels) == 1 and not any(data[at:])
        if len(levels) == 1 and not any(data[at : at + 8]):
            return not any(data[at:])  # zeros written as padding after the last element
        at = _step(data, at, order, levels)
        if at < 0 or at > len(data):
            return False
    return True


def _skip_meta(data: bytes, at: int) -> int:
    """Return where the dataset begins, after the file meta group (always little endian)."""
    while data[at : at + 2] == b"\x02\x00":
        _, length, body = _element(data, at, "<", implicit=False)
        if body + length > len(data):
            return len(data) + 1
        at = body + length
    return at


def _step(data: bytes, at: int, order: str, levels: list[_Level]) -> int:
    """Step over one element or into one sequence; return the next place, or -1."""
    group, number = struct.unpack_from(f"{order}HH", data, at)
    tag = group << 16 | number
    if group == 0xFFFE:
        return _delimiter(tag, struct.unpack_from(f"{order}I", data, at + 4)[0], at + 8, levels)
    if levels[-1].inside != "elements":
        return -1
    implicit = levels[-1].implicit
    kind, length, body = _element(data, at, order, implicit=implicit)
    if length == _UNDEFINED:
        inside = "fragments" if kind in (b"OB", b"OW") else "items"
        levels.append(_Level(inside, None, implicit or kind == b"UN"))
        return body
    if kind == b"SQ" and length:
        if body + length > (levels[-1].end or len(data)):
            return -1
        levels.append(_Level("items", body + length, implicit))
        return body
    return body + length


def _delimiter(tag: int, length: int, body: int, levels: list[_Level]) -> int:
    """Open an item or close what a delimiter closes; -1 where it does not belong."""
    here = levels[-1]
    if tag == _ITEM and here.inside == "fragments":
        return body + length
    if tag == _ITEM and here.inside == "items":
        end = None if length == _UNDEFINED else body + length
        if end is not None and here.end is not None and end > here.end:
            return -1
        levels.append(_Level("elements", end, here.implicit))
        return body
    closes = {_ITEM_END: "elements", _SEQUENCE_END: here.inside}.get(tag)
    if len(levels) == 1 or here.end is not None or here.inside != closes:
        return -1
    if tag == _SEQUENCE_END and here.inside == "elements":
        return -1
    levels.pop()
    return body


def _element(data: bytes, at: int, order: str, *, implicit: bool) -> tuple[bytes, int, int]:
    """Return kind (VR), length and place of the value of the element at `at`.

    An element without a readable VR in an explicit file counts as implicit: some systems write
    sequences that way.
    """
    kind = data[at + 4 : at + 6]
    if implicit or not kind.isalpha() or not kind.isupper():
        group, number = struct.unpack_from(f"{order}HH", data, at)
        return _dictionary_kind(group << 16 | number), *_length(data, at + 4, order, "I")
    if kind in _LONG_FORM:
        return kind, *_length(data, at + 8, order, "I")
    return kind, *_length(data, at + 6, order, "H")


def _length(data: bytes, at: int, order: str, code: str) -> tuple[int, int]:
    """Return the length field at `at` and the place after it; a cut field is too long."""
    size = struct.calcsize(code)
    if at + size > len(data):
        return len(data), at + size
    return struct.unpack_from(order + code, data, at)[0], at + size


def _dictionary_kind(tag: int) -> bytes:
    """Return the VR of a standard tag; "UN" for any other."""
    try:
        return dictionary_VR(tag).encode("ascii")
    except KeyError:
        return b"UN"
