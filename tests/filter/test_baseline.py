"""Baselines: kept when clean, every later change seen, every changed byte found."""

import json
import shutil

import pytest
from pydicom import dcmread

from app.filter import baseline as store
from app.filter.baseline import Wanted, baseline_faults, baselines, object_file, save_baseline
from app.filter.baseline_check import check_against
from app.filter.baseline_content import read_content
from app.filter.baseline_expected import read_expected
from app.filter.baseline_values import DICOM, RTP, changes, values_of
from app.filter.ledger_log import filter_folder, log_file
from app.filter.rule_set import rule_set
from app.filter.signing import sign, signature_fits
from core.errors import ClinicFileError, RemedyError
from core.findings import State
from core.paths import clinic_folder
from tests.filter.desk_samples import (
    VARIANTS,
    changed,
    reordered,
    write_export,
    write_pinnacle,
    write_plan,
)
from tests.filter.rtp_samples import crc

REFUSED_OR_OTHER = {"checksum_damaged", "file_truncated", "patient_id"}
EXPECTED = {"table_position"}


@pytest.fixture
def checked(tmp_path):
    """An export that was checked against its DICOM plan."""
    export, plan = write_export(tmp_path), write_plan(tmp_path)
    return save_baseline(Wanted(export, plan, "IE", "Ann Physicist"))


def bad(report):
    return [one for one in report.findings if one.state in (State.ERROR, State.WARNING)]


@pytest.mark.req("R-31", "O-08")
def test_that_a_clean_check_is_kept_with_who_when_rules_and_digests(checked, tmp_path):
    (one,) = baselines()
    assert one == checked
    assert one.faults == ()
    body = one.body
    assert (body["person"], body["stage"], body["rules"]) == (
        "Ann Physicist", "IE", rule_set().version
    )  # fmt: skip
    assert body["time"].startswith("20")
    assert [source["kind"] for source in body["sources"]] == [RTP, DICOM]
    assert body["sources"][0]["digest"] == read_content(tmp_path / "export.rtp").digest
    assert body["not_checked"]
    assert list(baseline_faults()) == []


@pytest.mark.req("R-31")
def test_that_nothing_has_changed_when_nothing_has(checked, tmp_path):
    for name in ("export.rtp", "plan.dcm"):
        report = check_against(tmp_path / name)
        assert [one.rule for one in report.findings] == ["F-BASE-SAME"]
        assert report.status == State.PASS
        assert report.not_checked


@pytest.mark.req("R-31")
def test_that_every_seeded_change_is_red_and_the_expected_one_yellow(tmp_path):
    save_baseline(Wanted(write_export(tmp_path), None, "IE", "Ann"))
    for name in sorted(VARIANTS.keys() - REFUSED_OR_OTHER):
        variant = VARIANTS[name]
        report = check_against(write_export(tmp_path, "later.rtp", variant.data()))
        assert report.status == (State.WARNING if name in EXPECTED else State.ERROR), name
        if variant.item and variant.field in ("1", "2", "3", "4") and "id" not in name:
            items = {one.item.split(" ")[0] for one in bad(report)}
            assert any(item.startswith(variant.item[:6]) for item in items), name


@pytest.mark.req("R-31")
def test_that_another_patient_has_no_baseline_unless_one_is_named(checked, tmp_path):
    later = write_export(tmp_path, "later.rtp", VARIANTS["patient_id"].data())
    with pytest.raises(RemedyError, match="no baseline"):
        check_against(later)
    report = check_against(later, checked.id)
    assert [one.item for one in bad(report)] == ["patient_id"]


@pytest.mark.req("R-31")
def test_that_table_positions_and_notes_are_yellow_and_the_date_is_a_note(tmp_path):
    save_baseline(Wanted(write_export(tmp_path), None, "IE", "Ann"))
    for values, record, state in (
        ({"couch_vertical": "-9.9"}, "FIELD_DEF", State.WARNING),
        ({"field_note": "Supine, knee rest"}, "FIELD_DEF", State.WARNING),
        ({"plan_date": "20270101"}, "PLAN_DEF", State.PASS),
        ({"couch_vertical": "-9.9", "gantry_angle": "41.0"}, "FIELD_DEF", State.ERROR),
    ):
        owner = "4" if record == "FIELD_DEF" else ""
        report = check_against(write_export(tmp_path, "x.rtp", changed(record, owner, **values)))
        assert report.status == state, values
        assert len([one for one in report.findings if one.rule == "F-BASE-CHANGED"]) == len(values)


@pytest.mark.req("R-31")
def test_that_an_export_in_another_order_is_as_checked(tmp_path):
    save_baseline(Wanted(write_export(tmp_path), None, "IE", "Ann"))
    report = check_against(write_export(tmp_path, "later.rtp", reordered()))
    assert [one.rule for one in report.findings] == ["F-BASE-WRITING"]


@pytest.mark.req("R-31")
def test_that_a_changed_plan_folder_is_told_value_by_value(tmp_path):
    folder = write_pinnacle(tmp_path)
    save_baseline(Wanted(write_export(tmp_path), folder, "IE", "Ann", accepted="arcs read"))
    assert check_against(folder).status == State.PASS
    trial = folder / "plan.Trial"
    text = trial.read_text(encoding="latin-1")
    trial.write_text(text.replace("Gantry = 40", "Gantry = 42", 1), encoding="latin-1")
    (one,) = bad(check_against(folder))
    assert (one.expected, one.found) == ("40", "42")
    trial.write_text(text, encoding="latin-1")
    (folder / "plan.roi").write_bytes(b"other")
    (folder / "plan.new").write_bytes(b"new")
    (folder / "Thumbs.db").write_bytes(b"passed over")
    assert {one.item for one in bad(check_against(folder))} == {"plan.roi", "plan.new"}


@pytest.mark.req("R-31")
def test_that_a_changed_dicom_plan_is_told_and_its_identity_is_a_note(checked, tmp_path):
    plan = dcmread(tmp_path / "plan.dcm")
    plan.InstanceCreationTime = "111111"
    plan.save_as(tmp_path / "later.dcm")
    assert check_against(tmp_path / "later.dcm").status == State.PASS
    plan.BeamSequence[0].ControlPointSequence[0].GantryAngle = "12.5"
    plan.save_as(tmp_path / "later.dcm")
    (one,) = bad(check_against(tmp_path / "later.dcm"))
    assert (one.item, one.control_point, one.found) == ("GantryAngle", 0, "12.5")


@pytest.mark.req("R-31")
def test_that_errors_and_unaccepted_warnings_make_no_baseline(tmp_path):
    plan = write_plan(tmp_path)
    for name, accepted in (("gantry", "well"), ("dose_rate", "")):
        export = write_export(tmp_path, f"{name}.rtp", VARIANTS[name].data())
        with pytest.raises(RemedyError):
            save_baseline(Wanted(export, plan, "IE", "Ann", accepted))
    assert baselines() == ()
    export = write_export(tmp_path, "dose_rate.rtp", VARIANTS["dose_rate"].data())
    saved = save_baseline(Wanted(export, plan, "IE", "Ann", "lower rate was ordered"))
    assert saved.body["warnings"]
    assert saved.body["accepted"] == "lower rate was ordered"


@pytest.mark.req("R-31")
def test_that_every_changed_byte_of_a_baseline_is_found(checked, tmp_path):
    data = checked.file.read_bytes()
    for place in range(0, len(data), 37):
        checked.file.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        assert list(baseline_faults()) != []
        with pytest.raises(RemedyError, match="cannot be trusted"):
            check_against(tmp_path / "export.rtp")
    checked.file.unlink()
    assert any("gone" in fault for fault in baseline_faults())


@pytest.mark.req("R-31")
def test_that_a_changed_kept_file_and_a_changed_log_are_found(checked):
    kept = object_file(checked.body["sources"][0]["digest"])
    data = kept.read_bytes()
    kept.write_bytes(data[:-1])
    assert any("kept" in fault for fault in baseline_faults())
    kept.write_bytes(data)
    assert list(baseline_faults()) == []
    text = log_file().read_text(encoding="utf-8")
    log_file().write_text(text.replace("Ann", "Eve") + "{}\n", encoding="utf-8")
    assert list(baseline_faults()) != []


@pytest.mark.req("R-31")
def test_that_a_forged_baseline_with_a_fitting_log_has_no_fitting_signature(checked, monkeypatch):
    stored = json.loads(checked.file.read_bytes())
    stored["body"]["person"] = "Eve"
    assert signature_fits(checked.body, stored["signature"])
    assert not signature_fits(stored["body"], stored["signature"])


@pytest.mark.req("R-31")
def test_that_a_baseline_that_the_log_does_not_name_is_not_used(checked, tmp_path):
    log_file().unlink()
    assert baselines() == ()
    with pytest.raises(RemedyError, match="no baseline"):
        check_against(tmp_path / "export.rtp")


@pytest.mark.req("R-31")
def test_that_a_lost_key_is_told_and_not_made_again(checked):
    (filter_folder() / "signing.key").unlink()
    with pytest.raises(RemedyError, match="key of this installation is missing"):
        sign({"a": 1})


def test_that_a_source_that_changes_while_it_is_checked_makes_no_baseline(tmp_path, monkeypatch):
    export = write_export(tmp_path)

    def slow(wanted):
        report = store.open_report(wanted.rv)
        write_export(tmp_path, "export.rtp", VARIANTS["gantry"].data())
        return report

    monkeypatch.setattr(store, "_report", slow)
    with pytest.raises(RemedyError, match="changed while it was read"):
        save_baseline(Wanted(export, None, "IE", "Ann"))
    assert baselines() == ()


def test_that_the_clinic_s_own_list_replaces_the_one_shipped(checked, tmp_path):
    (clinic_folder() / "filter").mkdir(parents=True)
    own = clinic_folder() / "filter/baseline.toml"
    own.write_text("expected = []\n", encoding="utf-8")
    later = write_export(tmp_path, "later.rtp", changed("FIELD_DEF", "4", couch_vertical="1.0"))
    assert check_against(later).status == State.ERROR
    own.write_text('[[expected]]\nkind = "RTP-Connect"\n', encoding="utf-8")
    with pytest.raises(ClinicFileError, match="row 1 of `expected` has no record"):
        read_expected()


@pytest.mark.req("R-31")
def test_that_real_files_hold_against_themselves_and_one_changed_letter_shows(
    shared_data, tmp_path
):
    files = sorted((shared_data / "rtp").glob("*.rtp"))
    held = 0
    for file in files:
        try:
            before = values_of(RTP, file, file.name)
        except RemedyError:
            continue
        assert changes(before, values_of(RTP, file, file.name)) == ()
        place, value = next((p, v) for p, v in before.items() if v.isdigit())
        assert len(changes(before, {**before, place: value + "1"})) == 1
        held += 1
    assert held >= 8
    for file in sorted((shared_data / "rtp-pairs").glob("*.dcm")):
        copy = tmp_path / file.name
        shutil.copy(file, copy)
        assert changes(values_of(DICOM, file, "a"), values_of(DICOM, copy, "a")) == ()


@pytest.mark.req("R-31", "O-08")
def test_that_an_export_without_a_plan_id_is_known_by_its_sites(tmp_path):
    for site in ("PELVIS", "THORAX"):
        data = changed("PLAN_DEF", "", plan_id="").replace(b"PELVIS 2", b"BOOST")
        lines = [re_signed(line, site) for line in data.splitlines(keepends=True)]
        write_export(tmp_path, f"{site}.rtp", b"".join(lines))
        save_baseline(Wanted(tmp_path / f"{site}.rtp", None, "IE", "Ann"))
    assert [one.body["plan_id"] for one in baselines()] == ["PELVIS, BOOST", "THORAX, BOOST"]
    assert check_against(tmp_path / "PELVIS.rtp").status == State.PASS


def re_signed(text, site):
    """Return a line with another site and the checksum that belongs to it."""
    body = text.rstrip(b"\r\n").replace(b'"PELVIS"', f'"{site}"'.encode())
    body = body[: body.rindex(b",") + 1]
    return body + f'"{crc(body)}"\r\n'.encode()
