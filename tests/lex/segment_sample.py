"""Invented step-and-shoot beams with whole monitor units, drawn by hypothesis."""

from collections import Counter
from dataclasses import replace

from hypothesis import strategies as st

from app.lex.plan import Beam, Segment
from app.lex.segments import shots_of
from tests.lex.transfer_sample import PAIRS, beam, segment

EDGES_CM = (*range(-20, -10), *(n / 2 for n in range(-20, 21)), *range(11, 21))


@st.composite
def shapes(draw, pairs: int = PAIRS) -> Segment:
    """One aperture: a block of leaf pairs open, the rest closed somewhere, jaws around it."""
    low = draw(st.integers(0, pairs - 1))
    high = draw(st.integers(low, pairs - 1))
    tip = draw(st.integers(-800, 600)) / 100
    width = draw(st.integers(1, 900)) / 100
    rest = draw(st.integers(-900, 900)) / 100
    opened = range(low, high + 1)
    left = tuple(tip if n in opened else rest for n in range(pairs))
    right = tuple(round(tip + width, 2) if n in opened else rest for n in range(pairs))
    y1, y2 = draw(st.integers(-200, 0)) / 10, draw(st.integers(1, 200)) / 10
    return replace(segment(0.0), left_cm=left, right_cm=right, y1_cm=y1, y2_cm=y2)


@st.composite
def stepped(draw, least: int = 2, most: int = 8, pairs: int = PAIRS) -> Beam:
    """A step-and-shoot beam; whole MU for every segment."""
    parts = draw(st.lists(st.tuples(shapes(pairs), st.integers(1, 60)), min_size=least,
                          max_size=most))  # fmt: skip
    return of_parts(parts)


def of_parts(parts: list[tuple[Segment, int]], **changes: object) -> Beam:
    total = sum(mu for _, mu in parts)
    points, given = [], 0
    for shape, mu in parts:
        points.append(replace(shape, meterset_share=given / total))
        given += mu
        points.append(replace(shape, meterset_share=given / total))
    return beam(1, tuple(points), technique="StepNShoot", mu=float(total),
                leaf_edges_cm=EDGES_CM, **changes)  # fmt: skip


def aperture(point: Segment) -> tuple:
    return (point.left_cm, point.right_cm, point.x1_cm, point.x2_cm, point.y1_cm, point.y2_cm,
            point.gantry_deg, point.collimator_deg, point.couch_deg, point.wedge_in)  # fmt: skip


def content(*beams: Beam) -> Counter:
    """What beams deliver: every aperture with its MU, as often as it comes."""
    return Counter(
        (aperture(shot.begin), round(one.mu * shot.share, 6))
        for one in beams
        for shot in shots_of(one)
    )
