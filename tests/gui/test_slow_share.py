"""A clinic's share that answers after seconds: the window's own thread never waits for it."""

import io
import os
import threading
import time
import traceback
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QDialogButtonBox

from app.archive.gui.network_pane import NetworkPane
from app.filter.gui.against import Against
from app.filter.gui.page import FilterPage
from app.help_limits import in_force
from app.help_window import HelpWindow
from app.lex.checks.standard import standard_case
from app.lex.gui.entering import READING
from app.lex.gui.page import LexPage
from app.viewer.dvh_panel import DvhPanel
from core.paths import RESOURCES
from tests.filter.desk_samples import write_export, write_plan
from tests.gui.lex_wizard import opened, press_next

HANG_S, LAG_S = 1.5, 0.01
"""What the first looks at the share take, and what each later one does."""
HANGING = 2
BLOCKED_S = 0.7
"""An event of the window's thread that takes this long has waited; half a hang."""


class Slow:
    """How often the share was asked, and from where in the window's own thread."""

    def __init__(self, share: Path) -> None:
        self.share, self.asked, self.in_the_window = str(share), 0, []

    def wait(self, path: object) -> None:
        if isinstance(path, str | os.PathLike) and os.fspath(path).startswith(self.share):
            self.asked += 1
            if threading.current_thread() is threading.main_thread():
                rows = [row for row in traceback.extract_stack() if "/app/" in row.filename]
                self.in_the_window.append(f"{rows[-1].filename}:{rows[-1].lineno}" if rows else "")
            time.sleep(HANG_S if self.asked <= HANGING else LAG_S)


@pytest.fixture
def slow(share, monkeypatch):
    """The share, each look at which takes its time, at the lowest place there is."""
    told = Slow(share)
    for module, name in ((os, "stat"), (os, "scandir"), (io, "open")):
        honest = getattr(module, name)

        def late(path, *rest, honest=honest, **named):
            told.wait(path)
            return honest(path, *rest, **named)

        monkeypatch.setattr(module, name, late)
    return told


@pytest.fixture
def beat(qtbot):
    """Times between the ticks of a clock in the window's thread, s."""
    gaps, last = [], [time.perf_counter()]

    def tick():
        now = time.perf_counter()
        gaps.append(now - last[0])
        last[0] = now

    clock = QTimer(interval=5)
    clock.timeout.connect(tick)
    clock.start()
    yield gaps
    clock.stop()


def forget(slow, beat):
    """Count from here: what the test itself laid down or made is no matter."""
    QApplication.processEvents()  # the clock ticks once for what went before
    slow.in_the_window.clear()
    slow.asked = 0
    beat.clear()


@pytest.mark.req("R-28")
def test_that_the_filter_does_not_wait_for_the_share(share, tmp_path, slow, beat, qtbot, settle):
    export, plan = write_export(tmp_path), write_plan(tmp_path)
    (share / "tolerances.toml").write_text("[exports]\ncouch_deg = 1.5\n")
    page = FilterPage()
    qtbot.addWidget(page)
    page.show()
    qtbot.wait(50)
    forget(slow, beat)
    page.check(export, Against("plan", plan))
    settle()
    assert slow.asked > 10
    assert "exports.couch_deg" in page.opened_export.report.rule_set.words
    assert len(page.desk.sign_button.menu().actions()) == 3
    page.field_tab.field_view.selectRow(1)
    page.field_tab.point_view.selectRow(1)
    assert page.field_tab._settings is not None
    slow.asked = 0  # it hangs again
    page.desk._ask_sign("review", "reviewed")
    page.desk.strip.person.setText("Ann")
    page.desk.strip.go_button.click()
    settle()
    assert "signed" in page.desk.strip.answer.text()
    slow.asked = 0
    page.notes.text.setPlainText("Gating: none")
    page.notes.compare()
    settle()
    assert "findings on the notes" in page.notes.strip.answer.text()
    assert slow.in_the_window == []
    assert max(beat) < BLOCKED_S


@pytest.mark.req("R-28")
def test_that_constraints_and_systems_are_offered_when_the_share_has_answered(
    share, slow, beat, qtbot, settle
):
    (share / "constraints").mkdir()
    (share / "constraints" / "ours.toml").write_text(
        'title = "Ours"\nfractionation = "any"\n[[constraint]]\nstructure = "PTV*"\n'
        'metric = "D95%"\nsource = "ours"\n'
    )
    (share / "archive.toml").write_text(
        '[[node]]\nname = "PACS"\nae_title = "PACS"\nhost = "127.0.0.1"\nport = 104\n'
    )
    forget(slow, beat)
    panel, pane = DvhPanel(), NetworkPane()
    qtbot.addWidget(panel)
    qtbot.addWidget(pane)
    settle()
    assert "Ours" in [panel.template.itemText(row) for row in range(panel.template.count())]
    assert pane.node() is not None
    assert slow.in_the_window == []


def test_that_the_help_opens_before_the_share_has_answered(share, slow, beat, qtbot, settle):
    (share / "tolerances.toml").write_text("[consistency]\nfield_dose_sum_cgy = 0.3\n")
    window = HelpWindow(None, in_force)
    qtbot.addWidget(window)
    forget(slow, beat)
    window.show_topic("F-DOSE-SUM", "index")
    assert window.isVisible()
    settle()
    assert "In force here: 0.3 cGy." in window.browser.toPlainText()
    assert slow.in_the_window == []


def test_that_lex_begins_before_the_share_has_answered(share, slow, beat, qtbot, settle):
    text = (RESOURCES / "machines" / "demo_linac.toml").read_text(encoding="utf-8")
    (share / "machines").mkdir()
    (share / "machines" / "ours.toml").write_text(text)
    (share / "servers.toml").write_text(
        '[[server]]\nname = "Planning"\nprotocol = "folder"\nroot = "/plans"\n'
    )
    forget(slow, beat)
    page = LexPage(lambda *_: None)
    qtbot.addWidget(page)
    step, box = page.treatment_step, page.source_step.server_box
    assert box.choice.currentText() == "The list of planning servers is being read"
    assert not box.add_button.isEnabled()
    step.machine_type.setCurrentIndex(step.machine_type.findData("demo_linac"))
    settle()
    assert step.machine_type.findData("ours") > 0
    assert step.machine_type.currentData() == "demo_linac"
    assert box.choice.currentText().startswith("Planning")
    assert box.add_button.isEnabled()
    slow.asked = 0  # it hangs again
    box.add_button.click()
    box.form.protocol.setCurrentIndex(box.form.protocol.findData("folder"))
    box.form.texts["name"].setText("Second")
    box.form.texts["root"].setText("/more")
    box.form.save_button.click()
    settle()
    assert box.server().name == "Second"
    assert slow.in_the_window == []
    assert max(beat) < BLOCKED_S


@pytest.mark.req("L-05", "R-28")
def test_that_the_form_of_lex_does_not_wait_for_the_share_and_is_not_complete_before(
    share, slow, beat, qtbot, settle, monkeypatch, tmp_path
):
    (share / "nomenclature").mkdir()
    (share / "nomenclature" / "mosaiq_2.6.toml").write_text('[field_ids]\npattern = "V{number}"\n')
    lex = opened(qtbot, monkeypatch, standard_case(), tmp_path, real_systems=True)
    step = lex.treatment_step
    assert lex.stack.currentWidget() is step
    forget(slow, beat)
    step.choose_system("varis")
    assert READING in step.missing()
    assert not lex.next_button.isEnabled()
    settle()
    slow.asked = 0
    step.choose_system("mosaiq_2.6")
    settle()
    assert READING not in step.missing()
    slow.asked = 0
    while press_next(qtbot, lex):
        pass
    assert lex.stack.currentWidget() is lex.write_step, lex.note.text()
    assert slow.asked > 10
    assert slow.in_the_window == []
    assert max(beat) < BLOCKED_S


def test_that_a_system_of_the_archive_is_kept_while_the_share_hangs(
    share, slow, beat, qtbot, settle
):
    pane = NetworkPane()
    qtbot.addWidget(pane)
    settle()
    forget(slow, beat)
    pane.edit_button.menu().actions()[0].trigger()
    form = pane.dialog
    form.texts["name"].setText("Planning")
    form.texts["ae_title"].setText("PINN")
    form.texts["host"].setText("10.1.2.3")
    form.buttons.button(QDialogButtonBox.StandardButton.Save).click()
    settle()
    assert pane.node().title == "Planning"
    pane.sure = lambda words: True
    slow.asked = 0
    pane.remove_action.trigger()
    settle()
    assert pane.node() is None
    assert slow.in_the_window == []
    assert max(beat) < BLOCKED_S
