"""Run one function off the GUI thread: progress, cancel, fault, and an owner that may close."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal, Slot
from PySide6.QtWidgets import QWidget

Progress = Callable[[float, str], None]


class CancelledError(Exception):
    """The user has cancelled the job; raised inside the work by its next progress report."""


class Job(QObject):
    """One piece of work on its way.

    Signals are delivered in the GUI thread. After `cancel`, or once the owner is destroyed,
    neither `done` nor `failed` is emitted.
    """

    done = Signal(object)
    failed = Signal(object)
    progressed = Signal(float, str)
    ended = Signal(object)

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title = title
        self.share = 0.0
        self.words = ""
        self.cancelled = False

    def cancel(self) -> None:
        """Ask the work to stop at its next progress report, and drop its answer."""
        self.cancelled = True

    def report(self, share: float, words: str) -> None:
        """Tell how far the work is; the work calls this, in its own thread."""
        if self.cancelled:
            raise CancelledError
        self.progressed.emit(share, words)


def _nothing(progress: Progress) -> None:
    del progress


class _Runner(QRunnable):
    """The work of a job and its answer.

    PySide keeps it for good, and with it the job's shell in Python: a kilobyte each, once `let_go`
    has emptied it. Letting go of the shells as well (a plain function for the pool, or threads of
    Python's own) broke the memory of the program now and then.
    """

    def __init__(self, job: Job, work: Callable[[Progress], object]) -> None:
        super().__init__()
        self.setAutoDelete(False)
        self.job = job
        self.work = work
        self.answer: tuple[str, Any] = ("failed", CancelledError())

    def let_go(self) -> None:
        """Drop the work and its answer, and everything they hold."""
        self.work = _nothing
        self.answer = ("failed", CancelledError())

    def run(self) -> None:
        try:
            self.answer = ("done", self.work(self.job.report))
        except Exception as fault:  # noqa: BLE001  (shown to the user as a red strip)
            self.answer = ("failed", fault)
        self.job.ended.emit(self)


class Jobs(QObject):
    """Every job under way; the status line shows them, closing the window cancels them."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._running: dict[Job, _Runner] = {}

    @property
    def running(self) -> tuple[Job, ...]:
        """Jobs that have not ended, oldest first."""
        return tuple(self._running)

    def start(
        self,
        owner: QWidget,
        title: str,
        work: Callable[[Progress], object],
        *,
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
        progressed: Callable[[float, str], None] | None = None,
    ) -> Job:
        """Run `work(progress)` in the thread pool and answer in the GUI thread."""
        job = Job(title)
        runner = _Runner(job, work)
        job.done.connect(done)
        job.failed.connect(failed)
        if progressed is not None:
            job.progressed.connect(progressed)
        job.ended.connect(self._on_ended)
        owner.destroyed.connect(job.cancel)
        self._running[job] = runner
        self.changed.emit()
        QThreadPool.globalInstance().start(runner)
        return job

    def cancel_all(self, wait_ms: int = 5000) -> bool:
        """Cancel every job and wait for the threads; return whether all of them ended."""
        for job in self.running:
            job.cancel()
        return QThreadPool.globalInstance().waitForDone(wait_ms)

    @Slot(object)
    def _on_ended(self, runner: _Runner) -> None:
        job = runner.job
        self._running.pop(job, None)
        self.changed.emit()
        if not job.cancelled:
            kind, answer = runner.answer
            (job.done if kind == "done" else job.failed).emit(answer)
        # Qt keeps what is connected alive, and that keeps its page with all its volumes.
        runner.let_go()
        job.deleteLater()


JOBS = Jobs()
