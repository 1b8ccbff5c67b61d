"""Run one function off the GUI thread: progress, cancel, fault, and an owner that may close."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import count
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

Progress = Callable[[float, str], None]


# Some wait for a server or a disk; another room should not wait with them.
THREADS = 4


class CancelledError(Exception):
    """The job was cancelled; raised inside the work by its next progress report."""

    def __str__(self) -> str:
        return "Cancelled."


class Job(QObject):
    """One piece of work on its way.

    Signals are delivered in the GUI thread, and one of `done` and `failed` always is: a page that
    waits for an answer gets one. Work that was cancelled fails with `CancelledError`; what came to
    its end in spite of that has happened, and is told as done. Only a job that its owner has
    dropped, by `drop` or by its own end, answers nothing; `ended` comes there, too.
    """

    done = Signal(object)
    failed = Signal(object)
    progressed = Signal(float, str)
    ended = Signal()

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title = title
        self.share = 0.0
        self.words = ""
        self.cancelled = False
        self.dropped = False

    def cancel(self) -> None:
        """Ask the work to stop at its next progress report, for the user."""
        self.cancelled = True

    def drop(self) -> None:
        """Ask the work to stop, for an owner that wants no answer any more."""
        self.cancelled = self.dropped = True

    def report(self, share: float, words: str) -> None:
        """Tell how far the work is; the work calls this, in its own thread."""
        if self.cancelled:
            raise CancelledError
        self.share, self.words = share, words or self.words
        self.progressed.emit(share, words)


def _nothing(progress: Progress) -> None:
    del progress


class _Runner:
    """The work of a job and its answer."""

    def __init__(self, job: Job, work: Callable[[Progress], object]) -> None:
        self.job = job
        self.work = work
        self.answer: tuple[str, Any] = ("failed", CancelledError())

    def let_go(self) -> None:
        """Drop the work and its answer, and everything they hold."""
        self.work = _nothing
        self.answer = ("failed", CancelledError())

    def run(self) -> None:
        """Do the work, in the pool's thread; nothing where the user was faster than the pool."""
        if self.job.cancelled and not self.job.dropped:
            return
        try:
            self.answer = ("done", self.work(self.job.report))
        except Exception as fault:  # noqa: BLE001  (shown to the user as a red strip)
            self.answer = ("failed", fault)


class Jobs(QObject):
    """Every job under way; the status line shows them, closing the window cancels them.

    The threads are Python's own: PySide keeps each QRunnable of Qt's pool for good.
    `changed` tells of a job begun or ended, `progressed` that one of them came further.
    """

    changed = Signal()
    progressed = Signal()
    _ended = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._running: dict[Job, _Runner] = {}
        self._by_number: dict[int, _Runner] = {}
        self._numbers = count()
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="job")
        self._futures: set[Future[None]] = set()
        self._ended.connect(self._on_ended)

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
        job.progressed.connect(self.progressed)
        owner.destroyed.connect(job.drop)
        number = next(self._numbers)
        self._running[job] = self._by_number[number] = runner
        self.changed.emit()
        future = self._pool.submit(self._work, number)
        self._futures.add(future)
        future.add_done_callback(self._futures.discard)
        return job

    def _work(self, number: int) -> None:
        """Run a job's work in the pool's thread.

        That thread ends with a number in its hands and no job: the GUI thread deletes the job as
        soon as it hears of the end, and a signal's sender must outlive its sending.
        """
        self._by_number[number].run()
        self._ended.emit(number)

    def cancel_all(self, wait_ms: int = 5000) -> bool:
        """Drop every job and wait for the threads; return whether all of them ended."""
        for job in self.running:
            job.drop()
        return not wait(tuple(self._futures), wait_ms / 1000).not_done

    @Slot(int)
    def _on_ended(self, number: int) -> None:
        runner = self._by_number.pop(number)
        job = runner.job
        self._running.pop(job, None)
        self.changed.emit()
        if not job.dropped:
            kind, answer = runner.answer
            (job.done if kind == "done" else job.failed).emit(answer)
        job.ended.emit()
        # Qt keeps what is connected alive, and that keeps its page with all its volumes.
        runner.let_go()
        job.deleteLater()


JOBS = Jobs()
