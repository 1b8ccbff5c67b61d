"""Set up the program's own environment beside the checkout: Python packages and system libraries.

Standard library only: it runs before anything is installed, on Windows and on Debian.
"""

import ctypes
import ctypes.util
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
FOLDER = CHECKOUT / ".venv"
WINDOWS = os.name == "nt"
PYTHON = FOLDER / ("Scripts/python.exe" if WINDOWS else "bin/python")
OLDEST = (3, 11)

# What Qt loads at run time on Debian, and the package each library comes in.
LIBRARIES = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-shape.so.0": "libxcb-shape0",
}
PROGRAMS = {"Xvfb": "xvfb", "xauth": "xauth"}


class SetUpError(Exception):
    """Something the user has to do before the set-up can go on."""


def ensure(*, extras: str = "", with_screen: bool = False) -> Path:
    """Create or refresh the environment and return its Python.

    Args:
        extras: Optional dependencies of pyproject.toml, e.g. "test".
        with_screen: Also ask for a virtual screen (Xvfb), which the window tests use.

    Raises:
        SetUpError: The user has to install something first; the message holds the line to run.

    """
    if sys.version_info < OLDEST:
        have = ".".join(str(part) for part in sys.version_info[:3])
        raise SetUpError(f"EQS Workstation needs Python 3.11 or newer; this is Python {have}.")
    _system_packages(with_screen=with_screen)
    if not PYTHON.exists():
        print(f"Creating the environment {FOLDER.name} ...", flush=True)
        venv.EnvBuilder(with_pip=True, clear=FOLDER.exists()).create(FOLDER)
    stamp = FOLDER / f"eqs-{extras or 'run'}.stamp"
    wanted = _digest(extras)
    if not stamp.exists() or stamp.read_text() != wanted:
        print("Installing the Python packages ...", flush=True)
        target = f"{CHECKOUT}[{extras}]" if extras else str(CHECKOUT)
        constraints = CHECKOUT / "installer" / "constraints.txt"
        command = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        environment = {**os.environ, "PIP_CONSTRAINT": str(constraints)}
        subprocess.run([*command, "--editable", target], check=True, env=environment)
        stamp.write_text(wanted)
    return PYTHON


def _digest(extras: str) -> str:
    text = extras + sys.version
    for name in ("pyproject.toml", "installer/constraints.txt"):
        text += (CHECKOUT / name).read_text(encoding="utf-8")
    return hashlib.sha256(text.encode()).hexdigest()


def _system_packages(*, with_screen: bool) -> None:
    """Install what Debian lacks when we may; otherwise print the one line to run."""
    if not sys.platform.startswith("linux"):
        return
    missing = [package for library, package in LIBRARIES.items() if not _loads(library)]
    if importlib.util.find_spec("ensurepip") is None and not PYTHON.exists():
        missing.append("python3-venv")
    if with_screen:
        missing += [package for name, package in PROGRAMS.items() if shutil.which(name) is None]
    if not missing:
        return
    line = "apt-get install -y --no-install-recommends " + " ".join(missing)
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise SetUpError(
            "System packages are missing. Run this line, then start again:\n"
            f"  sudo {line}\n(names for Debian and Ubuntu; other systems have them too)"
        )
    print(f"Installing system packages: {' '.join(missing)} ...", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], line.split()):
        done = subprocess.run(command, env=quiet, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SetUpError(f"'{' '.join(command)}' failed:\n{done.stdout}{done.stderr}")


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
