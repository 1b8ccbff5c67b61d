"""Isodose lines against mathematics: where they lie, whatever the zoom, plane and voxels."""

import numpy as np
import pytest

from app.viewer.isodoses import isodoses_on
from app.viewer.planes import Orientation, view_plane
from core.dose.colour_wash import Scale, scales
from core.dose.geometry import Grid, upright_geometry
from core.dose.isodose import isodose_lines

CENTRE = np.array([3.0, -4.0, 7.0])
HIGHEST_GY = 60.0
BOX = np.array([CENTRE - 60.0, CENTRE + 60.0])


def grid_of(dose, spacing_mm, reach_mm=54.0):
    """Dose on a grid whose voxels lie anywhere but on whole millimetres."""
    count = int(2 * reach_mm / spacing_mm) + 1
    start = CENTRE - reach_mm + 0.37
    geometry = upright_geometry(start, (spacing_mm,) * 3, (count,) * 3)
    along = np.arange(count) * spacing_mm
    z, y, x = np.meshgrid(along, along, along, indexing="ij")
    values = dose(x + start[0], y + start[1], z + start[2])
    return Grid(geometry, values.astype(np.float32), "f")


def ball(x, y, z):
    """1 Gy less for each mm from the centre: an isodose is a sphere."""
    return HIGHEST_GY - np.sqrt((x - CENTRE[0]) ** 2 + (y - CENTRE[1]) ** 2 + (z - CENTRE[2]) ** 2)


def in_mm(plane, lines):
    return np.concatenate(
        [[plane.point_mm(float(column), float(row)) for column, row in line] for line in lines]
    )


@pytest.mark.req("Y-10")
@pytest.mark.parametrize("spacing_mm", [1.5, 3.0])
@pytest.mark.parametrize("size", [(90, 120), (600, 800)])
@pytest.mark.parametrize(
    "orientation", [Orientation.AXIAL, Orientation.CORONAL, Orientation.SAGITTAL]
)
@pytest.mark.parametrize("turn_deg", [0.0, 33.0])
def test_that_the_line_of_a_sphere_is_its_circle_in_every_plane(
    orientation, size, spacing_mm, turn_deg
):
    above_mm = 8.0
    plane = view_plane(orientation, BOX, CENTRE, size)
    plane = plane.turned(np.array([1.0, 0.4, 0.2]), turn_deg, CENTRE)
    plane = plane.through(CENTRE + above_mm * plane.normal)
    dose = grid_of(ball, spacing_mm)
    for radius_mm in (15.0, 30.0, 45.0):
        ((level, lines),) = isodoses_on(dose, plane, (HIGHEST_GY - radius_mm,))
        assert level == HIGHEST_GY - radius_mm
        points = in_mm(plane, lines)
        away_mm = np.linalg.norm(points - CENTRE, axis=1)
        # Straight pieces between voxels of a curved dose: a tenth of a voxel at the most.
        assert np.abs(away_mm - radius_mm).max() < 0.1 * spacing_mm
        assert np.abs((points - CENTRE) @ plane.normal - above_mm).max() < 1e-6
        around = np.arctan2(*((points - CENTRE) @ np.stack([plane.right, plane.down], axis=1)).T)
        assert len(np.unique(np.floor((around + np.pi) / (np.pi / 8)))) >= 16


def test_that_a_level_lies_where_a_rising_dose_has_it():
    dose = grid_of(lambda x, y, z: 0.5 * x + 20 + 0 * (y + z), 2.5)
    plane = view_plane(Orientation.AXIAL, BOX, CENTRE, (300, 300))
    for level, lines in isodoses_on(dose, plane, (15.0, 20.0, 27.5)):
        assert np.abs(in_mm(plane, lines)[:, 0] - (level - 20) / 0.5).max() < 1e-4


def test_that_no_line_is_drawn_where_there_is_no_dose():
    dose = grid_of(ball, 2.0, reach_mm=20.0)
    plane = view_plane(Orientation.AXIAL, BOX, CENTRE, (300, 300))
    ((_, wide), (_, near)) = isodoses_on(dose, plane, (HIGHEST_GY - 24.0, HIGHEST_GY - 10.0))
    # The sphere leaves the grid: its line ends there and does not follow the grid's edge.
    points = in_mm(plane, wide)
    assert np.abs(np.linalg.norm(points - CENTRE, axis=1) - 24.0).max() < 0.3
    assert len(wide) == 4
    assert len(near) == 1
    beside = plane.through(CENTRE + np.array([0.0, 0.0, 40.0]))
    assert isodoses_on(dose, beside, (50.0,))[0][1] == ()


def test_that_a_level_nobody_reaches_has_no_line_and_none_asked_for_gives_none():
    dose, plane = grid_of(ball, 3.0), view_plane(Orientation.AXIAL, BOX, CENTRE, (100, 100))
    assert isodoses_on(dose, plane, (HIGHEST_GY + 1.0,))[0][1] == ()
    assert isodoses_on(dose, plane, ()) == ()
    assert isodose_lines(np.ones((1, 5), np.float32), (0.5,))[0].lines == ()


@pytest.mark.req("O-04")
def test_that_the_wash_goes_evenly_from_the_lower_to_the_upper_threshold():
    scale = Scale("s", "", ((0, 0, 0), (100, 200, 50)))
    doses = np.array([-5.0, 10.0, 20.0, 30.0, 99.0])
    colours = scale.colours_of(doses, 10.0, 30.0)
    assert colours[0].tolist() == colours[1].tolist() == [0, 0, 0]
    assert np.abs(colours[2].astype(int) - [50, 100, 25]).max() <= 1
    assert colours[3].tolist() == colours[4].tolist() == [100, 200, 50]


@pytest.mark.parametrize("scale", scales(), ids=lambda one: one.id)
def test_that_neighbouring_doses_of_a_shipped_scale_differ_by_little(scale):
    steps = np.abs(np.diff(scale.table().astype(int), axis=0)).max()
    assert steps <= 8
    assert len(np.unique(scale.table(), axis=0)) > 100
