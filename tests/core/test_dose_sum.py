"""Sums of doses against closed forms, and the words with which a sum is refused."""

import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import core.dose.sum as dose_sum
from core.dicom.registration import moved
from core.dose.finest import finest
from core.dose.geometry import Geometry, Grid, upright_geometry
from core.dose.sum import (
    FramesDifferError,
    Part,
    UnusableDoseError,
    difference,
    eqd2,
    eqd2_sum,
    physical_sum,
)
from tests.core.dose_grids import (
    FRAME,
    ONTO,
    OTHER,
    large,
    linear,
    positions,
    rigid,
    uniform,
)


def no_interpolation(*_):
    raise AssertionError("interpolated")


# Physical sums


def test_that_grids_with_the_same_voxels_are_added_without_interpolation(monkeypatch):
    monkeypatch.setattr(dose_sum, "on_plane", no_interpolation)
    rng = np.random.default_rng(3)
    a, b = (rng.random(ONTO.shape, dtype=np.float32) * 70 for _ in range(2))
    found = physical_sum([Part(Grid(ONTO, a, FRAME)), Part(Grid(ONTO, b, FRAME))], ONTO, FRAME)
    np.testing.assert_array_equal(found.grid.values, a + b)
    assert found.grid.values.dtype == np.float32
    assert (found.grid.geometry, found.grid.frame_uid) == (ONTO, FRAME)
    assert found.outside == (0, 0)
    assert found.words == ()


def test_that_the_identity_between_two_frames_needs_no_interpolation(monkeypatch):
    monkeypatch.setattr(dose_sum, "on_plane", no_interpolation)
    part = Part(uniform(2.0, frame=OTHER), to_target=np.eye(4))
    assert (physical_sum([part], ONTO, FRAME).grid.values == 2).all()


def test_that_whole_numbers_are_added_as_gray():
    grid = Grid(ONTO, np.full(ONTO.shape, 7, dtype=np.int16), FRAME)
    found = physical_sum([Part(grid, weight=0.5)], ONTO, FRAME)
    assert found.grid.values.dtype == np.float32
    assert (found.grid.values == 3.5).all()


UNEVEN = Geometry(
    np.array([-60.0, -60.0, -60.0]), *np.eye(3), 4.0, 5.0,
    np.array([0.0, 40.0, 43.0, 50.0, 58.0, 70.0, 130.0]), (7, 31, 31),
)  # fmt: skip


@pytest.mark.parametrize(
    "geometry",
    [large(3.0), large(2.2, (10, 20, 30)), large(4.0, (90, 0, 0)), large(7, (3, 200, 0)), UNEVEN],
)
def test_that_linear_doses_on_other_grids_add_up_exactly(geometry):
    here, there = linear(ONTO), linear(geometry, slope=(-0.3, 0.1, 0.2), base=20.0)
    found = physical_sum([Part(here), Part(there, weight=0.5)], ONTO, FRAME)
    at = positions(ONTO)
    expected = at @ [0.1, -0.2, 0.05] + 30 + 0.5 * (at @ [-0.3, 0.1, 0.2] + 20)
    np.testing.assert_allclose(found.grid.values, expected, atol=2e-5)
    assert found.outside == (0, 0)


def test_that_a_registration_moves_the_dose_to_where_it_was_given():
    matrix = rigid((10, -15, 20), (3, -4, 5))
    slope, base = np.array([0.1, 0.2, -0.1]), 25.0
    grid = linear(large(3.0), slope, base, OTHER)
    found = physical_sum([Part(grid, to_target=matrix)], ONTO, FRAME)
    back = (positions(ONTO) - matrix[:3, 3]) @ matrix[:3, :3]  # inverse of a rotation
    np.testing.assert_allclose(found.grid.values, back @ slope + base, atol=2e-5)
    assert found.outside == (0,)


def test_that_a_moved_geometry_and_a_matrix_give_the_same_dose():
    matrix = rigid((10, -15, 20), (3, -4, 5))
    values = np.random.default_rng(4).random(large(4.0).shape, dtype=np.float32)
    by_matrix = Part(Grid(large(4.0), values, OTHER), to_target=matrix)
    by_geometry = Part(Grid(moved(large(4.0), matrix), values, FRAME))
    one, two = (physical_sum([part], ONTO, FRAME) for part in (by_matrix, by_geometry))
    np.testing.assert_allclose(one.grid.values, two.grid.values, atol=1e-5)


def test_that_a_registration_that_scales_is_used_and_said():
    matrix = np.diag([2.0, 1.0, 1.0, 1.0])
    grid = linear(large(3.0), (1.0, 0, 0), 0.0, OTHER)
    found = physical_sum([Part(grid, to_target=matrix)], ONTO, FRAME)
    np.testing.assert_allclose(found.grid.values, positions(ONTO)[..., 0] / 2, atol=1e-5)
    assert "Part 1 is moved by a registration that scales or shears." in found.words


def test_that_a_part_adds_nothing_outside_its_grid_and_the_sum_says_so():
    half = upright_geometry((-10, -10, -10), (2.0, 2.5, 3.0), (3, 7, 8))
    found = physical_sum([Part(uniform(5.0)), Part(uniform(2.0, half))], ONTO, FRAME)
    assert (found.grid.values[:3] == 7).all()
    assert (found.grid.values[3:] == 5).all()
    assert found.outside == (0, 0.5)
    assert found.words == (
        "Part 2: 50.0 % of the voxels of the sum lie outside its grid; there it adds nothing.",
    )


def test_that_a_part_beside_the_sum_is_said_to_add_nothing():
    beside = upright_geometry((500, 0, 0), (1, 1, 1), (2, 2, 2))
    onto = upright_geometry((0, 0, 0), (1, 1, 1), (2, 2, 2))
    found = physical_sum([Part(uniform(5.0, beside))], onto, FRAME)
    assert (found.grid.values == 0).all()
    assert found.outside == (1,)
    assert found.words == ("Part 1 adds nothing: no voxel of the sum lies in its grid.",)


def test_that_a_tiny_share_outside_is_not_rounded_away():
    onto = upright_geometry((0, 0, 0), (1, 1, 1), (20, 20, 20))
    values = np.ones(onto.shape, dtype=np.float32)
    values[0, 0, 0] = np.nan
    found = physical_sum([Part(Grid(onto, values, FRAME))], onto, FRAME)
    assert found.words[0].startswith("Part 1: less than 0.1 % of the voxels")
    assert np.isfinite(found.grid.values).all()


def test_that_sampling_more_coarsely_than_calculated_is_said():
    found = physical_sum([Part(linear(large(1.5)))], ONTO, FRAME)
    (words,) = found.words
    assert words == (
        "Part 1 is sampled more coarsely than it was calculated: every 3.00 mm instead of "
        "1.50 mm along z."
    )


def test_that_a_single_plane_can_be_added_onto():
    onto = upright_geometry((-10, -10, 1), (2.0, 2.5, 1.0), (1, 7, 8))
    found = physical_sum([Part(linear(large(2.0)))], onto, FRAME)
    np.testing.assert_allclose(
        found.grid.values, positions(onto) @ [0.1, -0.2, 0.05] + 30, atol=2e-5
    )


# EQD2


@pytest.mark.parametrize(
    ("dose", "fractions", "alpha_beta", "expected"),
    [
        (20.0, 5, 3.0, 28.0),
        (60.0, 30, 3.0, 60.0),
        (60.0, 30, 10.0, 60.0),
        (30.0, 10, 10.0, 32.5),
        (30.0, 10, 2.0, 37.5),
        (54.0, 3, 10.0, 126.0),
        (8.0, 1, 10.0, 12.0),
        (40.05, 15, 3.0, 45.4167),
        (0.0, 5, 3.0, 0.0),
    ],
)
def test_that_eqd2_agrees_with_known_numbers(dose, fractions, alpha_beta, expected):
    part = Part(uniform(dose), fractions=fractions)
    found = eqd2_sum([part], ONTO, FRAME, alpha_beta)
    np.testing.assert_allclose(found.grid.values, expected, rtol=1e-5)
    assert eqd2(dose, fractions, alpha_beta) == pytest.approx(expected, rel=1e-5)
    assert found.words[0] == f"EQD2 for an alpha/beta of {alpha_beta:g} Gy."


def test_that_a_weight_scales_the_number_of_fractions_and_not_the_dose_of_one():
    whole = Part(uniform(20.0), fractions=5)
    stopped = Part(uniform(20.0), weight=0.4, fractions=5)
    two_given = Part(uniform(8.0), fractions=2)
    values = [
        eqd2_sum([part], ONTO, FRAME, 3.0).grid.values[0, 0, 0]
        for part in (whole, stopped, two_given)
    ]
    assert values == pytest.approx([28.0, 11.2, 11.2], rel=1e-6)
    words = eqd2_sum([stopped], ONTO, FRAME, 3.0).words
    assert "Part 1: 2 of 5 fractions count." in words


def test_that_eqd2_of_two_courses_is_taken_course_by_course():
    parts = [Part(uniform(50.0), fractions=25), Part(uniform(20.0), fractions=5)]
    found = eqd2_sum(parts, ONTO, FRAME, 3.0)
    np.testing.assert_allclose(found.grid.values, 50.0 + 28.0, rtol=1e-6)


def test_that_eqd2_follows_the_closed_form_of_an_interpolated_dose():
    parts = [Part(linear(large(3.0, (10, 20, 30))), weight=0.8, fractions=12)]
    found = eqd2_sum(parts, ONTO, FRAME, 2.5)
    total = 0.8 * (positions(ONTO) @ [0.1, -0.2, 0.05] + 30)
    expected = total * (total / (12 * 0.8) + 2.5) / 4.5
    np.testing.assert_allclose(found.grid.values, expected, rtol=1e-5)


@settings(deadline=None)  # a busy machine is no fault
@given(st.floats(0, 100), st.integers(1, 40), st.floats(0.5, 20))
def test_that_eqd2_is_above_the_dose_just_where_fractions_exceed_2_gy(dose, fractions, ab):
    found = eqd2(dose, fractions, ab)
    if dose / fractions >= 2:
        assert found >= dose * (1 - 1e-12)
    else:
        assert found <= dose * (1 + 1e-12)


# Refusals


def test_that_different_frames_are_refused_naming_both():
    with pytest.raises(FramesDifferError) as caught:
        physical_sum([Part(uniform(1.0)), Part(uniform(1.0, frame=OTHER))], ONTO, FRAME)
    assert str(caught.value) == (
        "the dose lies in frame of reference ...222222222222, the sum in ...111111111111, and no "
        "registration links them (part 2). Load the registration (REG) of the two images, or "
        "look at the doses side by side."
    )


@pytest.mark.parametrize(
    ("own", "target", "says"),
    [
        ("", FRAME, "frame of reference (not told), the sum in ...111111111111 (part 1)"),
        (FRAME, "", "frame of reference ...111111111111, the sum in (not told) (part 1)"),
        ("", "", "frame of reference (not told), the sum in (not told) (part 1)"),
        ("1.2.3", "", "frame of reference 1.2.3, the sum in (not told) (part 1)"),
    ],
)
@pytest.mark.parametrize("matrix", [None, np.eye(4)])
def test_that_a_frame_not_told_is_refused_even_with_a_registration(own, target, says, matrix):
    part = Part(uniform(1.0, frame=own), fractions=1, to_target=matrix)
    for add in (
        lambda: physical_sum([part], ONTO, target),
        lambda: eqd2_sum([part], ONTO, target, 3.0),
    ):
        with pytest.raises(FramesDifferError) as caught:
            add()
        assert says in str(caught.value)


@pytest.mark.parametrize(
    ("add", "says"),
    [
        (lambda: physical_sum([], ONTO, FRAME), "no dose to add"),
        (lambda: finest([]), "no dose"),
        (lambda: physical_sum([Part(uniform(1), -1)], ONTO, FRAME), "weight -1 is impossible"),
        (lambda: physical_sum([Part(uniform(1), np.nan)], ONTO, FRAME), "weight nan"),
        (
            lambda: eqd2_sum([Part(uniform(1))], ONTO, FRAME, 3.0),
            r"number of fractions is not known \(part 1\). Enter",
        ),
        (
            lambda: eqd2_sum([Part(uniform(1), fractions=0)], ONTO, FRAME, 3.0),
            "number of fractions is 0",
        ),
        (
            lambda: eqd2_sum([Part(uniform(1), fractions=1)], ONTO, FRAME, 0.0),
            "alpha/beta of 0 Gy is impossible",
        ),
        (
            lambda: eqd2_sum([Part(uniform(1), fractions=1)], ONTO, FRAME, np.inf),
            "alpha/beta of inf Gy",
        ),
        (
            lambda: physical_sum([Part(uniform(1), to_target=np.eye(3))], ONTO, FRAME),
            "no 4 x 4 matrix",
        ),
        (
            lambda: physical_sum([Part(uniform(1), to_target=np.zeros((4, 4)))], ONTO, FRAME),
            "no 4 x 4 matrix",
        ),
    ],
)
def test_that_what_cannot_be_added_is_refused_in_words(add, says):
    with pytest.raises(UnusableDoseError, match=says):
        add()


# Differences


def test_that_a_difference_is_a_minus_b_and_missing_where_either_is_missing():
    half = upright_geometry((-10, -10, -10), (2.0, 2.5, 3.0), (3, 7, 8))
    there = difference(uniform(5.0), uniform(2.0, half), ONTO, FRAME)
    back = difference(uniform(2.0, half), uniform(5.0), ONTO, FRAME)
    assert (there.values[:3] == 3).all()
    assert np.isnan(there.values[3:]).all()
    np.testing.assert_array_equal(back.values, -there.values)
    assert there.frame_uid == FRAME


def test_that_a_difference_takes_b_through_its_registration():
    matrix = rigid((0, 0, 90), (1, 2, 3))
    b = linear(large(3.0), (0.5, 0, 0), 10.0, OTHER)
    found = difference(uniform(40.0), b, ONTO, FRAME, matrix)
    x_of_b = positions(ONTO)[..., 1] - 2  # a quarter turn takes b's x to y
    np.testing.assert_allclose(found.values, 40 - (0.5 * x_of_b + 10), atol=1e-5)


@pytest.mark.parametrize("frames", [(OTHER, FRAME), (FRAME, OTHER), ("", FRAME), (FRAME, "")])
def test_that_a_difference_of_unlinked_frames_is_refused(frames):
    a, b = (uniform(1.0, frame=frame) for frame in frames)
    with pytest.raises(FramesDifferError):
        difference(a, b, ONTO, FRAME)


def test_that_a_matrix_does_not_excuse_the_minuend():
    with pytest.raises(FramesDifferError, match="part 1"):
        difference(uniform(1.0, frame=OTHER), uniform(1.0), ONTO, FRAME, np.eye(4))


# Progress


def test_that_progress_rises_to_one_in_the_calling_thread(monkeypatch):
    monkeypatch.setattr(dose_sum, "SLAB_VOXELS", 1)
    told = []
    physical_sum(
        [Part(uniform(1.0))], ONTO, FRAME,
        lambda share, words: told.append((share, words, threading.get_ident())),
    )  # fmt: skip
    shares = [share for share, _, _ in told]
    assert shares == pytest.approx([n / 6 for n in range(1, 7)])
    assert told[-1][1] == "6 of 6 slices"
    assert {thread for _, _, thread in told} == {threading.get_ident()}


class StopError(Exception):
    pass


@pytest.mark.parametrize(
    "add",
    [
        lambda part, onto, stop: physical_sum([part], onto, FRAME, stop),
        lambda part, onto, stop: eqd2_sum([part], onto, FRAME, 3.0, stop),
    ],
)
def test_that_a_progress_that_raises_ends_the_sum(monkeypatch, add):
    monkeypatch.setattr(dose_sum, "SLAB_VOXELS", 1)
    onto = upright_geometry((0, 0, 0), (1, 1, 1), (400, 40, 40))
    planes, stopped = [], threading.Event()
    plane = dose_sum._Sampled.plane

    def counted(self, index):
        planes.append(index)
        if index >= 10:  # the workers wait, so that a busy machine cannot finish all before
            stopped.wait(30)
            time.sleep(0.005)
        return plane(self, index)

    def stop(share, words):
        stopped.set()
        raise StopError

    monkeypatch.setattr(dose_sum._Sampled, "plane", counted)
    part = Part(uniform(1.0, large(5.0)), fractions=1)
    before = threading.active_count()
    with pytest.raises(StopError):
        add(part, onto, stop)
    assert len(planes) < 400
    assert threading.active_count() == before


def test_that_a_fault_in_a_thread_reaches_the_caller(monkeypatch):
    monkeypatch.setattr(dose_sum, "on_plane", no_interpolation)
    with pytest.raises(AssertionError, match="interpolated"):
        physical_sum([Part(linear(large(5.0)))], ONTO, FRAME)
