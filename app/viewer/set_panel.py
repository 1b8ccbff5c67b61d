"""Which person, images and structures are shown."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QGroupBox

from app.viewer.dose_panel import tight_form
from core.dicom.rt_set import RtSet


class SetPanel(QGroupBox):
    """Choose among the sets that were found, and among their images and structures.

    Signals:
        set_chosen: Another person: position in the list.
        parts_chosen: Other images or structures of the same person.

    """

    set_chosen = Signal(int)
    parts_chosen = Signal()

    def __init__(self) -> None:
        super().__init__("Set")
        self.people = _combo("Person")
        self.images = _combo("Images")
        self.structures = _combo("Structure set")
        self._form = tight_form(self)
        # What a series or set is called is long: it gets the whole width.
        self._form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        self._form.addRow("Person", self.people)
        self._form.addRow("Images", self.images)
        self._form.addRow("Structures", self.structures)
        self.people.activated.connect(self.set_chosen)
        self.images.activated.connect(lambda _: self.parts_chosen.emit())
        self.structures.activated.connect(lambda _: self.parts_chosen.emit())

    def set_people(self, sets: Sequence[RtSet]) -> None:
        """List the persons; the row is hidden when there is one only."""
        self.people.clear()
        for one in sets:
            self.people.addItem(f"{one.patient_name or 'No name'} ({one.patient_id or 'no ID'})")
        self._form.setRowVisible(self.people, len(sets) > 1)

    def set_parts(self, own: RtSet) -> None:
        """List images and structure sets of one person, the chief ones chosen."""
        self.images.clear()
        self.images.addItem("none")
        for series in own.series:
            self.images.addItem(f"{series.title} (...{series.series_uid[-6:]})")
        chief = own.chief_series()
        self.images.setCurrentIndex(own.series.index(chief) + 1 if chief is not None else 0)
        self.structures.clear()
        self.structures.addItem("none")
        for one in own.structure_sets:
            date = one.item.text("StructureSetDate")
            words = [one.label or "without label", date, f"{len(one.structures)} structures"]
            self.structures.addItem(", ".join(word for word in words if word))
        best = own.chief_structures()
        place = own.structure_sets.index(best) + 1 if best is not None else 0
        self.structures.setCurrentIndex(place)


def _combo(name: str) -> QComboBox:
    combo = QComboBox()
    combo.setAccessibleName(name)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(12)
    combo.currentTextChanged.connect(combo.setToolTip)
    return combo
