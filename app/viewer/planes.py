"""View planes: which part of the patient a picture shows, and which pixel is which point."""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from core.dose.geometry import Floats

# The letter of each direction of patient coordinates: left, right, back, front, head, feet.
LETTERS = (("L", "R"), ("P", "A"), ("H", "F"))


# How much more than the patient a view shows at first: room for letters and legend.
MARGIN = 1.12


class Orientation(StrEnum):
    """The usual planes; oblique is any other."""

    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"
    OBLIQUE = "oblique"


# To the right and down on the screen, in patient coordinates: axial seen from the feet, coronal
# from the front, sagittal from the patient's left, head up.
DIRECTIONS = {
    Orientation.AXIAL: ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    Orientation.CORONAL: ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
    Orientation.SAGITTAL: ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
}


@dataclass(frozen=True, eq=False, slots=True)
class ViewPlane:
    """A picture's place in the patient.

    Attributes:
        orientation: What the user calls it.
        centre_mm: Patient point in the middle of the picture.
        right: Unit vector to the right on the screen.
        down: Unit vector down on the screen.
        pixel_mm: Size of a pixel.
        size: Height and width in pixels.

    """

    orientation: Orientation
    centre_mm: Floats
    right: Floats
    down: Floats
    pixel_mm: float
    size: tuple[int, int]

    @property
    def normal(self) -> Floats:
        """Unit vector away from the viewer."""
        return np.cross(self.right, self.down)

    @property
    def corner_mm(self) -> Floats:
        """Patient point of the centre of the first pixel."""
        height, width = self.size
        across = self.right * ((width - 1) / 2) + self.down * ((height - 1) / 2)
        return self.centre_mm - across * self.pixel_mm

    def pixels(self, points_mm: npt.ArrayLike) -> Floats:
        """Return the pixel of patient points, seen along the normal; shape (..., 2)."""
        away = np.asarray(points_mm, dtype=np.float64) - self.corner_mm
        return np.stack([away @ self.right, away @ self.down], axis=-1) / self.pixel_mm

    def point_mm(self, column: float, row: float) -> Floats:
        """Return the patient point of a pixel."""
        return np.asarray(self.corner_mm + (self.right * column + self.down * row) * self.pixel_mm)

    def depth_mm(self, points_mm: npt.ArrayLike) -> Floats:
        """Return the distance of patient points behind the plane; shape (...)."""
        return np.asarray((np.asarray(points_mm) - self.centre_mm) @ self.normal)

    def through(self, point_mm: Floats) -> "ViewPlane":
        """Return the plane moved along its normal so that it holds a point."""
        shift = float((point_mm - self.centre_mm) @ self.normal)
        return replace(self, centre_mm=self.centre_mm + shift * self.normal)

    def moved(self, along_mm: float) -> "ViewPlane":
        """Return the plane moved along its normal."""
        return replace(self, centre_mm=self.centre_mm + along_mm * self.normal)

    def zoomed(self, factor: float, keep_mm: Floats) -> "ViewPlane":
        """Return the plane with smaller (factor over 1) pixels; `keep_mm` stays where it is."""
        pixel_mm = min(max(self.pixel_mm / factor, 0.01), 10.0)
        centre = keep_mm + (self.centre_mm - keep_mm) * (pixel_mm / self.pixel_mm)
        return replace(self, pixel_mm=pixel_mm, centre_mm=centre)

    def panned(self, columns: float, rows: float) -> "ViewPlane":
        """Return the plane shifted so that the picture moves by pixels."""
        shift = (self.right * columns + self.down * rows) * self.pixel_mm
        return replace(self, centre_mm=self.centre_mm - shift)

    def turned(self, about: Floats, angle_deg: float, keep_mm: Floats) -> "ViewPlane":
        """Return the plane turned about an axis through a point: an oblique plane."""
        turn = _rotation(about, angle_deg)
        return replace(
            self,
            orientation=Orientation.OBLIQUE,
            right=turn @ self.right,
            down=turn @ self.down,
            centre_mm=keep_mm + turn @ (self.centre_mm - keep_mm),
        )

    @property
    def letters(self) -> tuple[str, str, str, str]:
        """Orientation letters at the left, right, top and bottom edge; two where oblique."""
        return (
            letters_of(-self.right), letters_of(self.right),
            letters_of(-self.down), letters_of(self.down),
        )  # fmt: skip


def letters_of(direction: Floats) -> str:
    """Return the letters of a patient direction, the strongest first, at most two."""
    order = np.argsort(-np.abs(direction))
    letters = [
        LETTERS[axis][0 if direction[axis] > 0 else 1]
        for axis in order
        if abs(direction[axis]) > 0.25
    ]
    return "".join(letters[:2])


def view_plane(
    orientation: Orientation, box_mm: Floats, point_mm: Floats, size: tuple[int, int]
) -> ViewPlane:
    """Return the plane of an orientation through a point, showing the whole box.

    Args:
        orientation: Axial, coronal or sagittal.
        box_mm: Lowest and highest corner of what is to be seen.
        point_mm: Patient point in the plane.
        size: Height and width of the picture in pixels.

    """
    right, down = (np.array(direction) for direction in DIRECTIONS[orientation])
    size = (max(size[0], 1), max(size[1], 1))
    plane = ViewPlane(orientation, box_mm.mean(axis=0), right, down, 1.0, size)
    return replace(plane, pixel_mm=fitting_pixel_mm(plane, box_mm, size)).through(point_mm)


def fitting_pixel_mm(plane: ViewPlane, box_mm: Floats, size: tuple[int, int]) -> float:
    """Return the size of a pixel with which a plane's picture shows the whole box.

    Args:
        plane: For its directions; where it lies does not matter.
        box_mm: Lowest and highest corner of what is to be seen.
        size: Height and width of the picture in pixels.

    """
    extent = np.abs(box_mm[1] - box_mm[0])
    wide, high = float(extent @ np.abs(plane.right)), float(extent @ np.abs(plane.down))
    return max(wide / max(size[1], 1), high / max(size[0], 1), 1e-3) * MARGIN


def _rotation(axis: Floats, angle_deg: float) -> Floats:
    """Return the matrix that turns about a unit axis (Rodrigues)."""
    x, y, z = axis / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.deg2rad(angle_deg)
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)
