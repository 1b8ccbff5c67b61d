"""The Filter's own log: who checked what, when, and with which words (R-23, R-28, O-16)."""

import platform
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from app.filter.limits import SHIPPED
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


def rule_set_version() -> str:
    """Return the version that changes with every rule and every limit of the Filter.

    The program's version and a digest over the Filter's code (where it is installed as such),
    its limits and its tables.
    """
    digest = sha256()
    code = sorted(Path(__file__).parent.glob("*.py"))
    for file in (*code, SHIPPED, *sorted(TABLES.glob("*.toml"))):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return f"{program_version()}+{digest.hexdigest()[:12]}"
