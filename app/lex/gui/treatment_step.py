"""Step 4: what the plan does not hold (L-05). Boxes are validated; empty is not zero."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.lex.gui.number_box import DecimalBox, WholeBox
from app.lex.gui.step import Step
from app.lex.options import SEGMENT_CHOICES
from app.lex.plan import Trial

COUCH = ("vertical_cm", "lateral_cm", "longitudinal_cm")
CHOOSE = "choose…"
UNSEEN = ("the treatment data",)


class TreatmentStep(Step):
    """A form over the entries of TREATMENT.toml; `values` gives the same mapping as that file."""

    title = "Treatment data"
    guidance = "What the plan does not hold. Nothing is written while a required box is empty."
    load_wanted = Signal()
    save_wanted = Signal()

    def __init__(self, machines: Sequence[str], systems: Sequence[str]) -> None:
        super().__init__()
        self.course = WholeBox(1, 99)
        self.machine = QLineEdit()
        self.machine.setMaxLength(20)
        self.machine_type = _choice(machines)
        self.rv_system = _choice(systems)
        self.dose_rate = WholeBox(1, 4000)
        self.dose_rate.setSuffix(" MU/min")
        self.tolerance_table = WholeBox(0, 99)
        self.couch = {name: DecimalBox(-300, 1300, 1, "cm") for name in COUCH}
        self.gated = QCheckBox("Gated: every field of this plan is delivered with gating")
        self.segments = QComboBox()
        for words in SEGMENT_CHOICES:
            self.segments.addItem(words, words)
        self.resequence = QCheckBox("Put segments in the order of least travel")
        self.open_leaves = QCheckBox("Open leaf pairs behind a Y jaw by the machine's gap")
        self.prescriptions = _grid(("Prescription in the plan", "Name in the R&V", "Technique"))
        self.fields = _grid(("Beam", "Field ID", "Dose rate MU/min", "Gated"))
        self._lay_out()
        self._connect()
        self._missing: tuple[str, ...] = UNSEEN

    def _lay_out(self) -> None:
        left = QFormLayout()
        left.addRow("&Course", self.course)
        left.addRow("&Machine in the R&&V", self.machine)
        left.addRow("Machine &type", self.machine_type)
        left.addRow("R&&V s&ystem", self.rv_system)
        left.addRow("&Dose rate", self.dose_rate)
        left.addRow("T&olerance table", self.tolerance_table)
        right = QFormLayout()
        for name, words in zip(COUCH, ("&vertical", "l&ateral", "lon&gitudinal"), strict=True):
            right.addRow(f"Couch {words}", self.couch[name])
        right.addRow("", self.gated)
        right.addRow("Se&gments", self.segments)
        right.addRow("", self.resequence)
        right.addRow("", self.open_leaves)
        load, save = QPushButton("Load…"), QPushButton("Save…")
        load.setToolTip("Fill the form from a TREATMENT.toml file")
        save.setToolTip("Keep these entries as a TREATMENT.toml file")
        load.clicked.connect(self.load_wanted)
        save.clicked.connect(self.save_wanted)
        files = QHBoxLayout()
        files.addWidget(load)
        files.addWidget(save)
        files.addStretch(1)
        right.addRow("Entries", files)
        columns = QHBoxLayout()
        columns.addLayout(left, 1)
        columns.addSpacing(24)
        columns.addLayout(right, 1)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 8, 8, 0)
        column.addLayout(columns)
        for words, grid, stretch in (
            ("Prescriptions", self.prescriptions, 1),
            ("Fields", self.fields, 3),
        ):
            box = QGroupBox(words)
            inside = QVBoxLayout(box)
            inside.addWidget(grid)
            column.addWidget(box, stretch)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidget(inner)
        self.column.addWidget(area, 1)

    def _connect(self) -> None:
        for whole in (self.course, self.dose_rate, self.tolerance_table):
            whole.entered.connect(self.changed)
        for box in self.couch.values():
            box.entered.connect(self.changed)
        self.machine.textChanged.connect(self.changed)
        for choice in (self.machine_type, self.rv_system, self.segments):
            choice.currentIndexChanged.connect(lambda _: self.changed.emit())
        for tick in (self.gated, self.resequence, self.open_leaves):
            tick.toggled.connect(lambda _: self.changed.emit())
        for grid in (self.prescriptions, self.fields):
            grid.cellChanged.connect(lambda *_: self.changed.emit())

    def show_trial(self, trial: Trial, chosen: Sequence[str], ids: Mapping[str, str]) -> None:
        """List prescriptions and chosen beams; keep what was entered for the same names."""
        kept = self.values()
        self.blockSignals(True)
        if not self.machine.text():
            names = {beam.machine for beam in trial.beams if beam.name in chosen}
            self.machine.setText(names.pop()[:20] if len(names) == 1 else "")
        written = [rx for rx in trial.prescriptions if any(b.name in chosen for b in rx.beams)]
        old = kept.get("prescriptions", {})
        _fill(
            self.prescriptions,
            [(rx.name, old.get(rx.name, {}).get("id", rx.name[:20]),
              old.get(rx.name, {}).get("technique", "")) for rx in written],
        )  # fmt: skip
        before = kept.get("fields", {})
        rows = []
        for name in chosen:
            entry = before.get(name, {})
            rate = entry.get("dose_rate_mu_min", "")
            rows.append((name, entry.get("id", ids.get(name, "")), str(rate), ""))
        _fill(self.fields, rows)
        for row, name in enumerate(chosen):
            item = QTableWidgetItem()
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
            gated = bool(before.get(name, {}).get("gated", False))
            item.setCheckState(Qt.CheckState.Checked if gated else Qt.CheckState.Unchecked)
            self.fields.setItem(row, 3, item)
        self.blockSignals(False)
        self.changed.emit()

    def values(self) -> dict[str, Any]:
        """Return the entries as the mapping a TREATMENT.toml file holds; empty boxes left out."""
        entries: dict[str, Any] = {
            "course": self.course.number(),
            "machine": self.machine.text().strip() or None,
            "machine_type": self.machine_type.currentData(),
            "rv_system": self.rv_system.currentData(),
            "dose_rate_mu_min": self.dose_rate.number(),
            "tolerance_table": self.tolerance_table.number(),
            "gated": self.gated.isChecked(),
            "segments": self.segments.currentData(),
            "resequence": self.resequence.isChecked(),
            "open_covered_leaves": self.open_leaves.isChecked(),
        }
        couch = {name: box.number() for name, box in self.couch.items()}
        entries["couch"] = {name: value for name, value in couch.items() if value is not None}
        entries["prescriptions"] = {
            name: {key: text for key, text in (("id", id), ("technique", technique)) if text}
            for name, id, technique in _texts(self.prescriptions)
        }
        entries["fields"] = {}
        for row, (name, id, rate, _) in enumerate(_texts(self.fields)):
            entry: dict[str, Any] = {"id": id} if id else {}
            number, valid = self.locale().toInt(rate)
            if rate:
                entry["dose_rate_mu_min"] = number if valid else rate
            item = self.fields.item(row, 3)
            if item is not None and item.checkState() == Qt.CheckState.Checked:
                entry["gated"] = True
            entries["fields"][name] = entry
        return {key: value for key, value in entries.items() if value is not None}

    def set_values(self, entries: Mapping[str, Any]) -> None:
        """Fill the form from the mapping of a TREATMENT.toml file."""
        self.course.set_number(entries.get("course"))
        self.machine.setText(str(entries.get("machine", "")))
        for choice, key in ((self.machine_type, "machine_type"), (self.rv_system, "rv_system")):
            choice.setCurrentIndex(max(choice.findData(entries.get(key)), 0))
        self.dose_rate.set_number(entries.get("dose_rate_mu_min"))
        self.tolerance_table.set_number(entries.get("tolerance_table"))
        for name, box in self.couch.items():
            box.set_number(entries.get("couch", {}).get(name))
        self.gated.setChecked(bool(entries.get("gated", False)))
        self.segments.setCurrentIndex(max(self.segments.findData(entries.get("segments")), 0))
        self.resequence.setChecked(bool(entries.get("resequence", False)))
        self.open_leaves.setChecked(bool(entries.get("open_covered_leaves", False)))
        for row, (name, *_) in enumerate(_texts(self.prescriptions)):
            entry = entries.get("prescriptions", {}).get(name, {})
            for column, key in ((1, "id"), (2, "technique")):
                if key in entry:
                    self.prescriptions.setItem(row, column, QTableWidgetItem(str(entry[key])))
        for row, (name, *_) in enumerate(_texts(self.fields)):
            entry = entries.get("fields", {}).get(name, {})
            for column, key in ((1, "id"), (2, "dose_rate_mu_min")):
                if key in entry:
                    self.fields.setItem(row, column, QTableWidgetItem(str(entry[key])))
            gated = self.fields.item(row, 3)
            if gated is not None:
                state = Qt.CheckState.Checked if entry.get("gated") else Qt.CheckState.Unchecked
                gated.setCheckState(state)
        self.changed.emit()

    def forget(self) -> None:
        """Take nothing as complete for another plan until this step has been seen."""
        self._missing = UNSEEN

    def show_missing(self, missing: Sequence[str]) -> None:
        """Take over from the page what the headless check says is missing or wrong."""
        self._missing = tuple(missing)

    def missing(self) -> tuple[str, ...]:
        """Return what the headless check named last."""
        return self._missing


def _choice(names: Sequence[str]) -> QComboBox:
    box = QComboBox()
    box.addItem(CHOOSE, None)
    for name in names:
        box.addItem(name, name)
    return box


def _grid(titles: Sequence[str]) -> QTableWidget:
    grid = QTableWidget(0, len(titles))
    grid.setHorizontalHeaderLabels(list(titles))
    grid.verticalHeader().hide()
    grid.setAlternatingRowColors(True)
    grid.setTabKeyNavigation(False)
    grid.setMinimumHeight(110)
    header = grid.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    return grid


def _fill(grid: QTableWidget, rows: Sequence[Sequence[str]]) -> None:
    """Put texts into the rows; the first column only names its row."""
    grid.blockSignals(True)
    grid.setRowCount(len(rows))
    for row, texts in enumerate(rows):
        for column, text in enumerate(texts):
            item = QTableWidgetItem(text)
            if column == 0:
                item.setFlags(Qt.ItemFlag.ItemIsEnabled)
            grid.setItem(row, column, item)
    grid.blockSignals(False)


def _texts(grid: QTableWidget) -> list[tuple[str, ...]]:
    rows = []
    for row in range(grid.rowCount()):
        items = [grid.item(row, column) for column in range(grid.columnCount())]
        rows.append(tuple("" if item is None else item.text().strip() for item in items))
    return rows
