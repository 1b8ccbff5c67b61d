"""The collimator's frame in the patient: against anatomy, and against moving the patient."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from core.dose.beam_frame import PATIENT_POSITIONS, BeamFrame, beam_frame, project, unproject

SAD = 1000.0
ISOCENTRE = np.array([12.0, -34.0, 56.0])
# Left, Right, Anterior, Posterior, Head, Feet in DICOM patient coordinates.
TOWARDS = {
    "L": (1, 0, 0),
    "R": (-1, 0, 0),
    "P": (0, 1, 0),
    "A": (0, -1, 0),
    "H": (0, 0, 1),
    "F": (0, 0, -1),
}
# Thought out by picturing the patient on the couch, not by matrices. Of each position: the side
# the source is at for gantry 0 (above), 90 (right of who faces the gantry), 180, 270; then where
# Xb points for the same angles (clockwise ahead of the source); then Yb (into the gantry).
SEEN = {
    "HFS": ("ALPR", "LPRA", "H"),  # face up, left side on the right
    "HFP": ("PRAL", "RALP", "H"),  # face down, left side on the left
    "HFDR": ("LPRA", "PRAL", "H"),  # left side up, facing left
    "HFDL": ("RALP", "ALPR", "H"),  # right side up, facing right
    "FFS": ("ARPL", "RPLA", "F"),  # face up, left side on the left
    "FFP": ("PLAR", "LARP", "F"),  # face down, left side on the right
    "FFDR": ("LARP", "ARPL", "F"),  # left side up, facing right
    "FFDL": ("RPLA", "PLAR", "F"),  # right side up, facing left
}
positions = st.sampled_from(PATIENT_POSITIONS)
angles = st.floats(-360, 360)
places = st.lists(
    st.tuples(st.floats(-300, 300), st.floats(-300, 300), st.floats(-300, 300)), min_size=1
)


def axes_of(frame: BeamFrame) -> np.ndarray:
    return np.stack([frame.x_axis, frame.y_axis, frame.axis])


def towards(letters: str) -> np.ndarray:
    return np.array([TOWARDS[letter] for letter in letters], dtype=float)


def in_the_room(points: np.ndarray, position: str, couch: float) -> np.ndarray:
    """Points of the patient in the IEC fixed frame, by laying down, rolling and turning him."""
    room = np.stack([points[:, 0], points[:, 2], -points[:, 1]], axis=1)  # HFS, LPS to left-in-up
    if position.startswith("FF"):
        room = Rotation.from_euler("z", 180, degrees=True).apply(room)
    # Rolled about the room's Y: head first, the right-hand rule turns the left side from right
    # to down; feet first, the left side is on the left and the same turn takes it up.
    left_down = {"S": 0, "P": 180, "DL": 90, "DR": -90}[position[2:]]
    roll = left_down if position.startswith("HF") else -left_down
    room = Rotation.from_euler("y", roll, degrees=True).apply(room)
    return Rotation.from_euler("z", couch, degrees=True).apply(room)


@pytest.mark.parametrize("quarter", range(4))
@pytest.mark.parametrize("position", SEEN)
def test_that_source_and_axes_are_on_the_side_of_the_patient_that_anatomy_tells(position, quarter):
    sources, rights, up = SEEN[position]
    frame = beam_frame(ISOCENTRE, 90 * quarter, 0, 0, SAD, position)
    expected = towards(rights[quarter] + up + sources[quarter])
    np.testing.assert_array_equal(axes_of(frame), expected)
    np.testing.assert_array_equal(frame.source_mm, ISOCENTRE + SAD * expected[2])
    np.testing.assert_array_equal(frame.isocentre_mm, ISOCENTRE)
    assert frame.sad_mm == SAD


@pytest.mark.parametrize(
    ("gantry", "collimator", "couch", "seen"),
    [
        (0, 90, 0, "HRA"),
        (0, 270, 0, "FLA"),
        (90, 90, 0, "HAL"),
        (0, 0, 90, "FLA"),  # head to the left of who faces the gantry, left side to the gantry
        (0, 0, 270, "HRA"),
        (270, 0, 90, "ALH"),  # the two ways to a vertex field
        (90, 0, 270, "PRH"),
        (180, 0, 0, "RHP"),
        (-90, 0, 0, "AHR"),
        (450, 0, 360, "PHL"),
    ],
)
def test_that_collimator_and_couch_turn_as_iec_61217_says_for_hfs(gantry, collimator, couch, seen):
    frame = beam_frame(ISOCENTRE, gantry, collimator, couch, SAD)
    np.testing.assert_array_equal(axes_of(frame), towards(seen))


def test_that_the_head_appears_turned_with_the_couch_and_against_the_collimator():
    head = ISOCENTRE + np.array([[0, 0, 100]])
    couch = project(beam_frame(ISOCENTRE, 0, 0, 30, SAD), head)
    collimator = project(beam_frame(ISOCENTRE, 0, 30, 0, SAD), head)
    np.testing.assert_allclose(couch, [[-50, 100 * np.sqrt(0.75)]], atol=1e-9)
    np.testing.assert_allclose(collimator, [[50, 100 * np.sqrt(0.75)]], atol=1e-9)


@given(positions, angles, angles, angles, places)
def test_that_moving_the_patient_instead_of_the_frame_gives_the_same_view(
    position, gantry, collimator, couch, points
):
    points = np.array(points)
    frame = beam_frame(ISOCENTRE, gantry, collimator, couch, SAD, position)
    room = in_the_room(points, position, couch)
    level = Rotation.from_euler("y", -gantry, degrees=True).apply(room)  # the source on top
    turned = Rotation.from_euler("z", -collimator, degrees=True).apply(level)
    expected = turned[:, :2] * SAD / (SAD - turned[:, 2:])
    np.testing.assert_allclose(project(frame, ISOCENTRE + points), expected, atol=1e-8)


@given(positions, angles, angles, angles)
def test_that_the_axes_are_orthonormal_and_right_handed(position, gantry, collimator, couch):
    frame = beam_frame(ISOCENTRE, gantry, collimator, couch, SAD, position)
    axes = axes_of(frame)
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(axes) == pytest.approx(1)
    np.testing.assert_allclose(frame.source_mm - SAD * frame.axis, ISOCENTRE, atol=1e-9)


@given(positions, angles, angles, angles, places, st.floats(1, 3000))
def test_that_unproject_is_the_inverse_of_project(
    position, gantry, collimator, couch, points, depth
):
    frame = beam_frame(ISOCENTRE, gantry, collimator, couch, SAD, position)
    seen = np.array(points)[:, :2]
    there = unproject(frame, seen, depth)
    np.testing.assert_allclose((frame.source_mm - there) @ frame.axis, depth, atol=1e-8)
    np.testing.assert_allclose(project(frame, there), seen, atol=1e-6)
    given_points = ISOCENTRE + np.array(points)
    depths = (frame.source_mm - given_points) @ frame.axis
    back = unproject(frame, project(frame, given_points), depths)
    np.testing.assert_allclose(back, given_points, atol=1e-6)


def test_that_the_isocentre_plane_is_seen_at_its_size_and_others_magnified():
    frame = beam_frame(ISOCENTRE, 0, 0, 0, SAD)
    for depth, size in ((1000, 1), (500, 2), (2000, 0.5)):
        point = frame.source_mm + np.array([[30, depth, -20]])
        np.testing.assert_allclose(project(frame, point), [[30 * size, -20 * size]], atol=1e-9)


def test_that_points_level_with_the_source_or_behind_it_are_not_seen():
    for angle_triple in itertools.product((0, 37.3), repeat=3):
        frame = beam_frame(ISOCENTRE, *angle_triple, SAD)
        level = frame.source_mm + 50 * frame.x_axis
        points = [frame.source_mm, level, frame.source_mm + frame.axis, ISOCENTRE]
        seen = project(frame, points)
        assert np.isnan(seen[:3]).all()
        np.testing.assert_allclose(seen[3], 0, atol=1e-9)


def test_that_one_point_and_stacks_of_points_keep_their_shape():
    frame = beam_frame(ISOCENTRE, 10, 20, 30, SAD)
    assert project(frame, ISOCENTRE).shape == (2,)
    assert project(frame, np.zeros((4, 5, 3))).shape == (4, 5, 2)
    assert project(frame, np.zeros((0, 3))).shape == (0, 2)
    assert unproject(frame, [0, 0], SAD).shape == (3,)
    assert unproject(frame, np.zeros((4, 2)), [1, 2, 3, 4]).shape == (4, 3)


@pytest.mark.parametrize("position", ["", "hfs", "HFX", "LFP", "SITTING"])
def test_that_other_patient_positions_are_refused(position):
    with pytest.raises(ValueError, match="patient position"):
        beam_frame(ISOCENTRE, 0, 0, 0, SAD, position)


@pytest.mark.parametrize(
    ("numbers", "what"),
    [
        (((0, 0), 0, 0, 0, SAD), "isocentre"),
        (((0, 0, np.nan), 0, 0, 0, SAD), "isocentre"),
        ((ISOCENTRE, np.nan, 0, 0, SAD), "angle"),
        ((ISOCENTRE, 0, np.inf, 0, SAD), "angle"),
        ((ISOCENTRE, 0, 0, np.nan, SAD), "angle"),
        ((ISOCENTRE, 0, 0, 0, 0), "distance"),
        ((ISOCENTRE, 0, 0, 0, np.nan), "distance"),
    ],
)
def test_that_numbers_that_place_no_beam_are_refused(numbers, what):
    with pytest.raises(ValueError, match=what):
        beam_frame(*numbers)


def test_that_the_frame_does_not_follow_later_changes_of_the_callers_isocentre():
    isocentre = ISOCENTRE.copy()
    frame = beam_frame(isocentre, 0, 0, 0, SAD)
    isocentre += 1
    np.testing.assert_array_equal(frame.isocentre_mm, ISOCENTRE)
