"""Every seeded error of the demonstration set is named where it is, and nothing else is."""

import json

import pytest

from app.demo.rv_variants import VARIANTS
from app.demo.write_demo import write_demo
from app.filter.report import compare_report, open_report
from core.errors import RemedyError
from core.findings import State

# Where an error stands in several elements of the file, all of them are told.
TOGETHER = {
    "arc_direction": {"arc_direction", "gantry_dir"},
    "arc_stop": {"arc_stop_angle", "gantry_angle"},
    "y_jaws_reversed": {"collimator_y1", "collimator_y2"},
    "couch_angle_captured": {"couch_angle"},
    "fraction_dose": {"dose_tx", "dose_ttl"},
    "leaf_pair_swapped": {"mlc_a30", "mlc_b30"},
}


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    return write_demo(tmp_path_factory.mktemp("demo") / "demonstration")


@pytest.fixture(scope="session")
def index(demo):
    rows = json.loads(demo.variant_index.read_text(encoding="utf-8"))
    return {row["file"].removesuffix(".rtp"): row for row in rows}


def told(report):
    return [one for one in report.findings if one.state in (State.ERROR, State.WARNING)]


@pytest.mark.req("R-04", "R-08", "R-09", "R-11", "R-14", "R-15", "R-22", "R-30")
@pytest.mark.parametrize("plan", ["plan", "pinnacle_plan"])
@pytest.mark.parametrize("name", [variant.name for variant in VARIANTS])
def test_that_a_seeded_error_is_named(demo, index, name, plan):
    row = index[name]
    rv = demo.variant_index.parent / row["file"]
    if row["expect"] == "refused":
        with pytest.raises(RemedyError) as refusal:
            compare_report(rv, getattr(demo, plan))
        assert row["file"] in refusal.value.where
        return
    report = compare_report(rv, getattr(demo, plan))
    assert report.status == row["expect"]
    if name == "banks_mirrored":
        assert all(one.item.startswith("mlc_") for one in told(report))
        return
    items = {one.item for one in told(report)}
    assert items == TOGETHER.get(name, {row["item"]})
    places = {(one.field, one.control_point) for one in told(report) if one.item == row["item"]}
    fields = {field for field, _ in places}
    # A field that is missing has no ID in the export, and one named twice is told once.
    assert row["field"] in fields or name in (
        "field_missing",
        "field_id_twice",
        "field_id_too_long",
    )
    # How many points are missing is told of the field.
    if row["control_point"] is not None and name != "segment_missing":
        assert (row["field"], row["control_point"]) in places


@pytest.mark.parametrize("plan", ["plan", "pinnacle_plan"])
def test_that_the_clean_export_has_no_finding(demo, plan):
    report = compare_report(demo.export, getattr(demo, plan))
    assert told(report) == []
    assert [match.deviation for match in report.matches] == [0] * 5


@pytest.mark.req("R-02")
def test_that_contradictions_within_an_export_show_without_a_plan(demo):
    folder = demo.variant_index.parent
    for name in ("field_dose_changed", "rx_modality", "table_position", "setup_field_with_dose"):
        report = open_report(folder / f"{name}.rtp")
        assert report.status == State.ERROR, name
        assert any(one.item == "comparison with the plan" for one in report.not_checked)
    assert told(open_report(demo.export)) == []
