"""The DVH plot: curves with their bands, exported curves, limits, a readout under the mouse."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent

from app.viewer.dvh_lines import (
    DASHES,
    DOTS,
    Mark,
    banded_text,
    cumulative_lines,
    differential_lines,
    exported_line,
    line_pen,
    mark_of,
    number_text,
    seen_on,
)
from core.dicom.structure_dvh import StructureDvh
from core.dose.constraints import Verdict
from core.dose.dvh_values import Banded, Curves, share_at_dose, volume_at_dose

# Curves are drawn through every second of the 4000 bins, bands through every eighth.
CURVE_STEP, BAND_STEP = 2, 8
NEAR_PIXELS = 14.0
READ_OUT = 5
TOLD = "Drag a rectangle to zoom, double-click or Fit for the whole; point at a curve to read it."


@dataclass(frozen=True, eq=False, slots=True)
class _Drawn:
    """One structure on the plot."""

    own: StructureDvh
    curves: Curves
    colour: QColor
    line: pg.PlotCurveItem
    band: pg.PlotCurveItem
    exported: pg.PlotCurveItem | None


class DvhPlot(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """Cumulative or differential curves.

    Signals:
        read: Words for what is under the mouse.
        picked: The user clicked on the curve of this structure (number).

    """

    read = Signal(str)
    picked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.dvhs: tuple[StructureDvh, ...] = ()
        self.verdicts: tuple[Verdict, ...] = ()
        self.hidden: frozenset[int] = frozenset()
        self.reference_gy = 0.0
        self.in_cc = self.differentially = False
        self.drawn: dict[int, _Drawn] = {}
        self.marks: list[Mark] = []
        self.selected: int | None = None
        self._near: int | None = None
        self._pressed = QPointF()
        self.setMenuEnabled(False)
        self.hideButtons()
        self.setMinimumSize(320, 170)
        self.showAxis("top")
        for side in ("bottom", "left", "top"):
            self.getAxis(side).enableAutoSIPrefix(False)
        self.getAxis("top").setStyle(maxTickLevel=0)
        self.getViewBox().setMouseMode(pg.ViewBox.RectMode)
        self.setAccessibleName("DVH curves")
        self.setMouseTracking(True)
        self.draw()

    @property
    def ground(self) -> QColor:
        """Colour behind the curves."""
        return QColor(self.palette().base().color())

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change between light and dark."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "drawn"):
            self.draw(keep_range=True)

    def curve_colour(self, own: StructureDvh) -> QColor:
        """Return the structure's colour as it is drawn on the present ground."""
        return seen_on(QColor(*own.structure.colour), self.ground)

    def draw(self, *, keep_range: bool = False) -> None:
        """Draw everything anew; the visible part stays with `keep_range`."""
        seen = self.viewRange()
        self.clear()
        self.drawn, self.marks, self._near = {}, [], None
        self._draw_axes()
        for own in self.dvhs:
            if own.curves is not None and own.structure.number not in self.hidden:
                self._draw_one(own, own.curves)
        ink = self.palette().text().color()
        if self.reference_gy > 0 and self.drawn:
            pen = pg.mkPen(ink, width=1, style=Qt.PenStyle.DotLine)
            self.addItem(pg.InfiniteLine(self.reference_gy, pen=pen))
        self._draw_marks()
        self._cross = pg.InfiniteLine(0.0, pen=pg.mkPen(ink, width=1))
        self._cross.hide()
        self.addItem(self._cross, ignoreBounds=True)
        self._emphasise()
        if keep_range:
            self.setRange(xRange=seen[0], yRange=seen[1], padding=0)
        else:
            self.fit()

    def fit(self) -> None:
        """Show the whole of all curves that are shown."""
        top_gy = max((float(own.curves.edges_gy[-1]) for own in self.drawn.values()), default=1.0)
        top_gy = max([top_gy, *(mark.dose_gy for mark in self.marks)])
        highest = 100.0
        if self.in_cc or self.differentially:
            tops = [float(np.nanmax(own.line.getData()[1])) for own in self.drawn.values()]
            highest = max(tops, default=100.0) or 1.0
        box = self.getViewBox()
        # Nothing lies below zero, and nobody wants to drag the curves out of sight.
        box.setLimits(xMin=-0.03 * top_gy, xMax=3 * top_gy, yMin=-0.03 * highest, yMax=3 * highest)
        self.setRange(
            xRange=(-0.005 * top_gy, 1.03 * top_gy),
            yRange=(-0.025 * highest, 1.04 * highest),
            padding=0,
        )

    def _draw_axes(self) -> None:
        ink = self.palette().text().color()
        self.setBackground(self.ground)
        for side in ("bottom", "left", "top"):
            self.getAxis(side).setPen(ink)
            self.getAxis(side).setTextPen(ink)
        self.showGrid(x=True, y=True, alpha=0.2)
        self.setLabel("bottom", "Dose (Gy)")
        per = " per Gy" if self.differentially else ""
        self.setLabel("left", f"Volume ({'cc' if self.in_cc else '%'}{per})")
        top = self.getAxis("top")
        top.setGrid(False)
        if self.reference_gy > 0:
            top.setScale(100 / self.reference_gy)
            self.setLabel("top", f"Dose (% of {self.reference_gy:.2f} Gy)")
        top.setVisible(self.reference_gy > 0)

    def _draw_one(self, own: StructureDvh, curves: Curves) -> None:
        if self.differentially:
            doses, best, low, high = differential_lines(curves, in_cc=self.in_cc)
            step, wide = 1, 1
        else:
            doses = curves.edges_gy
            best, low, high = cumulative_lines(curves, in_cc=self.in_cc)
            step, wide = CURVE_STEP, BAND_STEP
        around = np.concatenate([doses[::wide], doses[::wide][::-1]])
        bounds = np.concatenate([high[::wide], low[::wide][::-1]])
        band = pg.PlotCurveItem(around, bounds, pen=pg.mkPen(None), fillLevel="enclosed")
        self.addItem(band)
        exported = None
        if own.exported is not None:
            at, volume = exported_line(
                own.exported, curves, in_cc=self.in_cc, differentially=self.differentially
            )
            exported = pg.PlotCurveItem(at, volume, antialias=True)
            self.addItem(exported)
        line = pg.PlotCurveItem(doses[::step], best[::step], antialias=True)
        self.addItem(line)
        number = own.structure.number
        self.drawn[number] = _Drawn(own, curves, self.curve_colour(own), line, band, exported)

    def _draw_marks(self) -> None:
        if self.differentially:
            return
        by_name = {one.own.structure.name: one for one in self.drawn.values()}
        ink, spots = self.palette().text().color(), []
        for verdict in self.verdicts:
            one = by_name.get(verdict.structure_name)
            if one is None:
                continue
            mark = mark_of(verdict, one.curves, self.reference_gy, in_cc=self.in_cc)
            if mark is None:
                continue
            self.marks.append(mark)
            inner = one.colour if mark.met else self.ground
            outer = ink if mark.met else one.colour
            spots.append({
                "pos": (mark.dose_gy, mark.volume), "symbol": "t3" if mark.at_most else "t2",
                "size": 13, "brush": pg.mkBrush(inner), "data": mark.words,
                "pen": pg.mkPen(outer, width=1 if mark.met else 2),
            })  # fmt: skip
        if spots:
            shown = pg.ScatterPlotItem(
                spots, hoverable=True, tip=lambda x, y, data: data, antialias=True
            )
            shown.setZValue(20)
            self.addItem(shown)

    def select(self, number: int | None) -> None:
        """Bring the curve of one structure to the front; of none for None."""
        self.selected = number
        self._emphasise()

    def _emphasise(self) -> None:
        chief = self._near if self._near in self.drawn else self.selected
        chief = chief if chief in self.drawn else None
        for number, one in self.drawn.items():
            colour, fill = QColor(one.colour), QColor(one.colour)
            is_chief = number == chief
            colour.setAlpha(255 if chief is None or is_chief else 120)
            fill.setAlpha(100 if is_chief else 55 if chief is None else 18)
            dots = DOTS if one.own.low_confidence else ()
            width = (3.5 if is_chief else 2.0) + (0.7 if dots else 0.0)
            one.line.setPen(line_pen(colour, width, dots))
            one.band.setBrush(fill)
            if one.exported is not None:
                one.exported.setPen(line_pen(colour, 2.5 if is_chief else 1.5, DASHES))
            for item, depth in ((one.band, 0), (one.line, 2), (one.exported, 3)):
                if item is not None:
                    item.setZValue(depth + (10 if is_chief else 0))

    # --- the mouse ---------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Read the curves at the dose under the mouse, and bring the nearest to the front."""
        super().mouseMoveEvent(event)
        self.point_at(event.position())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Remember where a click began."""
        super().mousePressEvent(event)
        self._pressed = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Choose the curve under a click that was no drag."""
        super().mouseReleaseEvent(event)
        way = event.position() - self._pressed
        if way.manhattanLength() < 4 and self._near is not None:
            self.picked.emit(self._near)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show the whole again."""
        super().mouseDoubleClickEvent(event)
        self.fit()

    def leaveEvent(self, event: QEvent) -> None:
        """Forget the mouse."""
        super().leaveEvent(event)
        self.forget_mouse()

    def forget_mouse(self) -> None:
        """Show nothing that depends on where the mouse is."""
        self._near = None
        self._cross.hide()
        self._emphasise()
        self.read.emit(TOLD if self.drawn else "")

    def point_at(self, place: QPointF) -> None:
        """Read at a place of the widget."""
        box = self.getViewBox()
        scene = self.mapToScene(place.toPoint())
        if not self.drawn or not box.sceneBoundingRect().contains(scene):
            return
        dose = float(box.mapSceneToView(scene).x())
        away = {number: self._pixels_to(one, dose, scene) for number, one in self.drawn.items()}
        order = sorted(away, key=lambda number: away[number])
        near = order[0] if away[order[0]] <= NEAR_PIXELS else None
        if near != self._near:
            self._near = near
            self._emphasise()
        self._cross.setValue(dose)
        self._cross.show()
        self.read.emit(self._words(dose, order))

    def _pixels_to(self, one: _Drawn, dose: float, scene: QPointF) -> float:
        """Return how far a curve is from a place, in pixels, across its neighbouring doses."""
        box = self.getViewBox()
        wide = NEAR_PIXELS * box.viewPixelSize()[0]
        doses, volumes = one.line.getData()
        at = dose + np.linspace(-wide, wide, 15)
        values = np.interp(at, doses, volumes)
        width, height = box.viewPixelSize()
        here = box.mapSceneToView(scene)
        return float(np.hypot((at - here.x()) / width, (values - here.y()) / height).min())

    def _words(self, dose: float, order: Sequence[int]) -> str:
        at = f"{number_text(dose)} Gy"
        if self.reference_gy > 0:
            at += f" ({number_text(100 * dose / self.reference_gy, 1)} %)"
        parts = [self._volume_words(self.drawn[number], dose) for number in order[:READ_OUT]]
        more = len(order) - READ_OUT
        return f"{at}:  {',  '.join(parts)}" + (f",  and {more} more" if more > 0 else "")

    def _volume_words(self, one: _Drawn, dose: float) -> str:
        name = one.own.structure.name
        if self.differentially:
            doses, volumes = one.line.getData()
            value = float(np.interp(dose, doses, volumes, left=0.0, right=0.0))
            return f"{name} {number_text(value)} {'cc' if self.in_cc else '%'}/Gy"
        if self.in_cc:
            return f"{name} {banded_text(volume_at_dose(one.curves, dose))} cc"
        share = share_at_dose(one.curves, dose)
        percent = Banded(share.value * 100, share.low * 100, share.high * 100)
        return f"{name} {banded_text(percent, 1)} %"
