"""From the command to the window, beside what Qt alone needs to be loaded."""

import os
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


def seconds(code, compiled):
    """Return the time by the clock of a Python process that does this.

    Modules are compiled once, as they are where the program is installed, whatever the
    environment of the test says.
    """
    own = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    own["PYTHONPYCACHEPREFIX"] = str(compiled)
    start = perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, env=own)
    return perf_counter() - start


@pytest.mark.bench
def test_that_the_window_is_there_soon(tmp_path):
    seconds(WINDOW, tmp_path), seconds(QT, tmp_path)
    taken = [(seconds(QT, tmp_path), seconds(WINDOW, tmp_path)) for _ in range(ROUNDS)]
    qt, window = (median(column) for column in zip(*taken, strict=True))
    print(f"import of QtWidgets {qt:.2f} s, window {window:.2f} s: ratio {window / qt:.2f}")
    assert window / qt < 2.5
