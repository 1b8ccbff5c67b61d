"""Rules send what they say, once, and again what failed; watched folders are taken in."""

import time
from dataclasses import replace
from types import SimpleNamespace

import pydicom
import pytest

from app.archive.network import renewed
from core.archive.archive import Archive
from core.archive.forward import look_into, run_rules, waiting_for
from core.archive.ledger import Ledger
from core.archive.listener import Listener
from core.archive.nodes import ListenerSettings, Node
from core.archive.pseudonyms import pseudonym_of, research_key
from core.archive.rules import Rule
from core.archive.service import SCRUB_EVERY_S, Service, scrub_at_once
from core.archive.settings import ArchiveSettings, WatchedFolder, read_settings
from core.archive.settings_write import put_node, put_rule
from core.archive.transfer import Effort, Fate
from tests.archive.servers import HERE, free_port
from tests.core.dicom_maker import clean_set


@pytest.fixture
def both(tmp_path):
    """Our archive, and another one of ours as the receiver."""
    own, other = Archive(tmp_path / "own"), Archive(tmp_path / "other")
    listener = Listener(other, ListenerSettings(ae_title="OTHER", port=0))
    ledger = Ledger(own)
    folder = clean_set().write(tmp_path / "set")
    made = SimpleNamespace(own=own, other=other, ledger=ledger, folder=folder,
                           node=Node("OTHER", HERE, listener.port), listener=listener)  # fmt: skip
    yield made
    made.listener.stop()
    ledger.close()
    own.close()
    other.close()


def run(both, **words):
    rule = Rule("r", "OTHER", **words)
    settings = ArchiveSettings(nodes=(both.node,), rules=(rule,))
    return run_rules(both.ledger, settings, Effort(attempts=1), settle_s=0.0)


def there(both):
    return sorted(one.modality for one in both.other.index.instances("1"))


@pytest.mark.req("Y-02")
def test_that_a_rule_sends_what_it_says_and_once(both):
    both.own.take_in_files([both.folder], "CD")
    results = run(both, modality=("RTPLAN", "RTDOSE"))
    assert [one.fate for one in results["r"]] == [Fate.DONE, Fate.DONE]
    assert there(both) == ["RTDOSE", "RTPLAN"]
    assert run(both, modality=("RTPLAN", "RTDOSE")) == {}


@pytest.mark.req("Y-02")
@pytest.mark.parametrize(
    ("words", "count"),
    [
        ({"approval": "APPROVED"}, 1), ({"approval": "UNAPPROVED"}, 0),
        ({"calling": ("CD",)}, 12), ({"calling": ("PINN",)}, 0),
        ({"modality": ("RTPLAN",), "whole_set": True}, 12),
        ({"modality": ("RTPLAN",), "set_complete": True}, 1),
    ],
)  # fmt: skip
def test_that_each_condition_counts(both, words, count):
    for path in both.folder.glob("RTPLAN*"):
        data = pydicom.dcmread(path)
        data.ApprovalStatus = "APPROVED"
        data.save_as(path)
    for path in both.folder.glob("RTSTRUCT*"):
        data = pydicom.dcmread(path)
        data.ApprovalStatus = ""
        data.save_as(path)
    both.own.take_in_files([both.folder], "CD")
    run(both, **words)
    assert len(there(both)) == count


@pytest.mark.req("Y-02")
def test_that_a_set_waits_until_it_is_complete(both):
    dose = next(both.folder.glob("RTDOSE*"))
    files = [path for path in both.folder.iterdir() if path != dose]
    both.own.take_in_files(files, "CD")
    words = {"modality": ("RTPLAN",), "set_complete": True, "whole_set": True}
    assert run(both, **words) == {}
    both.own.take_in_files([dose], "CD")
    assert len(run(both, **words)["r"]) == 12
    assert run(both, **words) == {}


@pytest.mark.req("Y-02")
def test_that_what_comes_after_its_plan_goes_after_it(both):
    dose = next(both.folder.glob("RTDOSE*"))
    late = dose.read_bytes()
    dose.unlink()
    both.own.take_in_files([both.folder], "CD")
    words = {"modality": ("RTPLAN",), "whole_set": True}
    assert len(run(both, **words)["r"]) == 11
    dose.write_bytes(late)
    both.own.take_in_files([dose], "CD")
    assert len(run(both, **words)["r"]) == 1
    assert there(both).count("RTDOSE") == 1
    assert run(both, **words) == {}


@pytest.mark.req("Y-02")
def test_that_nothing_is_sent_while_objects_of_the_person_still_come(both):
    both.own.take_in_files([both.folder], "CD")
    rule = Rule("r", "OTHER", modality=("RTPLAN",), whole_set=True)
    settings = ArchiveSettings(nodes=(both.node,), rules=(rule,))
    assert run_rules(both.ledger, settings, Effort(), settle_s=60.0) == {}
    assert there(both) == []


@pytest.mark.req("Y-02")
def test_that_what_failed_is_noted_and_tried_again(both):
    both.own.take_in_files([both.folder], "CD")
    port = both.listener.port
    both.listener.stop()
    results = run(both, modality=("RTPLAN",))
    assert [one.fate for one in results["r"]] == [Fate.FAILED]
    assert both.ledger.not_forwarded()[0][0] == "r"
    both.listener = Listener(both.other, ListenerSettings(ae_title="OTHER", port=port))
    assert [one.fate for one in run(both, modality=("RTPLAN",))["r"]] == [Fate.DONE]
    assert both.ledger.not_forwarded() == []


@pytest.mark.req("Y-02", "Y-14")
def test_that_a_rule_may_send_without_the_person(both):
    both.own.take_in_files([both.folder], "CD")
    run(both, modality=("RTPLAN",), whole_set=True, pseudonymise=True)
    assert len(there(both)) == 12
    own = pseudonym_of(research_key(both.own), "TOY1", "Toy^Test")
    told = {row["patient_id"] for row in both.other.index.rows("SELECT patient_id FROM patient")}
    assert told == {own.patient_id}
    uids = {one.sop_uid for one in both.own.index.instances("1")}
    assert not uids & {one.sop_uid for one in both.other.index.instances("1")}
    for one in both.other.index.instances("1"):
        assert b"Toy^Test" not in both.other.path_of(one).read_bytes()


@pytest.mark.req("Y-03")
def test_that_a_file_is_taken_in_once_it_no_longer_changes(both):
    watched = WatchedFolder(both.folder)
    (both.folder / "notes.txt").write_text("hello")
    first, seen = look_into(both.ledger, watched, {})
    assert first == []
    growing = next(both.folder.glob("CT*"))
    growing.write_bytes(growing.read_bytes() + b"\0\0")
    second, seen = look_into(both.ledger, watched, seen)
    assert len([one for one in second if not one.why]) == 11
    third, seen = look_into(both.ledger, watched, seen)
    assert len(third) == 1
    assert look_into(both.ledger, watched, seen)[0] == []
    assert [row[1] for row in both.ledger.refused_files()] == ["this is no DICOM object"]
    assert len(list(both.folder.iterdir())) == 13


@pytest.mark.req("Y-02")
def test_that_a_rule_leaves_alone_what_came_before_and_tells_what_it_would_send(both):
    both.own.take_in_files([both.folder], "CD")
    since = both.own.index.instances("1")[-1].received
    time.sleep(0.01)
    later = pydicom.dcmread(next(both.folder.glob("RTPLAN*")))
    later.SOPInstanceUID = later.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    later.save_as(both.folder / "later.dcm")
    both.own.take_in_files([both.folder / "later.dcm"], "CD")
    rule = Rule("r", "OTHER", modality=("RTPLAN",), since=since[:-10] + "999+00:00")
    assert {one.sop_uid for one in waiting_for(both.ledger, rule)} <= {"1.2.3.4"}
    everything = waiting_for(both.ledger, Rule("r", "OTHER", modality=("RTPLAN",)))
    assert len(everything) == 2
    assert there(both) == []
    run(both, modality=("RTPLAN",), since=both.own.index.instances("1")[-1].received)
    assert [one.sop_uid for one in both.other.index.instances("1")] == ["1.2.3.4"]
    assert waiting_for(both.ledger, rule) == []


@pytest.mark.req("Y-13")
def test_that_the_scrub_goes_round_and_keeps_up_with_a_million(both):
    both.own.take_in_files([both.folder], "CD")
    assert both.ledger.scrub_told().begun == ""
    for _ in range(3):
        assert both.ledger.scrub(7.0, 4) == []
    assert both.ledger.scrub_told().share == 1.0
    both.own.path_of(both.own.index.instances("1")[0]).write_bytes(b"flipped")
    assert both.ledger.scrub(7.0, 12) == []  # this round is over
    assert len(both.ledger.scrub(0.0, 12)) == 1  # the next one is due
    for objects, days in ((1_000_000, 7.0), (10_000_000, 30.0), (10, 1.0)):
        turns_a_day = 86400 / SCRUB_EVERY_S
        assert scrub_at_once(objects, days) * turns_a_day * days >= objects


@pytest.mark.req("Y-02")
def test_that_a_rule_written_while_it_listens_holds_at_once(both, tmp_path, monkeypatch):
    monkeypatch.setattr("core.archive.service.run_rules.__defaults__", (0.0, ""))
    both.own.take_in_files([both.folder], "CD")
    file = tmp_path / "archive.toml"
    put_node(both.node, path=file)
    settings = replace(read_settings(file), listener=ListenerSettings(port=free_port()))
    service = Service(both.own, settings, tick_s=0.05)
    put_rule(Rule("late", "OTHER", modality=("RTPLAN",)), path=file)
    assert "read again" in renewed(service, file)
    until = time.monotonic() + 20
    while there(both) != ["RTPLAN"] and time.monotonic() < until:
        time.sleep(0.05)
    file.write_text("[[rule]]")
    assert "the old ones hold" in renewed(service, file)
    assert [one.name for one in service.settings.rules] == ["late"]
    service.stop()
    assert there(both) == ["RTPLAN"]


@pytest.mark.req("Y-13")
def test_that_the_scrub_reads_everything_in_turn_and_finds_damage(both):
    both.own.take_in_files([both.folder], "CD")
    lost = both.own.index.instances("1")[4]
    both.own.path_of(lost).write_bytes(b"flipped")
    time.sleep(0.01)
    found = [both.ledger.scrub(0.0, 12)]
    assert [one.sop_uid for one in found[0]] == [lost.sop_uid]
    assert both.ledger.scrub(1.0, 12) == []
    assert [row[1] for row in both.ledger.damages()] == ["the file has changed on the disk"]


@pytest.mark.req("Y-02")
def test_that_the_service_receives_watches_and_forwards(both, tmp_path, monkeypatch):
    monkeypatch.setattr("core.archive.service.run_rules.__defaults__", (0.0, ""))
    settings = ArchiveSettings(
        listener=ListenerSettings(port=free_port()), nodes=(both.node,),
        rules=(Rule("all", "OTHER"),), watched=(WatchedFolder(both.folder, 0.05),),
    )  # fmt: skip
    service = Service(both.own, settings, tick_s=0.05)
    until = time.monotonic() + 20
    while len(there(both)) < 12 and time.monotonic() < until:
        time.sleep(0.1)
    service.stop()
    assert len(there(both)) == 12
