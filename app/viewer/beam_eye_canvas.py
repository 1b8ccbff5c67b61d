"""The beam's eye view on the screen: the picture to zoom and move, the values of the point."""

import math
from dataclasses import replace

from PySide6.QtCore import QEvent, QLocale, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)  # fmt: skip

from app.viewer.beam_eye_geometry import Window, window_of
from app.viewer.beam_eye_picture import BeamView, paint_beam_view
from core.dicom.plan import X_JAWS, Y_JAWS, Beam
from core.dicom.point_tables import open_gaps_mm
from core.dicom.text_table import NONE

WHEEL_STEP, ZOOM_STEP = 120, 1.2
LEAST_HALF_MM, MOST_HALF_MM = 10.0, 380.0
TURNS = {"CW": "CW", "CC": "CCW"}
ENERGY_UNITS = {"PHOTON": "MV", "": "MV or MeV"}
SEGMENT = "MU of this segment"
ROWS = (
    "Gantry", "Collimator", "Couch", "Energy", "MU so far", SEGMENT, "Jaw X1",
    "Jaw X2", "Jaw Y1", "Jaw Y2", "Open leaf pairs", "Isocentre x", "Isocentre y", "Isocentre z",
    "SAD",
)  # fmt: skip


class BeamCanvas(QWidget):
    """The picture: zoom, move, tell where the mouse is.

    Signals:
        probed: Xb and Yb in mm under the mouse; None when it has left.

    """

    probed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.view: BeamView | None = None
        self.window_shown = Window()
        self.empty = ""
        self._last: QPointF | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(240, 240)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Beam's eye view")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def sizeHint(self) -> QSize:
        """Ask for a square."""
        return QSize(520, 520)

    def show_view(self, view: BeamView | None, empty: str = "") -> None:
        """Show a view, or words where there is none."""
        self.view, self.empty = view, empty
        self.update()

    def reset(self) -> None:
        """Show all the beam opens."""
        self.window_shown = Window() if self.view is None else window_of(self.view.beam)
        self.update()

    def mm_at(self, place: QPointF) -> QPointF:
        """Return Xb and Yb of a pixel."""
        to_mm, _ = self.window_shown.to_pixels(self.width(), self.height()).inverted()
        return to_mm.map(place)

    def zoom(self, factor: float, at: QPointF) -> None:
        """Magnify about a pixel."""
        before, shown = self.mm_at(at), self.window_shown
        half_mm = min(max(shown.half_mm / factor, LEAST_HALF_MM), MOST_HALF_MM)
        self.window_shown = replace(shown, half_mm=half_mm)
        self._shift(before - self.mm_at(at))

    def _shift(self, mm: QPointF) -> None:
        """Move the window, but never so far that the isocentre is out of reach."""
        shown = self.window_shown
        x, y = (
            min(max(value, -MOST_HALF_MM), MOST_HALF_MM)
            for value in (shown.x_mm + mm.x(), shown.y_mm + mm.y())
        )
        self.window_shown = replace(shown, x_mm=x, y_mm=y)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the view."""
        del event
        painter = QPainter(self)
        try:
            self._paint(painter)
        finally:
            painter.end()

    def _paint(self, painter: QPainter) -> None:
        if self.view is None:
            painter.fillRect(self.rect(), Qt.GlobalColor.black)
            painter.setPen(Qt.GlobalColor.lightGray)
            centred = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(12, 12, -12, -12), centred, self.empty)
        else:
            paint_beam_view(painter, self.size(), self.view, self.window_shown)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(self.palette().highlight().color())
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the mouse."""
        self.zoom(ZOOM_STEP ** (event.angleDelta().y() / WHEEL_STEP), event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to drag."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._last = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move while dragged; tell the place under the mouse."""
        if self._last is not None and event.buttons() != Qt.MouseButton.NoButton:
            self._shift(self.mm_at(self._last) - self.mm_at(event.position()))
            self._last = event.position()
        self.probed.emit(None if self.view is None else self.mm_at(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the drag."""
        del event
        self._last = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show all again."""
        del event
        self.reset()

    def leaveEvent(self, event: QEvent) -> None:
        """Tell that the mouse is gone."""
        del event
        self.probed.emit(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Zoom by plus and minus, show all by Home; the rest is for the panel."""
        middle = QPointF(self.rect().center())
        if event.key() == Qt.Key.Key_Home:
            self.reset()
        elif event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(ZOOM_STEP, middle)
        elif event.key() == Qt.Key.Key_Minus:
            self.zoom(1 / ZOOM_STEP, middle)
        else:
            super().keyPressEvent(event)


class PointTable(QTableWidget):
    """The values of a control point, a dash for what the plan does not tell."""

    def __init__(self) -> None:
        super().__init__(len(ROWS), 2)
        self._values: list[QTableWidgetItem] = []
        self.setAccessibleName("Values of the control point")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.verticalHeader().hide()
        self.horizontalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 6)
        self.verticalHeader().setMinimumSectionSize(0)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for row, name in enumerate(ROWS):
            title, value = QTableWidgetItem(name), QTableWidgetItem(NONE)
            if name == SEGMENT:
                title.setToolTip("MU from this control point to the next")
            value.setTextAlignment(right)
            self.setItem(row, 0, title)
            self.setItem(row, 1, value)
            self._values.append(value)
        metrics = self.fontMetrics()
        self.setFixedWidth(metrics.horizontalAdvance(SEGMENT + "000 of 000 / 000 of 000") + 24)

    def show_point(self, beam: Beam | None, place: int) -> None:
        """Show a control point, counted from 0."""
        cells = point_values(beam, place) if beam is not None and beam.points else None
        for row, value in enumerate(self._values):
            words = NONE if cells is None else cells[row]
            value.setText(words)
            value.setToolTip(words)


def point_values(beam: Beam, place: int) -> tuple[str, ...]:
    """Return the words of `ROWS` for a control point, counted from 0."""
    point = beam.points[place]
    after = beam.points[place + 1] if place + 1 < len(beam.points) else None
    segment = None
    if after is not None and after.meterset_mu is not None and point.meterset_mu is not None:
        segment = after.meterset_mu - point.meterset_mu
    turn = TURNS.get(point.gantry_turn, "")
    x1, x2 = point.jaw_mm(X_JAWS) or (None, None)
    y1, y2 = point.jaw_mm(Y_JAWS) or (None, None)
    isocentre = (None,) * 3 if point.isocentre_mm is None else point.isocentre_mm.tolist()
    return (
        f"{_value(point.gantry_deg, 1, '°')} {turn}".strip(), _value(point.collimator_deg, 1, "°"),
        _value(point.couch_deg, 1, "°"), _energy(beam, point.energy),
        _value(point.meterset_mu, 2, " MU"), _value(segment, 2, " MU"),
        *(_value(one, 1, " mm") for one in (x1, x2, y1, y2)), _open_pairs(beam, place),
        *(_value(one, 1, " mm") for one in isocentre), _value(beam.source_axis_mm, 0, " mm"),
    )  # fmt: skip


def _value(value: float | None, digits: int, unit: str) -> str:
    if value is None or not math.isfinite(value):
        return NONE
    return QLocale().toString(round(value, digits) + 0.0, "f", digits) + unit


def _energy(beam: Beam, energy: float | None) -> str:
    if energy is None:
        return NONE
    return f"{QLocale().toString(energy, 'g', 6)} {ENERGY_UNITS.get(beam.radiation, 'MeV')}"


def _open_pairs(beam: Beam, place: int) -> str:
    """Return how many pairs leave an opening within the jaws, of how many, per collimator."""
    found = []
    for bank in beam.leaf_banks:
        gaps = open_gaps_mm(bank, beam.points[place])
        found.append(NONE if gaps is None else f"{len(gaps)} of {len(bank.edges_mm) - 1}")
    return " / ".join(found) or NONE
