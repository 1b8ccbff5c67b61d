"""One slice as a picture: images in grey and dose as colour wash."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.viewer.planes import ViewPlane
from core.dose.colour_wash import Scale
from core.dose.cut import View, cut, paint_grey, paint_wash
from core.dose.geometry import Grid

HALF_VOXEL = 0.5


@dataclass(frozen=True, slots=True)
class Window:
    """Grey window: values from `low` (black) to `high` (white)."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Wash:
    """Colour wash: doses from `lower` to `upper`, in the unit of the dose.

    Doses below `lower` are not coloured; doses above `upper` keep the last colour. Doses nearer to
    zero than `hollow` are not coloured either, for differences.
    """

    scale: Scale
    lower: float
    upper: float
    opacity: float
    hollow: float = 0.0


def slice_picture(
    plane: ViewPlane, image: Grid | None, window: Window, dose: Grid | None, wash: Wash | None
) -> npt.NDArray[np.uint8]:
    """Return the slice; shape (height, width, 4), RGBA, opaque; black where nothing is."""
    height, width = plane.size
    picture = np.zeros((height, width, 4), dtype=np.uint8)
    picture[..., 3] = 255
    view = View(
        plane.corner_mm, plane.right * plane.pixel_mm, plane.down * plane.pixel_mm, plane.size
    )
    if image is not None:
        paint_grey(cut(image, view, border=HALF_VOXEL), window.low, window.high, picture)
    if dose is not None and wash is not None:
        thresholds = (wash.lower, wash.upper)
        table = wash.scale.table()
        paint_wash(cut(dose, view), table, thresholds, wash.opacity, picture, wash.hollow)
    return picture
