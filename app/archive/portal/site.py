"""The portal as a whole: every address with the role it asks for, and the guards before each."""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route

from app.archive.portal import administer, deliver, entrance, search, sets
from app.archive.portal.ask import Ask, Portal
from app.archive.portal.sessions import Session
from core.errors import RemedyError
from core.paths import RESOURCES

MOST_FORM_BYTES = 2_000_000
HEADERS = {
    # Nothing but our own style sheet, pictures and forms: a name that holds a script is text.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Address:
    """One address of the portal.

    Attributes:
        role: Who may; None for everybody, logged in or not.

    """

    method: str
    path: str
    role: str | None
    answer: Callable[[Ask], Response]


def _style(ask: Ask) -> Response:
    del ask
    return FileResponse(RESOURCES / "portal" / "style.css", media_type="text/css")


ADDRESSES = (
    Address("GET", "/style.css", None, _style),
    Address("GET", "/login", None, entrance.login_form),
    Address("POST", "/login", None, entrance.log_in),
    Address("POST", "/logout", "view", entrance.log_out),
    Address("GET", "/", "view", search.search),
    Address("GET", "/patient/{patient:int}", "view", search.patient),
    Address("GET", "/series/{series:int}", "view", search.series),
    Address("GET", "/patient/{patient:int}/set/{place:int}", "view", sets.plan_set),
    Address("GET", "/picture/{name}.png", "view", sets.picture),
    Address("GET", "/download/{level}/{key}", "retrieve", deliver.download),
    Address("GET", "/forward/{level}/{key}", "forward", deliver.forward_form),
    Address("POST", "/forward/{level}/{key}", "forward", deliver.forward),
    Address("GET", "/log", "admin", administer.log),
    Address("GET", "/accounts", "admin", administer.accounts),
)


def site(portal: Portal) -> Starlette:
    """Return the portal as an ASGI application."""
    routes = [
        Route(one.path, _endpoint(portal, one), methods=[one.method])
        for one in ADDRESSES
    ]  # fmt: skip
    return Starlette(routes=routes, exception_handlers={404: _nowhere(portal)})


def _endpoint(portal: Portal, address: Address) -> Callable[[Request], Awaitable[Response]]:
    """Return the guarded answer of an address."""

    async def answer(request: Request) -> Response:
        form = await _form(request) if address.method == "POST" else {}
        response = await run_in_threadpool(_guarded, portal, address, request, form)
        return _with_headers(portal, response)

    return answer


def _guarded(
    portal: Portal, address: Address, request: Request, form: Mapping[str, str] | None
) -> Response:
    """Return the answer of an address, or the refusal of the guard that stopped the request."""
    token = request.cookies.get(entrance.COOKIE, "")
    session = portal.sessions.get(token) if token else None
    account = None if session is None else portal.accounts.find(session.account)
    ask = Ask(portal, request, session if account else None, account, form or {})
    try:
        return _refusal(ask, address, session, form) or address.answer(ask)
    except RemedyError as fault:
        return ask.problem(500, fault.what, fault.remedy)


def _refusal(
    ask: Ask, address: Address, session: Session | None, form: Mapping[str, str] | None
) -> Response | None:
    """Return why a request goes no further; None when every guard lets it pass."""
    portal, request = ask.portal, ask.request
    if _host(request.headers.get("host", "")) not in portal.hosts:
        return ask.problem(421, "The portal has another name.", "Use the address you were given.")
    if portal.visits.wait_s(ask.address) > 0:
        return ask.problem(429, "Too many requests.", "Wait a minute.")
    portal.visits.note(ask.address)
    if form is None:
        return ask.problem(413, "The form is too large or damaged.", "Send less at a time.")
    if address.method == "POST" and not _is_own(request, session, form, address.role):
        return ask.problem(403, "This form did not come from the portal.", "Load the page again.")
    return _without_role(ask, address)


def _without_role(ask: Ask, address: Address) -> Response | None:
    """Return the way to the login, or no; None when the account has the role asked for."""
    if address.role is None:
        return None
    if ask.account is None:
        return RedirectResponse("/login", 303)
    return None if ask.account.may(address.role) else _not_allowed(ask, address.role)


def _not_allowed(ask: Ask, role: str) -> Response:
    ask.portal.note(ask.who, "refused", path=ask.request.url.path, role=role)
    return ask.problem(
        403, f"Your account may not do this: it lacks the role {role!r}.",
        "Ask whoever looks after the archive.",
    )  # fmt: skip


def _is_own(
    request: Request, session: Session | None, form: Mapping[str, str], role: str | None
) -> bool:
    """Tell whether a form was sent by a page of ours (against forged requests)."""
    origin = request.headers.get("origin")
    if origin not in (None, "null") and urlsplit(origin).netloc != request.headers.get("host"):
        return False
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    if role is None or session is None:
        return True
    return hmac.compare_digest(form.get("form_token", ""), session.form_token)


async def _form(request: Request) -> Mapping[str, str] | None:
    """Return the fields of a form of ours; None when it is too large or none."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    size = request.headers.get("content-length", "")
    if kind != "application/x-www-form-urlencoded" or not size.isdigit():
        return None
    if int(size) > MOST_FORM_BYTES:
        return None
    form = await request.form(max_files=0, max_fields=100)
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _host(header: str) -> str:
    """Return the name in a Host header without its port."""
    return (urlsplit(f"//{header}").hostname or "").lower()


def _with_headers(portal: Portal, response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers[name] = value
    if portal.is_tls:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response


def _nowhere(portal: Portal) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, fault: Exception) -> Response:
        del request, fault
        return _with_headers(portal, Response("There is no such page.", 404))

    return answer
