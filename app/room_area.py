"""Where the rooms are shown: made when first wanted; a small window scrolls the room in hand."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QStackedWidget

from app.page import Page
from app.pages import Room

LEAST = QSize(480, 240)


class RoomStack(QStackedWidget):
    """Rooms of which one is seen; only that one says how small the stack can be.

    Signals:
        page_made: Number of a room, and its page.

    """

    page_made = Signal(int, object)

    def __init__(self, rooms: Sequence[Room]) -> None:
        super().__init__()
        self.rooms = tuple(rooms)
        self.pages: dict[int, Page] = {}
        self._waiting: QLabel | None = None
        self.currentChanged.connect(lambda _: self.updateGeometry())

    def page(self, number: int) -> Page:
        """Return the page of a room; it is made when it is not there yet."""
        if number not in self.pages:
            page = self.rooms[number].load()()
            self.pages[number] = page
            self.addWidget(page)
            self.page_made.emit(number, page)
        return self.pages[number]

    def show_waiting(self, title: str) -> None:
        """Say that a room is being opened."""
        if self._waiting is None:
            self._waiting = QLabel()
            self._waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
            self.addWidget(self._waiting)
        self._waiting.setText(f"Opening {title}…")
        self.setCurrentWidget(self._waiting)

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
