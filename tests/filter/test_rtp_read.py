"""An export becomes a plan: every element of a made file, in IEC, mm, MU, with its digits."""

from decimal import Decimal

import pytest

from app.filter.field import Accessory, Couch, Jaws, Patient, Point
from app.filter.rtp_read import plan_of
from app.filter.rtp_text import parse
from core.errors import RemedyError, UnreadableRecordError
from tests.filter.rtp_samples import (
    export,
    field,
    line,
    plan,
    point,
    prescription,
    setup,
    whole,
)

D = Decimal


def read(data, scale=None):
    return plan_of(parse(data, "export.rtp"), scale)


def only(data, scale=None):
    (found,) = read(data, scale).fields
    return found


def refused(data):
    with pytest.raises(RemedyError) as caught:
        read(data)
    return caught.value


@pytest.mark.req("R-02", "R-04")
def test_that_patient_plan_and_prescription_are_read():
    found = read(whole())
    assert found.patient == Patient("4711", "Doe", "Jane", "M")
    assert (found.kind, found.source, found.plan_id) == ("RTP-Connect", "export.rtp", "Plan A")
    assert (found.course, found.position, found.plan_uid) == ("1", "HFS", "1.2.3.4")
    (rx,) = found.prescriptions
    assert (rx.site, rx.technique, rx.modality, rx.dose_spec) == (
        "PELVIS",
        "IMRT",
        "Xrays",
        "Plan",
    )
    assert (rx.total_cgy, rx.fraction_cgy, rx.fractions, rx.field_count) == (6000, 200, None, 1)
    assert (rx.pattern, rx.note) == (None, None)


@pytest.mark.req("R-02", "R-04")
def test_that_a_field_is_read_with_the_digits_of_the_file():
    found = only(whole())
    assert (found.id, found.name, found.number, found.source_name) == ("1", "RAO", 7, "7 RAO")
    assert (found.site, found.machine, found.tolerance_table) == ("PELVIS", "LINAC 1", "2")
    assert (found.modality, found.energy, found.fff, found.setup) == ("Xrays", 6, None, False)
    assert [str(value) for value in (found.mu, found.dose_cgy)] == ["120.50", "100.50"]
    assert (found.gantry_deg, found.collimator_deg, found.couch_deg) == (315, 10, 0)
    assert (found.sad_mm, found.ssd_mm, found.dose_rate_mu_min) == (1000, 875, 400)
    assert found.jaws == Jaws(D(-50), D(45), D(-75), D(80))
    assert found.isocentre == Point(D("12.5"), D("-25.0"), D("300.0"))
    assert (found.arc_direction, found.arc_start_deg, found.wedge_mu) == ("", None, None)
    assert (found.wedges, found.blocks, found.boluses) == ((), (), ())
    assert found.unread == ()


def test_that_a_control_point_is_read():
    first, last = only(whole()).control_points
    assert (first.number, first.cumulative, last.number, last.cumulative) == (0, 0, 1, 1)
    assert str(last.cumulative) == "1.000000"
    (layer,) = last.layers
    assert layer.a_mm == (D(-10), D(-20), D(-30))
    assert [str(tip) for tip in layer.b_mm] == ["10.0", "20.0", "30.0"]
    assert (last.gantry_deg, last.gantry_direction, last.energy) == (315, "", 6)
    assert {"gantry_deg", "cumulative", "layers", "couch_deg"} <= last.stated


def test_that_jaws_of_a_point_are_its_own_where_filled_and_the_fields_elsewhere():
    jaws = {"field_y_mode": "ASY", "collimator_y1": "-6.0", "collimator_y2": "6.5"}
    first, last = only(export(field(), point(0), point(1, **jaws))).control_points
    assert first.jaws == Jaws(D(-50), D(45), D(-75), D(80))
    assert not first.stated & {"x1_mm", "x2_mm", "y1_mm", "y2_mm"}
    assert last.jaws == Jaws(D(-50), D(45), D(-60), D(65))
    assert last.stated & {"x1_mm", "x2_mm", "y1_mm", "y2_mm"} == {"y1_mm", "y2_mm"}


BLANK = dict.fromkeys(("gantry_angle", "collimator_angle", "energy", "couch_angle"), "")


def test_that_values_left_out_later_are_those_of_the_point_before():
    later = point(1, **BLANK, leaves=(("", "", ""), ("", "", "")))
    first, last = only(export(field(), point(0, wedge_position="IN"), later)).control_points
    assert (last.gantry_deg, last.energy, last.wedge_in) == (315, 6, True)
    assert last.layers == first.layers
    assert last.stated == first.stated - {
        "gantry_deg", "collimator_deg", "energy", "couch_deg", "layers", "wedge_in",
    }  # fmt: skip


def test_that_the_only_point_of_a_static_field_takes_what_it_lacks_from_the_field():
    (single,) = only(export(field(), point(0, 1, **BLANK))).control_points
    assert (single.gantry_deg, single.energy, single.dose_rate_mu_min) == (315, 6, 400)
    assert single.cumulative == 0
    assert not single.stated & {"gantry_deg", "energy", "dose_rate_mu_min"}


def test_that_a_dose_rate_of_zero_is_not_stated():
    found = only(export(field(doserate="0"), point(0), point(1)))
    assert found.dose_rate_mu_min is None
    assert found.control_points[0].dose_rate_mu_min is None


@pytest.mark.parametrize(
    ("name", "text", "attribute", "value"),
    [
        ("gantry_angle", "90", "gantry_deg", "90.0"),
        ("gantry_angle", " 90.25 ", "gantry_deg", "90.25"),
        ("gantry_angle", "+5.", "gantry_deg", "5"),
        ("field_monitor_units", "  282", "mu", "282.00"),
        ("field_monitor_units", "122.288623", "mu", "122.288623"),
        ("ssd", "88", "ssd_mm", "880"),
        ("field_dose", "180", "dose_cgy", "180"),  # R&V systems round doses to whole cGy
        ("wedge_monitor_units", ".5", "wedge_mu", "0.5"),
    ],
)
def test_that_a_number_keeps_the_digits_written_or_those_of_its_column(
    name, text, attribute, value
):
    found = only(export(field(**{name: text}), point(0), point(1)))
    assert str(getattr(found, attribute)) == value


@pytest.mark.parametrize(
    "text", ["1e2", "NaN", "inf", "12,5", "1.2.3", "+", "--1", "0x10", "²", "9" * 30, "1_0"]
)
@pytest.mark.req("R-02")
def test_that_what_is_no_number_is_refused_with_line_record_item_and_value(text):
    data = export(field(gantry_angle=text), point(0), point(1))
    fault = refused(data)
    assert isinstance(fault, UnreadableRecordError)
    assert fault.where == "export.rtp, line 4, FIELD_DEF"
    assert fault.what.startswith("gantry_angle: ")
    assert text in fault.what


def test_that_whole_numbers_must_be_whole():
    assert "control_pt_number" in refused(export(field(), point(0, control_pt_number="1.5"))).what


def test_that_a_missing_leaf_and_too_many_pairs_are_refused():
    hole = (("-1.00", "", "-3.00"), ("1.00", "2.00", "3.00"))
    assert refused(export(field(), point(0, leaves=hole))).what.startswith("mlc_a2: ")
    for pairs in ("101", "-3"):
        assert refused(export(field(), point(0, mlc_leaves=pairs))).what.startswith("mlc_leaves")


@pytest.mark.parametrize(
    ("record", "changes"),
    [
        (point, {"gantry_dir": "CC"}),
        (point, {"wedge_position": "1"}),
        (point, {"scale_convention": "3"}),
        (point, {"mu_convention": "0.5"}),
        (field, {"arc_direction": "left"}),
    ],
)
def test_that_a_word_that_changes_the_beam_and_is_not_known_is_refused(record, changes):
    rows = [record(**changes)] if record is field else [field(), record(0, 1, **changes)]
    assert refused(export(*rows)).what.startswith(next(iter(changes)))


def test_that_points_of_one_field_in_two_scales_are_refused():
    assert (
        "scale_convention"
        in refused(export(field(), point(0), point(1, scale_convention="1"))).what
    )


# Cumulative shares


def shares(*texts, **changes):
    points = [point(i, len(texts), monitor_units=text, **changes) for i, text in enumerate(texts)]
    found = only(export(field(field_monitor_units="200.00"), *points))
    return [str(one.cumulative) for one in found.control_points]


def test_that_shares_padded_from_five_places_lose_the_padding():
    found = shares("0.000000", "0.047620", "0.333330", "0.500000", "0.700010", "1.000000")
    assert found == ["0.00000", "0.04762", "0.33333", "0.50000", "0.70001", "1.00000"]


def test_that_one_share_of_six_places_among_padded_ones_keeps_its_own():
    found = shares("0.000000", "0.047620", "0.333331", "0.500000", "0.700010", "1.000000")
    assert found[1:4] == ["0.04762", "0.333331", "0.50000"]


def test_that_shares_of_six_places_keep_them():
    texts = ["0.000000", "0.047620", "0.333331", "0.500002", "0.700010", "1.000000"]
    assert shares(*texts) == texts
    few = ["0.000000", "0.250000", "0.500000", "1.000000"]
    assert shares(*few) == few


def test_that_shares_written_with_fewer_places_keep_them():
    texts = ["0", "0.25", "0.5", "0.75", "1"]
    assert shares(*texts) == ["0.000000", "0.25", "0.5", "0.75", "1.000000"]


def test_that_centi_mu_become_shares_of_the_fields_mu():
    assert shares("0", "5000", "20000", mu_convention="2") == ["0.000000", "0.250000", "1.000000"]


def test_that_centi_mu_of_a_field_without_mu_are_refused():
    points = [point(0, mu_convention="2"), point(1, mu_convention="2", monitor_units="100")]
    assert "no MU" in refused(export(field(field_monitor_units=""), *points)).what


def test_that_a_missing_share_is_refused_but_not_that_of_a_single_point():
    assert "monitor_units" in refused(export(field(), point(0), point(1, monitor_units=""))).what
    (single,) = only(export(field(), point(0, 1, monitor_units=""))).control_points
    assert single.cumulative == 0


# Accessories, table, isocentre


def test_that_fittings_are_read_and_blank_or_none_says_none():
    found = only(export(field(
        wedge="W30R", dynamic_wedge="2VW(Out)", block="NONE", e_applicator="Square",
        e_field_def_aperture="6", bolus="1cm",
    )))  # fmt: skip
    assert found.wedges == (Accessory(("W30R",)), Accessory(("2VW(Out)",), "dynamic"))
    assert (found.blocks, found.compensators) == ((), ())
    assert found.applicators == (Accessory(("Square",)),)
    assert (found.cutouts, found.boluses) == ((Accessory(("6",)),), (Accessory(("1cm",)),))


def test_that_a_dialect_without_the_columns_says_nothing_of_fittings_and_arcs():
    cells = ["FIELD_DEF", "PELVIS", "RAO", "1", *[""] * 22]
    found = only(export(line(*cells)))
    assert (found.wedges, found.boluses, found.arc_direction) == (None, None, None)


def test_that_the_table_keeps_the_scale_of_its_source():
    places = {"couch_vertical": "10.5", "couch_lateral": "998.6", "couch_longitudinal": "155.5"}
    found = only(export(field(**places), point(0, **places), point(1)))
    assert found.couch == Couch(D(105), D(9986), D(1555))
    assert found.control_points[1].couch == found.couch
    assert "lateral_mm" in found.control_points[0].stated
    assert "lateral_mm" not in found.control_points[1].stated


def test_that_table_values_of_later_points_count_from_the_field_when_the_first_has_none():
    rows = (point(0, couch_angle=""), point(1, couch_vertical="0.5", couch_angle="10.0"))
    found = only(export(field(couch_vertical="10.0", couch_angle="350.0"), *rows))
    assert [one.couch.vertical_mm for one in found.control_points] == [100, 105]
    assert [one.couch_deg for one in found.control_points] == [350, 360]


def test_that_the_isocentre_is_the_points_then_the_fields_then_the_sites():
    assert only(export(field(), point(0))).control_points[0].isocentre.x_mm == D("12.5")
    own = field(newer=("7.00", "8.00", "9.00"))
    found = only(export(own, point(0), point(1, iso=("1.00", "2.00", "3.00"))))
    assert found.isocentre == Point(D(70), D(80), D(90))
    first, last = found.control_points
    assert first.isocentre == found.isocentre
    assert "isocentre" not in first.stated
    assert last.isocentre == Point(D(10), D(20), D(30))
    assert "isocentre" in last.stated


def test_that_a_mixed_isocentre_is_no_error_and_a_gap_where_no_field_gives_its_own():
    head = plan() + prescription() + setup(iso=("?", "?", "?"))
    found = read(export(field(), point(0, 1), head=head))
    assert found.fields[0].isocentre is None
    assert ("isocenter_position_x", 'line 3: "?", the fields differ in it') in found.gaps
    own = field(newer=("7.00", "8.00", "9.00"))
    found = read(export(own, point(0, 1), head=head))
    assert found.fields[0].isocentre == Point(D(70), D(80), D(90))
    assert found.gaps == ()
