"""Faults of the program itself, kept so that support can find them; nothing about any patient.

A fault's own words may quote a name or a file, so they are left out: what is kept is its kind and
the places in the program it passed through.
"""

import json
import platform
import threading
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from core.paths import PROGRAM, data_folder

MOST_BYTES = 500_000
_LOCK = threading.Lock()


def log_folder() -> Path:
    """Return the folder of the program's own logs; it is made when missing."""
    folder = data_folder() / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def fault_file() -> Path:
    """Return the file of faults: one JSON object a line, newest last."""
    return log_folder() / "faults.jsonl"


def note_fault(fault: BaseException, doing: str) -> None:
    """Add a fault to the log; a log that cannot be written makes no second fault.

    Args:
        fault: What went wrong; its kind and places are kept, its words are not.
        doing: What the program did, in words of the program: "thread job-0", "the window".

    """
    entry = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "kind": type(fault).__name__,
        "doing": doing,
        "places": places_of(fault.__traceback__),
        "python": platform.python_version(),
    }
    line = json.dumps(entry, ensure_ascii=False) + "\n"
    try:
        with _LOCK:
            file = fault_file()
            if file.is_file() and file.stat().st_size > MOST_BYTES:
                file.replace(file.with_suffix(".old.jsonl"))
            with file.open("a", encoding="utf-8") as log:
                log.write(line)
    except OSError:
        return


def places_of(trace: TracebackType | None) -> list[str]:
    """Return the places a fault passed through, outermost first: "app/page.py:12 open"."""
    found = []
    while trace is not None:
        code = trace.tb_frame.f_code
        found.append(f"{program_path(code.co_filename)}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return found


def program_path(name: str) -> str:
    """Return a file's path inside the program or library; the folders above may name a person."""
    path = Path(name)
    if path.is_relative_to(PROGRAM):
        return path.relative_to(PROGRAM).as_posix()
    parts = path.parts
    if "site-packages" in parts:
        return "/".join(parts[parts.index("site-packages") + 1 :])
    return path.name
