"""Worker processes that do not outlive the program that started them."""

import multiprocessing
import os
from multiprocessing.connection import wait
from threading import Thread


def end_with_parent() -> None:
    """End this process once its parent is gone, however it went; for the start of a pool's worker.

    A worker holds both ends of the pipe its work comes through, so that it would never learn of a
    parent that was killed, and keep its memory for good.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    Thread(target=watch, name="end with parent", daemon=True).start()
