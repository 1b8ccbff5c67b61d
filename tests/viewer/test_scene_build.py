"""What may be drawn together, and that everything left out is said."""

import numpy as np
import pytest

from app.viewer.planes import Orientation, view_plane
from app.viewer.scene_build import build_scene, with_dose
from core.dicom.registration import REGISTRATION_CLASS
from core.dicom.rt_set import read_rt_sets
from tests.core.dicom_maker import (
    CONTOURS,
    FRAME,
    OTHER_FRAME,
    clean_set,
    dose,
    gray,
    images,
    lattice,
    registration,
    square,
    structure_set,
)

GRID = lattice(shape=(9, 11, 11), spacing=(3.0, 5.0, 5.0))
SHIFT = np.eye(4)
SHIFT[:3, 3] = [1.0, -2.0, 3.0]


def scene_of(toy, folder, second=None):
    (own,) = read_rt_sets([toy.write(folder)])
    chosen = [one for one in own.doses if second and one.item.sop_uid == second]
    first = next((one for one in own.doses if one not in chosen), None)
    return build_scene(
        own, own.chief_series(), None, own.chief_structures(), first, chosen[0] if chosen else None
    )


def said(scene, words):
    return any(words in one for one in scene.left_out)


@pytest.mark.parametrize("relative_first", [True, False])
def test_that_a_dashed_dose_of_another_unit_is_not_drawn(tmp_path, relative_first):
    toy = clean_set()
    toy.more = [dose(GRID, number=60)]
    (toy.dose if relative_first else toy.more[0]).DoseUnits = "RELATIVE"
    scene = scene_of(toy, tmp_path, toy.more[0].SOPInstanceUID)
    assert scene.dose is not None
    assert scene.second is None
    assert said(scene, "another unit")


def test_that_a_structure_no_volume_follows_from_is_named(tmp_path):
    upright = np.array([(-5.0, 0.0, -5.0), (5.0, 0.0, -5.0), (5.0, 0.0, 5.0), (-5.0, 0.0, 5.0)])
    toy = clean_set(CONTOURS | {"Odd": [square((0, 0, 0)), upright]})
    assert said(scene_of(toy, tmp_path), "Odd is not drawn: the contours lie in more than one")


def test_that_a_set_that_tells_no_frame_says_so(tmp_path):
    toy = clean_set()
    slices = images(lattice(shape=(5, 9, 9), spacing=(3.0, 3.0, 3.0)), frame="")
    toy.images, toy.plan = slices, None
    toy.structures = structure_set(CONTOURS, slices, frame="")
    toy.dose = dose(GRID, frame="")
    assert said(scene_of(toy, tmp_path), "No object tells its frame of reference")


def test_that_structures_are_not_stretched_by_a_registration(tmp_path):
    matrix = np.diag([1.1, 1.1, 1.1, 1.0])
    moving = registration(OTHER_FRAME, FRAME, matrix)
    assert moving.SOPClassUID == REGISTRATION_CLASS
    one = moving.RegistrationSequence[0].MatrixRegistrationSequence[0].MatrixSequence[0]
    one.FrameOfReferenceTransformationMatrixType = "RIGID_SCALE"
    toy = clean_set()
    toy.structures = structure_set(CONTOURS, toy.images, frame=OTHER_FRAME)
    toy.plan, toy.dose, toy.more = None, None, [moving]
    scene = scene_of(toy, tmp_path)
    assert not [one for one in scene.outlines if one.structure.contours]
    assert said(scene, "2 structures are not drawn: their registration scales or shears")


@pytest.mark.req("Y-15")
@pytest.mark.parametrize("linked", [True, False])
def test_that_a_dose_beside_another_is_where_the_registration_puts_it(tmp_path, linked):
    toy = clean_set()
    toy.more = [dose(GRID, number=60, frame=OTHER_FRAME)]
    toy.more += [registration(OTHER_FRAME, FRAME, SHIFT)] if linked else []
    scene = scene_of(toy, tmp_path)
    other = next(one for one in scene.rt_set.doses if one.grid.frame_uid == OTHER_FRAME)
    beside = with_dose(scene, other)
    point = np.array([2.0, 1.0, 3.0])
    if linked:
        assert beside.values_at(point)[1] == pytest.approx(gray(*(point - SHIFT[:3, 3])))
        assert said(beside, "brought over by a registration")
    else:
        assert beside.dose is None
        assert said(beside, "another frame of reference")


def test_that_open_contours_are_drawn_where_they_lie(tmp_path):
    toy = clean_set(CONTOURS | {"Wire": [np.array([(-8.0, 2.0, 0.0), (0, 2, 0), (9, 4, 0)])]})
    wire = toy.structures.ROIContourSequence[-1].ContourSequence[0]
    wire.ContourGeometricType = "OPEN_PLANAR"
    scene = scene_of(toy, tmp_path)
    outline = next(one for one in scene.outlines if one.structure.name == "Wire")
    for z, count in ((0.0, 2), (6.0, 0)):
        view = view_plane(Orientation.AXIAL, scene.box_mm, np.array([0, 0, z]), (200, 200))
        lines = outline.cut(view).lines
        assert len(lines) == count
    view = view_plane(Orientation.AXIAL, scene.box_mm, np.zeros(3), (200, 200))
    first = outline.cut(view).lines[0]
    np.testing.assert_allclose(view.point_mm(*first[:2]), [-8.0, 2.0, 0.0], atol=1e-6)
