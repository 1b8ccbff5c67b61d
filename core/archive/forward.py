"""Running the forward rules, and taking in what watched folders hold (Y-02, Y-03)."""

import logging
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from core.archive.archive import Archive, TakenIn
from core.archive.calls import Caller
from core.archive.client_confirm import outgoing_files, outgoing_of, send_and_look
from core.archive.client_web import Web
from core.archive.index import Instance
from core.archive.ledger import Ledger
from core.archive.nodes import Kind, Node
from core.archive.plan_sets import plan_sets
from core.archive.pseudonyms import files_in, pseudonym_of, research_key
from core.archive.rules import Rule, due
from core.archive.settings import ArchiveSettings, WatchedFolder
from core.archive.transfer import Effort, Fate, Outgoing, Result
from core.dicom.anonymise import export_anonymised
from core.dicom.files import read_items
from core.errors import RemedyError

LOG = logging.getLogger("eqs.archive")
# A set arrives object by object: rules wait until its sender has been silent for so long.
SETTLE_S = 10.0
_AT_ANY_TIME = "9999"


def run_rules(
    ledger: Ledger,
    settings: ArchiveSettings,
    effort: Effort,
    settle_s: float = SETTLE_S,
    since: str = "",
) -> dict[str, list[Result]]:
    """Send what the rules say and what has not been sent; return results by rule.

    Args:
        ledger: Knows what was sent.
        settings: The rules and nodes.
        effort: How hard to try.
        settle_s: For how long nothing of a person must have come.
        since: Look only at persons of whom something came after this (ISO 8601, UTC), and at
            those of whom something could not be sent.

    """
    archive = ledger.archive
    limit = (datetime.now(UTC) - timedelta(seconds=settle_s)).isoformat(timespec="milliseconds")
    done: dict[str, list[Result]] = {}
    caller = Caller(settings.listener.ae_title, settings.listener.tls)
    patients = _patients(ledger, since)
    for rule in settings.rules:
        sent = ledger.forwarded(rule.name)
        for patient in patients:
            if effort.stop.is_set():
                return done
            wanted = _due(archive, rule, patient, limit, sent)
            if wanted:
                results = _sent(archive, rule, wanted, settings.node(rule.send), caller, effort)
                ledger.note_forwarded(rule.name, results)
                done.setdefault(rule.name, []).extend(results)
    return done


def waiting_for(
    ledger: Ledger, rule: Rule, progress: Callable[[float, str], None] | None = None
) -> list[Instance]:
    """Return what a rule would send now; nothing is sent.

    Args:
        ledger: Knows what was sent by a rule of this name.
        rule: The rule, which need not be written down yet.
        progress: Told the fraction done.

    """
    sent = ledger.forwarded(rule.name)
    found: list[Instance] = []
    patients = _patients(ledger, rule.since)
    for number, patient in enumerate(patients):
        if progress is not None:
            progress(number / len(patients), f"{number} of {len(patients)} persons")
        found += _due(ledger.archive, rule, patient, _AT_ANY_TIME, sent)
    return found


def _due(
    archive: Archive, rule: Rule, patient: int, limit: str, sent: Collection[str]
) -> list[Instance]:
    """Return what a rule sends of a person; nothing while objects are still coming.

    What belongs to a set and comes after its plan was sent goes after it.
    """
    whole = archive.instances_of_patient(patient)
    if any(one.received > limit for one in whole):
        return []
    new = [one for one in whole
           if rule.meets(one) and (rule.whole_set or one.sop_uid not in sent)]  # fmt: skip
    asked = due(rule, new, plan_sets(whole) if new else [])
    return [one for one in asked if one.sop_uid not in sent]


def _patients(ledger: Ledger, since: str) -> list[int]:
    index = ledger.archive.index
    joined = (
        "SELECT DISTINCT s.patient FROM instance i JOIN series r ON i.series = r.id"
        " JOIN study s ON r.study = s.id WHERE "
    )
    found = [row["patient"] for row in index.rows(f"{joined} i.received > ?", since)]
    for row in ledger.not_forwarded() if since else ():
        found += [one["patient"] for one in index.rows(f"{joined} i.sop_uid = ?", row[1])]
    return list(dict.fromkeys(found))


def _sent(
    archive: Archive, rule: Rule, wanted: list[Instance], node: Node, caller: Caller,
    effort: Effort,
) -> list[Result]:  # fmt: skip
    if not rule.pseudonymise:
        return send_to(caller, node, outgoing_of(archive, wanted), effort)
    with TemporaryDirectory(dir=archive.store.folder, prefix=".out.") as name:
        try:
            sources, refused = pseudonymised(archive, wanted, Path(name) / "set")
        except RemedyError as problem:
            return [Result(one.sop_uid, Fate.FAILED, problem.what) for one in wanted]
        objects, _ = outgoing_files(files_in(Path(name) / "set"))
        results = send_to(caller, node, objects, effort)
    worst = next((one for one in results if one.fate not in (Fate.DONE, Fate.HERE)), None)
    if worst is None:
        return [Result(uid, Fate.DONE) for uid in sources] + [
            Result(uid, Fate.FAILED, why) for uid, why in refused.items()
        ]
    # The objects left under other UIDs: which of ours failed is not told, so all go again.
    return [Result(one.sop_uid, worst.fate, worst.why) for one in wanted]


def pseudonymised(
    archive: Archive, wanted: Sequence[Instance], folder: Path
) -> tuple[list[str], dict[str, str]]:
    """Write objects of one person without the person.

    Returns:
        UIDs of what was written, and the reason for each object that was not.

    """
    paths = {one.sop_uid: archive.path_of(one) for one in wanted}
    items, unread = read_items([path for path in paths.values() if path is not None])
    if not items:
        return [], dict.fromkeys(paths, "the file is gone or cannot be read")
    key = research_key(archive)
    own = pseudonym_of(key, items[0].text("PatientID"), items[0].text("PatientName"))
    report = export_anonymised(items, folder, own, key)
    whys = {one.name: one.why for one in (*unread, *report.refused)}
    names = {uid: "" if path is None else path.name for uid, path in paths.items()}
    refused = {uid: whys.get(name, "the file is gone") for uid, name in names.items()
               if not name or name in whys}  # fmt: skip
    return [uid for uid in paths if uid not in refused], refused


def send_to(
    caller: Caller, node: Node, objects: Sequence[Outgoing], effort: Effort
) -> list[Result]:
    """Send objects to a node of either kind."""
    if node.kind is Kind.WEB:
        return Web(node).send(objects, effort)
    return send_and_look(caller, node, objects, effort)


def look_into(
    ledger: Ledger, watched: WatchedFolder, before: dict[Path, tuple[int, int]]
) -> tuple[list[TakenIn], dict[Path, tuple[int, int]]]:
    """Take in the files of a watched folder that no longer change.

    Args:
        ledger: Knows which files were looked at already.
        watched: The folder; its files stay where they are and as they are.
        before: Size and time of change of each file when it was last looked at.

    Returns:
        What became of each file taken in, and what to hand in as `before` next time.

    """
    now: dict[Path, tuple[int, int]] = {}
    ready: list[Path] = []
    try:
        files = [path for path in sorted(watched.folder.rglob("*")) if path.is_file()]
    except OSError as fault:
        LOG.warning("the watched folder %s cannot be read: %s", watched.folder, fault.strerror)
        return [], before
    for path in files:
        try:
            told = path.stat()
        except OSError:
            continue
        now[path] = (told.st_size, told.st_mtime_ns)
        if before.get(path) == now[path] and not ledger.is_taken(path, *now[path]):
            ready.append(path)
    report: list[TakenIn] = []
    for path in ready:
        taken = ledger.archive.take_in_files([path], f"folder {watched.folder.name}"[:64])
        why = "; ".join(dict.fromkeys(one.why for one in taken if one.why))
        ledger.note_taken([(str(path), *now[path], why)])
        ledger.note_refused(
            (one.name, f"folder {watched.folder.name}", one.why)
            for one in taken
            if one.outcome is None and not one.is_other_file
        )
        report += taken
    return report, now
