"""A damaged file is mended by the very object, and nobody is told that a damaged one is safe."""

import pydicom
import pytest

from core.archive.archive import Archive
from core.archive.calls import Caller
from core.archive.index import Outcome
from core.archive.ledger import Ledger
from core.archive.listener import Listener
from core.archive.manifest import manifest_of
from core.archive.nodes import ListenerSettings, Node
from core.archive.repair import OTHER, UNKNOWN, repair
from core.archive.transfer import Fate
from tests.archive.servers import HERE, free_port
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
def backup(tmp_path, own):
    archive = Archive(tmp_path / "backup")
    listener = Listener(archive, ListenerSettings(port=0))
    yield archive, Node("EQS", HERE, listener.port, name="Backup")
    listener.stop()
    archive.close()


def damage(ledger, kind="RTPLAN", *, is_gone=False):
    (one,) = ledger.archive.index.instances("r.modality = ?", kind)
    path = ledger.archive.path_of(one)
    if is_gone:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1] + b"!")
    ledger.scrub(0.0, 1000)
    assert [each.sop_uid for each in ledger.damaged()] == [one.sop_uid]
    return one


def is_sound(ledger):
    ledger.scrub(0.0, 1000)
    return ledger.damaged() == [] and ledger.damages() == [] and ledger.archive.verify() == []


@pytest.mark.req("Y-13")
def test_that_a_copy_that_comes_again_mends_a_damaged_file(own, tmp_path):
    """It is acknowledged, so its sender may delete it."""
    damage(own)
    (taken,) = own.archive.take_in_files([next((tmp_path / "set").glob("RTPLAN*"))], "TPS")
    assert taken.outcome is Outcome.SAME
    assert is_sound(own)


@pytest.mark.req("Y-13")
@pytest.mark.parametrize("is_gone", [False, True])
def test_that_a_backup_mends_what_it_has_in_other_bytes(own, backup, tmp_path, is_gone):
    other, node = backup
    manifest_of(own)  # as a mirror does: the contents are known now
    for path in (tmp_path / "set").iterdir():
        data = pydicom.dcmread(path)
        data.file_meta.ImplementationVersionName = "OTHER"
        data.save_as(path)
    other.take_in_files([tmp_path / "set"], "CD")
    one = damage(own, is_gone=is_gone)
    assert [result.fate for result in repair(own, CALLER, node)] == [Fate.DONE]
    assert is_sound(own)
    (now,) = own.archive.index.instances("i.sop_uid = ?", one.sop_uid)
    assert now.digest != one.digest
    assert own.archive.conflicts() == []
    assert repair(own, CALLER, node) == []
    kept = [path.name for path in own.archive.store.quarantined.iterdir()]
    assert kept == ([] if is_gone else [f"damaged-{one.digest}.dcm"])
    # And an archive that is opened anew finds it so.
    again = Archive(own.archive.store.folder)
    assert again.verify() == []
    again.close()


@pytest.mark.req("Y-13")
@pytest.mark.parametrize(("is_known", "why"), [(True, OTHER), (False, UNKNOWN)])
def test_that_what_is_not_proven_to_be_the_same_mends_nothing(
    own, backup, tmp_path, is_known, why
):
    other, node = backup
    if is_known:
        manifest_of(own)
    plan = next((tmp_path / "set").glob("RTPLAN*"))
    data = pydicom.dcmread(plan)
    data.RTPlanLabel = "Other"
    data.save_as(plan)
    other.take_in_files([tmp_path / "set"], "CD")
    one = damage(own)
    (result,) = repair(own, CALLER, node)
    assert (result.fate, result.why) == (Fate.FAILED, why)
    assert [each.sop_uid for each in own.damaged()] == [one.sop_uid]


@pytest.mark.req("Y-13")
def test_that_a_backup_that_is_off_mends_nothing(own):
    damage(own)
    (result,) = repair(own, CALLER, Node("DEAD", HERE, free_port()))
    assert result.fate is Fate.FAILED
    assert "nothing listens" in result.why


@pytest.mark.req("Y-04", "Y-13")
def test_that_damage_the_scrub_has_found_counts_for_the_mirror(own):
    manifest_of(own)
    one = damage(own)
    assert manifest_of(own).held[one.sop_uid].content == ""
