"""One association of the listener: what comes, in its order, and what goes back."""

from collections import deque
from dataclasses import dataclass, field

from pydicom.dataset import Dataset

from core.archive.archive import Archive
from core.archive.calls import Caller
from core.archive.command_set import C_CANCEL, C_STORE, Command, Value, number, response, text
from core.archive.ledger import Ledger
from core.archive.line import Line, LineCutError, Message, Sink, bytes_of
from core.archive.meta_header import meta_header
from core.archive.nodes import ListenerSettings
from core.archive.store import Coming

SUCCESS, PENDING, CANCELLED = 0x0000, 0xFF00, 0xFE00


@dataclass(slots=True)
class Counts:
    """What the listener has done since it was started."""

    stored: int = 0
    refused: int = 0
    rejected: int = 0
    last_sender: str = field(default="")


@dataclass(frozen=True, slots=True)
class Serving:
    """What all associations of a listener share."""

    archive: Archive
    ledger: Ledger
    settings: ListenerSettings
    counts: Counts

    @property
    def caller(self) -> Caller:
        """How we call others."""
        return Caller(self.settings.ae_title, self.settings.tls)


class Conversation:
    """Messages of one association.

    Attributes:
        line: It.
        sender: AE title of who called.

    """

    def __init__(self, serving: Serving, line: Line, sender: str) -> None:
        self.serving, self.line, self.sender = serving, line, sender
        self._coming: Coming | None = None
        self._early: deque[Message] = deque()

    def next(self) -> Message | None:
        """Return the next request; None when the association was released.

        Raises:
            LineCutError: It ended otherwise.

        """
        return self._early.popleft() if self._early else self.line.receive(self._sink)

    def close(self) -> None:
        """End the association; of an object that was cut off nothing is left."""
        if self._coming is not None:
            self._coming.abandon()
        self.line.close()

    def _sink(self, context: int, command: Command) -> Sink | None:
        """Return what takes an object that is to be stored: nothing is kept in memory."""
        if number(command, "CommandField") != C_STORE:
            return None
        self._coming = self.serving.archive.store.coming()
        syntax = str(self.line.contexts[context].transfer_syntax[0])
        sop_class = text(command, "AffectedSOPClassUID")
        sop_uid = text(command, "AffectedSOPInstanceUID")
        self._coming.write(meta_header(sop_class, sop_uid, syntax))
        return self._coming

    def come(self, message: Message) -> Coming | None:
        """Return the object that came with a request to store; None when none did."""
        coming, self._coming = self._coming, None
        return coming if message.data is coming else None

    def answer(
        self, message: Message, status: int, comment: str = "",
        data: Dataset | None = None, more: dict[str, Value] | None = None,
    ) -> None:  # fmt: skip
        """Answer a request."""
        told = response(message.command, status, comment, data=data is not None)
        raw = None if data is None else bytes_of(data, self.line.contexts[message.context])
        self.line.send(message.context, {**told, **(more or {})}, raw)

    def is_cancelled(self, message: Message) -> bool:
        """Return whether this request was cancelled; what else came waits for its turn."""
        while self.line.has_input():
            if self.is_cancel(self.heard(), message):
                return True
        return False

    def heard(self) -> Message:
        """Return what comes in the middle of an answer.

        Raises:
            LineCutError: The association has ended, or an object came, which waits for nothing.

        """
        came = self.line.receive(self._sink)
        if came is None:
            raise LineCutError("released in the middle of an answer")
        if self._coming is not None:
            self.line.abort()
            raise LineCutError("an object came in the middle of an answer")
        return came

    def is_cancel(self, came: Message, message: Message) -> bool:
        """Return whether a message cancels this request; if not, it waits for its turn."""
        if number(came.command, "CommandField") == C_CANCEL:
            whose = number(came.command, "MessageIDBeingRespondedTo", -1)
            return whose == number(message.command, "MessageID")
        self._early.append(came)
        return False
