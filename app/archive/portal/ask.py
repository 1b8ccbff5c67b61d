"""What a page of the portal is given and what it is made with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.archive.command import iso_date, local_time, person_words
from app.archive.portal.accounts import Account, Accounts
from app.archive.portal.pictures import Pictures
from app.archive.portal.sessions import Session, Sessions
from app.archive.portal.throttle import Throttle
from core import audit
from core.archive.archive import Archive
from core.archive.index import Instance
from core.paths import RESOURCES

LOGIN_TRIES, LOGIN_WINDOW_S = 5, 300.0
PAGES, PAGES_WINDOW_S = 240, 60.0


@dataclass(frozen=True, slots=True)
class Picture:
    """A rendered view of a set.

    Attributes:
        at_mm: Patient point it goes through.
        notes: What is not drawn, one sentence each.
        structures: Name and colour (red, green, blue) of each structure that is drawn.

    """

    png: bytes
    at_mm: tuple[float, float, float]
    notes: tuple[str, ...]
    structures: tuple[tuple[str, tuple[int, int, int]], ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one forwarded object."""

    sop_uid: str
    arrived: bool
    words: str


Point = tuple[float, float, float]
Look = Callable[[Sequence[Path], str, Point | None], Picture]
Forward = Callable[[str, Sequence[Instance]], Sequence[Sent]]


@dataclass(frozen=True, slots=True)
class Portal:
    """One portal: what it serves and how.

    Attributes:
        log: The audit log.
        outgoing: Folder for downloads while they are made.
        look: Renders a view of files of one set; None where nothing can.
        nodes: Names of the listeners objects may be forwarded to.
        forward: Sends objects to a listener.
        hosts: Names and addresses it is reached by; others are refused.
        is_tls: Whether the browser speaks TLS with it.

    """

    archive: Archive
    accounts: Accounts
    log: Path
    outgoing: Path
    look: Look | None = None
    nodes: Callable[[], Sequence[str]] = tuple
    forward: Forward | None = None
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost")
    is_tls: bool = False
    sessions: Sessions = field(default_factory=Sessions)
    pictures: Pictures = field(default_factory=Pictures)
    logins: Throttle = field(default_factory=lambda: Throttle(LOGIN_TRIES, LOGIN_WINDOW_S))
    visits: Throttle = field(default_factory=lambda: Throttle(PAGES, PAGES_WINDOW_S))

    def note(self, account: str, event: str, **more: Any) -> None:  # noqa: ANN401  (plain values)
        """Keep an event in the audit log; raises `core.audit.LogError` when it cannot be kept."""
        audit.append(self.log, {"room": "portal", "account": account, "event": event, **more})


@dataclass(frozen=True, slots=True)
class Ask:
    """One request that has passed all guards.

    Attributes:
        form: Fields of a form that was sent.

    """

    portal: Portal
    request: Request
    session: Session | None
    account: Account | None
    form: Mapping[str, str]

    def number(self, name: str) -> int:
        """Return a whole number of the address."""
        return int(self.request.path_params[name])

    def asked(self, name: str) -> str:
        """Return a value behind the question mark of the address; "" when it is not there."""
        return self.request.query_params.get(name, "").strip()

    @property
    def who(self) -> str:
        """Name of the account, for the log."""
        return "" if self.account is None else self.account.name

    @property
    def address(self) -> str:
        """Where the request comes from."""
        return "" if self.request.client is None else self.request.client.host

    def page(self, template: str, status: int = 200, **values: Any) -> Response:  # noqa: ANN401  (what the template shows)
        """Return a page made from a template."""
        text = _TEMPLATES.get_template(template).render(
            account=self.account,
            form_token="" if self.session is None else self.session.form_token,
            **values,
        )
        return HTMLResponse(text, status)

    def problem(self, status: int, what: str, remedy: str) -> Response:
        """Return a page that says what is wrong and what to do."""
        return self.page("problem.html", status, what=what, remedy=remedy)


def _size(size: float) -> str:
    """Return bytes in words."""
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


_TEMPLATES = Environment(
    loader=FileSystemLoader(RESOURCES / "portal"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters |= {
    "iso_date": iso_date, "person_name": person_words, "size": _size, "when": local_time,
}  # fmt: skip
