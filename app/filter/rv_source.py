"""What the R&V system exported: RTP-Connect or a DICOM RT Plan, told apart by content."""

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from app.filter.field import Plan
from app.filter.plan_dicom import read_dicom_plan
from app.filter.rtp_check import structure_findings
from app.filter.rtp_read import plan_of, read_plan
from app.filter.rtp_text import RtpFile, read_file
from core.errors import UnreadableFileError
from core.findings import Finding

NO_IDS = ("field_id", "a DICOM export holds none; beam numbers stand in their place")


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
    return _numbered(read_dicom_plan(path)) if is_dicom(path) else read_plan(path, machine_scale)


def read_rv(path: Path, machine_scale: str | None = None) -> RvRead:
    """Read an export once for both: its content and its structure; see `open_rv`.

    Raises:
        RemedyError: The file is damaged or of another kind.

    """
    if is_dicom(path):
        return RvRead(_numbered(read_dicom_plan(path)))
    return read_rv_file(read_file(path), machine_scale)


def read_rv_file(file: RtpFile, machine_scale: str | None = None) -> RvRead:
    """Read an RTP-Connect file that is already split into its lines; see `open_rv`.

    Raises:
        RemedyError: The file is damaged.

    """
    return RvRead(plan_of(file, machine_scale), structure_findings(file))


def _numbered(plan: Plan) -> Plan:
    """Return a DICOM export with beam numbers in the place of the field IDs it does not hold.

    A beam that two fraction groups use bears its number once, then with a letter behind it.
    """
    seen: Counter[str] = Counter()
    fields = []
    for place, field in enumerate(plan.fields, start=1):
        name = str(field.number or place)
        fields.append(replace(field, id=name + ("" if not seen[name] else chr(96 + seen[name]))))
        seen[name] += 1
    return replace(plan, fields=tuple(fields), gaps=(*plan.gaps, NO_IDS))
