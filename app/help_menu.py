"""The Help menu: help, tutorial, demonstration patient, training."""

import tempfile
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication, QDialog, QMainWindow, QMenu, QMessageBox

from app.background import JOBS, CancelledError, Progress
from app.key_use import shipped_sequence

if TYPE_CHECKING:
    from app.help_window import HelpWindow

# What an entry needs is loaded when the entry is used: the window is there before.
# ruff: noqa: PLC0415
SHOWN_MS = 10_000


class HelpMenu:
    """What the entries of the menu do.

    Args:
        owner: The window the menu belongs to.
        page_name: Tells the help page of the room in hand.
        start_demo: Opens a demonstration patient from a folder.

    """

    def __init__(
        self,
        owner: QMainWindow,
        page_name: Callable[[], str],
        start_demo: Callable[[Path], None],
    ) -> None:
        self._owner = owner
        self._page_name = page_name
        self._start_demo = start_demo
        self._demo: tempfile.TemporaryDirectory[str] | None = None

    @cached_property
    def window(self) -> "HelpWindow":
        """The window of the help, made at its first use: it reads all pages."""
        from app.help_window import HelpWindow

        return HelpWindow(self._owner, _in_force)

    def fill(self, menu: QMenu) -> None:
        """Put the entries into the menu."""
        menu.addAction(
            "&Help on this page or finding", shipped_sequence("help.here"), self.show_here
        )
        menu.addAction("&Contents", lambda: self.show_page("index"))
        menu.addSeparator()
        menu.addAction("Ten-minute t&utorial", lambda: self.show_page("tutorial"))
        menu.addAction("&Demonstration patient", self.open_demo)
        menu.addAction("&Training…", self.start_training)
        menu.addSeparator()

    def show_page(self, name: str) -> None:
        """Open a page of the help."""
        self.window.show_page(name)

    def show_here(self) -> None:
        """Open the entry of the finding that has the focus, else the page of the room."""
        from app.help_window import topic_of

        self.window.show_topic(topic_of(QApplication.focusWidget()), self._page_name())

    def open_demo(self) -> None:
        """Write the demonstration patient to a temporary folder and open it in LEX."""
        if self._demo is None:
            self._demo = tempfile.TemporaryDirectory(
                prefix="eqs-demo-", ignore_cleanup_errors=True
            )
        folder = Path(self._demo.name) / "demonstration"

        def write(progress: Progress) -> Path:
            from app.demo.write_demo import write_demo

            return write_demo(folder, progress).folder

        JOBS.start(
            self._owner,
            "Making the demonstration patient",
            write,
            done=self._start_demo,
            failed=self._tell,
        )

    def show_about(self) -> None:
        """Tell which program this is, and what it is for."""
        from app.filter.ledger_log import program_version

        QMessageBox.about(
            self._owner,
            "About EQS Workstation",
            f"EQS Workstation {program_version()}\n\nMoves a radiotherapy plan safely from the "
            "planning system to the treatment machine and checks it.\n"
            "It does not replace the physicist's own judgement.",
        )

    def _tell(self, fault: Exception) -> None:
        if not isinstance(fault, CancelledError):
            self._owner.statusBar().showMessage(f"{fault}", SHOWN_MS)

    def start_training(self) -> QDialog:
        """Open the training; the rooms wait under a watermark until it is closed."""
        from app.training_window import WORD, TrainingWindow
        from app.watermark import Watermark

        training = TrainingWindow(self._owner)
        training.finished.connect(Watermark(self._owner, WORD).close)
        training.show()
        return training


def _in_force(text: str) -> str:
    from app.help_limits import in_force

    return in_force(text)
