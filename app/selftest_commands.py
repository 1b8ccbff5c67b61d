"""`eqs selftest`: try every part of the program with the demonstration patient."""

# ruff: noqa: PLC0415  (the readers of every room are loaded by the command that needs them)

import argparse
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from app.answers import finish, say
from core.findings import State

CLEAN, FINDINGS = 0, 1


def add_selftest_command(rooms: Any) -> None:  # noqa: ANN401  (argparse has no public name for it)
    """Add `selftest` to the grammar."""
    own = rooms.add_parser("selftest", help="try every part of the program; leaves nothing behind")
    # For the process of one step.
    own.add_argument("--step", help=argparse.SUPPRESS)
    own.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    finish(own, _selftest)


def _selftest(words: argparse.Namespace) -> int:
    from app.selftest.outcome import closing, row, status_of, to_json
    from app.selftest.run import run_all, run_here

    if words.step is not None:
        run_here(words.step, words.folder)
        return CLEAN
    about = _about()
    if not words.json:
        say(words, None, ", ".join(f"{name} {what}" for name, what in about.items()))

    def tell(outcome: Any) -> None:  # noqa: ANN401  (loaded late)
        if not words.json:
            print(row(outcome), flush=True)  # noqa: T201  (the command's answer)

    outcomes = run_all(tell)
    say(words, to_json(outcomes, about), closing(outcomes))
    return CLEAN if status_of(outcomes) is State.PASS else FINDINGS


def _about() -> dict[str, str]:
    """Return what is tried here."""
    try:
        own = version("eqs")
    except PackageNotFoundError:
        own = "(no version)"
    return {"EQS Workstation": own, "Python": platform.python_version(), "on": platform.platform()}
