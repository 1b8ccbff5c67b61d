"""Rooms are loaded one after the other while the window is there, the one in hand first."""

from collections.abc import Callable
from threading import Thread

from PySide6.QtCore import QObject, Signal

from app.main_window import MainWindow


class RoomLoading(QObject):
    """Loads the code of every room off the window's thread and makes the pages in it."""

    loaded = Signal(int)
    all_loaded = Signal()

    def __init__(self, window: MainWindow, then: Callable[[], object]) -> None:
        """Begin at `start`; `then` is called when every room is there."""
        super().__init__(window)
        self._window = window
        self._then = then
        self.loaded.connect(window.make_room)
        self.all_loaded.connect(self._on_all)

    def start(self) -> None:
        """Load in a thread of its own."""
        first = max(self._window.rail.currentRow(), 0)
        others = (one for one in range(len(self._window.rooms)) if one != first)
        Thread(target=self._load, args=([first, *others],), name="rooms", daemon=True).start()

    def _load(self, order: list[int]) -> None:
        try:
            for number in order:
                self._window.rooms[number].load()
                self.loaded.emit(number)
        finally:
            self.all_loaded.emit()  # what could not be loaded says so when it is wanted

    def _on_all(self) -> None:
        self._window.at_once = True
        self._window.show_room()
        self._then()
