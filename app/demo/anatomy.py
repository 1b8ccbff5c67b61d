"""The synthetic pelvis: an elliptic body with organs, described by formula.

Frame: DICOM patient axes for head first supine (x to the patient's left, y to the back, z to the
head), mm, about the origin of the CT. Densities are Hounsfield units.
"""

from dataclasses import dataclass
from math import cos, pi, sin, sqrt

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating]
Point = tuple[float, float, float]

SLICES = 40
SLICE_STEP_MM = 3.0
FIRST_Z_MM = -24.0
PIXELS = 128
PIXEL_MM = 3.5
FIRST_X_MM = -212.25
FIRST_Y_MM = -230.25
CONTOUR_POINTS = 48


@dataclass(frozen=True, slots=True)
class Organ:
    """An ellipsoid, or with `cylinder` an elliptic cylinder cut at centre +- half length.

    Attributes:
        name: As in the structure set.
        kind: RT ROI Interpreted Type (DICOM PS3.3, C.8.8.8); empty for tissue of the CT only.
        hounsfield: CT number that fills it, or None where it is drawn on other tissue.
        centre_mm: Middle of the organ.
        half_mm: Half axes along x, y and z.

    """

    name: str
    kind: str
    hounsfield: int | None
    colour: tuple[int, int, int]
    centre_mm: Point
    half_mm: Point
    cylinder: bool = False

    def half_axes_at(self, z_mm: float) -> tuple[float, float] | None:
        """Return the half axes (mm) of the cut at `z_mm`, or None beside the organ."""
        height = (z_mm - self.centre_mm[2]) / self.half_mm[2]
        if abs(height) >= 1:
            return None
        share = 1.0 if self.cylinder else sqrt(1 - height * height)
        return self.half_mm[0] * share, self.half_mm[1] * share

    def contour_at(self, z_mm: float) -> list[tuple[float, float]]:
        """Return the outline (x, y in mm, rounded to 0.01) at `z_mm`; empty beside the organ."""
        half = self.half_axes_at(z_mm)
        if half is None:
            return []
        x_mm, y_mm, _ = self.centre_mm
        turns = [2 * pi * k / CONTOUR_POINTS for k in range(CONTOUR_POINTS)]
        return [
            (round(x_mm + half[0] * cos(t), 2), round(y_mm + half[1] * sin(t), 2)) for t in turns
        ]


BODY = Organ("BODY", "EXTERNAL", None, (0, 255, 0), (10, -8, 34.5), (180, 115, 60), cylinder=True)
BOLUS_MM = 5.0
BOLUS_SIDES_MM = (-3.0, 107.0)
BOLUS_ENDS_MM = (-19.5, 91.5)
ORGANS = (
    BODY,
    Organ("PTV", "PTV", 40, (255, 0, 0), (12, -20, 36), (28, 24, 30)),
    Organ("BLADDER", "ORGAN", 8, (255, 255, 0), (12, -70, 48), (36, 25, 30)),
    Organ("RECTUM", "ORGAN", 20, (160, 82, 45), (12, 28, 30), (18, 20, 45), cylinder=True),
    Organ("FEMUR HEAD L", "ORGAN", 380, (0, 255, 255), (107, -10, 30), (25, 25, 27)),
    Organ("FEMUR HEAD R", "ORGAN", 380, (0, 128, 255), (-83, -10, 30), (25, 25, 27)),
)
# Tissue that makes the CT look like a pelvis but has no contour.
TISSUE = (
    Organ("fat", "", -95, (0, 0, 0), (10, -8, 34.5), (180, 115, 60), cylinder=True),
    Organ("muscle", "", 45, (0, 0, 0), (10, -6, 34.5), (160, 96, 60), cylinder=True),
    Organ("sacrum", "", 300, (0, 0, 0), (12, 70, 80), (42, 16, 50)),
    Organ("pubis", "", 350, (0, 0, 0), (12, -78, -6), (34, 12, 16)),
)


def slice_z_mm() -> list[float]:
    """Return z of every CT slice, foot to head."""
    return [FIRST_Z_MM + SLICE_STEP_MM * k for k in range(SLICES)]


def ct_slice(z_mm: float) -> npt.NDArray[np.int16]:
    """Return one CT slice in Hounsfield units, rows from front to back."""
    x_mm = FIRST_X_MM + PIXEL_MM * np.arange(PIXELS)
    y_mm = (FIRST_Y_MM + PIXEL_MM * np.arange(PIXELS))[:, None]
    image = np.full((PIXELS, PIXELS), -1000, dtype=np.int16)
    for organ in (*TISSUE, *ORGANS[1:]):
        half = organ.half_axes_at(z_mm)
        if half is not None and organ.hounsfield is not None:
            across = ((x_mm - organ.centre_mm[0]) / half[0]) ** 2
            image[across + ((y_mm - organ.centre_mm[1]) / half[1]) ** 2 <= 1] = organ.hounsfield
    return image


def bolus_contour() -> list[tuple[float, float]]:
    """Return the outline (x, y in mm) of the bolus that lies on the front of the body."""
    low, high = BOLUS_SIDES_MM
    sides = [low + (high - low) * k / 24 for k in range(25)]

    def skin(x_mm: float, thick_mm: float) -> tuple[float, float]:
        across = (x_mm - BODY.centre_mm[0]) / BODY.half_mm[0]
        y_mm = BODY.centre_mm[1] - BODY.half_mm[1] * sqrt(1 - across * across) - thick_mm
        return round(x_mm, 2), round(y_mm, 2)

    return [skin(x, 0) for x in sides] + [skin(x, BOLUS_MM) for x in reversed(sides)]


def depth_mm(points_mm: Array, source_mm: Array) -> Array:
    """Return how much body lies between each point and the source, along the ray, in mm.

    Points are columns x, y, z. The body is water throughout; its cylinder is taken as endless, so
    that the ends of the scan scatter and absorb as the missing patient would. A point outside
    gets a meaningless value.
    """
    ray_x, ray_y, ray_z = (float(s) - p for s, p in zip(source_mm, points_mm, strict=True))
    length = np.sqrt(ray_x * ray_x + ray_y * ray_y + ray_z * ray_z)
    at_x, at_y = ((points_mm[k] - BODY.centre_mm[k]) / BODY.half_mm[k] for k in (0, 1))
    along_x, along_y = ray_x / BODY.half_mm[0], ray_y / BODY.half_mm[1]
    a = along_x * along_x + along_y * along_y
    b = at_x * along_x + at_y * along_y
    c = at_x * at_x + at_y * at_y - 1
    return np.asarray((np.sqrt(np.maximum(b * b - a * c, 0)) - b) / a * length)


def inside_body(x_mm: Array, y_mm: Array) -> npt.NDArray[np.bool_]:
    """Say for each x, y whether it lies within the body outline."""
    across = (x_mm - BODY.centre_mm[0]) / BODY.half_mm[0]
    return np.asarray(across**2 + ((y_mm - BODY.centre_mm[1]) / BODY.half_mm[1]) ** 2 <= 1)
