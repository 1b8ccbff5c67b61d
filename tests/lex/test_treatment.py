"""What the plan does not hold: read strictly, missing things named, kept as they were entered."""

import tomllib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.lex.field_ids import field_ids, is_field_id, proposed_field_ids
from app.lex.plan import Prescription
from app.lex.treatment import (
    QUESTIONS,
    missing,
    parse_treatment,
    read_treatment,
    read_treatment_table,
    treatment_text,
)
from core.errors import ClinicFileError
from tests.lex.transfer_sample import ENTRIES, beam, treatment, trial

REQUIRED = [question.key for question in QUESTIONS if question.required]


def without(key: str) -> dict[str, object]:
    table, _, inner = key.rpartition(".")
    if not table:
        return {name: value for name, value in ENTRIES.items() if name != key}
    return {**ENTRIES, table: {k: v for k, v in ENTRIES[table].items() if k != inner}}


def test_that_complete_entries_leave_nothing_missing():
    assert missing(trial(), treatment()) == ()


@pytest.mark.req("L-05")
@pytest.mark.parametrize("key", REQUIRED)
def test_that_each_required_entry_is_named_when_it_is_missing(key):
    gaps = missing(trial(), parse_treatment(without(key), "the test"))
    assert [gap.key for gap in gaps] == [key]
    assert gaps[0].label


@pytest.mark.req("L-05")
def test_that_no_entry_at_all_is_no_fault_but_everything_is_missing():
    gaps = missing(trial(), parse_treatment({}, "the form"))
    assert [gap.key for gap in gaps] == [*REQUIRED, "prescriptions.Pelvis.id"]


def test_that_the_required_entries_are_those_the_paper_lists():
    assert set(REQUIRED) == {
        "course", "machine", "machine_type", "dose_rate_mu_min", "tolerance_table",
        "couch.vertical_cm", "couch.lateral_cm", "couch.longitudinal_cm",
    }  # fmt: skip


def test_that_zero_is_an_answer():
    entries = treatment(
        tolerance_table=0, couch={"vertical_cm": 0, "lateral_cm": 0.0, "longitudinal_cm": -0.0}
    )
    assert missing(trial(), entries) == ()


def test_that_only_prescriptions_that_are_written_need_a_name():
    other = Prescription("Boost", 5, 200.0, 1000.0, (beam(3),))
    plan = replace(trial(), prescriptions=(*trial().prescriptions, other))
    assert [gap.key for gap in missing(plan, treatment())] == ["prescriptions.Boost.id"]
    assert missing(plan, treatment(beams=["B1", "2"])) == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"beams": []}, "a beam to write"), ({"beams": ["B1", "B7"]}, "'B7'"),
     ({"fields": {"B9": {"id": "1"}}}, "'B9'"), ({"fields": {"B1": {"id": "A-1"}}}, "'A-1'")],
)  # fmt: skip
def test_that_a_name_the_plan_does_not_have_is_not_passed_over(changes, words):
    assert any(words in gap.label for gap in missing(trial(), treatment(**changes)))


def test_that_a_prescription_the_plan_does_not_have_is_not_passed_over():
    entries = treatment(prescriptions={**ENTRIES["prescriptions"], "Neck": {"id": "NECK"}})
    assert any("'Neck'" in gap.label for gap in missing(trial(), entries))


def test_that_a_name_two_beams_share_is_not_guessed():
    plan = trial(beam(1, name="AP"), beam(2, name="AP"))
    gaps = missing(plan, treatment(fields={"AP": {"id": "7"}}))
    assert ["2 beams" in gap.label for gap in gaps] == [True]
    assert missing(plan, treatment(fields={"1": {"id": "7"}})) == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"course": 0}, {"course": 100}, {"course": 1.5}, {"course": True}, {"course": "1"},
        {"machine": "x" * 21}, {"machine": "a\nb"}, {"machine_type": "demo_linak"},
        {"dose_rate_mu_min": "fast"}, {"tolerance_table": -1}, {"rv_system": "mosaiq"},
        {"couch": {"vertical_cm": float("nan")}}, {"couch": {"vertical_cm": "up"}}, {"couch": 3},
        {"gated": "no"}, {"beams": "B1"}, {"beams": [1]}, {"prescriptions": ["Pelvis"]},
        {"prescriptions": {"Pelvis": {"id": "x" * 21}}}, {"fields": {"B1": {"id": "123456"}}},
        {"fields": {"B1": {"dose_rate_mu_min": 0}}}, {"fields": {"B1": "1"}},
    ],
)  # fmt: skip
def test_that_a_value_that_cannot_be_is_refused_with_its_place(changes):
    with pytest.raises(ClinicFileError) as caught:
        treatment(**changes)
    assert caught.value.where.startswith("the test")
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("changes", "near"),
    [({"tolerance_tabel": 1}, "tolerance_table"), ({"couch": {"vertical": 1}}, "vertical_cm"),
     ({"fields": {"B1": {"gatted": True}}}, "gated")],
)  # fmt: skip
def test_that_an_unknown_entry_is_refused_with_the_nearest_name(changes, near):
    with pytest.raises(ClinicFileError, match=f"Did you mean '{near}'"):
        treatment(**changes)


def test_that_a_file_is_read_as_the_mapping_it_stands_for(tmp_path):
    file = tmp_path / "treatment.toml"
    file.write_text(treatment_text(ENTRIES), encoding="utf-8")
    assert read_treatment_table(file) == ENTRIES
    assert read_treatment(file) == treatment()


@pytest.mark.parametrize("content", [b"course = ", b"\xff\xfe", b"a = " + b"[" * 5000])
def test_that_a_damaged_file_is_one_sentence(tmp_path, content):
    file = tmp_path / "treatment.toml"
    file.write_bytes(content)
    with pytest.raises(ClinicFileError, match="treatment data"):
        read_treatment(file)


def test_that_a_file_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(ClinicFileError, match="cannot be opened"):
        read_treatment(tmp_path / "none.toml")


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
PLAIN = st.one_of(
    st.integers(-99, 99), st.booleans(), st.floats(-300, 300), st.text(
        st.characters(exclude_categories=["Cs"]), max_size=12
    ), st.lists(NAMES, max_size=3),
)  # fmt: skip


@given(
    st.fixed_dictionaries({"course": PLAIN, "couch": st.dictionaries(NAMES, PLAIN)}),
    st.dictionaries(NAMES, st.dictionaries(NAMES, PLAIN)),
)
def test_that_written_entries_are_read_as_they_were(entries, fields):
    both = {**entries, "fields": fields} if fields else entries
    found = tomllib.loads(treatment_text(both))
    assert found.get("couch", {}) == both["couch"]
    assert (found["course"], found.get("fields")) == (both["course"], both.get("fields"))


def test_that_nothing_entered_is_left_out_of_the_file():
    assert treatment_text({"course": None, "gated": False, "couch": {}}) == "gated = false\n"


# Field IDs.


def test_that_the_entered_id_comes_before_the_planner_s_own_and_the_number():
    plan = trial(beam(1), beam(2, field_id="AP"), beam(3, field_id="A"))
    entries = treatment(fields={"B3": {"id": "9"}})
    assert proposed_field_ids(plan, entries) == {"B1": "1", "B2": "AP", "B3": "9"}


def test_that_a_proposal_gives_way_to_what_was_entered():
    plan = trial(beam(1), beam(2))
    assert proposed_field_ids(plan, treatment(fields={"B2": {"id": "1"}})) == {
        "B1": "1A", "B2": "1",
    }  # fmt: skip


@pytest.mark.req("R-15")
@given(st.lists(st.tuples(st.integers(0, 999_999), st.text(max_size=7)), min_size=1, max_size=30))
def test_that_proposed_ids_are_unique_and_short_whatever_the_plan_calls_its_beams(names):
    beams = [
        beam(number, name=f"{place}", field_id=text) for place, (number, text) in enumerate(names)
    ]
    ids = field_ids(trial(*beams), treatment())
    assert len({id.upper() for id in ids}) == len(beams)
    assert all(is_field_id(id) for id in ids)


def test_that_a_setup_beam_gets_no_field():
    assert proposed_field_ids(trial(beam(1), beam(2, setup=True)), treatment()) == {"B1": "1"}
