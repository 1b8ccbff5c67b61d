"""Total body irradiation: what was measured on verification day is entered and held (R-20)."""

from decimal import Decimal

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.filter.field import Field, Plan
from app.filter.gui.body_measured import (
    MOST_SSD_CM,
    MOST_THICKNESS_CM,
    BodyMeasured,
    mm_of,
    show_mm,
)
from app.typed_box import DecimalSpin

NOT_MEASURED = "not measured"
HINT = (
    "Enter what was measured on verification day. Every SSD is held to that of the R&V system. "
    "The thickness of the body at the umbilicus gives the dose at mid-plane, where the clinic has "
    "laid down its factors ([dose] of filter/tbi.toml). What is left open stands under “Not "
    "checked”. The page Monitor units > Total body calculates with the same values."
)
Held = tuple[tuple[tuple[str, Decimal], ...], Decimal | None]
NOTHING_HELD: Held = ((), None)
OUTDATED = (
    "What was measured has changed since this check. “Hold to the measurement” on the tab "
    "Measured checks anew."
)


class TbiMeasured(QWidget):
    """One box per treatment field, and one for the body; the values stand in `BodyMeasured`.

    Signals:
        entered: The values are to be held against the export.
        outdated: Why the report shown no longer holds; empty once it holds again.

    """

    entered = Signal()
    outdated = Signal(str)

    def __init__(self, measured: BodyMeasured | None = None) -> None:
        super().__init__()
        self.measured = measured if measured is not None else BodyMeasured(self)
        self._held = NOTHING_HELD
        self._late = False
        self.ssd: dict[str, DecimalSpin] = {}
        self.thickness = _box("Thickness of the body at the umbilicus", MOST_THICKNESS_CM)
        self.thickness.valueChanged.connect(
            lambda _: self.measured.set_thickness(mm_of(self.thickness))
        )
        self.measured.changed.connect(self._follow)
        self.run_button = QPushButton("&Hold to the measurement")
        self.run_button.clicked.connect(self.entered)
        hint = QLabel(HINT)
        hint.setWordWrap(True)
        self._grid_page = QWidget()
        self._grid = QGridLayout(self._grid_page)
        self._grid.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._grid.setHorizontalSpacing(18)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(self._grid_page)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 8, 4, 4)
        column.addWidget(hint)
        column.addWidget(scroll, 1)
        self._fill(())

    @property
    def measured_mm(self) -> dict[str, Decimal]:
        """SSD by field ID, those that were measured."""
        return dict(self.measured.ssd_mm)

    @property
    def thickness_mm(self) -> Decimal | None:
        """Thickness of the body; None where it was not measured."""
        return self.measured.thickness_mm

    def show_for(self, rv: Plan | None, held: Held = NOTHING_HELD) -> None:
        """Show the fields of an export.

        Args:
            rv: The export.
            held: SSDs and thickness its report was made with.

        """
        self._held = held
        fields = [one for one in (rv.fields if rv is not None else ()) if not one.setup]
        if [one.id for one in fields] != list(self.ssd):
            self._fill(fields)
        self._follow()

    def _follow(self) -> None:
        """Show what was entered, here or at the calculation."""
        for name, box in self.ssd.items():
            show_mm(box, self.measured.ssd_mm.get(name))
        show_mm(self.thickness, self.measured.thickness_mm)
        pairs, thickness = self._held
        same = dict(pairs) == self.measured.ssd_mm and thickness == self.measured.thickness_mm
        late = not same and bool(self.ssd)
        if late != self._late:
            self._late = late
            self.outdated.emit(OUTDATED if late else "")

    def _fill(self, fields: list[Field] | tuple[Field, ...]) -> None:
        while self._grid.count():
            item = self._grid.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None and widget not in (self.thickness, self.run_button):
                widget.deleteLater()
        self.ssd = {}
        for column, text in enumerate(("Field", "Name", "SSD of the R&V system", "SSD measured")):
            self._grid.addWidget(QLabel(f"<b>{text}</b>"), 0, column)
        for row, one in enumerate(fields, start=1):
            box = _box(f"SSD measured for field {one.id}", MOST_SSD_CM)
            box.valueChanged.connect(
                lambda _, name=one.id, box=box: self.measured.set_ssd(name, mm_of(box))
            )
            known = "-" if one.ssd_mm is None else f"{one.ssd_mm.scaleb(-1):f} cm"
            for column, text in enumerate((one.id, one.name, known)):
                self._grid.addWidget(QLabel(text), row, column)
            self._grid.addWidget(box, row, 3)
            self.ssd[one.id] = box
        last = len(fields) + 1
        self._grid.addWidget(QLabel("Body at the umbilicus"), last, 1)
        self._grid.addWidget(QLabel("Thickness"), last, 2)
        self._grid.addWidget(self.thickness, last, 3)
        self._grid.addWidget(self.run_button, last + 1, 3)
        self.run_button.setEnabled(bool(fields))


def _box(name: str, most_cm: float) -> DecimalSpin:
    box = DecimalSpin()
    box.setAccessibleName(f"{name}, cm")
    box.setRange(0.0, most_cm)
    box.setDecimals(1)
    box.setSuffix(" cm")
    box.setSpecialValueText(NOT_MEASURED)
    box.setMinimumWidth(140)
    return box
