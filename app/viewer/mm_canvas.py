"""A picture in millimetres at the isocentre plane: zoom, move, tell where the mouse is."""

from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.key_use import does
from app.viewer.beam_eye_geometry import Window

WHEEL_STEP, ZOOM_STEP = 120, 1.2
LEAST_HALF_MM, MOST_HALF_MM = 10.0, 380.0


class MmCanvas(QWidget):
    """A picture whose x grows to the right and whose y grows upwards.

    Signals:
        probed: x and y in mm under the mouse; None when it has left.

    """

    probed = Signal(object)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.window_shown = Window()
        self.empty = ""
        self._last: QPointF | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(240, 240)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(name)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    @property
    def has_picture(self) -> bool:
        """Whether there is something to show."""
        raise NotImplementedError

    def whole(self) -> Window:
        """Return the window in which all is seen."""
        raise NotImplementedError

    def paint_picture(self, painter: QPainter) -> None:
        """Paint what is to be shown; called only when there is something."""
        raise NotImplementedError

    def sizeHint(self) -> QSize:
        """Ask for a square."""
        return QSize(520, 520)

    def reset(self) -> None:
        """Show all again."""
        self.window_shown = self.whole()
        self.update()

    def mm_at(self, place: QPointF) -> QPointF:
        """Return x and y of a pixel."""
        to_mm, _ = self.window_shown.to_pixels(self.width(), self.height()).inverted()
        return to_mm.map(place)

    def zoom(self, factor: float, at: QPointF) -> None:
        """Magnify about a pixel."""
        before, shown = self.mm_at(at), self.window_shown
        half_mm = min(max(shown.half_mm / factor, LEAST_HALF_MM), MOST_HALF_MM)
        self.window_shown = replace(shown, half_mm=half_mm)
        self._shift(before - self.mm_at(at))

    def _shift(self, mm: QPointF) -> None:
        """Move the window, but never so far that the isocentre is out of reach."""
        shown = self.window_shown
        x, y = (
            min(max(value, -MOST_HALF_MM), MOST_HALF_MM)
            for value in (shown.x_mm + mm.x(), shown.y_mm + mm.y())
        )
        self.window_shown = replace(shown, x_mm=x, y_mm=y)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the picture, or words where there is none."""
        del event
        painter = QPainter(self)
        try:
            self._paint(painter)
        finally:
            painter.end()

    def _paint(self, painter: QPainter) -> None:
        if self.has_picture:
            self.paint_picture(painter)
        else:
            painter.fillRect(self.rect(), Qt.GlobalColor.black)
            painter.setPen(Qt.GlobalColor.lightGray)
            centred = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(12, 12, -12, -12), centred, self.empty)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(self.palette().highlight().color())
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the mouse."""
        self.zoom(ZOOM_STEP ** (event.angleDelta().y() / WHEEL_STEP), event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to drag."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._last = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move while dragged; tell the place under the mouse."""
        if self._last is not None and event.buttons() != Qt.MouseButton.NoButton:
            self.drag(self._last, event.position(), event.buttons())
            self._last = event.position()
        self.probed.emit(self.mm_at(event.position()) if self.has_picture else None)

    def drag(self, start: QPointF, end: QPointF, buttons: Qt.MouseButton) -> None:
        """Move what is seen along with the mouse."""
        del buttons
        self._shift(self.mm_at(start) - self.mm_at(end))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the drag."""
        del event
        self._last = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show all again."""
        del event
        self.reset()

    def leaveEvent(self, event: QEvent) -> None:
        """Tell that the mouse is gone."""
        del event
        self.probed.emit(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Zoom by plus and minus, show all by Home; the rest is for the panel."""
        middle = QPointF(self.rect().center())
        if does(event, "plane.whole"):
            self.reset()
        elif does(event, "plane.nearer"):
            self.zoom(ZOOM_STEP, middle)
        elif does(event, "plane.farther"):
            self.zoom(1 / ZOOM_STEP, middle)
        else:
            super().keyPressEvent(event)
