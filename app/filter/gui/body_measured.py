"""What was measured for a total body irradiation: entered once, for check and calculation."""

from decimal import Decimal
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDoubleSpinBox

MOST_SSD_CM, MOST_THICKNESS_CM = 1000.0, 100.0


class BodyMeasured(QObject):
    """The values of one export; every box that shows one writes it here and follows it.

    Attributes:
        ssd_mm: SSD of verification day by field ID, those that were measured.
        thickness_mm: Of the body at the umbilicus; None where it was not measured.
        rv: Export they belong to.

    Signals:
        changed: A value is another, or all were forgotten.

    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.ssd_mm: dict[str, Decimal] = {}
        self.thickness_mm: Decimal | None = None
        self.rv: Path | None = None
        self._patient: str | None = None

    @property
    def pairs(self) -> tuple[tuple[str, Decimal], ...]:
        """The SSDs as what a frozen record can hold."""
        return tuple(sorted(self.ssd_mm.items()))

    def begin(self, rv: Path | None, patient: str | None = None) -> bool:
        """Learn which export is open; tell whether it is another file or another patient.

        Values of the one before are forgotten then.
        """
        known = patient is None or self._patient is None or patient == self._patient
        if rv == self.rv and known:
            self._patient = patient if patient is not None else self._patient
            return False
        self.rv, self._patient = rv, patient
        self.ssd_mm, self.thickness_mm = {}, None
        self.changed.emit()
        return True

    def set_ssd(self, field_id: str, mm: Decimal | None) -> None:
        """Take the SSD of a field; None where it is not measured."""
        if self.ssd_mm.get(field_id) == mm:
            return
        self.ssd_mm.pop(field_id, None)
        if mm is not None:
            self.ssd_mm[field_id] = mm
        self.changed.emit()

    def set_thickness(self, mm: Decimal | None) -> None:
        """Take the thickness of the body; None where it is not measured."""
        if mm != self.thickness_mm:
            self.thickness_mm = mm
            self.changed.emit()


def mm_of(box: QDoubleSpinBox) -> Decimal | None:
    """Return a box of cm in mm; None where it stands at nothing."""
    return Decimal(f"{box.value():.1f}").scaleb(1) if box.value() else None


def show_mm(box: QDoubleSpinBox, mm: Decimal | None) -> None:
    """Show a value without telling anybody that it was typed.

    A box that has the value already is left alone: it may be being typed into.
    """
    if mm_of(box) == mm:
        return
    blocked = box.blockSignals(True)
    box.setValue(0.0 if mm is None else float(mm) / 10)
    box.blockSignals(blocked)
