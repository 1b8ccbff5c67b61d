"""A user who presses anything: random events over all pages of the real window.

python -m tests.gui.random_walk FIRST [COUNT] [EVENTS]     walks with the seeds FIRST, FIRST+1, ...

Each walk is a process of its own with the demonstration patient open in every room. What nobody
caught (an exception in a slot or thread, a fatal message of Qt) and what hangs is printed with
the last events before it; the exit code is the number of walks that ended so.
"""

import faulthandler
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from pathlib import Path

WALK, HANG_S = "walk", 120
KEYS = (
    "Tab", "Backtab", "Return", "Space", "Escape", "Up", "Down", "Left", "Right", "PageDown",
    "PageUp", "Home", "End", "Delete", "Backspace", "F2",
)  # fmt: skip
TEXTS = ("0", "-1", "1e9", "12.5", "12,5", "abc", "'; --", " ", "180.0", "x" * 300)


def walk(seed: int, events: int) -> int:
    """Walk once in this process; return 1 when something was not caught."""
    from PySide6.QtCore import QtMsgType, qInstallMessageHandler

    from app.demo.write_demo import write_demo
    from app.main_window import MainWindow
    from app.style import application

    faults: list[str] = []
    last: deque[str] = deque(maxlen=12)

    def keep(kind: type[BaseException], fault: BaseException, _trace: object) -> None:
        import traceback

        faults.append("".join(traceback.format_exception(fault)) or str(kind))

    def listen(kind: QtMsgType, _context: object, words: str) -> None:
        if kind in (QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg):
            faults.append(f"Qt: {words}")

    sys.excepthook = keep
    threading.excepthook = lambda told: keep(told.exc_type, told.exc_value or Exception(), None)
    qInstallMessageHandler(listen)
    application()
    chance = random.Random(seed)
    folder = Path(tempfile.mkdtemp(prefix="eqs-walk-"))
    write_demo(folder / "demo")
    window = MainWindow()
    window.resize(1280, 720)
    window.show()
    window.start_demo(folder / "demo")
    export = folder / "demo" / "export" / "DEMO-0001_IE.rtp"
    window.page("Filter").run(export, folder / "demo" / "dicom" / "plan.dcm")
    window.page("Viewer").open_paths([folder / "demo" / "dicom"])
    walker = _Walker(window, chance, folder, last)
    walker.settle(30.0)
    for _ in range(events):
        faulthandler.dump_traceback_later(HANG_S, exit=True)
        walker.step()
        if faults:
            break
    walker.settle(30.0)
    faulthandler.cancel_dump_traceback_later()
    if faults:
        print(f"seed {seed}:", *last, *faults, sep="\n", flush=True)
    return 1 if faults else 0


class _Walker:
    """Does one random thing after the other."""

    def __init__(self, window, chance, folder, last):
        from PySide6.QtCore import QTimer
        from PySide6.QtGui import QDesktopServices
        from PySide6.QtWidgets import QFileDialog, QMessageBox

        self.window, self.chance, self.folder, self.last = window, chance, folder, last
        files = [*sorted((folder / "demo").rglob("*.*")), folder / "nothing.here"]
        answers = (QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No)
        QFileDialog.getOpenFileName = staticmethod(
            lambda *_, **__: (str(chance.choice([*files, ""])) or "", "")
        )
        QFileDialog.getSaveFileName = staticmethod(
            lambda *_, **__: (chance.choice(["", str(folder / f"out{chance.random()}")]), "")
        )
        QFileDialog.getExistingDirectory = staticmethod(
            lambda *_, **__: chance.choice(["", str(folder), str(folder / "demo" / "dicom")])
        )
        for name in ("about", "critical", "information", "warning", "question"):
            setattr(QMessageBox, name, staticmethod(lambda *_, **__: chance.choice(answers)))
        QDesktopServices.openUrl = staticmethod(lambda _: True)
        # Whatever waits for a person is closed after a moment.
        self.closer = QTimer()
        self.closer.timeout.connect(self._close_waiting)
        self.closer.start(300)

    def _close_waiting(self):
        from PySide6.QtWidgets import QApplication

        for waiting in (QApplication.activePopupWidget(), QApplication.activeModalWidget()):
            if waiting is not None:
                waiting.close()

    def settle(self, seconds):
        from PySide6.QtWidgets import QApplication

        from app.background import JOBS

        end = time.monotonic() + seconds
        QApplication.processEvents()
        while JOBS.running and time.monotonic() < end:
            QApplication.processEvents()
            time.sleep(0.01)

    def step(self):
        from PySide6.QtWidgets import QApplication, QWidget

        from app.background import JOBS

        tops = [top for top in QApplication.topLevelWidgets() if top.isVisible()]
        there = [
            widget
            for top in tops
            for widget in (top, *top.findChildren(QWidget))
            if widget.isVisible() and widget.isEnabled() and widget.width() > 3
        ]
        if not self.window.isVisible():
            self.window.show()
        if not there:
            return
        # Widgets of one kind count as one: a page of many labels is not pressed all the time.
        kinds = {}
        for widget in there:
            kinds.setdefault(type(widget).__name__, []).append(widget)
        widget = self.chance.choice(kinds[self.chance.choice(sorted(kinds))])
        deed = self.chance.choice(
            (self._click, self._click, self._click, self._key, self._type, self._wheel,
             self._double, self._drag, self._room, self._tab, self._size, self._shortcut)
        )  # fmt: skip
        self.last.append(
            f"{deed.__name__} {type(widget).__name__} {widget.objectName()} "
            f"{getattr(widget, 'text', lambda: '')() if hasattr(widget, 'isCheckable') else ''}"
        )
        deed(widget)
        QApplication.processEvents()
        if self.chance.random() < 0.1 and JOBS.running:
            self.settle(1.0)

    def _at(self, widget):
        from PySide6.QtCore import QPoint

        return QPoint(self.chance.randrange(max(widget.width(), 1)),
                      self.chance.randrange(max(widget.height(), 1)))  # fmt: skip

    def _click(self, widget):
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        button = self.chance.choice(
            (Qt.MouseButton.LeftButton,) * 5 + (Qt.MouseButton.RightButton,)
        )
        QTest.mouseClick(widget, button, pos=self._at(widget))

    def _double(self, widget):
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        QTest.mouseDClick(widget, Qt.MouseButton.LeftButton, pos=self._at(widget))

    def _drag(self, widget):
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        QTest.mousePress(widget, Qt.MouseButton.LeftButton, pos=self._at(widget))
        QTest.mouseMove(widget, self._at(widget))
        QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=self._at(widget))

    def _wheel(self, widget):
        from PySide6.QtCore import QPoint, QPointF, Qt
        from PySide6.QtGui import QWheelEvent
        from PySide6.QtWidgets import QApplication

        at = QPointF(self._at(widget))
        turn = QPoint(0, self.chance.choice((-120, 120, -1200)))
        modifier = Qt.KeyboardModifier
        QApplication.sendEvent(widget, QWheelEvent(
            at, widget.mapToGlobal(at), QPoint(), turn, Qt.MouseButton.NoButton,
            self.chance.choice((modifier.NoModifier, modifier.ControlModifier)),
            Qt.ScrollPhase.NoScrollPhase, False))  # fmt: skip

    def _key(self, widget):
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        key = getattr(Qt.Key, f"Key_{self.chance.choice(KEYS)}")
        for _ in range(self.chance.choice((1, 1, 5))):
            QTest.keyClick(widget, key)

    def _type(self, widget):
        from PySide6.QtTest import QTest

        QTest.keyClicks(widget, self.chance.choice(TEXTS))

    def _room(self, _widget):
        self.window.rail.setCurrentRow(self.chance.randrange(self.window.rail.count()))

    def _tab(self, _widget):
        from PySide6.QtWidgets import QTabWidget

        tabs = [one for one in self.window.findChildren(QTabWidget) if one.isVisible()]
        if tabs:
            own = self.chance.choice(tabs)
            own.setCurrentIndex(self.chance.randrange(max(own.count(), 1)))

    def _size(self, _widget):
        self.window.resize(
            self.chance.choice((640, 1280, 1600)), self.chance.choice((480, 720, 1000))
        )

    def _shortcut(self, _widget):
        # Those of plots take for granted that their menu is open.
        menus = [one.menu() for one in self.window.menuBar().actions() if one.menu()]
        actions = [
            one
            for own in (self.window, *menus)
            for one in own.actions()
            if one.isEnabled() and "quit" not in one.text().replace("&", "").lower()
        ]
        if actions:
            own = self.chance.choice(actions)
            self.last.append(f"action {own.text()}")
            own.trigger()


def main() -> int:
    """Walk in processes of their own; return how many ended badly."""
    if sys.argv[1] == WALK:
        return walk(int(sys.argv[2]), int(sys.argv[3]))
    first = int(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    events = sys.argv[3] if len(sys.argv) > 3 else "500"
    bad = 0
    for seed in range(first, first + count):
        with tempfile.TemporaryDirectory(prefix="eqs-walk-") as data:
            environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ, "EQS_DATA": data,
                           "HOME": data, "TMPDIR": data}  # fmt: skip
            line = [
                sys.executable,
                "-X",
                "faulthandler",
                "-m",
                "tests.gui.random_walk",
                WALK,
                str(seed),
                events,
            ]
            done = subprocess.run(
                line, env=environment, check=False, capture_output=True, text=True
            )
        if done.returncode != 0:
            bad += 1
            print(
                f"seed {seed} ended with {done.returncode}",
                done.stdout[-6000:],
                done.stderr[-6000:],
                sep="\n",
            )
    print(f"{count - bad} of {count} walks of {events} events ended well")
    return bad


if __name__ == "__main__":
    sys.exit(main())
