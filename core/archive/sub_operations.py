"""Handing objects out: C-GET over the line of the request, C-MOVE over one to another system."""

import logging
import time
from collections.abc import Sequence

from pydicom.dataset import Dataset

from core.archive.calls import CallError
from core.archive.command_set import C_STORE, RESPONSE, Value, number, text
from core.archive.conversation import CANCELLED, PENDING, SUCCESS, Conversation
from core.archive.index import Instance
from core.archive.line import Line, LineCutError, Message, data_of
from core.archive.query import instances_asked
from core.archive.store import bytes_as_received
from core.archive.storing import send_object
from core.archive.syntaxes import contexts_of
from core.dicom.files import Source
from core.errors import RemedyError

LOG = logging.getLogger("eqs.archive")
# PS3.4 tables C.4-2 and C.4-3.
DESTINATION_UNKNOWN, NONE_WAS_SENT, SOME_FAILED = 0xA801, 0xA702, 0xB000
# How often the one who asked is told how far it is.
TELL_EVERY_S = 0.25
MOST_ID = 0xFFFF


def get(talk: Conversation, message: Message) -> None:
    """Answer a C-GET."""
    _Sub(talk, message, talk.line, {}).run(_wanted(talk, message))


def move(talk: Conversation, message: Message) -> None:
    """Answer a C-MOVE: only systems that are named in the settings are sent anything."""
    title = text(message.command, "MoveDestination")
    nodes = talk.serving.settings.nodes
    node = next((one for one in nodes if one.ae_title == title and one.port), None)
    if node is None:
        talk.answer(message, DESTINATION_UNKNOWN, "the destination is not among the nodes")
        return
    wanted = _wanted(talk, message)
    if not wanted:
        _Sub(talk, message, talk.line, {}).run(wanted)
        return
    origin: dict[str, Value] = {
        "MoveOriginatorApplicationEntityTitle": talk.sender,
        "MoveOriginatorMessageID": number(message.command, "MessageID"),
    }
    try:
        with talk.serving.caller.line(node, contexts_of(wanted)) as over:
            _Sub(talk, message, over, origin).run(wanted)
    except CallError as problem:
        LOG.warning("a move to %s: %s", node.title, problem)
        talk.answer(message, DESTINATION_UNKNOWN, problem.what)


def _wanted(talk: Conversation, message: Message) -> list[Instance]:
    try:
        asked = data_of(message, talk.line.contexts[message.context])
        return instances_asked(talk.serving.archive.index, asked)
    except RemedyError as problem:
        LOG.warning("a retrieve request was not understood: %s", problem.what)
        return []


class _Sub:
    """The sub-operations of one request."""

    def __init__(
        self, talk: Conversation, message: Message, over: Line, more: dict[str, Value]
    ) -> None:
        self.talk, self.message, self.over, self.more = talk, message, over, more
        self.done: list[str] = []
        self.failed: list[str] = []
        self.cancelled = False
        self.why_cut = ""

    def run(self, wanted: Sequence[Instance]) -> None:
        """Send the objects, each accounted for, and answer the request."""
        told = time.monotonic()
        for count, one in enumerate(wanted, start=1):
            (self.done if self._is_sent(one, count) else self.failed).append(one.sop_uid)
            self.cancelled = self.cancelled or self.talk.is_cancelled(self.message)
            if self.cancelled:
                break
            if time.monotonic() - told > TELL_EVERY_S:
                told = time.monotonic()
                left = len(wanted) - count
                self.talk.answer(self.message, PENDING, more=self._numbers() | _left(left))
        left = len(wanted) - len(self.done) - len(self.failed)
        self._end(left)

    def _end(self, left: int) -> None:
        data = None
        if self.failed:
            data = Dataset()
            data.FailedSOPInstanceUIDList = self.failed
        status = SUCCESS
        if self.cancelled:
            status = CANCELLED
        elif self.failed:
            status = SOME_FAILED if self.done else NONE_WAS_SENT
        more = self._numbers() | (_left(left) if self.cancelled else {})
        self.talk.answer(self.message, status, self.why_cut, data, more)

    def _numbers(self) -> dict[str, Value]:
        return {
            "NumberOfCompletedSuboperations": len(self.done),
            "NumberOfFailedSuboperations": len(self.failed),
            "NumberOfWarningSuboperations": 0,
        }

    def _is_sent(self, one: Instance, count: int) -> bool:
        """Send one object; one whose file is gone or changed is never told as sent."""
        if self.why_cut:
            return False
        path = self.talk.serving.archive.path_of(one)
        data = bytes_as_received(path, one.digest) if path is not None else None
        if path is None or data is None:
            LOG.error("the file of %s is gone or has changed; it is not sent", one.sop_uid)
            return False
        id = count % MOST_ID + 1
        try:
            send_object(self.over, id, one, data, Source(path), more=self.more)
            status = self._status_of(id)
        except (RemedyError, OSError, ValueError, AttributeError) as problem:
            LOG.warning("%s is not sent: %s", one.sop_uid, problem)
            return False
        except LineCutError as cut:
            if self.over is self.talk.line:
                raise
            self.why_cut = f"the destination has cut the association: {cut}"
            return False
        return status == SUCCESS or status >> 12 == 0xB

    def _status_of(self, id: int) -> int:
        """Wait for the answer to an object; what else comes waits, but for a cancel."""
        while True:
            came = self._came()
            is_answer = number(came.command, "CommandField") == C_STORE | RESPONSE
            if is_answer and number(came.command, "MessageIDBeingRespondedTo") == id:
                return number(came.command, "Status", -1)
            if self.over is self.talk.line:
                self.cancelled |= self.talk.is_cancel(came, self.message)

    def _came(self) -> Message:
        if self.over is self.talk.line:
            return self.talk.heard()
        came = self.over.receive()
        if came is None:
            raise LineCutError("released instead of an answer")
        return came


def _left(count: int) -> dict[str, Value]:
    return {"NumberOfRemainingSuboperations": count}
