"""What a LEX check is asked about, what it answers, and the one door through which it is run."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from app.lex.fields import Field
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

    def need_machine(self) -> Machine:
        """Return the machine; raises MissingDataError while none is chosen."""
        if self.machine is None:
            raise MissingDataError("no machine type is chosen")
        return self.machine


@dataclass(frozen=True, slots=True)
class Miss:
    """One place where a check's sentence does not hold; attributes as in `Finding`.

    Attributes:
        state: In place of the check's own state, where one miss is milder or not decidable.

    """

    message: str
    field: str = ""
    control_point: int | None = None
    item: str = ""
    expected: str = ""
    found: str = ""
    unit: str = ""
    state: State | None = None


Body = Callable[[Case], Iterator[Miss]]


@dataclass(frozen=True, slots=True)
class Check:
    """A sentence that must hold, and the pure function that looks for where it does not."""

    rule: str
    title: str
    state: State
    remedy: str
    body: Body

    def run(self, case: Case) -> Iterator[Finding]:
        """Yield what the check found; a check that cannot answer or breaks never passes."""
        try:
            misses = list(self.body(case))
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
                remedy=self.remedy,
            )
        if not misses:
            yield Finding(self.rule, State.PASS, f"{self.title}.")


def check(rule: str, title: str, state: State, remedy: str) -> Callable[[Body], Check]:
    """Make a check of a function; `title` is the sentence that must hold, without full stop."""
    return lambda body: Check(rule, title, state, remedy, body)
