"""What was not checked stands in every report, with who has looked at it by hand (R-23, O-12)."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.filter.item_words import sentence_in_words
from app.filter.ledger import attest, ledger, with_attestations
from app.filter.ledger_log import log_file, recorded
from app.filter.ledger_names import name_by_rule, parts_of
from app.filter.ledger_page import page_html, page_of, write_page
from app.filter.report import compare_report, open_report
from app.filter.rv_source import open_rv
from core.audit import verify
from core.errors import ClinicFileError, RemedyError
from core.findings import State
from core.paths import clinic_folder
from tests.filter.desk_samples import VARIANTS, changed, write_export, write_pinnacle, write_plan


@pytest.fixture
def report(tmp_path):
    return compare_report(write_export(tmp_path), write_plan(tmp_path))


@pytest.mark.req("R-23")
def test_that_an_attested_item_stays_in_the_list_with_who_when_and_words(report):
    assert all(one.attested == () for one in ledger(report))
    attest(report, "Gating", "Ann Physicist", "chart note of 12 March says no gating")
    attest(report, "gating", "Bob Therapist", "no gating at the console")
    assert [one.item for one in ledger(report)] == [one.item for one in report.not_checked]
    (row,) = [one for one in ledger(report) if one.attested]
    assert row.item == "gating"
    assert [one.person for one in row.attested] == ["Ann Physicist", "Bob Therapist"]
    assert row.attested[0].words == "chart note of 12 March says no gating"
    told = with_attestations(report)
    assert len(told.not_checked) == len(report.not_checked)
    assert any("looked at by Ann Physicist" in one.why for one in told.not_checked)
    assert told.status == report.status
    assert verify(log_file()) == ()


@pytest.mark.req("R-23")
def test_that_an_attestation_does_not_hold_for_a_changed_export_or_plan(report, tmp_path):
    attest(report, "gating", "Ann", "looked at the chart")
    assert any(one.attested for one in ledger(compare_report(*sources(tmp_path))))
    other = write_export(tmp_path, "o.rtp", changed("FIELD_DEF", "4", couch_vertical="1"))
    assert not any(o.attested for o in ledger(compare_report(other, tmp_path / "plan.dcm")))
    assert not any(o.attested for o in ledger(open_report(tmp_path / "export.rtp")))


def sources(folder):
    return folder / "export.rtp", folder / "plan.dcm"


@pytest.mark.req("R-23")
def test_that_a_changed_file_of_a_plan_folder_ends_an_attestation(tmp_path):
    export, folder = write_export(tmp_path), write_pinnacle(tmp_path)
    attest(compare_report(export, folder), "cutout shape", "Ann", "held the cutout on the print")
    assert any(one.attested for one in ledger(compare_report(export, folder)))
    (folder / "plan.roi").write_bytes(b"other")
    assert not any(one.attested for one in ledger(compare_report(export, folder)))


@pytest.mark.req("R-23")
@pytest.mark.parametrize(
    ("item", "person", "words"),
    [("no such thing", "Ann", "seen"), ("gating", " ", "seen"), ("gating", "Ann", "")],
)
def test_that_an_attestation_without_item_person_or_words_is_none(report, item, person, words):
    with pytest.raises(RemedyError):
        attest(report, item, person, words)
    assert recorded("attested") == ()


@pytest.mark.req("O-12", "R-23", "R-29")
def test_that_a_page_holds_the_whole_report_and_refers_to_nothing_outside(tmp_path):
    export = write_export(tmp_path, "x.rtp", VARIANTS["gantry"].data())
    report = compare_report(export, write_plan(tmp_path))
    attest(report, "gating", "Ann", "<none>")
    file = write_page(report, tmp_path / "out", "IE", "Ann Physicist")
    text = file.read_text(encoding="utf-8")
    for finding in report.findings:
        assert finding.rule in text
    for one in report.not_checked:
        assert sentence_in_words(one.item) in text
    assert "&lt;none&gt;" in text
    assert "Errors" in text
    assert "nobody" in text
    assert report.sources[0].sha256 in text
    assert not re.search(r"(src|href)=|https?://|@import|url\(", text)
    (entry,) = recorded("report written")
    assert (entry["file"], entry["status"]) == (file.name, "error")


@pytest.mark.req("O-12", "R-29")
def test_that_the_name_of_a_page_says_nothing_of_the_patient_unless_the_clinic_asks(
    report, tmp_path
):
    file = write_page(report, tmp_path, "FE", "Ann")
    assert not re.search("demo|patient|pelvis", file.name, re.IGNORECASE)
    assert re.fullmatch(r"FE_\d{8}-\d{4}_[0-9a-f]{8}_pass\.html", file.name)
    (clinic_folder() / "filter").mkdir(parents=True)
    own = clinic_folder() / "filter/file_names.toml"
    own.write_text('report_file = "{last_name}_{stage}"\n', encoding="utf-8")
    assert write_page(report, tmp_path, "FE", "Ann").name == "DEMO_FE.html"


@pytest.mark.req("O-03", "O-12")
@pytest.mark.parametrize("evil", ["../../etc", "a/b\\c:d", "CON", "..", "  ", "x" * 500, "Ä<>|?*"])
def test_that_no_patient_name_leads_out_of_the_folder(evil, tmp_path):
    plan = open_rv(write_export(tmp_path))
    plan = replace(plan, patient=replace(plan.patient, last_name=evil, id=evil))
    parts = parts_of(plan, stage="IE", digest="0" * 64, time=datetime.now(UTC))
    name = name_by_rule("export_folder", parts)
    assert name
    assert not set(name) & set('/\\:<>|?*"')
    assert name.strip(".")
    assert (tmp_path / name).resolve().parent == tmp_path.resolve()


@pytest.mark.parametrize("rule", ["{nobody}", "{stage", "{stage!r}", ""])
def test_that_a_wrong_rule_for_names_is_told(rule, tmp_path):
    (clinic_folder() / "filter").mkdir(parents=True)
    text = f'export_folder = "{rule}"\n'
    (clinic_folder() / "filter/file_names.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ClinicFileError):
        name_by_rule("export_folder", {"stage": "IE"})


def test_that_pages_of_all_states_are_made(report):
    page = page_of(report, "IE", "Ann")
    for state in (State.ERROR, State.WARNING, State.PASS):
        assert "</html>" in page_html(replace(report, status=state), page)
