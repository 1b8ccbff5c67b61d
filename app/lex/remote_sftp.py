"""Read a planning system's tree by SFTP; files are opened for reading only.

A host key that nobody has accepted is refused before the password leaves this computer.
"""

import base64
import hashlib
import logging
import stat
from collections.abc import Iterator
from socket import create_connection
from typing import Any

import paramiko

from app.lex.remote import (
    CHUNK_BYTES,
    TIMEOUT_S,
    Entry,
    HostKeyError,
    ServerError,
    forbidden,
    lost,
    refused_login,
    vanished,
)
from app.lex.servers import Server

# Its faults arrive as exceptions; without a handler it would also print them.
logging.getLogger("paramiko").addHandler(logging.NullHandler())
_FAULTS = (OSError, EOFError, paramiko.SSHException)
_WINDOW_BYTES = 2 * 1024 * 1024


class SftpRemote:
    """An open SFTP connection."""

    def __init__(self, server: Server, password: str, timeout_s: float = TIMEOUT_S) -> None:
        self.words = server.words
        self._root = server.root.rstrip("/")
        self._transport: Any = None
        try:
            line = create_connection((server.host, server.port), timeout_s)
            self._transport = paramiko.Transport(line, default_window_size=_WINDOW_BYTES)
            self._transport.banner_timeout = self._transport.auth_timeout = timeout_s
            self._transport.start_client(timeout=timeout_s)
            _accept(server, fingerprint(self._transport.get_remote_server_key()))
            self._transport.auth_password(server.user, password)
            self._sftp: Any = paramiko.SFTPClient.from_transport(self._transport)
            self._sftp.get_channel().settimeout(timeout_s)
        except paramiko.AuthenticationException as fault:
            self.close()
            raise refused_login(self.words) from fault
        except _FAULTS as fault:
            self.close()
            raise lost(self.words, fault) from fault
        except HostKeyError:
            self.close()
            raise

    def entries(self, folder: str) -> tuple[Entry, ...]:
        """Return what lies in a folder, by name."""
        try:
            found = self._sftp.listdir_attr(self._path(folder))
        except _FAULTS as fault:
            raise self._fault(fault, folder) from fault
        rows = [
            Entry(
                one.filename,
                stat.S_ISDIR(one.st_mode or 0),
                None if stat.S_ISLNK(one.st_mode or 0) else one.st_size,
                str(one.st_mtime),
            )
            for one in found
        ]
        return tuple(sorted(rows, key=lambda row: row.name))

    def chunks(self, path: str) -> Iterator[bytes]:
        """Yield the content of a file."""
        try:
            with self._sftp.open(self._path(path), "rb") as file:
                # No prefetch: its thread dies with a traceback on the screen when the server does.
                while chunk := file.read(CHUNK_BYTES):
                    yield chunk
        except _FAULTS as fault:
            raise self._fault(fault, path) from fault

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.close()

    def _path(self, path: str) -> str:
        return f"{self._root}/{path}".rstrip("/") or "/"

    def _fault(self, fault: Exception, path: str) -> ServerError:
        if isinstance(fault, FileNotFoundError):
            return vanished(self.words, path)
        if isinstance(fault, PermissionError):
            return forbidden(self.words, path)
        return lost(self.words, fault)


def fingerprint(key: Any) -> str:  # noqa: ANN401  (paramiko has no type hints)
    """Return the SHA-256 fingerprint of a host key as OpenSSH prints it."""
    digest = hashlib.sha256(key.asbytes()).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def _accept(server: Server, offered: str) -> None:
    """Refuse a key that is not among those the clinic has accepted.

    Raises:
        HostKeyError: With the fingerprint, and how to accept it.

    """
    accepted = server.host_key.split()
    if offered not in accepted:
        raise HostKeyError(server.words, offered, changed=bool(accepted))
