"""Restore drills: only what came back and is equal counts as proven (Y-13)."""

import pydicom
import pytest

from core.archive.archive import Archive
from core.archive.calls import Caller
from core.archive.drill import Proof, drawn, drill
from core.archive.ledger import Ledger
from core.archive.listener import Listener
from core.archive.nodes import ListenerSettings, Node
from core.archive.transfer import Fate
from tests.archive.servers import HERE, free_port, orthanc, own_network
from tests.core.dicom_maker import clean_set

CALLER = Caller("CLIENT")


@pytest.fixture
def own(tmp_path):
    archive = Archive(tmp_path / "own")
    archive.take_in_files([clean_set().write(tmp_path / "set")], "CD")
    ledger = Ledger(archive)
    yield ledger
    ledger.close()
    archive.close()


@pytest.fixture
def backup(tmp_path):
    archive = Archive(tmp_path / "backup")
    listener = Listener(archive, ListenerSettings(port=0))
    yield archive, Node("EQS", HERE, listener.port, name="Backup")
    listener.stop()
    archive.close()


def proofs(report):
    return {one.sop_uid: one.proof for one in report.objects}


@pytest.mark.req("Y-13")
def test_that_a_backup_that_holds_all_is_proven_and_nothing_is_left(own, backup, tmp_path):
    other, node = backup
    other.take_in_files([tmp_path / "set"], "CD")
    wanted = drawn(own.archive, 3)
    assert len(wanted) == 12
    before = sorted(path.name for path in own.archive.store.folder.iterdir())
    report = drill(own, CALLER, node, wanted)
    assert report.is_proven
    assert set(proofs(report).values()) == {Proof.EQUAL}
    assert {one.fate for one in report.results()} == {Fate.DONE}
    assert sorted(path.name for path in own.archive.store.folder.iterdir()) == before
    assert (own.last_drill().objects, own.last_drill().equal) == (12, 12)
    assert "12 of 12 objects came back equal from Backup" in report.words()


@pytest.mark.req("Y-13")
def test_that_each_object_that_is_not_proven_is_named(own, backup, tmp_path):
    other, node = backup
    folder = tmp_path / "set"
    plan, dose = next(folder.glob("RTPLAN*")), next(folder.glob("RTDOSE*"))
    lost = str(pydicom.dcmread(dose).SOPInstanceUID)
    dose.unlink()
    changed = pydicom.dcmread(plan)
    changed.RTPlanLabel = "Other"
    changed.save_as(plan)
    other.take_in_files([folder], "CD")
    damaged = own.archive.index.instances("r.modality = 'RTSTRUCT'")[0]
    own.archive.path_of(damaged).write_bytes(b"flipped")
    report = drill(own, CALLER, node, drawn(own.archive, 1))
    told = proofs(report)
    assert told[lost] is Proof.LOST
    assert told[str(changed.SOPInstanceUID)] is Proof.DIFFERS
    assert told[damaged.sop_uid] is Proof.DAMAGED
    assert not report.is_proven
    assert (report.equal, len(told)) == (9, 12)
    assert all(one.why for one in report.results() if one.fate is not Fate.DONE)


@pytest.mark.req("Y-13")
def test_that_a_system_that_does_not_answer_proves_nothing(own):
    report = drill(own, CALLER, Node("DEAD", HERE, free_port()), drawn(own.archive, 1))
    assert set(proofs(report).values()) == {Proof.LOST}
    assert all("nothing listens" in one.why for one in report.objects)
    assert not drill(own, CALLER, Node("DEAD", HERE, free_port()), []).is_proven


@pytest.mark.req("Y-13")
@pytest.mark.parametrize("kind", [0, 1], ids=["dimse", "dicomweb"])
def test_that_a_set_is_sent_to_another_system_and_proven_there(own, tmp_path, kind):
    with own_network(), orthanc(tmp_path / "server") as nodes:
        report = drill(own, CALLER, nodes[kind], drawn(own.archive, 1), resend=True)
    assert report.is_proven, report.objects
