"""The dosimetry book in the settings window: cells, paste, axes, undo, marks, layers."""

import json
import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLineEdit

from app import theme
from app.filter.mu.books import GENERIC, OWN
from app.settings_window import SettingsWindow
from core.findings import State
from core.layers import MARK_FILE, Layer


def opened(qtbot):
    window = SettingsWindow()
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: window.loaded is not None, timeout=20000)
    window.choose_table(OWN)
    assert window.edit_button.text().replace("&", "") == "Edit tables"
    window.edit_button.click()
    qtbot.waitUntil(lambda: window.book.model.grid is not None, timeout=30000)
    assert window.pages.currentWidget() is window.book
    QApplication.setActiveWindow(window)  # keys go to an active window; no desktop makes it one
    return window, window.book


@pytest.fixture
def own(share):
    return Path(shutil.copytree(GENERIC, share / OWN))


def sign(qtbot, window):
    window.person.clear()
    qtbot.keyClicks(window.person, "Jane Roe")
    qtbot.keyClicks(window.reason, "measured again")


def at(editor, row, column="0"):
    grid = editor.model.grid
    return editor.model.index(grid.rows.index(row), grid.columns.index(column))


def typed(qtbot, editor, index, text):
    editor.view.setCurrentIndex(index)
    editor.view.setFocus()
    qtbot.waitUntil(lambda: editor.view.findChild(QLineEdit) is None, timeout=20000)
    qtbot.keyClick(editor.view, Qt.Key.Key_F2)
    qtbot.waitUntil(lambda: editor.view.findChild(QLineEdit) is not None, timeout=20000)
    box = editor.view.findChild(QLineEdit)
    box.selectAll()
    qtbot.keyClicks(box, text)
    qtbot.keyClick(box, Qt.Key.Key_Return)


def told(qtbot, window, words):
    qtbot.waitUntil(lambda: words in window.notice.words.text(), timeout=30000)


def listed(editor):
    return [editor.marks.item(n).text() for n in range(editor.marks.count())]


@pytest.fixture
def german():
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.German))
    yield
    QLocale.setDefault(before)


@pytest.mark.req("R-16")
def test_that_a_cell_is_edited_with_a_comma_and_written_with_its_log(qtbot, own, share, german):
    window, editor = opened(qtbot)
    editor.choose("6X", "tmr")
    assert window.layer.currentData() == Layer.CLINIC
    assert not window.layer.isEnabled()
    index = at(editor, "10", "10")
    old = editor.model.grid.cells[index.row()][index.column()]
    assert index.data() == old.replace(".", ",")
    head = editor.model.headerData
    assert head(index.row(), Qt.Orientation.Vertical) == "10 cm"
    assert head(index.column(), Qt.Orientation.Horizontal) == "10 cm"
    assert editor.about.text().startswith(
        "6 MV, no machine: generic. TMR (ratio, unit 1; 0 to 1,1)"
    )
    assert "rows depth (cm), columns side (cm)" in editor.about.text()
    new = f"{float(old) + 0.001:.4f}"
    typed(qtbot, editor, index, new)
    told(qtbot, window, f"'{new}' is not a number. Write it like 0,5")
    typed(qtbot, editor, index, new.replace(".", ","))
    qtbot.waitUntil(lambda: editor.is_changed)
    assert not editor.table.isEnabled()
    editor.write_button.click()
    told(qtbot, window, "nobody is named")
    qtbot.keyClicks(window.person, "Jane Roe")
    editor.write_button.click()
    told(qtbot, window, "no reason is given")
    assert new not in (own / "6X" / "tmr.csv").read_text()
    sign(qtbot, window)
    editor.write_button.click()
    assert not editor.isEnabled()
    told(qtbot, window, "Written: depth_cm 10, 10")
    assert "SHA-256" in window.notice.words.text()
    qtbot.waitUntil(lambda: not editor.is_changed, timeout=20000)
    assert editor.isEnabled()
    assert (editor.table.currentText(), editor.table.isEnabled()) == ("tmr", True)
    assert window.pages.currentWidget() is editor
    assert new in (own / "6X" / "tmr.csv").read_text()
    last = json.loads((share / "settings.jsonl").read_text().splitlines()[-1])
    assert (last["action"], last["person"], last["reason"]) == (
        "book changed", "Jane Roe", "measured again",
    )  # fmt: skip
    assert float(last["changes"][0]["old"]) == float(old)


@pytest.mark.req("R-16")
def test_that_an_error_is_marked_at_its_cell_keeps_from_writing_and_is_undone(
    qtbot, own, plain_numbers
):
    _, editor = opened(qtbot)
    editor.choose("6X", "tmr")
    index = at(editor, "10", "10")
    old = index.data()
    typed(qtbot, editor, index, "7.8")
    qtbot.waitUntil(lambda: editor.is_changed)
    word = theme.LOOKS[State.ERROR].word
    assert index.data() == f"7.8 {word}"
    assert not index.data(Qt.ItemDataRole.DecorationRole).isNull()
    assert "possible are 0 to 1.1" in index.data(Qt.ItemDataRole.ToolTipRole)
    assert listed(editor)[0] == f"{word}: depth 10, side 10 is 7.8, possible are 0 to 1.1"
    assert not editor.write_button.isEnabled()
    editor.view.setCurrentIndex(editor.model.index(0, 0))
    editor.marks.itemActivated.emit(editor.marks.item(0))
    assert editor.view.currentIndex() == index
    qtbot.keyClick(editor.view, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert index.data() == old
    assert not editor.marks.isVisible()
    editor.redo_button.click()
    assert index.data() == f"7.8 {word}"
    editor.undo_button.click()
    assert not editor.is_changed


@pytest.mark.req("R-16")
def test_that_a_jump_is_marked_and_may_be_written(qtbot, own, plain_numbers):
    _, editor = opened(qtbot)
    editor.choose("6X", "oar")
    index = at(editor, "10", "6")
    typed(qtbot, editor, index, f"{float(index.data()) + 0.03:.4f}")
    qtbot.waitUntil(lambda: editor.is_changed)
    assert index.data().endswith(theme.LOOKS[State.WARNING].word)
    assert "stands off the curve" in index.data(Qt.ItemDataRole.ToolTipRole)
    assert editor.write_button.isEnabled()


def test_that_a_block_is_copied_and_pasted_whole_or_not_at_all(qtbot, own, german):
    window, editor = opened(qtbot)
    editor.choose("6X", "tmr")
    index = at(editor, "10", "10")
    board = QGuiApplication.clipboard()
    editor.view.setFocus()
    editor.view.setCurrentIndex(index)
    before = editor.model.grid
    board.setText("0,7812\t0,79\n0,75\tx\n")
    qtbot.keyClick(editor.view, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    told(qtbot, window, "Nothing is pasted: row 2, column 2 of the block is 'x'")
    board.setText("0.7812")
    qtbot.keyClick(editor.view, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    told(qtbot, window, "'0.7812'")
    board.setText("\n".join(["0,5"] * 99))
    qtbot.keyClick(editor.view, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    told(qtbot, window, "do not fit there")
    assert editor.model.grid == before
    board.setText("0,7812\t0,79\r\n0,75\t0,76\r\n")
    qtbot.keyClick(editor.view, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    row, column = index.row(), index.column()
    cells = editor.model.grid.cells
    assert cells[row][column : column + 2] == ("0.7812", "0.79")
    assert cells[row + 1][column : column + 2] == ("0.75", "0.76")
    block = editor.model.block_text(range(row, row + 1), range(column, column + 2))
    assert block == "0,7812\t0,79"
    qtbot.keyClick(editor.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert board.text() == "0,7812"
    editor.undo_button.click()
    assert editor.model.grid == before


def test_that_rows_and_columns_are_added_and_taken_out(qtbot, own, plain_numbers):
    window, editor = opened(qtbot)
    editor.choose("6X", "tmr")
    before = editor.model.grid
    editor.row_button.click()
    told(qtbot, window, "'' is not a number: type the value of the axis")
    qtbot.keyClicks(editor.at, "10")
    editor.row_button.click()
    told(qtbot, window, "depth_cm 10 is there already")
    editor.at.setText("11")
    editor.row_button.click()
    place = editor.model.grid.rows.index("11")
    assert editor.view.currentIndex().row() == place
    assert "depth 11, side 0 is empty" in listed(editor)[0]
    assert not editor.write_button.isEnabled()
    editor.no_row_button.click()
    assert editor.model.grid == before
    editor.at.setText("9")
    editor.column_button.click()
    assert "9" in editor.model.grid.columns
    editor.no_column_button.click()
    assert editor.model.grid == before
    editor.close_button.click()
    assert not editor.is_changed
    assert window.pages.currentWidget() is window.table_page
    editor.choose("6X", "csf")
    assert not editor.column_button.isEnabled()


def test_that_the_shipped_book_is_only_looked_at_and_copied_into_a_layer(
    qtbot, share, plain_numbers
):
    window, editor = opened(qtbot)
    assert editor.place.text().startswith("Layer 'shipped', only looked at. No commissioning")
    assert not editor.model.flags(editor.model.index(0, 0)) & Qt.ItemFlag.ItemIsEditable
    for button in (editor.row_button, editor.no_row_button, editor.write_button):
        assert not button.isEnabled()
    assert not editor.model.paste(0, 0, "1")
    assert list(share.iterdir()) == [share / MARK_FILE]
    sign(qtbot, window)
    assert window.layer.isEnabled()
    editor.copy_button.click()
    qtbot.waitUntil(lambda: "clinic share" in editor.place.text(), timeout=60000)
    assert not editor.copy_button.isVisible()
    assert editor.model.flags(editor.model.index(0, 0)) & Qt.ItemFlag.ItemIsEditable
    assert "clinical = false" in (share / OWN / "book.toml").read_text()


def test_that_what_is_not_written_stays_while_another_table_is_looked_at(
    qtbot, own, plain_numbers
):
    window, editor = opened(qtbot)
    editor.choose("6X", "tmr")
    index = at(editor, "10", "10")
    typed(qtbot, editor, index, "0.5")
    qtbot.waitUntil(lambda: editor.is_changed)
    window.choose_table("tolerances.toml")
    assert window.pages.currentWidget() is window.table_page
    assert window.layer.isEnabled()
    window.choose_table(OWN)
    window.edit_button.click()
    assert editor.model.grid.cells[index.row()][index.column()] == "0.5"
    window.close()
    assert window.isVisible()
    told(qtbot, window, "Changed and not written: 6X/tmr.csv")
    window.notice.buttons[0].click()
    assert not window.isVisible()
