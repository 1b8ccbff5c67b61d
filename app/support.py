"""The support bundle: what a helper far away needs to know, and nothing about any patient.

eqs support FILE.zip      writes it; nothing is sent anywhere.

A damaged layers.toml or a share out of reach does not hold it up: just then it is wanted. What
could not be read is said in it, and by whoever wrote it.
"""

import argparse
import hashlib
import io
import json
import platform
import re
import zipfile
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from app.answers import finish, say
from core.errors import ClinicFileError
from core.fault_log import fault_file, log_folder, program_path
from core.findings import State
from core.layers import Layer, OwnFile, known, own_layers, require_there
from core.paths import RESOURCES, clinic_folder, machine_folder
from core.safe_write import write_whole
from core.settings.rows import shipped_file

KEYS = {Layer.MACHINE: "machine", Layer.CLINIC: "share", Layer.USER: "clinic"}
_FILE_NAMED = re.compile(r'File "([^"]+)"')
READ_ME = """\
Support bundle of EQS Workstation. It holds:
about.json    versions of the program, Python, the libraries and the system
tables.json   names and SHA-256 of the clinic's own tables, and of the shipped ones they replace
layers.txt    only where the layers of tables could not be read whole: why
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
    written = write_bundle(words.file)
    said = [f"{words.file} holds {', '.join(written.names)}.", *written.unread]
    state = State.WARNING if written.unread else State.PASS
    say(words, {"status": state, "file": str(words.file), "holds": written.names,
                "unread": written.unread}, "\n".join(said))  # fmt: skip
    return 1 if written.unread else 0


@dataclass(frozen=True, slots=True)
class Written:
    """What a bundle holds, and in sentences what could not be read for it."""

    names: list[str]
    unread: list[str]


def write_bundle(file: Path) -> Written:
    """Write the bundle.

    Raises:
        OSError: The file cannot be written.

    """
    tables, unread = _tables()
    parts = {
        "README.txt": READ_ME,
        "about.json": json.dumps(about(), indent=1),
        "tables.json": json.dumps(tables, indent=1),
        **({"layers.txt": "\n".join([*unread, ""])} if unread else {}),
        **_logs(),
    }
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, text in parts.items():
            bundle.writestr(name, text)
    write_whole(file, data.getvalue())
    return Written(list(parts), unread)


def about() -> dict[str, Any]:
    """Return versions of everything that runs; the name of machine and user are left out."""
    libraries = {one.name: one.version for one in distributions() if one.name}
    return {
        "program": libraries.get("eqs", "checkout"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "libraries": dict(sorted(libraries.items(), key=lambda pair: pair[0].lower())),
    }


def _tables() -> tuple[dict[str, dict[str, str]], list[str]]:
    """Return the clinic's tables by digest, for they may name people; and what was not read."""
    tables: dict[str, dict[str, str]] = {}
    places, unread = _places()
    for place in places:
        try:
            require_there(place)
            # A snapshot first: a folder that goes away half way is then told, not left half.
            found = sorted(file for file in place.path.rglob("*") if file.is_file())
            rows = {file.relative_to(place.path).as_posix(): _digest(file) for file in found}
        except (ClinicFileError, OSError) as fault:
            unread.append(f"The layer '{place.layer}' could not be read: {_why(fault)}.")
            continue
        for name, digest in rows.items():
            row = tables.setdefault(name, {"shipped": _digest(_shipped(name))})
            row[KEYS[place.layer]] = digest
    return tables, unread


def _shipped(name: str) -> Path:
    """Return the shipped file that one of a layer's takes the place of; it need not be there."""
    kind = known(name)
    if kind is None or not kind.shipped:
        return RESOURCES / name
    if kind.merge == "folder":
        return RESOURCES / kind.shipped / name.removeprefix(f"{kind.name}/")
    return shipped_file(name) or RESOURCES / name


def _places() -> tuple[tuple[OwnFile, ...], list[str]]:
    """Return the folders of the layers; those that are known without layers.toml where it fails.

    The sentence names no folder: it may bear the name of a person or a server.
    """
    try:
        return own_layers().places, []
    except ClinicFileError as fault:
        said = f"The layers of the clinic's tables could not be read (layers.toml): {_why(fault)}."
    machine = OwnFile(Layer.MACHINE, machine_folder())
    try:
        machines = (machine,) if machine.path.is_dir() else ()
    except OSError:
        machines = ()
    return (*machines, OwnFile(Layer.USER, clinic_folder())), [said]


def _why(fault: Exception) -> str:
    """Return the reason without the place, which `where` and the file's name tell."""
    if isinstance(fault, ClinicFileError):
        return fault.what
    return (fault.strerror if isinstance(fault, OSError) else "") or type(fault).__name__


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
