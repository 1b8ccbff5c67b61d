"""What the archive has done: forwarded, mirrored, watched, scrubbed.

It lies beside the index, so that losing it costs work and never an object.
"""

import sqlite3
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.archive.archive import Archive, Damage
from core.archive.content import content_digest
from core.archive.index import Instance
from core.archive.store import digest_of
from core.archive.transfer import GOOD, Fate, Result
from core.errors import UnreadableFileError

SCHEMA = """
CREATE TABLE IF NOT EXISTS content (digest TEXT PRIMARY KEY, content TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS forwarded (
    rule TEXT NOT NULL, sop_uid TEXT NOT NULL, fate TEXT NOT NULL, why TEXT NOT NULL,
    at TEXT NOT NULL, PRIMARY KEY (rule, sop_uid));
CREATE TABLE IF NOT EXISTS shared (
    node TEXT NOT NULL, sop_uid TEXT NOT NULL, content TEXT NOT NULL,
    PRIMARY KEY (node, sop_uid));
CREATE TABLE IF NOT EXISTS watched (
    path TEXT PRIMARY KEY, size INTEGER NOT NULL, changed INTEGER NOT NULL, why TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS retrieved (
    at TEXT NOT NULL, node TEXT NOT NULL, objects INTEGER NOT NULL, seconds REAL NOT NULL);
CREATE TABLE IF NOT EXISTS scrubbed (digest TEXT PRIMARY KEY, at TEXT NOT NULL,
    what TEXT NOT NULL);
"""
UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Retrievals:
    """How long retrievals took: their count, mean and longest time, mean number of objects."""

    count: int
    mean_s: float
    longest_s: float
    mean_objects: float


class Ledger:
    """The file `ledger.sqlite` of an archive; safe to use from several threads."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self._lock = threading.RLock()
        path = archive.store.folder / "ledger.sqlite"
        self._base = sqlite3.connect(path, check_same_thread=False, isolation_level=None,
                                     timeout=30.0)  # fmt: skip
        self._base.execute("PRAGMA journal_mode = WAL")
        self._base.executescript(SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._base.close()

    def _rows(self, sql: str, *values: object) -> list[tuple[str, ...]]:
        with self._lock:
            return self._base.execute(sql, values).fetchall()

    def _put(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        with self._lock:
            self._base.execute("BEGIN IMMEDIATE")
            self._base.executemany(sql, rows)
            self._base.execute("COMMIT")

    # Content.

    def content_of(self, one: Instance) -> str:
        """Return the content digest of an object, computed once for each file.

        "unreadable" and the digest of the file where the content cannot be read; "" when the
        file is gone or is no longer what was received.
        """
        found = self._rows("SELECT content FROM content WHERE digest = ?", one.digest)
        if found:
            return found[0][0]
        path = self.archive.path_of(one)
        if path is None or digest_of(path) != one.digest:
            return ""
        try:
            told = content_digest(path)
        except UnreadableFileError:
            told = f"{UNREADABLE} {one.digest}"
        self._put("INSERT OR IGNORE INTO content VALUES (?, ?)", [(one.digest, told)])
        return told

    # Rules.

    def forwarded(self, rule: str) -> set[str]:
        """Return the objects a rule has sent."""
        marks = ", ".join("?" for _ in GOOD)
        rows = self._rows(
            f"SELECT sop_uid FROM forwarded WHERE rule = ? AND fate IN ({marks}, ?)",
            rule, *GOOD, Fate.CHANGED,
        )  # fmt: skip
        return {row[0] for row in rows}

    def not_forwarded(self) -> list[tuple[str, ...]]:
        """Return rule, object, fate and reason of what could not be sent."""
        marks = ", ".join("?" for _ in GOOD)
        return self._rows(
            f"SELECT rule, sop_uid, fate, why FROM forwarded WHERE fate NOT IN ({marks})", *GOOD
        )

    def note_forwarded(self, rule: str, results: Iterable[Result]) -> None:
        """Note what a rule has done."""
        rows = [(rule, one.sop_uid, one.fate, one.why, _now()) for one in results]
        self._put("INSERT OR REPLACE INTO forwarded VALUES (?, ?, ?, ?, ?)", rows)

    # Mirrors.

    def shared(self, node: str) -> dict[str, str]:
        """Return the objects that were on both sides, and their content where it was compared."""
        rows = self._rows("SELECT sop_uid, content FROM shared WHERE node = ?", node)
        return {row[0]: row[1] for row in rows}

    def note_shared(self, node: str, contents: Iterable[tuple[str, str]]) -> None:
        """Note objects that are on both sides."""
        rows = [(node, uid, content) for uid, content in contents]
        self._put("INSERT OR REPLACE INTO shared VALUES (?, ?, ?)", rows)

    # Retrievals.

    def note_retrieved(self, node: str, objects: int, seconds: float) -> None:
        """Note how long a retrieval took that brought everything it was asked for."""
        self._put("INSERT INTO retrieved VALUES (?, ?, ?, ?)", [(_now(), node, objects, seconds)])

    def retrievals(self) -> Retrievals:
        """Return how long retrievals took so far (Y-12)."""
        ((count, seconds, longest, objects),) = self._rows(
            "SELECT COUNT(*), COALESCE(AVG(seconds), 0), COALESCE(MAX(seconds), 0),"
            " COALESCE(AVG(objects), 0) FROM retrieved"
        )
        return Retrievals(int(count), float(seconds), float(longest), float(objects))

    # Watched folders.

    def is_taken(self, path: Path, size: int, changed: int) -> bool:
        """Return whether this state of a file has been looked at."""
        sql = "SELECT 1 FROM watched WHERE path = ? AND size = ? AND changed = ?"
        return bool(self._rows(sql, str(path), size, changed))

    def note_taken(self, rows: Iterable[tuple[str, int, int, str]]) -> None:
        """Note files with their size, time of change, and why they were refused."""
        self._put("INSERT OR REPLACE INTO watched VALUES (?, ?, ?, ?)", rows)

    def refused_files(self) -> list[tuple[str, ...]]:
        """Return files of watched folders that were refused, and why."""
        return self._rows("SELECT path, why FROM watched WHERE why != '' ORDER BY path")

    # Scrub.

    def scrub(self, days: float, most: int) -> list[Damage]:
        """Read the objects again that were not read for so many days, at most some of them."""
        limit = (datetime.now(UTC) - timedelta(days=days)).isoformat()
        fresh = {row[0] for row in self._rows("SELECT digest FROM scrubbed WHERE at > ?", limit)}
        due = [one for one in self.archive.index.instances("i.received < ?", limit)
               if one.digest not in fresh][:most]  # fmt: skip
        found, rows = [], []
        for one in due:
            what = damage_of(self.archive, one)
            rows.append((one.digest, _now(), what))
            if what:
                found.append(Damage(one.sop_uid, one.digest, what))
        self._put("INSERT OR REPLACE INTO scrubbed VALUES (?, ?, ?)", rows)
        return found

    def damages(self) -> list[tuple[str, ...]]:
        """Return digest and damage of what the last scrub of each object found."""
        return self._rows("SELECT digest, what FROM scrubbed WHERE what != ''")


def damage_of(archive: Archive, one: Instance) -> str:
    """Return what is wrong with the file of an object; empty when it is as it was received."""
    path = archive.path_of(one)
    try:
        if path is None:
            return "the file is gone"
        return "" if digest_of(path) == one.digest else "the file has changed on the disk"
    except OSError as fault:
        return f"the file cannot be read ({fault.strerror})"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
