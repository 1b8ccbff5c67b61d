"""Loading as ratios to pydicom and SimpleITK in the same run: a series of 512 x 512 x 200.

By the clock, because the user waits for it; the least of several turns, taken in turn.
"""

import time
import tracemalloc

import numpy as np
import pydicom
import pytest
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication

from app.main_window import MainWindow
from core.dicom.files import read_items
from core.dicom.images import image_series
from core.dicom.pixels import read_volume
from core.dicom.rt_set import read_rt_sets
from tests.bench.made_set import SIDE, SLICES, write_series
from tests.bench.peers import run_python_peer
from tests.core.dicom_maker import dose, images, lattice, plan, square, structure_set, write

FIRST_IMAGE_S = 0.3


def by_the_clock(*works, rounds=7):
    best = [float("inf")] * len(works)
    for _ in range(rounds):
        for place, work in enumerate(works):
            start = time.perf_counter()
            work()
            best[place] = min(best[place], time.perf_counter() - start)
    return best


@pytest.fixture(scope="module")
def series_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("series")
    write_series(folder)
    return folder


def headers_and_one_buffer(files):
    values = np.empty((SLICES, SIDE, SIDE), dtype=np.int16)
    for number, file in enumerate(files):
        with file.open("rb") as stream:
            header = pydicom.dcmread(stream, stop_before_pixels=True)
            float(header.ImagePositionPatient[2])
            stream.seek(stream.tell() + 12)
            stream.readinto(values[number].reshape(-1).view(np.uint8).data)
    return values


@pytest.mark.bench
def test_that_a_series_loads_as_fast_as_headers_and_one_buffer(series_folder):
    files = sorted(series_folder.iterdir())

    def ours():
        items, _ = read_items([series_folder])
        (series,), _ = image_series(items)
        return read_volume(series)

    def peer():
        return headers_and_one_buffer(files)

    # Sorted and in HU, which the peer leaves to others; its buffer is as stored.
    assert (ours().values == peer() - 1024).all()
    own_s, peer_s = by_the_clock(ours, peer)
    ratio = own_s / peer_s
    print(f"\n{SLICES} slices: {own_s:.3f} s; headers and one buffer {peer_s:.3f} s, {ratio:.2f}")
    assert ratio <= 1.0


@pytest.mark.bench
def test_that_a_series_loads_faster_than_with_simpleitk(series_folder):
    def ours():
        read_volume(image_series(read_items([series_folder])[0])[0][0])

    (own_s,) = by_the_clock(ours)
    peer_s = run_python_peer("peer_simpleitk.py", series_folder)["seconds"]
    print(
        f"\n{SLICES} slices: {own_s:.3f} s; SimpleITK {peer_s:.3f} s, {peer_s / own_s:.1f} times"
    )
    assert own_s < peer_s


class FirstPaint(QObject):
    """Notes when a view has been painted with an image in its scene."""

    def __init__(self, desk):
        super().__init__()
        self.desk, self.at = desk, None
        for view in desk.slices.views:
            view.installEventFilter(self)

    def eventFilter(self, view, event):
        del view
        scene = self.desk.scene
        if event.type() == QEvent.Type.Paint and scene is not None and scene.volume is not None:
            # The next turn of the loop: then the painting is done.
            QTimer.singleShot(0, self._painted)
        return False

    def _painted(self):
        self.at = self.at or time.perf_counter()


def first_image_s(page, folder):
    """Return the seconds from opening a folder to the first image on the screen."""
    if page.desk is not None:
        page.desk.scene = None
    paint = None
    start = time.perf_counter()
    page.open_path(folder)
    while paint is None or paint.at is None:
        QApplication.processEvents()
        if paint is None and page.desk is not None:
            paint = FirstPaint(page.desk)
    return paint.at - start


@pytest.mark.bench
def test_that_the_first_image_is_there_within_a_third_of_a_second(qtbot, series_folder, jobs):
    window = MainWindow()
    qtbot.addWidget(window)
    window.resize(1280, 800)
    window.show()
    page = window.go_to("Viewer")
    # What the window does in the background once it is shown.
    page.prepare()
    taken = []
    for _ in range(6):
        taken.append(first_image_s(page, series_folder))
        qtbot.waitUntil(lambda: jobs.running == (), timeout=30_000)
    first, *others = taken
    median = sorted(others)[2]
    print(f"\nfirst image: first set after {first:.3f} s, further ones after {median:.3f} s")
    assert first <= FIRST_IMAGE_S
    assert median <= FIRST_IMAGE_S


@pytest.fixture
def jobs():
    from app.background import JOBS

    yield JOBS
    assert JOBS.cancel_all()


@pytest.mark.bench
def test_that_memory_stays_below_two_and_a_half_volumes(tmp_path):
    made = images(lattice(shape=(60, 256, 256), spacing=(2.5, 1, 1)), lambda x, y, z: x + z / 10)
    rings = [square((0, 0, z), 60.0) for z in np.arange(-70, 70, 2.5)]
    drawn = structure_set({"BODY": rings, "PTV": rings[20:40]}, made)
    planned = plan(drawn)
    grid = lattice(shape=(60, 128, 128), spacing=(2.5, 2, 2))
    flat = dose(grid, lambda x, y, z: 30 + 0 * x + z / 10, plan=planned, structures=drawn)
    write(tmp_path, [*made, drawn, planned, flat])
    del made, flat
    tracemalloc.start()
    (own,) = read_rt_sets([tmp_path])
    volume = read_volume(own.chief_series())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    held = volume.values.nbytes + own.chief_dose().grid.values.nbytes
    print(f"\npeak {peak / held:.2f} x the bytes of image and dose")
    assert peak < 2.5 * held
