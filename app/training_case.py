"""One case of a training: what it holds, what is said of it, and what it was."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QRadioButton,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.filter.item_words import in_words, sentence_in_words
from app.findings_model import GridModel
from app.findings_view import Banner, FindingsView, plain_table
from app.training.cases import Case, Decision, Level
from app.training.score import Answer, Mark
from app.training.shown import Grid, Shown
from core.findings import State

WHOLE = "the whole plan"
CHOICES = (
    (Decision.ACCEPT, "&Accept", "It can be treated as it is"),
    (Decision.ASK, "As&k first", "It may be right: somebody has to say so before it is treated"),
    (Decision.REJECT, "&Reject", "It must be corrected before anybody is treated"),
)
# Fusion's ring cannot be seen on a dark page.
ROUND = (
    "QRadioButton::indicator { width: 14px; height: 14px; border-radius: 8px;"
    " border: 1px solid palette(placeholder-text); background: palette(base); }"
    "QRadioButton::indicator:checked { background: qradialgradient(cx: 0.5, cy: 0.5, radius: 0.5,"
    " fx: 0.5, fy: 0.5, stop: 0 palette(highlight), stop: 0.6 palette(highlight),"
    " stop: 0.7 palette(base)); }"
    "QRadioButton:focus { text-decoration: underline; }"
)


class CasePanel(QWidget):
    """Tables and report above, the answer below.

    Signals:
        answered: The case (`Shown`) and what was said (`Answer`).
        go_on: The trainee has read what it was.

    """

    answered = Signal(object, object)
    go_on = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.shown: Shown | None = None
        self.rule = ""
        self._count = ""
        self.head = QLabel()
        self.head.setStyleSheet("font-size: 12pt; font-weight: 600;")
        self.head.setWordWrap(True)
        self.fields, self.whole = GridModel(), GridModel()
        self.field_table = plain_table(self.fields)
        self.field_table.setAccessibleName("Values of the fields, plan beside R&V system")
        self.whole_table = plain_table(self.whole)
        self.whole_table.setAccessibleName("Patient and prescriptions")
        self.report = FindingsView(item_words=in_words, sentence_words=sentence_in_words)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self._make_answer()
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.addWidget(self.head)
        column.addWidget(self.tabs, 1)
        column.addLayout(self._question)
        column.addWidget(self.banner)
        column.addWidget(self.explanation)
        column.addWidget(self.next_button, 0, Qt.AlignmentFlag.AlignRight)

    def _make_answer(self) -> None:
        self.choices = QButtonGroup(self)
        self._question = QHBoxLayout()
        self._question.addWidget(QLabel("Your answer:"))
        for number, (_, words, tip) in enumerate(CHOICES):
            button = QRadioButton(words)
            button.setToolTip(tip)
            button.setStyleSheet(ROUND)
            self.choices.addButton(button, number)
            self._question.addWidget(button)
        self.choices.idClicked.connect(self._on_choice)
        self.place = QComboBox()
        self.place.setAccessibleName("Where the error is")
        self.place.setMinimumContentsLength(14)
        where = QLabel("&Where:")
        where.setBuddy(self.place)
        self.answer_button = QPushButton("A&nswer")
        self.answer_button.clicked.connect(self._answer)
        for widget in (where, self.place, self.answer_button):
            self._question.addWidget(widget)
        self._question.addStretch()
        self.banner = Banner()
        self.explanation = QLabel()
        self.explanation.setWordWrap(True)
        self.explanation.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.next_button = QPushButton()
        self.next_button.clicked.connect(self.go_on)
        self._reset()

    def _reset(self) -> None:
        self.choices.setExclusive(False)
        for button in self.choices.buttons():
            button.setChecked(False)
        self.choices.setExclusive(True)
        self._enable(False)
        for widget in (self.banner, self.explanation, self.next_button):
            widget.hide()
        self.rule = ""

    def _enable(self, on: bool) -> None:
        for widget in (*self.choices.buttons(), self.place):
            widget.setEnabled(on)
        self.answer_button.setEnabled(on and self.choices.checkedId() >= 0)

    def wait(self, number: int, count: int) -> None:
        """Empty the panel while a case is read."""
        self._count = f"Case {number} of {count}"
        self.head.setText(f"{self._count}: reading…")
        self.shown = None
        self.tabs.clear()
        self._reset()

    def show_case(self, shown: Shown) -> None:
        """Show a case and ask."""
        self.shown = shown
        self.head.setText(f"{self._count}: {_what(shown.case)}")
        self.fields.show(shown.fields.titles, shown.fields.rows)
        self.whole.show(shown.whole.titles, shown.whole.rows)
        for table in (self.field_table, self.whole_table):
            table.resizeColumnsToContents()
        self._show_tabs(shown, with_report=shown.level is Level.REPORT)
        self.place.clear()
        self.place.addItem(WHOLE, "")
        for name in shown.places:
            self.place.addItem(f"{'beam' if shown.case.is_plan else 'field'} {name}", name)
        self._enable(True)
        self.choices.buttons()[0].setFocus()

    def _show_tabs(self, shown: Shown, *, with_report: bool) -> None:
        self.tabs.clear()
        if with_report:
            self.report.show_report(shown.findings, shown.not_checked)
            self.tabs.addTab(self.report, "Report")
        for grid, table, words in (
            (shown.fields, self.field_table, "Fields"),
            (shown.whole, self.whole_table, "Patient and prescriptions"),
        ):
            if grid != Grid((), ()):
                self.tabs.addTab(table, words)

    def _on_choice(self, number: int) -> None:
        self.answer_button.setEnabled(self.shown is not None)
        self.place.setEnabled(CHOICES[number][0] is not Decision.ACCEPT)

    def _answer(self) -> None:
        number = self.choices.checkedId()
        if self.shown is None or not self.answer_button.isEnabled():
            return
        decision = CHOICES[number][0]
        field = "" if decision is Decision.ACCEPT else str(self.place.currentData() or "")
        self._enable(False)
        self.answered.emit(self.shown, Answer(decision, field))

    def show_mark(self, one: Mark, next_words: str) -> None:
        """Show what the case was and what the answer is worth; the report is open from now on."""
        self.rule = one.rule
        state = State.PASS if one.is_right else State.WARNING if one.points else State.ERROR
        self.banner.show_state(state, one.verdict, f"{one.points} of {one.most} points")
        where = f", {'beam' if one.case.is_plan else 'field'} {one.case.field}"
        told = f"It was: {one.case.words}{where if one.case.field else ''}."
        if one.rule:
            told += f"\nRule {one.rule} (F1 tells all about it): {one.why}"
        self.explanation.setText(told)
        if self.shown is not None and self.shown.level is not Level.REPORT:
            self._show_tabs(self.shown, with_report=True)
        self.next_button.setText(next_words)
        for widget in (self.banner, self.explanation, self.next_button):
            widget.show()
        self.next_button.setFocus()


def _what(case: Case) -> str:
    if case.is_plan:
        return "a plan before its transfer, as LEX reports on it"
    return "an export of the R&V system beside its plan"
