"""What the room says of a job that came to no answer: its state and one sentence."""

from app.background import CancelledError
from core.errors import RemedyError
from core.findings import State


def told_of(fault: Exception) -> tuple[State, str]:
    """Return state and words; what the user has cancelled is no fault of the program."""
    if isinstance(fault, CancelledError):
        return State.NOT_RUN, str(fault)
    if isinstance(fault, RemedyError | OSError):
        return State.ERROR, str(fault)
    return State.ERROR, f"The program has a fault: {type(fault).__name__}: {fault}"
