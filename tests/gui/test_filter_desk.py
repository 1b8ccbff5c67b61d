"""The desk of the Filter room: baseline, attestation, pages, work list, watched folders."""

import pytest

from app.filter.baseline import baselines
from app.filter.gui.against import Against
from app.filter.ledger import ledger
from app.filter.ledger_log import recorded
from app.filter.worklist import cases
from core.findings import State
from tests.filter.desk_samples import VARIANTS, changed, write_export, write_plan


@pytest.fixture
def page(filter_page):
    return filter_page


@pytest.fixture
def opened(page, settle, tmp_path):
    page.check(write_export(tmp_path), Against("plan", write_plan(tmp_path)))
    settle()
    return page


def sign(strip, person="Ann", words=""):
    strip.person.setText(person)
    strip.words.setText(words)
    strip.go_button.click()


@pytest.mark.req("R-31", "O-08")
def test_that_a_clean_check_is_saved_and_a_later_change_shown(opened, settle, tmp_path):
    opened.desk._ask_save("IE")
    sign(opened.desk.strip, "")
    assert opened.desk.strip.currentIndex() == 1  # nobody has signed
    sign(opened.desk.strip)
    settle()
    assert "baseline saved: IE of DEMO, PATIENT" in opened.desk.strip.answer.text()
    assert [one.body["person"] for one in baselines()] == ["Ann"]
    write_export(tmp_path, data=changed("FIELD_DEF", "4", couch_vertical="-9.9"))
    opened.desk._hold(plan=False)
    settle()
    assert opened.view.banner.state == State.WARNING
    assert "Changed since the check" in opened.view.banner.text
    assert not opened.desk.attest_button.isEnabled()
    opened.desk._hold(plan=True)
    settle()
    assert opened.view.banner.state == State.PASS


@pytest.mark.req("R-31")
def test_that_a_changed_export_is_told_on_opening_it(opened, settle, tmp_path):
    opened.desk._ask_save("IE")
    sign(opened.desk.strip)
    settle()
    opened._again()
    settle()
    assert "nothing has changed" in opened.desk.strip.answer.text()
    write_export(tmp_path, data=VARIANTS["gantry"].data())
    opened._again()
    settle()
    assert opened.desk.strip.answer.text().startswith("Error")
    assert "1 unexpected" in opened.desk.strip.answer.text()


@pytest.mark.req("R-31")
def test_that_a_check_with_errors_is_refused_in_words(page, settle, tmp_path):
    export = write_export(tmp_path, data=VARIANTS["gantry"].data())
    page.check(export, Against("plan", write_plan(tmp_path)))
    settle()
    page.desk._ask_save("IE")
    sign(page.desk.strip)
    settle()
    assert "nothing clean to keep" in page.desk.strip.answer.text()
    assert page.desk.strip.answer.text().startswith("Error")


@pytest.mark.req("R-23")
def test_that_an_item_is_attested_from_the_list_and_stays_in_it(opened, settle):
    opened.desk.attest_button.click()
    assert "Select an item" in opened.desk.strip.answer.text()
    opened.view.tabs.setCurrentWidget(opened.view.not_checked)
    rows = opened.opened_export.report.not_checked
    place = [one.item for one in rows].index("gating")
    opened.view.not_checked.selectRow(place)
    opened.desk.attest_button.click()
    sign(opened.desk.strip, "Ann", "chart says none")
    settle()
    assert opened.view.tabs.currentWidget() is opened.view.not_checked
    assert opened.view.not_checked_model.rowCount() == len(rows)
    why = opened.view.not_checked_model.index(place, 2).data()
    assert why.startswith("looked at by Ann")
    assert [one.item for one in ledger(opened.opened_export.report) if one.attested] == ["gating"]


@pytest.mark.req("O-10", "O-12")
def test_that_page_and_sheet_are_written_as_pdf(opened, settle, tmp_path):
    opened.desk.save_sheet(tmp_path / "sheet.pdf")
    settle()
    assert (tmp_path / "sheet.pdf").read_bytes().startswith(b"%PDF")
    assert "0 values differ" in opened.desk.strip.answer.text()
    opened.desk.save_page(tmp_path, "Ann", "IE")
    settle()
    (entry,) = recorded("report written")
    assert (tmp_path / entry["file"]).read_bytes().startswith(b"%PDF")


@pytest.mark.req("O-08", "O-09")
def test_that_the_work_list_is_kept_from_the_screen(opened, settle):
    panel = opened.worklist
    opened.worklist_button.click()
    settle()
    assert opened.pages.currentWidget() is panel
    assert not opened.desk.isVisible()
    panel.begin_button.click()
    sign(panel.strip, "Dora")
    settle()
    (case,) = cases()
    assert (case.patient_name, case.next.id) == ("DEMO, PATIENT", "transferred")
    panel.done_button.click()
    sign(panel.strip, "Dora")
    settle()
    panel.skip_button.click()
    sign(panel.strip, "Ann")
    settle()
    assert "reason is missing" in panel.strip.answer.text()
    panel.skip_button.click()
    sign(panel.strip, "Ann", "on paper")
    settle()
    assert cases()[0].next.id == "plan-match"
    panel.way_table.selectRow(1)
    panel.again_button.click()
    sign(panel.strip, "Ann", "new plan")
    settle()
    assert cases()[0].next.id == "transferred"
    panel.role.setCurrentIndex(panel.role.findData("therapist"))
    panel.role.activated.emit(panel.role.currentIndex())
    assert panel.items.rowCount() == 0
    opened.worklist_button.click()
    assert opened.pages.currentWidget() is opened.view
    assert opened.desk.isVisible()


@pytest.mark.req("O-03")
def test_that_watched_folders_file_from_the_screen(page, settle, tmp_path):
    panel = page.worklist.watch
    panel.switch.click()
    assert "Name a folder" in panel.strip.answer.text()
    assert not panel.switch.isChecked()
    for key in ("IE", "out"):
        (tmp_path / key).mkdir()
        panel.paths[key].setText(str(tmp_path / key))
    write_export(tmp_path / "IE")
    panel.switch.click()
    panel._watch.settled_s = 0.0
    settle()
    panel.look()
    settle()
    assert panel.events.rowCount() == 2
    assert len(list((tmp_path / "out").rglob("*.rtp"))) == 1
    (tmp_path / "IE" / "export.rtp").unlink()
    (tmp_path / "IE").rmdir()
    panel.look()
    settle()
    assert not panel.switch.isChecked()
    assert "not there" in panel.strip.answer.text()
