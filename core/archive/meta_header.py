"""The meta header of an object: written for what comes over the line, skipped for what goes."""

from struct import Struct, error

from pynetdicom import PYNETDICOM_IMPLEMENTATION_UID, PYNETDICOM_IMPLEMENTATION_VERSION

from core.dicom.quick_header import LONG_VRS

PREAMBLE, PREFIX = 128, b"DICM"
# Explicit VR little endian, always (PS3.10 7.1).
_SHORT, _LONG = Struct("<HH2sH"), Struct("<HH2s2xL")
_LENGTH = Struct("<L")
# 0002,0000 UL of four bytes: where the data set begins follows from it.
_GROUP_LENGTH = b"\x02\x00\x00\x00UL\x04\x00"


def meta_header(sop_class: str, sop_uid: str, syntax: str) -> bytes:
    """Return preamble, prefix and meta header of an object that came without them.

    Who sent it is not told, so that the same object from two systems makes the same file.

    Args:
        sop_class: MediaStorageSOPClassUID.
        sop_uid: MediaStorageSOPInstanceUID.
        syntax: TransferSyntaxUID the object was sent in.

    """
    elements = (
        (0x0002, b"UI", sop_class), (0x0003, b"UI", sop_uid), (0x0010, b"UI", syntax),
        (0x0012, b"UI", str(PYNETDICOM_IMPLEMENTATION_UID)),
        (0x0013, b"SH", PYNETDICOM_IMPLEMENTATION_VERSION),
    )  # fmt: skip
    body = _LONG.pack(2, 1, b"OB", 2) + b"\x00\x01"
    for element, vr, text in elements:
        raw = text.encode("ascii", "replace")
        raw += (b"\0" if vr == b"UI" else b" ") * (len(raw) % 2)
        body += _SHORT.pack(2, element, vr, len(raw)) + raw
    return bytes(PREAMBLE) + PREFIX + _GROUP_LENGTH + _LENGTH.pack(len(body)) + body


def data_start(data: bytes) -> int:
    """Return where the data set of a file begins; -1 where its meta header does not tell."""
    place = PREAMBLE + len(PREFIX)
    if data[PREAMBLE:place] != PREFIX or not data.startswith(_GROUP_LENGTH, place):
        return -1
    try:
        place += len(_GROUP_LENGTH)
        told = place + 4 + int(_LENGTH.unpack_from(data, place)[0])
        place += 4
        while place < told and data.startswith(b"\x02\x00", place):
            _, _, vr, short = _SHORT.unpack_from(data, place)
            is_long = vr in LONG_VRS
            place += 12 + _LENGTH.unpack_from(data, place + 8)[0] if is_long else 8 + short
    except error:
        return -1
    # A group length that is wrong, as it is in some files, is left to pydicom.
    begins = place == told and len(data) > told and not data.startswith(b"\x02\x00", told)
    return told if begins else -1
