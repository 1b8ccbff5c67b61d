"""From Pinnacle's scale to IEC 61217."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.filter.field import Jaws, LeafBanks, Point
from app.filter.plan_scale import (
    AngleScale,
    NativeSetting,
    PinnacleScale,
    cgy_of_gray,
    collimator_iec_deg,
    couch_iec_deg,
    gantry_iec_deg,
    mm_of_cm,
    number_of,
    point_from_pinnacle_to_dicom,
    setting_from_pinnacle_to_iec,
)
from core.errors import UnsupportedPlanError

D = Decimal
SCALE = PinnacleScale(
    gantry=AngleScale(D(0), clockwise=False),
    couch=AngleScale(D(0), clockwise=True),
    collimator=AngleScale(D(180), clockwise=True),
    jaws=("X1", "X2", "Y2", "Y1"),
    rows_cm=(D(-1), D(0), D(1)),
    along_left_right=True,
)
NATIVE = NativeSetting(
    gantry_deg=D(306),
    couch_deg=D(10),
    collimator_deg=D(90),
    left_cm=D("4.2"),
    right_cm=D("8.25"),
    top_cm=D("-0.5"),
    bottom_cm=D(9),
    leaves_cm=((D(4), D(1)), (D(3), D("2.5")), (D("-0.5"), D(3))),
)


@pytest.mark.parametrize(
    ("text", "number"), [(" 4.20", "4.20"), ("-5.83777e-07", "-5.83777E-7"), ("1E2", "1E+2")]
)
def test_that_a_number_keeps_its_digits(text, number):
    assert str(number_of(text)) == number


@pytest.mark.parametrize("text", ["", "nan", "inf", "1,5", "1e30", "1e-99", "0x1", "\uff11"])
def test_that_what_no_plan_can_hold_is_no_number(text):
    with pytest.raises(ValueError, match="number"):
        number_of(text)


def test_that_a_change_of_unit_keeps_the_digits_and_never_coarsens_beyond_one():
    assert str(mm_of_cm(D("4.20"))) == "42.0"
    assert str(mm_of_cm(D("4"))) == "40"
    assert str(cgy_of_gray(D("2"))) == "200"
    assert str(cgy_of_gray(D("1.8"))) == "180"
    assert str(mm_of_cm(D("-0"))) == "0"


@pytest.mark.req("R-04")
def test_that_left_is_x1_top_is_y2_and_the_first_row_lies_at_plus_y():
    made = setting_from_pinnacle_to_iec(NATIVE, SCALE, "beam")
    assert made.jaws == Jaws(D(-42), D("82.5"), D(-90), D(-5))
    assert made.layers == (LeafBanks((D(5), D(-30), D(-40)), (D(30), D(25), D(10)), along="X"),)
    assert (made.gantry_deg, made.couch_deg, made.collimator_deg) == (306, 350, 90)


def test_that_a_collimator_with_its_zero_up_is_turned_by_half_a_turn():
    turned = replace(
        SCALE, collimator=AngleScale(D(0), clockwise=True), jaws=("X2", "X1", "Y1", "Y2")
    )
    made = setting_from_pinnacle_to_iec(NATIVE, turned, "beam")
    assert made.jaws == Jaws(D("-82.5"), D(42), D(5), D(90))
    assert made.layers[0].a_mm == (D(-10), D(-25), D(-30))
    assert made.layers[0].b_mm == (D(40), D(30), D(-5))
    assert made.collimator_deg is None


@pytest.mark.parametrize(
    "scale",
    [
        replace(SCALE, jaws=("X2", "X1", "Y1", "Y2")),
        replace(SCALE, jaws=("X1", "X2", "Y1", "Y2")),
        replace(SCALE, jaws=("", "", "", "")),
        replace(SCALE, collimator=AngleScale(D(90), clockwise=True)),
        replace(SCALE, collimator=AngleScale(None, clockwise=None)),
        replace(SCALE, along_left_right=False),
        replace(SCALE, rows_cm=(D(1), D(0), D(-1))),
        replace(SCALE, rows_cm=(D(-1), D(1))),
    ],
)
def test_that_a_frame_that_contradicts_itself_is_refused(scale):
    with pytest.raises(UnsupportedPlanError, match="beam 1"):
        setting_from_pinnacle_to_iec(NATIVE, scale, "beam 1")


@given(st.decimals(-360, 360, places=2))
def test_that_the_two_proven_gantry_scales_are_each_others_mirror(angle):
    up = gantry_iec_deg(angle, AngleScale(D(0), clockwise=False))
    down = gantry_iec_deg(180 - angle, AngleScale(D(180), clockwise=True))
    assert up == down
    assert 0 <= up < 360
    assert (up - angle) % 360 == 0


@pytest.mark.parametrize(
    ("stored", "iec"), [("10", "350"), ("355", "5"), ("0", "0"), ("0.5", "359.5"), ("360", "0")]
)
def test_that_a_couch_that_grows_clockwise_is_mirrored(stored, iec):
    assert couch_iec_deg(D(stored), AngleScale(D(0), clockwise=True)) == D(iec)


def test_that_scales_nobody_has_proven_give_no_angle_but_zero_stays_zero():
    assert gantry_iec_deg(D(10), AngleScale(D(0), clockwise=True)) is None
    assert gantry_iec_deg(D(10), AngleScale(None, clockwise=None)) is None
    assert couch_iec_deg(D(10), AngleScale(D(0), clockwise=False)) is None
    assert couch_iec_deg(D(0), AngleScale(D(0), clockwise=False)) == 0
    assert couch_iec_deg(D(0), AngleScale(D(180), clockwise=True)) is None
    assert collimator_iec_deg(D(10), AngleScale(D(0), clockwise=True)) is None


@pytest.mark.parametrize(
    ("position", "point"),
    [
        ("HFS", Point(D(10), D(-20), D(-30))),
        ("HFP", Point(D(-10), D(20), D(-30))),
        ("FFS", Point(D(-10), D(-20), D(30))),
        ("FFP", Point(D(10), D(20), D(30))),
        ("HFDR", None),
    ],
)
def test_that_points_follow_the_patient_position(position, point):
    assert point_from_pinnacle_to_dicom(D(1), D(2), D(3), position) == point


@pytest.mark.req("L-10")
def test_that_leaf_edges_rise_in_iec_and_gaps_between_rows_are_not_guessed():
    uneven = replace(SCALE, rows_cm=(D(-1), D(0), D("1.5")), widths_cm=(D(1), D(1), D(2)))
    made = setting_from_pinnacle_to_iec(NATIVE, uneven, "beam").layers[0]
    # The first row of the file is the last in IEC.
    assert made.edges_mm == (D(-25), D(-5), D(5), D(15))
    for widths in ((D(1), D(1), D(2)), (D(1), D(1)), ()):
        gaps = replace(SCALE, widths_cm=widths)
        assert setting_from_pinnacle_to_iec(NATIVE, gaps, "beam").layers[0].edges_mm == ()
