"""The other columns of Table 1 from file to answer: VARIS, initial and final export, isodose."""

import json
from decimal import Decimal as D

import pydicom
import pytest

from app.command_line import main
from app.demo.write_demo import write_demo
from app.filter.isodose import isodose_lines
from app.filter.report import compare_report
from app.filter.rtp_check import check
from app.filter.rtp_read import plan_of
from app.filter.rtp_text import parse
from app.filter.rtp_write import rtp_bytes
from app.filter.rv_source import open_rv
from app.filter.views import PLAN_TO_VARIS
from core.errors import UnsupportedPlanError
from core.findings import State
from tests.filter.compare_samples import field, plan, point
from tests.one_change.records import data_of, lines_of

PAIRS = (
    "mosaiq_2.4", "mosaiq_2.6", "oncentra_columna_dose", "oncentra_prostate_nodose_boost",
    "oncentra_tangmam_nodose",
)  # fmt: skip


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return write_demo(tmp_path_factory.mktemp("demo") / "demonstration")


def run(capsys, *words):
    code = main([*map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


def coloured(answer):
    told = [one for one in answer["findings"] if one["severity"] in ("error", "warning")]
    return [(one["field"], one["item"], one["severity"]) for one in told]


def varis(demo, tmp_path, change=None):
    dataset = pydicom.dcmread(demo.plan)
    if change:
        change(dataset.BeamSequence[3])
    path = tmp_path / "varis.dcm"
    dataset.save_as(path)
    return path


@pytest.mark.req("R-25", "O-06")
def test_that_a_varis_export_of_the_plan_is_clean(demo, tmp_path, capsys):
    words = ("filter", "compare", "--rv", varis(demo, tmp_path), "--plan", demo.plan, "--varis")
    code, answer = run(capsys, *words)
    assert (code, answer["status"], coloured(answer)) == (0, "pass", [])
    missing = {one["item"] for one in answer["not_checked"] if "VARIS" in one["why"]}
    assert missing >= {"couch_vertical", "doserate"}


def gantry(beam):
    for one in beam.ControlPointSequence:
        if "GantryAngle" in one:
            one.GantryAngle = "41"


def jaw(beam):
    for one in beam.ControlPointSequence[0].BeamLimitingDevicePositionSequence:
        if one.RTBeamLimitingDeviceType in ("X", "ASYMX"):
            one.LeafJawPositions = [one.LeafJawPositions[0] + 1, one.LeafJawPositions[1]]


def rate(beam):
    for one in beam.ControlPointSequence:
        if "DoseRateSet" in one:
            one.DoseRateSet = "100"


@pytest.mark.req("R-25", "O-06", "R-30")
@pytest.mark.parametrize(
    ("change", "item"), [(gantry, "gantry_angle"), (jaw, "collimator_x1"), (rate, None)]
)
def test_that_a_change_in_varis_is_found_directly_and_after_translation(
    demo, tmp_path, capsys, change, item
):
    export = varis(demo, tmp_path, change)
    # A DICOM beam says a value at its first control point, which stands for the field as well.
    expected = {("4", item, "error")} if item else set()
    words = ("filter", "compare", "--plan", demo.plan, "--varis", "--rv")
    _, direct = run(capsys, *words, export)
    assert set(coloured(direct)) == expected
    translated = tmp_path / "varis.rtp"
    assert run(capsys, "filter", "translate", "--in", export, "--out", translated)[0] == 0
    _, answer = run(capsys, *words, translated)
    assert set(coloured(answer)) == expected


@pytest.mark.req("R-25")
@pytest.mark.parametrize("name", PAIRS)
def test_that_a_translated_real_plan_is_sound_and_says_what_the_plan_says(
    shared_data, tmp_path, name
):
    source = shared_data / "rtp-pairs" / f"{name}.dcm"
    path = tmp_path / f"{name}.rtp"
    path.write_bytes(rtp_bytes(open_rv(source)))
    assert [one.message for one in check(path) if one.state == State.ERROR] == []
    report = compare_report(path, source, view=PLAN_TO_VARIS)
    differences = [one.message for one in report.findings if one.rule.startswith("F-CMP")]
    assert differences == []
    assert [match.deviation for match in report.matches] == [0] * len(report.matches)


def test_that_what_rtp_connect_cannot_hold_is_refused():
    layer = point(0, "0").layers[0]
    two = field("1", control_points=(point(0, "0", layers=(layer, layer)),))
    with pytest.raises(UnsupportedPlanError, match="second layer"):
        rtp_bytes(plan(two))


def test_that_texts_that_would_break_a_line_do_not():
    odd = plan(field("1", name='A "quoted", name\r\nand more than twenty letters', note="ä€☃"))
    (found,) = plan_of(parse(rtp_bytes(odd), "x.rtp")).fields
    assert found.name == "A 'quoted', name and"
    assert found.note == "ä€?"


def test_that_a_file_that_is_there_is_never_written_over(demo, capsys):
    words = ("filter", "translate", "--in", demo.plan, "--out", demo.export)
    before = demo.export.read_bytes()
    assert run(capsys, *words)[0] == 2
    assert demo.export.read_bytes() == before


@pytest.mark.req("R-07", "R-27")
@pytest.mark.parametrize(
    ("variant", "told"),
    [
        ("gantry", [("4", "gantry_angle", "error")]),
        ("mu", [("4", "field_monitor_units", "error")]),
        ("leaf_1_mm", [("2", "mlc_a30", "error")] * 2),
        ("field_missing", [("4", "field_id", "error"), ("", "number_of_fields", "error")]),
        ("table_position", [("4", "couch_vertical", "warning"), ("4", "couch_vertical", "error")]),
        ("tolerance_table", [("4", "tolerance_table", "error")]),
        ("dose_rate", [("4", "doserate", "error")]),
        ("rx_modality", [("", "modality", "error")]),
    ],
)  # fmt: skip
def test_that_a_change_between_initial_and_final_export_is_found(demo, capsys, variant, told):
    final = demo.variant_index.parent / f"{variant}.rtp"
    _, answer = run(capsys, "filter", "compare", "--rv", final, "--initial", demo.export)
    assert sorted(coloured(answer)) == sorted(told)


@pytest.mark.req("R-07")
def test_that_every_real_export_agrees_with_itself(shared_data, capsys):
    for path in sorted((shared_data / "rtp").glob("*.rtp")):
        if path.name == "invalid_crc.rtp":
            continue
        _, answer = run(capsys, "filter", "compare", "--rv", path, "--initial", path)
        rules = {one["rule"] for one in answer["findings"]}
        assert not any(rule.startswith("F-CMP") for rule in rules), path.name
        assert {one["deviation"] for one in answer["matches"]} <= {0}, path.name


def reversed_fields(data):
    """Return an export with its fields in the reverse order, each with what belongs to it."""
    head, fields = [], []
    for line in lines_of(data):
        if line.cells[0] in ("FIELD_DEF", "PDF_FIELD_DEF"):
            fields.append([line])
        elif fields and line.cells[0] != "DOSE_DEF":
            fields[-1].append(line)
        else:
            head.append(line)
    return data_of([*head, *(line for field in reversed(fields) for line in field)])


@pytest.mark.req("R-05", "R-07")
def test_that_two_exports_that_differ_only_in_order_agree(shared_data, tmp_path, capsys):
    checked = 0
    for path in sorted((shared_data / "rtp").glob("mosaiq*.rtp")):
        turned = tmp_path / path.name
        turned.write_bytes(reversed_fields(path.read_bytes()))
        _, answer = run(capsys, "filter", "compare", "--rv", turned, "--initial", path)
        rules = {one["rule"] for one in answer["findings"]}
        assert not any(rule.startswith("F-CMP") for rule in rules), path.name
        checked += len(answer["matches"])
    assert checked > 20


@pytest.mark.req("O-11")
@pytest.mark.parametrize("kind", ["clinical", "vsim"])
def test_that_a_clinical_set_up_opens_without_any_plan(shared_data, capsys, kind):
    path = shared_data / "rtp" / "simulation_field.rtp"
    code, answer = run(capsys, "filter", "open", path, "--no-plan", kind)
    assert (code, answer["status"]) == (0, "pass")
    assert any("no plan exists" in one["why"] for one in answer["not_checked"])


@pytest.mark.req("R-12")
@pytest.mark.parametrize(
    ("doses", "words"),
    [
        (("100", "100"), "100.0 % line of 200 cGy"),
        (("105.2", "100"), "97.5 % line of 205.2 cGy"),
        (("100", None), "the plan holds no dose"),
    ],
)
def test_that_the_isodose_line_is_computed_and_shown(doses, words):
    beams = [field(str(n), dose_cgy=None if dose is None else D(dose))
             for n, dose in enumerate(doses, start=1)]  # fmt: skip
    (row,) = isodose_lines(plan(), plan(*beams))
    assert row.item == "Rx isodose"
    assert words in row.why


@pytest.mark.req("R-20")
def test_that_a_wrong_measured_ssd_is_refused_in_words(demo, capsys):
    words = ("filter", "compare", "--rv", demo.export, "--template", "tbi", "--ssd", "1=far")
    code, answer = run(capsys, *words)
    assert code == 2
    assert "no measured SSD" in answer["error"]["what"]
