"""The retreatment desk: doses of one person side by side, summed, subtracted (Y-15)."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.background import JOBS, Job, Progress
from app.findings_model import GridModel
from app.findings_view import plain_table
from app.typed_box import DecimalSpin, WholeSpin
from app.viewer.outlines import Outline
from app.viewer.scene import Scene
from app.viewer.side_by_side import SideBySide
from core.dicom.combine import (
    Combined,
    Wanted,
    difference_of,
    dose_name,
    fractions_of,
    obstacle,
    overlap_cc,
    sum_of,
)
from core.dicom.dose import Dose
from core.dicom.structures import Structure
from core.dose.geometry import Grid
from core.findings import State

WAYS = ("Physical sum", "EQD2 sum", "First less second")
USUAL_ALPHA_BETA_GY = 3.0
OVERLAP_COLUMNS = ("Structure", "Overlap cc", "Share %")


@dataclass(slots=True)
class Row:
    """The controls of one dose."""

    dose: Dose
    chosen: QCheckBox
    weight: DecimalSpin
    fractions: WholeSpin
    state: QLabel


class ComparePanel(QWidget):
    """Choose doses, combine them, and look at them side by side.

    Signals:
        combined: A dose was made: `Combined`.

    """

    combined = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._scene: Scene | None = None
        self._rows: list[Row] = []
        self._job: Job | None = None
        self._measuring: Job | None = None
        self.views = SideBySide()
        self.table = QGridLayout()
        self.way = QComboBox()
        self.way.addItems(WAYS)
        self.way.setAccessibleName("How to combine")
        self.way.currentIndexChanged.connect(self._refresh)
        self.alpha_beta = DecimalSpin()
        self.alpha_beta.setRange(0.1, 50.0)
        self.alpha_beta.setValue(USUAL_ALPHA_BETA_GY)
        self.alpha_beta.setSuffix(" Gy")
        self.alpha_beta.setAccessibleName("Alpha/beta")
        self.button = QPushButton("Combine")
        self.button.clicked.connect(self.combine)
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.overlap_level = DecimalSpin()
        self.overlap_level.setRange(0.1, 500.0)
        self.overlap_level.setValue(10.0)
        self.overlap_level.setSuffix(" Gy")
        self.overlap_level.setAccessibleName("Dose of the overlap")
        self.overlap_button = QPushButton("Overlap of the chosen doses")
        self.overlap_button.clicked.connect(self.measure_overlap)
        self.overlap_level.valueChanged.connect(self._forget_overlap)
        self._make_overlap()
        self._lay_out()

    def _make_overlap(self) -> None:
        self.overlap = GridModel(numeric=OVERLAP_COLUMNS[1:])
        self.overlap_view = plain_table(self.overlap)
        self.overlap_words = QLabel()
        self.overlap_words.setWordWrap(True)
        self.overlap_box = QWidget()
        self.overlap_box.setMinimumWidth(250)  # its three columns
        told = QVBoxLayout(self.overlap_box)
        told.setContentsMargins(6, 6, 6, 0)
        told.addWidget(self.overlap_words)
        told.addWidget(self.overlap_view, 1)
        self.overlap_box.hide()

    def _lay_out(self) -> None:
        inner = QWidget()
        fixed = QVBoxLayout(inner)
        fixed.setContentsMargins(4, 4, 4, 4)
        fixed.addLayout(self.table)
        fixed.addStretch()
        choose = QScrollArea()
        choose.setWidgetResizable(True)
        choose.setFrameShape(QScrollArea.Shape.NoFrame)
        choose.setWidget(inner)
        actions = QHBoxLayout()
        self.alpha_label = QLabel("Alpha/beta")
        for widget in (self.way, self.alpha_label, self.alpha_beta, self.button):
            actions.addWidget(widget)
        actions.addStretch()
        shared = QHBoxLayout()
        for widget in (QLabel("At least"), self.overlap_level, self.overlap_button):
            shared.addWidget(widget)
        shared.addStretch()
        upper = QWidget()
        column = QVBoxLayout(upper)
        column.setContentsMargins(6, 6, 6, 0)
        column.addWidget(choose, 1)
        column.addLayout(actions)
        column.addLayout(shared)
        column.addWidget(self.words)
        top = QSplitter()
        top.addWidget(upper)
        top.addWidget(self.overlap_box)
        top.setStretchFactor(0, 1)
        top.setSizes([800, 300])
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.addWidget(top)
        splitter.addWidget(self.views)
        splitter.setSizes([250, 470])
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(splitter)

    def set_scene(self, scene: Scene | None, doses: Sequence[Dose]) -> None:
        """Show the doses of another scene."""
        known = [row.dose for row in self._rows]
        ticked = [row.dose for row in self._rows if row.chosen.isChecked()]
        if _structures(scene) != _structures(self._scene):
            self._forget_overlap()
        self._scene = scene
        self.views.set_scene(scene, doses)
        if known and known == list(doses) and scene is not None:
            return
        grown = bool(known) and list(doses[: len(known)]) == known
        self._cancel()
        self._clear()
        self._forget_overlap()
        if not grown:
            self.words.setText("" if doses else "The set has no dose.")
        if scene is not None and doses:
            for column, title in enumerate(("Dose", "Fractions", "Weight", "")):
                self.table.addWidget(QLabel(f"<b>{title}</b>"), 0, column)
            self.table.setColumnStretch(0, 1)
            for dose in doses:
                self._add_row(scene, dose)
        for row in self._rows:
            row.chosen.setChecked(row.dose in ticked and row.chosen.isEnabled())
        self._refresh()

    def _add_row(self, scene: Scene, dose: Dose) -> None:
        name = dose_name(scene.rt_set, dose)
        fractions = WholeSpin()
        fractions.setRange(0, 200)
        fractions.setSpecialValueText("not known")
        fractions.setValue(fractions_of(scene.rt_set, dose) or 0)
        weight = DecimalSpin()
        weight.setRange(0.0, 10.0)
        weight.setSingleStep(0.1)
        weight.setValue(1.0)
        why = obstacle(scene.rt_set, dose, _frame(scene))
        state = QLabel(why or "ok")
        state.setWordWrap(True)
        state.setMinimumWidth(130 if why else 0)
        state.setStyleSheet(f"color: {theme.colour(State.ERROR if why else State.PASS).name()}")
        row = Row(dose, QCheckBox(name), weight, fractions, state)
        row.chosen.setEnabled(not why)
        row.chosen.toggled.connect(self._on_ticked)
        fractions.setAccessibleName(f"Fractions of {name}")
        weight.setAccessibleName(f"Weight of {name}")
        number = len(self._rows) + 1
        for column, widget in enumerate((row.chosen, fractions, weight, state)):
            self.table.addWidget(widget, number, column)
        self._rows.append(row)

    def _clear(self) -> None:
        while self.table.count():
            item = self.table.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()
        self._rows.clear()

    @property
    def chosen(self) -> list[Wanted]:
        """The doses that are ticked."""
        return [
            Wanted(row.dose, row.weight.value(), row.fractions.value() or None)
            for row in self._rows
            if row.chosen.isChecked()
        ]

    def combine(self) -> None:
        """Make the sum or the difference in the background."""
        scene, wanted, way = self._scene, self.chosen, self.way.currentText()
        if scene is None:
            return
        alpha_beta = self.alpha_beta.value() if way == WAYS[1] else None
        frame = _frame(scene)

        def work(progress: Progress) -> Combined:
            if way == WAYS[2]:
                first, second = wanted[0].dose, wanted[1].dose
                return difference_of(scene.rt_set, first, second, frame, progress)
            return sum_of(scene.rt_set, wanted, frame, alpha_beta, progress)

        self._cancel()
        self.words.setText("Combining…")
        self._job = JOBS.start(
            self, "Combining doses", work, done=self._on_combined, failed=self._on_fault
        )

    def measure_overlap(self) -> None:
        """Tell how much of each structure gets at least the level from every chosen dose."""
        scene, level = self._scene, self.overlap_level.value()
        if scene is None:
            return
        grids = [one.dose.grid for one in self.chosen]
        self._forget_overlap()
        if any(grid.frame_uid != _frame(scene) for grid in grids):
            self._tell_of_overlap("Overlap is told for doses in the images' own frame only.")
            return
        shown = [
            one
            for one in scene.outlines
            if one.stack is not None and (scene.series is not None or len(one.stack.planes) > 1)
        ]

        def work(progress: Progress) -> list[tuple[str, float, float]]:
            found = []
            for number, outline in enumerate(shown):
                progress(number / len(shown), outline.structure.name)
                found.append((outline.structure.name, *_overlap(outline, grids, level)))
            return found

        self._tell_of_overlap("Measuring…")
        self._measuring = JOBS.start(
            self,
            "Measuring the overlap",
            work,
            done=lambda found: self._show_overlap(found, level, len(grids)),
            failed=lambda fault: self._tell_of_overlap(str(fault)),
        )

    def _tell_of_overlap(self, words: str) -> None:
        self.overlap_words.setText(words)
        self.overlap_view.hide()
        self.overlap_box.show()

    def _forget_overlap(self) -> None:
        """Take away what was measured for other doses, structures or another level."""
        if self._measuring is not None:
            self._measuring.drop()
            self._measuring = None
        self.overlap_box.hide()

    def _show_overlap(
        self, found: list[tuple[str, float, float]], level: float, count: int
    ) -> None:
        locale = QLocale()
        rows = [
            (name, locale.toString(cc, "f", 2), locale.toString(share * 100, "f", 1))
            for name, cc, share in found
        ]
        self.overlap.show(OVERLAP_COLUMNS, rows)
        self.overlap_view.resizeColumnsToContents()
        self.overlap_view.show()
        self._measuring = None
        words = (
            f"Overlap: at least {locale.toString(level, 'f', 1)} Gy from each of {count} doses as "
            "they are, without weights. Outside a dose grid nothing counts."
        )
        self.overlap_words.setText(words)

    def _on_combined(self, made: Combined) -> None:
        self.words.setText(" ".join((f"Made: {made.dose.made_by}.", *made.words)))
        self.combined.emit(made)

    def _on_fault(self, fault: Exception) -> None:
        self.words.setText(str(fault))

    def _on_ticked(self) -> None:
        self._forget_overlap()
        self._refresh()

    def _refresh(self) -> None:
        count = len(self.chosen)
        way = self.way.currentText()
        for widget in (self.alpha_label, self.alpha_beta):
            widget.setVisible(way == WAYS[1])
        for row in self._rows:
            row.weight.setEnabled(way != WAYS[2])
            row.fractions.setEnabled(way == WAYS[1])
        self.button.setEnabled(count == 2 if way == WAYS[2] else count >= 2)
        self.overlap_button.setEnabled(count >= 2)

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.drop()
            self._job = None


def _structures(scene: Scene | None) -> list[Structure]:
    """Return the structures of a scene, drawn or not."""
    return [one.structure for one in scene.outlines] if scene is not None else []


def _frame(scene: Scene) -> str:
    """Return the frame of reference in which the scene is drawn."""
    if scene.series is not None:
        return scene.series.frame_uid
    return scene.dose.grid.frame_uid if scene.dose is not None else ""


def _overlap(outline: Outline, grids: Sequence[Grid], level: float) -> tuple[float, float]:
    """Return the overlap in cc and as a share of the structure."""
    if outline.stack is None:
        return 0.0, 0.0
    extent = outline.stack.box_mm[1] - outline.stack.box_mm[0]
    pixel_mm = min(max(float(extent.max()) / 200, 0.25), 2.0)
    cc = overlap_cc(outline.stack, grids, [level] * len(grids), pixel_mm)
    return cc, cc / max(outline.stack.volume_cc, 1e-9)
