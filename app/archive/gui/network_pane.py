"""Other systems: name them, ask what they have, fetch it, try the connection, drill a restore."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QMessageBox,
    QPushButton,
    QTabWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.archive import network
from app.archive.command import iso_date, person_words
from app.archive.gui.connection_steps import ConnectionSteps
from app.archive.gui.faults import told_of
from app.archive.gui.mirror_action import MirrorButton
from app.archive.gui.node_dialog import NodeDialog
from app.archive.gui.plain_tree import PlainTree
from app.archive.gui.transfer_list import TransferList, Way
from app.background import JOBS, Job
from core.archive.archive import Archive
from core.archive.client_confirm import outgoing_of
from core.archive.drill import Proof
from core.archive.forward import send_to
from core.archive.index import Instance
from core.archive.nodes import Kind, Node
from core.archive.settings import ArchiveSettings, read_settings
from core.archive.settings_write import remove
from core.archive.transfer import Effort, Fate, Result
from core.findings import State

ROW = Qt.ItemDataRole.UserRole
STUDIES = ("Patient", "ID", "Date", "Description", "Kinds", "Study UID")
NO_NODES = (
    "No other system is named yet. Add each that the archive shall ask or send to, or that may "
    "send to it; they are kept in archive.toml."
)
DRILL_PERSONS = 3
DRILL_TIP = (
    "Fetches the plan sets of three persons drawn by lot back from this system and compares every "
    "object with ours. Nothing is changed on either side."
)


class NetworkPane(QWidget):
    """Nodes, their studies, the connection check and the transfers (Y-07 to Y-09, Y-13).

    Signals:
        told: State and words for the room's banner.
        arrived: Something new came into the archive.
        begun: A transfer has begun.
        changed: The settings as they stand in archive.toml now.

    """

    told = Signal(object, str)
    arrived = Signal()
    begun = Signal()
    changed = Signal(object)

    def __init__(
        self, read: Callable[[], ArchiveSettings] = read_settings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.archive: Archive | None = None
        self.settings = ArchiveSettings()
        self.dialog: NodeDialog | None = None
        self._read = read
        self._asked = 0
        self._asking: Job | None = None
        self._from: Node | None = None  # the system that the studies listed lie on
        self._make_widgets()
        self._lay_out()
        self._connect()
        self._enable()
        self.refresh()

    def _make_widgets(self) -> None:
        self.transfers = TransferList()
        self.nodes = QComboBox()
        self.nodes.setAccessibleName("Other system")
        self.nodes.setMinimumContentsLength(16)
        self.edit_button = QPushButton("S&ystems")
        self.edit_button.setMenu(QMenu(self.edit_button))
        self.name = QLineEdit(placeholderText="name there", clearButtonEnabled=True)
        self.name.setToolTip("Beginning of the name; * and ? allowed")
        self.name.setAccessibleName("Name on the other system")
        self.number = QLineEdit(placeholderText="patient ID there", clearButtonEnabled=True)
        self.number.setAccessibleName("Patient ID on the other system")
        self.find_button = QPushButton("Fin&d there")
        self.get_button = QPushButton("&Retrieve")
        self.check_button = QPushButton("Chec&k connection")
        self.with_object = QCheckBox("store a test object and have it sent back")
        self.with_object.setToolTip("A made-up patient EQS-TEST stays there until it is deleted.")
        self.mirror_button = MirrorButton(self.transfers, self.sure)
        self.drill_button = QPushButton("Restore &drill")
        self.drill_button.setToolTip(DRILL_TIP)
        self.retry_button = QPushButton("Try &failed again")
        self.cancel_button = QPushButton("Ca&ncel transfer")
        self.words = QLabel(NO_NODES)
        self.words.setWordWrap(True)
        self.words.hide()
        self.studies = PlainTree(STUDIES, "Studies on the other system", is_flat=True)
        self.studies.setSelectionMode(QTreeWidget.SelectionMode.ExtendedSelection)
        self.steps = ConnectionSteps()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        label = QLabel("System")
        label.setBuddy(self.nodes)
        for one in (label, self.nodes, self.edit_button, self.name, self.number, self.find_button,
                    self.get_button):  # fmt: skip
            top.addWidget(one, 1 if isinstance(one, QLineEdit) else 0)
        below = QHBoxLayout()
        for each in (self.check_button, self.with_object, self.mirror_button,
                     self.drill_button):  # fmt: skip
            below.addWidget(each)
        below.addStretch(1)
        below.addWidget(self.retry_button)
        below.addWidget(self.cancel_button)
        self.tabs = QTabWidget()
        for own, title in ((self.studies, "Studies there"), (self.steps, "Connection"),
                           (self.transfers, "Transfers")):  # fmt: skip
            self.tabs.addTab(own, title)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self.words)
        column.addLayout(top)
        column.addWidget(self.tabs, 1)
        column.addLayout(below)

    def _connect(self) -> None:
        self.find_button.clicked.connect(self.ask)
        for box in (self.name, self.number):
            box.returnPressed.connect(self.ask)
        self.get_button.clicked.connect(self.fetch)
        self.check_button.clicked.connect(self.check)
        self.mirror_button.clicked.connect(self.mirror)
        self.mirror_button.begun.connect(self._on_begun)
        self.drill_button.clicked.connect(self.drill)
        self.retry_button.clicked.connect(self.transfers.try_again)
        self.cancel_button.clicked.connect(self.transfers.cancel)
        menu = self.edit_button.menu()
        menu.addAction("&Add…", lambda: self._edit(None))
        self.change_action = menu.addAction("&Change…", lambda: self._edit(self.node()))
        self.remove_action = menu.addAction("&Remove", self._remove)
        menu.addSeparator()
        menu.addAction("Read archive.&toml again", self.refresh)
        self.studies.itemSelectionChanged.connect(self._enable)
        self.transfers.chosen.connect(self._enable)
        self.transfers.arrived.connect(self.arrived)
        for own in (self.transfers, self.steps, self.mirror_button):
            own.told.connect(self.told)
        self.nodes.currentIndexChanged.connect(lambda _: self._on_node())

    def set_archive(self, archive: Archive) -> None:
        """Learn which archive is sent from and fetched into."""
        self.archive = archive
        self._enable()

    # Nodes.

    def refresh(self) -> None:
        """Read archive.toml again; a share it also lies on may be slow, and nobody waits."""
        self._asked += 1
        mine = self._asked

        def show(settings: ArchiveSettings) -> None:
            if self._asked == mine:  # else something was saved meanwhile, and that holds
                self.show_settings(settings)
                self.changed.emit(settings)

        def failed(problem: Exception) -> None:
            if self._asked == mine:
                self.told.emit(*told_of(problem))
                show(ArchiveSettings())

        JOBS.start(self, "Reading the other systems", lambda _progress: self._read(), done=show,
                   failed=failed)  # fmt: skip

    def show_settings(self, settings: ArchiveSettings, title: str = "") -> None:
        """Offer the systems; that of this title is chosen, else the one before."""
        self._asked += 1
        self.settings = settings
        before = title or self.nodes.currentText()
        self._forget_studies()
        self.nodes.clear()
        for one in settings.nodes:
            self.nodes.addItem(one.title, one)
        self.nodes.setCurrentIndex(max(self.nodes.findText(before), 0))
        self.words.setVisible(not settings.nodes)
        self._enable()

    def node(self) -> Node | None:
        """Return the system that is chosen."""
        found = self.nodes.currentData()
        return found if isinstance(found, Node) else None

    def _on_node(self) -> None:
        self._forget_studies()
        self.steps.forget()
        self._enable()

    def _forget_studies(self) -> None:
        """List no studies; a question under way is not heard any more."""
        if self._asking is not None:
            self._asking.drop()
        self._asking = self._from = None
        self.studies.clear()
        self.tabs.setTabText(0, "Studies there")

    def _enable(self) -> None:
        node = self.node()
        some = node is not None and self.archive is not None
        for one in (self.find_button, self.check_button, self.name, self.number):
            one.setEnabled(node is not None)
        for action in (self.change_action, self.remove_action):
            action.setEnabled(node is not None)
        self.with_object.setEnabled(node is not None and node.kind is Kind.DIMSE)
        for button in (self.drill_button, self.mirror_button):
            button.setEnabled(some)
        self.get_button.setEnabled(some and bool(self.studies.selectedItems()))
        self.cancel_button.setEnabled(self.transfers.may_cancel)
        self.retry_button.setEnabled(self.transfers.may_try_again)

    def _edit(self, node: Node | None) -> None:
        self.dialog = NodeDialog(node, self)
        self.dialog.saved.connect(self._on_saved)
        self.dialog.open()

    def _on_saved(self, settings: ArchiveSettings, title: str) -> None:
        self.show_settings(settings, title)
        self.changed.emit(settings)

    def _remove(self) -> None:
        node = self.node()
        if node is None or not self.sure(f"Take “{node.title}” out of archive.toml?"):
            return
        JOBS.start(
            self, "Writing archive.toml", lambda _progress: remove(Node, node.title),
            done=lambda settings: self._on_saved(settings, ""),
            failed=self._show_fault,
        )  # fmt: skip

    def sure(self, words: str) -> bool:
        """Let the user think again."""
        yes = QMessageBox.StandardButton.Yes
        return QMessageBox.question(self, "EQS Workstation", words) == yes

    # Asking.

    def ask(self) -> None:
        """Ask the system for studies."""
        node = self.node()
        if node is None:
            return
        name = self.name.text().strip()
        if name and not any(sign in name for sign in "*?"):
            name += "*"
        asked = network.Asked(patient_id=self.number.text().strip(), name=name)
        caller = network.caller_of(self.settings)
        self.tabs.setCurrentWidget(self.studies)
        self._forget_studies()
        self._asking = JOBS.start(
            self, f"Asking {node.title}",
            lambda _: network.found_there(caller, node, "STUDY", asked),
            done=lambda rows: self._show_studies(node, rows), failed=self._show_fault,
        )  # fmt: skip

    def _show_studies(self, node: Node, rows: list[dict[str, str]]) -> None:
        self._from = node
        for row in rows:
            item = QTreeWidgetItem([
                person_words(row["PatientName"]), row["PatientID"], iso_date(row["StudyDate"]),
                row["StudyDescription"], row["ModalitiesInStudy"], row["StudyInstanceUID"],
            ])  # fmt: skip
            item.setData(0, ROW, row["StudyInstanceUID"])
            self.studies.addTopLevelItem(item)
        self.studies.fit()
        self.tabs.setTabText(0, f"Studies there ({len(rows)})")
        first = self.studies.topLevelItem(0)
        if first is not None:
            self.studies.setCurrentItem(first)
        else:
            self.told.emit(State.INFO, "Nothing was found there.")

    def check(self) -> None:
        """Try the connection step by step."""
        node = self.node()
        if node is not None:
            self.tabs.setCurrentWidget(self.steps)
            self.steps.try_out(node, self.settings.listener, self.archive,
                               with_object=self.with_object.isChecked())  # fmt: skip

    # Transfers.

    def fill_menu(self, menu: QMenu, wanted: Sequence[Instance]) -> None:
        """Offer to send objects to each system."""
        menu.clear()
        for one in self.settings.nodes:
            menu.addAction(one.title, partial(self.send, wanted, one))
        if menu.isEmpty():
            menu.addAction("No other system is named in archive.toml").setEnabled(False)

    def send(self, wanted: Sequence[Instance], node: Node) -> None:
        """Send objects of the archive to a system."""
        archive = self.archive
        if archive is None or not wanted:
            return
        caller = network.caller_of(self.settings)

        def again(uids: Sequence[str]) -> None:
            failed = set(uids)
            self.send([one for one in wanted if one.sop_uid in failed], node)

        self._transfer(
            f"{_objects(len(wanted))} to {node.title}",
            lambda effort: send_to(caller, node, outgoing_of(archive, wanted), effort),
            Way.OUT, again,
        )  # fmt: skip

    def fetch(self) -> None:
        """Fetch the studies that are selected into the archive."""
        studies = [str(one.data(0, ROW)) for one in self.studies.selectedItems()]
        node = self._from
        if node is not None and studies:
            self._fetch(node, studies, ())

    def _fetch(self, node: Node, studies: Sequence[str], only: Sequence[str]) -> None:
        archive = self.archive
        if archive is None:
            return
        caller = network.caller_of(self.settings)

        def work(effort: Effort) -> list[Result]:
            asked = [network.Asked(study_uid=uid) for uid in studies]
            wanted = [one for each in asked for one in network.objects_there(caller, node, each)
                      if not only or one.sop_uid in set(only)]  # fmt: skip
            return network.fetch(caller, node, wanted, archive, effort)

        count = f"{len(studies)} studies" if len(studies) > 1 else "1 study"
        what = f"{_objects(len(only))} of {count}" if only else count
        again = partial(self._fetch, node, studies)
        self._transfer(f"{what} from {node.title}", work, Way.IN, again)

    def repair(self, node: Node) -> None:
        """Bring every damaged file back from a system."""
        archive = self.archive
        if archive is not None:
            caller = network.caller_of(self.settings)
            self._transfer(
                f"Damaged files back from {node.title}",
                lambda effort: network.repaired(caller, node, archive, effort), Way.IN,
            )  # fmt: skip

    def mirror(self) -> None:
        """Compare the archive with the system, and bring both together when the user agrees."""
        archive, node = self.archive, self.node()
        if archive is not None and node is not None:
            self.mirror_button.mirror(network.caller_of(self.settings), node, archive)

    def drill(self) -> None:
        """Prove with some persons drawn by lot that the system could restore the archive."""
        archive, node = self.archive, self.node()
        if archive is not None and node is not None:
            caller = network.caller_of(self.settings)
            self._transfer(
                f"Restore drill with {node.title}",
                lambda effort: network.drilled(caller, node, archive, DRILL_PERSONS, effort),
                Way.NONE, done=Proof.EQUAL,
            )  # fmt: skip

    def _transfer(
        self, title: str, work: Callable[[Effort], list[Result]], way: Way,
        again: Callable[[Sequence[str]], None] | None = None, done: str = Fate.DONE,
    ) -> None:  # fmt: skip
        self._on_begun()
        self.transfers.begin(title, work, way, again, done)

    def _on_begun(self) -> None:
        self.tabs.setCurrentWidget(self.transfers)
        self.begun.emit()

    def _show_fault(self, fault: Exception) -> None:
        self.told.emit(*told_of(fault))


def _objects(count: int) -> str:
    return "1 object" if count == 1 else f"{count} objects"
