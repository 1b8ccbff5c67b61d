"""What administrators see: the log and the accounts. Accounts are changed by command only."""

from starlette.responses import Response

from app.archive.portal.ask import Ask
from core import audit

LAST = 500


def log(ask: Ask) -> Response:
    """Show the last entries, newest first, and whether the chain holds."""
    rows = audit.entries(ask.portal.log)[-LAST:][::-1]
    return ask.page("log.html", rows=rows, faults=audit.verify(ask.portal.log), last=LAST)


def accounts(ask: Ask) -> Response:
    """Show who may do what."""
    return ask.page("accounts.html", accounts=ask.portal.accounts.all())
