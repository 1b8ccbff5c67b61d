"""The archive's DICOM listener: verification, storage, query, retrieve (Y-02, Y-09).

It listens on this computer only until a person opens it, and answers only the systems named.
"""

import logging
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pydicom
from pydicom.dataset import Dataset
from pynetdicom import (
    AE,
    QueryRetrievePresentationContexts,
    VerificationPresentationContexts,
    _config,
    evt,
)
from pynetdicom.presentation import PresentationContext, build_context

from core.archive.archive import Archive
from core.archive.index import Instance, Outcome
from core.archive.query import answers, instances_asked
from core.errors import RemedyError

LOG = logging.getLogger("eqs.archive")
SUCCESS, PENDING, CANCELLED = 0x0000, 0xFF00, 0xFE00
# PS3.7 annex C and PS3.4 table B.2-1.
DUPLICATE, CANNOT_UNDERSTAND, OUT_OF_RESOURCES = 0x0111, 0xC000, 0xA700
UNABLE_TO_PROCESS, DESTINATION_UNKNOWN, BAD_IDENTIFIER = 0xC001, 0xA801, 0xA900
MOST_CONTEXTS = 126  # of the 128 an association may have (PS3.8 9.3.2.2)
REJECTED_PERMANENT, BY_USER, CALLING_UNKNOWN = 0x01, 0x01, 0x03


@dataclass(frozen=True, slots=True)
class Peer:
    """A system that may talk to the archive, and where it listens itself."""

    ae_title: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class ListenerSettings:
    """How the listener is reached.

    Attributes:
        host: 127.0.0.1 admits this computer only.
        port: 0 takes any free one.
        peers: The systems that are answered; none admits every system that reaches `host`.
        associations: How many may be open at once.

    """

    ae_title: str = "EQS"
    host: str = "127.0.0.1"
    port: int = 11112
    peers: tuple[Peer, ...] = ()
    associations: int = 50


@dataclass(slots=True)
class Counts:
    """What the listener has done since it was started."""

    stored: int = 0
    refused: int = 0
    rejected: int = 0
    last_sender: str = field(default="")


class Listener:
    """A running listener; `stop` ends it."""

    def __init__(self, archive: Archive, settings: ListenerSettings) -> None:
        self.archive = archive
        self.settings = settings
        self.counts = Counts()
        # Every storage class, private ones of planning systems too (Y-01).
        _config.UNRESTRICTED_STORAGE_SERVICE = True
        self._own = AE(ae_title=settings.ae_title)
        self._own.maximum_pdu_size = 0
        self._own.maximum_associations = settings.associations
        self._own.supported_contexts = (
            VerificationPresentationContexts + QueryRetrievePresentationContexts
        )
        self._server = self._own.start_server(
            (settings.host, settings.port), block=False, evt_handlers=self._handlers()
        )

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
            (evt.EVT_CONN_OPEN, _send_at_once),
            (evt.EVT_REQUESTED, self._on_requested),
            (evt.EVT_C_ECHO, lambda _: SUCCESS),
            (evt.EVT_C_STORE, self._on_store),
            (evt.EVT_C_FIND, self._on_find),
            (evt.EVT_C_MOVE, self._on_move),
            (evt.EVT_C_GET, self._on_get),
        ]

    def _on_requested(self, event: Any) -> None:  # noqa: ANN401  (pynetdicom's event)
        peers = self.settings.peers
        if not peers:
            return
        caller = str(event.assoc.requestor.primitive.calling_ae_title).strip()
        address = event.assoc.requestor.address
        known = any(peer.ae_title == caller and address in _addresses(peer.host) for peer in peers)
        if not known:
            self.counts.rejected += 1
            LOG.warning("association of %s from %s refused: not among the peers", caller, address)
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

    def _on_find(self, event: Any) -> Iterator[tuple[Any, Dataset | None]]:  # noqa: ANN401
        try:
            for found in answers(self.archive.index, event.identifier):
                if event.is_cancelled:
                    yield CANCELLED, None
                    return
                found.RetrieveAETitle = self.settings.ae_title
                yield PENDING, found
        except RemedyError as problem:
            yield _status(BAD_IDENTIFIER, problem.what), None

    def _on_move(self, event: Any) -> Iterator[Any]:  # noqa: ANN401  (pynetdicom's event)
        wanted = self._wanted(event)
        peer = next(
            (one for one in self.settings.peers if one.ae_title == event.move_destination), None
        )
        if peer is None:
            yield None, None  # pynetdicom answers: move destination unknown
            return
        yield peer.host, peer.port, {"contexts": contexts_of(wanted), "evt_handlers": [
            (evt.EVT_CONN_OPEN, _send_at_once)
        ]}  # fmt: skip
        yield from self._sub_operations(event, wanted)

    def _on_get(self, event: Any) -> Iterator[Any]:  # noqa: ANN401  (pynetdicom's event)
        yield from self._sub_operations(event, self._wanted(event))

    def _wanted(self, event: Any) -> list[Instance]:  # noqa: ANN401  (pynetdicom's event)
        try:
            return instances_asked(self.archive.index, event.identifier)
        except RemedyError as problem:
            LOG.warning("a retrieve request was not understood: %s", problem.what)
            return []

    def _sub_operations(self, event: Any, wanted: list[Instance]) -> Iterator[Any]:  # noqa: ANN401
        yield len(wanted)
        for one in wanted:
            if event.is_cancelled:
                yield CANCELLED, None
                return
            path = self.archive.path_of(one)
            # An object whose file is gone counts as a failed sub-operation, never as sent.
            yield PENDING, _gone(one) if path is None else pydicom.dcmread(path, force=True)


def contexts_of(wanted: list[Instance]) -> list[PresentationContext]:
    """Return the presentation contexts needed to send some objects as they are stored."""
    pairs = dict.fromkeys((one.sop_class, one.transfer_syntax) for one in wanted)
    return [build_context(*pair) for pair in pairs][:MOST_CONTEXTS]


def _gone(one: Instance) -> Dataset:
    lost = Dataset()
    lost.SOPInstanceUID, lost.SOPClassUID = one.sop_uid, one.sop_class
    return lost


def _status(code: int, words: str) -> Dataset:
    answer = Dataset()
    answer.Status = code
    answer.ErrorComment = words[:64]
    return answer


def _send_at_once(event: Any) -> None:  # noqa: ANN401  (pynetdicom's event)
    """Turn Nagle's algorithm off: with it every operation waits some 40 ms."""
    event.assoc.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _addresses(host: str) -> set[str]:
    try:
        return {str(found[4][0]) for found in socket.getaddrinfo(host, None)} | {host}
    except OSError:
        return {host}
