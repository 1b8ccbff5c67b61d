"""Starting the portal: where it listens, by which names, with TLS or on this computer alone."""

import ipaddress
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import uvicorn

from app.archive.portal.ask import Portal
from app.archive.portal.site import site
from core.errors import RemedyError

PORT = 8460


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the portal listens.

    Attributes:
        names: Further names browsers reach it by, e.g. that of the server.
        certificate, key: PEM files; both or none.

    """

    host: str = "127.0.0.1"
    port: int = PORT
    names: tuple[str, ...] = ()
    certificate: Path | None = None
    key: Path | None = None


def configured(portal: Portal, listening: Listening) -> uvicorn.Config:
    """Return the server's configuration.

    Raises:
        RemedyError: It would be reached from elsewhere without TLS, half of the TLS files are
            named, or one is not there.

    """
    if (listening.certificate is None) != (listening.key is None):
        raise RemedyError(
            "TLS needs both a certificate and its key", where="eqs portal serve",
            remedy="Name --certificate and --key.",
        )  # fmt: skip
    for path in (listening.certificate, listening.key):
        if path is not None and not path.is_file():
            raise RemedyError(
                "the TLS file is not there", where=str(path), remedy="Name another file."
            )
    is_tls = listening.certificate is not None
    if not is_tls and not _is_loopback(listening.host):
        raise RemedyError(
            "without TLS, passwords and patient data would cross the network in clear",
            where=listening.host,
            remedy="Name --certificate and --key, or listen on 127.0.0.1.",
        )
    hosts = tuple(dict.fromkeys([*portal.hosts, listening.host, *listening.names]))
    shutil.rmtree(portal.outgoing, ignore_errors=True)  # what a crash left half made
    return uvicorn.Config(
        site(replace(portal, hosts=hosts, is_tls=is_tls)),
        host=listening.host,
        port=listening.port,
        ssl_certfile=listening.certificate,
        ssl_keyfile=listening.key,
        server_header=False,
        access_log=False,  # addresses hold patients' numbers; the audit log tells what matters
        log_level="warning",
        limit_concurrency=200,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=5,
    )


def serve(portal: Portal, listening: Listening) -> None:
    """Serve until the program is told to stop; errors as in `configured`."""
    uvicorn.Server(configured(portal, listening)).run()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
