"""The Archive room: find a person, see plan sets and objects, open them in another room."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.archive.command import iso_date, own_archive, person_words, sets_of
from app.archive.gui.copying import CopyButton
from app.archive.gui.faults import told_of
from app.archive.gui.importing import ReportButton
from app.archive.gui.object_tree import ObjectTree
from app.archive.gui.person_search import NOT_OPEN, OPENING, PersonSearch
from app.archive.gui.plan_set_table import PlanSetTable
from app.background import JOBS, Job
from app.findings_view import Banner
from app.page import Page
from app.recognise import Kind
from core.archive.archive import Archive
from core.archive.index import Instance
from core.archive.plan_sets import PlanSet
from core.findings import State

if TYPE_CHECKING:
    from app.archive.gui.others import Others


class ArchivePage(Page):
    """Search, plan sets, objects, import, copies (Y-01, Y-02, Y-03, Y-05 to Y-07)."""

    title = "Archive"
    help_page = "archive"
    opens_together = True

    def __init__(self, open_archive: Callable[[], Archive] = own_archive) -> None:
        super().__init__()
        self.archive: Archive | None = None
        self._open_archive = open_archive
        self._waiting: list[Path] = []
        self.others: Others | None = None
        self._opening: Job | None = None
        self._read_id: int | None = None  # whose plan sets are listed
        self._sets_job: Job | None = None
        self._make_widgets()
        self._lay_out()
        self._connect()
        self._refresh()

    def _make_widgets(self) -> None:
        self.persons = PersonSearch()
        self.name, self.number = self.persons.name, self.persons.number
        self.people, self.table = self.persons.people, self.persons.table
        self.words = self.persons.words
        self.import_folder = QPushButton("Import &folder…")
        self.import_file = QPushButton("Import file or &zip…")
        self.report_button = ReportButton()
        self.banner = Banner()
        self.banner.hide()
        self.sets = PlanSetTable()
        self.tree = ObjectTree()
        self.view_button = QPushButton("Open in &Viewer")
        self.lex_button = QPushButton("Open plan in &LEX")
        self.filter_button = QPushButton("Open plan in Filt&er")
        self.copy_button = CopyButton()
        self.layout_choice = self.copy_button.layouts
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
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.persons)
        split.addWidget(lower)
        split.setSizes([260, 420])
        outer = QVBoxLayout(self)
        outer.setContentsMargins(16, 12, 16, 12)
        outer.addLayout(top)
        outer.addWidget(self.banner)
        outer.addWidget(split, 1)
        self._column = outer

    def _connect(self) -> None:
        self.import_folder.clicked.connect(self._ask_folder)
        self.import_file.clicked.connect(self._ask_file)
        self.persons.chosen.connect(self._on_person)
        self.persons.told.connect(self._tell)
        self.sets.chosen.connect(self._refresh)
        self.sets.itemActivated.connect(lambda *_: self._view())
        self.tree.chosen.connect(self._refresh)
        self.tabs.currentChanged.connect(lambda _: self._refresh())
        self.view_button.clicked.connect(self._view)
        self.lex_button.clicked.connect(lambda: self._send_plan("LEX"))
        self.filter_button.clicked.connect(lambda: self._send_plan("Filter"))
        self.report_button.clicked.connect(self._ask_report)
        self.report_button.told.connect(self._tell)
        self.report_button.over.connect(self.persons.search)
        self.copy_button.clicked.connect(self._ask_copy)
        self.copy_button.told.connect(self._tell)
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

    def under_way(self) -> str:
        """Return what closing now would interrupt: imports, copies, transfers, listening."""
        told = self.others.under_way() if self.others is not None else []
        if self.copy_button.is_busy:
            told.insert(0, "a copy is being written")
        if self.report_button.is_busy or self._waiting:
            told.insert(0, "an import is under way")
        return ", ".join(told)

    def _take_in_waiting(self) -> None:
        if self.archive is None:
            self._open()
        elif self._waiting:
            waiting, self._waiting = self._waiting, []
            self.take_in(waiting)

    def showEvent(self, event: QShowEvent) -> None:
        """Open the archive when the room is first entered."""
        super().showEvent(event)
        if self.others is None:
            self._add_others()
        self._open()

    def _open(self) -> None:
        if self.archive is None and self._opening is None:
            self.words.setText(OPENING)
            self._opening = JOBS.start(
                self, "Opening the archive", lambda _: self._open_archive(),
                done=self._on_opened, failed=self._on_not_opened,
            )  # fmt: skip

    def _on_not_opened(self, fault: Exception) -> None:
        self._opening = None
        self.words.setText(NOT_OPEN)
        state, words = told_of(fault)
        if self._waiting:
            words += f" Not imported: {', '.join(path.name for path in self._waiting)}."
            self._waiting.clear()
        self._tell(state, words)

    def _add_others(self) -> None:
        """Add the pages of other systems; DICOM's network takes a while to load."""
        from app.archive.gui.others import Others  # noqa: PLC0415  (see above)

        self.others = Others(self.tabs)
        self.others.told.connect(self._tell)
        self.others.arrived.connect(self.persons.search_soon)
        self.report_button.over.connect(self.others.attention.refresh)
        self._column.addWidget(self.others.service)
        if self.archive is not None:
            self.others.set_archive(self.archive)

    def _list_nodes(self) -> None:
        if self.others is not None:
            self.others.network.fill_menu(self.send_button.menu(), self.chosen())

    def _tell(self, state: State, words: str, word: str = "", reasons: str = "") -> None:
        self.banner.setToolTip(reasons)
        self.banner.show_state(state, words, word)
        self.banner.show()

    def _on_opened(self, archive: Archive) -> None:
        self._opening, self.archive = None, archive
        if self.others is not None:
            self.others.set_archive(archive)
        self.persons.set_archive(archive)
        self._take_in_waiting()

    # The person.

    def _on_person(self) -> None:
        archive, own = self.archive, self.persons.person()
        if self._sets_job is not None:
            self._sets_job.drop()
        is_same = own is not None and own.id == self._read_id
        self._read_id = own.id if own is not None else None
        if not is_same:
            self._forget_sets()
        if archive is None or own is None:
            self.patient_changed.emit("")
            return
        born = f"   born {iso_date(own.birth_date)}" if own.birth_date else ""
        name = person_words(own.name)
        self.patient_changed.emit(f"{name}   ID {own.patient_id or '-'}{born}")
        self.tree.show_person(archive, own.id)
        self._sets_job = JOBS.start(
            self, "Reading plan sets", lambda _: sets_of(archive, own.id),
            done=self._show_sets, failed=self._on_no_sets,
        )  # fmt: skip

    def _forget_sets(self) -> None:
        self.sets.show_sets([])
        self.tree.forget()
        self.tabs.setTabText(0, "Plan sets")

    def _on_no_sets(self, fault: Exception) -> None:
        self._sets_job = None
        self.sets.show_sets([])
        self.tabs.setTabText(0, "Plan sets (not read)")
        self._show_fault(fault)

    def _show_sets(self, sets: list[PlanSet]) -> None:
        self._sets_job = None
        self.sets.show_sets(sets, keep=True)
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
        plans = [one for one in self.chosen() if one.modality == "RTPLAN"]
        return plans[0] if len(plans) == 1 else None

    def _refresh(self) -> None:
        self.bar.setVisible(self.tabs.currentWidget() in (self.sets, self.tree))
        chosen = self.chosen()
        for one in (self.view_button, self.send_button, self.copy_button, self.layout_choice):
            one.setEnabled(bool(chosen))
        plans = sum(one.modality == "RTPLAN" for one in chosen)
        why = f"{plans} plans are selected" if plans else "No plan is selected"
        for button in (self.lex_button, self.filter_button):
            button.setEnabled(plans == 1)
            button.setToolTip("" if plans == 1 else f"{why}: select one.")

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

    def _ask_report(self) -> None:
        report = self.report_button.report  # behind the question another import may end
        path = self.ask_for_new_file("Save import report", "import.csv", "Table (*.csv);;All (*)")
        if report is not None and path is not None:
            self.report_button.save(report, path)

    def _ask_copy(self) -> None:
        archive, wanted = self.archive, self.chosen()
        own = self.persons.person()
        name = f"{own.patient_id or 'set'}.zip" if own is not None else "set.zip"
        target = self.ask_for_new_file("Save a copy", name, "Zip archive (*.zip);;Folder (*)")
        if archive is not None and target is not None:
            self.copy_button.copy(archive, wanted, target)

    def _show_fault(self, fault: Exception) -> None:
        self._tell(*told_of(fault))
