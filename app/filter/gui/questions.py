"""What a panel has asked for in the background: one of each kind, dropped when it is changed."""

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QWidget

from app.background import JOBS, Job, Progress


class Questions:
    """The questions of a panel that are under way, by their kind."""

    def __init__(self, owner: QWidget, failed: Callable[[Exception, str], None]) -> None:
        """Ask for a panel; `failed` gets what went wrong, and the kind of question."""
        self._owner, self._failed = owner, failed
        self._jobs: dict[str, Job] = {}

    @property
    def open(self) -> bool:
        """Whether an answer is waited for."""
        return bool(self._jobs)

    def ask(
        self,
        kind: str,
        title: str,
        work: Callable[[Progress], object],
        show: Callable[[Any], None],
    ) -> None:
        """Do the work and show its answer; an older question of the kind is dropped."""

        def done(answer: object) -> None:
            del self._jobs[kind]
            show(answer)

        def failed(fault: Exception) -> None:
            del self._jobs[kind]
            self._failed(fault, kind)

        self.drop(kind)
        self._jobs[kind] = JOBS.start(self._owner, title, work, done=done, failed=failed)

    def drop(self, kind: str) -> bool:
        """Drop a question that is asked otherwise now; return whether it was under way."""
        job = self._jobs.pop(kind, None)
        if job is not None:
            job.drop()
        return job is not None
