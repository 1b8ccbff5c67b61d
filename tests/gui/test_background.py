"""Work off the GUI thread: the answer comes back, a closed page drops it, a fault is shown."""

import threading

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QThread
from PySide6.QtWidgets import QApplication, QWidget

from app.background import JOBS, THREADS, CancelledError
from app.status_line import StatusLine


def start(owner, work, answers, faults):
    return JOBS.start(owner, "work", work, done=answers.append, failed=faults.append)


def test_that_the_answer_arrives_in_the_gui_thread(qtbot):
    owner, seen = QWidget(), []
    qtbot.addWidget(owner)
    here = threading.get_ident()
    JOBS.start(
        owner, "work", lambda progress: threading.get_ident(),
        done=lambda there: seen.append((there, threading.get_ident())), failed=seen.append,
    )  # fmt: skip
    qtbot.waitUntil(lambda: len(seen) == 1)
    there, back = seen[0]
    assert there != here
    assert back == here


def test_that_a_fault_reaches_the_page(qtbot):
    owner, answers, faults = QWidget(), [], []
    qtbot.addWidget(owner)

    def work(progress):
        raise ValueError("no such patient")

    start(owner, work, answers, faults)
    qtbot.waitUntil(lambda: len(faults) == 1)
    assert str(faults[0]) == "no such patient"
    assert answers == []


@pytest.mark.parametrize("way", ["cancel", "drop"])
def test_that_a_stopped_job_ends_at_its_next_report(qtbot, way):
    """The user's cancel is answered, so that the page opens again; the owner's is not."""
    owner, answers, faults, rounds = QWidget(), [], [], []
    qtbot.addWidget(owner)
    begun, go = threading.Event(), threading.Event()

    def work(progress):
        begun.set()
        go.wait(5)
        for number in range(100):
            rounds.append(number)
            progress(number / 100, "")

    job = start(owner, work, answers, faults)
    assert begun.wait(5)
    getattr(job, way)()
    go.set()
    qtbot.waitUntil(lambda: JOBS.running == ())
    assert len(rounds) == 1
    assert answers == []
    assert [type(one) for one in faults] == ([CancelledError] if way == "cancel" else [])


def test_that_what_was_done_in_spite_of_a_cancel_is_told_as_done(qtbot):
    """A file that was written is there, whatever was pressed meanwhile."""
    owner, answers, faults = QWidget(), [], []
    qtbot.addWidget(owner)
    begun, go = threading.Event(), threading.Event()

    def work(progress):
        begun.set()
        go.wait(5)
        return "written"

    job = start(owner, work, answers, faults)
    assert begun.wait(5)
    job.cancel()
    go.set()
    qtbot.waitUntil(lambda: JOBS.running == ())
    assert (answers, faults) == (["written"], [])


def test_that_a_job_cancelled_before_its_turn_is_not_begun(qtbot):
    owner, answers, faults, begun = QWidget(), [], [], []
    qtbot.addWidget(owner)
    go = threading.Event()
    for _ in range(THREADS):
        start(owner, lambda progress: go.wait(5), [], [])
    job = start(owner, lambda progress: begun.append(1), answers, faults)
    job.cancel()
    go.set()
    qtbot.waitUntil(lambda: JOBS.running == ())
    assert (begun, answers) == ([], [])
    assert [type(one) for one in faults] == [CancelledError]


def test_that_a_closed_page_drops_the_answer(qtbot):
    owner, answers, faults = QWidget(), [], []
    go = threading.Event()
    start(owner, lambda progress: go.wait(5), answers, faults)
    owner.deleteLater()
    qtbot.waitSignal(owner.destroyed, raising=False).wait()
    go.set()
    qtbot.waitUntil(lambda: JOBS.running == ())
    assert answers == faults == []


def test_that_progress_is_told_in_the_gui_thread(qtbot):
    owner, seen, done = QWidget(), [], []
    qtbot.addWidget(owner)
    JOBS.start(
        owner, "work", lambda progress: progress(0.5, "half"),
        done=done.append, failed=done.append,
        progressed=lambda share, words: seen.append((share, words, QThread.isMainThread())),
    )  # fmt: skip
    qtbot.waitUntil(lambda: len(done) == 1)
    assert seen == [(0.5, "half", True)]


def test_that_a_crowd_of_short_jobs_answers_each_for_itself(qtbot):
    """The GUI thread deletes a job while the pool's thread is still on its way out of it."""
    owner = QWidget()
    qtbot.addWidget(owner)
    answers = []
    for number in range(400):
        JOBS.start(
            owner, "short", lambda _, number=number: number, done=answers.append,
            failed=answers.append,
        )  # fmt: skip
        QApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qtbot.waitUntil(lambda: JOBS.running == (), timeout=20_000)
    assert sorted(answers) == list(range(400))


def test_that_rubbish_is_collected_in_the_gui_thread_alone(qtbot):
    """A closed page is a cycle of Python's; a worker that takes it apart breaks the memory."""
    owner, done = QWidget(), []
    qtbot.addWidget(owner)
    where = []

    class Closed(QWidget):
        def __del__(self):
            where.append(QThread.isMainThread())

    def work(_):
        for _ in range(100_000):
            own = []
            own.append(own)
            kept.append(own)

    for _ in range(20):
        page = Closed()
        page.itself = page
    del page
    kept = []
    JOBS.start(owner, "allocates", work, done=done.append, failed=done.append)
    qtbot.waitUntil(lambda: len(done) == 1)
    kept.clear()
    qtbot.waitUntil(lambda: len(where) == 20, timeout=20_000)
    assert all(where)


def test_that_the_status_line_shows_name_words_and_share_of_one_job(qtbot):
    """A job that goes on below the newest one does not speak under its name."""
    owner, line, told = QWidget(), StatusLine(), []
    qtbot.addWidget(owner)
    qtbot.addWidget(line)
    further, end = threading.Event(), threading.Event()

    def older(progress):
        further.wait(5)
        progress(0.75, "reading slices")
        end.wait(5)

    def newer(progress):
        progress(0.25, "reading the log")
        end.wait(5)

    def begin(title, work):
        JOBS.start(
            owner, title, work, done=lambda _: None, failed=lambda _: None,
            progressed=lambda share, _: told.append(share),
        )  # fmt: skip

    begin("Opening", older)
    begin("Checking", newer)
    qtbot.waitUntil(lambda: told == [0.25])
    further.set()
    qtbot.waitUntil(lambda: told == [0.25, 0.75])
    assert line.words.text() == "Checking (and 1 more): reading the log"
    assert line.bar.value() == 25
    end.set()
    qtbot.waitUntil(lambda: JOBS.running == ())
    assert line.words.text() == "Ready"


def test_that_a_job_asked_to_stop_is_stopping_until_it_ends(qtbot):
    owner, line, told, faults = QWidget(), StatusLine(), [], []
    qtbot.addWidget(owner)
    qtbot.addWidget(line)
    begun, end = threading.Event(), threading.Event()

    def work(progress):
        progress(0.25, "reading")
        begun.set()
        end.wait(5)
        progress(0.5, "reading on")

    JOBS.start(
        owner, "Opening", work, done=faults.append, failed=faults.append,
        progressed=lambda share, _: told.append(share),
    )  # fmt: skip
    assert begun.wait(5)
    line.cancel_button.click()  # the report of a quarter is still on its way to this thread
    qtbot.waitUntil(lambda: told == [0.25])
    assert line.words.text() == "Opening: stopping"
    end.set()
    qtbot.waitUntil(lambda: len(faults) == 1)
    assert line.words.text() == "Ready"
