"""What ends late, is changed meanwhile or comes back after a crash counts for its own report."""

import json
from decimal import Decimal
from threading import Event

import pytest

from app.background import JOBS, CancelledError
from app.filter.checks_log import checks_file
from app.filter.gui import mu_panel, opening
from app.filter.gui.ask_strip import AskStrip
from app.filter.gui.page import FilterPage
from app.filter.mu.check import Choices
from core.audit import entries
from core.findings import State
from tests.bench.open_close import settle
from tests.gui.demo_files import export

pytestmark = pytest.mark.usefixtures("qapp")


def test_that_the_export_opened_last_is_shown_however_slow_the_one_before(
    qtbot, demo, monkeypatch, tmp_path
):
    slow = tmp_path / "slow.rtp"
    slow.write_bytes(export(demo).read_bytes())
    go, held = Event(), opening.open_export

    def slow_one(rv_path, *rest):
        if rv_path == slow:
            go.wait(20)
        return held(rv_path, *rest)

    monkeypatch.setattr(opening, "open_export", slow_one)
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
    go, held = Event(), opening.open_export

    def slow_one(*words):
        go.wait(20)
        return held(*words)

    monkeypatch.setattr(opening, "open_export", slow_one)
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


def test_that_a_cancelled_opening_leaves_the_scale_of_what_is_shown(qtbot, demo, monkeypatch):
    page = FilterPage()
    qtbot.addWidget(page)
    page.scale.setCurrentIndex(2)
    page.run(export(demo), None)
    settle()
    monkeypatch.setattr(opening, "open_export", cancelled)
    page.run(demo / "export" / "variants" / "arc_direction.rtp", None)
    settle()
    assert (page.rv_path, page.scale.currentIndex()) == (export(demo), 2)
    assert page.state()["scale"] == page.desk.shown.scale


def cancelled(*_):
    raise CancelledError


def test_that_what_was_kept_stays_until_the_export_is_open_again(qtbot, demo, tmp_path):
    kept = {
        "rv": str(tmp_path / "away.rtp"), "kind": "alone", "against": "", "scale": None,
        "notes": "Gating: none",
    }  # fmt: skip
    page = FilterPage()
    qtbot.addWidget(page)
    page.resume(kept)
    assert page.state() == kept
    settle()
    assert page.state() == kept
    (tmp_path / "away.rtp").write_bytes(export(demo).read_bytes())
    page.run(tmp_path / "away.rtp", None)
    settle()
    assert page.notes.text.toPlainText() == "Gating: none"


def test_that_a_cancelled_calculation_leaves_what_the_table_was_made_of(qtbot, demo, monkeypatch):
    panel = mu_panel.MuPanel()
    qtbot.addWidget(panel)
    panel.set_sources(export(demo), demo / "dicom")
    panel.calculate()
    settle()
    before = panel.asked
    panel.field_view.selectRow(0)
    panel.depth_box.setValue(5.0)
    monkeypatch.setattr(mu_panel, "calculated", cancelled)
    panel.again.click()
    settle()
    assert panel.asked is before
    assert (panel.again.isEnabled(), panel.depth_box.value()) == (True, 0.0)


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


def test_that_what_was_typed_for_a_field_that_is_gone_is_left_out_and_told(qtbot, demo):
    kept = {
        "rv": str(export(demo)), "kind": "plan", "against": str(demo / "dicom"), "scale": None,
        "notes": "", "patient": "DEMO-0001",
        "mu": {"depth_cm": {"1": 5.0, "7": 4.0}, "electrons": {"8": [90.0, [6.0, 6.0]]}},
    }  # fmt: skip
    page = FilterPage()
    qtbot.addWidget(page)
    page.resume(kept)
    settle()
    page.mu.calculate()
    settle()
    assert page.mu.report is not None
    assert page.mu.kept() == {"depth_cm": {"1": 5.0}}
    told = "Not used: what was typed for 7, 8, which the export has no more."
    assert page.mu.words.text().startswith(f"{told} SHA-256")
    page.run(export(demo), demo / "dicom")
    settle()
    page.mu.calculate()
    settle()
    assert page.mu.words.text().startswith("SHA-256")
