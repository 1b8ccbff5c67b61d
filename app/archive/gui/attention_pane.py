"""What somebody has to look at: damage, quarantine side by side, refusals, what was not sent."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSplitter,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.archive import attention
from app.archive.attention import Matter, Row
from app.archive.command import local_time
from app.archive.gui.faults import told_of
from app.archive.gui.plain_tree import PlainTree
from app.background import JOBS, Job
from core.archive.archive import Archive
from core.archive.differences import Difference, differences_of

TITLES = ("What", "Object or file", "Person", "When", "From", "Why")
SIDES = ("Element", "Kept", "In quarantine")
ROW = Qt.ItemDataRole.UserRole
NOT_LOOKED = "It is not known what has to be looked at."
NOTHING = (
    "Nothing has to be looked at: no stored file is known to be damaged, nothing is in "
    "quarantine, nothing was refused, every rule has sent what it should, no mirror has failed."
)
WAYS = {
    Matter.DAMAGED: "The stored file is no longer what was received. It is not sent and not "
    "shown as good. Bring it back from a mirror, or import it again from where it came.",
    Matter.UNSENT: "It is tried again while the archive listens. Look at the other system.",
    Matter.MIRROR: "The last mirror did not end with both archives equal: what is missing there "
    "is not backed up. It is tried again every day while the archive listens.",
    Matter.QUARANTINED: "Two contents claim the same UID. The first is used; compare them below "
    "and ask whoever sent the second.",
    Matter.REFUSED: "It is not in the archive. Export it again from where it came.",
}


class AttentionPane(QWidget):
    """Every matter in one list; of a quarantined object the elements that differ stand below.

    Signals:
        told: State and words for the room's banner.
        counted: How many rows there are.

    """

    told = Signal(object, str)
    counted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.archive: Archive | None = None
        self._job: Job | None = None
        self._rows: list[Row] = []
        self.words = QLabel(NOT_LOOKED)
        self.words.setWordWrap(True)
        self.tree = PlainTree(TITLES, "What has to be looked at", is_flat=True)
        self.sides = PlainTree(SIDES, "Kept and quarantined, side by side", is_flat=True)
        self.done_button = QPushButton("&Refusals were looked at")
        self.done_button.setToolTip("Lets go of the rows “Refused” listed here; all else stays.")
        self.again_button = QPushButton("Look a&gain")
        self.back_button = QPushButton("&Bring damaged files back from")
        self.back_button.setMenu(QMenu(self.back_button))
        self.back_button.setToolTip(
            "A file is exchanged only where what comes is proven to be the same object."
        )
        row = QHBoxLayout()
        row.addWidget(self.done_button)
        row.addWidget(self.again_button)
        row.addWidget(self.back_button)
        row.addStretch(1)
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.tree)
        split.addWidget(self.sides)
        split.setSizes([200, 140])
        self.sides.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self.words)
        column.addWidget(split, 1)
        column.addLayout(row)
        self.tree.itemSelectionChanged.connect(self._on_row)
        self.done_button.clicked.connect(self._looked_at)
        self.again_button.clicked.connect(self.refresh)
        self._show([])
        self.words.setText(NOT_LOOKED)

    def set_archive(self, archive: Archive) -> None:
        """Learn which archive is looked after."""
        self.archive = archive
        self.refresh()

    def refresh(self) -> None:
        """Look again."""
        archive = self.archive
        if archive is not None:
            JOBS.start(self, "Looking after the archive", lambda _: attention.look(archive),
                       done=self._show, failed=self._on_not_looked)  # fmt: skip

    def _on_not_looked(self, fault: Exception) -> None:
        self._show_fault(fault)
        if not self._rows:  # what is listed has still to be looked at
            self.words.setText(NOT_LOOKED)

    def _show(self, rows: list[Row]) -> None:
        self._rows = rows
        self.tree.clear()
        for one in rows:
            item = QTreeWidgetItem([
                one.matter, one.name, one.person, local_time(one.when)[:16], one.source,
                one.why,
            ])  # fmt: skip
            item.setIcon(0, theme.icon(one.state))
            for column in (1, 5):
                item.setToolTip(column, item.text(column))
            item.setData(0, ROW, one)
            self.tree.addTopLevelItem(item)
        self.tree.fit(230)
        self.tree.setVisible(bool(rows))
        self.back_button.setEnabled(any(one.matter is Matter.DAMAGED for one in rows))
        self.done_button.setEnabled(any(one.matter is Matter.REFUSED for one in rows))
        self.counted.emit(len(rows))
        first = self.tree.topLevelItem(0)
        if first is not None:
            self.tree.setCurrentItem(first)
        self._on_row()

    def row(self) -> Row | None:
        """Return the row that is selected."""
        item = self.tree.currentItem()
        row = item.data(0, ROW) if item is not None and item.isSelected() else None
        return row if isinstance(row, Row) else None

    def _on_row(self) -> None:
        archive, row = self.archive, self.row()
        if self._job is not None:
            self._job.drop()
            self._job = None
        self.sides.clear()
        nothing = "" if self._rows else NOTHING
        self.words.setText(nothing if row is None else WAYS[row.matter])
        conflict = row.conflict if row is not None else None
        self.sides.setVisible(conflict is not None)
        if archive is not None and conflict is not None:
            self._job = JOBS.start(
                self, "Comparing", lambda _: differences_of(archive, conflict),
                done=self._show_sides, failed=self._show_fault,
            )  # fmt: skip

    def _show_sides(self, found: list[Difference]) -> None:
        for one in found:
            item = QTreeWidgetItem([one.place, one.kept or "-", one.quarantined or "-"])
            for column in range(len(SIDES)):
                item.setToolTip(column, item.text(column))
            self.sides.addTopLevelItem(item)
        if not found:
            words = "Only how they are written down, or elements this program cannot compare"
            self.sides.addTopLevelItem(QTreeWidgetItem([words]))
        self.sides.fit()

    def _looked_at(self) -> None:
        archive, rows = self.archive, self._rows
        if archive is not None:
            JOBS.start(self, "Noting", lambda _: attention.looked_at(archive, rows),
                       done=lambda _: self.refresh(), failed=self._show_fault)  # fmt: skip

    def _show_fault(self, fault: Exception) -> None:
        self.told.emit(*told_of(fault))
