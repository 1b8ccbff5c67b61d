"""Training in a window of its own: cases, answers, score. Nothing of it goes on record.

While it is open no room can be used, so that nothing of the training is taken for the clinic's.
"""

import tempfile
from pathlib import Path
from random import SystemRandom

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.background import JOBS, CancelledError, Job
from app.findings_model import GridModel
from app.findings_view import Banner, plain_table
from app.help_limits import in_force
from app.help_window import HelpWindow, topic_of
from app.key_use import shipped_sequence
from app.training.cases import MOST_CASES, Level
from app.training.files import Training, begin
from app.training.score import Answer, Mark, mark, total
from app.training.shown import Shown, show
from app.training_case import CasePanel
from app.typed_box import WholeSpin
from app.watermark import Watermark
from core.findings import State

WORD = "TRAINING"
USUAL_CASES = 8
MARGIN = 60
MOST_SEED = 9999
LEVELS = (
    ("With the program's report", Level.REPORT),
    ("By eye: the values of plan and R&V system alone", Level.BY_EYE),
)
STRIP = (
    "<b>TRAINING.</b> Made-up patients; some have an error on purpose. Nothing you do here "
    "reaches a log, a baseline or the work list, and the rooms wait until you close it."
)
RESULTS = ("Case", "Points", "You said", "What it was", "Verdict", "Rule and why it matters")


class TrainingWindow(QDialog):
    """Start, cases, score."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"EQS Workstation - {WORD}, not a patient")
        self.setWindowModality(Qt.WindowModality.ApplicationModal)
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        room = self.screen().availableSize()
        self.resize(min(1180, room.width() - MARGIN), min(760, room.height() - MARGIN))
        self.training: Training | None = None
        self.marks: list[Mark] = []
        self._folder = tempfile.TemporaryDirectory(
            prefix="eqs-training-", ignore_cleanup_errors=True
        )
        self._job: Job | None = None
        self._runs = 0
        self.help_window = HelpWindow(self, in_force)
        self._make_start()
        self._make_results()
        self.case = CasePanel()
        self.case.answered.connect(self._on_answer)
        self.case.go_on.connect(self._next)
        self.pages = QStackedWidget()
        for page in (self.start_page, self.case, self.results_page):
            self.pages.addWidget(page)
        strip = QLabel(STRIP)
        strip.setObjectName("demo")
        strip.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(strip)
        column.addWidget(self.pages, 1)
        help_key = QAction("Help", self)
        help_key.setShortcut(shipped_sequence("training.help"))
        help_key.triggered.connect(self._help)
        self.addAction(help_key)
        self.finished.connect(self._tidy)
        self.watermark = Watermark(self, WORD)

    def _make_start(self) -> None:
        self.count = WholeSpin()
        self.count.setRange(1, MOST_CASES)
        self.count.setValue(USUAL_CASES)
        self.count.setAccessibleName("Number of cases")
        self.level = QComboBox()
        self.level.setAccessibleName("What is shown")
        for words, level in LEVELS:
            self.level.addItem(words, level)
        self.seed = WholeSpin()
        self.seed.setRange(0, MOST_SEED)
        self.seed.setSpecialValueText("other cases each time")
        self.seed.setAccessibleName("Number of the set of cases")
        self.seed.setToolTip("The same number gives the same cases, for a class or to try again")
        self.start_button = QPushButton("&Start")
        self.start_button.setDefault(True)
        self.start_button.clicked.connect(self.start)
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Making the cases")
        self.progress.hide()
        self.fault = QLabel()
        self.fault.setObjectName("fault")
        self.fault.setWordWrap(True)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.FieldsStayAtSizeHint)
        form.addRow("&Cases", self.count)
        form.addRow("S&hown", self.level)
        form.addRow("Set &number", self.seed)
        self._lay_out_start(form)

    def _lay_out_start(self, form: QFormLayout) -> None:
        head = QLabel("Find the seeded errors")
        head.setStyleSheet("font-size: 16pt; font-weight: 600;")
        body = QLabel(
            "Each case is an export of the R&V system beside its plan, or a plan before its "
            "transfer. Say whether you accept it, ask somebody, or reject it, and where the error "
            "is. You see at once what it was and why it matters; the score comes at the end."
        )
        body.setWordWrap(True)
        row = QHBoxLayout()
        row.addWidget(self.start_button)
        row.addWidget(self.progress, 1)
        row.addStretch()
        self.start_page = QWidget()
        column = QVBoxLayout(self.start_page)
        column.setContentsMargins(60, 30, 60, 30)
        column.addStretch(1)
        for item in (head, body):
            column.addWidget(item)
        column.addLayout(form)
        column.addLayout(row)
        column.addWidget(self.fault)
        column.addStretch(2)

    def _make_results(self) -> None:
        self.banner = Banner()
        self.results = GridModel(numeric=("Case", "Points"))
        self.results_table = plain_table(self.results)
        self.results_table.setAccessibleName("Score by case")
        self.again_button = QPushButton("&New training")
        self.again_button.clicked.connect(self._to_start)
        self.close_button = QPushButton("C&lose")
        self.close_button.clicked.connect(self.accept)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(self.again_button)
        row.addWidget(self.close_button)
        self.results_page = QWidget()
        column = QVBoxLayout(self.results_page)
        column.setContentsMargins(16, 12, 16, 12)
        column.addWidget(self.banner)
        column.addWidget(self.results_table, 1)
        column.addLayout(row)

    def start(self) -> None:
        """Draw the cases and write them where the system keeps temporary files."""
        seed = self.seed.value() or SystemRandom().randrange(1, MOST_SEED)
        count, level = self.count.value(), Level(self.level.currentData())
        self._runs += 1
        folder = Path(self._folder.name) / str(self._runs)
        folder.mkdir()
        self.marks = []
        self._busy(True)
        self._job = JOBS.start(
            self,
            "Making training cases",
            lambda progress: begin(folder, seed, count, level, progress),
            done=self._begun,
            failed=self._failed,
            progressed=lambda share, _: self.progress.setValue(round(100 * share)),
        )

    def _tidy(self) -> None:
        """Take the files away; when one is being written, as soon as that has ended."""
        if self._job in JOBS.running and self._job is not None:
            self._job.drop()
            self._job.ended.connect(self._folder.cleanup)
        else:
            self._folder.cleanup()

    def _busy(self, busy: bool) -> None:
        self.start_button.setEnabled(not busy)
        self.progress.setVisible(busy)
        self.progress.setValue(0)
        self.fault.clear()

    def _begun(self, training: Training) -> None:
        self.training = training
        self._busy(False)
        self._next()

    def _failed(self, fault: Exception) -> None:
        self._to_start()
        if not isinstance(fault, CancelledError):
            self.fault.setText(f"{fault}")

    def _to_start(self) -> None:
        self._busy(False)
        self.pages.setCurrentWidget(self.start_page)

    def _next(self) -> None:
        """Show the next case, or the score after the last."""
        training = self.training
        if training is None:
            return
        number = len(self.marks)
        if number == len(training.cases):
            self._show_score()
            return
        case, file = training.cases[number], training.files[number]
        self.case.wait(number + 1, len(training.cases))
        self.pages.setCurrentWidget(self.case)
        self._job = JOBS.start(
            self,
            f"Reading case {case.number}",
            lambda _: show(training.folder, case, file, training.level),
            done=self._show_case,
            failed=self._failed,
        )

    def _show_case(self, shown: Shown) -> None:
        self.case.show_case(shown)

    def _on_answer(self, shown: Shown, answer: Answer) -> None:
        one = mark(shown, answer)
        self.marks.append(one)
        training = self.training
        last = training is not None and len(self.marks) == len(training.cases)
        self.case.show_mark(one, "Show the &score" if last else "&Next case")

    def _show_score(self) -> None:
        got, most = total(self.marks)
        missed = sum(not one.is_right for one in self.marks)
        words = f"{got} of {most} points; " + (
            "nothing was missed"
            if not missed
            else f"{missed} of {len(self.marks)} cases not all right: what and why stands below"
        )
        if self.training is not None:
            words += f"; set number {self.training.seed}"
        self.banner.show_state(State.PASS if not missed else State.WARNING, words, "Score")
        rows = [
            (
                str(one.case.number), f"{one.points}/{one.most}", said(one),
                one.case.words, one.verdict, f"{one.rule}: {one.why}" if one.rule else "",
            )
            for one in self.marks
        ]  # fmt: skip
        self.results.show(RESULTS, rows)
        self.results_table.resizeColumnsToContents()
        self.pages.setCurrentWidget(self.results_page)
        self.results_table.selectRow(0)
        self.results_table.setFocus()
        # The last column has its width once the page is laid out.
        QTimer.singleShot(0, self.results_table.resizeRowsToContents)

    def help_topic(self) -> str:
        """Return the rule of the case that was answered, or of the row of the score."""
        page = self.pages.currentWidget()
        if page is self.results_page:
            row = self.results_table.currentIndex().row()
            return self.marks[row].rule if 0 <= row < len(self.marks) else ""
        return self.case.rule if page is self.case else ""

    def _help(self) -> None:
        topic = topic_of(QApplication.focusWidget()) or self.help_topic()
        self.help_window.show_topic(topic, "training")


def said(one: Mark) -> str:
    """Return an answer in words."""
    what = "beam" if one.case.is_plan else "field"
    where = f" ({what} {one.answer.field})" if one.answer.field else ""
    return f"{one.answer.decision.value}{where}"
