"""How a command is told its words, and how it answers: a table for people, JSON for programs."""

import argparse
import json
from collections.abc import Callable, Iterator
from datetime import date as day
from pathlib import Path
from typing import NoReturn

from core.errors import RemedyError

OUTPUTS = ("csv", "out", "pdf", "report", "xlsx")
"""Options that name a file or folder to be written."""


class Grammar(argparse.ArgumentParser):
    """A command line whose wrong words are one sentence, as every other fault is."""

    def error(self, message: str) -> NoReturn:
        """Refuse; `--json` answers as for every command that could not run."""
        raise RemedyError(message, where=self.prog, remedy=f"{self.prog} --help shows how.")


def new_file(*endings: str) -> Callable[[str], Path]:
    """Return a type of argument: a file to be written, its name with one of these endings."""

    def read(text: str) -> Path:
        path = Path(text)
        if path.suffix.lower() not in endings:
            raise argparse.ArgumentTypeError(f"{text!r} does not end with {' or '.join(endings)}")
        return path

    return read


def date(text: str) -> str:
    """Return a date, typed as 20241231 or 2024-12-31, as DICOM writes it; none where none is."""
    if not text:
        return ""
    try:
        return day.fromisoformat(text).strftime("%Y%m%d")
    except ValueError as fault:
        what = f"{text!r} is no date: 20241231 and 2024-12-31 are"
        raise argparse.ArgumentTypeError(what) from fault


def spare_sources(words: argparse.Namespace) -> None:
    """Refuse an output that is one of the command's own sources.

    Raises:
        RemedyError: It is; nothing has been read or written yet.

    """
    given = vars(words)
    sources = [one for name, value in given.items() if name not in OUTPUTS
               for one in _paths(value)]  # fmt: skip
    for out in (one for name in OUTPUTS for one in _paths(given.get(name))):
        if any(out.resolve() == one.resolve() for one in sources):
            raise RemedyError(
                "the file to be written is one of the sources", where=str(out),
                remedy="Choose another name; nothing was changed.",
            )  # fmt: skip


def _paths(value: object) -> Iterator[Path]:
    for one in value if isinstance(value, list | tuple) else [value]:
        if isinstance(one, Path):
            yield one


def finish(command: argparse.ArgumentParser, run: Callable[[argparse.Namespace], int]) -> None:
    """Give a command its `--json` and what it runs."""
    command.add_argument("--json", action="store_true", help="print JSON instead of a table")
    command.set_defaults(run=run)


def say(words: argparse.Namespace, answer: object, text: str) -> None:
    """Print the answer as JSON or as text."""
    print(json.dumps(answer, indent=1, ensure_ascii=False) if words.json else text)  # noqa: T201  (the command's answer)
