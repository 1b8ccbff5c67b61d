"""`eqs audit show|verify`: who checked this plan, when, what was flagged, what did they do."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.answers import finish, say
from core.audit import entries, verify
from core.errors import ClinicFileError
from core.findings import State
from core.layers import own_layers
from core.paths import data_folder
from core.settings.change import log_files

CLEAN, FINDINGS = 0, 1
FOLDERS = ("filter", "audit")
SHOWN = ("person", "role", "step", "what", "reason", "words", "answer", "item", "meaning", "file")


def add_audit_commands(rooms: Any) -> None:  # noqa: ANN401  (argparse has no public name for it)
    """Add the commands that look at the logs."""
    own = rooms.add_parser("audit", help="the logs: who did what, when").add_subparsers(
        required=True
    )
    show = own.add_parser("show", help="entries, oldest first")
    show.add_argument("--patient", default="", metavar="ID")
    show.add_argument("--plan", default="", metavar="ID")
    show.add_argument("--file", default="", metavar="NAME", help="name or SHA-256 of a source")
    show.add_argument("--action", default="", metavar="WORDS", help="e.g. report, signed")
    show.add_argument("--by", default="", metavar="NAME", help="person or login")
    show.add_argument("--last", type=int, default=0, metavar="N", help="only the last N")
    finish(show, _show)
    finish(own.add_parser("verify", help="find every changed, lost or torn line"), _verify)


def logs() -> tuple[Path, ...]:
    """Return every chained log of the rooms and of the settings, as far as there are any."""
    folder = data_folder()
    found = [file for name in FOLDERS for file in sorted((folder / name).glob("*.jsonl"))]
    return tuple(
        dict.fromkeys([*found, *(one for one in log_files(own_layers()) if one.is_file())])
    )


def _out_of_reach() -> list[str]:
    """Return a sentence when a layer's log of settings cannot be looked at."""
    try:
        own_layers().files("tolerances.toml")
    except ClinicFileError as fault:
        return [f"The log of settings is not looked at: {fault}"]
    return []


def _show(words: argparse.Namespace) -> int:
    found = [(file.stem, one) for file in logs() for one in entries(file)]
    found = sorted(found, key=lambda pair: str(pair[1].get("time", "")))
    found = [(log, one) for log, one in found if _meant(one, words)]
    if words.last > 0:
        found = found[-words.last :]
    rows = [{"log": log, **one} for log, one in found]
    text = "\n".join(line for _, one in found for line in _lines(one))
    away = _out_of_reach()
    text = "\n".join([text or "The logs hold no such entry.", *away])
    say(words, {"entries": rows, "not_looked_at": away}, text)
    return CLEAN


def _meant(entry: dict[str, Any], words: argparse.Namespace) -> bool:
    whole = json.dumps(entry, ensure_ascii=False).casefold()
    exact = ((words.patient, "patient_id"), (words.plan, "plan_id"))
    people = (str(entry.get("person", "")), str(entry.get("user", "")))
    return (
        all(not wanted or str(entry.get(key, "")) == wanted for wanted, key in exact)
        and words.file.casefold() in whole
        and words.action.casefold() in str(entry.get("action", "")).casefold()
        and (not words.by or words.by.casefold() in [one.casefold() for one in people])
    )


def _lines(entry: dict[str, Any]) -> Iterator[str]:
    time, who = str(entry.get("time", ""))[:19], entry.get("person") or entry.get("user", "")
    plan = "/".join(str(entry[key]) for key in ("patient_id", "plan_id") if entry.get(key))
    what = str(entry.get("title") or entry.get("report") or "")
    status = f" {str(entry['status']).upper()}" if entry.get("status") else ""
    yield f"{time}  {entry.get('action', '')}{status}  {who}  {plan}  {what}".rstrip()
    said = [f"{key} {entry[key]!r}" for key in SHOWN[1:] if entry.get(key)]
    if said:
        yield f"    {', '.join(said)}"
    for one in entry.get("changes", []):
        where = f"{entry.get('table', '')} [{entry.get('layer', '')}]"
        yield f"    {where} {one['key']}: {one['old'] or 'nothing'} -> {one['new'] or 'nothing'}"
    for one in entry.get("flagged", []):
        yield f"    {one['state']:8} {one['rule']:22} {one['message']}"
    for key in entry.get("findings", []) if isinstance(entry.get("findings"), list) else []:
        yield f"    {key[0]:22} {key[-1]}"


def _verify(words: argparse.Namespace) -> int:
    rows = []
    for file in logs():
        faults = verify(file)
        rows.append({"log": str(file), "entries": len(entries(file)), "faults": list(faults)})
    rows += [{"log": "settings.jsonl", "entries": 0, "faults": [one]} for one in _out_of_reach()]
    bad = any(row["faults"] for row in rows)
    lines = [
        f"{row['log']}: {row['entries']} entries, {'NOT ' if row['faults'] else ''}as written"
        for row in rows
    ]
    lines += [f"  {Path(str(row['log'])).name}: {one}" for row in rows for one in _texts(row)]
    answer = {"status": State.ERROR if bad else State.PASS, "logs": rows}
    say(words, answer, "\n".join(lines) or "There is no log yet.")
    return FINDINGS if bad else CLEAN


def _texts(row: dict[str, Any]) -> list[str]:
    return [str(one) for one in row["faults"]]
