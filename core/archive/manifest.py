"""What an archive holds, as digests by series and study: what is equal needs no look (Y-04)."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.archive.index import Instance
from core.archive.ledger import Ledger


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


def manifest_of(ledger: Ledger, wanted: Iterable[Instance] | None = None) -> Manifest:
    """Return the manifest of an archive, or of some of its objects."""
    objects = ledger.archive.index.instances("1") if wanted is None else wanted
    return Manifest({one.sop_uid: Held(one, ledger.content_of(one)) for one in objects})


def told_digest(ledger: Ledger, level: str, uid: str) -> str:
    """Return what our archive tells another of ours about a study, a series or an object."""
    column = {"STUDY": "s.study_uid", "SERIES": "r.series_uid", "IMAGE": "i.sop_uid"}.get(level)
    if column is None:
        return ""
    own = manifest_of(ledger, ledger.archive.index.instances(f"{column} = ?", uid))
    if level == "IMAGE":
        return own.held[uid].content if uid in own.held else ""
    told = (
        own.studies() if level == "STUDY" else {key[1]: one for key, one in own.series().items()}
    )
    return told.get(uid, "")
