"""Who is compared with whom: the four columns of Table 1 of Siochi 2009."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.findings import State

TABLE_POSITIONS = ("couch_vertical", "couch_lateral", "couch_longitudinal")


@dataclass(frozen=True, slots=True)
class View:
    """One column of Table 1.

    Attributes:
        name: Name of the column, e.g. "plan to R&V".
        checked: What is checked, for messages.
        file: The file of `checked`, for what it does not hold.
        reference: What it is checked against.
        states: State of a difference by item, where it is not that of the row.
        default: State of every other difference; None takes the row's own.
        skipped: Items Table 1 does not compare in this column, with the reason.
        blank_differs: Whether a value that only one side holds is a difference: both sides come
            from the same system, so a blank is no silence but what stands there.

    """

    name: str = "plan to R&V"
    checked: str = "the R&V system"
    file: str = "the R&V export"
    reference: str = "the plan"
    states: Mapping[str, State] = field(default_factory=dict)
    default: State | None = None
    skipped: Mapping[str, str] = field(default_factory=dict)
    blank_differs: bool = False

    def state(self, item: str, own: State) -> State:
        """Return the state of a difference of `item`, whose row says `own`."""
        return self.states.get(item, own if self.default is None else self.default)


PLAN_TO_RV = View()
NOT_COMPARED = "Table 1 does not compare it with VARIS"
PLAN_TO_VARIS = View(
    "plan to VARIS",
    checked="VARIS",
    file="the VARIS export",
    skipped=dict.fromkeys((*TABLE_POSITIONS, "doserate"), NOT_COMPARED),
)


def exports(expected: tuple[str, ...]) -> View:
    """Return the view of a final export against the initial one.

    Args:
        expected: Items that are rightly changed between the two (R-27): a warning; any other
            difference is an error.

    """
    return View(
        "initial to final export",
        checked="the final export",
        file="the final export",
        reference="the initial export",
        states=dict.fromkeys(expected, State.WARNING),
        default=State.ERROR,
        blank_differs=True,
    )


def template(name: str, skipped: Mapping[str, str]) -> View:
    """Return the view of R&V fields against a template."""
    return View(
        f"template {name} to R&V", reference=f"the template {name}", default=State.ERROR,
        skipped=skipped,
    )  # fmt: skip
