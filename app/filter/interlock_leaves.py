"""Interlocks of the leaves: reach, span, gap, interdigitation, and the Y jaw beside them (R-13).

Asked of whole arrays, one row a control point; positions are binary numbers here, and the slack
of tolerances.toml is far wider than what they are off by.
"""

from collections.abc import Iterator
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from app.filter.field import Field
from app.filter.limits import Limits
from app.filter.machine_state import MachineAsked, hit
from app.filter.segments import JAWS, Array, aperture
from core.findings import Finding, NotChecked, State
from core.machine_values import Value
from core.machines import Jaws, Mlc

Hits = NDArray[np.bool_]


def leaf_interlocks(
    field: Field, asked: MachineAsked, limits: Limits
) -> Iterator[Finding | NotChecked]:
    """Return what the leaves of a field would be refused for."""
    mlc = asked.machine.mlc
    points = [point for point in field.control_points if point.layers]
    if not points:
        return
    why = ""
    if mlc is None:
        why = f"the description {asked.machine.id} has no multileaf collimator"
    elif len(points[0].layers) > 1 or points[0].layers[0].along == "Y":
        why = "leaves of a second layer or along Y have no place in the description"
    elif len({len(point.layers[0].a_mm) for point in points}) > 1:
        why = "the number of leaves changes within the field"
    if why or mlc is None:
        yield NotChecked("interlocks of the leaves", why, field.id)
        return
    boundaries = asked.ask(mlc.boundaries_mm)
    pairs = len(points[0].layers[0].a_mm)
    if boundaries is not None and pairs != len(boundaries) - 1:
        words = f"the field has {pairs} leaf pairs, {asked.machine.name} has {len(boundaries) - 1}"
        yield hit(
            "F-INT-LEAVES", mlc.boundaries_mm, field, words, "mlc_leaves", found=str(pairs),
            expected=str(len(boundaries) - 1),
        )  # fmt: skip
        return
    leaves = _Leaves(field, [point.number for point in points], aperture(points) * 10, limits)
    yield from _reach(leaves, asked, mlc)
    edges = np.array(boundaries if boundaries is not None else (), float)
    yield from _gaps(leaves, asked, mlc, edges)
    yield from _neighbours(leaves, asked, mlc)
    yield from _parked(leaves, edges, float(limits["hints.parked_mm"]))
    if boundaries is not None:
        yield from _y_jaws(leaves, asked, mlc, asked.machine.jaws, edges)


class _Leaves:
    """The leaves of one field in mm: bank A, bank B and Y jaws, one row a control point."""

    def __init__(self, field: Field, numbers: list[int], shape_mm: Array, limits: Limits) -> None:
        self.field = field
        self.numbers = numbers
        self.slack = float(limits["interlocks.position_mm"])
        self.open_mm = float(limits["interlocks.open_pair_mm"])
        count = (shape_mm.shape[1] - JAWS) // 2
        self.a = shape_mm[:, JAWS : JAWS + count]
        self.b = shape_mm[:, JAWS + count :]
        self.x = shape_mm[:, :2]
        self.y = shape_mm[:, 2:JAWS]

    def first(self, hits: Hits) -> tuple[int, int] | None:
        """Return row and leaf of the first hit."""
        places = np.argwhere(hits)
        return (int(places[0][0]), int(places[0][1])) if len(places) else None

    def point(self, row: int) -> int:
        """Return the number of the control point of a row."""
        return self.numbers[row]


def _reach(leaves: _Leaves, asked: MachineAsked, mlc: Mlc) -> Iterator[Finding]:
    for bank, tips, value in (("a", leaves.a, mlc.leaf_x1_mm), ("b", leaves.b, mlc.leaf_x2_mm)):
        span = asked.ask(value)
        if span is not None:
            low, high = span
            beyond = (tips < low - leaves.slack) | (tips > high + leaves.slack)
            place = leaves.first(beyond)
            if place is not None:
                row, leaf = place
                item, tip = f"mlc_{bank}{leaf + 1}", _cm(tips[row, leaf])
                words = f"{item} is {tip} cm, the machine has {_cm(low)} to {_cm(high)} cm"
                yield hit(
                    "F-INT-REACH", value, leaves.field, words, item, found=tip,
                    expected=f"{_cm(low)} to {_cm(high)}", unit="cm", point=leaves.point(row),
                )  # fmt: skip
        most = asked.ask(mlc.span_mm)
        if most is not None:
            spread = tips.max(axis=1) - tips.min(axis=1)
            place = leaves.first(spread[:, None] > most + leaves.slack)
            if place is not None:
                row = place[0]
                words = (
                    f"the leaves of bank {bank.upper()} stand {_cm(spread[row])} cm apart, the "
                    f"machine has at most {_cm(most)} cm"
                )
                yield hit(
                    "F-INT-SPAN", mlc.span_mm, leaves.field, words,
                    f"mlc_{bank}{int(tips[row].argmax()) + 1}", found=_cm(spread[row]),
                    expected=_cm(most), unit="cm", point=leaves.point(row),
                )  # fmt: skip


def _gaps(leaves: _Leaves, asked: MachineAsked, mlc: Mlc, edges: Array) -> Iterator[Finding]:
    """Ask for the least gap of open pairs; those wholly under a Y jaw are not open."""
    gap = leaves.b - leaves.a
    least = asked.ask(mlc.minimum_gap_mm)
    if least:
        exposed = np.ones(gap.shape, bool)
        if len(edges) and leaves.field.jaws.y1_mm is not None:
            exposed = (edges[1:] > leaves.y[:, :1]) & (edges[:-1] < leaves.y[:, 1:])
        place = leaves.first(exposed & (gap > leaves.slack) & (gap < least - leaves.slack))
        if place is not None:
            row, leaf = place
            words = (
                f"pair {leaf + 1} is open by {_cm(gap[row, leaf])} cm, less than the machine's "
                f"least gap of {_cm(least)} cm"
            )
            yield hit(
                "F-INT-GAP", mlc.minimum_gap_mm, leaves.field, words, f"mlc_a{leaf + 1}",
                found=_cm(gap[row, leaf]), expected=_cm(least), unit="cm", point=leaves.point(row),
            )  # fmt: skip


def _neighbours(leaves: _Leaves, asked: MachineAsked, mlc: Mlc) -> Iterator[Finding]:
    if asked.ask(mlc.interdigitation) is False:
        up = leaves.a[:, :-1] > leaves.b[:, 1:] + leaves.slack
        down = leaves.a[:, 1:] > leaves.b[:, :-1] + leaves.slack
        place = leaves.first(up | down)
        if place is not None:
            row, leaf = place
            words = (
                f"the leaves of pairs {leaf + 1} and {leaf + 2} pass each other "
                "(interdigitation), which the machine forbids"
            )
            yield hit(
                "F-INT-DIGIT", mlc.interdigitation, leaves.field, words, f"mlc_a{leaf + 1}",
                point=leaves.point(row),
            )  # fmt: skip


def _parked(leaves: _Leaves, edges: Array, margin_mm: float) -> Iterator[Finding]:
    """Show pairs that are closed in every control point, in the open of all four jaws."""
    jaws = leaves.field.jaws
    if not len(edges) or None in (jaws.x1_mm, jaws.x2_mm, jaws.y1_mm, jaws.y2_mm):
        return
    exposed = (edges[1:] > leaves.y[:, :1]) & (edges[:-1] < leaves.y[:, 1:])
    closed = leaves.b - leaves.a <= leaves.open_mm + leaves.slack
    low, high = leaves.x[:, :1] + margin_mm, leaves.x[:, 1:] - margin_mm
    inside = (leaves.a > low) & (leaves.b < high)
    pairs = np.flatnonzero((exposed & closed & inside).all(axis=0))
    if len(pairs):
        listed = ", ".join(str(pair + 1) for pair in pairs[:5])
        more = f" and {len(pairs) - 5} more" if len(pairs) > 5 else ""
        yield Finding(
            "F-HINT-PARKED", State.INFO,
            f"Field {leaves.field.id}: leaf pairs {listed}{more} are closed throughout and meet "
            "in the open of the jaws", leaves.field.id, item=f"mlc_a{int(pairs[0]) + 1}",
            remedy="See that the planning system parks closed leaves under a jaw.",
        )  # fmt: skip


def _y_jaws(
    leaves: _Leaves, asked: MachineAsked, mlc: Mlc, jaws: Jaws, boundaries: Array
) -> Iterator[Finding]:
    """Ask whether each Y jaw is within reach of the edge of the first open pair.

    Pairs that were opened under a jaw on purpose (L-10) are not what the field is open for.
    """
    reach = asked.ask(jaws.y_reach_mm)
    field = leaves.field
    if reach is None or field.jaws.y1_mm is None or field.jaws.y2_mm is None:
        return
    closed = max(leaves.open_mm, float(mlc.gap_under_jaw_mm.value or 0))
    is_open = leaves.b - leaves.a > closed + leaves.slack
    rows = np.flatnonzero(is_open.any(axis=1))
    if not len(rows):
        return
    pairs = is_open.shape[1]
    lowest = boundaries[is_open[rows].argmax(axis=1)]
    highest = boundaries[pairs - is_open[rows][:, ::-1].argmax(axis=1)]
    for name, side, edges in (("y1", 0, lowest), ("y2", 1, highest)):
        apart = np.abs(leaves.y[rows, side] - edges)
        far = np.flatnonzero(apart > reach + leaves.slack)
        if len(far):
            yield _jaw_hit(leaves, jaws.y_reach_mm, name, int(rows[far[0]]), edges[far[0]])


def _jaw_hit(leaves: _Leaves, value: Value[float], name: str, row: int, edge: float) -> Finding:
    jaw = leaves.y[row, 0 if name == "y1" else 1]
    words = (
        f"jaw {name.upper()} stands at {_cm(jaw)} cm, the first open leaf pair ends at "
        f"{_cm(edge)} cm; allowed are {_cm(value.require())} cm between them"
    )
    return hit(
        "F-INT-YJAW", value, leaves.field, words, f"collimator_{name}", found=_cm(jaw),
        expected=_cm(edge), unit="cm", point=leaves.point(row),
    )  # fmt: skip


def _cm(value_mm: float) -> str:
    return f"{Decimal(str(round(float(value_mm), 4))).scaleb(-1).normalize():f}"
