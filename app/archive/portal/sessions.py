"""Who is logged in: tokens in memory, gone when the portal stops, dead after a while."""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256

IDLE_S = 20 * 60.0
LONGEST_S = 10 * 3600.0


@dataclass(frozen=True, slots=True)
class Session:
    """One login.

    Attributes:
        form_token: What every form that changes something must bring back (against forged ones).
        began_s, seen_s: Seconds of the clock.

    """

    account: str
    form_token: str
    began_s: float
    seen_s: float


class Sessions:
    """Every login there is, by the digest of its token: the memory holds no usable token."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._found: dict[str, Session] = {}

    def begin(self, account: str) -> str:
        """Begin a session and return its token."""
        token = secrets.token_urlsafe(32)
        now = self._clock()
        with self._lock:
            self._found = {key: one for key, one in self._found.items() if self._is_alive(one)}
            self._found[_key(token)] = Session(account, secrets.token_urlsafe(24), now, now)
        return token

    def get(self, token: str) -> Session | None:
        """Return the session of a token and note that it is in use; None when it has ended."""
        with self._lock:
            session = self._found.get(_key(token))
            if session is None or not self._is_alive(session):
                self._found.pop(_key(token), None)
                return None
            session = replace(session, seen_s=self._clock())
            self._found[_key(token)] = session
            return session

    def end(self, token: str) -> None:
        """End a session."""
        with self._lock:
            self._found.pop(_key(token), None)

    def _is_alive(self, session: Session) -> bool:
        now = self._clock()
        return now - session.seen_s < IDLE_S and now - session.began_s < LONGEST_S


def _key(token: str) -> str:
    return sha256(token.encode()).hexdigest()
