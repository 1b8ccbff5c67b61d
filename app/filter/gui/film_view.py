"""Pictures of a film on the screen: one widget a picture, drawn at the size it has."""

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.filter.film.analysis import Profile
from app.filter.gui.film_picture import Map, Paper, frame_of, map_image, profile_image

LEAST = (170, 110)


class FilmView(QWidget):
    """A map of a plane, or a profile.

    Signals:
        pointed: Words about the point under the mouse; empty when it leaves.
        picked: x and y in mm of a point that was clicked.
    """

    pointed = Signal(str)
    picked = Signal(float, float)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setMinimumSize(*LEAST)
        self.setMouseTracking(True)
        self.shown: Map | Profile | None = None
        self.lines_mm: tuple[float, float] | None = None
        self._labels: tuple[str, ...] = ()
        self._image: QImage | None = None

    def show_map(self, shown: Map | None, lines_mm: tuple[float, float] | None = None) -> None:
        """Show a map, with the lines of the profiles (y of that along x, x of that along y)."""
        self.shown, self.lines_mm, self._image = shown, lines_mm, None
        self.update()

    def show_profile(self, shown: Profile | None, labels: tuple[str, ...]) -> None:
        """Show one or two doses along a line."""
        self.shown, self._labels, self._image = shown, labels, None
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the picture at the widget's size."""
        painter = QPainter(self)
        if self.shown is None:
            painter.fillRect(self.rect(), self.palette().base())
            painter.setPen(self.palette().placeholderText().color())
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.accessibleName())
            return
        if self._image is None or self._image.size() != self.size():
            paper = self._paper()
            self._image = (
                map_image(self.shown, paper)
                if isinstance(self.shown, Map)
                else profile_image(self.shown, self._labels, paper)
            )
        painter.drawImage(0, 0, self._image)
        if isinstance(self.shown, Map) and self.lines_mm is not None:
            self._draw_lines(painter, self.shown, self.lines_mm)

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change between light and dark."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._image = None
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell the value under the mouse."""
        place = self._place(event.position())
        if place is None or not isinstance(self.shown, Map):
            self.pointed.emit("")
            return
        own, (x, y) = self.shown, place
        column, row = (int(np.argmin(np.abs(axis - at)))
                       for axis, at in ((own.x_mm, x), (own.y_mm, y)))  # fmt: skip
        value = float(own.values[row, column])
        told = "no value" if np.isnan(value) else f"{value:.3f} {own.unit}".rstrip()
        self.pointed.emit(f"{own.title}: x {own.x_mm[column]:g}, y {own.y_mm[row]:g} mm: {told}")

    def leaveEvent(self, event: QEvent) -> None:
        """Take the words back."""
        super().leaveEvent(event)
        self.pointed.emit("")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Let the profiles run through the point."""
        place = self._place(event.position())
        if place is not None and event.button() == Qt.MouseButton.LeftButton:
            self.picked.emit(*place)

    def _paper(self) -> Paper:
        palette = self.palette()
        ground, ink = palette.base().color(), palette.text().color()
        missing = palette.mid().color()
        return Paper(ground.name(), ink.name(), missing.name(), self.width(), self.height())

    def _place(self, at: QPointF) -> tuple[float, float] | None:
        own = self.shown
        if not isinstance(own, Map):
            return None
        box = frame_of(own, self._paper())
        if not box.contains(at):
            return None
        x = own.x_mm[0] + (at.x() - box.left()) / box.width() * float(np.ptp(own.x_mm))
        y = own.y_mm[-1] - (at.y() - box.top()) / box.height() * float(np.ptp(own.y_mm))
        return float(x), float(y)

    def _draw_lines(self, painter: QPainter, own: Map, lines: tuple[float, float]) -> None:
        box = frame_of(own, self._paper())
        painter.setPen(QPen(self.palette().highlight().color(), 1, Qt.PenStyle.DashLine))
        y, x = lines
        if own.y_mm[0] <= y <= own.y_mm[-1]:
            at = box.bottom() - (y - own.y_mm[0]) / float(np.ptp(own.y_mm)) * box.height()
            painter.drawLine(QPointF(box.left(), at), QPointF(box.right(), at))
        if own.x_mm[0] <= x <= own.x_mm[-1]:
            at = box.left() + (x - own.x_mm[0]) / float(np.ptp(own.x_mm)) * box.width()
            painter.drawLine(QPointF(at, box.top()), QPointF(at, box.bottom()))
