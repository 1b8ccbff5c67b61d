"""The archive's DICOM listener: verification, storage, query, retrieve (Y-02, Y-09).

It listens on this computer only until a person opens it, and answers only the systems named.
"""

import logging
import socket
import threading
from contextlib import suppress
from typing import Any

from pynetdicom import (
    AE,
    QueryRetrievePresentationContexts,
    StorageCommitmentPresentationContexts,
    VerificationPresentationContexts,
    _config,
    evt,
)

from core.archive.answering import Answering
from core.archive.archive import Archive
from core.archive.calls import send_at_once
from core.archive.conversation import Counts, Serving
from core.archive.ledger import Ledger
from core.archive.line import TAKEN_OVER_BY_CALLED, Line, LineCutError, line_of
from core.archive.nodes import ListenerSettings
from core.archive.query import OUR_VERSION
from core.archive.tls import server_context

LOG = logging.getLogger("eqs.archive")
JOIN_S = 5.0
REJECTED_PERMANENT, BY_USER, CALLING_UNKNOWN = 0x01, 0x01, 0x03


class Listener:
    """A running listener; `stop` ends it."""

    def __init__(
        self, archive: Archive, settings: ListenerSettings, ledger: Ledger | None = None
    ) -> None:
        self.archive = archive
        self.ledger = ledger if ledger is not None else Ledger(archive)
        self.settings = settings
        self.counts = Counts()
        self._lock = threading.Lock()
        self._lines: set[Line | None] = set()
        self._is_over = False
        self._serving = Serving(archive, self.ledger, settings, self.counts)
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
        # It collects garbage now and then, in its own thread: in the window that frees what
        # belongs to Qt's thread, and the program dies.
        setattr(self._server, "service_actions", _nothing)  # noqa: B010  (mypy knows it as a method)

    @property
    def port(self) -> int:
        """The port it listens on; 0 once it has ended."""
        bound = self._server.socket if self._server is not None else None
        return int(bound.getsockname()[1]) if bound is not None and bound.fileno() >= 0 else 0

    def stop(self) -> None:
        """Stop listening and end all associations; nobody is answered once this returns."""
        with self._lock:
            if self._is_over:
                return
            self._is_over = True
        if self._server is not None:
            # First, so that whoever was accepted until now is an association below.
            self._server.shutdown()
        with self._lock:
            lines = tuple(self._lines)
        for line in lines:
            if line is not None:
                line.hang_up()
        left = self._own.active_associations
        for one in left:
            if one.requestor.primitive is None:
                _hang_up(one)
        for one in left:
            one.join(JOIN_S)

    def _handlers(self) -> list[Any]:
        return [
            (evt.EVT_CONN_OPEN, self._on_opened),
            (evt.EVT_REQUESTED, self._on_requested),
            TAKEN_OVER_BY_CALLED,
            (evt.EVT_ESTABLISHED, self._on_established),
            (evt.EVT_CONN_CLOSE, _on_closed),
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

    def _on_established(self, event: Any) -> None:  # noqa: ANN401  (pynetdicom's event)
        """Answer until the association ends; this runs in its own thread."""
        association = event.assoc
        line: Line | None = None
        try:
            line = line_of(association, self.settings.patience_s)
            with self._lock:
                self._lines.add(line)
                is_over = self._is_over
            if is_over:
                line.hang_up()
            Answering(self._serving, line, association.requestor.ae_title.strip()).serve()
        except LineCutError as cut:
            LOG.info("an association ended before its first message: %s", cut)
        except Exception:
            LOG.exception("the program has a fault in answering an association")
        finally:
            with self._lock:
                self._lines.discard(line)
            association.kill()


def _hang_up(association: Any) -> None:  # noqa: ANN401  (pynetdicom's)
    """End a connection over which no association was asked for: it cannot be aborted."""
    own = association.dul
    own.kill_dul()
    line = own.socket.socket if own.socket is not None else None
    if line is not None:
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)
    if own.ident is not None:
        own.join(JOIN_S)
    own.to_user_queue.put(None)


def _on_closed(event: Any) -> None:  # noqa: ANN401  (pynetdicom's event)
    """Let go of a place whose caller has hung up before asking for an association.

    Its thread would wait for the request until its patience ends, and whoever only looks whether
    the port is open, every second, would soon hold all places.
    """
    if event.assoc.requestor.primitive is None:
        event.assoc.dul.to_user_queue.put(None)


def _nothing() -> None:
    """Leave collecting garbage to whoever runs the listener."""
