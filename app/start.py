"""The start of the program with its window: faults are told, a crash can be taken up again."""

import gc
from pathlib import Path
from threading import Thread

from PySide6.QtCore import QDateTime, QLocale, QObject, Qt, QTimer, Signal

from app.background import JOBS
from app.crash_care import let_go, take_care
from app.main_window import MainWindow
from app.remembered import restore_splitters, restore_window
from app.room_loading import RoomLoading
from app.session import LeftOver, Session, forget, left_over
from app.shortcuts import lost_words, remember_told
from app.style import application
from core.errors import RemedyError
from core.findings import State

PAINTED_MS = 30
KEEP_MS = 2000


class _Told(QObject):
    """Carries a fault's sentence from whatever thread it happened in to the window."""

    fault = Signal(str)


def show(demo: Path | None = None) -> int:
    """Open the window and run until it is closed.

    Args:
        demo: Folder of a demonstration patient to start with; such a run is never taken up again,
            for its files go when it ends.

    """
    program = application()
    told = _Told()
    take_care(told.fault.emit)
    window = window_of()
    told.fault.connect(lambda words: window.notice.tell(State.ERROR, words))
    session = None
    if demo is not None:
        window.start_demo(demo)
    else:
        left = left_over()
        session = Session()
        if left is not None:
            offer(window, left)
        timer = QTimer(window)
        timer.timeout.connect(lambda: session.keep(window.state()))
        timer.start(KEEP_MS)
    window.show()
    loading = RoomLoading(window, lambda: settled(window))
    QTimer.singleShot(PAINTED_MS, loading.start)  # loading libraries holds the painting up
    code = program.exec()
    if session is not None:
        session.end()
    let_go()
    return code


def window_of() -> MainWindow:
    """Return the window as it was left, its rooms still to be loaded."""
    window = MainWindow(at_once=False)
    seen = restore_window(window, window.settings)
    titles = [room.title for room in window.rooms]
    window.rail.setCurrentRow(titles.index(seen) if seen in titles else 0)
    return window


def settled(window: MainWindow) -> None:
    """Go on with what need not wait for the rooms, once they are there."""
    restore_splitters(window.pages(), window.settings)
    gc.freeze()  # the window lives as long as the program: looking through it again is in vain
    tell_layers(window)
    Thread(target=window.prepare, name="prepare").start()


def tell_layers(window: MainWindow) -> None:
    """Tell at once when a layer of the settings is out of reach, or a user's table not used.

    Keys of the user that this version ships for something else are told with it, once.
    """

    def tell(words: tuple[str, ...]) -> None:
        keys = lost_words(window.lost_keys)
        if not (words or keys):
            return
        if not window.notice.isHidden():  # what was open before is told first
            window.notice.closed.connect(
                lambda: tell(words), Qt.ConnectionType.SingleShotConnection
            )
            return
        offers = {"Keyboard shortcuts…": window.show_shortcuts} if keys else {}
        window.notice.tell(
            State.WARNING, " ".join((*words, keys)).strip(), offers,
            on_close=lambda: remember_told(window.lost_keys),
        )  # fmt: skip

    def refuse(fault: Exception) -> None:
        words = f"{fault.what}. {fault.remedy}" if isinstance(fault, RemedyError) else f"{fault}"
        window.notice.tell(State.ERROR, words)

    def look(_: object) -> tuple[str, ...]:
        from app.settings_desk import layer_words  # noqa: PLC0415  not before the first painting

        return layer_words()

    JOBS.start(window, "Looking for the clinic's settings", look,
               done=tell, failed=refuse)  # fmt: skip


def offer(window: MainWindow, left: LeftOver) -> None:
    """Offer to open again what was open when the last run ended without closing."""

    def again() -> None:
        window.resume(left.rooms)
        forget(left.files)

    when = QDateTime.fromString(left.when, Qt.DateFormat.ISODate).toLocalTime()
    at = QLocale().toString(when, QLocale.FormatType.ShortFormat) if when.isValid() else "before"
    rooms = " and ".join(left.rooms)
    words = (
        f"The program ended without closing ({at}). What was open in {rooms} can be opened and "
        "checked again; whatever had been acknowledged or signed stands in the log."
    )
    window.notice.tell(
        State.WARNING, words, {"Open again": again}, "Leave it closed",
        on_close=lambda: forget(left.files),
    )  # fmt: skip
