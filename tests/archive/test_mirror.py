"""Two archives that back each other up: what lacks goes over, nothing is deleted or spread."""

import random
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pydicom
import pytest

from app.archive import attention
from app.archive.attention import Matter
from core.archive.archive import Archive
from core.archive.calls import Caller
from core.archive.client_confirm import outgoing_files
from core.archive.client_query import Query
from core.archive.client_store import send
from core.archive.ledger import Ledger
from core.archive.listener import Listener
from core.archive.manifest import manifest_of
from core.archive.mirror import Direction, Mirroring, mirror
from core.archive.nodes import ListenerSettings, Node
from core.archive.service import Service, mirror_due
from core.archive.settings import ArchiveSettings
from core.archive.transfer import Effort, Fate
from core.errors import RemedyError
from tests.archive.servers import HERE, dcmqrscp, free_port, orthanc, own_network
from tests.core.dicom_maker import clean_set

CALLER = Caller("CLIENT")


class Pair:
    """Two archives of ours; the second one listens."""

    def __init__(self, folder):
        self.folder = clean_set().write(folder / "set")
        self.a, self.b = Archive(folder / "a"), Archive(folder / "b")
        self.ledger, self.other = Ledger(self.a), Ledger(self.b)
        self.listener = Listener(self.b, ListenerSettings(port=0), self.other)
        self.node = Node("EQS", HERE, self.listener.port, name="B")

    def run(self, **how):
        return mirror(self.ledger, CALLER, self.node, Mirroring(**how))

    def manifests(self):
        return manifest_of(self.ledger).studies(), manifest_of(self.other).studies()

    def close(self):
        self.listener.stop()
        for one in (self.ledger, self.other, self.a, self.b):
            one.close()


@pytest.fixture
def pair(tmp_path):
    made = Pair(tmp_path)
    yield made
    made.close()


def halves(pair):
    files = sorted(pair.folder.iterdir())
    pair.a.take_in_files(files[:8], "CD")
    pair.b.take_in_files(files[5:], "CD")


@pytest.mark.req("Y-04")
def test_that_each_gets_what_it_lacks_and_a_second_run_sends_nothing(pair):
    halves(pair)
    report = pair.run()
    assert (report.same, len(report.here_only), len(report.there_only)) == (3, 5, 4)
    assert report.is_equal
    mine, theirs = pair.manifests()
    assert mine == theirs
    again = pair.run()
    assert (again.same, again.sent, again.fetched, again.is_equal) == (12, (), (), True)


@pytest.mark.req("Y-04")
def test_that_one_answer_is_enough_for_a_patient_who_is_equal_on_both_sides(pair, monkeypatch):
    pair.a.take_in_files([pair.folder], "CD")
    pair.b.take_in_files([pair.folder], "CD")
    asked = []
    ask = Query.ask

    def noted(self, level, *words):
        asked.append(level)
        return ask(self, level, *words)

    monkeypatch.setattr(Query, "ask", noted)
    report = pair.run()
    assert (asked, report.same) == (["PATIENT"], 12)
    (plan,) = pair.b.index.instances("r.modality = 'RTPLAN'")
    pair.b.index.rows("DELETE FROM instance WHERE sop_uid = ?", plan.sop_uid)
    asked.clear()
    report = pair.run(dry=True)
    # Of four series only that of the plan is gone, so no object is asked for.
    assert asked == ["PATIENT", "STUDY", "SERIES"]
    assert (report.same, report.gone_there) == (11, (plan.sop_uid,))


@pytest.mark.req("Y-04")
def test_that_another_encoding_is_the_same_object(pair, tmp_path):
    pair.a.take_in_files([pair.folder], "CD")
    for path in pair.folder.iterdir():
        data = pydicom.dcmread(path)
        data.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
        data.save_as(path, implicit_vr=True, little_endian=True)
    pair.b.take_in_files([pair.folder], "CD")
    report = pair.run()
    assert (report.same, report.sent, report.fetched) == (12, (), ())


@pytest.mark.req("Y-04", "Y-13")
def test_that_a_flipped_byte_is_reported_and_not_spread(pair):
    pair.a.take_in_files([pair.folder], "CD")
    first, second = pair.a.index.instances("1")[:2]
    path = pair.a.path_of(first)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    report = pair.run()
    assert report.damaged_here == (first.sop_uid,)
    assert not report.is_equal
    assert pair.b.index.digest_of(first.sop_uid) is None
    second = pair.b.index.instances("i.sop_uid = ?", second.sop_uid)[0]
    # And where the other copy has it: told as different, and it comes over neither.
    other = pair.b.path_of(second)
    other.write_bytes(other.read_bytes()[:-1] + b"\x01")
    pair.other._put("DELETE FROM content", [()])
    report = pair.run()
    assert second.sop_uid in report.differ
    assert [one.sop_uid for one in pair.a.conflicts()] == []


@pytest.mark.req("Y-04")
def test_that_other_content_is_quarantined_and_both_stay(pair):
    pair.a.take_in_files([pair.folder], "CD")
    plan = next(pair.folder.glob("RTPLAN*"))
    data = pydicom.dcmread(plan)
    data.RTPlanLabel = "Other"
    data.save_as(plan)
    pair.b.take_in_files([pair.folder], "CD")
    report = pair.run()
    assert report.differ == (str(data.SOPInstanceUID),)
    assert not report.is_equal
    assert [one.sop_uid for one in pair.a.conflicts()] == [str(data.SOPInstanceUID)]
    labels = [one.index.instances("r.modality = 'RTPLAN'")[0].rt.label for one in (pair.a, pair.b)]
    assert labels == ["Toyplan", "Other"]


@pytest.mark.req("Y-04")
def test_that_what_has_gone_is_told_and_brought_back_only_when_asked(pair):
    halves(pair)
    pair.run()
    lost = pair.b.index.instances("1")[0]
    with pair.b.index.writing():
        pair.b.index.rows("DELETE FROM instance WHERE sop_uid = ?", lost.sop_uid)
    report = pair.run()
    assert (report.gone_there, report.sent) == ((lost.sop_uid,), ())
    assert not report.is_equal
    assert {one.sop_uid for one in pair.a.index.instances("1")} >= {lost.sop_uid}
    report = pair.run(restore=True)
    assert [one.fate for one in report.sent] == [Fate.DONE]
    mine, theirs = pair.manifests()
    assert mine == theirs


@pytest.mark.req("Y-04")
def test_that_a_dry_run_and_one_direction_do_no_more_than_they_say(pair):
    halves(pair)
    assert pair.run(dry=True).sent == ()
    assert len(pair.b.index.instances("1")) == 7
    pair.run(direction=Direction.PUSH)
    assert (len(pair.a.index.instances("1")), len(pair.b.index.instances("1"))) == (8, 12)


@pytest.mark.req("Y-04")
def test_that_cut_at_random_points_it_ends_with_equal_manifests(pair):
    """Each run is cut after a random number of objects, by the listener or by a cancel."""
    halves(pair)
    rng = random.Random(4)
    port = pair.node.port
    for _ in range(50):
        effort = Effort(attempts=1)
        count, kill = rng.randrange(0, 4), rng.random() < 0.3

        def cut(share, words, *, effort=effort, count=count, kill=kill):
            if int(words.split()[0]) >= count:
                if kill:
                    pair.listener.stop()
                effort.stop.set()

        effort = replace(effort, progress=cut)
        try:
            report = mirror(pair.ledger, CALLER, replace(pair.node, parallel=1),
                            Mirroring(effort=effort))  # fmt: skip
            told = {one.fate for one in (*report.sent, *report.fetched)}
            assert told <= {Fate.DONE, Fate.HERE, Fate.CANCELLED, Fate.FAILED}
        except RemedyError:
            pass
        pair.listener.stop()
        pair.listener = Listener(pair.b, ListenerSettings(port=port), pair.other)
    assert pair.run().is_equal
    mine, theirs = pair.manifests()
    assert mine == theirs
    assert (len(pair.a.index.instances("1")), pair.a.conflicts(), pair.b.conflicts()) == (
        12,
        [],
        [],
    )


@contextmanager
def foreign(kind, folder):
    with own_network():
        if kind == "dcmqrscp":
            with dcmqrscp(folder) as node:
                yield node, node
        else:
            with orthanc(folder) as (node, web):
                yield node, node if kind == "orthanc" else web


@pytest.mark.req("Y-04")
@pytest.mark.parametrize("kind", ["dcmqrscp", "orthanc", "orthanc web"])
def test_that_a_foreign_server_is_mirrored_and_compared_when_asked(tmp_path, kind):
    folder = clean_set().write(tmp_path / "set")
    files = sorted(folder.iterdir())
    archive = Archive(tmp_path / "own")
    ledger = Ledger(archive)
    archive.take_in_files(files[:8], "CD")
    with foreign(kind, tmp_path / "server") as (dimse, node):
        objects, _ = outgoing_files(files[5:])
        assert {one.fate for one in send(CALLER, dimse, objects)} == {Fate.DONE}
        report = mirror(ledger, CALLER, node)
        assert (report.unchecked, len(report.here_only), len(report.there_only)) == (3, 5, 4)
        assert report.is_equal
        deep = mirror(ledger, CALLER, node, Mirroring(deep=True))
        assert (deep.same, deep.unchecked, deep.differ) == (12, 0, ())
        plain = mirror(ledger, CALLER, node)
        assert (plain.same, plain.unchecked) == (12, 0)
    ledger.close()
    archive.close()


@pytest.mark.req("Y-04")
def test_that_a_mirror_is_due_once_a_day_also_after_a_night_off():
    at = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
    assert mirror_due(at, 2) == "2026-11-26T02:00:00.000+00:00"
    assert mirror_due(at, 22) == "2026-11-25T22:00:00.000+00:00"


@pytest.mark.req("Y-04")
def test_that_the_service_mirrors_once_and_tells_what_failed(pair):
    pair.a.take_in_files([pair.folder], "CD")
    listening = ListenerSettings(port=free_port())
    dead = Node("DEAD", HERE, free_port(), name="Off")
    settings = ArchiveSettings(listener=listening, nodes=(pair.node, dead), mirrors=("B", "Off"),
                               mirror_hour=0)  # fmt: skip
    service = Service(pair.a, settings, tick_s=0.05)
    until = time.monotonic() + 30
    while len(pair.ledger.mirrored()) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    first = pair.ledger.mirrored()
    time.sleep(0.5)
    service.stop()
    assert [(one.node, one.is_equal) for one in first] == [("B", True), ("Off", False)]
    assert "nothing listens" in first[1].words
    assert pair.ledger.mirrored() == first  # not again within the day
    mine, theirs = pair.manifests()
    assert mine == theirs
    rows = attention.look(pair.a)
    assert [(one.matter, one.name) for one in rows] == [(Matter.MIRROR, "Off")]
