"""Logging in and out."""

from starlette.responses import RedirectResponse, Response

from app.archive.portal.ask import Ask

COOKIE = "eqs_session"
WRONG = "Name and password do not belong together."


def login_form(ask: Ask) -> Response:
    """Show the form."""
    return ask.page("login.html", wrong="")


def log_in(ask: Ask) -> Response:
    """Begin a session, or say no; after a few wrong tries the name has to wait."""
    name, password = ask.form.get("name", "").strip(), ask.form.get("password", "")
    logins = ask.portal.logins
    # By name and by address: one address may not try every name, nor many addresses one name.
    keys = (f"name {name.casefold()}", f"address {ask.address}")
    wait_s = max(logins.wait_s(key) for key in keys)
    if wait_s > 0:
        ask.portal.note(name[:32], "login-throttled", address=ask.address)
        words = f"Too many wrong tries. Try again in {wait_s / 60:.0f} minutes."
        return ask.page("login.html", 429, wrong=words)
    account = ask.portal.accounts.check(name, password)
    if account is None:
        for key in keys:
            logins.note(key)
        ask.portal.note(name[:32], "login-refused", address=ask.address)
        return ask.page("login.html", 401, wrong=WRONG)
    for key in keys:
        logins.forget(key)
    ask.portal.note(account.name, "login", address=ask.address)
    answer = RedirectResponse("/", 303)
    answer.set_cookie(
        COOKIE, ask.portal.sessions.begin(account.name), path="/", httponly=True,
        samesite="strict", secure=ask.portal.is_tls,
    )  # fmt: skip
    return answer


def log_out(ask: Ask) -> Response:
    """End the session."""
    ask.portal.sessions.end(ask.request.cookies.get(COOKIE, ""))
    ask.portal.note(ask.who, "logout")
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(COOKIE, path="/")
    return answer
