"""`eqs rtp check` and `eqs rtp show`: each fault of a file is one finding with its line."""

import json

import pytest

from app.filter.rtp_check import check, check_file, structure_findings
from app.filter.rtp_columns import KEYWORDS, columns
from app.filter.rtp_read import plan_of
from app.filter.rtp_show import describe, table
from app.filter.rtp_text import parse
from app.filter.rtp_words import REFUSED, REQUIRED, words_of
from core.errors import RemedyError
from core.findings import State
from tests.filter.rtp_samples import (
    export,
    extended,
    field,
    line,
    plan,
    point,
    prescription,
    setup,
    whole,
)


def found(data):
    return check_file(parse(data, "export.rtp"))


def row(data):
    """Return rule, state and item of the only finding, and whether the message names a line."""
    (one,) = found(data)
    assert one.message.startswith("line "), one.message
    return one.rule, one.state, one.item


def test_that_a_sound_file_has_no_finding():
    assert found(whole()) == ()


@pytest.mark.req("R-02")
def test_that_every_wrong_checksum_is_a_finding_of_its_own(shared_data):
    first, second = check(shared_data / "rtp" / "invalid_crc.rtp")
    assert (first.rule, second.rule) == ("F-RTP-CRC", "F-RTP-CRC")
    assert "line 1, PLAN_DEF" in first.message
    assert "666" in second.message
    assert "12115" in second.message


# Findings of real files that are whole exports: texts longer than prescribed, fields cut away.
EXPECTED = {
    "attribute_with_comma": [],
    "attribute_with_pairs_of_quotes": [],
    "invalid_csv_attribute_with_single_quote": ["F-RTP-QUOTE"],
    "mosaiq_2.4": [],
    "mosaiq_2.5_vmat_scale_convention_1": ["F-RTP-COUNT"],
    "mosaiq_2.6": [],
    "mosaiq_2.81": [],
    "mosaiq_electron_dt": [],
    "oncentra_columna_dose": [],
    "oncentra_prostate_nodose_boost": [],
    "oncentra_tangmam_nodose": [],
    "simulation_field": ["F-RTP-TEXT"] * 3,
    "unknown_record": ["F-RTP-RECORD", "F-RTP-COUNT"],
    "varian_imrt_scale_convention_1": ["F-RTP-TEXT", "F-RTP-TEXT", "F-RTP-COUNT"],
}


@pytest.mark.req("R-02")
def test_that_real_files_have_the_findings_their_description_says(shared_data):
    for name, rules in EXPECTED.items():
        rows = check(shared_data / "rtp" / f"{name}.rtp")
        assert [one.rule for one in rows] == rules, name


CASES = {
    "number": (export(field(gantry_angle="abc")), "F-RTP-NUMBER", "error", "gantry_angle"),
    "word": (export(field(treatment_type="Spiral")), "F-RTP-WORD", "warning", "treatment_type"),
    "word that is refused": (
        export(field(arc_direction="CX")), "F-RTP-WORD", "error", "arc_direction",
    ),
    "long text": (export(field(field_id="123456")), "F-RTP-TEXT", "info", "field_id"),
    "blank": (export(field(field_id="")), "F-RTP-BLANK", "warning", "field_id"),
    "range": (export(field(gantry_angle="400.0")), "F-RTP-RANGE", "warning", "gantry_angle"),
    "leaf range": (
        export(field(), point(0, 1, leaves=(("-26.00",), ("1.00",)))),
        "F-RTP-RANGE", "warning", "mlc_a1",
    ),
    "leaf beyond the pairs": (
        export(field(), point(0, 1, mlc_leaves="2")), "F-RTP-LEAVES", "error", "mlc_a3",
    ),
    "symmetric jaws": (
        export(field(field_x_mode="Sym", field_x="10.0", collimator_x2="5.0",
                     collimator_x1="-4.0")),
        "F-RTP-SYM", "warning", "collimator_x1",
    ),
    "missing point": (
        export(field(), point(0, 2), point(2, 2, monitor_units="1.0")),
        "F-RTP-POINT", "error", "control_pt_number",
    ),
    "count of points": (
        export(field(), point(0, 3), point(1, 3)), "F-RTP-COUNT", "error", "total_control_points",
    ),
    "point of another field": (
        export(field(), point(0, 1, field_id="2")), "F-RTP-TREE", "error", "field_id",
    ),
    "point without field": (export(point(0, 1), field()), "F-RTP-TREE", "error", "field_id"),
    "extended of another field": (
        export(field(), extended(field_id="9")), "F-RTP-TREE", "error", "field_id",
    ),
    "count of fields": (export(field(), field(field_id="2")), "F-RTP-COUNT", "warning",
                        "number_of_fields"),
    "unknown record": (export(field(), line("NEW_DEF", "1")), "F-RTP-RECORD", "info", "keyword"),
    "length that is new": (
        export(field(), line("DOSE_ACTION", "PELVIS", "5000", "", "new")),
        "F-RTP-LENGTH", "info", "keyword",
    ),
    "length that fits nothing": (
        export(field(), line("DOSE_DEF", "PELVIS")), "F-RTP-LENGTH", "error", "keyword",
    ),
    "second plan": (whole() + plan(), "F-RTP-ORDER", "error", "keyword"),
    "hole in the leaves": (
        export(field(), point(0, 1, leaves=(("-1.00", ""), ("1.00", "2.00")))),
        "F-RTP-PLAN", "error", "",
    ),
}  # fmt: skip


@pytest.mark.req("R-02")
@pytest.mark.parametrize("name", CASES)
def test_that_each_fault_is_one_finding(name):
    data, rule, state, item = CASES[name]
    if rule == "F-RTP-PLAN":
        (one,) = found(data)
        assert "line 5, CONTROL_PT_DEF" in one.message
        assert (one.rule, one.state) == (rule, State(state))
    else:
        assert row(data) == (rule, State(state), item)


def test_that_a_field_without_prescription_is_named():
    data = export(field(rx_site_name="NECK"))
    site, count = sorted(found(data), key=lambda one: one.item, reverse=True)
    assert (site.rule, site.field, site.found) == ("F-RTP-SITE", "1", "NECK")
    assert count.rule == "F-RTP-COUNT"


def test_that_a_file_that_does_not_begin_with_plan_def_is_told_so():
    (one,) = found(prescription(fields=0) + setup())
    assert (one.rule, one.state) == ("F-RTP-ORDER", State.ERROR)


def test_that_two_fields_of_one_id_have_their_points_counted_apart():
    both = export(field(), point(0), point(1), field(), point(0), point(1))
    assert [one.rule for one in structure_findings(parse(both, "x.rtp"))] == []


def test_that_an_unreadable_width_is_told_once():
    data = export(field(field_x_mode="Sym", field_x="wide"))
    assert row(data) == ("F-RTP-NUMBER", State.ERROR, "field_x")


@pytest.mark.parametrize("text", ["\u00b2", "9" * 50, "-1", "1.0"])
def test_that_an_odd_count_is_no_traceback(text):
    rows = found(export(field(), point(0, total_control_points=text, control_pt_number=text)))
    assert all(one.message for one in rows)


# Errors that leave every value readable: the report on opening names them.
OPENS_ALL_THE_SAME = {
    "leaf beyond the pairs", "missing point", "count of points", "length that fits nothing",
}  # fmt: skip


@pytest.mark.req("R-02")
@pytest.mark.parametrize("name", CASES)
def test_that_a_file_without_an_error_opens_as_a_plan(name):
    data, _, state, _ = CASES[name]
    file = parse(data, "export.rtp")
    if state != "error":
        assert plan_of(file).fields
    elif name not in OPENS_ALL_THE_SAME:
        with pytest.raises(RemedyError):
            plan_of(file)


def test_that_the_words_and_the_columns_know_each_other():
    every = {column.name for keyword in KEYWORDS for column in columns(keyword, 400) or ()}
    assert every >= REFUSED
    for keyword, names in REQUIRED.items():
        assert set(names) <= {column.name for column in columns(keyword, 400)}
    assert "xrays" in words_of("FIELD_DEF", "modality")
    assert words_of("RX_DEF", "modality") == ()  # free text in real exports


# Show


def test_that_a_file_is_described_by_the_names_of_its_values():
    told = describe(parse(whole(), "export.rtp"))
    assert json.loads(json.dumps(told)) == told
    assert told["patient"]["patient_id"] == "4711"
    assert told["sites"] == [
        {
            "site": "PELVIS",
            "fields": [
                {
                    "line": 4, "field_id": "1", "field_name": "RAO",
                    "treatment_type": "StepNShoot", "field_monitor_units": "120.50",
                    "control_points": 2,
                }
            ],
        }
    ]  # fmt: skip
    last = told["records"][-1]
    assert (last["line"], last["keyword"]) == (7, "CONTROL_PT_DEF")
    assert last["values"]["mlc_b3"] == "3.00"
    assert last["values"]["monitor_units"] == "1.000000"
    assert "mlc_b4" not in last["values"]


def test_that_values_beyond_the_known_layout_are_shown_by_their_place():
    told = describe(parse(plan() + line("DOSE_ACTION", "PELVIS", "50", "", "new"), "x.rtp"))
    assert told["records"][1]["values"] == {
        "region_name": "PELVIS", "action_dose": "50", "value_4": "new",
    }  # fmt: skip
    unknown = describe(parse(line("NEW_DEF", "a"), "x.rtp"))
    assert unknown["records"][0]["values"] == {"value_0": "NEW_DEF", "value_1": "a"}


def test_that_the_table_names_every_value_and_gathers_the_leaves():
    text = table(parse(whole(), "export.rtp"))
    assert "PLAN_DEF  (line 1)" in text
    assert f"    {'mlc_leaves':32} 3" in text
    assert "    mlc bank A (3 leaves)" in text
    assert "          1:  -1.00  -2.00  -3.00" in text
    assert "mlc_a1" not in text


def test_that_every_sample_can_be_shown(shared_data):
    for path in sorted((shared_data / "rtp").glob("*.rtp")):
        file = parse(path.read_bytes(), path.name)
        told = describe(file)
        assert len(told["records"]) == len(file.records)
        assert table(file).count("  (line ") == len(file.records)
