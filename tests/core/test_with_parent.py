"""A killed program leaves no worker behind: neither the portal's renderer nor those of a batch."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PORTAL = """
from pathlib import Path
from app.portal_look import Renderer
renderer = Renderer()
try:
    renderer.look([Path("none.dcm")], "axial", None)
except Exception:
    pass
pool = renderer._pool
"""
BATCH = """
from concurrent.futures import ProcessPoolExecutor
import app.filter.batch as batch
kept = []
class Pool(ProcessPoolExecutor):
    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        kept.append(self)
batch.ProcessPoolExecutor = Pool
rows = batch._rows(iter([__import__("pathlib").Path("none.rtp")] * 9), 2, None)
next(rows)
pool = kept[0]
"""
WAIT = """
print(*pool._processes, flush=True)
input()
"""
PATIENCE_S = 20


def runs(worker):
    """Return whether a process is there and no mere entry that waits to be fetched."""
    try:
        return Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the system has no /proc")
@pytest.mark.parametrize("program", [PORTAL, BATCH], ids=["portal", "batch"])
def test_that_workers_end_when_their_program_is_killed(program):
    body = (program + WAIT).replace("\n", "\n    ")
    command = [sys.executable, "-c", f"if __name__ == '__main__':{body}"]
    parent = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    workers = [int(one) for one in parent.stdout.readline().split()]
    assert workers
    assert all(runs(one) for one in workers)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()  # and no more: a worker that is left holds the pipes open
    parent.stdin.close()
    parent.stdout.close()
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and any(runs(one) for one in workers):
        time.sleep(0.1)
    left = [one for one in workers if runs(one)]
    for one in left:
        os.kill(one, signal.SIGKILL)
    assert left == []
