"""The blind-spot ledger: what was not checked, and who has looked at it by hand (R-23).

An attestation holds for the very files it was given for: when one of them changes, nobody has
looked. An attested item stays in the list; it is never counted as a pass.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from app.filter.baseline_content import read_content
from app.filter.baseline_expected import read_expected
from app.filter.ledger_log import record, recorded
from app.filter.people import signer
from app.filter.report import Report
from core.errors import RemedyError
from core.findings import NotChecked

ACTION = "attested"
ALL_FIELDS = ""


@dataclass(frozen=True, slots=True)
class Attestation:
    """Somebody's word that an item was looked at by hand."""

    person: str
    time: str
    words: str
    user: str


@dataclass(frozen=True, slots=True)
class Blind:
    """One item nobody has checked, with every attestation for it."""

    item: str
    why: str
    field: str
    attested: tuple[Attestation, ...]


def subject_of(report: Report) -> str:
    """Return a digest over everything the report was made of, names aside."""
    digests = [one.sha256 or _folder_digest(Path(one.path)) for one in report.sources]
    return sha256("\n".join(digests).encode()).hexdigest()


def attest(report: Report, item: str, person: str, words: str, field: str = ALL_FIELDS) -> Blind:
    """Put into the log that a person has looked at an item by hand.

    Args:
        report: The report whose list holds the item.
        item: As the list names it.
        person: Who has looked.
        words: What was compared with what, and found.
        field: Field of the item, as the list names it; empty for the item whatever its fields.

    Raises:
        RemedyError: The report has no such item, or person or words are missing.
        LogError: The log cannot be written.

    """
    who = signer(person, what="attest")
    if not words.strip():
        raise RemedyError(
            "an attestation needs words", where=item,
            remedy="Say who has looked, at what, and what was found.",
        )  # fmt: skip
    wanted = item.strip().casefold()
    found = [
        one
        for one in report.not_checked
        if one.item.casefold() == wanted and field in (ALL_FIELDS, one.field)
    ]
    if not found:
        listed = ", ".join(dict.fromkeys(one.item for one in report.not_checked))
        raise RemedyError(
            f"{item!r} is not in the list of what was not checked", where=report.title,
            remedy=f"Choose one of: {listed}.",
        )  # fmt: skip
    record(ACTION, {
        "subject": subject_of(report), "report": report.title, "item": found[0].item,
        "field": field, "person": who.name, "words": words.strip(),
        "role": " and ".join(who.roles),
    })  # fmt: skip
    rows = ledger(report)
    return next(one for one in rows if one.item == found[0].item and one.field == found[0].field)


def ledger(report: Report) -> tuple[Blind, ...]:
    """Return what was not checked, each item with who has looked at it by hand."""
    entries = recorded(ACTION)
    if not entries:
        return tuple(Blind(one.item, one.why, one.field, ()) for one in report.not_checked)
    subject = subject_of(report)
    own = [entry for entry in entries if entry.get("subject") == subject]
    return tuple(
        Blind(one.item, one.why, one.field, _of_item(one, own)) for one in report.not_checked
    )


def with_attestations(report: Report) -> Report:
    """Return the report with every attestation told beside the reason it answers."""
    rows = tuple(NotChecked(one.item, _why(one), one.field) for one in ledger(report))
    return replace(report, not_checked=rows)


def ledger_json(rows: Sequence[Blind]) -> list[dict[str, Any]]:
    """Return the ledger as lists and mappings that JSON can hold."""
    return [
        {
            "item": one.item,
            "why": one.why,
            "field": one.field,
            "attested": [
                {"person": a.person, "time": a.time, "words": a.words, "user": a.user}
                for a in one.attested
            ],
        }
        for one in rows
    ]


def _of_item(one: NotChecked, entries: list[dict[str, Any]]) -> tuple[Attestation, ...]:
    return tuple(
        Attestation(entry["person"], entry["time"], entry["words"], entry["user"])
        for entry in entries
        if entry["item"] == one.item and entry["field"] in (ALL_FIELDS, one.field)
    )


def _why(one: Blind) -> str:
    words = [f"looked at by {a.person} on {a.time[:10]}: {a.words}" for a in one.attested]
    # What a person has seen stands first: a narrow column shows the beginning.
    return "; ".join([*words, one.why])


def _folder_digest(path: Path) -> str:
    return read_content(path, read_expected().passed_over).digest
