"""What is dropped on the window: several files of one set are opened together."""

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent

from app.background import JOBS
from app.main_window import MainWindow
from tests.core.dicom_maker import clean_set


@pytest.fixture
def window(qtbot):
    made = MainWindow()
    qtbot.addWidget(made)
    made.show()
    return made


def drop(qtbot, window, paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    event = QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    window.dropEvent(event)
    qtbot.waitUntil(lambda: not JOBS.running, timeout=20_000)


@pytest.mark.req("Y-10")
def test_that_files_dropped_on_the_viewer_are_one_set(qtbot, window, tmp_path):
    files = sorted(clean_set().write(tmp_path / "set").iterdir())
    viewer = window.go_to("Viewer")
    drop(qtbot, window, files)
    qtbot.waitUntil(lambda: viewer.desk is not None, timeout=20_000)
    assert len(viewer.desk.loaded.sets) == 1
    assert len(viewer.desk.rt_set.items) == len(files) == 12


@pytest.mark.req("Y-03")
def test_that_files_dropped_on_the_archive_are_taken_in(qtbot, window, tmp_path):
    files = sorted(clean_set().write(tmp_path / "set").iterdir())
    archive = window.go_to("Archive")
    drop(qtbot, window, files)
    qtbot.waitUntil(lambda: archive.people.rowCount() == 1, timeout=20_000)
    assert len(archive.chosen()) == 12
