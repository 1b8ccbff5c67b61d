"""The wheel scrolls; it changes a number or a choice only where the user has gone to it before."""

from PySide6.QtCore import QEvent, QObject, QPointF
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QScrollBar,
    QWidget,
)

VALUES = (QAbstractSpinBox, QComboBox, QAbstractSlider)


class WheelGuard(QObject):
    """Watches the wheel of one shown window, before any widget gets it.

    Qt gives the wheel to whatever lies under the mouse: a page that is scrolled would change the
    couch position or the machine that happens to come by.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        window.windowHandle().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Pass the wheel over a value that has no focus to the page around it."""
        if isinstance(event, QWheelEvent) and event.type() == QEvent.Type.Wheel:
            value = self._value_at(event.position())
            if value is not None:
                self._scroll_around(value, event)
                return True
        return super().eventFilter(watched, event)

    def _scroll_around(self, value: QWidget, event: QWheelEvent) -> None:
        area = value.parentWidget()
        while area is not None and not isinstance(area, QAbstractScrollArea):
            area = area.parentWidget()
        if area is None:
            return
        ground = area.viewport()
        at = QPointF(ground.mapFrom(self._window, event.position().toPoint()))
        QApplication.sendEvent(ground, QWheelEvent(
            at, event.globalPosition(), event.pixelDelta(), event.angleDelta(),
            event.buttons(), event.modifiers(), event.phase(), event.inverted(),
        ))  # fmt: skip

    def _value_at(self, at: QPointF) -> QWidget | None:
        widget = self._window.childAt(at.toPoint())
        while widget is not None and not isinstance(widget, VALUES):
            widget = widget.parentWidget()
        if widget is None or isinstance(widget, QScrollBar) or widget.hasFocus():
            return None
        return widget
