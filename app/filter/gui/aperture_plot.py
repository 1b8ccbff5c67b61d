"""The aperture of one state in the beam's eye view, with the calculation point."""

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent
from PySide6.QtGui import QColor

from app.filter.mu.photon import PhotonDose
from app.filter.mu.strips import clipped

OPEN, POINT = "#0072b2", "#d55e00"


class AperturePlot(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """Rectangles of the leaf pairs within the jaws, as the calculation uses them; IEC, cm."""

    def __init__(self) -> None:
        super().__init__()
        self.setMenuEnabled(False)
        self.hideButtons()
        self.setAspectLocked(True)
        self.showGrid(x=True, y=True, alpha=0.25)
        self.setLabel("bottom", "X (cm)")
        self.setLabel("left", "Y (cm)")
        self.setAccessibleName("Aperture and calculation point in the beam's eye view")
        self.setMinimumSize(220, 180)
        self._shown: tuple[PhotonDose, int] | None = None
        self._ink()

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change between light and dark."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_shown"):
            self._ink()

    def show_state(self, dose: PhotonDose | None, state: int = 0) -> None:
        """Show one state of a field; nothing for None."""
        self.clear()
        self._shown = None if dose is None else (dose, state)
        if dose is None:
            return
        fill = QColor(OPEN)
        fill.setAlpha(90)
        rows = rectangles_of(dose, state)
        if rows:
            x1, x2, y1, y2 = zip(*rows, strict=True)
            pen = pg.mkPen(OPEN, width=1)
            self.addItem(pg.BarGraphItem(x0=x1, x1=x2, y0=y1, y1=y2, pen=pen, brush=fill))
        at = ([float(dose.x_cm[state])], [float(dose.y_cm[state])])
        self.plot(*at, pen=None, symbol="+", symbolSize=16, symbolPen=pg.mkPen(POINT, width=3))
        self.autoRange()

    def _ink(self) -> None:
        palette = self.palette()
        self.setBackground(palette.base().color())
        for side in ("bottom", "left"):
            self.getAxis(side).setPen(palette.text().color())
            self.getAxis(side).setTextPen(palette.text().color())


def rectangles_of(dose: PhotonDose, state: int) -> list[tuple[float, float, float, float]]:
    """Return the open rectangles of a state as x1, x2, y1, y2."""
    states = dose.states
    found = clipped(states.tips[state], states.edges, states.jaws[state])
    rows = found[:, [2, 3, 0, 1]] if states.along_y else found
    return [tuple(row) for row in np.asarray(rows).tolist()]
