"""Undo and redo in the treatment data: by keys and boxes, as a hand does it."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QLineEdit

from app.deeds import deeds_of
from app.lex.checks.standard import standard_case
from app.lex.offers import Offer
from app.shortcuts import choose, keys_of
from tests.gui import lex_wizard as hand

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
Z, Y = Qt.Key.Key_Z, Qt.Key.Key_Y
AP = "AP"
FULL = hand.entries_of(standard_case())


@pytest.fixture
def lex(qtbot, monkeypatch, tmp_path):
    """The page on its form in a whole window, everything loaded from a file."""
    file = tmp_path / "plan.dcm"
    file.write_bytes(b"a plan")
    page = hand.opened(qtbot, monkeypatch, standard_case(), file, framed=True)
    page.entering.undoing.clear()
    return page


def window_of(lex):
    return lex.window()


def words_of(lex):
    menu = window_of(lex).edit_menu
    return menu.undo.text(), menu.redo.text()


def press(qtbot, key, modifiers=CTRL):
    qtbot.keyClick(QApplication.focusWidget(), key, modifiers)


def type_over(qtbot, box, text):
    box.setFocus()
    press(qtbot, Qt.Key.Key_A)
    qtbot.keyClicks(box, text)


@pytest.mark.req("L-05")
def test_that_typing_in_a_box_is_one_step_back_and_one_forth(qtbot, lex):
    step = lex.treatment_step
    step.machine.offer(Offer(("LINAC 1", "LINAC 2")))
    before = step.values()
    type_over(qtbot, step.machine, "LINAC 7")
    after = step.values()
    assert after["machine"] == "LINAC 7"
    assert words_of(lex) == ("Undo machine", "Redo")
    press(qtbot, Z)
    assert step.values() == before
    assert words_of(lex) == ("Undo", "Redo machine")
    press(qtbot, Z, CTRL | SHIFT)
    assert step.values() == after
    press(qtbot, Z)
    press(qtbot, Y)
    assert step.values() == after


BOXES = ("course", "dose_rate", "tolerance_table", "vertical_cm", "lateral_cm", "longitudinal_cm")


@pytest.mark.parametrize("name", BOXES)
def test_that_every_number_can_be_taken_back_from_within_its_box(qtbot, lex, name):
    step = lex.treatment_step
    box = step.couch[name] if name in step.couch else getattr(step, name)
    if name in ("dose_rate", "tolerance_table"):
        box.offer(Offer())
    before = step.values()
    type_over(qtbot, box, "37")
    assert step.values() != before
    assert QApplication.focusWidget() is box
    press(qtbot, Z)
    assert step.values() == before
    assert lex.entering.undoing.stack.canRedo()  # the form's step, not the line's own letters
    press(qtbot, Y)
    assert step.values() != before


@pytest.mark.parametrize("name", ["machine", "dose_rate", "tolerance_table", "segments"])
def test_that_a_choice_from_a_closed_list_can_be_taken_back(qtbot, lex, name):
    step = lex.treatment_step
    box = getattr(step, name)
    before = step.values()
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Home if box.currentIndex() else Qt.Key.Key_End)
    after = step.values()
    assert after != before
    press(qtbot, Z)
    assert step.values() == before
    press(qtbot, Y)
    assert step.values() == after


def test_that_going_to_another_box_and_back_begins_another_step(qtbot, lex):
    step = lex.treatment_step
    type_over(qtbot, step.course, "3")
    qtbot.keyClick(step.course, Qt.Key.Key_Tab)
    type_over(qtbot, step.course, "45")
    press(qtbot, Z)
    assert step.course.number() == 3
    press(qtbot, Z)
    assert step.course.number() == FULL["course"]


def test_that_typing_the_same_again_leaves_no_step(qtbot, lex):
    step = lex.treatment_step
    step.course.setFocus()
    qtbot.keyClick(step.course, Qt.Key.Key_Up)
    qtbot.keyClick(step.course, Qt.Key.Key_Down)
    assert not lex.entering.undoing.stack.canUndo()


@pytest.mark.parametrize("name", ["gated", "resequence", "open_leaves"])
def test_that_each_tick_is_a_step(qtbot, lex, name):
    tick = getattr(lex.treatment_step, name)
    was = tick.isChecked()
    tick.setFocus()
    for _ in range(3):
        qtbot.keyClick(tick, Qt.Key.Key_Space)
    assert lex.entering.undoing.stack.count() == 3
    for told in (was, not was, was):
        press(qtbot, Z)
        assert tick.isChecked() == told


def test_that_a_cell_of_each_table_can_be_taken_back_and_is_gone_to(qtbot, lex):
    step = lex.treatment_step
    before = step.values()
    row = step.fields.names().index(AP)
    step.fields.setFocus()
    step.fields.setCurrentCell(row, 1)
    step.fields.editItem(step.fields.item(row, 1))
    line = step.fields.findChild(QLineEdit)
    line.selectAll()
    qtbot.keyClicks(line, "ZZ9")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: step.fields.text(row, 1) == "ZZ9")
    step.fields.item(row, 3).setCheckState(Qt.CheckState.Checked)
    step.prescriptions.put(0, 1, "Boost")
    assert words_of(lex)[0].startswith("Undo name in the R&&V, ")
    step.course.setFocus()
    for told in ("gated", "field ID"):
        press(qtbot, Z)
        assert words_of(lex)[0] == f"Undo {told}, {AP}"
    press(qtbot, Z)
    assert step.values() == before
    assert (step.fields.currentRow(), step.fields.currentColumn()) == (row, 1)
    assert QApplication.focusWidget() is step.fields


def test_that_an_emptied_field_id_comes_back_and_goes_again(qtbot, lex):
    step = lex.treatment_step
    row = step.fields.names().index(AP)
    was = step.fields.text(row, 1)
    assert was
    step.fields.put(row, 1, "")
    press(qtbot, Z)
    assert step.fields.text(row, 1) == was
    press(qtbot, Y)
    assert step.fields.text(row, 1) == ""


def test_that_another_machine_type_is_one_step_with_all_that_follows_of_it(qtbot, lex):
    step = lex.treatment_step
    step.dose_rate.setFocus()
    step.dose_rate.setEditText("")
    lex.entering.undoing.clear()
    before = step.values()
    other = next(one for one in range(1, step.machine_type.count())
                 if one != step.machine_type.currentIndex())  # fmt: skip
    step.machine_type.setCurrentIndex(other)
    hand.quiet(qtbot)  # its names and proposals are read beside
    after = step.values()
    assert words_of(lex)[0] == "Undo machine type"
    assert lex.entering.undoing.stack.count() == 1
    press(qtbot, Z)
    hand.quiet(qtbot)
    assert step.values() == before
    press(qtbot, Y)
    hand.quiet(qtbot)
    assert step.values() == after
    assert lex.entering.undoing.stack.count() == 1


def test_that_a_file_loaded_is_one_step(qtbot, lex, tmp_path):
    step = lex.treatment_step
    before = step.values()
    file = tmp_path / "entries.toml"
    file.write_text("course = 9\n")
    lex.entering.load(file)
    assert step.course.number() == 9
    assert words_of(lex)[0] == "Undo loading of entries.toml"
    press(qtbot, Z)
    assert step.values() == before


@pytest.mark.req("L-05")
def test_that_undoing_asks_anew_what_is_missing(qtbot, lex):
    step = lex.treatment_step
    step.course.set_number(None)
    assert "course" in lex.note.text()
    press(qtbot, Z)
    assert lex.note.text() == ""
    assert lex.next_button.isEnabled()


def test_that_what_was_checked_is_checked_anew_after_an_undo(qtbot, lex):
    lex.treatment_step.course.set_number(8)
    assert hand.press_next(qtbot, lex)
    assert lex.checking.checked is not None
    lex.go(lex.steps.index(lex.treatment_step))
    lex.treatment_step.course.setFocus()
    press(qtbot, Z)
    assert lex.treatment_step.course.number() == FULL["course"]
    assert lex.checking.checked is None


def test_that_nothing_is_undone_while_the_form_is_out_of_sight(qtbot, lex):
    window, edit = window_of(lex), window_of(lex).edit_menu
    lex.treatment_step.course.set_number(8)
    assert edit.undo.isEnabled()
    lex.back_button.click()
    assert not edit.undo.isEnabled()
    lex.next_button.click()
    assert edit.undo.isEnabled()
    window.go_to("Filter")
    assert not edit.undo.isEnabled()
    window.go_to("LEX")
    lex.fix_button.setChecked(True)
    assert not edit.undo.isEnabled()
    assert lex.treatment_step.course.number() == 8


def test_that_other_beams_or_the_plan_read_again_leave_no_steps(qtbot, lex):
    stack = lex.entering.undoing.stack
    lex.treatment_step.course.set_number(8)
    lex.back_button.click()
    beam = lex.beams_step.tree.topLevelItem(0).child(0)
    beam.setCheckState(0, Qt.CheckState.Unchecked)
    lex.next_button.click()
    assert not stack.canUndo()
    lex.treatment_step.course.set_number(7)
    assert stack.canUndo()
    lex.entering.take_trial(standard_case().trial)
    assert not stack.canUndo()


def test_that_the_list_of_commands_says_what_is_undone(lex):
    lex.treatment_step.gated.click()
    named = {deed.name: deed for deed in deeds_of(window_of(lex), lex, "LEX")}
    assert "Edit: Undo gated" in named
    named["Edit: Undo gated"].run()
    assert not lex.treatment_step.gated.isChecked()


def test_that_keys_chosen_for_undo_hold_whatever_it_says(lex):
    window = window_of(lex)
    lex.treatment_step.gated.click()
    choose(window, {**keys_of(window), "Edit: Undo": "F9"})
    assert window.edit_menu.undo.shortcut() == QKeySequence("F9")
    assert len(window.edit_menu.redo.shortcuts()) == 2
