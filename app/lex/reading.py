"""One trial of a source as far as it could be read: the trial, or why not."""

from dataclasses import dataclass

from app.lex.plan import Trial
from core.errors import RemedyError


@dataclass(frozen=True, slots=True)
class Reading:
    """A trial that was read, or the reason why it was refused; never half of one.

    Attributes:
        name: Name by which the user chooses it.
        trial: The whole trial; None when refused.
        fault: Why it was refused; None when read.
        for_treatment: True when the planning system marks it as the one to treat.

    """

    name: str
    trial: Trial | None = None
    fault: RemedyError | None = None
    for_treatment: bool = False
