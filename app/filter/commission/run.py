"""Put every fault into a copy of the clinic's export and see what the reports say (R-30)."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from app.filter.commission.clinic import Clinic, Injected, said
from app.filter.commission.fault import Fault
from core.findings import Finding, State

Progress = Callable[[float, str], None]
QUIET = (State.PASS, State.INFO)


class Ending(StrEnum):
    """What became of a fault, worst first. Only FOUND is covered."""

    MISSED = "missed"
    MORE = "found, with other findings"
    OFF = "switched off"
    NOT_SHOWN = "not shown on this plan"
    BY_HAND = "by hand"
    FOUND = "found"


@dataclass(frozen=True, slots=True)
class Tried:
    """One row of the coverage matrix.

    Attributes:
        row: Row of Table 1, or group of the rule.
        column: Column of Table 1; empty for a rule of its own.
        rule: Rule that had to find the fault; empty for a row nobody checks by program.
        report: Report it had to be found in.
        words: What was put in, or why nothing was.
        others: Findings that came with it and tell something else.

    """

    row: str
    column: str
    rule: str
    report: str
    ending: Ending
    words: str
    others: tuple[str, ...] = ()


def try_all(
    clinic: Clinic, faults: tuple[Fault, ...], progress: Progress = lambda _share, _words: None
) -> Iterator[Tried]:
    """Yield what became of each fault; `progress` is told before each, and may cancel."""
    for number, fault in enumerate(faults):
        progress(number / len(faults), f"{number + 1} of {len(faults)}: {fault.rule}")
        yield try_one(clinic, fault)


def try_one(clinic: Clinic, fault: Fault) -> Tried:
    """Put one fault in and see whether its rule, and nothing else, tells it."""
    made = fault.inject(clinic)
    if isinstance(made, str):
        ending = Ending.OFF if (off := _off(clinic, fault, None)) else Ending.NOT_SHOWN
        return _tried(fault, ending, off or made)
    found, others = judged(clinic, fault, made)
    if not found:
        why = _unchecked(clinic, fault, made)
        if why:
            return _tried(fault, Ending.NOT_SHOWN, why)
        off = _off(clinic, fault, made)
        return _tried(fault, Ending.OFF if off else Ending.MISSED, off or made.words, others)
    return _tried(fault, Ending.MORE if others else Ending.FOUND, made.words, others)


def _unchecked(clinic: Clinic, fault: Fault, made: Injected) -> str:
    """Return why the report itself says that it has not checked the element; else nothing."""
    for one in said(clinic, fault.how, made).not_checked:
        if one.item in made.items and (not made.field or made.field in one.field.split(", ")):
            return f"{one.item}: {one.why}"
    return ""


def judged(clinic: Clinic, fault: Fault, made: Injected) -> tuple[bool, tuple[str, ...]]:
    """Return whether the rule tells the fault, and what else is told that was not before."""
    before = clinic.base(fault.how).findings
    after = said(clinic, fault.how, made).findings
    known = Counter(map(_place, before))
    exactly = Counter((_place(one), one.found, one.message) for one in before)
    found, others = False, []
    for one in after:
        old = exactly[key := (_place(one), one.found, one.message)] > 0
        if old:
            exactly[key] -= 1
            known[_place(one)] -= 1
        elif _is_meant(fault, made, one):
            found = True
        elif known[_place(one)] > 0:
            known[_place(one)] -= 1  # said before, with another value
        elif one.state not in QUIET and one.rule not in fault.beside:
            others.append(f"{one.rule}: {one.message}")
    return found, tuple(dict.fromkeys(others))


def _place(one: Finding) -> tuple[str, str, str, int | None]:
    return one.rule, one.field, one.item, one.control_point


def _is_meant(fault: Fault, made: Injected, one: Finding) -> bool:
    return (
        one.rule in ((made.rule,) if made.rule else (fault.rule, fault.or_rule))
        and one.state != State.PASS
        and (not made.items or one.item in made.items)
        and (not made.field or one.field in (made.field, ""))
        and (made.point is None or one.control_point == made.point)
    )


def _off(clinic: Clinic, fault: Fault, made: Injected | None) -> str:
    """Return why the clinic has switched the rule off; empty where it has not."""
    sites = clinic.settings.sites
    names = [one.site for one in clinic.rv.fields if made is not None and one.id == made.field]
    reasons = [sites.reason(fault.rule, name) for name in names or ("",)]
    if not names and clinic.rv.prescriptions:
        reasons += [sites.reason(fault.rule, rx.site) for rx in clinic.rv.prescriptions]
    return next((f"switched off by filter/sites.toml: {why}" for why in reasons if why), "")


def _tried(
    fault: Fault, ending: Ending, words: str, others: tuple[str, ...] = ()
) -> Tried:  # fmt: skip
    return Tried(fault.row, fault.column, fault.rule, fault.how.value, ending, words, others)
