"""What a dropped or opened file is, from its first bytes; reading it is the room's business."""

from enum import StrEnum
from pathlib import Path

FIRST_BYTES = 4096


class Kind(StrEnum):
    """Kinds of input, in the words the user reads."""

    RTP = "RTP-Connect file"
    DICOM = "DICOM file"
    DICOM_FOLDER = "folder with DICOM files"
    ZIP = "zip archive"
    PINNACLE = "Pinnacle plan"
    PINNACLE_PATIENT = "Pinnacle patient folder"
    PINNACLE_ROOT = "Pinnacle institution folder"
    UNKNOWN = "unknown"


def recognise(path: Path) -> Kind:
    """Return the kind of a file or folder; UNKNOWN for one that no room can use or read."""
    try:
        return _folder_kind(path) if path.is_dir() else _file_kind(path)
    except OSError:
        return Kind.UNKNOWN


def _folder_kind(folder: Path) -> Kind:
    if (folder / "plan.Trial").is_file():
        return Kind.PINNACLE
    if (folder / "Patient").is_file():
        return Kind.PINNACLE_PATIENT
    if (folder / "Institution").is_file():
        return Kind.PINNACLE_ROOT
    # A set often lies in folders per series: one level down is looked at too.
    for place in (folder, *sorted(entry for entry in folder.iterdir() if entry.is_dir())):
        files = sorted(entry for entry in place.iterdir() if entry.is_file())
        if any(_file_kind(file) == Kind.DICOM for file in files[:50]):
            return Kind.DICOM_FOLDER
    return Kind.UNKNOWN


def _file_kind(file: Path) -> Kind:
    with file.open("rb") as stream:
        start = stream.read(FIRST_BYTES)
    if start.startswith(b"PK\x03\x04") and file.suffix.lower() == ".zip":
        return Kind.ZIP
    if start[128:132] == b"DICM" or file.suffix.lower() == ".dcm":
        return Kind.DICOM
    if start.lstrip().upper().startswith(b'"PLAN_DEF"') or file.suffix.lower() == ".rtp":
        return Kind.RTP
    if file.name == "plan.Trial" or start.lstrip().startswith(b"Trial ={"):
        return Kind.PINNACLE
    return Kind.UNKNOWN
