"""The beam's eye view on the screen: the picture to zoom and move, the values of the point."""

import math
from collections.abc import Sequence

from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from app.viewer.beam_eye_geometry import Window, window_of
from app.viewer.beam_eye_picture import BeamView, paint_beam_view
from app.viewer.mm_canvas import MmCanvas
from core.dicom.plan import X_JAWS, Y_JAWS, Beam
from core.dicom.point_tables import open_gaps_mm
from core.dicom.text_table import NONE

TURNS = {"CW": "CW", "CC": "CCW"}
ENERGY_UNITS = {"PHOTON": "MV", "": "MV or MeV"}
SEGMENT = "MU of this segment"
ROWS = (
    "Gantry", "Collimator", "Couch", "Energy", "MU so far", SEGMENT, "Jaw X1",
    "Jaw X2", "Jaw Y1", "Jaw Y2", "Open leaf pairs", "Isocentre x", "Isocentre y", "Isocentre z",
    "SAD",
)  # fmt: skip


class BeamCanvas(MmCanvas):
    """The picture of one control point; mm are Xb and Yb."""

    def __init__(self) -> None:
        super().__init__("Beam's eye view")
        self.view: BeamView | None = None

    @property
    def has_picture(self) -> bool:
        """Whether a view is shown."""
        return self.view is not None

    def show_view(self, view: BeamView | None, empty: str = "") -> None:
        """Show a view, or words where there is none."""
        self.view, self.empty = view, empty
        self.update()

    def whole(self) -> Window:
        """Return all the beam opens."""
        return Window() if self.view is None else window_of(self.view.beam)

    def paint_picture(self, painter: QPainter) -> None:
        """Paint the view."""
        if self.view is not None:
            paint_beam_view(painter, self.size(), self.view, self.window_shown)


class ValueTable(QTableWidget):
    """Named values one below the other, a dash for what is not told."""

    def __init__(self, names: Sequence[str], name: str) -> None:
        super().__init__(len(names), 2)
        self._values: list[QTableWidgetItem] = []
        self.setAccessibleName(name)
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
        for row, title in enumerate(names):
            value = QTableWidgetItem(NONE)
            value.setTextAlignment(right)
            self.setItem(row, 0, QTableWidgetItem(title))
            self.setItem(row, 1, value)
            self._values.append(value)

    def show_values(self, cells: Sequence[str] | None) -> None:
        """Show as many words as there are rows; dashes for None."""
        for row, value in enumerate(self._values):
            words = NONE if cells is None else cells[row]
            value.setText(words)
            value.setToolTip(words)


class PointTable(ValueTable):
    """The values of a control point, a dash for what the plan does not tell."""

    def __init__(self) -> None:
        super().__init__(ROWS, "Values of the control point")
        title = self.item(ROWS.index(SEGMENT), 0)
        if title is not None:
            title.setToolTip("MU from this control point to the next")
        metrics = self.fontMetrics()
        self.setFixedWidth(metrics.horizontalAdvance(SEGMENT + "000 of 000 / 000 of 000") + 24)

    def show_point(self, beam: Beam | None, place: int) -> None:
        """Show a control point, counted from 0."""
        self.show_values(point_values(beam, place) if beam is not None and beam.points else None)


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
        f"{value_words(point.gantry_deg, 1, '°')} {turn}".strip(),
        value_words(point.collimator_deg, 1, "°"), value_words(point.couch_deg, 1, "°"),
        _energy(beam, point.energy),
        value_words(point.meterset_mu, 2, " MU"), value_words(segment, 2, " MU"),
        *(value_words(one, 1, " mm") for one in (x1, x2, y1, y2)), _open_pairs(beam, place),
        *(value_words(one, 1, " mm") for one in isocentre),
        value_words(beam.source_axis_mm, 0, " mm"),
    )  # fmt: skip


def value_words(value: float | None, digits: int, unit: str) -> str:
    """Return a number with its unit in the user's way of writing; a dash for none."""
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
