"""The export that is being opened: the last one is shown, however slow the one before."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QWidget

from app.background import JOBS, Job
from app.filter.gui.against import Against, Opened, open_export


class Opening:
    """Opens exports for a page, off its thread.

    Attributes:
        path: The export that is being opened; None for none.

    """

    def __init__(self, owner: QWidget) -> None:
        self._owner = owner
        self._job: Job | None = None
        self.path: Path | None = None

    def start(
        self,
        rv_path: Path,
        against: Against,
        scale: str | None,
        *,
        done: Callable[[Opened], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Open an export; one that is still being opened is let go."""
        if self._job is not None:
            self._job.drop()

        def opened(answer: Opened) -> None:
            self._job = self.path = None
            done(answer)

        def fallen(fault: Exception) -> None:
            self._job = self.path = None
            failed(fault)

        self.path = rv_path
        self._job = JOBS.start(
            self._owner, f"Checking {rv_path.name}",
            lambda progress: open_export(rv_path, against, scale, progress),
            done=opened, failed=fallen,
        )  # fmt: skip
