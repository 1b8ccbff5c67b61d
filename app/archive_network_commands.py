"""`eqs archive serve|nodes|echo|check|find --node|send|get --node|move|sync|drill|repair`."""

# ruff: noqa: PLC0415  (the network is loaded by the command that needs it)

import argparse
import signal
import sys
import threading
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.answers import finish, say
from core.errors import ClinicFileError, RemedyError
from core.findings import State

LEVELS = ("patient", "study", "series", "image")


def add_network_commands(archive: Any) -> None:  # noqa: ANN401  (argparse has no public name for it)
    """Add the commands that talk with other systems."""
    _finish(archive.add_parser("serve", help="listen, run rules, watch folders, scrub"), _serve)
    _finish(archive.add_parser("times", help="how long retrievals took so far"), _times)
    _finish(archive.add_parser("nodes", help="the systems of archive.toml"), _nodes)
    echo = archive.add_parser("echo", help="ask a system whether it is there")
    check = archive.add_parser("check", help="try a connection step by step")
    check.add_argument("--store", action="store_true",
                       help="also store a test object there and have it moved back")  # fmt: skip
    send = archive.add_parser("send", help="send objects to a system")
    send.add_argument("source", type=Path, nargs="*", metavar="SOURCE",
                      help="files and folders; without any, objects of the archive")  # fmt: skip
    send.add_argument("--commit", action="store_true", help="have it answer for each object")
    move = archive.add_parser("move", help="have a system send objects to a third one")
    move.add_argument("--to", required=True, metavar="AE", help="AE title of the receiver")
    for one in (send, move):
        _which(one)
    sync = archive.add_parser("sync", help="mirror: bring two archives together")
    sync.add_argument("--direction", choices=("both", "push", "pull"), default="both")
    sync.add_argument("--deep", action="store_true",
                      help="also compare contents where the other tells no digests")  # fmt: skip
    sync.add_argument("--restore", action="store_true", help="bring back what has gone")
    sync.add_argument("--dry-run", action="store_true", help="only report")
    for one, run in ((echo, _echo), (check, _check), (send, _send), (move, _move), (sync, _sync)):
        one.add_argument("--node", required=True, metavar="NAME", help="name in archive.toml")
        _finish(one, run)
    drill = archive.add_parser("drill", help="fetch objects back from a backup and compare them")
    drill.add_argument("--node", required=True, metavar="NAME", help="name in archive.toml")
    drill.add_argument("--persons", type=int, default=3, metavar="N",
                       help="plan sets of N persons drawn by lot; without --id")  # fmt: skip
    drill.add_argument("--resend", action="store_true", help="send them there first")
    _which(drill)
    _finish(drill, _drill)
    mend = archive.add_parser("repair", help="bring damaged files back from a backup")
    mend.add_argument("--node", required=True, metavar="NAME", help="name in archive.toml")
    _finish(mend, _repair)
    _finish(archive.add_parser("quarantine", help="other contents under one UID, side by side"),
            _quarantine)  # fmt: skip


def _which(command: argparse.ArgumentParser) -> None:
    command.add_argument("--id", default="", help="patient ID")
    command.add_argument("--study", default="", metavar="UID")
    command.add_argument("--series", default="", metavar="UID")


def _finish(command: argparse.ArgumentParser, run: Any) -> None:  # noqa: ANN401  (a command)
    add_places(command)
    finish(command, run)


def add_places(command: argparse.ArgumentParser) -> None:
    """Let a command name another archive and other settings."""
    command.add_argument("--archive", type=Path, metavar="DIR", help="another archive's folder")
    command.add_argument("--settings", type=Path, metavar="FILE.toml",
                         help="instead of archive.toml of the clinic's folder")  # fmt: skip


def _settings(words: argparse.Namespace) -> Any:  # noqa: ANN401  (loaded late)
    from core.archive.settings import read_settings

    return read_settings(words.settings)


def _serve(words: argparse.Namespace) -> int:
    import logging

    from app.archive import command, network

    settings = _settings(words)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    for loud in ("pynetdicom", "pydicom"):
        logging.getLogger(loud).setLevel(logging.ERROR)
    # Before anything listens: whoever ends the service must not cut it in its middle.
    ended = threading.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda *_: ended.set())
    archive = command.own_archive(words.archive)
    try:
        service = network.started(archive, settings)
    except BaseException:
        archive.close()
        raise
    text = network.listening_text(settings.listener, service.listener.port)
    say(words, {"status": State.PASS, "port": service.listener.port}, text)
    sys.stdout.flush()
    seen = _changed(words.settings, ())
    while not ended.wait(0.5):  # in pieces: on Windows a signal does not end a wait
        now = _changed(words.settings, seen)
        if now != seen:
            seen = now
            logging.getLogger("eqs.archive").info(network.renewed(service, words.settings))
    service.stop()
    archive.close()
    return 0


def _changed(named: Path | None, before: tuple[int, ...]) -> tuple[int, ...]:
    """Return when each file of the settings was changed; as before while a layer is away."""
    from core.archive.settings import settings_file, weaker_files

    try:
        files = (named,) if named is not None else (*weaker_files(), settings_file())
        return tuple(file.stat().st_mtime_ns if file.is_file() else 0 for file in files)
    except (OSError, ClinicFileError):
        return before


def _times(words: argparse.Namespace) -> int:
    from app.archive import command, network
    from core.archive.ledger import Ledger

    archive = command.own_archive(words.archive)
    try:
        told = network.average_words(archive)
        with closing(Ledger(archive)) as ledger:
            values = asdict(ledger.retrievals())
    finally:
        archive.close()
    say(words, {"status": State.PASS, **values}, told or "Nothing was retrieved so far.")
    return 0


def _nodes(words: argparse.Namespace) -> int:
    from app.archive import network

    settings = _settings(words)
    rows = [asdict(one) for one in settings.nodes]
    say(words, {"status": State.PASS, "nodes": rows}, network.nodes_text(settings))
    return 0


def _echo(words: argparse.Namespace) -> int:
    from app.archive import network
    from core.archive.client_query import echo
    from core.archive.client_web import Web
    from core.archive.nodes import Kind

    settings = _settings(words)
    node = settings.node(words.node)
    if node.kind is Kind.WEB:
        Web(node).ask("STUDY", {"PatientID": "EQS-TEST"})
    else:
        echo(network.caller_of(settings), node)
    say(words, {"status": State.PASS, "node": node.title}, f"{node.title} answers.")
    return 0


def _check(words: argparse.Namespace) -> int:
    from app.archive import command, network
    from core.archive.connection_check import check_connection, is_sound

    settings = _settings(words)
    archive = command.own_archive(words.archive)
    steps = check_connection(
        settings.node(words.node), settings.listener, archive, with_object=words.store
    )
    status = State.PASS if is_sound(steps) else State.ERROR
    answer = {"status": status, "steps": [asdict(one) for one in steps]}
    say(words, answer, network.steps_text(steps))
    return 0 if is_sound(steps) else 1


def find_there(words: argparse.Namespace) -> int:
    """Answer `eqs archive find --node`."""
    from app.archive import network

    settings = _settings(words)
    asked = network.Asked(
        words.id, words.name, words.study, words.series, words.since, words.until, words.modality
    )
    rows = network.found_there(
        network.caller_of(settings), settings.node(words.node), words.level.upper(), asked
    )
    text = "\n".join("  ".join(row.values()) for row in rows) or "Nothing was found."
    say(words, {"status": State.PASS, "found": rows}, text)
    return 0


def get_there(words: argparse.Namespace) -> int:
    """Answer `eqs archive get --node`: into the archive, or into a folder with --out."""
    from app.archive import command, network
    from core.archive.transfer import Effort

    settings = _settings(words)
    caller, node = network.caller_of(settings), settings.node(words.node)
    asked = network.Asked(
        patient_id=words.id or "", study_uid=words.study or "", series_uid=words.series or ""
    )
    wanted = network.objects_there(caller, node, asked)
    if not wanted:
        raise RemedyError("it has nothing of this", where=node.place,
                          remedy="Look with 'eqs archive find --node'.")  # fmt: skip
    if words.out is not None:
        results = network.fetch_into(caller, node, wanted, words.out, Effort())
    else:
        archive = command.own_archive(words.archive)
        results = network.fetch(caller, node, wanted, archive, Effort())
    return _told(words, results)


def _send(words: argparse.Namespace) -> int:
    from app.archive import command, network
    from core.archive.client_commit import commit
    from core.archive.client_confirm import outgoing_files, outgoing_of
    from core.archive.commitment import Asked
    from core.archive.forward import send_to
    from core.archive.transfer import GOOD, Effort
    from core.dicom.files import find_sources

    settings = _settings(words)
    caller, node = network.caller_of(settings), settings.node(words.node)
    refused: list[Any] = []
    if words.source:
        paths = [one.path for one in find_sources(words.source) if not one.member]
        objects, refused = outgoing_files(paths)
    else:
        archive = command.own_archive(words.archive)
        own = command.person(archive, words.id)
        chosen = command.chosen_instances(
            archive, own.id, words.study or None, words.series or None
        )
        objects = outgoing_of(archive, chosen)
    results = send_to(caller, node, objects, Effort())
    if words.commit:
        sent = {one.sop_uid for one in results if one.fate in GOOD}
        asked = [Asked(one.sop_class, one.sop_uid) for one in objects if one.sop_uid in sent]
        answer_at = (settings.listener.host, settings.listener.port)
        answered = commit(caller, node, asked, answer_at=answer_at) if asked else []
        by_uid = {one.sop_uid: one for one in answered}
        results = [by_uid.get(one.sop_uid, one) for one in results]
    return _told(words, [*results, *refused])


def _move(words: argparse.Namespace) -> int:
    from app.archive import network
    from core.archive.client_retrieve import Moved

    settings = _settings(words)
    asked = network.Asked(patient_id=words.id, study_uid=words.study, series_uid=words.series)
    reports = network.move_there(
        network.caller_of(settings), settings.node(words.node), words.to, asked
    )
    whole = all(one.state is State.PASS for one in reports)
    told: list[tuple[int, Moved]] = [(one.expected, one.told) for one in reports]
    answer = {
        "status": State.PASS if whole else State.ERROR,
        "studies": [{"expected": count, **asdict(one)} for count, one in told],
    }
    say(words, answer, "\n".join(one.words() for one in reports))
    return 0 if whole else 1


def _sync(words: argparse.Namespace) -> int:
    from app.archive import command, network
    from core.archive.ledger import Ledger
    from core.archive.mirror import Direction, Mirroring, mirror

    settings = _settings(words)
    node = settings.node(words.node)
    ledger = Ledger(command.own_archive(words.archive))
    how = Mirroring(
        Direction(words.direction), words.deep, words.restore, words.dry_run
    )  # fmt: skip
    report = mirror(ledger, network.caller_of(settings), node, how)
    status = State.PASS if report.is_equal else State.WARNING
    lines = [report.words()]
    for name in ("differ", "gone_here", "gone_there", "damaged_here"):
        lines += [f"  {name.replace('_', ' ')}: {uid}" for uid in getattr(report, name)]
    lines += [f"  {one.sop_uid}: {one.fate}: {one.why}" for one in (*report.sent, *report.fetched)
              if one.why]  # fmt: skip
    say(words, {"status": status, **report.to_json()}, "\n".join(lines))
    return 0 if report.is_equal else 1


def _drill(words: argparse.Namespace) -> int:
    from app.archive import command, network
    from core.archive.drill import drawn, drill
    from core.archive.ledger import Ledger

    settings = _settings(words)
    archive = command.own_archive(words.archive)
    if words.id:
        wanted = command.chosen_instances(
            archive, command.person(archive, words.id).id, words.study or None,
            words.series or None,
        )  # fmt: skip
    else:
        wanted = drawn(archive, words.persons)
    with closing(Ledger(archive)) as ledger:
        report = drill(ledger, network.caller_of(settings), settings.node(words.node), wanted,
                       resend=words.resend)  # fmt: skip
    archive.close()
    status = State.PASS if report.is_proven else State.ERROR
    lines = [report.words()]
    lines += [f"  {one.sop_uid}: {one.proof}{f': {one.why}' if one.why else ''}"
              for one in report.objects if one.proof != "came back equal"]  # fmt: skip
    say(words, {"status": status, **asdict(report)}, "\n".join(lines))
    return 0 if report.is_proven else 1


def _repair(words: argparse.Namespace) -> int:
    from app.archive import command, network
    from core.archive.transfer import Effort

    settings = _settings(words)
    archive = command.own_archive(words.archive)
    results = network.repaired(
        network.caller_of(settings), settings.node(words.node), archive, Effort()
    )
    archive.close()
    if not results:
        say(words, {"status": State.PASS, "objects": []}, "No stored file is known to be damaged.")
        return 0
    return _told(words, results)


def _quarantine(words: argparse.Namespace) -> int:
    from app.archive import command
    from core.archive.differences import differences_of

    archive = command.own_archive(words.archive)
    rows, lines = [], []
    for one in archive.conflicts():
        found = differences_of(archive, one)
        rows.append({**asdict(one), "differences": [asdict(each) for each in found]})
        lines.append(f"{one.sop_uid} from {one.sender}, {one.received}")
        lines += [f"  {each.place}: {each.kept or '-'} | {each.quarantined or '-'}"
                  for each in found]  # fmt: skip
    status = State.WARNING if rows else State.PASS
    say(words, {"status": status, "quarantined": rows}, "\n".join(lines) or "Nothing is there.")
    return 1 if rows else 0


def _told(words: argparse.Namespace, results: Any) -> int:  # noqa: ANN401  (loaded late)
    from app.archive import network

    told = network.results_json(results)
    say(words, told, network.results_text(results))
    return 0 if told["status"] == State.PASS else 1
