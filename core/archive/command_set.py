"""The command set of a DIMSE message: implicit VR little endian, always (PS3.7 6.3)."""

from collections.abc import Mapping, Sequence
from struct import Struct, error

from core.errors import UnreadableFileError

Value = int | str | tuple[str, ...]
Command = Mapping[str, Value]

C_STORE, C_GET, C_FIND, C_MOVE, C_ECHO = 0x0001, 0x0010, 0x0020, 0x0021, 0x0030
N_EVENT_REPORT, N_ACTION, C_CANCEL = 0x0100, 0x0130, 0x0FFF
RESPONSE = 0x8000
NO_DATA, SOME_DATA = 0x0101, 0x0001

# Element of group 0000 and VR (PS3.7 annex E.1).
FIELDS = {
    "AffectedSOPClassUID": (0x0002, "UI"), "RequestedSOPClassUID": (0x0003, "UI"),
    "CommandField": (0x0100, "US"), "MessageID": (0x0110, "US"),
    "MessageIDBeingRespondedTo": (0x0120, "US"), "MoveDestination": (0x0600, "AE"),
    "Priority": (0x0700, "US"), "CommandDataSetType": (0x0800, "US"), "Status": (0x0900, "US"),
    "ErrorComment": (0x0902, "LO"), "AffectedSOPInstanceUID": (0x1000, "UI"),
    "RequestedSOPInstanceUID": (0x1001, "UI"), "EventTypeID": (0x1002, "US"),
    "ActionTypeID": (0x1008, "US"), "NumberOfRemainingSuboperations": (0x1020, "US"),
    "NumberOfCompletedSuboperations": (0x1021, "US"),
    "NumberOfFailedSuboperations": (0x1022, "US"),
    "NumberOfWarningSuboperations": (0x1023, "US"),
    "MoveOriginatorApplicationEntityTitle": (0x1030, "AE"),
    "MoveOriginatorMessageID": (0x1031, "US"),
}  # fmt: skip
_KEYWORDS = {element: (keyword, vr) for keyword, (element, vr) in FIELDS.items()}
_HEAD, _SHORT, _LONG = Struct("<HHL"), Struct("<H"), Struct("<L")
MOST_COMMENT = 64


def encoded(command: Command) -> bytes:
    """Return a command set as it goes over the line."""
    parts = []
    for keyword, (element, vr) in FIELDS.items():
        if keyword in command:
            value = _value(command[keyword], vr)
            parts.append(_HEAD.pack(0, element, len(value)) + value)
    body = b"".join(parts)
    return _HEAD.pack(0, 0, 4) + _LONG.pack(len(body)) + body


def _value(value: Value, vr: str) -> bytes:
    if isinstance(value, int):
        return _SHORT.pack(value)
    text = value if isinstance(value, str) else "\\".join(value)
    if vr == "LO":
        text = text[:MOST_COMMENT]
    raw = text.encode("ascii", "replace")
    return raw + (b"\0" if vr == "UI" else b" ") * (len(raw) % 2)


def decoded(raw: bytes) -> dict[str, Value]:
    """Return a command set by keyword; what is not listed in `FIELDS` is left out.

    Raises:
        UnreadableFileError: It is damaged, or says not what it is about.

    """
    found: dict[str, Value] = {}
    place = 0
    try:
        while place < len(raw):
            group, element, length = _HEAD.unpack_from(raw, place)
            place += _HEAD.size
            value = raw[place : place + length]
            if group != 0 or len(value) != length:
                raise _damaged("it ends within an element, or holds others than commands")
            place += length
            known = _KEYWORDS.get(element)
            if known is not None:
                keyword, vr = known
                found[keyword] = _read(value, vr)
    except error as fault:
        raise _damaged(str(fault)) from fault
    if not isinstance(found.get("CommandField"), int):
        raise _damaged("it has no CommandField")
    return found


def _read(value: bytes, vr: str) -> Value:
    if vr == "US":
        return int(_SHORT.unpack_from(value)[0]) if value else 0
    return value.decode("latin-1").strip("\0 ")


def _damaged(why: str) -> UnreadableFileError:
    return UnreadableFileError(
        f"the command cannot be read ({why})",
        where="association",
        remedy="Look into the log of the other side.",
    )


def text(command: Command, keyword: str) -> str:
    """Return a text of a command; empty when it is not there."""
    return str(command.get(keyword, ""))


def number(command: Command, keyword: str, missing: int = 0) -> int:
    """Return a number of a command."""
    found = command.get(keyword, missing)
    return found if isinstance(found, int) else missing


def response(
    to: Command, status: int, comment: str = "", *, data: bool = False
) -> dict[str, Value]:
    """Return the answer to a request, with what the request names (PS3.7 9.3, 10.3)."""
    answer: dict[str, Value] = {
        "CommandField": number(to, "CommandField") | RESPONSE,
        "MessageIDBeingRespondedTo": number(to, "MessageID"),
        "CommandDataSetType": SOME_DATA if data else NO_DATA,
        "Status": status,
    }
    pairs: Sequence[tuple[str, str]] = (
        ("AffectedSOPClassUID", "RequestedSOPClassUID"),
        ("AffectedSOPInstanceUID", "RequestedSOPInstanceUID"),
    )
    for affected, requested in pairs:
        told = text(to, affected) or text(to, requested)
        if told:
            answer[affected] = told
    for keyword in ("EventTypeID", "ActionTypeID"):
        if keyword in to:
            answer[keyword] = to[keyword]
    if comment:
        answer["ErrorComment"] = comment
    return answer
