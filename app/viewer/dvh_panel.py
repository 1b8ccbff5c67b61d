"""DVH curves with their bands, the exported ones beside them, and the table of values."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from app.findings_model import GridModel
from app.findings_view import plain_table
from core.dicom.dvh_export import dvh_table_csv
from core.dicom.structure_dvh import StructureDvh, statistics
from core.dose.dvh_values import Banded, Curves, share_curves
from core.dose.geometry import Floats
from core.safe_write import write_whole

TITLES = (
    "Structure", "Volume cc", "Contours cc", "Min Gy", "Mean Gy", "Max Gy", "D98 Gy", "D95 Gy",
    "D50 Gy", "D2 Gy", "D0.03cc Gy", "Exported differs", "Confidence", "Notes",
)  # fmt: skip
HOW = (
    "Each slice stands for half the way to its neighbours, the end caps half a slice. The band "
    "holds what is unknown between slices and the error of sampling (see Help). Dashed: exported."
)


class DvhPanel(QWidget):
    """The DVHs of one structure set in one dose."""

    def __init__(self) -> None:
        super().__init__()
        self.dvhs: tuple[StructureDvh, ...] = ()
        self._words = ""
        self._reference_gy = 1.0
        self._hidden: frozenset[int] = frozenset()
        self.title = QLabel()
        self.kind = QComboBox()
        self.kind.addItems(["Cumulative", "Differential"])
        self.kind.setAccessibleName("Kind of DVH")
        self.unit = QComboBox()
        self.unit.addItems(["Volume in %", "Volume in cc"])
        self.unit.setAccessibleName("Unit of the volume")
        for combo in (self.kind, self.unit):
            combo.currentIndexChanged.connect(self._draw)
        self.plot = pg.PlotWidget()
        self.plot.setMenuEnabled(False)
        self.plot.showGrid(x=True, y=True, alpha=0.25)
        self.plot.setAccessibleName("DVH curves")
        self.model = GridModel(numeric=TITLES[1:11])
        self.table = plain_table(self.model)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._draw())
        self.how = QLabel(HOW)
        self.how.setWordWrap(True)
        self._lay_out()
        self.set_dvhs([], "", 1.0)

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.addWidget(self.title, 1)
        fit = QPushButton("Fit")
        fit.clicked.connect(lambda: self.plot.getPlotItem().enableAutoRange())
        copy = QPushButton("Copy table")
        copy.clicked.connect(self.copy_table)
        save = QPushButton("Save CSV…")
        save.clicked.connect(self.save_csv)
        for widget in (self.kind, self.unit, fit, copy, save):
            bar.addWidget(widget)
        upper = QWidget()
        column = QVBoxLayout(upper)
        column.setContentsMargins(6, 6, 6, 2)
        column.addLayout(bar)
        column.addWidget(self.plot, 1)
        column.addWidget(self.how)
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.addWidget(upper)
        splitter.addWidget(self.table)
        splitter.setSizes([420, 260])
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(splitter)

    def set_busy(self, words: str) -> None:
        """Say what is being done; the old curves go."""
        self.set_dvhs([], words, 1.0)

    def set_dvhs(self, dvhs: Sequence[StructureDvh], dose_words: str, reference_gy: float) -> None:
        """Show other DVHs.

        Args:
            dvhs: One per structure.
            dose_words: Which dose, and what 100 % is.
            reference_gy: Dose that 100 % stands for.

        """
        self.dvhs, self._words, self._reference_gy = tuple(dvhs), dose_words, reference_gy
        self.title.setText(dose_words)
        self.model.show(TITLES, [table_row(own) for own in self.dvhs])
        self.table.resizeColumnsToContents()
        self._draw()

    def set_hidden(self, numbers: frozenset[int]) -> None:
        """Leave out the curves of some structures."""
        self._hidden = numbers
        self._draw()

    def copy_table(self) -> None:
        """Put the table on the clipboard, cells separated by tabs."""
        rows = [TITLES, *(table_row(own) for own in self.dvhs)]
        QGuiApplication.clipboard().setText("\n".join("\t".join(row) for row in rows))

    def save_csv(self) -> None:
        """Write the table as CSV."""
        name, _ = QFileDialog.getSaveFileName(
            self, "Save the DVH values", "dvh.csv", "CSV (*.csv)"
        )
        if name:
            write_whole(Path(name), dvh_table_csv(self.dvhs, self._words).encode("utf-8"))

    def _draw(self) -> None:
        self.plot.clear()
        palette = self.palette()
        ink = palette.text().color()
        self.plot.setBackground(palette.base().color())
        for side in ("bottom", "left"):
            self.plot.getAxis(side).setPen(ink)
            self.plot.getAxis(side).setTextPen(ink)
        self.plot.setLabel("bottom", "Dose (Gy)")
        in_cc = self.unit.currentIndex() == 1
        per = " per Gy" if self.kind.currentIndex() == 1 else ""
        self.plot.setLabel("left", f"Volume ({'cc' if in_cc else '%'}{per})")
        chosen = self.table.currentIndex().row()
        for row, own in enumerate(self.dvhs):
            if own.curves is not None and own.structure.number not in self._hidden:
                self._draw_one(own, own.curves, in_cc=in_cc, strong=row == chosen)
        if self._reference_gy > 0 and self.dvhs:
            pen = pg.mkPen(ink, width=1, style=Qt.PenStyle.DotLine)
            self.plot.addItem(pg.InfiniteLine(self._reference_gy, pen=pen))

    def _draw_one(self, own: StructureDvh, curves: Curves, *, in_cc: bool, strong: bool) -> None:
        colour = QColor(*own.structure.colour)
        style = Qt.PenStyle.DotLine if own.low_confidence else Qt.PenStyle.SolidLine
        pen = pg.mkPen(colour, width=4 if strong else 2, style=style)
        if self.kind.currentIndex() == 1:
            doses, volumes = differential(curves)
            factor = 1.0 if in_cc else 100 / max(float(curves.rule[0]), 1e-9)
            self.plot.plot(doses, volumes * factor, pen=pen)
            return
        best, low, high = share_curves(curves)
        factor = float(curves.rule[0]) if in_cc else 100.0
        edges = curves.edges_gy
        band = QColor(colour)
        band.setAlpha(60)
        nothing = pg.mkPen(None)
        below = pg.PlotCurveItem(edges, low * factor, pen=nothing)
        above = pg.PlotCurveItem(edges, high * factor, pen=nothing)
        for item in (below, above, pg.FillBetweenItem(below, above, brush=band)):
            self.plot.addItem(item)
        self.plot.plot(edges, best * factor, pen=pen)
        if own.exported is not None:
            whole = own.exported.volume_cc or float(curves.rule[0])
            dashed = pg.mkPen(colour, width=1.5, style=Qt.PenStyle.DashLine)
            shares = own.exported.share * (whole if in_cc else 100.0)
            self.plot.plot(own.exported.dose_gy, shares, pen=dashed)


def differential(curves: Curves) -> tuple[Floats, Floats]:
    """Return dose (Gy) and volume per Gy (cc/Gy), in steps of a hundredth of the range."""
    doses = np.linspace(curves.edges_gy[0], curves.edges_gy[-1], 101)
    cumulative = np.interp(doses, curves.edges_gy, curves.rule)
    width = doses[1] - doses[0]
    return (doses[:-1] + doses[1:]) / 2, -np.diff(cumulative) / width


def banded_text(value: Banded, digits: int = 2) -> str:
    """Return a value with its half band, e.g. "45.21 ± 0.30"; a dash where there is none."""
    if not np.isfinite(value.value):
        return "–"  # noqa: RUF001  (a dash)
    locale = QLocale()
    shown = locale.toString(float(value.value), "f", digits)
    return f"{shown} ± {locale.toString(float(value.half_width), 'f', digits)}"


def table_row(own: StructureDvh) -> tuple[str, ...]:
    """Return one row of the table; without a DVH the reason stands under Notes."""
    found = statistics(own)
    if found is None:
        return (own.structure.name, *[""] * 12, own.problem)
    values = (
        found.min_gy, found.mean_gy, found.max_gy, found.d98_gy, found.d95_gy, found.d50_gy,
        found.d2_gy, found.d003cc_gy,
    )  # fmt: skip
    locale = QLocale()
    exported = ""
    if own.exported is not None:
        percent = locale.toString(own.exported.largest_difference, "f", 1)
        exported = f"{percent} %-points at {locale.toString(own.exported.at_gy, 'f', 1)} Gy"
    return (
        own.structure.name,
        banded_text(found.volume_cc),
        locale.toString(found.contour_volume_cc, "f", 2),
        *(banded_text(value) for value in values),
        exported,
        "low" if own.low_confidence else "usual",
        "; ".join(own.notes),
    )
