"""The Archive room: find a person, see plan sets and objects, open them in another room."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QSplitter,
    QTableView,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.archive.command import iso_date, own_archive, person_words, sets_of
from app.archive.gui.importing import ReportButton
from app.archive.gui.object_tree import ObjectTree
from app.archive.gui.plan_set_table import PlanSetTable
from app.archive.retrieve import Layout, Retrieved, retrieve
from app.background import JOBS, CancelledError, Job
from app.findings_model import GridModel
from app.findings_view import Banner, plain_table
from app.page import Page
from app.recognise import Kind
from core.archive.archive import Archive
from core.archive.find import PatientRow, Wanted, find_patients
from core.archive.index import Instance
from core.archive.plan_sets import PlanSet
from core.errors import RemedyError
from core.findings import State

if TYPE_CHECKING:
    from app.archive.gui.others import Others

COLUMNS = ("Patient", "ID", "Born", "Last study", "Studies", "Objects of")
PAUSE_MS = 250
EMPTY = (
    "The archive is empty. Import a folder, a CD or zip archives: every DICOM object is kept "
    "byte for byte, found by name or number, and its plan sets are examined for what is missing."
)
NOBODY = "Nobody was found. Part of the name is enough; * and ? stand for any letters."


class ArchivePage(Page):
    """Search, plan sets, objects, import, copies (Y-01, Y-02, Y-03, Y-05 to Y-07)."""

    title = "Archive"
    help_page = "archive"
    opens_together = True

    def __init__(self, open_archive: Callable[[], Archive] = own_archive) -> None:
        super().__init__()
        self.archive: Archive | None = None
        self._open_archive = open_archive
        self._people: list[PatientRow] = []
        self._waiting: list[Path] = []
        self.others: Others | None = None
        self._search_job: Job | None = None
        self._sets_job: Job | None = None
        self._make_widgets()
        self._lay_out()
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self.search)
        self._connect()
        self._refresh()

    def _make_widgets(self) -> None:
        self.name = _box("Name", "any part", "Part of the name; * and ? allowed")
        self.number = _box("Patient ID", "beginning", "Beginning of the patient's number")
        self.import_folder = QPushButton("Import &folder…")
        self.import_file = QPushButton("Import file or &zip…")
        self.report_button = ReportButton()
        self.banner = Banner()
        self.banner.hide()
        self.people = GridModel(numeric=("Studies",))
        self.table: QTableView = plain_table(self.people)
        self.table.setAccessibleName("Patients")
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.sets = PlanSetTable()
        self.tree = ObjectTree()
        self.words = QLabel(EMPTY)
        self.words.setWordWrap(True)
        self.view_button = QPushButton("Open in &Viewer")
        self.lex_button = QPushButton("Open plan in &LEX")
        self.filter_button = QPushButton("Open plan in Filt&er")
        self.copy_button = QPushButton("Save a &copy…")
        self.layout_choice = QComboBox()
        self.layout_choice.setAccessibleName("Folders of the copy")
        for one in Layout:
            self.layout_choice.addItem(one.value, one)
        self.send_button = QPushButton("&Send to")
        self.send_button.setMenu(QMenu(self.send_button))

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        for words, box in (("&Name", self.name), ("Patient &ID", self.number)):
            label = QLabel(words)
            label.setBuddy(box)
            top.addWidget(label)
            top.addWidget(box, 1)
        top.addSpacing(12)
        top.addWidget(self.import_folder)
        top.addWidget(self.import_file)
        top.addWidget(self.report_button)
        self.tabs = QTabWidget()
        self.tabs.addTab(self.sets, "Plan sets")
        self.tabs.addTab(self.tree, "Studies and series")
        self.bar = QWidget()
        buttons = QHBoxLayout(self.bar)
        buttons.setContentsMargins(0, 0, 0, 0)
        for one in (self.view_button, self.lex_button, self.filter_button, self.send_button,
                    self.copy_button, self.layout_choice):  # fmt: skip
            buttons.addWidget(one)
        buttons.addStretch(1)
        lower = QWidget()
        column = QVBoxLayout(lower)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.tabs, 1)
        column.addWidget(self.bar)
        upper = QWidget()
        inside = QVBoxLayout(upper)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.table, 1)
        inside.addWidget(self.words)
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(upper)
        split.addWidget(lower)
        split.setSizes([260, 420])
        outer = QVBoxLayout(self)
        outer.setContentsMargins(16, 12, 16, 12)
        outer.addLayout(top)
        outer.addWidget(self.banner)
        outer.addWidget(split, 1)
        self._column = outer

    def _connect(self) -> None:
        for box in (self.name, self.number):
            box.textChanged.connect(lambda _: self._pause.start())
            box.returnPressed.connect(self.search)
        self.import_folder.clicked.connect(self._ask_folder)
        self.import_file.clicked.connect(self._ask_file)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._on_person())
        self.people.modelReset.connect(self._on_person)
        self.sets.chosen.connect(self._refresh)
        self.sets.itemActivated.connect(lambda *_: self._view())
        self.tree.chosen.connect(self._refresh)
        self.tabs.currentChanged.connect(lambda _: self._refresh())
        self.view_button.clicked.connect(self._view)
        self.lex_button.clicked.connect(lambda: self._send_plan("LEX"))
        self.filter_button.clicked.connect(lambda: self._send_plan("Filter"))
        self.report_button.clicked.connect(self._ask_report)
        self.report_button.told.connect(self._tell_import)
        self.report_button.over.connect(self.search)
        self.copy_button.clicked.connect(self._ask_copy)
        self.send_button.menu().aboutToShow.connect(self._list_nodes)

    def accepts(self, kind: Kind) -> bool:
        """Take DICOM files, folders and zip archives."""
        return kind in (Kind.DICOM, Kind.DICOM_FOLDER, Kind.ZIP)

    def open_path(self, path: Path) -> None:
        """Import everything under a path."""
        self.open_paths([path])

    def open_paths(self, paths: list[Path]) -> None:
        """Import everything under some paths, once the archive is open."""
        self._waiting += paths
        self._take_in_waiting()

    def has_unfinished_write(self) -> bool:
        """Return whether an import is under way, or waits for the archive."""
        return self.report_button.is_busy or bool(self._waiting)

    def _take_in_waiting(self) -> None:
        if self.archive is not None and self._waiting:
            waiting, self._waiting = self._waiting, []
            self.take_in(waiting)

    def showEvent(self, event: QShowEvent) -> None:
        """Open the archive when the room is first entered."""
        super().showEvent(event)
        if self.others is None:
            self._add_others()
        if self.archive is None:
            self._start("Opening the archive", lambda _: self._open_archive(), self._on_opened)

    def _add_others(self) -> None:
        """Add the pages of other systems; DICOM's network takes a while to load."""
        from app.archive.gui.others import Others  # noqa: PLC0415  (see above)

        self.others = Others(self.tabs)
        self.others.told.connect(self._tell)
        self.others.arrived.connect(self._pause.start)
        self.report_button.over.connect(self.others.attention.refresh)
        self._column.addWidget(self.others.service)

    def _list_nodes(self) -> None:
        if self.others is not None:
            self.others.network.fill_menu(self.send_button.menu(), self.chosen())

    def _tell(self, state: State, words: str) -> None:
        self.banner.setToolTip("")
        self.banner.show_state(state, words)
        self.banner.show()

    def _on_opened(self, archive: Archive) -> None:
        if self.archive is None:
            self.archive = archive
            if self.others is not None:
                self.others.set_archive(archive)
            self.search()
            self._take_in_waiting()
        else:
            archive.close()

    # Search.

    def search(self) -> None:
        """Find persons by what stands in the two boxes."""
        archive = self.archive
        if archive is None:
            return
        self._pause.stop()
        if self._search_job is not None:
            self._search_job.drop()
        wanted = Wanted(self.name.text(), self.number.text())
        self._search_job = self._start(
            "Searching", lambda _: find_patients(archive.index, wanted), self._show_people
        )

    def _show_people(self, people: list[PatientRow]) -> None:
        self._search_job = None
        self._people = people
        locale = QLocale()
        rows = [
            (
                person_words(one.name),
                one.patient_id, iso_date(one.birth_date), iso_date(one.last_study),
                locale.toString(one.studies), " ".join(one.modalities),
            )
            for one in people
        ]  # fmt: skip
        self.people.show(COLUMNS, rows)
        if people:
            self.table.resizeColumnsToContents()
        searched = bool(self.name.text().strip() or self.number.text().strip())
        self.words.setText(NOBODY if searched else EMPTY)
        self.words.setVisible(not people)
        if people:
            self.table.selectRow(0)

    def person(self) -> PatientRow | None:
        """Return the person that is selected."""
        row = self.table.currentIndex().row()
        return self._people[row] if 0 <= row < len(self._people) else None

    def _on_person(self) -> None:
        archive, own = self.archive, self.person()
        if self._sets_job is not None:
            self._sets_job.drop()
        self.sets.show_sets([])
        self.tree.clear()
        if archive is None or own is None:
            self.patient_changed.emit("")
            return
        born = f"   born {iso_date(own.birth_date)}" if own.birth_date else ""
        name = person_words(own.name)
        self.patient_changed.emit(f"{name}   ID {own.patient_id or '-'}{born}")
        self.tree.show_person(archive, own.id)
        self._sets_job = self._start(
            "Reading plan sets", lambda _: sets_of(archive, own.id), self._show_sets
        )

    def _show_sets(self, sets: list[PlanSet]) -> None:
        self._sets_job = None
        self.sets.show_sets(sets)
        self.tabs.setTabText(0, f"Plan sets ({len(sets)})")

    # What is chosen, and where it goes.

    def chosen(self) -> Sequence[Instance]:
        """Return the objects of the plan set or of the part of the tree that is selected."""
        if self.tabs.currentWidget() is self.tree:
            return self.tree.instances()
        if self.tabs.currentWidget() is not self.sets:
            return ()
        sets = self.sets.plan_sets()
        return tuple(dict.fromkeys(one for own in sets for one in own.instances))

    def _plan(self) -> Instance | None:
        return next((one for one in self.chosen() if one.modality == "RTPLAN"), None)

    def _refresh(self) -> None:
        self.bar.setVisible(self.tabs.currentWidget() in (self.sets, self.tree))
        some = bool(self.chosen())
        for one in (self.view_button, self.send_button, self.copy_button, self.layout_choice):
            one.setEnabled(some)
        for button in (self.lex_button, self.filter_button):
            button.setEnabled(some and self._plan() is not None)

    def _view(self) -> None:
        self._send("Viewer", self.chosen())

    def _send_plan(self, room: str) -> None:
        plan = self._plan()
        if plan is not None:
            self._send(room, [plan])

    def _send(self, room: str, wanted: Sequence[Instance]) -> None:
        """Open objects in another room; one whose file is gone is told, not passed over."""
        archive = self.archive
        if archive is None or not wanted:
            return
        found = [(one, archive.path_of(one)) for one in wanted]
        paths = [path for _, path in found if path is not None]
        if len(paths) < len(found):
            words = f"{len(found) - len(paths)} of {len(found)} objects have lost their file."
            self._tell(State.ERROR, words)
        if paths:
            self.paths_for_room.emit(room, paths)

    # Import and copies.

    def _ask_folder(self) -> None:
        path = self.ask_for_folder("Import a folder")
        if path is not None:
            self.open_paths([path])

    def _ask_file(self) -> None:
        path = self.ask_for_file("Import", "DICOM files and zip archives (*.dcm *.zip);;All (*)")
        if path is not None:
            self.open_paths([path])

    def take_in(self, paths: Sequence[Path]) -> None:
        """Take everything under some paths into the archive, in the background."""
        if self.archive is not None:
            self.report_button.take_in(self.archive, paths)

    def _tell_import(self, state: State, words: str, word: str, reasons: str) -> None:
        self.banner.setToolTip(reasons)
        self.banner.show_state(state, words, word)
        self.banner.show()

    def _ask_report(self) -> None:
        path = self.ask_for_new_file("Save import report", "import.csv", "Table (*.csv);;All (*)")
        if path is not None:
            self.report_button.save(path)

    def _ask_copy(self) -> None:
        archive, wanted = self.archive, self.chosen()
        own, layout = self.person(), self.layout_choice.currentData()
        name = f"{own.patient_id or 'set'}.zip" if own is not None else "set.zip"
        target = self.ask_for_new_file("Save a copy", name, "Zip archive (*.zip);;Folder (*)")
        if archive is not None and target is not None:
            self._start(
                f"Copying {len(wanted)} objects",
                lambda progress: retrieve(archive, wanted, target, progress, layout),
                self._show_copied,
            )

    def _show_copied(self, done: Retrieved) -> None:
        words = f"{done.copied} objects in {done.target}"
        if done.missing:
            words += f"; {len(done.missing)} are lost or damaged and are not in it"
        self.banner.show_state(
            State.ERROR if done.missing else State.PASS, words,
            "Not complete" if done.missing else "Copied",
        )  # fmt: skip
        self.banner.show()

    def _start(self, title: str, work: Callable[..., object], done: Callable[..., None]) -> Job:
        return JOBS.start(self, title, work, done=done, failed=self._show_fault)

    def _show_fault(self, fault: Exception) -> None:
        if isinstance(fault, CancelledError):
            return
        words = str(fault)
        if not isinstance(fault, RemedyError | OSError):
            words = f"The program has a fault: {type(fault).__name__}: {fault}"
        self._tell(State.ERROR, words)


def _box(name: str, hint: str, tip: str) -> QLineEdit:
    box = QLineEdit()
    box.setPlaceholderText(hint)
    box.setToolTip(tip)
    box.setClearButtonEnabled(True)
    box.setAccessibleName(name)
    return box
