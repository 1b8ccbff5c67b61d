"""Pinnacle's image sets: header, slice list and pixels to image objects like those of DICOM."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from app.viewer.pinnacle_object import Person, made_item, made_uid
from app.viewer.pinnacle_space import MM_PER_CM, SIGNS, Space, unknown_position
from app.viewer.pinnacle_text import FETCH_AGAIN, Block, read_file
from core.dicom.files import Item
from core.errors import RemedyError, UnreadableFileError, UnreadableRecordError

BYTES_PER_PIXEL = 2
# What readers subtract from the stored numbers of CT differs: 1000 or 1024; no file tells.
CT_OFFSET = 1000
CT_CLASS = "1.2.840.10008.5.1.4.1.1.2"


@dataclass(frozen=True, eq=False, slots=True)
class ImageSet:
    """One image set without its pixels.

    Attributes:
        stem: Its files without their endings, e.g. ImageSet_0.
        folder: The patient's folder.
        header: ImageSet_n.header.
        slices: The entries of ImageSet_n.ImageInfo, in the order of the pixels.
        space: Where it lies.
        has_pixels: Whether its slices are shown.
        own_start: Whether its files count from a start of their own instead of that of the DICOM
            images, as before version 9.

    """

    stem: str
    folder: Path
    header: Block
    slices: tuple[Block, ...]
    space: Space
    has_pixels: bool
    own_start: bool

    @property
    def name(self) -> str:
        """Name by which regions and points say what they were drawn on."""
        return self.header.text("db_name")

    @property
    def series_uid(self) -> str:
        """SeriesInstanceUID: the images' own; one made here where the places are not DICOM's."""
        told = self.slices[0].text("SeriesUID") if self.slices else ""
        return told if told and self.space.is_dicom else made_uid(self.stem, told)

    def image_uid(self, one: Block) -> str:
        """SOPInstanceUID of a slice, as for the series."""
        told = one.text("InstanceUID")
        if told and self.space.is_dicom:
            return told
        return made_uid(self.stem, told, one.text("SliceNumber"), one.text("TablePosition"))


def read_image_set(folder: Path, stem: str) -> ImageSet:
    """Return an image set as far as header and slice list tell it.

    Raises:
        RemedyError: A file is missing, or they do not tell where the slices lie.

    """
    header = read_file(folder / f"{stem}.header")
    where = f"{stem}.header"
    position = header.text("patient_position").upper()
    if position not in SIGNS:
        raise unknown_position(position or "none", where)
    slices = tuple(read_file(folder / f"{stem}.ImageInfo").blocks("ImageInfo"))
    _check_slices(slices, header, f"{stem}.ImageInfo")
    frames = {one.text("FrameUID") for one in slices}
    is_dicom = header.number("x_start_dicom") is not None and len(frames) == 1 and "" not in frames
    told = frames.pop() if len(frames) == 1 else ""
    frame_uid = told if is_dicom else made_uid(header.text("db_name"), told, "frame of the start")
    space = Space(position, frame_uid, is_dicom)
    return ImageSet(stem, folder, header, slices, space, False, not is_dicom)


def _check_slices(slices: tuple[Block, ...], header: Block, where: str) -> None:
    wanted = header.number("z_dim")
    if not slices or len(slices) != wanted:
        raise UnreadableRecordError(
            f"{len(slices)} slices are listed, but the header tells {_count(wanted)}",
            where=where,
            remedy=FETCH_AGAIN,
        )
    if any(one.number("TablePosition") is None for one in slices):
        raise UnreadableRecordError(
            "a slice does not tell its TablePosition", where=where, remedy=FETCH_AGAIN
        )


def _count(number: float | None) -> str:
    return "none" if number is None else f"{number:g}"


def image_items(images: ImageSet, person: Person) -> list[Item]:
    """Return one object per slice; the pixels are read when they are asked for.

    Rows run from the largest y down, slices as they are listed (pymedphys and p3tk agree).

    Raises:
        UnreadableFileError: The pixels are missing, too few, or of a kind that is not known.
        UnreadableRecordError: The header lacks a value.

    """
    path = images.folder / f"{images.stem}.img"
    columns, rows = _whole(images, "x_dim"), _whole(images, "y_dim")
    _check_pixels(images, path, columns * rows)
    kind = np.dtype(np.int16).newbyteorder(">" if images.header.number("byte_order") == 1 else "<")
    size = columns * rows * BYTES_PER_PIXEL
    common = _common_header(images, (rows, columns))
    found = []
    for number, one in enumerate(images.slices):
        header = Dataset()
        header.update(common)
        header.SOPInstanceUID = images.image_uid(one)
        header.InstanceNumber = number + 1
        header.ImagePositionPatient = list(first_pixel_mm(images, one))
        stored = _reader(path, kind, number * size, (rows, columns))
        found.append(made_item(path, header, person, pixel_start=number * size, stored=stored))
    return found


def _check_pixels(images: ImageSet, path: Path, count: int) -> None:
    header = images.header
    if (header.number("bitpix"), header.number("bytes_pix"), header.number("datatype")) != (
        16, BYTES_PER_PIXEL, 1,
    ):  # fmt: skip
        raise UnreadableFileError(
            "its pixels are no 16-bit numbers", where=path.name, remedy=FETCH_AGAIN
        )
    if not path.is_file():
        raise UnreadableFileError(
            "the pixels are not here; structures and dose are shown without images",
            where=path.name,
            remedy="Copy the .img file too.",
        )
    have, wanted = path.stat().st_size, count * BYTES_PER_PIXEL * len(images.slices)
    if have != wanted:
        raise UnreadableFileError(
            f"it has {have} bytes, {wanted} belong to {len(images.slices)} slices; the images "
            "are not shown",
            where=path.name,
            remedy=FETCH_AGAIN,
        )


def _common_header(images: ImageSet, size: tuple[int, int]) -> Dataset:
    told, space = images.header, images.space
    step = [_positive(images, name) * MM_PER_CM for name in ("y_pixdim", "x_pixdim")]
    header = Dataset()
    header.Modality = told.text("modality").upper() or "CT"
    header.SOPClassUID = images.slices[0].text("ClassUID") or CT_CLASS
    header.SeriesInstanceUID = images.series_uid
    header.StudyInstanceUID = images.slices[0].text("StudyInstanceUID")
    header.FrameOfReferenceUID = space.frame_uid
    header.PatientPosition = space.position
    header.SeriesDescription = told.text("Series_Description") or images.stem
    header.Manufacturer = told.text("manufacturer")
    header.ManufacturerModelName = told.text("model")
    header.Rows, header.Columns = size
    header.PixelSpacing = step
    header.ImageOrientationPatient = [*space.axis_mm(0), *-space.axis_mm(1)]
    header.BitsAllocated = header.BitsStored = 16
    header.HighBit, header.PixelRepresentation, header.SamplesPerPixel = 15, 1, 1
    header.RescaleSlope = 1
    header.RescaleIntercept = -CT_OFFSET if header.Modality == "CT" else 0
    header.RescaleType = "US"
    return header


def first_pixel_mm(images: ImageSet, one: Block) -> tuple[float, float, float]:
    """Return the DICOM position of the first pixel of a slice: lowest x, largest y.

    Raises:
        UnreadableRecordError: The header lacks a value.

    """
    ending = "" if images.own_start else "_dicom"
    x_cm, y_cm = (_need(images, f"{axis}_start{ending}") for axis in "xy")
    y_cm += (_whole(images, "y_dim") - 1) * _positive(images, "y_pixdim")
    z_cm = one.number("TablePosition") or 0.0
    # Six digits of a centimetre are in the file; more would only be noise of the arithmetic.
    x, y, z = images.space.to_dicom_mm([x_cm, y_cm, z_cm]).round(5)
    return float(x), float(y), float(z)


def _reader(
    path: Path, kind: np.dtype[np.int16], start: int, shape: tuple[int, int]
) -> Callable[[], npt.NDArray[np.int16]]:
    def read() -> npt.NDArray[np.int16]:
        wanted = shape[0] * shape[1] * BYTES_PER_PIXEL
        try:
            with path.open("rb") as stream:
                stream.seek(start)
                content = stream.read(wanted)
        except OSError as fault:
            raise UnreadableFileError(
                f"the pixels cannot be read ({fault.strerror})",
                where=path.name,
                remedy="Copy the .img file again and open the folder again.",
            ) from fault
        if len(content) != wanted:
            raise UnreadableFileError("the pixels end early", where=path.name, remedy=FETCH_AGAIN)
        return np.frombuffer(content, dtype=kind).astype(np.int16)

    return read


def _need(images: ImageSet, name: str) -> float:
    value = images.header.number(name)
    if value is None:
        raise _odd_header(images, f"{name} is missing or no number")
    return value


def _positive(images: ImageSet, name: str) -> float:
    value = _need(images, name)
    if not value > 0:
        raise _odd_header(images, f"{name} is {value:g}")
    return value


def _whole(images: ImageSet, name: str) -> int:
    value = _positive(images, name)
    if value != int(value):
        raise _odd_header(images, f"{name} is {value:g}")
    return int(value)


def _odd_header(images: ImageSet, what: str) -> RemedyError:
    return UnreadableRecordError(what, where=f"{images.stem}.header", remedy=FETCH_AGAIN)
