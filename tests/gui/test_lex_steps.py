"""The steps one by one: words beside the boxes, reasons, preview, existing files."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QLabel, QLineEdit

from app.lex.checks.example import Change
from app.lex.checks.standard import AP, ARC, PA, standard_case
from app.lex.gui.entering import LAST_TIME, MAPPED, PLANNED
from app.lex.gui.page import BACK
from app.lex.gui.treatment_step import MISSING, WRONG
from app.lex.log import log_file
from app.lex.offers import Offer
from app.lex.options import SEGMENT_CHOICES
from app.lex.remembered import remember
from app.lex.rv_systems import DEFAULT
from core import audit
from core.findings import State
from core.paths import clinic_folder
from tests.gui import lex_wizard as hand

WHY = "Agreed with the physician on the phone."
UNUSUAL = (Change(f"{AP}.mu", 501.0), Change(f"{PA}.mu", 502.0), Change(f"{ARC}.mu", 1504.0))


@pytest.fixture
def page(qtbot, monkeypatch, plan):
    return hand.opened(qtbot, monkeypatch, standard_case(), plan)


def checked(qtbot, monkeypatch, plan, *changes):
    lex = hand.opened(qtbot, monkeypatch, standard_case().changed(*changes), plan)
    while hand.press_next(qtbot, lex):
        pass
    return lex


def marks(lex):
    """The words beside the boxes that say something, by key."""
    return {
        key: row.mark.text() for key, row in lex.treatment_step.marks.items() if row.mark.text()
    }


# Treatment data.


@pytest.mark.req("L-05")
@pytest.mark.parametrize(
    ("key", "emptied"),
    [("course", {"course": None}), ("machine_type", {"machine_type": None}),
     ("dose_rate_mu_min", {"dose_rate_mu_min": None}),
     ("tolerance_table", {"tolerance_table": None}), ("machine", {"machine": None}),
     ("couch.lateral_cm", {"couch": {"vertical_cm": 1.0, "longitudinal_cm": 2.0}})],
)  # fmt: skip
def test_that_a_box_left_empty_says_so_beside_itself_and_stops_the_way(page, key, emptied):
    assert marks(page) == {}
    page.treatment_step.set_values({**hand.entries_of(standard_case()), **emptied})
    assert marks(page) == {key: "Missing"}
    assert page.treatment_step.marks[key].mark.state == State.ERROR
    assert not page.next_button.isEnabled()
    assert page.note.text().startswith("Missing: ")


@pytest.mark.parametrize("words", [LAST_TIME, PLANNED, MAPPED, MISSING, WRONG])
def test_that_no_word_beside_a_box_is_cut(page, words):
    row = page.treatment_step.marks["course"]
    row.say(State.ERROR, words)
    label = row.mark.findChildren(QLabel)[1]
    assert label.sizeHint().width() <= label.width()


@pytest.mark.req("L-05")
def test_that_a_prescription_without_a_name_says_so_in_its_row(page):
    table = page.treatment_step.prescriptions
    table.put(1, 1, "")
    assert table.text(1, 3) == "R&V name of prescription 'Boost'"
    assert table.text(0, 3) == ""
    assert not page.next_button.isEnabled()
    table.put(1, 1, "BOOST")
    assert table.text(1, 3) == ""
    assert page.next_button.isEnabled()


@pytest.mark.req("L-05")
def test_that_what_is_no_number_is_refused_beside_its_box(page, qtbot):
    box = page.treatment_step.dose_rate
    box.offer(Offer())
    hand.typed(qtbot, box, "fast")
    assert marks(page) == {"dose_rate_mu_min": "Not valid"}
    assert "dose rate is 'fast'" in page.note.text()
    hand.typed(qtbot, box, "400")
    assert marks(page) == {}
    assert page.treatment_step.values()["dose_rate_mu_min"] == 400


@pytest.mark.req("L-05")
def test_that_typing_is_never_completed_to_another_value(page, qtbot):
    box = page.treatment_step.tolerance_table
    box.offer(Offer(("12 Pelvis", "40 Head")))
    hand.typed(qtbot, box, "1")
    qtbot.keyClick(box, hand.TAB)
    assert box.value() == 1
    box.set_value(40)
    assert (box.currentText(), box.value()) == ("40 Head", 40)


@pytest.mark.req("L-05")
def test_that_a_closed_list_takes_nothing_else_by_hand_and_shows_what_a_file_says(page, qtbot):
    box = page.treatment_step.dose_rate
    assert not box.isEditable()
    hand.tab_to(qtbot, box)
    qtbot.keyClicks(box, "450")
    assert box.value() in (400, 100, 200, 300, 500, 600)
    box.set_value(450)
    assert box.value() == 450  # For LEX-D8 to speak about; it is not dropped in silence.


@pytest.mark.req("L-05")
def test_that_a_field_id_that_cannot_be_cannot_be_typed(page, qtbot):
    table = page.treatment_step.fields
    table.setCurrentCell(0, 1)
    table.setFocus()
    table.editItem(table.item(0, 1))
    editor = QApplication.focusWidget()
    editor.clear()
    qtbot.keyClicks(editor, "A-1 23 456")
    qtbot.keyClick(editor, hand.ENTER)
    qtbot.waitUntil(lambda: table.text(0, 1) == "A1234", timeout=2000)


@pytest.mark.req("L-05")
def test_that_entries_of_last_time_are_proposed_and_marked(qtbot, monkeypatch, plan):
    case = standard_case()
    remember(case.trial, case.treatment)
    lex = hand.opened(qtbot, monkeypatch, case, plan, fill=False)
    form = lex.treatment_step
    assert form.values()["machine_type"] == "demo_linac"
    assert marks(lex)["tolerance_table"] == LAST_TIME.capitalize()
    assert marks(lex)["course"] == "Missing"
    assert form.values()["dose_rate_mu_min"] == 400
    assert "course" not in form.values()
    form.tolerance_table.set_value(9)
    assert "tolerance_table" not in marks(lex)


@pytest.mark.req("L-05")
def test_that_nothing_of_the_patient_before_stays_in_the_form(page):
    other = standard_case().changed(Change("trial.person.id", "P-002")).trial
    form = page.treatment_step
    form.resequence.setChecked(True)
    form.open_leaves.setChecked(True)
    form.segments.setCurrentIndex(1)
    page.entering.take_trial(other)
    page.entering.show()
    values = form.values()
    assert {key for key, value in values.items() if value} == {
        "rv_system", "segments", "prescriptions", "fields",
    }  # fmt: skip
    assert (values["rv_system"], values["segments"]) == (DEFAULT, SEGMENT_CHOICES[0])
    # The same patient's plan read again keeps what was entered.
    page.treatment_step.course.set_number(3)
    page.entering.take_trial(other)
    assert page.treatment_step.values()["course"] == 3


@pytest.mark.req("L-05", "L-26")
def test_that_field_ids_follow_the_rule_of_the_system_until_somebody_edits_them(
    qtbot, monkeypatch, plan
):
    file = clinic_folder() / "nomenclature" / "varis.toml"
    file.parent.mkdir(parents=True)
    file.write_text('[field_ids]\npattern = "V{number}"\n')
    lex = hand.opened(qtbot, monkeypatch, standard_case(), plan, fill=False, real_systems=True)
    table = lex.treatment_step.fields
    assert [table.text(row, 1) for row in range(5)] == ["1", "2", "3", "4", "5"]
    table.put(1, 1, "MINE")
    lex.treatment_step.choose_system("varis")
    hand.quiet(qtbot)
    assert [table.text(row, 1) for row in range(5)] == ["V1", "MINE", "V3", "V4", "V5"]


def test_that_a_file_of_entries_that_cannot_be_used_is_told_in_place(page, tmp_path):
    before = page.treatment_step.values()
    bad = tmp_path / "bad.toml"
    bad.write_text("coarse = 1\n")
    page.entering.load(bad)
    assert "Did you mean 'course'" in page.treatment_step.file_said.text()
    assert page.treatment_step.values() == before


# Checks.


@pytest.mark.req("L-16")
def test_that_one_reason_can_be_given_to_a_whole_rule(qtbot, monkeypatch, plan):
    lex = checked(qtbot, monkeypatch, plan, *UNUSUAL)
    box = lex.checks_step.reasons
    assert lex.note.text().count("a reason for LEX-B2") == 3
    hand.tab_to(qtbot, box.whole_rule)
    qtbot.keyClick(box.whole_rule, hand.SPACE)
    hand.tab_to(qtbot, box.line)
    qtbot.keyClicks(box.line, WHY)
    qtbot.keyClick(box.line, hand.ENTER)
    hand.quiet(qtbot)
    assert lex.note.text() == ""
    assert [box.table.item(row, 0).text() for row in range(3)] == ["Given"] * 3
    said = [one for one in audit.entries(log_file()) if one["event"] == "acknowledged"]
    assert [one["field"] for one in said] == ["AP", "PA", "ARC"]


def test_that_a_reason_that_says_nothing_is_told_in_place_and_does_not_count(
    qtbot, monkeypatch, plan
):
    lex = checked(qtbot, monkeypatch, plan, UNUSUAL[0])
    box = lex.checks_step.reasons
    box.line.setText("ok")
    box.give_button.click()
    hand.quiet(qtbot)
    assert "2 characters" in box.said.text()
    assert box.said.state == State.ERROR
    assert not lex.next_button.isEnabled()


def test_that_a_reason_does_not_count_when_the_log_cannot_keep_it(qtbot, monkeypatch, plan):
    lex = checked(qtbot, monkeypatch, plan, UNUSUAL[0])
    log_file().unlink()
    log_file().mkdir()
    box = lex.checks_step.reasons
    box.line.setText(WHY)
    box.give_button.click()
    hand.quiet(qtbot)
    assert "log cannot be written" in box.said.text()
    assert not lex.next_button.isEnabled()


def test_that_reasons_stay_while_the_finding_is_the_same_and_go_with_it(qtbot, monkeypatch, plan):
    lex = checked(qtbot, monkeypatch, plan, *UNUSUAL[:2])
    box = lex.checks_step.reasons
    box.line.setText(WHY)
    box.give_button.click()
    hand.quiet(qtbot)
    lex.treatment_step.course.set_number(9)
    assert not lex.write_step.write_button.isEnabled()
    lex.go(4)
    hand.quiet(qtbot)
    assert lex.note.text() == "Missing: a reason for LEX-B2 (PA)"
    # Another plan with the same finding is answered by nobody.
    other = standard_case().changed(*UNUSUAL[:2]).trial
    lex.checking.forget()
    lex.checking.run(other, lex.entering.treatment(other), lambda: None)
    hand.quiet(qtbot)
    assert len(lex.checks_step.missing()) == 2


@pytest.mark.req("L-22")
def test_that_reading_again_keeps_the_earlier_findings_and_shows_them(qtbot, monkeypatch, plan):
    lex = checked(qtbot, monkeypatch, plan, UNUSUAL[0])
    assert lex.checks_step.earlier.text() == ""
    hand.press(qtbot, lex.checks_step.again_button)
    while hand.press_next(qtbot, lex):
        pass
    assert "LEX-B2 AP" in lex.checks_step.earlier.text()
    runs = [one for one in audit.entries(log_file()) if one["event"] == "checks"]
    assert [[row["rule"] for row in run["findings"]] for run in runs] == [["LEX-B2"]] * 2


@pytest.mark.req("L-22")
def test_that_no_box_of_the_wizard_changes_the_plan(page):
    tree = page.beams_step.tree
    page.go(2)
    beams = [rx.child(n) for rx in (tree.topLevelItem(0),) for n in range(rx.childCount())]
    assert beams[0].text(3) == "80.00"
    assert not any(beam.flags() & Qt.ItemFlag.ItemIsEditable for beam in beams)
    for step in (page.beams_step, page.plan_step):
        boxes = [*step.findChildren(QLineEdit), *step.findChildren(QAbstractSpinBox)]
        assert [box for box in boxes if box is not page.plan_step.search] == []


@pytest.mark.req("L-23", "L-25")
def test_that_the_limits_of_lex_stand_among_what_was_not_checked(qtbot, monkeypatch, plan):
    lex = checked(qtbot, monkeypatch, plan)
    model = lex.checks_step.view.not_checked_model
    words = " ".join(model.index(row, 2).data() for row in range(model.rowCount()))
    assert "does not calculate" in words
    assert "cone-beam" in words
    assert "objectives" in words


# Write.


def test_that_an_existing_file_is_asked_about_in_place(qtbot, monkeypatch, plan, tmp_path):
    lex = checked(qtbot, monkeypatch, plan)
    old = tmp_path / "old.rtp"
    old.write_bytes(b"old")
    step = lex.write_step
    step.path.setText(str(old))
    assert "old.rtp already" in step.taken.text()
    assert not step.write_button.isEnabled()
    hand.tab_to(qtbot, step.replace)
    qtbot.keyClick(step.replace, hand.SPACE)
    assert step.write_button.isEnabled()
    # The tick was for that file only.
    other = tmp_path / "other.rtp"
    other.write_bytes(b"other")
    step.path.setText(str(other))
    assert not step.write_button.isEnabled()
    step.path.setText(str(old))
    step.replace.setChecked(True)
    hand.press(qtbot, step.write_button)
    assert old.read_bytes().startswith(b'"PLAN_DEF"')
    assert other.read_bytes() == b"other"
    assert not step.write_button.isEnabled()


@pytest.mark.req("L-26")
def test_that_another_dialect_is_checked_anew_and_changes_the_file(
    qtbot, monkeypatch, plan, tmp_path
):
    lex = hand.opened(qtbot, monkeypatch, standard_case(), plan, real_systems=True)
    lex.treatment_step.choose_system("mosaiq_2.6")
    hand.quiet(qtbot)
    while hand.press_next(qtbot, lex):
        pass
    step = lex.write_step
    assert lex.stack.currentWidget() is step, lex.note.text()
    before = lex.checking.checked.transfer.data
    hand.tab_to(qtbot, step.system)
    qtbot.keyClicks(step.system, "mosaiq_2.64")
    step.system.activated.emit(step.system.currentIndex())
    hand.quiet(qtbot)
    assert lex.stack.currentWidget() is step
    assert lex.treatment_step.values()["rv_system"] == "mosaiq_2.64"
    assert lex.checking.checked.transfer.data != before


def test_that_the_preview_is_a_tree_that_opens_by_keyboard(qtbot, monkeypatch, plan):
    lex = checked(qtbot, monkeypatch, plan)
    tree = lex.write_step.tree
    hand.tab_to(qtbot, tree)
    assert [tree.topLevelItem(n).text(0) for n in range(3)] == [
        "Patient and plan", "Prescription PELVIS", "Prescription BOOST",
    ]  # fmt: skip
    rx = tree.topLevelItem(1)
    names = [rx.child(n).text(0) for n in range(rx.childCount())]
    field = rx.child(names.index("Field 1   AP"))
    assert field.childCount() == 0
    tree.setCurrentItem(field)
    qtbot.keyClick(tree, Qt.Key.Key_Right)
    cells = {field.child(n).text(0): field.child(n) for n in range(field.childCount())}
    assert [cells["Machine"].text(n) for n in (1, 2, 4)] == ["LINAC 1", "LINAC_A", "entered"]
    assert (cells["MU"].text(1), cells["MU"].text(3)) == ("80.00", "MU")


# The repair of exports.


@pytest.mark.req("O-01")
def test_that_the_repair_of_exports_is_reached_and_left_by_keyboard(qtbot, page):
    page.list.setFocus()
    hand.press(qtbot, page.fix_button)
    assert page.fix_panel.isVisible()
    assert page.fix_button.text() == BACK
    assert QApplication.focusWidget() is page.fix_panel.recipe_button
    hand.tab_to(qtbot, page.fix_panel.source_button)
    assert page.list.selectedItems() == []
    hand.press(qtbot, page.fix_button)
    assert not page.fix_panel.isVisible()
    assert page.stack.currentWidget().isVisible()
    assert [one.text()[0] for one in page.list.selectedItems()] == ["4"]
    hand.press(qtbot, page.fix_button)
    hand.tab_to(qtbot, page.list)
    qtbot.keyClick(page.list, Qt.Key.Key_Up)
    assert not page.fix_panel.isVisible()
    assert page.stack.currentWidget() is page.beams_step
