"""Rooms are loaded one after the other while the window is there, the one in hand first.

In the window's own thread: two threads that load modules which need each other can each get a
half-loaded one. Between two rooms the window works. A job loads what it needs in its first
moments: a room waits for it, but not for the end of a long one.
"""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from app.background import JOBS
from app.main_window import MainWindow

PAUSE_MS, BUSY_MS = 20, 100
LONGEST_MS = 3000  # a job has loaded its code by then


class RoomLoading(QObject):
    """Loads and makes every room of a window that was shown without them."""

    def __init__(self, window: MainWindow, then: Callable[[], object]) -> None:
        """Wait for `start`; `then` is called when every room has had its turn."""
        super().__init__(window)
        self._window = window
        self._then = then
        first = max(window.rail.currentRow(), 0)
        others = (one for one in range(len(window.rooms)) if one != first)
        self._order = [first, *others]
        self._waited_ms = 0

    def start(self) -> None:
        """Begin with the room in hand."""
        QTimer.singleShot(0, self._next)

    def _next(self) -> None:
        if JOBS.running and self._waited_ms < LONGEST_MS:
            self._waited_ms += BUSY_MS
            QTimer.singleShot(BUSY_MS, self._next)
            return
        self._waited_ms = 0
        if not self._order:
            self._window.at_once = True
            self._window.show_room()
            self._then()
            return
        number = self._order.pop(0)
        # Whatever a room cannot load, the others have their turn; it says so again when wanted.
        QTimer.singleShot(PAUSE_MS, self._next)
        self._window.make_room(number)
