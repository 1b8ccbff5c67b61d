"""Python's cyclic rubbish is collected in the GUI thread alone.

Left to itself, Python looks for cycles in whichever thread happens to allocate. Among the rubbish
lie widgets, graphics items and VTK views of closed pages; taken apart in a worker's thread they
break the program's memory.
"""

import gc

from PySide6.QtCore import QObject, QTimer

LOOK_MS = 250


class Collector(QObject):
    """Turns automatic collection off and looks for due rubbish by a timer of the GUI thread."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.timeout.connect(collect_due)
        self._timer.start(LOOK_MS)


def collect_due() -> None:
    """Collect the oldest generation whose count has passed Python's own threshold.

    Libraries turn automatic collection off for a while and on again; it is turned off anew here.
    """
    gc.disable()
    due = [count > limit for count, limit in zip(gc.get_count(), gc.get_threshold(), strict=True)]
    if any(due):
        gc.collect(len(due) - 1 - due[::-1].index(True))
