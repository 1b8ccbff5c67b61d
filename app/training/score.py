"""What an answer is worth, and what was missed and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.demo.plan_variants import PlanVariant
from app.filter.cards import card_of
from app.filter.sentences import sentence_of
from app.lex.checks import CHECKS
from app.training.cases import Case, Decision
from app.training.shown import Shown
from core.findings import State

ACCEPT, ASK, REJECT = Decision.ACCEPT, Decision.ASK, Decision.REJECT
# Points for what was said of a case, by what should have been said; and the verdict in words.
WORTH: Mapping[tuple[Decision, Decision], tuple[int, str]] = {
    (ACCEPT, ACCEPT): (2, "right: there is nothing wrong with it"),
    (ACCEPT, ASK): (1, "a needless question: there is nothing wrong with it"),
    (ACCEPT, REJECT): (0, "a false alarm: there is nothing wrong with it"),
    (ASK, ACCEPT): (0, "missed"),
    (ASK, ASK): (2, "right: somebody has to be asked"),
    (ASK, REJECT): (1, "stricter than needed: a question would have settled it"),
    (REJECT, ACCEPT): (0, "missed: it would have been treated"),
    (REJECT, ASK): (1, "too mild: nobody's word makes this right"),
    (REJECT, REJECT): (2, "right: it must not be treated"),
}
FIELD_POINT = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What the trainee says of a case; `field` is "" for the whole plan."""

    decision: Decision
    field: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """One answer weighed.

    Attributes:
        points, most: Got, and the most there is.
        verdict: In words, beginning with "right" where nothing was missed.
        rule: The rule that speaks of it; "" for a sound case.
        why: The sentence of the rule, and what may happen.

    """

    case: Case
    answer: Answer
    points: int
    most: int
    verdict: str
    rule: str = ""
    why: str = ""

    @property
    def is_right(self) -> bool:
        """Return whether everything was said that can be said."""
        return self.points == self.most


def mark(shown: Shown, answer: Answer) -> Mark:
    """Return what an answer is worth: the decision, and where it is wrong also the place."""
    case = shown.case
    points, verdict = WORTH[case.right, answer.decision]
    most = 2
    if case.right is not ACCEPT:
        most += FIELD_POINT
        if answer.decision is not ACCEPT and answer.field == case.field:
            points += FIELD_POINT
        elif answer.decision is not ACCEPT:
            verdict += f"; it is {_place(case)}, not {answer.field or 'the whole plan'}"
    rule = rule_of(shown)
    return Mark(case, answer, points, most, verdict, rule, why_of_rule(rule))


def _place(case: Case) -> str:
    if not case.field:
        return "a matter of the whole plan"
    return f"{'beam' if case.is_plan else 'field'} {case.field}"


def rule_of(shown: Shown) -> str:
    """Return the rule that speaks of the seeded error: the worst finding where it sits."""
    case = shown.case
    if case.error is None:
        return ""
    if isinstance(case.error, PlanVariant):
        return case.error.rule
    found = [one for one in shown.findings if one.state in (State.ERROR, State.WARNING)]
    own = [one for one in found if one.field == case.field] or found
    own = [one for one in own if one.item == case.error.item] or own
    own.sort(key=lambda one: list(State).index(one.state))
    return own[0].rule if own else ""


def why_of_rule(rule: str) -> str:
    """Return the sentence of a rule and why it is asked."""
    for one in CHECKS:
        if one.rule == rule:
            return f"{one.title}. {one.why}"
    says, why = sentence_of(rule), card_of(rule).why
    return f"{says}. {why}" if says else why


def total(marks: Sequence[Mark]) -> tuple[int, int]:
    """Return points got and the most there are."""
    return sum(one.points for one in marks), sum(one.most for one in marks)


def as_json(marks: Sequence[Mark]) -> dict[str, Any]:
    """Return the score as plain values."""
    got, most = total(marks)
    return {
        "status": "pass" if got == most else "warning", "points": got, "of": most,
        "cases": [
            {
                "case": one.case.number, "said": one.answer.decision.value,
                "field": one.answer.field, "right": one.case.right.value,
                "right_field": one.case.field, "error": one.case.words, "points": one.points,
                "of": one.most, "verdict": one.verdict, "rule": one.rule, "why": one.why,
            }
            for one in marks
        ],
    }  # fmt: skip


def as_text(marks: Sequence[Mark]) -> str:
    """Return the score for a terminal."""
    got, most = total(marks)
    lines = []
    for one in marks:
        lines.append(
            f"case {one.case.number:2}  {one.points}/{one.most}  {one.verdict}. "
            f"What it was: {one.case.words}."
        )
        if one.rule and not one.is_right:
            lines.append(f"         {one.rule}: {one.why}")
    return "\n".join([*lines, "", f"Score: {got} of {most}"])
