"""The beam's eye view of a control point: the R&V outline, the plan's over it, what differs."""

import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.filter.outline import Aperture, field_box, jaw_line, outline_of, pair_box

FOUND, PLANNED, ODD = "#0072b2", "#d55e00", "#cc79a7"
WIDE = 3
MARGIN_CM = 1.0
NO_EDGES = (
    "The leaves are not drawn: neither file nor machine description says how wide the pairs are."
)
NO_PLAN = "no plan beside it"


class OutlinePlot(QWidget):
    """Jaws and leaves of both sides: R&V solid, plan dashed, the odd pair or jaw filled."""

    def __init__(self) -> None:
        super().__init__()
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.plot = pg.PlotWidget()
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        self.plot.setAspectLocked(True)
        self.plot.showGrid(x=True, y=True, alpha=0.25)
        self.plot.setLabel("bottom", "X (cm)")
        self.plot.setLabel("left", "Y (cm)")
        self.plot.setMinimumSize(240, 180)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.plot, 1)
        column.addWidget(self.words)
        self._ink()

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change between light and dark."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "words"):
            self._ink()

    def show_apertures(
        self, found: Aperture | None, planned: Aperture | None, item: str = "", title: str = ""
    ) -> None:
        """Show a state of the R&V system, the plan's over it, and mark what a finding speaks of.

        Args:
            found: R&V state; None clears the picture.
            planned: The plan's state; None where there is none to lay over it.
            item: Element of the finding: "mlc_a17" marks pair 17, "collimator_x1" that jaw.
            title: What is shown, for the line below and for a screen reader.

        """
        self.plot.clear()
        if found is None:
            self.words.setText("")
            return
        marked = self._mark(found, planned, item)
        sides = ((found, FOUND, Qt.PenStyle.SolidLine), (planned, PLANNED, Qt.PenStyle.DashLine))
        for aperture, colour, style in sides:
            if aperture is not None:
                lines = outline_of(aperture)
                pen = pg.mkPen(colour, width=2, style=style)
                for line in (*lines.jaws, *lines.leaves):
                    self.plot.plot(*line, pen=pen)
        hidden = any(not layer.edges_mm for layer in found.layers)
        beside = f"<span style='color:{PLANNED}'>- - -</span> plan" if planned else NO_PLAN
        text = f"{title}: <span style='color:{FOUND}'>———</span> R&amp;V system, {beside}"
        if marked:
            text += f", <span style='color:{ODD}'>■</span> {marked}"
        self.words.setText(f"{text}. {NO_EDGES}" if hidden else text)
        self.plot.setAccessibleName(f"Beam's eye view. {title}. {marked}".strip())
        self._look_at(found, planned)

    def _mark(self, found: Aperture, planned: Aperture | None, item: str) -> str:
        """Fill the leaf pair, or thicken the jaw; return its name."""
        if item.startswith(("mlc_a", "mlc_b")) and item[5:].isdigit():
            leaf = int(item[5:]) - 1
            for one in (found, planned):
                for layer in one.layers if one is not None else ():
                    self._box(pair_box(layer, leaf))
            return f"leaf pair {leaf + 1}"
        side = item.removeprefix("collimator_")
        if side in ("x1", "x2", "y1", "y2"):
            for one in (found, planned):
                line = jaw_line(one.jaws, side) if one is not None else None
                if line is not None:
                    self.plot.plot(*line, pen=pg.mkPen(ODD, width=3 * WIDE))
            return f"jaw {side.upper()}"
        return ""

    def _look_at(self, found: Aperture, planned: Aperture | None) -> None:
        """Show the jaws with a margin; leaves that are closed far outside are not looked at."""
        boxes = [box for one in (found, planned) if one is not None and (box := field_box(one))]
        if not boxes:
            self.plot.autoRange(padding=0.06)
            return
        x1, x2, y1, y2 = zip(*boxes, strict=True)
        self.plot.setRange(
            xRange=(min(x1) - MARGIN_CM, max(x2) + MARGIN_CM),
            yRange=(min(y1) - MARGIN_CM, max(y2) + MARGIN_CM), padding=0,
        )  # fmt: skip

    def _box(self, box: tuple[float, float, float, float] | None) -> None:
        if box is None:
            return
        fill = QColor(ODD)
        fill.setAlpha(110)
        x1, x2, y1, y2 = box
        pen = pg.mkPen(ODD, width=WIDE)
        self.plot.addItem(pg.BarGraphItem(x0=[x1], x1=[x2], y0=[y1], y1=[y2], pen=pen, brush=fill))

    def _ink(self) -> None:
        palette = self.palette()
        self.plot.setBackground(palette.base().color())
        for side in ("bottom", "left"):
            self.plot.getAxis(side).setPen(palette.text().color())
            self.plot.getAxis(side).setTextPen(palette.text().color())
