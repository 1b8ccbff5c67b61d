"""No file while a finding needs a reason; the log keeps who gave which, and no patient's name."""

import json

import pytest

from app.lex.checks import check_case
from app.lex.checks.example import Change
from app.lex.checks.standard import AP, standard_case
from app.lex.command import check_from_files, write_from_files
from app.lex.log import earlier_runs, log_checks, log_file, log_reasons, plan_digest
from app.lex.policy import Policy, ReasonError, policy_of, reason_for, reasons_by_rule
from app.lex.transfer import TransferRefusedError, prepare, write
from app.lex.treatment import treatment_text
from core import audit
from core.audit import LogError
from core.findings import Finding, State
from tests.lex import dicom_sample
from tests.lex.transfer_sample import ENTRIES, beam, treatment, trial

UNUSUAL = trial(beam(1, mu=600.0), beam(2))
WHY = "Checked with the physician, hypofractionated."


@pytest.mark.parametrize(
    ("rule", "state", "policy"),
    [("LEX-D1", State.ERROR, Policy.HARD), ("LEX-B2", State.WARNING, Policy.ACK),
     ("LEX-TEXT", State.WARNING, Policy.ACK), ("LEX-C9", State.INFO, Policy.INFO),
     ("LEX-D2", State.NOT_RUN, Policy.ACK), ("LEX-P2", State.NOT_RUN, Policy.INFO)],
)  # fmt: skip
def test_that_a_finding_asks_for_a_cure_a_reason_or_nothing(rule, state, policy):
    assert policy_of(Finding(rule, state, "It is so.")) == policy


def test_that_nothing_is_written_before_every_finding_has_its_reason(tmp_path):
    transfer = prepare(UNUSUAL, treatment())
    [asked] = transfer.unanswered
    out = tmp_path / "plan.rtp"
    with pytest.raises(TransferRefusedError, match="LEX-B2") as caught:
        write(transfer, out, lambda _: [])
    assert caught.value.findings == (asked,)
    assert not out.exists()
    write(transfer.with_reasons([reason_for(asked, WHY)]), out, lambda _: [])
    assert out.exists()


def test_that_a_reason_for_one_finding_does_not_answer_another():
    transfer = prepare(trial(beam(1, mu=600.0), beam(2, mu=601.0)), treatment())
    first, second = transfer.unanswered
    assert transfer.with_reasons([reason_for(first, WHY)]).unanswered == (second,)


def test_that_no_reason_lets_an_error_pass(tmp_path):
    transfer = prepare(trial(beam(1, energy=10.0)), treatment())
    [error] = [one for one in transfer.findings if one.state == State.ERROR]
    with pytest.raises(ReasonError, match="does not ask"):
        reason_for(error, WHY)
    assert transfer.data == b""


@pytest.mark.parametrize("words", ["", "  ", "ok", " \n x ", "x" * 501])
def test_that_words_that_say_nothing_are_no_reason(words):
    [asked] = prepare(UNUSUAL, treatment()).unanswered
    with pytest.raises(ReasonError, match="characters"):
        reason_for(asked, words)


@pytest.mark.parametrize("text", ["LEX-B2", "LEX-B4=why not", "=why not", "LEX-D1=why not"])
def test_that_a_reason_for_nothing_found_is_refused_with_the_rules_that_ask(text):
    findings = prepare(UNUSUAL, treatment()).findings
    with pytest.raises(ReasonError, match="LEX-B2"):
        reasons_by_rule(findings, [text])


def test_that_a_rule_is_answered_wherever_it_speaks():
    findings = prepare(trial(beam(1, mu=600.0), beam(2, mu=601.0)), treatment()).findings
    reasons = reasons_by_rule(findings, [f"LEX-B2={WHY}"])
    assert [reason.finding.field for reason in reasons] == ["B1", "B2"]


# The log.


def test_that_the_log_keeps_user_time_rule_place_plan_and_reason(monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "siochi")
    [asked] = prepare(UNUSUAL, treatment()).unanswered
    log_reasons(UNUSUAL, [reason_for(asked, WHY)])
    [entry] = audit.entries(log_file())
    assert (entry["event"], entry["user"], entry["rule"]) == ("acknowledged", "siochi", "LEX-B2")
    assert (entry["field"], entry["item"]) == ("B1", "field_monitor_units")
    assert (entry["reason"], entry["found"]) == (WHY, "600.00")
    assert entry["plan_sha256"] == plan_digest(UNUSUAL)
    assert entry["time"].endswith("+00:00")


def test_that_equal_plans_have_one_digest_and_the_least_change_another():
    assert plan_digest(trial()) == plan_digest(trial())
    assert plan_digest(trial(beam(1), beam(2, mu=50.0000001))) != plan_digest(trial())


@pytest.mark.req("L-22")
def test_that_reading_again_after_a_correction_keeps_the_earlier_findings():
    for plan in (UNUSUAL, trial()):
        log_checks(plan, prepare(plan, treatment()).findings)
    earlier, now = earlier_runs(trial())
    assert [one["rule"] for one in earlier["findings"]] == ["LEX-B2"]
    assert now["findings"] == []
    assert earlier["plan_sha256"] != now["plan_sha256"]
    assert audit.verify(log_file()) == ()


def test_that_no_name_of_a_patient_is_in_the_log():
    name = "Österreicherová-Nepomuk-Featherstonehaugh"
    case = standard_case().changed(Change("trial.person.last_name", name),
                                   Change(f"{AP}.mu", 501.0))  # fmt: skip
    findings = prepare(case.trial, case.treatment).findings
    assert any(name in one.message for one in findings)
    log_checks(case.trial, findings)
    assert log_file().read_text(encoding="utf-8").count("LEX-TEXT") == 1
    for words in (name, name[:10], "Jane"):
        assert words not in log_file().read_text(encoding="utf-8")


# From files alone.


@pytest.fixture
def files(tmp_path):
    """A plan whose MU are unusually high for a still beam."""
    first = dicom_sample.point(0, 0, BeamLimitingDevicePositionSequence=dicom_sample.positions(
        ASYMX=[-40, 50], ASYMY=[-70, 60]
    ))  # fmt: skip
    one = dicom_sample.beam(points=[first, dicom_sample.point(1, 1)])
    one.BeamLimitingDeviceSequence = one.BeamLimitingDeviceSequence[:2]
    group = dicom_sample.group(1)
    group.ReferencedBeamSequence[0].BeamMeterset = 600
    (tmp_path / "dicom").mkdir()
    plan = dicom_sample.write(tmp_path / "dicom", dicom_sample.plan(one, groups=(group,)))
    table = {**ENTRIES, "prescriptions": {"PELVIS": {"id": "PELVIS"}}}
    entries = tmp_path / "treatment.toml"
    entries.write_text(treatment_text(table), encoding="utf-8")
    return plan, entries, tmp_path / "plan.rtp"


def test_that_a_refused_file_names_the_rule_to_acknowledge_and_then_is_written(files):
    report = write_from_files(*files, lambda _: [])
    assert (report.out, files[2].exists()) == (None, False)
    assert "--acknowledge" in report.refusal
    assert [row["rule"] for row in report.to_json()["needs_a_reason"]] == ["LEX-B2"]
    report = write_from_files(*files, lambda _: [], reasons=[f"LEX-B2={WHY}"])
    assert report.out == files[2]
    assert WHY in report.as_text()
    assert [row["reason"] for row in report.to_json()["acknowledged"]] == [WHY]
    events = [entry["event"] for entry in audit.entries(log_file())]
    assert events == ["checks", "checks", "acknowledged", "written"]


def test_that_nothing_is_written_when_the_log_cannot_be(files, monkeypatch, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "audit").write_text("in the way")
    monkeypatch.setenv("EQS_DATA", str(tmp_path / "data"))
    with pytest.raises(LogError):
        write_from_files(*files, lambda _: [], reasons=[f"LEX-B2={WHY}"])
    assert not files[2].exists()


def test_that_checking_alone_writes_nothing_but_the_log(files):
    report = check_from_files(files[0], files[1])
    assert [one.rule for one in report.unanswered] == ["LEX-B2"]
    assert json.dumps(report.to_json())
    assert report.as_text().startswith("WARNING  Checked: 0 stop the file, 1 need a reason")
    assert not files[2].exists()


def test_that_the_standard_case_asks_for_nothing():
    assert {policy_of(one) for one in check_case(standard_case())} == {Policy.INFO}
