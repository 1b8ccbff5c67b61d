"""A beam of several segments as one field or one for each: the same MU and the same apertures."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.lex.field_ids import is_field_id
from app.lex.plan import Device
from app.lex.segments import part_ids, parts_of, shots_of
from app.lex.transfer import prepare
from core.errors import UnsupportedPlanError
from core.findings import State
from tests.lex.segment_sample import content, of_parts, stepped
from tests.lex.test_transfer import of
from tests.lex.transfer_sample import arc, beam, segment, step_and_shoot, treatment, trial

APART = {"segments": "field per control point"}


def transfer_of(*beams, **entries):
    return prepare(trial(*beams), treatment(**APART, **entries))


def told(transfer, rule="LEX-O1"):
    return [one for one in transfer.findings if one.rule == rule]


@pytest.mark.req("L-07")
@settings(max_examples=60, deadline=None)
@given(stepped(most=12, pairs=8))
def test_that_cutting_a_beam_up_keeps_every_aperture_and_all_mu(planned):
    parts = [part.beam for part in parts_of(planned, planned.name)]
    assert content(*parts) == content(planned)
    assert sum(part.mu for part in parts) == pytest.approx(planned.mu, abs=1e-9)
    assert all(part.technique == "Static" for part in parts)


@pytest.mark.req("L-07", "L-24")
@settings(max_examples=15, deadline=None)
@given(stepped(most=6))
def test_that_both_ways_of_writing_hold_the_same_apertures_and_mu(planned):
    names = [f"mlc_{bank}{n}" for bank in "ab" for n in range(1, 61)]
    jaws = [f"collimator_{jaw}" for jaw in ("x1", "x2", "y1", "y2")]
    whole = prepare(trial(planned), treatment())
    [field], points = of(whole.data, "FIELD_DEF"), of(whole.data, "CONTROL_PT_DEF")
    total = float(field["field_monitor_units"])
    once: Counter = Counter()
    for begin, end in zip(points[::2], points[1::2], strict=True):
        mu = total * (float(end["monitor_units"]) - float(begin["monitor_units"]))
        once[round(mu), *(end[name] for name in (*names, *jaws))] += 1
    cut = transfer_of(planned)
    fields, shapes = of(cut.data, "FIELD_DEF"), of(cut.data, "CONTROL_PT_DEF")
    apart = Counter(
        (float(one["field_monitor_units"]), *(shape[name] for name in names),
         *(one[jaw] for jaw in jaws))
        for one, shape in zip(fields, shapes, strict=True)
    )  # fmt: skip
    assert apart == once
    assert sum(float(one["field_monitor_units"]) for one in fields) == planned.mu


@pytest.mark.req("L-07", "R-15")
def test_that_parts_have_their_own_ids_and_names_and_book_the_dose_of_the_beam():
    planned = step_and_shoot(1, dose_cgy=200.0)
    transfer = transfer_of(planned)
    fields = of(transfer.data, "FIELD_DEF")
    assert [one["field_id"] for one in fields] == ["1S1", "1S2"]
    assert [one["field_name"] for one in fields] == ["B1 1/2", "B1 2/2"]
    assert [one["treatment_type"] for one in fields] == ["Static", "Static"]
    assert [one["field_monitor_units"] for one in fields] == ["32.00", "48.00"]
    assert [one["field_dose"] for one in fields] == ["80.00", "120.00"]
    origins = of(transfer.data, "EXTENDED_FIELD_DEF")
    assert {one["original_beam_name"] for one in origins} == {"B1"}
    [rx], [doses] = of(transfer.data, "RX_DEF"), of(transfer.data, "DOSE_DEF")
    assert rx["number_of_fields"] == "2"
    assert (doses["field_id1"], doses["field_id2"]) == ("1S1", "1S2")
    assert transfer.options == ("field per control point",)
    [finding] = told(transfer)
    assert (finding.state, finding.expected, finding.found) == (State.INFO, "80.00", "80.00")


@pytest.mark.req("L-07")
@given(
    st.text("AB12", min_size=1, max_size=5), st.integers(1, 120),
    st.lists(st.text("AB12", min_size=1, max_size=5), max_size=8),
)  # fmt: skip
def test_that_part_ids_are_free_unique_and_fit(id, count, taken):
    ids = part_ids(id, count, taken)
    assert len({one.upper() for one in ids}) == count
    assert not {one.upper() for one in ids} & {one.upper() for one in taken}
    assert all(is_field_id(one) for one in ids)


@pytest.mark.req("L-07")
def test_that_a_still_beam_stays_one_field_and_keeps_its_id():
    transfer = transfer_of(beam(1), step_and_shoot(2))
    assert [one.field_id for one in transfer.fields] == ["1", "2S1", "2S2"]
    alone = transfer_of(beam(1))
    assert [one.state for one in told(alone)] == [State.INFO]
    assert alone.data == prepare(trial(beam(1)), treatment()).data


@pytest.mark.req("L-07")
@pytest.mark.parametrize(
    ("moving", "words"),
    [(arc(1), "an arc with moving leaves"),
     (beam(1, (segment(0.0), segment(1.0, -2.0)), technique="DMLC"), "moving leaves")],
)  # fmt: skip
def test_that_a_beam_delivered_in_one_movement_is_not_cut_up(moving, words):
    with pytest.raises(UnsupportedPlanError, match=words):
        parts_of(moving, moving.name)
    transfer = transfer_of(moving)
    assert transfer.data == b""
    [finding] = told(transfer)
    assert finding.state == State.ERROR
    assert words in finding.message


@pytest.mark.req("L-07")
def test_that_a_beam_called_step_and_shoot_that_moves_with_dose_is_refused():
    liar = beam(1, (segment(0.0), segment(1.0, -2.0)), technique="StepNShoot")
    with pytest.raises(UnsupportedPlanError, match="moving"):
        shots_of(liar)


@pytest.mark.req("L-07", "L-19")
def test_that_each_segment_must_have_whole_mu_where_the_system_wants_them():
    good, bad = step_and_shoot(1, mu=80.0), step_and_shoot(1, mu=81.0)
    assert transfer_of(good, rv_system="lantis").data
    refused = transfer_of(bad, rv_system="lantis")
    misses = [one for one in refused.findings if one.rule == "LEX-B6" and one.item]
    assert refused.data == b""
    assert [one.found for one in misses] == ["32.400", "48.600"]


@pytest.mark.req("L-07", "L-19")
def test_that_mu_the_file_cannot_hold_are_told_and_too_few_are_refused():
    thirds = of_parts([(segment(0.0), 1), (segment(0.0, -3.0), 2)])
    transfer = transfer_of(replace(thirds, mu=100.0))
    assert [one.state for one in told(transfer)] == [State.INFO, State.WARNING]
    assert told(transfer)[1].found == "100.00"
    assert transfer.data
    assert transfer_of(replace(thirds, mu=0.006)).data == b""


@pytest.mark.req("L-07")
def test_that_a_long_name_gives_way_to_the_number_and_that_is_told():
    named = step_and_shoot(1, name="LEFT LATERAL OBLIQUE")
    transfer = transfer_of(named)
    assert [one.beam for one in transfer.fields] == [
        "LEFT LATERAL OBL 1/2",
        "LEFT LATERAL OBL 2/2",
    ]
    assert [one.state for one in told(transfer)] == [State.INFO, State.WARNING]


@pytest.mark.req("L-07")
def test_that_an_open_segment_of_a_motorised_wedge_has_no_wedge():
    wedge = Device("MW", kind="motorised", angle_deg=60.0)
    points = tuple(
        segment(share, wedge_in=place)
        for share, place in ((0.0, True), (0.25, True), (0.25, False), (1.0, False))
    )
    transfer = transfer_of(beam(1, points, technique="StepNShoot", mu=80.0, wedges=(wedge,)))
    fields = of(transfer.data, "FIELD_DEF")
    assert [(one["wedge"], one["wedge_monitor_units"]) for one in fields] == [
        ("MW", "20.00"), ("", ""),
    ]  # fmt: skip
