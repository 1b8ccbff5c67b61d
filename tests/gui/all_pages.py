"""Every page of the window with the demonstration patient, for sweeps over all of them."""

from collections.abc import Iterator
from pathlib import Path

from PySide6.QtWidgets import QApplication, QTabWidget, QWidget

from app.demo.write_demo import write_demo
from app.filter.mu.books import GENERIC, OWN
from app.main_window import MainWindow
from app.settings_desk import put_file
from app.settings_model import number_text
from app.settings_window import SettingsWindow
from core.archive.nodes import Node
from core.archive.settings_write import put_node
from core.layers import Layer
from core.settings.change import Author
from tests.bench.open_close import settle

SIZE = (1280, 720)


def filled_window(folder: Path) -> MainWindow:
    """Return the shown window with the demonstration patient open in every room.

    Args:
        folder: An empty folder for its files.

    """
    window = MainWindow()
    window.resize(*SIZE)
    window.show()
    fill(window, folder)
    return window


def fill(window: MainWindow, folder: Path) -> None:
    """Open the demonstration patient in every room of a window."""
    demo = write_demo(folder / "demo").folder
    window.start_demo(demo)
    settle()
    variant = next(iter(sorted((demo / "export" / "variants").glob("*.rtp"))))
    checker = window.page("Filter")
    checker.run(variant, demo / "dicom" / "plan.dcm")
    settle()
    checker.desk.commission_button.click()
    window.page("Viewer").open_paths([demo / "dicom"])
    archive = window.go_to("Archive")
    settle()
    archive.open_path(demo / "dicom")
    settle()


def empty_pages(window: MainWindow) -> Iterator[str]:
    """Show every room of a window in which nothing is open yet."""
    for room in window.rooms:
        window.go_to(room.title)
        settle()
        if room.title == "Archive":
            yield from (f"Empty {room.title}{name}" for name in _tabs_of(window.page(room.title)))
        else:
            yield f"Empty {room.title}"


def dialogs(window: MainWindow) -> Iterator[tuple[str, QWidget]]:
    """Show one window beside the main one after the other: name and window."""
    yield from _of_the_archive(window)
    for name, opened in (("Commands", window.show_commands), ("Keys", window.show_shortcuts)):
        beside = opened()
        settle()
        yield name, beside
        beside.reject()
    settings = window.show_settings()
    settle()
    yield "Settings", settings
    yield from _of_the_book(settings)
    settings.close()
    window.help_window.show_page("filter")
    settle()
    yield "Help", window.help_window
    window.help_window.search.setText("leaf gap")
    window.help_window.look_up()
    settle()
    yield "Help, found", window.help_window
    window.help_window.close()
    training = window.help_menu.start_training()
    settle()
    yield "Training, start", training
    training.count.setValue(1)
    training.seed.setValue(1)
    training.start()
    settle(training.case.isVisible)
    yield "Training, case", training
    training.case.choices.buttons()[0].click()
    training.case.answer_button.click()
    settle()
    yield "Training, answer", training
    training.case.next_button.click()
    settle()
    yield "Training, score", training
    training.close()
    settle()


def _of_the_book(settings: SettingsWindow) -> Iterator[tuple[str, QWidget]]:
    settings.choose_table(OWN)
    settings.edit_button.click()
    settle(lambda: settings.book.model.grid is not None)
    settings.book.choose("6X", "tmr")
    settle()
    yield "Settings, shipped book", settings
    put_file(OWN, GENERIC, Layer.USER, Author("Jane Roe", "to be looked at"))
    settings.book.closed.emit()
    settings.edit_button.click()
    settle(lambda: not settings.book.model.read_only)
    settings.book.choose("6X", "oar")
    model = settings.book.model
    for row, change in ((3, 0.03), (4, 1.0)):
        index = model.index(row, 6)
        model.setData(index, number_text(float(model.grid.cells[row][6]) + change))
    settle()
    yield "Settings, book", settings
    settings.book.closed.emit()
    settings.book.model.undo()
    settings.book.model.undo()


def _of_the_archive(window: MainWindow) -> Iterator[tuple[str, QWidget]]:
    put_node(Node("SECOND", "127.0.0.1", 11112, "Second archive"))
    archive = window.go_to("Archive")
    pane, rules = archive.others.network, archive.others.rules
    pane.refresh()
    settle()
    pane.edit_button.menu().actions()[1].trigger()
    settle()
    yield "Archive, system", pane.dialog
    pane.dialog.reject()
    rules.add_button.click()
    settle()
    yield "Archive, rule", rules.dialog
    rules.dialog.reject()
    settle()


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


def shown(window: QWidget, kind: type[QWidget]) -> list[QWidget]:
    """Return the visible widgets of a kind."""
    QApplication.processEvents()
    return [own for own in window.findChildren(kind)
            if own.isVisible() and own.width() > 1 and own.height() > 1]  # fmt: skip
