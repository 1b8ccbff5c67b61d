"""What the R&V system exported: RTP-Connect or a DICOM RT Plan, told apart by content."""

from pathlib import Path

from app.filter.field import Plan
from app.filter.plan_dicom import read_dicom_plan
from app.filter.rtp_read import read_plan
from core.errors import UnreadableFileError


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
