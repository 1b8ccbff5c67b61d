"""What every planning server is to LEX: folders to list and files to read, nothing else (L-01).

Whoever offers these three calls (FTP, SFTP, a folder) issues reading commands only. A path is
relative to the server's root folder, its parts joined by "/"; "" is the root itself.
"""

import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from core.errors import RemedyError

CHUNK_BYTES = 64 * 1024
TIMEOUT_S = 20.0

Progress = Callable[[float, str], None]
"""Told how far the work is, as a share of 1 and in words; may raise to stop it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a folder of a server.

    Attributes:
        size: Bytes; None where the server does not say it.
        modified: Time of the last change in the server's own words, for comparison only.

    """

    name: str
    folder: bool
    size: int | None
    modified: str


class Remote(Protocol):
    """An open connection; `words` tells which, for messages."""

    words: str

    def entries(self, folder: str) -> tuple[Entry, ...]:
        """Return what lies in a folder."""

    def chunks(self, path: str) -> Iterator[bytes]:
        """Yield the content of a file, piece by piece."""

    def close(self) -> None:
        """End the connection; never fails."""


class ServerError(RemedyError):
    """A planning server did not give what was asked for."""


class VanishedError(ServerError):
    """A file or folder is not on the server (any more)."""


class HostKeyError(ServerError):
    """The server's host key is not known, or not the one that was accepted.

    Attributes:
        fingerprint: The key offered, "SHA256:...".
        changed: Whether another one was accepted earlier.

    """

    def __init__(self, where: str, fingerprint: str, *, changed: bool) -> None:
        what = f"the server's host key {fingerprint} is not accepted yet"
        remedy = (
            "Ask the server's administrator for its fingerprint; if it is the same, enter it as "
            "the server's host key."
        )
        if changed:
            what = f"the server's host key has changed: it is now {fingerprint}"
            remedy = (
                "Do not connect. Ask the server's administrator why; only if the change was "
                "intended, enter the new fingerprint as the server's host key."
            )
        super().__init__(what, where=where, remedy=remedy)
        self.fingerprint = fingerprint
        self.changed = changed


def vanished(words: str, path: str) -> VanishedError:
    """Return the error for a name that is not on the server."""
    return VanishedError(
        f"{path or 'the root folder'} is not there",
        where=words,
        remedy="Check the server's root folder, then list the patients again.",
    )


def forbidden(words: str, path: str) -> ServerError:
    """Return the error for a name the account may not read."""
    return ServerError(
        f"the account may not read {path or 'the root folder'}",
        where=words,
        remedy="Ask the server's administrator for the right to read it.",
    )


def refused_login(words: str) -> ServerError:
    """Return the error for user name and password that do not fit."""
    return ServerError(
        "the server refuses this user name or password",
        where=words,
        remedy="Check both; after several attempts the account may be locked.",
    )


def lost(words: str, fault: Exception) -> ServerError:
    """Return the error for a connection that failed: why, and what to check."""
    what, remedy = "the connection was lost", "Check the network, then try again."
    if isinstance(fault, socket.gaierror):
        what, remedy = "no computer of this name is known", "Check the server's host name."
    elif isinstance(fault, TimeoutError):
        what = f"the server did not answer within {TIMEOUT_S:g} s"
    elif isinstance(fault, ConnectionRefusedError):
        what = "nothing answers at this host and port"
        remedy = "Check host and port, and that the server admits this computer."
    elif isinstance(fault, ssl.SSLCertVerificationError):
        what = f"the server's certificate is not trusted: {fault.verify_message}"
        remedy = "Name the certificate file of the server's authority as its certificate."
    elif isinstance(fault, ssl.SSLError):
        what = f"no encrypted connection came about: {fault.reason or fault}"
        remedy = "Ask whether the server offers TLS."
    return ServerError(what, where=words, remedy=remedy)
