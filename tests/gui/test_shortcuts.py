"""Keys of one's own: chosen, refused, reset, kept, and told where a version ships them anew."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.background import JOBS
from app.key_use import GROUP, chosen_keys
from app.keys import KEYS, WINDOW, used_by
from app.main_window import MainWindow
from app.shortcuts import actions_by_name, choose, conflicts, keys_of, refusals
from app.shortcuts_window import HINT
from app.start import tell_layers, window_of
from app.viewer.slices_panel import SlicesPanel
from core.findings import State


@pytest.fixture
def window(qtbot):
    made = MainWindow()
    qtbot.addWidget(made)
    made.show()
    qtbot.waitUntil(lambda: not JOBS.running, timeout=30_000)
    return made


def as_earlier(window, **chosen):
    """Keep keys as an earlier version did, which looked for fewer conflicts."""
    window.settings.setValue(GROUP, {name.replace("_", ": "): own for name, own in chosen.items()})
    window.settings.sync()


def started(qtbot):
    """A window as the program starts it, its rooms not loaded, after its first looks."""
    made = window_of()
    qtbot.addWidget(made)
    made.show()
    tell_layers(made)
    qtbot.waitUntil(lambda: not JOBS.running, timeout=30_000)
    qtbot.wait(20)
    return made


def test_that_shipped_keys_are_never_double(window):
    assert len(keys_of(window)) > 10
    assert conflicts(keys_of(window)) == {}


def test_that_chosen_keys_work_and_are_there_after_a_restart(window, qtbot):
    wanted = keys_of(window) | {"View: Dark": "Ctrl+Alt+D", "File: Open file": ""}
    choose(window, wanted)
    actions = actions_by_name(window)
    assert actions["View: Dark"].shortcut() == QKeySequence("Ctrl+Alt+D")
    assert chosen_keys() == {"View: Dark": "Ctrl+Alt+D", "File: Open file": ""}
    again = MainWindow()
    qtbot.addWidget(again)
    assert actions_by_name(again)["View: Dark"].shortcut() == QKeySequence("Ctrl+Alt+D")
    assert actions_by_name(again)["File: Open file"].shortcut().isEmpty()
    assert actions_by_name(again)["File: Quit"].shortcut() == QKeySequence("Ctrl+Q")


def test_that_the_same_keys_twice_are_refused_and_change_nothing(window):
    before = keys_of(window)
    with pytest.raises(ValueError, match=r"Ctrl\+Q: File: Quit and View: Dark"):
        choose(window, before | {"View: Dark": "Ctrl+Q"})
    assert keys_of(window) == before
    assert chosen_keys() == {}


def test_that_the_page_tells_a_conflict_and_puts_the_shipped_keys_back(window):
    page = window.show_shortcuts()
    save = page.buttons.button(page.buttons.StandardButton.Save)
    page.keys["View: Dark"].setKeySequence(QKeySequence("Ctrl+Q"))
    assert "Ctrl+Q: File: Quit and View: Dark" in page.words.text()
    assert not save.isEnabled()
    page.keys["View: Dark"].setKeySequence(QKeySequence("Ctrl+Alt+D"))
    assert page.words.text() == HINT
    save.click()
    assert chosen_keys() == {"View: Dark": "Ctrl+Alt+D"}
    page = window.show_shortcuts()
    page.reset_button.click()
    page.save()
    assert chosen_keys() == {}
    assert actions_by_name(window)["View: Dark"].shortcut().isEmpty()


def test_that_an_action_without_words_has_no_keys_to_change(window):
    window.addAction(QAction(window))
    assert all(not name.endswith(": ") for name in actions_by_name(window))


def test_that_keys_of_a_room_are_refused_with_the_place_that_uses_them(window):
    before = keys_of(window)
    with pytest.raises(ValueError, match=r"M for View: Dark: Viewer, slices: measure"):
        choose(window, before | {"View: Dark": "M"})
    assert keys_of(window) == before
    page = window.show_shortcuts()
    page.keys["View: Dark"].setKeySequence(QKeySequence("Alt+2"))
    assert "Viewer, slices: axial view large" in page.words.text()
    assert not page.buttons.button(page.buttons.StandardButton.Save).isEnabled()


def test_that_keys_of_rooms_that_are_not_loaded_are_refused_too(qtbot):
    made = MainWindow(at_once=False)
    qtbot.addWidget(made)
    assert made.pages() == {}
    told = refusals(made, keys_of(made) | {"View: Dark": "M", "View: Light": "Alt+D"})
    assert len(told) == 2
    assert "Viewer, slices" in " ".join(told)
    assert "underlined" in " ".join(told)


@pytest.mark.parametrize(
    "own", sorted({key for one in KEYS.values() if not one.apart and one.place != WINDOW
                   for key in one.keys})
)  # fmt: skip
def test_that_every_key_of_the_rooms_is_refused(own):
    assert used_by(own)


def test_that_keys_of_a_window_of_its_own_can_be_chosen(window):
    assert any("Ctrl+F" in one.keys for one in KEYS.values())
    choose(window, keys_of(window) | {"View: Dark": "Ctrl+F"})
    assert actions_by_name(window)["View: Dark"].shortcut() == QKeySequence("Ctrl+F")


def test_that_one_key_is_reset_and_the_others_stay(window):
    choose(window, keys_of(window) | {"View: Dark": "Ctrl+Alt+D", "File: Quit": "Ctrl+Alt+Q"})
    page = window.show_shortcuts()
    own = page.resets["File: Quit"]
    assert own.isEnabled()
    assert not page.resets["File: Open file"].isEnabled()
    assert own.accessibleName() == "Shipped keys of File: Quit: Ctrl+Q"
    page.keys["File: Quit"].setFocus()
    own.setFocus()
    QTest.keyClick(own, Qt.Key.Key_Space)
    assert page.wanted["File: Quit"] == "Ctrl+Q"
    assert not own.isEnabled()
    page.save()
    assert chosen_keys() == {"View: Dark": "Ctrl+Alt+D"}


def test_that_a_reset_to_keys_that_another_has_meanwhile_is_told(window):
    choose(window, keys_of(window) | {"File: Quit": "", "View: Dark": "Ctrl+Q"})
    page = window.show_shortcuts()
    page.resets["File: Quit"].click()
    assert "Ctrl+Q: File: Quit and View: Dark" in page.words.text()


def test_that_keys_chosen_earlier_win_over_keys_shipped_anew_and_the_notice_says_so(qtbot, window):
    as_earlier(window, View_Dark="Ctrl+K", View_Light="Ctrl+Alt+L")
    again = started(qtbot)
    actions = actions_by_name(again)
    assert actions["View: Dark"].shortcut() == QKeySequence("Ctrl+K")
    assert actions["View: Commands"].shortcut().isEmpty()
    assert again.notice.isVisible()
    words = again.notice.words.text()
    assert "Ctrl+K stays with View: Dark, as you chose; View: Commands, shipped with it" in words
    assert "Light" not in words
    QApplication.setActiveWindow(again)  # keys go to an active window, and no desktop makes it one
    QTest.keyClick(again, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert again.chosen_scheme() == "Dark"
    again.notice.close_button.click()
    assert not started(qtbot).notice.isVisible()


def test_that_keys_chosen_earlier_win_over_a_room_that_is_loaded_later(qtbot, window):
    as_earlier(window, View_Dark="M")
    again = started(qtbot)
    assert "Viewer, slices: measure" in again.notice.words.text()
    panel = SlicesPanel()  # as the Viewer makes it when it has something to show
    qtbot.addWidget(panel)
    assert panel.measure.shortcut().isEmpty()
    QApplication.setActiveWindow(again)
    QTest.keyClick(again, Qt.Key.Key_M)
    assert again.chosen_scheme() == "Dark"
    page = again.show_shortcuts()  # what has been told is no reason to refuse other changes
    assert page.words.text() == HINT


def test_that_the_letter_of_a_button_taken_in_an_earlier_version_is_told(qtbot, window):
    as_earlier(window, View_Dark="Alt+W")
    again = started(qtbot)
    words = again.notice.words.text()
    assert "Alt+W stays with View: Dark, as you chose; the menu, box or button" in words


def test_that_keys_are_told_once_the_notice_before_is_closed(qtbot, window):
    as_earlier(window, View_Dark="Ctrl+K")
    made = window_of()
    qtbot.addWidget(made)
    made.show()
    done = []
    made.notice.tell(State.WARNING, "The program ended.", {"Open again": lambda: done.append(1)})
    tell_layers(made)
    qtbot.waitUntil(lambda: not JOBS.running, timeout=30_000)
    qtbot.wait(20)
    assert "The program ended" in made.notice.words.text()
    made.notice.buttons[0].click()
    assert done == [1]
    assert made.notice.isVisible()
    assert "Ctrl+K stays with View: Dark" in made.notice.words.text()
    made.notice.close_button.click()
    assert not made.notice.isVisible()


def test_that_a_start_without_conflicts_says_nothing_of_keys(qtbot, window):
    as_earlier(window, View_Dark="Ctrl+Alt+D")
    again = started(qtbot)
    assert again.lost_keys == []
    assert "Ctrl" not in again.notice.words.text()
