"""3D gamma on real doses against pymedphys, easy and hard; a plane in a frame of film."""

import json
import os
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from scipy.ndimage import shift

from core.dose.gamma import Criteria, gamma_on_axes, warm_up
from tests.bench.timing import fastest

CHECKOUT = Path(__file__).resolve().parents[2]
PEERS = Path(os.environ.get("EQS_PEERS", CHECKOUT / ".peers"))
PYTHON = PEERS / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
SLICES = slice(30, 60)


def case(shared_data, shift_mm, noise):
    """Return axes, a real dose, and a copy moved along x with noise."""
    data = dcmread(shared_data / "dicom" / "breast_dicompyler" / "rtdose.dcm")
    dose = (data.pixel_array * float(data.DoseGridScaling)).astype(np.float32)[SLICES].copy()
    rows, columns = map(float, data.PixelSpacing)
    offsets = [float(one) for one in data.GridFrameOffsetVector[:2]]
    steps = (abs(offsets[1] - offsets[0]), rows, columns)
    axes = [np.arange(count) * step for count, step in zip(dose.shape, steps, strict=True)]
    rng = np.random.default_rng(0)
    moved = shift(dose, [0, 0, shift_mm / columns], order=1, mode="nearest")
    moved *= 1 + noise * rng.standard_normal(dose.shape)
    return axes, dose, moved.astype(np.float32)


@pytest.mark.bench
@pytest.mark.timeout(900)
@pytest.mark.parametrize("local", [False, True])
@pytest.mark.parametrize(("shift_mm", "noise", "least"), [(1, 0.02, 6), (3, 0.05, 20)])
def test_that_gamma_is_many_times_faster_than_pymedphys(
    shared_data, tmp_path, record_property, local, shift_mm, noise, least
):
    if not PYTHON.exists():
        pytest.skip("the programs to compare with are not set up (installer/test.py --bench)")
    axes, dose, moved = case(shared_data, shift_mm, noise)
    file = tmp_path / "case.npz"
    np.savez(file, z=axes[0], y=axes[1], x=axes[2], reference=dose, evaluated=moved)
    warm_up()
    start = time.perf_counter()
    found = gamma_on_axes(axes, dose, axes, moved, Criteria(local=local))
    ours = time.perf_counter() - start
    script = Path(__file__).with_name("peer_pymedphys.py")
    done = subprocess.run(
        [PYTHON, script, file, "local" if local else "global", "2"],
        capture_output=True, text=True, check=False,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"pymedphys: {done.stderr.strip()[-200:]}")
    peer = json.loads(done.stdout.splitlines()[-1])
    ratio = peer["seconds"] / ours
    print(f"{found.judged} points, shift {shift_mm} mm, {'local' if local else 'global'}: "
          f"ours {ours:.2f} s {found.pass_percent:.2f} %, pymedphys {peer['seconds']:.2f} s "
          f"{peer['pass']:.2f} %: {ratio:.0f} times")  # fmt: skip
    record_property("ratio", round(ratio, 1))
    assert found.judged == peer["n"]
    # Ours looks everywhere, pymedphys every 0.2 mm: gamma can only be smaller.
    assert -0.1 < found.pass_percent - peer["pass"] < 2.0
    assert ratio > least


@pytest.mark.bench
def test_that_a_plane_takes_milliseconds(record_property):
    y, x = np.mgrid[0:200, 0:200] * 1.0
    dose = (100 * np.exp(-((x - 100) ** 2 + (y - 100) ** 2) / 3000))[None].astype(np.float32)
    rng = np.random.default_rng(0)
    other = (np.roll(dose, 1, 2) * (1 + 0.01 * rng.standard_normal(dose.shape))).astype(np.float32)
    axes = [np.zeros(1), np.arange(200.0), np.arange(200.0)]
    warm_up()
    gamma_on_axes(axes, dose, axes, other, Criteria())
    (least,) = fastest(lambda: gamma_on_axes(axes, dose, axes, other, Criteria()))
    print(f"a plane of 200 x 200: {1000 * least:.0f} ms of processor time")
    record_property("ms", round(1000 * least, 1))
    assert least < 0.1
