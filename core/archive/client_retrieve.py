"""C-GET and C-MOVE: objects of another system, each accounted for (Y-07, Y-09)."""

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom.presentation import PresentationContext, build_context, build_role

from core.archive.archive import TakenIn
from core.archive.asking import Answer, Asking
from core.archive.calls import Caller, CallError
from core.archive.client_store import status_words
from core.archive.command_set import number
from core.archive.getting import STUDY_GET, Getting, Keeping, Taker
from core.archive.index import Outcome
from core.archive.line import LineCutError
from core.archive.nodes import Node
from core.archive.transfer import (
    BACKOFF_S,
    Effort,
    Fate,
    Remote,
    Result,
    in_parallel,
    with_rest,
)
from core.errors import UnreadableFileError

STUDY_MOVE = UID("1.2.840.10008.5.1.4.1.2.2.2")
SUCCESS, PENDING = 0x0000, 0xFF00
# Best first: as kept (a lossless or lossy stream stays what it is), then plain.
SYNTAXES = (
    "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.57",
    "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.1.99",
    "1.2.840.10008.1.2.2",
)  # fmt: skip
MOST_CLASSES = 120 // len(SYNTAXES)
# Proposed where the other side does not tell the classes of its objects (dcmqrscp does not).
_STORAGE = "1.2.840.10008.5.1.4.1.1."
USUAL = tuple(
    _STORAGE + end
    for end in (
        "1", "1.1", "1.2", "2", "2.1", "3.1", "4", "4.1", "6.1", "7", "7.1", "7.2", "7.3", "7.4",
        "11.1", "20", "66", "66.1", "66.3", "66.4", "66.5", "77.1.4", "88.11", "88.22", "88.33",
        "88.59", "88.67", "104.1", "128", "130", "481.1", "481.2", "481.3", "481.4", "481.5",
        "481.6", "481.7", "481.8", "481.9", "481.10", "12.1", "12.2",
    )
)  # fmt: skip
# Asked by UID, this many objects at once: an identifier of some 64 kB is understood everywhere.
MOST_UIDS = 200

FATES = {Outcome.NEW: Fate.DONE, Outcome.SAME: Fate.HERE, Outcome.QUARANTINED: Fate.QUARANTINED}


def get(
    caller: Caller, node: Node, wanted: Sequence[Remote], take: Taker, effort: Effort | None = None
) -> list[Result]:
    """Fetch objects by C-GET; return one result for each, in their order.

    Args:
        caller: Who we are.
        node: Whom to ask.
        wanted: Objects, as a query named them.
        take: Takes the bytes of one object, with meta header, and the sender; raises OSError.
        effort: How hard to try.

    """
    how = effort if effort is not None else Effort()
    fetching = _Fetching(caller, node, how, wanted, take)
    for attempt in range(1, how.attempts + 1):
        if how.stop.is_set() or fetching.is_hopeless or not fetching.prepare():
            break
        if attempt > 1:
            how.stop.wait(BACKOFF_S[min(attempt - 1, len(BACKOFF_S)) - 1])
        in_parallel(fetching.work, min(node.parallel, len(fetching.waiting)), how, fetching.tell)
    stopped = how.stop.is_set()
    why = "cancelled before it came" if stopped else fetching.why or "the other side sent it not"
    fate = Fate.CANCELLED if stopped else Fate.FAILED
    return with_rest(fetching.results, [one.sop_uid for one in wanted], fate, why)


@dataclass(frozen=True, slots=True)
class _Request:
    """Objects of one series that are asked for together."""

    study_uid: str
    series_uid: str
    sop_classes: tuple[str, ...]
    sop_uids: tuple[str, ...]


class _Fetching:
    def __init__(
        self, caller: Caller, node: Node, how: Effort, wanted: Sequence[Remote], take: Taker
    ) -> None:
        self.caller, self.node, self.how = caller, node, how
        self.wanted = wanted
        self.take = take
        self.uids = {one.sop_uid for one in wanted}
        self.waiting: deque[_Request] = deque()
        self.results: dict[str, Result] = {}
        self.attempt = 0
        self.why = ""
        self.is_hopeless = False

    def prepare(self) -> bool:
        """Line up what has not come yet; return whether anything is left."""
        self.attempt += 1
        self.waiting = deque(_requests([one for one in self.wanted
                                        if one.sop_uid not in self.results]))  # fmt: skip
        return bool(self.waiting)

    def tell(self, _share: float, _words: str) -> None:
        if self.how.progress is not None:
            count, total = len(self.results), max(len(self.wanted), 1)
            self.how.progress(count / total, f"{count} of {total} objects")

    def work(self) -> None:
        while self.waiting and not self.how.stop.is_set():
            try:
                first = self.waiting.popleft()
            except IndexError:
                return
            kinds = set(first.sop_classes)
            try:
                with (
                    Keeping(self.take, self.node.title, self._note) as keeping,
                    self.caller.line(self.node, _contexts(kinds), _roles(kinds)) as line,
                ):
                    self._over(Getting(line, keeping, self.how), first, kinds)
            except CallError as problem:
                self.why = f"{problem.what}. {problem.remedy}"
                self.is_hopeless |= not problem.is_passing
                return
            except LineCutError as cut:
                self.why = f"the association was cut: {cut}"
                return

    def _over(self, getting: Getting, first: _Request, kinds: set[str]) -> None:
        """Ask for the first request and for those after it that fit the same association."""
        self._ask(getting, first)
        while not self.how.stop.is_set():
            try:
                following = self.waiting.popleft()
            except IndexError:
                return
            if not set(following.sop_classes) <= kinds:
                self.waiting.append(following)
                return
            self._ask(getting, following)

    def _ask(self, getting: Getting, request: _Request) -> None:
        status = getting.ask(_identifier(request))
        if status.get("Status") not in (SUCCESS, PENDING) and not self.how.stop.is_set():
            self.why = retrieve_words(status)

    def _note(self, uid: str, taken: TakenIn | OSError) -> None:
        """Note what became of an object; one that nobody asked for is nobody's."""
        if isinstance(taken, OSError):
            why = f"it cannot be kept here: {taken.strerror}"
            self.results[uid] = Result(uid, Fate.FAILED, why, self.attempt)
        elif uid in self.uids:
            self.results[uid] = result_of(taken, uid, self.attempt)


def result_of(taken: TakenIn, uid: str, attempt: int) -> Result:
    """Return the result of an object that came and was taken in, or not."""
    if taken.outcome is None:
        return Result(uid, Fate.FAILED, taken.why, attempt)
    if taken.sop_uid != uid:
        return Result(uid, Fate.FAILED, "another object came in its place", attempt)
    return Result(uid, FATES[taken.outcome], taken.why, attempt)


def _requests(wanted: Sequence[Remote]) -> Iterator[_Request]:
    series: dict[tuple[str, str], list[Remote]] = {}
    for one in wanted:
        series.setdefault((one.study_uid, one.series_uid), []).append(one)
    for (study, own), objects in series.items():
        for start in range(0, len(objects), MOST_UIDS):
            part = objects[start : start + MOST_UIDS]
            kinds = tuple(dict.fromkeys(one.sop_class for one in part if one.sop_class))
            yield _Request(study, own, kinds[:MOST_CLASSES], tuple(one.sop_uid for one in part))


def _identifier(request: _Request) -> Dataset:
    asked = Dataset()
    asked.QueryRetrieveLevel = "IMAGE"
    asked.StudyInstanceUID = request.study_uid
    asked.SeriesInstanceUID = request.series_uid
    asked.SOPInstanceUID = list(request.sop_uids)
    return asked


def _contexts(kinds: set[str]) -> list[PresentationContext]:
    made = [build_context(STUDY_GET)]
    if not kinds:
        for some in (SYNTAXES[:1], SYNTAXES[1:2], SYNTAXES[2:]):
            made += [build_context(kind, list(some)) for kind in USUAL]
        return made
    # One context for each syntax: the acceptor of a context chooses one of its syntaxes only.
    made += [build_context(kind, syntax) for kind in sorted(kinds) for syntax in SYNTAXES]
    return made


def _roles(kinds: set[str]) -> list[Any]:
    return [build_role(kind, scp_role=True) for kind in sorted(kinds or USUAL)]


def retrieve_words(status: Dataset) -> str:
    """Return what a status of C-GET or C-MOVE means (PS3.4 tables C.4-2 and C.4-3)."""
    words = {
        0xA701: "it cannot count the objects",
        0xA702: "it could not send some or all of the objects",
        0xA801: "it does not know the destination's AE title, or cannot reach it",
        0xB000: "it could not send some of the objects",
        0xFE00: "cancelled",
        0xFF00: "it stopped before its end",
    }
    return words.get(status.get("Status")) or status_words(status)


@dataclass(frozen=True, slots=True)
class Moved:
    """What the other side says of a move; -1 stands for untold.

    Attributes:
        failed_uids: Objects it says it could not send.
        why: Why it ended before its end; empty when it did not.

    """

    completed: int
    failed: int
    warned: int
    failed_uids: tuple[str, ...]
    why: str

    @property
    def is_whole(self) -> bool:
        """Whether something was sent, and nothing failed."""
        return not self.why and self.completed > 0 and self.failed == 0 and self.warned == 0


def move(
    caller: Caller, node: Node, destination: str, keys: dict[str, str],
    stop: threading.Event | None = None,
) -> Moved:  # fmt: skip
    """Have another system send objects to an AE title it knows.

    Args:
        caller: Who we are.
        node: Who sends.
        destination: AE title of the receiver, known to the sender with host and port.
        keys: StudyInstanceUID and, further down, SeriesInstanceUID.
        stop: Cancels when set.

    Raises:
        CallError: The sender cannot be reached.

    """
    asked = Dataset()
    asked.QueryRetrieveLevel = "SERIES" if "SeriesInstanceUID" in keys else "STUDY"
    for keyword, value in keys.items():
        setattr(asked, keyword, value)
    told = Moved(-1, -1, -1, (), "the other side did not answer")
    try:
        with caller.line(node, [build_context(STUDY_MOVE)]) as line:
            for answer in Asking(line).move(STUDY_MOVE, asked, destination, stop):
                told = _moved(answer)
    except (LineCutError, UnreadableFileError) as cut:
        return replace(told, why=f"the association was cut: {cut}")
    return told


def _moved(answer: Answer) -> Moved:
    uids = answer.data.get("FailedSOPInstanceUIDList") if answer.data is not None else None
    many = [uids] if isinstance(uids, str) else list(uids or ())
    why = "" if answer.status == SUCCESS else retrieve_words(answer.as_dataset)
    return Moved(
        number(answer.command, "NumberOfCompletedSuboperations", -1),
        number(answer.command, "NumberOfFailedSuboperations", -1),
        number(answer.command, "NumberOfWarningSuboperations", -1),
        tuple(str(one) for one in many), why,
    )  # fmt: skip
