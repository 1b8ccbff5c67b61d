"""The clinic's own rules: one value changed, one finding; a faulty file lets nothing through."""

import pytest

from app.lex.checks import check_case
from app.lex.checks.example import Change, place_of
from app.lex.checks.standard import AP, ARC, ELECTRONS, standard_case
from app.lex.own_items import BEAM, ITEMS, PLAN, Place
from app.lex.own_rules import FILE, PREFIX
from app.lex.policy import Policy, policy_of
from app.lex.rules_page import rules_json, rules_text
from core.errors import ClinicFileError
from core.findings import State
from core.paths import clinic_folder

pytestmark = pytest.mark.req("L-21")

RULE = """
[[rule]]
id = "CLINIC-1"
sentence = "It is as the clinic wants it"
needs = "{needs}"
of = "{of}"
when = [{when}]
must = [{must}]
why = "So it was agreed."
remedy = "Ask the physicist."
"""


def clinic(text):
    folder = clinic_folder()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(text, encoding="utf-8")


def with_rule(must, *, needs="reason", of="beam", when=""):
    clinic('version = "7"\n' + RULE.format(needs=needs, of=of, when=when, must=must))


def own(*changes):
    case = standard_case().changed(*changes)
    return [one for one in check_case(case) if one.rule.startswith(PREFIX)]


def found(*changes):
    return [(place_of(one), one.state) for one in own(*changes) if one.state != State.PASS]


SSD = '{ item = "ssd_cm", least = 99.5, most = 100.5 }'
ELECT = '{ item = "modality", is = "elect" }'
WARNING, ERROR, INFO, NOT_RUN = State.WARNING, State.ERROR, State.INFO, State.NOT_RUN


def test_that_without_a_file_there_is_no_rule():
    assert own() == []


def test_that_a_rule_that_holds_passes_once_and_in_its_own_words():
    with_rule(SSD, when=ELECT)
    (passed,) = own()
    assert (passed.state, passed.message) == (State.PASS, "It is as the clinic wants it.")


def test_that_a_rule_is_asked_only_where_it_applies():
    with_rule(SSD, when=ELECT)
    # Photon beams of the standard case stand at 89.7 cm and are not asked.
    assert found(Change(f"{ELECTRONS}.segments[0].ssd_cm", 97.0)) == [("E, ssd_cm", WARNING)]
    (one,) = own(Change(f"{ELECTRONS}.segments[0].ssd_cm", 97.0))
    assert (one.found, one.unit, one.expected) == ("97", "cm", "at least 99.5")
    assert one.remedy == "Ask the physicist."


@pytest.mark.parametrize(
    ("must", "of", "change", "place"),
    [
        ('{ item = "mu", most = 300 }', "beam", Change(f"{AP}.mu", 301.0), "AP, mu"),
        ('{ item = "beam_name", matches = "[A-Z]+" }', "beam", Change(f"{AP}.name", "AP 1"),
         "AP 1, beam_name"),
        ('{ item = "wedges", is = 1 }, { item = "boluses", is_not = 1 }', "beam", None,
         "IMRT, wedges"),
        ('{ item = "gantry_deg", none_of = [181, 182] }', "beam", None, "ARC, gantry_deg"),
        ('{ item = "patient_position", one_of = ["HFS", "HFP"] }', "plan",
         Change("trial.position", "FFS"), "patient_position"),
        ('{ item = "gated", is = false }', "beam", Change("treatment.gated", value=True),
         "AP, gated"),
        ('{ item = "x_opening_cm", least = 6 }', "control point",
         Change(f"{ARC}.segments[2].x1_cm", -1.0), "ARC, point 2, x_opening_cm"),
    ],
)  # fmt: skip
def test_that_one_change_is_a_finding_at_its_place(must, of, change, place):
    with_rule(must, of=of)
    changes = () if change is None else (change,)
    before = found()
    assert (place, WARNING) in found(*changes)
    if change is not None:
        assert (place, WARNING) not in before


@pytest.mark.parametrize(
    ("needs", "state", "policy"),
    [("stop", ERROR, Policy.HARD), ("reason", WARNING, Policy.ACK), ("info", INFO, Policy.INFO)],
)
def test_that_a_rule_stops_asks_or_informs(needs, state, policy):
    with_rule('{ item = "mu", most = 300 }', needs=needs)
    (one,) = own(Change(f"{AP}.mu", 301.0))
    assert (one.state, policy_of(one)) == (state, policy)


@pytest.mark.parametrize(("needs", "policy"), [("stop", Policy.ACK), ("info", Policy.INFO)])
def test_that_what_the_plan_does_not_tell_is_not_run_and_never_passes(needs, policy):
    with_rule(SSD, when=ELECT, needs=needs)
    (one,) = own(Change(f"{ELECTRONS}.segments[0].ssd_cm", None))
    assert (place_of(one), one.state) == ("E, ssd_cm", NOT_RUN)
    assert "the plan does not tell ssd_cm" in one.message
    assert policy_of(one) == policy


def test_that_a_value_that_decides_where_a_rule_applies_is_missed_too():
    with_rule('{ item = "mu", most = 300 }', when='{ item = "dose_engine", is = "AAA" }')
    assert found(Change(f"{AP}.dose_engine", "")) == [("AP, dose_engine", NOT_RUN)]


def test_that_every_item_can_be_read_of_the_standard_case():
    case = standard_case()
    for item in ITEMS:
        for field in case.fields:
            segment = None if item.level in (PLAN, BEAM) else field.beam.segments[0]
            place = Place(case.trial, case.treatment, field, segment, 0)
            assert item.of(place) is None or isinstance(item.of(place), str | float | int | bool)


WHOLE = 'version = "7"\n' + RULE.format(
    needs="reason", of="beam", when="", must='{ item = "mu", most = 300 }'
)


@pytest.mark.parametrize(
    ("was", "is_now", "words"),
    [
        ('version = "7"', "", "must hold a version"),
        ("[[rule]]", "[[rules]]", "must hold a version"),
        ("[[rule]]", "[rule]", "not a list of tables"),
        ('"CLINIC-1"', '"LEX-B2"', "cannot be the id"),
        ('why = "So it was agreed."', "", "lacks why"),
        ('why = "So it was agreed."', 'why = " "', "says nothing"),
        ('why = "So', 'because = "So', "lacks why"),
        ('needs = "reason"', 'needs = "everything"', "needs, is 'everything'"),
        ('of = "beam"', 'of = "leaf"', "of, is 'leaf'"),
        ('"mu"', '"x_opening_cm"', "nothing a beam has"),
        ('"mu"', '"colour"', "nothing a beam has"),
        ("most = 300", 'most = "300"', "cannot be compared"),
        ("most = 300", "most = nan", "cannot be compared"),
        ("most = 300", 'matches = "("', "cannot be compared"),
        ("most = 300", "above = 300", "cannot be compared"),
        (", most = 300", "", "is not compared"),
        ('{ item = "mu", most = 300 }', "", "demands nothing"),
        ('version = "7"', "version = 7\n[", "cannot be read"),
    ],
)
def test_that_a_faulty_file_lets_no_plan_through_and_says_why(was, is_now, words):
    assert was in WHOLE
    clinic(WHOLE.replace(was, is_now, 1))
    with pytest.raises(ClinicFileError, match=words) as caught:
        check_case(standard_case())
    assert FILE in str(caught.value)


def test_that_the_same_rule_twice_is_refused():
    clinic(WHOLE + WHOLE.partition("\n")[2])
    with pytest.raises(ClinicFileError, match="stands there twice"):
        check_case(standard_case())


def test_that_rules_of_the_clinic_are_printed_with_their_version():
    clinic(WHOLE)
    assert "CLINIC-1" in rules_text()
    (row,) = [one for one in rules_json() if one["rule"] == "CLINIC-1"]
    assert row["source"].endswith("version 7")
