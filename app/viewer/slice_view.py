"""One slice on the screen: scroll, zoom, pan, cross-hair, window, ruler."""

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import (
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.key_use import does, pressed
from app.keys import first
from app.viewer.display import Display
from app.viewer.planes import Orientation, ViewPlane, fitting_pixel_mm, view_plane
from app.viewer.scene import Scene, SliceRenderer
from app.viewer.slice_picture import Window
from core.dose.geometry import Floats, Geometry

WHEEL_STEP = 120
ZOOM_STEP = 1.2
PLAIN_STEP_MM = 2.0


class SliceView(QWidget):
    """One slice of the scene.

    Signals:
        crossed: The user has put the cross-hair on a patient point (mm).
        probed: The mouse is over a patient point; None when it has left.
        windowed: The user has dragged another grey window.
        measured: The user has drawn a line between two patient points.
        chosen: Double click: show this view large, or all again.
        moved: The user has zoomed or panned.

    """

    crossed = Signal(object)
    probed = Signal(object)
    windowed = Signal(object)
    measured = Signal(object, object)
    chosen = Signal()
    moved = Signal()

    def __init__(self, orientation: Orientation) -> None:
        super().__init__()
        self.orientation = orientation
        self.measuring = False
        self._scene: Scene | None = None
        self._display = Display()
        self._plane: ViewPlane | None = None
        self._cross_mm: Floats | None = None
        self._ruler_mm: tuple[Floats, Floats] | None = None
        self._image: QImage | None = None
        self._last: QPointF | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(120, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(f"{orientation.capitalize()} slice")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def sizeHint(self) -> QSize:
        """Ask for a square."""
        return QSize(400, 400)

    @property
    def plane(self) -> ViewPlane | None:
        """What is shown now; None before there is a scene."""
        return self._plane

    def set_scene(self, scene: Scene | None, display: Display, *, keep: bool = False) -> None:
        """Show another scene; with `keep` at the same place and size."""
        self._scene, self._display = scene, display
        if scene is None:
            self._plane = self._cross_mm = self._ruler_mm = None
        elif not keep or self._plane is None:
            self._cross_mm = scene.start_mm
            self._ruler_mm = None
            self.reset()
        self._repaint()

    def set_display(self, display: Display) -> None:
        """Use other settings."""
        self._display = display
        self._repaint()

    def set_cross(self, point_mm: Floats) -> None:
        """Show the slice through a point, and the cross-hair there."""
        self._cross_mm = point_mm
        if self._plane is not None:
            self._plane = self._plane.through(point_mm)
        self._repaint()

    def set_plane(self, plane: ViewPlane) -> None:
        """Show a plane."""
        self._plane = replace(plane, size=self._pixels())
        self._repaint()

    def set_ruler(self, ends_mm: tuple[Floats, Floats] | None) -> None:
        """Show a measured line, or none."""
        self._ruler_mm = ends_mm
        self._repaint()

    def reset(self) -> None:
        """Show the whole again."""
        if self._scene is None or self._cross_mm is None:
            return
        kind = Orientation.AXIAL if self.orientation == Orientation.OBLIQUE else self.orientation
        plane = view_plane(kind, self._scene.box_mm, self._cross_mm, self._pixels())
        if self.orientation == Orientation.OBLIQUE:
            plane = plane.turned(np.array([1.0, 0.0, 0.0]), 30.0, self._cross_mm)
        self._plane = plane
        self._repaint()

    def go(self, steps: int) -> None:
        """Go on by slices; the cross-hair comes along."""
        if self._plane is None or self._scene is None:
            return
        plane = self._plane.moved(step_mm(self._scene, self._plane, steps))
        self._plane = plane
        if self._cross_mm is not None:
            depth = float(plane.depth_mm(self._cross_mm))
            self._cross_mm = self._cross_mm - depth * plane.normal
            self.crossed.emit(self._cross_mm)
        self._repaint()

    def turn(self, across_deg: float, along_deg: float) -> None:
        """Turn an oblique plane about its own axes, through the cross-hair."""
        if self._plane is None or self._cross_mm is None:
            return
        self._ruler_mm = None  # its length is not that of its projection
        plane = self._plane.turned(self._plane.right, across_deg, self._cross_mm)
        self._plane = plane.turned(plane.down, along_deg, self._cross_mm)
        self._repaint()

    def picture(self) -> QImage | None:
        """Return the finished slice as it is shown; None without a scene."""
        if self._scene is None or self._plane is None:
            return None
        ratio = self.devicePixelRatioF()
        renderer = SliceRenderer(self._scene)
        return renderer.image(self._plane, self._display, self._cross_mm, self._ruler_mm, ratio)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Show the slice, made anew when something has changed."""
        del event
        # Before the painter is there: a fault while it paints would take the program with it.
        if self._image is None:
            self._image = self.picture()
        painter = QPainter(self)
        if self._image is None:
            painter.fillRect(self.rect(), Qt.GlobalColor.black)
        else:
            self._image.setDevicePixelRatio(self.devicePixelRatioF())
            painter.drawImage(0, 0, self._image)
        if self.hasFocus():
            painter.setPen(self.palette().highlight().color())
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the zoom as compared with the whole patient, so that any size can be undone."""
        del event
        plane, size = self._plane, self._pixels()
        if plane is not None and self._scene is not None:
            before, after = (
                fitting_pixel_mm(plane, self._scene.box_mm, one) for one in (plane.size, size)
            )
            self._plane = replace(plane, size=size, pixel_mm=plane.pixel_mm * after / before)
        self._image = None

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll through slices; with Ctrl zoom at the mouse."""
        turns = event.angleDelta().y() / WHEEL_STEP
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._zoom(ZOOM_STEP**turns, event.position())
        elif turns:
            self.go(-round(turns) or (-1 if turns > 0 else 1))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to drag: left cross-hair or ruler, middle or Shift pan, right grey window."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._last = event.position()
        if event.button() == Qt.MouseButton.LeftButton and not _is_pan(event):
            point = self._point(event.position())
            if point is not None and self.measuring:
                self._ruler_mm = (point, point)
            elif point is not None:
                self._cross(point)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell the point under the mouse; go on dragging."""
        point = self._point(event.position())
        if point is None or self._plane is None:
            return
        self.probed.emit(point)
        if self._last is None or event.buttons() == Qt.MouseButton.NoButton:
            return
        moved = (event.position() - self._last) * self.devicePixelRatioF()
        if _is_pan(event):
            self._plane = self._plane.panned(moved.x(), moved.y())
            self._repaint()
            self.moved.emit()
        elif event.buttons() & Qt.MouseButton.RightButton:
            self._drag_window(moved)
        elif self.measuring and self._ruler_mm is not None:
            self._ruler_mm = (self._ruler_mm[0], point)
            self._repaint()
        elif event.buttons() & Qt.MouseButton.LeftButton:
            self._cross(point)
        self._last = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End to drag."""
        del event
        self._last = None
        if self.measuring and self._ruler_mm is not None:
            start, end = self._ruler_mm
            if float(np.linalg.norm(end - start)) > 1.0:
                self.measured.emit(start, end)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show this view large, or all again."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit()

    def leaveEvent(self, event: object) -> None:
        """Tell that the mouse points at nothing."""
        del event
        self.probed.emit(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Scroll, zoom, and move by keys."""
        key = pressed(event)
        steps = SCROLL_KEYS.get(key)
        if steps is not None:
            self.go(steps)
        elif does(event, "slice.nearer"):
            self._zoom(ZOOM_STEP, None)
        elif does(event, "slice.farther"):
            self._zoom(1 / ZOOM_STEP, None)
        elif does(event, "slice.whole"):
            self.reset()
        elif self.orientation == Orientation.OBLIQUE and key in TURN_KEYS:
            self.turn(*TURN_KEYS[key])
        else:
            super().keyPressEvent(event)

    def _cross(self, point: Floats) -> None:
        self._cross_mm = point
        self.crossed.emit(point)
        self._repaint()

    def _zoom(self, factor: float, at: QPointF | None) -> None:
        if self._plane is None:
            return
        keep = self._cross_mm if at is None else self._point(at)
        self._plane = self._plane.zoomed(factor, self._plane.centre_mm if keep is None else keep)
        self._repaint()
        self.moved.emit()

    def _drag_window(self, moved: QPointF) -> None:
        window = self._display.window
        width = window.high - window.low
        scale = max(width / 400, 0.1)
        centre = (window.high + window.low) / 2 + moved.y() * scale
        width = max(width + moved.x() * scale * 2, 1.0)
        self.windowed.emit(Window(centre - width / 2, centre + width / 2))

    def _point(self, position: QPointF) -> Floats | None:
        if self._plane is None:
            return None
        ratio = self.devicePixelRatioF()
        return self._plane.point_mm(position.x() * ratio, position.y() * ratio)

    def _pixels(self) -> tuple[int, int]:
        ratio = self.devicePixelRatioF()
        return max(round(self.height() * ratio), 1), max(round(self.width() * ratio), 1)

    def _repaint(self) -> None:
        self._image = None
        self.update()


SCROLL_KEYS = {
    first("slice.back"): -1,
    first("slice.on"): 1,
    first("slice.far_back"): -5,
    first("slice.far_on"): 5,
}


# Degrees about the axis across and the axis along the picture of an oblique view.
TURN_KEYS = {
    first("oblique.up"): (5.0, 0.0),
    first("oblique.down"): (-5.0, 0.0),
    first("oblique.left"): (0.0, 5.0),
    first("oblique.right"): (0.0, -5.0),
}


def _is_pan(event: QMouseEvent) -> bool:
    middle = bool((event.buttons() | event.button()) & Qt.MouseButton.MiddleButton)
    shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
    return middle or (shifted and not event.buttons() & Qt.MouseButton.RightButton)


def step_mm(scene: Scene, plane: ViewPlane, steps: int) -> float:
    """Return how far to go along a plane's normal for some slices.

    Where the images' slices lie in the plane, from slice to slice as they lie; else by voxels.

    """
    geometry = _geometry(scene)
    if geometry is None:
        return steps * PLAIN_STEP_MM
    along = float(geometry.normal @ plane.normal)
    if abs(along) > 0.9999 and geometry.shape[0] > 1:
        rise = float(geometry.along_slices @ geometry.normal)
        places = geometry.origin_mm @ geometry.normal + geometry.slice_offsets_mm * rise
        here = float(plane.centre_mm @ geometry.normal)
        nearest = int(np.abs(places - here).argmin())
        wanted = nearest + (steps if along > 0 else -steps)
        wanted = min(max(wanted, 0), len(places) - 1)
        return float(places[wanted] - here) * (1 if along > 0 else -1)
    columns = abs(float(geometry.along_columns @ plane.normal))
    voxel_mm = geometry.column_mm if columns > 0.7 else geometry.row_mm
    return steps * max(voxel_mm, 0.5)


def _geometry(scene: Scene) -> Geometry | None:
    if scene.volume is not None:
        return scene.volume.geometry
    return scene.dose.grid.geometry if scene.dose is not None else None
