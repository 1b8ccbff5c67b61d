"""The wheel scrolls; it changes a number or a choice only where the user has gone to it before.

Qt gives the wheel to whatever lies under the mouse: a page that is scrolled would change the couch
position or the machine that happens to come by. Every window of the program is watched, dialogs
as well; a list that a choice opens is not, for there the wheel is meant for the list.
"""

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
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
WATCHED = "wheel_watched"
_KINDS = (
    Qt.WindowType.Window, Qt.WindowType.Dialog, Qt.WindowType.Sheet, Qt.WindowType.Tool,
)  # fmt: skip


def guard(window: QWidget) -> None:
    """Watch the wheel of one shown window; once is enough."""
    handle = window.windowHandle()
    if handle is not None and not handle.property(WATCHED):
        handle.setProperty(WATCHED, True)
        WheelGuard(window)


class WheelGuards(QObject):
    """Watches every window of the program from the moment one of them gets the keys.

    Not by a filter over the whole program: each event of each widget would go through it.
    """

    def __init__(self, program: QApplication) -> None:
        super().__init__(program)
        program.focusWindowChanged.connect(self._on_focus)

    def _on_focus(self) -> None:
        for window in QApplication.topLevelWidgets():
            if window.isVisible() and window.windowType() in _KINDS:
                guard(window)


class WheelGuard(QObject):
    """Watches the wheel of one shown window, before any widget gets it."""

    def __init__(self, window: QWidget) -> None:
        handle = window.windowHandle()
        super().__init__(handle)  # a window that is made anew gets a guard anew
        self._window = window
        handle.installEventFilter(self)

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
        while not isinstance(area, QAbstractScrollArea):
            if area is None or area.isWindow():
                return
            area = area.parentWidget()
        ground = area.viewport()
        at = QPointF(ground.mapFrom(self._window, event.position().toPoint()))
        QApplication.sendEvent(ground, QWheelEvent(
            at, event.globalPosition(), event.pixelDelta(), event.angleDelta(),
            event.buttons(), event.modifiers(), event.phase(), event.inverted(),
        ))  # fmt: skip

    def _value_at(self, at: QPointF) -> QWidget | None:
        widget = self._window.childAt(at.toPoint())
        while widget is not None and not isinstance(widget, VALUES):
            widget = None if widget.isWindow() else widget.parentWidget()
        if widget is None or isinstance(widget, QScrollBar) or widget.hasFocus():
            return None
        return widget
