"""The Viewer opened and closed again and again: what stays in memory, and a picture of it.

python -m tests.bench.open_close FOLDER [CYCLES]     writes memory.png and memory.csv there

Two ways: the whole page made and closed each time, and a set opened in the page that is there
as a user does it.
"""

import ctypes
import gc
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyqtgraph as pg
from pyqtgraph.exporters import ImageExporter
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QPixmapCache
from PySide6.QtWidgets import QApplication
from vtkmodules.vtkFiltersSources import vtkSphereSource
from vtkmodules.vtkRenderingCore import (
    vtkActor,
    vtkPolyDataMapper,
    vtkRenderer,
    vtkRenderWindow,
)

from app.background import JOBS
from app.viewer.desk import Desk
from app.viewer.loading import load_sets
from tests.core.dicom_maker import clean_set

PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024 if hasattr(os, "sysconf") else 4
PATIENCE_S = 60.0


def resident_kb() -> int:
    """Return the memory this program has in RAM, in kB (Linux), once free memory is given back.

    Qt's store of drawn pictures, which fills up to its limit of 10 MB, is emptied first.
    """
    QPixmapCache.clear()
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_KB


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
        kept.append(resident_kb())
    return np.array(kept)


def vtk_alone_kb(cycles: int = 100) -> float:
    """Return what an off-screen window of VTK keeps each time, with none of our code."""

    def once() -> None:
        window, renderer = vtkRenderWindow(), vtkRenderer()
        window.SetOffScreenRendering(1)
        window.SetSize(450, 320)
        window.AddRenderer(renderer)
        source, mapper, actor = vtkSphereSource(), vtkPolyDataMapper(), vtkActor()
        mapper.SetInputConnection(source.GetOutputPort())
        actor.SetMapper(mapper)
        renderer.AddActor(actor)
        window.Render()
        window.Finalize()

    for _ in range(cycles // 3):
        once()
    before = resident_kb()
    for _ in range(cycles):
        once()
    return (resident_kb() - before) / cycles


def growth_kb(kept: np.ndarray, early: slice, late: slice) -> float:
    """Return the growth per cycle between the medians of two stretches."""
    places = np.arange(len(kept))
    apart = float(places[late].mean() - places[early].mean())
    return float(np.median(kept[late]) - np.median(kept[early])) / apart


def plot(curves: dict[str, np.ndarray], file: Path) -> None:
    """Write the memory of each cycle as a picture."""
    widget = pg.PlotWidget(background="w")
    widget.resize(900, 420)
    widget.setLabel("bottom", "open and close cycles")
    widget.setLabel("left", "resident memory (MB)")
    widget.showGrid(x=True, y=True, alpha=0.3)
    widget.addLegend(offset=(-20, -20))
    for (name, kept), colour in zip(curves.items(), ("#1a56b0", "#c05a00"), strict=True):
        pen = pg.mkPen(colour, width=2)
        widget.plot(np.arange(1, len(kept) + 1), kept / 1024, pen=pen, name=name)
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
    rows = zip(*curves.values(), strict=True)
    lines = [f"{number},{one},{other}" for number, (one, other) in enumerate(rows, start=1)]
    (target / "memory.csv").write_text("\n".join(["cycle,closed_kb,same_page_kb", *lines]) + "\n")
    plot(curves, target / "memory.png")
    quarter = max(cycles // 4, 1)
    for name, kept in curves.items():
        growth = growth_kb(kept, slice(quarter, 2 * quarter), slice(-quarter, None))
        print(f"{name}, {cycles} cycles: {kept[0] / 1024:.0f} to {kept[-1] / 1024:.0f} MB, "
              f"{growth:.1f} kB per cycle after the first quarter")  # fmt: skip
    print(f"an empty off-screen window of VTK alone keeps {vtk_alone_kb():.1f} kB")
    del application


if __name__ == "__main__":
    main()
