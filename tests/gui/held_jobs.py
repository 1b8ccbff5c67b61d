"""Jobs that do not begin, and the wait until none is left."""

from contextlib import contextmanager
from threading import Event

from PySide6.QtWidgets import QWidget

from app.background import JOBS, THREADS


def quiet(qtbot):
    for _ in range(3):  # what a job begins when it ends is waited for, too
        qtbot.waitUntil(lambda: not JOBS.running, timeout=30_000)


@contextmanager
def no_free_thread():
    """Within it no job begins; afterwards those that were not cancelled do."""
    owner, go = QWidget(), Event()
    for _ in range(THREADS):
        JOBS.start(owner, "held", lambda _: go.wait(20), done=bool, failed=bool)
    yield
    go.set()


def cancelled(qtbot, act):
    """Do something that starts a job, and cancel that before it begins."""
    with no_free_thread():
        act()
        JOBS.running[-1].cancel()
    quiet(qtbot)
