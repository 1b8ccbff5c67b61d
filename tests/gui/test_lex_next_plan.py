"""What was entered for one plan is not there for the next one, and is there for its correction."""

import threading

import pydicom
import pytest

from app.background import JOBS
from app.demo.write_demo import write_demo
from app.lex.browse import PatientChoice
from app.lex.checks.standard import standard_case
from app.lex.gui import checking, writing
from app.lex.gui import page as lex_page
from app.lex.gui.page import LexPage
from app.lex.treatment import read_treatment_table
from core.findings import State
from tests.gui import lex_wizard as hand

COUCH = {"vertical_cm": -13.5, "lateral_cm": 1.2, "longitudinal_cm": 82.0}


def shown(qtbot, lex, path):
    before = lex.plan_step.trial
    lex.open_path(path)
    qtbot.waitUntil(
        lambda: not JOBS.running and lex.plan_step.trial not in (None, before), timeout=20_000
    )
    lex.go(lex.steps.index(lex.treatment_step))


def test_that_entries_come_back_though_the_correction_was_not_looked_at(qtbot, tmp_path):
    demo = write_demo(tmp_path / "demo")
    lex = LexPage(lambda *_: lambda _: [])
    qtbot.addWidget(lex)
    lex.show()
    shown(qtbot, lex, demo.plan)
    lex.treatment_step.set_values(read_treatment_table(demo.treatment))
    data = pydicom.dcmread(demo.plan)
    for name, keyword, value in (
        ("corrected.dcm", "SOPInstanceUID", "1.2.3.4"), ("other.dcm", "PatientID", "DEMO-0002"),
    ):  # fmt: skip
        setattr(data, keyword, value)
        data.save_as(tmp_path / name)
        before = lex.plan_step.trial
        lex.open_path(tmp_path / name)
        qtbot.waitUntil(
            lambda last=before: not JOBS.running and lex.plan_step.trial not in (None, last)
        )
        if name == "corrected.dcm":
            assert lex.state()["entered"]["values"]["couch"] == COUCH
    shown(qtbot, lex, demo.plan)
    assert lex.treatment_step.values()["couch"] == COUCH


def test_that_checks_under_way_are_not_those_of_tables_changed_meanwhile(qtbot, monkeypatch, plan):
    go, held, runs = threading.Event(), checking.check_and_log, []

    def slow(*words):
        go.wait(10)
        runs.append(held(*words))
        return runs[-1]

    lex = hand.opened(qtbot, monkeypatch, standard_case(), plan)
    monkeypatch.setattr(checking, "check_and_log", slow)
    lex.go(lex.steps.index(lex.checks_step))
    lex.tables_changed()
    go.set()
    hand.quiet(qtbot)
    assert len(runs) == 2
    assert lex.checking.checked is not None
    lex.fix_button.setChecked(True)
    lex.tables_changed()
    assert (lex.fix_button.isChecked(), lex.checking.checked) == (True, None)


@pytest.mark.req("L-05")
@pytest.mark.parametrize(
    ("changes", "stays"),
    [
        ({"SOPInstanceUID": "1.2.3.4"}, True),
        ({"RTPlanName": "ANOTHER"}, False),
        ({"PatientID": "DEMO-0002", "PatientName": "OTHER^PERSON"}, False),
    ],
)
def test_that_the_couch_of_one_plan_is_not_offered_for_another(qtbot, tmp_path, changes, stays):
    demo = write_demo(tmp_path / "demo")
    lex = LexPage(lambda *_: lambda _: [])
    qtbot.addWidget(lex)
    lex.show()
    shown(qtbot, lex, demo.plan)
    lex.treatment_step.set_values(read_treatment_table(demo.treatment))
    assert lex.treatment_step.values()["couch"] == COUCH
    plans = [one for one in demo.plan.parent.rglob("*.dcm")
             if pydicom.dcmread(one, stop_before_pixels=True).Modality == "RTPLAN"]  # fmt: skip
    data = pydicom.dcmread(plans[0])
    for keyword, value in changes.items():
        setattr(data, keyword, value)
    other = tmp_path / "next.dcm"
    data.save_as(other)
    shown(qtbot, lex, other)
    form = lex.treatment_step
    assert (form.values().get("couch", {}) == COUCH) == stays
    if not stays:
        assert not form.values().get("couch")
        assert form.missing()
        form.course.set_number(9)
        shown(qtbot, lex, demo.plan)
        assert (form.values()["couch"], form.values()["course"]) == (COUCH, 1)
        assert "As entered" in form.file_said.text()
        shown(qtbot, lex, other)
        assert (form.values()["couch"], form.values()["course"]) == ({}, 9)


def test_that_the_source_opened_last_is_shown_however_slow_the_one_before(
    qtbot, monkeypatch, tmp_path
):
    go = threading.Event()

    def browse(path):
        if path.name == "slow":
            go.wait(10)
        return (PatientChoice(path.name, path.name, ()),)

    monkeypatch.setattr(lex_page, "browse", browse)
    lex = LexPage(lambda *_: lambda _: [])
    qtbot.addWidget(lex)
    lex.open_path(tmp_path / "slow")
    lex.open_path(tmp_path / "second")
    qtbot.waitUntil(lambda: lex.plan_step.patients.count() == 1)
    go.set()
    hand.quiet(qtbot)
    assert "second" in lex.plan_step.patients.item(0).text()


def test_that_a_file_written_late_is_not_taken_for_the_next_plans(
    qtbot, monkeypatch, plan, tmp_path
):
    """It is told in the last step of the next plan as the one before, and cannot be checked."""
    case, go = standard_case(), threading.Event()
    lex = hand.opened(qtbot, monkeypatch, case, plan)
    while lex.stack.currentWidget() is not lex.write_step:
        assert hand.press_next(qtbot, lex), lex.note.text()
    write = writing.write

    def slow(*arguments, **named):
        go.wait(10)
        return write(*arguments, **named)

    monkeypatch.setattr(writing, "write", slow)
    lex.write_step.path.setText(str(tmp_path / "first.rtp"))
    lex.write_step.write_button.click()
    lex.treatment_step.course.set_number(2)  # another transfer from here on
    go.set()
    hand.quiet(qtbot)
    assert (tmp_path / "first.rtp").exists()
    assert lex.writing.written is None
    lex.go(lex.steps.index(lex.write_step))
    hand.quiet(qtbot)
    step = lex.write_step
    assert lex.stack.currentWidget() is step
    assert step.banner.state == State.PASS
    assert "transfer before this one" in step.banner.text
    assert "first.rtp" in step.banner.text
    assert step.check_button.isHidden()
