"""Window tests: real widgets, own settings, no dialog that would wait for a person."""

import gc
import os
import threading

import pytest
from PySide6.QtCore import QLocale, QSettings
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from app.archive.imports import take_in
from app.background import JOBS, THREADS
from app.collector import Collector, collect_due
from app.demo.write_demo import write_demo
from app.filter.gui.page import FilterPage
from core.archive.archive import Archive
from tests.core.dicom_maker import clean_set


@pytest.fixture(scope="session")
def qapp_cls():
    from PySide6.QtWidgets import QApplication

    return QApplication


@pytest.fixture(autouse=True)
def own_settings(tmp_path):
    QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, str(tmp_path))
    QSettings("EQS", "Workstation").clear()


@pytest.fixture(autouse=True)
def no_dialogs(monkeypatch):
    def refuse(*arguments, **named):
        raise AssertionError(f"a dialog would wait for a person: {arguments[1:]}")

    for name in ("about", "critical", "information", "question", "warning"):
        monkeypatch.setattr(QMessageBox, name, refuse)
    for name in ("getOpenFileName", "getSaveFileName", "getExistingDirectory"):
        monkeypatch.setattr(QFileDialog, name, refuse)


@pytest.fixture(scope="session")
def collected_elsewhere(qapp):
    """Names of threads, other than the GUI's, in which Python has looked for cyclic rubbish."""
    threads = []

    def look(phase, _):
        if threading.current_thread() is not threading.main_thread():
            threads.append(threading.current_thread().name)

    Collector(qapp)
    gc.callbacks.append(look)
    yield threads
    gc.callbacks.remove(look)


@pytest.fixture(autouse=True)
def rubbish_stays_in_the_gui_thread(collected_elsewhere):
    collected_elsewhere.clear()
    yield
    collect_due()
    assert collected_elsewhere == []


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The folder of a demonstration set."""
    return write_demo(tmp_path_factory.mktemp("demo") / "demo").folder


@pytest.fixture
def plan(tmp_path):
    """Where a plan would lie that a case of LEX's checks takes the place of."""
    file = tmp_path / "source" / "plan.dcm"
    file.parent.mkdir()
    file.write_bytes(b"a plan")
    return file


@pytest.fixture
def plain_numbers():
    before = QLocale()
    QLocale.setDefault(QLocale.c())
    yield
    QLocale.setDefault(before)


@pytest.fixture(autouse=True)
def no_job_survives():
    yield
    assert JOBS.cancel_all()


@pytest.fixture
def platform_wanted():
    return os.environ.get("EQS_TEST_PLATFORM", "")


@pytest.fixture
def filter_page(qtbot):
    """The Filter's page, shown in the size it has in a window of 1280 x 720."""
    made = FilterPage()
    qtbot.addWidget(made)
    made.resize(1130, 650)
    made.show()
    return made


@pytest.fixture
def settle(qtbot):
    """Wait until no job runs; what one job begins when it ends is waited for, too."""

    def wait():
        for _ in range(2):
            qtbot.waitUntil(lambda: not JOBS.running, timeout=120_000)
            qtbot.wait(20)

    return wait


@pytest.fixture
def cancelled_before_its_turn(qtbot):
    """Begin something while every thread of the pool is busy, and cancel it as the user does."""
    owner, go = QWidget(), threading.Event()
    qtbot.addWidget(owner)

    def run(begin):
        for _ in range(THREADS):
            JOBS.start(
                owner, "busy", lambda _: go.wait(20), done=lambda _: None, failed=lambda _: None
            )
        busy = JOBS.running
        begin()
        for job in JOBS.running:
            if job not in busy:
                job.cancel()
        go.set()
        qtbot.waitUntil(lambda: not JOBS.running)

    yield run
    go.set()


@pytest.fixture
def archive(tmp_path):
    """An archive that keeps one plan with its images, structures and dose."""
    made = Archive(tmp_path / "archive")
    take_in(made, [clean_set().write(tmp_path / "set")])
    yield made
    made.close()
