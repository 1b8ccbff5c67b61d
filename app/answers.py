"""How a command answers: a table for people, JSON for programs."""

import argparse
import json
from collections.abc import Callable


def finish(command: argparse.ArgumentParser, run: Callable[[argparse.Namespace], int]) -> None:
    """Give a command its `--json` and what it runs."""
    command.add_argument("--json", action="store_true", help="print JSON instead of a table")
    command.set_defaults(run=run)


def say(words: argparse.Namespace, answer: object, text: str) -> None:
    """Print the answer as JSON or as text."""
    print(json.dumps(answer, indent=1, ensure_ascii=False) if words.json else text)  # noqa: T201  (the command's answer)
