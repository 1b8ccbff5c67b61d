"""A dose plane as a file for film software: raw binary, CSV, DICOM RT Dose; whole or not at all.

Raw: a header of 4096 bytes (text, TOML, filled up with line ends), then 32-bit floats, little
endian, row by row from the top (highest y), each row from the lowest x. Gy; NaN where there is no
dose.
"""

import io
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from uuid import NAMESPACE_OID, uuid5

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, RTDoseStorage, RTPlanStorage

from app.filter.film.plane import FilmError, FilmPlane, grid_of_plane
from core.safe_write import write_whole

MARK = "EQS-PLANE 1"
HEADER_BYTES = 4096
CORNER = "y_mm\\x_mm"
MOST_STORED = 2**32 - 2
TEXT_LENGTH, COMMENT_LENGTH = 64, 1024


def write_plane(plane: FilmPlane, file: Path) -> None:
    """Write a plane; the file's ending says how: .raw, .csv or .dcm.

    Raises:
        FilmError: Another ending; or DICOM is asked for a plane whose place is not known.

    """
    makers: dict[str, Callable[[FilmPlane], bytes]] = {
        ".raw": raw_bytes, ".csv": csv_bytes, ".dcm": dicom_bytes,
    }  # fmt: skip
    maker = makers.get(file.suffix.lower())
    if maker is None:
        raise FilmError(
            f"a plane cannot be written as {file.suffix or 'a file without ending'}",
            where=file.name, remedy="End the name in .raw, .csv or .dcm.",
        )  # fmt: skip
    write_whole(file, maker(plane))


def head_of(plane: FilmPlane) -> dict[str, object]:
    """Return what the header of a file says of a plane."""
    head: dict[str, object] = {"title": plane.title, "unit": "Gy"}
    if plane.place is not None:
        place = plane.place
        head |= {
            "zero_mm": [float(one) for one in place.zero_mm],
            "along_x": [float(one) for one in place.along_x],
            "along_y": [float(one) for one in place.along_y],
            "frame_uid": place.frame_uid,
        }
    return head | {f"about_{name}": words for name, words in plane.about.items()}


def _toml(head: Mapping[str, object]) -> list[str]:
    """Return entries as lines of TOML: JSON writes text, numbers and lists of them alike."""
    return [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in head.items()]


def raw_bytes(plane: FilmPlane) -> bytes:
    """Return a plane as a header and binary values."""
    rows, columns = plane.values.shape
    across, up = plane.step_mm
    head = {
        "header_bytes": HEADER_BYTES, "data": "float32 little endian", "rows": rows,
        "columns": columns, "first_x_mm": float(plane.x_mm[0]), "step_x_mm": across,
        "first_y_mm": float(plane.y_mm[-1]), "step_y_mm": -up, **head_of(plane),
    }  # fmt: skip
    text = "\n".join([MARK, *_toml(head), ""]).encode("utf-8")
    if len(text) > HEADER_BYTES:
        raise FilmError(
            "what is to be said of the plane does not fit its header",
            where="raw plane", remedy="Give plan and fields shorter names.",
        )  # fmt: skip
    data = np.ascontiguousarray(plane.values[::-1], dtype="<f4").tobytes()
    return text.ljust(HEADER_BYTES, b"\n") + data


def csv_bytes(plane: FilmPlane) -> bytes:
    """Return a plane as a table: positions x in the first row, y in the first column, Gy."""
    lines = [f"# {MARK}", *(f"# {line}" for line in _toml(head_of(plane)))]
    lines.append(",".join([CORNER, *(f"{x:g}" for x in plane.x_mm)]))
    for y, row in zip(plane.y_mm[::-1], plane.values[::-1], strict=True):
        cells = ("" if np.isnan(value) else f"{value:.6g}" for value in row)
        lines.append(",".join([f"{y:g}", *cells]))
    return ("\n".join(lines) + "\n").encode("utf-8")


def dicom_bytes(plane: FilmPlane) -> bytes:
    """Return a plane as an RT Dose object of one frame (DICOM PS3.3 A.18).

    Where there is no dose the pixel is 0: the format knows no other mark, so the comment says it.

    Raises:
        FilmError: It is not known where the plane lies, or it holds no dose.

    """
    place = plane.place
    if place is None or not np.nanmax(plane.values, initial=0.0) > 0:
        lacks = "lies nowhere that is known" if place is None else "holds no dose"
        raise FilmError(
            f"the plane {lacks}, so that no RT Dose can be made of it",
            where="RT Dose", remedy="Write it as .csv or .raw.",
        )  # fmt: skip
    grid = grid_of_plane(plane, place)
    data = _header(plane)
    geometry = grid.geometry
    data.FrameOfReferenceUID = place.frame_uid or _uid(plane, "frame")
    data.ImagePositionPatient = [_ds(one) for one in geometry.origin_mm]
    axes = (*geometry.along_columns, *geometry.along_rows)
    data.ImageOrientationPatient = [_ds(one) for one in axes]
    data.PixelSpacing = [_ds(geometry.row_mm), _ds(geometry.column_mm)]
    _, data.Rows, data.Columns = geometry.shape
    missing = int(np.isnan(grid.values).sum())
    values = np.nan_to_num(grid.values[0].astype(np.float64))
    scaling = float(_ds(float(values.max()) / MOST_STORED))
    data.DoseGridScaling = _ds(scaling)
    data.PixelData = np.clip(np.rint(values / scaling), 0, 2**32 - 1).astype("<u4").tobytes()
    words = [*(f"{name}: {text}" for name, text in plane.about.items())]
    if missing:
        words.insert(0, f"{missing} points without dose are written as 0")
    data.DoseComment = "; ".join(words)[:COMMENT_LENGTH]
    stream = io.BytesIO()
    data.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def _ds(value: float) -> str:
    """Return a number as a decimal string of at most 16 characters (PS3.5, 6.2)."""
    return next(
        text for digits in range(15, 4, -1) if len(text := f"{float(value):.{digits}g}") <= 16
    )  # fmt: skip


def _uid(plane: FilmPlane, what: str) -> UID:
    """Return a UID that the plane's content decides, so that the same plane keeps its own."""
    content = uuid5(
        NAMESPACE_OID, repr(sorted(plane.about.items())) + plane.values.tobytes().hex()
    )
    return UID(f"2.25.{uuid5(content, what).int}")


def _header(plane: FilmPlane) -> FileDataset:
    now, about = datetime.now().astimezone(), plane.about
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = RTDoseStorage
    meta.MediaStorageSOPInstanceUID = _uid(plane, "instance")
    data = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    data.SpecificCharacterSet = "ISO_IR 192"
    data.SOPClassUID, data.SOPInstanceUID = RTDoseStorage, meta.MediaStorageSOPInstanceUID
    data.StudyInstanceUID, data.SeriesInstanceUID = _uid(plane, "study"), _uid(plane, "series")
    data.StudyDate = data.InstanceCreationDate = now.strftime("%Y%m%d")
    data.StudyTime = data.InstanceCreationTime = now.strftime("%H%M%S")
    data.PatientName, data.PatientID = about.get("patient_name", ""), about.get("patient_id", "")
    data.PatientBirthDate = data.PatientSex = data.ReferringPhysicianName = ""
    data.AccessionNumber = data.StudyID = data.PositionReferenceIndicator = ""
    data.Modality, data.Manufacturer = "RTDOSE", "EQS Workstation"
    data.SeriesDescription = plane.title[:TEXT_LENGTH]
    data.SeriesNumber = data.InstanceNumber = 1
    data.OperatorsName = ""
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = 32
    data.HighBit, data.PixelRepresentation = 31, 0
    data.DoseUnits, data.DoseType, data.DoseSummationType = "GY", "PHYSICAL", "FRACTION"
    plan, group = Dataset(), Dataset()
    plan.ReferencedSOPClassUID = RTPlanStorage
    # Type 1C for a fraction's dose. A plan without a UID (R&V export, Pinnacle) gets one that
    # its content decides; the comment names the plan in words.
    plan.ReferencedSOPInstanceUID = about.get("plan_uid") or _uid(plane, "plan")
    group.ReferencedFractionGroupNumber, group.ReferencedBeamSequence = 1, []
    del group.ReferencedBeamSequence
    plan.ReferencedFractionGroupSequence = [group]
    data.ReferencedRTPlanSequence = [plan]
    return data
