"""What the leaves of a machine may not do: asked again after LEX has moved a leaf (L-10).

Positions on the IEC 61217 scale. What the machine description does not state is answered with a
sentence, never with silence.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from app.lex.plan import Segment
from core.machines import Machine, Mlc

_SLACK_MM = 0.01


@dataclass(frozen=True, slots=True)
class Breach:
    """One rule that a control point breaks.

    Attributes:
        rule: "minimum gap", "interdigitation", "leaf range", "leaf span" or "Y jaw reach".
        place: Which leaf, pair, side or jaw.

    """

    rule: str
    place: str
    message: str


Question = Callable[[Segment, Mlc, Machine], Iterator[tuple[str, str]]]


def breaches(point: Segment, machine: Machine) -> tuple[Breach, ...]:
    """Return every rule one control point breaks; rules the machine does not state are left."""
    mlc = machine.mlc
    if mlc is None or not point.left_cm:
        return ()
    return tuple(
        Breach(rule, place, message)
        for rule, (ask, missing) in _RULES.items()
        if not missing(mlc, machine)
        for place, message in ask(point, mlc, machine)
    )


def not_stated(machine: Machine) -> tuple[str, ...]:
    """Return the rules that the machine description does not allow to ask."""
    mlc = machine.mlc
    if mlc is None:
        return tuple(_RULES)
    return tuple(rule for rule, (_, missing) in _RULES.items() if missing(mlc, machine))


def _gaps(point: Segment, mlc: Mlc, machine: Machine) -> Iterator[tuple[str, str]]:
    """Name a pair whose tips are nearer than the machine allows."""
    del machine
    least_mm = mlc.minimum_gap_mm.require()
    for pair, (left, right) in enumerate(zip(point.left_cm, point.right_cm, strict=True), 1):
        gap_mm = 10.0 * (right - left)
        if not gap_mm >= least_mm - _SLACK_MM:
            yield (
                f"pair {pair}",
                f"leaf pair {pair} is {gap_mm:.2f} mm open, at least {least_mm:g} mm is asked",
            )


def _fingers(point: Segment, mlc: Mlc, machine: Machine) -> Iterator[tuple[str, str]]:
    """Name neighbours whose tips pass each other where that is not allowed."""
    del machine
    if mlc.interdigitation.require():
        return
    pairs = zip(point.left_cm, point.right_cm, strict=True)
    for pair, ((left, right), (left_next, right_next)) in enumerate(pairwise(pairs), 1):
        if 10.0 * (max(left, left_next) - min(right, right_next)) > _SLACK_MM:
            yield f"pair {pair}", f"leaf pairs {pair} and {pair + 1} pass each other"


def _ranges(point: Segment, mlc: Mlc, machine: Machine) -> Iterator[tuple[str, str]]:
    """Name a leaf beyond the range of its side."""
    del machine
    for side, tips_cm, span in (
        ("X1", point.left_cm, mlc.leaf_x1_mm.require()),
        ("X2", point.right_cm, mlc.leaf_x2_mm.require()),
    ):
        for pair, tip_cm in enumerate(tips_cm, 1):
            if not span[0] - _SLACK_MM <= 10.0 * tip_cm <= span[1] + _SLACK_MM:
                yield (
                    f"{side} {pair}",
                    f"leaf {pair} of {side} is at {10.0 * tip_cm:.1f} mm, beyond its range",
                )


def _spans(point: Segment, mlc: Mlc, machine: Machine) -> Iterator[tuple[str, str]]:
    """Name a side whose leaves are too far apart."""
    del machine
    most_mm = mlc.span_mm.require()
    for side, tips_cm in (("X1", point.left_cm), ("X2", point.right_cm)):
        span_mm = 10.0 * (max(tips_cm) - min(tips_cm))
        if span_mm > most_mm + _SLACK_MM:
            yield side, f"leaves of {side} are {span_mm:.1f} mm apart, at most {most_mm:g} mm"


def _reach(point: Segment, mlc: Mlc, machine: Machine) -> Iterator[tuple[str, str]]:
    """Measure from each Y jaw to the outer edge of the first open leaf pair (Siochi 2009, II.C.3).

    A pair no wider than the gap given to covered pairs counts as closed: on the authors' machines
    both this rule and that gap were in use.
    """
    reach_mm = machine.jaws.y_reach_mm.require()
    edges_mm = mlc.boundaries_mm.require()
    closed_mm = (mlc.gap_under_jaw_mm.value or 0.0) + _SLACK_MM
    pairs = zip(point.left_cm, point.right_cm, strict=True)
    opened = [n for n, (left, right) in enumerate(pairs) if 10.0 * (right - left) > closed_mm]
    if not opened or point.y1_cm is None or point.y2_cm is None:
        return
    for jaw, jaw_mm, edge_mm in (
        ("Y1", 10.0 * point.y1_cm, edges_mm[opened[0]]),
        ("Y2", 10.0 * point.y2_cm, edges_mm[opened[-1] + 1]),
    ):
        if not abs(jaw_mm - edge_mm) <= reach_mm + _SLACK_MM:
            far = f"{abs(jaw_mm - edge_mm):.1f} mm from the first open leaf pair"
            yield jaw, f"jaw {jaw} is {far}, at most {reach_mm:g} mm"


_RULES: dict[str, tuple[Question, Callable[[Mlc, Machine], bool]]] = {
    "minimum gap": (_gaps, lambda mlc, _: not mlc.minimum_gap_mm.known),
    "interdigitation": (_fingers, lambda mlc, _: not mlc.interdigitation.known),
    "leaf range": (_ranges, lambda mlc, _: not (mlc.leaf_x1_mm.known and mlc.leaf_x2_mm.known)),
    "leaf span": (_spans, lambda mlc, _: not mlc.span_mm.known),
    "Y jaw reach": (
        _reach,
        lambda mlc, machine: not (machine.jaws.y_reach_mm.known and mlc.boundaries_mm.known),
    ),
}
