"""What an archive holds as digests by patient, study, series: equal ones need no look (Y-04)."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from core.archive.index import Instance
from core.archive.ledger import Ledger

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Held:
    """One object and the digest of its content; an empty one stands for a damaged file."""

    one: Instance
    content: str


def digest_over(parts: Iterable[tuple[str, str]]) -> str:
    """Return one digest over names and digests, whatever their order."""
    digest = hashlib.sha256()
    for name, told in sorted(parts):
        digest.update(f"{name}={told}\n".encode())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Manifest:
    """Every object of an archive by its UID, and digests over them."""

    held: Mapping[str, Held]

    def series(self) -> dict[tuple[str, str], str]:
        """Return a digest for each study and series."""
        found: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for uid, own in self.held.items():
            place = (own.one.study_uid, own.one.series_uid)
            found.setdefault(place, []).append((uid, own.content))
        return {place: digest_over(rows) for place, rows in found.items()}

    def studies(self) -> dict[str, str]:
        """Return a digest for each study."""
        found: dict[str, list[tuple[str, str]]] = {}
        for (study, series), told in self.series().items():
            found.setdefault(study, []).append((series, told))
        return {study: digest_over(rows) for study, rows in found.items()}

    def patients(self) -> dict[str, str]:
        """Return a digest for each patient ID, over what is here under it."""
        found: dict[str, list[tuple[str, str]]] = {}
        for uid, own in self.held.items():
            place = f"{own.one.study_uid} {own.one.series_uid} {uid}"
            found.setdefault(own.one.patient_id, []).append((place, own.content))
        return {patient: digest_over(rows) for patient, rows in found.items()}

    def sound(self, key: Callable[[Instance], K]) -> dict[K, list[str]]:
        """Return the undamaged objects by patient, study or series."""
        found: dict[K, list[str]] = {}
        for uid, own in self.held.items():
            if own.content:
                found.setdefault(key(own.one), []).append(uid)
        return found


def manifest_of(ledger: Ledger, wanted: Iterable[Instance] | None = None) -> Manifest:
    """Return the manifest of an archive, or of some of its objects."""
    objects = ledger.archive.index.instances("1") if wanted is None else wanted
    damaged = {row[0] for row in ledger.damages()}
    return Manifest({
        one.sop_uid: Held(one, "" if one.digest in damaged else ledger.content_of(one))
        for one in objects
    })  # fmt: skip


def told_digest(ledger: Ledger, level: str, uid: str) -> str:
    """Return what our archive tells another of ours about all below a patient, study or series."""
    column = {
        "PATIENT": "p.patient_id", "STUDY": "s.study_uid", "SERIES": "r.series_uid",
        "IMAGE": "i.sop_uid",
    }.get(level)  # fmt: skip
    if column is None or not uid:
        return ""
    own = manifest_of(ledger, ledger.archive.index.instances(f"{column} = ?", uid))
    if level == "IMAGE":
        return own.held[uid].content if uid in own.held else ""
    if level == "SERIES":
        return {series: told for (_, series), told in own.series().items()}.get(uid, "")
    return (own.patients() if level == "PATIENT" else own.studies()).get(uid, "")
