"""The clinic's own rules as checks like every other (L-21)."""

from collections.abc import Iterator

from app.lex.checks.case import Body, Case, Check, Miss
from app.lex.own_items import BEAM, PLAN, Place, Value
from app.lex.own_rules import Condition, OwnRule, read_own_rules
from core.findings import State
from core.layers import Own


def own_checks(folder: Own) -> tuple[Check, ...]:
    """Return a check for each rule in the clinic's folder; errors as in `read_own_rules`."""
    return tuple(
        Check(
            rule.id,
            rule.sentence,
            rule.state,
            rule.remedy,
            _body(rule),
            requirements=("L-21",),
            source=f"the clinic's own rules, version {rule.version}",
            why=rule.why,
        )
        for rule in read_own_rules(folder)
    )


def _body(rule: OwnRule) -> Body:
    """Return the function that looks for where a rule does not hold."""
    return lambda case: _misses(case, rule)


def _misses(case: Case, rule: OwnRule) -> Iterator[Miss]:
    """Yield each place where a rule does not hold, or cannot be asked."""
    for place in _places(case, rule.level):
        asked, gap = _decided(rule.when, place)
        if not asked:
            continue
        broken = None
        if gap is None:
            broken, gap = _broken(rule.must, place)
        name = "" if place.field is None else place.field.beam.name
        if broken is not None:
            found = _in_words(broken.item.of(place))
            unit = f" {broken.item.unit}" if broken.item.unit else ""
            message = f"{rule.sentence}: {broken.item.name} is {found or 'empty'}{unit}."
            yield Miss(
                message, name, place.number, broken.item.name, broken.words.strip(), found,
                broken.item.unit,
            )  # fmt: skip
        elif gap is not None:
            message = f"{rule.sentence}: not checked, the plan does not tell {gap.item.name}."
            yield Miss(message, name, place.number, gap.item.name, state=State.NOT_RUN)


def _places(case: Case, level: str) -> Iterator[Place]:
    """Yield everything a rule of a level is asked of."""
    if level == PLAN:
        yield Place(case.trial, case.treatment)
        return
    for field in case.fields:
        if level == BEAM:
            yield Place(case.trial, case.treatment, field)
            continue
        for number, segment in enumerate(field.beam.segments):
            yield Place(case.trial, case.treatment, field, segment, number)


def _decided(when: tuple[Condition, ...], place: Place) -> tuple[bool, Condition | None]:
    """Tell whether a rule is asked here; a value that is not known leaves it open."""
    broken, gap = _broken(when, place)
    return broken is None, gap


def _broken(
    conditions: tuple[Condition, ...], place: Place
) -> tuple[Condition | None, Condition | None]:
    """Return the first condition that does not hold, and the first one that cannot be asked."""
    gap = None
    for one in conditions:
        value = one.item.of(place)
        if value is None:
            gap = gap or one
        elif not one.holds(value):
            return one, None
    return None, gap


def _in_words(value: Value) -> str:
    """Return a value as the finding shows it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float | int) else str(value)
