"""Kills, full disks, silent callers, crowds and garbage: it stays up and loses nothing."""

import json
import logging
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pydicom
import pytest

from core.archive.archive import Archive
from core.archive.calls import Caller
from core.archive.client_confirm import outgoing_files
from core.archive.client_query import echo
from core.archive.client_store import send
from core.archive.listener import Listener
from core.archive.nodes import ListenerSettings, Node
from core.archive.transfer import Effort, Fate
from tests.archive.servers import HERE, free_port
from tests.core.dicom_maker import clean_set

CHECKOUT = Path(__file__).resolve().parents[2]
CALLER = Caller("TPS", answer_s=10)


def many(folder, count):
    """Objects that are large enough to be cut off in their middle."""
    source = pydicom.dcmread(next(clean_set().write(folder / "one").glob("CT*")))
    target = folder / "many"
    target.mkdir()
    base = str(source.SOPInstanceUID)
    for number in range(count):
        source.SOPInstanceUID = f"{base}.{number}"
        source.file_meta.MediaStorageSOPInstanceUID = source.SOPInstanceUID
        source.ImageComments = "x" * 10
        source.private_block(0x0009, "PADDING", create=True).add_new(
            1, "OB", bytes([number % 251]) * 300_000
        )
        source.save_as(target / f"{number}.dcm")
    objects, _ = outgoing_files(sorted(target.iterdir()))
    return objects


@pytest.fixture
def forks():
    """Start a listener in a process of its own; returns its process ID."""
    command = [sys.executable, "-m", "tests.archive.listener_forks"]
    parent = subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # fmt: skip

    def start(port, folder):
        parent.stdin.write(f"{port} {folder}\n")
        parent.stdin.flush()
        return int(parent.stdout.readline())

    yield start
    parent.stdin.close()
    parent.wait()


def killed(pid):
    os.kill(pid, signal.SIGKILL)
    while Path(f"/proc/{pid}").exists():
        time.sleep(0.001)


@pytest.mark.req("Y-01", "Y-02")
@pytest.mark.timeout(1800)
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it forks and reads /proc")
def test_that_a_kill_of_the_listener_loses_nothing_that_was_acknowledged(tmp_path, forks):
    rng = random.Random(11)
    objects = many(tmp_path, 40)
    counts = []
    for turn in range(int(os.environ.get("EQS_KILLS", "12"))):
        place, port = tmp_path / f"archive{turn}", free_port()
        pid = forks(port, place)
        how = Effort(attempts=1)
        told = []
        node = Node("EQS", HERE, port, parallel=3)
        sender = threading.Thread(target=lambda: told.extend(send(CALLER, node, objects, how)))  # noqa: B023
        sender.start()
        time.sleep(rng.random() * 0.2)
        killed(pid)
        how.stop.set()
        sender.join()
        acknowledged = {one.sop_uid for one in told if one.fate is Fate.DONE}
        counts.append(len(acknowledged))
        # What stands in the index at once, before anything is mended, has its file too.
        archive = Archive(place)
        here = {one.sop_uid: one for one in archive.index.instances("1")}
        assert acknowledged <= set(here)
        assert archive.verify() == []
        assert all(pydicom.dcmread(archive.path_of(one)).SOPInstanceUID == uid
                   for uid, one in here.items())  # fmt: skip
        assert list(archive.store.incoming.iterdir()) == []
        stored = {path.stem for path in archive.store.objects.rglob("*.dcm")}
        assert stored == {one.digest for one in here.values()}
        archive.close()
        shutil.rmtree(place)
    print(f"\n{len(counts)} kills, acknowledged before each: {sorted(counts)}")
    # Not all before the first object, nor all after the last.
    assert any(0 < count < 40 for count in counts)


@contextmanager
def on_a_disk_of(megabytes, folder):
    """Yield a listener whose archive lies on a small disk, and what runs a program beside it."""
    if shutil.which("unshare") is None or os.geteuid() != 0:
        pytest.skip("a small disk needs root and util-linux")
    folder.mkdir()
    port = free_port()
    words = f"mount -t tmpfs -o size={megabytes}m none '{folder}' && exec '{sys.executable}' -m"
    words += f" tests.archive.listener_process '{folder}/archive' {port}"
    process = subprocess.Popen(["unshare", "-m", "sh", "-c", words], cwd=CHECKOUT,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)  # fmt: skip
    if process.stdout.readline().strip() != b"ready":
        process.kill()
        pytest.skip("a small disk cannot be mounted here")

    def run(*words):
        inside = ["nsenter", "-t", str(process.pid), "-m"]
        subprocess.run([*inside, *map(str, words)], check=True)

    def content():
        """Return digest by UID as the index has it, and the digests of the files."""
        inside = ["nsenter", "-t", str(process.pid), "-m", sys.executable, "-c", LOOK]
        told = subprocess.run([*inside, str(folder / "archive")], check=True, text=True,
                              capture_output=True, cwd=CHECKOUT).stdout  # fmt: skip
        return json.loads(told)

    try:
        yield SimpleNamespace(node=Node("EQS", HERE, port), run=run, content=content)
    finally:
        process.stdin.close()
        process.wait(20)


LOOK = """
import json, sqlite3, sys
from pathlib import Path
from core.archive.store import digest_of
folder = Path(sys.argv[1])
base = sqlite3.connect(folder / "index.sqlite")
rows = dict(base.execute("SELECT sop_uid, digest FROM instance"))
files = {path.stem: digest_of(path) for path in (folder / "objects").rglob("*.dcm")}
print(json.dumps({"rows": rows, "files": files}))
"""


def whole(content, uids):
    """Whether all these objects are in the index, each with the file that was received."""
    rows, files = content["rows"], content["files"]
    return all(files.get(rows.get(uid)) == rows.get(uid) for uid in uids)


@pytest.mark.req("Y-02")
def test_that_a_disk_that_fills_up_keeps_what_was_acknowledged(tmp_path):
    objects = many(tmp_path, 40)
    with on_a_disk_of(6, tmp_path / "disk") as made:
        first = send(CALLER, made.node, objects, Effort(attempts=1))
        kept = {one.sop_uid for one in first if one.fate is Fate.DONE}
        assert 5 < len(kept) < 20
        failed = [one for one in first if one.fate is not Fate.DONE]
        assert all("no room" in one.why for one in failed), failed
        assert whole(made.content(), kept)
        echo(CALLER, made.node)
        made.run("mount", "-o", "remount,size=64m", tmp_path / "disk")
        assert {one.fate for one in send(CALLER, made.node, objects)} == {Fate.DONE}
        content = made.content()
        assert whole(content, {one.sop_uid for one in objects})
        assert set(content["files"]) == set(content["rows"].values())


@pytest.mark.req("Y-02")
def test_that_a_folder_nobody_may_write_to_is_told_and_passes(tmp_path):
    objects = many(tmp_path, 4)
    with on_a_disk_of(32, tmp_path / "disk") as made:
        assert {one.fate for one in send(CALLER, made.node, objects[:2])} == {Fate.DONE}
        time.sleep(1.0)  # until nothing is being written
        incoming = tmp_path / "disk" / "archive" / "incoming"
        made.run("mount", "--bind", incoming, incoming)
        made.run("mount", "-o", "remount,bind,ro", incoming)
        refused = send(CALLER, made.node, objects[2:], Effort(attempts=2))
        assert {(one.fate, one.attempts) for one in refused} == {(Fate.FAILED, 2)}
        assert all("Read-only" in one.why for one in refused)
        assert whole(made.content(), {one.sop_uid for one in objects[:2]})
        echo(CALLER, made.node)
        made.run("umount", incoming)
        assert {one.fate for one in send(CALLER, made.node, objects)} == {Fate.DONE}


@pytest.fixture
def served(tmp_path):
    archive = Archive(tmp_path / "archive")
    listener = Listener(archive, ListenerSettings(port=0, patience_s=3.0))
    yield SimpleNamespace(archive=archive, node=Node("EQS", HERE, listener.port))
    listener.stop()
    archive.close()


@pytest.fixture
def objects(tmp_path):
    found, _ = outgoing_files(sorted(clean_set().write(tmp_path / "set").iterdir()))
    return found


@pytest.mark.req("Y-02")
def test_that_a_full_disk_is_told_to_the_sender_and_passes(served, objects, monkeypatch, caplog):
    def full(handle):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("core.archive.store.os.fsync", full)
        with caplog.at_level(logging.ERROR, "eqs.archive"):
            results = send(CALLER, served.node, objects[:2], Effort(attempts=2))
    assert {(one.fate, one.attempts) for one in results} == {(Fate.FAILED, 2)}
    assert all("no room" in one.why and "No space left" in one.why for one in results)
    assert any("No space left" in one.getMessage() for one in caplog.records)
    assert served.archive.index.instances("1") == []
    assert {one.fate for one in send(CALLER, served.node, objects)} == {Fate.DONE}


@pytest.mark.req("Y-02")
def test_that_an_index_that_cannot_be_written_is_told_and_keeps_the_object(
    served, objects, monkeypatch
):
    import sqlite3

    def locked(*_):
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(served.archive.index, "add", locked)
        results = send(CALLER, served.node, objects[:1], Effort(attempts=1))
    assert results[0].fate is Fate.FAILED
    echo(CALLER, served.node)
    assert {one.fate for one in send(CALLER, served.node, objects)} == {Fate.DONE}
    assert served.archive.verify() == []


@pytest.mark.req("Y-02")
def test_that_half_open_connections_are_closed_and_nobody_waits_for_them(served, objects):
    silent = [socket.create_connection((HERE, served.node.port)) for _ in range(30)]
    for one in silent[:10]:
        one.sendall(b"\x01\x00\x00\x00\x01\x00")  # a request that never goes on
    assert {one.fate for one in send(CALLER, served.node, objects)} == {Fate.DONE}
    for one in silent:
        one.settimeout(15)
        assert one.recv(100) == b"" or one.recv(100) == b""
        one.close()


@pytest.mark.req("Y-02")
def test_that_fifty_associations_at_once_all_succeed(tmp_path):
    archive = Archive(tmp_path / "archive")
    listener = Listener(archive, ListenerSettings(port=0, associations=50, patience_s=60))
    node = Node("EQS", HERE, listener.port, parallel=50)
    objects = many(tmp_path, 100)
    results = send(Caller("TPS", answer_s=60), node, objects, Effort(attempts=4))
    listener.stop()
    assert {one.fate for one in results} == {Fate.DONE}
    assert len(archive.index.instances("1")) == 100
    assert archive.verify() == []
    archive.close()


@pytest.mark.req("Y-02")
def test_that_one_association_too_many_is_turned_away_with_words(tmp_path):
    archive = Archive(tmp_path / "archive")
    listener = Listener(archive, ListenerSettings(port=0, associations=2))
    node = Node("EQS", HERE, listener.port)
    with CALLER.call(node, ["1.2.840.10008.1.1"]), CALLER.call(node, ["1.2.840.10008.1.1"]):
        with pytest.raises(Exception, match="associations") as told:
            echo(CALLER, node)
        assert told.value.is_passing
    listener.stop()
    archive.close()


@pytest.mark.req("Y-02")
def test_that_garbage_and_cut_objects_leave_it_up_and_nothing_behind(served, objects, tmp_path):
    rng = random.Random(5)
    for _ in range(40):
        with socket.create_connection((HERE, served.node.port), timeout=5) as line:
            line.sendall(rng.randbytes(rng.randrange(1, 4000)))
    # A length of 4 GB, and a data set that ends in its middle.
    with socket.create_connection((HERE, served.node.port), timeout=5) as line:
        line.sendall(b"\x01\x00\xff\xff\xff\xff" + bytes(2000))
    broken = tmp_path / "broken.dcm"
    data = objects[0].source.path.read_bytes()
    broken.write_bytes(data[:-100])
    from dataclasses import replace

    from core.dicom.files import Source

    cut = replace(objects[0], source=Source(broken))
    (result,) = send(CALLER, served.node, [cut], Effort(attempts=1))
    assert {one.fate for one in send(CALLER, served.node, objects[1:])} == {Fate.DONE}
    assert served.archive.verify() == []
    served.archive.settle()
    assert list(served.archive.store.incoming.iterdir()) == []
    assert result.fate in (Fate.DONE, Fate.FAILED)


@pytest.mark.req("Y-08")
def test_that_a_cancel_leaves_each_object_sent_or_told_as_cancelled(served, tmp_path):
    objects = many(tmp_path, 30)
    how = Effort()

    def cancel(share, words):
        if share > 0.2:
            how.stop.set()

    from dataclasses import replace

    results = send(CALLER, served.node, objects, replace(how, progress=cancel))
    assert len(results) == 30
    assert {one.fate for one in results} == {Fate.DONE, Fate.CANCELLED}
    done = {one.sop_uid for one in results if one.fate is Fate.DONE}
    assert done == {one.sop_uid for one in served.archive.index.instances("1")}


@pytest.mark.req("Y-08")
def test_that_an_object_whose_file_changed_is_not_sent(served, objects):
    from dataclasses import replace

    wrong = replace(objects[0], digest="0" * 64)
    (result,) = send(CALLER, served.node, [wrong])
    assert (result.fate, served.archive.index.instances("1")) == (Fate.FAILED, [])
    assert "changed on the disk" in result.why
