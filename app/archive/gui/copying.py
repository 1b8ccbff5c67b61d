"""Copies of objects in a folder or zip archive: in the background, whole or not at all (Y-07)."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QPushButton

from app.archive.gui.faults import told_of
from app.archive.retrieve import Layout, Retrieved, retrieve
from app.background import JOBS, CancelledError, Job
from core.archive.archive import Archive
from core.archive.index import Instance
from core.findings import State


class CopyButton(QPushButton):
    """Writes copies in the folders that are chosen beside it.

    Signals:
        told: State, words and the word before them.

    """

    told = Signal(object, str, str)

    def __init__(self) -> None:
        super().__init__("Save a &copy…")
        self._jobs: set[Job] = set()
        self.layouts = QComboBox()
        self.layouts.setAccessibleName("Folders of the copy")
        for one in Layout:
            self.layouts.addItem(one.value, one)

    @property
    def is_busy(self) -> bool:
        """Whether a copy is being written."""
        return not self._jobs.isdisjoint(JOBS.running)

    def copy(self, archive: Archive, wanted: Sequence[Instance], target: Path) -> None:
        """Copy objects into a new folder or zip archive."""
        layout = self.layouts.currentData()
        job = JOBS.start(
            self, f"Copying {len(wanted)} objects",
            lambda progress: retrieve(archive, wanted, target, progress, layout),
            done=self._show, failed=self._show_fault,
        )  # fmt: skip
        self._jobs.add(job)
        job.ended.connect(lambda: self._jobs.discard(job))

    def _show(self, done: Retrieved) -> None:
        words = f"{done.copied} objects in {done.target}"
        if done.missing:
            words += f"; {len(done.missing)} are lost or damaged and are not in it"
            self.told.emit(State.ERROR, words, "Not complete")
        else:
            self.told.emit(State.PASS, words, "Copied")

    def _show_fault(self, fault: Exception) -> None:
        state, words = told_of(fault)
        if isinstance(fault, CancelledError):
            words += " There is no copy."
        self.told.emit(state, words, "")
