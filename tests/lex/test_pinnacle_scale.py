"""Pinnacle's scales to IEC 61217, and the machines whose scale nobody has compared yet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.lex import pinnacle_scale as scales
from app.lex.pinnacle_machine import leaf_pairs
from app.lex.pinnacle_text import parse_pinnacle
from core.errors import UnsupportedPlanError
from tests.lex import pinnacle_sample as sample


def angle(twelve: float, clockwise: int) -> dict:
    return {"TwelveOClockAngle": twelve, "ClockwiseIncreases": clockwise}


def block_of(**changes: object):
    text = sample.many(Machine=sample.machine(**changes))
    return parse_pinnacle(text.encode(), "plan.Pinnacle.Machines").need("Machine")


USUAL = scales.scale_of(block_of())
TURNED = scales.scale_of(
    block_of(
        CollimatorAngle=angle(0, 1),
        ConfigRV={"LeftJaw": "X2", "RightJaw": "X1", "TopJaw": "Y1", "BottomJaw": "-Y2"},
    )
)


@pytest.mark.parametrize(("stored", "iec"), [(0, 0), (10, 350), (355, 5), (270, 90), (360, 0)])
def test_that_the_couch_of_a_clockwise_scale_is_turned_round(stored, iec):
    assert scales.couch_iec_deg(USUAL, stored) == iec


@pytest.mark.parametrize(("stored", "iec"), [(0, 0), (306, 306), (360, 0), (-10, 350)])
def test_that_gantry_and_collimator_of_the_usual_scale_stay(stored, iec):
    assert scales.gantry_iec_deg(USUAL, stored) == iec
    assert scales.collimator_iec_deg(USUAL, stored) == iec


@pytest.mark.parametrize(("stored", "iec"), [(180, 0), (90, 90), (0, 180), (270, 270)])
def test_that_a_scale_with_twelve_o_clock_at_180_counts_back_from_180(stored, iec):
    scale = scales.scale_of(block_of(GantryAngle=angle(180, 1), CouchAngle=angle(180, 1)))
    assert scales.gantry_iec_deg(scale, stored) == iec
    assert scales.couch_iec_deg(scale, stored) == iec


@given(st.floats(-360, 360))
def test_that_every_angle_comes_out_from_0_up_to_360(value):
    for turn in (scales.gantry_iec_deg, scales.couch_iec_deg, scales.collimator_iec_deg):
        assert 0 <= turn(USUAL, value) < 360


@pytest.mark.parametrize(
    "changes",
    [
        {"GantryAngle": angle(0, 1)},
        {"GantryAngle": angle(180, 0)},
        {"CouchAngle": angle(0, 0)},
        {"CouchAngle": angle(90, 1)},
        {"CollimatorAngle": angle(180, 0)},
        {"CollimatorAngle": angle(0, 1)},
        {"ConfigRV": {"LeftJaw": "X2", "RightJaw": "X1", "TopJaw": "Y2", "BottomJaw": "Y1"}},
        {"ConfigRV": {}, "LeftJawName": "A"},
    ],
)
def test_that_a_scale_with_no_known_direction_is_refused(changes):
    with pytest.raises(UnsupportedPlanError, match="DemoLinac"):
        scales.scale_of(block_of(**changes))


def test_that_jaw_names_serve_where_the_machine_states_no_export_names():
    names = {"LeftJawName": "X1", "RightJawName": "X2", "TopJawName": "-Y2", "BottomJawName": "Y1"}
    assert scales.scale_of(block_of(ConfigRV={}, **names)) == USUAL


JAWS = {"left_cm": 1.0, "right_cm": 2.0, "top_cm": 3.0, "bottom_cm": 4.0}


def test_that_a_turned_collimator_swaps_both_pairs_of_jaws():
    assert scales.jaws_iec_cm(USUAL, **JAWS) == scales.Jaws(-1, 2, -4, 3)
    assert scales.jaws_iec_cm(TURNED, **JAWS) == scales.Jaws(-2, 1, -3, 4)


def test_that_a_turned_collimator_keeps_the_rows_and_swaps_the_banks():
    rows = [(1.0, 2.0), (3.0, 4.0)]
    assert scales.leaves_iec_cm(USUAL, rows) == ((-3, -1), (4, 2))
    assert scales.leaves_iec_cm(TURNED, rows) == ((-2, -4), (1, 3))


def test_that_an_outline_turns_with_the_jaws():
    assert scales.outline_iec_cm(USUAL, (1, 2, -3, 4)) == ((1, -2), (-3, -4))
    assert scales.outline_iec_cm(TURNED, (1, 2, -3, 4)) == ((-1, 2), (3, 4))


@given(st.tuples(*[st.floats(0, 20)] * 4))
def test_that_the_field_keeps_its_size_whichever_way_it_is_turned(edges):
    named = dict(zip(JAWS, edges, strict=True))
    for scale in (USUAL, TURNED):
        jaws = scales.jaws_iec_cm(scale, **named)
        assert jaws.x2_cm - jaws.x1_cm == pytest.approx(named["left_cm"] + named["right_cm"])
        assert jaws.y2_cm - jaws.y1_cm == pytest.approx(named["top_cm"] + named["bottom_cm"])


@pytest.mark.parametrize(
    ("position", "point"),
    [("HFS", (1, -2, -3)), ("HFP", (-1, 2, -3)), ("FFS", (-1, -2, 3)), ("FFP", (1, 2, 3)),
     ("HFDR", None), ("", None)],
)  # fmt: skip
def test_that_points_follow_the_patient_position(position, point):
    assert scales.point_dicom_cm(position, (1, 2, 3)) == point


@pytest.mark.parametrize(
    ("words", "orientation", "position"),
    [
        ("On back (supine)", "Head First Into Scanner", "HFS"),
        ("On front (prone)", "Feet First Into Scanner", "FFP"),
        ("Right side down", "Head First Into Scanner", "HFDR"),
        ("decubitus left", "Feet First Into Scanner", "FFDL"),
        ("Standing", "Head First Into Scanner", ""),
        ("On back (supine)", "", ""),
    ],
)
def test_that_the_position_is_read_from_its_words(words, orientation, position):
    text = sample.many(Position=words, Orientation=orientation)
    assert scales.position_of(parse_pinnacle(text.encode(), "plan.PatientSetup")) == position


def test_that_leaves_listed_from_the_top_are_refused():
    pairs = [{"YCenterPosition": y} for y in (4, 2, 0)]
    block = block_of(MultiLeaf={"LeafPairList": {"MLCLeafPair": pairs}})
    with pytest.raises(UnsupportedPlanError, match="leaves of machine"):
        leaf_pairs(block)
