"""`eqs lex check` and `eqs lex write --acknowledge`: exit codes, JSON, the log."""

import json

import pytest

from app.command_line import main
from app.demo.write_demo import write_demo


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    return write_demo(tmp_path_factory.mktemp("demo") / "demonstration")


def run(capsys, *words):
    code = main([str(word) for word in words])
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.fixture
def odd_limits(tmp_path, monkeypatch):
    """A clinic for which every arc of the demonstration has too many MU."""
    (tmp_path / "clinic").mkdir()
    (tmp_path / "clinic" / "lex_limits.toml").write_text("[most_mu]\nspecial = { VMAT = 50 }\n")
    monkeypatch.setenv("EQS_DATA", str(tmp_path))


@pytest.mark.parametrize("source", ["plan", "pinnacle_plan"])
def test_that_a_clean_plan_is_checked_without_a_file(capsys, demo, source):
    before = sorted(demo.folder.rglob("*"))
    words = ("--plan", getattr(demo, source), "--treatment", demo.treatment)
    code, text, _ = run(capsys, "lex", "check", *words, "--json")
    answer = json.loads(text)
    assert (code, answer["status"], answer["needs_a_reason"]) == (0, "pass", [])
    assert sorted(demo.folder.rglob("*")) == before
    code, text, _ = run(capsys, "lex", "check", *words)
    assert code == 0
    assert "0 stop the file, 0 need a reason" in text


@pytest.mark.req("L-11", "L-12", "L-14")
def test_that_a_pinnacle_plan_says_what_a_dicom_plan_cannot(capsys, demo):
    states = {}
    for source in ("plan", "pinnacle_plan"):
        words = ("--plan", getattr(demo, source), "--treatment", demo.treatment, "--json")
        rows = json.loads(run(capsys, "lex", "check", *words)[1])["findings"]
        states[source] = {
            row["rule"]: row["severity"] for row in rows if row["rule"].startswith("LEX-P")
        }
    assert set(states["pinnacle_plan"].values()) == {"pass"}
    assert states["plan"] == {
        "LEX-P1": "not-run", "LEX-P2": "not-run", "LEX-P3": "pass", "LEX-P4": "not-run",
    }  # fmt: skip


def test_that_findings_give_exit_code_1_and_what_needs_a_reason(capsys, demo, odd_limits):
    words = ("--plan", demo.plan, "--treatment", demo.treatment)
    code, text, _ = run(capsys, "lex", "check", *words, "--json")
    assert code == 1
    assert {row["rule"] for row in json.loads(text)["needs_a_reason"]} == {"LEX-B2"}


def test_that_writing_is_refused_until_the_rule_is_acknowledged(
    capsys, demo, odd_limits, tmp_path
):
    out = tmp_path / "transfer.rtp"
    words = ("--plan", demo.plan, "--treatment", demo.treatment, "--out", out)
    code, text, _ = run(capsys, "lex", "write", *words)
    assert (code, out.exists()) == (2, False)
    assert "LEX-B2" in text
    reason = "LEX-B2=the limit is a test's"
    code, text, _ = run(capsys, "lex", "write", *words, "--acknowledge", reason, "--json")
    answer = json.loads(text)
    assert (code, answer["written"]) == (1, str(out))
    assert [row["reason"] for row in answer["acknowledged"]] == ["the limit is a test's"]


def test_that_a_reason_for_nothing_is_refused_and_nothing_written(capsys, demo, tmp_path):
    out = tmp_path / "transfer.rtp"
    words = ("--plan", demo.plan, "--treatment", demo.treatment, "--out", out)
    code, _, fault = run(capsys, "lex", "write", *words, "--acknowledge", "LEX-B2=why not")
    assert (code, out.exists()) == (2, False)
    assert "LEX-B2" in fault


def test_that_the_rules_are_printed_without_a_plan(capsys):
    code, text, _ = run(capsys, "lex", "check", "--rules")
    assert code == 0
    assert "L-20" in text
    code, text, _ = run(capsys, "lex", "check", "--rules", "--json")
    assert {"LEX-D1", "LEX-P4"} <= {row["rule"] for row in json.loads(text)["rules"]}
    assert run(capsys, "lex", "check")[0] == 2


def test_that_an_existing_file_is_replaced_only_with_replace(capsys, demo, tmp_path):
    out = tmp_path / "transfer.rtp"
    out.write_bytes(b"old")
    words = ("--plan", demo.plan, "--treatment", demo.treatment, "--out", out)
    code, text, _ = run(capsys, "lex", "write", *words)
    assert (code, out.read_bytes()) == (2, b"old")
    assert "--replace" in text
    code, _, _ = run(capsys, "lex", "write", *words, "--replace")
    assert code == 0
    assert out.read_bytes().startswith(b'"PLAN_DEF"')
