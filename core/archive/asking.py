"""Requests that another system answers once or many times: C-ECHO, C-FIND, C-MOVE (Y-09).

They go over our own line. pynetdicom's association reads in a thread of its own, which now and
then takes the first answer for a request and drops it: under load an object was missing from a
query that had ended well.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass

from pydicom.dataset import Dataset

from core.archive.command_set import (
    C_CANCEL,
    C_ECHO,
    C_FIND,
    C_MOVE,
    NO_DATA,
    RESPONSE,
    SOME_DATA,
    Command,
    Value,
    number,
    text,
)
from core.archive.line import Line, LineCutError, bytes_of, data_of

PENDING = (0xFF00, 0xFF01)
NOT_ACCEPTED = 0x0122
MOST_ID = 0xFFFF


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer.

    Attributes:
        command: Its command set, with the status and the counts of a move.
        data: Its data set; None when it has none.

    """

    command: Command
    data: Dataset | None = None

    @property
    def status(self) -> int:
        """The status (PS3.7 annex C)."""
        return number(self.command, "Status", -1)

    @property
    def as_dataset(self) -> Dataset:
        """The status as `status_words` takes it."""
        told = Dataset()
        told.Status = self.status
        if "ErrorComment" in self.command:
            told.ErrorComment = text(self.command, "ErrorComment")
        return told


class Asking:
    """Requests over one association, one after the other."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._number = 0

    def echo(self, sop_class: str) -> Answer:
        """Ask whether anybody is there.

        Raises:
            LineCutError: The association ended before the answer.

        """
        return next(self._asked(C_ECHO, sop_class, None, {}, None))

    def find(
        self, sop_class: str, identifier: Dataset, stop: threading.Event | None = None
    ) -> Iterator[Answer]:
        """Yield every answer to a query, the final one last.

        Args:
            sop_class: Information model.
            identifier: What is searched for.
            stop: Cancels when set.

        Raises:
            LineCutError: The association ended before the final answer.
            UnreadableFileError: An answer is damaged.

        """
        return self._asked(C_FIND, sop_class, identifier, {}, stop)

    def move(
        self,
        sop_class: str,
        identifier: Dataset,
        destination: str,
        stop: threading.Event | None = None,
    ) -> Iterator[Answer]:
        """Yield every answer to a move, the final one last; arguments and errors as `find`."""
        return self._asked(
            C_MOVE, sop_class, identifier, {"MoveDestination": destination}, stop
        )  # fmt: skip

    def _asked(
        self,
        field: int,
        sop_class: str,
        identifier: Dataset | None,
        more: dict[str, Value],
        stop: threading.Event | None,
    ) -> Iterator[Answer]:
        accepted = [own for own, one in self._line.contexts.items()
                    if one.abstract_syntax == sop_class]  # fmt: skip
        if not accepted:
            yield Answer({"CommandField": field | RESPONSE, "Status": NOT_ACCEPTED})
            return
        context = accepted[0]
        self._number = self._number % MOST_ID + 1
        request: Command = {
            "CommandField": field, "MessageID": self._number, "AffectedSOPClassUID": sop_class,
            "CommandDataSetType": NO_DATA if identifier is None else SOME_DATA,
            **({} if identifier is None else {"Priority": 0}), **more,
        }  # fmt: skip
        syntax = self._line.contexts[context]
        self._line.send(
            context, request, None if identifier is None else bytes_of(identifier, syntax)
        )
        is_cancelled = False
        while True:
            came = self._line.receive()
            if came is None:
                raise LineCutError("released before the answer")
            whose = number(came.command, "MessageIDBeingRespondedTo", -1)
            if number(came.command, "CommandField") != field | RESPONSE or whose != self._number:
                continue  # the rest of a request that was given up
            data = None if came.data is None else data_of(came, self._line.contexts[came.context])
            answer = Answer(came.command, data)
            yield answer
            if answer.status not in PENDING:
                return
            if stop is not None and stop.is_set() and not is_cancelled:
                is_cancelled = True
                self._cancel(context)

    def _cancel(self, context: int) -> None:
        self._line.send(context, {
            "CommandField": C_CANCEL, "MessageIDBeingRespondedTo": self._number,
            "CommandDataSetType": NO_DATA,
        })  # fmt: skip
