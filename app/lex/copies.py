"""Local copies of what was fetched from a planning server: whole and proven, or not opened (L-02).

A copy is a folder: `files` with the tree as the server has it, and `manifest.json`, written last,
with size and SHA-256 of every file. Before it is whole it has a name that begins with a dot.
"""

import hashlib
import json
import os
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from core.errors import ClinicFileError, UnreadableFileError
from core.layers import own_layers
from core.machine_values import near_name
from core.paths import RESOURCES, data_folder
from core.safe_write import write_whole

FILES = "files"
MANIFEST = "manifest.json"
UNFINISHED = "."
_FORMAT = "EQS Workstation copy 1"
_FETCH = "Fetch the plan from the planning server again."
_BLOCK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class CopiedFile:
    """One file of a copy.

    Attributes:
        path: Below `files`, parts joined by "/".
        modified: As the server stated it.

    """

    path: str
    size: int
    modified: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a copy is: where from, when (UTC, ISO 8601), and every file of it."""

    source: str
    when: str
    files: tuple[CopiedFile, ...]


def copies_folder() -> Path:
    """Return the folder of all copies; only this user may look into it. It is made if missing."""
    folder = data_folder() / "copies"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def server_folder(name: str) -> Path:
    """Return the folder for the copies from one server; its name is safe on every system."""
    letters = "".join(sign if sign.isalnum() or sign in "-_" else "_" for sign in name)
    # Names that differ only in the signs replaced must not share a folder.
    mark = hashlib.sha256(name.encode()).hexdigest()[:6]
    folder = copies_folder() / f"{letters[:40]}-{mark}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def write_manifest(copy: Path, manifest: Manifest) -> None:
    """Write what the copy holds; the last thing done to it."""
    data = {"format": _FORMAT, **asdict(manifest)}
    write_whole(copy / MANIFEST, json.dumps(data, indent=1, ensure_ascii=False).encode())


def require_whole(path: Path) -> None:
    """Check, for a path in the folder of copies, that its copy is whole and unchanged.

    Any other path is let through: it is no copy.

    Raises:
        UnreadableFileError: There is no valid manifest, or a file is not the one that was fetched.

    """
    place = path.resolve()
    try:
        copies = (data_folder() / "copies").resolve()
    except OSError:
        return
    for folder in (place, *place.parents):
        if folder.parent.parent == copies:
            verify(folder)
            return
    if place.is_relative_to(copies):
        raise _broken("this is no copy of a plan", place)


def verify(copy: Path) -> Manifest:
    """Return the manifest of a copy after every file has been hashed again.

    Raises:
        UnreadableFileError: As for `require_whole`.

    """
    if copy.name.startswith(UNFINISHED):
        raise _broken("this copy was never finished", copy)
    return prove(copy)


def prove(copy: Path) -> Manifest:
    """Return the manifest of a copy, whatever its name, after every file was hashed again.

    Raises:
        UnreadableFileError: As for `require_whole`.

    """
    manifest = _manifest(copy)
    files = copy / FILES
    listed = {one.path: one for one in manifest.files}
    there = {file.relative_to(files).as_posix() for file in files.rglob("*") if not file.is_dir()}
    for name in sorted(listed.keys() ^ there):
        word = "is missing from" if name in listed else "does not belong to"
        raise _broken(f"{name} {word} the copy", copy)
    for one in manifest.files:
        if sha256_of(files / one.path) != one.sha256:
            raise _broken(f"{one.path} is not what was fetched", copy)
    return manifest


def sha256_of(file: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _manifest(copy: Path) -> Manifest:
    try:
        data: dict[str, Any] = json.loads((copy / MANIFEST).read_bytes())
        if data.pop("format") != _FORMAT:
            raise _broken("its manifest is of another kind", copy)
        files = tuple(CopiedFile(**one) for one in data.pop("files"))
        return Manifest(files=files, **data)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
        raise _broken("the copy has no valid manifest", copy) from fault


def _broken(what: str, copy: Path) -> UnreadableFileError:
    return UnreadableFileError(what, where=str(copy), remedy=_FETCH)


# Age.


@dataclass(frozen=True, slots=True)
class Limits:
    """How long copies stay, in days since they were made."""

    keep_days: float
    unfinished_days: float


def read_limits() -> Limits:
    """Return the limits: the clinic's copies.toml where there is one, else the shipped one.

    Raises:
        ClinicFileError: The file cannot be read, or a limit is unknown, missing or out of range.

    """
    file = own_layers().strongest("copies.toml") or RESOURCES / "copies.toml"
    try:
        top = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as fault:
        raise _limit_fault(f"it cannot be read: {fault}", file) from fault
    wanted = ("keep_days", "unfinished_days")
    if set(top) - {"copies"}:
        raise _limit_fault(f"unknown entry {min(set(top) - {'copies'})!r}", file)
    table = top.get("copies", {})
    if not isinstance(table, dict):
        raise _limit_fault(f"copies is {table!r}, not a table", file)
    for key in table:
        if key not in wanted:
            remedy = near_name(key, wanted, f"Known are {', '.join(wanted)}.")
            raise ClinicFileError(f"unknown limit {key!r}", where=str(file), remedy=remedy)
    return Limits(*(_limit(table.get(key), key, file) for key in wanted))


def _limit(entry: Any, key: str, file: Path) -> float:  # noqa: ANN401  (TOML value)
    """Return one limit that lies within its own range and says where it comes from."""
    try:
        value, least, most = (float(entry[name]) for name in ("value", "least", "most"))
        sound = least <= value <= most and entry["unit"] == "days" and entry["source"]
    except (TypeError, KeyError, ValueError) as fault:
        raise _limit_fault(f"{key} lacks value, unit, least, most or source", file) from fault
    if not sound:
        raise _limit_fault(f"{key} is {value:g}, not between {least:g} and {most:g} days", file)
    return value


def _limit_fault(what: str, file: Path) -> ClinicFileError:
    return ClinicFileError(what, where=str(file), remedy="Compare with the shipped copies.toml.")


def remove_old_copies(now: datetime, limits: Limits) -> tuple[str, ...]:
    """Remove the copies that are older than their limit; return their names.

    One that cannot be removed, because it is open, stays for the next time.
    """
    removed = []
    for copy in _all_copies():
        days = limits.unfinished_days if copy.name.startswith(UNFINISHED) else limits.keep_days
        if now - _made(copy) > timedelta(days=days):
            shutil.rmtree(copy, ignore_errors=True)
            removed += [] if copy.exists() else [copy.name]
    return tuple(removed)


def _all_copies() -> Iterator[Path]:
    for server in sorted(copies_folder().iterdir()):
        if server.is_dir():
            yield from sorted(entry for entry in server.iterdir() if entry.is_dir())


def _made(copy: Path) -> datetime:
    """Return when a copy was made: by its manifest, else by its folder."""
    try:
        return datetime.fromisoformat(_manifest(copy).when)
    except (UnreadableFileError, ValueError, TypeError):
        return datetime.fromtimestamp(os.stat(copy).st_mtime, UTC)  # noqa: PTH116  (one call)
