"""Initial against final export: the paper's same-beam rule, and one finding for one change."""

from dataclasses import replace
from decimal import Decimal as D

import pytest

from app.filter.compare_exports import compare_exports
from app.filter.field import Accessory, Couch
from app.filter.parameters import FIELD_PARAMETERS, POINT_PARAMETERS
from app.filter.same_beam import deviation_cm, is_same_beam, pair_exports
from app.filter.settings import read_settings
from core.errors import ClinicFileError
from core.findings import State
from tests.filter.compare_samples import POINTS, field, plan
from tests.filter.test_compare import changed

SETTINGS = read_settings()
EXPECTED = {"couch_vertical", "couch_lateral", "couch_longitudinal", "field_note"}
SAME = field("1", note="supine"), field("2", gantry_deg=D("180.0"))


def told(final, initial=None):
    findings = compare_exports(final, initial or plan(*SAME), SETTINGS).findings
    return [(one.field, one.control_point, one.item, one.state) for one in findings]


@pytest.mark.req("R-07")
def test_that_an_export_agrees_with_itself_and_in_any_order():
    assert told(plan(*SAME)) == []
    assert told(plan(*reversed(SAME))) == []


@pytest.mark.req("R-07", "R-27", "R-30")
@pytest.mark.parametrize("row", FIELD_PARAMETERS, ids=lambda row: row.item)
def test_that_each_field_row_and_no_other_sees_its_own_change(row):
    one = changed(SAME[0], row.item)
    if row.item == "couch_angle":
        one = replace(one, couch_deg=D("355.0"))
    state = State.WARNING if row.item in EXPECTED else State.ERROR
    assert told(plan(one, SAME[1])) == [(one.id, None, row.item, state)]


@pytest.mark.req("R-07", "R-30")
@pytest.mark.parametrize("row", POINT_PARAMETERS, ids=lambda row: row.item)
def test_that_each_point_row_and_no_other_sees_its_own_change(row):
    points = (*POINTS[:2], changed(POINTS[2], row.item), POINTS[3])
    expected = row.item in EXPECTED or row.item == "couch_angle"
    state = State.WARNING if expected else State.ERROR
    final = plan(replace(SAME[0], control_points=points), SAME[1])
    assert told(final) == [("1", 2, row.item, state)]


@pytest.mark.req("R-07")
@pytest.mark.parametrize(
    ("name", "value", "item"),
    [
        ("boluses", (), "bolus"), ("wedges", (Accessory(("W15",)),), "wedge"),
        ("applicators", (Accessory(("10x10",)),), "e_applicator"),
        ("blocks", (), "block"), ("cutouts", (Accessory(("C1",)),), "e_field_def_aperture"),
        ("treatment_type", "Setup", "treatment_type"), ("site", "THORAX", "rx_site_name"),
    ],
)  # fmt: skip
def test_that_accessories_type_and_site_are_compared(name, value, item):
    final = plan(replace(SAME[0], **{name: value}), SAME[1])
    assert [(one[0], one[2], one[3]) for one in told(final)] == [("1", item, State.ERROR)]


@pytest.mark.req("R-07")
@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"couch_deg": D("351.0")}, True), ({"couch_deg": D("351.1")}, False),
        ({"gantry_deg": D("90.1")}, False), ({"collimator_deg": D("10.1")}, False),
        ({"arc_start_deg": D("182.0")}, False), ({"arc_stop_deg": D("178.0")}, False),
        ({"arc_direction": "CCW"}, False), ({"arc_mu_per_deg": D("0.29")}, False),
        ({"energy": D(18)}, False), ({"modality": "Elect"}, False), ({"boluses": ()}, False),
        ({"wedges": ()}, False), ({"applicators": (Accessory(("10x10",)),)}, False),
        ({"mu": D(1)}, True), ({"site": "X"}, True), ({"id": "9"}, True), ({"name": "Y"}, True),
        ({"blocks": ()}, True), ({"dose_rate_mu_min": D(1)}, True),
    ],
)  # fmt: skip
def test_that_the_same_beam_is_what_the_paper_says(changes, same):
    assert is_same_beam(replace(field("1"), **changes), field("1"), SETTINGS) is same


@pytest.mark.req("R-07")
def test_that_leaves_and_jaws_are_added_in_cm_and_labels_weigh_a_hundred_thousandth():
    one = field("1")
    assert deviation_cm(one, one, SETTINGS) == 0
    for changes in ({"mu": D(99)}, {"site": "X"}, {"id": "9"}):
        assert deviation_cm(replace(one, **changes), one, SETTINGS) == pytest.approx(1e-5)
    three = replace(one, mu=D(99), site="X", id="9")
    assert deviation_cm(three, one, SETTINGS) == pytest.approx(3e-5)
    moved = replace(one, jaws=replace(one.jaws, x1_mm=one.jaws.x1_mm - 5))
    assert deviation_cm(moved, one, SETTINGS) == pytest.approx(0.5)


@pytest.mark.req("R-07")
def test_that_twins_are_told_apart_by_labels_and_swapped_ids_by_the_aperture():
    twins = field("1"), field("2", name="FIELD 1")
    pairs = pair_exports(twins[::-1], twins, SETTINGS)
    assert [(a, b) for a, b, _ in pairs.same] == [(0, 1), (1, 0)]
    wide = tuple(changed(one, "collimator_x1") for one in POINTS)
    initial = field("1"), field("2", control_points=wide)
    final = replace(initial[0], id="2"), replace(initial[1], id="1")
    assert [(a, b) for a, b, _ in pair_exports(final, initial, SETTINGS).same] == [(0, 0), (1, 1)]


@pytest.mark.req("R-07")
def test_that_a_field_that_is_no_longer_the_same_beam_is_found_by_its_id():
    final = plan(replace(SAME[0], gantry_deg=D("95.0"), energy=D(18)), SAME[1])
    assert told(final) == [
        ("1", None, "energy", State.ERROR), ("1", None, "gantry_angle", State.ERROR),
    ]  # fmt: skip


@pytest.mark.req("R-07")
def test_that_a_field_without_any_partner_is_an_error():
    assert told(plan(SAME[0])) == [("2", None, "field_id", State.ERROR)]
    extra = plan(*SAME, field("3", gantry_deg=D("5.0")))
    assert told(extra) == [("3", None, "field_id", State.ERROR)]


@pytest.mark.req("R-07", "R-09")
@pytest.mark.parametrize(
    ("changes", "item"),
    [
        ({"total_cgy": D(5200)}, "dose_ttl"), ({"fraction_cgy": D(250)}, "dose_tx"),
        ({"technique": "IMRT"}, "technique"), ({"modality": "6X"}, "modality"),
        ({"pattern": "BID"}, "pattern"), ({"note": "x"}, "rx_note"),
        ({"field_count": 3}, "number_of_fields"),
    ],
)  # fmt: skip
def test_that_prescriptions_are_compared(changes, item):
    initial = plan(*SAME)
    rx = replace(initial.prescriptions[0], **changes)
    found = told(replace(initial, prescriptions=(rx,)))
    assert found == [("", None, item, State.ERROR)]


@pytest.mark.req("R-07", "R-27")
def test_that_the_couch_may_be_captured_within_the_tolerance_table(tmp_path):
    turned = replace(SAME[0], couch_deg=D("351.0"), couch=Couch(D(11), D(21), D(31)))
    states = {one[2]: one[3] for one in told(plan(turned, SAME[1]))}
    assert states == dict.fromkeys(EXPECTED - {"field_note"} | {"couch_angle"}, State.WARNING)
    (tmp_path / "filter").mkdir()
    table = tmp_path / "filter" / "tolerance_tables.toml"
    table.write_text('[tables."2"]\ncouch_deg = 3.0\n', encoding="utf-8")
    wide = read_settings(tmp_path)
    assert is_same_beam(replace(SAME[0], couch_deg=D("353.0")), SAME[0], wide)
    assert not is_same_beam(replace(SAME[0], couch_deg=D("353.1")), SAME[0], wide)
    table.write_text('[tables."2"]\ncouch_deg = "wide"\n', encoding="utf-8")
    with pytest.raises(ClinicFileError, match="couch_deg of tolerance table 2"):
        read_settings(tmp_path)


@pytest.mark.req("R-27")
def test_that_the_clinic_says_what_is_expected(tmp_path):
    (tmp_path / "filter").mkdir()
    rules = tmp_path / "filter" / "rules.toml"
    rules.write_text('[expected]\nfinal = ["field_name"]\n', encoding="utf-8")
    final = plan(replace(SAME[0], name="NEW", note="prone"), SAME[1])
    found = compare_exports(final, plan(*SAME), read_settings(tmp_path)).findings
    assert {one.item: one.state for one in found} == {
        "field_name": State.WARNING, "field_note": State.ERROR,
    }  # fmt: skip


def blanked(one, **names):
    """Return a field and its control points without some values."""
    points = tuple(
        replace(point, **{name: value for name, value in names.items() if hasattr(point, name)})
        for point in one.control_points
    )
    return replace(one, control_points=points, **names)


@pytest.mark.req("R-07", "R-27")
@pytest.mark.parametrize(
    ("names", "items", "state"),
    [
        ({"couch": Couch()}, ("couch_vertical", "couch_lateral", "couch_longitudinal"),
         State.WARNING),
        ({"note": None}, ("field_note",), State.WARNING),
        ({"dose_cgy": None}, ("field_dose",), State.ERROR),
        ({"dose_rate_mu_min": None}, ("doserate",), State.ERROR),
        ({"tolerance_table": None}, ("tolerance_table",), State.ERROR),
    ],
)  # fmt: skip
def test_that_what_is_entered_or_taken_out_later_differs_from_the_blank(names, items, state):
    """Table positions are captured on verification day, where the initial export is blank."""
    bare = plan(blanked(SAME[0], **names), SAME[1])
    expected = [("1", None, item, state) for item in items]
    assert told(plan(*SAME), bare) == expected
    assert told(bare, plan(*SAME)) == expected
    (one, *_) = compare_exports(plan(*SAME), bare, SETTINGS).findings
    assert "blank" in one.message
    other = compare_exports(replace(plan(*SAME), kind="DICOM RT Plan"), bare, SETTINGS)
    assert other.findings == ()
    assert {row.item for row in other.not_checked} >= set(items)


@pytest.mark.req("R-07")
def test_that_a_native_export_is_told_by_the_elements_it_holds():
    """IEC bank A of a Varian export stands in its elements of bank B."""
    names = (("mlc_a", "mlc_b"), ("mlc_b", "mlc_a"))
    layer = POINTS[1].layers[0]
    moved = replace(layer, a_mm=(layer.a_mm[0] - 1, *layer.a_mm[1:]))
    points = (POINTS[0], replace(POINTS[1], layers=(moved,)), *POINTS[2:])
    final = replace(SAME[0], control_points=points, elements=names)
    first = plan(replace(SAME[0], elements=names), SAME[1])
    assert [one[2] for one in told(plan(final, SAME[1]), first)] == ["mlc_b1"]
