"""R&V scale to IEC: signs, banks and axes, and how the scale of a field is told."""

from decimal import Decimal

import pytest

from app.filter.field import Jaws, LeafBanks
from app.filter.scale import (
    ELEKTA,
    IEC,
    OUTWARD,
    UNKNOWN,
    VARIAN,
    Native,
    jaw_vote,
    scale_fault,
    scale_of,
    scale_of_open_field,
    to_iec,
)

D = Decimal


def native(x1, x2, y1, y2, a=(), b=()):
    jaws = (None if tip is None else D(tip) for tip in (x1, x2, y1, y2))
    return Native(*jaws, tuple(D(tip) for tip in a), tuple(D(tip) for tip in b))


@pytest.mark.req("R-04")
def test_that_iec_values_keep_sign_bank_and_digits():
    made = to_iec(native("-7.1", "4.50", "-11.0", "-0.5", ["-1.00", "2.05"], ["1", "3.5"]), IEC)
    assert made.jaws == Jaws(D("-71"), D("45.0"), D("-110"), D("-5"))
    assert [str(tip) for tip in made.layers[0].a_mm] == ["-10.0", "20.5"]
    assert str(made.jaws.x2_mm) == "45.0"


@pytest.mark.req("R-04")
def test_that_varian_jaws_count_outwards_and_bank_a_stands_on_the_x2_side():
    made = to_iec(native("6.3", "4.5", "3.3", "4.8", ["3.65", "-6.80"], ["5.39", "6.80"]), VARIAN)
    assert made.jaws == Jaws(D(-63), D(45), D(-33), D(48))
    assert made.layers == (LeafBanks((D("-53.9"), D(-68)), (D("36.5"), D(-68))),)


@pytest.mark.req("R-04")
def test_that_elekta_axes_are_exchanged():
    made = to_iec(native("8.0", "7.5", "10.5", "9.0", ["1.0"], ["2.5"]), ELEKTA)
    assert made.jaws == Jaws(x1_mm=D(-105), x2_mm=D(90), y1_mm=D(-80), y2_mm=D(75))
    assert made.layers == (LeafBanks((D(-10),), (D(25),)),)


def test_that_an_axis_without_a_jaw_stays_without():
    for scale in (IEC, VARIAN):
        made = to_iec(native(None, None, "-7.0", "7.0"), scale)
        assert (made.jaws.x1_mm, made.jaws.x2_mm) == (None, None)
        assert made.layers == ()


def test_that_an_unknown_scale_gives_a_reason_and_no_position():
    made = to_iec(native("1.0", "1.0", "1.0", "1.0", ["1.0"], ["1.0"]), UNKNOWN)
    assert made.jaws == Jaws()
    assert made.layers == ()
    assert "scale" in made.fault


@pytest.mark.parametrize(
    ("convention", "mlc_type", "wanted", "scale"),
    [
        (2, 5, VARIAN, IEC),  # the file's own word beats every choice
        (2, None, None, IEC),
        (1, 5, None, VARIAN),
        (1, 2, None, ELEKTA),
        (1, 4, None, UNKNOWN),
        (1, 11, None, UNKNOWN),
        (1, 4, IEC, IEC),
        (1, 5, ELEKTA, ELEKTA),
        (None, 5, None, VARIAN),
    ],
)
def test_that_the_scale_is_the_files_then_the_users_then_the_machines(
    convention, mlc_type, wanted, scale
):
    assert scale_of(convention, mlc_type, wanted) == scale


@pytest.mark.parametrize(
    ("one", "two", "width", "vote"),
    [
        ("6.3", "4.5", "10.8", OUTWARD),
        ("-5.0", "5.0", "10.0", IEC),
        ("0.0", "10.8", "10.8", ""),  # both rules hold
        ("-4.6", "1.7", "0.0", ""),  # no width stated
        ("3.0", "4.0", "9.0", ""),  # neither holds
        ("3.0", None, "9.0", ""),
    ],
)
def test_that_the_stated_width_tells_the_sign_of_the_jaws(one, two, width, vote):
    numbers = (None if text is None else D(text) for text in (one, two, width))
    assert jaw_vote(*numbers) == vote


@pytest.mark.parametrize(
    ("votes", "known", "scale"),
    [
        ({""}, None, IEC),
        ({IEC}, None, IEC),
        ({OUTWARD, ""}, None, UNKNOWN),  # native, but of which machine?
        ({OUTWARD}, VARIAN, VARIAN),
        ({OUTWARD}, ELEKTA, ELEKTA),
        ({OUTWARD}, IEC, UNKNOWN),
        ({IEC}, VARIAN, UNKNOWN),
        ({""}, VARIAN, VARIAN),
        ({IEC, OUTWARD}, None, UNKNOWN),
        ({IEC, OUTWARD}, VARIAN, UNKNOWN),
    ],
)
def test_that_an_open_field_whose_jaws_contradict_its_scale_has_none(votes, known, scale):
    assert scale_of_open_field(votes, known) == scale


def banks(*pairs):
    return LeafBanks(tuple(D(a) for a, _ in pairs), tuple(D(b) for _, b in pairs))


def test_that_leaves_that_cross_all_over_say_that_the_native_scale_is_wrong():
    crossing = banks(*[(68, -68)] * 3, *[(-10, 10)] * 17)
    assert "3 of 20 leaf pairs would cross" in scale_fault([crossing], VARIAN)
    assert scale_fault([crossing], IEC) == ""  # IEC is the file's own word; a check reports it


def test_that_one_crossed_pair_is_left_for_the_checks_to_find():
    assert scale_fault([banks((68, -68), *[(-10, 10)] * 39)], VARIAN) == ""
    assert scale_fault([banks(*[("0.1", "-0.1")] * 40)], VARIAN) == ""


def test_that_a_leaf_outside_the_machine_says_that_the_native_scale_is_wrong():
    assert "25.1 cm" in scale_fault([banks((-251, 10))], ELEKTA)
    assert scale_fault([banks((-250, 250))], ELEKTA) == ""
    assert scale_fault([], ELEKTA) == ""
