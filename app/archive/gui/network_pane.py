"""Other systems: ask what they have, fetch it, try the connection; every transfer with cancel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QTabWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.archive import network
from app.archive.command import iso_date
from app.background import JOBS, CancelledError
from core.archive.archive import Archive
from core.archive.client_confirm import outgoing_of
from core.archive.connection_check import Step, check_connection, is_sound
from core.archive.forward import send_to
from core.archive.index import Instance
from core.archive.nodes import Kind, Node
from core.archive.settings import ArchiveSettings, read_settings, settings_file
from core.archive.transfer import GOOD, Effort, Result, state_of, summary
from core.errors import RemedyError
from core.findings import State

ROW = Qt.ItemDataRole.UserRole
STUDIES = ("Patient", "ID", "Date", "Description", "Kinds", "Study UID")
STEPS = ("Step", "Result", "What was found", "What to do")
TRANSFERS = ("Transfer", "State", "Progress", "Result")
NO_NODES = (
    "No other system is named yet. Write each as a [[node]] into {}; the help (F1) shows how."
)
SHOWN = 50  # results that are not simply done, below a transfer


@dataclass(eq=False)
class _Transfer:
    """One transfer on its way, and its row."""

    item: QTreeWidgetItem
    effort: Effort
    is_over: bool = False


class NetworkPane(QWidget):
    """Nodes, their studies, the connection check and the transfers (Y-07 to Y-09).

    Signals:
        told: State and words for the room's banner.
        arrived: Something new came into the archive.
        begun: A transfer has begun.

    """

    told = Signal(object, str)
    arrived = Signal()
    begun = Signal()

    def __init__(
        self, read: Callable[[], ArchiveSettings] = read_settings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.archive: Archive | None = None
        self.settings = ArchiveSettings()
        self._read = read
        self._transfers: list[_Transfer] = []
        self._make_widgets()
        self._lay_out()
        self._connect()
        self.refresh()

    def _make_widgets(self) -> None:
        self.nodes = QComboBox()
        self.nodes.setAccessibleName("Other system")
        self.nodes.setMinimumContentsLength(16)
        self.name = QLineEdit(
            placeholderText="name there; * and ? allowed", clearButtonEnabled=True
        )
        self.name.setAccessibleName("Name on the other system")
        self.number = QLineEdit(placeholderText="patient ID there", clearButtonEnabled=True)
        self.number.setAccessibleName("Patient ID on the other system")
        self.find_button = QPushButton("Fin&d there")
        self.get_button = QPushButton("&Retrieve")
        self.check_button = QPushButton("Chec&k connection")
        self.with_object = QCheckBox("store a test object and have it sent back")
        self.with_object.setToolTip("A made-up patient EQS-TEST stays there until it is deleted.")
        self.cancel_button = QPushButton("Ca&ncel transfer")
        self.again_button = QPushButton("Read archive.&toml again")
        self.words = QLabel(NO_NODES.format(settings_file()))
        self.words.setWordWrap(True)
        self.studies = _tree(STUDIES, "Studies on the other system")
        self.steps = _tree(STEPS, "Connection check")
        for flat in (self.studies, self.steps):
            flat.setRootIsDecorated(False)
        self.studies.setSelectionMode(QTreeWidget.SelectionMode.ExtendedSelection)
        self.transfers = _tree(TRANSFERS, "Transfers")

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        label = QLabel("&System")
        label.setBuddy(self.nodes)
        for one in (label, self.nodes, self.name, self.number, self.find_button, self.get_button):
            top.addWidget(one, 1 if isinstance(one, QLineEdit) else 0)
        below = QHBoxLayout()
        below.addWidget(self.check_button)
        below.addWidget(self.with_object)
        below.addStretch(1)
        below.addWidget(self.again_button)
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
        self.cancel_button.clicked.connect(self.cancel)
        self.again_button.clicked.connect(self.refresh)
        self.studies.itemSelectionChanged.connect(self._enable)
        self.transfers.itemSelectionChanged.connect(self._enable)
        self.nodes.currentIndexChanged.connect(lambda _: self._on_node())

    def set_archive(self, archive: Archive) -> None:
        """Learn which archive is sent from and fetched into."""
        self.archive = archive
        self._enable()

    # Nodes.

    def refresh(self) -> None:
        """Read archive.toml again."""
        try:
            self.settings = self._read()
        except RemedyError as problem:
            self.settings = ArchiveSettings()
            self.told.emit(State.ERROR, str(problem))
        before = self.nodes.currentText()
        self.nodes.clear()
        for one in self.settings.nodes:
            self.nodes.addItem(one.title, one)
        self.nodes.setCurrentIndex(max(self.nodes.findText(before), 0))
        self.words.setVisible(not self.settings.nodes)
        self._enable()

    def node(self) -> Node | None:
        """Return the system that is chosen."""
        found = self.nodes.currentData()
        return found if isinstance(found, Node) else None

    def _on_node(self) -> None:
        self.studies.clear()
        self.steps.clear()
        self._enable()

    def _enable(self) -> None:
        node = self.node()
        some = node is not None and self.archive is not None
        for one in (self.find_button, self.check_button):
            one.setEnabled(node is not None)
        self.with_object.setEnabled(node is not None and node.kind is Kind.DIMSE)
        self.get_button.setEnabled(some and bool(self.studies.selectedItems()))
        self.cancel_button.setEnabled(self._chosen_transfer() is not None)

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
        self._start(f"Asking {node.title}",
                    lambda _: network.found_there(caller, node, "STUDY", asked),
                    self._show_studies)  # fmt: skip

    def _show_studies(self, rows: list[dict[str, str]]) -> None:
        self.studies.clear()
        for row in rows:
            name = ", ".join(part for part in row["PatientName"].split("^") if part)
            item = QTreeWidgetItem([
                name or "(no name)", row["PatientID"], iso_date(row["StudyDate"]),
                row["StudyDescription"], row["ModalitiesInStudy"], row["StudyInstanceUID"],
            ])  # fmt: skip
            item.setData(0, ROW, row["StudyInstanceUID"])
            self.studies.addTopLevelItem(item)
        for column in range(len(STUDIES) - 1):
            self.studies.resizeColumnToContents(column)
        self.tabs.setTabText(0, f"Studies there ({len(rows)})")
        first = self.studies.topLevelItem(0)
        if first is not None:
            self.studies.setCurrentItem(first)
        else:
            self.told.emit(State.INFO, "Nothing was found there.")

    # The connection.

    def check(self) -> None:
        """Try the connection step by step."""
        node = self.node()
        if node is None:
            return
        self.steps.clear()
        self.tabs.setCurrentWidget(self.steps)
        archive, with_object = self.archive, self.with_object.isChecked()
        listener = self.settings.listener
        self._start(
            f"Trying {node.title}",
            lambda _: check_connection(node, listener, archive, with_object=with_object),
            self._show_steps,
        )

    def _show_steps(self, steps: list[Step]) -> None:
        for one in steps:
            item = QTreeWidgetItem([one.name, "", one.words, one.remedy])
            _show_state(item, one.state)
            item.setToolTip(2, one.words)
            item.setToolTip(3, one.remedy)
            self.steps.addTopLevelItem(item)
        for column in range(len(STEPS) - 1):
            self.steps.resizeColumnToContents(column)
        if is_sound(steps):
            self.told.emit(State.PASS, "Every step that was tried works.")
        else:
            worst = next(one for one in steps if one.state is State.ERROR)
            self.told.emit(State.ERROR, f"{worst.name}: {worst.words}. {worst.remedy}")

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
        self._transfer(
            f"{len(wanted)} objects to {node.title}",
            lambda effort: send_to(caller, node, outgoing_of(archive, wanted), effort),
        )

    def fetch(self) -> None:
        """Fetch the studies that are selected into the archive."""
        archive, node = self.archive, self.node()
        studies = [str(one.data(0, ROW)) for one in self.studies.selectedItems()]
        if archive is None or node is None or not studies:
            return
        caller = network.caller_of(self.settings)

        def work(effort: Effort) -> list[Result]:
            asked = [network.Asked(study_uid=uid) for uid in studies]
            wanted = [one for each in asked for one in network.objects_there(caller, node, each)]
            return network.fetch(caller, node, wanted, archive, effort)

        count = f"{len(studies)} studies" if len(studies) > 1 else "1 study"
        self._transfer(f"{count} from {node.title}", work)

    def _transfer(self, title: str, work: Callable[[Effort], list[Result]]) -> None:
        item = QTreeWidgetItem([title, "Under way", "", ""])
        self.transfers.insertTopLevelItem(0, item)
        self.transfers.setCurrentItem(item)
        self.tabs.setCurrentWidget(self.transfers)
        self.begun.emit()
        own = _Transfer(item, Effort())
        self._transfers.append(own)
        for column in range(len(TRANSFERS) - 1):
            self.transfers.setColumnWidth(column, (240, 110, 150)[column])

        def progressed(_share: float, words: str) -> None:
            item.setText(2, words)

        JOBS.start(
            self, title, lambda progress: work(replace(own.effort, progress=progress)),
            done=lambda results: self._on_over(own, results),
            failed=lambda fault: self._on_fault(own, fault), progressed=progressed,
        )  # fmt: skip
        self._enable()

    def _on_over(self, own: _Transfer, results: list[Result]) -> None:
        own.is_over = True
        state = state_of(results) if results else State.WARNING
        _show_state(own.item, state)
        good = sum(one.fate in GOOD for one in results)
        own.item.setText(2, f"{good} of {len(results)} objects")
        own.item.setText(3, summary(results))
        reasons: dict[tuple[str, str], list[str]] = {}
        for one in results:
            if one.why:
                reasons.setdefault((one.fate.value, one.why), []).append(one.sop_uid)
        for (fate, why), uids in list(reasons.items())[:SHOWN]:
            title = uids[0] if len(uids) == 1 else f"{len(uids)} objects"
            child = QTreeWidgetItem([title, fate, "", why])
            child.setToolTip(0, "\n".join(uids[:SHOWN]))
            child.setToolTip(3, why)
            own.item.addChild(child)
        own.item.setExpanded(bool(reasons))
        first = f": {next(iter(reasons))[1]}" if reasons else ""
        self.told.emit(state, f"{own.item.text(0)}: {summary(results)}{first}")
        self._enable()
        self.arrived.emit()

    def _on_fault(self, own: _Transfer, fault: Exception) -> None:
        own.is_over = True
        _show_state(own.item, State.ERROR)
        own.item.setText(3, str(fault))
        self._show_fault(fault)
        self._enable()

    def _chosen_transfer(self) -> _Transfer | None:
        item = self.transfers.currentItem()
        top = item.parent() or item if item is not None else None
        return next((one for one in self._transfers if one.item is top and not one.is_over), None)

    def cancel(self) -> None:
        """Stop the transfer that is selected; what has arrived stays."""
        own = self._chosen_transfer()
        if own is not None:
            own.effort.stop.set()
            own.item.setText(1, "Being cancelled")

    def _start(self, title: str, work: Callable[..., object], done: Callable[[Any], None]) -> None:
        JOBS.start(self, title, work, done=done, failed=self._show_fault)

    def _show_fault(self, fault: Exception) -> None:
        if not isinstance(fault, CancelledError):
            self.told.emit(State.ERROR, str(fault))


def _tree(titles: Sequence[str], name: str) -> QTreeWidget:
    tree = QTreeWidget()
    tree.setHeaderLabels(list(titles))
    tree.setAlternatingRowColors(True)
    tree.setUniformRowHeights(True)
    tree.setAccessibleName(name)
    tree.header().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
    tree.header().setStretchLastSection(True)
    return tree


def _show_state(item: QTreeWidgetItem, state: State) -> None:
    look = theme.LOOKS[state]
    item.setText(1, look.word)
    item.setIcon(1, theme.icon(state))
