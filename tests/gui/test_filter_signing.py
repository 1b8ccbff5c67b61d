"""Nothing is signed but the whole report, by the tables in force."""

from threading import Event

import pytest

from app.background import JOBS
from app.filter.desk_tables import DeskTables
from app.filter.gui import against, desk_bar, joining, notes_panel, opening
from app.filter.gui.page import FilterPage
from app.filter.ledger_log import recorded
from app.filter.notes import Note
from core.errors import RemedyError
from core.findings import State
from core.paths import clinic_folder
from tests.bench.open_close import settle
from tests.gui.demo_files import export

pytestmark = pytest.mark.usefixtures("qapp")


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


def asked_to_sign_beside_notes(qtbot, demo):
    page = FilterPage()
    qtbot.addWidget(page)
    page.run(export(demo), None)
    settle()
    page.notes.text.setPlainText("Dose rate: 123")
    page.desk._ask_sign("review", "reviewed")
    return page


def test_that_notes_that_are_not_compared_keep_the_report_from_being_signed(qtbot, demo):
    page = asked_to_sign_beside_notes(qtbot, demo)
    assert "not in this report" in page.desk.strip.answer.text()
    page.notes.compare()
    settle()
    assert (page.desk.strip.answer.text(), page.desk.strip.answer.toolTip()) == ("", "")
    page.desk._ask_sign("review", "reviewed")
    assert page.desk.strip.asking
    page.desk.strip.leave_button.click()
    page.notes.text.clear()
    page.notes.compare()
    settle()
    assert not [one for one in page.opened_export.report.findings if "NOTE" in one.rule]


def test_that_why_it_was_not_signed_stays_while_other_notes_stand(qtbot, demo):
    page = asked_to_sign_beside_notes(qtbot, demo)
    page.notes.compare()
    page.notes.text.setPlainText("Dose rate: 124")
    settle()
    assert page.desk.strip.answer.text().startswith("Warning: Not signed. Notes stand")


def signable(page):
    """Whether the question of a signature opens; it is closed again."""
    page.desk.strip.clear()
    page.desk._ask_sign("review", "reviewed")
    opens = page.desk.strip.asking
    page.desk.strip.clear()
    return opens


def test_that_nothing_is_signed_while_notes_are_on_their_way_into_the_report(
    qtbot, demo, monkeypatch
):
    compare, put, slow, fails = Event(), Event(), notes_panel.compare_notes, []
    held = joining.on_record

    def comparing(*words):
        compare.wait(20)
        return slow(*words)

    def putting(*words):
        put.wait(20)
        if fails:
            raise RemedyError("the log is full", where="log", remedy="Make room.")
        return held(*words)

    monkeypatch.setattr(notes_panel, "compare_notes", comparing)
    monkeypatch.setattr(joining, "on_record", putting)
    page = FilterPage()
    qtbot.addWidget(page)
    page.run(export(demo), None)
    settle()
    assert signable(page)
    page.notes.text.setPlainText("Dose rate: 123")
    page.notes.compare()
    assert not signable(page)
    compare.set()
    qtbot.waitUntil(lambda: len(JOBS.running) == 1, timeout=20_000)
    assert not signable(page)
    put.set()
    settle()
    assert signable(page)
    fails.append(1)
    page.notes.text.setPlainText("Dose rate: 124")
    page.notes.compare()
    settle()
    assert not signable(page)
    fails.clear()
    page.notes.compare()
    settle()
    assert signable(page)


def test_that_of_two_comparisons_of_notes_the_last_counts(qtbot, demo):
    page = FilterPage()
    qtbot.addWidget(page)
    page.run(export(demo), None)
    settle()
    page.notes.text.setPlainText("Dose rate: 111")
    page.notes.compare()
    page.notes.text.setPlainText("Dose rate: 222")
    page.notes.compare()
    settle()
    told = [one.expected for one in page.opened_export.report.findings if "NOTE" in one.rule]
    assert set(told) == {"222"}
    assert signable(page)


def test_that_tables_changed_while_an_export_is_read_make_its_report_out_of_date(
    qtbot, demo, monkeypatch
):
    read, go, held = Event(), Event(), opening.open_export

    def slow(*words):
        answer = held(*words)
        read.set()
        go.wait(20)
        return answer

    monkeypatch.setattr(opening, "open_export", slow)
    page = FilterPage()
    qtbot.addWidget(page)
    page.run(export(demo), None)
    qtbot.waitUntil(read.is_set, timeout=20_000)
    own = clinic_folder() / "tolerances.toml"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text(
        '[hints]\nsmall_field_mm = { value = 29.0, unit = "mm", source = "ours" }\n',
        encoding="utf-8",
    )
    page.tables_changed()
    go.set()
    settle()
    assert page.view.banner.state == State.WARNING
    assert "tolerances.toml" in page.view.banner.text


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
