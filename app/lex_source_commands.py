"""`eqs lex list` and `eqs lex fetch`: what a source holds, and a plan brought here."""

import argparse
import getpass
import sys
from pathlib import Path
from typing import Any

from app.answers import finish, say
from app.lex.browse import PatientChoice, browse
from app.lex.listing import Listing, as_json, as_text, choose_patient, choose_plan, list_source
from app.lex.passwords import stored_password
from app.lex.planning_server import copy_plans, list_patients, list_plans
from app.lex.servers import Server, find_server
from core.errors import RemedyError


def add_source_commands(lex: Any) -> None:  # noqa: ANN401  (argparse has no public name for it)
    """Add the commands that look for plans."""
    listing = lex.add_parser("list", help="list patients, plans, trials, prescriptions and beams")
    listing.add_argument("source", type=Path, nargs="?", metavar="SOURCE")
    fetch = lex.add_parser("fetch", help="copy a plan from a planning server; print where it is")
    for one, needed in ((listing, False), (fetch, True)):
        one.add_argument("--server", required=needed, metavar="NAME", help="planning server")
        one.add_argument("--patient", required=needed, metavar="ID", help="as the index has it")
        one.add_argument("--plan", metavar="NAME", help="plan name")
    finish(listing, _list)
    finish(fetch, _fetch)


def _list(words: argparse.Namespace) -> int:
    if (words.source is None) == (words.server is None):
        raise RemedyError(
            "either a source or a server is listed",
            where="eqs lex list",
            remedy="Give SOURCE, or --server NAME.",
        )
    found = _of_server(words) if words.server is not None else _of_source(words)
    say(words, as_json(found), as_text(found))
    return 0


def _of_source(words: argparse.Namespace) -> Listing:
    return list_source(browse(words.source), words.patient, words.plan)


def _of_server(words: argparse.Namespace) -> Listing:
    server = find_server(words.server)
    password = _password(server)
    return list_source(
        list_patients(server, password, _tell),
        words.patient,
        words.plan,
        with_plans=lambda one: list_plans(server, password, one, _tell),
        local=lambda plan: copy_plans(server, password, (plan,), _tell) / plan.path,
    )


def _fetch(words: argparse.Namespace) -> int:
    server = find_server(words.server)
    password = _password(server)
    patients = list_patients(server, password, _tell)
    patient = list_plans(server, password, choose_patient(patients, words.patient), _tell)
    plans = tuple(one for one in patient.plans if one.present)
    if words.plan is not None or not plans:
        plans = (choose_plan(patient, words.plan),)
    folder = copy_plans(server, password, plans, _tell)
    path = folder / plans[0].path if len(plans) == 1 else folder
    answer = {"status": "pass", "path": str(path), "plans": [plan.name for plan in plans]}
    say(words, {**answer, **_whose(patient)}, str(path))
    return 0


def _whose(patient: PatientChoice) -> dict[str, str]:
    return {"patient": patient.name, "id": patient.id}


def _password(server: Server) -> str:
    """Return the password from the store, from a pipe, or from the person at the terminal."""
    if not server.needs_password:
        return ""
    kept = stored_password(server)
    if kept is not None:
        return kept
    if sys.stdin is None or sys.stdin.isatty():
        return getpass.getpass(f"Password of {server.user} on {server.words}: ")
    return sys.stdin.readline().rstrip("\r\n")


def _tell(share: float, words: str) -> None:
    """Say how far the work is, for a person who watches; the answer itself stays clean."""
    if sys.stderr is not None and sys.stderr.isatty():
        print(f"\r{share:4.0%}  {words:<60.60}", end="", file=sys.stderr)  # noqa: T201  (progress)
        if share >= 1:
            print(file=sys.stderr)  # noqa: T201  (progress)
