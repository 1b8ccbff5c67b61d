"""Objects in the transfer syntax the other side can read; what they say stays the same."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.tag import BaseTag
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.presentation import PresentationContext, build_context

from core.archive.content import WORD_BYTES
from core.dicom.files import Source, read_header, read_whole
from core.errors import UnreadableFileError

# PS3.5 10: every system knows the first; nearly all know the second.
PLAIN = (ImplicitVRLittleEndian, ExplicitVRLittleEndian)
MOST_CONTEXTS = 126  # of the 128 an association may have (PS3.8 9.3.2.2)


class Kept(Protocol):
    """What must be known of an object to propose it to another system."""

    @property
    def sop_class(self) -> str:
        """SOP class."""
        ...

    @property
    def transfer_syntax(self) -> str:
        """Transfer syntax it is kept in."""
        ...


T = TypeVar("T", bound=Kept)


def contexts_of(wanted: Iterable[Kept]) -> list[PresentationContext]:
    """Return the contexts to send some objects as they are kept, or plainly where that fails."""
    own = dict.fromkeys((one.sop_class, one.transfer_syntax) for one in wanted)
    made = [build_context(*pair) for pair in own]
    needing = dict.fromkeys(kind for kind, _ in own)
    # A context is accepted with one syntax of the acceptor's choice: so each has its own.
    made += [build_context(kind, syntax) for kind in needing for syntax in PLAIN
             if (kind, syntax) not in own]  # fmt: skip
    return made[:MOST_CONTEXTS]


def batches_of(wanted: Sequence[T]) -> Iterator[list[T]]:
    """Yield the objects in batches whose contexts fit into one association."""
    batch: list[T] = []
    kinds: set[tuple[str, str]] = set()
    for one in wanted:
        kind = (one.sop_class, one.transfer_syntax)
        if kind not in kinds and 3 * (len(kinds) + 1) > MOST_CONTEXTS:
            yield batch
            batch, kinds = [], set()
        batch.append(one)
        kinds.add(kind)
    if batch:
        yield batch


def accepted_for(contexts: Iterable[PresentationContext], sop_class: str) -> set[str]:
    """Return the transfer syntaxes in which the other side takes a class of objects."""
    return {
        str(one.transfer_syntax[0])
        for one in contexts
        if one.abstract_syntax == sop_class and one.transfer_syntax and one.as_scu
    }


def in_syntax(source: Source, accepted: Collection[str]) -> Dataset:
    """Return an object with a meta header, in a transfer syntax that is accepted.

    Raises:
        UnreadableFileError: It cannot be read, or not be brought into an accepted syntax.

    """
    item = read_header(source)
    if item is None:
        raise UnreadableFileError("this is no DICOM object", where=source.name, remedy="Leave it.")
    own = item.transfer_syntax
    data = read_whole(item)
    meta = data.file_meta if hasattr(data, "file_meta") else FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(item.text("SOPClassUID"))
    meta.MediaStorageSOPInstanceUID = UID(item.sop_uid)
    data.file_meta = meta
    meta.TransferSyntaxUID = own
    if str(own) in accepted:
        return data
    plain = [one for one in reversed(PLAIN) if str(one) in accepted]
    if not plain:
        raise UnreadableFileError(
            f"the other side takes neither {own.name} nor plain objects of this class",
            where=source.name,
            remedy="Have the SOP class allowed there.",
        )
    if own.is_compressed and own.is_encapsulated:
        _decompress(data, source.name)
    elif own == ExplicitVRBigEndian:
        _to_little_endian(data)
    meta.TransferSyntaxUID = plain[0]
    _rewrite_as(data, plain[0])
    return data


def _rewrite_as(data: Dataset, syntax: UID) -> None:
    """Let every element be written anew in this syntax."""
    for one in _below(data):
        for tag in list(one.keys()):
            one[tag]  # reading turns raw bytes into a value
        one.set_original_encoding(syntax == ImplicitVRLittleEndian, True,
                                  one.original_character_set)  # fmt: skip


def _decompress(data: Dataset, name: str) -> None:
    try:
        data.decompress(as_rgb=False, generate_instance_uid=False)
    except Exception as fault:  # pydicom's decoders raise what the bytes provoke
        raise UnreadableFileError(
            f"its compressed pixels cannot be decoded ({fault})",
            where=name,
            remedy="Have its transfer syntax allowed at the other side.",
        ) from fault


def _to_little_endian(data: Dataset) -> None:
    for one in _below(data):
        for tag in list(one.keys()):
            _swap(one, tag)


def _below(data: Dataset) -> Iterator[Dataset]:
    yield data
    for tag in list(data.keys()):
        if data[tag].VR == "SQ":
            for item in data[tag].value or ():
                yield from _below(item)


def _swap(data: Dataset, tag: BaseTag) -> None:
    element = data[tag]
    word = WORD_BYTES.get(element.VR, 1)
    value = element.value
    if isinstance(value, bytes) and word > 1 and len(value) % word == 0:
        element.value = np.frombuffer(value, f">u{word}").astype(f"<u{word}").tobytes()
