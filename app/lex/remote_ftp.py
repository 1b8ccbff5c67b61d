"""Read a planning system's tree by FTP, plain or over TLS; passive, binary, reading commands only.

Listings come from MLSD (RFC 3659); servers older than that are asked for LIST, whose lines are
those of `ls -l`. Names travel as Latin-1, so that any byte in them survives.
"""

import ftplib
import re
import ssl
from collections.abc import Iterator
from socket import socket

from app.lex.remote import (
    CHUNK_BYTES,
    TIMEOUT_S,
    Entry,
    ServerError,
    forbidden,
    lost,
    refused_login,
    vanished,
)
from app.lex.servers import Server

NAMES = "latin-1"
_FAULTS = (OSError, EOFError, ftplib.Error)
_NOT_KNOWN = ("500", "502", "504")
_NOT_LOGGED_IN = ("430", "530", "532")
_LS_LINE = re.compile(
    r"(?P<kind>[-dlbcps])\S{9}\S*\s+\d+\s+\S+(?:\s+\S+)?\s+(?P<size>\d+)\s+"
    r"(?P<modified>[A-Z][a-z]{2}\s+\d{1,2}\s+[\d:]{4,5})\s(?P<name>.+)"
)


class _Tls(ftplib.FTP_TLS):
    """FTP over TLS whose data connections go on in the session of the control connection.

    Servers ask for that, so that nobody else can take the data connection.
    """

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket, int | None]:
        """Open an encrypted data connection."""
        connection, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        control = self.sock
        session = control.session if isinstance(control, ssl.SSLSocket) else None
        wrapped = self.context.wrap_socket(connection, server_hostname=self.host, session=session)
        return wrapped, size


class FtpRemote:
    """An open FTP connection."""

    def __init__(self, server: Server, password: str, timeout_s: float = TIMEOUT_S) -> None:
        self.words = server.words
        self._root = server.root.rstrip("/")
        self._mlsd = True
        self._ftp = self._connected(server, timeout_s)
        try:
            self._ftp.encoding = "utf-8"
            self._ftp.login(server.user, password)
            if isinstance(self._ftp, ftplib.FTP_TLS):
                self._ftp.prot_p()
            self._ftp.encoding = NAMES
        except (*_FAULTS, ValueError) as fault:
            self.close()
            if isinstance(fault, ValueError) or str(fault).startswith(_NOT_LOGGED_IN):
                raise _login_fault(self.words, str(fault)) from fault
            raise self._fault(fault) from fault

    def entries(self, folder: str) -> tuple[Entry, ...]:
        """Return what lies in a folder, by name."""
        try:
            if self._mlsd:
                try:
                    return self._by_mlsd(folder)
                except ftplib.error_perm as fault:
                    if not str(fault).startswith(_NOT_KNOWN):
                        raise
                    self._mlsd = False
            return self._by_list(folder)
        except _FAULTS as fault:
            raise self._fault(fault, folder) from fault

    def chunks(self, path: str) -> Iterator[bytes]:
        """Yield the content of a file."""
        try:
            # Every listing has set the connection to ASCII, which would change line ends.
            self._ftp.voidcmd("TYPE I")
            with self._ftp.transfercmd(f"RETR {self._path(path)}") as data:
                while chunk := data.recv(CHUNK_BYTES):
                    yield chunk
                if isinstance(data, ssl.SSLSocket):
                    data.unwrap()
            self._ftp.voidresp()
        except _FAULTS as fault:
            raise self._fault(fault, path) from fault

    def close(self) -> None:
        """End the connection; a server that is gone is not waited for."""
        self._ftp.close()

    def _connected(self, server: Server, timeout_s: float) -> ftplib.FTP:
        """Return the connection before anybody has logged in."""
        try:
            if not server.tls:
                plain = ftplib.FTP(timeout=timeout_s, encoding=NAMES)
                plain.connect(server.host, server.port)
                return plain
            ftp = _Tls(timeout=timeout_s, encoding=NAMES, context=_trust(server))
            ftp.connect(server.host, server.port)
            ftp.auth()
        except (*_FAULTS, ValueError) as fault:
            raise self._fault(fault) from fault
        return ftp

    def _path(self, path: str) -> str:
        return f"{self._root}/{path}".rstrip("/") or "/"

    def _by_mlsd(self, folder: str) -> tuple[Entry, ...]:
        rows: list[Entry] = []
        for name, facts in self._ftp.mlsd(self._path(folder)):
            kind = facts.get("type", "").lower()
            size = facts.get("size", "")
            if kind not in ("cdir", "pdir") and name not in (".", ".."):
                known = int(size) if size.isdigit() else None
                rows.append(Entry(name, kind == "dir", known, facts.get("modify", "")))
        return tuple(sorted(rows, key=lambda row: row.name))

    def _by_list(self, folder: str) -> tuple[Entry, ...]:
        lines: list[str] = []
        self._ftp.retrlines(f"LIST {self._path(folder)}", lines.append)
        rows = [row for line in lines if (row := _listed(line)) is not None]
        return tuple(sorted(rows, key=lambda row: row.name))

    def _fault(self, fault: Exception, path: str = "") -> ServerError:
        if not isinstance(fault, ftplib.Error):
            return lost(self.words, fault)
        answer = str(fault)
        words = answer.lower()
        if re.search(r"no such|not found|cannot find|does not exist|not a directory", words):
            return vanished(self.words, path)
        if re.search(r"permission|denied|privilege|not allowed", words):
            return forbidden(self.words, path)
        return ServerError(
            f"the server answers {answer!r}" + (f" to the wish for {path}" if path else ""),
            where=self.words,
            remedy="Try again; if it stays so, show this answer to the server's administrator.",
        )


def _trust(server: Server) -> ssl.SSLContext:
    """Return whom to trust: the clinic's certificate file, else what this computer trusts.

    Raises:
        ServerError: The file is missing, or holds no certificate.

    """
    try:
        return ssl.create_default_context(cafile=server.certificate or None)
    except OSError as fault:
        raise ServerError(
            f"{server.certificate} is no certificate file",
            where=server.words,
            remedy="Ask the server's administrator for its certificate as a PEM file.",
        ) from fault


def _login_fault(words: str, answer: str) -> ServerError:
    """Return the error for a login that failed: a server may only want it encrypted."""
    if re.search(r"tls|ssl|encrypt", answer.lower()):
        return ServerError(
            f"the server answers {answer!r}", where=words, remedy="Try this server with TLS."
        )
    return refused_login(words)


def _listed(line: str) -> Entry | None:
    """Return one line of `ls -l`; None for its sum and for what is neither file nor folder."""
    match = _LS_LINE.fullmatch(line.strip("\r\n"))
    if match is None or match["kind"] not in "-dl" or match["name"] in (".", ".."):
        return None
    if match["kind"] == "l":
        # The size is the link's own.
        return Entry(match["name"].partition(" -> ")[0], False, None, match["modified"])
    return Entry(match["name"], match["kind"] == "d", int(match["size"]), match["modified"])
