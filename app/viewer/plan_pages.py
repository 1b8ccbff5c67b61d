"""Plans as tables: prescription, beams with their control points and leaves, references."""

from typing import Any

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSplitter,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.findings_model import AnyIndex, GridModel
from app.findings_view import plain_table
from app.key_use import room_sequence
from app.keys import first
from app.viewer.certificate_panel import StateLine
from app.viewer.whole_part import WholePart
from core.dicom import plan_tables as tables
from core.dicom.plan import Beam, Plan
from core.dicom.rt_set import RtSet
from core.dicom.text_table import NONE, Table, iso_date, words_or_none
from core.findings import State

NO_PLAN = "This set has no plan."
NOTHING = Table("", (), (), (), ())
# A right-aligned number must not touch the words of the next column.
PADDING = "QTableView::item { padding: 0 4px; } QHeaderView::section { padding: 2px 5px; }"
MIDDLE, RIGHT = Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignRight
APPROVALS = {"APPROVED": "Approved", "UNAPPROVED": "Not approved", "REJECTED": "Rejected"}


def approval(plan: Plan) -> tuple[State, str]:
    """Return how the approval of a plan looks: only APPROVED is a pass."""
    if not plan.approval:
        return State.NOT_RUN, "Not told"
    told = plan.approval.upper()
    return State.PASS if told == "APPROVED" else State.WARNING, APPROVALS.get(told, plan.approval)


def two_lines(title: str) -> str:
    """Return a title broken where its two lines are the shortest, so that columns stay narrow."""
    words = title.split()
    breaks = [(" ".join(words[:at]), " ".join(words[at:])) for at in range(1, len(words))]
    return "\n".join(min(breaks, key=lambda pair: max(map(len, pair)), default=(title,)))


class TableModel(GridModel):
    """A `Table`: numbers and their titles to the right; what is "not here" as a warning."""

    def __init__(self) -> None:
        super().__init__()
        self.table = NOTHING

    def show_table(self, table: Table) -> None:
        """Replace titles and rows."""
        self.table = table
        self.show(table.columns, table.rows)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:  # noqa: ANN401  (Qt's signature)
        """Return a title on two lines, aligned as its column."""
        if orientation == Qt.Orientation.Vertical:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole and self._is_right(section):
            return RIGHT | MIDDLE
        if role == Qt.ItemDataRole.DisplayRole:
            return two_lines(self.table.columns[section])
        return super().headerData(section, orientation, role)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401  (Qt's signature)
        """Return text, alignment, sign or colour of one cell."""
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return RIGHT | MIDDLE if self._is_right(index.column()) else None
        if role == Qt.ItemDataRole.DecorationRole and self._is_missing(index):
            return theme.icon(State.WARNING)
        if role == Qt.ItemDataRole.ForegroundRole and self._is_missing(index):
            return theme.colour(State.WARNING)
        if role == Qt.ItemDataRole.ToolTipRole:
            return None
        return super().data(index, role)

    def _is_right(self, column: int) -> bool:
        return column < len(self.table.numeric) and self.table.numeric[column]

    def _is_missing(self, index: AnyIndex) -> bool:
        return self.table.rows[index.row()][index.column()].endswith(tables.NOT_HERE)


class TableBox(WholePart):
    """A table with its title above, its notes below, and a button that copies it.

    Signals:
        row_chosen: Another row; -1 for none.

    """

    row_chosen = Signal(int)

    def __init__(self, title: str) -> None:
        super().__init__()
        self._fits = False
        self.title = QLabel(title)
        self.title.setStyleSheet("font-weight: 600;")
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.copy_button, self.model = QToolButton(), TableModel()
        self.copy_button.setText("Copy table")
        self.copy_button.clicked.connect(self.copy_table)
        self.view = plain_table(self.model)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.setWordWrap(False)
        self.view.setStyleSheet(PADDING)
        self.view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.horizontalHeader().setStretchLastSection(False)
        self.view.setMinimumHeight(4 * self.view.fontMetrics().height())
        self.view.selectionModel().currentRowChanged.connect(self._on_row)
        self.notes = QLabel()
        self.notes.setWordWrap(True)
        self.notes.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.space, self.top = QWidget(), QHBoxLayout()
        self.top.addWidget(self.title, 1)
        self.top.addWidget(self.copy_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 6, 4, 4)
        column.setSpacing(4)
        column.addLayout(self.top)
        for widget, share in ((self.view, 1), (self.notes, 0), (self.space, 1)):
            column.addWidget(widget, share)
        copy = QAction("Copy rows", self)
        copy.setShortcut(room_sequence("plan.copy"))
        copy.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        copy.triggered.connect(self.copy_rows)
        self.addAction(copy)

    @property
    def table(self) -> Table:
        """The table shown."""
        return self.model.table

    def show_table(self, table: Table, *, row: int = -1) -> None:
        """Show a table; choose one of its rows, if it is told which."""
        self.model.show_table(table)
        self.title.setText(table.title)
        self.view.setAccessibleName(table.title)
        self.copy_button.setAccessibleName(f"Copy table: {table.title}")
        self.copy_button.setToolTip(f"The whole table; {first('plan.copy')} copies selected rows")
        self.notes.setText("\n".join(table.notes))
        self.notes.setVisible(bool(table.notes))
        self.view.setVisible(bool(table.rows))
        self.copy_button.setVisible(bool(table.rows))
        self.space.setVisible(not table.rows)
        self.view.resizeColumnsToContents()
        if 0 <= row < len(table.rows):
            self.view.selectRow(row)

    @property
    def height_needed(self) -> int:
        """Height at which all rows are seen."""
        view = self.view
        header = view.horizontalHeader()
        wide = header.length() > view.viewport().width()
        bar = view.horizontalScrollBar().sizeHint().height() if wide else 0
        rows = view.verticalHeader().length() + header.sizeHint().height()
        return rows + bar + 2 * view.frameWidth()

    def fit_height(self) -> None:
        """Take no more height than the rows need, now and later."""
        self._fits = True
        self.view.setFixedHeight(self.height_needed)
        self.space.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Make or give back the room of the scroll bar."""
        super().resizeEvent(event)
        if self._fits:
            self.view.setFixedHeight(self.height_needed)

    def copy_table(self) -> None:
        """Put the whole table on the clipboard, columns separated by tabs."""
        QGuiApplication.clipboard().setText(self.table.to_tsv())

    def copy_rows(self) -> None:
        """Put the selected rows on the clipboard, with their titles; all when none is."""
        rows = sorted({index.row() for index in self.view.selectedIndexes()})
        QGuiApplication.clipboard().setText(self.table.to_tsv(rows or None))

    def _on_row(self, current: QModelIndex) -> None:
        self.row_chosen.emit(current.row() if current.isValid() else -1)


class PlanStrip(QFrame):
    """What a plan is, in one row: the values under their names."""

    NAMES = ("Label", "Intent", "Approval", "Prescribed", "Fractions", "Patient position", "Name")

    def __init__(self) -> None:
        super().__init__()
        self.approval = StateLine()
        self.values: dict[str, QLabel] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(4, 2, 4, 2)
        grid.setHorizontalSpacing(18)
        grid.setVerticalSpacing(0)
        for place, name in enumerate(self.NAMES):
            grid.addWidget(QLabel(name), 0, place)
            if name == "Approval":
                grid.addWidget(self.approval, 1, place)
                continue
            value = QLabel()
            value.setStyleSheet("font-weight: 600;")
            value.setTextFormat(Qt.TextFormat.PlainText)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            value.setWordWrap(name == self.NAMES[-1])  # up to 64 characters
            self.values[name] = value
            grid.addWidget(value, 1, place)
        grid.setColumnStretch(len(self.NAMES) - 1, 1)

    def show_plan(self, plan: Plan) -> None:
        """Show another plan."""
        doses = ", ".join(f"{round(dose, 3):g} Gy" for dose in plan.prescribed_gy)
        shown = {
            "Label": plan.label,
            "Intent": plan.intent.capitalize(),
            "Prescribed": doses,
            "Fractions": _fractions(plan),
            "Patient position": plan.patient_position,
            "Name": plan.name,
        }
        for name, words in shown.items():
            self.values[name].setText(words_or_none(words))
            self.values[name].setAccessibleName(f"{name}: {words_or_none(words)}")
        self.approval.show_state(*approval(plan))


def _fractions(plan: Plan) -> str:
    counts = [NONE if one.fractions is None else str(one.fractions) for one in plan.groups]
    words = " + ".join(counts)
    return f"{words} (groups)" if len(counts) > 1 else words


class PlanPages(QWidget):
    """The plans of a set: prescription and fractions, beams, references."""

    def __init__(self) -> None:
        super().__init__()
        self._set: RtSet | None = None
        self.plans = QComboBox()
        self.plans.setAccessibleName("Plan")
        self.plans.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.plans.setMinimumWidth(140)
        self.plans.currentIndexChanged.connect(self._on_plan)
        self.caption = QLabel("P&lan")
        self.caption.setBuddy(self.plans)
        self.strip = PlanStrip()
        self.empty = QLabel(NO_PLAN)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setMargin(24)
        self.prescription = TableBox("Prescription")
        self.fractions = TableBox("Fractions")
        self.beams = TableBox("Beams")
        self.points = TableBox("Control points")
        self.leaves = TableBox("Leaves")
        self.references = TableBox("References")
        self.with_leaves = QCheckBox("Leaves")
        self.with_leaves.setChecked(True)
        self.with_leaves.setToolTip("Show the leaf positions of the chosen control point")
        self.with_leaves.toggled.connect(lambda _: self._show_leaves())
        self.points.top.insertWidget(1, self.with_leaves)
        self.beams.row_chosen.connect(self._on_beam)
        self.points.row_chosen.connect(lambda _: self._show_leaves())
        self._lay_out()
        self.set_rt_set(None)

    def _lay_out(self) -> None:
        first = QWidget()
        column = QVBoxLayout(first)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.prescription)
        column.addWidget(self.fractions)
        column.addStretch(1)
        self.details, self.upright = QSplitter(), QSplitter(Qt.Orientation.Vertical)
        self.details.addWidget(self.points)
        self.details.addWidget(self.leaves)
        self.details.setSizes([700, 420])
        self.upright.addWidget(self.beams)
        self.upright.addWidget(self.details)
        self.upright.setChildrenCollapsible(False)
        self.upright.setSizes([260, 400])
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(first, "Prescription")
        self.tabs.addTab(self.upright, "Beams")
        self.tabs.addTab(self.references, "References")
        row = QHBoxLayout()
        row.addWidget(self.caption)
        row.addWidget(self.plans)
        row.addStretch()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(6, 6, 6, 6)
        outer.addLayout(row)
        outer.addWidget(self.strip)
        outer.addWidget(self.empty)
        outer.addWidget(self.tabs, 1)

    @property
    def plan(self) -> Plan | None:
        """The plan shown."""
        plans = self._set.plans if self._set is not None else ()
        place = self.plans.currentIndex()
        return plans[place] if 0 <= place < len(plans) else None

    @property
    def beam(self) -> Beam | None:
        """The beam whose control points are shown."""
        plan, row = self.plan, self.beams.view.currentIndex().row()
        return plan.beams[row] if plan is not None and 0 <= row < len(plan.beams) else None

    def set_rt_set(self, rt_set: RtSet | None) -> None:
        """Show the plans of a set, that of the chief dose first."""
        self._set = rt_set
        plans = rt_set.plans if rt_set is not None else ()
        self.plans.blockSignals(True)
        self.plans.clear()
        self.plans.addItems([_plan_words(plan) for plan in plans])
        self.plans.setCurrentIndex(_chief(rt_set))
        self.plans.blockSignals(False)
        self.strip.setVisible(bool(plans))
        for part in (self.caption, self.plans):
            part.setVisible(len(plans) > 1)  # the strip names a plan that is alone
        self.empty.setVisible(not plans)
        self.tabs.setVisible(rt_set is not None)
        had_plans = self.tabs.isTabVisible(0)
        for tab in (0, 1):
            self.tabs.setTabVisible(tab, bool(plans))
        if plans and not had_plans:
            self.tabs.setCurrentIndex(0)
        self.references.show_table(tables.reference_table(rt_set) if rt_set else NOTHING)
        self._on_plan()
        whole = self.upright.height()
        around = self.beams.sizeHint().height() - self.beams.view.sizeHint().height()
        upper = min(around + self.beams.height_needed, whole * 45 // 100)
        self.upright.setSizes([upper, whole - upper])

    def _on_plan(self) -> None:
        plan = self.plan
        if plan is None:
            for box in (self.prescription, self.fractions, self.beams, self.points, self.leaves):
                box.show_table(NOTHING)
            return
        self.strip.show_plan(plan)
        self.prescription.show_table(tables.prescription_table(plan, self._structure_names(plan)))
        self.fractions.show_table(tables.fraction_table(plan))
        for box in (self.prescription, self.fractions):
            box.fit_height()
        self.tabs.setTabText(1, f"Beams ({len(plan.beams)})")
        self.details.setVisible(bool(plan.beams))
        self.beams.show_table(tables.beam_table(plan), row=0)
        self._on_beam()

    def _structure_names(self, plan: Plan) -> dict[int, str]:
        sets = self._set.structure_sets if self._set is not None else ()
        own = (one for one in sets if one.item.sop_uid in plan.structure_uids)
        return {part.number: part.name for one in own for part in one.structures}

    def _on_beam(self) -> None:
        beam = self.beam
        self.points.show_table(tables.control_point_table(beam) if beam else NOTHING, row=0)
        self._show_leaves()

    def _show_leaves(self) -> None:
        beam, row = self.beam, self.points.view.currentIndex().row()
        has_leaves = beam is not None and any(point.leaves for point in beam.points)
        self.with_leaves.setVisible(has_leaves)
        self.leaves.setVisible(has_leaves and self.with_leaves.isChecked())
        if beam is not None and self.with_leaves.isChecked():
            self.leaves.show_table(tables.leaf_table(beam, row))


def _plan_words(plan: Plan) -> str:
    words = plan.label or "without label", approval(plan)[1].lower(), iso_date(plan.date)
    return ", ".join(word for word in words if word != NONE)


def _chief(rt_set: RtSet | None) -> int:
    """Return the place of the plan of the chief dose; else the first; -1 when there is none."""
    if rt_set is None or not rt_set.plans:
        return -1
    dose = rt_set.chief_dose()
    plan = rt_set.plan_of(dose) if dose is not None else None
    return rt_set.plans.index(plan) if plan is not None else 0
