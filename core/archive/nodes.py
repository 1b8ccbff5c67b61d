"""The systems the archive talks with, and how its own listener is reached (Y-09)."""

import ipaddress
import socket
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Kind(StrEnum):
    """How a system is spoken to."""

    DIMSE = "dimse"
    WEB = "dicomweb"


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Our own certificate, and the authorities whose certificates are believed (PEM files)."""

    certificate: Path
    key: Path
    authorities: Path


@dataclass(frozen=True, slots=True)
class Node:
    """A system that may talk to the archive, and where it listens itself.

    Attributes:
        ae_title: Its AE title; empty for a DICOMweb server.
        host: Where it listens.
        port: Its DICOM port; 0 when it only sends.
        name: What people call it; the AE title when empty.
        addresses: Addresses and networks (10.1.0.0/16) it may call from; empty stands for `host`.
        kind: DIMSE or DICOMweb.
        url: Base of a DICOMweb server.
        user: Name for it; the password lies in the system's store.
        tls: Whether it is called by TLS.
        tls_name: Name its certificate must bear; empty stands for `host`.
        parallel: Associations, or requests, at once. DCMTK's dcmqrscp loses objects it has
            acknowledged when two write at once: give it 1.

    """

    ae_title: str
    host: str
    port: int
    name: str = ""
    addresses: tuple[str, ...] = ()
    kind: Kind = Kind.DIMSE
    url: str = ""
    user: str = ""
    tls: bool = False
    tls_name: str = ""
    parallel: int = 2

    @property
    def title(self) -> str:
        """What it is called in lists and messages."""
        return self.name or self.ae_title or self.url

    @property
    def place(self) -> str:
        """Where it is, for messages."""
        return self.url if self.kind is Kind.WEB else f"{self.ae_title} at {self.host}:{self.port}"

    def may_call_from(self, address: str) -> bool:
        """Return whether a call from this address can be this system."""
        try:
            caller = ipaddress.ip_address(address)
        except ValueError:
            return False
        if isinstance(caller, ipaddress.IPv6Address) and caller.ipv4_mapped is not None:
            caller = caller.ipv4_mapped
        return any(caller in network for one in self._places() for network in networks(one))

    def _places(self) -> tuple[str, ...]:
        return self.addresses or (self.host,)


@dataclass(frozen=True, slots=True)
class ListenerSettings:
    """How the listener is reached.

    Attributes:
        host: 127.0.0.1 admits this computer only.
        port: 0 takes any free one.
        nodes: The systems that are answered; none admits every system that reaches `host`.
        associations: How many may be open at once.
        tls: When given, callers must use TLS and show a certificate of one of the authorities.
        patience_s: How long a connection may stay silent before it is closed.

    """

    ae_title: str = "EQS"
    host: str = "127.0.0.1"
    port: int = 11112
    nodes: tuple[Node, ...] = ()
    associations: int = 50
    tls: TlsFiles | None = None
    patience_s: float = field(default=60.0)

    @property
    def is_open(self) -> bool:
        """Whether other computers can reach it."""
        return not all(network.is_loopback for network in networks(self.host))


def networks(place: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Return the networks of an address, a network or a host's name; none when it is unknown."""
    try:
        return [ipaddress.ip_network(place, strict=False)]
    except ValueError:
        pass
    try:
        found = {str(one[4][0]).split("%")[0] for one in socket.getaddrinfo(place, None)}
    except OSError:
        return []
    return [ipaddress.ip_network(one) for one in sorted(found)]
