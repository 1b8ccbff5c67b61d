"""Fetch one patient's plans from a planning server into a local copy (L-01, L-02).

What LEX parses is the copy. It exists only if every file arrived whole, and if the server, listed
and read a second time, still shows the same names, sizes, times and SHA-256.
"""

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.lex.copies import (
    FILES,
    UNFINISHED,
    CopiedFile,
    Manifest,
    copies_folder,
    prove,
    read_limits,
    remove_old_copies,
    server_folder,
    write_manifest,
)
from app.lex.remote import Entry, Progress, Remote, ServerError, VanishedError, vanished
from core.errors import RemedyError

INDEX = re.compile(r"Institution")
INSTITUTION = re.compile(r"Institution_\d+")
PATIENT = re.compile(r"Patient")
PLAN_FOLDER = re.compile(r"Plan_\d+")
PATIENT_FILES = re.compile(r"Patient|ImageSet_\d+\.(header|ImageInfo|ImageSet)")
PLAN_FILES = re.compile(r"plan\.[A-Za-z0-9_.-]+")
_COPYING_SHARE = 0.55


@dataclass(frozen=True, slots=True)
class Wish:
    """The files of one folder that are wanted: those whose whole name fits the pattern."""

    folder: str
    names: re.Pattern[str]


def fetch_index(remote: Remote, source: str, progress: Progress) -> Path:
    """Copy the indexes of all institutions; return the folder of the tree.

    Raises:
        ServerError: The server holds no index, or the copy did not succeed.

    """
    names = {entry.name: entry for entry in remote.entries("")}
    if "Institution" in names:
        wishes = [Wish("", INDEX)]
    elif "Patient" in names:
        wishes = [Wish("", PATIENT)]
    else:
        wishes = [
            Wish(name, INDEX)
            for name, entry in names.items()
            if entry.folder
            and INSTITUTION.fullmatch(name)
            and any(one.name == "Institution" for one in remote.entries(name))
        ]
    if not wishes:
        raise ServerError(
            "the root folder holds neither an Institution index nor a patient",
            where=remote.words,
            remedy="Set the server's root to the folder that holds Institution_1.",
        )
    return fetch(remote, source, wishes, progress)


def fetch_patient(remote: Remote, source: str, patient: str, progress: Progress) -> Path:
    """Copy the patient's own file only; return the local patient folder."""
    return fetch(remote, source, [Wish(patient, PATIENT)], progress) / patient


def plan_folders(remote: Remote, patient: str) -> tuple[str, ...]:
    """Return the names of the plan folders that the server holds for a patient."""
    return tuple(
        entry.name
        for entry in remote.entries(patient)
        if entry.folder and PLAN_FOLDER.fullmatch(entry.name)
    )


def fetch_plans(
    remote: Remote, source: str, patient: str, plans: Sequence[str], progress: Progress
) -> Path:
    """Copy plans of one patient, with the patient's file and the headers of the images.

    Image pixels are left on the server, and so is everything of other patients.

    Args:
        remote: An open connection.
        source: Name of the server, by which its copies lie together.
        patient: Patient folder on the server.
        plans: Names of the plan folders (Plan_n).
        progress: Told the share; raises to cancel.

    Returns:
        The local patient folder, as on the server.

    Raises:
        ServerError: A file is missing, or changed while it was copied; nothing is kept.

    """
    wishes = [Wish(patient, PATIENT_FILES)]
    wishes += [Wish(f"{patient}/{plan}".lstrip("/"), PLAN_FILES) for plan in plans]
    return fetch(remote, source, wishes, progress) / patient


def fetch(remote: Remote, source: str, wishes: Sequence[Wish], progress: Progress) -> Path:
    """Copy what is wished for, prove it, and only then give the copy its name.

    Returns:
        The folder `files` of the new copy.

    Raises:
        ServerError: See `fetch_plans`; also when this computer cannot store the copy.

    """
    try:
        shelf = server_folder(source)
        remove_old_copies(datetime.now(UTC), read_limits())
        temporary = Path(tempfile.mkdtemp(prefix=f"{UNFINISHED}unfinished-", dir=shelf))
    except OSError as fault:
        raise _not_stored(fault) from fault
    try:
        when = datetime.now(UTC)
        manifest = Manifest(
            remote.words, when.isoformat(), _fill(remote, temporary, wishes, progress)
        )
        write_manifest(temporary, manifest)
        prove(temporary)
        final = shelf / f"{when:%Y%m%d-%H%M%S-%f}"
        temporary.rename(final)
    except OSError as fault:
        shutil.rmtree(temporary, ignore_errors=True)
        raise _not_stored(fault) from fault
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return final / FILES


def _fill(
    remote: Remote, copy: Path, wishes: Sequence[Wish], progress: Progress
) -> tuple[CopiedFile, ...]:
    """Copy every file into an unfinished copy, then prove that the source stayed as it was."""
    progress(0.0, "Listing the files")
    before = _listed(remote, wishes)
    counter = _Counter(progress, sum(entry.size or 0 for entry in before.values()))
    copied = [
        _copied(remote, copy / FILES, path, entry, counter) for path, entry in before.items()
    ]
    progress(_COPYING_SHARE, "Looking at the server again")
    try:
        after = _listed(remote, wishes)
    except VanishedError as fault:
        raise _changed(remote, "the folder") from fault
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path):
            raise _changed(remote, path)
    counter.start_again()
    for one in copied:
        if _hash_again(remote, one, counter) != one.sha256:
            raise _changed(remote, one.path)
    progress(1.0, "Copied")
    return tuple(copied)


def _listed(remote: Remote, wishes: Iterable[Wish]) -> dict[str, Entry]:
    """Return the files wished for, by path.

    Raises:
        VanishedError: A folder holds none of them.

    """
    found: dict[str, Entry] = {}
    for wish in wishes:
        rows = [
            entry
            for entry in remote.entries(wish.folder)
            if not entry.folder and wish.names.fullmatch(entry.name)
        ]
        if not rows:
            raise vanished(remote.words, f"{wish.folder or 'root folder'}: {wish.names.pattern}")
        found |= {f"{wish.folder}/{entry.name}".lstrip("/"): entry for entry in rows}
    return found


class _Counter:
    """Turn bytes into a share: first copied, then read again."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = max(total, 1)
        self._done = 0
        self._start, self._width, self._verb = 0.0, _COPYING_SHARE, "Copying"

    def start_again(self) -> None:
        """Count the second reading."""
        self._done = 0
        self._start, self._width, self._verb = _COPYING_SHARE, 1 - _COPYING_SHARE, "Proving"

    def add(self, size: int, name: str) -> None:
        """Tell that more bytes have arrived; raises when the user has cancelled."""
        self._done += size
        share = self._start + self._width * min(self._done / self._total, 1.0)
        self._progress(share, f"{self._verb} {name}")


def _copied(remote: Remote, files: Path, path: str, entry: Entry, counter: _Counter) -> CopiedFile:
    """Copy one file, hashing what goes by."""
    target = files / path
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with target.open("xb") as file:
        for chunk in remote.chunks(path):
            file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
            counter.add(len(chunk), entry.name)
        file.flush()
        os.fsync(file.fileno())
    if entry.size is not None and size != entry.size:
        raise _changed(remote, path)
    return CopiedFile(path, size, entry.modified, digest.hexdigest())


def _hash_again(remote: Remote, one: CopiedFile, counter: _Counter) -> str:
    """Return the SHA-256 of a file as the server has it now."""
    digest = hashlib.sha256()
    try:
        for chunk in remote.chunks(one.path):
            digest.update(chunk)
            counter.add(len(chunk), one.path.rpartition("/")[2])
    except VanishedError as fault:
        raise _changed(remote, one.path) from fault
    return digest.hexdigest()


def _changed(remote: Remote, path: str) -> ServerError:
    return ServerError(
        f"{path} changed while it was copied, so the copy was removed",
        where=remote.words,
        remedy="Close the plan in the planning system, then fetch it again.",
    )


def _not_stored(fault: OSError) -> RemedyError:
    return RemedyError(
        f"the copy cannot be stored on this computer ({fault.strerror or fault}) and was removed",
        where=str(fault.filename or copies_folder()),
        remedy="Make room on its disk, or check the rights of that folder, then fetch again.",
    )
