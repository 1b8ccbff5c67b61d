"""From the command to the window, beside what Qt alone needs to be loaded."""

import subprocess
import sys
from statistics import median
from time import perf_counter

import pytest

QT = "import PySide6.QtWidgets"
WINDOW = """
import sys
from app.start import window_of
from app.style import application
program = application()
window = window_of()
window.show()
program.processEvents()
assert window.isVisible()
heavy = {name for name in ("vtkmodules", "pyqtgraph", "pydicom", "numpy") if name in sys.modules}
assert not heavy, heavy
"""
ROUNDS = 9


def seconds(code):
    """Return the time by the clock of a Python process that does this."""
    start = perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    return perf_counter() - start


@pytest.mark.bench
def test_that_the_window_is_there_soon():
    seconds(WINDOW), seconds(QT)
    taken = [(seconds(QT), seconds(WINDOW)) for _ in range(ROUNDS)]
    qt, window = (median(column) for column in zip(*taken, strict=True))
    print(f"import of QtWidgets {qt:.2f} s, window {window:.2f} s: ratio {window / qt:.2f}")
    assert window / qt < 2.5
