"""What a check says: one finding per difference, and what was not checked."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """State of a finding, worst first. Only PASS is a pass."""

    ERROR = "error"
    WARNING = "warning"
    NOT_RUN = "not-run"
    MANUAL = "manual"
    INFO = "info"
    PASS = "pass"


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of a report.

    Attributes:
        rule: Identifier of the rule, stable between versions, e.g. ``F-CMP-GANTRY``.
        state: How serious it is.
        message: One plain sentence for the user.
        field: Field ID or beam name; empty when the finding is about the whole plan.
        control_point: Number of the control point (0-based as in the file), or None.
        item: Record table's element name in lower case, e.g. ``gantry_angle``, ``mlc_a17``.
        expected: Value of the reference, as text.
        found: Value of the file that is checked, as text.
        unit: Unit of `expected`, `found`, `difference` and `tolerance`; empty for text.
        difference: Found minus expected, as text; empty where a difference has no meaning.
        tolerance: Largest difference that passes, as text; empty for exact comparison.
        remedy: Next step for the user; begins with a verb.

    """

    rule: str
    state: State
    message: str
    field: str = ""
    control_point: int | None = None
    item: str = ""
    expected: str = ""
    found: str = ""
    unit: str = ""
    tolerance: str = ""
    remedy: str = ""
    difference: str = ""


@dataclass(frozen=True, slots=True)
class NotChecked:
    """Something nobody has looked at, and why. It never counts as a pass (R-23).

    Attributes:
        item: Name of the item in the words of the record table or of Table 1.
        why: One sentence.
        field: Field ID when it holds for one field only.

    """

    item: str
    why: str
    field: str = ""


def worst(findings: Iterable[Finding]) -> State:
    """Return the worst state of `findings`; PASS when there is none."""
    order = list(State)
    return min((finding.state for finding in findings), key=order.index, default=State.PASS)


def overall(findings: Iterable[Finding]) -> State:
    """Return ERROR, WARNING or PASS for a whole report (R-26): hints do not colour it."""
    state = worst(findings)
    return state if state in (State.ERROR, State.WARNING) else State.PASS
