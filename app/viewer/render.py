"""`eqs render`: one view of a set as a PNG picture, for reports."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QImage

from app.no_screen import ensure_application
from app.viewer.command import not_used, one_set
from app.viewer.display import Display
from app.viewer.planes import Orientation, view_plane
from app.viewer.scene import SliceRenderer
from app.viewer.scene_build import build_scene, reference_dose
from core.dicom.pixels import read_volume
from core.errors import RemedyError
from core.safe_write import write_whole


@dataclass(frozen=True, slots=True)
class Wanted:
    """What `eqs render` is asked for.

    Attributes:
        view: axial, coronal or sagittal.
        at_mm: Patient point in the plane; the set's own start for None.
        size: Height and width in pixels.
        patient: PatientID, where there are several persons.

    """

    view: Orientation = Orientation.AXIAL
    at_mm: tuple[float, float, float] | None = None
    size: tuple[int, int] = (800, 800)
    patient: str | None = None


@dataclass(frozen=True, slots=True)
class Rendered:
    """What was written.

    Attributes:
        at_mm: Patient point the view goes through.
        left_out: What is not drawn or was brought over from another frame, one sentence each.
        not_used: What was found beside it and could not be read, one sentence each.
        structures: Name and colour (red, green, blue) of each structure this slice goes through.

    """

    at_mm: tuple[float, float, float]
    left_out: tuple[str, ...]
    not_used: tuple[str, ...]
    structures: tuple[tuple[str, tuple[int, int, int]], ...] = ()


def render(paths: Sequence[Path], out: Path, wanted: Wanted) -> Rendered:
    """Write a view of a set as PNG.

    Raises:
        RemedyError: Nothing can be shown, or `out` cannot be written.

    """
    ensure_application()
    own = one_set(paths, wanted.patient)
    series = own.chief_series()
    volume = read_volume(series) if series is not None else None
    dose = own.chief_dose()
    scene = build_scene(own, series, volume, own.chief_structures(), dose)
    if volume is None and dose is None and not scene.outlines:
        raise RemedyError(
            "the set has no images, no dose and no structures",
            where=", ".join(path.name for path in paths),
            remedy="Choose another folder.",
        )
    gray, words = reference_dose(own.plan_of(dose) if dose is not None else None, dose)
    display = replace(Display(), reference_gy=gray, reference_words=words)
    point = scene.start_mm if wanted.at_mm is None else np.array(wanted.at_mm)
    plane = view_plane(wanted.view, scene.box_mm, point, wanted.size)
    write_whole(out, png_bytes(SliceRenderer(scene).image(plane, display, point)))
    x, y, z = (float(value) for value in point)
    seen = tuple((one.structure.name, one.structure.colour)
                 for one in scene.outlines if not one.cut(plane).is_empty)  # fmt: skip
    return Rendered((x, y, z), scene.left_out, not_used(own), seen)


def png_bytes(image: QImage) -> bytes:
    """Return an image as PNG."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # Qt's stub wants bytes for the name
    return bytes(buffer.data().data())
