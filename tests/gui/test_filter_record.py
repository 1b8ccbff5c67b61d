"""What people say of a report on the screen: acknowledge, answer, sign, notes; the picture."""

import getpass

import pytest

from app.filter.checks_log import checks_file
from app.filter.gui.against import Against
from app.filter.gui.notes_panel import hits_html
from app.filter.ledger_log import recorded
from app.filter.notes import Note, hits_in, read_rules
from core.audit import entries
from core.findings import State
from core.paths import clinic_folder
from tests.filter.desk_samples import VARIANTS, changed, write_export, write_plan


@pytest.fixture
def page(filter_page):
    return filter_page


@pytest.fixture
def show(page, settle, tmp_path):
    def run(data=None, *, plan=True):
        against = Against("plan", write_plan(tmp_path)) if plan else Against()
        page.check(write_export(tmp_path, data=data), against)
        settle()
        return page

    return run


def sign(strip, person="Jane Roe", words=""):
    strip.person.setText(person)
    strip.words.setText(words)
    strip.go_button.click()


@pytest.mark.req("R-28")
def test_that_the_window_puts_every_check_into_the_log(show):
    show(VARIANTS["gantry"].data())
    (entry,) = entries(checks_file())
    assert (entry["how"], entry["status"], entry["user"]) == ("window", "error", getpass.getuser())


@pytest.mark.req("R-03", "R-28")
def test_that_a_finding_is_acknowledged_then_the_report_signed_on_the_screen(show, settle):
    page = show(VARIANTS["rx_modality"].data())
    page.desk._ask_sign("review", "reviewed")
    sign(page.desk.strip)
    settle()
    assert "neither acknowledged nor answered" in page.desk.strip.answer.text()
    page.view.table.selectRow(0)
    page.desk.acknowledge_button.click()
    sign(page.desk.strip, words="")
    settle()
    assert "reason is missing" in page.desk.strip.answer.text()
    page.desk.acknowledge_button.click()
    sign(page.desk.strip, words="typing error, corrected")
    settle()
    assert "[acknowledged by Jane Roe" in page.view.model.rows[0].message
    assert page.view.banner.state == State.ERROR
    page.desk._ask_sign("review", "reviewed")
    sign(page.desk.strip)
    settle()
    assert page.desk.signed.text().strip() == "Signed by Jane Roe (reviewed)"
    assert [one["meaning"] for one in recorded("signed")] == ["reviewed"]
    page._again()
    settle()
    assert "Jane Roe" in page.desk.signed.text()


@pytest.mark.req("R-22", "R-28")
def test_that_a_question_is_answered_with_yes_or_no(show, settle):
    page = show(changed("FIELD_DEF", "4", field_name="SETUP AP"), plan=False)
    assert page.view.banner.state == State.WARNING
    page.view.table.selectRow(0)
    page.desk.acknowledge_button.click()
    assert page.desk.strip.other_button.isVisible()
    page.desk.strip.person.setText("Jane Roe")
    page.desk.strip.words.setText("treats the pelvis")
    page.desk.strip.other_button.click()
    settle()
    assert page.view.banner.state == State.PASS
    assert [one["answer"] for one in recorded("acknowledged")] == ["no"]


@pytest.mark.req("R-03")
def test_that_without_a_finding_selected_nothing_is_asked(show):
    page = show()
    page.desk.acknowledge_button.click()
    assert not page.desk.strip.asking
    assert "Select an error" in page.desk.strip.answer.text()


@pytest.mark.req("R-28")
def test_that_a_listed_person_signs_under_the_listed_name(show, settle):
    file = clinic_folder() / "filter" / "record.toml"
    file.parent.mkdir(parents=True)
    file.write_text(
        f'[people."{getpass.getuser()}"]\nname = "Thea Doe"\nroles = ["therapist"]\n'
        '[meaning.review]\nwords = "reviewed"\nroles = ["physicist"]\n',
        encoding="utf-8",
    )
    page = show()
    page.desk._ask_sign("review", "reviewed")
    settle()
    assert (page.desk.strip.person.text(), page.desk.strip.person.isReadOnly()) == (
        "Thea Doe", True,
    )  # fmt: skip
    page.desk.strip.go_button.click()
    settle()
    assert "Thea Doe is therapist; asked for is physicist" in page.desk.strip.answer.text()


@pytest.mark.req("O-03", "O-15")
def test_that_pasted_notes_are_compared_and_their_words_shown(show, settle):
    page = show()
    before = page.view.model.rowCount()
    page.notes.compare_button.click()
    assert "Paste notes first" in page.notes.strip.answer.text()
    page.notes.text.setPlainText("Dose rate: 250\nPatient has a <pacemaker>; watch it.\n")
    page.notes.compare_button.click()
    settle()
    assert page.view.banner.state == State.WARNING
    assert page.view.model.rowCount() > before
    assert "<pacemaker>; watch it" in page.notes.hits.toPlainText()
    page.notes.text.setPlainText("Gating: none")
    page.notes.compare_button.click()
    settle()
    rules = {one.rule for one in page.view.model.rows}
    assert "F-NOTE-DOSE-RATE" not in rules  # the notes before are out of the report again
    assert "F-NOTE-GATING" in rules
    page.check(page.rv_path, Against())
    settle()
    assert page.notes.text.toPlainText() == "Gating: none"  # the same patient's


@pytest.mark.req("O-03")
def test_that_the_database_button_says_why_it_is_off(show):
    page = show()
    assert not page.notes.database_button.isEnabled()
    assert "notes.toml" in page.notes.database_button.toolTip()


def test_that_every_key_word_stands_out_in_its_sentence():
    note = Note("Gated? No: gating & <b>bolus</b> off.", "2026-01-02", "Doe")
    html = hits_html(hits_in([note], read_rules()), "#aa0000")
    assert html.count("<b style=") >= 2
    assert "&lt;b&gt;" in html
    assert "2026-01-02, Doe" in html
    assert "No key word" in hits_html((), "#aa0000")


@pytest.mark.req("R-26")
@pytest.mark.parametrize(
    ("variant", "words"), [("leaf_1_mm", "leaf pair 30"), ("jaw_3_mm", "jaw X1")]
)
def test_that_two_clicks_lead_from_a_finding_to_its_picture(show, qtbot, variant, words):
    page = show(VARIANTS[variant].data())
    row = page.view.table.model().index(0, 0)
    page.view.table.doubleClicked.emit(row)
    assert page.view.tabs.currentWidget() is page.field_tab
    picture = page.field_tab.picture
    assert words in picture.words.text()
    assert "plan" in picture.words.text()
    styles = {item.opts["pen"].style() for item in picture.plot.listDataItems()}
    assert len(styles) == 2  # R&V and plan in two dash styles
    assert words in picture.plot.accessibleName()


@pytest.mark.req("R-26")
def test_that_a_plan_with_other_points_is_not_laid_over(show):
    page = show(VARIANTS["segment_missing"].data())
    page.field_tab.field_view.selectRow(1)
    assert "no plan beside it" in page.field_tab.picture.words.text()


@pytest.mark.req("O-09")
def test_that_an_empty_work_list_says_what_to_do(page, settle):
    page.worklist_button.click()
    settle()
    panel = page.worklist
    assert panel.items_page.currentWidget() is panel.empty
    assert "Begin with open export" in panel.empty.text()
    panel.role.setCurrentIndex(1)
    panel._show_cases()
    assert panel.items_page.currentWidget() is panel.empty
