"""The support bundle: what a helper far away needs to know, and nothing about any patient.

eqs support FILE.zip      writes it; nothing is sent anywhere.
"""

import argparse
import hashlib
import io
import json
import platform
import re
import zipfile
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from app.answers import finish, say
from core.fault_log import fault_file, log_folder, program_path
from core.layers import Layer, own_layers
from core.paths import RESOURCES
from core.safe_write import write_whole

KEYS = {Layer.MACHINE: "machine", Layer.CLINIC: "share", Layer.USER: "clinic"}
_FILE_NAMED = re.compile(r'File "([^"]+)"')
READ_ME = """\
Support bundle of EQS Workstation. It holds:
about.json    versions of the program, Python, the libraries and the system
tables.json   names and SHA-256 of the clinic's own tables, and of the shipped ones they replace
faults.jsonl  kind and places of the program's faults, without their words
crash-*.txt   places in the program at a crash
It holds no patient, plan, file name of a plan, server, user or password.
"""


def add_support_command(rooms: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `eqs support`."""
    one = rooms.add_parser("support", help="write a bundle for support, without patient data")
    one.add_argument("file", type=Path, metavar="FILE.zip")
    finish(one, _run)


def _run(words: argparse.Namespace) -> int:
    names = write_bundle(words.file)
    say(words, {"status": "pass", "file": str(words.file), "holds": names},
        f"{words.file} holds {', '.join(names)}.")  # fmt: skip
    return 0


def write_bundle(file: Path) -> list[str]:
    """Write the bundle and return the names of what it holds.

    Raises:
        OSError: The file cannot be written.

    """
    parts = {
        "README.txt": READ_ME,
        "about.json": json.dumps(about(), indent=1),
        "tables.json": json.dumps(_tables(), indent=1),
        **_logs(),
    }
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, text in parts.items():
            bundle.writestr(name, text)
    write_whole(file, data.getvalue())
    return list(parts)


def about() -> dict[str, Any]:
    """Return versions of everything that runs; the name of machine and user are left out."""
    libraries = {one.name: one.version for one in distributions() if one.name}
    return {
        "program": libraries.get("eqs", "checkout"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "libraries": dict(sorted(libraries.items(), key=lambda pair: pair[0].lower())),
    }


def _tables() -> dict[str, dict[str, str]]:
    """Return which tables of the clinic are in force: by digest, for they may name people."""
    tables: dict[str, dict[str, str]] = {}
    for place in own_layers().places:
        found = sorted(file for file in place.path.rglob("*") if file.is_file())
        for file in found:
            name = file.relative_to(place.path).as_posix()
            row = tables.setdefault(name, {"shipped": _digest(RESOURCES / name)})
            row[KEYS[place.layer]] = _digest(file)
    return tables


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""


def _logs() -> dict[str, str]:
    faults = [fault_file().with_suffix(".old.jsonl"), fault_file()]
    crashes = sorted(log_folder().glob("crash-*.txt"))
    return {file.name: _places_only(file) for file in [*faults, *crashes] if file.is_file()}


def _places_only(file: Path) -> str:
    """Return a log with the folders above the program left out: they may name a person."""
    text = file.read_text(encoding="utf-8", errors="replace")
    return _FILE_NAMED.sub(lambda found: f'File "{program_path(found[1])}"', text)
