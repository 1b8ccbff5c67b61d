"""The grid on which doses are added."""

import numpy as np
import pytest

import core.dose.finest as finest_module
from core.dose.finest import finest
from core.dose.geometry import upright_geometry
from core.dose.sum import Part, physical_sum
from tests.core.dose_grids import FRAME, ONTO, turned, uniform


def test_that_the_finest_grid_of_one_upright_grid_is_that_grid():
    assert finest([ONTO]).matches(ONTO)


def test_that_the_finest_grid_covers_all_with_the_smallest_spacings():
    a = upright_geometry((0, 0, 0), (2.0, 3.0, 5.0), (11, 11, 11))
    b = upright_geometry((-10.5, 4, 4), (2.5, 2.5, 2.0), (5, 5, 5))
    found = finest([a, b])
    assert (found.column_mm, found.row_mm, found.slice_mm) == (2.0, 2.5, 2.0)
    low, high = np.minimum(a.box_mm[0], b.box_mm[0]), np.maximum(a.box_mm[1], b.box_mm[1])
    np.testing.assert_allclose(found.box_mm[0], low)
    assert (found.box_mm[1] >= high - 1e-6).all()
    assert (found.box_mm[1] < high + np.array([2.0, 2.5, 2.0])).all()


def test_that_a_grid_turned_by_quarter_turns_keeps_its_spacings_along_the_patient():
    found = finest([turned(upright_geometry((0, 0, 0), (1, 2, 3), (5, 6, 7)), (90, 0, 0))])
    assert (found.column_mm, found.row_mm, found.slice_mm) == pytest.approx((1, 3, 2))


def test_that_a_grid_at_an_angle_counts_with_its_smallest_spacing():
    geometry = turned(upright_geometry((0, 0, 0), (1, 2, 3), (5, 6, 7)), (30, 30, 30))
    found = finest([geometry])
    assert (found.column_mm, found.row_mm, found.slice_mm) == (1, 1, 1)
    assert found.holds(geometry.corners_mm).all()


def test_that_a_single_plane_tells_no_spacing_of_slices():
    plane = upright_geometry((0, 0, 0), (1, 1, 1), (1, 5, 5))
    assert finest([plane]).shape == (1, 5, 5)
    assert finest([plane, upright_geometry((0, 0, 0), (2, 2, 3), (5, 5, 5))]).slice_mm == 3


def test_that_a_huge_grid_is_coarsened_evenly_and_the_sum_says_so(monkeypatch):
    monkeypatch.setattr(finest_module, "MOST_VOXELS", 4000)
    geometry = upright_geometry((0, 0, 0), (1.0, 1.5, 2.0), (40, 40, 40))
    found = finest([geometry])
    assert np.prod(found.shape) <= 4000
    assert np.prod(found.shape) > 2500
    factors = np.array([found.column_mm, found.row_mm, found.slice_mm]) / [1.0, 1.5, 2.0]
    np.testing.assert_allclose(factors, factors[0])
    assert found.holds(geometry.corners_mm).all()
    words = physical_sum([Part(uniform(1.0, geometry))], found, FRAME).words
    assert any("sampled more coarsely than it was calculated" in word for word in words)


def test_that_the_limit_holds_for_two_far_grids_of_fine_voxels():
    one = upright_geometry((0, 0, 0), (0.5, 0.5, 0.5), (10, 10, 10))
    two = upright_geometry((600, 600, 1800), (0.5, 0.5, 0.5), (10, 10, 10))
    found = finest([one, two])
    assert 35_000_000 < np.prod(found.shape) <= 40_000_000
