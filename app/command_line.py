"""The commands of every room. Stable; exit code 0, 1 or 2."""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from app.answers import Grammar, finish, say, spare_sources
from app.archive_commands import add_archive_commands
from app.audit_commands import add_audit_commands
from app.console import prepare_console, reader_is_gone
from app.demo.write_demo import write_demo
from app.film_commands import add_film_commands
from app.filter.rtp_check import check
from app.filter.rtp_show import describe, table
from app.filter.rtp_text import read_file
from app.filter_commands import add_filter_commands
from app.help_commands import add_help_commands
from app.lex_commands import add_lex_commands
from app.mu_commands import add_book_commands
from app.mu_special_commands import add_special_commands
from app.plane_commands import add_plane_commands
from app.portal_commands import add_portal_commands
from app.screen import why_no_screen
from app.selftest_commands import add_selftest_command
from app.settings_commands import add_settings_commands
from app.support import add_support_command
from app.training_commands import add_training_commands
from app.viewer_commands import add_viewer_commands
from core.errors import RemedyError
from core.findings import Finding, State, overall

CLEAN, FINDINGS, COULD_NOT_RUN = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 clean, 1 findings, 2 could not run."""
    prepare_console()
    given = sys.argv[1:] if arguments is None else list(arguments)
    words = argparse.Namespace(json="--json" in given)
    try:
        words = parser().parse_args(given)
        spare_sources(words)
        run: Callable[[argparse.Namespace], int] = words.run
        return _to_the_end(run(words))
    except RemedyError as problem:
        return _refuse(words, problem.what, problem.where, problem.remedy)
    except OSError as problem:
        if isinstance(problem, BrokenPipeError) and reader_is_gone():
            return 2
        where = str(problem.filename or "")
        return _refuse(words, problem.strerror or str(problem), where, "Check path and rights.")
    except Exception as fault:  # noqa: BLE001  (never a traceback for the user; exit code 2)
        what = f"the program has a fault: {type(fault).__name__}: {fault}"
        remedy = "Tell your support which command and which kind of file it was."
        return _refuse(words, what, "eqs", remedy)


def _to_the_end(code: int) -> int:
    sys.stdout.flush()  # here, not at the end of the program, where its fault is nobody's
    return code


def parser() -> argparse.ArgumentParser:
    """Return the grammar of the command line."""
    top: argparse.ArgumentParser = Grammar(
        prog="eqs", description="Move a radiotherapy plan safely to the machine, and check it."
    )
    top.add_argument("--demo", action="store_true", help="open with demonstration data")
    top.set_defaults(run=_window, json=False)
    rooms = top.add_subparsers(metavar="COMMAND")
    demo = rooms.add_parser("demo", help="write the demonstration patient")
    demo.add_argument("folder", type=Path, metavar="DIR")
    finish(demo, _demo)
    rtp = rooms.add_parser("rtp", help="look at an RTP-Connect file").add_subparsers(required=True)
    for name, run, words in (
        ("show", _rtp_show, "print records and values"),
        ("check", _rtp_check, "check checksums, layout and values"),
    ):
        one = rtp.add_parser(name, help=words)
        one.add_argument("file", type=Path, metavar="FILE")
        finish(one, run)
    add_lex_commands(rooms)
    add_filter_commands(rooms)
    add_book_commands(rooms)
    add_special_commands(rooms)
    add_plane_commands(rooms)
    add_film_commands(rooms)
    add_viewer_commands(rooms)
    add_archive_commands(rooms)
    add_portal_commands(rooms)
    add_audit_commands(rooms)
    add_settings_commands(rooms)
    add_selftest_command(rooms)
    add_help_commands(rooms)
    add_training_commands(rooms)
    add_support_command(rooms)
    return top


def _window(words: argparse.Namespace) -> int:
    why = why_no_screen()
    if why:
        raise RemedyError(
            why, where="eqs",
            remedy="Start it on a desktop; the commands need none (eqs --help).",
        )  # fmt: skip
    from app.start import show  # noqa: PLC0415  (Qt is loaded only when a window is asked)

    if not words.demo:
        return show()
    with tempfile.TemporaryDirectory(prefix="eqs-demo-") as name:
        folder = Path(name) / "demonstration"
        write_demo(folder)
        return show(folder)


def _demo(words: argparse.Namespace) -> int:
    demo = write_demo(words.folder)
    files = sorted(str(file.relative_to(demo.folder)) for file in demo.folder.rglob("*.*"))
    say(words, {"status": "pass", "folder": str(demo.folder), "files": files}, _told(demo.folder))
    return CLEAN


def _told(folder: Path) -> str:
    return f"Demonstration patient written to {folder}; read README.txt there first."


def _rtp_show(words: argparse.Namespace) -> int:
    file = read_file(words.file)
    say(words, describe(file), table(file))
    return CLEAN


def _rtp_check(words: argparse.Namespace) -> int:
    findings = check(words.file)
    status = overall(findings)
    answer = {"status": status, "findings": [_row(finding) for finding in findings]}
    lines = [f"{finding.state:8} {finding.message}" for finding in findings]
    say(words, answer, "\n".join([*lines, f"{words.file.name}: {status}"]))
    return CLEAN if status == State.PASS else FINDINGS


def _row(finding: Finding) -> dict[str, object]:
    return {
        "rule": finding.rule, "severity": finding.state, "field": finding.field,
        "control_point": finding.control_point, "item": finding.item,
        "expected": finding.expected, "found": finding.found, "unit": finding.unit,
        "message": finding.message, "remedy": finding.remedy,
    }  # fmt: skip


def _refuse(words: argparse.Namespace, what: str, where: str, remedy: str) -> int:
    if words.json:
        fault = {"what": what, "where": where, "remedy": remedy}
        print(json.dumps({"status": "could-not-run", "error": fault}, ensure_ascii=False))  # noqa: T201  (the command's answer)
    print(f"{what} ({where}). {remedy}", file=sys.stderr)  # noqa: T201  (the command's answer)
    return COULD_NOT_RUN
