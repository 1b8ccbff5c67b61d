"""Every rule the program can speak by has its entry, made from the code and current."""

import re

import pytest

from app.demo.plan_variants import PLAN_VARIANTS
from app.demo.rv_variants import VARIANTS
from app.demo.write_demo import write_demo
from app.filter.cards import card_of
from app.filter.limits import read_limits
from app.filter.report import compare_report, open_report
from app.filter.rules import read_rules
from app.filter.sentences import sentence_of, sentences
from app.help_book import entry_of, read_page
from app.lex.checks import CHECKS
from app.lex.sources import choose_trial, open_source
from app.lex.transfer import prepare
from app.lex.treatment import read_treatment
from core.dicom.certificate import ASSERTIONS
from core.errors import RemedyError
from installer.help_pages import FOLDER, PAGES
from installer.help_rules import read_cards
from installer.rule_survey import LEX, OF_LEX, survey
from installer.trace import requirements

RULE = re.compile(r"(F|B|LEX|V)-[A-Z0-9-]+:")
# Entries of rules.toml and tolerances.toml that no rule compares with: words of readers.
NOT_OF_RULES = {"expected.final"}
# What the comparison with the plan would tell in other words.
OPENED_ALONE = ("field_dose_changed", "fractions", "applicator_missing", "segment_mu", "modality")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return write_demo(tmp_path_factory.mktemp("demo") / "demonstration")


@pytest.mark.parametrize("name", PAGES)
def test_that_a_generated_page_is_as_the_code_is(name):
    written = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert written == PAGES[name](), "run python installer/help_pages.py"


def test_that_every_rule_of_the_filter_has_a_sentence_and_every_sentence_a_rule():
    given = {rule for rule in survey() if rule.startswith("F-")}
    made_up = {"F-CMP", "F-TPL", "F-CLINIC", "F-CB", "F-NOTE", "F-HINT-DOSERATE",
               "F-HINT-TOLERANCE-TABLE"}  # fmt: skip
    assert given - set(sentences()) == set()
    assert set(sentences()) - given == made_up


@pytest.mark.parametrize("rule", sentences())
def test_that_every_rule_of_the_filter_says_why_and_what_it_compares_with(rule):
    known = {**read_limits().entries, **read_rules().entries}
    assert sentence_of(rule)
    assert card_of(rule).why
    assert [name for name in sentences()[rule].limits if name not in known] == []


def test_that_every_limit_a_rule_reads_in_the_code_stands_in_its_entry():
    told = {name for row in sentences().values() for name in row.limits}
    read = {name for said in survey().values() for name in said.limits}
    assert read - told - NOT_OF_RULES == set()


def test_that_every_limit_and_word_list_belongs_to_a_rule():
    told = {name for row in sentences().values() for name in row.limits}
    told |= {name for card in read_cards().values() for name in card.get("limits", [])}
    assert {**read_limits().entries, **read_rules().entries}.keys() - told == NOT_OF_RULES


@pytest.mark.req("O-14")
def test_that_all_checks_assertions_and_messages_of_writing_have_an_entry():
    rules = [one.rule for one in CHECKS] + [key for key, _, _ in ASSERTIONS]
    rules += list(survey(LEX, OF_LEX)) + list(survey())
    assert [rule for rule in rules if entry_of(rule) is None] == []
    assert [rule for rule in rules if not entry_of(rule).title.startswith(f"{rule}:")] == []


def test_that_every_finding_of_the_demonstration_leads_to_its_entry(demo):
    rules = set()
    for file in demo.variants:
        try:
            rules |= {one.rule for one in compare_report(file, demo.plan).findings}
        except RemedyError:
            rules.add("F-OPEN")
    for name in OPENED_ALONE:
        file = demo.export.parent / "variants" / f"{name}.rtp"
        rules |= {one.rule for one in open_report(file).findings}
    entries = read_treatment(demo.treatment)
    for plan in demo.plan_variants:
        trial = choose_trial(open_source(plan), None)
        rules |= {one.rule for one in prepare(trial, entries).findings}
    assert len(VARIANTS) + len(PLAN_VARIANTS) > 50
    assert len(rules) > 50
    assert [rule for rule in sorted(rules) if entry_of(rule) is None] == []
    own = {rule for rule in rules if entry_of(rule).title.startswith(f"{rule}:")}
    # The accessories of a native export bear the names of its columns; their family explains them.
    assert rules - own <= {"F-CMP-DYNAMIC-WEDGE", "F-CMP-ARC-MU-DEGREE"}


def test_that_the_survey_finds_words_states_remedies_and_needs():
    said = survey()["F-DOSE-SUM"]
    assert said.messages == [
        "…: the doses of its fields add up to … cGy, the fraction dose is … cGy"
    ]
    assert said.states == ["ERROR"]
    assert said.remedies == ["Correct the R&V system, export again, and check again."]
    assert said.needs == ["R-11", "R-22"]
    assert said.limits == ["consistency.field_dose_sum_cgy"]


def test_that_the_survey_follows_helpers_and_constants_of_other_files():
    assert survey()["F-INT-RANGE"].states == ["WARNING", "ERROR"]
    assert survey()["F-RTP-BLANK"].remedies[0].startswith("Export the plan again")


def test_that_every_rule_of_the_filter_and_the_certificate_names_its_requirement():
    for name in ("filter-checks", "filter-compared", "mu-checks", "certificate", "lex-writing"):
        for section in read_page(name).sections:
            sources = [line for line in section.text.splitlines() if line.startswith("- Source")]
            if not RULE.match(section.title):
                continue
            named = re.findall(r"\b[LROY]-[0-9]{2}", "".join(sources))
            assert named, section.title
            lead = section.text.splitlines()[0]
            assert len(re.sub(r"\*\*.*?\*\*", "", lead)) > 20, f"{section.title} says no why"
            assert set(named) <= set(requirements()), section.title
