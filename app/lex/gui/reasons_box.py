"""Findings that need a reason, one row each; the reason is typed where the finding stands."""

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGroupBox,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
)

from app import theme
from app.lex.gui.said import Said
from app.lex.policy import LONGEST, Reason
from core.findings import Finding, State

TITLES = ("Answer", "Rule", "Field", "What it means", "Reason (type here, then Enter)")
ANSWER, REASON = 0, 4
OPEN, GIVEN = "Missing", "Given"


class ReasonsBox(QGroupBox):
    """A table with one cell to type in per row; no dialog opens.

    Signals:
        given: Findings, and the words typed for them.

    """

    given = Signal(object, str)

    def __init__(self) -> None:
        super().__init__("Reasons")
        self.findings: tuple[Finding, ...] = ()
        self.table = QTableWidget(0, len(TITLES))
        self.table.setHorizontalHeaderLabels(list(TITLES))
        self.table.setAccessibleName("Findings that need a reason")
        self.table.setTabKeyNavigation(False)
        self.table.setAlternatingRowColors(True)
        self.table.setShowGrid(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 11)
        # Typing begins the reason at once; moving the cursor opens nothing.
        self.table.setEditTriggers(
            QAbstractItemView.EditTrigger.AnyKeyPressed
            | QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.SelectedClicked
            | QAbstractItemView.EditTrigger.DoubleClicked
        )
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column in (3, REASON):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        self.said = Said()
        self.all_button = QPushButton("&Same reason for the whole rule")
        self.all_button.setToolTip("Give this reason to every finding of the same rule")
        self.all_button.clicked.connect(self._give_to_rule)
        below = QHBoxLayout()
        below.addWidget(self.said, 1)
        below.addStretch(0)
        below.addWidget(self.all_button)
        column_of = QVBoxLayout(self)
        column_of.setContentsMargins(6, 6, 6, 6)
        column_of.addWidget(self.table, 1)
        column_of.addLayout(below)
        self.table.cellChanged.connect(self._on_typed)
        self.table.currentCellChanged.connect(lambda *_: self._offer())
        self.hide()

    def show_findings(self, findings: Sequence[Finding]) -> None:
        """List the findings that need a reason; the box goes when there is none."""
        self.findings = tuple(findings)
        self.table.blockSignals(True)
        self.table.setRowCount(len(findings))
        for row, one in enumerate(findings):
            for column, text in enumerate(("", one.rule, one.field, one.message, "")):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                if column != REASON:
                    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
                self.table.setItem(row, column, item)
        self.table.blockSignals(False)
        self.show_reasons(())
        for column in (ANSWER, 1, 2):
            self.table.resizeColumnToContents(column)
        self.said.say(State.INFO, "")
        self.setVisible(bool(findings))
        if findings:
            self.table.setCurrentCell(0, REASON)

    def show_reasons(self, reasons: Iterable[Reason]) -> None:
        """Show which findings are answered, and with what words."""
        words = {reason.finding: reason.words for reason in reasons}
        self.table.blockSignals(True)
        for row, one in enumerate(self.findings):
            given = one in words
            state = State.PASS if given else State.WARNING
            answer = self._item(row, ANSWER)
            answer.setText(GIVEN if given else OPEN)
            answer.setIcon(theme.icon(state))
            answer.setForeground(theme.colour(state))
            if given:
                self._item(row, REASON).setText(words[one])
        self.table.blockSignals(False)
        open_count = sum(one not in words for one in self.findings)
        self.setTitle(
            f"{len(self.findings)} finding{'s' * (len(self.findings) != 1)} to answer, "
            f"{open_count} without a reason"
        )
        self.said.say(State.INFO, "")
        self._go_to_next(words)
        self._offer()

    def show_fault(self, words: str) -> None:
        """Tell why a reason was not taken."""
        self.said.say(State.ERROR, words)

    def words(self, row: int) -> str:
        """Return what stands in the reason's cell of a row."""
        return self._item(row, REASON).text().strip()

    def _item(self, row: int, column: int) -> QTableWidgetItem:
        item = self.table.item(row, column)
        assert item is not None  # `show_findings` has filled every cell
        return item

    def _go_to_next(self, answered: Iterable[Finding]) -> None:
        """Put the cursor on the first finding after this one that has no reason."""
        known, here = set(answered), max(self.table.currentRow(), 0)
        rows = [*range(here, len(self.findings)), *range(here)]
        for row in rows:
            if self.findings[row] not in known:
                self.table.setCurrentCell(row, REASON)
                return

    def _on_typed(self, row: int, column: int) -> None:
        if column == REASON and self.words(row):
            self.given.emit((self.findings[row],), self.words(row)[: LONGEST + 1])

    def _same_rule(self) -> tuple[str, list[Finding]]:
        """Return the last reason typed for the rule of the present row, and the rows without."""
        row = self.table.currentRow()
        if not 0 <= row < len(self.findings):
            return "", []
        rows = [n for n, one in enumerate(self.findings) if one.rule == self.findings[row].rule]
        said = [self.words(n) for n in rows if self.words(n)]
        return (said[0] if said else ""), [self.findings[n] for n in rows if not self.words(n)]

    def _offer(self) -> None:
        words, others = self._same_rule()
        self.all_button.setEnabled(bool(words and others))

    def _give_to_rule(self) -> None:
        words, others = self._same_rule()
        if words and others:
            self.given.emit(tuple(others), words)
