"""Memory after opening and closing many times; the long form is `tests/bench/open_close.py`."""

import sys

import pytest

from tests.bench.open_close import memory_over, new_desk, one_cycle, show_all
from tests.core.dicom_maker import clean_set, images, lattice

WARM, STRETCH = 4, 4
CYCLES = WARM + 2 * STRETCH
# The images take 5 MB in each cycle, the jobs and widgets as much again; kept would be far more.
MOST_KB = 4000
pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc of Linux"),
    pytest.mark.timeout(300),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    toy = clean_set()
    toy.images = images(lattice(shape=(40, 256, 256), spacing=(1.0, 1.0, 1.0)))
    return toy.write(tmp_path_factory.mktemp("set"))


def kept_kb(work):
    """Return the growth per cycle, the first cycles aside."""
    kept = memory_over(CYCLES, work)
    # The lowest of four: now and then a volume goes only with the next cycle.
    return float(kept[-STRETCH:].min() - kept[WARM : WARM + STRETCH].min()) / STRETCH


@pytest.mark.req("Y-10")
def test_that_twelve_times_open_and_close_keeps_no_set(qapp, folder):
    assert kept_kb(lambda: one_cycle(folder)) < MOST_KB


@pytest.mark.req("Y-10")
def test_that_twelve_sets_in_the_same_page_keep_the_last_only(qapp, folder):
    desk = new_desk()
    try:
        assert kept_kb(lambda: show_all(desk, folder)) < MOST_KB
    finally:
        desk.leave()
        desk.deleteLater()


def test_that_a_set_that_is_kept_would_be_seen(qapp, folder):
    desk = new_desk()
    kept = []

    def keeping():
        show_all(desk, folder)
        kept.append(desk.volume)

    try:
        assert kept_kb(keeping) > MOST_KB
    finally:
        desk.leave()
        desk.deleteLater()
