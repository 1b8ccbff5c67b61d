"""Every page of the window with the demonstration patient, for sweeps over all of them."""

from collections.abc import Iterator
from pathlib import Path

from PySide6.QtWidgets import QApplication, QTabWidget, QWidget

from app.demo.write_demo import write_demo
from app.main_window import MainWindow
from tests.bench.open_close import settle

SIZE = (1280, 720)


def filled_window(folder: Path) -> MainWindow:
    """Return the shown window with the demonstration patient open in every room.

    Args:
        folder: An empty folder for its files.

    """
    demo = write_demo(folder / "demo").folder
    window = MainWindow()
    window.resize(*SIZE)
    window.show()
    window.start_demo(demo)
    settle()
    variant = next(iter(sorted((demo / "export" / "variants").glob("*.rtp"))))
    window.page("Filter").run(variant, demo / "dicom" / "plan.dcm")
    window.page("Viewer").open_paths([demo / "dicom"])
    window.go_to("Archive")
    settle()
    return window


def pages(window: MainWindow) -> Iterator[str]:
    """Show one page after the other, every tab and step of every room, and yield its name."""
    for room in window.rooms:
        page = window.go_to(room.title)
        settle()
        if room.title == "LEX":
            for number in range(len(page.steps)):
                page.go(number)
                settle()
                if page.stack.currentIndex() == number:
                    yield f"LEX {page.steps[number].title}"
            page.fix_button.setChecked(True)
            settle()
            yield "LEX repair"
            page.fix_button.setChecked(False)
            continue
        yield from (f"{room.title}{name}" for name in _tabs_of(page))
        if room.title == "Filter":
            page.worklist_button.setChecked(True)
            settle()
            yield "Filter work list"
            page.worklist_button.setChecked(False)


def _tabs_of(page: QWidget) -> Iterator[str]:
    """Show every tab there is to see, and tabs within tabs."""
    seen: set[int] = set()

    def walk(inside: QWidget, name: str) -> Iterator[str]:
        tabs = [own for own in inside.findChildren(QTabWidget)
                if own.isVisible() and id(own) not in seen]  # fmt: skip
        if not tabs:
            yield name
            return
        own = tabs[0]
        seen.add(id(own))
        for number in range(own.count()):
            if not own.isTabEnabled(number):
                continue
            own.setCurrentIndex(number)
            settle()
            yield from walk(own.widget(number), f"{name}, {own.tabText(number).replace('&', '')}")

    yield from walk(page, "")


def shown(window: MainWindow, kind: type[QWidget]) -> list[QWidget]:
    """Return the visible widgets of a kind."""
    QApplication.processEvents()
    return [own for own in window.findChildren(kind)
            if own.isVisible() and own.width() > 1 and own.height() > 1]  # fmt: skip
