"""Nothing that was typed, chosen or asked for one patient stands or counts under another."""

from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from app.filter.field import Plan
from app.filter.gui import notes_panel
from app.filter.gui.film_panel import FilmPanel
from app.filter.gui.mu_panel import MuPanel
from app.filter.gui.notes_panel import NotesPanel
from app.filter.gui.page import FilterPage
from app.filter.rv_source import open_rv
from app.lex.gui.page import LexPage
from app.lex.gui.write_step import WriteStep
from tests.bench.open_close import settle
from tests.gui.demo_files import export

pytestmark = pytest.mark.usefixtures("qapp")


def test_that_the_name_of_a_file_is_that_of_the_patient_in_hand(qtbot):
    step = WriteStep(("mosaiq_2.6",))
    qtbot.addWidget(step)
    step.show_records((), "mosaiq_2.6", Path("/plans/ONE.rtp"))
    assert step.target() == Path("/plans/ONE.rtp")
    step.path.setText("/transfer/ONE.rtp")
    step.show_records((), "mosaiq_2.6", Path("/plans/ONE.rtp"))
    assert step.target() == Path("/transfer/ONE.rtp")
    step.show_records((), "mosaiq_2.6", Path("/plans/TWO.rtp"))
    assert step.target() == Path("/plans/TWO.rtp")


def test_that_the_demonstration_fills_the_form_of_its_own_plan_alone(qtbot, demo):
    page = LexPage(lambda *_: lambda _: [])
    qtbot.addWidget(page)
    page.show()
    page.open_demo(demo)
    settle()
    page.open_path(demo / "dicom")
    settle()
    page.go(2)
    settle()
    page.go(3)
    settle()
    assert not page.treatment_step.values().get("couch")
    page.open_demo(demo)
    settle()
    page.go(2)
    settle()
    page.go(3)
    settle()
    assert page.treatment_step.values()["couch"]["vertical_cm"] == -13.5


def test_that_a_late_answer_on_notes_is_not_told_of_another_patient(qtbot, demo, monkeypatch):
    first: Plan = open_rv(export(demo))
    other = replace(first, patient=replace(first.patient, id="OTHER"))
    panel = NotesPanel()
    qtbot.addWidget(panel)
    told = []
    panel.compared.connect(told.append)
    panel.show_for(first, None)
    panel.text.setPlainText("Dose rate: 123")
    held = notes_panel.compare_notes

    def slow(*words):
        panel_is_on.wait(20)
        return held(*words)

    panel_is_on = Event()
    monkeypatch.setattr(notes_panel, "compare_notes", slow)
    panel.compare()
    panel.show_for(other, None)
    panel_is_on.set()
    settle()
    assert told == []
    panel.show_for(first, None)
    panel.text.setPlainText("Dose rate: 123")
    panel.compare()
    settle()
    assert len(told) == 1


def test_that_what_is_typed_for_a_field_is_of_that_field_and_export(qtbot, demo):
    panel = MuPanel()
    qtbot.addWidget(panel)
    panel.set_sources(export(demo), demo / "dicom")
    panel.show()
    qtbot.waitUntil(lambda: panel.report is not None, timeout=60_000)
    panel.depth_box.setValue(5.0)
    panel.again.click()
    settle()
    panel.field_view.selectRow(0)
    assert panel.depth_box.value() == 5.0
    panel.field_view.selectRow(1)
    assert panel.depth_box.value() == 0.0
    panel.field_view.selectRow(0)
    panel.srs.cone.setValue(20.0)
    panel.srs.isodose.setValue(80.0)
    panel.tbi.side.setValue(15.0)
    panel.set_sources(export(demo).with_name("other.rtp"), None)
    assert panel.depth_box.value() == 0.0
    for number in range(panel.tabs.count()):
        panel.tabs.setCurrentIndex(number)
        assert not panel.banner.isVisible()
    assert (panel.srs.cone.value(), panel.srs.isodose.value()) == (0.0, 0.0)
    assert panel.tbi.side.value() == 0.0


def test_that_dose_and_film_of_one_plan_are_not_chosen_for_another(qtbot, demo):
    panel = FilmPanel()
    qtbot.addWidget(panel)
    panel.set_sources(export(demo), demo / "dicom")
    for pick in (panel.controls.dose, panel.controls.measured, panel.controls.calibration):
        pick.show_path(demo / "README.txt")
    panel.controls.fractions.setValue(25)
    panel.set_sources(export(demo), demo / "dicom")
    assert panel.controls.dose.path is not None
    panel.set_sources(export(demo).with_name("other.rtp"), demo / "dicom")
    assert (panel.controls.dose.path, panel.controls.measured.path) == (None, None)
    assert panel.controls.calibration.path is not None
    assert panel.controls.fractions.value() == 1


def test_that_an_export_that_cannot_be_opened_leaves_nothing_of_the_one_before(qtbot, demo):
    page = FilterPage()
    qtbot.addWidget(page)
    persons = []
    page.patient_changed.connect(persons.append)
    page.run(export(demo), None)
    settle()
    assert persons[-1]
    page.run(export(demo).with_name("other.rtp"), demo / "none.dcm")
    settle()
    assert (page.rv_path, page.opened_export, persons[-1]) == (None, None, "")
    assert not page.plan_button.isEnabled()


def test_that_notes_that_stand_there_count_for_an_export_that_is_read_again(qtbot, demo):
    page = FilterPage()
    qtbot.addWidget(page)
    page.run(export(demo), None)
    settle()
    page.notes.text.setPlainText("Dose rate: 123")
    page.notes.compare()
    settle()
    told = page.opened_export.report.findings
    assert [one for one in told if one.rule == "F-NOTE-DOSE-RATE"]
    page.again_button.click()
    settle()
    assert page.opened_export.report.findings == told
