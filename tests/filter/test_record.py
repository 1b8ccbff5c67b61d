"""Who checked this plan, when, what was flagged, what did they do (R-03, R-22, R-26, R-28)."""

import csv
import getpass
import io
import json
import re

import pytest

from app.command_line import main
from app.filter.acknowledged import acknowledge, unanswered, with_record, words_on
from app.filter.baseline import Wanted, save_baseline
from app.filter.checks_log import checks_file, on_record
from app.filter.ledger import attest
from app.filter.ledger_log import log_file, recorded
from app.filter.ledger_page import write_page
from app.filter.people import read_record_rules
from app.filter.report import compare_report, open_report
from app.filter.signoff import sign_report, signatures
from app.filter.worklist import case_of, complete, reopen, skip
from core.audit import entries, verify
from core.errors import ClinicFileError, RemedyError
from core.findings import State
from core.paths import clinic_folder
from tests.filter.desk_samples import VARIANTS, changed, write_export, write_plan


def people(role, name="Jane Roe", login=None):
    """Lay down a list of people with one person, who is logged in unless `login` says another."""
    shipped = read_record_rules()
    meanings = "\n".join(
        f'[meaning.{one.id}]\nwords = "{one.words}"\nroles = {list(one.roles)}'
        for one in shipped.meanings.values()
    )
    file = clinic_folder() / "filter" / "record.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    own = f'[people."{login or getpass.getuser()}"]\nname = "{name}"\nroles = ["{role}"]\n'
    file.write_text(own + meanings, encoding="utf-8")


@pytest.fixture
def wrong(tmp_path):
    """A report with one error."""
    export = write_export(tmp_path, data=VARIANTS["rx_modality"].data())
    return compare_report(export, write_plan(tmp_path))


@pytest.fixture
def clean(tmp_path):
    return compare_report(write_export(tmp_path), write_plan(tmp_path))


@pytest.fixture
def asked(tmp_path):
    """A report with the question whether field 4 is a set-up field; it carries dose."""
    data = changed("FIELD_DEF", "4", field_name="SETUP AP")
    return open_report(write_export(tmp_path, "asked.rtp", data))


def run(capsys, *words):
    code = main([*map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.req("R-03")
def test_that_a_finding_is_acknowledged_with_user_time_and_reason_and_stays_red(wrong):
    (error,) = unanswered(wrong)
    told = acknowledge(wrong, [error], "Jane Roe", "typing error, corrected on 12 March")
    assert unanswered(wrong) == ()
    (word,) = words_on(wrong).values()
    assert (word.person, word.reason) == ("Jane Roe", "typing error, corrected on 12 March")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00", word.time)
    assert word.user == getpass.getuser()
    (row,) = [one for one in told.findings if one.rule == error.rule]
    assert (row.state, told.status) == (State.ERROR, State.ERROR)
    assert "[acknowledged by Jane Roe" in row.message
    assert verify(log_file()) == ()


@pytest.mark.req("R-03")
def test_that_an_acknowledgement_holds_for_the_very_files_only(wrong, tmp_path):
    acknowledge(wrong, unanswered(wrong), "Jane Roe", "seen")
    other = write_export(tmp_path, "other.rtp", changed("RX_DEF", "PELVIS", modality="Elect",
                                                        technique="OTHER"))  # fmt: skip
    again = compare_report(other, tmp_path / "plan.dcm")
    assert {one.rule for one in unanswered(again)} == {"F-RX-MODALITY"}


@pytest.mark.req("R-03")
@pytest.mark.parametrize(
    ("person", "reason", "answer"), [(" ", "seen", ""), ("Jane", " ", ""), ("Jane", "seen", "no")]
)
def test_that_an_acknowledgement_without_person_or_reason_is_none(wrong, person, reason, answer):
    with pytest.raises(RemedyError):
        acknowledge(wrong, unanswered(wrong), person, reason, answer)
    assert recorded("acknowledged") == ()


@pytest.mark.req("R-22", "R-28")
@pytest.mark.parametrize(
    ("answer", "state", "status"),
    [("yes", State.ERROR, State.ERROR), ("no", State.INFO, State.PASS)],
)
def test_that_the_answer_to_a_question_settles_it_and_stands_in_the_log(
    asked, answer, state, status
):
    (question,) = unanswered(asked)
    assert (question.rule, asked.status) == ("F-SETUP-ASK", State.WARNING)
    with pytest.raises(RemedyError, match="yes or no"):
        acknowledge(asked, [question], "Jane Roe", "asked the therapist")
    told = acknowledge(asked, [question], "Jane Roe", "asked the therapist", answer)
    (row,) = [one for one in told.findings if one.rule == "F-SETUP-ASK"]
    assert (row.state, told.status) == (state, status)
    assert f"[answered {answer} by Jane Roe" in row.message
    (entry,) = recorded("acknowledged")
    assert (entry["answer"], entry["findings"][0][0]) == (answer, "F-SETUP-ASK")


@pytest.mark.req("R-22", "R-31")
def test_that_answers_are_kept_with_the_check(asked, tmp_path):
    file = tmp_path / "asked.rtp"
    with pytest.raises(RemedyError, match="warnings that nobody has accepted"):
        save_baseline(Wanted(file, None, "IE", "Jane Roe"))
    acknowledge(asked, unanswered(asked), "Jane Roe", "treats the sternum", "no")
    kept = save_baseline(Wanted(file, None, "IE", "Jane Roe"))
    (answer,) = kept.body["answers"]
    assert (answer["rule"], answer["answer"]) == ("F-SETUP-ASK", "no")
    assert answer["reason"] == "treats the sternum"


@pytest.mark.req("R-28")
def test_that_every_report_opened_or_compared_stands_in_the_log(tmp_path, capsys):
    export, plan = write_export(tmp_path, data=VARIANTS["gantry"].data()), write_plan(tmp_path)
    run(capsys, "filter", "open", export)
    run(capsys, "filter", "compare", "--rv", export, "--plan", plan)
    run(capsys, "filter", "compare", "--rv", export, "--initial", export)
    run(capsys, "filter", "srs", "--rv", export)
    opened, compared, exports, arcs = entries(checks_file())
    assert (opened["status"], compared["status"], exports["status"]) == ("pass", "error", "pass")
    assert arcs["title"].startswith("Stereotactic arcs")
    assert (compared["patient_id"], compared["plan_id"]) == ("DEMO-0001", "PELVIS")
    (row,) = [one for one in compared["flagged"] if one["state"] == "error"]
    assert (row["rule"], row["field"]) == ("F-CMP-GANTRY-ANGLE", "4")
    assert "gating" in compared["not_checked"]
    assert compared["user"] == getpass.getuser()
    assert [len(one[2]) for one in compared["sources"]] == [64, 64]
    assert verify(checks_file()) == ()


@pytest.mark.req("R-28")
def test_that_the_log_answers_who_checked_this_plan_and_what_they_did(tmp_path, capsys):
    export, plan = (
        write_export(tmp_path, data=VARIANTS["rx_modality"].data()),
        write_plan(tmp_path),
    )
    pair = ("--rv", export, "--plan", plan)
    run(capsys, "filter", "compare", *pair)
    reason = ("--reason", "corrected", "--by", "Jane Roe")
    assert run(capsys, "filter", "acknowledge", *pair, "F-RX-MODALITY", *reason)[0] == 0
    assert run(capsys, "filter", "sign", *pair, "--meaning", "review", "--by", "Jane Roe")[0] == 0
    words = ("audit", "show", "--patient", "DEMO-0001", "--plan", "PELVIS")
    _, answer = run(capsys, *words)
    told = [(one["action"], one["person"]) for one in answer["entries"]]
    assert told == [("report", ""), ("acknowledged", "Jane Roe"), ("signed", "Jane Roe")]
    assert run(capsys, "audit", "show", "--patient", "OTHER")[1]["entries"] == []
    main(list(words))
    text = capsys.readouterr().out
    assert "PELVIS is prescribed as Elect" in text
    assert "reason 'corrected'" in text
    assert run(capsys, "audit", "verify")[0] == 0
    data = bytearray(checks_file().read_bytes())
    data[len(data) // 2] ^= 1
    checks_file().write_bytes(data)
    assert run(capsys, "audit", "verify")[0] == 1


@pytest.mark.req("R-28")
def test_that_a_check_that_stands_in_no_log_says_so(clean):
    checks_file().mkdir(parents=True)
    told = on_record(clean, "window")
    assert told.status == State.WARNING
    assert [one.rule for one in told.findings if one.state == State.WARNING] == ["F-LOG"]


@pytest.mark.req("R-28")
def test_that_a_clinic_may_leave_reports_out_of_the_log(clean):
    file = clinic_folder() / "filter" / "record.toml"
    file.parent.mkdir(parents=True)
    file.write_text("[log]\nreports = false\n", encoding="utf-8")
    assert on_record(clean, "window") == clean
    assert not checks_file().exists()


@pytest.mark.req("R-28")
def test_that_a_signature_shows_printed_name_time_and_meaning_in_the_report(clean, tmp_path):
    sign_report(clean, "approval", "Jane Roe", "dose of field 4 measured")
    (one,) = signatures(clean)
    assert one.fits
    assert one.current
    assert re.match(
        r"Jane Roe \(login .*\), \d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}: approved for treatment",
        one.text,
    )
    page = write_page(clean, tmp_path, "IE", "Jane Roe").read_text(encoding="utf-8")
    for words in ("Signatures", "Jane Roe", "approved for treatment", "dose of field 4 measured",
                  one.time[:10]):  # fmt: skip
        assert words in page


@pytest.mark.req("R-28", "R-03")
def test_that_nothing_is_signed_while_a_finding_is_open_and_nothing_red_is_approved(wrong):
    for meaning in ("review", "approval"):
        with pytest.raises(RemedyError, match="neither acknowledged nor answered"):
            sign_report(wrong, meaning, "Jane Roe")
    acknowledge(wrong, unanswered(wrong), "Jane Roe", "seen")
    assert sign_report(wrong, "review", "Jane Roe").status == "error"
    with pytest.raises(RemedyError, match="errors stand"):
        sign_report(wrong, "approval", "Jane Roe")
    with pytest.raises(RemedyError, match="no meaning"):
        sign_report(wrong, "witness", "Jane Roe")


@pytest.mark.req("R-28")
def test_that_a_signature_changed_in_the_log_or_of_another_result_is_told(asked):
    acknowledge(asked, unanswered(asked), "Jane Roe", "treats the sternum", "no")
    sign_report(asked, "review", "Jane Roe")
    text = log_file().read_text(encoding="utf-8")
    log_file().write_text(text.replace("Jane Roe", "Joe Doe"), encoding="utf-8")
    assert [one.fits for one in signatures(asked)] == [False]
    assert "NOT AS IT WAS SIGNED" in signatures(asked)[0].text
    log_file().write_text(text, encoding="utf-8")
    acknowledge(asked, asked.findings, "Jane Roe", "it is a film after all", "yes")
    assert [(one.fits, one.current) for one in signatures(asked)] == [(True, False)]
    assert "earlier result" in signatures(asked)[0].text


@pytest.mark.req("R-28", "O-09")
def test_that_roles_are_enforced_once_people_are_listed(clean, tmp_path):
    complete(case_of("DEMO-0001", "PELVIS"), "planned", "Anybody")  # nobody is listed yet
    people("therapist")
    with pytest.raises(RemedyError, match="Jane Roe is therapist; asked for is dosimetrist"):
        complete(case_of("DEMO-0001", "PELVIS"), "transferred", "")
    with pytest.raises(RemedyError, match="asked for is dosimetrist"):
        skip(case_of("DEMO-0001", "PELVIS"), "transferred", "", "in a hurry")
    with pytest.raises(RemedyError, match="asked for is dosimetrist or physicist"):
        reopen(case_of("DEMO-0001", "PELVIS"), "planned", "", "changed")
    with pytest.raises(RemedyError, match="asked for is physicist"):
        save_baseline(Wanted(tmp_path / "export.rtp", None, "IE", ""))
    with pytest.raises(RemedyError, match="asked for is physicist or physician"):
        sign_report(clean, "approval", "")
    sign_report(clean, "review", "")
    people("dosimetrist")
    case = complete(case_of("DEMO-0001", "PELVIS"), "transferred", "jane  roe")
    assert (case.history[-1].person, case.history[-1].role) == ("Jane Roe", "dosimetrist")


@pytest.mark.req("R-28")
def test_that_nobody_signs_under_another_name_or_unlisted(clean):
    people("physicist")
    with pytest.raises(RemedyError, match="nobody signs for Joe Doe"):
        attest(clean, "gating", "Joe Doe", "seen")
    people("physicist", login="somebody-else")
    with pytest.raises(RemedyError, match="is not in the clinic's list"):
        sign_report(clean, "review", "Jane Roe")


@pytest.mark.parametrize(
    "text",
    ['[people.a]\nname = "A"\n', '[people.a]\nname = ""\nroles = ["physicist"]\n',
     '[people.a]\nname = "A"\nroles = ["king"]\n', "people = 3\n", "[log]\nreports = 1\n"],
)  # fmt: skip
def test_that_a_wrong_list_of_people_is_told(text, tmp_path):
    file = tmp_path / "record.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ClinicFileError):
        read_record_rules(file)


@pytest.mark.req("R-28", "R-30")
def test_that_rules_are_counted_with_what_was_overridden_and_why(wrong, asked, tmp_path, capsys):
    for report in (wrong, wrong, asked):  # the same files opened twice count once
        on_record(report, "window")
    acknowledge(wrong, unanswered(wrong), "Jane Roe", "typing error")
    acknowledge(asked, unanswered(asked), "Jane Roe", "treats, as planned", "no")
    file = tmp_path / "rules.csv"
    assert run(capsys, "filter", "statistics", "--csv", file)[0] == 0
    rows = {row["rule"]: row for row in csv.DictReader(io.StringIO(file.read_text("utf-8")))}
    modality, question = rows["F-RX-MODALITY"], rows["F-SETUP-ASK"]
    assert (modality["fired"], modality["error"], modality["acknowledged"]) == ("1", "1", "1")
    assert modality["reasons"] == "typing error"
    assert (question["warning"], question["answered_no"]) == ("1", "1")
    assert question["reasons"] == "treats, as planned"
    assert run(capsys, "filter", "statistics", "--csv", file)[0] == 2  # never over a file


def test_that_with_record_changes_nothing_while_nobody_has_said_anything(wrong):
    assert with_record(wrong) == wrong
