"""The archive's index: patients, studies, series, instances in SQLite, found by whole or part."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from core.archive.facts import Facts, RtFacts
from core.archive.store import Received
from core.errors import UnreadableFileError

VERSION = 1
SCHEMA = """
CREATE TABLE patient (
    id INTEGER PRIMARY KEY, patient_id TEXT NOT NULL, name TEXT NOT NULL, name_key TEXT NOT NULL,
    birth_date TEXT NOT NULL, sex TEXT NOT NULL, UNIQUE (patient_id, name_key));
CREATE VIRTUAL TABLE patient_text USING fts5 (name_key, patient_id, tokenize = 'trigram');
CREATE TABLE study (
    id INTEGER PRIMARY KEY, patient INTEGER NOT NULL REFERENCES patient, study_uid TEXT NOT NULL,
    date TEXT NOT NULL, description TEXT NOT NULL, accession TEXT NOT NULL,
    UNIQUE (study_uid, patient));
CREATE INDEX study_of_patient ON study (patient);
CREATE INDEX study_by_date ON study (date);
CREATE TABLE series (
    id INTEGER PRIMARY KEY, study INTEGER NOT NULL REFERENCES study, series_uid TEXT NOT NULL,
    modality TEXT NOT NULL, number TEXT NOT NULL, description TEXT NOT NULL,
    frame_uid TEXT NOT NULL, UNIQUE (series_uid, study));
CREATE INDEX series_of_study ON series (study);
CREATE TABLE instance (
    id INTEGER PRIMARY KEY, series INTEGER NOT NULL REFERENCES series,
    sop_uid TEXT NOT NULL UNIQUE,
    sop_class TEXT NOT NULL, number TEXT NOT NULL, transfer_syntax TEXT NOT NULL,
    digest TEXT NOT NULL, size INTEGER NOT NULL, received TEXT NOT NULL, sender TEXT NOT NULL,
    rt TEXT);
CREATE INDEX instance_of_series ON instance (series);
CREATE TABLE conflict (
    id INTEGER PRIMARY KEY, sop_uid TEXT NOT NULL, digest TEXT NOT NULL UNIQUE,
    kept_digest TEXT NOT NULL, received TEXT NOT NULL, sender TEXT NOT NULL);
"""


class Outcome(StrEnum):
    """What became of an object that was brought to the archive."""

    NEW = "new"
    SAME = "already here"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Instance:
    """One object.

    Attributes:
        digest: SHA-256 of the file.
        size: Bytes.
        rt: What an RT object refers to; None for others.

    """

    sop_uid: str
    sop_class: str
    modality: str
    number: str
    transfer_syntax: str
    series_uid: str
    study_uid: str
    frame_uid: str
    digest: str
    size: int
    received: str
    sender: str
    rt: RtFacts | None
    patient_id: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two contents under one SOPInstanceUID: the first is kept, the other quarantined."""

    sop_uid: str
    digest: str
    kept_digest: str
    received: str
    sender: str


class Index:
    """The SQLite file of an archive; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._base = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._base.row_factory = sqlite3.Row
        self._base.execute("PRAGMA journal_mode = WAL")
        # A row is durable with `make_durable`; until then its object waits in `incoming`.
        self._base.execute("PRAGMA synchronous = NORMAL")
        self._base.execute("PRAGMA foreign_keys = ON")
        version = self._base.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            self._base.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
        elif version != VERSION:
            self._base.close()
            raise UnreadableFileError(
                f"the index is of version {version}, this program knows {VERSION}",
                where=path.name,
                remedy="Open this archive with the program version that made it, or a newer one.",
            )
        # Rules and scrub ask for what is new or old.
        self._base.execute(
            "CREATE INDEX IF NOT EXISTS instance_by_received ON instance (received)"
        )
        # Lists of persons are in the order of their names.
        self._base.execute(
            "CREATE INDEX IF NOT EXISTS patient_by_name ON patient (name_key, patient_id)"
        )
        self._base.execute("CREATE TABLE IF NOT EXISTS settled (id INTEGER PRIMARY KEY, at TEXT)")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._base.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Make everything within one change: all of it or none."""
        with self._lock:
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")

    def make_durable(self) -> None:
        """Let every change so far outlive a power cut: a durable change takes those before it."""
        with self._lock:
            self._base.execute("PRAGMA synchronous = FULL")
            try:
                self._base.execute("INSERT OR REPLACE INTO settled VALUES (1, ?)", (_now(),))
            finally:
                self._base.execute("PRAGMA synchronous = NORMAL")

    def digest_of(self, sop_uid: str) -> str | None:
        """Return the digest of the object of this UID; None when it is not here."""
        found = self.rows("SELECT digest FROM instance WHERE sop_uid = ?", sop_uid)
        return str(found[0]["digest"]) if found else None

    def add_conflict(self, sop_uid: str, kept: str, received: Received, sender: str) -> None:
        """Note within `writing` that another content came under a UID that is here."""
        self._base.execute(
            "INSERT OR IGNORE INTO conflict (sop_uid, digest, kept_digest, received, sender)"
            " VALUES (?, ?, ?, ?, ?)",
            (sop_uid, received.digest, kept, _now(), sender),
        )

    def add(self, facts: Facts, received: Received, sender: str) -> None:
        """Add one object within `writing`; nothing of its UID may be here yet."""
        rt = None if facts.rt is None else json.dumps(facts.rt.to_json())
        self._base.execute(
            "INSERT INTO instance (series, sop_uid, sop_class, number, transfer_syntax, digest,"
            " size, received, sender, rt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self._series(facts), facts.sop_uid, facts.sop_class, facts.number,
                facts.transfer_syntax, received.digest, received.size, _now(), sender, rt,
            ),
        )  # fmt: skip

    def exchange(self, one: Instance, received: Received, facts: Facts) -> None:
        """Note within `writing` that another file of the same content stands for an object."""
        self._base.execute(
            "UPDATE instance SET digest = ?, size = ?, transfer_syntax = ?"
            " WHERE sop_uid = ? AND digest = ?",
            (received.digest, received.size, facts.transfer_syntax, one.sop_uid, one.digest),
        )

    def _series(self, facts: Facts) -> int:
        study = self._study(facts)
        found = self._one(
            "SELECT id FROM series WHERE series_uid = ? AND study = ?", facts.series_uid, study
        )
        if found is not None:
            return int(found["id"])
        return self._insert(
            "INSERT INTO series (study, series_uid, modality, number, description, frame_uid)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            study, facts.series_uid, facts.modality, facts.series_number,
            facts.series_description, facts.frame_uid,
        )  # fmt: skip

    def _study(self, facts: Facts) -> int:
        patient = self._patient(facts)
        found = self._one(
            "SELECT id FROM study WHERE study_uid = ? AND patient = ?", facts.study_uid, patient
        )
        if found is not None:
            return int(found["id"])
        return self._insert(
            "INSERT INTO study (patient, study_uid, date, description, accession)"
            " VALUES (?, ?, ?, ?, ?)",
            patient, facts.study_uid, facts.study_date, facts.study_description, facts.accession,
        )  # fmt: skip

    def _patient(self, facts: Facts) -> int:
        found = self._one(
            "SELECT id FROM patient WHERE patient_id = ? AND name_key = ?",
            facts.patient_id, facts.name_key,
        )  # fmt: skip
        if found is not None:
            return int(found["id"])
        id = self._insert(
            "INSERT INTO patient (patient_id, name, name_key, birth_date, sex)"
            " VALUES (?, ?, ?, ?, ?)",
            facts.patient_id, facts.patient_name, facts.name_key, facts.birth_date, facts.sex,
        )  # fmt: skip
        self._base.execute(
            "INSERT INTO patient_text (rowid, name_key, patient_id) VALUES (?, ?, ?)",
            (id, facts.name_key, facts.patient_id.casefold()),
        )
        return id

    # Finding.

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """Return the rows of a query."""
        with self._lock:
            return self._base.execute(sql, values).fetchall()

    def instances(self, where: str, *values: object) -> list[Instance]:
        """Return objects that meet a condition over instance i, series r, study s, patient p."""
        found = self.rows(
            "SELECT i.*, r.series_uid, r.modality, r.frame_uid, s.study_uid, p.patient_id"
            " FROM instance i"
            " JOIN series r ON i.series = r.id JOIN study s ON r.study = s.id"
            f" JOIN patient p ON s.patient = p.id WHERE {where} ORDER BY i.id",
            *values,
        )
        return [_instance(row) for row in found]

    def count(self) -> int:
        """Return how many objects are here."""
        # Nothing is ever deleted, so the newest number is their count, at no cost.
        return int(self.rows("SELECT MAX(id) AS top FROM instance")[0]["top"] or 0)

    def conflicts(self) -> list[Conflict]:
        """Return every object that was quarantined for contradicting another."""
        return [
            Conflict(
                row["sop_uid"], row["digest"], row["kept_digest"], row["received"], row["sender"]
            )
            for row in self.rows("SELECT * FROM conflict ORDER BY id")
        ]

    def _one(self, sql: str, *values: object) -> sqlite3.Row | None:
        row = self._base.execute(sql, values).fetchone()
        return row if isinstance(row, sqlite3.Row) else None

    def _insert(self, sql: str, *values: object) -> int:
        return int(self._base.execute(sql, values).lastrowid or 0)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _instance(row: sqlite3.Row) -> Instance:
    told = json.loads(row["rt"]) if row["rt"] else None
    return Instance(
        row["sop_uid"], row["sop_class"], row["modality"], row["number"], row["transfer_syntax"],
        row["series_uid"], row["study_uid"], row["frame_uid"], row["digest"], row["size"],
        row["received"], row["sender"], None if told is None else _rt_facts(told),
        row["patient_id"],
    )  # fmt: skip


def _rt_facts(told: dict[str, Any]) -> RtFacts:
    made: dict[str, Any] = {
        name: tuple(one) if isinstance(one, list) else one for name, one in told.items()
    }
    return RtFacts(**made)
