"""Files, folders and zip archives to DICOM objects: their headers first, the rest on demand."""

import io
import zipfile
import zlib
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import UID

from core.dicom.quick_header import WANTED, Quick, scan
from core.errors import RemedyError, UnreadableFileError

Progress = Callable[[float, str], None]

# How a DICOM data set without preamble begins: group 0002 or 0008, little or big endian.
BARE_STARTS = (b"\x02\x00", b"\x08\x00", b"\x00\x02", b"\x00\x08")
# Names that lie in a folder of DICOM files without being one of its objects.
INDEX_NAMES = ("DICOMDIR",)
UNDEFINED = 0xFFFFFFFF
DIRECTORY_CLASS = "1.2.840.10008.1.3.10"


@dataclass(frozen=True, slots=True)
class Source:
    """Where the bytes of one object lie.

    Attributes:
        path: The file, or the zip archive.
        member: Name inside the zip archive; empty for a plain file.

    """

    path: Path
    member: str = ""

    @property
    def name(self) -> str:
        """Name for messages, without the folders above."""
        return f"{self.path.name}:{self.member}" if self.member else self.path.name

    def open(self) -> BinaryIO:
        """Return the bytes as a seekable stream."""
        if not self.member:
            return self.path.open("rb")
        with zipfile.ZipFile(self.path) as archive:
            return io.BytesIO(archive.read(self.member))


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that was found and is not used, and why.

    Attributes:
        name: The file, or the part of it.
        why: One sentence without its full stop.
        leaves_open: Lines of the geometry certificate that cannot be answered in full without it.

    """

    name: str
    why: str
    leaves_open: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Item:
    """One DICOM object: its header, and where the rest is.

    Attributes:
        source: Where it lies.
        pixel_start: Where the Pixel Data element begins in the file; -1 when there is none.
        decoded: All elements before the pixels, where they were decoded at once; else None.
        quick: The few values that were picked out, where they were not; else None.
        start: The file up to the pixels, where it was not decoded; else empty.
        made_from: Planning system from whose own files the object was made: `header` is then all
            there is of it, and the source is no DICOM file. Empty for a DICOM object.
        stored: Reads the stored pixel values of an object made from other files.

    """

    source: Source
    pixel_start: int
    decoded: Dataset | None
    quick: Quick | None = None
    start: bytes = b""
    made_from: str = ""
    stored: Callable[[], npt.NDArray[np.generic]] | None = None

    @cached_property
    def header(self) -> Dataset:
        """All elements before the pixels.

        Raises:
            UnreadableFileError: They are damaged.

        """
        if self.decoded is not None:
            return self.decoded
        try:
            return pydicom.dcmread(io.BytesIO(self.start), force=True)
        except Exception as fault:  # pydicom raises what the broken bytes happen to provoke
            raise _damaged(fault, self.source) from fault

    def get(self, keyword: str) -> Any:  # noqa: ANN401  (whatever the file holds)
        """Return a value as pydicom has it; None when it is not there."""
        if self.quick is not None and keyword in WANTED:
            return self.quick.get(keyword)
        return self.header.get(keyword)

    def raw(self, keywords: tuple[str, ...]) -> Hashable:
        """Return values as they are written, to compare two objects; None when not at hand."""
        return self.quick.raw(keywords) if self.quick is not None else None

    def text(self, keyword: str) -> str:
        """Return a value as text, trimmed; empty when it is not there or damaged."""
        try:
            value = self.get(keyword)
        except Exception:  # noqa: BLE001  (pydicom raises what the broken bytes provoke)
            return ""
        return "" if value is None else str(value).strip()

    @property
    def modality(self) -> str:
        """Modality, told by the SOP class where it is one of ours."""
        known = MODALITY_OF_CLASS.get(self.text("SOPClassUID"))
        return known or self.text("Modality").upper()

    @property
    def sop_uid(self) -> str:
        """SOPInstanceUID."""
        return self.text("SOPInstanceUID")

    @property
    def transfer_syntax(self) -> UID:
        """Transfer syntax, as written or, without a meta header, as found.

        Raises:
            UnreadableFileError: It is a vendor's own, whose byte order nobody else knows.

        """
        if self.quick is not None:
            return UID(self.quick.syntax)
        meta = getattr(self.header, "file_meta", None)
        uid = meta.get("TransferSyntaxUID") if meta is not None else None
        if uid:
            found = UID(str(uid))
            if found.is_private or not found.is_transfer_syntax:
                raise UnreadableFileError(
                    f"the transfer syntax {found} is not of the standard",
                    where=self.source.name,
                    remedy="Export it again as Explicit VR Little Endian.",
                )
            return found
        implicit, little = self.header.original_encoding
        if not little:
            return pydicom.uid.ExplicitVRBigEndian
        return (
            pydicom.uid.ImplicitVRLittleEndian if implicit else pydicom.uid.ExplicitVRLittleEndian
        )


MODALITY_OF_CLASS = {
    "1.2.840.10008.5.1.4.1.1.2": "CT",
    "1.2.840.10008.5.1.4.1.1.4": "MR",
    "1.2.840.10008.5.1.4.1.1.128": "PT",
    "1.2.840.10008.5.1.4.1.1.481.1": "RTIMAGE",
    "1.2.840.10008.5.1.4.1.1.481.2": "RTDOSE",
    "1.2.840.10008.5.1.4.1.1.481.3": "RTSTRUCT",
    "1.2.840.10008.5.1.4.1.1.481.5": "RTPLAN",
    "1.2.840.10008.5.1.4.1.1.481.8": "RTPLAN",  # ions: told apart by the plan reader
    "1.2.840.10008.5.1.4.1.1.66.1": "REG",
}

# Ordinary images are many, and only a few of their values are asked for.
QUICK_CLASSES = {uid for uid, kind in MODALITY_OF_CLASS.items() if kind in ("CT", "MR", "PT")}
QUICK_BYTES = 1 << 14, 1 << 18


def find_sources(paths: Iterable[Path], refused: list[Refused] | None = None) -> Iterator[Source]:
    """Yield every file under `paths`: folders to their depth, zip archives opened.

    Args:
        paths: Files and folders.
        refused: Takes the zip archives that cannot be opened, so that the rest is read.

    Raises:
        UnreadableFileError: A zip archive is broken or needs a password, and `refused` is None.

    """
    for path in paths:
        if path.is_dir():
            yield from find_sources(sorted(entry for entry in path.iterdir()), refused)
        elif path.suffix.lower() == ".zip":
            try:
                yield from _members(path)
            except UnreadableFileError as problem:
                if refused is None:
                    raise
                refused.append(Refused(path.name, problem.what))
        else:
            yield Source(path)


def _members(path: Path) -> Iterator[Source]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    except zipfile.BadZipFile as fault:
        raise UnreadableFileError(
            "the zip archive is broken", where=path.name, remedy="Ask for it to be sent again."
        ) from fault
    if any(entry.flag_bits & 1 for entry in entries):
        raise UnreadableFileError(
            "the zip archive needs a password",
            where=path.name,
            remedy="Unpack it with its password, then open the folder.",
        )
    yield from (Source(path, entry.filename) for entry in entries)


def read_items(
    paths: Sequence[Path], progress: Progress | None = None
) -> tuple[list[Item], list[Refused]]:
    """Return every DICOM object under `paths`, and what could not be read.

    Files that are no DICOM at all (texts, pictures) are left out without a word unless a file
    was named itself.

    """
    items: list[Item] = []
    refused: list[Refused] = []
    named = {path for path in paths if path.is_file()}
    folders = [path for path in paths if path not in named]
    sources = [*find_sources(named), *find_sources(folders, refused)]
    for number, source in enumerate(sources):
        if progress is not None and number % 20 == 0:
            progress(number / len(sources), f"{number} of {len(sources)} files")
        try:
            item = read_header(source)
        except RemedyError as problem:
            refused.append(Refused(source.name, problem.what))
        except OSError as problem:
            refused.append(Refused(source.name, problem.strerror or "cannot be read"))
        except (zipfile.BadZipFile, zlib.error):
            refused.append(Refused(source.name, "damaged within its zip archive"))
        else:
            if item is not None:
                items.append(item)
            elif source.path in named and not source.member:
                refused.append(Refused(source.name, "no DICOM file"))
    return items, refused


def read_header(source: Source) -> Item | None:
    """Return the object without its pixels; None when the file is no DICOM object.

    Raises:
        UnreadableFileError: It looks like DICOM and cannot be read, or names no SOP class.
        OSError: The file cannot be opened.

    """
    if Path(source.member or source.path.name).name in INDEX_NAMES:
        return None
    return _read_quickly(source) or _read_decoded(source)


def _read_decoded(source: Source) -> Item | None:
    with source.open() as stream:
        start = stream.read(132)
        if start[128:132] != b"DICM" and start[:2] not in BARE_STARTS:
            return None
        stream.seek(0)
        try:
            header = pydicom.dcmread(stream, stop_before_pixels=True, force=True)
            known = bool(header.get("SOPClassUID") or header.get("Modality"))
            place = stream.tell()
            has_pixels = _has_pixels(stream.read(12), implicit=header.original_encoding[0])
        except Exception as fault:  # pydicom raises what the broken bytes happen to provoke
            if start[128:132] != b"DICM":
                return None
            raise _damaged(fault, source) from fault
    if _is_index(header):
        return None
    if not known:
        if start[128:132] != b"DICM":
            return None
        raise UnreadableFileError(
            "the file names no SOP class and no modality",
            where=source.name,
            remedy="Export it again from where it came.",
        )
    return Item(source, place if has_pixels else -1, header)


def _read_quickly(source: Source) -> Item | None:
    """Return an ordinary image with its header not decoded; None for everything else."""
    if source.member:
        return None
    with source.path.open("rb", buffering=0) as stream:
        start = stream.read(QUICK_BYTES[0]) or b""
        quick = scan(start)
        if quick is None and len(start) == QUICK_BYTES[0] and start[128:132] == b"DICM":
            start += stream.read(QUICK_BYTES[1]) or b""
            quick = scan(start)
    if quick is None or quick.class_uid not in QUICK_CLASSES:
        return None
    place = quick.pixel_start
    if not _has_pixels(start[place : place + 12], implicit=quick.implicit):
        return None
    return Item(source, place, None, quick, start[:place])


def _damaged(fault: Exception, source: Source) -> UnreadableFileError:
    return UnreadableFileError(
        f"damaged DICOM file ({fault})",
        where=source.name,
        remedy="Export it again from where it came.",
    )


def _is_index(header: Dataset) -> bool:
    """Whether this is a DICOMDIR, whatever its name."""
    meta = getattr(header, "file_meta", None)
    return meta is not None and meta.get("MediaStorageSOPClassUID") == DIRECTORY_CLASS


def _has_pixels(element: bytes, *, implicit: bool | None) -> bool:
    """Whether these bytes begin a Pixel Data element that holds something."""
    if element[:4] not in (b"\xe0\x7f\x10\x00", b"\x7f\xe0\x00\x10"):
        return False
    length = element[4:8] if implicit else element[8:12]
    return any(length)


def need_dicom(items: Iterable[Item]) -> None:
    """Refuse objects that were made from a planning system's own files.

    Raises:
        UnreadableFileError: One of them is such an object.

    """
    made = next((item for item in items if item.made_from), None)
    if made is not None:
        raise UnreadableFileError(
            f"this is {made.made_from} data, no DICOM: no anonymised copy can be made of it",
            where=made.source.name,
            remedy=f"Export it from {made.made_from} as DICOM first.",
        )


def read_whole(item: Item) -> Dataset:
    """Return the complete data set of an item, pixels included.

    Raises:
        UnreadableFileError: The file cannot be read to its end.

    """
    if item.made_from:
        return item.header
    with item.source.open() as stream:
        try:
            whole = pydicom.dcmread(stream, force=True)
            _refuse_cut_short(whole, item.source.name)  # before pydicom forgets its length
            if item.pixel_start >= 0:
                len(whole.PixelData)  # read now, so that a broken one is refused here
        except RemedyError:
            raise
        except Exception as fault:  # pydicom raises what the broken bytes happen to provoke
            raise _damaged(fault, item.source) from fault
    return whole


def _refuse_cut_short(whole: Dataset, where: str) -> None:
    """Refuse a data set whose last element has fewer bytes than it says: the file ends early."""
    for tag in list(whole.keys())[-1:]:
        element = whole.get_item(tag)
        value, length = getattr(element, "value", None), getattr(element, "length", None)
        if isinstance(value, bytes) and length not in (None, UNDEFINED) and len(value) != length:
            raise UnreadableFileError(
                f"the file ends early, within element {tag}",
                where=where,
                remedy="Fetch it again from where it came.",
            )
