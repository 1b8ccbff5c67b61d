"""What one way of opening sets keeps in memory, measured in a process of its own.

python -m tests.gui.kept_memory WAY FOLDER      prints the kB kept per cycle

In the process of all window tests what earlier tests left behind goes at some moment of the
measurement, and hides what a cycle keeps.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QApplication

from tests.bench.memory import in_use_kb
from tests.bench.open_close import new_desk, one_cycle, show_all

WARM, STRETCH = 4, 4


def kept_kb(work: Callable[[], None]) -> float:
    """Return the growth per cycle, the first cycles aside."""
    kept = []
    for _ in range(WARM + 2 * STRETCH):
        work()
        kept.append(in_use_kb())
    # The lowest of four: now and then a volume goes only with the next cycle.
    return (min(kept[-STRETCH:]) - min(kept[WARM : WARM + STRETCH])) / STRETCH


def page_made_and_closed(folder: Path) -> float:
    """Make the page, show a set, close the page."""
    return kept_kb(lambda: one_cycle(folder))


def another_set_in_the_page(folder: Path) -> float:
    """Open the set again and again in the page that is there."""
    desk = new_desk()
    return kept_kb(lambda: show_all(desk, folder))


def every_volume_held(folder: Path) -> float:
    """Open the set again and again and hold on to each volume: a leak made on purpose."""
    desk = new_desk()
    held = []

    def work() -> None:
        show_all(desk, folder)
        held.append(desk.volume)

    return kept_kb(work)


WAYS = {way.__name__: way for way in (page_made_and_closed, another_set_in_the_page,
                                      every_volume_held)}  # fmt: skip

if __name__ == "__main__":
    application = QApplication([])
    print(WAYS[sys.argv[1]](Path(sys.argv[2])))
