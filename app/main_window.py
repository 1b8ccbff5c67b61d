"""The one window: rooms at the left, patient banner above, jobs below."""

import gc
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from threading import Thread

from PySide6.QtCore import QSize, Qt, QTimer, QUrl
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QKeySequence,
)
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMainWindow,
    QMenu,
    QMessageBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.background import JOBS
from app.collector import Collector
from app.help_window import HelpWindow
from app.page import Page
from app.pages import ROOMS, Room
from app.recognise import recognise
from app.settings_store import user_settings
from app.status_line import StatusLine
from core.paths import RESOURCES

RECENT = 10
PREPARE_MS = 300
SCHEMES = {
    "Follow the system": Qt.ColorScheme.Unknown,
    "Light": Qt.ColorScheme.Light,
    "Dark": Qt.ColorScheme.Dark,
}


def program_version() -> str:
    """Return the installed version, or "checkout" when run without installation."""
    try:
        return version("eqs")
    except PackageNotFoundError:
        return "checkout"


class MainWindow(QMainWindow):
    """Hold the rooms and pass files to the room that can use them."""

    def __init__(self, rooms: Sequence[Room] = ROOMS) -> None:
        super().__init__()
        self.setWindowTitle("EQS Workstation")
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
        self.stack = QStackedWidget()
        self.banner = QLabel()
        self.banner.setObjectName("patient")
        self.banner.setAccessibleName("Patient")
        self.banner.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.demo_strip = QLabel()
        self.demo_strip.setObjectName("demo")
        self.demo_strip.setWordWrap(True)
        self.demo_strip.setOpenExternalLinks(True)
        self.demo_strip.hide()
        self.help_window = HelpWindow(self)
        self._patients: dict[int, str] = {}
        for number, room in enumerate(self.rooms):
            self._add_room(number, room)
        self._lay_out()
        self.setStatusBar(StatusLine())
        self._make_menus()
        self.rail.currentRowChanged.connect(self._on_room)
        self.rail.setCurrentRow(0)

    def page(self, title: str) -> Page:
        """Return the page of the room with this title."""
        number = [room.title for room in self.rooms].index(title)
        widget = self.stack.widget(number)
        assert isinstance(widget, Page)
        return widget

    def go_to(self, title: str) -> Page:
        """Show the room with this title and return its page."""
        self.rail.setCurrentRow([room.title for room in self.rooms].index(title))
        return self.page(title)

    def open_path(self, path: Path) -> None:
        """Open a file or folder in the present room if it can, else in the first that can."""
        kind = recognise(path)
        present = self.stack.currentIndex()
        order = [present, *(i for i in range(self.stack.count()) if i != present)]
        for number in order:
            page = self.stack.widget(number)
            if isinstance(page, Page) and page.accepts(kind):
                self.rail.setCurrentRow(number)
                self.statusBar().showMessage(f"{path.name}: {kind}", 4000)
                page.open_path(path)
                return
        self.statusBar().showMessage(
            f"{path.name} was not opened: no RTP-Connect file, DICOM plan or Pinnacle folder",
            10000,
        )

    def prepare(self) -> None:
        """Let every room load what it will need. Runs off the GUI thread."""
        for room in self.rooms:
            self.page(room.title).prepare()

    def start_demo(self, folder: Path) -> None:
        """Open the demonstration patient in LEX and offer its export in the Filter."""
        self.setWindowTitle("EQS Workstation - DEMONSTRATION DATA, not a patient")
        variants = QUrl.fromLocalFile(str(folder / "export" / "variants")).toString()
        self.demo_strip.setText(
            "<b>Demonstration data, not a patient.</b> Press <b>Next</b> to the last step, write "
            "the file and check it in the Filter. Then drop one of the "
            f"<a style='color:#10305c' href='{variants}'>exports with a seeded error</a> on it."
        )
        self.demo_strip.show()
        for number in range(self.stack.count()):
            page = self.stack.widget(number)
            if isinstance(page, Page):
                page.offer_demo(folder)
        lex = self.go_to("LEX")
        lex.open_demo(folder)

    def _add_room(self, number: int, room: Room) -> None:
        page = room.make()
        page.patient_changed.connect(lambda words: self._on_patient(number, words))
        page.opened.connect(self._remember)
        page.go_to_room.connect(self._on_go_to)
        page.paths_for_room.connect(lambda title, paths: self.go_to(title).open_paths(paths))
        self.stack.addWidget(page)
        item = QListWidgetItem(room.title)
        item.setToolTip(f"{room.hint} (Ctrl+{number + 1})")
        item.setSizeHint(QSize(140, 44))
        self.rail.addItem(item)
        go = QAction(room.title, self)
        go.setShortcut(QKeySequence(f"Ctrl+{number + 1}"))
        go.triggered.connect(lambda: self.rail.setCurrentRow(number))
        self.addAction(go)

    def _lay_out(self) -> None:
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.demo_strip)
        column.addWidget(self.banner)
        column.addWidget(self.stack, 1)
        centre = QWidget()
        row = QHBoxLayout(centre)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addWidget(right, 1)
        self.setCentralWidget(centre)

    def _make_menus(self) -> None:
        file_menu = self.menuBar().addMenu("&File")
        file_menu.addAction("&Open file…", QKeySequence.StandardKey.Open, self._ask_file)
        file_menu.addAction("Open &folder…", QKeySequence("Ctrl+Shift+O"), self._ask_folder)
        self.recent_menu = QMenu("Open &recent", self)
        self.recent_menu.aboutToShow.connect(self._fill_recent)
        file_menu.addMenu(self.recent_menu)
        file_menu.addSeparator()
        file_menu.addAction("&Quit", QKeySequence("Ctrl+Q"), self.close)
        view_menu = self.menuBar().addMenu("&View")
        group = QActionGroup(self)
        chosen = self.chosen_scheme()
        for name in SCHEMES:
            action = view_menu.addAction(name)
            action.setCheckable(True)
            action.setChecked(name == chosen)
            action.triggered.connect(lambda _=False, name=name: self._set_scheme(name))
            group.addAction(action)
        help_menu = self.menuBar().addMenu("&Help")
        help_menu.addAction("&Help on this page", QKeySequence("F1"), self._help)
        help_menu.addAction("&About", self._about)

    def chosen_scheme(self) -> str:
        """Return the colour scheme the user chose last."""
        name = str(self.settings.value("scheme", ""))
        return name if name in SCHEMES else "Follow the system"

    def _set_scheme(self, name: str) -> None:
        self.settings.setValue("scheme", name)
        apply_scheme(name)

    def _on_room(self, number: int) -> None:
        self.stack.setCurrentIndex(number)
        self._show_patient()

    def _on_go_to(self, title: str, path: Path, plan: Path) -> None:
        self.go_to(title).take_over(path, plan)

    def _on_patient(self, number: int, words: str) -> None:
        self._patients[number] = words
        self._show_patient()

    def _show_patient(self) -> None:
        words = self._patients.get(self.stack.currentIndex(), "")
        self.banner.setText(words or "No patient open")
        self.banner.setProperty("empty", not words)
        self.banner.style().polish(self.banner)

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
        name, _ = QFileDialog.getOpenFileName(self, "Open an R&V export or a plan")
        if name:
            self.open_path(Path(name))

    def _ask_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Open a plan folder")
        if name:
            self.open_path(Path(name))

    def _help(self) -> None:
        page = self.stack.currentWidget()
        self.help_window.show_page(page.help_page if isinstance(page, Page) else "index")

    def _about(self) -> None:
        QMessageBox.about(
            self,
            "About EQS Workstation",
            f"EQS Workstation {program_version()}\n\nMoves a radiotherapy plan safely from the "
            "planning system to the treatment machine and checks it.\n"
            "It does not replace the physicist's own judgement.",
        )

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

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask only while a file is being written; cancel every other job."""
        pages = [self.stack.widget(number) for number in range(self.stack.count())]
        if any(isinstance(page, Page) and page.has_unfinished_write() for page in pages):
            answer = QMessageBox.question(
                self, "A file is being written", "Stop writing it and close the program?"
            )
            if answer != QMessageBox.StandardButton.Yes:
                event.ignore()
                return
        JOBS.cancel_all()
        self.settings.sync()
        event.accept()


TICK = (RESOURCES / "icons" / "tick.svg").as_posix()
STYLE = """
QAbstractItemView::indicator, QCheckBox::indicator { width: 14px; height: 14px;
    border: 1px solid palette(placeholder-text); border-radius: 2px; background: palette(base); }
QAbstractItemView::indicator:checked, QCheckBox::indicator:checked {
    background: palette(highlight); border-color: palette(highlight); image: url(@TICK@); }
#rail { border: none; background: palette(window); padding-top: 8px; font-size: 11pt; outline: 0; }
#rail::item { padding-left: 14px; border-left: 4px solid transparent; }
#rail::item:selected { background: palette(base); color: palette(text);
                       border-left: 4px solid palette(highlight); }
#rail::item:focus { background: palette(midlight); }
#patient { padding: 8px 16px; font-size: 11pt; font-weight: 600;
           border-bottom: 1px solid palette(mid); background: palette(base); }
#patient[empty="true"] { font-weight: 400; color: palette(placeholder-text); }
#steps { border: 1px solid palette(mid); outline: 0; background: palette(base); }
#steps::item { padding: 8px 6px; }
QTreeView::item { padding: 4px 2px; }
QListView::item { padding: 3px; }
#demo { padding: 6px 16px; background: #dbeafe; color: #10305c; }
#fault { font-weight: 600; }
QToolTip { padding: 4px; }
""".replace("@TICK@", TICK)


def application() -> QApplication:
    """Return the Qt application in the program's own style, made at the first call."""
    existing = QApplication.instance()
    program = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    if program.findChild(Collector) is None:
        Collector(program)
    program.setApplicationName("EQS Workstation")
    program.setStyle("Fusion")
    return program


def apply_scheme(name: str) -> None:
    """Give every widget the colours of a scheme; the style sheet is laid on anew to follow."""
    program = application()
    program.styleHints().setColorScheme(SCHEMES[name])
    program.setStyleSheet("")
    program.setPalette(theme.palette(name))
    program.setStyleSheet(STYLE)


def show(demo: Path | None = None) -> int:
    """Open the window and run until it is closed.

    Args:
        demo: Folder of a demonstration patient to start with.

    """
    program = application()
    window = MainWindow()
    if demo is not None:
        window.start_demo(demo)
    window.show()
    gc.freeze()  # the window lives as long as the program: looking through it again is in vain
    # After the first painting: loading libraries holds the interpreter up.
    QTimer.singleShot(PREPARE_MS, Thread(target=window.prepare, name="prepare").start)
    return program.exec()
