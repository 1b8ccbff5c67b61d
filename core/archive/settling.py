"""Objects whose rows become durable together: one write of the index for many of them."""

import logging
import sqlite3
import threading

from core.archive.index import Index
from core.archive.store import Received, Store

LOG = logging.getLogger("eqs.archive")
# So many objects, or so long after the last: whatever comes first.
MOST_WAITING = 256
REST_S = 0.5


class Settling:
    """Objects that are found already, and keep their name in `incoming` until rows are durable."""

    def __init__(self, store: Store, index: Index) -> None:
        self._store, self._index = store, index
        self._lock = threading.Lock()
        self._waiting: list[Received] = []
        self._timer: threading.Timer | None = None
        self._closed = False

    def add(self, one: Received) -> None:
        """Give an indexed object its lasting name."""
        if not self._store.name(one):  # no second names on this disk
            self._index.make_durable()
            self._store.keep(one)
            return
        with self._lock:
            self._waiting.append(one)
            if self._timer is None and not self._closed:
                self._timer = threading.Timer(REST_S, self._on_rest)
                self._timer.daemon = True
                self._timer.start()
            is_full = len(self._waiting) >= MOST_WAITING
        if is_full:
            self.settle()

    def settle(self) -> None:
        """Make the rows of all that waits durable, and take their first names away."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        try:
            self._index.make_durable()
        except sqlite3.Error:
            with self._lock:  # a full disk: they go on waiting
                self._waiting += waiting
            raise
        for one in waiting:
            self._store.drop(one)

    def close(self) -> None:
        """Settle all and end."""
        with self._lock:
            self._closed = True
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
            timer.join()
        try:
            self.settle()
        except sqlite3.Error as fault:
            LOG.warning("the index is settled at the next start: %s", fault)

    def _on_rest(self) -> None:
        with self._lock:
            self._timer = None
        try:
            self.settle()
        except sqlite3.Error as fault:
            LOG.warning("the index cannot be written, objects wait in incoming: %s", fault)
