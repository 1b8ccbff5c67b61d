"""The help page of the checks is the one the registry makes."""

import re

import pytest

from app.lex.checks import CHECKS
from app.lex.limits import read_limits
from app.lex.rules_page import rules_json, rules_text
from installer.lex_checks_page import PAGE, page


def test_that_the_help_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == page(), "run installer/lex_checks_page.py"


@pytest.mark.parametrize("one", CHECKS, ids=lambda one: one.rule)
def test_that_each_check_stands_there_with_meaning_cure_limits_and_source(one):
    text = PAGE.read_text(encoding="utf-8")
    section = re.split(r"^## ", text.partition(f"## {one.rule}: ")[2], maxsplit=1, flags=re.M)[0]
    for words in (one.title, one.why, one.remedy, one.source, *one.limits):
        assert words in section


def test_that_each_row_of_the_paper_s_checks_has_check_and_test():
    table = PAGE.read_text(encoding="utf-8").partition("| requirement |")[2].splitlines()
    rows = {line.split("|")[1].strip(): line for line in table if line.startswith("| L-")}
    for name in ("L-06", *(f"L-{number}" for number in range(11, 21))):
        assert "LEX-" in rows[name]
        assert f"test_that_{name.lower().replace('-', '_')}_" in rows[name]


def test_that_the_command_prints_the_limits_that_hold_here(monkeypatch, tmp_path):
    clinic = tmp_path / "clinic"
    clinic.mkdir()
    (clinic / "lex_limits.toml").write_text("most_mu = 444\n")
    monkeypatch.setenv("EQS_DATA", str(tmp_path))
    assert "444 MU" in rules_text()
    assert "set by the clinic" in rules_text()
    limits = {row["name"]: row for one in rules_json() for row in one["limits"]}
    assert set(limits) == set(read_limits())
    assert limits["most_mu"]["own"]
