"""The one window: rooms at the left, patient banner above, jobs below."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMainWindow,
    QMenu,
    QMessageBox,
    QVBoxLayout,
    QWidget,
)

from app.background import JOBS
from app.choosing import choose_file, choose_folder, choose_new_file
from app.demo_strip import TITLE, DemoStrip
from app.edit_menu import EditMenu
from app.help_menu import HelpMenu
from app.key_use import chosen_keys, shipped_sequence
from app.keys import first
from app.notice import Notice
from app.page import Page
from app.pages import ROOMS, Room
from app.recognise import recognise
from app.remembered import keep_layout
from app.room_area import RoomArea, RoomStack
from app.settings_store import user_settings
from app.shortcuts import apply
from app.status_line import StatusLine
from app.style import FOLLOW, SCHEMES, apply_scheme
from app.wheel_guard import guard
from core.findings import State

if TYPE_CHECKING:
    from app.command_palette import CommandPalette
    from app.help_window import HelpWindow
    from app.shortcuts_window import ShortcutsWindow

RECENT = 10


class MainWindow(QMainWindow):
    """Hold the rooms and pass files to the room that can use them."""

    def __init__(self, rooms: Sequence[Room] = ROOMS, *, at_once: bool = True) -> None:
        """Make every room at once, or each when it is loaded (see `RoomLoading`)."""
        super().__init__()
        self.at_once = at_once
        self.setWindowTitle(TITLE)
        self.setAcceptDrops(True)
        self.resize(1360, 860)
        self.settings = user_settings()
        # Before any widget is made, so that all of them are born in the right colours.
        apply_scheme(self.chosen_scheme())
        self.rooms = tuple(rooms)
        self.rail = QListWidget()
        self.rail.setObjectName("rail")
        self.rail.setAccessibleName("Rooms")
        self.rail.setFixedWidth(150)
        self.rail.setIconSize(QSize(20, 20))
        self.stack = RoomStack(rooms)
        self.stack.page_made.connect(self._on_page)
        self.banner = QLabel()
        self.banner.setObjectName("patient")
        self.banner.setAccessibleName("Patient")
        self.banner.setWordWrap(True)  # never cut off, and never a reason for a wider window
        self.banner.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.demo_strip = DemoStrip()
        self.help_menu = HelpMenu(self, self._help_page, self.start_demo)
        self.demo_strip.help_wanted.connect(self.help_menu.show_page)
        self.demo_strip.export_chosen.connect(lambda path: self.go_to("Filter").open_path(path))
        self.notice = Notice()
        self._patients: dict[int, str] = {}
        self._demo: Path | None = None
        for number, room in enumerate(self.rooms):
            self._add_room(number, room)
        self._lay_out()
        self.setStatusBar(StatusLine())
        self._make_menus()
        self.rail.currentRowChanged.connect(self._on_room)
        for number in range(len(self.rooms) if at_once else 0):
            self.stack.page(number)
        self.rail.setCurrentRow(0)

    @property
    def help_window(self) -> "HelpWindow":
        """The window of the help, made at its first use."""
        return self.help_menu.window

    def page(self, title: str) -> Page:
        """Return the page of the room with this title; it is made where it is not there yet."""
        return self.stack.page([room.title for room in self.rooms].index(title))

    def pages(self) -> dict[str, Page]:
        """Return the page of every room that has been made, by its title."""
        made = sorted(self.stack.pages.items())
        return {self.rooms[number].title: page for number, page in made}

    def go_to(self, title: str) -> Page:
        """Show the room with this title and return its page."""
        page = self.page(title)
        self.rail.setCurrentRow([room.title for room in self.rooms].index(title))
        self.show_room()
        return page

    def open_path(self, path: Path) -> None:
        """Open a file or folder in the present room if it can, else in the first that can."""
        kind = recognise(path)
        present = self.rail.currentRow()
        order = [present, *(i for i in range(len(self.rooms)) if i != present)]
        for number in order:
            page = self.stack.page(number)
            if page.accepts(kind):
                self.go_to(self.rooms[number].title)
                self.statusBar().showMessage(f"{path.name}: {kind}", 4000)
                page.open_path(path)
                return
        self.statusBar().showMessage(
            f"{path.name} was not opened: no RTP-Connect file, DICOM plan or Pinnacle folder",
            10000,
        )

    def prepare(self) -> None:
        """Let every room load what it will need. Runs off the GUI thread."""
        for page in list(self.pages().values()):
            page.prepare()

    def start_demo(self, folder: Path) -> None:
        """Open the demonstration patient in LEX and offer its export in the Filter."""
        self.demo_strip.offer(folder)
        self._demo = folder
        for page in self.pages().values():
            page.offer_demo(folder)
        self.go_to("LEX").open_demo(folder)
        self._show_patient()

    def state(self) -> dict[str, dict[str, Any]]:
        """Return what every room has open, per title; rooms with nothing are left out."""
        states = {title: page.state() for title, page in self.pages().items()}
        return {title: state for title, state in states.items() if state}

    def resume(self, rooms: Mapping[str, Mapping[str, Any]]) -> None:
        """Open again what rooms had open in an earlier run."""
        known = [room.title for room in self.rooms]
        for title, state in rooms.items():
            if title in known:
                self.page(title).resume(state)
                self.go_to(title)

    def _add_room(self, number: int, room: Room) -> None:
        item = QListWidgetItem(room.title)
        item.setToolTip(f"{room.hint} ({first(f'room.{number + 1}')})")
        item.setSizeHint(QSize(140, 44))
        self.rail.addItem(item)
        go = QAction(room.title, self)
        go.setShortcut(shipped_sequence(f"room.{number + 1}"))
        go.triggered.connect(lambda: self.rail.setCurrentRow(number))
        self.addAction(go)

    def _on_page(self, number: int, page: Page) -> None:
        page.patient_changed.connect(lambda words: self._on_patient(number, words))
        page.opened.connect(self._remember)
        page.go_to_room.connect(self._on_go_to)
        page.paths_for_room.connect(lambda title, paths: self.go_to(title).open_paths(paths))
        if self._demo is not None:
            page.offer_demo(self._demo)

    def make_room(self, number: int) -> None:
        """Make the page of a room whose code is loaded; show it where it is waited for."""
        self.stack.page(number)
        self.show_room()

    def show_room(self) -> None:
        """Show the room that is chosen at the left, or that it is being opened."""
        number = max(self.rail.currentRow(), 0)
        if self.at_once or number in self.stack.pages:
            self.stack.setCurrentWidget(self.stack.page(number))
        else:
            self.stack.show_waiting(self.rooms[number].title)

    def _lay_out(self) -> None:
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.notice)
        column.addWidget(self.demo_strip)
        column.addWidget(self.banner)
        column.addWidget(RoomArea(self.stack), 1)
        centre = QWidget()
        row = QHBoxLayout(centre)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addWidget(right, 1)
        self.setCentralWidget(centre)

    def _make_menus(self) -> None:
        file_menu = self.menuBar().addMenu("&File")
        file_menu.addAction("&Open file…", shipped_sequence("file.open"), self._ask_file)
        file_menu.addAction("Open &folder…", shipped_sequence("file.folder"), self._ask_folder)
        self.recent_menu = QMenu("Open &recent", self)
        self.recent_menu.aboutToShow.connect(self._fill_recent)
        file_menu.addMenu(self.recent_menu)
        file_menu.addSeparator()
        file_menu.addAction("&Settings…", shipped_sequence("file.settings"), self.show_settings)
        file_menu.addSeparator()
        file_menu.addAction("&Quit", shipped_sequence("file.quit"), self.close)
        self.edit_menu = EditMenu(self.menuBar().addMenu("Edit"), self.stack)
        view_menu = self.menuBar().addMenu("&View")
        view_menu.addAction("&Commands…", shipped_sequence("view.commands"), self.show_commands)
        view_menu.addAction("&Keyboard shortcuts…", self.show_shortcuts)
        view_menu.addSeparator()
        group = QActionGroup(self)
        chosen = self.chosen_scheme()
        for name in SCHEMES:
            action = view_menu.addAction(name)
            action.setCheckable(True)
            action.setChecked(name == chosen)
            action.triggered.connect(lambda _=False, name=name: self._set_scheme(name))
            group.addAction(action)
        help_menu = self.menuBar().addMenu("&Help")
        self.help_menu.fill(help_menu)
        help_menu.addAction("&Support bundle…", self._ask_bundle)
        help_menu.addAction("&About", self.help_menu.show_about)
        self.lost_keys = apply(self, chosen_keys())

    def show_commands(self) -> "CommandPalette":
        """Open the list of all that can be done now."""
        from app.command_palette import CommandPalette  # noqa: PLC0415  not before it is wanted
        from app.deeds import deeds_of  # noqa: PLC0415

        room = self.rooms[self.rail.currentRow()].title
        opened = CommandPalette(self, deeds_of(self, self.page(room), room))
        opened.open()
        return opened

    def show_shortcuts(self) -> "ShortcutsWindow":
        """Open the table of keys."""
        from app.shortcuts_window import ShortcutsWindow  # noqa: PLC0415  not before it is wanted

        opened = ShortcutsWindow(self)
        opened.open()
        return opened

    def chosen_scheme(self) -> str:
        """Return the colour scheme the user chose last."""
        name = str(self.settings.value("scheme", ""))
        return name if name in SCHEMES else FOLLOW

    def _set_scheme(self, name: str) -> None:
        self.settings.setValue("scheme", name)
        apply_scheme(name)

    def _on_room(self, _number: int) -> None:
        self.show_room()
        self._show_patient()

    def _on_go_to(self, title: str, path: Path, plan: Path) -> None:
        self.go_to(title).take_over(path, plan)

    def _on_patient(self, number: int, words: str) -> None:
        self._patients[number] = words
        self._show_patient()

    def _show_patient(self) -> None:
        words = self._patients.get(self.rail.currentRow(), "")
        self.banner.setText(words or "No patient open")
        self.banner.setProperty("empty", not words)
        self.banner.style().polish(self.banner)
        self.setWindowTitle(self.demo_strip.title_for(words))

    def _remember(self, path: Path) -> None:
        paths = [str(path), *(name for name in self.recent_paths() if name != str(path))]
        self.settings.setValue("recent", paths[:RECENT])

    def recent_paths(self) -> list[str]:
        """Return the files and folders opened last, newest first."""
        stored = self.settings.value("recent", [])
        names = stored if isinstance(stored, list) else [stored]
        return [str(name) for name in names if name]

    def _fill_recent(self) -> None:
        self.recent_menu.clear()
        for name in self.recent_paths():
            action = self.recent_menu.addAction(name)
            action.setEnabled(Path(name).exists())
            action.triggered.connect(lambda _=False, name=name: self.open_path(Path(name)))
        if self.recent_menu.isEmpty():
            self.recent_menu.addAction("Nothing opened yet").setEnabled(False)
        else:
            self.recent_menu.addSeparator()
            self.recent_menu.addAction("Clear this list", lambda: self.settings.remove("recent"))

    def _ask_file(self) -> None:
        path = choose_file(self, "Open an R&V export or a plan")
        if path:
            self.open_path(path)

    def _ask_folder(self) -> None:
        path = choose_folder(self, "Open a plan folder")
        if path:
            self.open_path(path)

    def _help_page(self) -> str:
        page = self.stack.currentWidget()
        return page.help_page if isinstance(page, Page) else "index"

    def _ask_bundle(self) -> None:
        name = choose_new_file(
            self, "Write a support bundle, without patient data", "eqs-support.zip", "Zip (*.zip)"
        )
        if not name:
            return
        from app.support import Written, write_bundle  # noqa: PLC0415  not before it is wanted

        def written(bundle: Written) -> None:
            self.statusBar().showMessage(f"Written: {name}", 10000)
            if bundle.unread:
                self.notice.tell(State.WARNING, f"Written: {name}. {' '.join(bundle.unread)}")

        JOBS.start(
            self, "Writing the support bundle", lambda _: write_bundle(name), done=written,
            failed=lambda fault: self.notice.tell(
                State.ERROR, f"The support bundle was not written: {fault}"),
        )  # fmt: skip

    def show_settings(self) -> QWidget:
        """Open the clinic's tables, with the layer of each value."""
        from app.settings_window import SettingsWindow  # noqa: PLC0415  not before it is wanted

        opened = SettingsWindow(self)
        opened.written.connect(self._on_tables)
        opened.show()
        return opened

    def _on_tables(self) -> None:
        for page in self.pages().values():
            page.tables_changed()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files and folders from the desktop."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped: together where the room makes one set of it, else in turn."""
        event.acceptProposedAction()
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        page = self.stack.currentWidget()
        together = isinstance(page, Page) and page.opens_together
        if isinstance(page, Page) and together and len(paths) > 1:
            wanted = [path for path in paths if page.accepts(recognise(path))]
            paths = [path for path in paths if path not in wanted]
            if wanted:
                page.open_paths(wanted)
        for path in paths:
            self.open_path(path)

    def showEvent(self, event: QShowEvent) -> None:
        """Guard the values of all pages from a wheel that is meant for the page."""
        super().showEvent(event)
        guard(self)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask only while work would be cut that a room names; cancel every other job."""
        cut = [words for page in self.pages().values() if (words := page.under_way())]
        if cut:
            told = ", ".join(cut)
            words = f"{told[0].upper()}{told[1:]}. Stop this and close the program?"
            answer = QMessageBox.question(self, "Work is under way", words)
            if answer != QMessageBox.StandardButton.Yes:
                event.ignore()
                return
        beside = [own for own in self.findChildren(QDialog) if own.isVisible()]
        staying = next((own for own in beside if not own.close()), None)
        if staying is not None:  # it says what would be lost
            staying.raise_()
            staying.activateWindow()
            event.ignore()
            return
        JOBS.cancel_all()
        # Rooms that are still being loaded have not got their splitters back yet.
        keep_layout(self, self.pages(), self.settings, with_splitters=self.at_once)
        event.accept()
