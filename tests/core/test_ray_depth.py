"""Depth along rays: slabs and spheres in closed form, turned grids, uneven slices."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.dose.geometry import Geometry, Grid
from core.dose.ray_depth import depths_mm, ray_path

AXES = np.eye(3)


def grid(values, step=(2.0, 2.0, 2.0), origin=(0.0, 0.0, 0.0), axes=AXES, offsets=None):
    shape = values.shape
    offsets = np.arange(shape[0]) * step[2] if offsets is None else np.array(offsets, float)
    own = Geometry(np.array(origin), axes[0], axes[1], axes[2], step[0], step[1], offsets, shape)
    return Grid(own, np.ascontiguousarray(values, dtype=np.float32), "")


def density(values):
    return 1 + values / 1000


def slab(shape=(20, 60, 20)):
    """Air, then along rows 10 voxels of water, 15 of lung, 15 of bone, then water."""
    values = np.full(shape, -1000.0)
    values[:, 10:20], values[:, 20:35], values[:, 35:50] = 0.0, -700.0, 500.0
    values[:, 50:] = 0.0
    return values


@pytest.mark.req("R-18")
def test_that_a_slab_is_as_deep_as_its_voxels():
    ct = grid(slab())
    point = (19.0, 105.0, 19.0)  # 5 voxels of the last water: 100 mm to the middle of row 52
    path = ray_path(ct, (19.0, -500.0, 19.0), point)
    deep, water, skin = depths_mm(path, density, -400)
    first = 10 * 2 - 1.0
    assert (deep, skin, path.ends_inside) == (pytest.approx(105.0 - first), True, True)
    expected = 20 * 1.0 + 30 * 0.3 + 30 * 1.5 + (105.0 - 99.0)
    assert water == pytest.approx(expected, abs=1e-9)


@given(
    x=st.floats(5, 33), z=st.floats(5, 33), sx=st.floats(-30, 70), sz=st.floats(-30, 70),
)  # fmt: skip
@settings(deadline=None, max_examples=50)
def test_that_an_oblique_ray_is_longer_by_its_cosine(x, z, sx, sz):
    ct = grid(slab())
    source, point = np.array([sx, -700.0, sz]), np.array([x, 90.0, z])
    path = ray_path(ct, source, point)
    stretch = np.linalg.norm(point - source) / 790.0
    entered = source + path.entered_mm / np.linalg.norm(point - source) * (point - source)
    if entered[1] > -0.9:  # through a side of the grid: the upper part of the slab is missing
        return
    deep, water, _ = depths_mm(path, density, -400)
    assert deep == pytest.approx((90.0 - 19.0) * stretch, rel=1e-9)
    assert water == pytest.approx((20 + 9 + (90.0 - 69.0) * 1.5) * stretch, rel=1e-9)


@given(angles=st.tuples(*[st.floats(-3, 3)] * 3), shift=st.tuples(*[st.floats(-80, 80)] * 3))
@settings(deadline=None, max_examples=25)
def test_that_turning_everything_changes_nothing(angles, shift):
    turn = AXES
    for axis, angle in enumerate(angles):
        one, two = [n for n in range(3) if n != axis]
        step = np.eye(3)
        step[one, one] = step[two, two] = np.cos(angle)
        step[one, two], step[two, one] = -np.sin(angle), np.sin(angle)
        turn = step @ turn
    there = np.array([19.3, 101.0, 17.7])
    source = np.array([5.0, -400.0, 40.0])
    plain = depths_mm(ray_path(grid(slab()), source, there), density, -400)
    moved = grid(slab(), origin=np.array(shift), axes=turn.T)
    other = depths_mm(ray_path(moved, turn @ source + shift, turn @ there + shift), density, -400)
    assert other[:2] == pytest.approx(plain[:2], rel=1e-9)


def test_that_a_sphere_is_as_deep_as_its_chord():
    n = 81
    k, j, i = np.indices((n, n, n)) - n // 2
    ct = grid(np.where(i**2 + j**2 + k**2 <= 30**2, 0.0, -1000.0), (1.0, 1.0, 1.0),
              (-40.0, -40.0, -40.0))  # fmt: skip
    for y in (0.0, 10.0, 20.0):
        path = ray_path(ct, (-900.0, y, 0.0), (0.0, y, 0.0))
        deep, water, _ = depths_mm(path, density, -400)
        assert deep == water == pytest.approx(np.sqrt(900 - y * y), abs=1.0)


def test_that_uneven_slices_are_as_thick_as_they_lie_apart():
    values = np.zeros((4, 3, 3))
    ct = grid(values, offsets=(0.0, 1.0, 4.0, 10.0))
    path = ray_path(ct, (2.0, 2.0, -50.0), (2.0, 2.0, 10.0))
    assert path.lengths_mm == pytest.approx([1.0, 2.0, 4.5, 3.0])
    assert path.entered_mm == pytest.approx(49.5)


def test_that_a_ray_past_the_grid_or_to_a_point_outside_says_so():
    ct = grid(slab())
    assert not ray_path(ct, (500.0, -500.0, 19.0), (500.0, 60.0, 19.0)).ends_inside
    assert not ray_path(ct, (19.0, -500.0, 19.0), (19.0, 500.0, 19.0)).ends_inside
    cut = grid(np.zeros((20, 20, 20)))
    assert depths_mm(ray_path(cut, (19.0, -500.0, 19.0), (19.0, 20.0, 19.0)), density, -400)[
        2
    ] is (False)  # the first voxel is material: the skin lies beyond the images
    with pytest.raises(ValueError, match="no ray"):
        ray_path(ct, (0, 0, 0), (0, 0, 0))
