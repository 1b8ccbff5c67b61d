"""All that can be done now, by typing; keys of one's own; the window as it was left."""

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QSplitter

from app.background import JOBS
from app.command_palette import recent_names
from app.deeds import Deed, deeds_of, matching, menu_actions, plain
from app.main_window import MainWindow
from app.remembered import keep_layout, restore_splitters, restore_window


@pytest.fixture
def window(qtbot):
    made = MainWindow()
    qtbot.addWidget(made)
    made.show()
    qtbot.waitUntil(lambda: not JOBS.running, timeout=30_000)
    return made


def deeds(window, room):
    return deeds_of(window, window.go_to(room), room)


def test_that_every_word_counts_in_any_order_and_the_last_used_comes_first():
    made = [Deed("File", "Open folder…", "", list), Deed("LEX", "Open plan folder…", "", list),
            Deed("File", "Quit", "", list)]  # fmt: skip
    assert [one.title for one in matching(made, "FOLDER open")] == [
        "Open folder…", "Open plan folder…",
    ]  # fmt: skip
    assert [one.title for one in matching(made, "folder", ["LEX: Open plan folder…"])] == [
        "Open plan folder…", "Open folder…",
    ]  # fmt: skip
    assert matching(made, "folder quit") == []


def test_that_menus_rooms_tabs_and_buttons_are_found_and_what_cannot_be_done_is_not(window):
    names = {one.name for one in deeds(window, "LEX")}
    assert {"File: Open file…", "View: Dark", "Room: Filter", "LEX: Open plan file…"} <= names
    disabled = [one for one in window.page("LEX").findChildren(type(window.page("LEX").fix_button))
                if one.isVisible() and not one.isEnabled()]  # fmt: skip
    assert disabled
    assert not {f"LEX: {plain(one.text())}" for one in disabled} & names
    assert "Archive, page: Rules" in {one.name for one in deeds(window, "Archive")}


def test_that_every_enabled_action_of_the_menus_is_there(window):
    names = {one.name for one in deeds(window, "Filter")}
    for place, action in menu_actions(window):
        assert (f"{place}: {plain(action.text())}" in names) == action.isEnabled()


def test_that_a_room_is_reached_by_keys_alone(window, qtbot):
    QTest.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    palette = window.findChild(type(window.show_commands()))
    QTest.keyClicks(palette.words, "room arch")
    assert palette.list.count() == 1
    QTest.keyClick(palette.words, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.rooms[window.rail.currentRow()].title == "Archive")
    assert recent_names() == ["Room: Archive"]


def test_that_arrows_move_and_escape_does_nothing_else(window):
    palette = window.show_commands()
    first = palette.list.currentItem().text()
    QTest.keyClick(palette.words, Qt.Key.Key_Down)
    assert palette.list.currentItem().text() != first
    QTest.keyClick(palette.words, Qt.Key.Key_Up)
    QTest.keyClick(palette.words, Qt.Key.Key_Up)
    assert palette.list.currentItem().text() == first
    before = window.stack.currentIndex()
    QTest.keyClick(palette.words, Qt.Key.Key_Escape)
    assert not palette.isVisible()
    assert window.stack.currentIndex() == before
    assert recent_names() == []


def test_that_words_without_a_deed_say_so(window):
    palette = window.show_commands()
    palette.words.setText("xyzzy")
    assert "Nothing" in palette.list.item(0).text()
    QTest.keyClick(palette.words, Qt.Key.Key_Return)
    assert palette.isVisible()


def test_that_a_window_comes_back_as_it_was_left(window, qtbot):
    window.resize(722, 577)  # smaller than the screen of the tests: Qt fits a window to its screen
    lex = window.go_to("Filter")
    qtbot.wait(10)
    splitter = next(one for one in lex.findChildren(QSplitter) if one.count() > 1)
    splitter.setSizes([100, 500])
    state = splitter.saveState()
    keep_layout(window, window.pages(), window.settings)
    again = MainWindow()
    qtbot.addWidget(again)
    assert restore_window(again, again.settings) == "Filter"
    restore_splitters(again.pages(), again.settings)
    assert (again.width(), again.height()) == (722, 577)
    same = next(one for one in again.page("Filter").findChildren(QSplitter) if one.count() > 1)
    assert same.saveState() == state


def test_that_the_first_start_has_nothing_to_restore(window):
    window.settings.clear()
    assert restore_window(window, window.settings) == ""
    restore_splitters(window.pages(), window.settings)


def test_that_a_screen_too_small_is_filled_at_the_first_start(window, qtbot):
    room = window.screen().availableSize()
    window.settings.clear()
    small, large = MainWindow(()), MainWindow(())
    for made, size in ((small, room - QSize(60, 60)), (large, room + QSize(60, 60))):
        qtbot.addWidget(made)
        made.resize(size)
        restore_window(made, made.settings)
    assert small.size() == room - QSize(60, 60)
    assert not small.isMaximized()
    assert large.isMaximized()
    assert large.size() == room


def test_that_a_window_closed_while_its_rooms_are_loaded_keeps_what_was_remembered(window, qtbot):
    lex = window.go_to("Filter")
    qtbot.wait(10)
    splitter = next(one for one in lex.findChildren(QSplitter) if one.count() > 1)
    splitter.setSizes([100, 500])
    state = splitter.saveState()
    window.close()
    early = MainWindow(at_once=False)
    qtbot.addWidget(early)
    early.make_room(0)
    early.show()
    early.close()
    early = MainWindow(at_once=False)
    qtbot.addWidget(early)
    early.show()
    early.close()
    again = MainWindow()
    qtbot.addWidget(again)
    assert restore_window(again, again.settings) == "LEX"
    restore_splitters(again.pages(), again.settings)
    same = next(one for one in again.page("Filter").findChildren(QSplitter) if one.count() > 1)
    assert same.saveState() == state
