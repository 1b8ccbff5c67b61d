"""How the window stood when it was closed: size and place, room, splitters."""

from collections.abc import Iterator, Mapping

from PySide6.QtCore import QByteArray, QSettings, QSize, Qt
from PySide6.QtWidgets import QMainWindow, QSplitter, QWidget

GEOMETRY, ROOM, SPLITTERS = "window/geometry", "window/room", "window/splitters"

FRAME = QSize(2, 40)
"""What the desktop puts around a window, in pixels: at the sides together, above."""


def keep_layout(
    window: QMainWindow,
    rooms: Mapping[str, QWidget],
    settings: QSettings,
    *,
    with_splitters: bool = True,
) -> None:
    """Keep size, place, the room that is seen, and the splitters of every room.

    Args:
        window: The main window.
        rooms: Those that are made, by title.
        settings: Of the user.
        with_splitters: False while rooms are still to be divided as they were.

    """
    settings.setValue(GEOMETRY, window.saveGeometry())
    seen = next((name for name, one in rooms.items() if one.isVisible()), None)
    if seen is not None:
        settings.setValue(ROOM, seen)
    for name, splitter in _splitters(rooms) if with_splitters else ():
        settings.setValue(name, splitter.saveState())
    settings.sync()


def restore_window(window: QMainWindow, settings: QSettings) -> str:
    """Put the window where it stood; Qt brings it back from a screen that is gone.

    At the first start it fills a screen that is too small for it: the buttons below would be out
    of sight.

    Returns:
        The title of the room that was seen; empty where none is known.

    """
    geometry = settings.value(GEOMETRY)
    if isinstance(geometry, QByteArray):
        window.restoreGeometry(geometry)
    else:
        room = window.screen().availableSize()
        if (window.size() + FRAME).boundedTo(room) != window.size() + FRAME:
            window.resize(window.size().boundedTo(room))
            window.setWindowState(window.windowState() | Qt.WindowState.WindowMaximized)
    return str(settings.value(ROOM, ""))


def restore_splitters(rooms: Mapping[str, QWidget], settings: QSettings) -> None:
    """Divide the rooms as they were."""
    for name, splitter in _splitters(rooms):
        state = settings.value(name)
        if isinstance(state, QByteArray):
            splitter.restoreState(state)


def _splitters(rooms: Mapping[str, QWidget]) -> Iterator[tuple[str, QSplitter]]:
    """Yield the splitters by room and order: a room makes them alike each time."""
    for title, room in rooms.items():
        for number, splitter in enumerate(room.findChildren(QSplitter)):
            yield f"{SPLITTERS}/{title}/{number}-{splitter.count()}", splitter
