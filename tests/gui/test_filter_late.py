"""What ends late, is changed meanwhile or comes back after a crash counts for its own report."""

import json
from decimal import Decimal
from threading import Event

import pytest

from app.background import JOBS
from app.demo.write_demo import write_demo
from app.filter.checks_log import checks_file
from app.filter.desk_tables import DeskTables
from app.filter.gui import against, desk_bar, notes_panel
from app.filter.gui import page as page_of_filter
from app.filter.gui.ask_strip import AskStrip
from app.filter.gui.page import FilterPage
from app.filter.ledger_log import recorded
from app.filter.mu.check import Choices
from app.filter.notes import Note
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


@pytest.mark.parametrize("patient", ["DEMO-0001", "OTHER"])
def test_that_what_was_typed_comes_back_after_a_crash_for_the_same_patient(qtbot, demo, patient):
    page = FilterPage()
    qtbot.addWidget(page)
    page.run(export(demo), demo / "dicom")
    settle()
    page.mu.calculate()
    settle()
    page.mu.field_view.selectRow(0)
    page.mu.depth_box.setValue(5.0)
    page.mu.again.click()
    settle()
    page.mu.field_view.selectRow(4)
    page.mu.isodose_box.setValue(90.0)
    page.mu.length_box.setValue(8.0)
    page.mu.width_box.setValue(6.0)
    page.mu.again.click()
    settle()
    typed = page.mu.asked.choices
    assert (typed.depth_cm, len(typed.electrons)) == ({"1": 5.0}, 1)
    page.measured.set_ssd("1", Decimal("985.0"))
    page.measured.set_thickness(Decimal(285))
    page.notes.text.setPlainText("Gating: none")
    kept = json.loads(json.dumps(page.state())) | {"patient": patient}
    again = FilterPage()
    qtbot.addWidget(again)
    again.resume(kept)
    settle()
    if patient == "OTHER":
        assert again.mu.asked.choices == Choices()
        assert (again.measured.pairs, again.notes.text.toPlainText()) == ((), "")
    else:
        assert again.mu.asked.choices == typed
        assert again.measured.pairs == (("1", Decimal("985.0")),)
        assert again.measured.thickness_mm == Decimal(285)
        assert again.notes.text.toPlainText() == "Gating: none"
