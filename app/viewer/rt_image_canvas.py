"""An RT image on the screen: grey window, isocentre cross, scale at the isocentre."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QPainter

from app.viewer.beam_eye_geometry import Window
from app.viewer.beam_eye_picture import (
    MARGIN,
    TITLE,
    paint_axes,
    paint_scale_bar,
)
from app.viewer.mm_canvas import MmCanvas
from app.viewer.painted_words import broken_words, font_of, write_words
from app.viewer.slice_picture import Window as GreyWindow
from core.dicom.rt_image import RtImage, Values

# Dragging over this many pixels goes through the whole grey window.
DRAG_PIXELS = 400.0
ROOM = 1.06


@dataclass(frozen=True, eq=False, slots=True)
class Shown:
    """One picture of an RT image as it is shown.

    Attributes:
        image: The image it is of.
        values: Its values, shape (rows, columns).
        grey: Grey window.
        is_inverted: Whether the user wants black and white exchanged.
        title: Words at the top left.

    """

    image: RtImage
    values: Values
    grey: GreyWindow
    is_inverted: bool
    title: tuple[str, ...]


def field_mm(image: RtImage) -> QRectF:
    """Return where the picture lies: left, lower edge, width, height; y grows upwards.

    In mm at the isocentre, the central axis at zero. Without a scale a pixel counts as one mm;
    without an axis the middle of the picture is zero. What is unknown is never drawn as known.

    """
    across, down = image.pixel_mm or (1.0, (image.row_mm or 1.0) / (image.column_mm or 1.0))
    column, row = image.axis_pixel or ((image.columns - 1) / 2, (image.rows - 1) / 2)
    left, top = -(column + 0.5) * across, (row + 0.5) * down
    height = image.rows * down
    return QRectF(left, top - height, image.columns * across, height)


def pixel_at(image: RtImage, place_mm: QPointF) -> tuple[int, int] | None:
    """Return row and column of the pixel at a place; None outside the picture."""
    field = field_mm(image)
    column = int(np.floor((place_mm.x() - field.left()) / field.width() * image.columns))
    row = int(np.floor((field.bottom() - place_mm.y()) / field.height() * image.rows))
    inside = 0 <= row < image.rows and 0 <= column < image.columns
    return (row, column) if inside else None


def grey_image(shown: Shown) -> QImage:
    """Return the picture in grey, not yet scaled."""
    low, high = shown.grey.low, shown.grey.high
    share = np.clip((shown.values - low) / max(high - low, 1e-6), 0, 1)
    if shown.image.is_dark_high != shown.is_inverted:
        share = 1 - share
    pixels = np.ascontiguousarray(share * 255 + 0.5, dtype=np.uint8)
    rows, columns = pixels.shape
    image = QImage(pixels.data, columns, rows, columns, QImage.Format.Format_Grayscale8)
    return image.copy()


class RtImageCanvas(MmCanvas):
    """The picture: drag moves, right button changes the grey window, wheel zooms.

    Signals:
        windowed: The user has dragged another grey window.

    """

    windowed = Signal(object)

    def __init__(self) -> None:
        super().__init__("RT image")
        self.shown: Shown | None = None
        self._grey: QImage | None = None

    @property
    def has_picture(self) -> bool:
        """Whether an image is shown."""
        return self.shown is not None

    def show_image(self, shown: Shown | None, empty: str = "") -> None:
        """Show an image, or words where there is none."""
        self.shown, self.empty = shown, empty
        self._grey = None if shown is None else grey_image(shown)
        self.update()

    def whole(self) -> Window:
        """Return the window in which the whole picture is seen."""
        if self.shown is None:
            return Window()
        field = field_mm(self.shown.image)
        wide, high = max(self.width(), 1), max(self.height(), 1)
        half = max(field.width() / wide, field.height() / high) * min(wide, high) / 2
        middle = field.center()
        return Window(middle.x(), middle.y(), half * ROOM)

    def paint_picture(self, painter: QPainter) -> None:
        """Paint picture, isocentre, scale and words."""
        shown = self.shown
        if shown is None or self._grey is None:
            return
        size = (self.width(), self.height())
        painter.fillRect(self.rect(), Qt.GlobalColor.black)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        to_pixels = self.window_shown.to_pixels(*size)
        scale = self.window_shown.scale(*size)
        smooth = scale * field_mm(shown.image).width() < 3 * shown.image.columns
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.drawImage(to_pixels.mapRect(field_mm(shown.image)), self._grey)
        if shown.image.axis_pixel is not None and shown.image.pixel_mm is not None:
            paint_axes(painter, size, to_pixels, scale)
        if shown.image.pixel_mm is not None:
            paint_scale_bar(painter, size, scale, " at isocentre")
        self._words(painter, shown.title, shown.image.notes())

    def _words(self, painter: QPainter, title: Sequence[str], notes: Sequence[str]) -> None:
        painter.setFont(font_of(painter, 11))
        metrics = painter.fontMetrics()
        room = 0.66 * self.width()
        above = [line for one in title for line in broken_words(painter, one, room)]
        for number, words in enumerate(above):
            place = MARGIN + metrics.ascent() + number * metrics.height()
            write_words(painter, MARGIN, place, words)
        below = [line for one in notes for line in broken_words(painter, one, room)]
        for number, words in enumerate(reversed(below)):
            place = self.height() - MARGIN - 3 - number * metrics.height()
            write_words(painter, MARGIN, place, words, TITLE)

    def drag(self, start: QPointF, end: QPointF, buttons: Qt.MouseButton) -> None:
        """Change the grey window with the right button, else move."""
        if self.shown is None or not buttons & Qt.MouseButton.RightButton:
            super().drag(start, end, buttons)
            return
        grey, moved = self.shown.grey, end - start
        width = max(grey.high - grey.low, 1e-6)
        centre = (grey.low + grey.high) / 2 + moved.y() * width / DRAG_PIXELS
        width *= float(np.exp(2 * moved.x() / DRAG_PIXELS))
        self.windowed.emit(GreyWindow(centre - width / 2, centre + width / 2))
