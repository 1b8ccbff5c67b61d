"""Step 4: what the plan does not hold (L-05). Boxes are validated; empty is not zero."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.lex.gui.entry_box import EntryBox, Marked
from app.lex.gui.entry_tables import EntryTable, FieldTable, PrescriptionTable, choice
from app.lex.gui.number_box import DecimalBox, WholeBox
from app.lex.gui.step import Step
from app.lex.offers import Offers
from app.lex.options import SEGMENT_CHOICES
from app.lex.plan import Trial
from app.lex.questions import QUESTIONS
from app.lex.rv_systems import DEFAULT
from app.lex.treatment import Missing
from app.said import Said
from core.findings import State

COUCH = ("vertical_cm", "lateral_cm", "longitudinal_cm")
CHOOSE = "choose…"
UNSEEN = ("the treatment data",)
MISSING, WRONG = "missing", "not valid"
_LIMITS = {question.key: question.limits for question in QUESTIONS}


def _whole(key: str) -> tuple[int, int]:
    low, high = _LIMITS[key]
    return int(low), int(high)


class TreatmentStep(Step):
    """A form over the entries of TREATMENT.toml; `values` gives the same mapping as that file.

    Signals:
        lists_wanted: Machine type or R&V system is another one, and so are the lists.

    """

    title = "Treatment data"
    guidance = "What the plan does not hold. Nothing is written while a required box is empty."
    load_wanted = Signal()
    save_wanted = Signal()
    lists_wanted = Signal()

    def __init__(self, machines: Sequence[str], systems: Sequence[str]) -> None:
        super().__init__()
        self.course = WholeBox(*_whole("course"))
        self.machine_types: tuple[str, ...] = tuple(machines)
        self.machine_type = choice(machines, CHOOSE)
        self.rv_system = choice(systems)
        self.rv_system.setCurrentIndex(max(self.rv_system.findData(DEFAULT), 0))
        self.machine = EntryBox(longest=20)
        self.dose_rate = EntryBox(limits=_whole("dose_rate_mu_min"), unit="MU/min")
        self.tolerance_table = EntryBox(limits=_whole("tolerance_table"))
        self.couch = {
            name: DecimalBox(*_LIMITS[f"couch.{name}"], 1, "cm") for name in COUCH
        }  # fmt: skip
        self.gated = QCheckBox("Gated: all fields of this plan")
        self.segments = choice(SEGMENT_CHOICES)
        self.resequence = QCheckBox("Segments in the order of least travel")
        self.open_leaves = QCheckBox("Gap for leaf pairs behind a Y jaw")
        self.prescriptions, self.fields = PrescriptionTable(), FieldTable()
        self.file_said = Said()
        # By key: the box, and its row with room for a word.
        self.marks: dict[str, Marked] = {}
        # By key: a value nobody has entered, and a word for where it is from.
        self._proposals: dict[str, tuple[Any, str]] = {}
        self._proposed: dict[str, str] = {}
        self._missing: tuple[str, ...] = UNSEEN
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        left, right = QFormLayout(), QFormLayout()
        for key, words, box in (
            ("course", "&Course", self.course),
            ("machine_type", "Machine &type", self.machine_type),
            ("rv_system", "R&&V s&ystem", self.rv_system),
            ("machine", "&Machine in the R&&V", self.machine),
            ("dose_rate_mu_min", "&Dose rate", self.dose_rate),
            ("tolerance_table", "Tole&rance table", self.tolerance_table),
        ):
            self._add(left, key, words, box)
        for name, words in zip(COUCH, ("&vertical", "l&ateral", "lon&gitudinal"), strict=True):
            self._add(right, f"couch.{name}", f"Couch {words}", self.couch[name])
        right.addRow("", self.gated)
        self._add(right, "segments", "S&egments", self.segments)
        right.addRow("", self.resequence)
        right.addRow("", self.open_leaves)
        right.addRow("Entries", self._file_buttons())
        columns = QHBoxLayout()
        columns.addLayout(left, 1)
        columns.addSpacing(16)
        columns.addLayout(right, 1)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 8, 8, 0)
        column.addLayout(columns)
        column.addWidget(self.file_said)
        for title, grid, stretch in (
            ("Prescriptions", self.prescriptions, 1), ("Fields", self.fields, 3),
        ):  # fmt: skip
            box_of = QGroupBox(title)
            inside = QVBoxLayout(box_of)
            inside.addWidget(grid)
            column.addWidget(box_of, stretch)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QScrollArea.Shape.NoFrame)
        self.area.setWidget(inner)
        self.column.addWidget(self.area, 1)

    def _add(self, form: QFormLayout, key: str, words: str, box: QWidget) -> None:
        self.marks[key] = marked = Marked(box)
        form.addRow(words, marked)
        box.setAccessibleName(words)

    def _file_buttons(self) -> QHBoxLayout:
        load, save = QPushButton("&Load…"), QPushButton("&Save…")
        load.setToolTip("Fill the form from a TREATMENT.toml file")
        save.setToolTip("Keep these entries as a TREATMENT.toml file")
        load.clicked.connect(self.load_wanted)
        save.clicked.connect(self.save_wanted)
        files = QHBoxLayout()
        files.addWidget(load)
        files.addWidget(save)
        files.addStretch(1)
        return files

    def _connect(self) -> None:
        self.course.entered.connect(self.changed)
        for entry in (self.machine, self.dose_rate, self.tolerance_table):
            entry.entered.connect(self.changed)
        for box in self.couch.values():
            box.entered.connect(self.changed)
        for chosen in (self.machine_type, self.rv_system):
            chosen.currentIndexChanged.connect(lambda _: self.lists_wanted.emit())
        for one in (self.machine_type, self.rv_system, self.segments):
            one.currentIndexChanged.connect(lambda _: self.changed.emit())
        for tick in (self.gated, self.resequence, self.open_leaves):
            tick.toggled.connect(lambda _: self.changed.emit())
        for grid in (self.prescriptions, self.fields):
            grid.cellChanged.connect(lambda *_: self.changed.emit())

    def offer_machines(self, names: Sequence[str]) -> None:
        """Offer the machine types in force; the one chosen stays where it is one of them."""
        if tuple(names) == self.machine_types:
            return
        box, self.machine_types = self.machine_type, tuple(names)
        before = box.currentData()
        box.blockSignals(True)
        box.clear()
        box.addItem(CHOOSE, None)
        for name in names:
            box.addItem(name, name)
        box.setCurrentIndex(max(box.findData(before), 0))
        box.blockSignals(False)
        if box.currentData() != before:
            box.currentIndexChanged.emit(box.currentIndex())

    def show_trial(self, trial: Trial, chosen: Sequence[str]) -> None:
        """List prescriptions and chosen beams; keep what was entered for the same names."""
        kept = self.values()
        self.blockSignals(True)
        written = [rx for rx in trial.prescriptions if any(b.name in chosen for b in rx.beams)]
        old = kept["prescriptions"]
        self.prescriptions.fill([
            (rx.name, old.get(rx.name, {}).get("id", rx.name[:20]),
             old.get(rx.name, {}).get("technique", "")) for rx in written
        ])  # fmt: skip
        self.fields.show_beams(chosen, kept["fields"], self._proposed)
        self.blockSignals(False)
        self.changed.emit()

    def offer(self, lists: Offers) -> None:
        """Show other lists; what was entered stays."""
        self.blockSignals(True)
        self.machine.offer(lists.machines)
        self.dose_rate.offer(lists.dose_rates)
        self.tolerance_table.offer(lists.tolerance_tables)
        self.prescriptions.techniques = lists.techniques
        self.fields.dose_rates = lists.dose_rates
        self.blockSignals(False)
        self.changed.emit()

    def propose_ids(self, ids: Mapping[str, str]) -> None:
        """Show field IDs where nobody has entered another one."""
        self.fields.propose(self._proposed, ids)
        self._proposed = dict(ids)

    def propose(self, entries: Mapping[str, tuple[Any, str]]) -> None:
        """Fill what is empty or only proposed, and tell so beside the box.

        Args:
            entries: Value, and a word for where it is from, by key. An earlier proposal of a box
                that is not named goes.

        """
        present, before = self.values(), self._proposals
        open_keys = {
            key
            for key in ("machine", "dose_rate_mu_min", "tolerance_table", "segments")
            if present.get(key) in (None, SEGMENT_CHOICES[0]) or self._as_proposed(key, present)
        }
        lasting = {key: before[key] for key in ("machine_type", "rv_system") if key in before}
        self._proposals = lasting | {key: entries[key] for key in open_keys & entries.keys()}
        gone = dict.fromkeys(open_keys & before.keys() - entries.keys())
        self._set(gone | {key: value for key, (value, _) in self._proposals.items()})
        self.changed.emit()

    def preselect(self, key: str, value: str, words: str) -> None:
        """Choose a machine type or an R&V system in place of the user, and tell so."""
        self._proposals[key] = (value, words)
        self._set({key: value})
        self.changed.emit()

    def choose_system(self, system: str) -> None:
        """Choose another R&V system, as its box here does."""
        self._set({"rv_system": system})

    def _as_proposed(self, key: str, present: Mapping[str, Any]) -> bool:
        return key in self._proposals and present.get(key) == self._proposals[key][0]

    def forget_patient(self) -> None:
        """Empty the form; what is the same from plan to plan is proposed anew, with a mark."""
        self.prescriptions.fill([])
        self.fields.fill([])
        self._proposed = {}
        self.set_values({})

    def values(self) -> dict[str, Any]:
        """Return the entries as the mapping a TREATMENT.toml file holds; empty boxes left out."""
        couch = {name: box.number() for name, box in self.couch.items()}
        entries: dict[str, Any] = {
            "course": self.course.number(),
            "machine": self.machine.value(),
            "machine_type": self.machine_type.currentData(),
            "rv_system": self.rv_system.currentData(),
            "dose_rate_mu_min": self.dose_rate.value(),
            "tolerance_table": self.tolerance_table.value(),
            "gated": self.gated.isChecked(),
            "segments": self.segments.currentData(),
            "resequence": self.resequence.isChecked(),
            "open_covered_leaves": self.open_leaves.isChecked(),
            "couch": {name: value for name, value in couch.items() if value is not None},
            "prescriptions": self.prescriptions.values(),
            "fields": self.fields.values(),
        }
        return {key: value for key, value in entries.items() if value is not None}

    def set_values(self, entries: Mapping[str, Any]) -> None:
        """Fill the form from the mapping of a TREATMENT.toml file."""
        self._proposals = {}
        self._show(entries, whole=False)

    def restore(self, entries: Mapping[str, Any]) -> None:
        """Show an earlier state of this form: what is not named was empty."""
        self._show(entries, whole=True)

    def go_to(self, key: Sequence[str]) -> None:
        """Put the cursor where an entry stands and bring it into view."""
        tables: dict[str, EntryTable] = {
            "prescriptions": self.prescriptions, "fields": self.fields,
        }  # fmt: skip
        ticks = {
            "gated": self.gated, "resequence": self.resequence,
            "open_covered_leaves": self.open_leaves,
        }  # fmt: skip
        place: QWidget
        if key[0] in tables:
            place = tables[key[0]]
            tables[key[0]].go_to(key[1], key[-1])
        else:
            place = ticks.get(key[0]) or self.marks[".".join(key)].box
        place.setFocus()
        self.area.ensureWidgetVisible(place)

    def typed_boxes(self) -> tuple[QWidget, ...]:
        """Return the boxes that take letters or digits."""
        return (
            self.course, self.machine, self.dose_rate, self.tolerance_table, *self.couch.values(),
        )  # fmt: skip

    def row_names(self) -> tuple[tuple[str, ...], ...]:
        """Return the rows of both tables by the plan's names."""
        return self.prescriptions.names(), self.fields.names()

    def _show(self, entries: Mapping[str, Any], *, whole: bool) -> None:
        empty = {
            "course": None, "machine": None, "machine_type": None, "rv_system": DEFAULT,
            "dose_rate_mu_min": None, "tolerance_table": None, "gated": False,
            "segments": SEGMENT_CHOICES[0], "resequence": False, "open_covered_leaves": False,
        }  # fmt: skip
        self._set({**empty, **entries})
        for name, box in self.couch.items():
            box.set_number(entries.get("couch", {}).get(name))
        self.prescriptions.set_values(entries.get("prescriptions", {}), whole=whole)
        self.fields.set_values(entries.get("fields", {}), whole=whole)
        self.changed.emit()

    def _set(self, entries: Mapping[str, Any]) -> None:
        """Put values into the boxes of these keys; the lists follow the first two."""
        choices: dict[str, QComboBox] = {
            "machine_type": self.machine_type, "rv_system": self.rv_system,
            "segments": self.segments,
        }  # fmt: skip
        for key, box in choices.items():
            if key in entries:
                box.setCurrentIndex(max(box.findData(entries[key]), 0))
        if "course" in entries:
            self.course.set_number(entries["course"])
        for key, entry in (
            ("machine", self.machine), ("dose_rate_mu_min", self.dose_rate),
            ("tolerance_table", self.tolerance_table),
        ):  # fmt: skip
            if key in entries:
                entry.set_value(entries[key])
        for key, tick in (
            ("gated", self.gated), ("resequence", self.resequence),
            ("open_covered_leaves", self.open_leaves),
        ):  # fmt: skip
            if key in entries:
                tick.setChecked(bool(entries[key]))

    def forget(self) -> None:
        """Take nothing as complete for another plan until this step has been seen."""
        self._missing = UNSEEN

    def show_missing(self, missing: Sequence[Missing], faults: Mapping[str, str]) -> None:
        """Say beside each box what the headless check says of it.

        Args:
            missing: What is not there yet.
            faults: What is wrong, by the key of the box.

        """
        self._missing = tuple(one.label for one in missing) + tuple(faults.values())
        lacking = {one.key for one in missing}
        present = self.values()
        for key, row in self.marks.items():
            if key in faults:
                row.say(State.ERROR, WRONG, faults[key])
            elif key in lacking:
                row.say(State.ERROR, MISSING)
            elif self._as_proposed(key, present):
                row.say(State.INFO, self._proposals[key][1])
            else:
                row.say(State.INFO, "")
        words = {one.key: one.label for one in missing} | dict(faults)
        self.prescriptions.mark(_rows("prescriptions", self.prescriptions.names(), words))
        self.fields.mark(_rows("fields", self.fields.names(), words))

    def missing(self) -> tuple[str, ...]:
        """Return what the headless check named last."""
        return self._missing


def _rows(table: str, names: Sequence[str], words: Mapping[str, str]) -> dict[str, str]:
    """Return what is said of each row of a table."""
    found = {}
    for name in names:
        start = f"{table}.{name}"
        said = [text for key, text in words.items() if key == start or key.startswith(f"{start}.")]
        found[name] = "; ".join(said)
    return found
