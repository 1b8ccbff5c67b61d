"""The point dose of ten arcs of 180 control points and 60 leaf pairs, in half a second."""

from decimal import Decimal as D
from math import sin

import pytest

from app.filter.field import ControlPoint, Field, Jaws, LeafBanks, Point
from app.filter.mu.book_check import open_book
from app.filter.mu.books import GENERIC
from app.filter.mu.photon import Point as CalcPoint
from app.filter.mu.photon import photon_dose
from tests.bench.timing import fastest

PAIRS = 60
EDGES = tuple(map(D, [*range(-200, -100, 10), *range(-100, 100, 5), *range(100, 201, 10)]))


def arc(number, points):
    made = []
    for n in range(points):
        low = [D(f"{-30 + 20 * sin(0.1 * n + 0.3 * leaf + number):.2f}") for leaf in range(PAIRS)]
        high = [tip + D(f"{20 + 10 * sin(0.05 * n * leaf):.2f}") for leaf, tip in enumerate(low)]
        made.append(ControlPoint(
            n, D(n) / (points - 1), D(f"{(181 + n * 1.9) % 360:.1f}"), "CW", D(10), "", D(0), "",
            jaws=Jaws(D(-100), D(100), D(-100), D(100)),
            layers=(LeafBanks(tuple(low), tuple(high), "X", EDGES),),
        ))  # fmt: skip
    return Field(str(number), f"Arc {number}", number, modality="Xrays", energy=D(6), fff=False,
                 mu=D(200), sad_mm=D(1000), isocentre=Point(D(0), D(0), D(0)), wedges=(),
                 blocks=(), compensators=(), control_points=tuple(made))  # fmt: skip


@pytest.mark.bench
@pytest.mark.req("R-17")
def test_that_ten_arcs_take_less_than_half_a_second(record_property):
    book = open_book(GENERIC)
    arcs = [arc(number, 180) for number in range(10)]
    depths = tuple((n / 179, 8 + 4 * sin(n / 20)) for n in range(180))
    point = CalcPoint((0.5, 1.0, 0.3), "HFS", depths)

    def work():
        return [photon_dose(one, one, point, book) for one in arcs]

    states = sum(len(one.mu) for one in work())
    (seconds,) = fastest(work)
    print(f"1,800 control points, {states} states: {seconds:.2f} s of processor time")
    record_property("seconds", round(seconds, 3))
    assert seconds < 0.5
