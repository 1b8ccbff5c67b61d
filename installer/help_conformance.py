"""The DICOM conformance statement, filled in from the archive's own tables."""

import re
from collections.abc import Iterable, Iterator

from pydicom.uid import UID
from pynetdicom import QueryRetrievePresentationContexts

from core.archive.answering import Answering
from core.archive.client_commit import PUSH_MODEL
from core.archive.client_query import PATIENT_FIND, STUDY_FIND
from core.archive.client_retrieve import STUDY_MOVE, SYNTAXES, USUAL
from core.archive.getting import STUDY_GET
from core.archive.nodes import ListenerSettings
from core.archive.query import COUNTS, LEVELS, OUR_VERSION
from core.archive.syntaxes import MOST_CONTEXTS, PLAIN
from core.archive.tls import CIPHERS
from core.dicom.files import MODALITY_OF_CLASS

VERIFICATION = "1.2.840.10008.1.1"
CLAIMED = ("Patient Root", "Study Root")
TEXT = """# DICOM conformance statement

This page is made from the tables the program itself uses. It follows the headings of DICOM PS3.2
in short; it is a summary for the administrators of other systems and no certificate.

## Purpose

One application entity (archive and client in one) keeps DICOM RT objects unchanged, answers
queries, sends and retrieves. The Viewer, LEX and Filter read files; the only DICOM they write are
copies made anonymous and the Filter's virtual film (RT Dose Storage).

## Services as a provider (SCP)

| service | SOP class | UID |
|---|---|---|
{provided}

Each but storage in {syntaxes_answered}. Commands answered: {commands}. C-CANCEL is honoured
between the answers of a query and between the objects of a retrieval. Keys of the levels above
the one asked for need not be given. Negotiated too, answered in the same way, and not claimed:
{not_claimed}.

Storage takes every class, private ones too, in whatever transfer syntax is offered, and keeps the
bytes as they come. An object with another content under a UID that is kept is refused and set
apart (status 0x0111). Success is answered once the bytes are on disk.

### Keys of a query

| level | matching keys |
|---|---|
{keys}

Counted on request: {counts}. Matching: single value, list of values, wild cards, ranges of dates;
case is ignored in names. Answers are in Unicode (ISO_IR 192).

## Services as a user (SCU)

| service | SOP class | UID |
|---|---|---|
{used}

An object is sent in the syntax it is kept in where the other side takes it, else in {plain}; its
pixels are then decompressed, what they say stays the same. An association proposes at most
{most_contexts} contexts. DICOMweb: QIDO-RS, WADO-RS and STOW-RS as a user.

### Classes proposed for C-GET where the other side does not name them

{classes}

### Transfer syntaxes proposed for C-GET, best first

{syntaxes}

## What the Viewer reads

| kind | SOP class |
|---|---|
{kinds}

Plans and structures also from folders of the planning system Pinnacle.

## Network

- AE title `{title}`, port {port}, address {host}: as installed; `archive.toml` of the clinic's
  folder sets others. Only systems named there are answered once any is named.
- At most {associations} associations at once; silence is borne for {patience:g} s; PDUs of any
  size are taken.
- Implementation version name `{version}`.
- TLS 1.2 or later with certificates on both sides (`{ciphers}`), where it is set up.
- Objects keep the character set they came with.

## Security

Passwords lie in the operating system's store. Objects leave with their person unless a rule or a
command asks for a pseudonym; then the rules of PS3.15 annex E are applied, with those for RT
attributes on top.
"""


def conformance_page() -> str:
    """Return resources/help/dicom-conformance.md."""
    usual, answered = ListenerSettings(), _answered()
    own = [("verification", VERIFICATION), ("storage", "")]
    claimed = [one for one in answered if UID(one).name.startswith(CLAIMED)]
    others = [UID(one).name for one in answered if one not in claimed]
    used = [("query", STUDY_FIND), ("query", PATIENT_FIND), ("retrieve, C-MOVE", STUDY_MOVE),
            ("retrieve, C-GET", STUDY_GET)]  # fmt: skip
    last = [("storage commitment", PUSH_MODEL)]
    return TEXT.format(
        provided=_services([*own, *(("query, retrieve", one) for one in claimed), *last]),
        syntaxes_answered=", ".join(_syntaxes_answered()),
        commands=", ".join(_commands()),
        not_claimed=", ".join(others),
        keys="\n".join(f"| {level} | {', '.join(keys)} |" for level, keys in LEVELS.items()),
        counts=", ".join(COUNTS),
        used=_services([*own, *used, *last]),
        plain=" or ".join(one.name for one in PLAIN),
        most_contexts=MOST_CONTEXTS,
        classes="\n".join(f"- {UID(one).name} ({one})" for one in USUAL),
        syntaxes="\n".join(f"- {UID(one).name} ({one})" for one in SYNTAXES),
        kinds="\n".join(
            f"| {kind} | {UID(uid).name} |" for uid, kind in MODALITY_OF_CLASS.items()
        ),
        title=usual.ae_title,
        port=usual.port,
        host=usual.host,
        associations=usual.associations,
        patience=usual.patience_s,
        version=OUR_VERSION,
        ciphers=CIPHERS,
    )


def _services(rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join(
        f"| {words} | {UID(uid).name} | {uid} |" if uid else f"| {words} | every storage class | |"
        for words, uid in rows
    )


def _answered() -> list[str]:
    """Return the query and retrieve classes the listener negotiates, in the library's order."""
    return [str(one.abstract_syntax) for one in QueryRetrievePresentationContexts]


def _syntaxes_answered() -> Iterator[str]:
    return iter(
        dict.fromkeys(
            UID(syntax).name
            for one in QueryRetrievePresentationContexts
            for syntax in one.transfer_syntax
        )
    )


def _commands() -> list[str]:
    """Return the DIMSE commands the listener has work for, from its own code."""
    names = Answering.__init__.__code__.co_names
    kept = [one for one in names if re.fullmatch(r"[CN]_[A-Z_]+", one) and one != "C_CANCEL"]
    return [one.replace("_", "-") for one in kept]
