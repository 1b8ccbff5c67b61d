"""The Archive room's pages: a late answer or a cancelled job is never told as something else."""

from threading import Event

import pytest

from app.archive import forwarding, network
from app.archive.gui import network_pane
from app.archive.gui.attention_pane import AttentionPane
from app.archive.gui.network_pane import NetworkPane
from app.archive.gui.rules_pane import RulesPane
from app.archive.gui.service_strip import HALF, OFF, ServiceStrip
from app.background import JOBS
from core.archive.ledger import Ledger
from core.archive.nodes import ListenerSettings, Node
from core.archive.settings import ArchiveSettings
from core.findings import State
from tests.archive.servers import HERE, free_port
from tests.gui.held_jobs import cancelled, no_free_thread, quiet

NODES = (Node("FIRST", HERE, 1, name="First"), Node("SECOND", HERE, 2, name="Second"))
ROW = dict.fromkeys(network.ROWS["STUDY"], "")


@pytest.fixture
def pane(qtbot, archive):
    made = NetworkPane(lambda: ArchiveSettings(nodes=NODES))
    qtbot.addWidget(made)
    made.set_archive(archive)
    made.heard = []
    made.told.connect(lambda state, words: made.heard.append((state, words)))
    quiet(qtbot)
    return made


# Other systems.


@pytest.fixture
def slow(monkeypatch):
    """Let questions for a name that begins with "slow" wait; the event lets them go on."""
    go = Event()

    def found_there(caller, node, level, asked):
        if asked.name.startswith("slow"):
            go.wait(20)
        return [{**ROW, "PatientID": asked.name, "StudyInstanceUID": "1.2"}]

    monkeypatch.setattr(network, "found_there", found_there)
    yield go
    go.set()


def listed(pane):
    tree = pane.studies
    return [tree.topLevelItem(row).text(1) for row in range(tree.topLevelItemCount())]


def ask(pane, name):
    pane.name.setText(name)
    pane.find_button.click()


@pytest.mark.req("Y-07")
def test_that_the_answer_of_a_question_before_is_not_listed(qtbot, pane, slow):
    ask(pane, "slow")
    ask(pane, "quick")
    qtbot.waitUntil(lambda: bool(listed(pane)), timeout=10_000)
    slow.set()
    quiet(qtbot)
    assert listed(pane) == ["quick*"]


@pytest.mark.req("Y-07")
def test_that_nothing_of_another_system_is_listed_or_retrieved(qtbot, pane, slow, monkeypatch):
    asked = []
    monkeypatch.setattr(network, "objects_there", lambda _, node, __: asked.append(node) or [])
    ask(pane, "slow")
    pane.nodes.setCurrentIndex(1)
    slow.set()
    quiet(qtbot)
    assert listed(pane) == []
    assert not pane.get_button.isEnabled()
    ask(pane, "quick")
    quiet(qtbot)
    pane.get_button.click()
    quiet(qtbot)
    assert asked == [NODES[1]]


@pytest.mark.req("Y-07")
def test_that_the_list_goes_with_its_question(qtbot, pane, slow):
    ask(pane, "quick")
    quiet(qtbot)
    assert pane.get_button.isEnabled()
    ask(pane, "slow")
    assert listed(pane) == []
    assert not pane.get_button.isEnabled()
    pane.show_settings(pane.settings)
    slow.set()
    quiet(qtbot)
    assert listed(pane) == []


@pytest.mark.req("Y-07")
def test_that_a_cancelled_question_says_so_and_lists_nothing(qtbot, pane, slow):
    ask(pane, "quick")
    quiet(qtbot)
    cancelled(qtbot, lambda: ask(pane, "other"))
    assert listed(pane) == []
    assert pane.heard == [(State.NOT_RUN, "Cancelled.")]


# Transfers.


@pytest.mark.req("Y-08")
@pytest.mark.parametrize("way", ["gone", "arrived"])
def test_that_a_transfer_cut_in_the_status_line_says_that_part_may_be_over(
    qtbot, pane, archive, monkeypatch, slow, way
):
    begun, go, arrived = Event(), Event(), []

    def work(*words):
        begun.set()
        go.wait(20)
        words[-1].progress(0.5, "6 of 12 objects")
        return []

    monkeypatch.setattr(network_pane, "send_to", work)
    monkeypatch.setattr(network, "fetch", work)
    monkeypatch.setattr(network, "objects_there", lambda *_: [])
    pane.arrived.connect(lambda: arrived.append(1))
    if way == "gone":
        pane.send(archive.index.instances("1"), NODES[0])
    else:
        ask(pane, "quick")
        quiet(qtbot)
        pane.get_button.click()
    qtbot.waitUntil(begun.is_set, timeout=10_000)
    JOBS.running[-1].cancel()
    go.set()
    quiet(qtbot)
    item = pane.transfers.topLevelItem(0)
    words = f"Cancelled: part of it may have {way}."
    assert (item.text(1), item.text(3)) == ("Warning", words)
    assert pane.heard[-1] == (State.WARNING, f"{item.text(0)}: {words}")
    assert arrived


@pytest.mark.req("Y-08")
def test_that_a_transfer_that_never_began_was_not_run(qtbot, pane, archive):
    cancelled(qtbot, lambda: pane.send(archive.index.instances("1"), NODES[0]))
    item = pane.transfers.topLevelItem(0)
    assert (item.text(1), item.text(3)) == ("Not run", "Cancelled.")
    assert pane.heard[-1][0] is State.NOT_RUN


# Listening, what has to be looked at, rules.


@pytest.fixture
def strip(qtbot, archive):
    made = ServiceStrip(lambda: ArchiveSettings(listener=ListenerSettings(port=free_port())))
    qtbot.addWidget(made)
    made.heard = []
    made.told.connect(lambda state, words: made.heard.append((state, words)))
    made.set_archive(archive)
    quiet(qtbot)
    return made


@pytest.mark.req("Y-02")
def test_that_a_cancelled_end_of_listening_leaves_the_switch_as_things_are(qtbot, strip):
    heard = strip.heard
    cancelled(qtbot, strip.switch.click)
    assert (strip.switch.isChecked(), strip.switch.isEnabled()) == (False, True)
    assert heard.pop() == (State.NOT_RUN, f"Cancelled. {OFF}")
    strip.switch.click()
    quiet(qtbot)
    with no_free_thread():
        strip.switch.click()
        assert strip.words.text().startswith("Listening is being ended.")
        JOBS.running[-1].cancel()
    quiet(qtbot)
    assert heard == [(State.NOT_RUN, "Cancelled. The archive goes on listening.")]
    assert (strip.switch.isChecked(), strip.switch.isEnabled()) == (True, True)
    assert "listens at" in strip.words.text()
    strip.switch.click()
    quiet(qtbot)
    assert strip.service is None
    assert strip.words.text() == OFF


@pytest.mark.req("Y-02")
def test_that_listening_that_was_not_ended_whole_says_so_and_is_ended_again(qtbot, strip):
    heard = strip.heard
    strip.switch.click()
    quiet(qtbot)
    held, ledger = strip.service.ledger.close, strip.service.ledger
    ledger.close = lambda: 1 / 0
    strip.switch.click()
    quiet(qtbot)
    assert heard == [(State.ERROR, "The program has a fault: ZeroDivisionError: division by zero")]
    assert (strip.switch.isChecked(), strip.switch.isEnabled()) == (True, True)
    assert strip.words.text() == HALF
    assert strip.sign.accessibleName() == "Error"
    ledger.close = held
    strip.switch.click()
    quiet(qtbot)
    assert strip.words.text() == OFF


@pytest.mark.req("Y-03")
def test_that_refusals_that_were_not_seen_stay(qtbot, archive):
    ledger = Ledger(archive)
    ledger.note_refused([("seen.dcm", "CD", "no DICOM")])
    pane = AttentionPane()
    qtbot.addWidget(pane)
    pane.set_archive(archive)
    quiet(qtbot)
    ledger.note_refused([("later.dcm", "CD", "no DICOM")])
    pane.done_button.click()
    quiet(qtbot)
    rows = [pane.tree.topLevelItem(row).text(1) for row in range(pane.tree.topLevelItemCount())]
    assert rows == ["later.dcm"]
    ledger.close()


@pytest.mark.req("Y-13")
def test_that_nothing_is_called_in_order_before_it_was_looked_at(qtbot, archive):
    pane = AttentionPane()
    qtbot.addWidget(pane)
    assert "not known" in pane.words.text()
    cancelled(qtbot, lambda: pane.set_archive(archive))
    assert "not known" in pane.words.text()
    pane.again_button.click()
    quiet(qtbot)
    assert "Nothing has to be looked at" in pane.words.text()


@pytest.mark.req("Y-02")
def test_that_what_another_rule_would_send_is_not_told(qtbot, archive, monkeypatch):
    go, held = Event(), forwarding.would_send
    monkeypatch.setattr(forwarding, "would_send", lambda *words: (go.wait(20), held(*words))[1])
    rules = RulesPane()
    qtbot.addWidget(rules)
    rules.show_settings(ArchiveSettings(nodes=NODES))
    rules.set_archive(archive)
    rules.add_button.click()
    form = rules.dialog
    form.is_since.setChecked(False)
    form.try_button.click()
    assert form.would.text() == "Looking …"
    form.kinds["MR"].setChecked(True)
    go.set()
    quiet(qtbot)
    assert form.would.text() == ""
    cancelled(qtbot, form.try_button.click)
    assert form.would.text() == "Cancelled."
    assert form.fault.isHidden()
    form.reject()
