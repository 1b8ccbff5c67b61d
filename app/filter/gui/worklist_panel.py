"""The work list in the Filter room: open items, the way of each plan, what the user may do."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QDateTime, QLocale, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.background import JOBS
from app.filter.baseline_content import plan_name
from app.filter.field import Plan
from app.filter.gui.ask_strip import AskStrip
from app.filter.gui.watch_panel import WatchPanel
from app.filter.worklist import (
    DONE,
    ORDER,
    ROLES,
    SKIPPED,
    STEPS,
    Case,
    case_of,
    cases,
    complete,
    reopen,
    skip,
)
from app.findings_model import GridModel
from app.findings_view import plain_table
from core.findings import State

EMPTY = (
    "<p style='font-size:14pt; font-weight:600'>No plan is on the list</p>"
    "<p>Open the export of a plan, come back here and press “Begin with open export…”.<br>"
    "The plan gets its ten steps, each with an item for the role that does it.</p>"
    "<p>New exports can be brought in and named by “Watched folders”.</p>"
)
NONE_OF_ROLE = "No item is open for this role. Choose “All roles” to see every plan."
TITLES = ("Patient", "Name", "Plan", "Work item", "Step", "Role", "Since")
WAY = ("Step", "State", "By", "When", "Words")
SIGNS = {DONE: "✓ done", SKIPPED: "⚠ left out"}


class WorkListPanel(QWidget):
    """Plans on their way, and the watched folders."""

    def __init__(self, opened: Callable[[], Plan | None]) -> None:
        super().__init__()
        self._opened = opened
        self.cases: tuple[Case, ...] = ()
        self.strip = AskStrip()
        self.role = QComboBox()
        self.role.setAccessibleName("Role whose items are shown")
        self.role.addItem("All roles", "")
        for name in ROLES:
            self.role.addItem(name.capitalize(), name)
        self.role.activated.connect(self._show_cases)
        self.begin_button = QPushButton("&Begin with open export…")
        self.begin_button.setToolTip("Put the plan of the export that is open on the list")
        self.begin_button.clicked.connect(self._begin)
        self.done_button = QPushButton("Step is &done…")
        self.done_button.clicked.connect(partial(self._ask, DONE))
        self.skip_button = QPushButton("&Leave step out…")
        self.skip_button.clicked.connect(partial(self._ask, SKIPPED))
        self.again_button = QPushButton("Open &again…")
        self.again_button.setToolTip("Open the step selected below, and all after it, once more")
        self.again_button.clicked.connect(self._ask_again)
        self.items = GridModel()
        self.way = GridModel()
        self.table = plain_table(self.items)
        self.way_table = plain_table(self.way)
        self.table.setAccessibleName("Plans and their open work items")
        self.way_table.setAccessibleName("Steps of the selected plan")
        self.table.selectionModel().currentRowChanged.connect(self._show_way)
        self.watch = WatchPanel()
        self._lay_out()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        buttons = (self.begin_button, self.done_button, self.skip_button, self.again_button)
        for widget in (self.role, *buttons):
            row.addWidget(widget)
        row.addStretch(1)
        self.empty = QLabel(EMPTY)
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.items_page = QStackedWidget()
        self.items_page.addWidget(self.table)
        self.items_page.addWidget(self.empty)
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.items_page)
        split.addWidget(self.way_table)
        split.setSizes([260, 320])
        plans = QWidget()
        column = QVBoxLayout(plans)
        column.setContentsMargins(0, 6, 0, 0)
        column.addLayout(row)
        column.addWidget(self.strip)
        column.addWidget(split, 1)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(plans, "Plans")
        self.tabs.addTab(self.watch, "Watched folders")
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        head = QLabel("Work list")
        head.setStyleSheet("font-size: 13pt; font-weight: 600;")
        whole.addWidget(head)
        whole.addWidget(self.tabs, 1)

    def refresh(self) -> None:
        """Read the log again, off the GUI thread."""
        self._run("Reading the work list", cases)

    @property
    def case(self) -> Case | None:
        """The plan that is selected."""
        row, shown = self.table.currentIndex().row(), self._shown()
        return shown[row] if 0 <= row < len(shown) else None

    def _run(self, title: str, work: Callable[[], object], word: str = "") -> None:
        def done(_answer: object) -> None:
            JOBS.start(
                self, "Reading the work list", lambda _progress: cases(),
                done=partial(self._take, word), failed=self.strip.tell_fault,
            )  # fmt: skip

        JOBS.start(self, title, lambda _progress: work(), done=done, failed=self.strip.tell_fault)

    def _take(self, word: str, found: tuple[Case, ...]) -> None:
        self.cases = found
        self._show_cases()
        if word:
            self.strip.tell(State.PASS, word)

    def _shown(self) -> tuple[Case, ...]:
        role = self.role.currentData()
        items = [(one, one.next) for one in self.cases]
        return tuple(one for one, step in items if not role or (step and step.role == role))

    def _show_cases(self) -> None:
        key = self.case.key if self.case else ""
        rows = []
        for one in self._shown():
            step = one.next
            ahead = (step.item, step.title, step.role) if step else ("-", "Locked", "-")
            rows.append(
                (one.patient_id, one.patient_name, one.plan_id, *ahead, _local(one.open_since))
            )
        self.items.show(TITLES, rows)
        self.table.resizeColumnsToContents()
        self.empty.setText(EMPTY if not self.cases else NONE_OF_ROLE)
        self.items_page.setCurrentWidget(self.table if rows else self.empty)
        self.way_table.setVisible(bool(rows))
        keys = [one.key for one in self._shown()]
        if rows:
            self.table.selectRow(keys.index(key) if key in keys else 0)
        self._show_way()

    def _show_way(self, *_: object) -> None:
        case = self.case
        for button in (self.done_button, self.skip_button):
            button.setEnabled(case is not None and case.next is not None)
        self.again_button.setEnabled(case is not None)
        if case is None:
            self.way.show((), ())
            return
        rows = []
        for place, step in enumerate(STEPS):
            if place < len(case.standing):
                one = case.standing[place]
                words = one.reason or (f"baseline {one.evidence}" if one.evidence else "")
                rows.append((step.title, SIGNS[one.what], one.person, _local(one.time), words))
            else:
                state = "➤ open" if step is case.next else "-"
                rows.append((step.title, state, step.role, "", ""))
        self.way.show(WAY, rows)
        self.way_table.resizeColumnsToContents()
        self.way_table.selectRow(min(len(case.standing), len(STEPS) - 1))

    def _begin(self) -> None:
        plan = self._opened()
        if plan is None:
            self.strip.tell(State.INFO, "Open an export first; its patient and plan are taken.")
            return
        name = ", ".join(
            part for part in (plan.patient.last_name, plan.patient.first_name) if part
        )
        wanted = Case(plan.patient.id, plan_name(plan), name)

        def put(person: str, words: str) -> None:
            self._run(
                "Putting the plan on the list",
                lambda: complete(wanted, STEPS[0].id, person, words=words),
                f"{wanted.key} is on the list",
            )

        self.strip.ask(f"Begin {wanted.key}", "Remark", "Sign", put)

    def _ask(self, what: str) -> None:
        case = self.case
        if case is None or case.next is None:
            return
        step = case.next

        def put(person: str, words: str) -> None:
            now = case_of(case.patient_id, case.plan_id)
            if what == DONE:
                work = partial(complete, now, step.id, person, words=words)
            else:
                work = partial(skip, now, step.id, person, words)
            self._run(step.title, work, f"“{step.title}” is {SIGNS[what][2:]}, signed in the log")

        question = step.title if what == DONE else f"Leave out: {step.title}"
        self.strip.ask(question, "Remark" if what == DONE else "Reason", "Sign", put)

    def _ask_again(self) -> None:
        case, row = self.case, self.way_table.currentIndex().row()
        if case is None or not 0 <= row < len(STEPS):
            return
        step = STEPS[row]
        if ORDER[step.id] >= len(case.standing):
            self.strip.tell(State.INFO, "Select a step below that is done.")
            return

        def put(person: str, words: str) -> None:
            self._run(
                f"Opening {step.title}", partial(reopen, case, step.id, person, words),
                f"{step.title} is open again",
            )  # fmt: skip

        self.strip.ask(f"Open again: {step.title}", "Reason", "Sign", put)


def _local(time: str) -> str:
    """Return a time of the log as the user's system writes it."""
    moment = QDateTime.fromString(time, Qt.DateFormat.ISODateWithMs).toLocalTime()
    return QLocale().toString(moment, QLocale.FormatType.ShortFormat) if time else ""
