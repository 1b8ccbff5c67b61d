"""`eqs archive import|attention|find|sets|get|verify|export`: the archive without a window."""

# ruff: noqa: PLC0415  (pydicom's readers are loaded by the command that needs them)

import argparse
from pathlib import Path
from typing import Any

from app.answers import date, finish, new_file, say
from app.archive_network_commands import (
    LEVELS,
    add_network_commands,
    add_places,
    find_there,
    get_there,
)
from app.archive_settings_commands import add_settings_commands
from core.errors import RemedyError
from core.findings import State

COHORT = (
    ("name", str, "part of the name; * and ? allowed"), ("id", str, "beginning of the number"),
    ("since", date, "study date, 20240301 or 2024-03-01"), ("until", date, "the last one"),
    ("modality", str, "e.g. RTPLAN"),
)  # fmt: skip


def add_archive_commands(rooms: Any) -> None:  # noqa: ANN401  (argparse has no public name for it)
    """Add the archive's commands to the grammar."""
    archive = rooms.add_parser("archive", help="keep and find DICOM objects").add_subparsers(
        required=True
    )
    bring = archive.add_parser("import", help="take in folders, files and zip archives")
    bring.add_argument("source", type=Path, nargs="+", metavar="SOURCE")
    bring.add_argument(
        "--report", type=new_file(".csv"), metavar="FILE.csv", help="every file, as a table"
    )
    _finish(bring, _import)
    watch = archive.add_parser("attention", help="what somebody has to look at")
    watch.add_argument("--looked-at", action="store_true",
                       help="let go of what was refused, once it is told")  # fmt: skip
    _finish(watch, _attention)
    find = archive.add_parser("find", help="find persons")
    for name, read, words in COHORT:
        find.add_argument(f"--{name}", default="", type=read, help=words)
    find.add_argument("--node", metavar="NAME", help="ask this system instead of the archive")
    find.add_argument("--level", choices=LEVELS, default="study", help="with --node")
    for name in ("study", "series"):
        find.add_argument(f"--{name}", default="", metavar="UID", help="with --node")
    _finish(find, _find)
    sets = archive.add_parser("sets", help="plan sets of a person, and what they lack")
    sets.add_argument("--id", required=True, help="patient ID")
    _finish(sets, _sets)
    get = archive.add_parser("get", help="copy objects into a folder or zip file")
    get.add_argument("--id", help="patient ID")
    get.add_argument("--node", metavar="NAME", help="fetch from this system into the archive")
    get.add_argument("--study", metavar="UID")
    get.add_argument("--series", metavar="UID")
    get.add_argument("--out", type=Path, metavar="DIR|FILE.zip")
    get.add_argument("--layout", choices=("series", "study", "flat"), default="series",
                     help="folders of the copy")  # fmt: skip
    _finish(get, _get)
    _finish(archive.add_parser("verify", help="read every stored file again"), _verify)
    add_network_commands(archive)
    add_settings_commands(archive)
    export = archive.add_parser("export", help="a cohort without names, with plans and DVHs")
    for name, read, words in COHORT:
        export.add_argument(f"--{name}", default="", type=read, help=words)
    export.add_argument("--out", type=Path, metavar="DIR", help="new or empty folder")
    export.add_argument("--pictures", action="store_true",
                        help="also pictures whose pixels may show a name")  # fmt: skip
    export.add_argument("--shift-days", type=int, default=0, metavar="N",
                        help="move dates by N days; without it they go")  # fmt: skip
    export.add_argument("--who", metavar="PSEUDONYM", help="tell who this is, and write nothing")
    _finish(export, _export)


def _finish(command: argparse.ArgumentParser, run: Any) -> None:  # noqa: ANN401  (a command)
    add_places(command)
    finish(command, run)


def _import(words: argparse.Namespace) -> int:
    from app.archive import command, imports

    for path in words.source:
        if not path.exists():
            raise RemedyError(
                "there is no such file or folder", where=str(path), remedy="Check the path."
            )
    archive = command.own_archive(words.archive)
    report = imports.take_in(archive, words.source)
    archive.close()
    if words.report is not None:
        imports.save_report(report, words.report)
    say(words, report.to_json(), report.text())
    return 1 if report.others else 0


def _attention(words: argparse.Namespace) -> int:
    from app.archive import attention, command

    archive = command.existing_archive(words.archive)
    rows = attention.look(archive)
    if words.looked_at:
        attention.looked_at(archive, rows)
    archive.close()
    say(words, attention.to_json(rows), attention.in_text(rows))
    return 1 if rows else 0


def _find(words: argparse.Namespace) -> int:
    if words.node:
        return find_there(words)
    from app.archive import command
    from core.archive.find import Wanted, find_patients

    wanted = Wanted(words.name, words.id, words.since, words.until, words.modality)
    rows = find_patients(command.existing_archive(words.archive).index, wanted)
    answer = {"status": State.PASS, "patients": command.patient_rows(rows)}
    say(words, answer, command.patient_text(rows))
    return 0


def _sets(words: argparse.Namespace) -> int:
    from app.archive import command

    archive = command.existing_archive(words.archive)
    found = command.sets_of(archive, command.person(archive, words.id).id)
    incomplete = any(one.state in (State.ERROR, State.WARNING) for one in found)
    status = State.WARNING if incomplete else State.PASS
    answer = {"status": status, "sets": [command.set_row(one) for one in found]}
    say(words, answer, "\n".join(command.set_text(one) for one in found) or "No plan sets.")
    return 1 if incomplete else 0


def _get(words: argparse.Namespace) -> int:
    if words.node:
        return get_there(words)
    if not words.id or words.out is None:
        raise RemedyError(
            "a copy of the archive's objects needs --id and --out",
            where="eqs archive get",
            remedy="Give both, or --node to fetch from another system.",
        )
    from app.archive import command
    from app.archive.retrieve import Layout, retrieve

    archive = command.existing_archive(words.archive)
    own = command.person(archive, words.id)
    wanted = command.chosen_instances(archive, own.id, words.study, words.series)
    done = retrieve(archive, wanted, words.out, layout=Layout[words.layout.upper()])
    status = State.ERROR if done.missing else State.PASS
    answer = {"status": status, "copied": done.copied, "missing": done.missing}
    text = f"{done.copied} objects in {done.target}"
    lost = [f"lost or damaged: {uid}" for uid in done.missing]
    say(words, answer, "\n".join([text, *lost]))
    return 1 if done.missing else 0


def _verify(words: argparse.Namespace) -> int:
    from app.archive import command

    archive = command.existing_archive(words.archive)
    damages = archive.verify()
    conflicts = archive.conflicts()
    answer = {
        "status": State.ERROR if damages else State.PASS,
        "damaged": [{"sop_uid": one.sop_uid, "what": one.what} for one in damages],
        "quarantined": [{"sop_uid": one.sop_uid, "sender": one.sender} for one in conflicts],
    }
    lines = [f"{one.sop_uid}: {one.what}" for one in damages]
    lines += [f"{one.sop_uid}: another content from {one.sender} is in quarantine"
              for one in conflicts]  # fmt: skip
    say(words, answer, "\n".join(lines) or "Every object is as it was received.")
    return 1 if damages or conflicts else 0


def _export(words: argparse.Namespace) -> int:
    from app.archive import command
    from app.archive.research import export_cohort, who_is
    from core.archive.find import Wanted, find_patients

    archive = command.existing_archive(words.archive)
    if words.who:
        own = who_is(archive, words.who)
        rows = [own] if own is not None else []
        answer = {"status": State.PASS, "patients": command.patient_rows(rows)}
        say(words, answer, command.patient_text(rows))
        return 0
    if words.out is None:
        raise RemedyError("no folder is named", where="--out", remedy="Give a new folder.")
    wanted = Wanted(words.name, words.id, words.since, words.until, words.modality)
    persons = find_patients(archive.index, wanted, most=1_000_000)
    done = export_cohort(
        archive, persons, words.out, pictures=words.pictures, shift_days=words.shift_days
    )
    status = State.WARNING if done.refused or done.warnings else State.PASS
    told: dict[str, Any] = {
        "status": status, "persons": done.persons, "objects": done.objects, "plans": done.plans,
        "curves": done.curves, "refused": done.refused, "warnings": done.warnings,
    }  # fmt: skip
    text = (
        f"{done.persons} persons, {done.objects} objects, {done.plans} plans and {done.curves} "
        f"DVHs in {done.folder}; the key stays in the archive"
    )
    lines = [text]
    lines += [f"warning  {one}" for one in done.warnings]
    lines += [f"left out {uid}: {why}" for uid, why in done.refused]
    say(words, told, "\n".join(lines))
    return 1 if status is State.WARNING else 0
