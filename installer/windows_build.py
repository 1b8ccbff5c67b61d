"""The set-up program for Windows: stage, list, NSIS."""

import os
import shutil
import subprocess
import tomllib
from pathlib import Path

from environment import CHECKOUT, SetUpError
from linux_build import BUILD, DIST, tools, wheel
from tree import MB, digest, size_table
from windows_stage import PACKAGES, lay_out

SCRIPT = CHECKOUT / "installer" / "windows" / "eqs.nsi"
STAGE = BUILD / "windows-stage"
# Where NSIS installs itself on Windows; it does not enter the path.
NSIS = Path(os.environ.get("PROGRAMFILES(X86)", "C:\\"), "NSIS", "makensis.exe")
# A command that signs the file named after it; see installer/README.md.
SIGN_VARIABLE = "EQS_SIGN"


def make_lock() -> int:
    """Write installer/windows/wheels.txt anew."""
    script = CHECKOUT / "installer" / "windows_lock.py"
    return subprocess.run([tools(), script], check=False).returncode


def build_setup(*, with_python: bool, quick: bool) -> int:
    """Lay out the stage and make the set-up of it; return the exit code.

    Raises:
        SetUpError: Something is missing; the message says what.

    """
    nsis = shutil.which("makensis") or (str(NSIS) if NSIS.is_file() else None)
    if nsis is None:
        raise SetUpError("NSIS is missing: apt-get install nsis, or its set-up on Windows.")
    lay_out(STAGE, wheel(BUILD / "windows-program"), tools(), with_python=with_python)
    print(size_table(STAGE / PACKAGES), flush=True)
    made = compile_setup(nsis, STAGE, with_python=with_python, quick=quick)
    print(f"{made.name}: {made.stat().st_size / MB:.1f} MB, SHA-256 {digest(made)}", flush=True)
    if not os.environ.get(SIGN_VARIABLE):
        print(f"It is not signed: {SIGN_VARIABLE} names no command.", flush=True)
    return 0


def compile_setup(nsis: str, stage: Path, *, with_python: bool, quick: bool) -> Path:
    """Compile the set-up of a stage and return it.

    Args:
        nsis: The compiler.
        stage: What `lay_out` has made.
        with_python: Goes into the name: a set-up without Python is for tests only.
        quick: zlib instead of LZMA; minutes faster, and larger.

    """
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    version = project["version"]
    made = DIST / f"EQS-Setup-{version}{'' if with_python else '-test'}.exe"
    DIST.mkdir(exist_ok=True)
    size = sum(file.stat().st_size for file in stage.rglob("*") if file.is_file())
    defines = {
        "VERSION": version, "STAGE": str(stage), "OUTPUT": str(made),
        "SIZE_KB": str(size // 1024), "COMPRESSION": "zlib" if quick else "/SOLID lzma",
    }  # fmt: skip
    if sign := os.environ.get(SIGN_VARIABLE):
        defines["SIGN"] = sign
    words = [f"-D{name}={value}" for name, value in defines.items()]
    options = ["-V2", "-WX", "-INPUTCHARSET", "UTF8"]
    subprocess.run([nsis, *options, *words, str(SCRIPT)], check=True)
    return made
