"""What the listener answers: echo, store, find, get, move, storage commitment (Y-02, Y-09)."""

import logging
import sqlite3
from collections.abc import Callable

from pydicom.dataset import Dataset

from core.archive.command_set import (
    C_CANCEL,
    C_ECHO,
    C_FIND,
    C_GET,
    C_MOVE,
    C_STORE,
    N_ACTION,
    N_EVENT_REPORT,
    RESPONSE,
    number,
    text,
)
from core.archive.commitment import Reports
from core.archive.conversation import CANCELLED, PENDING, SUCCESS, Conversation, Serving
from core.archive.index import Outcome
from core.archive.line import Line, LineCutError, Message, data_of
from core.archive.manifest import told_digest
from core.archive.query import CONTENT, OUR_BLOCK, OUR_CREATOR, answers
from core.archive.sub_operations import get, move
from core.errors import RemedyError

LOG = logging.getLogger("eqs.archive")
# PS3.7 annex C and PS3.4 table B.2-1.
DUPLICATE, CANNOT_UNDERSTAND, OUT_OF_RESOURCES, OTHER_OBJECT = 0x0111, 0xC000, 0xA700, 0xA900
BAD_IDENTIFIER, UNRECOGNIZED_OPERATION = 0xA900, 0x0211
UNIQUE_KEYS = {
    "PATIENT": "PatientID", "STUDY": "StudyInstanceUID",
    "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID",
}  # fmt: skip


class Answering:
    """One association, from its acceptance to its end."""

    def __init__(self, serving: Serving, line: Line, sender: str) -> None:
        self._serving = serving
        self._talk = Conversation(serving, line, sender)
        self._reports = Reports(serving, sender)
        self._work: dict[int, Callable[[Message], None]] = {
            C_ECHO: self._echo, C_STORE: self._store, C_FIND: self._find,
            C_GET: lambda message: get(self._talk, message),
            C_MOVE: lambda message: move(self._talk, message),
            N_ACTION: lambda message: self._reports.asked(self._talk, message),
            N_EVENT_REPORT | RESPONSE: self._reports.answered,
            C_CANCEL: lambda _: None,  # what is to be cancelled is over; it has no answer
        }  # fmt: skip

    def serve(self) -> None:
        """Answer until the other side releases the association, or it is cut."""
        try:
            while (message := self._next()) is not None:
                field = number(message.command, "CommandField")
                if field in self._work:
                    self._work[field](message)
                elif not field & RESPONSE:
                    self._talk.answer(message, UNRECOGNIZED_OPERATION)
        except LineCutError as cut:
            LOG.info("the association of %s has ended: %s", self._talk.sender, cut)
        finally:
            self._talk.close()
            self._reports.tell_elsewhere()

    def _next(self) -> Message | None:
        self._reports.tell_here(self._talk.line)
        return self._talk.next()

    def _echo(self, message: Message) -> None:
        self._talk.answer(message, SUCCESS)

    # Storing.

    def _store(self, message: Message) -> None:
        status, words = self._stored(message)
        counts = self._serving.counts
        if status == SUCCESS:
            counts.stored += 1
            counts.last_sender = self._talk.sender
        else:
            counts.refused += 1
        self._talk.answer(message, status, words)

    def _stored(self, message: Message) -> tuple[int, str]:
        coming = self._talk.come(message)
        if coming is None:
            return CANNOT_UNDERSTAND, "the request has no data set"
        uid = text(message.command, "AffectedSOPInstanceUID")
        try:
            taken = self._serving.archive.take(coming, uid, self._talk.sender)
        except OSError as fault:
            LOG.error("an object of %s could not be stored: %s", self._talk.sender, fault)  # noqa: TRY400  (no trace)
            return OUT_OF_RESOURCES, fault.strerror or "cannot be stored"
        except sqlite3.Error as fault:
            LOG.error("the index could not take an object of %s: %s", self._talk.sender, fault)  # noqa: TRY400  (no trace)
            return OUT_OF_RESOURCES, "the index cannot be written"
        if taken.outcome in (Outcome.NEW, Outcome.SAME):
            if taken.sop_uid != uid:
                LOG.warning("%s calls the object %s by %s", self._talk.sender, taken.sop_uid, uid)
                return OTHER_OBJECT, "the object bears another SOPInstanceUID"
            return SUCCESS, ""
        LOG.warning("an object of %s was not taken: %s", self._talk.sender, taken.why)
        if taken.outcome is None:
            self._note_refused(uid, taken.why)
        is_other = taken.outcome is Outcome.QUARANTINED
        return DUPLICATE if is_other else CANNOT_UNDERSTAND, taken.why

    def _note_refused(self, uid: str, why: str) -> None:
        try:
            self._serving.ledger.note_refused([(uid, self._talk.sender, why)])
        except sqlite3.Error as fault:
            LOG.error("a refusal could not be noted: %s", fault)  # noqa: TRY400  (no trace)

    # Finding.

    def _find(self, message: Message) -> None:
        try:
            asked = data_of(message, self._talk.line.contexts[message.context])
            for found in answers(self._serving.archive.index, asked):
                if self._talk.is_cancelled(message):
                    self._talk.answer(message, CANCELLED)
                    return
                found.RetrieveAETitle = self._serving.settings.ae_title
                self._tell_digest(asked, found)
                self._talk.answer(message, PENDING, data=found)
        except RemedyError as problem:
            self._talk.answer(message, BAD_IDENTIFIER, problem.what)
        else:
            self._talk.answer(message, SUCCESS)

    def _tell_digest(self, asked: Dataset, found: Dataset) -> None:
        """Add the digest of the content where another archive of ours asks for it."""
        if CONTENT not in asked:
            return
        level = str(found.QueryRetrieveLevel)
        uid = str(found.get(UNIQUE_KEYS.get(level, ""), ""))
        found.add_new(OUR_BLOCK, "LO", OUR_CREATOR)
        found.add_new(CONTENT, "LT", told_digest(self._serving.ledger, level, uid))
