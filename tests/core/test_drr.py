"""Radiographs against closed forms: chords of boxes and spheres, and where markers appear."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from core.dose.beam_frame import PATIENT_POSITIONS, BeamFrame, beam_frame, project
from core.dose.drr import SLAB_ROWS, default_step_mm, drr, pixel_centres_mm, to_grey
from core.dose.geometry import Floats, Geometry, Grid, upright_geometry

SAD = 1000.0
CENTRE = np.array([5.0, -7.0, 11.0])
AIR, WATER = -1000, 0
VIEWS = [(0, 0, 0), (90, 0, 0), (180, 30, 0), (217.5, 312, 0), (40, 90, 75), (300, 11, 335)]


def grid_around(
    centre: Floats,
    shape: tuple[int, int, int],
    spacing: tuple[float, float, float],
    *,
    turn: Floats | None = None,
    tilt_deg: float = 0.0,
    gaps: Floats | None = None,
) -> Geometry:
    """A geometry whose middle is at `centre`, maybe turned, tilted, with gaps of any size."""
    x, y, z = np.eye(3) if turn is None else Rotation.from_rotvec(turn).as_matrix().T
    along = np.cos(np.radians(tilt_deg)) * z + np.sin(np.radians(tilt_deg)) * y
    steps = np.full(shape[0] - 1, spacing[2]) if gaps is None else gaps
    offsets = np.concatenate([[0.0], np.cumsum(steps)])
    at_zero = Geometry(np.zeros(3), x, y, along, spacing[0], spacing[1], offsets, shape)
    origin = centre - at_zero.corners_mm.mean(axis=0)
    return Geometry(origin, x, y, along, spacing[0], spacing[1], offsets, shape)


def filled(geometry: Geometry, hu: float = WATER, dtype: type = np.int16) -> Grid:
    return Grid(geometry, np.full(geometry.shape, hu, dtype=dtype), "1.2")


def voxels_mm(geometry: Geometry) -> Floats:
    slices, rows, columns = np.indices(geometry.shape)
    return geometry.points_mm(np.stack([columns, rows, slices], axis=-1))


def sphere(geometry: Geometry, centre: Floats, radius: float) -> Grid:
    """Water in air; at the surface each voxel holds as much water as lies in it, about."""
    distance = np.linalg.norm(voxels_mm(geometry) - centre, axis=-1)
    share = np.clip((radius - distance) / geometry.column_mm + 0.5, 0, 1)
    return Grid(geometry, (AIR + 1000 * share).astype(np.float32), "1.2")


def directions(frame: BeamFrame, half_width: float, pixels: int) -> Floats:
    """Unit vectors from the source through the pixels, by the definition of the picture."""
    pitch = 2 * half_width / pixels
    out = np.empty((pixels, pixels, 3))
    for row in range(pixels):
        for column in range(pixels):
            x = -half_width + (column + 0.5) * pitch
            y = half_width - (row + 0.5) * pitch
            aim = frame.isocentre_mm + x * frame.x_axis + y * frame.y_axis
            out[row, column] = (aim - frame.source_mm) / np.linalg.norm(aim - frame.source_mm)
    return out


def sphere_chords(frame: BeamFrame, centre: Floats, radius: float, *picture: float) -> Floats:
    rays = directions(frame, *picture)
    across = np.linalg.norm(np.cross(rays, centre - frame.source_mm), axis=-1)
    return 2 * np.sqrt(np.clip(radius**2 - across**2, 0, None))


def box_chords(frame: BeamFrame, low: Floats, high: Floats, *picture: float) -> Floats:
    rays = directions(frame, *picture)
    rays = np.where(np.abs(rays) < 1e-12, 1e-12, rays)
    one, two = (low - frame.source_mm) / rays, (high - frame.source_mm) / rays
    entry, leave = np.minimum(one, two).max(axis=-1), np.maximum(one, two).min(axis=-1)
    return np.clip(leave - np.maximum(entry, 0), 0, None)


def centroid(picture: np.ndarray, half_width: float) -> Floats:
    x, y = pixel_centres_mm(half_width, len(picture))
    total = picture.sum(dtype=np.float64)
    return np.array([(picture.sum(axis=0) @ x) / total, (picture.sum(axis=1) @ y) / total])


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
@pytest.mark.parametrize("view", VIEWS)
def test_that_a_box_of_water_is_as_long_as_its_chords(view, dtype):
    geometry = grid_around(CENTRE, (20, 40, 30), (2.0, 1.5, 3.0))
    half = np.array([30 * 2.0, 40 * 1.5, 20 * 3.0]) / 2
    frame = beam_frame(CENTRE + np.array([3, 4, 5]), *view, SAD)
    picture = drr(filled(geometry, dtype=dtype), frame, half_width_mm=60, pixels=41)
    expected = box_chords(frame, CENTRE - half, CENTRE + half, 60, 41)
    assert picture.dtype == np.float32
    np.testing.assert_allclose(picture, expected, atol=2e-3)
    assert (picture == 0).any()
    assert picture.max() > 55


def test_that_the_middle_ray_through_a_sphere_is_its_diameter():
    geometry = grid_around(CENTRE, (51, 51, 51), (2.0, 2.0, 2.0))
    picture = drr(sphere(geometry, CENTRE, 40), beam_frame(CENTRE, 33, 0, 0, SAD), pixels=1)
    assert picture[0, 0] == pytest.approx(80, abs=0.5 * 2)


@pytest.mark.parametrize("view", VIEWS)
def test_that_rays_off_the_middle_of_a_sphere_have_its_chords(view):
    geometry = grid_around(CENTRE, (61, 61, 61), (1.5, 1.5, 1.5))
    middle = CENTRE + np.array([4, -6, 3])
    frame = beam_frame(CENTRE, *view, SAD)
    picture = drr(sphere(geometry, middle, 35), frame, half_width_mm=50, pixels=51)
    expected = sphere_chords(frame, middle, 35, 50, 51)
    # A surface spread over a voxel changes chords the more, the more a ray grazes it.
    inside = expected > 0.6 * 70
    np.testing.assert_allclose(picture[inside], expected[inside], atol=0.5 * 1.5)


def test_that_smaller_voxels_bring_a_sphere_nearer_to_its_chords():
    frame, off = beam_frame(CENTRE, 217.5, 312, 0, SAD), []
    expected = sphere_chords(frame, CENTRE, 35, 50, 51)
    for edge, count in ((3.0, 27), (1.5, 53), (0.75, 107)):
        ct = sphere(grid_around(CENTRE, (count,) * 3, (edge,) * 3), CENTRE, 35)
        picture = drr(ct, frame, half_width_mm=50, pixels=51)
        off.append(np.abs(picture - expected).mean())
    assert off[1] < 0.6 * off[0]
    assert off[2] < 0.6 * off[1]


@pytest.mark.parametrize(("depth", "magnified"), [(500, 2.0), (1000, 1.0), (1250, 0.8)])
def test_that_objects_nearer_the_source_appear_larger(depth, magnified):
    frame = beam_frame(CENTRE, 0, 0, 0, SAD)
    centre = frame.source_mm - depth * frame.axis
    geometry = grid_around(centre, (61, 61, 61), (1.0, 1.0, 1.0))
    picture = drr(sphere(geometry, centre, 25), frame, half_width_mm=80, pixels=320)
    width = np.count_nonzero(picture[160] > 5) * 0.5
    # A chord of 5 mm lies sqrt(25^2 - 2.5^2) from the middle.
    assert width == pytest.approx(2 * np.sqrt(25**2 - 2.5**2) * magnified, abs=1.5)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("position", PATIENT_POSITIONS)
def test_that_a_marker_appears_where_project_says(position, view):
    geometry = grid_around(CENTRE, (21, 25, 23), (3.0, 2.5, 4.0))
    ct = filled(geometry, AIR)
    ct.values[15, 4, 18] = 3000
    frame = beam_frame(CENTRE, *view, SAD, position)
    picture = drr(ct, frame, half_width_mm=80, pixels=160)
    seen = project(frame, geometry.points_mm([18, 4, 15]))
    np.testing.assert_allclose(centroid(picture, 80), seen, atol=0.1)
    row, column = np.unravel_index(picture.argmax(), picture.shape)
    assert abs(column - np.floor(seen[0] + 80)) <= 2
    assert abs(row - np.floor(80 - seen[1])) <= 2


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(PATIENT_POSITIONS),
    st.tuples(*[st.floats(0, 360)] * 3),
    st.tuples(*[st.floats(-3, 3)] * 3),
    st.floats(-25, 25),
    st.tuples(st.integers(1, 9), st.integers(1, 10), st.integers(1, 7)),
    st.lists(st.floats(1.5, 6), min_size=8, max_size=8),
)
def test_that_a_marker_in_a_turned_tilted_uneven_grid_appears_where_project_says(
    position, view, turn, tilt, place, gaps
):
    even_around = np.array(gaps)  # the marker's blob is lopsided unless its two gaps are equal
    even_around[place[2] - 1] = even_around[place[2]]
    geometry = grid_around(
        CENTRE, (9, 12, 11), (3, 2.5, 0), turn=np.array(turn), tilt_deg=tilt, gaps=even_around
    )
    ct = filled(geometry, AIR, np.float32)
    ct.values[place[2], place[1], place[0]] = 3000
    frame = beam_frame(CENTRE, *view, SAD, position)
    picture = drr(ct, frame, half_width_mm=70, pixels=140)
    np.testing.assert_allclose(
        centroid(picture, 70), project(frame, geometry.points_mm(place)), atol=0.15
    )


def test_that_row_0_is_at_the_largest_yb_and_column_0_at_the_smallest_xb():
    x, y = pixel_centres_mm(100, 4)
    np.testing.assert_array_equal(x, [-75, -25, 25, 75])
    np.testing.assert_array_equal(y, [75, 25, -25, -75])
    geometry = grid_around(CENTRE, (30, 30, 30), (4.0, 4.0, 4.0))
    ct = filled(geometry, AIR)
    ct.values[25, 15, 22] = 3000  # left and towards the head: right and up from in front
    picture = drr(ct, beam_frame(CENTRE, 0, 0, 0, SAD), half_width_mm=100, pixels=50)
    row, column = np.unravel_index(picture.argmax(), picture.shape)
    assert row < 20
    assert column > 25


def test_that_uneven_slices_give_the_picture_of_even_ones():
    spacing = (2.0, 2.0, 2.0)
    even = grid_around(CENTRE, (41, 30, 30), spacing)
    gaps = np.array([2, 4, 2, 6, 2, 2, 10, 2, 2, 8, 2, 12, 2, 4, 2, 2, 14, 2], dtype=float)
    uneven = grid_around(CENTRE, (19, 30, 30), spacing, gaps=gaps)
    assert not uneven.is_even
    pictures = []
    for geometry in (even, uneven):  # HU linear in space: trilinear values are exact in both
        away = voxels_mm(geometry) - CENTRE
        values = (200 + 3 * away[..., 0] - 5 * away[..., 1] + 7 * away[..., 2]).astype(np.float32)
        frame = beam_frame(CENTRE, 65, 20, 30, SAD)
        pictures.append(drr(Grid(geometry, values, ""), frame, half_width_mm=60, pixels=60))
    np.testing.assert_allclose(pictures[1], pictures[0], atol=0.01)
    assert pictures[0].max() > 60


@pytest.mark.parametrize("extra", [0.0, 5.0, 0.001])
def test_that_even_and_looked_up_slices_hold_the_same_water(extra):
    gaps = np.full(19, 3.0)
    gaps[7] += extra
    geometry = grid_around(CENTRE, (20, 25, 25), (2.0, 2.0, 0), gaps=gaps)
    half = np.array([25.0, 25.0, 30 + extra / 2])
    frame = beam_frame(CENTRE, 0, 40, 90, SAD)
    picture = drr(filled(geometry), frame, half_width_mm=50, pixels=33)
    expected = box_chords(frame, CENTRE - half, CENTRE + half, 50, 33)
    np.testing.assert_allclose(picture, expected, atol=3e-3)


def test_that_small_differences_of_the_gaps_do_not_add_up():
    gaps = np.concatenate([np.full(100, 1.0), np.full(100, 1.018)])
    geometry = grid_around(CENTRE, (201, 9, 9), (3.0, 3.0, 0), gaps=gaps)
    assert geometry.is_even
    ct = filled(geometry, AIR)
    ct.values[100] = 3000
    picture = drr(ct, beam_frame(CENTRE, 0, 0, 0, SAD), half_width_mm=12, pixels=96)
    expected = geometry.points_mm([4, 4, 100])[2] - CENTRE[2]
    assert expected < -0.8
    assert centroid(picture, 12)[1] == pytest.approx(expected, abs=0.05)


def test_that_a_gap_of_almost_nothing_is_no_obstacle():
    gaps = np.array([2.0, 1e-7, 2.0, 2.0, 3.0])
    geometry = grid_around(CENTRE, (6, 9, 9), (2.0, 2.0, 0), gaps=gaps)
    picture = drr(filled(geometry), beam_frame(CENTRE, 0, 0, 0, SAD), half_width_mm=2, pixels=4)
    np.testing.assert_allclose(picture, 18, atol=0.01)


@pytest.mark.parametrize("shape", [(1, 9, 9), (9, 1, 9), (9, 9, 1), (1, 1, 1), (2, 9, 9)])
def test_that_grids_of_one_slice_row_or_column_have_its_thickness(shape):
    geometry = upright_geometry(CENTRE, (2.0, 3.0, 1.0), shape)
    middle = geometry.corners_mm.mean(axis=0)
    half = np.array([shape[2] * 2.0, shape[1] * 3.0, shape[0] * 1.0]) / 2
    for view in ((0, 0, 0), (90, 0, 0), (270, 0, 90), (50, 20, 10)):
        frame = beam_frame(middle, *view, SAD)
        picture = drr(filled(geometry), frame, half_width_mm=10, pixels=21)
        expected = box_chords(frame, middle - half, middle + half, 10, 21)
        np.testing.assert_allclose(picture, expected, atol=2e-3)


def test_that_a_ray_begins_at_the_source():
    geometry = grid_around(CENTRE, (30, 30, 30), (10.0, 10.0, 10.0))
    frame = beam_frame(CENTRE, 0, 0, 0, 100)  # the source 50 mm inside the grid
    picture = drr(filled(geometry), frame, half_width_mm=0.1, pixels=1)
    assert picture[0, 0] == pytest.approx(250, abs=0.01)


def test_that_a_beam_beside_the_grid_sees_nothing():
    geometry = grid_around(CENTRE, (10, 10, 10), (2.0, 2.0, 2.0))
    frame = beam_frame(CENTRE + np.array([500, 0, 0]), 0, 0, 0, SAD)
    picture = drr(filled(geometry), frame, pixels=32)
    assert not picture.any()
    assert not to_grey(picture).any()


@pytest.mark.parametrize("hu", [-1000, -1024, -2000, -3024, np.nan])
def test_that_air_padding_and_missing_values_weigh_nothing(hu):
    geometry = grid_around(CENTRE, (20, 20, 20), (2.0, 2.0, 2.0))
    ct = filled(geometry, WATER, np.float32)
    ct.values[:, :10] = hu
    picture = drr(ct, beam_frame(CENTRE, 0, 0, 0, SAD), half_width_mm=5, pixels=5)
    # Between the last empty row and the first of water the path is half a voxel's.
    np.testing.assert_allclose(picture, 20, atol=0.01)


def test_that_only_above_hu_leaves_the_bone():
    geometry = grid_around(CENTRE, (20, 40, 20), (2.0, 1.0, 2.0))
    ct = filled(geometry, 40)
    ct.values[:, 10:20] = 1000
    frame = beam_frame(CENTRE, 0, 0, 0, SAD)
    whole = drr(ct, frame, half_width_mm=3, pixels=3)
    bone = drr(ct, frame, half_width_mm=3, pixels=3, only_above_hu=200)
    same = drr(ct, frame, half_width_mm=3, pixels=3, only_above_hu=-5000)
    np.testing.assert_allclose(bone, 10 * 2.0, atol=0.05)
    np.testing.assert_allclose(whole, 10 * 2.0 + 30 * 1.04, atol=0.05)
    np.testing.assert_array_equal(same, whole)


def test_that_coarse_steps_come_close_and_the_usual_step_is_half_the_smallest_edge():
    geometry = grid_around(CENTRE, (31, 61, 61), (1.5, 1.5, 3.0))
    assert default_step_mm(geometry) == 0.75
    ct, frame = sphere(geometry, CENTRE, 40), beam_frame(CENTRE, 25, 0, 0, SAD)
    fine = drr(ct, frame, half_width_mm=60, pixels=64)
    np.testing.assert_array_equal(drr(ct, frame, half_width_mm=60, pixels=64, step_mm=0.75), fine)
    coarse = drr(ct, frame, half_width_mm=60, pixels=64, step_mm=3)
    assert 0 < np.abs(coarse - fine).max() < 2


def test_that_the_same_ct_as_integers_and_as_numbers_gives_the_same_picture():
    geometry = grid_around(CENTRE, (12, 20, 20), (2.0, 2.0, 2.0))
    values = np.random.default_rng(1).integers(-1100, 2000, geometry.shape).astype(np.int16)
    frame = beam_frame(CENTRE, 77, 5, 0, SAD)
    one = drr(Grid(geometry, values, ""), frame, half_width_mm=30, pixels=40)
    two = drr(Grid(geometry, values.astype(np.float32), ""), frame, half_width_mm=30, pixels=40)
    np.testing.assert_allclose(one, two, rtol=1e-6)


def test_that_a_read_only_ct_can_be_seen():
    ct = filled(grid_around(CENTRE, (4, 4, 4), (2.0, 2.0, 2.0)))
    ct.values.flags.writeable = False
    assert drr(ct, beam_frame(CENTRE, 0, 0, 0, SAD), pixels=2, half_width_mm=1).all()


def test_that_progress_is_told_in_the_calling_thread_up_to_the_whole():
    told: list[tuple[float, str, int]] = []
    ct = filled(grid_around(CENTRE, (4, 4, 4), (2.0, 2.0, 2.0)))
    drr(
        ct,
        beam_frame(CENTRE, 0, 0, 0, SAD),
        pixels=3 * SLAB_ROWS + 1,
        progress=lambda share, what: told.append((share, what, threading.get_ident())),
    )
    assert [share for share, _, _ in told] == [0.25, 0.5, 0.75, 1.0]
    assert all(what for _, what, _ in told)
    assert {thread for _, _, thread in told} == {threading.get_ident()}


def test_that_progress_may_stop_the_work():
    class StopError(Exception):
        pass

    told: list[float] = []

    def stop(share: float, _what: str) -> None:
        told.append(share)
        raise StopError

    ct = filled(grid_around(CENTRE, (4, 4, 4), (2.0, 2.0, 2.0)))
    with pytest.raises(StopError):
        drr(ct, beam_frame(CENTRE, 0, 0, 0, SAD), pixels=10 * SLAB_ROWS, progress=stop)
    assert told == [0.1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"pixels": 0},
        {"half_width_mm": 0},
        {"half_width_mm": np.nan},
        {"half_width_mm": np.inf},
        {"step_mm": 0},
        {"step_mm": np.nan},
        {"step_mm": np.inf},
    ],
)
def test_that_pictures_without_size_or_steps_are_refused(wrong):
    ct = filled(grid_around(CENTRE, (4, 4, 4), (2.0, 2.0, 2.0)))
    with pytest.raises(ValueError, match=r"no picture|no steps"):
        drr(ct, beam_frame(CENTRE, 0, 0, 0, SAD), **wrong)


def test_that_a_beam_at_no_place_is_refused():
    ct = filled(grid_around(CENTRE, (4, 4, 4), (2.0, 2.0, 2.0)))
    frame = replace(beam_frame(CENTRE, 0, 0, 0, SAD), source_mm=np.full(3, np.nan))
    with pytest.raises(ValueError, match="finite"):
        drr(ct, frame)


def test_that_grey_is_bright_where_the_path_is_long_and_one_pixel_of_metal_spoils_nothing():
    path = np.zeros((40, 40), dtype=np.float32)
    path[5:35, 5:35] = np.linspace(100, 300, 30)
    path[20, 20] = 50_000
    grey = to_grey(path)
    assert grey.dtype == np.uint8
    assert grey.shape == path.shape
    assert (np.diff(grey[10, 5:35].astype(int)) >= 0).all()
    assert grey[10, 6] < 20
    assert grey[10, 34] > 240
    assert grey[20, 20] == 255
    assert not grey[:5].any()


def test_that_grey_of_one_length_is_white_on_black():
    path = np.zeros((10, 10), dtype=np.float32)
    path[3:6, 3:6] = 20
    np.testing.assert_array_equal(to_grey(path), np.where(path > 0, 255, 0))
