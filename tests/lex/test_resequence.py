"""Segments in the order of least travel: the same segments, a way never longer, in numbers."""

from dataclasses import replace
from itertools import pairwise, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.lex.delivery_time import delivery_time, travel_mm, turn_deg
from app.lex.plan import Device
from app.lex.resequence import EXACT, best_order, resequenced
from app.lex.segments import shots_of
from app.lex.transfer import prepare
from core.errors import UnsupportedPlanError
from core.findings import State
from core.machines import read_machine
from tests.lex.segment_sample import content, of_parts, stepped
from tests.lex.transfer_sample import arc, beam, segment, treatment, trial

DEMO = read_machine("demo_linac")


def at(tip_cm: float, **changes):
    return segment(0.0, tip_cm, **changes)


def zigzag(count: int = 6, **changes):
    """Left tips to and fro; the best order is the sorted one."""
    tips = [-9.0 + (n // 2 if n % 2 else count - n // 2) for n in range(count)]
    return of_parts([(at(tip), 10 + n) for n, tip in enumerate(tips)], **changes)


@st.composite
def tables(draw, least=2, most=7):
    places = draw(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), min_size=least,
                           max_size=most))  # fmt: skip
    return [[max(abs(a - c), abs(b - d)) for c, d in places] for a, b in places]


def length(table, order):
    return sum(table[a][b] for a, b in pairwise(order))


@pytest.mark.req("L-09")
@settings(max_examples=60, deadline=None)
@given(stepped(most=16, pairs=6))
def test_that_segments_and_mu_stay_and_the_way_never_grows(planned):
    found = resequenced(planned)
    assert content(found) == content(planned)
    assert travel_mm(found.segments) <= travel_mm(planned.segments)
    assert turn_deg(found.segments) <= turn_deg(planned.segments)
    shares = [point.meterset_share for point in found.segments]
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert shares == sorted(shares)
    assert resequenced(planned) == found


@pytest.mark.req("L-09")
@settings(max_examples=60, deadline=None)
@given(tables())
def test_that_few_segments_get_the_best_order_there_is(table):
    best = min(length(table, order) for order in permutations(range(len(table))))
    assert length(table, best_order(table)) == best


@pytest.mark.req("L-09")
@settings(max_examples=40, deadline=None)
@given(tables(least=EXACT + 1, most=40))
def test_that_many_segments_are_never_worse_than_planned_and_cannot_be_bettered_by_a_turn(table):
    order = best_order(table)
    found = length(table, order)
    assert sorted(order) == list(range(len(table)))
    assert found <= length(table, range(len(table)))
    for i in range(len(order)):
        for j in range(i + 1, len(order)):
            turned = (*order[:i], *reversed(order[i : j + 1]), *order[j + 1 :])
            assert length(table, turned) >= found


@pytest.mark.req("L-09")
@pytest.mark.parametrize("count", [6, 20])
def test_that_segments_to_and_fro_are_put_in_a_row(count):
    planned = zigzag(count)
    tips = [shot.begin.left_cm[0] for shot in shots_of(resequenced(planned))]
    assert tips in (sorted(tips), sorted(tips, reverse=True))


@pytest.mark.req("L-09")
def test_that_an_order_without_a_better_one_is_left_untouched():
    planned = of_parts([(at(tip), 10) for tip in (-6.0, -5.0, -4.0)])
    assert resequenced(planned) is planned


@pytest.mark.req("L-09")
def test_that_the_collimator_is_not_turned_more_to_save_leaves():
    parts = [(at(tip, collimator_deg=angle), 10)
             for tip, angle in ((-6, 0.0), (-2, 0.0), (-5, 90.0), (-3, 90.0))]  # fmt: skip
    found = resequenced(of_parts(parts))
    assert turn_deg(found.segments) == 90.0
    assert travel_mm(found.segments) <= travel_mm(of_parts(parts).segments)


@pytest.mark.req("L-09")
@pytest.mark.parametrize(
    ("moving", "words"),
    [
        (arc(1), "an arc"),
        (of_parts([(at(-4, gantry_deg=0.0), 10), (at(-3, gantry_deg=90.0), 10)]), "gantry"),
        (of_parts([(at(-4, collimator_turn="CW"), 1), (at(-3), 1)]), "which way"),
        (of_parts([(at(-4, wedge_in=True), 1), (at(-3, wedge_in=False), 1)],
                  wedges=(Device("MW", kind="motorised"),)), "wedge"),
        (of_parts([(at(-4), 1), (at(-3, x1_cm=None, x2_cm=None), 1)]), "known"),
    ],
    ids=["arc", "gantry", "stated turn", "wedge", "jaws"],
)  # fmt: skip
def test_that_a_way_that_is_not_free_keeps_its_order_and_says_so(moving, words):
    with pytest.raises(UnsupportedPlanError, match=words):
        resequenced(moving)
    transfer = prepare(trial(moving), treatment(resequence=True))
    [finding] = [one for one in transfer.findings if one.rule == "LEX-O2"]
    assert finding.state == State.WARNING
    assert words in finding.message


@pytest.mark.req("L-09")
def test_that_travel_and_time_are_told_before_and_after():
    planned = zigzag(6)
    transfer = prepare(trial(planned), treatment(resequence=True))
    [finding] = [one for one in transfer.findings if one.rule == "LEX-O2"]
    assert finding.state == State.INFO
    assert (finding.expected, finding.found, finding.unit) == ("200.0", "60.0", "mm")
    assert "at least" in finding.message
    assert transfer.options == ("resequenced",)


def test_that_time_is_dose_rate_and_leaf_speed_where_they_are_known():
    planned = of_parts([(at(-6.0), 100), (at(-4.0), 100)])
    time = delivery_time(planned, DEMO, 400)
    assert time.seconds == pytest.approx(30.0 + 20.0 / 25.0)  # 200 MU, 20 mm at 25 mm/s
    assert time.not_estimated == ()


def test_that_what_is_not_known_is_named_and_not_counted():
    planned = of_parts([(at(-6.0), 100), (at(-4.0, y1_cm=-9.0), 100)])
    unknown = replace(DEMO, mlc=None)
    time = delivery_time(planned, unknown, 400)
    assert time.seconds == pytest.approx(30.0)
    assert "leaf speed unknown" in str(time)
    assert "jaw speed unknown" in str(time)
    nothing = delivery_time(planned, unknown, None)
    assert nothing.seconds is None
    assert str(nothing).startswith("time not estimated (not estimated: dose rate unknown")


def test_that_an_arc_takes_as_long_as_the_slower_of_leaves_and_dose():
    turning = (segment(0.0, -9.0, gantry_turn="CW"), segment(1.0, 1.0, gantry_deg=92.0))
    time = delivery_time(beam(1, turning, technique="VMAT", mu=10.0), DEMO, 600)
    assert time.seconds == pytest.approx(4.0)  # 100 mm at 25 mm/s, not the 1 s of 10 MU
    assert "gantry" in str(time)
