"""The installed files: what the package's own list says of them, and the tables they hold."""

import base64
import hashlib
import sys
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from app.filter.mu.book_check import open_book
from app.filter.mu.books import GENERIC
from app.selftest.outcome import NotTriedError, SelfTestError
from core.machines import machine_ids, read_machine
from core.paths import RESOURCES

# Written by installer/build.py beside the program: SHA-256 and name of every file.
LIST = "files.sha256"


def installed_files(_folder: Path) -> str:
    """Read every installed file again and compare it with the list made when it was built."""
    own = own_list()
    if own is not None:
        return _compared(own.parent, _listed(own))
    found = _own_distribution()
    if found is None:
        raise NotTriedError("This is a checkout or an editable installation: there is no list.")
    lines = (
        one for one in found.files or () if one.hash is not None and one.hash.mode == "sha256"
    )
    wanted = {str(one): _hexadecimal(one.hash.value) for one in lines if one.hash is not None}
    return _compared(Path(str(found.locate_file(""))), wanted)


def own_list() -> Path | None:
    """Return the list beside the program's own Python, where the installer has laid one."""
    folder = Path(sys.executable).resolve().parent
    return next((one / LIST for one in (folder, folder.parent) if (one / LIST).is_file()), None)


def _own_distribution() -> Distribution | None:
    """Return the installed package that this very code is from."""
    try:
        found = distribution("eqs")
    except PackageNotFoundError:
        return None
    ours = Path(str(found.locate_file("eqs/resources"))).resolve()
    return found if ours == RESOURCES.resolve() else None


def _listed(file: Path) -> dict[str, str]:
    rows = (line.split("  ", 1) for line in file.read_text(encoding="utf-8").splitlines())
    return {name: digest for digest, name in rows}


def _hexadecimal(record: str) -> str:
    """Return a digest of RECORD (base64 without its padding) as hexadecimal digits."""
    return base64.urlsafe_b64decode(record + "=" * (-len(record) % 4)).hex()


def _compared(folder: Path, wanted: dict[str, str]) -> str:
    if not wanted:
        raise SelfTestError("the list of installed files is empty", str(folder))
    for name, digest in wanted.items():
        file = folder / name
        if not file.is_file():
            raise SelfTestError("an installed file is missing", name)
        with file.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != digest:
                raise SelfTestError("an installed file has been changed", name)
    return f"{len(wanted)} files are as they were built."


def tables(_folder: Path) -> str:
    """Read every table the program ships, and that every help page and icon is there."""
    files = sorted(RESOURCES.rglob("*.toml"))
    for file in files:
        try:
            tomllib.loads(file.read_text(encoding="utf-8"))
        except ValueError as fault:
            raise SelfTestError(f"the table cannot be read: {fault}", file.name) from fault
    machines = [read_machine(stem) for stem in machine_ids()]
    book = open_book(GENERIC)
    pages = sorted((RESOURCES / "help").glob("*.md"))
    if not (files and machines and pages):
        raise SelfTestError("tables or help pages are missing", str(RESOURCES))
    return (
        f"{len(files)} tables, {len(machines)} machines, {len(book.beams)} beams of the generic "
        f"book and {len(pages)} help pages read."
    )
