"""The installer's modules for the tests; they are scripts and lie in no package."""

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path.append(str(CHECKOUT / "installer"))

WINE = Path("/usr/lib/wine/wine64")
NSIS = shutil.which("makensis")


def need_nsis():
    if NSIS is None:
        pytest.skip("NSIS is not installed (apt-get install nsis)")


def need_wine():
    need_nsis()
    if not WINE.exists():
        pytest.skip("64-bit wine is not installed (apt-get install wine64 wine)")


class Windows:
    """A Windows of its own: wine with its drive C in a temporary folder."""

    def __init__(self, folder):
        self.folder = folder
        self.drive = folder / "drive_c"
        self.programs = self.drive / "Program Files"
        self.menu = self.drive / "ProgramData/Microsoft/Windows/Start Menu/Programs"
        self.desktop = self.drive / "users/Public/Desktop"
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "WINEPREFIX": str(folder),
            "WINEDEBUG": "-all", "WINEDLLOVERRIDES": "mscoree,mshtml=", "LANG": "C.UTF-8",
        }  # fmt: skip
        self._version = ""
        self._wine("wineboot", "-i")
        self.settle()

    def _wine(self, *words):
        """Run a program; return its exit code and what it said.

        What it says goes to a file: services that wine starts with it would keep a pipe open.
        """
        with tempfile.TemporaryFile() as said:
            done = subprocess.run(
                [WINE, *map(str, words)], env=self.environment, stdin=subprocess.DEVNULL,
                stdout=said, stderr=subprocess.DEVNULL, check=False, timeout=300,
            )  # fmt: skip
            said.seek(0)
            return done.returncode, said.read().decode("utf-8", "replace")

    def settle(self):
        """Wait until no Windows program runs any more."""
        subprocess.run(["wineserver", "-w"], env=self.environment, check=True, timeout=300)

    def be(self, version):
        if version == self._version:
            return
        self._version = version
        self._wine("reg", "add", r"HKCU\Software\Wine", "/v", "Version", "/d", version, "/f")
        self.settle()

    def run(self, program, *words, settle=True):
        """Run a program, and by default everything it starts; return its exit code."""
        code, _ = self._wine(program, *words)
        if settle:
            self.settle()
        return code

    @contextmanager
    def running(self, program):
        """Let a Windows program of this name run: a command line that waits for a word."""
        shutil.copy(self.drive / "windows/system32/cmd.exe", program)
        waiting = subprocess.Popen(
            [WINE, str(program), "/k"], env=self.environment, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )  # fmt: skip
        waiting.stdout.readline()
        try:
            yield
        finally:
            waiting.communicate(b"exit\r\n", timeout=60)
            self.settle()

    def registry(self):
        """Return the entry of the list of installed programs."""
        key = r"HKLM\Software\Microsoft\Windows\CurrentVersion\Uninstall\EQS Workstation"
        _, text = self._wine("reg", "query", key)
        rows = [line.split(None, 2) for line in text.splitlines() if " REG_" in line]
        return {row[0]: row[2].strip() if len(row) > 2 else "" for row in rows}


def files_of(folder):
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }
