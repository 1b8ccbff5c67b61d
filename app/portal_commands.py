"""`eqs portal serve|user`: the archive in a browser, off until somebody starts it."""

# ruff: noqa: PLC0415  (the web framework is loaded by the command that needs it)

import argparse
import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.answers import finish, say
from core.findings import State
from core.paths import data_folder

if TYPE_CHECKING:
    from app.archive.portal.accounts import Accounts


def add_portal_commands(rooms: Any) -> None:  # noqa: ANN401  (argparse has no public name for it)
    """Add the portal's commands to the grammar."""
    portal = rooms.add_parser("portal", help="the archive in a browser").add_subparsers(
        required=True
    )
    serve = portal.add_parser("serve", help="start it; stops with Ctrl+C")
    serve.add_argument("--archive", type=Path, metavar="DIR", help="another archive's folder")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on")
    serve.add_argument("--port", type=int, default=8460)
    serve.add_argument("--name", action="append", default=[], help="name browsers reach it by")
    serve.add_argument("--certificate", type=Path, metavar="PEM")
    serve.add_argument("--key", type=Path, metavar="PEM")
    finish(serve, _serve)
    user = portal.add_parser("user", help="accounts").add_subparsers(required=True)
    add = user.add_parser("add", help="add an account, or change its password and roles")
    add.add_argument("name", metavar="NAME")
    add.add_argument(
        "--role", action="append", required=True, choices=("view", "retrieve", "forward", "admin")
    )
    finish(add, _add)
    remove = user.add_parser("remove", help="take an account away")
    remove.add_argument("name", metavar="NAME")
    finish(remove, _remove)
    finish(user.add_parser("list", help="who may do what"), _list)


def _accounts() -> "Accounts":
    from app.archive.portal.accounts import Accounts

    return Accounts(data_folder() / "portal" / "accounts.json")


def _serve(words: argparse.Namespace) -> int:
    from app.archive.command import own_archive
    from app.archive.portal.ask import Portal
    from app.archive.portal.outlets import forwarder, outlets
    from app.archive.portal.serve import Listening, serve
    from app.portal_look import Renderer
    from core.errors import RemedyError

    accounts = _accounts()
    if not accounts.all():
        raise RemedyError(
            "nobody has an account yet", where="eqs portal serve",
            remedy="Add one: eqs portal user add NAME --role view",
        )  # fmt: skip
    folder = data_folder() / "portal"
    archive, renderer = own_archive(words.archive), Renderer()
    listening = Listening(
        words.host, words.port, tuple(words.name), words.certificate, words.key
    )  # fmt: skip
    way = "https" if words.certificate else "http"
    address = f"{way}://{words.host}:{words.port}"
    say(words, {"status": State.PASS, "address": address}, f"The portal is at {address}")
    sys.stdout.flush()
    try:
        serve(
            Portal(
                archive, accounts, folder / "log.jsonl", folder / "outgoing", renderer.look,
                outlets, forwarder(archive),
            ),
            listening,
        )  # fmt: skip
    finally:
        renderer.close()
        archive.close()
    return 0


def _add(words: argparse.Namespace) -> int:
    account = _accounts().put(words.name, _password(words.name), words.role)
    roles = sorted(account.roles)
    say(
        words, {"status": State.PASS, "name": account.name, "roles": roles},
        f"{account.name} may: {', '.join(roles)}",
    )  # fmt: skip
    return 0


def _password(name: str) -> str:
    """Return a password from the person at the terminal, or from a pipe."""
    if sys.stdin is None or sys.stdin.isatty():
        return getpass.getpass(f"Password for {name}: ")
    return sys.stdin.readline().rstrip("\r\n")


def _remove(words: argparse.Namespace) -> int:
    _accounts().remove(words.name)
    say(words, {"status": State.PASS, "removed": words.name}, f"{words.name} was removed")
    return 0


def _list(words: argparse.Namespace) -> int:
    rows = [{"name": one.name, "roles": sorted(one.roles)} for one in _accounts().all()]
    text = "\n".join(f"{row['name']:32} {', '.join(row['roles'])}" for row in rows)
    say(words, {"status": State.PASS, "accounts": rows}, text or "There are no accounts.")
    return 0
