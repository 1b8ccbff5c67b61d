"""Set up what the benchmarks compare with, in an environment of its own beside ours.

What cannot be had is told in one line; the benchmarks that need it are then skipped.
"""

import os
import shutil
import subprocess
import sys
import venv

from environment import CHECKOUT, WINDOWS

FOLDER = CHECKOUT / ".peers"
PYTHON = FOLDER / ("Scripts/python.exe" if WINDOWS else "bin/python")
WANTED = CHECKOUT / "installer" / "peers.txt"
PLASTIMATCH = "apt-get install -y --no-install-recommends plastimatch"


def ensure_peers() -> None:
    """Install dicompyler-core, SimpleITK, pymedphys, plastimatch where this machine allows it."""
    _python_peers()
    if shutil.which("plastimatch") is None:
        _plastimatch()


def _python_peers() -> None:
    stamp = FOLDER / "peers.stamp"
    wanted = WANTED.read_text(encoding="utf-8") + sys.version
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    print("Installing the programs to compare with ...", flush=True)
    try:
        venv.EnvBuilder(with_pip=True, clear=FOLDER.exists()).create(FOLDER)
        command = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*command, "-r", WANTED], check=True)
    except (OSError, subprocess.CalledProcessError) as fault:
        print(f"Not compared with dicompyler-core, SimpleITK, pymedphys: {fault}", file=sys.stderr)
        return
    stamp.write_text(wanted, encoding="utf-8")


def _plastimatch() -> None:
    if not sys.platform.startswith("linux") or shutil.which("apt-get") is None:
        print("Not compared with plastimatch: no package for this system.", file=sys.stderr)
        return
    if os.geteuid() != 0:
        print(f"To compare with plastimatch, run: sudo {PLASTIMATCH}", file=sys.stderr)
        return
    print("Installing plastimatch ...", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], PLASTIMATCH.split()):
        done = subprocess.run(command, env=quiet, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            print(f"Not compared with plastimatch: {done.stderr.strip()}", file=sys.stderr)
            return
