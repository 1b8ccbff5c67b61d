"""Elements in the words of the field: on screens and pages, never in what programs read."""

import pytest

from app.filter.item_words import WORDS, in_words, sentence_in_words
from app.filter.parameters import DIRECTIONS, FIELD_PARAMETERS, FITTINGS, POINT_PARAMETERS

ITEMS = sorted(
    {one.item for one in (*FIELD_PARAMETERS, *POINT_PARAMETERS, *FITTINGS)}
    | {name for name, _ in DIRECTIONS}
)


@pytest.mark.parametrize("item", ITEMS)
def test_that_every_compared_element_has_words_without_underscores(item):
    assert "_" not in in_words(item)
    assert sentence_in_words(f"Field 1: {item} is 3") == f"Field 1: {in_words(item)} is 3" or (
        "_" not in item
    )


def test_that_leaves_and_jaws_are_named():
    assert in_words("mlc_a17") == "leaf A17"
    assert in_words("mlc2_b3") == "leaf B3, layer 2"
    assert sentence_in_words("Field 2: mlc_a17 is -1.00 cm, collimator_x1 is 2") == (
        "Field 2: leaf A17 is -1.00 cm, jaw X1 is 2"
    )


def test_that_what_a_person_wrote_stays_as_written():
    words = "Field 1 is called 'gantry_angle', not \"field_id\"; my_field_id_x stays"
    assert sentence_in_words(words) == words
    assert sentence_in_words("G270_1 and energy") == "G270_1 and energy"


def test_that_keys_of_machines_are_in_words():
    said = sentence_in_words("interlocks of LINAC 1: jaws.y_reach_mm, mlc.span_mm")
    assert said == (
        "interlocks of LINAC 1: distance of the Y jaws from the open leaves, span of the leaves"
    )


def test_that_no_two_elements_of_a_field_bear_the_same_words():
    own = [WORDS[item] for item in ITEMS if item in WORDS]
    assert len(own) == len(set(own))
