"""What a file or plan folder consists of: each file with its digest, and whose plan it is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import file_digest, sha256
from pathlib import Path

from app.filter.baseline_values import DICOM, PINNACLE, RTP
from app.filter.field import Plan
from app.filter.plan_source import read_plan_source
from app.filter.rv_source import is_dicom, open_rv
from core.errors import RemedyError, UnreadableFileError

# Files of a Pinnacle plan that are compared value by value; the others by their digest.
SPOKEN = ("plan.Trial", "plan.Points", "plan.PatientSetup", "plan.Pinnacle.Machines")


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a source.

    Attributes:
        name: Path below the source with forward slashes; the file's own name for a single file.
        sha256: Digest of its bytes.
        spoken: Whether its values are compared one by one; such a file is kept with a baseline.

    """

    name: str
    sha256: str
    spoken: bool


@dataclass(frozen=True, slots=True)
class Content:
    """A source as it lies on the disk at one moment."""

    path: Path
    kind: str
    patient_id: str
    patient_name: str
    plan_id: str
    members: tuple[Member, ...]

    @property
    def digest(self) -> str:
        """SHA-256 over the names and digests of all files; of the file itself for a single one."""
        if not self.path.is_dir():
            return self.members[0].sha256
        lines = "".join(f"{one.sha256} {one.name}\n" for one in self.members)
        return sha256(lines.encode()).hexdigest()

    def path_of(self, member: Member) -> Path:
        """Return where a file lies."""
        return self.path / member.name if self.path.is_dir() else self.path


def read_content(path: Path, passed_over: Sequence[str] = (), trial: str | None = None) -> Content:
    """Return what a source consists of.

    Args:
        path: RTP-Connect file, DICOM RT Plan, DICOM folder, Pinnacle plan folder or plan.Trial.
        passed_over: Names of files that say nothing about the plan, with * and ?.
        trial: Trial of a Pinnacle plan.

    Raises:
        RemedyError: The source is damaged, or of another kind.

    """
    plan = plan_of_source(path, trial)
    person = plan.patient
    name = ", ".join(part for part in (person.last_name, person.first_name) if part)
    root = path
    if plan.kind == PINNACLE and not path.is_dir():
        root = path.parent  # one plan.Trial stands for its whole folder
    members = tuple(_members(root, plan.kind, passed_over))
    return Content(root, plan.kind, person.id, name, plan_name(plan), members)


def plan_of_source(path: Path, trial: str | None = None) -> Plan:
    """Return what an export, plan file or plan folder holds, whichever it is."""
    if path.is_file() and not is_dicom(path) and not path.name.startswith("plan."):
        return open_rv(path)
    return read_plan_source(path, trial)


def plan_name(plan: Plan) -> str:
    """Return what a plan is known by: its ID, or its sites where the export has no ID."""
    return plan.plan_id or ", ".join(rx.site for rx in plan.prescriptions if rx.site)


def require_unchanged(before: Content, passed_over: Sequence[str] = ()) -> None:
    """Refuse a source that changed while it was read.

    Raises:
        UnreadableFileError: A file is another one now.

    """
    now = tuple(_members(before.path, before.kind, passed_over))
    if now != before.members:
        raise UnreadableFileError(
            "the source changed while it was read",
            where=str(before.path),
            remedy="Wait until the export has ended, then check again.",
        )


def _members(path: Path, kind: str, passed_over: Sequence[str]) -> Iterable[Member]:
    if not path.is_dir():
        yield Member(path.name, _digest(path), spoken=True)
        return
    for file in sorted(path.rglob("*")):
        name = file.relative_to(path).as_posix()
        if file.is_file() and not any(fnmatchcase(file.name, one) for one in passed_over):
            yield Member(name, _digest(file), _is_spoken(file, kind))


def _is_spoken(file: Path, kind: str) -> bool:
    if kind == PINNACLE:
        return file.name in SPOKEN
    if kind == DICOM and is_dicom(file):
        try:
            return read_plan_source(file).kind == DICOM
        except RemedyError:
            return False  # an image, structure set or dose: its digest speaks for it
    return kind == RTP


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()
