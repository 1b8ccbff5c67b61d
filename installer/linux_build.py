"""The wheel, tried in an empty environment, and the frozen program made from that environment."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from environment import CHECKOUT, WINDOWS
from tree import self_test, size_table, write_list

BUILD = CHECKOUT / "build"
DIST = CHECKOUT / "dist"
PIP = ("-m", "pip", "--disable-pip-version-check", "--quiet")


def wheel(folder: Path = DIST) -> Path:
    """Build the wheel anew into a folder and return it."""
    for old in folder.glob("eqs-*.whl"):
        old.unlink()
    words = ["wheel", "--no-deps", "--wheel-dir", str(folder), str(CHECKOUT)]
    subprocess.run([sys.executable, *PIP, *words], check=True)
    (made,) = folder.glob("eqs-*.whl")
    return made


def tools() -> Path:
    """Return the Python of the tools' own environment, made at the first call."""
    return _environment("tools", "-r", str(CHECKOUT / "installer" / "build_tools.txt"))


def installed(made: Path) -> Path:
    """Install the wheel into an empty environment and return its Python."""
    return _environment("installed", "--force-reinstall", str(made), anew=True)


def _environment(name: str, *words: str, anew: bool = False) -> Path:
    folder = BUILD / name
    venv.EnvBuilder(with_pip=True, clear=anew).create(folder)
    python = folder / ("Scripts/python.exe" if WINDOWS else "bin/python")
    limits = {**os.environ, "PIP_CONSTRAINT": str(CHECKOUT / "installer" / "constraints.txt")}
    subprocess.run([python, *PIP, "install", *words], env=limits, check=True)
    return python


def build_wheel() -> int:
    """Build the wheel, install it into an empty environment, try it; return the exit code."""
    made = wheel()
    print(f"{made.name}: {made.stat().st_size / 1e6:.1f} MB", flush=True)
    return self_test([installed(made).parent / "eqs"])


def build_frozen() -> int:
    """Freeze the program into dist/eqs, list its files and try it; return the exit code."""
    python = BUILD / "installed" / "bin" / "python"
    if not python.exists():
        python = installed(wheel())
    needed = str(CHECKOUT / "installer" / "build_tools.txt")
    subprocess.run([python, *PIP, "install", "-r", needed], check=True)
    folder = DIST / "eqs"
    shutil.rmtree(folder, ignore_errors=True)
    words = ["--noconfirm", "--log-level", "ERROR", "--distpath", DIST, "--workpath", BUILD]
    recipe = CHECKOUT / "installer" / "eqs.spec"
    subprocess.run([python, "-m", "PyInstaller", *words, recipe], cwd=CHECKOUT, check=True)
    write_list(folder)
    print(size_table(folder / "_internal"), flush=True)
    return self_test([folder / "eqs"])
