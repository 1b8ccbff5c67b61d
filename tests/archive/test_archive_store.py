"""Taking in and finding: byte for byte, once, never overwritten, nothing lost when killed."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.archive.archive import Archive
from core.archive.find import Wanted, find_patients, series_of, studies_of
from core.archive.index import Outcome
from core.archive.store import digest_of
from tests.core.dicom_maker import clean_set

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path):
    return clean_set().write(tmp_path / "set")


@pytest.fixture
def archive(tmp_path):
    made = Archive(tmp_path / "archive")
    yield made
    made.close()


def everything(archive):
    return archive.index.instances("1")


@pytest.mark.req("Y-01", "Y-03")
def test_that_what_is_taken_in_is_kept_byte_for_byte(archive, folder):
    report = archive.take_in_files([folder], "CD")
    assert {one.outcome for one in report} == {Outcome.NEW}
    kept = {archive.path_of(one).read_bytes() for one in everything(archive)}
    assert kept == {path.read_bytes() for path in folder.iterdir()}
    assert list(archive.store.incoming.iterdir()) == []


@pytest.mark.req("Y-03")
def test_that_a_second_time_changes_nothing(archive, folder):
    archive.take_in_files([folder], "CD")
    before = everything(archive)
    report = archive.take_in_files([folder], "CD")
    assert {one.outcome for one in report} == {Outcome.SAME}
    assert everything(archive) == before


def test_that_another_content_of_the_same_uid_is_quarantined_and_never_overwrites(archive, folder):
    archive.take_in_files([folder], "CD")
    (dose,) = archive.index.instances("r.modality = 'RTDOSE'")
    first = archive.path_of(dose).read_bytes()
    file = next(folder.glob("RTDOSE*"))
    changed = file.read_bytes()[:-1] + b"\x07"
    file.write_bytes(changed)
    (taken,) = archive.take_in_files([file], "TPS")
    assert taken.outcome is Outcome.QUARANTINED
    assert archive.path_of(dose).read_bytes() == first
    (conflict,) = archive.conflicts()
    assert conflict.sop_uid == dose.sop_uid
    assert archive.store.path_of(conflict.digest).read_bytes() == changed
    assert conflict.kept_digest == dose.digest


@pytest.mark.req("Y-03")
def test_that_what_is_no_dicom_is_refused_with_the_reason(archive, folder):
    (folder / "readme.txt").write_text("hello")
    (folder / "broken.dcm").write_bytes(bytes(128) + b"DICM" + bytes(range(90)))
    report = {one.name: one for one in archive.take_in_files([folder], "CD")}
    assert report["readme.txt"].outcome is None
    assert "no DICOM" in report["readme.txt"].why
    assert report["broken.dcm"].outcome is None
    assert len(everything(archive)) == len(list(folder.iterdir())) - 2


@pytest.mark.req("Y-05", "Y-06")
@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(name="toy"), 1), (Wanted(name="test TOY"), 1), (Wanted(name="T*"), 1),
        (Wanted(name="oy"), 1), (Wanted(name="miller"), 0), (Wanted(patient_id="TOY"), 1),
        (Wanted(patient_id="?OY1"), 1), (Wanted(patient_id="OY1"), 0), (Wanted(), 1),
        (Wanted(name="[t]oy"), 0), (Wanted(modality="rtplan"), 1), (Wanted(modality="MR"), 0),
        (Wanted(since="29990101"), 0),
    ],
)  # fmt: skip
def test_that_persons_are_found_by_name_number_and_kind(archive, folder, wanted, found):
    archive.take_in_files([folder], "CD")
    assert len(find_patients(archive.index, wanted)) == found


@pytest.mark.req("Y-06")
def test_that_the_tree_has_every_object_once(archive, folder):
    archive.take_in_files([folder], "CD")
    (person,) = find_patients(archive.index, Wanted())
    series = [
        one for study in studies_of(archive.index, person.id)
        for one in series_of(archive.index, study.id)
    ]  # fmt: skip
    assert sum(one.instances for one in series) == 12
    assert set(person.modalities) == {"CT", "RTSTRUCT", "RTPLAN", "RTDOSE"}
    assert len(archive.instances_of_patient(person.id)) == 12


@pytest.mark.req("Y-13")
def test_that_a_flipped_byte_and_a_lost_file_are_found(archive, folder):
    archive.take_in_files([folder], "CD")
    assert archive.verify() == []
    first, second = everything(archive)[:2]
    path = archive.path_of(first)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    archive.path_of(second).unlink()
    assert {(one.sop_uid, one.what.split()[-1]) for one in archive.verify()} == {
        (first.sop_uid, "disk"), (second.sop_uid, "gone"),
    }  # fmt: skip


TAKER = """
import sys
from pathlib import Path
from core.archive.archive import Archive
archive = Archive(Path(sys.argv[1]))
for file in sorted(Path(sys.argv[2]).iterdir()):
    with file.open("rb") as stream:
        taken = archive.take_in([stream.read()], file.name, "TPS")
    print(taken.sop_uid, flush=True)
"""


def test_that_a_kill_at_any_moment_loses_nothing_that_was_acknowledged(tmp_path, folder):
    rng = random.Random(7)
    for turn in range(int(os.environ.get("EQS_KILLS", "6"))):
        place = tmp_path / f"archive{turn}"
        command = [sys.executable, "-c", TAKER, str(place), str(folder)]
        taker = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)
        told = [taker.stdout.readline().strip() for _ in range(rng.randrange(1, 12))]
        time.sleep(rng.random() * 0.01)
        taker.send_signal(signal.SIGKILL)
        told += [line.strip() for line in taker.stdout.read().splitlines(keepends=True)
                 if line.endswith("\n")]  # fmt: skip
        taker.wait()
        archive = Archive(place)
        here = {one.sop_uid: one for one in everything(archive)}
        assert set(told) - {""} <= set(here)
        assert archive.verify() == []
        assert list(archive.store.incoming.iterdir()) == []
        stored = {path.stem for path in archive.store.objects.rglob("*.dcm")}
        assert stored == {one.digest for one in here.values()}
        archive.close()


def test_that_a_full_disk_leaves_nothing_behind(archive, monkeypatch):
    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("core.archive.store.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        archive.take_in([b"some bytes"], "a", "TPS")
    assert list(archive.store.incoming.iterdir()) == []


def test_that_a_newer_index_is_refused_in_words(tmp_path):
    made = Archive(tmp_path / "archive")
    made.index.rows("PRAGMA user_version = 99")
    made.close()
    with pytest.raises(Exception, match="version 99"):
        Archive(tmp_path / "archive")


def test_that_the_digest_is_that_of_the_bytes(archive, folder):
    archive.take_in_files([folder], "CD")
    for one in everything(archive):
        assert digest_of(archive.path_of(one)) == one.digest
