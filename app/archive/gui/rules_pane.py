"""The forward rules: what each says, what it has sent and what it could not send (Y-02)."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.archive import forwarding
from app.archive.forwarding import RuleRow
from app.archive.gui.faults import told_of
from app.archive.gui.plain_tree import PlainTree
from app.archive.gui.rule_dialog import RuleDialog
from app.background import JOBS
from core.archive.archive import Archive
from core.archive.rules import Rule
from core.archive.settings import ArchiveSettings
from core.archive.settings_write import remove
from core.findings import State

TITLES = ("Rule", "IF", "THEN", "Sent", "Not sent")
ROW = Qt.ItemDataRole.UserRole
NONE = "There are no rules: nothing is sent unasked."
HOW = "Rules work while the archive listens; what could not be sent is tried again."
NO_SYSTEM = "No other system is named yet: add one on the page Other systems first."


class RulesPane(QWidget):
    """Every rule of archive.toml.

    Signals:
        told: State and words for the room's banner.
        changed: The settings as they stand in archive.toml now.

    """

    told = Signal(object, str)
    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.archive: Archive | None = None
        self.settings = ArchiveSettings()
        self.dialog: RuleDialog | None = None
        self._wanted = ""
        self.words = QLabel(NONE)
        self.words.setWordWrap(True)
        self.tree = PlainTree(TITLES, "Forward rules", is_flat=True)
        self.tree.header().setStretchLastSection(False)
        self.add_button = QPushButton("&Add rule…")
        self.change_button = QPushButton("Cha&nge…")
        self.remove_button = QPushButton("&Remove")
        self.gap = QWidget()
        row = QHBoxLayout()
        for button in (self.add_button, self.change_button, self.remove_button):
            row.addWidget(button)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self.words)
        column.addWidget(self.tree, 1)
        column.addWidget(self.gap, 1)
        column.addLayout(row)
        self.add_button.clicked.connect(lambda: self._edit(None))
        self.change_button.clicked.connect(lambda: self._edit(self.rule()))
        self.remove_button.clicked.connect(self._remove)
        self.tree.itemActivated.connect(lambda *_: self._edit(self.rule()))
        self.tree.itemSelectionChanged.connect(self._enable)
        self._enable()

    def set_archive(self, archive: Archive) -> None:
        """Learn which archive the rules send from."""
        self.archive = archive
        self.refresh()

    def show_settings(self, settings: ArchiveSettings) -> None:
        """Show the rules of new settings."""
        self.settings = settings
        self.refresh()

    def refresh(self) -> None:
        """Read again what the rules have done."""
        archive, settings = self.archive, self.settings
        if archive is not None:
            JOBS.start(self, "Reading rules", lambda _: forwarding.rule_rows(archive, settings),
                       done=self._show, failed=self._show_fault)  # fmt: skip
        self._enable()

    def rule(self) -> Rule | None:
        """Return the rule that is selected."""
        item = self.tree.currentItem()
        row = item.data(0, ROW) if item is not None and item.isSelected() else None
        return row.rule if isinstance(row, RuleRow) else None

    def _show(self, rows: list[RuleRow]) -> None:
        own = self.rule()
        wanted = self._wanted or (own.name if own is not None else "")
        self._wanted = ""
        self.tree.clear()
        for one in rows:
            item = QTreeWidgetItem(
                [one.rule.name, one.when, one.then, str(one.sent), str(one.failed or "")]
            )
            item.setIcon(0, theme.icon(one.state))
            for column in (3, 4):
                item.setTextAlignment(
                    column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                )
            for column in (1, 2):
                item.setToolTip(column, item.text(column))
            if one.failed:
                item.setForeground(4, theme.colour(State.ERROR))
            item.setData(0, ROW, one)
            self.tree.addTopLevelItem(item)
            if one.rule.name == wanted:
                self.tree.setCurrentItem(item)
        self.tree.fit()
        self._enable()

    def _enable(self) -> None:
        some = bool(self.settings.nodes)
        self.add_button.setEnabled(some and self.archive is not None)
        for button in (self.change_button, self.remove_button):
            button.setEnabled(self.rule() is not None)
        none = NONE if some else f"{NONE} {NO_SYSTEM}"
        self.words.setText(HOW if self.settings.rules else none)
        self.tree.setVisible(bool(self.settings.rules))
        self.gap.setVisible(not self.settings.rules)

    def _edit(self, rule: Rule | None) -> None:
        if self.archive is None:
            return
        self.dialog = RuleDialog(self.archive, self.settings, rule, self)
        self.dialog.saved.connect(self._on_saved)
        self.dialog.open()

    def _on_saved(self, settings: ArchiveSettings) -> None:
        if self.dialog is not None:
            self._wanted = self.dialog.rule().name
        self._on_changed(settings)

    def _on_changed(self, settings: ArchiveSettings) -> None:
        self.show_settings(settings)
        self.changed.emit(settings)

    def _remove(self) -> None:
        rule = self.rule()
        if rule is None or not self.ask(f"Take the rule “{rule.name}” out of archive.toml?"):
            return
        JOBS.start(
            self, "Writing archive.toml", lambda _progress: remove(Rule, rule.name),
            done=self._on_changed, failed=self._show_fault,
        )  # fmt: skip

    def ask(self, words: str) -> bool:
        """Let the user think again."""
        yes = QMessageBox.StandardButton.Yes
        return QMessageBox.question(self, "EQS Workstation", words) == yes

    def _show_fault(self, fault: Exception) -> None:
        self.told.emit(*told_of(fault))
