"""The wizard by keyboard alone: from a server to a file, and reasons typed where one is asked."""

import pytest

from app.demo.write_demo import write_demo
from app.lex.checks import CHECKS
from app.lex.checks.standard import standard_case
from app.lex.log import log_file
from core import audit
from core.findings import State
from tests.gui import lex_wizard as hand
from tests.lex.planning_tree import served, state_of

ACK = [one for one in CHECKS if one.state == State.WARNING]
COUCH = {"vertical_cm": "-13.5", "lateral_cm": "1.2", "longitudinal_cm": "82"}


def to_the_end(qtbot, lex):
    while hand.press_next(qtbot, lex):
        pass


def write_to(qtbot, lex, target):
    """Try to write with the keys there are; Enter and Space on a grey button do nothing."""
    step = lex.write_step
    if lex.stack.currentWidget() is step:
        hand.paste(qtbot, step.path, str(target))
    step.path.setText(str(target))
    if step.write_button.isEnabled():
        hand.press(qtbot, step.write_button)
    else:
        for key in (hand.SPACE, hand.ENTER):
            qtbot.keyClick(step.write_button, key)
        lex.go(5)
        hand.quiet(qtbot)


def fill_in(qtbot, form):
    hand.typed(qtbot, form.course, "1")
    hand.tab_to(qtbot, form.machine_type)
    qtbot.keyClicks(form.machine_type, "demo")
    hand.quiet(qtbot)  # its lists are read beside
    hand.tab_to(qtbot, form.dose_rate)
    qtbot.keyClicks(form.dose_rate, "400")
    hand.typed(qtbot, form.tolerance_table, "2")
    for name, text in COUCH.items():
        hand.typed(qtbot, form.couch[name], text)


@pytest.mark.req("L-01", "L-02", "L-03", "L-05", "L-24")
def test_that_the_keyboard_leads_from_the_server_to_a_written_file(qtbot, tmp_path):
    demo = write_demo(tmp_path / "demo")
    root = next(path.parent for path in demo.folder.rglob("Institution") if path.is_file())
    before = state_of(root)
    with served("ftp", root) as (server, password, running):
        lex = hand.fetched(qtbot, server, password)
        assert running.only_read()
    while lex.stack.currentWidget() is not lex.treatment_step:
        assert hand.press_next(qtbot, lex), lex.note.text()
    assert not hand.press_next(qtbot, lex)
    fill_in(qtbot, lex.treatment_step)
    assert lex.note.text() == ""
    to_the_end(qtbot, lex)
    assert lex.stack.currentWidget() is lex.write_step, lex.note.text()
    target = tmp_path / "transfer.rtp"
    hand.paste(qtbot, lex.write_step.path, str(target))
    hand.press(qtbot, lex.write_step.write_button)
    assert lex.write_step.banner.state != State.ERROR, lex.write_step.banner.text
    assert target.read_bytes().startswith(b'"PLAN_DEF","DEMO-0001"')
    assert target.read_bytes().count(b'"FIELD_DEF"') == 5
    events = [entry["event"] for entry in audit.entries(log_file())]
    assert (events[0], events[-1]) == ("checks", "written")
    assert state_of(root) == before


def test_that_the_standard_case_is_written(qtbot, monkeypatch, plan, tmp_path):
    lex = hand.opened(qtbot, monkeypatch, standard_case(), plan)
    to_the_end(qtbot, lex)
    assert lex.stack.currentWidget() is lex.write_step, lex.note.text()
    write_to(qtbot, lex, tmp_path / "plan.rtp")
    assert (tmp_path / "plan.rtp").read_bytes().startswith(b'"PLAN_DEF","P-001"')


@pytest.mark.req("L-11", "L-12", "L-13", "L-14", "L-16", "L-18", "L-20")
@pytest.mark.parametrize("one", ACK, ids=lambda one: one.rule)
def test_that_a_file_appears_only_after_each_reason_was_typed(
    qtbot, monkeypatch, plan, tmp_path, one
):
    case = standard_case().changed(*one.on, one.bad[0])
    lex = hand.opened(qtbot, monkeypatch, case, plan)
    to_the_end(qtbot, lex)
    assert lex.stack.currentWidget() is lex.checks_step
    assert f"a reason for {one.rule}" in lex.note.text()
    write_to(qtbot, lex, tmp_path / "plan.rtp")
    assert not (tmp_path / "plan.rtp").exists()
    hand.reasons_by_keyboard(qtbot, lex)
    assert lex.note.text() == ""
    to_the_end(qtbot, lex)
    write_to(qtbot, lex, tmp_path / "plan.rtp")
    assert (tmp_path / "plan.rtp").exists()
    said = [entry for entry in audit.entries(log_file()) if entry["event"] == "acknowledged"]
    assert one.rule in {entry["rule"] for entry in said}
    assert {entry["reason"] for entry in said} == {hand.WHY}
    assert audit.verify(log_file()) == ()
