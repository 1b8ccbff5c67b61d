"""What the film room asks for: fields and phantom of the virtual film, files to compare."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QToolButton,
    QWidget,
)

from app.filter.film.offers import Offer
from app.filter.film.phantom import AXES, FilmSetup, Phantom
from app.typed_box import DecimalSpin, WholeSpin

NAME_PX = 110
"""A long file name must not widen the window; its whole path is the tip."""
PLAN_FILES = "Doses (*.dcm *.csv *.raw);;All files (*)"
FILM_FILES = "Films (*.tif *.tiff *.dcm *.csv *.raw);;All files (*)"
CALIBRATIONS = "Calibrations (*.toml)"


class FieldMenu(QToolButton):
    """The fields that are on the film; those that cannot be are listed with the reason.

    Signals:
        changed: Other fields are ticked.

    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setAccessibleName("Fields on the film")
        self.setMenu(QMenu(self))
        self._actions: list[tuple[Offer, QAction]] = []
        self._tell()

    def show_offers(self, offers: Sequence[Offer]) -> None:
        """List the fields; the proposed ones are ticked."""
        menu = self.menu()
        menu.clear()
        self._actions = []
        for offer in offers:
            words = f"{offer.id}   {offer.name}" + (f"   ({offer.why})" if offer.why else "")
            action = menu.addAction(words)
            action.setCheckable(True)
            action.setChecked(offer.proposed)
            action.toggled.connect(self._tell)
            self._actions.append((offer, action))
        self._tell()

    @property
    def chosen(self) -> tuple[str, ...]:
        """IDs of the ticked fields."""
        return tuple(offer.id for offer, action in self._actions if action.isChecked())

    def _tell(self) -> None:
        self.setText(f"Fields: {', '.join(self.chosen) or 'none'} of {len(self._actions)}")
        left = [offer for offer, action in self._actions if not action.isChecked()]
        told = "\n".join(f"Left out: {one.id} {one.name} {one.why}".rstrip() for one in left)
        self.setToolTip(told or "Fields on the film")
        self.changed.emit()


class FilePick(QWidget):
    """A button, and the name of the file that was chosen with it.

    Signals:
        changed: Another file is chosen.

    """

    changed = Signal()

    def __init__(self, words: str, tip: str) -> None:
        super().__init__()
        self.path: Path | None = None
        self.button = QPushButton(words)
        self.button.setToolTip(tip)
        self.name = QLabel("none")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.button)
        row.addWidget(self.name, 1)

    def show_path(self, path: Path | None) -> None:
        """Show the file that is used."""
        self.path = path
        whole = path.name if path is not None else "none"
        middle = Qt.TextElideMode.ElideMiddle
        self.name.setText(self.name.fontMetrics().elidedText(whole, middle, NAME_PX))
        self.name.setToolTip(str(path or ""))
        self.changed.emit()


class FilmControls(QWidget):
    """Three rows, so that the room fits a narrow screen: phantom, film and dose, measured film.

    Signals:
        film_changed: Another virtual film is asked for now.
        comparison_changed: Another comparison is asked for now.

    """

    film_changed = Signal()
    comparison_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.fields = FieldMenu()
        self.orientation = QComboBox()
        self.orientation.addItems(list(AXES))
        self.orientation.setAccessibleName("Plane of the film")
        self.offset = _box("Film from the isocentre", "offset: ", " mm", -200, 200, 0)
        self.step = _box("Distance of the film's points", "step: ", " mm", 0.5, 10, 1)
        self.iso_depth = _box(
            "Depth of the isocentre in the phantom", "isocentre: ", " cm", 1, 40, 10
        )
        self.thickness = _box("Thickness of the phantom", "phantom: ", " cm", 2, 60, 20)
        self.above = QCheckBox("from above")
        self.above.setToolTip("Every field from gantry 0, couch 0, as on a film flat on the couch")
        self.calculate = QPushButton("&Calculate film")
        self.save_film = QPushButton("Save film…")
        self.dose = FilePick("Plan's dose…", "Dose of the plan on the phantom (RT Dose, CSV, raw)")
        self.fractions = WholeSpin()
        self.fractions.setRange(1, 100)
        self.fractions.setPrefix("fractions: ")
        self.fractions.setAccessibleName("Fractions that the plan's dose is of")
        self.measured = FilePick("Measured film…", "Scan (TIFF), CSV or DICOM")
        self.calibration = FilePick("Calibration…", "From pixel values to dose (TOML)")
        self.pixel = _box("Pixel size of the measured film", "pixel: ", " mm", 0, 10, 0)
        self.pixel.setDecimals(3)
        self.pixel.setSpecialValueText("pixel: file")
        self.fit = QCheckBox("fit")
        self.fit.setToolTip("Move the measured film to where it fits best; the shift is reported")
        self.compare = QPushButton("Com&pare")
        self.save_report = QPushButton("Save report…")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        first = (self.fields, self.orientation, self.offset, self.step, self.iso_depth,
                 self.thickness, self.above)  # fmt: skip
        second = (self.calculate, self.save_film, self.dose, self.fractions)
        third = (self.measured, self.calibration, self.pixel, self.fit, self.compare,
                 self.save_report)  # fmt: skip
        for number, widgets in enumerate((first, second, third)):
            row = QHBoxLayout()
            for widget in widgets:
                row.addWidget(widget)
            row.addStretch(1)
            grid.addLayout(row, number, 0)
        self._connect()

    def _connect(self) -> None:
        film, comparison = self.film_changed, self.comparison_changed
        for box in (self.offset, self.step, self.iso_depth, self.thickness):
            box.valueChanged.connect(film)
        self.orientation.currentIndexChanged.connect(film)
        self.above.toggled.connect(film)
        self.fields.changed.connect(film)
        for pick in (self.dose, self.measured, self.calibration):
            pick.changed.connect(comparison)
        for number in (self.fractions, self.pixel):
            number.valueChanged.connect(comparison)
        self.fit.toggled.connect(comparison)

    def forget_files(self) -> None:
        """Let go of dose and film of another plan; the calibration is the scanner's."""
        for pick in (self.dose, self.measured):
            pick.show_path(None)
        self.fractions.setValue(1)

    def setup(self) -> FilmSetup:
        """Return the set-up as it stands in the boxes.

        Raises:
            RemedyError: The sizes do not fit each other.

        """
        phantom = Phantom(thickness_cm=self.thickness.value(), depth_cm=self.iso_depth.value())
        return FilmSetup(
            phantom, self.orientation.currentText(), self.offset.value(),
            step_mm=self.step.value(), perpendicular=self.above.isChecked(),
        )  # fmt: skip


def _box(name: str, prefix: str, unit: str, low: float, high: float, value: float) -> DecimalSpin:
    box = DecimalSpin()
    box.setPrefix(prefix)
    box.setRange(low, high)
    box.setDecimals(1)
    box.setSuffix(unit)
    box.setValue(value)
    # Qt's least width leaves the unit out.
    unit_px = box.fontMetrics().horizontalAdvance(unit)
    box.setMinimumWidth(box.minimumSizeHint().width() + unit_px)
    box.setAccessibleName(name)
    box.setToolTip(name)
    return box
