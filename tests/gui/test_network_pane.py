"""Other systems in the Archive room: find, retrieve, send, cancel, check, without a command."""

import pydicom
import pytest

from app.archive import network
from app.archive.gui.network_pane import NetworkPane
from app.background import JOBS
from core.archive.archive import Archive
from core.archive.listener import Listener
from core.archive.nodes import ListenerSettings, Node
from core.archive.settings import ArchiveSettings
from core.errors import ClinicFileError
from core.findings import State
from tests.archive.servers import HERE, free_port
from tests.core.dicom_maker import clean_set


class Room:
    def __init__(self, qtbot, folder):
        self.qtbot = qtbot
        self.set = clean_set().write(folder / "set")
        self.own, self.server = Archive(folder / "own"), Archive(folder / "server")
        back = ListenerSettings(port=free_port())
        nodes = (Node("EQS", HERE, back.port),)
        self.listener = Listener(self.server, ListenerSettings(port=0, nodes=nodes))
        self.nodes = (
            Node("EQS", HERE, self.listener.port, name="Clinic PACS"),
            Node("DEAD", HERE, free_port(), name="Old system"),
        )
        self.pane = NetworkPane(lambda: ArchiveSettings(listener=back, nodes=self.nodes))
        self.pane.set_archive(self.own)
        self.told = []
        self.pane.told.connect(lambda state, words: self.told.append((state, words)))
        qtbot.addWidget(self.pane)
        self.pane.resize(1000, 420)
        self.pane.show()
        self.quiet()

    def quiet(self):
        self.qtbot.waitUntil(lambda: not JOBS.running, timeout=30_000)

    def close(self):
        self.quiet()
        self.listener.stop()
        self.own.close()
        self.server.close()


@pytest.fixture
def room(qtbot, tmp_path):
    made = Room(qtbot, tmp_path)
    yield made
    made.close()


@pytest.mark.req("Y-07", "Y-09")
def test_that_a_study_is_found_and_fetched(room):
    room.server.take_in_files([room.set], "CD")
    room.pane.name.setText("toy")
    room.pane.find_button.click()
    room.quiet()
    assert room.pane.studies.topLevelItemCount() == 1
    assert room.pane.get_button.isEnabled()
    room.pane.get_button.click()
    room.quiet()
    assert len(room.own.index.instances("1")) == 12
    item = room.pane.transfers.topLevelItem(0)
    assert item.text(2) == "12 of 12 objects"
    assert room.told[-1][0] is State.PASS


@pytest.mark.req("Y-08")
def test_that_sending_shows_each_failure(room):
    room.own.take_in_files([room.set], "CD")
    room.pane.send(room.own.index.instances("1"), room.nodes[0])
    room.quiet()
    assert room.told[-1][0] is State.PASS
    assert len(room.server.index.instances("1")) == 12
    room.pane.send(room.own.index.instances("1")[:2], room.nodes[1])
    room.quiet()
    item = room.pane.transfers.topLevelItem(0)
    assert room.told[-1][0] is State.ERROR
    assert item.text(3) == "2 failed"
    assert "nothing listens" in item.child(0).text(3)


@pytest.mark.req("Y-08")
def test_that_a_transfer_is_cancelled_and_says_so(room):
    room.own.take_in_files([room.set], "CD")
    room.pane.send(room.own.index.instances("1"), room.nodes[1])
    assert room.pane.cancel_button.isEnabled()
    room.pane.cancel_button.click()
    room.quiet()
    item = room.pane.transfers.topLevelItem(0)
    assert item.text(3) == "12 cancelled"
    assert not room.pane.cancel_button.isEnabled()


@pytest.mark.req("Y-08")
def test_that_only_what_failed_is_tried_again(room):
    room.own.take_in_files([room.set], "CD")
    wanted = room.own.index.instances("1")
    lost = room.own.path_of(wanted[3])
    kept = lost.read_bytes()
    lost.write_bytes(b"flipped")
    room.pane.send(wanted, room.nodes[0])
    assert not room.pane.retry_button.isEnabled()
    room.quiet()
    assert len(room.server.index.instances("1")) == 11
    lost.write_bytes(kept)
    room.pane.retry_button.click()
    room.quiet()
    item = room.pane.transfers.topLevelItem(0)
    assert (item.text(0), item.text(3)) == ("1 object to Clinic PACS", "1 done")
    assert not room.pane.retry_button.isEnabled()
    assert len(room.server.index.instances("1")) == 12


@pytest.mark.req("Y-13")
def test_that_a_restore_is_drilled_and_told(room):
    room.own.take_in_files([room.set], "CD")
    room.server.take_in_files([room.set], "CD")
    room.pane.drill_button.click()
    room.quiet()
    item = room.pane.transfers.topLevelItem(0)
    assert (item.text(0), item.text(2)) == ("Restore drill with Clinic PACS", "12 of 12 objects")
    assert "12 of 12 objects came back equal" in network.care_words(room.own, scrub_days=7.0)


@pytest.mark.req("Y-04")
def test_that_a_mirror_tells_and_asks_before_it_sends(room):
    room.own.take_in_files([room.set], "CD")
    plan = next(room.set.glob("RTPLAN*"))
    room.server.take_in_files([plan], "CD")
    asked = []
    room.pane.mirror_button._sure = asked.append
    room.pane.mirror_button.click()
    room.quiet()
    assert "1 same, 11 only here" in asked[0]
    assert len(room.server.index.instances("1")) == 1
    room.pane.mirror_button._sure = lambda words: True
    room.pane.mirror_button.click()
    room.quiet()
    room.quiet()
    item = room.pane.transfers.topLevelItem(0)
    assert (item.text(0), item.text(1)) == ("Mirror with Clinic PACS", "Pass")
    assert item.text(3) == "1 same, 11 only here, 11 sent"
    assert len(room.server.index.instances("1")) == 12
    room.pane.mirror_button.click()
    room.quiet()
    assert room.told[-1] == (State.PASS, "Clinic PACS holds the same: 12 same.")
    room.pane.nodes.setCurrentIndex(1)
    room.pane.mirror_button.click()
    room.quiet()
    assert room.told[-1][0] is State.ERROR
    assert room.pane.mirror_button.isEnabled()


@pytest.mark.req("Y-04")
def test_that_a_mirror_names_what_differs(room):
    room.own.take_in_files([room.set], "CD")
    plan = next(room.set.glob("RTPLAN*"))
    data = pydicom.dcmread(plan)
    data.RTPlanLabel = "Other"
    data.save_as(plan)
    room.server.take_in_files([room.set], "CD")
    room.pane.mirror_button._sure = lambda words: True
    room.pane.mirror_button.click()
    room.quiet()
    room.quiet()
    item = room.pane.transfers.topLevelItem(0)
    assert item.text(1) == "Warning"
    assert "1 differ" in item.text(3)
    assert item.child(0).text(0) == str(data.SOPInstanceUID)
    assert len(room.own.conflicts()) == 1


@pytest.mark.req("Y-09")
def test_that_each_step_is_seen_as_soon_as_it_is_done(room):
    room.pane.check_button.click()
    first = room.pane.steps.topLevelItem(0)
    assert [room.pane.steps.topLevelItem(row).text(1) for row in range(2)] == [
        "Under way", "Waiting",
    ]  # fmt: skip
    room.qtbot.waitUntil(lambda: first.text(1) == "Pass", timeout=10_000)
    room.quiet()


@pytest.mark.req("Y-09")
def test_that_the_check_shows_every_step_with_sign_and_word(room):
    room.pane.with_object.setChecked(True)
    room.pane.check_button.click()
    room.quiet()
    steps = [room.pane.steps.topLevelItem(row) for row in range(6)]
    assert [one.text(0) for one in steps] == [
        "Network", "Association", "Echo", "Find", "Store", "Move back",
    ]  # fmt: skip
    assert {one.text(1) for one in steps} == {"Pass"}
    assert room.told[-1][0] is State.PASS
    assert all(not one.icon(1).isNull() for one in steps)
    room.pane.nodes.setCurrentIndex(1)
    room.pane.check_button.click()
    room.quiet()
    assert room.told[-1][0] is State.ERROR
    assert "nothing listens" in room.told[-1][1]


@pytest.mark.req("Y-09")
def test_that_without_nodes_it_says_where_to_write_them(qtbot):
    pane = NetworkPane(ArchiveSettings)
    qtbot.addWidget(pane)
    pane.show()
    qtbot.waitUntil(pane.words.isVisible, timeout=30_000)
    assert "archive.toml" in pane.words.text()
    assert not pane.drill_button.isEnabled()
    assert not pane.find_button.isEnabled()


@pytest.mark.req("Y-09")
def test_that_a_mistake_in_the_settings_is_told(qtbot):
    def read():
        raise ClinicFileError("port is no number", where="archive.toml", remedy="Correct it.")

    pane = NetworkPane(read)
    qtbot.addWidget(pane)
    told = []
    pane.told.connect(lambda state, words: told.append((state, words)))
    pane.refresh()
    qtbot.waitUntil(lambda: bool(told), timeout=30_000)
    assert told == [(State.ERROR, "port is no number (archive.toml). Correct it.")]
    assert pane.node() is None
