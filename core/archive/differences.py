"""Two contents under one UID, side by side: which elements differ, and how (Y-04)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from core.archive.archive import Archive
from core.archive.index import Conflict
from core.dicom.files import Source, read_header, read_whole
from core.errors import UnreadableFileError

LONGEST = 120
MOST = 500


@dataclass(frozen=True, slots=True)
class Difference:
    """One element that differs; an empty side does not have it.

    Attributes:
        place: Path of keywords, items counted from 1, e.g. "BeamSequence 2 / BeamName".

    """

    place: str
    kept: str
    quarantined: str


def differences(kept: Path, quarantined: Path) -> list[Difference]:
    """Return the elements in which two files differ, at most 500.

    Raises:
        UnreadableFileError: One of them cannot be read.

    """
    found = []
    for one in _compared(_whole(kept), _whole(quarantined), ""):
        found.append(one)
        if len(found) == MOST:
            break
    return found


def differences_of(archive: Archive, one: Conflict) -> list[Difference]:
    """Return in what a quarantined object differs from the one that is kept.

    Raises:
        UnreadableFileError: One of the files is gone or cannot be read.

    """
    kept = archive.store.path_of(one.kept_digest)
    other = archive.store.path_of(one.digest)
    if kept is None or other is None:
        which = "kept" if kept is None else "quarantined"
        raise UnreadableFileError(
            f"the {which} file is gone", where=one.sop_uid, remedy="Bring it back from the mirror."
        )
    return differences(kept, other)


def _whole(path: Path) -> Dataset:
    item = read_header(Source(path))
    if item is None:
        raise UnreadableFileError("this is no DICOM object", where=path.name, remedy="Leave it.")
    return read_whole(item)


def _compared(kept: Dataset, other: Dataset, above: str) -> Iterator[Difference]:
    for tag in sorted({*kept.keys(), *other.keys()}):
        if tag.element == 0:
            continue
        place = above + (keyword_for_tag(tag) or str(tag))
        mine = kept.get(tag)
        theirs = other.get(tag)
        if mine is not None and theirs is not None and mine.VR == theirs.VR == "SQ":
            yield from _items(mine, theirs, place)
        elif mine is None or theirs is None or mine.value != theirs.value:
            yield Difference(place, _shown(mine), _shown(theirs))


def _items(mine: DataElement, theirs: DataElement, place: str) -> Iterator[Difference]:
    if len(mine.value) != len(theirs.value):
        yield Difference(place, f"{len(mine.value)} items", f"{len(theirs.value)} items")
    pairs = zip(mine.value, theirs.value, strict=False)
    for number, (one, other) in enumerate(pairs, start=1):
        yield from _compared(one, other, f"{place} {number} / ")


def _shown(element: DataElement | None) -> str:
    if element is None:
        return ""
    if element.VR == "SQ":
        return f"{len(element.value)} items"
    if isinstance(element.value, bytes):
        return f"{len(element.value)} bytes"
    text = str(element.value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
