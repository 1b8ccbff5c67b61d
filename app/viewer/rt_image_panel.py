"""The RT images of a set: portal images, simulator images, radiographs, with their geometry."""

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QLocale, QPointF, QSignalBlocker, Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.background import JOBS, Job
from app.typed_box import DecimalSpin, WholeSpin
from app.viewer.beam_eye_canvas import ValueTable, value_words
from app.viewer.rt_image_canvas import RtImageCanvas, Shown, pixel_at
from app.viewer.slice_picture import Window
from core.dicom.rt_image import RtImage, Values, beam_of, image_values, readable_images
from core.dicom.rt_set import RtSet
from core.dicom.text_table import NONE, iso_date

HINT = "Wheel: zoom. Drag: move. Right button: grey window. Double click: show all."
NO_IMAGES = "The set has no RT images"
ROWS = (
    "Label", "Kind", "Plan", "Beam", "Machine", "Date", "Gantry", "Collimator", "Couch", "SAD",
    "SID", "Exposure", "Size", "Pixel at the plane", "Pixel at isocentre", "Isocentre at",
)  # fmt: skip
WIDEST = "Pixel at isocentre" + "column 000.0, row 000.0"
# Stored windows are as the maker meant them; without one these shares of the values are shown.
DARKEST, BRIGHTEST = 0.5, 99.5


@dataclass(frozen=True, eq=False, slots=True)
class _Read:
    image: RtImage
    frame: int
    values: Values


class RtImagePanel(QWidget):
    """Choose an image, see it with isocentre and scale, and the facts of its plane."""

    def __init__(self) -> None:
        super().__init__()
        self.images: tuple[RtImage, ...] = ()
        self._own: RtSet | None = None
        self._read: _Read | None = None
        self._wanted: tuple[RtImage, int] | None = None
        self._job: Job | None = None
        self._problem = ""
        self._grey = Window(0, 1)
        self.canvas = RtImageCanvas()
        self.canvas.probed.connect(self._tell)
        self.canvas.windowed.connect(self.set_grey)
        self.probe = QLabel(HINT)
        self.probe.setAccessibleName("Place under the mouse")
        self.probe.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.table = ValueTable(ROWS, "Facts of the RT image")
        self.table.setFixedWidth(self.table.fontMetrics().horizontalAdvance(WIDEST) + 40)
        self.problems = QLabel()
        self.problems.setWordWrap(True)
        self.problems.hide()
        middle = QHBoxLayout()
        middle.addWidget(self.canvas, 1)
        middle.addWidget(self.table)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(4)
        column.addLayout(self._make_choices())
        column.addWidget(self.problems)
        column.addLayout(middle, 1)
        column.addWidget(self.probe)
        self.set_rt_set(None)

    def _make_choices(self) -> QHBoxLayout:
        self.choice = QComboBox()
        self.choice.setAccessibleName("RT image")
        self.choice.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.choice.setMinimumContentsLength(16)
        self.choice.currentIndexChanged.connect(self._choose)
        self.frame = WholeSpin()
        self.frame.setAccessibleName("Picture of a series")
        self.frame.setPrefix("Picture ")
        self.frame.valueChanged.connect(self._start)
        self.low, self.high = _grey_box("Black at"), _grey_box("White at")
        for box in (self.low, self.high):
            box.valueChanged.connect(self._on_boxes)
        self.invert = QCheckBox("Invert")
        self.invert.toggled.connect(self._show)
        stored = QPushButton("As stored")
        stored.setToolTip("The grey window that came with the image")
        stored.clicked.connect(self._reset_grey)
        row = QHBoxLayout()
        row.addWidget(self.choice, 1)
        row.addWidget(self.frame)
        for words, box in (("Black", self.low), ("White", self.high)):
            row.addWidget(QLabel(words))
            row.addWidget(box)
        row.addWidget(stored)
        row.addWidget(self.invert)
        self._controls = (self.low, self.high, stored, self.invert, self.choice)
        return row

    def set_rt_set(self, own: RtSet | None) -> None:
        """List the RT images of another set."""
        self._cancel()
        self._own, self._read, self._wanted, self._problem = own, None, None, ""
        self._tell(None)
        self.images, problems = readable_images(own.rt_images if own is not None else ())
        self.problems.setText("Not shown: " + "; ".join(problems))
        self.problems.setVisible(bool(problems))
        with QSignalBlocker(self.choice):
            self.choice.clear()
            self.choice.addItems([self._name(image) for image in self.images])
        for control in self._controls:
            control.setEnabled(bool(self.images))
        self._choose()

    @property
    def image(self) -> RtImage | None:
        """The image that is chosen."""
        place = self.choice.currentIndex()
        return self.images[place] if 0 <= place < len(self.images) else None

    def _name(self, image: RtImage) -> str:
        words = [image.label or "No label", image.kind]
        if image.gantry_deg is not None:
            words.append(f"gantry {value_words(image.gantry_deg, 1, '°')}")
        return ", ".join(word for word in words if word)

    def _choose(self) -> None:
        image = self.image
        frames = image.frames if image is not None else 1
        with QSignalBlocker(self.frame):
            self.frame.setRange(1, frames)
            self.frame.setSuffix(f" of {frames}")
            self.frame.setValue(1)
        self.frame.setVisible(frames > 1)
        self.table.show_values(None if image is None else self._facts(image))
        self._start()

    def _facts(self, image: RtImage) -> tuple[str, ...]:
        plan, beam = beam_of(image, self._own.plans if self._own is not None else ())
        plan_words = NONE
        if image.plan_uid:
            plan_words = "not here" if plan is None else plan.label or "without label"
        beam_words = NONE if image.beam_number is None else str(image.beam_number)
        if beam is not None:
            beam_words += f"  {beam.name}"
        at_isocentre, axis = image.pixel_mm, image.axis_pixel
        return (
            image.label or NONE, image.kind or NONE, plan_words, beam_words,
            image.machine or NONE, iso_date(image.date),
            *(value_words(angle, 1, "°")
              for angle in (image.gantry_deg, image.collimator_deg, image.couch_deg)),
            value_words(image.sad_mm, 0, " mm"), value_words(image.sid_mm, 0, " mm"),
            value_words(image.exposure_mu, 2, " MU"), f"{image.columns} x {image.rows}",
            _two(image.column_mm, image.row_mm),
            _two(*at_isocentre) if at_isocentre is not None else NONE,
            NONE if axis is None else f"column {axis[0] + 1:.1f}, row {axis[1] + 1:.1f}",
        )  # fmt: skip

    def _start(self) -> None:
        """Read the pixels that are wanted, if somebody looks."""
        image = self.image
        wanted = None if image is None else (image, self.frame.value() - 1)
        if wanted is None or not self.isVisible():
            self._show()
            return
        if self._wanted == wanted and (self._job is not None or self._read is not None):
            return
        self._cancel()
        self._wanted, self._read, self._problem = wanted, None, ""
        self._tell(None)
        self._show()
        own, frame = wanted
        self._job = JOBS.start(
            self, "Reading an RT image", lambda _: _Read(own, frame, image_values(own, frame)),
            done=self._on_read, failed=self._on_fault,
        )  # fmt: skip

    def _on_read(self, read: _Read) -> None:
        self._job, self._read = None, read
        self._reset_grey()
        self.canvas.reset()

    def _on_fault(self, fault: Exception) -> None:
        self._job = None
        self._problem = f"The image could not be read: {fault}"
        self._show()

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.drop()
        self._job = None

    def _reset_grey(self) -> None:
        if self._read is not None:
            stored = self._read.image.window
            self.set_grey(Window(*stored) if stored is not None else spread(self._read.values))

    def set_grey(self, window: Window) -> None:
        """Use another grey window."""
        self._grey = window
        for box, value in ((self.low, window.low), (self.high, window.high)):
            with QSignalBlocker(box):
                box.setValue(value)
        self._show()

    def _on_boxes(self) -> None:
        low, high = self.low.value(), self.high.value()
        self._grey = Window(low, max(high, low + 10 ** -self.high.decimals()))
        self._show()

    def _show(self) -> None:
        read = self._read
        if read is None:
            words = NO_IMAGES if self.image is None else "Reading…"
            self.canvas.show_image(None, self._problem or words)
            return
        facts = self._facts(read.image)
        title = (f"{facts[0]}  {facts[1]}", f"Plan {facts[2]}  beam {facts[3]}")
        angles = f"Gantry {facts[6]}  collimator {facts[7]}  couch {facts[8]}"
        turned = self.invert.isChecked()
        shown = Shown(read.image, read.values, self._grey, turned, (*title, angles))
        self.canvas.show_image(shown)

    def _tell(self, place: QPointF | None) -> None:
        """Tell place and value under the mouse."""
        read = self._read
        if place is None or read is None:
            self.probe.setText(HINT)
            return
        locale = QLocale()
        words = []
        if read.image.pixel_mm is not None and read.image.axis_pixel is not None:
            x, y = (locale.toString(value, "f", 1) for value in (place.x(), place.y()))
            words.append(f"x {x} mm   y {y} mm   at the isocentre plane")
        pixel = pixel_at(read.image, place)
        if pixel is not None:
            value = locale.toString(float(read.values[pixel]), "g", 6)
            words.append(f"column {pixel[1] + 1}   row {pixel[0] + 1}   value {value}")
        self.probe.setText("    ".join(words) or "outside the picture")

    def showEvent(self, event: QShowEvent) -> None:
        """Read the image now that somebody looks."""
        super().showEvent(event)
        self._start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Read nothing that nobody sees."""
        self._cancel()
        super().hideEvent(event)


def spread(values: Values) -> Window:
    """Return a window over all values but the few darkest and brightest."""
    low, high = (float(value) for value in np.percentile(values, (DARKEST, BRIGHTEST)))
    return Window(low, high if high > low else low + 1)


def _two(across: float | None, down: float | None) -> str:
    if across is None or down is None:
        return NONE
    return f"{value_words(across, 3, '')} x {value_words(down, 3, ' mm')}"


def _grey_box(name: str) -> DecimalSpin:
    box = DecimalSpin()
    box.setRange(-1e9, 1e9)
    box.setDecimals(1)
    box.setKeyboardTracking(False)
    box.setAccessibleName(name)
    box.setAlignment(Qt.AlignmentFlag.AlignRight)
    box.setFixedWidth(96)
    return box
