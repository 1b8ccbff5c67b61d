"""Nothing that was typed, chosen or asked for one patient stands or counts under another."""

from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from app.background import JOBS
from app.demo.write_demo import write_demo
from app.filter.checks_log import checks_file
from app.filter.desk_tables import DeskTables
from app.filter.field import Plan
from app.filter.gui import against, desk_bar, notes_panel
from app.filter.gui import page as page_of_filter
from app.filter.gui.ask_strip import AskStrip
from app.filter.gui.film_panel import FilmPanel
from app.filter.gui.mu_panel import MuPanel
from app.filter.gui.notes_panel import NotesPanel
from app.filter.gui.page import FilterPage
from app.filter.ledger_log import recorded
from app.filter.notes import Note
from app.filter.rv_source import open_rv
from app.lex.gui.page import LexPage
from app.lex.gui.write_step import WriteStep
from core.audit import entries
from core.errors import RemedyError
from core.findings import State
from core.paths import clinic_folder
from tests.bench.open_close import settle

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return write_demo(tmp_path_factory.mktemp("demo") / "demo").folder


def export(demo):
    return next((demo / "export").glob("*.rtp"))


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


def test_that_the_export_opened_last_is_shown_however_slow_the_one_before(
    qtbot, demo, monkeypatch, tmp_path
):
    slow = tmp_path / "slow.rtp"
    slow.write_bytes(export(demo).read_bytes())
    go, held = Event(), page_of_filter.open_export

    def opening(rv_path, *rest):
        if rv_path == slow:
            go.wait(20)
        return held(rv_path, *rest)

    monkeypatch.setattr(page_of_filter, "open_export", opening)
    page = FilterPage()
    qtbot.addWidget(page)
    page.run(slow, None)
    page.run(export(demo), None)
    qtbot.waitUntil(lambda: page.rv_path == export(demo), timeout=20_000)
    go.set()
    settle()
    assert page.rv_path == export(demo)
    assert page.again_button.isEnabled()


def test_that_a_cancelled_check_opens_the_page_again(qtbot, demo, monkeypatch):
    go, held = Event(), page_of_filter.open_export

    def opening(*words):
        go.wait(20)
        return held(*words)

    monkeypatch.setattr(page_of_filter, "open_export", opening)
    page = FilterPage()
    qtbot.addWidget(page)
    page.run(export(demo), None)
    assert not page.open_button.isEnabled()
    JOBS.running[-1].cancel()
    go.set()
    settle()
    assert page.open_button.isEnabled()
    assert page.opened_export is None
    assert list(entries(checks_file())) == []


def test_that_the_scale_chosen_for_one_export_is_not_that_of_the_next(qtbot, demo, tmp_path):
    other = tmp_path / "other.rtp"
    other.write_bytes(export(demo).read_bytes())
    page = FilterPage()
    qtbot.addWidget(page)
    page.scale.setCurrentIndex(2)
    page.run(export(demo), None)
    settle()
    assert page.scale.currentIndex() == 2  # chosen before, for this one
    page.again_button.click()
    settle()
    assert page.scale.currentIndex() == 2
    page.run(other, None)
    settle()
    assert page.scale.currentIndex() == 0


def test_that_the_database_is_asked_again_and_nothing_is_signed_before(qtbot, demo, monkeypatch):
    page = FilterPage()
    qtbot.addWidget(page)
    tables = DeskTables(has_notes_source=True)
    monkeypatch.setattr(against, "read_desk_tables", lambda *_: tables)
    monkeypatch.setattr(notes_panel, "read_sources", lambda: ("source",))
    go, given = Event(), [Note("Dose rate: 123")]
    go.set()

    def notes_of(_source, _patient):
        go.wait(20)
        if not given:
            raise RemedyError("the server is away", where="database", remedy="Ask later.")
        return tuple(given)

    monkeypatch.setattr(notes_panel, "notes_of", notes_of)
    page.run(export(demo), None)
    settle()
    page.notes.database_button.click()
    settle()
    told = page.opened_export.report.findings
    assert [one for one in told if one.rule == "F-NOTE-DOSE-RATE"]
    go.clear()
    page.again_button.click()
    qtbot.waitUntil(page.open_button.isEnabled, timeout=20_000)
    page.desk._ask_sign("review", "reviewed")
    assert "has not answered" in page.desk.strip.answer.text()
    go.set()
    settle()
    assert page.opened_export.report.findings == told
    given.clear()
    page.again_button.click()
    settle()
    gaps = [one.why for one in page.opened_export.report.not_checked if "database" in one.item]
    assert gaps == ["the server is away. Ask later."]
    assert page.state()["database"]


def test_that_notes_of_an_earlier_run_count_for_their_export_alone(qtbot, demo, tmp_path):
    other = tmp_path / "other.rtp"
    other.write_bytes(export(demo).read_bytes())
    for opened_first in (export(demo), other):
        page = FilterPage()
        qtbot.addWidget(page)
        page.resume({
            "rv": str(export(demo)), "kind": "alone", "against": "", "scale": None,
            "notes": "Dose rate: 123",
        })  # fmt: skip
        if opened_first is other:
            page.run(other, None)
        settle()
        rules = [one.rule for one in page.opened_export.report.findings]
        assert ("F-NOTE-DOSE-RATE" in rules) == (opened_first is not other)


def test_that_notes_that_are_not_compared_keep_the_report_from_being_signed(qtbot, demo):
    page = FilterPage()
    qtbot.addWidget(page)
    page.run(export(demo), None)
    settle()
    page.notes.text.setPlainText("Dose rate: 123")
    page.desk._ask_sign("review", "reviewed")
    assert "not in this report" in page.desk.strip.answer.text()
    page.notes.compare()
    settle()
    page.desk._ask_sign("review", "reviewed")
    assert page.desk.strip.asking
    page.desk.strip.leave_button.click()
    page.notes.text.clear()
    page.notes.compare()
    settle()
    assert not [one for one in page.opened_export.report.findings if "NOTE" in one.rule]


def test_that_what_is_done_late_is_told_under_its_own_name(qtbot, demo, monkeypatch):
    other = demo / "export" / "variants" / "arc_direction.rtp"
    go, held = Event(), desk_bar.sign_report

    def slow(*words):
        go.wait(20)
        return held(*words)

    monkeypatch.setattr(desk_bar, "sign_report", slow)
    page = FilterPage()
    qtbot.addWidget(page)
    page.run(export(demo), None)
    settle()
    first = page.opened_export.report
    page.desk._ask_sign("review", "reviewed")
    page.desk.strip.person.setText("Jane Roe")
    page.desk.strip.go_button.click()
    page.run(other, None)
    qtbot.waitUntil(lambda: page.rv_path == other, timeout=20_000)
    go.set()
    settle()
    assert page.desk.strip.answer.text().startswith(f"Done: {first.title}: signed:")
    assert page.desk.signed.text() == ""


def test_that_a_reason_being_typed_stays_when_something_else_ends(qtbot):
    strip = AskStrip()
    qtbot.addWidget(strip)
    said = []
    strip.ask("Acknowledge", "Why", "Sign", lambda *words: said.append(words))
    strip.person.setText("Jane Roe")
    strip.words.setText("half a rea")
    strip.tell(State.PASS, "page saved")
    assert (strip.asking, strip.words.text()) == (True, "half a rea")
    strip.leave_button.click()
    assert (strip.asking, strip.answer.text()) == (False, "Done: page saved")
    settle()


def test_that_a_report_by_other_tables_is_out_of_date_and_not_signed(qtbot, demo):
    page = FilterPage()
    qtbot.addWidget(page)
    page.run(export(demo), None)
    settle()
    assert page.view.banner.state == State.PASS
    own = clinic_folder() / "tolerances.toml"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text(
        '[hints]\nsmall_field_mm = { value = 29.0, unit = "mm", source = "ours" }\n',
        encoding="utf-8",
    )
    page.desk._ask_sign("review", "reviewed")
    page.desk.strip.person.setText("Jane Roe")
    page.desk.strip.go_button.click()
    settle()
    assert "tables have changed since this check" in page.desk.strip.answer.text()
    assert not recorded("signed")
    page.tables_changed()
    settle()
    assert page.view.banner.state == State.WARNING
    assert "tolerances.toml" in page.view.banner.text
    page.again_button.click()
    settle()
    assert page.view.banner.state == State.PASS
