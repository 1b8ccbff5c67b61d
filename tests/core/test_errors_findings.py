"""What an error tells the user, and what colour a report gets."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import (
    ClinicFileError,
    MissingDataError,
    RemedyError,
    UnreadableFileError,
    UnreadableRecordError,
    UnsupportedPlanError,
)
from core.findings import Finding, NotChecked, State, overall, worst

KINDS = [ClinicFileError, UnreadableFileError, UnreadableRecordError, UnsupportedPlanError]


def finding(state: State) -> Finding:
    return Finding("F-CMP-GANTRY", state, "The gantry angle agrees.")


@pytest.mark.parametrize("kind", KINDS)
def test_that_an_error_tells_what_where_and_what_to_do(kind):
    error = kind("gantry is 370", where="plan.rtp, line 4", remedy="Export the plan again.")
    assert str(error) == "gantry is 370 (plan.rtp, line 4). Export the plan again."
    assert (error.what, error.where) == ("gantry is 370", "plan.rtp, line 4")
    assert error.remedy == "Export the plan again."


@pytest.mark.parametrize("kind", KINDS)
def test_that_every_kind_of_error_is_shown_in_the_same_way(kind):
    with pytest.raises(RemedyError):
        raise kind("a", where="b", remedy="Do c.")


def test_that_an_error_without_a_remedy_cannot_be_raised():
    with pytest.raises(TypeError):
        RemedyError("gantry is 370", where="plan.rtp, line 4")


def test_that_missing_data_are_not_taken_for_an_error_of_the_user():
    assert not issubclass(MissingDataError, RemedyError)


@pytest.mark.req("R-26")
@pytest.mark.parametrize(
    ("states", "report"),
    [
        ([], State.PASS),
        ([State.PASS, State.INFO, State.MANUAL, State.NOT_RUN], State.PASS),
        ([State.PASS, State.WARNING, State.NOT_RUN], State.WARNING),
        ([State.WARNING, State.ERROR, State.PASS], State.ERROR),
    ],
)
def test_that_a_report_is_red_yellow_or_green(states, report):
    assert overall(map(finding, states)) is report


@pytest.mark.req("R-26")
@given(st.lists(st.sampled_from(State)))
def test_that_one_error_makes_any_report_red_and_one_warning_no_report_green(states):
    assert overall(map(finding, [*states, State.ERROR])) is State.ERROR
    assert overall(map(finding, [*states, State.WARNING])) in (State.WARNING, State.ERROR)


@given(st.lists(st.sampled_from(State)))
def test_that_the_order_of_findings_does_not_change_the_worst(states):
    forward = worst(map(finding, states))
    assert worst(map(finding, reversed(states))) is forward
    assert all(list(State).index(forward) <= list(State).index(state) for state in states)


@pytest.mark.req("R-23")
def test_that_what_was_not_run_is_worse_than_a_pass():
    assert worst(map(finding, [State.PASS, State.NOT_RUN, State.INFO])) is State.NOT_RUN


@pytest.mark.parametrize(
    "row", [finding(State.ERROR), NotChecked("gating", "The plan does not hold it.")]
)
def test_that_a_row_of_a_report_cannot_be_altered_afterwards(row):
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(row, dataclasses.fields(row)[1].name, State.PASS)


def test_that_no_findings_at_all_are_a_pass():
    assert worst([]) is State.PASS
