"""What the R&V system exported: RTP-Connect or a DICOM RT Plan, told apart by content."""

from dataclasses import dataclass
from pathlib import Path

from app.filter.field import Plan
from app.filter.plan_dicom import read_dicom_plan
from app.filter.rtp_check import structure_findings
from app.filter.rtp_read import plan_of, read_plan
from app.filter.rtp_text import read_file
from core.errors import UnreadableFileError
from core.findings import Finding


@dataclass(frozen=True, slots=True)
class RvRead:
    """What an export holds, and what is odd in its lines (nothing is known of DICOM's)."""

    plan: Plan
    structure: tuple[Finding, ...] = ()


def is_dicom(path: Path) -> bool:
    """Return whether a file is a DICOM file: by its preamble, or by its first element."""
    try:
        with path.open("rb") as stream:
            start = stream.read(140)
    except OSError as fault:
        raise UnreadableFileError(
            f"the file cannot be opened: {fault.strerror or fault}",
            where=str(path),
            remedy="Check the path and your rights.",
        ) from fault
    # Without preamble the file begins with group 0002 or 0008, little endian.
    return start[128:132] == b"DICM" or start[:2] in (b"\x02\x00", b"\x08\x00")


def open_rv(path: Path, machine_scale: str | None = None) -> Plan:
    """Read an R&V export.

    Args:
        path: RTP-Connect file or DICOM RT Plan.
        machine_scale: See `app.filter.rtp_read.plan_of`; without meaning for DICOM.

    Raises:
        RemedyError: The file is damaged or of another kind.

    """
    return read_dicom_plan(path) if is_dicom(path) else read_plan(path, machine_scale)


def read_rv(path: Path, machine_scale: str | None = None) -> RvRead:
    """Read an export once for both: its content and its structure; see `open_rv`.

    Raises:
        RemedyError: The file is damaged or of another kind.

    """
    if is_dicom(path):
        return RvRead(read_dicom_plan(path))
    file = read_file(path)
    return RvRead(plan_of(file, machine_scale), structure_findings(file))
