"""A user who presses anything; many more walks by `python -m tests.gui.random_walk`."""

import subprocess
import sys

import pytest


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_that_a_walk_of_random_events_ends_well(seed):
    line = [sys.executable, "-m", "tests.gui.random_walk", str(seed), "1", "150"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
    assert "1 of 1 walks of 150 events ended well" in done.stdout
