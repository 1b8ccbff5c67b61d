"""Chart notes: template, comparison, key words (O-03, O-15, R-23)."""

from dataclasses import replace
from decimal import Decimal

import pytest

from app.filter.notes import Note, hits_in, read_rules, stated_in
from app.filter.notes_compare import NO_NOTES, compare_notes, with_notes
from app.filter.report import compare_report
from app.filter.rv_source import open_rv
from core.errors import ClinicFileError
from core.findings import State
from tests.filter.desk_samples import write_export, write_plan

RULES = read_rules()
GOOD = """Planning note
Gating: none
Dose rate: 300 MU/min
Isodose = 97,5 %
 - Tolerance Table: 2
CB filter: full fan
"""


@pytest.fixture
def rv(tmp_path):
    plan = open_rv(write_export(tmp_path))
    fields = tuple(
        replace(one, dose_rate_mu_min=Decimal(300), tolerance_table="2") for one in plan.fields
    )
    return replace(plan, fields=fields)


def states(answer):
    return {one.item: one.state for one in answer.findings}


@pytest.mark.req("O-15", "O-03")
def test_that_each_item_of_the_template_is_read():
    found = {one.item: one for one in stated_in([Note(GOOD)], RULES)}
    assert {item: one.value for item, one in found.items()} == {
        "gating": "none", "dose_rate": "300", "isodose": "97,5", "tolerance_table": "2",
        "cb_filter": "full fan",
    }  # fmt: skip
    assert found["isodose"].number == Decimal("97.5")
    assert found["dose_rate"].line == "Dose rate: 300 MU/min"


@pytest.mark.req("O-15", "R-23")
def test_that_items_the_export_holds_are_compared_and_the_others_left_to_a_person(rv):
    answer = compare_notes([Note(GOOD)], rv, RULES)
    assert states(answer) == {
        "dose_rate": State.PASS, "tolerance_table": State.PASS, "gating": State.MANUAL,
        "isodose": State.MANUAL, "cb_filter": State.MANUAL,
    }  # fmt: skip
    assert answer.not_checked == ()


@pytest.mark.req("O-15")
@pytest.mark.parametrize(
    ("line", "item"), [("Dose rate: 600", "dose_rate"), ("Tolerance table: 5", "tolerance_table")]
)
def test_that_a_note_that_differs_from_the_export_is_told_for_each_field(rv, line, item):
    answer = compare_notes([Note(line)], rv, RULES)
    told = [one for one in answer.findings if one.state == State.WARNING]
    assert {one.item for one in told} == {item}
    assert [one.field for one in told] == [one.id for one in rv.fields if not one.setup]


@pytest.mark.req("O-15", "R-23")
def test_that_a_number_in_another_unit_is_not_run_and_no_pass(rv):
    readings = ("5 Gy/min", "as usual", "", "1,000 MU/min", "1.000")  # a thousand, or one?
    for line in (f"Dose rate: {one}" for one in readings):
        (finding,) = compare_notes([Note(line)], rv, RULES).findings
        assert finding.state == State.NOT_RUN


@pytest.mark.req("R-23")
def test_that_without_notes_that_stands_in_the_list_of_what_was_not_checked(tmp_path, rv):
    answer = compare_notes([Note("  ")], rv, RULES)
    assert answer.not_checked == (NO_NOTES,)
    report = compare_report(write_export(tmp_path), write_plan(tmp_path))
    assert NO_NOTES in with_notes(report, answer).not_checked
    silent = compare_notes([Note("The patient was seen today.")], rv, RULES)
    assert len(silent.not_checked) == 5


@pytest.mark.req("R-23", "O-15")
def test_that_a_warning_of_the_notes_colours_the_report_and_a_hint_does_not(tmp_path, rv):
    report = compare_report(write_export(tmp_path), write_plan(tmp_path))
    assert with_notes(report, compare_notes([Note("Gating: yes")], rv, RULES)).status == "pass"
    told = with_notes(report, compare_notes([Note("Dose rate: 1")], rv, RULES))
    assert told.status == State.WARNING
    assert "gating" in [one.item for one in told.not_checked]


@pytest.mark.req("O-15")
def test_that_two_notes_that_contradict_each_other_are_told_and_the_last_is_compared(rv):
    notes = [Note("Dose rate: 600", "2026-01-02"), Note("Dose rate: 300", "2026-01-05")]
    answer = compare_notes(notes, rv, RULES)
    assert [one.rule for one in answer.findings] == ["F-NOTE-TWICE", "F-NOTE-DOSE-RATE"]
    assert answer.findings[1].state == State.PASS
    same = compare_notes([Note("Dose rate: 300"), Note("Dose rate: 300.0")], rv, RULES)
    assert [one.state for one in same.findings] == [State.PASS]


@pytest.mark.req("O-03")
def test_that_key_words_are_shown_in_their_sentence():
    seen = "Seen today. Patient has a pacemaker (model 3.1), asked cardiology."
    text = f"{seen}\nWill be GATED at 30 %!"
    hits = hits_in([Note(text, "2026-03-01", "Dr. X")], RULES)
    assert [(one.word, one.sentence) for one in hits] == [
        ("pacemaker", "Patient has a pacemaker (model 3.1), asked cardiology."),
        ("GATED", "Will be GATED at 30 %!"),
    ]
    assert hits[0].sentence[hits[0].at :].startswith("pacemaker")
    assert hits[0].note.author == "Dr. X"


@pytest.mark.req("O-03")
def test_that_a_word_inside_another_is_no_hit():
    assert hits_in([Note("The irrigation and the ICDX were mitigated.")], RULES) == ()


@pytest.mark.parametrize(
    "text",
    ["[item.mood]\nnames=['mood']\nkind='word'", "[item.gating]\nkind='word'", "[item", "item=3"],
)
def test_that_a_wrong_table_is_told(tmp_path, text):
    file = tmp_path / "notes.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ClinicFileError):
        read_rules(file)
