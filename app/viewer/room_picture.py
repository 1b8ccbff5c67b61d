"""The room in 3D as a picture: its words, letters and marks over the scene."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from app.viewer.vtk_picture import BACKGROUND, INK, VtkPicture, apart
from core.dose.geometry import Floats

CAPTION, SHORT = "Surfaces smoothed, for orientation only", "For orientation only"
ISOCENTRE = QColor(255, 80, 200)
LABEL = QColor(255, 245, 170)
CROSS = QColor(90, 230, 255)
CROSS_MM = 25.0


@dataclass(eq=False, slots=True)
class Notes:
    """What is written on the picture.

    Attributes:
        empty: Words for the middle, where there is nothing to see.
        busy: What is being made.
        fault: What could not be made.
        dose: Isodose and its colour.
        plan: What is told about the plan.

    """

    empty: str = ""
    busy: str = ""
    fault: str = ""
    dose: tuple[str, QColor] | None = None
    plan: tuple[str, ...] = ()


class RoomPicture(VtkPicture):
    """The 3D picture with its words, letters and marks."""

    def __init__(self) -> None:
        super().__init__()
        self.notes = Notes()
        self.point_mm: Floats | None = None
        self.labels: list[tuple[Floats, str]] = []
        self.isocentres: tuple[Floats, ...] = ()
        self.setAccessibleName("Room view in 3D")

    def draw_over(self, painter: QPainter) -> None:
        """Draw marks that must not be hidden, and the words."""
        if self.notes.empty:
            middle = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(12, 12, -12, -12), middle, self.notes.empty)
            return
        self._draw_marks(painter)
        self.draw_letters(painter)
        self._draw_words(painter)

    def _draw_marks(self, painter: QPainter) -> None:
        painter.setPen(QPen(ISOCENTRE, 1.5))
        for at in self._on_picture(self.isocentres):
            painter.drawEllipse(at, 7, 7)
        labels: list[tuple[QPointF, str]] = []
        starts = self._on_picture([point for point, _ in self.labels])
        for at, (_, name) in zip(starts, self.labels, strict=True):
            near = next((n for n, own in enumerate(labels) if apart(own[0], at) < 16), None)
            if near is None:
                labels.append((at, name))
            else:
                labels[near] = (labels[near][0], f"{labels[near][1]}, {name}")
        metrics, boxes = painter.fontMetrics(), []
        for at, words in labels:
            wide = metrics.horizontalAdvance(words)
            left = max(min(at.x() + 6, self.width() - 4 - wide), 4)
            boxes.append(QRectF(left, at.y() - 4 - metrics.ascent(), wide, metrics.height()))
        for box, (_, words) in zip(free_of_each_other(boxes), labels, strict=True):
            place = QPointF(box.left(), box.top() + metrics.ascent())
            for shift, colour in ((1.0, BACKGROUND), (0.0, LABEL)):
                painter.setPen(colour)
                painter.drawText(place + QPointF(shift, shift), words)
        if self.point_mm is not None:
            painter.setPen(QPen(CROSS, 1.2))
            for axis in np.eye(3):
                ends = [self.point_mm + sign * CROSS_MM * axis for sign in (-1, 1)]
                painter.drawLine(*self._on_picture(ends))

    def _on_picture(self, points_mm: Sequence[Floats]) -> list[QPointF]:
        if not len(points_mm):
            return []
        placed = np.nan_to_num(self.pixels(np.array(points_mm)), nan=-1e4).clip(-1e4, 1e4)
        return [QPointF(float(x), float(y)) for x, y in placed]

    def _draw_words(self, painter: QPainter) -> None:
        notes = self.notes
        metrics = QFontMetricsF(painter.font())
        words = [(line, INK) for line in (notes.busy, notes.fault, *notes.plan) if line]
        if notes.dose is not None:
            words.insert(0, notes.dose)
        top = 4.0
        for line, colour in words:
            painter.setPen(colour)
            elided = metrics.elidedText(line, Qt.TextElideMode.ElideRight, self.width() - 16)
            painter.drawText(QPointF(8, top + metrics.ascent()), elided)
            top += metrics.height()
        painter.setPen(INK)
        below = QRectF(90, self.height() - 4 - metrics.height(), self.width() - 98, 30)
        caption = CAPTION if metrics.horizontalAdvance(CAPTION) <= below.width() else SHORT
        painter.drawText(below, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, caption)


def free_of_each_other(boxes: Sequence[QRectF]) -> list[QRectF]:
    """Return the boxes, each moved down until it covers none before it: names stay readable."""
    placed: list[QRectF] = []
    for box in boxes:
        here = QRectF(box)
        while hit := next((one for one in placed if one.intersects(here)), None):
            here.moveTop(hit.bottom() + 1)
        placed.append(here)
    return placed
