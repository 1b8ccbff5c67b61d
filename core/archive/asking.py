"""Requests over a line and all their answers: none is ever lost on the way (Y-09).

pynetdicom answers a request from two threads that take messages from one queue; under load the
wrong one took an answer now and then, and a patient or an object was missing without a word.
"""

from collections.abc import Iterator, Mapping
from itertools import count

from pydicom.dataset import Dataset
from pynetdicom.presentation import PresentationContext, build_context

from core.archive.command_set import C_CANCEL, NO_DATA, RESPONSE, SOME_DATA, Command, Value, number
from core.archive.line import Line, LineCutError, bytes_of, data_of
from core.archive.nodes import Node
from core.errors import RemedyError, UnreadableFileError

MEDIUM = 0x0000
PENDING = (0xFF00, 0xFF01)


class QueryError(RemedyError):
    """Another system did not answer a request to its end, so nothing of the answer is used."""


def contexts(*sop_classes: str) -> list[PresentationContext]:
    """Return the presentation contexts to propose for some classes."""
    return [build_context(one) for one in sop_classes]


class Asking:
    """Requests over one line, one after the other."""

    def __init__(self, line: Line, node: Node) -> None:
        self.line, self.node = line, node
        self._numbers = count(1)

    def ask(
        self, field: int, sop_class: str, identifier: Dataset | None = None,
        more: Mapping[str, Value] | None = None,
    ) -> "Answers":  # fmt: skip
        """Send a request.

        Args:
            field: CommandField of the request.
            sop_class: What it is about.
            identifier: Its data set; None when it has none.
            more: Further elements of the command.

        Raises:
            QueryError: The other side has not accepted the class, or the line was cut.

        """
        own = next((id for id, one in self.line.contexts.items()
                    if one.abstract_syntax == sop_class), None)  # fmt: skip
        if own is None:
            raise QueryError(
                "it does not offer this kind of question", where=self.node.place,
                remedy="Have query and retrieve allowed for our AE title there.",
            )  # fmt: skip
        id = next(self._numbers) & 0xFFFF
        command: Command = {
            "CommandField": field, "MessageID": id, "AffectedSOPClassUID": sop_class,
            "CommandDataSetType": NO_DATA if identifier is None else SOME_DATA,
            **({} if identifier is None else {"Priority": MEDIUM}), **(more or {}),
        }  # fmt: skip
        raw = None if identifier is None else bytes_of(identifier, self.line.contexts[own])
        try:
            self.line.send(own, command, raw)
        except LineCutError as cut:
            raise self.cut(cut) from cut
        return Answers(self, field, id, own)

    def cut(self, cut: LineCutError) -> QueryError:
        """Return the error of an association that has ended in the middle of an answer."""
        return QueryError(
            f"the association ended in the middle of the answer: {cut}",
            where=self.node.place,
            remedy="Try again; if it goes on, look into the log of the other side.",
        )


class Answers:
    """The answers to one request: status and data set, the last one is not pending."""

    def __init__(self, asking: Asking, field: int, id: int, context: int) -> None:
        self._asking, self._field, self._id, self._context = asking, field, id, context

    def __iter__(self) -> Iterator[tuple[Command, Dataset | None]]:
        line = self._asking.line
        while True:
            try:
                message = line.receive()
            except LineCutError as cut:
                raise self._asking.cut(cut) from cut
            if message is None:
                raise self._asking.cut(LineCutError("it was released"))
            told = message.command
            if (
                number(told, "CommandField") != self._field | RESPONSE
                or number(told, "MessageIDBeingRespondedTo", -1) != self._id
            ):
                continue
            data = None
            if message.data is not None:
                try:
                    data = data_of(message, line.contexts[message.context])
                except UnreadableFileError as problem:
                    raise QueryError(
                        f"one of the answers is damaged ({problem.what})",
                        where=self._asking.node.place,
                        remedy="Ask for less at once, and tell the administrator of the other "
                        "side.",
                    ) from problem
            yield told, data
            if number(told, "Status", -1) not in PENDING:
                return

    def cancel(self) -> None:
        """Ask for no more answers; those under way still come, and one that says so."""
        command: Command = {
            "CommandField": C_CANCEL, "MessageIDBeingRespondedTo": self._id,
            "CommandDataSetType": NO_DATA,
        }  # fmt: skip
        try:
            self._asking.line.send(self._context, command)
        except LineCutError as cut:
            raise self._asking.cut(cut) from cut
