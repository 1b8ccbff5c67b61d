"""One fault to put into a copy of the clinic's export, and the rule that has to find it."""

from collections.abc import Callable
from dataclasses import dataclass

from app.filter.commission.clinic import Clinic, How, Injected

NO_PLACE = "the export offers no place for it"
Inject = Callable[[Clinic], Injected | str]


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault.

    Attributes:
        row: Row of Table 1, or the group of the rule.
        rule: Rule that has to find it.
        how: Report it has to be found in.
        inject: Returns the copy with the fault, or why the export offers no place for it.
        beside: Rules that tell the same fault from another side and may come with it.
        column: Column of Table 1; empty for a rule of its own.
        or_rule: Rule that may find it instead.

    """

    row: str
    rule: str
    how: How
    inject: Inject
    beside: frozenset[str] = frozenset()
    column: str = ""
    or_rule: str = ""
