"""How often somebody may try: a sliding window per key, so that passwords cannot be guessed."""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable

# Keys that are remembered at the most; more are a flood, and the oldest are forgotten.
MOST_KEYS = 10_000


class Throttle:
    """At most `most` events of a key within `window_s` seconds."""

    def __init__(
        self, most: int, window_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._window_s, self._clock = most, window_s, clock
        self._lock = threading.Lock()
        self._events: dict[str, deque[float]] = defaultdict(deque)

    def wait_s(self, key: str) -> float:
        """Return how long a key has to wait; 0 when it may go on."""
        with self._lock:
            own = self._recent(key)
            return max(0.0, own[0] + self._window_s - self._clock()) if self._full(own) else 0.0

    def note(self, key: str) -> None:
        """Note one event of a key."""
        with self._lock:
            self._recent(key).append(self._clock())
            while len(self._events) > MOST_KEYS:
                self._events.pop(next(iter(self._events)))

    def forget(self, key: str) -> None:
        """Forget the events of a key."""
        with self._lock:
            self._events.pop(key, None)

    def _full(self, own: deque[float]) -> bool:
        return len(own) >= self._most

    def _recent(self, key: str) -> deque[float]:
        own = self._events[key]
        while own and self._clock() - own[0] >= self._window_s:
            own.popleft()
        return own
