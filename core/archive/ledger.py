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
CREATE TABLE IF NOT EXISTS mirrored (
    node TEXT PRIMARY KEY, at TEXT NOT NULL, equal INTEGER NOT NULL, words TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS refused (
    name TEXT NOT NULL, sender TEXT NOT NULL, why TEXT NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (name, sender, why));
CREATE TABLE IF NOT EXISTS scrub_round (
    one INTEGER PRIMARY KEY CHECK (one = 1), last_id INTEGER NOT NULL, begun TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS drill (
    at TEXT NOT NULL, node TEXT NOT NULL, objects INTEGER NOT NULL, equal INTEGER NOT NULL,
    seconds REAL NOT NULL);
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


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """How far the scrub is: share of the round, when it began ("" before the first), damages."""

    share: float
    begun: str
    damaged: int


@dataclass(frozen=True, slots=True)
class Mirrored:
    """The last mirror with a node: when, whether both hold the same, its report in words."""

    node: str
    at: str
    is_equal: bool
    words: str


@dataclass(frozen=True, slots=True)
class Drilled:
    """A restore drill: when, with whom, how many objects, how many came back equal, seconds."""

    at: str
    node: str
    objects: int
    equal: int
    seconds: float


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
        known = self.known_content(one.digest)
        if known:
            return known
        path = self.archive.path_of(one)
        if path is None or digest_of(path) != one.digest:
            return ""
        try:
            told = content_digest(path)
        except UnreadableFileError:
            told = f"{UNREADABLE} {one.digest}"
        self._put("INSERT OR IGNORE INTO content VALUES (?, ?)", [(one.digest, told)])
        return told

    def known_content(self, digest: str) -> str:
        """Return the content digest of a file as it was when it was sound; "" when not known."""
        found = self._rows("SELECT content FROM content WHERE digest = ?", digest)
        return found[0][0] if found else ""

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
        """Return rule, object, fate, reason and time of what could not be sent, newest first."""
        marks = ", ".join("?" for _ in GOOD)
        return self._rows(
            "SELECT rule, sop_uid, fate, why, at FROM forwarded"
            f" WHERE fate NOT IN ({marks}, ?) ORDER BY at DESC",
            *GOOD, Fate.CHANGED,
        )  # fmt: skip

    def forward_counts(self) -> dict[str, tuple[int, int]]:
        """Return by rule how many objects it has sent, and how many it could not send."""
        marks = ", ".join("?" for _ in GOOD)
        good = f"SUM(fate IN ({marks}, ?))"
        rows = self._rows(
            f"SELECT rule, {good}, COUNT(*) - {good} FROM forwarded GROUP BY rule",
            *GOOD, Fate.CHANGED, *GOOD, Fate.CHANGED,
        )  # fmt: skip
        return {row[0]: (int(row[1]), int(row[2])) for row in rows}

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

    def note_mirrored(self, node: str, words: str, *, is_equal: bool) -> None:
        """Note how a mirror ended, also that it could not begin."""
        row = (node, _now(), int(is_equal), words)
        self._put("INSERT OR REPLACE INTO mirrored VALUES (?, ?, ?, ?)", [row])

    def mirrored(self) -> list[Mirrored]:
        """Return the last mirror with each node."""
        rows = self._rows("SELECT node, at, equal, words FROM mirrored ORDER BY node")
        return [Mirrored(row[0], row[1], bool(row[2]), row[3]) for row in rows]

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

    # Refusals.

    def note_refused(self, rows: Iterable[tuple[str, str, str]]) -> None:
        """Note name, sender and reason of what was not taken, until somebody has looked at it."""
        told = [(*row, _now()) for row in rows]
        self._put("INSERT OR REPLACE INTO refused VALUES (?, ?, ?, ?)", told)

    def refused(self) -> list[tuple[str, ...]]:
        """Return name, sender, reason and time of what was not taken, newest first."""
        return self._rows("SELECT name, sender, why, at FROM refused ORDER BY at DESC, name")

    def forget_refused(self, rows: Iterable[tuple[str, str, str, str]]) -> None:
        """Let go of some rows of `refused`: somebody has looked at them, as they were then."""
        sql = "DELETE FROM refused WHERE name = ? AND sender = ? AND why = ? AND at = ?"
        self._put(sql, rows)

    # Scrub.

    def scrub(self, days: float, most: int) -> list[Damage]:
        """Read the next stored files again, at most some of them; return which are damaged.

        They are read in the order they came, round after round; a round begins when the last one
        began so many days ago.
        """
        last, begun = self._round()
        top = self._newest()
        if last >= top and begun:
            if begun > (datetime.now(UTC) - timedelta(days=days)).isoformat():
                return []
            last, begun = 0, ""
        end = min(last + most, top)
        found, rows = [], []
        for one in self.archive.index.instances("i.id > ? AND i.id <= ?", last, end):
            what = damage_of(self.archive, one)
            rows.append((one.digest, _now(), what))
            if what:
                found.append(Damage(one.sop_uid, one.digest, what))
        self._put("INSERT OR REPLACE INTO scrubbed VALUES (?, ?, ?)", rows)
        self._put("INSERT OR REPLACE INTO scrub_round VALUES (1, ?, ?)", [(end, begun or _now())])
        return found

    def scrub_told(self) -> Scrubbed:
        """Return how far the scrub is."""
        last, begun = self._round()
        top = self._newest()
        return Scrubbed(min(last / top, 1.0) if top else 1.0, begun, len(self.damages()))

    def _round(self) -> tuple[int, str]:
        rows = self._rows("SELECT last_id, begun FROM scrub_round")
        return (int(rows[0][0]), rows[0][1]) if rows else (0, "")

    def _newest(self) -> int:
        return self.archive.index.count()

    def damages(self) -> list[tuple[str, ...]]:
        """Return digest, damage and time of what the last look at each object found."""
        return self._rows("SELECT digest, what, at FROM scrubbed WHERE what != '' ORDER BY at")

    def note_sound(self, digests: Iterable[str]) -> None:
        """Note that these files are sound again, or that nothing refers to them any more."""
        self._put("UPDATE scrubbed SET what = '' WHERE digest = ?", [(one,) for one in digests])

    def damaged(self) -> list[Instance]:
        """Return the objects whose file was found damaged and still is."""
        found, sound = [], []
        for digest, _, _ in self.damages():
            own = self.archive.index.instances("i.digest = ?", digest)
            still = [one for one in own if damage_of(self.archive, one)]
            found += still
            if not still:
                sound.append(digest)
        self.note_sound(sound)
        return found

    # Restore drills.

    def note_drill(self, node: str, objects: int, equal: int, seconds: float) -> None:
        """Note a restore drill."""
        self._put("INSERT INTO drill VALUES (?, ?, ?, ?, ?)",
                  [(_now(), node, objects, equal, seconds)])  # fmt: skip

    def last_drill(self) -> Drilled | None:
        """Return the last restore drill; None when there was none."""
        rows = self._rows("SELECT * FROM drill ORDER BY at DESC LIMIT 1")
        if not rows:
            return None
        at, node, objects, equal, seconds = rows[0]
        return Drilled(at, node, int(objects), int(equal), float(seconds))


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
