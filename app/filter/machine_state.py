"""What a machine description says and how surely, asked by the interlock checks.

A value the description does not state leaves its check undone; a recalled one (confidence R) can
warn, but what agrees with it is no more than not checked (R-13, R-23).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from app.filter.field import Field
from core.findings import Finding, NotChecked, State
from core.machine_values import Confidence, Span, Value
from core.machines import Machine

T = TypeVar("T")
REMEDY = (
    "Correct the field in the plan or the R&V system; if the machine can do it, correct its "
    "description."
)
RECALLED = "; the range is recalled, not read in the machine's manual"


@dataclass(slots=True)
class MachineAsked:
    """One machine description with the values that were asked for and could not settle it."""

    machine: Machine
    unknown: dict[str, str] = field(default_factory=dict)
    recalled: dict[str, None] = field(default_factory=dict)

    def ask(self, value: Value[T]) -> T | None:
        """Return a value; None, and remembered, when the description does not state it."""
        key = value.name.partition(", ")[2]
        if value.value is None:
            self.unknown[key] = value.source
        elif value.confidence is Confidence.RECALLED:
            self.recalled[key] = None
        return value.value

    def not_checked(self, name: str) -> Iterator[NotChecked]:
        """Return what the description left open, as rows of the report."""
        reasons: dict[str, list[str]] = {}
        for key, why in self.unknown.items():
            reasons.setdefault(why, []).append(key)
        for why, keys in reasons.items():
            words = f"the description {self.machine.id} does not state it: {why}"
            yield NotChecked(f"interlocks of {name}: {', '.join(keys)}", words)
        if self.recalled:
            keys = list(self.recalled)
            words = (
                f"the description {self.machine.id} only recalls it; confirm the values in the "
                "machine's manual"
            )
            yield NotChecked(f"interlocks of {name}: {', '.join(keys)}", words)


def hit(
    rule: str,
    value: Value[T],
    one: Field,
    words: str,
    item: str,
    point: int | None = None,
    **seen: str,
) -> Finding:
    """Return the finding for one value the machine cannot do; a warning when only recalled.

    Args:
        rule: Identifier of the rule.
        value: What the description states.
        one: The field.
        words: What is wrong, without the place.
        item: Element of the record table.
        point: Number of the control point.
        seen: `found`, `expected` and `unit` of the finding.

    """
    weak = value.confidence is Confidence.RECALLED
    return Finding(
        rule, State.WARNING if weak else State.ERROR,
        f"Field {one.id}{_at(point)}: {words}{RECALLED if weak else ''}", one.id, point, item,
        remedy=REMEDY, **seen,
    )  # fmt: skip


def _at(point: int | None) -> str:
    return "" if point is None else f", control point {point}"


def cm(value_mm: Decimal) -> str:
    """Return a length as the record table writes it."""
    return f"{value_mm.scaleb(-1):f}"


def decimals(span: Span) -> tuple[Decimal, Decimal]:
    """Return a range in exact numbers."""
    return Decimal(str(span[0])), Decimal(str(span[1]))
