"""One association of a C-GET: objects are made durable while the next ones come (Y-07, Y-09)."""

import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from pydicom.dataset import Dataset

from core.archive.archive import TakenIn
from core.archive.asking import Answer
from core.archive.command_set import (
    C_CANCEL,
    C_GET,
    C_STORE,
    NO_DATA,
    RESPONSE,
    SOME_DATA,
    Command,
    number,
    response,
    text,
)
from core.archive.line import Line, LineCutError, Message, Sink, bytes_of
from core.archive.meta_header import meta_header
from core.archive.transfer import Effort

STUDY_GET = "1.2.840.10008.5.1.4.1.2.2.3"
SUCCESS, NO_RESOURCES, PENDING = 0x0000, 0xA700, 0xFF00
# What may wait for the disk; then the other side waits. So many files are open at once.
MOST_WAITING_BYTES, MOST_AT_ONCE = 1 << 27, 32
# One writes while the disk makes durable what the other has written.
WRITERS = 2

# Takes the bytes of some objects, with meta header, and the sender; for each what became of it.
Taker = Callable[[Sequence[bytes], str], Sequence[TakenIn | OSError]]


class Keeping:
    """Takes objects in, in threads of its own; on leaving, all have been dealt with."""

    def __init__(
        self, take: Taker, sender: str, note: Callable[[str, TakenIn | OSError], None]
    ) -> None:
        """Begin.

        Args:
            take: Takes objects.
            sender: Who sends.
            note: Told what became of each object, by its UID.

        """
        self._take, self._sender, self._note = take, sender, note
        self._waiting: list[tuple[str, bytes]] = []
        self._bytes, self._is_over = 0, False
        self._change = threading.Condition()
        self._threads = [threading.Thread(target=self._work, name="keeping", daemon=True)
                         for _ in range(WRITERS)]  # fmt: skip
        self.fault: BaseException | None = None

    def __enter__(self) -> Self:
        for one in self._threads:
            one.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        with self._change:
            self._is_over = True
            self._change.notify_all()
        for one in self._threads:
            one.join()
        if fault is None and self.fault is not None and not isinstance(self.fault, OSError):
            raise self.fault

    def keep(self, uid: str, data: bytes) -> bool:
        """Line an object up; return whether it can be hoped that it will be kept."""
        with self._change:
            self._change.wait_for(lambda: self._bytes < MOST_WAITING_BYTES)
            self._waiting.append((uid, data))
            self._bytes += len(data)
            self._change.notify_all()
        return self.fault is None

    def _work(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._waiting or self._is_over)
                # What has come meanwhile is made durable together.
                batch = self._waiting[:MOST_AT_ONCE]
                del self._waiting[:MOST_AT_ONCE]
                self._bytes -= sum(len(data) for _, data in batch)
                self._change.notify_all()
            if not batch:
                return
            try:
                self._keep([uid for uid, _ in batch], [data for _, data in batch])
            except BaseException as fault:  # noqa: BLE001  (raised again in the caller's thread)
                self.fault = fault

    def _keep(self, uids: Sequence[str], objects: Sequence[bytes]) -> None:
        for uid, taken in zip(uids, self._take(objects, self._sender), strict=True):
            if isinstance(taken, OSError):
                self.fault = taken
            self._note(uid, taken)


class _Whole(bytearray):
    """An object in memory, with its meta header."""

    def write(self, piece: memoryview, /) -> None:
        self += piece


class Getting:
    """Requests over one association."""

    def __init__(self, line: Line, keeping: Keeping, how: Effort) -> None:
        self.line, self.keeping, self.how = line, keeping, how
        self._number = 0
        self._context = next(
            (number for number, one in line.contexts.items() if one.abstract_syntax == STUDY_GET),
            None,
        )

    def ask(self, identifier: Dataset) -> Dataset:
        """Ask for objects, and take what comes; return the last status.

        Raises:
            LineCutError: The association ended before the answer.

        """
        if self._context is None:
            refused = Dataset()
            refused.Status = 0x0122
            return refused
        self._number += 1
        request: Command = {
            "CommandField": C_GET, "MessageID": self._number, "Priority": 0,
            "CommandDataSetType": SOME_DATA, "AffectedSOPClassUID": STUDY_GET,
        }  # fmt: skip
        context = self.line.contexts[self._context]
        self.line.send(self._context, request, bytes_of(identifier, context))
        is_cancelled = False
        while True:
            if self.how.stop.is_set() and not is_cancelled:
                is_cancelled = True
                self._cancel()
            came = self.line.receive(self._sink)
            if came is None:
                raise LineCutError("released before the answer")
            field = number(came.command, "CommandField")
            if field == C_STORE:
                self._taken(came)
            elif field == C_GET | RESPONSE and number(came.command, "Status") != PENDING:
                return Answer(came.command).as_dataset

    def _cancel(self) -> None:
        command: Command = {
            "CommandField": C_CANCEL, "MessageIDBeingRespondedTo": self._number,
            "CommandDataSetType": NO_DATA,
        }  # fmt: skip
        if self._context is not None:
            self.line.send(self._context, command)

    def _sink(self, context: int, command: Command) -> Sink | None:
        if number(command, "CommandField") != C_STORE:
            return None
        return _Whole(
            meta_header(
                text(command, "AffectedSOPClassUID"), text(command, "AffectedSOPInstanceUID"),
                str(self.line.contexts[context].transfer_syntax[0]),
            )
        )  # fmt: skip

    def _taken(self, came: Message) -> None:
        """Hand an object on; whether it is kept is told to us, who asked, not to the sender."""
        uid = text(came.command, "AffectedSOPInstanceUID")
        is_hopeful = isinstance(came.data, _Whole) and self.keeping.keep(uid, bytes(came.data))
        status = SUCCESS if is_hopeful else NO_RESOURCES
        self.line.send(came.context, response(came.command, status))
