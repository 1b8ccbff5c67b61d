"""What is open in this run of the program, so that it can be opened again after a crash.

One file per run in the data folder, written anew whenever something else is open, removed when
the program ends as it should. A file whose program no longer runs is what a crash left over. It
stays on this machine like the list of recent files; the support bundle does not contain it.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import QLockFile

from core.paths import data_folder
from core.safe_write import write_whole

State = Mapping[str, Mapping[str, Any]]


def session_folder() -> Path:
    """Return the folder of open runs; it is made when missing."""
    folder = data_folder() / "running"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@dataclass(frozen=True, slots=True)
class LeftOver:
    """What a run had open when it ended without closing.

    Attributes:
        files: Its file, and those of runs before it that were never taken up.
        when: ISO 8601, UTC: when it was last written.
        rooms: Per room title what the room needs to open it again.

    """

    files: tuple[Path, ...]
    when: str
    rooms: State


class Session:
    """The file of the present run; it says what is open, for the run after a crash."""

    def __init__(self) -> None:
        self._file = session_folder() / f"{uuid.uuid4().hex}.json"
        self._lock = QLockFile(str(_lock_of(self._file)))
        self._lock.setStaleLockTime(0)  # only the end of its program makes a lock stale
        self._lock.lock()
        self._kept: State = {}

    def keep(self, rooms: State) -> None:
        """Write what is open where it differs from what was written; a full disk is no fault."""
        if rooms == self._kept:
            return
        now = datetime.now(UTC).isoformat(timespec="seconds")
        try:
            write_whole(self._file, json.dumps({"when": now, "rooms": rooms}).encode())
        except OSError:
            return
        self._kept = rooms

    def end(self) -> None:
        """Remove the file: the program ends as it should."""
        self._file.unlink(missing_ok=True)
        self._lock.unlock()


def left_over() -> LeftOver | None:
    """Return what the last run that ended without closing had open; None when there is none."""
    ended = [file for file in session_folder().glob("*.json") if not _runs(file)]
    found = [(_read(file), file) for file in ended]
    found.sort(key=lambda one: str(one[0].get("when", "")))
    files = tuple(file for _, file in found)
    last = next((told for told, _ in reversed(found) if told.get("rooms")), None)
    if last is None:
        forget(files)
        return None
    return LeftOver(files, str(last.get("when", "")), last["rooms"])


def forget(files: tuple[Path, ...]) -> None:
    """Remove what was left over, once it is open again or not wanted."""
    for file in files:
        file.unlink(missing_ok=True)
        _lock_of(file).unlink(missing_ok=True)


def _lock_of(file: Path) -> Path:
    return file.with_suffix(".lock")


def _runs(file: Path) -> bool:
    lock = QLockFile(str(_lock_of(file)))
    lock.setStaleLockTime(0)
    if lock.tryLock(0):
        lock.unlock()
        return False
    return True


def _read(file: Path) -> dict[str, Any]:
    try:
        told = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    usable = isinstance(told, dict) and isinstance(told.get("rooms"), dict)
    return told if usable else {}
