"""The settings window: a value by the keyboard, its layer, refusals in words, search, undo."""

import tomllib

from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QLineEdit

from app.background import JOBS
from app.main_window import MainWindow
from app.settings_window import SettingsWindow
from app.start import tell_layers
from core.layers import MARK_FILE, Layer, own_layers
from core.paths import clinic_folder
from core.settings.pack import export

KEY = "comparison.angle_deg"


def opened(qtbot):
    window = SettingsWindow()
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: window.loaded is not None, timeout=20000)
    return window


def at(window, table, key):
    window.choose_table(table)
    place = [row.key for row in window.model.rows].index(key)
    window.view.setCurrentIndex(window.model.index(place, 1))
    window.view.setFocus()
    return place


def typed(qtbot, window, text):
    # The box of an earlier entry goes a moment after it was closed.
    qtbot.waitUntil(lambda: window.view.findChild(QLineEdit) is None, timeout=20000)
    qtbot.keyClick(window.view, Qt.Key.Key_F2)
    qtbot.waitUntil(lambda: window.view.findChild(QLineEdit) is not None, timeout=20000)
    box = window.view.findChild(QLineEdit)
    box.selectAll()
    qtbot.keyClicks(box, text)
    qtbot.keyClick(box, Qt.Key.Key_Return)


def sign(qtbot, window):
    window.person.clear()
    qtbot.keyClicks(window.person, "Jane Roe")
    qtbot.keyClicks(window.reason, "measured again")


def told(qtbot, window, words):
    qtbot.waitUntil(lambda: words in window.notice.words.text(), timeout=20000)


def shown(window, table=None):
    place = [row.key for row in window.model.rows].index(KEY)
    return [window.model.index(place, column).data() for column in range(6)]


def test_that_a_value_is_changed_by_the_keyboard_and_shows_its_layer(qtbot, share, plain_numbers):
    window = opened(qtbot)
    at(window, "tolerances.toml", KEY)
    assert shown(window)[:5] == [KEY, "0", "deg", "0 to 2", "shipped"]
    assert window.layer.currentData() == Layer.CLINIC
    sign(qtbot, window)
    typed(qtbot, window, "0.5")
    told(qtbot, window, "Written: comparison.angle_deg shipped → 0.5 in the layer 'clinic share'")
    qtbot.waitUntil(lambda: shown(window)[4] == "clinic share", timeout=20000)
    assert shown(window) == [
        KEY, "0.5", "deg", "0 to 2", "clinic share", "measured again (Jane Roe)",
    ]  # fmt: skip
    assert window.current_row().key == KEY
    assert "0.5" in (share / "tolerances.toml").read_text()
    qtbot.waitUntil(window.undo_button.isEnabled)
    window.undo_button.click()
    qtbot.waitUntil(lambda: shown(window)[4] == "shipped", timeout=20000)
    assert not (share / "tolerances.toml").exists()


def test_that_a_decimal_comma_is_read_and_a_mark_between_thousands_refused(qtbot, share):
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.German))
    try:
        window = opened(qtbot)
        at(window, "tolerances.toml", KEY)
        sign(qtbot, window)
        typed(qtbot, window, "0.5")
        told(qtbot, window, "'0.5' is not a number. Write it like 0,5")
        typed(qtbot, window, "0,5")
        qtbot.waitUntil(lambda: shown(window)[4] == "clinic share", timeout=20000)
        assert shown(window)[1] == "0,5"
        assert "value = 0.5" in (share / "tolerances.toml").read_text()
    finally:
        QLocale.setDefault(before)


def test_that_a_value_not_known_before_is_typed_in_the_users_own_way(qtbot, share):
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.German))
    try:
        window = opened(qtbot)
        place = at(window, "machines/siemens_160.toml", "mlc.gap_under_jaw_mm")
        assert window.model.index(place, 1).data() == "not known"
        sign(qtbot, window)
        typed(qtbot, window, "1.5")
        told(qtbot, window, "'1.5' is not a number. Write it like 0,5")
        typed(qtbot, window, "1,5")
        told(qtbot, window, "Written: mlc.gap_under_jaw_mm")
        text = (share / "machines" / "siemens_160.toml").read_text()
        assert tomllib.loads(text)["mlc"]["gap_under_jaw_mm"]["value"] == 1.5
    finally:
        QLocale.setDefault(before)


def test_that_what_is_refused_is_told_and_nothing_written(qtbot, share, plain_numbers):
    window = opened(qtbot)
    at(window, "tolerances.toml", KEY)
    typed(qtbot, window, "0.5")
    told(qtbot, window, "nobody is named")
    sign(qtbot, window)
    typed(qtbot, window, "7")
    told(qtbot, window, "allowed are 0.0 to 2.0 deg (tolerances.toml)")
    assert shown(window)[1] == "0"
    assert list(share.iterdir()) == [share / MARK_FILE]
    layers = [window.layer.itemData(place) for place in range(window.layer.count())]
    assert layers == [Layer.MACHINE, Layer.CLINIC]


def test_that_search_looks_into_every_table(qtbot, share):
    window = opened(qtbot)
    qtbot.keyClicks(window.search, "tg218 dose_percent")
    keys = [window.model.index(place, 0).data() for place in range(window.model.rowCount())]
    assert "Criteria of gamma: preset[tg218].dose_percent" in keys
    window.search.setText("no such words anywhere")
    assert window.model.rowCount() == 0
    assert window.empty.isVisible()
    assert window.empty.text() == "No value has these words."


def test_that_a_table_is_written_as_text_and_refused_as_text(qtbot, share):
    window = opened(qtbot)
    sign(qtbot, window)
    window.choose_table("lex_rules.toml")
    window.edit_button.click()
    write_text(window, 'version = "1"\nrules = 3\n')
    window.text.write_button.click()
    told(qtbot, window, "the file must hold a version and rules")
    assert window.pages.currentWidget() is window.text
    assert window.text.isEnabled()
    write_text(window, 'version = "1"\n')
    window.text.write_button.click()
    told(qtbot, window, "Written: version")
    assert (share / "lex_rules.toml").read_text() == 'version = "1"\n'
    qtbot.waitUntil(lambda: window.pages.currentWidget() is window.table_page, timeout=20000)
    assert not window.text.is_changed


def write_text(window, text):
    """Put a text in the place of the one that stands there, as typing does."""
    cursor = window.text.text.textCursor()
    cursor.select(cursor.SelectionType.Document)
    cursor.insertText(text)


def test_that_a_text_that_is_not_written_is_asked_about_and_nothing_takes_it_away(qtbot, share):
    window = opened(qtbot)
    window.choose_table("lex_rules.toml")
    window.edit_button.click()
    free = (window.search, window.list, window.layer, window.edit_button, window.import_button)
    assert all(one.isEnabled() for one in free)
    qtbot.keyClicks(window.text.text, "# ours")
    assert window.text.title.text().endswith("changed, not written")
    assert not any(one.isEnabled() for one in (*free, window.undo_button, window.reset_button))
    window.reload()
    qtbot.waitUntil(lambda: not JOBS.running, timeout=20000)
    assert window.pages.currentWidget() is window.text
    qtbot.keyClick(window.text.text, Qt.Key.Key_Escape)
    told(qtbot, window, "Changed and not written: lex_rules.toml")
    assert window.isVisible()
    assert window.text.content == "# ours"
    window.text.back.click()
    assert window.pages.currentWidget() is window.table_page
    assert all(one.isEnabled() for one in free)
    window.edit_button.click()
    assert window.text.content == ""
    window.reject()
    assert not window.isVisible()


def test_that_a_text_does_not_take_the_place_of_a_change_made_meanwhile(qtbot, share):
    (share / "lex_rules.toml").write_text('version = "1"\n')
    window = opened(qtbot)
    sign(qtbot, window)
    window.choose_table("lex_rules.toml")
    window.edit_button.click()
    (share / "lex_rules.toml").write_text('version = "2"\n')
    write_text(window, 'version = "3"\n')
    window.text.write_button.click()
    told(qtbot, window, "somebody has changed lex_rules.toml meanwhile")
    assert (share / "lex_rules.toml").read_text() == 'version = "2"\n'
    assert window.text.content == 'version = "3"\n'
    window.text.back.click()


def test_that_the_program_does_not_end_over_a_text_that_is_not_written(qtbot, share):
    main = MainWindow()
    qtbot.addWidget(main)
    main.show()
    window = main.show_settings()
    qtbot.waitUntil(lambda: window.loaded is not None, timeout=20000)
    window.choose_table("lex_rules.toml")
    window.edit_button.click()
    qtbot.keyClicks(window.text.text, "# ours")
    assert not main.close()
    assert main.isVisible()
    told(qtbot, window, "Changed and not written: lex_rules.toml")
    window.notice.buttons[0].click()
    assert main.close()


def test_that_ignored_tables_and_a_share_out_of_reach_are_told(qtbot, share):
    clinic_folder().mkdir(parents=True)
    (clinic_folder() / "tolerances.toml").write_text("[comparison]\nangle_deg = 2.0\n")
    window = opened(qtbot)
    told(qtbot, window, "tolerances.toml is not used")
    assert shown_after(window, "tolerances.toml") == "0"
    share.rename(share.with_name("away"))
    window.reload()
    told(qtbot, window, "out of reach")


def shown_after(window, table):
    window.choose_table(table)
    return shown(window)[1].rstrip(".0") or "0"


def test_that_the_menu_opens_it(qtbot):
    window = MainWindow(())
    qtbot.addWidget(window)
    (file_menu,) = [one.menu() for one in window.menuBar().actions() if one.text() == "&File"]
    (action,) = [one for one in file_menu.actions() if one.text() == "&Settings…"]
    assert action.shortcut().toString() == "Ctrl+,"
    action.trigger()
    (settings,) = window.findChildren(SettingsWindow)
    qtbot.waitUntil(lambda: settings.loaded is not None, timeout=20000)
    settings.close()


def test_that_the_start_tells_a_layer_out_of_reach_and_a_table_not_used(qtbot, share):
    window = MainWindow(())
    qtbot.addWidget(window)
    clinic_folder().mkdir(parents=True)
    (clinic_folder() / "tolerances.toml").write_text("[comparison]\nangle_deg = 2.0\n")
    tell_layers(window)
    told(qtbot, window, "tolerances.toml is not used")
    share.rename(share.with_name("away"))
    tell_layers(window)
    told(qtbot, window, "out of reach")


def test_that_an_import_is_shown_before_it_is_written(qtbot, share, tmp_path):
    (share / "tolerances.toml").write_text("[comparison]\nangle_deg = 1.5\n")
    export(own_layers(), Layer.CLINIC, tmp_path / "ours.zip")
    (share / "tolerances.toml").unlink()
    window = opened(qtbot)
    sign(qtbot, window)
    at(window, "tolerances.toml", KEY)
    window.offer_import(tmp_path / "ours.zip")
    told(qtbot, window, "ours.zip changes 1 values of the layer 'clinic share' in tolerances.toml")
    assert not (share / "tolerances.toml").exists()
    (button,) = window.notice.buttons
    button.click()
    qtbot.waitUntil(lambda: shown(window)[4] == "clinic share", timeout=20000)
    assert (share / "tolerances.toml").read_text() == "[comparison]\nangle_deg = 1.5\n"


def test_that_a_value_is_taken_out_by_a_button(qtbot, share, plain_numbers):
    (share / "tolerances.toml").write_text("# ours\n[comparison]\nangle_deg = 1.5\nmu = 0.5\n")
    window = opened(qtbot)
    sign(qtbot, window)
    at(window, "tolerances.toml", KEY)
    window.reset_button.click()
    qtbot.waitUntil(lambda: shown(window)[4] == "shipped", timeout=20000)
    assert (share / "tolerances.toml").read_text() == "# ours\n[comparison]\nmu = 0.5\n"
    assert not window.reset_button.isEnabled()


def test_that_an_import_need_not_wait_for_the_tables(qtbot, tmp_path):
    window = SettingsWindow()
    qtbot.addWidget(window)
    assert window.layer.currentData() is None
    window.offer_import(tmp_path / "nothing.zip")
    told(qtbot, window, "nothing.zip")
