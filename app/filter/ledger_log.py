"""The Filter's own log: who checked what, when, and with which words (R-23, R-28, O-16)."""

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from core.audit import append, entries
from core.paths import RESOURCES, data_folder

TABLES = RESOURCES / "filter"


def filter_folder() -> Path:
    """Return the folder of the Filter's log, baselines and key; it is made when missing."""
    folder = data_folder() / "filter"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def log_file() -> Path:
    """Return the chained log; `core.audit.verify` tells whether it is whole."""
    return filter_folder() / "log.jsonl"


def record(action: str, words: dict[str, Any]) -> str:
    """Add an entry; it is on the disk when this returns. The log adds login and time.

    Returns:
        The SHA-256 of the line.

    Raises:
        LogError: The log cannot be written, so what should be in it has not happened.

    """
    return append(log_file(), {**words, "action": action, "station": platform.node()})


def recorded(action: str) -> tuple[dict[str, Any], ...]:
    """Return every entry of one action, oldest first."""
    return tuple(entry for entry in entries(log_file()) if entry.get("action") == action)


def program_version() -> str:
    """Return the version of the installed program."""
    try:
        return version("eqs")
    except PackageNotFoundError:
        return "unknown"
