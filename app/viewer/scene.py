"""What is loaded into the slice views, and the making of one finished slice: no widget."""

from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtGui import QImage, QPainter

from app.viewer.display import Display
from app.viewer.isodoses import isodoses_on
from app.viewer.outlines import Outline
from app.viewer.planes import ViewPlane
from app.viewer.slice_painter import Overlay, paint_overlay, position_words, to_image
from app.viewer.slice_picture import slice_picture
from core.dicom.dose import Dose
from core.dicom.images import ImageSeries
from core.dicom.rt_set import RtSet
from core.dose.geometry import Floats, Grid
from core.dose.sample import at_points


@dataclass(eq=False)
class Scene:
    """One set as it is shown. Only what shares the frame of reference is in it.

    Attributes:
        rt_set: Everything that was read.
        series: The images shown, or None.
        volume: Their values, or None before they are read.
        dose: The dose shown, or None.
        second: A second dose, drawn dashed, or None.
        outlines: The structures shown, prepared.
        left_out: What is not drawn, and why.
        frame_uid: Frame of reference in which all of it is given.

    """

    rt_set: RtSet
    series: ImageSeries | None = None
    volume: Grid | None = None
    dose: Dose | None = None
    second: Dose | None = None
    outlines: tuple[Outline, ...] = ()
    left_out: tuple[str, ...] = ()
    frame_uid: str = ""

    @property
    def box_mm(self) -> Floats:
        """What is to be seen: the patient's outline where drawn, else images, else dose."""
        for outline in self.outlines:
            if outline.structure.kind == "EXTERNAL" and outline.structure.contours:
                return _with_margin(outline.structure.box_mm)
        if self.volume is not None:
            return self.volume.geometry.box_mm
        if self.dose is not None:
            return self.dose.grid.geometry.box_mm
        boxes = [one.structure.box_mm for one in self.outlines if one.structure.contours]
        if boxes:
            return _with_margin(np.stack([np.min(boxes, axis=(0, 1)), np.max(boxes, axis=(0, 1))]))
        return np.array([[-250.0, -250.0, -250.0], [250.0, 250.0, 250.0]])

    @property
    def start_mm(self) -> Floats:
        """Point to show first: an isocentre, else the middle of a target, else of the box."""
        for plan in self.rt_set.plans:
            for point in plan.isocentres_mm:
                return np.array(point)
        for outline in self.outlines:
            if outline.structure.kind in ("PTV", "CTV", "GTV") and outline.structure.closed:
                return np.asarray(outline.structure.box_mm.mean(axis=0))
        return np.asarray(self.box_mm.mean(axis=0))

    @property
    def unit(self) -> str:
        """Unit of the dose; empty without a dose."""
        return self.dose.unit if self.dose is not None else ""

    def values_at(self, point_mm: Floats) -> tuple[float | None, float | None]:
        """Return image value and dose at a point; None where there is none."""
        image = None
        if self.volume is not None:
            image = _number(at_points(self.volume, point_mm))
        dose = None if self.dose is None else _number(at_points(self.dose.grid, point_mm))
        return image, dose


def _with_margin(box: Floats) -> Floats:
    return np.stack([box[0] - 15, box[1] + 15])


def _number(value: object) -> float | None:
    number = float(np.asarray(value))
    return None if np.isnan(number) else number


class SliceRenderer:
    """Makes finished slices of a scene."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def overlay(self, plane: ViewPlane, display: Display, cross_mm: Floats | None) -> Overlay:
        """Return what lies over the slice."""
        scene = self.scene
        structures = [
            (outline.structure.colour, outline.cut(plane), outline.structure.kind != "EXTERNAL")
            for outline in scene.outlines
            if outline.structure.number not in display.hidden
        ]
        lines = _lines(scene.dose, plane, display)
        dashed = _lines(scene.second, plane, display)
        title = [position_words(plane)]
        if scene.dose is not None and display.reference_words:
            title.append(display.reference_words)
        cross = None if cross_mm is None else plane.pixels(cross_mm)
        return Overlay(structures, lines, dashed, cross, title, scene.left_out)

    def image(
        self,
        plane: ViewPlane,
        display: Display,
        cross_mm: Floats | None = None,
        ruler_mm: tuple[Floats, Floats] | None = None,
        ratio: float = 1.0,
    ) -> QImage:
        """Return the finished slice; `ratio` are the screen's pixels per unit of size."""
        scene = self.scene
        display = display.for_dose(scene.dose)
        dose = scene.dose.grid if scene.dose is not None else None
        picture = slice_picture(plane, scene.volume, display.window, dose, display.wash)
        image = to_image(picture)
        overlay = self.overlay(plane, display, cross_mm)
        if ruler_mm is not None:
            ends = (plane.pixels(ruler_mm[0]), plane.pixels(ruler_mm[1]))
            overlay = replace(overlay, ruler=ends)
        painter = QPainter(image)
        try:
            paint_overlay(painter, plane, replace(overlay, ratio=ratio), display, scene.unit)
        finally:
            # A painter that an exception leaves open ends the program at garbage collection.
            painter.end()
        return image


def _lines(
    dose: Dose | None, plane: ViewPlane, display: Display
) -> list[tuple[tuple[int, int, int], str, tuple[Floats, ...]]]:
    if dose is None:
        return []
    levels = display.levels_gy
    return [
        (display.line_colour(number), display.level_words(level), lines)
        for number, (level, lines) in enumerate(isodoses_on(dose.grid, plane, levels))
    ]
