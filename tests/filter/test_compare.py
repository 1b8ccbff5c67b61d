"""One value changed, one finding: for every row of the parameter tables."""

from dataclasses import replace
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.filter.compare import compare
from app.filter.coverage import COLUMNS, ROWS, table_1_coverage
from app.filter.field import Accessory, Couch, LeafBanks, Patient, Point
from app.filter.pairing import deviation, pair
from app.filter.parameters import FIELD_PARAMETERS, POINT_PARAMETERS, Kind
from app.filter.values import compare_values
from core.findings import State
from tests.filter.compare_samples import LIMITS, POINTS, field, plan, point

ANGLE = next(row for row in FIELD_PARAMETERS if row.item == "gantry_angle")
LENGTH = next(row for row in FIELD_PARAMETERS if row.item == "collimator_x1")


def nested(thing, item, step):
    """Return the field or point with the one value of a row moved by its smallest step."""
    for axis in "xyz":
        if item == f"isocenter_position_{axis}":
            name = f"{axis}_mm"
            moved = replace(thing.isocentre, **{name: getattr(thing.isocentre, name) + step})
            return replace(thing, isocentre=moved)
    for part, prefix in (("jaws", "collimator_"), ("couch", "couch_")):
        name = f"{item.removeprefix(prefix)}_mm"
        if item.startswith(prefix) and hasattr(getattr(thing, part), name):
            inner = getattr(thing, part)
            moved = replace(inner, **{name: getattr(inner, name) + step})
            return replace(thing, **{part: moved})
    return None


ATTRIBUTES = {
    "modality": ("modality", "Elect"), "energy": ("energy", D(18)), "isfff": ("fff", True),
    "gantry_angle": ("gantry_deg", D("90.1")), "collimator_angle": ("collimator_deg", D("9.9")),
    "couch_angle": ("couch_deg", D("350.1")), "couch_pedestal": ("pedestal_deg", D("0.1")),
    "field_monitor_units": ("mu", D("100.01")), "wedge_monitor_units": ("wedge_mu", D("0.01")),
    "arc_direction": ("arc_direction", "CCW"), "arc_start_angle": ("arc_start_deg", D("181.1")),
    "arc_stop_angle": ("arc_stop_deg", D("178.9")), "arc_mu_degree": ("arc_mu_per_deg", D("0.29")),
    "doserate": ("dose_rate_mu_min", D(401)), "field_dose": ("dose_cgy", D("100.01")),
    "field_id": ("id", "9"), "field_name": ("name", "OTHER"), "field_note": ("note", "Prone"),
    "sad": ("sad_mm", D("1001.0")), "ssd": ("ssd_mm", D("898.0")),
    "treatment_machine": ("machine", "OTHER"), "tolerance_table": ("tolerance_table", "3"),
    "original_beam_number": ("number", 9), "original_beam_name": ("source_name", "OTHER"),
    "original_plan_uid": ("source_plan_uid", "1.2.4"), "monitor_units": ("cumulative", D(1)),
    "wedge_position": ("wedge_in", True),
}  # fmt: skip


def changed(thing, item):
    moved = nested(thing, item, D("1.0"))
    if moved is not None:
        return moved
    name, value = ATTRIBUTES[item]
    if item == "monitor_units":
        value = thing.cumulative + D("0.000001")
    return replace(thing, **{name: value})


def told(rv, reference):
    findings = compare(rv, reference, LIMITS).findings
    return [(one.field, one.control_point, one.item) for one in findings]


@pytest.mark.req("R-04")
def test_that_a_plan_agrees_with_itself():
    assert told(plan(), plan()) == []


@pytest.mark.req("R-04", "R-30")
@pytest.mark.parametrize("row", FIELD_PARAMETERS, ids=lambda row: row.item)
def test_that_each_field_row_and_no_other_sees_its_own_change(row):
    rv = plan(changed(field("1"), row.item), field("2", gantry_deg=D("180.0")))
    found = told(rv, plan())
    name = rv.fields[0].id
    assert found == [(name, None, row.item)]


@pytest.mark.req("R-06", "R-30")
@pytest.mark.parametrize("place", [0, 1, 3])
@pytest.mark.parametrize("row", POINT_PARAMETERS, ids=lambda row: row.item)
def test_that_each_point_row_and_no_other_sees_its_own_change(row, place):
    points = list(POINTS)
    points[place] = changed(points[place], row.item)
    rv = plan(field("1", control_points=tuple(points)), field("2", gantry_deg=D("180.0")))
    assert told(rv, plan()) == [("1", place, row.item)]


@pytest.mark.req("R-06")
@pytest.mark.parametrize(("bank", "leaf"), [("a", 1), ("b", 4)])
def test_that_one_leaf_is_named(bank, leaf):
    banks = {"a": list(POINTS[1].layers[0].a_mm), "b": list(POINTS[1].layers[0].b_mm)}
    banks[bank][leaf - 1] += D("0.1")
    layers = (LeafBanks(tuple(banks["a"]), tuple(banks["b"]), "X"),)
    points = (POINTS[0], replace(POINTS[1], layers=layers), *POINTS[2:])
    rv = plan(field("1", control_points=points), field("2", gantry_deg=D("180.0")))
    assert told(rv, plan()) == [("1", 1, f"mlc_{bank}{leaf}")]


@pytest.mark.parametrize(
    ("name", "item", "value"),
    [
        ("wedges", "wedge", ()), ("blocks", "block", (Accessory(("OTHER",)),)),
        ("boluses", "bolus", ()), ("applicators", "e_applicator", (Accessory(("10x10",)),)),
        ("cutouts", "e_field_def_aperture", (Accessory(("C1",)),)),
        ("compensators", "compensator", (Accessory(("C1",)),)),
        ("wedges", "dynamic_wedge", (Accessory(("W30",)), Accessory(("EDW",), "dynamic"))),
    ],
)  # fmt: skip
def test_that_a_missing_or_other_accessory_is_one_error(name, item, value):
    rv = plan(field("1", **{name: value}), field("2", gantry_deg=D("180.0")))
    (one,) = compare(rv, plan(), LIMITS).findings
    assert (one.field, one.item, one.state) == ("1", item, State.ERROR)


def test_that_an_inherited_value_is_told_once():
    silent = frozenset({"cumulative", "layers"})
    points = tuple(replace(one, stated=silent, gantry_deg=D("91.0")) for one in POINTS)
    rv = plan(field("1", gantry_deg=D("91.0"), control_points=points), field("2"))
    reference = plan(field("1"), field("2"))
    assert told(rv, reference) == [("1", None, "gantry_angle")]


@pytest.mark.req("R-23")
def test_that_what_one_source_does_not_hold_is_not_checked():
    rv = plan(field("1", dose_cgy=None), field("2", gantry_deg=D("180.0")))
    result = compare(rv, plan(), LIMITS)
    assert result.findings == ()
    assert ("field_dose", "1") in {(one.item, one.field) for one in result.not_checked}


@pytest.mark.req("R-05")
def test_that_fields_left_over_on_either_side_are_errors():
    assert told(plan(field("1")), plan(field("1"), field("2", gantry_deg=D(5)))) == [
        ("", None, "field_id")
    ]
    assert told(plan(field("1"), field("2", gantry_deg=D(5))), plan(field("1"))) == [
        ("2", None, "field_id")
    ]


@pytest.mark.req("R-05")
def test_that_swapped_fields_deviate_by_nothing():
    """Worked test of Eq. (1): identical beams in another order give D = 0 for each."""
    one, other = field("1"), field("2", gantry_deg=D("180.0"))
    pairing = pair([other, one], [one, other], LIMITS)
    assert [(row, column) for row, column, _ in pairing.pairs] == [(0, 1), (1, 0)]
    assert sum(amount for _, _, amount in pairing.pairs) == 0


@pytest.mark.req("R-05")
def test_that_one_leaf_of_3_mm_deviates_by_0_3():
    layer = POINTS[3].layers[0]
    moved = LeafBanks((layer.a_mm[0] - D("3.0"), *layer.a_mm[1:]), layer.b_mm, "X")
    points = (*POINTS[:3], replace(POINTS[3], layers=(moved,)))
    assert deviation(field(control_points=points), field(), LIMITS).total == pytest.approx(0.3)


@pytest.mark.req("R-05", "R-06")
def test_that_another_number_of_points_counts_its_importance_and_no_leaves():
    result = deviation(field(control_points=POINTS[:2]), field(), LIMITS)
    assert result.parts == (("total_control_points", 500.0),)


@pytest.mark.req("R-05")
def test_that_wrong_leaves_do_not_send_a_field_to_another_beam():
    points = tuple(point(one.number, one.cumulative, "180.0") for one in POINTS)
    other = field("2", control_points=POINTS[:2], mu=D("50.00"))
    rv = [field("1", control_points=points)]
    assert pair(rv, [other, field("1")], LIMITS).pairs[0][1] == 1


@given(st.decimals(0, 360, places=1), st.decimals(0, 360, places=1))
def test_that_angles_lie_at_most_half_a_turn_apart_either_way_round(one, other):
    there = compare_values(ANGLE, one, other, LIMITS, digits_count=True)
    back = compare_values(ANGLE, other, one, LIMITS, digits_count=True)
    assert (there is None) == (back is None)
    if there is not None:
        assert abs(float(there.difference)) <= 180
    assert compare_values(ANGLE, one, one + 360, LIMITS, digits_count=True) is None


@given(st.decimals(-200, 200, places=3), st.integers(0, 2))
def test_that_numbers_agree_when_the_plans_rounds_to_the_exports(planned, places):
    """Decision 0005: half a step of the last digit written."""
    written = planned.quantize(D(1).scaleb(-places))
    step = D(1).scaleb(-places)
    assert compare_values(LENGTH, written, planned, LIMITS, digits_count=True) is None
    away = written + (step if written >= planned else -step)
    if abs(away - planned) > step / 2:
        assert compare_values(LENGTH, away, planned, LIMITS, digits_count=True) is not None


def test_that_a_dicom_export_is_not_rounded_by_its_missing_zeros():
    assert compare_values(ANGLE, D(180), D("180.4"), LIMITS, digits_count=False) is not None
    assert compare_values(ANGLE, D(180), D("180.00001"), LIMITS, digits_count=False) is None


def test_that_another_patient_is_an_error():
    rv = plan(patient=Patient("ID2", "Doe", "Jane"))
    assert [one.item for one in compare(rv, plan(), LIMITS).findings] == ["patient_id"]


# Codes of Table 1 by column: A or T (a value), L (logic), M or N (by a person or not at all).
TABLE_1 = """
Modality A A A T|Energy A A A T|Gantry A A A N|Collimator A A A T|Couch Angle A A A M
Couch Lat. A A N N|Couch Long. A A N N|Couch Vert. A A N N|Jaws A A A T|MLC leaves A A A T
MU A A A L|Wedges A A A T|Bolus A A A T|e- Applicator A A A T|Block codes A A A T
Cutouts A A A N|Arc Start A A A M|Arc Stop A A A M|CB MU M A M N|CB Start M A M N|CB Stop M A M N
CB Filter M M M N|Dose Rate A A N T|Gating M M M N|Isocenter A A A L|Interlocks L L L L
Rx modality L A L L|Fraction dose L L L L|Total dose L L L L|Rx isodose M M M M
Rx technique M A M M|Field doses A A A L|Field ID A A A L|Set-up notes A A A M|Field Names A A A M
"""
HOW = {"A": "compared", "T": "template", "L": "logic", "M": "manual", "N": "manual"}


@pytest.mark.req("R-04", "R-07", "R-21", "R-25", "O-06")
@pytest.mark.parametrize("place", range(4))
def test_that_no_row_of_any_column_of_table_1_is_left_out(place):
    """Where the paper leaves a row to a person, comparing it is more, never less."""
    rows = table_1_coverage(COLUMNS[place])
    wanted = [entry.rsplit(" ", 4) for entry in TABLE_1.strip().replace("\n", "|").split("|")]
    for row in rows:
        print(f"{COLUMNS[place]:24} {row.row:15} {row.how:9} {row.words}")
    assert [row.row for row in rows] == list(ROWS) == [name for name, *_ in wanted]
    assert len(rows) == 35
    assert all(row.words for row in rows)
    assert [row.how for row in rows] == [HOW[codes[place]] for _, *codes in wanted]


def test_that_every_length_is_shown_in_cm():
    rv = plan(changed(field("1"), "collimator_x1"), field("2", gantry_deg=D("180.0")))
    (one,) = compare(rv, plan(), LIMITS).findings
    assert (one.expected, one.found, one.unit, one.difference) == ("-4.00", "-3.90", "cm", "+0.10")
    assert all(row.unit == "cm" for row in FIELD_PARAMETERS if row.kind == Kind.LENGTH)


def test_that_samples_hold_every_part():
    assert field().couch == Couch(D(10), D(20), D(30))
    assert field().isocentre == Point(D("1.0"), D("2.0"), D("3.0"))
