"""Structures on any plane: as they were drawn, in steps of their slices elsewhere."""

import numpy as np
import pytest

from app.viewer.outlines import Outline
from app.viewer.planes import Orientation, view_plane
from core.dicom.structures import Contour, Structure

BOX = np.array([[-50.0, -50.0, -50.0], [50.0, 50.0, 50.0]])
SIZE = (400, 400)


def square(z, half=10.0, x=0.0, y=0.0):
    return np.array([(x - half, y - half, z), (x + half, y - half, z),
                     (x + half, y + half, z), (x - half, y + half, z)])  # fmt: skip


def outline(*contours, kind="CLOSED_PLANAR"):
    made = tuple(Contour(points, kind, "") for points in contours)
    return Outline(Structure(1, "one", "ORGAN", (255, 0, 0), "1.2", made), 3.0)


def plane(orientation, at=(0.0, 0.0, 0.0)):
    return view_plane(orientation, BOX, np.array(at), SIZE)


def to_mm(view, points):
    return np.array([view.point_mm(*point) for point in points])


def box_of(view, cut):
    points = to_mm(view, cut.lines.reshape(-1, 2))
    return points.min(axis=0).round(6).tolist(), points.max(axis=0).round(6).tolist()


def test_that_a_parallel_plane_shows_the_drawn_corners():
    view = plane(Orientation.AXIAL, (0, 0, 3.2))
    cut = outline(square(0), square(3, half=7), square(6)).cut(view)
    (loop,) = cut.loops
    shown = to_mm(view, loop)
    assert shown[:, :2].round(6).tolist() == square(3, half=7)[:, :2].tolist()


@pytest.mark.parametrize(("z", "seen"), [(-1.6, 0), (-1.4, 1), (7.4, 1), (7.6, 0)])
def test_that_contours_reach_half_a_slice_beyond_the_ends(z, seen):
    cut = outline(square(0), square(3), square(6)).cut(plane(Orientation.AXIAL, (0, 0, z)))
    assert len(cut.loops) == seen


@pytest.mark.parametrize("orientation", [Orientation.CORONAL, Orientation.SAGITTAL])
def test_that_a_plane_across_the_slices_shows_their_steps(orientation):
    view = plane(orientation)
    cut = outline(square(0), square(3), square(6)).cut(view)
    low, high = box_of(view, cut)
    axis = 0 if orientation == Orientation.CORONAL else 1
    assert (low[axis], high[axis]) == (-10.0, 10.0)
    assert (low[2], high[2]) == (-1.5, 7.5)
    # Two sides per slice, one end each: nothing is drawn between equal slices.
    assert len(cut.lines) == 3 * 2 + 2


def test_that_unequal_slices_show_a_step_between_them():
    view = plane(Orientation.CORONAL)
    cut = outline(square(0, half=5), square(3, half=10)).cut(view)
    ends = to_mm(view, cut.lines.reshape(-1, 2)).reshape(-1, 2, 3)
    level = ends[np.abs(ends[:, 0, 2] - ends[:, 1, 2]) < 1e-6]
    steps = sorted((round(one[0, 2], 3), *sorted(np.round(one[:, 0], 3))) for one in level)
    assert steps == [(-1.5, -5, 5), (1.5, -10, -5), (1.5, 5, 10), (4.5, -10, 10)]


def test_that_a_hole_stays_open_in_every_plane():
    ring = outline(square(0), square(0, half=4), square(3), square(3, half=4))
    view = plane(Orientation.CORONAL)
    boxes = to_mm(view, ring.cut(view).boxes.reshape(-1, 2)).reshape(-1, 2, 3)
    spans = sorted({tuple(np.sort(one[:, 0]).round(3).tolist()) for one in boxes})
    assert spans == [(-10.0, -4.0), (4.0, 10.0)]
    assert not ring.holds(np.array([0.0, 0.0, 0.0]))
    assert ring.holds(np.array([7.0, 0.0, 0.0]))


def test_that_missing_slices_leave_a_gap():
    parts = outline(square(0), square(3), square(6), square(30), square(33))
    view = plane(Orientation.CORONAL)
    heights = to_mm(view, parts.cut(view).lines.reshape(-1, 2))[:, 2]
    assert not ((heights > 7.6) & (heights < 28.4)).any()
    assert not parts.holds(np.array([0.0, 0.0, 18.0]))


def test_that_a_slanted_plane_shows_the_slices_in_bands():
    body = outline(*(square(z) for z in range(-30, 31, 3)))
    view = plane(Orientation.AXIAL).turned(np.array([1.0, 0.0, 0.0]), 30.0, np.zeros(3))
    cut = body.cut(view)
    assert cut.banded
    for band, outlines in cut.banded:
        edge = to_mm(view, band)
        assert edge[:, 2].max() - edge[:, 2].min() == pytest.approx(3.0, abs=1e-6)
        for points in outlines:
            shown = to_mm(view, points)
            assert shown[:, :2].round(6).tolist() == square(0)[:, :2].tolist()


def test_that_points_are_shown_near_their_plane_only():
    poi = outline(np.array([[1.0, 2.0, 3.0]]), kind="POINT")
    assert len(poi.cut(plane(Orientation.AXIAL, (0, 0, 3.5))).points) == 1
    assert len(poi.cut(plane(Orientation.AXIAL, (0, 0, 9.0))).points) == 0


def test_that_contours_in_two_directions_are_told_and_not_drawn_as_a_volume():
    upright = square(0)[:, [0, 2, 1]]
    one = outline(square(0), upright)
    assert "more than one direction" in one.problem
    assert one.cut(plane(Orientation.AXIAL)).is_empty
