"""What differs between two states of the treatment form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.lex.form_changes import changes, flat, in_words, joined, nested, typed_key

NAMES = st.sampled_from(("course", "machine", "gated"))
STATES = st.dictionaries(st.tuples(NAMES), st.integers(1, 3))


@given(STATES, STATES)
def test_that_changes_lead_from_one_state_to_the_other_and_back(before, after):
    told = changes(before, after)
    there = nested({**before, **{key: new for key, (_, new) in told.items()}})
    back = nested({**after, **{key: old for key, (old, _) in told.items()}})
    assert flat(there) == after
    assert flat(back) == before


@given(STATES, STATES, STATES)
def test_that_two_changes_joined_are_one(first, second, third):
    assert joined(changes(first, second), changes(second, third)) == changes(first, third)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ([("course",)], "course"),
        ([("couch", "lateral_cm")], "couch lateral"),
        ([("open_covered_leaves",)], "open covered leaves"),
        ([("fields", "AP", "id")], "field ID, AP"),
        ([("prescriptions", "Pelvis", "technique")], "technique, Pelvis"),
        ([("machine",), ("machine_type",), ("dose_rate_mu_min",)], "machine type"),
        ([("course",), ("machine",)], "2 entries"),
    ],
)
def test_that_a_step_is_called_by_what_the_user_changed(keys, words):
    assert in_words(dict.fromkeys(keys, (1, 2))) == words


def test_that_only_one_box_with_letters_is_typing():
    assert typed_key({("couch", "vertical_cm"): (None, 1.0)}) == ("couch", "vertical_cm")
    assert typed_key({("gated",): (None, True)}) is None
    assert typed_key({("course",): (1, 2), ("machine",): ("A", "B")}) is None
