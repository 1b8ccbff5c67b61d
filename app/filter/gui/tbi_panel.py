"""Total body fields on the screen: thickness and measured SSDs are typed, the rest calculated."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QModelIndex

from app.filter.field import Field
from app.filter.gui.body_measured import (
    MOST_SSD_CM,
    MOST_THICKNESS_CM,
    BodyMeasured,
    mm_of,
    show_mm,
)
from app.filter.gui.special_panel import SpecialPanel, small_box
from app.filter.mu.book import Book
from app.filter.mu.special import SrsReport, TbiReport, tbi_report
from app.filter.mu.tbi_dose import TbiInput
from app.filter.mu.tell import number, signed
from core.errors import ClinicFileError
from core.findings import State

TITLES = (
    "Field", "MU", "SSD cm", "Measured cm", "SSD", "Mid-plane cGy", "Prescribed cGy", "Diff. %",
    "Status", "MU for it", "CSF", "PSF", "TMR", "ISF", "Distance", "Spoiler", "Tray",
)  # fmt: skip
START = (
    "Type the thickness at the umbilicus, and the SSD measured for each field. The tab “Measured” "
    "of a total body check has the same values."
)


class TbiPanel(SpecialPanel):
    """Total body fields of the export."""

    titles = TITLES
    start = START
    job = "Calculating total body fields"
    table_name = "TBI fields"

    def __init__(self, body: BodyMeasured | None = None) -> None:
        super().__init__()
        self.body = body if body is not None else BodyMeasured(self)
        self.thickness = small_box(
            "Thickness at the umbilicus", "thickness: ", " cm", MOST_THICKNESS_CM, "not measured"
        )
        self.side = small_box(
            "Equivalent square of the patient", "patient: ", " cm", 60.0, "of book"
        )
        self.measured = small_box(
            "SSD of verification day, selected field",
            "SSD measured: ",
            " cm",
            MOST_SSD_CM,
            "not measured",
        )
        self.thickness.valueChanged.connect(
            lambda _: self.body.set_thickness(mm_of(self.thickness))
        )
        self.side.valueChanged.connect(self._changed)
        self.measured.valueChanged.connect(self._on_measured)
        self.body.changed.connect(self._follow)
        for widget in (self.thickness, self.side, self.measured, self.go, self.save):
            self.row.addWidget(widget)
        self.row.addStretch(1)
        self.set_source(None)

    def set_source(self, rv: Path | None, book: Path | None = None) -> None:
        """Learn which export is open; what was measured for another one is forgotten."""
        if rv != self.rv:
            self.side.setValue(0.0)
        super().set_source(rv, book)
        self.body.begin(rv)

    def _work(self) -> Callable[[Book], TbiReport | SrsReport]:
        thickness = self.body.thickness_mm
        if thickness is None:
            raise ClinicFileError(
                "the thickness is not typed", where="total body", remedy="Measure it at the "
                "umbilicus, along the beam, and type it.",
            )  # fmt: skip
        given = TbiInput(float(thickness) / 10, self._measured_cm(), self.side.value() or None)
        fields, about = self.fields, str(self.rv)
        return lambda book: tbi_report(fields, about, book, given)

    def _measured_cm(self) -> dict[str, float]:
        return {name: float(mm) / 10 for name, mm in self.body.ssd_mm.items()}

    def _follow(self) -> None:
        """Show what was entered, here or in the check; a result made with other values goes."""
        show_mm(self.thickness, self.body.thickness_mm)
        show_mm(self.measured, self.body.ssd_mm.get(self._field_id()))
        self._changed()

    def _rows(self) -> list[tuple[str, ...]]:
        report = self.report
        if not isinstance(report, TbiReport):
            treated = [one for one in self.fields if not one.setup]
            return [self._bare(one) for one in treated]
        rows = []
        for one in report.doses:
            factors = [number(one.factors.get(name), 4) for name in (
                "csf", "psf", "tmr", "isf", "distance", "spoiler", "tray"
            )]  # fmt: skip
            rows.append((
                one.field_id, number(one.mu, 1), number(one.ssd_cm, 1),
                number(one.measured_ssd_cm, 1), one.ssd_state.value, number(one.dose_cgy, 2),
                number(one.planned_cgy, 2), signed(one.difference_percent), one.state.value,
                number(one.mu_for_it, 1), *factors,
            ))  # fmt: skip
        return rows

    def _bare(self, one: Field) -> tuple[str, ...]:
        stated = (one.mu, one.ssd_mm, one.dose_cgy)
        mu, ssd, dose = (None if value is None else float(value) for value in stated)
        cells = [
            one.id, number(mu, 1), number(None if ssd is None else ssd / 10, 1),
            number(self._measured_cm().get(one.id), 1), "", "-", number(dose, 2),
        ]  # fmt: skip
        return (*cells, *[""] * (len(TITLES) - len(cells)))

    def _told(self) -> str:
        report = self.report
        if not isinstance(report, TbiReport):
            return ""
        told = [
            f"Field {one.field_id}: dose at mid-plane {signed(one.difference_percent)} %"
            for one in report.doses
            if one.state == State.ERROR
        ]
        told += [
            f"Field {one.field_id}: SSD {number(one.ssd_cm, 1)} cm, measured "
            f"{number(one.measured_ssd_cm, 1)} cm"
            for one in report.doses
            if one.ssd_state == State.ERROR
        ]
        gone = [one for one in report.doses if one.why]
        if gone:
            ids = ", ".join(one.field_id for one in gone)
            told.append(f"Not calculated: {ids} ({gone[0].why}. {gone[0].remedy})")
        unmeasured = [one.field_id for one in report.doses if one.ssd_state == State.NOT_RUN]
        if unmeasured:
            told.append(f"No SSD of verification day was typed for {', '.join(unmeasured)}")
        return "; ".join(told) or f"{len(report.doses)} fields: dose at mid-plane and SSD"

    def _field_id(self) -> str:
        row = self.table.currentIndex().row()
        return str(self.model.index(row, 0).data() or "") if row >= 0 else ""

    def _on_row(self, _current: QModelIndex) -> None:
        show_mm(self.measured, self.body.ssd_mm.get(self._field_id()))

    def _on_measured(self, _value: float) -> None:
        name = self._field_id()
        if name:
            self.body.set_ssd(name, mm_of(self.measured))
