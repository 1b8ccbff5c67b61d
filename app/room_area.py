"""Where the rooms are shown: a window smaller than the room in hand scrolls it."""

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedWidget

LEAST = QSize(480, 240)


class RoomStack(QStackedWidget):
    """Rooms of which one is seen; only that one says how small the stack can be."""

    def __init__(self) -> None:
        super().__init__()
        self.currentChanged.connect(lambda _: self.updateGeometry())

    def minimumSizeHint(self) -> QSize:
        """Return what the room in hand needs."""
        room = self.currentWidget()
        return room.minimumSizeHint() if room is not None else super().minimumSizeHint()


class RoomArea(QScrollArea):
    """The stack of rooms, with bars to scroll by where the screen is small or much enlarged.

    Qt's own resizable area asks for the height at which every room would be at its best.
    """

    def __init__(self, stack: RoomStack) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the keys are the room's
        self.setMinimumSize(LEAST)
        self._stack = stack
        self.setWidget(stack)

    def event(self, event: QEvent) -> bool:
        """Follow a room that needs more or less than before."""
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return done

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the rooms all there is, and what they need where that is more."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self._stack.resize(self.viewport().size().expandedTo(self._stack.minimumSizeHint()))
