"""What is shown of images and dose: window, wash, isodose lines, reference dose."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QLocale, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from app.said import Said
from app.typed import typed_float
from app.typed_box import DecimalSpin
from app.viewer.display import WINDOWS, Display
from app.viewer.slice_picture import Window
from core.dose.colour_wash import scales
from core.findings import State

OWN_WINDOW = "as dragged"
NARROW = 58
WRONG_LEVELS = "each level is a number above 0. The lines are those before."


class _FromStart(QLineEdit):
    """A line that shows its beginning once it is left: the end of "100 95 90" misleads."""

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.setCursorPosition(0)


class DosePanel(QWidget):
    """Controls of the display.

    Signals:
        changed: The display has changed.
        dose_chosen: Another dose or second dose was chosen; positions in the list, -1 for none.

    """

    changed = Signal()
    dose_chosen = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self._display = Display()
        self._busy = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self._image_box())
        layout.addWidget(self._dose_box())
        layout.addWidget(self._wash_box())
        layout.addWidget(self._lines_box())
        layout.addStretch()
        self.set_display(self._display)

    def _image_box(self) -> QGroupBox:
        self.grey = QComboBox()
        self.grey.addItems([*WINDOWS, OWN_WINDOW])
        self.grey.setAccessibleName("Grey window")
        self.grey.activated.connect(self._on_window)
        self.fill = _percent_slider("Fill of the structures")
        self.fill.valueChanged.connect(self._on_changed)
        self.cross = QCheckBox("Cross-hair")
        self.cross.toggled.connect(self._on_changed)
        box = QGroupBox("Images and structures")
        form = tight_form(box)
        form.addRow("Window", self.grey)
        form.addRow("Fill", in_one_row(self.fill, self.cross))
        return box

    def _dose_box(self) -> QGroupBox:
        self.dose = QComboBox()
        self.dose.setAccessibleName("Dose")
        self.second = QComboBox()
        self.second.setAccessibleName("Second dose, dashed")
        for combo in (self.dose, self.second):
            combo.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            combo.setMinimumContentsLength(12)
            combo.activated.connect(self._on_dose)
        self.reference = _gray_box("Dose that 100 % stands for")
        self.reference.valueChanged.connect(self._on_reference)
        box = QGroupBox("Dose")
        form = tight_form(box)
        form.addRow("Shown", self.dose)
        form.addRow("Dashed", self.second)
        form.addRow("100 % =", self.reference)
        return box

    def _wash_box(self) -> QGroupBox:
        self.wash = QGroupBox("Colour wash")
        self.wash.setCheckable(True)
        self.wash.toggled.connect(self._on_changed)
        self.scale = QComboBox()
        self.scale.addItems([scale.title for scale in scales()])
        self.scale.setAccessibleName("Colour scale")
        self.scale.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.scale.setMinimumContentsLength(12)
        self.scale.activated.connect(self._on_changed)
        self.wash_from = _percent_box("Lower threshold")
        self.wash_to = _percent_box("Upper threshold")
        for spin in (self.wash_from, self.wash_to):
            spin.valueChanged.connect(self._on_changed)
        self.opacity = _percent_slider("Opacity of the wash")
        self.opacity.valueChanged.connect(self._on_changed)
        form = tight_form(self.wash)
        form.addRow("Scale", self.scale)
        form.addRow("From", in_one_row(self.wash_from, QLabel("to"), self.wash_to))
        form.addRow("Opacity", self.opacity)
        return self.wash

    def _lines_box(self) -> QGroupBox:
        self.lines = QGroupBox("Isodose lines")
        self.lines.setCheckable(True)
        self.lines.toggled.connect(self._on_changed)
        self.levels = _FromStart()
        self.levels.setAccessibleName("Isodose levels")
        self.levels.setToolTip("Levels separated by spaces or semicolons")
        self.levels.editingFinished.connect(self._on_changed)
        self.unit = QComboBox()
        self.unit.addItems(["%", "Gy"])
        self.unit.setAccessibleName("Unit of the levels")
        self.unit.activated.connect(self._on_unit)
        self.level_fault = Said()
        column = QVBoxLayout(self.lines)
        column.setContentsMargins(8, 4, 8, 4)
        row = QHBoxLayout()
        row.addWidget(self.levels, 1)
        row.addWidget(self.unit)
        column.addLayout(row)
        column.addWidget(self.level_fault)
        return self.lines

    @property
    def display(self) -> Display:
        """The settings as they are in the controls."""
        return self._display

    def set_doses(self, names: Sequence[str], chosen: int) -> None:
        """List other doses."""
        for combo, first in ((self.dose, "no dose"), (self.second, "none")):
            combo.clear()
            combo.addItem(first)
            combo.addItems(list(names))
        self.dose.setCurrentIndex(chosen + 1)
        for control in (self.wash, self.lines, self.reference, self.second, self.dose):
            control.setEnabled(bool(names))

    def allow_gray(self, is_gray: bool) -> None:
        """Take doses in Gy, or in percent alone: a relative dose has no Gy."""
        self.reference.setSuffix(" Gy" if is_gray else " %")
        self.unit.setEnabled(is_gray)
        self.unit.setToolTip("" if is_gray else "A relative dose has no levels in Gy")

    def set_display(self, display: Display) -> None:
        """Show other settings."""
        self._busy = True
        self._display = display
        names = [name for name, window in WINDOWS.items() if window == display.window]
        self.grey.setCurrentText(names[0] if names else OWN_WINDOW)
        self.fill.setValue(round(display.fill * 100))
        self.cross.setChecked(display.show_cross)
        self.reference.setValue(display.reference_gy)
        self.wash.setChecked(display.show_wash)
        self.scale.setCurrentText(display.scale.title)
        self.wash_from.setValue(display.lower_percent)
        self.wash_to.setValue(display.upper_percent)
        self.opacity.setValue(round(display.opacity * 100))
        self.lines.setChecked(display.show_lines)
        self.unit.setCurrentText("Gy" if display.levels_in_gy else "%")
        self.levels.setText(levels_text(display.levels))
        self.levels.setCursorPosition(0)
        self.level_fault.say(State.INFO, "")
        self._busy = False

    def set_window(self, window: Window) -> None:
        """Show a window that was dragged in a view."""
        self.set_display(replace(self._display, window=window))
        self.changed.emit()

    def _on_window(self) -> None:
        chosen = WINDOWS.get(self.grey.currentText())
        if chosen is not None:
            self.set_window(chosen)

    def _on_dose(self) -> None:
        self.dose_chosen.emit(self.dose.currentIndex() - 1, self.second.currentIndex() - 1)

    def _on_reference(self, gray: float) -> None:
        if not self._busy:
            words = f"100 % = {gray:.2f}{self.reference.suffix()} (entered)"
            self._display = replace(self._display, reference_gy=gray, reference_words=words)
            self.changed.emit()

    def _on_unit(self) -> None:
        """Turn the levels into the other unit, the lines staying where they are."""
        in_gy = self.unit.currentText() == "Gy"
        if in_gy == self._display.levels_in_gy:
            return
        factor = self._display.reference_gy / 100
        levels = tuple(
            round(level * factor if in_gy else level / factor, 3) for level in self._display.levels
        )
        self.set_display(replace(self._display, levels=levels, levels_in_gy=in_gy))
        self.changed.emit()

    def _on_changed(self) -> None:
        if self._busy:
            return
        text = self.levels.text()
        levels = read_levels(text)
        is_wrong = not levels and bool(text.strip())
        lower = min(self.wash_from.value(), self.wash_to.value() - 1)
        self._display = replace(
            self._display,
            fill=self.fill.value() / 100,
            show_cross=self.cross.isChecked(),
            show_wash=self.wash.isChecked(),
            scale=scales()[self.scale.currentIndex()],
            lower_percent=lower,
            upper_percent=self.wash_to.value(),
            opacity=self.opacity.value() / 100,
            show_lines=self.lines.isChecked(),
            levels=self._display.levels if is_wrong else levels,
        )
        self.level_fault.say(State.ERROR, WRONG_LEVELS if is_wrong else "")
        if is_wrong:
            QTimer.singleShot(0, self._bring_fault_into_view)
        else:
            self.levels.setText(levels_text(levels))
            self.levels.setCursorPosition(0)
        self.changed.emit()

    def _bring_fault_into_view(self) -> None:
        """Scroll to what is wrong: on a low screen the panel's end is out of sight."""
        area = self.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        if area is not None:
            area.ensureWidgetVisible(self.level_fault)


def tight_form(box: QGroupBox) -> QFormLayout:
    """Return a form with little between its rows: at 720 pixels of height each one counts."""
    form = QFormLayout(box)
    form.setContentsMargins(8, 4, 8, 4)
    form.setVerticalSpacing(3)
    return form


def in_one_row(*widgets: QWidget) -> QHBoxLayout:
    """Return widgets side by side; labels and check boxes take no more than they need."""
    row = QHBoxLayout()
    row.setSpacing(4)
    for widget in widgets:
        if not isinstance(widget, QLabel | QCheckBox):
            widget.setMinimumWidth(NARROW)
            widget.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        row.addWidget(widget, 0 if isinstance(widget, QLabel | QCheckBox) else 1)
    return row


def read_levels(text: str) -> tuple[float, ...]:
    """Return the levels of a text, highest first; none when a part of it is no number above 0."""
    found = set()
    for part in text.replace(";", " ").split():
        value = typed_float(part)
        if value is None or value <= 0:
            return ()
        found.add(value)
    return tuple(sorted(found, reverse=True))


def levels_text(levels: Sequence[float]) -> str:
    """Return levels as the user writes them."""
    locale = QLocale()
    return "  ".join(locale.toString(level, "g", 6) for level in levels)


def _percent_slider(name: str) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(0, 100)
    slider.setAccessibleName(name)
    return slider


def _percent_box(name: str) -> DecimalSpin:
    spin = DecimalSpin()
    spin.setRange(0, 1000)
    spin.setDecimals(0)
    spin.setSuffix(" %")
    spin.setSingleStep(5)
    spin.setKeyboardTracking(False)
    spin.setAccessibleName(name)
    return spin


def _gray_box(name: str) -> DecimalSpin:
    spin = DecimalSpin()
    spin.setRange(0.01, 1000)
    spin.setDecimals(2)
    spin.setSuffix(" Gy")
    spin.setKeyboardTracking(False)
    spin.setAccessibleName(name)
    return spin
