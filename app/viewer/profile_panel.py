"""Dose along a measured line."""

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.viewer.scene import Scene
from app.viewer.slices_panel import line_points
from core.dose.geometry import Floats
from core.dose.sample import at_points

FIRST, SECOND = "#d55e00", "#0072b2"


class ProfilePanel(QWidget):
    """A plot of the dose, and of the second dose dashed, along a line."""

    def __init__(self) -> None:
        super().__init__()
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.plot = pg.PlotWidget()
        self.plot.setMenuEnabled(False)
        self.plot.showGrid(x=True, y=True, alpha=0.25)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.words)
        layout.addWidget(self.plot, 1)
        self.clear()

    def clear(self) -> None:
        """Show no line."""
        self.plot.clear()
        self.plot.hide()
        self.words.setText(
            "Draw a line in a slice with Measure (M): its length and the dose along it show here."
        )

    def show_line(self, scene: Scene, start_mm: Floats, end_mm: Floats) -> None:
        """Show the dose between two patient points."""
        points, places = line_points(start_mm, end_mm)
        locale = QLocale()
        length = locale.toString(float(places[-1]), "f", 1)
        self.plot.clear()
        if scene.dose is None:
            self.plot.hide()
            self.words.setText(f"{length} mm. The set has no dose.")
            return
        palette = self.palette()
        ink = palette.text().color()
        self.plot.setBackground(palette.base().color())
        for side in ("bottom", "left"):
            self.plot.getAxis(side).setPen(ink)
            self.plot.getAxis(side).setTextPen(ink)
        self.plot.setLabel("bottom", "Distance from the start of the line (mm)")
        self.plot.setLabel("left", f"Dose ({scene.unit})")
        own = at_points(scene.dose.grid, points)
        self.plot.plot(places, own, pen=pg.mkPen(FIRST, width=2), connect="finite")
        if scene.second is not None:
            other = at_points(scene.second.grid, points)
            pen = pg.mkPen(SECOND, width=2, style=Qt.PenStyle.DashLine)
            self.plot.plot(places, other, pen=pen, connect="finite")
        self.plot.show()
        words = [f"{length} mm"]
        if np.isfinite(own).any():
            low, high = float(np.nanmin(own)), float(np.nanmax(own))
            shown = [locale.toString(value, "f", 2) for value in (low, high)]
            words.append(f"{scene.dose.title}: {shown[0]} to {shown[1]} {scene.unit}")
        if np.isnan(own).any():
            words.append("part of the line lies outside the dose grid")
        if scene.second is not None:
            words.append(f"dashed: {scene.second.title}")
        self.words.setText(". ".join(words) + ".")
