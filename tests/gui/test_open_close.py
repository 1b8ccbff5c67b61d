"""Memory after opening and closing many times; the long form is `tests/bench/open_close.py`."""

import os
import subprocess
import sys

import pytest

from tests.core.dicom_maker import clean_set, images, lattice
from tests.gui.kept_memory import another_set_in_the_page, every_volume_held, page_made_and_closed

# The images take 5 MB in each cycle; 0.03 MB stay (most of it the screen library), 5.1 when kept.
MOST_KB = 1000
pytestmark = [
    pytest.mark.skipif(
        not hasattr(os, "confstr") or "glibc" not in (os.confstr("CS_GNU_LIBC_VERSION") or ""),
        reason="asks the GNU C library what is in use",
    ),
    pytest.mark.timeout(300),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    toy = clean_set()
    toy.images = images(lattice(shape=(40, 256, 256), spacing=(1.0, 1.0, 1.0)))
    return toy.write(tmp_path_factory.mktemp("set"))


def kept_kb(way, folder):
    """Return what a cycle keeps, measured in a process of its own."""
    line = [sys.executable, "-m", "tests.gui.kept_memory", way.__name__, str(folder)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return float(done.stdout.split()[-1])


@pytest.mark.req("Y-10")
def test_that_twelve_times_open_and_close_keeps_no_set(folder):
    assert kept_kb(page_made_and_closed, folder) < MOST_KB


@pytest.mark.req("Y-10")
def test_that_twelve_sets_in_the_same_page_keep_the_last_only(folder):
    assert kept_kb(another_set_in_the_page, folder) < MOST_KB


def test_that_a_set_that_is_kept_would_be_seen(folder):
    assert kept_kb(every_volume_held, folder) > MOST_KB
