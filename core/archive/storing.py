"""C-STORE over a line: an object byte for byte as it is kept, where the other side takes that."""

from collections.abc import Mapping
from typing import Protocol

from pydicom.uid import UID

from core.archive.command_set import C_STORE, SOME_DATA, Command, Value
from core.archive.line import Line, bytes_of
from core.archive.meta_header import data_start
from core.archive.syntaxes import Kept, in_syntax
from core.dicom.files import Source
from core.errors import UnreadableFileError

MEDIUM = 0x0000


class Sendable(Kept, Protocol):
    """What must be known of an object to send it."""

    @property
    def sop_uid(self) -> str:
        """Its UID."""
        ...


def contexts_for(line: Line, sop_class: str) -> dict[str, int]:
    """Return the contexts in which the other side takes a class, by transfer syntax."""
    return {
        str(one.transfer_syntax[0]): number
        for number, one in line.contexts.items()
        if one.abstract_syntax == sop_class and one.transfer_syntax and one.as_scu
    }


def send_object(
    line: Line, number: int, one: Sendable, data: bytes, source: Source, *,
    more: Mapping[str, Value] | None = None, whom: str = "the other side",
) -> str:  # fmt: skip
    """Send one object; the answer is to be received.

    Args:
        line: Over which.
        number: Message ID.
        one: What it is.
        data: Its file, as it was verified.
        source: Where the file lies, to write it anew when its syntax is not taken.
        more: Further elements of the command.
        whom: What to call the other side in messages.

    Returns:
        The transfer syntax it was sent in.

    Raises:
        UnreadableFileError: It cannot be brought into a syntax the other side takes.
        LineCutError: The association has ended.

    """
    open_for = contexts_for(line, one.sop_class)
    if not open_for:
        raise UnreadableFileError(
            f"{whom} does not take objects of class {UID(one.sop_class).name}",
            where=one.sop_uid,
            remedy="Have the SOP class allowed there.",
        )
    start = data_start(data)
    syntax = one.transfer_syntax
    body: bytes | memoryview
    if start > 0 and syntax in open_for:
        body = memoryview(data)[start:]
    else:
        made = in_syntax(source, open_for)
        syntax = str(made.file_meta.TransferSyntaxUID)
        body = bytes_of(made, line.contexts[open_for[syntax]])
    command: Command = {
        "CommandField": C_STORE, "MessageID": number, "Priority": MEDIUM,
        "CommandDataSetType": SOME_DATA, "AffectedSOPClassUID": one.sop_class,
        "AffectedSOPInstanceUID": one.sop_uid, **(more or {}),
    }  # fmt: skip
    line.send(open_for[syntax], command, body)
    return syntax
