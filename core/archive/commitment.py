"""Storage Commitment: telling a sender which of its objects the archive keeps (PS3.4 annex J)."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import UID

from core.archive.archive import Archive
from core.archive.calls import Caller
from core.archive.nodes import Node
from core.archive.store import digest_of

PUSH_MODEL, PUSH_MODEL_INSTANCE = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"
LOG = logging.getLogger("eqs.archive")
SUCCESS, PROCESSING_FAILURE, MISSING_ATTRIBUTE = 0x0000, 0x0110, 0x0120
# Failure reasons of PS3.3 C.14.1.1.
NO_SUCH_OBJECT, CLASS_CONFLICT = 0x0112, 0x0119
ALL_KEPT, SOME_FAILED = 1, 2
# The answer to the request must be on its way before the report is sent.
PAUSE_S = 0.05


@dataclass(frozen=True, slots=True)
class Asked:
    """One object whose keeping is asked for."""

    sop_class: str
    sop_uid: str


def asked_of(data: Dataset) -> list[Asked]:
    """Return the objects a request or a report names."""
    return [
        Asked(str(one.get("ReferencedSOPClassUID", "")), str(one.get("ReferencedSOPInstanceUID")))
        for one in data.get("ReferencedSOPSequence") or ()
    ]


def report_on(archive: Archive, transaction: str, asked: Sequence[Asked]) -> Dataset:
    """Return the event information: an object is kept when its bytes are those received."""
    kept, failed = Items(), Items()
    for one in asked:
        reason = _why_not(archive, one)
        row = Dataset()
        row.ReferencedSOPClassUID, row.ReferencedSOPInstanceUID = one.sop_class, one.sop_uid
        if reason is None:
            kept.append(row)
        else:
            row.FailureReason = reason
            failed.append(row)
    report = Dataset()
    report.TransactionUID = transaction
    # An empty sequence is not allowed: absent means none (PS3.4 table J.3-3).
    if kept:
        report.ReferencedSOPSequence = kept
    if failed:
        report.FailedSOPSequence = failed
    return report


def _why_not(archive: Archive, one: Asked) -> int | None:
    found = archive.index.instances("i.sop_uid = ?", one.sop_uid)
    if not found:
        return NO_SUCH_OBJECT
    if found[0].sop_class != one.sop_class:
        return CLASS_CONFLICT
    path = archive.path_of(found[0])
    try:
        whole = path is not None and digest_of(path) == found[0].digest
    except OSError:
        whole = False
    return None if whole else PROCESSING_FAILURE


def on_action(
    event: Any,  # noqa: ANN401  (pynetdicom's event)
    archive: Archive,
    nodes: Sequence[Node],
    caller: Caller,
) -> tuple[int, None]:
    """Accept a request, and report on the same association, else by calling the sender."""
    told = event.action_information
    transaction = str(told.get("TransactionUID") or "")
    asked = asked_of(told)
    if event.action_type != 1 or not transaction or not asked:
        return MISSING_ATTRIBUTE, None
    title = event.assoc.requestor.ae_title
    node = next((one for one in nodes if one.ae_title == title and one.port), None)

    def work() -> None:
        report = report_on(archive, transaction, asked)
        threading.Event().wait(PAUSE_S)
        if not _told_here(event.assoc, report) and not _told_there(node, caller, report):
            LOG.error("the storage commitment %s of %s could not be reported", transaction, title)

    threading.Thread(target=work, name="commitment", daemon=True).start()
    return SUCCESS, None


def _event(report: Dataset) -> int:
    return SOME_FAILED if "FailedSOPSequence" in report else ALL_KEPT


def _told_here(association: Any, report: Dataset) -> bool:  # noqa: ANN401  (pynetdicom's)
    try:
        return association.is_established and _sent(association, report)
    except (RuntimeError, ValueError, OSError):
        return False


def _told_there(node: Node | None, caller: Caller, report: Dataset) -> bool:
    if node is None:
        return False
    try:
        with caller.call(node, [PUSH_MODEL], as_scp=True) as association:
            return _sent(association, report)
    except Exception as fault:  # noqa: BLE001  (the thread has nobody to raise to)
        LOG.warning("%s cannot be told of a storage commitment: %s", node.title, fault)
        return False


def _sent(association: Any, report: Dataset) -> bool:  # noqa: ANN401  (pynetdicom's)
    status, _ = association.send_n_event_report(
        report, _event(report), UID(PUSH_MODEL), UID(PUSH_MODEL_INSTANCE)
    )
    return bool(status.get("Status") == SUCCESS)
