"""DICOM objects without the patient: same geometry, dose and references, other name and UIDs.

Follows the basic profile of DICOM PS3.15 Annex E, and keeps what radiotherapy needs: names of
structures and beams, plan label, machine name, every number. UIDs are mapped by a keyed hash, so
that the references inside a set and between two exports with one secret still lead somewhere.
"""

import copy
import io
import re
import secrets
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pydicom
from pydicom import config
from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.tag import BaseTag
from pydicom.uid import UID

from core.dicom.anonymise_rules import (
    BYTES,
    BYTES_KEPT_ENDS,
    CHANGED,
    CODES,
    LABELS,
    NUMBERS,
    PIXEL_GROUP,
    TECHNICAL,
    TEXT_KEPT,
    TIME_ZONE,
    TIMES,
    Clock,
    clock_of,
    fault_of,
    goes,
    identity_words,
    mapped_uid,
    masked,
    pixel_notes,
    values_of,
)
from core.dicom.files import Item, Progress, Refused, need_dicom, read_whole
from core.errors import RemedyError, UnreadableFileError
from core.safe_write import write_whole

METHOD = ("PS3.15 Annex E basic profile, radiotherapy labels kept", "EQS Workstation")
OWN_UIDS = ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "FrameOfReferenceUID")
SHORTEST_TELLING_UID = 16


@dataclass(frozen=True)
class Pseudonym:
    """Who the patient is afterwards; printable ASCII, so that every character set holds it."""

    patient_id: str
    patient_name: str


@dataclass(frozen=True)
class ExportReport:
    """What an export did. It names source files, so it stays with the sender.

    Attributes:
        written: Number of objects written.
        refused: Objects left out, and why.
        warnings: What a person should look at before the set is handed on; names only exported
            files and masked labels.

    """

    written: int
    refused: tuple[Refused, ...]
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        """Return plain lists and texts."""
        return {
            "written": self.written,
            "refused": [asdict(one) for one in self.refused],
            "warnings": list(self.warnings),
        }


def anonymise(
    data: Dataset, pseudonym: Pseudonym, secret: bytes, *, shift_days: int = 0
) -> Dataset:
    """Return a copy of the object without the patient.

    Args:
        data: Complete object; stays as it is.
        pseudonym: Name and ID the copy gets.
        secret: Key of the UID map; the same key maps alike, so keep it as safe as the names.
        shift_days: Move every date by this; 0 removes dates and times, except that a PET object
            keeps those of its decay correction, moved so that the series is of 1900-01-01.

    Raises:
        RemedyError: Pseudonym or secret cannot be used, or text stands where numbers belong.

    """
    _check(pseudonym, secret)
    # What the data set was read from holds the names, so it must not be copied along.
    source = getattr(data, "buffer", None)
    changed = copy.deepcopy(data, {id(source): None} if source is not None else {})
    words = identity_words([data])
    syntax = _transfer_syntax(data)
    _Cleaner(pseudonym, secret, words, clock_of(data, shift_days)).clean_object(changed)
    _set_file_header(changed, syntax)
    return changed


def export_anonymised(
    items: Sequence[Item],
    folder: Path,
    pseudonym: Pseudonym,
    secret: bytes | None = None,
    *,
    shift_days: int = 0,
    progress: Progress | None = None,
) -> ExportReport:
    """Write every object without the patient into an empty folder, each file whole or not at all.

    Args:
        items: Objects of one patient.
        folder: Made when it is not there.
        pseudonym: Name and ID the objects get.
        secret: Key of the UID map; None for one that nobody knows and that is used only here.
        shift_days: As for `anonymise`.
        progress: Told the fraction done and a sentence.

    Raises:
        RemedyError: The folder is not empty, cannot be written, pseudonym or secret cannot
            be used, or an object is no DICOM object.

    """
    need_dicom(items)
    key = secrets.token_bytes(32) if secret is None else secret
    _check(pseudonym, key)
    _need_empty(folder)
    words = identity_words(item.header for item in items)
    refused: list[Refused] = []
    notes: dict[str, list[str]] = {}
    counts: dict[str, int] = {}
    for number, item in enumerate(items):
        if progress is not None:
            progress(number / len(items), f"{number} of {len(items)} objects")
        try:
            content, found = _without_patient(item, pseudonym, key, words, shift_days)
        except RemedyError as problem:
            refused.append(Refused(item.source.name, problem.what))
            continue
        except OSError as problem:
            refused.append(Refused(item.source.name, problem.strerror or "cannot be read"))
            continue
        kind = re.sub(r"[^A-Z0-9]", "", item.modality)[:16] or "OT"
        name = f"{kind}_{counts.get(kind, 0) + 1:04d}.dcm"
        _write(folder / name, content)
        counts[kind] = counts.get(kind, 0) + 1
        for note in found:
            notes.setdefault(note, []).append(name)
    warnings = (*_several_patients(items), *(_told(note, notes[note]) for note in notes))
    return ExportReport(sum(counts.values()), tuple(refused), warnings)


@dataclass
class _Cleaner:
    """Changes one object in place, and notes what a person should look at."""

    pseudonym: Pseudonym
    secret: bytes
    words: frozenset[str]
    clock: Clock
    notes: list[str] = field(default_factory=list)

    def clean_object(self, data: Dataset) -> None:
        """Clean a whole object and say in it that this was done."""
        self.notes += pixel_notes(data)
        self.clean(data)
        removed = self.clock.days is None
        for keyword, value in (
            ("PatientName", self.pseudonym.patient_name),
            ("PatientID", self.pseudonym.patient_id),
            ("PatientIdentityRemoved", "YES"),
            ("DeidentificationMethod", list(METHOD)),
            ("LongitudinalTemporalInformationModified", "REMOVED" if removed else "MODIFIED"),
        ):
            data.add_new(keyword, dictionary_VR(keyword), value)

    def clean(self, data: Dataset) -> None:
        """Clean a data set and all below it; what no rule keeps goes."""
        for tag in list(data.keys()):
            keyword = keyword_for_tag(tag)
            kept = None
            if keyword and not goes(tag, keyword):
                kept = self._kept(data, tag, keyword)
            if kept is None:
                del data[tag]
            elif kept is not data.get_item(tag):
                data[tag] = kept

    def _kept(
        self, data: Dataset, tag: BaseTag, keyword: str
    ) -> DataElement | RawDataElement | None:
        """Return the element as it is to be written; None when it goes.

        What is not changed is returned as it came, so that its bytes are written again.

        """
        vr = dictionary_VR(tag)
        stored = data.get_item(tag)
        is_pixels = tag.group == PIXEL_GROUP
        if vr in BYTES and not is_pixels and not keyword.endswith(BYTES_KEPT_ENDS):
            return None
        if vr not in (*CHANGED, *BYTES, *NUMBERS, "SQ", "CS") and keyword not in TEXT_KEPT:
            return None
        fault = "" if is_pixels else fault_of(stored, vr)
        if fault:
            raise _damaged(f"{keyword} {fault}")
        if vr in BYTES or vr in NUMBERS or (vr == "CS" and keyword not in LABELS):
            return stored
        if vr == "SQ":
            return self._sequence(data[tag])
        return self._text(data[tag], stored, keyword, vr)

    def _sequence(self, element: DataElement) -> DataElement:
        if element.VR != "SQ":
            raise _damaged(f"{element.keyword} holds something else than items")
        for item in element.value:
            self.clean(item)
        return element

    def _text(
        self, element: DataElement, stored: DataElement | RawDataElement, keyword: str, vr: str
    ) -> DataElement | RawDataElement | None:
        if isinstance(element.value, bytes):
            return None
        values = values_of(element.value)
        changed = [self._changed(keyword, vr, value) if value else "" for value in values]
        if changed == values:
            return stored
        # A value from the file may be longer than the standard allows; it stays that long.
        value = changed if any(changed) else ""
        return DataElement(element.tag, vr, value, validation_mode=config.IGNORE)

    def _changed(self, keyword: str, vr: str, value: str) -> str:
        """Return what is written in place of one value of a text."""
        if keyword in ("PatientName", "PatientID"):
            named = keyword == "PatientName"
            return self.pseudonym.patient_name if named else self.pseudonym.patient_id
        if vr in TIMES or keyword == TIME_ZONE:
            return self.clock.told(keyword, vr, value)
        if vr == "UI":
            return mapped_uid(keyword, value, self.secret)
        if keyword in LABELS:
            return self._label(keyword, value)
        return self._technical(keyword, value) if keyword in TECHNICAL else ""

    def _label(self, keyword: str, value: str) -> str:
        shown = masked(value, self.words)
        if shown != unicodedata.normalize("NFC", value):
            self.notes.append(
                f"{keyword} held the patient's name or ID, replaced by X: {shown!r}; other"
                " spellings may be left"
            )
            return shown
        return value

    def _technical(self, keyword: str, value: str) -> str:
        shown = masked(value, self.words)
        if keyword not in CODES and shown != unicodedata.normalize("NFC", value):
            self.notes.append(
                f"{keyword} was kept as it stands, although letters of it are those of the"
                f" patient's name or ID (X): {shown!r}"
            )
        return value


def _check(pseudonym: Pseudonym, secret: bytes) -> None:
    for text, what in ((pseudonym.patient_id, "ID"), (pseudonym.patient_name, "name")):
        usable = text.isascii() and text.isprintable() and "\\" not in text and text.strip()
        if not usable or len(text) > 64:
            raise RemedyError(
                f"the pseudonym has no usable {what}: {text!r}",
                where="anonymised export",
                remedy="Give 1 to 64 letters or digits without accents.",
            )
    if not secret:
        raise RemedyError(
            "the secret of the UID map is empty",
            where="anonymised export",
            remedy="Give one, or none at all to have a random one made.",
        )


def _need_empty(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        used = any(folder.iterdir())
    except OSError as fault:
        raise RemedyError(
            f"the folder cannot be used: {fault.strerror}",
            where=str(folder),
            remedy="Choose another one.",
        ) from fault
    if used:
        raise RemedyError(
            "the folder is not empty",
            where=str(folder),
            remedy="Choose an empty one, so that no named file lies among the others.",
        )


def _without_patient(
    item: Item, pseudonym: Pseudonym, secret: bytes, words: frozenset[str], shift_days: int
) -> tuple[bytes, list[str]]:
    """Return the bytes of the new file, and the notes about it."""
    data = read_whole(item)
    if not (item.text("SOPClassUID") and item.sop_uid):
        raise _damaged("the object names no SOP class or no SOPInstanceUID")
    try:
        cleaner = _Cleaner(pseudonym, secret, words, clock_of(data, shift_days))
        cleaner.clean_object(data)
        _set_file_header(data, item.transfer_syntax)
        stream = io.BytesIO()
        pydicom.dcmwrite(stream, data, enforce_file_format=True)
    except RemedyError:
        raise
    except Exception as fault:  # pydicom raises what the broken bytes happen to provoke
        raise _damaged(f"the object cannot be written again ({type(fault).__name__})") from fault
    content = stream.getvalue()
    for keyword in OWN_UIDS:
        # Whatever was overlooked, or hidden by damage, most likely comes with one of these.
        uid = item.text(keyword)
        gone = len(uid) >= SHORTEST_TELLING_UID and mapped_uid(keyword, uid, secret) != uid
        if gone and uid.encode() in content:
            raise _damaged("one of its old UIDs would still be in the new file")
    return content, list(dict.fromkeys(cleaner.notes))


def _damaged(what: str) -> UnreadableFileError:
    return UnreadableFileError(
        what, where="anonymised export", remedy="Export it again from where it came."
    )


def _transfer_syntax(data: Dataset) -> UID | None:
    """Return the transfer syntax the data set came with, if it came with one."""
    meta = getattr(data, "file_meta", None)
    uid = meta.get("TransferSyntaxUID") if meta is not None else None
    return UID(str(uid)) if uid else None


def _set_file_header(data: Dataset, syntax: UID | None) -> None:
    """Give the object a new file header that names nothing but class, instance and syntax."""
    data.preamble = bytes(128)
    for attribute in ("filename", "buffer"):
        if hasattr(data, attribute):
            setattr(data, attribute, None)
    meta = FileMetaDataset()
    for keyword in ("SOPClassUID", "SOPInstanceUID"):
        if data.get(keyword):
            setattr(meta, f"MediaStorage{keyword}", data[keyword].value)
    if syntax is not None:
        meta.TransferSyntaxUID = syntax
    data.file_meta = meta
    implicit, little = data.original_encoding
    if implicit is False and any(data.get_item(tag).VR is None for tag in data.keys()):  # noqa: SIM118
        # The file said explicit and was implicit: pydicom writes it well only when it knows.
        data.set_original_encoding(True, little, data.original_character_set)


def _write(path: Path, content: bytes) -> None:
    try:
        write_whole(path, content)
    except OSError as fault:
        raise RemedyError(
            f"the file cannot be written: {fault.strerror}",
            where=str(path),
            remedy="Make room or choose another folder, then export the whole set again.",
        ) from fault


def _several_patients(items: Sequence[Item]) -> Iterator[str]:
    count = len({item.text("PatientID") for item in items} - {""})
    if count > 1:
        yield f"the set came with {count} patient IDs and leaves with one; is it one patient?"


def _told(note: str, names: Sequence[str]) -> str:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{names[0]}{more}: {note}"
