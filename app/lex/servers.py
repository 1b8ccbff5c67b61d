"""The clinic's planning servers, one table each in servers.toml of the clinic's layers (L-02).

No password stands there; see `passwords`.
"""

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from core.errors import ClinicFileError
from core.layers import Layer, own_layers
from core.machine_values import near_name
from core.paths import clinic_folder
from core.safe_write import write_whole

PORTS = {"ftp": 21, "sftp": 22, "folder": 0}
PROTOCOLS = tuple(PORTS)
FILE = "servers.toml"
_HEAD = "# Planning servers that LEX fetches plans from. Passwords are never kept here.\n"


@dataclass(frozen=True, slots=True)
class Server:
    """One planning server; the attributes are the keys of the file.

    Attributes:
        protocol: "ftp", "sftp" or "folder".
        root: Folder that holds the institutions, on the server or on this computer.
        tls: Whether FTP is encrypted.
        certificate: File with the certificate of the authority that vouches for the server, PEM;
            "" for those this computer trusts anyway.
        host_key: Accepted host keys of an SFTP server, "SHA256:...", blanks between several.

    """

    name: str
    protocol: str
    root: str
    host: str = ""
    port: int = 0
    user: str = ""
    tls: bool = False
    certificate: str = ""
    host_key: str = ""

    @property
    def words(self) -> str:
        """Name and place, for messages."""
        if self.protocol == "folder":
            return f"{self.name}, {self.root}"
        return f"{self.name}, {self.protocol}://{self.host}:{self.port}"

    @property
    def needs_password(self) -> bool:
        """Whether somebody must log in."""
        return self.protocol != "folder"


def servers_file() -> Path:
    """Return where this user's list lies, the strongest; it need not exist."""
    return clinic_folder() / FILE


def read_servers(path: Path | None = None) -> tuple[Server, ...]:
    """Return the servers in the order of the files; none when there is no file.

    Args:
        path: One file alone; None reads those of the layers, a server of a stronger one in the
            place of that of the same name.

    Raises:
        ClinicFileError: The file is damaged, has an unknown key or an impossible value.

    """
    if path is not None:
        return _read(path) if path.is_file() else ()
    found: dict[str, Server] = {}
    for one in own_layers().files(FILE):
        found |= {server.name.casefold(): server for server in _read(one.path)}
    return tuple(found.values())


def _read(file: Path) -> tuple[Server, ...]:
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as fault:
        raise ClinicFileError(
            f"the list of planning servers cannot be read: {fault}",
            where=str(file),
            remedy="Correct the line, or begin again from the shipped example.",
        ) from fault
    tables = data.get("server", [])
    if set(data) - {"server"} or not isinstance(tables, list):
        raise _fault("the file holds something else than [[server]] tables", str(file))
    found = tuple(
        server_from(table, f"{file.name}, server {number}")
        for number, table in enumerate(tables, start=1)
    )
    refuse_doubles(found, str(file))
    return found


def server_from(table: object, where: str) -> Server:
    """Return a server from its table.

    Raises:
        ClinicFileError: A key is unknown (the nearest is named), missing or of the wrong kind.

    """
    if not isinstance(table, Mapping):
        raise _fault("a server is no table", where)
    kinds: dict[str, Any] = {field.name: field.type for field in fields(Server)}
    for key, value in table.items():
        if key not in kinds:
            remedy = near_name(str(key), kinds, f"Known are {', '.join(kinds)}.")
            raise ClinicFileError(f"unknown key {key!r}", where=where, remedy=remedy)
        if type(value) is not kinds[key]:
            raise _fault(f"{key} is {value!r}, not of kind {kinds[key].__name__}", where)
    for key in ("name", "protocol", "root"):
        if not table.get(key):
            raise _fault(f"{key!r} is missing", where)
    protocol = table["protocol"]
    if protocol not in PORTS:
        remedy = near_name(protocol, PROTOCOLS, f"Choose one of {', '.join(PROTOCOLS)}.")
        raise ClinicFileError(f"unknown protocol {protocol!r}", where=where, remedy=remedy)
    return _sound(Server(**{**table, "port": table.get("port") or PORTS[protocol]}), where)


def _sound(server: Server, where: str) -> Server:
    """Return the server when its values go together."""
    where = f"{where}, {server.name}"
    if server.name != server.name.strip() or not server.name.isprintable():
        raise _fault(
            f"the name {server.name!r} has blanks at its ends or unprintable signs", where
        )
    if server.protocol == "folder":
        return server
    for key in ("host", "user"):
        if not getattr(server, key):
            raise _fault(f"{key!r} is missing", where)
    if not 1 <= server.port <= 65535:
        raise _fault(f"port is {server.port}, not between 1 and 65535", where)
    if not server.root.startswith("/"):
        raise _fault(f"root is {server.root!r} and does not begin with /", where)
    if any(not key.startswith("SHA256:") for key in server.host_key.split()):
        raise _fault(f"host_key is {server.host_key!r}; it begins with SHA256:", where)
    if server.tls and server.protocol == "sftp":
        raise _fault("tls belongs to FTP; SFTP is always encrypted", where)
    return server


def refuse_doubles(servers: Iterable[Server], where: str) -> None:
    """Refuse two servers of one name: nobody could tell which is meant.

    Raises:
        ClinicFileError: With the name.

    """
    seen: set[str] = set()
    for server in servers:
        if server.name.casefold() in seen:
            raise _fault(f"two servers are called {server.name!r}", where)
        seen.add(server.name.casefold())


def write_servers(servers: Iterable[Server]) -> None:
    """Write this user's list whole; comments in an older one are lost.

    Servers of a weaker layer that are as they stand there are not written again.

    Raises:
        ClinicFileError: Two servers have one name, or one of a weaker layer is missing.

    """
    listed = tuple(servers)
    file = servers_file()
    refuse_doubles(listed, str(file))
    shared: dict[str, Server] = {}
    for one in own_layers().files(FILE):
        if one.layer != Layer.USER:
            shared |= {server.name.casefold(): server for server in _read(one.path)}
    for key, server in shared.items():
        if key not in {one.name.casefold() for one in listed}:
            raise ClinicFileError(
                f"the server {server.name!r} is laid down for everybody, not by this user",
                where=FILE,
                remedy="Have it taken out of the clinic's settings.",
            )
    listed = tuple(one for one in listed if shared.get(one.name.casefold()) != one)
    file.parent.mkdir(parents=True, exist_ok=True)
    text = _HEAD + "".join(f"\n[[server]]\n{_lines(server)}" for server in listed)
    write_whole(file, text.encode("utf-8"))


def _lines(server: Server) -> str:
    """Return the keys of a server that say something; JSON's strings are TOML's too."""
    values = {field.name: getattr(server, field.name) for field in fields(Server)}
    return "".join(
        f"{key} = {json.dumps(value, ensure_ascii=False)}\n"
        for key, value in values.items()
        if value
    )


def find_server(name: str) -> Server:
    """Return the server of this name.

    Raises:
        ClinicFileError: There is none; the nearest is named.

    """
    servers = {server.name: server for server in read_servers()}
    if name not in servers:
        remedy = near_name(name, servers, f"Known are {', '.join(servers)}.")
        if not servers:
            remedy = "Add the server in LEX, or write the file by the shipped example."
        raise ClinicFileError(
            f"no planning server is called {name!r}", where=str(servers_file()), remedy=remedy
        )
    return servers[name]


def _fault(what: str, where: str) -> ClinicFileError:
    return ClinicFileError(what, where=where, remedy="Compare with the shipped servers.toml.")
