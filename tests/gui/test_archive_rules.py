"""Rules and systems entered in the window, and the page of what has to be looked at."""

import json
from datetime import UTC, datetime, timedelta

import pydicom
import pytest
from PySide6.QtWidgets import QDialogButtonBox, QTabWidget

from app.archive.gui.attention_pane import AttentionPane
from app.archive.gui.network_pane import NetworkPane
from app.archive.gui.others import Others
from app.archive.gui.rules_pane import RulesPane
from app.archive.imports import take_in
from app.background import JOBS
from app.command_line import main
from app.main_window import MainWindow
from core.archive.archive import Archive
from core.archive.ledger import Ledger
from core.archive.listener import Listener
from core.archive.manifest import manifest_of
from core.archive.nodes import Kind, ListenerSettings, Node
from core.archive.rules import Rule
from core.archive.settings import read_settings, settings_file
from core.archive.settings_write import put_node, put_rule
from core.archive.transfer import Fate, Result
from core.findings import State

SAVE = QDialogButtonBox.StandardButton.Save


def quiet(qtbot):
    qtbot.waitUntil(lambda: not JOBS.running, timeout=30_000)


@pytest.fixture
def rules(qtbot, archive):
    put_node(Node("LINAC", "10.1.2.3", 104, name="Linac"))
    pane = RulesPane()
    qtbot.addWidget(pane)
    pane.show_settings(read_settings())
    pane.set_archive(archive)
    quiet(qtbot)
    return pane


@pytest.mark.req("Y-02")
def test_that_a_rule_is_entered_tried_and_written(qtbot, rules):
    rules.add_button.click()
    form = rules.dialog
    save = form.buttons.button(SAVE)
    assert not save.isEnabled()
    # A new rule leaves alone what was here before it.
    assert form.rule().since
    form.name.setText("approved plans")
    form.kinds["RTPLAN"].setChecked(True)
    form.approval.setCurrentIndex(form.approval.findData("UNAPPROVED"))
    form.calling.setText("import, PINN")
    form.complete.setChecked(True)
    form.whole_set.setChecked(True)
    form.pseudonymise.setChecked(True)
    assert "unapproved, from import or PINN, nothing of its plan set missing" in form.words.text()
    form.try_button.click()
    quiet(qtbot)
    assert form.would.text() == "Now it would send nothing."
    form.is_since.setChecked(False)
    form.approval.setCurrentIndex(0)
    form.try_button.click()
    quiet(qtbot)
    assert "12 objects of 1 person" in form.would.text()
    with qtbot.waitSignal(rules.changed):
        save.click()
    quiet(qtbot)
    assert read_settings().rules == (
        Rule("approved plans", "Linac", ("RTPLAN",), "", ("import", "PINN"), set_complete=True,
             whole_set=True, pseudonymise=True),
    )  # fmt: skip
    assert rules.tree.topLevelItem(0).text(0) == "approved plans"


@pytest.mark.req("Y-02")
def test_that_a_rule_written_by_hand_is_shown_changed_and_removed(qtbot, rules):
    since = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(days=3)
    own = Rule("hand", "Linac", ("RTPLAN", "SR"), "APPROVED",
               since=since.isoformat(timespec="milliseconds"))  # fmt: skip
    rules.show_settings(put_rule(own))
    quiet(qtbot)
    rules.tree.setCurrentItem(rules.tree.topLevelItem(0))
    rules.change_button.click()
    # A kind the form has no box for is not lost.
    assert rules.dialog.rule() == own
    rules.dialog.name.setText("other")
    rules.dialog.buttons.button(SAVE).click()
    quiet(qtbot)
    assert [one.name for one in read_settings().rules] == ["other"]
    rules.ask = lambda words: False
    rules.remove_button.click()
    assert len(read_settings().rules) == 1
    rules.ask = lambda words: True
    rules.remove_button.click()
    quiet(qtbot)
    assert read_settings().rules == ()
    assert "nothing is sent unasked" in rules.words.text()


@pytest.mark.req("Y-02")
def test_that_a_rule_that_cannot_be_is_refused_in_the_form(qtbot, rules):
    rules.show_settings(put_rule(Rule("one", "Linac")))
    rules.add_button.click()
    rules.dialog.name.setText("one")
    before = settings_file().read_text()
    rules.dialog.buttons.button(SAVE).click()
    quiet(qtbot)
    assert rules.dialog.fault.state is State.ERROR
    assert "two rules are called 'one'" in rules.dialog.fault.text
    assert settings_file().read_text() == before
    rules.dialog.reject()
    quiet(qtbot)


@pytest.mark.req("Y-02")
def test_that_what_a_rule_could_not_send_is_seen(qtbot, rules, archive, capsys):
    settings = put_rule(Rule("r", "Linac"))
    ledger = Ledger(archive)
    ledger.note_forwarded("r", [Result("1.2", Fate.DONE), Result("1.3", Fate.FAILED, "it is off")])
    ledger.close()
    rules.show_settings(settings)
    quiet(qtbot)
    item = rules.tree.topLevelItem(0)
    assert (item.text(3), item.text(4)) == ("1", "1")
    place = str(archive.store.folder)
    assert main(["archive", "rule", "list", "--archive", place, "--json"]) == 1
    (told,) = json.loads(capsys.readouterr().out)["rules"]
    assert (told["sent"], told["failed"], told["state"]) == (1, 1, "error")


@pytest.mark.req("Y-09")
def test_that_systems_are_entered_changed_and_removed(qtbot):
    pane = NetworkPane()
    qtbot.addWidget(pane)
    pane.edit_button.menu().actions()[0].trigger()
    form = pane.dialog
    form.texts["name"].setText("Planning")
    form.texts["ae_title"].setText("PINN")
    form.buttons.button(SAVE).click()
    quiet(qtbot)
    assert "No host" in form.fault.text
    form.texts["host"].setText("10.1.2.3")
    form.texts["addresses"].setText("10.1.2.0/24, 10.1.3.4")
    form.buttons.button(SAVE).click()
    quiet(qtbot)
    assert pane.node() == Node("PINN", "10.1.2.3", 104, "Planning", ("10.1.2.0/24", "10.1.3.4"))
    pane.change_action.trigger()
    form = pane.dialog
    form.kind.setCurrentIndex(form.kind.findData(Kind.WEB))
    assert not form.texts["ae_title"].isVisibleTo(form)
    form.buttons.button(SAVE).click()
    quiet(qtbot)
    assert "no url" in form.fault.text
    form.texts["url"].setText("https://pacs/dicom-web")
    form.buttons.button(SAVE).click()
    quiet(qtbot)
    (node,) = read_settings().nodes
    assert (node.kind, node.url, node.title) == (Kind.WEB, "https://pacs/dicom-web", "Planning")
    pane.sure = lambda words: True
    pane.remove_action.trigger()
    quiet(qtbot)
    assert read_settings().nodes == ()
    assert pane.node() is None


@pytest.mark.req("Y-03", "Y-13")
def test_that_quarantine_is_seen_side_by_side_and_refusals_go_when_looked_at(
    qtbot, archive, tmp_path
):
    plan = next((tmp_path / "set").glob("RTPLAN*"))
    data = pydicom.dcmread(plan)
    data.RTPlanLabel = "Other"
    data.save_as(plan)
    (tmp_path / "set" / "broken.dcm").write_bytes(b"no")
    take_in(archive, [plan, tmp_path / "set" / "broken.dcm"])
    pane = AttentionPane()
    qtbot.addWidget(pane)
    counted = []
    pane.counted.connect(counted.append)
    pane.show()
    pane.set_archive(archive)
    quiet(qtbot)
    assert counted[-1] == 2
    sides = [pane.sides.topLevelItem(row) for row in range(pane.sides.topLevelItemCount())]
    assert ["RTPlanLabel", "Toyplan", "Other"] in [
        [one.text(n) for n in range(3)] for one in sides
    ]
    pane.done_button.click()
    quiet(qtbot)
    quiet(qtbot)
    assert counted[-1] == 1
    assert not pane.done_button.isEnabled()


def damage(qtbot, archive, lost, others):
    archive.path_of(lost).write_bytes(b"flipped")
    ledger = Ledger(archive)
    ledger.scrub(0.0, 1000)
    ledger.close()
    others.attention.refresh()
    quiet(qtbot)
    assert others.attention.back_button.isEnabled()


@pytest.mark.req("Y-13")
def test_that_a_damaged_file_is_brought_back_from_the_room(qtbot, archive, tmp_path, capsys):
    backup = Archive(tmp_path / "backup")
    take_in(backup, [tmp_path / "set"])
    listener = Listener(backup, ListenerSettings(port=0))
    put_node(Node("EQS", "127.0.0.1", listener.port, name="Backup"))
    tabs = QTabWidget()
    qtbot.addWidget(tabs)
    others = Others(tabs)
    others.set_archive(archive)
    lost = archive.index.instances("r.modality = 'RTDOSE'")[0]
    place = str(archive.store.folder)

    damage(qtbot, archive, lost, others)
    others._list_backups()
    (back,) = others.attention.back_button.menu().actions()
    back.trigger()
    quiet(qtbot)
    quiet(qtbot)
    assert others.network.transfers.topLevelItem(0).text(3) == "1 failed"  # its content is unknown
    archive.path_of(lost).write_bytes(next((tmp_path / "set").glob("RTDOSE*")).read_bytes())
    ledger = Ledger(archive)
    assert ledger.damaged() == []
    manifest_of(ledger)
    ledger.close()
    damage(qtbot, archive, lost, others)
    back.trigger()
    quiet(qtbot)
    quiet(qtbot)
    assert others.network.transfers.topLevelItem(0).text(3) == "1 done"
    assert archive.verify() == []
    assert not others.attention.back_button.isEnabled()
    assert main(["archive", "repair", "--node", "Backup", "--archive", place]) == 0
    assert "No stored file" in capsys.readouterr().out
    listener.stop()
    backup.close()


@pytest.mark.req("Y-02")
def test_that_the_pages_of_the_room_know_of_each_other(qtbot):
    window = MainWindow()
    qtbot.addWidget(window)
    window.show()
    page = window.go_to("Archive")
    qtbot.waitUntil(lambda: page.archive is not None, timeout=10_000)
    quiet(qtbot)
    assert isinstance(page.others, Others)
    assert not page.others.rules.add_button.isEnabled()
    page.others.network.edit_button.menu().actions()[0].trigger()
    form = page.others.network.dialog
    form.texts["ae_title"].setText("PINN")
    form.texts["host"].setText("10.1.2.3")
    form.buttons.button(SAVE).click()
    quiet(qtbot)
    quiet(qtbot)
    assert page.others.rules.add_button.isEnabled()
    assert page.bar.isVisible()
    page.tabs.setCurrentWidget(page.others.rules)
    quiet(qtbot)
    assert not page.bar.isVisible()
