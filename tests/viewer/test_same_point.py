"""A picture shows the physical point that it claims: every position, offset form and plane."""

import numpy as np
import pytest

from app.viewer.planes import Orientation, view_plane
from app.viewer.slice_picture import Wash, Window, slice_picture
from core.dicom.pixels import read_volume
from core.dicom.rt_set import read_rt_sets
from core.dose.colour_wash import Scale
from core.dose.geometry import upright_geometry
from core.dose.sample import at_points
from tests.core.dicom_maker import AXES, dose, gray, hounsfield, images, lattice, write

SIZE = (48, 64)
WINDOW = Window(-200.0, 310.0)
GREY_SCALE = Scale("grey", "", ((0, 0, 0), (255, 255, 255)))
STRAIGHT = (Orientation.AXIAL, Orientation.CORONAL, Orientation.SAGITTAL)
OFFSETS = [
    ("a", "rising"), ("a", "falling"), ("b", "rising"), ("b", "falling"),
]  # fmt: skip


def pixels(plane):
    rows, columns = np.meshgrid(range(plane.size[0]), range(plane.size[1]), indexing="ij")
    right, down = plane.right * plane.pixel_mm, plane.down * plane.pixel_mm
    return plane.corner_mm + columns[..., None] * right + rows[..., None] * down


def loaded(folder, position, form="a", way="rising"):
    grid = lattice(position, shape=(9, 11, 13), spacing=(2.75, 2.5, 2.0), centre=(4, -7, 31.5))
    turned = grid.turned_round() if way == "falling" else grid
    write(folder, [*images(grid, position=position), dose(turned, form=form)])
    (own,) = read_rt_sets([folder])
    return own, read_volume(own.chief_series())


def planes(volume):
    box = volume.geometry.box_mm
    for orientation in STRAIGHT:
        yield view_plane(orientation, box, box.mean(axis=0) + 0.6, SIZE)
    slanted = view_plane(Orientation.AXIAL, box, box.mean(axis=0), SIZE)
    yield slanted.turned(np.array([1.0, 0.3, 0.0]), 25.0, box.mean(axis=0))


@pytest.mark.parametrize("position", AXES)
@pytest.mark.parametrize(("form", "way"), OFFSETS)
@pytest.mark.req("Y-10")
def test_that_every_plane_shows_image_and_dose_of_the_physical_point(
    tmp_path, position, form, way
):
    upright = AXES[position] == AXES["HFS"]
    if form == "b" and not upright and position not in ("HFP", "FFS", "FFP"):
        pytest.skip("z positions as offsets are for grids along the patient's axes only")
    own, volume = loaded(tmp_path, position, form, way)
    grid = own.doses[0].grid
    low, high = 0.0, float(grid.values.max())
    wash = Wash(GREY_SCALE, low, high, 1.0)
    for plane in planes(volume):
        points = pixels(plane)
        x, y, z = np.moveaxis(points, -1, 0)
        inside = volume.geometry.holds(points)
        assert inside.mean() > 0.2
        picture = slice_picture(plane, volume, WINDOW, None, None)[..., 0].astype(float)
        wanted = (hounsfield(x, y, z) - WINDOW.low) / (WINDOW.high - WINDOW.low) * 255
        # Stored values are whole HU, and a grey is cut off to whole numbers: one grey is 2 HU.
        assert np.abs(picture - np.clip(wanted, 0, 255))[inside].max() <= 1.6
        coloured = slice_picture(plane, None, WINDOW, grid, wash)[..., 0].astype(float)
        wanted = gray(x, y, z) / high * 255
        covered = grid.geometry.holds(points)
        assert np.abs(coloured - wanted)[covered].max() <= 1.6
        assert (coloured[~grid.geometry.holds(points, margin_index=1e-3)] == 0).all()


def test_that_a_grey_is_the_number_the_probe_tells(tmp_path):
    own, volume = loaded(tmp_path, "HFP")
    del own
    plane = next(planes(volume))
    picture = slice_picture(plane, volume, WINDOW, None, None)[..., 0].astype(float)
    told = at_points(volume, pixels(plane))
    inside = np.isfinite(told)
    grey = np.clip((told - WINDOW.low) / (WINDOW.high - WINDOW.low) * 255, 0, 255)
    assert np.abs(picture - grey)[inside].max() <= 1.01


def test_that_nothing_is_drawn_in_the_gap_of_missing_slices(tmp_path):
    grid = lattice(shape=(9, 11, 13), spacing=(2.0, 2.5, 2.0)).with_offsets([0, 2, 4, 10, 12, 14])
    write(tmp_path, images(grid))
    (own,) = read_rt_sets([tmp_path])
    volume = read_volume(own.chief_series())
    box = volume.geometry.box_mm
    plane = view_plane(Orientation.CORONAL, box, box.mean(axis=0), SIZE)
    picture = slice_picture(plane, volume, Window(-2000.0, -1000.0), None, None)[..., 0]
    height = pixels(plane)[:, 0, 2] - box[0, 2]
    middle = picture[:, SIZE[1] // 2]
    assert (middle[(height > 4.2) & (height < 9.8)] == 0).all()
    assert (middle[(height > 0) & (height < 3.9)] == 255).all()
    assert (middle[(height > 10.1) & (height < 13.9)] == 255).all()


@pytest.mark.parametrize(
    ("orientation", "letters"),
    [
        (Orientation.AXIAL, ("R", "L", "A", "P")),
        (Orientation.CORONAL, ("R", "L", "H", "F")),
        (Orientation.SAGITTAL, ("A", "P", "H", "F")),
    ],
)
def test_that_the_letters_are_those_of_the_patient(orientation, letters):
    box = upright_geometry((0, 0, 0), (1, 1, 1), (10, 10, 10)).box_mm
    plane = view_plane(orientation, box, box.mean(axis=0), SIZE)
    assert plane.letters == letters
    assert np.allclose(plane.point_mm(*plane.pixels(np.array([1.0, 2.0, 3.0]))) @ plane.right,
                       np.array([1.0, 2.0, 3.0]) @ plane.right)  # fmt: skip
