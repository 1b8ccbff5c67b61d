"""LEX from files alone: plan, treatment data and a place in, a report out."""

import json
from pathlib import Path

import pytest

from app.lex.command import write_from_files
from app.lex.sources import open_source
from app.lex.transfer import prepare
from app.lex.treatment import parse_treatment, treatment_text
from core.errors import RemedyError
from core.findings import Finding, State
from tests.lex import dicom_sample, pinnacle_sample
from tests.lex.transfer_sample import ENTRIES

FINDING_KEYS = {
    "rule", "severity", "field", "control_point", "item", "expected", "found", "unit",
    "message", "remedy",
}  # fmt: skip

TIPS_MM = [-30.0] * 60 + [35.0] * 60
EDGES_MM = [
    *range(-200, -100, 10), *range(-100, 100, 5), *range(100, 201, 10),
]  # fmt: skip


@pytest.fixture
def plan(tmp_path) -> Path:
    """A DICOM plan for the demonstration linac: one beam of 60 leaf pairs."""
    first = dicom_sample.point(0, 0, BeamLimitingDevicePositionSequence=dicom_sample.positions(
        ASYMX=[-40, 50], ASYMY=[-70, 60], MLCX=TIPS_MM
    ))  # fmt: skip
    beam = dicom_sample.beam(points=[first, dicom_sample.point(1, 1)])
    leaves = beam.BeamLimitingDeviceSequence[2]
    leaves.NumberOfLeafJawPairs, leaves.LeafPositionBoundaries = 60, EDGES_MM
    folder = tmp_path / "dicom"
    folder.mkdir()
    return dicom_sample.write(folder, dicom_sample.plan(beam))


def entries(folder: Path, **changes: object) -> Path:
    table = {**ENTRIES, "prescriptions": {"PELVIS": {"id": "PELVIS"}}, **changes}
    file = folder / "treatment.toml"
    file.write_text(treatment_text(table), encoding="utf-8")
    return file


@pytest.mark.req("L-24")
def test_that_a_plan_and_its_treatment_data_become_a_file(plan, tmp_path):
    out = tmp_path / "plan.rtp"
    report = write_from_files(plan, entries(tmp_path), out, lambda _: [])
    assert report.out == out
    assert out.read_bytes().startswith(b'"PLAN_DEF","77","DOE","JO","Q","Pelvis plan"')
    [field] = report.to_json()["fields"]
    assert (field["field_id"], field["beam"], field["mu"]) == ("1", "B1", 101.0)
    assert f"Written: {out}" in report.as_text()


def test_that_the_report_is_plain_json_with_the_agreed_keys(plan, tmp_path):
    report = write_from_files(plan, entries(tmp_path), tmp_path / "plan.rtp", lambda _: [])
    found = json.loads(json.dumps(report.to_json()))
    assert {"status", "written", "fields", "findings", "not_checked"} <= found.keys()
    assert all(row.keys() == FINDING_KEYS for row in found["findings"])
    assert {row["severity"] for row in found["findings"]} <= {state.value for state in State}


@pytest.mark.req("L-23", "L-25")
def test_that_the_report_ends_with_what_was_not_checked(plan, tmp_path):
    report = write_from_files(plan, entries(tmp_path), tmp_path / "plan.rtp", lambda _: [])
    _, _, limits = report.as_text().partition("Not checked:")
    assert "does not calculate" in limits
    assert "cone-beam" in limits
    assert len(report.to_json()["not_checked"]) == len(limits.strip().splitlines())


@pytest.mark.req("L-05")
def test_that_nothing_is_written_while_the_treatment_data_have_a_gap(plan, tmp_path):
    out = tmp_path / "plan.rtp"
    report = write_from_files(plan, entries(tmp_path, course=None), out, lambda _: [])
    assert (report.out, out.exists(), report.status) == (None, False, State.ERROR)
    assert "course" in report.as_text().splitlines()[0]
    assert report.to_json()["written"] is None


@pytest.mark.req("L-06")
def test_that_a_machine_without_the_energy_is_refused_by_name(tmp_path):
    file = dicom_sample.write(tmp_path, dicom_sample.plan(dicom_sample.beam(points=[
        dicom_sample.point(0, 0, NominalBeamEnergy=10), dicom_sample.point(1, 1),
    ])))  # fmt: skip
    report = write_from_files(file, entries(tmp_path), tmp_path / "plan.rtp", lambda _: [])
    [finding] = [one for one in report.findings if one.rule == "LEX-D2"]
    assert report.out is None
    assert "Xrays 10" in finding.message


@pytest.mark.req("L-24")
def test_that_the_report_shows_what_the_other_channel_objects_to(plan, tmp_path):
    objection = Finding("F-CMP-MU", State.ERROR, "MU differ.", field="1", expected="2", found="1")
    out = tmp_path / "plan.rtp"
    out.write_bytes(b"old")
    report = write_from_files(plan, entries(tmp_path), out, lambda _: [objection], overwrite=True)
    assert objection in report.findings
    assert (report.out, out.read_bytes()) == (None, b"old")
    assert "MU differ." in report.as_text()


def test_that_the_trial_asked_for_comes_before_the_one_in_the_treatment_data(tmp_path):
    trials = [pinnacle_sample.trial(Name=name) for name in ("One", "Two")]
    folder = pinnacle_sample.write_plan(tmp_path, *trials)
    name = open_source(folder).trials[0].prescriptions[0].name
    file = entries(tmp_path, trial="Two", prescriptions={name: {"id": "PELVIS"}})
    out = tmp_path / "plan.rtp"
    assert write_from_files(folder, file, out, lambda _: []).trial == "Two"
    again = write_from_files(folder, file, out, lambda _: [], trial="One", overwrite=True)
    assert again.trial == "One"


def test_that_a_plan_that_cannot_be_read_is_one_sentence(tmp_path):
    with pytest.raises(RemedyError):
        write_from_files(
            tmp_path / "none.dcm", entries(tmp_path), tmp_path / "plan.rtp", lambda _: []
        )


def test_that_real_plans_are_prepared_or_refused_with_findings(shared_data):
    seen = 0
    for file in sorted((shared_data / "dicom" / "plans_mixed").rglob("*.dcm")):
        try:
            trials = open_source(file).trials
        except RemedyError:
            continue
        for trial in trials:
            sites = {rx.name: {"id": f"S{n}"} for n, rx in enumerate(trial.prescriptions)}
            table = {**ENTRIES, "machine_type": "varian_millennium_120", "prescriptions": sites}
            transfer = prepare(trial, parse_treatment(table, "the test"))
            errors = [one for one in transfer.findings if one.state == State.ERROR]
            assert bool(errors) == (transfer.data == b""), file.name
            assert transfer.data.count(b'"FIELD_DEF"') == (0 if errors else len(transfer.fields))
            seen += 1
    assert seen >= 5
