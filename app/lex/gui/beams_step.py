"""Step 3: prescriptions and the beams to transfer."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem

from app.lex.gui.step import Step
from app.lex.plan import Beam, Prescription, Trial

TITLES = (
    "Prescription / beam", "Modality", "Energy", "MU", "Dose cGy", "Gantry", "Collimator",
    "Couch", "Points", "Technique", "Machine in the plan",
)  # fmt: skip


class BeamsStep(Step):
    """Tick the beams to write; a set-up beam delivers nothing and is not written."""

    title = "Prescription and beams"
    guidance = "Untick what shall not be transferred. Set-up beams are not written."

    def __init__(self) -> None:
        super().__init__()
        self.tree = QTreeWidget()
        self.tree.setColumnCount(len(TITLES))
        self.tree.setHeaderLabels(TITLES)
        self.tree.setAlternatingRowColors(True)
        self.tree.setAccessibleName("Prescriptions and beams")
        self.tree.itemChanged.connect(lambda *_: self.changed.emit())
        self.column.addWidget(self.tree, 1)

    def show_trial(self, trial: Trial) -> None:
        """List the prescriptions of one trial with all treatment beams ticked."""
        self.tree.blockSignals(True)
        self.tree.clear()
        for rx in trial.prescriptions:
            self.tree.addTopLevelItem(_prescription_item(rx))
        self.tree.expandAll()
        for column in range(len(TITLES)):
            self.tree.resizeColumnToContents(column)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        self.tree.blockSignals(False)
        self.changed.emit()

    def chosen(self) -> tuple[str, ...]:
        """Return the names of the ticked beams."""
        names = []
        for top in range(self.tree.topLevelItemCount()):
            rx = self.tree.topLevelItem(top)
            for row in range(rx.childCount() if rx is not None else 0):
                item = rx.child(row) if rx is not None else None
                if item is not None and item.checkState(0) == Qt.CheckState.Checked:
                    names.append(str(item.data(0, Qt.ItemDataRole.UserRole)))
        return tuple(names)

    def missing(self) -> tuple[str, ...]:
        """Return "at least one beam" while none is ticked."""
        return () if self.chosen() else ("at least one beam",)


def _prescription_item(rx: Prescription) -> QTreeWidgetItem:
    dose = ""
    if rx.fraction_cgy is not None and rx.fractions is not None:
        dose = f"   {rx.fractions} x {rx.fraction_cgy:g} cGy"
    item = QTreeWidgetItem([f"{rx.name}{dose}"])
    item.setFlags(Qt.ItemFlag.ItemIsEnabled)
    item.setFirstColumnSpanned(True)
    for beam in rx.beams:
        item.addChild(_beam_item(beam))
    return item


def _beam_item(beam: Beam) -> QTreeWidgetItem:
    first = beam.segments[0] if beam.segments else None
    angles = (
        ["", "", ""]
        if first is None
        else [f"{first.gantry_deg:.1f}", f"{first.collimator_deg:.1f}", f"{first.couch_deg:.1f}"]
    )
    dose = "" if beam.dose_cgy is None else f"{beam.dose_cgy:.2f}"
    technique = "Set-up (not written)" if beam.setup else beam.technique
    mu = "" if beam.setup else f"{beam.mu:.2f}"
    item = QTreeWidgetItem(
        [beam.name, beam.modality, f"{beam.energy:g}", mu, dose, *angles, str(len(beam.segments)),
         technique, beam.machine]
    )  # fmt: skip
    for column in range(2, 9):
        item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    item.setData(0, Qt.ItemDataRole.UserRole, beam.name)
    if beam.setup:
        item.setDisabled(True)
    else:
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(0, Qt.CheckState.Checked)
    return item
