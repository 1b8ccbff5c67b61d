"""Registrations read from objects written to disc, and the paths between frames."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from pydicom.valuerep import format_number_as_ds
from scipy.spatial.transform import Rotation

from core.dicom.files import read_items
from core.dicom.registration import (
    DEFORMABLE_CLASS,
    REGISTRATION_CLASS,
    Registration,
    UnusableRegistrationError,
    is_rigid,
    link,
    moved,
    read_registrations,
)
from core.dose.geometry import Geometry, Grid, upright_geometry
from core.dose.sample import at_points
from core.errors import UnreadableRecordError

FIXED, MOVING, THIRD, FOURTH = (f"1.2.3.{number}" for number in (1, 2, 3, 4))


def rigid(angles=(0, 0, 0), shift=(0, 0, 0)):
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    matrix[:3, 3] = shift
    return matrix


def scaled(*factors):
    return np.diag([*factors, 1.0])


def matrix_item(matrix, kind="RIGID"):
    one = Dataset()
    one.FrameOfReferenceTransformationMatrixType = kind
    one.FrameOfReferenceTransformationMatrix = [
        format_number_as_ds(float(value)) for value in np.ravel(matrix)
    ]
    return one


def entry(frame, *matrices, comment=""):
    group = Dataset()
    if comment:
        group.FrameOfReferenceTransformationComment = comment
    group.RegistrationTypeCodeSequence = Sequence([])
    group.MatrixSequence = Sequence(matrices)
    one = Dataset()
    if frame:
        one.FrameOfReferenceUID = frame
    one.MatrixRegistrationSequence = Sequence([group])
    return one


def registration_object(entries, to_frame=FIXED, sop_class=REGISTRATION_CLASS):
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = sop_class
    data.SOPClassUID = sop_class
    data.SOPInstanceUID = generate_uid()
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.Modality = "REG"
    data.ContentLabel = "MATCH"
    if to_frame:
        data.FrameOfReferenceUID = to_frame
    data.RegistrationSequence = Sequence(entries)
    return data


@pytest.fixture
def stored(tmp_path):
    """Write an object and return it as the program reads it."""

    def store(data):
        path = tmp_path / "reg.dcm"
        data.save_as(path, enforce_file_format=True)
        (item,), refused = read_items([path])
        assert refused == []
        return item

    return store


def known(from_frame, to_frame, matrix):
    return Registration(None, from_frame, to_frame, matrix, "")


def mapped(matrix, point):
    return (matrix @ [*point, 1.0])[:3]


def test_that_a_registration_leads_from_its_own_frame_into_that_of_the_object(stored):
    matrix = rigid((10, -20, 30), (5, -6, 7))
    item = stored(registration_object([entry(MOVING, matrix_item(matrix), comment="bones")]))
    assert item.modality == "REG"
    (found,) = read_registrations(item)
    assert (found.item, found.from_frame, found.to_frame) == (item, MOVING, FIXED)
    assert found.label == "bones"
    assert found.is_rigid
    assert found.matrix.shape == (4, 4)
    assert found.matrix.dtype == np.float64
    np.testing.assert_allclose(found.matrix, matrix, atol=1e-11)


def test_that_the_matrix_is_read_row_by_row_so_that_a_shift_moves_points(stored):
    item = stored(registration_object([entry(MOVING, matrix_item(rigid(shift=(1, 2, 3))))]))
    (found,) = read_registrations(item)
    assert mapped(found.matrix, (10, 20, 30)) == pytest.approx((11, 22, 33))


def test_that_a_quarter_turn_about_z_takes_x_to_y(stored):
    item = stored(registration_object([entry(MOVING, matrix_item(rigid((0, 0, 90))))]))
    (found,) = read_registrations(item)
    assert mapped(found.matrix, (1, 0, 0)) == pytest.approx((0, 1, 0), abs=1e-11)


def test_that_the_identity_of_the_registered_frame_is_left_out(stored):
    entries = [
        entry(FIXED, matrix_item(np.eye(4))),
        entry(MOVING, matrix_item(rigid(shift=(1, 0, 0)))),
        entry(THIRD, matrix_item(rigid(shift=(0, 1, 0)))),
    ]
    found = read_registrations(stored(registration_object(entries)))
    assert [one.from_frame for one in found] == [MOVING, THIRD]
    assert {one.to_frame for one in found} == {FIXED}


def test_that_the_label_of_the_object_stands_in_for_a_missing_comment(stored):
    item = stored(registration_object([entry(MOVING, matrix_item(np.eye(4)))]))
    assert read_registrations(item)[0].label == "MATCH"


def test_that_several_matrices_are_multiplied(stored):
    one, two = rigid(shift=(1, 2, 3)), rigid(shift=(10, 20, 30))
    item = stored(registration_object([entry(MOVING, matrix_item(one), matrix_item(two))]))
    np.testing.assert_allclose(read_registrations(item)[0].matrix, rigid(shift=(11, 22, 33)))


def test_that_turns_about_one_axis_are_multiplied(stored):
    pair = matrix_item(rigid((0, 0, 20))), matrix_item(rigid((0, 0, 25)))
    item = stored(registration_object([entry(MOVING, *pair)]))
    np.testing.assert_allclose(read_registrations(item)[0].matrix, rigid((0, 0, 45)), atol=1e-10)


def test_that_matrices_whose_order_matters_are_refused(stored):
    pair = matrix_item(rigid((0, 0, 90))), matrix_item(rigid(shift=(10, 0, 0)))
    item = stored(registration_object([entry(MOVING, *pair)]))
    with pytest.raises(UnusableRegistrationError, match=r"2 matrices whose order") as caught:
        read_registrations(item)
    assert caught.value.where == "reg.dcm, registration 1"
    assert caught.value.remedy == "Export the registration as a single matrix."


@pytest.mark.parametrize(
    ("matrix", "kind"),
    [
        (scaled(1.1, 0.9, 1.0), "RIGID_SCALE"),
        (rigid((5, 6, 7)) @ scaled(1.1, 0.9, 1.0), "RIGID_SCALE"),
        (scaled(1.1, 0.9, 1.0) @ rigid((5, 6, 7)), "RIGID_SCALE"),
        (np.array([[1, 0.2, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]), "AFFINE"),
    ],
)
def test_that_scaling_and_shearing_are_read_where_the_type_says_so(stored, matrix, kind):
    item = stored(registration_object([entry(MOVING, matrix_item(matrix, kind))]))
    (found,) = read_registrations(item)
    np.testing.assert_allclose(found.matrix, matrix, atol=1e-11)
    assert not found.is_rigid


SHEAR = np.array([[1, 0.2, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
BAD_ROW = np.eye(4) + np.array([[0] * 4, [0] * 4, [0] * 4, [0, 0, 5, 0]])


@pytest.mark.parametrize(
    ("one", "error", "says"),
    [
        (matrix_item(np.eye(3)), UnreadableRecordError, "Matrix has 9 values; 16 numbers must"),
        (matrix_item(BAD_ROW), UnreadableRecordError, "last row of the matrix is 0 0 5 1"),
        (matrix_item(SHEAR), UnreadableRecordError, "called RIGID but its axes"),
        (matrix_item(scaled(1.01, 1, 1)), UnreadableRecordError, "called RIGID but its axes"),
        (matrix_item(SHEAR, "RIGID_SCALE"), UnreadableRecordError, "RIGID_SCALE but it shears"),
        (matrix_item(np.eye(4), "SPLINE"), UnreadableRecordError, "type 'SPLINE' is none of"),
        (matrix_item(scaled(1, 1, -1)), UnusableRegistrationError, "mirrors the patient"),
        (matrix_item(scaled(1, 1, -1), "AFFINE"), UnusableRegistrationError, "mirrors"),
        (matrix_item(scaled(1, 1, 0), "AFFINE"), UnusableRegistrationError, "flattens space"),
    ],
)
def test_that_an_impossible_matrix_is_refused_in_words(stored, one, error, says):
    item = stored(registration_object([entry(MOVING, one)]))
    with pytest.raises(error, match=says) as caught:
        read_registrations(item)
    assert caught.value.where == "reg.dcm, registration 1, matrix 1"
    assert caught.value.remedy


@pytest.mark.parametrize("kind", ["RIGID", "AFFINE"])
def test_that_rounding_in_the_file_is_no_reason_to_refuse(stored, kind):
    rounded = np.round(rigid((11, 22, 33), (1, 2, 3)), 4)
    item = stored(registration_object([entry(MOVING, matrix_item(rounded, kind))]))
    assert read_registrations(item)[0].is_rigid


@pytest.mark.parametrize(
    ("data", "error", "says"),
    [
        (registration_object([]), UnreadableRecordError, "RegistrationSequence is missing"),
        (
            registration_object([entry(MOVING)]),
            UnreadableRecordError,
            "MatrixSequence is missing or empty",
        ),
        (
            registration_object([entry(MOVING, matrix_item(np.eye(4)))], to_frame=""),
            UnreadableRecordError,
            "FrameOfReferenceUID of the registered frame",
        ),
        (
            registration_object([entry("", matrix_item(np.eye(4)))]),
            UnusableRegistrationError,
            "names images but no frame",
        ),
        (
            registration_object([entry(FIXED, matrix_item(rigid(shift=(1, 0, 0))))]),
            UnusableRegistrationError,
            "moved within itself",
        ),
        (
            registration_object([], sop_class=DEFORMABLE_CLASS),
            UnusableRegistrationError,
            "this registration is deformable",
        ),
        (
            registration_object([], sop_class="1.2.840.10008.5.1.4.1.1.66.2"),
            UnusableRegistrationError,
            "no spatial registration",
        ),
    ],
)
def test_that_an_object_without_a_usable_registration_is_refused(stored, data, error, says):
    with pytest.raises(error, match=says) as caught:
        read_registrations(stored(data))
    assert caught.value.where.startswith("reg.dcm")
    assert caught.value.remedy


def test_that_an_item_without_matrices_is_refused(stored):
    bare = Dataset()
    bare.FrameOfReferenceUID = MOVING
    with pytest.raises(UnreadableRecordError, match="MatrixRegistrationSequence has 0 items"):
        read_registrations(stored(registration_object([bare])))


def test_that_a_frame_is_linked_to_itself_by_the_identity():
    np.testing.assert_array_equal(link((), FIXED, FIXED), np.eye(4))


@pytest.mark.parametrize("frames", [("", ""), (FIXED, ""), ("", FIXED), (FIXED, MOVING)])
def test_that_nothing_links_frames_not_told_or_not_registered(frames):
    assert link((), *frames) is None
    assert link([known(THIRD, FOURTH, np.eye(4))], *frames) is None


def test_that_a_registration_links_forwards_and_backwards():
    matrix = rigid((10, 20, 30), (1, 2, 3))
    registrations = [known(MOVING, FIXED, matrix)]
    np.testing.assert_allclose(link(registrations, MOVING, FIXED), matrix)
    np.testing.assert_allclose(link(registrations, FIXED, MOVING), np.linalg.inv(matrix))


def test_that_a_chain_multiplies_forward_and_inverse_matrices():
    a, b, c = rigid((10, 0, 0), (1, 2, 3)), rigid((0, 20, 0), (4, 5, 6)), scaled(2, 1, 1)
    registrations = [known(MOVING, FIXED, a), known(MOVING, THIRD, b), known(FOURTH, THIRD, c)]
    found = link(registrations, FIXED, FOURTH)
    point = np.array([7.0, -8.0, 9.0])
    by_hand = mapped(np.linalg.inv(c), mapped(b, mapped(np.linalg.inv(a), point)))
    assert mapped(found, point) == pytest.approx(by_hand)


def test_that_the_shortest_path_is_taken_whatever_the_order():
    direct, detour = rigid(shift=(1, 0, 0)), rigid(shift=(50, 0, 0))
    registrations = [
        known(MOVING, THIRD, detour),
        known(THIRD, FIXED, detour),
        known(MOVING, FIXED, direct),
    ]
    for several in (registrations, registrations[::-1]):
        np.testing.assert_allclose(link(several, MOVING, FIXED), direct)


def test_that_of_two_equal_paths_the_earlier_registration_is_used():
    first, second = rigid(shift=(1, 0, 0)), rigid(shift=(2, 0, 0))
    several = [known(MOVING, FIXED, first), known(MOVING, FIXED, second)]
    np.testing.assert_allclose(link(several, MOVING, FIXED), first)


def test_that_a_ring_of_registrations_ends():
    ring = [known(FIXED, MOVING, np.eye(4)), known(MOVING, FIXED, np.eye(4))]
    assert link(ring, FIXED, THIRD) is None


angles = st.tuples(*[st.floats(-180, 180)] * 3)
shifts = st.tuples(*[st.floats(-500, 500)] * 3)


@settings(deadline=None)  # a busy machine is no fault
@given(angles, shifts, angles, shifts)
def test_that_there_and_back_is_the_identity(turn_a, shift_a, turn_b, shift_b):
    several = [
        known(MOVING, FIXED, rigid(turn_a, shift_a)),
        known(THIRD, FIXED, rigid(turn_b, shift_b)),
    ]
    there, back = link(several, MOVING, THIRD), link(several, THIRD, MOVING)
    np.testing.assert_allclose(there @ back, np.eye(4), atol=1e-9)


def turned_geometry():
    x, y, z = rigid((5, 10, 15))[:3, :3].T
    offsets = np.array([0.0, 2.0, 4.5, 6.0])
    return Geometry(np.array([-10.0, 5.0, 20.0]), x, y, z, 2.5, 1.5, offsets, (4, 5, 6))


@settings(deadline=None)  # the first example compiles
@given(angles, shifts)
def test_that_a_moved_grid_has_the_same_values_at_moved_points(turn, shift):
    matrix = rigid(turn, shift)
    geometry = turned_geometry()
    values = np.random.default_rng(1).random(geometry.shape, dtype=np.float32)
    inside = np.random.default_rng(2).uniform(0.1, 2.9, (50, 3))
    points = geometry.points_mm(inside)
    there = points @ matrix[:3, :3].T + matrix[:3, 3]
    before = at_points(Grid(geometry, values, MOVING), points)
    after = at_points(Grid(moved(geometry, matrix), values, FIXED), there)
    assert not np.isnan(before).any()
    np.testing.assert_allclose(after, before, atol=1e-5)


def test_that_axes_stay_unit_vectors_although_the_matrix_is_rounded():
    rounded = np.round(rigid((11, 22, 33), (1, 2, 3)), 3)
    there = moved(upright_geometry((1, 2, 3), (1, 1, 1), (2, 2, 2)), rounded)
    np.testing.assert_allclose(there.axes.T @ there.axes, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(there.origin_mm, mapped(rounded, (1, 2, 3)))


@pytest.mark.parametrize("matrix", [scaled(1.01, 1, 1), SHEAR, scaled(1, 1, -1), scaled(1, 1, 0)])
def test_that_a_grid_is_not_moved_by_what_is_not_rigid(matrix):
    assert not is_rigid(matrix)
    with pytest.raises(UnusableRegistrationError, match="scales, shears or mirrors"):
        moved(turned_geometry(), matrix)
