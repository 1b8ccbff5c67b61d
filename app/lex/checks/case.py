"""What a LEX check is asked about, what it answers, and the one door through which it is run."""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import TypedDict, Unpack

from app.lex.checks.example import Change, with_change
from app.lex.fields import Field, fields_of
from app.lex.limits import Limit
from app.lex.plan import Trial
from app.lex.rv_systems import RvSystem
from app.lex.treatment import Treatment
from core.errors import MissingDataError
from core.findings import Finding, State
from core.machines import Machine


@dataclass(frozen=True, slots=True)
class Case:
    """A plan about to be transferred, with everything that is known of its destination.

    Attributes:
        fields: The fields that will be written.
        machine: None while no machine type is chosen.

    """

    trial: Trial
    treatment: Treatment
    fields: tuple[Field, ...]
    machine: Machine | None
    system: RvSystem

    @property
    def machine_id(self) -> str:
        """Return the machine type, "" while none is chosen."""
        return "" if self.machine is None else self.machine.id

    def need_machine(self) -> Machine:
        """Return the machine; raises MissingDataError while none is chosen."""
        if self.machine is None:
            raise MissingDataError("no machine type is chosen")
        return self.machine

    def changed(self, *changes: Change) -> "Case":
        """Return the case with values changed; the fields follow from the rest."""
        case = self
        for change in changes:
            case = with_change(case, change)
        return replace(case, fields=fields_of(case.trial, case.treatment, case.system))


@dataclass(frozen=True, slots=True)
class Miss:
    """One place where a check's sentence does not hold; attributes as in `Finding`.

    Attributes:
        state: In place of the check's own state, where one miss is milder or not decidable.
        remedy: In place of the check's own remedy, where the next step can be said exactly.

    """

    message: str
    field: str = ""
    control_point: int | None = None
    item: str = ""
    expected: str = ""
    found: str = ""
    unit: str = ""
    state: State | None = None
    tolerance: str = ""
    remedy: str = ""


Body = Callable[..., Iterator[Miss]]


@dataclass(frozen=True, slots=True)
class Check:
    """A sentence that must hold, and the pure function that looks for where it does not.

    Attributes:
        rule: Stable between versions.
        title: The sentence, without full stop.
        state: ERROR stops the file, WARNING asks the user for a reason, INFO is shown.
        requirements: IDs of the requirements it meets.
        source: Where the rule is known from.
        why: What may happen when the sentence does not hold.
        on: How the standard case must be for the examples to make sense.
        good: Changes after which the check must be silent.
        bad: Changes after which it must give exactly one finding, at their place.
        also: Other rules that must speak about the bad examples too.

    """

    rule: str
    title: str
    state: State
    remedy: str
    body: Body
    requirements: Sequence[str] = ()
    source: str = ""
    why: str = ""
    on: Sequence[Change] = ()
    good: Sequence[Change] = ()
    bad: Sequence[Change] = ()
    also: Sequence[str] = ()

    @property
    def limits(self) -> tuple[str, ...]:
        """Return the names of the limits the check compares with: its keyword-only arguments."""
        asked = inspect.signature(self.body).parameters.values()
        return tuple(one.name for one in asked if one.kind is inspect.Parameter.KEYWORD_ONLY)

    def run(self, case: Case, limits: Mapping[str, Limit] | None = None) -> Iterator[Finding]:
        """Yield what the check found; a check that cannot answer or breaks never passes."""
        try:
            numbers = {name: (limits or {})[name] for name in self.limits}
            misses = list(self.body(case, **numbers))
        except MissingDataError as gap:
            yield Finding(self.rule, State.NOT_RUN, f"{self.title}: not checked, {gap}.")
            return
        except Exception as fault:  # noqa: BLE001  (a red row that stops the writing)
            message = f"{self.title}: the check broke with {fault!r}."
            yield Finding(self.rule, State.ERROR, message, remedy="Report this to the developers.")
            return
        for miss in misses:
            yield Finding(
                self.rule,
                miss.state or self.state,
                miss.message,
                field=miss.field,
                control_point=miss.control_point,
                item=miss.item,
                expected=miss.expected,
                found=miss.found,
                unit=miss.unit,
                tolerance=miss.tolerance,
                remedy=miss.remedy or self.remedy,
            )
        if not misses:
            yield Finding(self.rule, State.PASS, f"{self.title}.")


class Card(TypedDict, total=False):
    """The rest of a check's card; entries as the attributes of `Check`."""

    requirements: Sequence[str]
    source: str
    why: str
    on: Sequence[Change]
    good: Sequence[Change]
    bad: Sequence[Change]
    also: Sequence[str]


def check(
    rule: str, title: str, state: State, remedy: str, **card: Unpack[Card]
) -> Callable[[Body], Check]:
    """Make a check of a function; arguments as the attributes of `Check`."""
    return lambda body: Check(rule, title, state, remedy, body, **card)


def collect(*modules: ModuleType) -> tuple[Check, ...]:
    """Return the checks of the modules in the order they are written in."""
    return tuple(
        one for module in modules for one in vars(module).values() if isinstance(one, Check)
    )
