"""The desk's commands from end to end: JSON, words, exit codes (O-03, O-08 to O-12, R-31)."""

import json

import pytest

from app.command_line import main
from app.filter.baseline import baselines
from app.filter.ledger_log import recorded
from tests.filter.desk_samples import VARIANTS, changed, write_export, write_plan


@pytest.fixture
def pair(tmp_path):
    return ["--rv", str(write_export(tmp_path)), "--plan", str(write_plan(tmp_path))]


@pytest.fixture
def ask(capsys):
    def run(*arguments, code=0):
        got = main(["filter", *map(str, arguments), "--json"])
        out = capsys.readouterr()
        assert got == code, (out.out, out.err)
        return json.loads(out.out)

    return run


@pytest.mark.req("R-31", "O-08")
def test_that_a_baseline_is_saved_listed_checked_and_verified(pair, ask, tmp_path, capsys):
    saved = ask("baseline", "save", *pair, "--stage", "IE", "--by", "Ann")
    assert saved["person"] == "Ann"
    assert ask("baseline", "list")["baselines"][0]["baseline"] == saved["baseline"]
    assert ask("baseline", "check", tmp_path / "export.rtp")["status"] == "pass"
    later = write_export(tmp_path, "later.rtp", VARIANTS["gantry"].data())
    told = ask("baseline", "check", later, code=1)
    assert told["findings"][0]["item"] == "gantry_angle"
    assert told["not_checked"]
    later = write_export(tmp_path, "later.rtp", changed("FIELD_DEF", "4", couch_lateral="3.3"))
    assert ask("baseline", "check", later, code=1)["status"] == "warning"
    assert ask("baseline", "verify")["faults"] == []
    (one,) = baselines()
    one.file.write_bytes(one.file.read_bytes().replace(b"Ann", b"Eve"))
    assert ask("baseline", "verify", code=1)["faults"]
    assert ask("baseline", "check", later, code=2)["status"] == "could-not-run"
    assert main(["filter", "baseline", "list"]) == 1
    assert "DAMAGED" in capsys.readouterr().out


@pytest.mark.req("R-31")
def test_that_a_check_with_errors_is_not_kept(ask, tmp_path):
    export = write_export(tmp_path, "x.rtp", VARIANTS["gantry"].data())
    plan = write_plan(tmp_path)
    answer = ask(
        "baseline", "save", "--rv", export, "--plan", plan, "--stage", "FE", "--by", "Ann", code=2
    )
    assert "nothing clean to keep" in answer["error"]["what"]


@pytest.mark.req("O-03")
def test_that_watching_once_files_what_stands_still(tmp_path, capsys):
    for name in ("initial", "filed"):
        (tmp_path / name).mkdir()
    write_export(tmp_path / "initial")
    words = ["--initial", tmp_path / "initial", "--out", tmp_path / "filed", "--settled", "0.1"]
    assert main(["filter", "watch", *map(str, words), "--once", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["what"] for row in rows] == ["waiting", "filed"]
    (tmp_path / "initial" / "half.rtp").write_bytes(b'"PLAN_DEF","1"')
    assert main(["filter", "watch", *map(str, words), "--once"]) == 1
    assert "half.rtp" in capsys.readouterr().out
    assert main(["filter", "watch", "--out", str(tmp_path), "--once"]) == 2


@pytest.mark.req("O-03", "O-15", "R-23")
def test_that_pasted_notes_are_compared_and_their_key_words_shown(
    pair, ask, tmp_path, monkeypatch
):
    file = tmp_path / "notes.txt"
    file.write_text("Gating: yes\nDose rate: 1\nHas a pacemaker.", encoding="utf-8")
    answer = ask("notes", *pair, "--text", file, code=1)
    assert [hit["word"] for hit in answer["key_words"]][-1] == "pacemaker"
    assert any(one["rule"] == "F-NOTE-DOSE-RATE" for one in answer["findings"])
    ask("notes", *pair, code=2)
    file.write_text("", encoding="utf-8")
    without = ask("notes", *pair, "--text", file)
    assert any(one["item"] == "chart notes" for one in without["not_checked"])
    assert "no database" in ask("notes", *pair, "--database", code=2)["error"]["what"]


@pytest.mark.req("R-23")
def test_that_every_report_holds_the_ledger_with_its_attestations(pair, ask):
    report = ask("compare", *pair)
    assert [one["item"] for one in report["ledger"]] == [
        one["item"] for one in report["not_checked"]
    ]
    ask("attest", *pair, "gating", "--by", "Ann", "--words", "no gating in the chart")
    ask("attest", *pair, "nonsense", "--by", "Ann", "--words", "x", code=2)
    row = next(one for one in ask("compare", *pair)["ledger"] if one["item"] == "gating")
    assert row["attested"][0]["person"] == "Ann"
    listed = ask("attest", *pair)["ledger"]
    assert sum(bool(one["attested"]) for one in listed) == 1
    assert ask("open", pair[1])["ledger"]


@pytest.mark.req("O-08", "O-09", "O-16")
def test_that_the_work_list_goes_on_by_commands(ask):
    plan = ["--patient", "1", "--plan", "A", "--by", "Ann"]
    assert ask("worklist", "done", "planned", *plan)["next"] == "transferred"
    assert "is transferred" in ask("worklist", "done", "mu", *plan, code=2)["error"]["what"]
    ask("worklist", "done", "transferred", *plan)
    assert "reason" in ask("worklist", "skip", "ie-clean", *plan, code=2)["error"]["what"]
    ask("worklist", "skip", "ie-clean", *plan, "--reason", "paper chart")
    assert (
        ask("worklist", "reopen", "transferred", *plan, "--reason", "new MU")["item"] == "Transfer"
    )
    assert len(ask("worklist", "show", "--role", "dosimetrist")["plans"]) == 1
    assert ask("worklist", "show", "--role", "therapist")["plans"] == []
    assert len(ask("worklist", "times")["minutes"]["transferred"]) == 1


@pytest.mark.req("O-10", "O-12")
@pytest.mark.usefixtures("qapp")  # a page starts Qt without windows when nobody has
def test_that_sheet_and_report_come_as_pdf(pair, ask, tmp_path):
    sheet = ask("worklist", "sheet", *pair, "--pdf", tmp_path / "sheet.pdf")
    assert sheet["fields"][0]["values"][0][2] is False
    assert (tmp_path / "sheet.pdf").read_bytes().startswith(b"%PDF")
    done = ask("report", *pair, "--stage", "IE", "--folder", tmp_path / "emr", "--pdf")
    file = tmp_path / "emr" / done["file"].replace("\\", "/").rsplit("/", 1)[-1]
    data = file.read_bytes()
    assert data.startswith(b"%PDF")
    assert b"DEMO-0001" not in data[:2000]
    assert recorded("report written")[0]["file"] == file.name
    page = ask("report", *pair, "--stage", "IE", "--folder", tmp_path / "emr", "--by", "Ann")
    assert page["file"].endswith(".html")


@pytest.mark.req("R-31")
def test_that_opening_and_comparing_tell_what_became_of_a_kept_check(pair, ask, tmp_path):
    assert ask("compare", *pair)["since_check"] == []
    ask("baseline", "save", *pair, "--stage", "IE", "--by", "Ann")
    rows = ask("compare", *pair)["since_check"]
    assert [row["severity"] for row in rows] == ["pass", "pass"]
    write_export(tmp_path, data=VARIANTS["gantry"].data())
    rows = ask("open", pair[1])["since_check"]
    assert [row["severity"] for row in rows] == ["error"]
    assert "1 unexpected and 0 expected" in rows[0]["message"]
