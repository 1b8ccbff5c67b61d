"""Each form of delivery is accepted for what it is; whatever goes beyond it is named."""

from dataclasses import replace
from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.filter.compare import compare
from app.filter.delivery_forms import FORMS, OPENED, RESEQUENCED, RULES, SPLIT, judged
from app.filter.field import Jaws
from core.errors import RemedyError
from core.findings import Finding, State
from tests.filter.compare_samples import LIMITS, field
from tests.filter.delivery_samples import (
    EXPOSED,
    JAWS,
    PARTLY,
    banks,
    beam,
    moved_leaf,
    opened,
    sources,
    split,
    whole,
)

WIDE = banks([("-20.0", "20.0")] * 4)
NARROW = banks([("-10.0", "10.0")] * 4)
LEFT = banks([("-30.0", "-5.0")] * 4)
ODD = banks([("-30.0", "-5.0"), ("0.0", "10.0"), ("5.0", "15.0"), ("-3.0", "4.0")])
BEAM = beam([(32, WIDE), (20, NARROW), (16, LEFT), (12, ODD)])
OTHER = field("2", gantry_deg=D("180.0"), control_points=())
OTHER_BEAM = replace(OTHER, id="")
FORM_RULES = set(RULES.values())


def findings(fields, *beams):
    rv, planned = sources(fields, *(beams or (BEAM,)))
    return compare(rv, planned, LIMITS).findings


def rules(rows):
    return [row.rule for row in rows]


def told(rows):
    """Return what is worse than a hint."""
    return [
        (row.field, row.control_point, row.item)
        for row in rows
        if row.state in (State.ERROR, State.WARNING)
    ]


@pytest.mark.req("L-07")
def test_that_one_field_per_segment_is_one_hint():
    rv, planned = sources([*split(BEAM), OTHER], OTHER_BEAM, BEAM)
    result = compare(rv, planned, LIMITS)
    (one,) = result.findings
    assert (one.rule, one.state) == (RULES[SPLIT], State.INFO)
    assert "1A, 1B, 1C, 1D" in one.message
    assert "add up to 80.00, planned are 80" in one.message
    own = [(match.rv_field, match.plan_beam, match.segment) for match in result.matches[:4]]
    assert own == [(f"1{letter}", "RPO IMRT", n + 1) for n, letter in enumerate("ABCD")]
    assert {match.deviation for match in result.matches} == {0}
    # Nothing that was not compared may look as if it had been.
    gaps = {row.item: row for row in result.not_checked}
    assert "sum only" in gaps["field_dose"].why
    assert gaps["field_id"].field == "1A, 1B, 1C, 1D"


@pytest.mark.req("L-07")
def test_that_two_beams_at_one_angle_are_each_put_together_again():
    boost = beam([(10, NARROW), (14, LEFT)], name="BOOST", source_name="BOOST", number=2)
    fields = split(BEAM) + [replace(one, id=f"2{one.id}") for one in split(boost)]
    mixed = [fields[place] for place in (4, 0, 1, 5, 2, 3)]
    rows = findings(mixed, BEAM, boost)
    assert told(rows) == []
    assert rules(rows) == [RULES[SPLIT]] * 2


@pytest.mark.req("L-07")
def test_that_a_beam_sent_whole_beside_a_split_one_stays_whole():
    again = beam([(30, WIDE), (21, ODD)], name="LPO IMRT", source_name="LPO IMRT")
    rows = findings([*split(BEAM), replace(whole(again), id="9")], BEAM, again)
    assert rules(rows) == [RULES[SPLIT]]


@pytest.mark.req("L-07")
def test_that_thirds_of_an_mu_may_be_shared_out_when_the_sum_is_exact():
    thirds = beam([(1, WIDE), (1, NARROW), (1, LEFT)], mu=D(100), dose_cgy=D(100))
    plain = split(thirds)
    assert [one.mu for one in plain] == [D("33.33")] * 3
    shared = [replace(plain[0], mu=D("33.34")), *plain[1:]]
    for fields in (plain, shared):
        assert told(findings(fields, thirds)) == []
    wrong = [replace(plain[0], mu=D("33.35")), *plain[1:]]
    assert told(findings(wrong, thirds)) == [("1A", None, "field_monitor_units")]


@pytest.mark.req("L-07", "R-30")
def test_that_an_mu_moved_between_split_fields_is_named_in_both():
    one, two, *rest = split(BEAM)
    moved = [replace(one, mu=one.mu + 1), replace(two, mu=two.mu - 1), *rest]
    rows = findings(moved)
    assert told(rows) == [(name, None, "field_monitor_units") for name in ("1A", "1B")]
    assert "(segment 1 of beam 'RPO IMRT')" in rows[1].message


@pytest.mark.req("L-07", "R-30")
@pytest.mark.parametrize("lost", [0, 2])
def test_that_a_missing_split_field_is_one_error(lost):
    fields = split(BEAM)
    del fields[lost]
    rows = findings(fields)
    assert told(rows) == [("", None, "field_id")]
    (error,) = (row for row in rows if row.state == State.ERROR)
    assert f"segment {lost + 1} of beam 'RPO IMRT'" in error.message


@pytest.mark.req("L-07", "R-30")
def test_that_a_field_sent_twice_is_one_error():
    fields = split(BEAM)
    assert told(findings([*fields, replace(fields[1], id="9")])) in (
        [("9", None, "field_id")], [("1B", None, "field_id")],
    )  # fmt: skip


@pytest.mark.req("L-07", "R-30")
def test_that_apertures_swapped_without_their_mu_are_named():
    one, two, *rest = split(BEAM)
    swapped = [
        replace(one, control_points=two.control_points),
        replace(two, control_points=one.control_points), *rest,
    ]  # fmt: skip
    rows = [row for row in findings(swapped) if row.state == State.ERROR]
    assert {row.field for row in rows} == {"1A", "1B"}


@pytest.mark.req("L-07", "L-09")
def test_that_apertures_swapped_with_their_mu_are_another_order_and_said():
    rows = findings(split(BEAM, (0, 2, 1, 3)))
    assert told(rows) == []
    order = next(row for row in rows if row.rule == RULES[RESEQUENCED])
    assert "plan segments 1, 3, 2, 4" in order.message


CHANGES = {
    "gantry_deg": (D("90.1"), "gantry_angle"), "energy": (D(10), "energy"),
    "collimator_deg": (D("10.1"), "collimator_angle"), "couch_deg": (D(351), "couch_angle"),
    "jaws": (replace(JAWS, y1_mm=D("-25.1")), "collimator_y1"), "wedges": ((), "wedge"),
    "mu": (D("20.01"), "field_monitor_units"), "name": ("OTHER", "field_name"),
    "source_name": ("OTHER", "original_beam_name"), "dose_cgy": (D("20.10"), "field_dose"),
    "machine": ("OTHER", "treatment_machine"), "wedge_mu": (D("0.01"), "wedge_monitor_units"),
}  # fmt: skip


@pytest.mark.req("L-07", "R-30")
@pytest.mark.parametrize("name", CHANGES)
def test_that_one_value_of_one_split_field_is_one_finding(name):
    value, item = CHANGES[name]
    fields = split(BEAM)
    fields[1] = replace(fields[1], **{name: value})
    assert told(findings(fields)) == [("1B", None, item)]


def test_that_a_field_that_lost_its_control_points_is_not_taken_for_a_split_beam():
    lost = whole(BEAM)
    lost = replace(lost, control_points=lost.control_points[:1])
    assert told(findings([lost])) == [("1", None, "total_control_points")]


def test_that_an_unsplit_export_without_one_beam_misses_that_beam():
    rows = findings([OTHER], OTHER_BEAM, BEAM)
    assert rules(rows) == ["F-CMP-BEAM"]


@pytest.mark.req("L-09", "R-06")
@pytest.mark.parametrize("order", [(1, 0, 2, 3), (3, 2, 1, 0), (2, 3, 0, 1)])
def test_that_another_order_is_one_hint(order):
    (one,) = findings([whole(BEAM, order)])
    assert (one.rule, one.state, one.field) == (RULES[RESEQUENCED], State.INFO, "1")
    assert ", ".join(str(number + 1) for number in order) in one.message


@pytest.mark.req("L-09", "R-06", "R-30")
@pytest.mark.parametrize("place", range(8))
def test_that_one_leaf_of_a_resequenced_field_is_named(place):
    rows = findings([moved_leaf(whole(BEAM, (3, 2, 1, 0)), place, "b", EXPOSED[1])])
    assert told(rows) == [("1", place, "mlc_b4")]


@pytest.mark.req("L-09", "R-06", "R-30")
def test_that_one_step_of_one_share_of_a_resequenced_field_is_named():
    one = whole(BEAM, (2, 3, 0, 1))
    points = list(one.control_points)
    points[3] = replace(points[3], cumulative=points[3].cumulative + D("0.000001"))
    rows = findings([replace(one, control_points=tuple(points))])
    assert told(rows) == [("1", 3, "monitor_units")]


@pytest.mark.req("L-10")
@pytest.mark.parametrize("gap", ["0.2", "1.0", "2.0"])
def test_that_pairs_under_a_jaw_may_be_opened(gap):
    rv, planned = sources([opened(whole(BEAM), gap)], BEAM)
    result = compare(rv, planned, LIMITS)
    (one,) = result.findings
    assert (one.rule, one.state, one.unit) == (RULES[OPENED], State.INFO, "cm")
    assert D(one.found) * 10 == D(gap)
    assert "3 leaf pairs wholly under Y1 and Y2" in one.message
    assert "at 8 of 8 control points" in one.message
    assert result.matches[0].deviation == 0


@pytest.mark.req("L-10", "R-30")
def test_that_a_pair_opened_too_far_is_one_error():
    one = opened(whole(BEAM), points=(0, 1), rows=(6,))
    one = moved_leaf(opened(one, points=(0, 1), rows=(0, 7)), 1, "b", 6)
    rows = findings([one])
    assert told(rows) == [("1", 1, "mlc_b7")]
    (error,) = (row for row in rows if row.state == State.ERROR)
    assert "leaf pair 7" in error.message
    assert "stands open by 0.21 cm" in error.message
    assert "at most 0.20 cm" in error.message
    assert (error.expected, error.found) == ("1.20", "1.31")


@pytest.mark.req("L-10", "R-30")
def test_that_every_pair_opened_too_far_is_an_error():
    rows = told(findings([opened(whole(BEAM), "2.2", points=(2, 3), rows=(0,))]))
    assert rows == [("1", 2, "mlc_a1"), ("1", 3, "mlc_a1")]


@pytest.mark.req("L-10", "R-30")
def test_that_a_pair_only_partly_under_the_jaw_may_not_be_opened():
    rows = findings([opened(whole(BEAM), rows=(PARTLY,), points=(4, 5))])
    assert told(rows) == [("1", 4, "mlc_a2"), ("1", 5, "mlc_a2")]
    assert all("only partly under the Y1 jaw" in row.message for row in rows)


@pytest.mark.req("L-10", "R-30")
def test_that_a_closed_pair_in_the_open_field_may_not_be_opened():
    shut = beam([(10, banks([("5.0", "5.0")] + [("-9.0", "9.0")] * 3)), (20, WIDE)])
    rows = told(findings([opened(whole(shut), rows=(2,), points=(0, 1))], shut))
    assert rows == [("1", place, f"mlc_{bank}3") for place in (0, 1) for bank in "ab"]


@pytest.mark.req("L-10", "R-30")
@pytest.mark.parametrize(("bank", "by"), [("a", "0.1"), ("b", "-0.1"), ("b", "-9")])
def test_that_a_leaf_astray_under_the_jaw_is_named_among_opened_ones(bank, by):
    one = moved_leaf(opened(whole(BEAM), "1.0"), 3, bank, 7, by)
    assert told(findings([one])) == [("1", 3, f"mlc_{bank}8")]


@pytest.mark.req("L-10", "R-30")
@pytest.mark.parametrize("by", ["0.1", "-0.1"])
def test_that_one_leaf_that_moved_under_the_jaw_is_no_opening(by):
    assert told(findings([moved_leaf(whole(BEAM), 3, "a", 7, by)])) == [("1", 3, "mlc_a8")]


@pytest.mark.req("L-10", "R-30")
def test_that_a_pair_opened_at_one_end_of_its_segment_is_an_error():
    rows = findings([opened(whole(BEAM), rows=(0,), points=(2,))])
    assert told(rows) == [("1", 2, "mlc_a1")]
    assert "closed at the other control point" in rows[0].message


@pytest.mark.req("L-10")
def test_that_a_pair_is_covered_only_when_both_sources_have_the_jaw_there():
    points = [
        replace(point, jaws=replace(JAWS, y2_mm=D("25.0")))
        for point in opened(whole(BEAM), rows=(6,)).control_points
    ]
    one = replace(whole(BEAM), control_points=tuple(points))
    rows = told(findings([one]))
    assert ("1", 0, "collimator_y2") in rows
    assert ("1", 0, "mlc_a7") in rows


@pytest.mark.req("L-10")
def test_that_nothing_is_covered_where_the_plan_states_no_leaf_edges_or_the_gantry_moves():
    bare = [
        replace(point, layers=(replace(point.layers[0], edges_mm=()),))
        for point in BEAM.control_points
    ]
    turning = [replace(point, gantry_deg=D(90 + point.number)) for point in BEAM.control_points]
    for points in (bare, turning):
        planned = replace(BEAM, control_points=tuple(points))
        rows = findings([opened(whole(planned), rows=(0,), points=(0, 1))], planned)
        assert [row.state for row in rows] == [State.ERROR] * 4


@pytest.mark.req("L-07", "L-09", "L-10")
def test_that_a_form_nobody_declared_is_a_warning_that_names_it():
    fields = [opened(one) for one in split(BEAM, (1, 0, 2, 3))]
    rows = tuple(findings(fields))
    for declared in ((), (SPLIT,), FORMS):
        weighed = list(judged(rows, declared))
        warned = {row.rule for row in weighed if row.state == State.WARNING}
        assert warned == FORM_RULES - {RULES[form] for form in declared}
        for row in weighed:
            assert (row.state == State.WARNING) == ("nobody has declared" in row.message)


def test_that_a_form_declared_in_vain_is_said_and_an_unknown_one_refused():
    error = Finding("F-CMP-MLC", State.ERROR, "A leaf differs")
    weighed = list(judged([error], (RESEQUENCED,)))
    assert weighed[0] == error
    assert (weighed[1].rule, weighed[1].state) == ("F-FORM-NONE", State.INFO)
    with pytest.raises(RemedyError, match="resequenced"):
        list(judged([], ("resequence",)))


tenths = st.integers(-300, 300).map(lambda tip: D(tip).scaleb(-1))
pairs = st.tuples(tenths, st.integers(20, 200)).map(lambda p: (p[0], p[0] + D(p[1]).scaleb(-1)))
layers = st.lists(pairs, min_size=4, max_size=4).map(banks)
step_and_shoot = st.lists(
    st.tuples(st.integers(1, 60), layers), min_size=2, max_size=5, unique_by=str
).map(beam)


@st.composite
def deliveries(draw):
    """Return a beam and the fields in which it arrives, in any mixture of forms."""
    planned = draw(step_and_shoot)
    order = draw(st.permutations(range(len(planned.control_points) // 2)))
    fields = split(planned, order) if draw(st.booleans()) else [whole(planned, order)]
    if draw(st.booleans()):
        gap = draw(st.sampled_from(["0.2", "1.0", "2.0"]))
        fields = [opened(one, gap) for one in fields]
    return planned, fields


@pytest.mark.req("L-07", "L-09", "L-10")
@settings(max_examples=60, deadline=None)
@given(deliveries())
def test_that_any_mixture_of_forms_is_hints_only(delivery):
    planned, fields = delivery
    rows = findings(fields, planned)
    assert told(rows) == []
    assert set(rules(rows)) <= FORM_RULES


@pytest.mark.req("L-07", "L-09", "L-10", "R-30")
@settings(max_examples=120, deadline=None)
@given(deliveries(), st.data())
def test_that_any_single_change_beyond_a_form_is_one_finding(delivery, data):
    planned, fields = delivery
    place = data.draw(st.integers(0, len(fields) - 1))
    one = fields[place]
    at = data.draw(st.integers(0, len(one.control_points) - 1))
    kind = data.draw(st.sampled_from(["leaf", "jaw", "angle", "mu"]))
    if kind == "leaf":
        bank, row = data.draw(st.sampled_from("ab")), data.draw(st.sampled_from(EXPOSED))
        fields[place] = moved_leaf(one, at, bank, row, data.draw(st.sampled_from(["0.1", "-5"])))
        item = f"mlc_{bank}{row + 1}"
    elif kind == "jaw":
        points = list(one.control_points)
        wider = Jaws(JAWS.x1_mm, JAWS.x2_mm + D("0.1"), JAWS.y1_mm, JAWS.y2_mm)
        points[at] = replace(points[at], jaws=wider)
        fields[place], item = replace(one, control_points=tuple(points)), "collimator_x2"
    elif kind == "angle":
        fields[place], item = replace(one, couch_deg=one.couch_deg + 1), "couch_angle"
    else:
        fields[place], item = replace(one, mu=one.mu + D("0.01")), "field_monitor_units"
    rows = findings(fields, planned)
    assert [name for *_, name in told(rows)] == [item]
