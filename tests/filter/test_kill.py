"""Killed at any moment, nothing acknowledged is lost and nothing half-written is accepted."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

DRIVER = Path(__file__).with_name("kill_driver.py")


@pytest.mark.req("R-28", "R-31", "R-23")
@pytest.mark.timeout(600)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_that_two_hundred_kills_lose_nothing_acknowledged():
    done = subprocess.run(
        [sys.executable, str(DRIVER), "200", "5"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    print(answer)
    assert answer["faults"] == []
    assert answer["rounds"] == 200
    assert answer["acknowledged"] > 200
