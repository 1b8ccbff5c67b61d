"""What every walk through the rooms needs: wait until the window is still, and take a picture."""

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QApplication

from app.background import JOBS
from app.main_window import MainWindow

PATIENCE_S = 180.0


def settle(until: Callable[[], bool] = lambda: True) -> None:
    """Let the window work until `until` holds and no job is running."""
    end = time.monotonic() + PATIENCE_S
    while JOBS.running or not until():
        if time.monotonic() > end:
            raise TimeoutError("the window did not settle")
        QApplication.processEvents()
        time.sleep(0.01)
    for _ in range(10):
        QApplication.processEvents()


def shoot(window: MainWindow, folder: Path, name: str) -> None:
    """Save one picture of the whole window."""
    settle()
    window.grab().save(str(folder / f"{name}.png"))
    print(f"{name}.png", flush=True)
