"""The Viewer opened and closed again and again: what stays in memory, and a picture of it.

python -m tests.bench.open_close FOLDER [CYCLES]     writes memory.png and memory.csv there

Two ways: the whole page made and closed each time, and a set opened in the page that is there
as a user does it.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyqtgraph as pg
from pyqtgraph.exporters import ImageExporter
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QApplication

from app.background import JOBS
from app.viewer.desk import Desk
from app.viewer.loading import load_sets
from tests.bench.memory import in_use_kb, resident_kb
from tests.core.dicom_maker import clean_set

PATIENCE_S = 60.0
KINDS = ("in use", "resident")
LINES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DotLine)


def settle(until: Callable[[], bool] = lambda: True) -> None:
    """Let everything happen that is on its way, and wait until something holds."""
    end = time.monotonic() + PATIENCE_S
    QApplication.processEvents()
    while (JOBS.running or not until()) and time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.002)
    QApplication.processEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QApplication.processEvents()


def new_desk() -> Desk:
    """Return a page on the screen."""
    desk = Desk()
    desk.resize(900, 640)
    desk.show()
    return desk


def show_all(desk: Desk, folder: Path) -> None:
    """Open a set and show slices, 3D, beam's eye view and DVH."""
    picture = desk.room.picture
    picture.frame_s = 0.0
    desk.show_loaded(load_sets([folder], lambda *_: None))
    settle(lambda: picture.frame_s > 0)  # the room is drawn a moment after the slices
    picture.rotate(10, 5)
    for page in (desk.beams, desk.dvh, desk.slices):
        desk.tabs.setCurrentWidget(page)
        settle()
        desk.grab()
    if picture.frame_s <= 0:
        raise RuntimeError("the 3D view was never drawn")


def one_cycle(folder: Path) -> None:
    """Make the page, show everything of a set, close all of it."""
    desk = new_desk()
    show_all(desk, folder)
    desk.leave()
    desk.close()
    desk.deleteLater()
    del desk
    settle()


def memory_over(cycles: int, work: Callable[[], None]) -> np.ndarray:
    """Return the resident kB after each cycle."""
    kept = []
    for _ in range(cycles):
        work()
        kept.append((in_use_kb(), resident_kb()))
    return np.array(kept)


def growth_kb(kept: np.ndarray, early: slice, late: slice) -> float:
    """Return the growth per cycle between the medians of two stretches."""
    places = np.arange(len(kept))
    apart = float(places[late].mean() - places[early].mean())
    return float(np.median(kept[late]) - np.median(kept[early])) / apart


def write_table(curves: dict[str, np.ndarray], file: Path) -> None:
    """Write the memory of each cycle, in kB."""
    titles = ["cycle", *(f"{name} ({kind})" for name in curves for kind in KINDS)]
    rows = np.hstack(list(curves.values()))
    lines = [
        ",".join(f"{own:.0f}" for own in (number, *row)) for number, row in enumerate(rows, 1)
    ]
    file.write_text("\n".join([",".join(titles), *lines]) + "\n")


def plot(curves: dict[str, np.ndarray], file: Path) -> None:
    """Write the memory of each cycle as a picture."""
    widget = pg.PlotWidget(background="w")
    widget.resize(900, 420)
    widget.setLabel("bottom", "open and close cycles")
    widget.setLabel("left", "memory (MB)")
    widget.showGrid(x=True, y=True, alpha=0.3)
    widget.addLegend(offset=(-20, -20))
    for (name, kept), colour in zip(curves.items(), ("#1a56b0", "#c05a00"), strict=True):
        for kind, column, style in zip(KINDS, kept.T, LINES, strict=True):
            pen = pg.mkPen(colour, width=2, style=style)
            widget.plot(np.arange(1, len(kept) + 1), column / 1024, pen=pen,
                        name=f"{name}, {kind}")  # fmt: skip
    widget.setYRange(0, max(kept.max() for kept in curves.values()) / 1024 * 1.1)
    widget.show()
    QApplication.processEvents()
    ImageExporter(widget.plotItem).export(str(file))
    widget.close()


def main() -> None:
    """Measure, write table and picture, say the growth."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    target, cycles = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 200
    target.mkdir(parents=True, exist_ok=True)
    application = QApplication.instance() or QApplication([])
    with tempfile.TemporaryDirectory() as name:
        folder = clean_set().write(Path(name))
        curves = {"the page made and closed": memory_over(cycles, lambda: one_cycle(folder))}
        desk = new_desk()
        curves["another set in the same page"] = memory_over(
            cycles, lambda: show_all(desk, folder)
        )
        desk.leave()
    write_table(curves, target / "memory.csv")
    plot(curves, target / "memory.png")
    quarter = max(cycles // 4, 1)
    for name, kept in curves.items():
        for kind, column in zip(KINDS, kept.T, strict=True):
            growth = growth_kb(column, slice(quarter, 2 * quarter), slice(-quarter, None))
            print(f"{name}, {kind}, {cycles} cycles: {column[0] / 1024:.0f} to "
                  f"{column[-1] / 1024:.0f} MB, {growth:.1f} kB per cycle after the first "
                  "quarter")  # fmt: skip
    del application


if __name__ == "__main__":
    main()
