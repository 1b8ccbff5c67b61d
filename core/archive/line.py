"""The data phase of an association on its socket: whole messages, few copies, no polling.

pynetdicom negotiates; from then on the socket is ours. Its own loop sleeps between messages and
copies each of them several times: 200 slices took it seconds.
"""

import io
import logging
import select
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from struct import Struct
from typing import Any, Protocol

from pydicom.dataset import Dataset
from pynetdicom import dsutils, evt
from pynetdicom.pdu import A_ASSOCIATE_AC
from pynetdicom.presentation import PresentationContext

from core.archive.command_set import NO_DATA, Command, decoded, encoded, number
from core.errors import UnreadableFileError

LOG = logging.getLogger("eqs.archive")
# PS3.8 9.3.1: type, reserved, length; 9.3.5.1: length, context, control header.
_PDU, _ITEM = Struct(">BxL"), Struct(">LBB")
P_DATA, RELEASE_RQ, RELEASE_RP, ABORT = 0x04, 0x05, 0x06, 0x07
COMMAND_BIT, LAST_BIT = 0x01, 0x02
# Reasons of an abort by the provider (PS3.8 table 9-26).
UNEXPECTED_PDU, INVALID_PARAMETER = 0x02, 0x06
BUFFER_BYTES = 1 << 18
# Where the other side sets no limit; what is larger than most is written in pieces.
USUAL_PDU, PIECE_BYTES = 1 << 17, 1 << 22
MOST_COMMAND, MOST_IDENTIFIER = 1 << 16, 1 << 26


class LineCutError(Exception):
    """The association has ended otherwise than by a release."""


class Sink(Protocol):
    """What takes the data set of a message as it comes."""

    def write(self, piece: memoryview, /) -> object:
        """Take some bytes; they change once this returns."""
        ...


SinkFor = Callable[[int, Command], Sink | None]


@dataclass(frozen=True, slots=True)
class Message:
    """One DIMSE message.

    Attributes:
        context: Presentation context it came in.
        command: Its command set.
        data: What took its data set; None when it has none.

    """

    context: int
    command: Command
    data: Any

    @property
    def raw(self) -> bytes:
        """The data set, where it was kept in memory."""
        return self.data.getvalue() if isinstance(self.data, io.BytesIO) else b""


class _Bounded(io.BytesIO):
    """A data set in memory, not larger than an identifier may be."""

    def write(self, piece: Any, /) -> int:  # noqa: ANN401  (a buffer)
        if self.tell() + len(piece) > MOST_IDENTIFIER:
            raise LineCutError("an identifier of more than 64 MB")
        return super().write(piece)


class Line:
    """Messages over an association that is established.

    Attributes:
        contexts: Presentation contexts that were accepted, by number.
        told_version: ImplementationVersionName of the other side; "" when it told none.

    """

    def __init__(
        self, line: socket.socket, contexts: Mapping[int, PresentationContext], most: int
    ) -> None:
        """Take over a socket.

        Args:
            line: It; its timeout is how long silence is borne.
            contexts: Those that were accepted, by their number.
            most: Largest PDU the other side takes; 0 leaves it to us.

        """
        self.contexts = contexts
        self.told_version = ""
        self._socket = line
        self._pdu = max((most or USUAL_PDU) - _ITEM.size, 8) & ~1
        self._buffer = memoryview(bytearray(BUFFER_BYTES))
        self._start = self._end = 0
        self._left = 0
        self._ended = False

    # Reading.

    def has_input(self, seconds: float = 0.0) -> bool:
        """Return whether the other side has said something, or ended the line."""
        if self._start < self._end or self._left:
            return True
        if isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            return True
        try:
            return bool(select.select([self._socket], [], [], seconds)[0])
        except (OSError, ValueError) as fault:
            raise LineCutError(str(fault)) from fault

    def receive(self, sink_for: SinkFor | None = None) -> Message | None:
        """Return the next message; None when the other side has released the association.

        Args:
            sink_for: Gives what takes the data set of a message, by context and command; without
                it, or where it gives None, they are kept in memory.

        Raises:
            LineCutError: It was aborted, cut, or nothing sensible came.

        """
        told = bytearray()
        command: Command | None = None
        sink: Any = None
        while True:
            if not self._left and not self._next_pdu():
                return None
            size, context, is_last = self._item(command is None)
            for piece in self._pieces(size):
                if command is None:
                    told += piece
                else:
                    sink.write(piece)
            if len(told) > MOST_COMMAND:
                raise self._senseless("a command of more than 64 kB")
            if not is_last:
                continue
            if command is not None:
                return Message(context, command, sink)
            command = self._command(told)
            if number(command, "CommandDataSetType") == NO_DATA:
                return Message(context, command, None)
            sink = (sink_for(context, command) if sink_for else None) or _Bounded()

    def _item(self, is_command: bool) -> tuple[int, int, bool]:
        """Return size and context of the next value, and whether it is the last of its kind."""
        size, context, control = _ITEM.unpack(self._exactly(_ITEM.size))
        self._left -= size + 4
        if size < 2 or self._left < 0 or context not in self.contexts:
            raise self._senseless("a value that does not fit its PDU, or its context")
        if bool(control & COMMAND_BIT) is not is_command:
            raise self._senseless("command and data out of their order")
        return size - 2, context, bool(control & LAST_BIT)

    def _command(self, told: bytearray) -> Command:
        try:
            return decoded(bytes(told))
        except UnreadableFileError as problem:
            raise self._senseless(problem.what) from problem

    def _next_pdu(self) -> bool:
        """Go to the next PDU with data; return False when the association was released."""
        kind, length = _PDU.unpack(self._exactly(_PDU.size))
        if kind == P_DATA:
            if length < _ITEM.size:
                raise self._senseless("an empty PDU")
            self._left = length
            return True
        if kind == ABORT:
            self._ended = True
            self.close()
            raise LineCutError("aborted by the other side")
        if kind != RELEASE_RQ or length != 4:
            raise self._senseless(f"a PDU of kind {kind:02X}", UNEXPECTED_PDU)
        self._exactly(4)
        self._ended = True
        with suppress(LineCutError):
            self._write(_PDU.pack(RELEASE_RP, 4) + bytes(4))
        return False

    def _exactly(self, count: int) -> bytes:
        while self._end - self._start < count:
            self._fill()
        start = self._start
        self._start += count
        return bytes(self._buffer[start : self._start])

    def _pieces(self, count: int) -> Iterator[memoryview]:
        while count:
            if self._start == self._end:
                self._fill()
            size = min(count, self._end - self._start)
            yield self._buffer[self._start : self._start + size]
            self._start += size
            count -= size

    def _fill(self) -> None:
        held = self._end - self._start
        self._buffer[:held] = bytes(self._buffer[self._start : self._end])
        self._start, self._end = 0, held
        try:
            count = self._socket.recv_into(self._buffer[held:])
        except TimeoutError as fault:
            self.abort()
            raise LineCutError("nothing came for too long") from fault
        except (OSError, ValueError) as fault:
            raise LineCutError(str(fault)) from fault
        if not count:
            raise LineCutError("the connection was cut")
        self._end += count

    def _senseless(self, why: str, reason: int = INVALID_PARAMETER) -> LineCutError:
        self.abort(reason)
        return LineCutError(f"what came is not DICOM: {why}")

    # Writing.

    def send(self, context: int, command: Command, data: bytes | memoryview | None = None) -> None:
        """Send one message.

        Raises:
            LineCutError: The association has ended.

        """
        parts = [*self._items(context, COMMAND_BIT, memoryview(encoded(command)))]
        size = 0
        for part in self._items(context, 0, memoryview(data)) if data is not None else ():
            parts.append(part)
            size += len(part)
            if size > PIECE_BYTES:
                self._write(b"".join(parts))
                parts, size = [], 0
        self._write(b"".join(parts))

    def _items(self, context: int, kind: int, data: memoryview) -> Iterator[bytes | memoryview]:
        """Yield the PDUs of a command or data set, each of one value."""
        for start in range(0, len(data), self._pdu) if data else (0,):
            piece = data[start : start + self._pdu]
            last = LAST_BIT if start + self._pdu >= len(data) else 0
            yield _PDU.pack(P_DATA, len(piece) + 6) + _ITEM.pack(
                len(piece) + 2, context, kind | last
            )
            yield piece

    def _write(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except (OSError, ValueError) as fault:
            raise LineCutError(str(fault) or "the connection was cut") from fault

    # Ending.

    def release(self) -> None:
        """Release the association; what the other side still says is not heard."""
        if not self._ended:
            with suppress(LineCutError):
                self._write(_PDU.pack(RELEASE_RQ, 4) + bytes(4))
                kind, length = _PDU.unpack(self._exactly(_PDU.size))
                while kind not in (RELEASE_RP, RELEASE_RQ, ABORT):
                    for _ in self._pieces(length):
                        pass
                    kind, length = _PDU.unpack(self._exactly(_PDU.size))
        self.close()

    def abort(self, reason: int = 0) -> None:
        """End the association at once; a reason other than 0 blames what the other side sent."""
        if not self._ended:
            with suppress(LineCutError):
                source = 2 if reason else 0
                self._write(_PDU.pack(ABORT, 4) + bytes((0, 0, source, reason)))
        self.close()

    def hang_up(self) -> None:
        """Cut the line from another thread: whoever reads or writes there is told so."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the socket."""
        self._ended = True
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        with suppress(OSError):
            self._socket.close()


# Taking over from pynetdicom.


def leave_it_to_us(event: Any) -> None:  # noqa: ANN401  (pynetdicom's event)
    """Stop pynetdicom's loop once the association is accepted: nothing after that is its to read.

    A handler of EVT_PDU_RECV for who calls and of EVT_PDU_SENT for who is called; both run in
    the loop's own thread, which looks whether it shall end before it reads again.
    """
    if isinstance(event.pdu, A_ASSOCIATE_AC):
        event.assoc.dul.kill_dul()


TAKEN_OVER_BY_CALLER = (evt.EVT_PDU_RECV, leave_it_to_us)
TAKEN_OVER_BY_CALLED = (evt.EVT_PDU_SENT, leave_it_to_us)


def line_of(association: Any, patience_s: float) -> Line:  # noqa: ANN401  (pynetdicom's)
    """Return the line of an established association whose loop was stopped.

    Args:
        association: It.
        patience_s: How long silence is borne.

    Raises:
        LineCutError: It was cut in the meantime.

    """
    association.dul.join()
    own = association.dul.socket.socket
    if own is None:
        raise LineCutError("the connection was cut")
    own.settimeout(patience_s)
    other = association.acceptor if association.is_requestor else association.requestor
    contexts = {int(one.context_id or 0): one for one in association.accepted_contexts}
    line = Line(own, contexts, int(other.maximum_length or 0))
    line.told_version = str(other.implementation_version_name or "").strip()
    return line


def data_of(message: Message, context: PresentationContext) -> Dataset:
    """Return the data set of a message that was kept in memory.

    Raises:
        UnreadableFileError: It is damaged.

    """
    syntax = context.transfer_syntax[0]
    try:
        return dsutils.decode(
            io.BytesIO(message.raw), syntax.is_implicit_VR, syntax.is_little_endian,
            syntax.is_deflated,
        )  # fmt: skip
    except Exception as fault:  # pydicom raises what the broken bytes provoke
        raise UnreadableFileError(
            f"the data set cannot be read ({fault})",
            where="association",
            remedy="Look into the log of the other side.",
        ) from fault


def bytes_of(data: Dataset, context: PresentationContext) -> bytes:
    """Return a data set as it goes over a context.

    Raises:
        ValueError: It cannot be written.

    """
    syntax = context.transfer_syntax[0]
    made = dsutils.encode(data, syntax.is_implicit_VR, syntax.is_little_endian, syntax.is_deflated)
    if made is None:
        raise ValueError("the data set cannot be written as DICOM wants it")
    return made
