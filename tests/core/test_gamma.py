"""Gamma against closed forms, a dense search, symmetry laws and real doses."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.interpolate import RegularGridInterpolator

from core.dose.gamma import Criteria, NotComparableError, gamma, gamma_on_axes
from core.dose.geometry import Geometry, Grid
from core.errors import RemedyError

THREE_TWO = Criteria()
UPRIGHT = np.eye(3)


def grid(values, origin=(0.0, 0.0, 0.0), steps=(2.0, 2.0, 2.0), axes=UPRIGHT, frame="1.2"):
    values = np.asarray(values, dtype=np.float32)
    offsets = np.arange(values.shape[0]) * steps[0]
    geometry = Geometry(np.array(origin, float), axes[0], axes[1], axes[2], steps[2], steps[1],
                        offsets, values.shape)  # fmt: skip
    return Grid(geometry, values, frame)


def axes_of(shape, steps=(2.0, 2.0, 2.0)):
    return [np.arange(count) * step for count, step in zip(shape, steps, strict=True)]


def ramp(shape, per_mm, step, start=50.0):
    """Return a dose that rises along the columns."""
    return np.broadcast_to(
        (start + per_mm * step * np.arange(shape[2])).astype(np.float32), shape
    ).copy()


@pytest.mark.req("R-18")
@pytest.mark.parametrize("shape", [(1, 9, 9), (6, 7, 8)])
def test_that_a_dose_agrees_with_itself(shape):
    dose = np.random.default_rng(0).uniform(20, 80, shape).astype(np.float32)
    found = gamma(grid(dose), grid(dose), THREE_TWO)
    assert np.nanmax(found.values) < 1e-6
    assert (found.pass_percent, found.outside) == (100, 0)
    assert found.judged == np.count_nonzero(dose >= 0.1 * dose.max())


@pytest.mark.req("R-18")
@pytest.mark.parametrize("shape", [(1, 9, 9), (5, 7, 8)])
@pytest.mark.parametrize("percent", [0.6, 3.0, 4.5])
def test_that_a_flat_offset_is_its_share_of_the_tolerance(shape, percent):
    flat = np.full(shape, 100.0, dtype=np.float32)
    found = gamma(grid(flat), grid(flat * (1 + percent / 100)), THREE_TWO)
    assert found.values == pytest.approx(percent / 3, abs=1e-5)


@pytest.mark.req("R-18")
def test_that_an_offset_on_a_gradient_is_the_closed_form():
    """gamma = |e| / sqrt(dD^2 + (g DTA)^2); 6 %, 5 %/mm, 3 %/2 mm give 0.5747."""
    shape = (5, 5, 41)
    dose = ramp(shape, 5.0, 1.0, start=0.0)
    own = Criteria(normalisation=100.0, threshold_percent=0.0)
    found = gamma(grid(dose, steps=(1, 1, 1)), grid(dose + 6, steps=(1, 1, 1)), own)
    assert found.values[:, :, 5:-5] == pytest.approx(6 / np.hypot(3, 10), abs=1e-4)
    assert found.values[2, 2, 20] == pytest.approx(0.5747, abs=5e-5)


@pytest.mark.req("R-18")
@pytest.mark.parametrize("shift_mm", [1.0, 2.0, 3.0])
def test_that_a_steep_edge_moved_is_its_shift_over_the_distance(shift_mm):
    """A step of 1000 %/mm: only distance counts."""
    x = np.arange(61) * 1.0
    step = np.clip((x - 30) * 1000, 0, 1000)
    moved = np.clip((x - 30 - shift_mm) * 1000, 0, 1000)
    own = Criteria(normalisation=100.0, threshold_percent=0.1)
    one, other = (np.tile(line, (1, 3, 1)).astype(np.float32) for line in (step, moved))
    found = gamma(grid(one, steps=(1, 1, 1)), grid(other, steps=(1, 1, 1)), own)
    at_edge = found.values[0, 1, 31]
    assert at_edge == pytest.approx(min(shift_mm / 2, 2), abs=0.01)


@pytest.mark.req("R-18")
def test_that_a_pure_shift_by_the_distance_gives_one():
    """A plane wave of dose along x, moved by DTA = 2 mm, seen at its steepest slope in 2D."""
    y, x = np.mgrid[0:41, 0:41] * 1.0
    wave = 1000 * np.tanh((x + 0 * y - 20) / 1.5) + 1100
    moved = 1000 * np.tanh((x + 0 * y - 22) / 1.5) + 1100
    own = Criteria(normalisation=100.0, threshold_percent=0.1)
    found = gamma(grid(wave[None], steps=(1, 1, 1)), grid(moved[None], steps=(1, 1, 1)), own)
    assert found.values[0, 20, 20] == pytest.approx(1.0, abs=0.02)


def dense(axes, reference, evaluated, own, steps):
    """Search every place within reach on a fine grid."""
    look_up = RegularGridInterpolator(axes, evaluated, bounds_error=False, fill_value=np.nan)
    reach = own.most * own.distance_mm
    line = np.linspace(-reach, reach, steps)
    spans = [line if len(axis) > 1 else np.zeros(1) for axis in axes]
    offsets = np.stack(np.meshgrid(*spans, indexing="ij"), axis=-1).reshape(-1, 3)
    squared = (offsets**2).sum(axis=1) / own.distance_mm**2
    keep = squared <= own.most**2
    offsets, squared = offsets[keep], squared[keep]
    made = np.full(reference.shape, np.nan)
    for place in np.ndindex(reference.shape):
        dose = reference[place]
        if dose >= own.threshold_percent / 100 * reference.max():
            tolerance = own.dose_percent / 100 * (dose if own.local else reference.max())
            values = look_up(offsets + [axis[n] for axis, n in zip(axes, place, strict=True)])
            total = squared + ((values - dose) / tolerance) ** 2
            made[place] = min(np.sqrt(np.nanmin(total)), own.most)
    return made


@pytest.mark.req("R-18")
@pytest.mark.parametrize("local", [False, True])
@pytest.mark.parametrize(("percent", "rough"), [(3.0, 4), (10.0, 12), (3.0, 20)])
def test_that_no_place_of_a_dense_search_is_nearer(local, percent, rough):
    """Rough doses on uneven slices against steps of 0.17 mm, up to 33 % noise."""
    rng = np.random.default_rng(3)
    axes = [np.array([0, 2.5, 4, 7.0]), np.arange(5) * 2.0, np.arange(4) * 3.0]
    one, other = (
        rng.uniform(60 - rough, 60 + rough, (4, 5, 4)).astype(np.float32) for _ in range(2)
    )
    own = Criteria(dose_percent=percent, local=local)
    found = gamma_on_axes(axes, one, axes, other, own).values
    searched = dense(axes, one, other, own, 49)
    assert np.array_equal(np.isnan(found), np.isnan(searched))
    assert np.nanmax(found - searched) < 6e-4
    assert np.nanmax(searched - found) < 0.2


def test_that_no_place_of_a_dense_search_in_a_plane_is_nearer():
    rng = np.random.default_rng(4)
    axes = [np.zeros(1), np.arange(9) * 1.5, np.arange(8) * 2.0]
    one, other = (rng.uniform(56, 64, (1, 9, 8)).astype(np.float32) for _ in range(2))
    found = gamma_on_axes(axes, one, axes, other, THREE_TWO).values
    searched = dense(axes, one, other, THREE_TWO, 161)
    assert np.nanmax(found - searched) < 6e-4
    assert np.nanmax(searched - found) < 0.06


@example(seed=92, flips=(True, False, False))  # three halvings of a cell are too few
@given(seed=st.integers(0, 99), flips=st.tuples(st.booleans(), st.booleans(), st.booleans()))
@settings(deadline=None, max_examples=15)
def test_that_turning_both_doses_round_turns_gamma_round(seed, flips):
    rng = np.random.default_rng(seed)
    axes = axes_of((4, 5, 6))
    one, other = (rng.uniform(40, 80, (4, 5, 6)).astype(np.float32) for _ in range(2))
    turned = tuple(slice(None, None, -1 if flip else 1) for flip in flips)
    here = gamma_on_axes(axes, one, axes, other, THREE_TWO).values
    there = gamma_on_axes(axes, one[turned].copy(), axes, other[turned].copy(), THREE_TWO).values
    assert there[turned] == pytest.approx(here, abs=1e-3, nan_ok=True)


@given(factor=st.floats(0.01, 100))
@settings(deadline=None, max_examples=15)
def test_that_the_unit_of_dose_does_not_matter(factor):
    rng = np.random.default_rng(1)
    axes = axes_of((3, 5, 6))
    one, other = (rng.uniform(40, 80, (3, 5, 6)).astype(np.float32) for _ in range(2))
    here = gamma_on_axes(axes, one, axes, other, THREE_TWO).values
    scaled = [(part * np.float32(factor)).astype(np.float32) for part in (one, other)]
    there = gamma_on_axes(axes, scaled[0], axes, scaled[1], THREE_TWO).values
    assert there == pytest.approx(here, abs=2e-3, nan_ok=True)


def test_that_wider_tolerances_never_make_gamma_larger():
    rng = np.random.default_rng(2)
    axes = axes_of((4, 6, 6))
    one, other = (rng.uniform(40, 80, (4, 6, 6)).astype(np.float32) for _ in range(2))
    strict = gamma_on_axes(axes, one, axes, other, Criteria(most=5)).values
    wide = gamma_on_axes(axes, one, axes, other, Criteria(5.0, 3.0, most=5)).values
    assert np.nanmax(wide - strict) < 1e-4


def test_that_grids_of_different_origin_and_step_are_compared_in_the_patient():
    def dose(x):
        return 40 + 3.0 * x  # fmt: skip

    coarse = grid(np.tile(dose(np.arange(20) * 3.0), (4, 8, 1)), (0, 0, 0), (3, 3, 3))
    fine = grid(np.tile(dose(10 + np.arange(40) * 1.0), (7, 9, 1)), (10, 2, 1), (1, 1, 1))
    found = gamma(fine, coarse, THREE_TWO)
    assert np.nanmax(found.values) < 1e-4
    assert found.judged == fine.values.size


def test_that_points_without_evaluated_dose_are_counted_and_never_pass():
    one = grid(np.full((3, 4, 30), 50.0))
    other = grid(np.full((3, 4, 10), 50.0))
    found = gamma(one, other, THREE_TWO)
    assert found.outside > 0
    assert found.judged + found.outside == one.values.size
    assert np.isnan(found.values[0, 0, -1])


def test_that_a_point_beyond_the_limit_gets_the_limit():
    flat = np.full((3, 4, 5), 50.0, dtype=np.float32)
    found = gamma(grid(flat), grid(flat * 2), Criteria(most=1.5))
    assert found.values == pytest.approx(1.5)
    assert found.pass_percent == 0


def test_that_missing_voxels_of_the_evaluated_dose_are_not_used():
    one = np.full((3, 5, 5), 50.0, dtype=np.float32)
    other = one.copy()
    other[1, 2, 2] = np.nan
    found = gamma(grid(one), grid(other), THREE_TWO)
    assert found.values[1, 2, 2] == pytest.approx(1.0)  # the next whole cell is 2 mm away
    assert found.values[0, 0, 0] == 0


def test_that_cancelling_stops_it():
    def stop(_share, _words):
        raise InterruptedError  # fmt: skip

    dose = np.full((20, 20, 20), 50.0)
    with pytest.raises(InterruptedError):
        gamma(grid(dose), grid(dose), THREE_TWO, stop)


@pytest.mark.parametrize("case", ["turned", "empty", "plane", "frame"])
def test_that_doses_that_cannot_be_compared_are_refused(case):
    one = grid(np.full((3, 4, 5), 0.0 if case == "empty" else 50.0))
    axes = np.eye(3)[[1, 0, 2]] if case == "turned" else np.eye(3)
    frame = "1.3" if case == "frame" else "1.2"
    other = grid(np.full((1 if case == "plane" else 3, 4, 5), 50.0), axes=axes, frame=frame)
    with pytest.raises(NotComparableError) as caught:
        gamma(one, other, THREE_TWO)
    assert isinstance(caught.value, RemedyError)
    assert caught.value.remedy


def test_that_impossible_criteria_are_refused():
    with pytest.raises(ValueError, match="distance_mm"):
        Criteria(distance_mm=0)
