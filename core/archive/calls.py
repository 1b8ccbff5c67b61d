"""Calling another system: open an association, or say in plain words why there is none (Y-09)."""

import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import SCP_SCU_RoleSelectionNegotiation
from pynetdicom.presentation import PresentationContext, build_context, build_role

from core.archive.line import TAKEN_OVER_BY_CALLER, Line, LineCutError, line_of
from core.archive.nodes import Node, TlsFiles
from core.archive.tls import client_context
from core.errors import ClinicFileError, RemedyError

CONNECT_S = 10.0
ANSWER_S = 60.0
# PS3.8 table 9-21: what a rejection means, and what a person can do about it.
REJECTIONS = {
    (1, 1): ("it gives no reason", "Ask its administrator to look into its log."),
    (1, 2): ("it does not know the application context", "Check that the port is a DICOM port."),
    (1, 3): (
        "it does not know our AE title {ours}",
        "Have {ours} added to its list of known systems, with this computer's address.",
    ),
    (1, 7): (
        "it does not answer to the AE title {theirs}",
        "Correct the AE title of this system in archive.toml; capitals count.",
    ),
    (2, 1): ("it gives no reason", "Ask its administrator to look into its log."),
    (2, 2): ("it does not know our protocol version", "Check that the port is a DICOM port."),
    (3, 1): ("it is busy for the moment", "Try again later."),
    (3, 2): ("too many associations are open there", "Try again later, or send over fewer."),
}


class CallError(RemedyError):
    """Another system could not be reached, or did not accept.

    Attributes:
        is_passing: Whether trying again may help.
        stage: "connection", "security" or "association".

    """

    def __init__(
        self, what: str, *, where: str, remedy: str, stage: str, is_passing: bool = False
    ) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.stage = stage
        self.is_passing = is_passing


@dataclass(frozen=True, slots=True)
class Caller:
    """How we introduce ourselves.

    Attributes:
        ae_title: Our AE title.
        tls: Our certificate; needed for systems that are called by TLS.
        answer_s: How long an answer is waited for.

    """

    ae_title: str = "EQS"
    tls: TlsFiles | None = None
    answer_s: float = ANSWER_S

    @contextmanager
    def call(
        self,
        node: Node,
        wanted: Sequence[str | PresentationContext],
        *,
        roles: Sequence[SCP_SCU_RoleSelectionNegotiation] = (),
        handlers: Sequence[Any] = (),
        as_scp: bool = False,
    ) -> Iterator[Association]:
        """Open an association and release it at the end; abort it when the work fails.

        Args:
            node: Whom to call.
            wanted: SOP classes, or presentation contexts.
            roles: Role selection, for C-GET.
            handlers: pynetdicom's event handlers.
            as_scp: Whether we serve the SOP classes instead of using them.

        Raises:
            CallError: It cannot be reached, or does not accept.

        """
        contexts = [one if isinstance(one, PresentationContext) else build_context(one)
                    for one in wanted]  # fmt: skip
        if as_scp:
            roles = [build_role(str(one.abstract_syntax), scp_role=True) for one in contexts]
        association = self._associated(node, contexts, roles, handlers)
        if not association.is_established:
            raise self._refused(node, association)
        try:
            yield association
        except BaseException:
            association.abort()
            raise
        if association.is_established:
            association.release()

    @contextmanager
    def line(
        self,
        node: Node,
        contexts: Sequence[PresentationContext],
        roles: Sequence[SCP_SCU_RoleSelectionNegotiation] = (),
    ) -> Iterator[Line]:
        """Open an association whose messages are ours alone, for many or large ones.

        It is released at the end, and aborted when the work fails. Arguments as `call`.

        Raises:
            CallError: It cannot be reached, or does not accept.

        """
        established: list[Association] = []

        def note(event: Any) -> None:  # noqa: ANN401  (pynetdicom's event)
            established.append(event.assoc)

        handlers = [TAKEN_OVER_BY_CALLER, (evt.EVT_ESTABLISHED, note)]
        association = self._associated(node, contexts, roles, handlers)
        if not established:
            _close(association)
            raise self._refused(node, association)
        try:
            line = line_of(association, self.answer_s)
        except LineCutError as cut:
            raise self._refused(node, association) from cut
        try:
            yield line
        except BaseException:
            line.abort()
            raise
        line.release()

    def _associated(
        self, node: Node, contexts: Sequence[PresentationContext],
        roles: Sequence[SCP_SCU_RoleSelectionNegotiation], handlers: Sequence[Any],
    ) -> Association:  # fmt: skip
        own = AE(ae_title=self.ae_title)
        own.connection_timeout = CONNECT_S
        own.acse_timeout = own.dimse_timeout = own.network_timeout = self.answer_s
        own.maximum_pdu_size = 0
        return own.associate(
            node.host, node.port, list(contexts), ae_title=node.ae_title,
            ext_neg=list(roles) or None, tls_args=self._tls(node), max_pdu=0,
            evt_handlers=[(evt.EVT_CONN_OPEN, send_at_once), *handlers],
        )  # fmt: skip

    def _tls(self, node: Node) -> tuple[ssl.SSLContext, str] | None:
        if not node.tls:
            return None
        if self.tls is None:
            raise ClinicFileError(
                f"{node.title} is called by TLS and we have no certificate",
                where="archive.toml",
                remedy="Fill in [listener.tls] with certificate, key and authorities.",
            )
        return client_context(self.tls), node.tls_name or node.host

    def _refused(self, node: Node, association: Association) -> CallError:
        answer = association.acceptor.primitive
        if association.is_rejected and answer is not None:
            source, reason = int(answer.result_source or 0), int(answer.diagnostic or 0)
            what, remedy = REJECTIONS.get((source, reason), REJECTIONS[1, 1])
            names = {"ours": self.ae_title, "theirs": node.ae_title}
            return CallError(
                f"{node.title} refuses the association: {what.format(**names)}",
                where=node.place, remedy=remedy.format(**names), stage="association",
                is_passing=source == 3,
            )  # fmt: skip
        if association.rejected_contexts:
            return CallError(
                f"{node.title} accepts the association, but not the service asked for",
                where=node.place,
                remedy="Have the service (storage, query or retrieve) allowed for our AE title "
                "there.",
                stage="association",
            )
        check_line(node)
        if node.tls:
            return self._tls_fault(node)
        return CallError(
            f"{node.title} ends the connection without an answer",
            where=node.place,
            remedy="Check that the port is a DICOM port, whether it wants TLS, "
            "and whether it admits this computer's address.",
            stage="association",
            is_passing=True,
        )

    def _tls_fault(self, node: Node) -> CallError:
        """Shake hands once more, alone, to learn why TLS failed."""
        what = "accepts TLS, but no association"
        context = self._tls(node)
        try:
            with (
                socket.create_connection((node.host, node.port), CONNECT_S) as line,
                context[0].wrap_socket(line, server_hostname=context[1]) as secured,  # type: ignore[index]  # a TLS node has one
            ):
                secured.settimeout(1.0)
                secured.recv(1)  # with TLS 1.3 a refused certificate is told only now
        except TimeoutError:
            pass
        except ssl.SSLCertVerificationError as fault:
            what = f"shows a certificate we do not believe ({fault.verify_message})"
        except (ssl.SSLError, OSError) as fault:
            what = f"refuses TLS ({getattr(fault, 'reason', None) or fault})"
        return CallError(
            f"{node.title} {what}",
            where=node.place,
            remedy="Check that both sides have certificates of an authority the other believes, "
            "and that the name in its certificate is that in archive.toml.",
            stage="security",
        )


def _close(association: Association) -> None:
    """Close the socket of an association that was not accepted: its loop was stopped for us."""
    own = association.dul.socket
    if own is not None and own.socket is not None:
        own.socket.close()


def check_line(node: Node) -> None:
    """Open and close a TCP connection.

    Raises:
        CallError: There is none; says whether the name, the host or the port is at fault.

    """
    try:
        with socket.create_connection((node.host, node.port), CONNECT_S):
            return
    except socket.gaierror as fault:
        what, remedy = "the host name is not known", "Correct the host, or give its address."
        raise _no_line(node, what, remedy, is_passing=False) from fault
    except ConnectionRefusedError as fault:
        what = "the computer answers, but nothing listens on this port"
        remedy = "Start the DICOM service there, or correct the port."
        raise _no_line(node, what, remedy, is_passing=True) from fault
    except OSError as fault:
        what = "the computer does not answer"
        remedy = "Check that it is on, the network, and the firewall on both sides."
        raise _no_line(node, what, remedy, is_passing=True) from fault


def _no_line(node: Node, what: str, remedy: str, *, is_passing: bool) -> CallError:
    return CallError(what, where=node.place, remedy=remedy, stage="connection",
                     is_passing=is_passing)  # fmt: skip


def send_at_once(event: Any) -> None:  # noqa: ANN401  (pynetdicom's event)
    """Turn Nagle's algorithm off: with it every operation waits some 40 ms."""
    event.assoc.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
