"""Qt for a command without a window: words and pages cannot be drawn without it."""

import os
import sys

from PySide6.QtWidgets import QApplication

_APPLICATION: QApplication | None = None


def ensure_application() -> None:
    """Start Qt, without a screen where there is none, when nobody has.

    It is the application of widgets although none is shown: there is one a process, and a window
    made later needs that kind.
    """
    global _APPLICATION  # noqa: PLW0603  (Qt wants one that lives as long as the program)
    if QApplication.instance() is None:
        if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
            os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        _APPLICATION = QApplication(sys.argv[:1])
