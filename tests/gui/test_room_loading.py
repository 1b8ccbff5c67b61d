"""The window is there at once; rooms are made as their code is loaded, or when they are wanted."""

import subprocess
import sys
from threading import Event

import pytest

from app.background import JOBS
from app.demo.write_demo import write_demo
from app.main_window import MainWindow
from app.pages import ROOMS
from app.room_loading import RoomLoading
from app.start import window_of


@pytest.fixture
def window(qtbot):
    made = MainWindow(at_once=False)
    qtbot.addWidget(made)
    made.show()
    yield made
    qtbot.waitUntil(lambda: not JOBS.running, timeout=30_000)


def shown(window):
    """Return the room that is seen; None while one is waited for."""
    pages = window.stack.pages
    return next((ROOMS[number].title for number, page in pages.items() if page.isVisible()), None)


def test_that_nothing_heavy_is_loaded_before_the_window():
    code = (
        "import sys; from app.style import application; a = application();"
        "from app.start import window_of; w = window_of(); w.show(); a.processEvents();"
        "print(sorted(n for n in ('vtkmodules', 'pyqtgraph', 'pydicom', 'numpy', 'app.demo', "
        "'app.lex', 'app.filter', 'app.viewer', 'app.archive') if n in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_that_a_window_without_rooms_says_what_it_waits_for(window):
    assert window.stack.pages == {}
    assert window.stack.currentWidget().text() == "Opening LEX…"
    window.rail.setCurrentRow(3)
    assert window.stack.currentWidget().text() == "Opening Archive…"


def test_that_all_rooms_come_and_the_one_in_hand_is_shown(qtbot, window):
    window.rail.setCurrentRow(1)
    ready = []
    RoomLoading(window, lambda: ready.append(list(window.pages()))).start()
    qtbot.waitUntil(lambda: bool(ready), timeout=30_000)
    assert ready == [[room.title for room in ROOMS]]
    assert next(iter(window.stack.pages)) == 1  # the one in hand came first
    assert shown(window) == "Filter"
    window.rail.setCurrentRow(2)
    assert shown(window) == "Viewer"


def test_that_a_room_that_is_needed_does_not_wait(qtbot, window, tmp_path):
    demo = write_demo(tmp_path / "demo")
    window.open_path(demo.export)
    assert shown(window) == "Filter"
    qtbot.waitUntil(lambda: not JOBS.running, timeout=30_000)
    assert set(window.state()) == {"Filter"}


def test_that_a_room_made_later_knows_the_demonstration(qtbot, window, tmp_path):
    window.start_demo(write_demo(tmp_path / "demo").folder)
    assert shown(window) == "LEX"
    assert "Viewer" not in window.pages()
    viewer = window.go_to("Viewer")
    assert any("demonstration" in one.text().lower() and one.isVisible()
               for one in viewer.findChildren(type(window.page("LEX").fix_button)))  # fmt: skip


def test_that_the_other_rooms_come_even_when_one_cannot_be_loaded(qtbot, window):
    def broken():
        raise ImportError("a library is missing")

    lost = type(ROOMS[1])("Broken", "", broken)
    window.rooms = window.stack.rooms = (lost, *ROOMS[1:])
    ready = []
    with qtbot.captureExceptions() as told:
        RoomLoading(window, lambda: ready.append(1)).start()
        qtbot.waitUntil(lambda: len(window.stack.pages) == 3, timeout=30_000)
        window.rail.setCurrentRow(1)
        qtbot.wait(200)
    assert {str(fault) for _, fault, _ in told} == {"a library is missing"}
    assert shown(window) == "Filter"


def test_that_nothing_is_loaded_while_a_job_begins(qtbot, window):
    go = Event()
    JOBS.start(window, "Waiting", lambda _: go.wait(30), done=print, failed=print)
    ready = []
    RoomLoading(window, lambda: ready.append(1)).start()
    qtbot.wait(300)
    assert window.stack.pages == {}
    go.set()
    qtbot.waitUntil(lambda: bool(ready), timeout=30_000)


def test_that_a_long_job_does_not_keep_the_rooms_away(qtbot, window, monkeypatch):
    monkeypatch.setattr("app.room_loading.LONGEST_MS", 200)
    go = Event()
    JOBS.start(window, "Waiting", lambda _: go.wait(60), done=print, failed=print)
    ready = []
    RoomLoading(window, lambda: ready.append(1)).start()
    qtbot.waitUntil(lambda: bool(ready), timeout=30_000)
    assert not go.is_set()
    go.set()


def test_that_the_program_starts_with_the_room_it_was_left_in(qtbot):
    first = window_of()
    qtbot.addWidget(first)
    first.show()
    first.go_to("Archive")
    first.close()
    again = window_of()
    qtbot.addWidget(again)
    again.show()
    assert again.stack.currentWidget().text() == "Opening Archive…"
