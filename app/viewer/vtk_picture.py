"""A VTK scene in a Qt widget: drawn off-screen, shown as a picture.

VTK's own Qt widget shows black where there is no real window; this one has one way for every
platform, and everything Qt can draw (words, letters) lies crisp on top of it.
"""

import time
from typing import Any

import numpy as np
import numpy.typing as npt
import vtkmodules.vtkRenderingOpenGL2  # noqa: F401  (registers the renderer that draws)
from PySide6.QtCore import QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget
from vtkmodules.util import numpy_support
from vtkmodules.vtkCommonCore import vtkOutputWindow, vtkUnsignedCharArray
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow

from app.key_use import pressed
from app.keys import first
from app.viewer.planes import LETTERS
from core.dose.geometry import Floats

BRIDGE: Any = numpy_support
BACKGROUND = QColor(38, 38, 41)
INK = QColor(226, 226, 226)
VIEW_ANGLE_DEG = 24.0
NARROWEST_DEG, WIDEST_DEG = 0.5, 80.0
FILLED = 0.94
WHEEL_STEP = 120
ZOOM_STEP = 1.15
KEY_STEP_DEG = 10.0
DRAG_DEG = 200.0
# While something moves, a frame that takes longer than this is drawn with a quarter of the pixels.
SLOW_S = 0.045
SETTLE_MS = 250
NO_OPENGL = "3D is not available: the display driver of this computer has no OpenGL 3.2"
AXIS_COLOURS = (QColor(255, 120, 110), QColor(120, 220, 120), QColor(120, 170, 255))
# On Windows VTK would open a window of its own for every warning.
vtkOutputWindow.GetInstance().SetDisplayModeToAlwaysStdErr()


class VtkPicture(QWidget):
    """The picture, with mouse and keys: left rotates, right and wheel zoom, middle moves."""

    def __init__(self) -> None:
        super().__init__()
        self.renderer: Any = vtkRenderer()
        self.renderer.SetBackground(BACKGROUND.redF(), BACKGROUND.greenF(), BACKGROUND.blueF())
        self.camera: Any = self.renderer.GetActiveCamera()
        self.camera.SetViewAngle(VIEW_ANGLE_DEG)
        self.frame_s = 0.0
        self.usable = True
        self._window: Any = None
        self._image: QImage | None = None
        self._coarse = False
        self._last: QPointF | None = None
        self._fitted: tuple[Floats, Floats, Floats] | None = None
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self._on_settled)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self.update)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(120, 100)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def render_soon(self) -> None:
        """Draw the scene anew with the next paint."""
        self._image = None
        self.update()

    def draw_later(self, wait_ms: int) -> None:
        """Let what is more urgent be painted first: nothing is drawn for as long."""
        self._later.start(wait_ms)

    def look(self, points_mm: Floats, towards_viewer: Floats, up: Floats) -> None:
        """Look so that all points are just in the picture.

        Args:
            points_mm: Patient points, shape (n, 3).
            towards_viewer: Unit vector towards the viewer.
            up: Unit vector that is up in the picture, at right angles to it.

        """
        focus = (points_mm.min(axis=0) + points_mm.max(axis=0)) / 2
        slope = np.tan(np.deg2rad(VIEW_ANGLE_DEG / 2)) * FILLED
        wide = slope * self.width() / max(self.height(), 1)
        away = points_mm - focus
        across, high = np.abs(away @ np.cross(up, towards_viewer)), np.abs(away @ up)
        needed = away @ towards_viewer + np.maximum(across / max(wide, 1e-3), high / slope)
        self.camera.SetViewAngle(VIEW_ANGLE_DEG)
        self.look_from(focus + max(float(needed.max()), 10.0) * towards_viewer, focus, up)
        self._fitted = (points_mm, towards_viewer, up)

    def look_from(self, eye_mm: Floats, focus_mm: Floats, up: Floats) -> None:
        """Look from a point to another."""
        self.camera.SetFocalPoint(*(float(value) for value in focus_mm))
        self.camera.SetPosition(*(float(value) for value in eye_mm))
        self.camera.SetViewUp(*(float(value) for value in up))
        self._fitted = None
        self.render_soon()

    def pixels(self, points_mm: npt.ArrayLike) -> Floats:
        """Return where patient points lie in the widget; NaN behind the viewer; shape (..., 2)."""
        points = np.asarray(points_mm, dtype=np.float64)
        aspect = self.width() / max(self.height(), 1)
        matrix = self.camera.GetCompositeProjectionTransformMatrix(aspect, -1, 1)
        values = np.array([[matrix.GetElement(row, col) for col in range(4)] for row in range(4)])
        flat = np.concatenate([points, np.ones((*points.shape[:-1], 1))], axis=-1) @ values.T
        with np.errstate(divide="ignore", invalid="ignore"):
            placed = np.where(flat[..., 3:] > 0, flat[..., :2] / flat[..., 3:], np.nan)
        size = np.array([self.width(), self.height()])
        return np.asarray((placed * [1, -1] + 1) / 2 * size)

    def rotate(self, right_deg: float, down_deg: float) -> None:
        """Turn what is seen to the right and down."""
        self.camera.Azimuth(-right_deg)
        self.camera.Elevation(down_deg)
        self.camera.OrthogonalizeViewUp()
        self._moving()

    def zoom(self, factor: float) -> None:
        """Enlarge by a factor above 1; the eye stays where it is, so a beam's view stays one."""
        angle = self.camera.GetViewAngle() / factor
        self.camera.SetViewAngle(min(max(angle, NARROWEST_DEG), WIDEST_DEG))
        self._moving()

    def pan(self, right: float, down: float) -> None:
        """Move what is seen, in pixels of the widget."""
        camera = self.camera
        high_mm = 2 * camera.GetDistance() * np.tan(np.deg2rad(camera.GetViewAngle() / 2))
        step = high_mm / max(self.height(), 1)
        across, up, _ = self._screen_axes()
        shift = step * (down * up - right * across)
        camera.SetFocalPoint(*(np.array(camera.GetFocalPoint()) + shift))
        camera.SetPosition(*(np.array(camera.GetPosition()) + shift))
        self._moving()

    def _screen_axes(self) -> tuple[Floats, Floats, Floats]:
        """Return patient directions to the right, up and towards the viewer."""
        matrix = self.camera.GetViewTransformMatrix()
        rows = [[matrix.GetElement(row, col) for col in range(3)] for row in range(3)]
        return np.array(rows[0]), np.array(rows[1]), np.array(rows[2])

    def release(self) -> None:
        """Give the graphics memory back; the next paint would take it again."""
        self._settle.stop()
        if self._window is not None:
            self._window.Finalize()
            self._window.RemoveRenderer(self.renderer)
            self._window = None
        self._image = None

    def draw_over(self, painter: QPainter) -> None:
        """Draw on top of the scene, in units of the widget; for subclasses."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Show the picture; draw the scene first where it has changed."""
        waits = self._later.isActive()
        if self._image is None and self.usable and not waits and not self.rect().isEmpty():
            self._image = self._drawn()
        painter = QPainter(self)
        if self._image is None:
            painter.fillRect(self.rect(), BACKGROUND)
        else:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(QRectF(self.rect()), self._image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(INK)
        if self.usable:
            if not waits:
                self.draw_over(painter)
        else:
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), flags, NO_OPENGL)
        painter.end()

    def _drawn(self) -> QImage | None:
        if self._window is None:
            window = vtkRenderWindow()
            window.SetOffScreenRendering(1)
            self.usable = bool(window.SupportsOpenGL())
            if not self.usable:
                return None
            window.SetMultiSamples(4)
            window.AddRenderer(self.renderer)
            self._window = window
        ratio = self.devicePixelRatioF() * (0.5 if self._coarse else 1.0)
        width, height = round(self.width() * ratio) or 1, round(self.height() * ratio) or 1
        start = time.perf_counter()
        self._window.SetSize(width, height)
        self.renderer.ResetCameraClippingRange()
        self._window.Render()
        pixels = vtkUnsignedCharArray()
        self._window.GetPixelData(0, 0, width - 1, height - 1, 0, pixels, 0)
        rows = BRIDGE.vtk_to_numpy(pixels).reshape(height, width, 3)
        upright = np.ascontiguousarray(rows[::-1])
        shape = QImage.Format.Format_RGB888
        # copy(): the picture must not point into a buffer that goes away.
        image = QImage(upright.data, width, height, 3 * width, shape).copy()
        if not self._coarse:
            self.frame_s = time.perf_counter() - start
        return image

    def _moving(self) -> None:
        self._fitted = None
        self._coarse = self.frame_s > SLOW_S
        self._settle.start()
        self.render_soon()

    def _on_settled(self) -> None:
        if self._last is not None:
            self._settle.start()
        elif self._coarse:
            self._coarse = False
            self.render_soon()

    def draw_letters(self, painter: QPainter) -> None:
        """Draw the patient's directions into the lower left corner: L R A P H F."""
        axes = self._screen_axes()
        middle, length = QPointF(44, self.height() - 44), 24.0
        ends = []
        for axis, letters in enumerate(LETTERS):
            for sign, letter in zip((1, -1), letters, strict=True):
                right, up, towards = (sign * float(own[axis]) for own in axes)
                ends.append((towards, axis, letter, QPointF(right, -up)))
        taken: list[QPointF] = []
        for towards, axis, letter, way in sorted(ends, key=lambda end: -end[0]):
            colour = QColor(AXIS_COLOURS[axis])
            colour.setAlphaF(0.45 if towards < -0.05 else 1.0)
            painter.setPen(QPen(colour, 2.0))
            painter.drawLine(middle, middle + way * length)
            place = middle + way * (length + 9)
            # No letter on another one, nor one that points at the viewer or away.
            if abs(towards) < 0.95 and all(apart(place, other) > 11 for other in taken):
                taken.append(place)
                around = QRectF(place.x() - 9, place.y() - 9, 18, 18)
                painter.drawText(around, Qt.AlignmentFlag.AlignCenter, letter)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to drag."""
        self._last = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Rotate, zoom or move."""
        if self._last is None:
            return
        way = event.position() - self._last
        self._last = event.position()
        if event.buttons() & Qt.MouseButton.LeftButton:
            share = DRAG_DEG / max(min(self.width(), self.height()), 1)
            self.rotate(way.x() * share, way.y() * share)
        elif event.buttons() & Qt.MouseButton.RightButton:
            self.zoom(ZOOM_STEP ** (-way.y() / 20))
        elif event.buttons() & Qt.MouseButton.MiddleButton:
            self.pan(way.x(), way.y())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Draw fine again."""
        if not event.buttons():
            self._last = None
            self._on_settled()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom."""
        self.zoom(ZOOM_STEP ** (event.angleDelta().y() / WHEEL_STEP))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Rotate by the arrows, zoom by plus and minus."""
        turns = {
            first("solid.left"): (-1, 0), first("solid.right"): (1, 0),
            first("solid.up"): (0, -1), first("solid.down"): (0, 1),
        }  # fmt: skip
        zooms = {first("solid.nearer"): ZOOM_STEP, first("solid.farther"): 1 / ZOOM_STEP}
        key = pressed(event)
        if key in turns:
            right, down = turns[key]
            self.rotate(KEY_STEP_DEG * right, KEY_STEP_DEG * down)
        elif key in zooms:
            self.zoom(zooms[key])
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draw in the new size; what fitted fits again, unless the user has moved it."""
        self.render_soon()
        if self._fitted is not None:
            self.look(*self._fitted)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Give the graphics memory back."""
        self.release()
        super().closeEvent(event)


def apart(one: QPointF, other: QPointF) -> float:
    """Return the distance of two places in pixels."""
    return float(np.hypot(one.x() - other.x(), one.y() - other.y()))
