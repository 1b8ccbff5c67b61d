"""The program's messages: UTF-8 on any console, and a file where there is no console."""

import os
import select
import sys
from pathlib import Path
from typing import TextIO

from core.paths import data_folder

MESSAGES = "messages.log"
BEFORE = "messages.before.log"
LARGEST_BYTES = 5_000_000


def prepare_console() -> None:
    """Print names with any letter on any console, Windows' old code pages included.

    A program started by a link has no console at all (pythonw): what it says then goes to
    messages.log of the data folder, the listener's log among it.
    """
    if sys.stdout is None or sys.stderr is None:
        kept = _kept_messages()
        sys.stdout = sys.stdout or kept
        sys.stderr = sys.stderr or kept
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")


def _kept_messages() -> TextIO:
    """Return the file for messages; a full one is put aside, and an older one with it removed."""
    try:
        file = data_folder() / MESSAGES
        if file.exists() and file.stat().st_size > LARGEST_BYTES:
            file.replace(file.with_name(BEFORE))
        return file.open("a", encoding="utf-8", buffering=1)
    except OSError:
        return Path(os.devnull).open("w", encoding="utf-8")


def reader_is_gone() -> bool:
    """Return whether nobody reads the output any more (`eqs ... | head`); it goes nowhere then."""
    if sys.platform == "win32":
        return False
    watch, output = select.poll(), sys.stdout.fileno()
    watch.register(output, 0)
    gone = any(event & select.POLLERR for _, event in watch.poll(0))
    if gone:
        os.dup2(os.open(os.devnull, os.O_WRONLY), output)
    return gone
