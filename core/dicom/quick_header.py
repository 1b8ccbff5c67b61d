"""The few values of an image that sorting and reading need, without decoding its whole header.

The elements are walked as DICOM PS3.5, section 7 lays them out, and only what is `WANTED` is kept.
Whatever looks odd is left to pydicom: `scan` then returns None. So this is never the judge of a
file, only the quick way through an ordinary one.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from struct import Struct, error
from typing import Any, cast

from pydicom.charset import convert_encodings
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement, convert_raw_data_element, empty_value_for_VR
from pydicom.tag import BaseTag
from pydicom.uid import UID, ImplicitVRLittleEndian

# Each of one VR only, so that an implicit VR file holds no riddle.
WANTED = {
    keyword: int(tag_for_keyword(keyword) or 0)
    for keyword in (
        "MediaStorageSOPClassUID", "TransferSyntaxUID", "SpecificCharacterSet", "SOPClassUID",
        "SOPInstanceUID", "Modality", "SeriesDescription", "PatientName", "PatientID",
        "PatientBirthDate", "SliceThickness", "PatientPosition", "SeriesInstanceUID",
        "ImagePositionPatient", "ImageOrientationPatient", "FrameOfReferenceUID",
        "SamplesPerPixel", "NumberOfFrames", "Rows", "Columns", "PixelSpacing", "BitsAllocated",
        "BitsStored", "HighBit", "PixelRepresentation", "RescaleIntercept", "RescaleSlope",
        "RescaleType", "Units",
    )
}  # fmt: skip
KEPT = frozenset(WANTED.values())
CHARACTER_SET, SYNTAX = WANTED["SpecificCharacterSet"], WANTED["TransferSyntaxUID"]
POSITION = WANTED["ImagePositionPatient"]
PIXELS, OTHER_PIXELS = 0x7FE00010, (0x7FE00008, 0x7FE00009)
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
UNDEFINED = 0xFFFFFFFF
HEAD_BYTES = 12
LONG_VRS = frozenset(
    (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
)
SHORT_VRS = frozenset(
    (b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN",
     b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US")
)  # fmt: skip
EXPLICIT, IMPLICIT, LENGTH = Struct("<HH2sH"), Struct("<HHL"), Struct("<L")
KNOWN_SYNTAXES = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.")
RLE = "1.2.840.10008.1.2.5"

Value = tuple[bytes | None, bytes]


class _OddError(Exception):
    """Something that pydicom shall judge."""


@dataclass(frozen=True, eq=False, slots=True)
class Quick:
    """What was found.

    Attributes:
        values: VR (None in an implicit VR file) and bytes by tag.
        syntax: Transfer syntax.
        implicit: Whether it is an implicit VR one.
        pixel_start: Where the Pixel Data element begins.

    """

    values: Mapping[int, Value]
    syntax: str
    implicit: bool
    pixel_start: int

    @property
    def class_uid(self) -> str:
        """SOPClassUID; empty when not told."""
        raw = self.values.get(WANTED["SOPClassUID"], (None, b""))[1]
        return raw.decode("latin-1").strip("\0 ")

    def get(self, keyword: str) -> Any:  # noqa: ANN401  (whatever the file holds)
        """Return one of the `WANTED` values as pydicom has it; None when it is not there."""
        tag = WANTED[keyword]
        found = self.values.get(tag)
        if found is None:
            return None
        if tag == POSITION:
            # Another one in every slice, so that nothing would be remembered.
            with suppress(ValueError):
                return [float(part) for part in found[1].split(b"\\")]
        return _decoded(tag, *found, self.values.get(CHARACTER_SET, (None, b""))[1])

    def raw(self, keywords: tuple[str, ...]) -> tuple[Value | None, ...]:
        """Return values as they are written, to see whether two objects say the same."""
        return tuple(self.values.get(WANTED[keyword]) for keyword in keywords)


@lru_cache(maxsize=4096)
def _decoded(tag: int, vr: bytes | None, raw: bytes, characters: bytes) -> Any:  # noqa: ANN401
    """Return a value as pydicom has it; slices of a series share most of them."""
    encodings = convert_encodings(characters.decode("ascii").strip().split("\\"))
    word = vr.decode("ascii") if vr is not None else None
    value = cast("bytes | None", raw or empty_value_for_VR(word, raw=True))
    element = RawDataElement(BaseTag(tag), word, len(raw), value, 0, vr is None, True)
    return convert_raw_data_element(element, encoding=encodings).value


def scan(data: bytes) -> Quick | None:
    """Return the values before the pixels, or None when pydicom has to read this file.

    Args:
        data: The beginning of a file, from its preamble to past its header.

    """
    if data[128:132] != b"DICM":
        return None
    values: dict[int, Value] = {}
    try:
        place = _walk(data, 132, values, implicit=False, meta=True)
        syntax = values[SYNTAX][1].decode("ascii").rstrip("\0 ")
        if not (syntax in (*KNOWN_SYNTAXES[:2], RLE) or syntax.startswith(KNOWN_SYNTAXES[2])):
            return None
        implicit = UID(syntax) == ImplicitVRLittleEndian
        if implicit and data[place + 4 : place + 6].isalpha():
            return None
        place = _walk(data, place, values, implicit=implicit)
    except (_OddError, KeyError, error, UnicodeDecodeError):
        return None
    return Quick(values, syntax, implicit, place) if len(data) >= place + HEAD_BYTES else None


def _head(data: bytes, place: int, *, implicit: bool) -> tuple[int, bytes | None, int, int]:
    """Return tag, VR (empty for none of DICOM's, None where none is told), length and start."""
    if implicit:
        group, element, length = IMPLICIT.unpack_from(data, place)
        return group << 16 | element, None, length, place + 8
    group, element, vr, length = EXPLICIT.unpack_from(data, place)
    if vr in LONG_VRS:
        return group << 16 | element, vr, LENGTH.unpack_from(data, place + 8)[0], place + 12
    return group << 16 | element, vr if vr in SHORT_VRS else b"", length, place + 8


def _walk(
    data: bytes, place: int, values: dict[int, Value], *, implicit: bool, meta: bool = False
) -> int:
    """Keep what is wanted; return where the pixels (of the meta group: the data set) begin."""
    end = len(data)
    while True:
        tag, vr, length, start = _head(data, place, implicit=implicit)
        if tag == PIXELS or (meta and tag >> 16 != 2):
            return place
        if vr == b"" or tag in OTHER_PIXELS or tag >= ITEM:
            raise _OddError
        if length == UNDEFINED:
            if vr not in (b"SQ", None):
                raise _OddError
            place = _after_sequence(data, start, implicit=implicit)
            continue
        place = start + length
        if place >= end:
            raise _OddError
        if tag in KEPT:
            values[tag] = vr, data[start:place]


def _after_sequence(data: bytes, place: int, *, implicit: bool) -> int:
    """Return where a sequence of undefined length ends."""
    while True:
        tag, _, length, place = _head(data, place, implicit=True)
        if tag == SEQUENCE_END:
            return place
        if tag != ITEM:
            raise _OddError
        if length == UNDEFINED:
            place = _after_item(data, place, implicit=implicit)
        else:
            place += length


def _after_item(data: bytes, place: int, *, implicit: bool) -> int:
    """Return where an item of undefined length ends."""
    while True:
        tag, vr, length, start = _head(data, place, implicit=implicit)
        if tag == ITEM_END:
            return place + 8
        if vr == b"" or (length == UNDEFINED and vr not in (b"SQ", None)):
            raise _OddError
        if length == UNDEFINED:
            place = _after_sequence(data, start, implicit=implicit)
        else:
            place = start + length
