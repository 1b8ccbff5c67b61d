"""Findings that need a reason, one row each, and the line in which it is typed."""

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QGroupBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
)

from app import theme
from app.findings_view import prepare_table
from app.lex.policy import LONGEST, Reason
from app.said import Said
from core.findings import Finding, State

TITLES = ("Answer", "Rule", "Field", "What it means", "Reason")
ANSWER, MEANS, REASON = 0, 3, 4
OPEN, GIVEN = "Missing", "Given"


class ReasonsBox(QGroupBox):
    """A table of what is to be answered; the line below is for the row chosen. No dialog opens.

    Signals:
        given: Findings, and the words typed for them.

    """

    given = Signal(object, str)

    def __init__(self) -> None:
        super().__init__("Reasons")
        self.findings: tuple[Finding, ...] = ()
        self._words: dict[Finding, str] = {}
        self.table = QTableWidget(0, len(TITLES))
        self.table.setHorizontalHeaderLabels(list(TITLES))
        self.table.setAccessibleName("Findings that need a reason")
        prepare_table(self.table)
        for column in (MEANS, REASON):
            self.table.horizontalHeader().setSectionResizeMode(
                column, QHeaderView.ResizeMode.Stretch
            )
        self.label = QLabel()
        self.line = QLineEdit()
        self.line.setMaxLength(LONGEST)
        self.line.setPlaceholderText("why the plan may go on, then Enter")
        self.label.setBuddy(self.line)
        self.whole_rule = QCheckBox("&Same for the whole rule")
        self.whole_rule.setToolTip("Give this reason to every finding of the rule without one")
        self.give_button = QPushButton("G&ive reason")
        self.said = Said()
        row = QHBoxLayout()
        for widget, stretch in (
            (self.label, 0), (self.line, 1), (self.whole_rule, 0), (self.give_button, 0),
        ):  # fmt: skip
            row.addWidget(widget, stretch)
        column_of = QVBoxLayout(self)
        column_of.setContentsMargins(6, 6, 6, 6)
        column_of.addWidget(self.table, 1)
        column_of.addLayout(row)
        column_of.addWidget(self.said)
        self.table.currentCellChanged.connect(lambda *_: self._show_row())
        self.line.returnPressed.connect(self._give)
        self.give_button.clicked.connect(self._give)
        self.hide()

    def show_findings(self, findings: Sequence[Finding]) -> None:
        """List the findings that need a reason; the box goes when there is none."""
        self.findings, self._words = tuple(findings), {}
        self.table.setRowCount(len(findings))
        for row, one in enumerate(findings):
            for column, text in enumerate(("", one.rule, one.field, one.message, "")):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                self.table.setItem(row, column, item)
        self.show_reasons(())
        for column in (ANSWER, 1, 2):
            self.table.resizeColumnToContents(column)
        self.setVisible(bool(findings))

    def show_reasons(self, reasons: Iterable[Reason]) -> None:
        """Show which findings are answered, and go on to the next that is not."""
        self._words = {reason.finding: reason.words for reason in reasons}
        for row, one in enumerate(self.findings):
            given = one in self._words
            state = State.PASS if given else State.WARNING
            answer, reason = QTableWidgetItem(GIVEN if given else OPEN), QTableWidgetItem()
            answer.setIcon(theme.icon(state))
            answer.setForeground(theme.colour(state))
            reason.setText(self._words.get(one, ""))
            reason.setToolTip(reason.text())
            self.table.setItem(row, ANSWER, answer)
            self.table.setItem(row, REASON, reason)
        count, without = len(self.findings), len(self._open())
        self.setTitle(f"{count} finding{'s' * (count != 1)} to answer, {without} without a reason")
        self.said.say(State.INFO, "")
        self._go_on()

    def show_fault(self, words: str) -> None:
        """Tell why a reason was not taken."""
        self.said.say(State.ERROR, words)

    def _open(self) -> list[Finding]:
        return [one for one in self.findings if one not in self._words]

    def _go_on(self) -> None:
        """Choose the first row after the present one that has no reason."""
        here = max(self.table.currentRow(), 0)
        for row in (*range(here, len(self.findings)), *range(here)):
            if self.findings[row] not in self._words:
                self.table.selectRow(row)
                break
        self._show_row()

    def _present(self) -> Finding | None:
        row = self.table.currentRow()
        return self.findings[row] if 0 <= row < len(self.findings) else None

    def _show_row(self) -> None:
        """Show whose reason is typed now, and what was said already."""
        one = self._present()
        place = f" ({one.field})" if one is not None and one.field else ""
        self.label.setText(f"&Reason for {one.rule}{place}" if one is not None else "&Reason")
        self.line.setText(self._words.get(one, "") if one is not None else "")
        self.line.setAccessibleName(self.label.text().replace("&", ""))
        same = [other for other in self._open() if one is not None and other.rule == one.rule]
        self.whole_rule.setChecked(False)
        self.whole_rule.setVisible(len(same) > 1)

    def _give(self) -> None:
        one = self._present()
        if one is None:
            return
        meant = {one: None}
        if self.whole_rule.isChecked():
            meant |= dict.fromkeys(other for other in self._open() if other.rule == one.rule)
        self.given.emit(tuple(meant), self.line.text())
