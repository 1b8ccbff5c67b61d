"""Other programs, run in their own environment; what they answer comes back as JSON.

`installer/test.py --bench` sets them up. They measure themselves, without their start.
"""

import csv
import json
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from tests.bench.timing import Taken

CHECKOUT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("EQS_PEERS", CHECKOUT / ".peers"))
PYTHON = FOLDER / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
BIN_GY, TOP_GY = 0.02, 200.0


class NoPeerError(Exception):
    """A program to compare with is not installed."""


@dataclass(frozen=True)
class PeerDvh:
    """What another program says of a structure; all in cc and Gy."""

    name: str
    volume_cc: float
    mean_gy: float
    d95_gy: float
    d50_gy: float
    d2_gy: float

    @property
    def values(self):
        """Volume, mean, D95, D50, D2."""
        return self.volume_cc, self.mean_gy, self.d95_gy, self.d50_gy, self.d2_gy


def run_python_peer(script, *arguments):
    """Return the answer of a script of this folder, run by the peers' Python."""
    if not PYTHON.exists():
        raise NoPeerError("run installer/test.py --bench to set the other programs up")
    command = [PYTHON, Path(__file__).with_name(script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NoPeerError(f"{script}: {done.stderr.strip()[-300:]}")
    return json.loads(done.stdout)


@cache
def dicompyler(structures: Path, dose: Path):
    """Return dicompyler-core's DVHs by ROI number, and the time for all of them."""
    answer = run_python_peer("peer_dicompyler.py", structures, dose)
    dvhs = {int(number): PeerDvh(*values) for number, values in answer["dvhs"].items()}
    return dvhs, Taken((answer["clock_s"],), (answer["processor_s"],))


@cache
def plastimatch(structures: Path, dose: Path, *images: Path):
    """Return plastimatch's DVHs by name, and the seconds with reading and start."""
    if shutil.which("plastimatch") is None:
        raise NoPeerError("plastimatch is not installed")
    with tempfile.TemporaryDirectory() as folder:
        for file in (structures, dose, *images):
            shutil.copy(file, folder)
        out = Path(folder) / "dvh.csv"
        command = [
            "plastimatch", "dvh", "--input", folder, "--output-csv", out,
            "--normalization", "vox", "--bin-width", str(BIN_GY),
            "--num-bins", str(round(TOP_GY / BIN_GY)),
        ]  # fmt: skip
        start = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - start
        if done.returncode != 0 or not out.exists():
            raise NoPeerError(f"plastimatch: {(done.stderr or done.stdout).strip()[-300:]}")
        size = done.stdout.split("checking voxel size...")[1].split("\n")[1].split()
        return _counted(out, float(np.prod([float(edge) for edge in size])) / 1000), seconds


def _counted(out: Path, voxel_cc: float):
    with out.open(newline="") as stream:
        head, *rows = csv.reader(stream)
    table = np.array([[float(cell) for cell in row] for row in rows])
    found = {}
    for column, name in enumerate(head[1:], start=1):
        at_least = table[:, column]
        if at_least[0] > 0:
            found[name] = _of_curve(name, table[:, 0], at_least, voxel_cc)
    return found


def _of_curve(name, doses, at_least, voxel_cc):
    """Return the values; its bins lie about the doses it names, half a bin to each side."""
    whole = at_least[0]
    per_bin = at_least - np.append(at_least[1:], 0)
    mean = float(per_bin @ doses) / whole

    def dose_at(share):
        last = int(np.flatnonzero(at_least >= share * whole)[-1])
        below = at_least[last + 1] if last + 1 < len(doses) else 0.0
        part = (at_least[last] - share * whole) / (at_least[last] - below)
        return float(doses[last] + (part - 0.5) * BIN_GY)

    return PeerDvh(name, whole * voxel_cc, mean, dose_at(0.95), dose_at(0.5), dose_at(0.02))
