"""Dose planes and volumes from files: RT Dose, our raw planes, CSV, TIFF and DICOM images of film.

What a file does not say (pixel size, unit, calibration) is asked for, never guessed.
"""

import csv
import io
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom import dcmread

from app.filter.film.calibration import Calibration
from app.filter.film.plane import FilmError, FilmPlane, Placement, plane_of, plane_of_grid, turned
from app.filter.film.tiff import is_tiff, read_tiff
from app.filter.film.write import HEADER_BYTES, MARK
from core.dicom.dose import read_dose
from core.dicom.files import Source, read_header
from core.dose.geometry import Floats, Grid
from core.errors import UnreadableFileError

GRAY = {"gy": 1.0, "cgy": 0.01}
CHANNELS = ("red", "green", "blue")
SPACINGS = ("ImagePlanePixelSpacing", "PixelSpacing", "ImagerPixelSpacing",
            "NominalScannedPixelSpacing")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """What the user adds to a file that does not say it.

    Attributes:
        pixel_mm: Distance of pixels; None takes what the file says.
        unit: "Gy" or "cGy" of a table without one.
        calibration: From pixel values to dose.
        channel: Of a colour film.
        quarter_turns: By which the film is turned counter-clockwise.
        mirrored: Whether the film was scanned from its back.
        centre: Column and row (from the upper left, as scanned) that is x = y = 0; None for the
            middle of the picture.

    """

    pixel_mm: float | None = None
    unit: str = ""
    calibration: Calibration | None = None
    channel: str = "red"
    quarter_turns: int = 0
    mirrored: bool = False
    centre: tuple[float, float] | None = None


def read_doses(file: Path, reading: Reading | None = None) -> Grid | FilmPlane:
    """Return the dose in a file: a volume, or a plane.

    Args:
        file: RT Dose, raw plane, CSV, TIFF, or a DICOM image of a film.
        reading: What the file does not say.

    Raises:
        RemedyError: It is none of these, is damaged, or lacks something that must be given.

    """
    own = reading or Reading()
    try:
        start = file.read_bytes()[:140] if file.stat().st_size < 2**31 else b""
    except OSError as fault:
        raise UnreadableFileError(
            f"the file cannot be opened: {fault.strerror or fault}", where=str(file),
            remedy="Check the path and your rights.",
        ) from fault  # fmt: skip
    if start.startswith(MARK.encode()):
        return _turned(_read_raw(file), own)
    if is_tiff(start):
        return _turned(_read_tiff(file, own), own)
    if start[128:132] == b"DICM" or start[:2] in (b"\x02\x00", b"\x08\x00"):
        return _read_dicom(file, own)
    return _turned(_read_csv(file, own), own)


def read_film(file: Path, reading: Reading | None = None) -> FilmPlane:
    """Return the dose plane in a file.

    Raises:
        RemedyError: See `read_doses`; or the file holds a volume.

    """
    found = read_doses(file, reading)
    if isinstance(found, Grid):
        raise FilmError(
            "the file holds a dose volume, not a plane", where=file.name,
            remedy="Choose a plane (film, virtual film, RT Dose of one frame).",
        )  # fmt: skip
    return found


def _turned(plane: FilmPlane, own: Reading) -> FilmPlane:
    if not own.quarter_turns and not own.mirrored:
        return plane
    return turned(plane, own.quarter_turns, mirrored=own.mirrored)


def _read_raw(file: Path) -> FilmPlane:
    data = file.read_bytes()
    try:
        head = tomllib.loads(data[:HEADER_BYTES].decode("utf-8").removeprefix(MARK))
        rows, columns = int(head["rows"]), int(head["columns"])
        x = head["first_x_mm"] + head["step_x_mm"] * np.arange(columns)
        y = head["first_y_mm"] + head["step_y_mm"] * np.arange(rows)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as fault:
        raise UnreadableFileError(
            f"the header of the plane cannot be read: {fault}", where=file.name,
            remedy="Write the plane again.",
        ) from fault  # fmt: skip
    body = data[HEADER_BYTES:]
    if len(body) != 4 * rows * columns:
        raise UnreadableFileError(
            f"the plane should have {4 * rows * columns} bytes of values and has {len(body)}",
            where=file.name, remedy="Copy or write the file again: it is cut short or damaged.",
        )  # fmt: skip
    values = np.frombuffer(body, dtype="<f4").reshape(rows, columns)
    return _with_head(plane_of(values, x, y, file.name), head, file)


def _with_head(plane: FilmPlane, head: dict[str, object], file: Path) -> FilmPlane:
    """Return a plane with what a header of ours says of it."""
    about = {
        name.removeprefix("about_"): str(words)
        for name, words in head.items()
        if name.startswith("about_")
    }
    vectors = [head.get(name) for name in ("zero_mm", "along_x", "along_y")]
    place = None
    if all(isinstance(one, list) and len(one) == 3 for one in vectors):
        zero, along_x, along_y = (np.array(one, dtype=np.float64) for one in vectors)
        place = Placement(zero, along_x, along_y, str(head.get("frame_uid", "")))
    title = str(head.get("title") or file.name)
    return FilmPlane(plane.values, plane.x_mm, plane.y_mm, place, title, about)


def _read_csv(file: Path, own: Reading) -> FilmPlane:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as fault:
        raise UnreadableFileError(
            "the file is neither a DICOM file, a TIFF, a raw plane nor a table of text",
            where=file.name, remedy="Choose a dose plane.",
        ) from fault  # fmt: skip
    lines = [line for line in text.splitlines() if line.strip()]
    notes = [line[1:].strip() for line in lines if line.startswith("#")]
    head = _head(notes, file)
    rows = _cells([line for line in lines if not line.startswith("#")], file)
    if rows and _has_axes(rows):
        x = _numbers(rows[0][1:], file, 1)
        y = _numbers([row[0] for row in rows[1:]], file, 2)
        values = np.array([_numbers(row[1:], file, n) for n, row in enumerate(rows[1:], start=2)])
    else:
        values = np.array([_numbers(row, file, n) for n, row in enumerate(rows, start=1)])
        x, y = _centred(values.shape, _pixel(own, file), own)
    unit = str(own.unit or head.get("unit", "")).lower()
    if own.calibration is not None:
        values = own.calibration.dose_gy(values)
    elif unit in GRAY:
        values = values * GRAY[unit]
    else:
        raise FilmError(
            "the table does not say whether its doses are Gy or cGy", where=file.name,
            remedy="Say it (--unit Gy), or put the line  # unit = \"cGy\"  at its top.",
        )  # fmt: skip
    return _with_head(plane_of(values, x, y, file.name), head, file)


def _head(notes: Sequence[str], file: Path) -> dict[str, object]:
    """Return the entries among the comment lines of a table; other comments are passed over."""
    entries = "\n".join(note for note in notes if "=" in note)
    try:
        return dict(tomllib.loads(entries))
    except tomllib.TOMLDecodeError as fault:
        if any(note.startswith(MARK) for note in notes):
            raise UnreadableFileError(
                f"the lines that describe the plane cannot be read: {fault}", where=file.name,
                remedy="Write the plane again.",
            ) from fault  # fmt: skip
        return {}


def _cells(lines: Sequence[str], file: Path) -> list[list[str]]:
    """Return the cells of a table; a comma is a decimal one where cells are parted otherwise."""
    if not lines:
        raise UnreadableFileError(
            "the table is empty", where=file.name, remedy="Export the plane again."
        )
    mark = next((one for one in ("\t", ";", ",") if one in lines[0]), " ")
    rows = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=mark))
    if mark in "\t; ":
        _require_one_meaning([cell.strip() for row in rows for cell in row], file)
        rows = [[cell.replace(",", ".") for cell in row] for row in rows]
    rows = [row[:-1] if row and not row[-1].strip() and mark != "," else row for row in rows]
    widths = {len(row) for row in rows}
    if len(widths) > 1:
        width = len(rows[0])
        line = next(n for n, row in enumerate(rows, start=1) if len(row) != width)
        raise UnreadableFileError(
            f"the first row has {width} cells, row {line} has {len(rows[line - 1])}",
            where=file.name, remedy="Export the plane again: each row needs as many.",
        )  # fmt: skip
    return rows


THOUSANDS = re.compile(r"-?[1-9]\d{0,2}(,\d{3})+")


def _require_one_meaning(cells: Sequence[str], file: Path) -> None:
    """Refuse a table whose commas may part thousands: read as decimals it is 1000 times less."""
    numbers = [cell for cell in cells if _is_number(cell)]  # not the words in the corner
    commas = [cell for cell in numbers if "," in cell]
    has_points = any("." in cell for cell in numbers)
    if commas and (has_points or all(THOUSANDS.fullmatch(cell) for cell in commas)):
        raise UnreadableFileError(
            f"the comma in {commas[0]!r} may part decimals or thousands", where=file.name,
            remedy="Export the plane again: no mark between thousands; a point before decimals, "
            "or more or fewer than three of them.",
        )  # fmt: skip


def _is_number(cell: str) -> bool:
    """Return whether a cell is a number, whatever its marks mean."""
    try:
        float(cell.replace(",", ""))
    except ValueError:
        return False
    return True


def _has_axes(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether the first cell is no number: then positions stand beside the values."""
    try:
        float(rows[0][0])
    except ValueError:
        return True
    return False


def _numbers(cells: Sequence[str], file: Path, row: int) -> Floats:
    try:
        return np.array([float(cell) if cell.strip() else np.nan for cell in cells])
    except ValueError as fault:
        raise UnreadableFileError(
            f"a cell is no number: {fault}", where=f"{file.name}, row {row}",
            remedy="Correct the cell, or export the plane again.",
        ) from fault  # fmt: skip


def _pixel(
    own: Reading, file: Path, said: tuple[float, float] | None = None
) -> tuple[float, float]:
    """Return the distance of columns and rows: as given, else as the file says."""
    if own.pixel_mm is not None:
        return own.pixel_mm, own.pixel_mm
    if said is None:
        raise FilmError(
            "the file does not say how far its points are apart", where=file.name,
            remedy="Give the distance in mm (--pixel MM).",
        )  # fmt: skip
    return said


def _centred(
    shape: tuple[int, ...], pixel: tuple[float, float], own: Reading
) -> tuple[Floats, Floats]:
    """Return positions of columns and of rows (from the top) about the chosen centre."""
    rows, columns = shape
    column, row = own.centre if own.centre is not None else ((columns - 1) / 2, (rows - 1) / 2)
    x = (np.arange(columns, dtype=np.float64) - column) * pixel[0]
    y = (row - np.arange(rows, dtype=np.float64)) * pixel[1]
    return x, y


def _calibrated(pixels: Floats, own: Reading, file: Path) -> Floats:
    if own.calibration is None:
        raise FilmError(
            "a picture of a film holds no dose", where=file.name,
            remedy="Give the calibration of the film (--calibration FILE.toml).",
        )  # fmt: skip
    return own.calibration.dose_gy(pixels)


def _read_tiff(file: Path, own: Reading) -> FilmPlane:
    picture = read_tiff(file)
    channel = CHANNELS.index(own.channel) if picture.values.shape[2] > 1 else 0
    values = _calibrated(picture.values[:, :, channel], own, file)
    pixel = _pixel(own, file, picture.pixel_mm)
    x, y = _centred(values.shape, pixel, own)
    plane = plane_of(values, x, y, file.name)
    return FilmPlane(plane.values, plane.x_mm, plane.y_mm, None, f"film {file.name}")


def _read_dicom(file: Path, own: Reading) -> Grid | FilmPlane:
    item = read_header(Source(file))
    if item is not None and item.modality == "RTDOSE":
        dose = read_dose(item)
        if dose.units != "GY":
            raise FilmError(
                "the doses are relative", where=file.name, remedy="Export the dose in Gy."
            )
        if dose.grid.geometry.shape[0] > 1:
            return dose.grid
        return _turned(plane_of_grid(dose.grid, file.name), own)
    try:
        data = dcmread(file)
        pixels = np.asarray(data.pixel_array, dtype=np.float64)
        spacing = next((data.get(name) for name in SPACINGS if data.get(name)), None)
        said = (float(spacing[1]), float(spacing[0])) if spacing else None
        pixels = pixels * float(data.get("RescaleSlope", 1)) + float(
            data.get("RescaleIntercept", 0)
        )  # fmt: skip
    except Exception as fault:  # pydicom raises what the broken bytes happen to provoke
        raise UnreadableFileError(
            f"the picture cannot be read: {fault}", where=file.name, remedy="Export it again."
        ) from fault
    if pixels.ndim != 2:
        raise FilmError(
            "the DICOM file holds neither a dose nor one grey picture", where=file.name,
            remedy="Choose an RT Dose, or one picture of a film.",
        )  # fmt: skip
    values = _calibrated(pixels, own, file)
    x, y = _centred(values.shape, _pixel(own, file, said), own)
    plane = plane_of(values, x, y, file.name)
    made = FilmPlane(plane.values, plane.x_mm, plane.y_mm, None, f"film {file.name}")
    return _turned(made, own)
