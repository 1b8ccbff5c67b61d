"""The archive's DICOM listener: verification, storage, query, retrieve (Y-02, Y-09).

It listens on this computer only until a person opens it, and answers only the systems named.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import (
    AE,
    QueryRetrievePresentationContexts,
    StorageCommitmentPresentationContexts,
    VerificationPresentationContexts,
    _config,
    evt,
)

from core.archive.archive import Archive
from core.archive.calls import Caller, send_at_once
from core.archive.commitment import on_action
from core.archive.index import Instance, Outcome
from core.archive.ledger import Ledger
from core.archive.manifest import told_digest
from core.archive.nodes import ListenerSettings
from core.archive.query import (
    CONTENT,
    OUR_BLOCK,
    OUR_CREATOR,
    OUR_VERSION,
    answers,
    instances_asked,
)
from core.archive.store import digest_of
from core.archive.syntaxes import accepted_for, contexts_of, in_syntax
from core.archive.tls import client_context, server_context
from core.dicom.files import Source
from core.errors import RemedyError

LOG = logging.getLogger("eqs.archive")
SUCCESS, PENDING, CANCELLED = 0x0000, 0xFF00, 0xFE00
# PS3.7 annex C and PS3.4 table B.2-1.
DUPLICATE, CANNOT_UNDERSTAND, OUT_OF_RESOURCES = 0x0111, 0xC000, 0xA700
UNABLE_TO_PROCESS, DESTINATION_UNKNOWN, BAD_IDENTIFIER = 0xC001, 0xA801, 0xA900
UNIQUE_KEYS = {
    "STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID",
}  # fmt: skip
REJECTED_PERMANENT, BY_USER, CALLING_UNKNOWN = 0x01, 0x01, 0x03


@dataclass(slots=True)
class Counts:
    """What the listener has done since it was started."""

    stored: int = 0
    refused: int = 0
    rejected: int = 0
    last_sender: str = field(default="")


class Listener:
    """A running listener; `stop` ends it."""

    def __init__(
        self, archive: Archive, settings: ListenerSettings, ledger: Ledger | None = None
    ) -> None:
        self.archive = archive
        self.ledger = ledger if ledger is not None else Ledger(archive)
        self.settings = settings
        self.counts = Counts()
        # Every storage class, private ones of planning systems too (Y-01).
        _config.UNRESTRICTED_STORAGE_SERVICE = True
        self._own = AE(ae_title=settings.ae_title)
        self._own.implementation_version_name = OUR_VERSION
        self._own.maximum_pdu_size = 0
        self._own.maximum_associations = settings.associations
        self._own.network_timeout = self._own.acse_timeout = settings.patience_s
        self._own.dimse_timeout = settings.patience_s
        self._own.supported_contexts = (
            VerificationPresentationContexts
            + QueryRetrievePresentationContexts
            + StorageCommitmentPresentationContexts
        )
        self._server = self._own.start_server(
            (settings.host, settings.port), block=False, evt_handlers=self._handlers(),
            ssl_context=None if settings.tls is None else server_context(settings.tls),
        )  # fmt: skip

    @property
    def port(self) -> int:
        """The port it listens on."""
        bound = self._server.socket if self._server is not None else None
        return int(bound.getsockname()[1]) if bound is not None else 0

    def stop(self) -> None:
        """End all associations and stop listening."""
        self._own.shutdown()

    def _handlers(self) -> list[Any]:
        return [
            (evt.EVT_CONN_OPEN, self._on_opened),
            (evt.EVT_REQUESTED, self._on_requested),
            (evt.EVT_C_ECHO, lambda _: SUCCESS),
            (evt.EVT_C_STORE, self._on_store),
            (evt.EVT_C_FIND, self._on_find),
            (evt.EVT_C_MOVE, self._on_move),
            (evt.EVT_C_GET, self._on_get),
            (evt.EVT_N_ACTION, self._on_action),
        ]

    def _on_opened(self, event: Any) -> None:  # noqa: ANN401  (pynetdicom's event)
        send_at_once(event)
        # A caller who stops in the middle of a message must not hold its thread for ever.
        event.assoc.dul.socket.socket.settimeout(self.settings.patience_s)

    def _on_requested(self, event: Any) -> None:  # noqa: ANN401  (pynetdicom's event)
        nodes = self.settings.nodes
        if not nodes:
            return
        caller = str(event.assoc.requestor.primitive.calling_ae_title).strip()
        address = event.assoc.requestor.address
        if not any(one.ae_title == caller and one.may_call_from(address) for one in nodes):
            self.counts.rejected += 1
            LOG.warning("association of %s from %s refused: not among the nodes", caller, address)
            event.assoc.acse.send_reject(REJECTED_PERMANENT, BY_USER, CALLING_UNKNOWN)
            event.assoc.kill()

    def _on_store(self, event: Any) -> Dataset | int:  # noqa: ANN401  (pynetdicom's event)
        sender = event.assoc.requestor.ae_title
        uid = str(event.request.AffectedSOPInstanceUID)
        try:
            taken = self.archive.take_in([event.encoded_dataset()], uid, sender)
        except OSError as fault:
            LOG.error("an object of %s could not be stored: %s", sender, fault)  # noqa: TRY400  (no trace)
            self.counts.refused += 1
            return _status(OUT_OF_RESOURCES, fault.strerror or "cannot be stored")
        if taken.outcome in (Outcome.NEW, Outcome.SAME):
            self.counts.stored += 1
            self.counts.last_sender = sender
            return SUCCESS
        self.counts.refused += 1
        LOG.warning("an object of %s was not taken: %s", sender, taken.why)
        code = DUPLICATE if taken.outcome is Outcome.QUARANTINED else CANNOT_UNDERSTAND
        return _status(code, taken.why)

    def _on_action(self, event: Any) -> tuple[int, None]:  # noqa: ANN401  (pynetdicom's event)
        caller = Caller(self.settings.ae_title, self.settings.tls)
        return on_action(event, self.archive, self.settings.nodes, caller)

    def _on_find(self, event: Any) -> Iterator[tuple[Any, Dataset | None]]:  # noqa: ANN401
        try:
            for found in answers(self.archive.index, event.identifier):
                if event.is_cancelled:
                    yield CANCELLED, None
                    return
                found.RetrieveAETitle = self.settings.ae_title
                self._tell_digest(event.identifier, found)
                yield PENDING, found
        except RemedyError as problem:
            yield _status(BAD_IDENTIFIER, problem.what), None

    def _tell_digest(self, asked: Dataset, found: Dataset) -> None:
        """Add the digest of the content where another archive of ours asks for it."""
        if CONTENT not in asked:
            return
        level = str(found.QueryRetrieveLevel)
        uid = str(found.get(UNIQUE_KEYS.get(level, ""), ""))
        found.add_new(OUR_BLOCK, "LO", OUR_CREATOR)
        found.add_new(CONTENT, "LT", told_digest(self.ledger, level, uid))

    def _on_move(self, event: Any) -> Iterator[Any]:  # noqa: ANN401  (pynetdicom's event)
        wanted = self._wanted(event)
        node = next(
            (one for one in self.settings.nodes if one.ae_title == event.move_destination), None
        )
        if node is None or not node.port:
            yield None, None  # pynetdicom answers: move destination unknown
            return
        opened: list[Any] = []
        how: dict[str, Any] = {
            "contexts": contexts_of(wanted),
            "evt_handlers": [
                (evt.EVT_CONN_OPEN, send_at_once),
                (evt.EVT_ACCEPTED, lambda accepted: opened.append(accepted.assoc)),
            ],
        }
        if node.tls and self.settings.tls is not None:
            how["tls_args"] = (client_context(self.settings.tls), node.tls_name or node.host)
        yield node.host, node.port, how
        yield from self._sub_operations(event, wanted, opened)

    def _on_get(self, event: Any) -> Iterator[Any]:  # noqa: ANN401  (pynetdicom's event)
        yield from self._sub_operations(event, self._wanted(event), [event.assoc])

    def _wanted(self, event: Any) -> list[Instance]:  # noqa: ANN401  (pynetdicom's event)
        try:
            return instances_asked(self.archive.index, event.identifier)
        except RemedyError as problem:
            LOG.warning("a retrieve request was not understood: %s", problem.what)
            return []

    def _sub_operations(
        self,
        event: Any,  # noqa: ANN401  (pynetdicom's event)
        wanted: list[Instance],
        over: list[Any],
    ) -> Iterator[Any]:
        yield len(wanted)
        for one in wanted:
            if event.is_cancelled:
                yield CANCELLED, None
                return
            yield PENDING, self._sendable(one, over)

    def _sendable(self, one: Instance, over: list[Any]) -> Dataset:
        """Return an object as the other side takes it.

        One whose file is gone or changed counts as a failed sub-operation, never as sent.
        """
        contexts = over[0].accepted_contexts if over else ()
        path = self.archive.path_of(one)
        try:
            if path is None or digest_of(path) != one.digest:
                LOG.error("the file of %s is gone or has changed; it is not sent", one.sop_uid)
                return _gone(one)
            return in_syntax(Source(path), accepted_for(contexts, one.sop_class))
        except (RemedyError, OSError) as problem:
            LOG.warning("%s is not sent: %s", one.sop_uid, problem)
            return _gone(one)


def _gone(one: Instance) -> Dataset:
    lost = Dataset()
    lost.SOPInstanceUID, lost.SOPClassUID = one.sop_uid, one.sop_class
    return lost


def _status(code: int, words: str) -> Dataset:
    answer = Dataset()
    answer.Status = code
    answer.ErrorComment = words[:64]
    return answer
