"""A log that only grows: one JSON object a line, each chained to the line before by SHA-256.

Changing, inserting or removing a line breaks the chain after it, and `verify` says where. The
digest of the last line stands in a file beside the log, so that a change of that line, or a cut
before it, shows too. Whoever can write both files can also make the whole chain anew; the digest
that `append` returns, kept elsewhere, shows that as well. A line that was torn when the machine
stopped stays as it is; the next append begins a new line and says so in it.
"""

import getpass
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from core.errors import RemedyError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

BEGIN = "0" * 64
WAIT_S = 10.0
_TORN = "follows_a_torn_line"


class LogError(RemedyError):
    """The log cannot be written, so what should be in it has not happened."""


def append(path: Path, entry: Mapping[str, Any], *, wait_s: float = WAIT_S) -> str:
    """Add one entry with user and time, and return the SHA-256 of its line.

    The line is on the disk when this returns; a second program that writes at the same time
    waits for its turn.

    Args:
        path: The log; it and its folder are made when missing.
        entry: Plain values; "user", "time" (ISO 8601, UTC) and "previous" are added.
        wait_s: How long to wait for another writer.

    Raises:
        LogError: The log cannot be opened or written, or another program holds it too long.

    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(path, wait_s), path.open("a+b") as file:
            last, whole = _last_line(file)
            stamped = {
                **entry,
                "user": _user(),
                "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "previous": sha256(last).hexdigest() if last else BEGIN,
            }
            if not whole:
                stamped[_TORN] = True
            line = json.dumps(stamped, ensure_ascii=False, sort_keys=True).encode()
            file.write((b"" if whole else b"\n") + line + b"\n")
            file.flush()
            os.fsync(file.fileno())
            _note_head(path, sha256(line).hexdigest())
    except OSError as fault:
        raise _refused(path, f"the log cannot be written: {fault.strerror or fault}") from fault
    return sha256(line).hexdigest()


def entries(path: Path) -> tuple[dict[str, Any], ...]:
    """Return every whole entry, oldest first; a torn line is passed over, `verify` names it."""
    lines = path.read_bytes().split(b"\n") if path.is_file() else []
    return tuple(entry for line in lines if (entry := _entry(line)) is not None)


def verify(path: Path) -> tuple[str, ...]:
    """Return one sentence for each place where the log is not what was written."""
    data = path.read_bytes() if path.is_file() else b""
    lines = data.split(b"\n")
    rest = lines.pop()
    faults = []
    before = BEGIN
    for number, line in enumerate(lines, start=1):
        entry = _entry(line)
        if entry is None:
            faults.append(f"Line {number} is torn or no entry.")
        elif entry.get("previous") != before:
            faults.append(f"Line {number} does not follow the line before it.")
        before = sha256(line).hexdigest()
    if not rest and not _holds_head(path, lines):
        faults.append(f"Line {len(lines)} is not the last line that was written.")
    if rest:
        faults.append(f"Line {len(lines) + 1} is torn: the log does not end with a whole line.")
    return tuple(faults)


def _entry(line: bytes) -> dict[str, Any] | None:
    """Return the entry of a line, None when it is none."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) and "previous" in entry else None


def _head_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.head")


def _note_head(path: Path, digest: str) -> None:
    """Write down the last line's digest; after a power cut an older one may stand there."""
    made = path.with_name(f"{path.name}.head.new")
    made.write_text(digest, encoding="ascii")
    made.replace(_head_file(path))


def _holds_head(path: Path, lines: list[bytes]) -> bool:
    """Return whether the line last noted is there; true where none was noted whole."""
    try:
        noted = _head_file(path).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return True
    return len(noted) != len(BEGIN) or any(
        noted == sha256(line).hexdigest() for line in reversed(lines)
    )


def _last_line(file: BinaryIO, step: int = 4096) -> tuple[bytes, bool]:
    """Return the last line without its end, and whether it has one; only the end is read."""
    size = file.seek(0, os.SEEK_END)
    tail = b""
    while size > 0 and tail.rstrip(b"\n").count(b"\n") == 0:
        start = max(0, size - step)
        file.seek(start)
        tail = file.read(size - start) + tail
        size = start
    whole = not tail or tail.endswith(b"\n")
    file.seek(0, os.SEEK_END)
    return tail.removesuffix(b"\n").rpartition(b"\n")[2], whole


def _user() -> str:
    """Return the name the person is logged in by."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"


@contextmanager
def _alone(path: Path, wait_s: float) -> Iterator[None]:
    """Hold the log's lock file; give up after `wait_s`."""
    with path.with_name(f"{path.name}.lock").open("a+b") as lock:
        until = time.monotonic() + wait_s
        while not _locked(lock):
            if time.monotonic() > until:
                raise _refused(path, "another program holds the log")
            time.sleep(0.01)
        try:
            yield
        finally:
            _unlock(lock)


def _locked(lock: BinaryIO) -> bool:
    """Take the lock unless somebody has it; the system frees it when a program dies."""
    try:
        if sys.platform == "win32":
            lock.seek(0)
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _unlock(lock: BinaryIO) -> None:
    """Give the lock back."""
    if sys.platform == "win32":
        lock.seek(0)
        msvcrt.locking(lock.fileno(), msvcrt.LK_UNLCK, 1)
    else:
        fcntl.flock(lock, fcntl.LOCK_UN)


def _refused(path: Path, what: str) -> LogError:
    """Return the error that names the log."""
    remedy = "Close other windows of this program, check rights and free space, then try again."
    return LogError(what, where=str(path), remedy=remedy)
