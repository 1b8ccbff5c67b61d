"""Pictures that a page has just made and the browser will ask for next."""

import secrets
import threading
from collections import OrderedDict

MOST = 32


class Pictures:
    """The last few pictures, each for the account it was made for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[str, bytes]] = OrderedDict()

    def keep(self, account: str, png: bytes) -> str:
        """Keep a picture and return its name."""
        name = secrets.token_urlsafe(16)
        with self._lock:
            self._kept[name] = (account, png)
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return name

    def get(self, account: str, name: str) -> bytes | None:
        """Return a picture made for this account; None when it is gone or another's."""
        with self._lock:
            owner, png = self._kept.get(name, ("", b""))
        return png if png and owner == account else None
