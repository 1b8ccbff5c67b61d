"""Strips against polar integration (Clarkson), independent of the program: mu-check, section 3.

The scatter of circles is unfolded from that of the same squares; what is left is the rule
2ab/(a+b) by which the strips find their square.
"""

import numpy as np
import pytest
from scipy.interpolate import CubicSpline, PchipInterpolator

from app.filter.mu.segment_dose import SMR, TMR0, tables_of
from tests.filter.mu.shared_book import generic_6x, wide
from tests.filter.mu.test_strips import calculated

TURN = (np.arange(2000) + 0.5) * 2 * np.pi / 2000
KNOTS = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 22.6, 30])


def to_edge(x1, x2, y1, y2, point=(0.0, 0.0)):
    """Return the way from a point inside a rectangle to its edge in every direction."""
    across, along = np.cos(TURN), np.sin(TURN)
    x = np.where(across > 0, x2 - point[0], x1 - point[0]) / across
    y = np.where(along > 0, y2 - point[1], y1 - point[1]) / along
    return np.minimum(x, y)


@pytest.fixture(scope="module")
def of_circles(beam_data):
    """Scatter of a circle by its radius, 10 cm deep, Khan's definition."""
    depths, sides, values = wide(beam_data / "generic_6x_smr_khan.csv")
    squares = PchipInterpolator(sides, values[list(depths).index(10.0)])
    parts = CubicSpline(KNOTS, np.eye(len(KNOTS)))
    known = np.linspace(0.5, 40, 120)
    rows = [parts(to_edge(-s / 2, s / 2, -s / 2, s / 2)).mean(axis=0) for s in known]
    rows.append(100 * np.eye(len(KNOTS))[0])  # no field has no scatter
    found = np.linalg.lstsq(np.array(rows), np.r_[squares(known), 0], rcond=None)[0]
    return CubicSpline(KNOTS, found)


# Sides X and Y, per cent by which the strips differ from polar integration, of the dose.
RECTANGLES = [
    (10, 10, -0.06), (5, 20, 0.68), (2, 20, -0.26), (1, 20, -0.57), (4, 10, 0.17), (30, 10, 0.61),
    (3, 30, 0.43),
]  # fmt: skip


@pytest.mark.req("R-16")
@pytest.mark.parametrize(("x", "y", "percent"), RECTANGLES)
def test_that_a_rectangle_differs_from_polar_integration_as_the_sheet_says(
    beam_data, of_circles, x, y, percent
):
    shape = (-x / 2, x / 2, -y / 2, y / 2)
    row = calculated(tables_of(generic_6x(beam_data, scatter="khan")), [shape], (0, 0))
    polar = row[TMR0] + of_circles(to_edge(*shape)).mean()
    found = 100 * ((row[TMR0] + row[SMR]) / polar - 1)
    assert found == pytest.approx(percent, abs=0.09)
    assert abs(found) < 0.7


@pytest.mark.req("R-16")
@pytest.mark.parametrize("point", [(2, 0), (0, 3), (4, 0)])
def test_that_off_axis_in_a_square_the_strips_agree_to_two_per_mille(beam_data, of_circles, point):
    shape = (-5, 5, -5, 5)
    row = calculated(tables_of(generic_6x(beam_data, scatter="khan")), [shape], point)
    polar = row[TMR0] + of_circles(to_edge(*shape, point)).mean()
    assert (row[TMR0] + row[SMR]) / polar == pytest.approx(1, abs=0.0025)


@pytest.mark.req("R-16")
def test_that_a_circle_of_leaves_agrees_with_the_circle(beam_data, of_circles):
    """Diameter 10 cm; leaves of 1 cm, their middles on the circle, open 1 % more than it has."""
    tables = tables_of(generic_6x(beam_data, scatter="khan"))
    for step, most in ((1.0, 0.004), (0.2, 0.0025)):
        edges = np.arange(-5, 5 + step / 2, step)
        middles = (edges[1:] + edges[:-1]) / 2
        half = np.sqrt(25 - middles**2)
        strips = list(zip(-half, half, edges[:-1], edges[1:], strict=True))
        row = calculated(tables, strips, (0, 0))
        polar = row[TMR0] + of_circles(5.0)
        assert (row[TMR0] + row[SMR]) / polar == pytest.approx(1, abs=most), step
