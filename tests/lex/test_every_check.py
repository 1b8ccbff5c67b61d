"""Every check proves itself on its own examples; the registry leaves nothing out."""

import importlib
import inspect
from pathlib import Path

import pytest

import app.lex.checks as registry
from app.lex.checks import CHECKS, check_case
from app.lex.checks.case import Check
from app.lex.checks.example import place_of
from app.lex.checks.standard import standard_case
from app.lex.limits import read_limits
from core.findings import State

LIMITS = read_limits()
EXAMPLES = [(one, change) for one in CHECKS for change in one.bad]


def alarms(case):
    """What is no pass, rule by rule."""
    found: dict[str, list[str]] = {}
    for finding in check_case(case, LIMITS):
        if finding.state != State.PASS:
            found.setdefault(finding.rule, []).append(place_of(finding))
    return found


def test_that_the_standard_case_is_clean():
    assert alarms(standard_case()) == {}


@pytest.mark.parametrize("one", CHECKS, ids=lambda one: one.rule)
def test_that_the_case_a_check_asks_for_and_its_good_examples_are_clean(one: Check):
    case = standard_case().changed(*one.on)
    assert alarms(case) == {}
    assert one.good
    for change in one.good:
        assert one.rule not in alarms(case.changed(change)), change


@pytest.mark.parametrize(
    ("one", "change"), EXAMPLES, ids=[f"{one.rule} {change.path}" for one, change in EXAMPLES]
)
def test_that_a_bad_example_gives_one_finding_at_its_place_and_no_other_check_speaks(one, change):
    found = alarms(standard_case().changed(*one.on, change))
    assert found.pop(one.rule) == [change.place]
    assert set(found) == set(one.also)


@pytest.mark.parametrize("one", CHECKS, ids=lambda one: one.rule)
def test_that_every_check_has_a_whole_card(one: Check):
    assert one.bad
    for words in (one.remedy, one.why):
        assert words.endswith(".")
    assert one.source
    assert not one.title.endswith(".")
    assert one.state in (State.ERROR, State.WARNING, State.INFO)
    assert one.body.__doc__


def test_that_every_limit_is_used_by_some_check_and_every_one_asked_for_is_there():
    assert {name for one in CHECKS for name in one.limits} == set(LIMITS)


def test_that_a_file_of_checks_left_out_of_the_registry_is_named():
    left_out = set()
    for file in sorted(Path(inspect.getfile(registry)).parent.glob("*.py")):
        module = importlib.import_module(f"app.lex.checks.{file.stem}")
        for name, one in vars(module).items():
            if isinstance(one, Check) and one not in CHECKS:
                left_out.add(f"{file.name}: {name}")
    assert left_out == set()


def test_that_a_check_that_breaks_stops_the_file_rather_than_passes():
    for one in CHECKS:
        [finding] = one.run(object(), LIMITS)
        assert finding.state == State.ERROR, one.rule
