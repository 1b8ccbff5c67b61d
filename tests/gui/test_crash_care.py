"""Faults are told in the window, and what was open in a killed run can be opened again."""

import json
import os
import signal
import subprocess
import sys
import textwrap

import pytest

from app.background import JOBS
from app.demo.write_demo import write_demo
from app.main_window import MainWindow
from app.session import Session, left_over, session_folder
from app.start import offer
from core.fault_log import fault_file, log_folder
from core.findings import State

LONG_MS = 20_000
BEFORE = """
import sys, threading
from pathlib import Path
from PySide6.QtCore import QTimer
from app import start
from app.main_window import MainWindow
from app.style import application

def then():
    window = next(w for w in application().topLevelWidgets() if isinstance(w, MainWindow))
    if not window.at_once:  # its rooms are still being loaded
        QTimer.singleShot(50, then)
        return
"""
AFTER = """
application()
QTimer.singleShot(400, then)
sys.exit(start.show())
"""


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    return write_demo(tmp_path_factory.mktemp("demo") / "demonstration")


@pytest.fixture
def window(qtbot):
    window = MainWindow()
    qtbot.addWidget(window)
    window.show()
    return window


def quiet(qtbot):
    qtbot.waitUntil(lambda: JOBS.running == (), timeout=LONG_MS)


def running(deed):
    """Start the real program, with something done in it once it is shown."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    words = BEFORE + textwrap.indent(textwrap.dedent(deed), "    ") + AFTER
    return subprocess.Popen(
        [sys.executable, "-c", words], env=environment, stdout=subprocess.PIPE, text=True
    )


def test_that_a_fault_in_the_window_and_in_a_thread_is_kept_and_told():
    deed = """
        def fail(): raise KeyError("DOE^JANE")
        def told(): return window.notice.isVisible() and "fault" in window.notice.words.text()
        def once_told(deed):
            if told(): deed()
            else: QTimer.singleShot(20, lambda: once_told(deed))
        def in_a_thread():
            print(window.notice.words.text())
            window.notice.close_button.click()
            threading.Thread(target=fail, name="other").start()
            once_told(lambda: (print("told again"), window.close()))
        QTimer.singleShot(0, fail)
        once_told(in_a_thread)
    """
    done = running(deed)
    told, _ = done.communicate(timeout=120)
    assert done.returncode == 0
    assert "has a fault (KeyError)" in told
    assert "DOE" not in told
    assert told.endswith("told again\n")
    lines = [json.loads(line) for line in fault_file().read_text().splitlines()]
    assert [one["doing"] for one in lines] == ["the window", "thread other"]
    assert list(log_folder().glob("crash-*")) == []
    assert list(session_folder().glob("*.json")) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_that_a_crash_below_python_leaves_its_places_and_what_was_open(demo):
    export = demo.folder / "export" / "DEMO-0001_IE.rtp"
    deed = f"""
        window.open_path(Path({str(export)!r}))
        import ctypes
        from app.session import session_folder
        def crash_once_kept():
            if list(session_folder().glob("*.json")):
                ctypes.string_at(0)
            QTimer.singleShot(100, crash_once_kept)
        crash_once_kept()
    """
    done = running(deed)
    done.communicate(timeout=120)
    assert done.returncode == -signal.SIGSEGV
    (crash,) = log_folder().glob("crash-*")
    assert "Segmentation fault" in crash.read_text()
    left = left_over()
    assert left.rooms["Filter"]["rv"] == str(export)


def test_that_a_run_that_goes_on_is_no_left_over():
    session = Session()
    session.keep({"Filter": {"rv": "a.rtp"}})
    assert left_over() is None
    session.end()
    assert list(session_folder().iterdir()) == []


def test_that_a_killed_check_is_offered_and_opened_again(qtbot, window, demo):
    checker = window.go_to("Filter")
    export = demo.folder / "export" / "DEMO-0001_IE.rtp"
    checker.run(export, demo.folder / "dicom" / "plan.dcm")
    quiet(qtbot)
    checker.notes.text.setPlainText("Gating: none")
    kept = window.state()
    assert set(kept) == {"Filter"}
    (session_folder() / "gone.json").write_text(
        json.dumps({"when": "2026-11-26T07:00:00+00:00", "rooms": kept})
    )
    other = MainWindow()
    qtbot.addWidget(other)
    other.show()
    offer(other, left_over())
    assert other.notice.isVisible()
    assert "Filter" in other.notice.words.text()
    other.notice.buttons[0].click()
    quiet(qtbot)
    page = other.page("Filter")
    assert other.stack.currentWidget() is page
    assert page.view.banner.state == State.PASS, page.view.banner.text
    assert (page.rv_path, page.plan_path) == (export, checker.plan_path)
    assert page.notes.text.toPlainText() == "Gating: none"
    assert left_over() is None


def test_that_what_is_not_wanted_is_not_offered_again(qtbot, window):
    (session_folder() / "gone.json").write_text('{"when": "", "rooms": {"LEX": {"plan": "x"}}}')
    offer(window, left_over())
    window.notice.close_button.click()
    assert left_over() is None
    assert not window.notice.isVisible()


def test_that_a_damaged_left_over_is_put_away():
    for name, text in (("a", "{"), ("b", "[]"), ("c", '{"rooms": 1}')):
        (session_folder() / f"{name}.json").write_text(text)
    assert left_over() is None
    assert list(session_folder().glob("*.json")) == []


def test_that_entries_of_a_killed_transfer_come_back_for_the_same_plan_only(qtbot, window, demo):
    window.start_demo(demo.folder)
    lex = window.page("LEX")
    qtbot.waitUntil(lambda: lex.plan_step.trial is not None, timeout=LONG_MS)
    quiet(qtbot)
    lex.go(lex.steps.index(lex.treatment_step))
    quiet(qtbot)
    lex.treatment_step.tolerance_table.set_value(3)
    kept = json.loads(json.dumps(window.state()["LEX"]))
    for whose, expected in ((kept["entered"]["whose"], 3), (["someone else"], None)):
        other = MainWindow()
        qtbot.addWidget(other)
        other.show()
        kept["entered"]["whose"] = whose
        other.resume({"LEX": kept})
        again = other.page("LEX")
        qtbot.waitUntil(lambda again=again: again.plan_step.trial is not None, timeout=LONG_MS)
        quiet(qtbot)
        again.go(again.steps.index(again.treatment_step))
        quiet(qtbot)
        assert again.treatment_step.tolerance_table.value() == expected


def test_that_the_room_with_images_shows_them_again(qtbot, window, demo):
    window.page("Viewer").open_paths([demo.folder / "dicom"])
    quiet(qtbot)
    kept = window.state()
    assert kept == {"Viewer": {"paths": [str(demo.folder / "dicom")]}}
    other = MainWindow()
    qtbot.addWidget(other)
    other.show()
    other.resume(kept)
    quiet(qtbot)
    assert other.page("Viewer").state() == kept["Viewer"]
