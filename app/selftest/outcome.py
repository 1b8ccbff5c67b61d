"""What one step of the self-test says, and how the whole is told."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.errors import RemedyError
from core.findings import State

WORDS = {State.PASS: "ok", State.ERROR: "FAILED", State.NOT_RUN: "not run"}


class SelfTestError(RemedyError):
    """A part of the program does not do what it should here."""

    def __init__(self, what: str, where: str) -> None:
        super().__init__(what, where=where, remedy="Install the program anew, or tell support.")


class NotTriedError(Exception):
    """The step has nothing to look at here: "not run", never a pass."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row of the table.

    Attributes:
        state: PASS, ERROR, or NOT_RUN when a step it needs failed or there is nothing to look at.
        words: What was found, one sentence.
        seconds: Wall clock, the start of the step's own process included.

    """

    name: str
    title: str
    state: State
    words: str
    seconds: float = 0.0


def status_of(outcomes: Sequence[Outcome]) -> State:
    """Return ERROR when any step failed, else PASS."""
    failed = any(one.state is State.ERROR for one in outcomes)
    return State.ERROR if failed else State.PASS


def row(outcome: Outcome) -> str:
    """Return one line of the table."""
    state = WORDS[outcome.state]
    return f"{outcome.title:18} {state:8} {outcome.seconds:6.1f} s  {outcome.words}"


def closing(outcomes: Sequence[Outcome]) -> str:
    """Return the last line of the table."""
    counts = [(sum(one.state is state for one in outcomes), state) for state in WORDS]
    told = ", ".join(f"{count} {WORDS[state]}" for count, state in counts if count)
    seconds = sum(one.seconds for one in outcomes)
    return f"Self-test: {told}; {seconds:.1f} s."


def to_json(outcomes: Sequence[Outcome], about: dict[str, str]) -> dict[str, Any]:
    """Return everything as plain values."""
    steps = [asdict(one) for one in outcomes]
    return {"status": status_of(outcomes), "program": about, "steps": steps}
