"""A file is written whole or not at all, whatever goes wrong on the way."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from core.safe_write import write_whole

CHECKOUT = Path(__file__).resolve().parents[2]
POSIX = pytest.mark.skipif(os.name == "nt", reason="needs signals and limits of POSIX")


class RefusedError(Exception):
    """What the other channel says in these tests."""


def refuse(_):
    raise RefusedError("leaf A17 differs")


@pytest.fixture
def old(tmp_path):
    """An earlier transfer file, alone in its folder."""
    path = tmp_path / "plan.rtp"
    path.write_bytes(b"old")
    return path


def test_that_a_new_file_holds_the_data_and_nothing_else_is_left(tmp_path):
    write_whole(tmp_path / "plan.rtp", b"one\r\ntwo\x00")
    assert (tmp_path / "plan.rtp").read_bytes() == b"one\r\ntwo\x00"
    assert [path.name for path in tmp_path.iterdir()] == ["plan.rtp"]


def test_that_an_old_file_is_replaced_even_by_an_empty_one(old):
    write_whole(old, b"")
    assert old.read_bytes() == b""


@POSIX
def test_that_others_in_the_clinic_may_read_the_file(tmp_path):
    write_whole(tmp_path / "plan.rtp", b"new")
    assert (tmp_path / "plan.rtp").stat().st_mode & 0o777 == 0o644


def test_that_approval_sees_the_complete_file_under_another_name(old):
    seen = []
    write_whole(old, b"new", approve=lambda p: seen.append((p, p.read_bytes(), old.read_bytes())))
    ((temporary, content, before),) = seen
    assert temporary != old
    assert temporary.parent == old.parent
    assert content == b"new"
    assert before == b"old"
    assert old.read_bytes() == b"new"


@pytest.mark.req("L-24")
def test_that_a_refused_file_leaves_the_old_one_and_no_trace(old):
    with pytest.raises(RefusedError, match="leaf A17 differs"):
        write_whole(old, b"new", approve=refuse)
    assert old.read_bytes() == b"old"
    assert list(old.parent.iterdir()) == [old]


def test_that_a_refused_file_is_not_there_when_none_was_before(tmp_path):
    with pytest.raises(RefusedError):
        write_whole(tmp_path / "plan.rtp", b"new", approve=refuse)
    assert list(tmp_path.iterdir()) == []


def test_that_an_interrupted_approval_leaves_no_trace(old):
    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(old, b"new", approve=interrupt)
    assert old.read_bytes() == b"old"
    assert list(old.parent.iterdir()) == [old]


def test_that_a_disk_that_cannot_be_flushed_leaves_nothing_behind(old, monkeypatch):
    asked = []

    def fail(_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output error"):
        write_whole(old, b"new", approve=asked.append)
    assert asked == []
    assert old.read_bytes() == b"old"
    assert list(old.parent.iterdir()) == [old]


def test_that_the_data_are_on_the_disk_before_the_file_gets_its_name(old, monkeypatch):
    flush, order = os.fsync, []

    def flush_and_look(handle):
        order.append(old.read_bytes())
        flush(handle)

    monkeypatch.setattr(os, "fsync", flush_and_look)
    write_whole(old, b"new")
    assert order == ([b"old"] if os.name == "nt" else [b"old", b"new"])


def test_that_a_folder_in_the_way_leaves_nothing_behind(tmp_path):
    (tmp_path / "plan.rtp" / "inside").mkdir(parents=True)
    with pytest.raises(OSError):  # noqa: PT011  (the system words it: is a directory, not empty)
        write_whole(tmp_path / "plan.rtp", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["plan.rtp"]


def test_that_a_missing_folder_is_not_made(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "gone" / "plan.rtp", b"new")
    assert list(tmp_path.iterdir()) == []


def in_another_process(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `code` by itself, so that its end or its limits do not touch the tests."""
    command = [sys.executable, "-c", textwrap.dedent(code), *arguments]
    return subprocess.run(
        command, cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False
    )


@POSIX
def test_that_a_killed_program_leaves_the_old_file_whole(old):
    end = in_another_process(
        """
        import os, signal, sys
        from pathlib import Path
        from core.safe_write import write_whole
        kill = lambda _: os.kill(os.getpid(), signal.SIGKILL)
        write_whole(Path(sys.argv[1]), b"new", approve=kill)
        """,
        str(old),
    )
    assert end.returncode == -signal.SIGKILL, end.stderr
    assert old.read_bytes() == b"old"
    assert list(old.parent.glob("*.rtp")) == [old]  # what is left has another ending


@POSIX
def test_that_a_disk_without_room_leaves_nothing_behind(old):
    end = in_another_process(
        """
        import resource, signal, sys
        from pathlib import Path
        from core.safe_write import write_whole
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            write_whole(Path(sys.argv[1]), bytes(1_000_000))
        except OSError as fault:
            print(fault.strerror)
        """,
        str(old),
    )
    assert end.stdout.strip() == "File too large", end.stderr
    assert old.read_bytes() == b"old"
    assert list(old.parent.iterdir()) == [old]
