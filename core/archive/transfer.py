"""What became of each object of a transfer; a failure never reads as success (Y-08)."""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from core.dicom.files import Source
from core.findings import State

Progress = Callable[[float, str], None]
# How long to wait before the second, third, ... attempt.
BACKOFF_S = (0.2, 1.0, 4.0, 10.0)


class Fate(StrEnum):
    """What became of one object."""

    DONE = "done"
    HERE = "already there"
    CHANGED = "accepted with changes"
    QUARANTINED = "quarantined"
    CANCELLED = "cancelled"
    FAILED = "failed"


GOOD = (Fate.DONE, Fate.HERE)


@dataclass(frozen=True, slots=True)
class Result:
    """One object's fate.

    Attributes:
        why: Reason for everything but success.
        attempts: How often it was tried.

    """

    sop_uid: str
    fate: Fate
    why: str = ""
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One object to be sent.

    Attributes:
        digest: SHA-256 the file must have; empty for a file that was never received.

    """

    source: Source
    sop_uid: str
    sop_class: str
    transfer_syntax: str
    digest: str = ""
    study_uid: str = ""
    series_uid: str = ""


@dataclass(frozen=True, slots=True)
class Remote:
    """One object another system says it has."""

    sop_uid: str
    sop_class: str
    series_uid: str
    study_uid: str
    patient_id: str = ""
    content: str = ""


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard a transfer tries.

    Attributes:
        attempts: How often one object is tried.
        stop: Set by whoever wants to cancel; objects under way are finished, others are not begun.
        progress: Told the fraction done; what it raises ends the transfer.

    """

    attempts: int = 3
    stop: threading.Event = field(default_factory=threading.Event)
    progress: Progress | None = None


def state_of(results: Sequence[Result]) -> State:
    """Return PASS only when every object arrived as it is."""
    if all(one.fate in GOOD for one in results):
        return State.PASS
    passing = (*GOOD, Fate.CHANGED, Fate.CANCELLED)
    return State.WARNING if all(one.fate in passing for one in results) else State.ERROR


def summary(results: Sequence[Result], done: str = Fate.DONE) -> str:
    """Return counts by fate, e.g. '200 done, 1 failed'; `done` is another word for success."""
    counts = {fate: sum(one.fate is fate for one in results) for fate in Fate}
    words = {**{fate: fate.value for fate in Fate}, Fate.DONE: done}
    told = (f"{count} {words[fate]}" for fate, count in counts.items() if count)
    return ", ".join(told) or "nothing"


def in_parallel(work: Callable[[], None], count: int, effort: Effort, tell: Progress) -> None:
    """Run `work` in some threads, telling progress from this one.

    What `progress` raises stops the threads and goes on; so does a fault within the work.
    """
    faults: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as fault:  # noqa: BLE001  (raised again in the caller's thread)
            faults.append(fault)
            effort.stop.set()

    threads = [threading.Thread(target=guarded, name="transfer", daemon=True)
               for _ in range(count)]  # fmt: skip
    for one in threads:
        one.start()
    try:
        while any(one.is_alive() for one in threads):
            threads[0].join(0.05) if threads[0].is_alive() else threads[-1].join(0.05)
            tell(0.0, "")
    except BaseException:
        effort.stop.set()
        raise
    finally:
        for one in threads:
            one.join()
    if faults:
        raise faults[0]


def with_rest(
    results: dict[str, Result], wanted: Iterable[str], fate: Fate, why: str
) -> list[Result]:
    """Return one result for each object that was wanted, in their order."""
    return [results.get(uid) or Result(uid, fate, why, 0) for uid in wanted]
