"""Asking another system to answer for objects: Storage Commitment as a user (PS3.4 annex J)."""

import threading
from collections.abc import Sequence
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import UID, generate_uid
from pynetdicom import AE, evt
from pynetdicom.presentation import build_context

from core.archive.calls import Caller, send_at_once
from core.archive.client_store import status_words
from core.archive.commitment import PUSH_MODEL, PUSH_MODEL_INSTANCE, Asked, asked_of
from core.archive.nodes import Node
from core.archive.tls import server_context
from core.archive.transfer import Fate, Result

SUCCESS, UNKNOWN_TRANSACTION = 0x0000, 0x0110
REASONS = {
    0x0110: "it cannot tell", 0x0112: "it does not have the object",
    0x0119: "it has the object under another class", 0x0122: "it does not keep this class",
    0x0131: "it was asked twice at once", 0x0213: "it has no resources to keep it",
}  # fmt: skip


def commit(
    caller: Caller,
    node: Node,
    asked: Sequence[Asked],
    *,
    answer_at: tuple[str, int] | None = None,
    wait_s: float = 30.0,
) -> list[Result]:
    """Ask a system to answer for some objects; return one result for each.

    The report may come on the same association or by a call of the other side: then it must know
    where we listen.

    Args:
        caller: Who we are.
        node: Whom to ask.
        asked: Objects.
        answer_at: Address and port to listen at while waiting; None waits on the association.
        wait_s: How long.

    Raises:
        CallError: It cannot be reached, or knows no storage commitment.

    """
    waiting = _Waiting(str(generate_uid()))
    handlers = [(evt.EVT_N_EVENT_REPORT, waiting.on_report), (evt.EVT_CONN_OPEN, send_at_once)]
    server = _listen(caller, answer_at, handlers) if answer_at is not None else None
    try:
        with caller.call(node, [PUSH_MODEL], handlers=handlers[:1]) as association:
            status, _ = association.send_n_action(
                _action(waiting.transaction, asked), 1, UID(PUSH_MODEL), UID(PUSH_MODEL_INSTANCE)
            )
            if status.get("Status") != SUCCESS:
                why = f"it does not answer for objects: {status_words(status)}"
                return [Result(one.sop_uid, Fate.FAILED, why) for one in asked]
            waiting.came.wait(wait_s)
    finally:
        if server is not None:
            server.shutdown()
    return waiting.results(asked)


def _action(transaction: str, asked: Sequence[Asked]) -> Dataset:
    told = Dataset()
    told.TransactionUID = transaction
    told.ReferencedSOPSequence = []
    for one in asked:
        row = Dataset()
        row.ReferencedSOPClassUID, row.ReferencedSOPInstanceUID = one.sop_class, one.sop_uid
        told.ReferencedSOPSequence.append(row)
    return told


def _listen(caller: Caller, place: tuple[str, int], handlers: list[Any]) -> Any:  # noqa: ANN401
    own = AE(ae_title=caller.ae_title)
    context = build_context(PUSH_MODEL)
    own.supported_contexts = [context]
    own.supported_contexts[0].scu_role, own.supported_contexts[0].scp_role = True, True
    secured = None if caller.tls is None else server_context(caller.tls)
    return own.start_server(place, block=False, evt_handlers=handlers, ssl_context=secured)


class _Waiting:
    """The report that is waited for."""

    def __init__(self, transaction: str) -> None:
        self.transaction = transaction
        self.came = threading.Event()
        self.kept: set[str] = set()
        self.failed: dict[str, str] = {}

    def on_report(self, event: Any) -> tuple[int, None]:  # noqa: ANN401  (pynetdicom's event)
        told = event.event_information
        if str(told.get("TransactionUID")) != self.transaction:
            return UNKNOWN_TRANSACTION, None
        self.kept = {one.sop_uid for one in asked_of(told)}
        self.failed = {
            str(one.get("ReferencedSOPInstanceUID")): REASONS.get(
                int(one.get("FailureReason") or 0), "it does not answer for the object"
            )
            for one in told.get("FailedSOPSequence") or ()
        }
        self.came.set()
        return SUCCESS, None

    def results(self, asked: Sequence[Asked]) -> list[Result]:
        if not self.came.is_set():
            why = "no report came; does the other side know where we listen?"
            return [Result(one.sop_uid, Fate.FAILED, why) for one in asked]
        return [
            Result(one.sop_uid, Fate.DONE)
            if one.sop_uid in self.kept and one.sop_uid not in self.failed
            else Result(
                one.sop_uid, Fate.FAILED, self.failed.get(one.sop_uid, "the report omits it")
            )
            for one in asked
        ]
