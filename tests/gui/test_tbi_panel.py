"""Total body irradiation in the window: measured SSD and thickness are entered and held (R-20)."""

from dataclasses import replace
from decimal import Decimal as D

import pytest
from PySide6.QtTest import QTest

from app.filter.gui.against import Against
from app.filter.rtp_write import rtp_bytes
from core.findings import State
from core.paths import clinic_folder
from tests.filter.test_templates import FIELDS, SHIPPED, export


@pytest.fixture
def page(filter_page):
    return filter_page


@pytest.fixture
def opened(page, settle, tmp_path):
    file = tmp_path / "tbi.rtp"
    file.write_bytes(rtp_bytes(export(*FIELDS)))
    page.check(file, Against("tbi"))
    settle()
    return page


def told(page, rule):
    return [one.field for one in page.view.model.rows if one.rule == rule]


@pytest.mark.req("R-20")
def test_that_a_measured_ssd_is_held_and_what_is_not_measured_is_not_checked(opened, settle):
    panel = opened.body
    assert opened.view.tabs.indexOf(panel) == 2
    assert list(panel.ssd) == ["1", "2"]
    assert panel.measured_mm == {}
    panel.ssd["1"].setValue(398.5)
    panel.ssd["2"].setValue(396.0)
    panel.run_button.click()
    settle()
    assert opened.against.measured_mm == (("1", D(3985)), ("2", D(3960)))
    assert told(opened, "F-TBI-SSD") == ["2"]
    assert opened.view.banner.state == State.ERROR
    assert panel.ssd["2"].value() == 396.0  # what was entered stays
    panel.ssd["2"].setValue(0.0)
    panel.run_button.click()
    settle()
    assert told(opened, "F-TBI-SSD") == []
    assert any(one.item == "ssd" and one.field == "2"
               for one in opened.opened_export.report.not_checked)  # fmt: skip


@pytest.mark.req("R-20")
def test_that_the_thickness_gives_the_dose_at_mid_plane(opened, settle):
    (clinic_folder() / "filter").mkdir(parents=True, exist_ok=True)
    shipped = SHIPPED.with_name("tbi.toml").read_text(encoding="utf-8")
    (clinic_folder() / "filter" / "tbi.toml").write_text(
        f'{shipped}\n[[dose.factor]]\nname = "one"\nvalue = 0.5\n', encoding="utf-8"
    )
    opened.body.thickness.setValue(28.5)
    opened.body.run_button.click()
    settle()
    assert opened.against.thickness_mm == D(285)
    assert told(opened, "F-TBI-DOSE") == [""]  # 200 MU x 0.5 are 100 cGy, 200 are prescribed


def test_that_the_tab_goes_with_the_template(opened, settle):
    opened.check(opened.rv_path, Against())
    settle()
    assert opened.view.tabs.indexOf(opened.body) < 0
    assert opened.body.ssd == {}


@pytest.mark.req("R-20", "R-16")
def test_that_what_was_measured_is_entered_once_for_check_and_calculation(opened, settle):
    check, mu = opened.body, opened.mu.tbi
    opened.view.tabs.setCurrentWidget(opened.mu)
    opened.mu.tabs.setCurrentWidget(mu)
    settle()
    check.ssd["2"].setValue(396.0)
    check.thickness.setValue(28.5)
    mu.table.selectRow(1)
    assert (mu.measured.value(), mu.thickness.value()) == (396.0, 28.5)
    assert opened.view.banner.text.startswith("Out of date")
    mu.table.selectRow(0)
    assert mu.measured.value() == 0.0
    mu.measured.setValue(398.5)
    assert check.ssd["1"].value() == 398.5
    mu.calculate()
    settle()
    assert {one.field_id: one.measured_ssd_cm for one in mu.report.doses} == {
        "1": 398.5, "2": 396.0
    }  # fmt: skip
    opened.again_button.click()
    settle()
    assert opened.against.measured_mm == (("1", D(3985)), ("2", D(3960)))
    assert opened.against.thickness_mm == D(285)
    assert told(opened, "F-TBI-SSD") == ["2"]
    assert "Out of date" not in opened.view.banner.text


@pytest.mark.req("R-20")
def test_that_no_pass_stands_over_values_the_check_does_not_hold(opened, settle):
    banner, before = opened.view.banner, opened.view.banner.text
    assert banner.state == State.PASS
    opened.view.tabs.setCurrentWidget(opened.mu)
    opened.mu.tabs.setCurrentWidget(opened.mu.tbi)
    settle()
    opened.mu.tbi.table.selectRow(1)
    opened.mu.tbi.measured.setValue(396.0)
    assert banner.state == State.WARNING
    assert banner.text.startswith("Out of date: What was measured has changed")
    opened.mu.tbi.measured.setValue(0.0)
    assert (banner.state, banner.text) == (State.PASS, before)
    opened.body.ssd["2"].setValue(396.0)
    opened.body.run_button.click()
    settle()
    assert banner.state == State.ERROR
    assert banner.text.startswith("Error")
    opened.body.ssd["1"].setValue(100.0)
    assert (banner.state, banner.text[:11]) == (State.ERROR, "Out of date")
    opened.check(opened.rv_path, Against())
    settle()
    assert "Out of date" not in banner.text
    opened.body.measured.set_ssd("2", D(3970))  # this report holds no measured values at all
    assert "Out of date" not in banner.text


@pytest.mark.req("R-20")
def test_that_a_file_that_cannot_be_read_is_told_before_what_is_out_of_date(opened, settle):
    opened.body.thickness.setValue(28.5)
    opened.run(opened.rv_path.with_name("none.rtp"), None)
    settle()
    assert opened.view.banner.text.startswith("Not opened: none.rtp")


@pytest.mark.req("R-16")
def test_that_no_result_stands_beside_values_it_was_not_made_with(opened, settle):
    mu = opened.mu.tbi
    opened.view.tabs.setCurrentWidget(opened.mu)
    opened.mu.tabs.setCurrentWidget(mu)
    settle()
    opened.body.thickness.setValue(28.5)
    mu.calculate()
    settle()
    assert mu.save.isEnabled() == mu.report.ran
    opened.body.thickness.setValue(29.5)
    assert mu.report is None
    assert mu.banner.isHidden()
    assert not mu.save.isEnabled()
    mu.calculate()
    mu.thickness.setValue(30.5)  # while it calculates
    settle()
    assert mu.report is None
    assert mu.go.isEnabled()


@pytest.mark.req("R-20")
def test_that_values_do_not_go_over_to_another_patient_or_file(opened, settle, tmp_path):
    opened.body.ssd["2"].setValue(396.0)
    opened.body.thickness.setValue(28.5)
    file, before = opened.rv_path, opened.rv_path.read_bytes()
    one = opened.opened_export.rv
    other = replace(export(*FIELDS), patient=replace(one.patient, id="OTHER"))
    file.write_bytes(rtp_bytes(other))
    opened.again_button.click()
    settle()
    assert opened.opened_export.rv.patient.id == "OTHER"
    assert opened.against.measured_mm == ()
    assert told(opened, "F-TBI-SSD") == []
    assert (opened.body.measured_mm, opened.body.thickness_mm) == ({}, None)
    opened.body.ssd["2"].setValue(396.0)
    second = tmp_path / "second.rtp"
    second.write_bytes(before)
    opened.check(second, Against("tbi"))
    settle()
    assert opened.body.ssd["2"].value() == 0.0
    assert opened.measured.ssd_mm == {}


@pytest.mark.parametrize("text", ["98.5", "98,5"])
def test_that_what_is_typed_by_keys_is_what_is_held(opened, settle, text):
    opened.view.tabs.setCurrentWidget(opened.body)
    for box in (opened.body.ssd["2"], opened.body.thickness):
        box.setFocus()
        box.lineEdit().selectAll()
        QTest.keyClicks(box, text)
        assert box.value() == 98.5
    assert opened.measured.ssd_mm["2"] == D(985)
    assert opened.measured.thickness_mm == D(985)
    mu = opened.mu.tbi
    opened.view.tabs.setCurrentWidget(opened.mu)
    opened.mu.tabs.setCurrentWidget(mu)
    settle()
    mu.thickness.setFocus()
    mu.thickness.lineEdit().selectAll()
    QTest.keyClicks(mu.thickness, text.replace("98", "28"))
    assert opened.measured.thickness_mm == D(285)
