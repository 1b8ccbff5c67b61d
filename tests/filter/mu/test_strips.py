"""Scatter over leaf-pair rectangles: golden vectors, exact rectangles, laws."""

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.filter.mu.curves import slopes
from app.filter.mu.segment_dose import (
    CSF,
    EDGE,
    PSF,
    SIDE,
    SMR,
    TMR0,
    Shapes,
    doses,
    tables_of,
)
from app.filter.mu.strips import (
    Curve,
    clipped,
    cropped,
    edge_distance,
    equivalent_square,
    integrated,
)
from tests.filter.mu.shared_book import generic_6x, wide

SIDES = np.array([0.0, 1, 2, 4, 6, 10, 15, 20, 30, 40, 60, 80])
VALUES = 0.9 + 0.1 * (1 - np.exp(-SIDES / 9))
CURVE = Curve(SIDES, VALUES, slopes(SIDES, VALUES))
FLAT = np.ones(2)
WIDE_JAWS = np.array([-50.0, 50.0, -50.0, 50.0])


def scatter(rectangles, point=(0.0, 0.0), scale=FLAT):
    return integrated(
        CURVE, np.atleast_2d(np.array(rectangles, float)), np.array(point, float), scale,
        np.zeros(1),
    )  # fmt: skip


def as_leaves(rectangles):
    """Return tips and edges of strips; a gap between them is a closed pair."""
    tips, edges = [], [rectangles[0][2]]
    for x1, x2, y1, y2 in rectangles:
        if abs(edges[-1] - y1) > 1e-9:
            tips.append((0.0, 0.0))
            edges.append(y1)
        tips.append((x1, x2))
        edges.append(y2)
    return np.array(tips, float), np.array(edges, float)


def golden(folder):
    cases = json.loads((folder / "golden_generic6x_clarkson.json").read_text(encoding="utf-8"))
    for case in cases["cases"]:
        yield case, cases["shapes"][case["shape"]]


def calculated(tables, shape, point):
    tips, edges = as_leaves(shape)
    shapes = Shapes(tips[None], edges, WIDE_JAWS[None], np.zeros(4))
    at = np.array([[*point, 1.0, 10.0, np.hypot(*point)]], float)
    return doses(tables, shapes, at)[0]


def in_field(row):
    """Return equation (5) without its fluence."""
    return row[CSF] * row[PSF] * (row[TMR0] + row[SMR])


@pytest.mark.req("R-16")
def test_that_every_golden_aperture_gives_its_factors(beam_data):
    tables = tables_of(generic_6x(beam_data))
    for case, shape in golden(beam_data):
        row = calculated(tables, shape, case["point"])
        expected = [case["SMR_B"], case["PSF"], case["CSF_dev"]]
        assert row[[SMR, PSF, CSF]] == pytest.approx(expected, abs=6e-6), case["shape"]
        assert row[SIDE] == pytest.approx(case["s_eq_eq6"], abs=5.1e-4)
        assert (row[EDGE] >= 0) == case["inside"]
        dose = 100 * 1.016**2 * in_field(row)
        assert dose == pytest.approx(case["dose_B_per_100MU"], abs=5.1e-4), case["shape"]


@pytest.mark.req("R-16")
def test_that_without_exchange_the_collimator_scatter_is_that_of_the_isocentre(beam_data):
    tables = tables_of(generic_6x(beam_data, exchange=1.0))
    for case, shape in golden(beam_data):
        row = calculated(tables, shape, case["point"])
        assert row[CSF] == pytest.approx(case["CSF_iso"], abs=6e-6), case["shape"]


@pytest.mark.req("R-16")
def test_that_khans_scatter_agrees_with_its_golden_vectors(beam_data):
    """The golden SMR_A comes of a table rounded to 1e-4; here it is read from that table."""
    depths, sides, smr = wide(beam_data / "generic_6x_smr_khan.csv")
    line = smr[list(depths).index(10.0)]
    curve = Curve(sides, line, slopes(sides, line))
    for case, shape in golden(beam_data):
        got = integrated(curve, np.array(shape, float), np.array(case["point"], float), FLAT,
                         np.zeros(1))  # fmt: skip
        assert got == pytest.approx(case["SMR_A"], abs=6e-6), case["shape"]


@pytest.mark.req("R-16")
def test_that_both_definitions_of_scatter_give_one_dose_inside_the_field(beam_data):
    one = tables_of(generic_6x(beam_data))
    other = tables_of(generic_6x(beam_data, scatter="khan"))
    for case, shape in golden(beam_data):
        if case["inside"]:
            first = in_field(calculated(one, shape, case["point"]))
            second = in_field(calculated(other, shape, case["point"]))
            assert second == pytest.approx(first, rel=0.004), case["shape"]
            assert 100 * 1.016**2 * second == pytest.approx(case["dose_A_per_100MU"], abs=0.015)


@given(
    x=st.floats(0.5, 15), y=st.floats(0.5, 15), cuts=st.lists(st.floats(0.05, 0.95), max_size=6)
)
@settings(deadline=None, max_examples=60)
def test_that_a_field_cut_into_leaf_pairs_is_the_field(x, y, cuts):
    borders = [-y, *sorted({-y + 2 * y * cut for cut in cuts}), y]
    strips = [(-x, x, low, high) for low, high in pairwise(borders)]
    whole = scatter((-x, x, -y, y))
    assert scatter(strips) == pytest.approx(whole, abs=1e-9)
    assert equivalent_square(np.array(strips)) == pytest.approx(4 * x * y / (x + y), abs=1e-9)


@given(side=st.floats(0.2, 39.9))
@settings(deadline=None, max_examples=60)
def test_that_a_square_reproduces_the_table(side):
    half = side / 2
    expected = np.interp(side, SIDES, VALUES)
    assert scatter((-half, half, -half, half)) == pytest.approx(expected, abs=2e-3)
    on_table = SIDES[(np.abs(SIDES - side)).argmin()] / 2
    got = scatter((-on_table, on_table, -on_table, on_table))
    assert got == pytest.approx(np.interp(2 * on_table, SIDES, VALUES), abs=1e-12)


@given(
    x1=st.floats(-8, -0.5), x2=st.floats(0.5, 8), y1=st.floats(-8, -0.5), y2=st.floats(0.5, 8),
    px=st.floats(-9, 9), py=st.floats(-9, 9),
)  # fmt: skip
@settings(deadline=None, max_examples=60)
def test_that_mirrored_apertures_give_mirrored_scatter(x1, x2, y1, y2, px, py):
    here = scatter((x1, x2, y1, y2), (px, py))
    assert scatter((-x2, -x1, y1, y2), (-px, py)) == pytest.approx(here, abs=1e-9)
    assert scatter((x1, x2, -y2, -y1), (px, -py)) == pytest.approx(here, abs=1e-9)
    assert scatter((y1, y2, x1, x2), (py, px)) == pytest.approx(here, abs=1e-9)


@given(cut=st.floats(-4, 4), px=st.floats(-6, 6), py=st.floats(-6, 6))
@settings(deadline=None, max_examples=60)
def test_that_the_scatter_of_two_halves_is_that_of_the_whole(cut, px, py):
    zero = VALUES[0]
    left, right = scatter((-5, cut, -5, 5), (px, py)), scatter((cut, 5, -5, 5), (px, py))
    assert left + right - zero == pytest.approx(scatter((-5, 5, -5, 5), (px, py)), abs=1e-9)


def test_that_no_field_has_the_scatter_of_no_field():
    assert scatter(np.empty((0, 4)).reshape(0, 4)) == VALUES[0]
    assert scatter((1.0, 1.0 + 1e-9, -5, 5)) == pytest.approx(VALUES[0], abs=1e-9)


@given(px=st.floats(-9, 9), py=st.floats(-9, 9), cut=st.floats(-4.9, 4.9))
@settings(deadline=None, max_examples=100)
def test_that_the_distance_to_the_edge_of_a_cut_square_is_that_of_the_square(px, py, cut):
    strips = np.array([(-5, 5, -5, cut), (-5, 5, cut, 5)], float)
    inside = min(5 - abs(px), 5 - abs(py))
    outside = -np.hypot(max(abs(px) - 5, 0), max(abs(py) - 5, 0))
    expected = inside if inside >= 0 else outside
    assert edge_distance(strips, np.array([px, py])) == pytest.approx(expected, abs=1e-9)


def test_that_a_step_between_two_leaf_pairs_is_an_edge():
    strips = np.array([(-5, 5, -5, 0), (-1, 5, 0, 5)], float)
    assert edge_distance(strips, np.array([-3.0, -0.4])) == pytest.approx(0.4)
    assert edge_distance(strips, np.array([-3.0, 0.7])) == pytest.approx(-0.7)
    assert edge_distance(strips, np.array([2.0, 0.0])) == pytest.approx(3.0)


def test_that_pairs_that_do_not_overlap_have_an_edge_between_them():
    strips = np.array([(-5, -1, -5, 0), (1, 5, 0, 5)], float)
    assert edge_distance(strips, np.array([-3.0, -0.5])) == pytest.approx(0.5)
    assert edge_distance(strips, np.array([0.0, 0.0])) == pytest.approx(-1.0)


def test_that_a_closed_aperture_is_infinitely_far():
    closed = clipped(np.zeros((3, 2)), np.arange(4.0), WIDE_JAWS)
    assert len(closed) == 0
    assert edge_distance(closed, np.zeros(2)) == -np.inf
    assert equivalent_square(closed) == 0


@pytest.mark.req("R-16")
def test_that_flash_is_cropped_at_the_chosen_edge_only():
    strips = np.array([(-5, 5, -2, 0), (-4, 1, 0, 2)], float)
    got = cropped(strips, np.array([0.0, 2.0, 0.0, 0.0]))
    assert got.tolist() == [[-5, 3, -2, 0], [-4, -1, 0, 2]]
    got = cropped(strips, np.array([0.0, 0.0, 2.5, 0.0]))
    assert got.tolist() == [[-4, 1, 0.5, 2]]


def test_that_a_field_beyond_the_table_says_how_wide_it_was():
    reached = np.zeros(1)
    integrated(CURVE, np.array([[-60.0, 60, -60, 60]]), np.zeros(2), FLAT, reached)
    assert reached[0] == pytest.approx(120)
