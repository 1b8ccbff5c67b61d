"""Watched folders: named and filed, never half, never the original touched (O-03, O-08)."""

import os
import subprocess
import sys
import threading
import time
from itertools import pairwise

import pytest

from app.filter.ledger_log import log_file, recorded
from app.filter.watch import Folders, Watch, incomplete, watch
from app.filter.watch_open import is_being_written
from core.errors import RemedyError
from tests.filter.desk_samples import VARIANTS, write_export, write_plan


@pytest.fixture
def folders(tmp_path):
    made = {stage: tmp_path / name for stage, name in
            (("IE", "Initial Exports"), ("FE", "Final Exports"))}  # fmt: skip
    for folder in (*made.values(), tmp_path / "filed"):
        folder.mkdir()
    return Folders(made, tmp_path / "filed")


class Clock:
    now_s = 100.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


def settle(watcher, clock):
    """Let a watcher look, wait, and look again; return everything it told."""
    events = list(watcher.round())
    clock.now_s += 60
    return events + list(watcher.round())


def filed(folders):
    return sorted(str(one.relative_to(folders.target)) for one in folders.target.rglob("*.*"))


@pytest.mark.req("O-03", "O-08")
@pytest.mark.parametrize("stage", ["IE", "FE"])
def test_that_a_new_export_is_filed_by_patient_and_stage_and_stays(stage, folders, clock):
    source = write_export(folders.watched[stage])
    before = (source.read_bytes(), source.stat().st_mtime_ns)
    events = settle(Watch(folders, clock=clock), clock)
    assert [one.what for one in events] == ["waiting", "filed"]
    target = events[-1].filed
    assert target.parent.name == "DEMO_DEMO-0001"
    assert f"_{stage}_" in target.name
    assert target.read_bytes() == before[0]
    assert (source.read_bytes(), source.stat().st_mtime_ns) == before
    (entry,) = recorded("export filed")
    assert (entry["stage"], entry["patient_id"]) == (stage, "DEMO-0001")


@pytest.mark.req("O-03")
def test_that_nothing_is_filed_twice_even_by_a_new_watcher(folders, clock):
    write_export(folders.watched["IE"])
    watcher = Watch(folders, clock=clock)
    settle(watcher, clock)
    assert settle(watcher, clock) == []
    assert settle(Watch(folders, clock=clock), clock) == []
    write_export(folders.watched["IE"], "again.rtp")
    assert [one.what for one in settle(Watch(folders, clock=clock), clock)] == []
    assert len(filed(folders)) == 1


@pytest.mark.req("O-03")
def test_that_a_later_export_of_the_same_minute_gets_a_name_of_its_own(folders, clock):
    first = write_export(folders.watched["IE"])
    watcher = Watch(folders, clock=clock)
    settle(watcher, clock)
    state = first.stat()
    first.write_bytes(VARIANTS["gantry"].data())
    os.utime(first, ns=(state.st_mtime_ns, state.st_mtime_ns))
    settle(watcher, clock)
    names = filed(folders)
    assert len(names) == 2
    assert names[1].endswith("_2.rtp")


def ends_of(whole):
    """Return where a slow writer may stand still: at line ends, before them and behind them."""
    lines = whole.splitlines(keepends=True)
    ends = [sum(map(len, lines[:count])) for count in range(1, len(lines))]
    return sorted(set(ends) | {end - 1 for end in ends} | {end + 9 for end in ends[:-1]})


@pytest.mark.req("O-03")
def test_that_a_growing_file_is_never_taken_wherever_it_stands_still(folders, clock):
    whole = write_export(folders.target, "whole.rtp").read_bytes()
    (folders.target / "whole.rtp").unlink()
    # What follows the last field is announced nowhere: there only the system can tell, below.
    announced = whole.rindex(b'"CONTROL_PT_DEF"')
    ends = [end for end in ends_of(whole) if end < announced]
    source = folders.watched["IE"] / "growing.rtp"
    watcher = Watch(folders, clock=clock)
    for end in ends[:: max(1, len(ends) // 40)]:
        source.write_bytes(whole[:end])
        assert [one for one in settle(watcher, clock) if one.what == "filed"] == [], end
    source.write_bytes(whole)
    assert [one.what for one in settle(watcher, clock)][-1] == "filed"
    assert len(filed(folders)) == 1


@pytest.mark.req("O-03")
def test_that_a_file_a_writer_has_open_is_not_taken_even_when_it_reads_well(folders, clock):
    whole = write_export(folders.target, "whole.rtp").read_bytes()
    (folders.target / "whole.rtp").unlink()
    source = folders.watched["IE"] / "growing.rtp"
    watcher = Watch(folders, clock=clock)
    with source.open("wb") as writer:
        if is_being_written(source) is None:
            pytest.skip("this system does not tell who has a file open")
        for start, end in pairwise((0, whole.index(b'"DOSE_DEF"'), len(whole))):
            writer.write(whole[start:end])
            writer.flush()
            assert [one for one in settle(watcher, clock) if one.what == "filed"] == [], end
    assert [one.what for one in settle(watcher, clock)][-1] == "filed"
    assert len(filed(folders)) == 1


@pytest.mark.req("O-03")
def test_that_a_copy_that_proves_to_be_the_beginning_of_another_is_told(folders, clock):
    whole = write_export(folders.target, "whole.rtp").read_bytes()
    (folders.target / "whole.rtp").unlink()
    source = folders.watched["IE"] / "torn.rtp"
    watcher = Watch(folders, clock=clock)
    source.write_bytes(whole[: whole.index(b'"DOSE_DEF"')])
    assert settle(watcher, clock)[-1].what == "filed"
    source.write_bytes(whole)
    assert "do not use that one" in settle(watcher, clock)[-1].words


@pytest.mark.req("O-03")
def test_that_every_cut_of_a_file_is_told_as_not_whole(tmp_path):
    whole = write_export(tmp_path).read_bytes()
    assert incomplete(tmp_path / "export.rtp") == ""
    cut = tmp_path / "cut.rtp"
    lines = whole.splitlines(keepends=True)
    last = max(number for number, one in enumerate(lines) if one.startswith(b'"CONTROL_PT_DEF'))
    for count in (1, 2, 5, 9, last // 2, last):
        cut.write_bytes(b"".join(lines[:count]))
        assert incomplete(cut), count
    cut.write_bytes(whole[:-1].rstrip(b"\r\n"))
    assert incomplete(cut)


@pytest.mark.req("O-03")
def test_that_what_is_no_export_is_told_once_and_left(folders, clock):
    ours = folders.watched["IE"]
    (ours / "letter.txt").write_text("Dear colleague", encoding="utf-8")
    (ours / "x.rtp.tmp").write_bytes(b"half")
    (ours / "sub").mkdir()
    watcher = Watch(folders, clock=clock)
    events = settle(watcher, clock)
    assert [(one.what, one.source.name) for one in events] == [
        ("waiting", "letter.txt"), ("refused", "letter.txt")
    ]  # fmt: skip
    assert settle(watcher, clock) == []
    assert filed(folders) == []


@pytest.mark.req("O-03")
def test_that_a_dicom_export_is_filed_and_a_cut_one_is_not(folders, clock):
    plan = write_plan(folders.watched["FE"])
    data = plan.read_bytes()
    plan.write_bytes(data[: len(data) * 2 // 3])
    watcher = Watch(folders, clock=clock)
    assert [one.what for one in settle(watcher, clock)][-1] == "refused"
    plan.write_bytes(data)
    event = settle(watcher, clock)[-1]
    assert (event.what, event.filed.suffix) == ("filed", ".dcm")


def test_that_an_export_that_was_filed_but_not_logged_is_logged_and_not_doubled(folders, clock):
    write_export(folders.watched["IE"])
    settle(Watch(folders, clock=clock), clock)
    log_file().unlink()
    settle(Watch(folders, clock=clock), clock)
    assert len(recorded("export filed")) == len(filed(folders)) == 1


def test_that_a_missing_folder_is_told(folders, clock):
    folders.watched["FE"].rmdir()
    with pytest.raises(RemedyError, match="not there"):
        Watch(folders, clock=clock).round()


WRITER = """
import sys, time
data = open(sys.argv[1], "rb").read()
with open(sys.argv[2], "wb") as out:
    for start in range(0, len(data), 4096):
        out.write(data[start:start + 4096]); out.flush(); time.sleep(0.02)
"""


@pytest.mark.req("O-03")
def test_that_a_file_another_program_writes_slowly_is_filed_whole(folders, tmp_path):
    whole = write_export(tmp_path)
    ended = threading.Event()
    events = []
    worker = threading.Thread(
        target=lambda: watch(folders, every_s=0.02, tell=events.append, stop=ended.is_set,
                             settled_s=0.4)
    )  # fmt: skip
    worker.start()
    target = folders.watched["IE"] / "slow.rtp"
    subprocess.run([sys.executable, "-c", WRITER, str(whole), str(target)], check=True)
    until = time.monotonic() + 30
    while not any(one.what == "filed" for one in events) and time.monotonic() < until:
        time.sleep(0.05)
    ended.set()
    worker.join()
    (event,) = [one for one in events if one.what == "filed"]
    assert event.filed.read_bytes() == whole.read_bytes()
