"""The window without a screen: every page opened, with the demonstration patient in it."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QSize
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QTabWidget

from app.archive.gui.page import ArchivePage
from app.background import JOBS
from app.demo.write_demo import DemoSet, demo_set
from app.filter.gui.page import FilterPage
from app.lex.gui.page import LexPage
from app.main_window import MainWindow
from app.selftest.clinical import DEMO
from app.selftest.outcome import SelfTestError
from app.style import application
from app.viewer.page import ViewerPage
from app.viewer.planes import Orientation
from app.viewer.render import Wanted, render
from core.findings import State

VIEWS = (Orientation.AXIAL, Orientation.CORONAL, Orientation.SAGITTAL)
PATIENCE_S = 120.0
SIZE = QSize(1280, 720)
# Fewer colours than this is an empty or black picture.
FEWEST_COLOURS = 16


def picture(folder: Path) -> str:
    """Draw one slice with its dose through each view."""
    dicom = demo_set(folder / DEMO).folder / "dicom"
    for view in VIEWS:
        out = folder / f"{view.value}.png"
        made = render([dicom], out, Wanted(view, size=(400, 400)))
        if made.left_out or made.not_used:
            raise SelfTestError("; ".join((*made.left_out, *made.not_used)), view.value)
        _look(QImage(str(out)), view.value)
    return f"{len(VIEWS)} views drawn."


def pages(folder: Path) -> str:
    """Open every room, its help and its tabs, and load the demonstration patient in each."""
    faults: list[BaseException] = []

    def keep(_: type[BaseException], fault: BaseException, __: TracebackType | None) -> None:
        faults.append(fault)

    before, sys.excepthook = sys.excepthook, keep
    try:
        shown = _walk(demo_set(folder / DEMO), faults)
    finally:
        sys.excepthook = before
    return f"{shown} pages shown, the demonstration patient loaded in each room."


def _walk(demo: DemoSet, faults: list[BaseException]) -> int:
    program = application()
    window = MainWindow()
    window.resize(SIZE)
    window.show()
    program.processEvents()
    try:
        shown = sum(_show(window, room.title, faults) for room in window.rooms)
        window.prepare()
        window.start_demo(demo.folder)
        for title, load in LOADS:
            load(window, demo)
            shown += _show(window, title, faults)
    finally:
        window.help_window.close()
        window.close()
        ended = JOBS.cancel_all()
    if not ended:
        raise SelfTestError("a job did not end", "window")
    return shown


def _lex(window: MainWindow, _: DemoSet) -> None:
    page = window.go_to("LEX")
    assert isinstance(page, LexPage)
    _settle("LEX", lambda: page.plan_step.trial is not None)
    for number in range(page.stack.count()):
        page.go(number)
        _settle("LEX")


def _filter(window: MainWindow, demo: DemoSet) -> None:
    page = window.go_to("Filter")
    assert isinstance(page, FilterPage)
    page.run(demo.export, demo.plan)
    _settle("Filter")
    banner = page.view.banner
    if banner.state is not State.PASS:
        raise SelfTestError(f"the clean export is shown as {banner.state}", "Filter")


def _viewer(window: MainWindow, demo: DemoSet) -> None:
    page = window.go_to("Viewer")
    assert isinstance(page, ViewerPage)
    page.open_paths([demo.folder / "dicom"])
    _settle("Viewer", lambda: page.desk is not None and page.desk.scene is not None)


def _archive(window: MainWindow, demo: DemoSet) -> None:
    page = window.go_to("Archive")
    assert isinstance(page, ArchivePage)
    _settle("Archive", lambda: page.archive is not None)
    page.open_path(demo.folder / "dicom")
    _settle("Archive", lambda: page.people.rowCount() == 1)


LOADS = (("LEX", _lex), ("Filter", _filter), ("Viewer", _viewer), ("Archive", _archive))


def _show(window: MainWindow, title: str, faults: list[BaseException]) -> int:
    """Show a room, each of its visible tabs and its help; return how many pages that were."""
    page = window.go_to(title)
    _settle(title)
    _look(window.grab().toImage(), title)
    shown = 1
    for tabs in page.findChildren(QTabWidget):
        for number in range(tabs.count()):
            if tabs.isVisible() and tabs.isTabVisible(number) and tabs.isTabEnabled(number):
                tabs.setCurrentIndex(number)
                name = f"{title}, {tabs.tabText(number)}"
                _settle(name)
                _look(window.grab().toImage(), name)
                shown += 1
        tabs.setCurrentIndex(0)
    window.help_window.show_page(page.help_page)
    if not window.help_window.browser.toPlainText().strip():
        raise SelfTestError("its help page is empty", title)
    if faults:
        told = f"{type(faults[0]).__name__}: {faults[0]}"
        raise SelfTestError(f"the program has a fault: {told}", title)
    return shown


def _settle(where: str, until: Callable[[], bool] = lambda: True) -> None:
    """Let the window work until `until` holds and no job is running."""
    end = time.monotonic() + PATIENCE_S
    while JOBS.running or not until():
        if time.monotonic() > end:
            raise SelfTestError(f"it was not ready after {PATIENCE_S:.0f} s", where)
        QApplication.processEvents()
        time.sleep(0.01)
    for _ in range(5):
        QApplication.processEvents()


def _look(image: QImage, where: str) -> None:
    """See that a picture shows something."""
    small = image.scaled(160, 90)
    colours = {small.pixel(x, y) for x in range(small.width()) for y in range(small.height())}
    if len(colours) < FEWEST_COLOURS:
        raise SelfTestError("the picture is empty", where)
