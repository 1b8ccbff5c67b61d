"""Many exports at once: one short row each, by several processes; a constant cost per file."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from app.filter.report import open_report
from app.filter.rv_source import is_dicom
from core.errors import RemedyError
from core.findings import State
from core.with_parent import end_with_parent

COULD_NOT_RUN = "could-not-run"
AHEAD = 4
"""Files handed to each process before its answers are asked for: the memory stays the same."""


@dataclass(frozen=True, slots=True)
class Row:
    """What the check of one file gave.

    Attributes:
        status: "pass", "warning", "error", or COULD_NOT_RUN.
        words: First finding, or why it could not be read.
        cpu_s: Processor time it took.

    """

    file: str
    status: str
    errors: int
    warnings: int
    not_checked: int
    words: str
    cpu_s: float

    def to_json(self) -> dict[str, Any]:
        """Return the row as a mapping that JSON can hold."""
        return {**asdict(self), "cpu_s": round(self.cpu_s, 4)}


def exports_in(folder: Path) -> Iterator[Path]:
    """Yield every file of a folder and those below it that may be an export, in order.

    Raises:
        RemedyError: There is no such folder.

    """
    if not folder.is_dir():
        raise RemedyError(
            "there is no such folder", where=str(folder), remedy="Name a folder of exports."
        )
    for path, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            file = Path(path) / name
            if not name.startswith(".") and (name.lower().endswith(".rtp") or _is_dicom(file)):
                yield file


def check_one(file: str, scale: str | None = None) -> Row:
    """Check one export alone; a file that cannot be read is a row as well."""
    start = time.process_time()
    try:
        report = open_report(Path(file), machine_scale=scale)
    except RemedyError as fault:
        return Row(file, COULD_NOT_RUN, 0, 0, 0, str(fault), time.process_time() - start)
    except Exception as fault:  # noqa: BLE001  (one file must not end the night's run)
        words = f"the program has a fault: {type(fault).__name__}: {fault}"
        return Row(file, COULD_NOT_RUN, 0, 0, 0, words, time.process_time() - start)
    told = [one for one in report.findings if one.state in (State.ERROR, State.WARNING)]
    errors = sum(one.state == State.ERROR for one in told)
    first = min(told, key=lambda one: list(State).index(one.state), default=None)
    return Row(
        file, report.status.value, errors, len(told) - errors, len(report.not_checked),
        first.message if first else "", time.process_time() - start,
    )  # fmt: skip


def check_folder(
    folder: Path,
    *,
    jobs: int = 1,
    scale: str | None = None,
    tell: Callable[[Row], None] = lambda _row: None,
) -> tuple[Row, ...]:
    """Check every export of a folder, rows in the order of the files whatever `jobs` is.

    Args:
        folder: Searched with all folders below it.
        jobs: Processes; 1 stays in this one.
        scale: Scale of native exports.
        tell: Called with each row as it comes.

    Raises:
        RemedyError: There is no such folder, or `jobs` is no number of processes.

    """
    most = 4 * (os.cpu_count() or 1)
    if not 1 <= jobs <= most:
        raise RemedyError(
            f"{jobs} processes cannot be used", where="--jobs", remedy=f"Choose 1 to {most}."
        )
    rows = []
    for row in _rows(exports_in(folder), jobs, scale):
        rows.append(row)
        tell(row)
    return tuple(rows)


def _rows(files: Iterator[Path], jobs: int, scale: str | None) -> Iterator[Row]:
    if jobs == 1:
        for file in files:
            yield check_one(str(file), scale)
        return
    with ProcessPoolExecutor(jobs, get_context("spawn"), initializer=end_with_parent) as pool:
        waiting = [
            pool.submit(check_one, str(file), scale) for file in islice(files, jobs * AHEAD)
        ]
        while waiting:
            yield waiting.pop(0).result()
            waiting += [pool.submit(check_one, str(file), scale) for file in islice(files, 1)]


def _is_dicom(file: Path) -> bool:
    try:
        return file.suffix.lower() in (".dcm", "") and is_dicom(file)
    except RemedyError:
        return False
