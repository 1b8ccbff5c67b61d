"""A check is one function in one file: everything else takes it from the registry (L-21)."""

import pytest

import app.lex.checks as registry
from app.lex import policy, rules_page
from app.lex.checks import CHECKS
from app.lex.checks.case import Miss, check
from app.lex.checks.example import Change, place_of
from app.lex.checks.standard import AP, standard_case
from app.lex.policy import Policy, policy_of
from app.lex.transfer import prepare
from core.findings import State
from tests.lex.transfer_sample import beam, treatment, trial


@check(
    "LEX-Z1",
    "No beam is called TEST",
    State.WARNING,
    "Rename the beam in the planning system.",
    requirements=["L-21"],
    source="the clinic's own rule",
    why="A test beam is not for a patient.",
    good=[Change(f"{AP}.name", "AP2")],
    bad=[Change(f"{AP}.name", "TEST", "TEST, field_name")],
)
def no_test_beams(case):
    """Look at the names."""
    for field in case.fields:
        if field.beam.name == "TEST":
            yield Miss("A beam is called TEST.", "TEST", item="field_name")


@pytest.fixture
def with_the_new_one(monkeypatch):
    more = (*CHECKS, no_test_beams)
    for module in (registry, policy, rules_page):
        monkeypatch.setattr(module, "CHECKS", more)


@pytest.mark.req("L-21")
def test_that_a_new_check_needs_nothing_but_itself(with_the_new_one):
    case = standard_case().changed(*no_test_beams.bad)
    [finding] = [one for one in registry.check_case(case) if one.state != State.PASS]
    assert place_of(finding) == no_test_beams.bad[0].place
    transfer = prepare(trial(beam(1, name="TEST"), beam(2)), treatment())
    assert [one.rule for one in transfer.unanswered] == ["LEX-Z1"]
    assert {policy_of(one) for one in transfer.unanswered} == {Policy.ACK}
    for words in (no_test_beams.title, no_test_beams.remedy, no_test_beams.why):
        assert words in rules_page.help_page({})
    assert "LEX-Z1" in {row["rule"] for row in rules_page.rules_json()}


@pytest.mark.req("L-21")
def test_that_a_check_not_in_the_registry_says_nothing():
    case = standard_case().changed(*no_test_beams.bad)
    assert {one.state for one in registry.check_case(case)} == {State.PASS}
