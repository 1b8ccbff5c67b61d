"""Lay out the folder that the Windows set-up installs: Python, wheels, program, licences."""

import compileall
import fnmatch
import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable, Mapping
from email.parser import HeaderParser
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Any

from environment import CHECKOUT, SetUpError
from tree import digest, write_list

HERE = CHECKOUT / "installer" / "windows"
LOCK = HERE / "wheels.txt"
WHEELS = CHECKOUT / "build" / "windows-wheels"
PACKAGES = Path("python", "Lib", "site-packages")
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
FOR_WINDOWS = (
    "--no-deps", "--only-binary=:all:", "--platform=win_amd64", "--python-version=3.11",
    "--implementation=cp",
)  # fmt: skip
LAUNCHER = '@"%~dp0python\\python.exe" -m eqs %*\r\n'
# Python's own archive, the folder of python.exe, the packages, and what their .pth files add.
SEARCH_PATH = "python311.zip\r\n.\r\nLib\\site-packages\r\nimport site\r\n"
LICENCE_NAMES = ("licen[cs]e*", "copying*", "notice*", "*third*party*")


def contents() -> dict[str, Any]:
    """Return the table of what is left out, what stays and what Windows brings."""
    return tomllib.loads((HERE / "contents.toml").read_text(encoding="utf-8"))


def python_archive() -> Path:
    """Return the archive of Python that the release person has placed.

    Raises:
        SetUpError: It is not there, or it is another one.

    """
    pinned = contents()["python"]
    file = HERE / pinned["file"]
    where = file.relative_to(CHECKOUT).as_posix()
    if not file.is_file():
        raise SetUpError(
            f"Python for Windows is missing: place {pinned['file']} from python.org at {where} "
            "(or build the test set-up with --no-python)."
        )
    if digest(file) != pinned["sha256"]:
        raise SetUpError(
            f"{where} is not the file that is pinned: its SHA-256 is {digest(file)}, not "
            f"{pinned['sha256']}. Download it again from python.org."
        )
    return file


def lay_out(stage: Path, wheel: Path, tools: Path, *, with_python: bool) -> None:
    """Lay the whole folder out anew.

    Args:
        stage: The folder; an older one is removed.
        wheel: The program.
        tools: Python with pefile.
        with_python: Whether Python itself is part of it; False for a test set-up.

    Raises:
        SetUpError: Python is missing, or a library that a program file asks for.

    """
    archive = python_archive() if with_python else None
    shutil.rmtree(stage, ignore_errors=True)
    packages = stage / PACKAGES
    packages.mkdir(parents=True)
    if archive is not None:
        with zipfile.ZipFile(archive) as pack:
            pack.extractall(stage / "python")
        (stage / "python" / "python311._pth").write_text(SEARCH_PATH, "ascii", newline="")
    _install(packages, wheel)
    table = contents()
    _drop(packages, table["drop"]["patterns"])
    _keep_used(packages, table["libraries"], asked(tools, stage))
    lacking = missing(asked(tools, stage), table["system"])
    if lacking:
        raise SetUpError(f"Libraries are missing: {', '.join(lacking)}.")
    _licences(packages, stage / "licences")
    shutil.copy(CHECKOUT / "LICENSE", stage / "LICENSE.txt")
    (stage / "eqs.cmd").write_text(LAUNCHER, "ascii", newline="")
    _compile(packages)
    write_list(stage)


def _install(packages: Path, wheel: Path) -> None:
    WHEELS.mkdir(parents=True, exist_ok=True)
    lock = ("--require-hashes", "--requirement", str(LOCK))
    subprocess.run([*PIP, "download", *FOR_WINDOWS, *lock, "--dest", str(WHEELS)], check=True)
    target = ("--target", str(packages), "--no-compile", "--no-index")
    found = ("--find-links", str(WHEELS))
    subprocess.run([*PIP, "install", *FOR_WINDOWS, *target, *found, *lock], check=True)
    subprocess.run([*PIP, "install", *FOR_WINDOWS, *target, str(wheel)], check=True)
    # It names the folder the wheel was built in.
    for note in packages.glob("eqs-*.dist-info/direct_url.json"):
        note.unlink()


def _drop(packages: Path, patterns: Iterable[str]) -> None:
    """Remove the files of some patterns, then every folder left empty."""
    rules = [re.compile(_expression(one)) for one in patterns]
    for file in list(packages.rglob("*")):
        name = file.relative_to(packages).as_posix()
        if file.is_file() and any(rule.fullmatch(name) for rule in rules):
            file.unlink()
    _remove_empty(packages)


def _expression(pattern: str) -> str:
    """Return a pattern as a regular expression: * within a name, ** over folders."""
    parts = re.split(r"(\*\*/|\*\*|\*)", pattern)
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*"}
    return "".join(words.get(part, re.escape(part)) for part in parts)


def _remove_empty(folder: Path) -> None:
    for one in sorted(folder.rglob("*"), key=lambda path: -len(path.parts)):
        if one.is_dir() and not any(one.iterdir()):
            one.rmdir()


def asked(tools: Path, folder: Path) -> dict[str, list[str]]:
    """Return the libraries each program file of a folder asks for."""
    script = CHECKOUT / "installer" / "windows_closure.py"
    done = subprocess.run([tools, script, folder], capture_output=True, text=True, check=True)
    table: dict[str, list[str]] = json.loads(done.stdout)
    return table


def _keep_used(packages: Path, rules: Mapping[str, Any], asks: Mapping[str, list[str]]) -> None:
    """Remove every library of Qt and VTK that nothing of what is used asks for."""
    prefix = f"{PACKAGES.as_posix()}/"
    own = {name.removeprefix(prefix): one for name, one in asks.items() if name.startswith(prefix)}
    held = {name for name in own if name.split("/")[0] in rules["folders"]}
    roots = [f"PySide6/{one}.pyd" for one in rules["qt"]]
    roots += [f"PySide6/plugins/{one}" for one in rules["qt_plugins"]]
    roots += [f"PySide6/{one}" for one in rules["qt_extra"]]
    roots += [f"vtkmodules/{one}.*.pyd" for one in rules["vtk"]]
    empty = [one for one in roots if not fnmatch.filter(held, one)]
    if empty:
        raise SetUpError(f"contents.toml names what the wheels do not hold: {', '.join(empty)}.")
    used = {name for one in roots for name in fnmatch.filter(held, one)} | (set(own) - held)
    by_name: dict[str, list[str]] = {}
    for name in own:
        by_name.setdefault(name.split("/")[-1].lower(), []).append(name)
    ahead = sorted(used)
    while ahead:
        asked_now = {one for name in ahead for one in own[name]}
        new = {name for one in asked_now for name in by_name.get(one, ())} - used
        used |= new
        ahead = sorted(new)
    for name in held - used:
        (packages / name).unlink()
    _remove_empty(packages)


def missing(asks: Mapping[str, list[str]], system: Mapping[str, list[str]]) -> list[str]:
    """Return each library that is asked for and is neither here nor a part of Windows."""
    here = {name.split("/")[-1].lower() for name in asks} | set(system["libraries"])
    ahead = tuple(system["prefixes"])
    return sorted(
        f"{one} (for {name})"
        for name, libraries in asks.items()
        for one in libraries
        if one not in here and not one.startswith(ahead)
    )


def _licences(packages: Path, target: Path) -> None:
    """Gather the licence texts of every package, and a table of them."""
    rows = []
    for about in sorted(packages.glob("*.dist-info"), key=lambda one: one.name.lower()):
        told = HeaderParser().parsestr((about / "METADATA").read_text(encoding="utf-8"))
        name, version = told["Name"], told["Version"]
        texts = [
            file
            for file in sorted(about.rglob("*"))
            if file.is_file()
            and any(fnmatch.fnmatch(file.name.lower(), one) for one in LICENCE_NAMES)
        ]
        for file in texts:
            place = target / name / file.relative_to(about)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, place)
        where = f"{len(texts)} texts in {name}/" if texts else "the wheel has no text"
        rows.append(f"{name} {version}: {_licence(told)}; {where}")
    target.mkdir(parents=True, exist_ok=True)
    (target / "README.txt").write_text("\r\n".join([*rows, ""]), encoding="utf-8", newline="")


def _licence(told: Any) -> str:  # noqa: ANN401  (an email message, which metadata are)
    """Return the licence of a package as its metadata say it, in one line."""
    short = told["License-Expression"] or told["License"] or ""
    named = [one.split(" :: ")[-1] for one in told.get_all("Classifier") or () if "License" in one]
    plain = short.strip().splitlines()[0] if short.strip() else ""
    return plain if plain and len(plain) < 80 else ", ".join(named) or "see its texts"


def _compile(packages: Path) -> None:
    """Compile every module; neither the folder it was built in nor a time is in the outcome.

    Raises:
        SetUpError: This is another Python than the one that is shipped.

    """
    if sys.version_info[:2] != (3, 11):
        raise SetUpError("The modules are compiled for Python 3.11: start build.py with that one.")
    compileall.compile_dir(
        packages, quiet=2, stripdir=str(packages), workers=0,
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )  # fmt: skip
