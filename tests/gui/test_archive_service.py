"""The switch of the Archive room: listening, what it says, and that a fault is told."""

import json
import socket
from dataclasses import replace

import pytest

from app.__main__ import main
from app.archive import network
from app.archive.gui.service_strip import OFF, ServiceStrip
from app.background import JOBS
from core.archive.archive import Archive
from core.archive.calls import Caller
from core.archive.client_confirm import outgoing_files
from core.archive.client_store import send
from core.archive.ledger import Ledger
from core.archive.listener import Listener
from core.archive.nodes import ListenerSettings, Node
from core.archive.rules import Rule
from core.archive.settings import ArchiveSettings
from core.archive.transfer import Effort, Fate
from core.findings import State
from tests.archive.servers import HERE, free_port
from tests.core.dicom_maker import clean_set


@pytest.fixture
def archive(tmp_path):
    made = Archive(tmp_path / "archive")
    yield made
    made.close()


def strip_of(qtbot, archive, port):
    made = ServiceStrip(lambda: ArchiveSettings(listener=ListenerSettings(port=port)))
    qtbot.addWidget(made)
    made.told.connect(lambda state, words: made.heard.append((state, words)))
    made.heard = []
    made.set_archive(archive)
    quiet(qtbot)
    return made


def quiet(qtbot):
    qtbot.waitUntil(lambda: not JOBS.running, timeout=30_000)


@pytest.mark.req("Y-02")
def test_that_the_switch_listens_says_what_came_and_ends(qtbot, archive, tmp_path):
    port = free_port()
    strip = strip_of(qtbot, archive, port)
    assert strip.words.text() == OFF
    strip.switch.click()
    quiet(qtbot)
    objects, _ = outgoing_files(sorted(clean_set().write(tmp_path / "set").iterdir()))
    node = Node("EQS", HERE, port)
    with qtbot.waitSignal(strip.arrived, timeout=10_000):
        assert {one.fate for one in send(Caller("PINN"), node, objects)} == {Fate.DONE}
    assert "12 received, last from PINN" in strip.words.text()
    assert "this computer only" in strip.words.text()
    strip.switch.click()
    quiet(qtbot)
    assert strip.words.text() == OFF
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((HERE, port))
    assert strip.heard == []


@pytest.mark.req("Y-02")
def test_that_a_port_that_is_taken_is_told_and_the_switch_is_off_again(qtbot, archive):
    with socket.socket() as taken:
        taken.bind((HERE, 0))
        taken.listen()
        strip = strip_of(qtbot, archive, taken.getsockname()[1])
        strip.switch.click()
        quiet(qtbot)
    ((state, words),) = strip.heard
    assert state is State.ERROR
    assert "cannot be opened" in words
    assert not strip.switch.isChecked()
    assert strip.switch.isEnabled()


@pytest.mark.req("Y-12")
def test_that_the_time_of_retrievals_is_kept_and_shown(qtbot, archive, tmp_path, capsys):
    folder = clean_set().write(tmp_path / "set")
    server = Archive(tmp_path / "server")
    server.take_in_files([folder], "CD")
    listener = Listener(server, ListenerSettings(port=0))
    node = Node("EQS", HERE, listener.port, name="Clinic PACS")
    there = network.objects_there(Caller(), node, network.Asked(patient_id="TOY1"))
    network.fetch(Caller(), node, there, archive, Effort())
    # What brought nothing new says nothing of how long a retrieval takes.
    network.fetch(Caller(), node, there, archive, Effort())
    listener.stop()
    server.close()
    strip = strip_of(qtbot, archive, free_port())
    assert "1 retrieval so far" in strip.words.text()
    assert "for 12 objects" in strip.words.text()
    place = str(archive.store.folder)
    assert main(["archive", "times", "--archive", place, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["count"], told["mean_objects"]) == (1, 12)
    assert 0 < told["mean_s"] < 60


@pytest.mark.req("Y-13")
def test_that_damage_is_told_also_while_nobody_listens(qtbot, archive, tmp_path):
    archive.take_in_files([clean_set().write(tmp_path / "set")], "CD")
    strip = strip_of(qtbot, archive, free_port())
    assert strip.sign.accessibleName() == "Info"
    archive.path_of(archive.index.instances("1")[0]).write_bytes(b"flipped")
    ledger = Ledger(archive)
    ledger.scrub(7.0, 1000)
    ledger.note_mirrored("Backup", "1 differ", is_equal=False)
    ledger.close()
    strip.read_words()
    quiet(qtbot)
    assert strip.sign.accessibleName() == "Warning"
    assert "1 stored file is DAMAGED" in strip.words.text()
    assert "Mirror Backup" in strip.words.text()
    assert "NOT EQUAL" in strip.words.text()


@pytest.mark.req("Y-02")
def test_that_new_rules_hold_at_once_and_another_name_once_it_listens_anew(qtbot, archive):
    port = free_port()
    strip = strip_of(qtbot, archive, port)
    strip.switch.click()
    quiet(qtbot)
    node = Node("LINAC", HERE, free_port())
    now = ArchiveSettings(
        listener=ListenerSettings(port=port), nodes=(node,), rules=(Rule("r", "LINAC"),)
    )
    strip.renew(now)
    assert "1 rule." in strip.words.text()
    assert strip.heard == []
    strip.renew(replace(now, listener=ListenerSettings(ae_title="OTHER", port=port)))
    ((state, words),) = strip.heard
    assert state is State.INFO
    assert "stays as it was until listening is ended" in words
    assert strip.words.text().startswith(f"EQS listens at {HERE}:{port}")
    strip.switch.click()
    quiet(qtbot)
