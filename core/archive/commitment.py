"""Storage Commitment: telling a sender which of its objects the archive keeps (PS3.4 annex J)."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import UID

from core.archive.archive import Archive
from core.archive.calls import Caller
from core.archive.command_set import N_EVENT_REPORT, SOME_DATA, Command, number
from core.archive.conversation import Conversation, Serving
from core.archive.line import Line, LineCutError, Message, bytes_of, data_of
from core.archive.nodes import Node
from core.archive.store import digest_of
from core.errors import UnreadableFileError

PUSH_MODEL, PUSH_MODEL_INSTANCE = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"
LOG = logging.getLogger("eqs.archive")
SUCCESS, PROCESSING_FAILURE, MISSING_ATTRIBUTE = 0x0000, 0x0110, 0x0120
# Failure reasons of PS3.3 C.14.1.1.
NO_SUCH_OBJECT, CLASS_CONFLICT = 0x0112, 0x0119
ALL_KEPT, SOME_FAILED = 1, 2
# How long the other side may stay silent before a report is told: it may want something else.
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


@dataclass(slots=True)
class _Report:
    """One report that is owed.

    Attributes:
        context: Presentation context of the request.
        data: The event information; None while it is found out.

    """

    context: int
    data: Dataset | None = None


class Reports:
    """Reports owed to one association: told on it while it lasts, else by a call."""

    def __init__(self, serving: Serving, sender: str) -> None:
        self._serving, self._sender = serving, sender
        self._owed: list[_Report] = []
        self._told: dict[int, _Report] = {}
        self._next_id = 0

    def asked(self, talk: Conversation, message: Message) -> None:
        """Accept a request, and begin to look."""
        try:
            told = data_of(message, talk.line.contexts[message.context])
        except UnreadableFileError as problem:
            talk.answer(message, PROCESSING_FAILURE, problem.what)
            return
        transaction = str(told.get("TransactionUID") or "")
        asked = asked_of(told)
        if number(message.command, "ActionTypeID") != 1 or not transaction or not asked:
            talk.answer(message, MISSING_ATTRIBUTE)
            return
        talk.answer(message, SUCCESS)
        owed = _Report(message.context)
        self._owed.append(owed)

        def look() -> None:
            owed.data = report_on(self._serving.archive, transaction, asked)

        _in_thread(look)

    def tell_here(self, line: Line) -> None:
        """Wait until the other side says something, and tell meanwhile what was found out."""
        while self._owed and not line.has_input(PAUSE_S):
            for owed in [one for one in self._owed if one.data is not None]:
                self._owed.remove(owed)
                self._next_id += 1
                if _told_here(line, self._next_id, owed):
                    self._told[self._next_id] = owed
                else:
                    self._tell_there([owed])

    def answered(self, message: Message) -> None:
        """Take the answer to a report; one that was not accepted is told by a call."""
        owed = self._told.pop(number(message.command, "MessageIDBeingRespondedTo"), None)
        if owed is not None and number(message.command, "Status", -1) != SUCCESS:
            self._tell_there([owed])

    def tell_elsewhere(self) -> None:
        """Tell by a call what could not be told before the association ended."""
        left = [*self._owed, *self._told.values()]
        self._owed, self._told = [], {}
        if left:
            self._tell_there(left)

    def _tell_there(self, left: Sequence[_Report]) -> None:
        nodes = self._serving.settings.nodes
        node = next((one for one in nodes if one.ae_title == self._sender and one.port), None)

        def work() -> None:
            for owed in left:
                while owed.data is None:
                    threading.Event().wait(PAUSE_S)
                if not _told_there(node, self._serving.caller, owed.data):
                    LOG.error("a storage commitment of %s could not be reported", self._sender)

        _in_thread(work)


def _in_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="commitment", daemon=True).start()


def _event(report: Dataset) -> int:
    return SOME_FAILED if "FailedSOPSequence" in report else ALL_KEPT


def _told_here(line: Line, id: int, owed: _Report) -> bool:
    if owed.data is None:
        return False
    command: Command = {
        "CommandField": N_EVENT_REPORT, "MessageID": id, "CommandDataSetType": SOME_DATA,
        "AffectedSOPClassUID": PUSH_MODEL, "AffectedSOPInstanceUID": PUSH_MODEL_INSTANCE,
        "EventTypeID": _event(owed.data),
    }  # fmt: skip
    try:
        line.send(owed.context, command, bytes_of(owed.data, line.contexts[owed.context]))
    except (LineCutError, ValueError):
        return False
    return True


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
