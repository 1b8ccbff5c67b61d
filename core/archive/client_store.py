"""C-STORE to another system: few associations in parallel, retries, a result per object (Y-08)."""

import hashlib
import threading
from collections import deque
from collections.abc import Sequence
from typing import Any

from pydicom.uid import UID

from core.archive.calls import Caller, CallError
from core.archive.command_set import C_STORE, RESPONSE, Command, text
from core.archive.command_set import number as number_of
from core.archive.line import Line, LineCutError
from core.archive.nodes import Node
from core.archive.storing import send_object
from core.archive.syntaxes import batches_of, contexts_of
from core.archive.transfer import (
    BACKOFF_S,
    Effort,
    Fate,
    Outgoing,
    Result,
    in_parallel,
    with_rest,
)
from core.errors import RemedyError, UnreadableFileError

SUCCESS = 0x0000
DUPLICATE = 0x0111
# Statuses of PS3.4 annex B and PS3.7 annex C that people can do something about.
WORDS = {
    DUPLICATE: "it has another content under the same SOPInstanceUID",
    0x0117: "it says the SOPInstanceUID is not valid",
    0x0122: "it does not take objects of this class",
    0x0124: "it does not allow us to store",
}
FAMILIES = {
    0xA7: "it has no room or no resources left",
    0xA8: "it does not know the destination",
    0xA9: "it says the object does not fit its class",
    0xC0: "it cannot understand the object",
}
RESOURCES = 0xA7
# JPEG lossless, JPEG-LS lossless, JPEG 2000 lossless, RLE (PS3.5 annex A.4).
LOSSLESS = tuple(f"1.2.840.10008.1.2.{end}" for end in ("4.57", "4.70", "4.80", "4.90", "5"))
MOST_ID = 0xFFFF


def send(
    caller: Caller, node: Node, objects: Sequence[Outgoing], effort: Effort | None = None
) -> list[Result]:
    """Send objects; return one result for each, in their order.

    An object whose file is gone or changed is not sent. Where the other side does not take the
    transfer syntax, it gets the object in a plain one.
    """
    how = effort if effort is not None else Effort()
    results: dict[str, Result] = {}
    for batch in batches_of(objects):
        sending = _Sending(caller, node, batch, how, results, len(objects))
        workers = max(1, min(node.parallel, len(batch)))
        in_parallel(sending.work, workers, how, sending.tell)
        sending.close()
    stopped = how.stop.is_set()
    why = "cancelled before it was sent" if stopped else "it was not sent"
    fate = Fate.CANCELLED if stopped else Fate.FAILED
    return with_rest(results, [one.sop_uid for one in objects], fate, why)


class _Sending:
    """One batch on its way over some associations."""

    def __init__(
        self, caller: Caller, node: Node, batch: Sequence[Outgoing], how: Effort,
        results: dict[str, Result], total: int,
    ) -> None:  # fmt: skip
        self.caller, self.node, self.how = caller, node, how
        self.contexts = contexts_of(batch)
        self.waiting: deque[tuple[Outgoing, int]] = deque((one, 1) for one in batch)
        self.results = results
        self.total = total
        self.lock = threading.Lock()
        self.number = 0
        self.why = ""
        self.is_hopeless = False

    def tell(self, _share: float, _words: str) -> None:
        if self.how.progress is not None:
            count = len(self.results)
            self.how.progress(count / max(self.total, 1), f"{count} of {self.total} objects")

    def close(self) -> None:
        """Give what is still waiting the reason why nobody sent it."""
        if self.why and not self.how.stop.is_set():
            for one, attempt in self.waiting:
                self.results[one.sop_uid] = Result(one.sop_uid, Fate.FAILED, self.why, attempt)

    def work(self) -> None:
        failures = 0
        while self.waiting and not self.how.stop.is_set() and not self.is_hopeless:
            before = len(self.results)
            try:
                with self.caller.line(self.node, self.contexts) as line:
                    self._over(line)
            except CallError as problem:
                self.why = f"{problem.what}. {problem.remedy}"
                self.is_hopeless |= not problem.is_passing
            except LineCutError:
                pass  # told with the object that was on its way
            else:
                return
            failures = 0 if len(self.results) > before else failures + 1
            if failures >= self.how.attempts:
                return
            self.how.stop.wait(BACKOFF_S[min(failures, len(BACKOFF_S)) - 1] if failures else 0.0)

    def _over(self, line: Line) -> None:
        while not self.how.stop.is_set():
            with self.lock:
                if not self.waiting:
                    return
                one, attempt = self.waiting.popleft()
            try:
                result, is_passing = self._sent(line, one, attempt)
            except LineCutError:
                why = "the connection was cut, or no answer came in time"
                self._note(one, attempt, Result(one.sop_uid, Fate.FAILED, why, attempt), True)
                raise
            self._note(one, attempt, result, is_passing)

    def _note(self, one: Outgoing, attempt: int, result: Result, is_passing: bool) -> None:
        """Keep a result, or line the object up for another attempt."""
        if not is_passing or attempt >= self.how.attempts:
            self.results[one.sop_uid] = result
            return
        self.how.stop.wait(BACKOFF_S[min(attempt, len(BACKOFF_S)) - 1])
        with self.lock:
            self.waiting.append((one, attempt + 1))
        self.why = result.why

    def _sent(self, line: Line, one: Outgoing, attempt: int) -> tuple[Result, bool]:
        """Send one object; return its result, and whether another attempt may help."""

        def failed(why: str) -> Result:
            return Result(one.sop_uid, Fate.FAILED, why, attempt)

        with self.lock:
            self.number = self.number % MOST_ID + 1
            number = self.number
        try:
            syntax = send_object(
                line, number, one, _verified(one), one.source, whom=self.node.title
            )
        except RemedyError as problem:
            return failed(problem.what), False
        except OSError as fault:
            return failed(f"our own file cannot be read: {fault.strerror}"), False
        except (RuntimeError, ValueError, AttributeError) as fault:
            return failed(f"it cannot be written as DICOM wants it ({fault})"), False
        result, is_passing = self._judged(_answer_to(line, number), one, attempt)
        if result.fate is Fate.DONE and syntax != one.transfer_syntax and not _is_exact(one):
            why = "sent decompressed: the other side does not take its compression"
            result = Result(one.sop_uid, Fate.CHANGED, why, attempt)
        return result, is_passing

    def _judged(self, answer: Command, one: Outgoing, attempt: int) -> tuple[Result, bool]:
        code = number_of(answer, "Status", -1)
        if code == SUCCESS:
            return Result(one.sop_uid, Fate.DONE, "", attempt), False
        comment = text(answer, "ErrorComment")
        if code >> 12 == 0xB:
            why = f"kept, but not as it was sent (status {code:04X}) {comment}".strip()
            return Result(one.sop_uid, Fate.CHANGED, why, attempt), False
        why = WORDS.get(code) or FAMILIES.get(code >> 8, "it refuses the object")
        why = f"{why} (status {code:04X})" + (f": {comment}" if comment else "")
        fate = Fate.QUARANTINED if code == DUPLICATE else Fate.FAILED
        return Result(one.sop_uid, fate, why, attempt), code >> 8 == RESOURCES


def _answer_to(line: Line, number: int) -> Command:
    """Return the answer to an object; raises LineCutError when none comes."""
    while (came := line.receive()) is not None:
        is_answer = number_of(came.command, "CommandField") == C_STORE | RESPONSE
        if is_answer and number_of(came.command, "MessageIDBeingRespondedTo") == number:
            return came.command
    raise LineCutError("released instead of an answer")


def _verified(one: Outgoing) -> bytes:
    """Return the bytes of an object, those that were received; raises RemedyError, OSError."""
    with one.source.open() as stream:
        data = stream.read()
    if one.digest and hashlib.sha256(data).hexdigest() != one.digest:
        raise UnreadableFileError(
            "our own file has changed on the disk; it is not sent",
            where=one.sop_uid,
            remedy="Fetch it from its mirror.",
        )
    return data


def _is_exact(one: Outgoing) -> bool:
    """Return whether decompressing an object keeps it bit by bit."""
    syntax = UID(one.transfer_syntax)
    return syntax.is_transfer_syntax and (
        not syntax.is_encapsulated or one.transfer_syntax in LOSSLESS
    )


def status_words(status: Any) -> str:  # noqa: ANN401  (a status data set)
    """Return a status for people."""
    code = status.get("Status")
    if code is None:
        return "the connection was cut, or no answer came in time"
    comment = str(status.get("ErrorComment") or "").strip()
    words = WORDS.get(code) or FAMILIES.get(code >> 8, "it reports a failure")
    return f"{words} (status {code:04X})" + (f": {comment}" if comment else "")
