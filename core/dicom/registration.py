"""Spatial Registration objects: how one frame of reference lies in another.

Source: DICOM PS3.3 C.20.2 (Spatial Registration Module), C.20.2.1.1 and C.20.2.1.2 (matrices).
A matrix takes points as columns: new = matrix @ (x, y, z, 1), in millimetres.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from pydicom.dataset import Dataset

from core.dicom.files import Item
from core.dicom.values import EXPORT_AGAIN, items, need_numbers, text
from core.dose.geometry import Floats, Geometry
from core.errors import RemedyError, UnreadableRecordError

REGISTRATION_CLASS = "1.2.840.10008.5.1.4.1.1.66.1"
DEFORMABLE_CLASS = "1.2.840.10008.5.1.4.1.1.66.3"
KINDS = ("RIGID", "RIGID_SCALE", "AFFINE")
# Values in files are rounded; 1e-3 moves a point 300 mm away by 0.3 mm.
ORTHONORMAL = 1e-3
# Below this share of the volume a matrix flattens space and cannot be inverted.
SMALLEST_DETERMINANT = 1e-6
# Within this distance of the origin, in mm, the order of several matrices must not matter...
REACH_MM = 1000.0
# ... by more than this.
ORDER_MM = 0.1
ANOTHER = "Choose a rigid registration, or register the images again."


class UnusableRegistrationError(RemedyError):
    """A registration is there, but of a kind by which no dose may be moved."""


@dataclass(frozen=True, eq=False)
class Registration:
    """Where one frame of reference lies in another.

    Attributes:
        item: The object it was read from.
        from_frame: FrameOfReferenceUID of the points that the matrix takes.
        to_frame: FrameOfReferenceUID of the points that it gives: the registered frame.
        matrix: Maps points of `from_frame` into `to_frame`; shape (4, 4), float64, mm.
        label: Comment or label for lists; empty when there is none.

    """

    item: Item
    from_frame: str
    to_frame: str
    matrix: Floats
    label: str

    @property
    def is_rigid(self) -> bool:
        """Whether it only turns and shifts, to 1e-3, whatever type the file tells."""
        return is_rigid(self.matrix)


def read_registrations(item: Item) -> tuple[Registration, ...]:
    """Return the registrations of one object, in the order of the file.

    Each item of RegistrationSequence maps its own frame into the frame of the object itself
    (C.20.2). An item for that very frame holds the identity; it is left out.

    Raises:
        UnusableRegistrationError: It is deformable or no registration, a matrix mirrors or
            flattens, an item names images only, or moves a frame within itself.
        UnreadableRecordError: A frame or matrix is missing, has not 4 x 4 numbers, another last
            row than 0 0 0 1, an unknown type, or is not what its type says.

    """
    where = item.source.name
    _refuse_other_classes(item, where)
    to_frame = text(item.header, "FrameOfReferenceUID")
    if not to_frame:
        raise UnreadableRecordError(
            "FrameOfReferenceUID of the registered frame is missing",
            where=where,
            remedy=EXPORT_AGAIN,
        )
    entries = items(item.header, "RegistrationSequence")
    if not entries:
        raise UnreadableRecordError(
            "RegistrationSequence is missing or empty", where=where, remedy=EXPORT_AGAIN
        )
    found = (
        _registration(item, entry, to_frame, f"{where}, registration {number}")
        for number, entry in enumerate(entries, start=1)
    )
    return tuple(one for one in found if one is not None)


def link(registrations: Sequence[Registration], from_frame: str, to_frame: str) -> Floats | None:
    """Return the matrix that maps points of `from_frame` into `to_frame`; shape (4, 4), mm.

    Registrations are used forwards and backwards, along the path with the fewest of them. Where
    two paths are equally short, the registration that comes earlier in `registrations` is used.
    Equal frames give the identity; None is returned without a path or for a frame not told.

    """
    if not (from_frame and to_frame):
        return None
    reached: dict[str, Floats] = {from_frame: np.eye(4)}
    waiting = deque([from_frame])
    while waiting and to_frame not in reached:
        frame = waiting.popleft()
        for neighbour, step in _steps_from(registrations, frame):
            if neighbour not in reached:
                reached[neighbour] = step @ reached[frame]
                waiting.append(neighbour)
    return reached.get(to_frame)


def moved(grid_geometry: Geometry, matrix: Floats) -> Geometry:
    """Return the same voxels in the frame into which a rigid matrix maps.

    The first voxel goes where the matrix puts it; the axes take the nearest true rotation, so
    that they stay unit vectors although the matrix is rounded.

    Args:
        grid_geometry: Where the voxels lie in the matrix' own frame.
        matrix: Shape (4, 4), mm.

    Raises:
        UnusableRegistrationError: The matrix scales, shears or mirrors.

    """
    if not is_rigid(matrix):
        raise UnusableRegistrationError(
            "the registration does not only turn and shift but scales, shears or mirrors",
            where="4 x 4 matrix of the registration",
            remedy=ANOTHER,
        )
    left, _, right = np.linalg.svd(matrix[:3, :3])
    turn = left @ right
    return replace(
        grid_geometry,
        origin_mm=matrix[:3, :3] @ grid_geometry.origin_mm + matrix[:3, 3],
        along_columns=turn @ grid_geometry.along_columns,
        along_rows=turn @ grid_geometry.along_rows,
        along_slices=turn @ grid_geometry.along_slices,
    )


def is_rigid(matrix: Floats) -> bool:
    """Return whether a (4, 4) matrix only turns and shifts, to 1e-3; a mirror does not."""
    turn = matrix[:3, :3]
    return _is_orthonormal(turn) and float(np.linalg.det(turn)) > 0


def _is_orthonormal(turn: Floats) -> bool:
    return bool(np.abs(turn.T @ turn - np.eye(3)).max() <= ORTHONORMAL)


def _refuse_other_classes(item: Item, where: str) -> None:
    sop_class = item.text("SOPClassUID")
    deformable = "DeformableRegistrationSequence" in item.header
    if sop_class == DEFORMABLE_CLASS or deformable:
        raise UnusableRegistrationError(
            "this registration is deformable: it moves each point differently, and no dose is "
            "moved by it here",
            where=where,
            remedy=ANOTHER,
        )
    if sop_class != REGISTRATION_CLASS:
        raise UnusableRegistrationError(
            f"the object is no spatial registration but of class '{sop_class}'",
            where=where,
            remedy="Choose a file of modality REG.",
        )


def _registration(item: Item, entry: Dataset, to_frame: str, where: str) -> Registration | None:
    """Return one item of RegistrationSequence; None for the identity of the registered frame."""
    from_frame = text(entry, "FrameOfReferenceUID")
    if not from_frame:
        raise UnusableRegistrationError(
            "the registration names images but no frame of reference",
            where=where,
            remedy="Export it with the FrameOfReferenceUID of each item.",
        )
    groups = items(entry, "MatrixRegistrationSequence")
    if len(groups) != 1:
        raise UnreadableRecordError(
            f"MatrixRegistrationSequence has {len(groups)} items; there must be one",
            where=where,
            remedy=EXPORT_AGAIN,
        )
    matrix = _product(groups[0], where)
    if from_frame == to_frame:
        if not np.allclose(matrix, np.eye(4), atol=1e-6):
            raise UnusableRegistrationError(
                "a frame of reference is moved within itself, so nobody can tell for which of "
                "its objects that holds",
                where=where,
                remedy=ANOTHER,
            )
        return None
    return Registration(item, from_frame, to_frame, matrix, _label(item, groups[0]))


def _label(item: Item, group: Dataset) -> str:
    words = (
        text(group, "FrameOfReferenceTransformationComment"),
        item.text("ContentDescription"),
        item.text("ContentLabel"),
        item.text("SeriesDescription"),
    )
    return next((word for word in words if word), "")


def _product(group: Dataset, where: str) -> Floats:
    """Return the product of the matrices, the first of the file applied first.

    C.20.2.1.1 lets several matrices make one registration. Read in the other order they must
    give the same, to 0.1 mm within 1 m: files whose meaning hangs on the order are refused.

    """
    matrices = [
        _matrix(one, f"{where}, matrix {number}")
        for number, one in enumerate(items(group, "MatrixSequence"), start=1)
    ]
    if not matrices:
        raise UnreadableRecordError(
            "MatrixSequence is missing or empty", where=where, remedy=EXPORT_AGAIN
        )
    product, reverse = np.eye(4), np.eye(4)
    for matrix in matrices:
        product, reverse = matrix @ product, reverse @ matrix
    difference = np.abs(product - reverse)
    apart_mm = float(difference[:3, :3].max()) * REACH_MM + float(difference[:3, 3].max())
    if apart_mm > ORDER_MM:
        raise UnusableRegistrationError(
            f"the registration is made of {len(matrices)} matrices whose order moves points by "
            f"up to {apart_mm:.1f} mm",
            where=where,
            remedy="Export the registration as a single matrix.",
        )
    return product


def _matrix(one: Dataset, where: str) -> Floats:
    kind = text(one, "FrameOfReferenceTransformationMatrixType").upper()
    if kind not in KINDS:
        raise UnreadableRecordError(
            f"the matrix type '{kind}' is none of RIGID, RIGID_SCALE, AFFINE",
            where=where,
            remedy=EXPORT_AGAIN,
        )
    matrix = need_numbers(one, "FrameOfReferenceTransformationMatrix", 16, where).reshape(4, 4)
    if not np.allclose(matrix[3], (0, 0, 0, 1), rtol=0, atol=1e-6):
        row = " ".join(f"{value:g}" for value in matrix[3])
        raise UnreadableRecordError(
            f"the last row of the matrix is {row} instead of 0 0 0 1",
            where=where,
            remedy=EXPORT_AGAIN,
        )
    matrix[3] = (0, 0, 0, 1)
    _refuse_mirrors(matrix, where)
    _refuse_mislabelled(matrix[:3, :3], kind, where)
    return matrix


def _refuse_mirrors(matrix: Floats, where: str) -> None:
    determinant = float(np.linalg.det(matrix[:3, :3]))
    if determinant < SMALLEST_DETERMINANT:
        does = "mirrors the patient" if determinant < -SMALLEST_DETERMINANT else "flattens space"
        raise UnusableRegistrationError(
            f"the matrix {does} (determinant {determinant:.3g})", where=where, remedy=ANOTHER
        )


def _refuse_mislabelled(turn: Floats, kind: str, where: str) -> None:
    """Refuse a RIGID matrix that scales or shears, and a RIGID_SCALE one that shears."""
    if kind == "RIGID" and not _is_orthonormal(turn):
        raise UnreadableRecordError(
            "the matrix is called RIGID but its axes are no perpendicular unit vectors",
            where=where,
            remedy=EXPORT_AGAIN,
        )
    if kind == "RIGID_SCALE" and not (_is_diagonal(turn @ turn.T) or _is_diagonal(turn.T @ turn)):
        raise UnreadableRecordError(
            "the matrix is called RIGID_SCALE but it shears", where=where, remedy=EXPORT_AGAIN
        )


def _is_diagonal(products: Floats) -> bool:
    """Whether vectors are perpendicular, from their products; scaled before or after turning."""
    lengths = np.sqrt(np.diag(products))
    return bool(np.abs(products / np.outer(lengths, lengths) - np.eye(3)).max() <= ORTHONORMAL)


def _steps_from(registrations: Sequence[Registration], frame: str) -> list[tuple[str, Floats]]:
    """Return the neighbours of a frame, each with the matrix that leads to it."""
    steps: list[tuple[str, Floats]] = []
    for one in registrations:
        if one.from_frame == frame:
            steps.append((one.to_frame, one.matrix))
        elif one.to_frame == frame:
            steps.append((one.from_frame, np.linalg.inv(one.matrix).astype(np.float64)))
    return steps
