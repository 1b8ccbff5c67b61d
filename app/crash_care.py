"""What the program does with its own faults: keep them, tell them, never die in silence.

Python's faults, of any thread, go to the fault log and to the window; a crash below Python leaves
the places of all threads in `crash-PID.txt`. Nothing is sent anywhere.
"""

import faulthandler
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TextIO

from core.fault_log import log_folder, note_fault

Tell = Callable[[str], None]
_kept_open: list[TextIO] = []


def take_care(tell: Tell) -> None:
    """Keep every fault from here on and tell its kind; called once, before the window is shown.

    Args:
        tell: Takes one sentence for the user. It is called in the thread of the fault.

    """
    file = (log_folder() / f"crash-{os.getpid()}.txt").open("w", encoding="utf-8")
    _kept_open.append(file)  # faulthandler writes to the open file when all else has failed
    faulthandler.enable(file)
    before, before_threads = sys.excepthook, threading.excepthook

    def on_fault(
        kind: type[BaseException], fault: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            before(kind, fault, trace)
            return
        note_fault(fault.with_traceback(trace), "the window")
        tell(sentence(fault))

    def on_thread_fault(told: threading.ExceptHookArgs) -> None:
        if told.exc_value is None:
            before_threads(told)
            return
        note_fault(told.exc_value, f"thread {told.thread.name if told.thread else '?'}")
        tell(sentence(told.exc_value))

    sys.excepthook, threading.excepthook = on_fault, on_thread_fault


def let_go() -> None:
    """End an orderly run: a crash file with nothing in it is removed."""
    faulthandler.disable()
    for file in _kept_open:
        file.close()
        left = Path(file.name)
        if left.stat().st_size == 0:
            left.unlink()
    _kept_open.clear()


def sentence(fault: BaseException) -> str:
    """Return what the user reads of a fault."""
    return (
        f"The program has a fault ({type(fault).__name__}). What you asked for last may not have "
        "been done: look at the page before you go on. It stands in the fault log; Help > Support "
        "bundle collects it without patient data."
    )
