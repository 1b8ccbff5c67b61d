"""Watched folders: a new export is named and filed by patient and IE/FE (O-03, O-08).

The R&V system writes into "Initial Exports" or "Final Exports" while this looks. A file is taken
when it has been the same, byte for byte, for a while and is whole by its own account; it is copied
and stays where it is.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from app.filter.field import Plan
from app.filter.ledger_log import record, recorded
from app.filter.ledger_names import name_by_rule, parts_of
from app.filter.rtp_check import structure_findings
from app.filter.rtp_text import MOST_BYTES, read_file
from app.filter.rv_source import is_dicom, open_rv
from app.filter.watch_open import is_being_written
from core.errors import RemedyError
from core.findings import State
from core.safe_write import write_whole

ACTION = "export filed"
SETTLED_S = 5.0
PAUSE_S = 2.0
PASSED_OVER = (".tmp", ".part", ".partial", ".crdownload", ".lock")


@dataclass(frozen=True, slots=True)
class Folders:
    """What is watched and where exports are filed.

    Attributes:
        watched: Stage ("IE", "FE") to folder.
        target: Folder with one folder per patient.

    """

    watched: Mapping[str, Path]
    target: Path


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to one file: "filed", "waiting" or "refused"."""

    what: str
    stage: str
    source: Path
    words: str
    filed: Path | None = None


@dataclass(frozen=True, slots=True)
class _Look:
    """How a file looked: its digest, and since when it has looked so (seconds)."""

    state: tuple[int, int, int]
    sha256: str
    since_s: float


@dataclass(slots=True)
class Watch:
    """One round after the other; remembers between rounds how each file looked.

    Attributes:
        folders: What is watched.
        settled_s: How long a file must not have changed.
        clock: Seconds from any beginning.

    """

    folders: Folders
    settled_s: float = SETTLED_S
    clock: Callable[[], float] = time.monotonic
    _looks: dict[tuple[str, Path], _Look] = field(default_factory=dict)
    _told: dict[tuple[str, Path], str] = field(default_factory=dict)

    def round(self) -> tuple[Event, ...]:
        """Look once at every folder, file what is ready, and return what is new.

        A file that is neither filed nor changed is told of once.

        Raises:
            RemedyError: A watched folder or the target is not there.

        """
        for folder in (*self.folders.watched.values(), self.folders.target):
            if not folder.is_dir():
                raise RemedyError(
                    "the folder is not there", where=str(folder),
                    remedy="Connect the share or name another folder.",
                )  # fmt: skip
        done = {(entry["stage"], entry["sha256"]) for entry in recorded(ACTION)}
        events = []
        for stage, folder in self.folders.watched.items():
            for file in _files(folder):
                event = self._of_file(stage, file, done)
                if event is not None and self._told.get((stage, file)) != event.words:
                    self._told[stage, file] = event.words
                    events.append(event)
        return tuple(events)

    def _of_file(self, stage: str, file: Path, done: set[tuple[str, str]]) -> Event | None:
        try:
            return self._looked_at(stage, file, done)
        except OSError as fault:
            return Event("waiting", stage, file, f"cannot be read: {fault.strerror or fault}")
        except RemedyError as fault:
            return Event("refused", stage, file, str(fault))

    def _looked_at(self, stage: str, file: Path, done: set[tuple[str, str]]) -> Event | None:
        before = self._looks.get((stage, file))
        if before is not None and (stage, before.sha256) in done and before.state == _state(file):
            return None
        look, data = _look(file, before, self.clock())
        self._looks[stage, file] = look
        if (stage, look.sha256) in done:
            return None
        if before is None or look.since_s != before.since_s or is_being_written(file):
            return Event("waiting", stage, file, "new or still growing")
        if self.clock() - look.since_s < self.settled_s:
            return None
        event = _take(self.folders, stage, file, data)
        if event.what == "filed":
            done.add((stage, look.sha256))
        return event


def watch(
    folders: Folders,
    *,
    every_s: float,
    tell: Callable[[Event], None],
    stop: Callable[[], bool],
    settled_s: float = SETTLED_S,
) -> None:
    """Watch until `stop` says so."""
    watcher = Watch(folders, settled_s)
    while not stop():
        for event in watcher.round():
            tell(event)
        until = time.monotonic() + every_s
        while time.monotonic() < until and not stop():
            time.sleep(min(0.2, every_s))


def incomplete(file: Path) -> str:
    """Return why an export is not whole; empty when it is.

    A file cut off between two lines reads well: what it announces must be there too.
    """
    try:
        plan = open_rv(file)
        if is_dicom(file):
            return ""
        text = read_file(file)
        if not text.lines[-1].end and text.lines[-1].raw.strip(b"\x1a"):
            return "its last line has no end"
        for finding in structure_findings(text):
            if finding.state == State.ERROR:
                return finding.message
    except RemedyError as fault:
        return str(fault)
    return _missing_fields(plan)


def _missing_fields(plan: Plan) -> str:
    if not plan.fields:
        return "it holds no field yet"
    for rx in plan.prescriptions:
        count = sum(field.site == rx.site for field in plan.fields)
        if rx.field_count is not None and count < rx.field_count:
            return f"{rx.site}: {rx.field_count} fields are announced, {count} are there"
    return ""


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder; hidden ones and those that are being copied in are not ours."""
    with os.scandir(folder) as found:
        names = sorted(one.name for one in found if one.is_file())
    for name in names:
        if not name.startswith((".", "~")) and not name.lower().endswith(PASSED_OVER):
            yield folder / name


def _state(file: Path) -> tuple[int, int, int]:
    """Return size and times of a file; a rewritten one has another."""
    state = file.stat()
    return state.st_size, state.st_mtime_ns, state.st_ctime_ns


def _look(file: Path, before: _Look | None, now_s: float) -> tuple[_Look, bytes]:
    state = _state(file)
    if state[0] > MOST_BYTES:
        raise RemedyError(
            "this is no export: more than 200 MB", where=file.name, remedy="Move it elsewhere."
        )
    data = file.read_bytes()
    look = _Look(_state(file), sha256(data).hexdigest(), now_s)
    still = look.state == state and len(data) == state[0]
    if before is not None and still and (look.state, look.sha256) == (before.state, before.sha256):
        look = before
    return look, data


def _take(folders: Folders, stage: str, file: Path, data: bytes) -> Event:
    """File a copy of a settled export; what the copy holds is what was looked at."""
    digest = sha256(data).hexdigest()
    why = incomplete(file)
    if why:
        return Event("refused", stage, file, f"not whole, or no export: {why}")
    try:
        plan = open_rv(file)
        if not plan.patient.id.strip():
            return Event("refused", stage, file, "it names no patient ID; file it by hand")
        time_of = datetime.fromtimestamp(file.stat().st_mtime).astimezone()
        parts = parts_of(plan, stage=stage, digest=digest, time=time_of)
        folder = folders.target / name_by_rule("export_folder", parts)
        name = name_by_rule("export_file", parts)
        folder.mkdir(parents=True, exist_ok=True)
        target = _free(folder, name, file.suffix.lower() or ".rtp", data)
        if not target.exists():
            write_whole(target, data, approve=lambda made: _require(made, digest))
        if sha256(file.read_bytes()).hexdigest() != digest:
            # The name is given back: nothing says yet that this copy was ever acknowledged.
            target.unlink()
            return Event("waiting", stage, file, "changed while it was copied")
        cut_short = _cut_short(stage, file, data)
        record(ACTION, {
            "stage": stage, "sha256": digest, "instead_of": cut_short, "source": str(file),
            "filed": str(target), "patient_id": plan.patient.id, "plan_id": plan.plan_id,
        })  # fmt: skip
    except OSError as fault:
        return Event("refused", stage, file, f"cannot be filed: {fault.strerror or fault}")
    except RemedyError as fault:
        return Event("refused", stage, file, str(fault))
    words = f"filed as {folder.name}/{target.name}"
    if cut_short:
        words += f"; {cut_short}, filed before, is only the beginning of it: do not use that one"
    return Event("filed", stage, file, words, target)


def _free(folder: Path, name: str, ending: str, data: bytes) -> Path:
    """Return a name that is free, or already bears this very content."""
    number = 1
    while True:
        target = folder / f"{name}{'' if number == 1 else f'_{number}'}{ending}"
        if not target.exists() or target.read_bytes() == data:
            return target
        number += 1


def _cut_short(stage: str, file: Path, data: bytes) -> str:
    """Return the copy filed before that is only the beginning of this one; empty for none."""
    for entry in recorded(ACTION):
        earlier = Path(entry["filed"])
        if (entry["stage"], entry["source"]) == (stage, str(file)) and earlier.is_file():
            begun = earlier.read_bytes()
            if len(begun) < len(data) and data.startswith(begun):
                return earlier.name
    return ""


def _require(made: Path, digest: str) -> None:
    if sha256(made.read_bytes()).hexdigest() != digest:
        raise RemedyError(
            "the copy is not what was written", where=str(made), remedy="Check the disk."
        )
