"""RT images: portal images, simulator images and radiographs, with the geometry of their plane.

Positions on the plane are IEC X-RAY IMAGE RECEPTOR coordinates at the plane (DICOM PS3.3
C.8.8.2): seen from the source, x grows along the rows and y grows against the columns.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.dicom.files import Item
from core.dicom.pixels import stored_values
from core.dicom.plan import Beam, Plan
from core.dicom.values import items, maybe_float, maybe_int, need_numbers, numbers, text
from core.errors import RemedyError, UnreadableRecordError

Values = npt.NDArray[np.float32]
UPRIGHT = (1.0, 0.0, 0.0, 0.0, -1.0, 0.0)
EXPORT_AGAIN = "Export the image again from where it came."


@dataclass(frozen=True, eq=False, slots=True)
class RtImage:
    """One RT image, read but for its pixels. What the file does not tell is None or empty.

    Attributes:
        item: The object it was read from.
        label: RTImageLabel.
        name: RTImageName.
        description: RTImageDescription.
        kind: How it came about: PORTAL, SIMULATOR, RADIOGRAPH, DRR, FLUENCE ...
        machine: RadiationMachineName.
        date: AcquisitionDate, else the date it was made.
        frames: Number of pictures.
        rows: Rows of one picture.
        columns: Columns of one picture.
        is_dark_high: Whether the highest value is shown black (MONOCHROME1).
        row_mm: Distance of rows at the plane of the image.
        column_mm: Distance of columns at the plane of the image.
        first_mm: x and y of the centre of the first pixel.
        moved_mm: x, y of the receptor's origin in the gantry system; None when not told.
        is_square_on: Whether the plane lies square to the central axis, rows along x.
        gantry_deg: Gantry angle (IEC 61217).
        collimator_deg: Beam limiting device angle.
        couch_deg: Patient support angle.
        sad_mm: Source to axis.
        sid_mm: Source to the plane of the image.
        exposure_mu: Meterset of the exposure.
        plan_uid: SOPInstanceUID of the plan it belongs to.
        beam_number: Number of the plan's beam it belongs to.
        window: Lowest and highest value of the grey window stored with it.

    """

    item: Item
    label: str
    name: str
    description: str
    kind: str
    machine: str
    date: str
    frames: int
    rows: int
    columns: int
    is_dark_high: bool
    row_mm: float | None
    column_mm: float | None
    first_mm: tuple[float, float] | None
    moved_mm: tuple[float, float] | None
    is_square_on: bool
    gantry_deg: float | None
    collimator_deg: float | None
    couch_deg: float | None
    sad_mm: float | None
    sid_mm: float | None
    exposure_mu: float | None
    plan_uid: str
    beam_number: int | None
    window: tuple[float, float] | None

    @property
    def to_isocentre(self) -> float | None:
        """Factor from mm at the plane of the image to mm at the isocentre."""
        if not self.is_square_on or not self.sad_mm or not self.sid_mm:
            return None
        return self.sad_mm / self.sid_mm

    @property
    def pixel_mm(self) -> tuple[float, float] | None:
        """Distance of columns and of rows at the isocentre."""
        factor = self.to_isocentre
        if factor is None or self.row_mm is None or self.column_mm is None:
            return None
        return self.column_mm * factor, self.row_mm * factor

    @property
    def axis_pixel(self) -> tuple[float, float] | None:
        """Column and row, from 0, where the central axis and with it the isocentre is seen.

        A receptor whose position is not told is taken to be centred, as its file means it.

        """
        if not self.is_square_on or self.first_mm is None:
            return None
        if self.row_mm is None or self.column_mm is None:
            return None
        x, y = self.moved_mm or (0.0, 0.0)
        return (-x - self.first_mm[0]) / self.column_mm, (self.first_mm[1] + y) / self.row_mm

    def notes(self) -> tuple[str, ...]:
        """Return why there is no scale or no isocentre, and what was taken for granted."""
        if not self.is_square_on:
            return ("Plane not square to the axis: no scale, no isocentre",)
        found = []
        if self.pixel_mm is None:
            found.append("No scale: pixel spacing, SAD or SID is not told")
        if self.axis_pixel is None:
            found.append("No isocentre: position of the image is not told")
        elif self.moved_mm is None:
            found.append("Receptor position not told: taken as centred on the axis")
        return tuple(found)


def read_rt_image(item: Item) -> RtImage:
    """Return an RT image without its pixels.

    Raises:
        UnreadableRecordError: It has no size, no pixels, or is in colours.

    """
    data, where = item.header, item.source.name
    rows, columns = (int(need_numbers(data, key, 1, where)[0]) for key in ("Rows", "Columns"))
    frames = maybe_int(data, "NumberOfFrames") or 1
    problem = ""
    if min(rows, columns, frames) < 1:
        problem = f"a picture of {columns} x {rows} pixels is impossible"
    elif (maybe_int(data, "SamplesPerPixel") or 1) != 1:
        problem = "the picture is in colours, not grey"
    elif item.pixel_start < 0 and not item.transfer_syntax.is_deflated:
        problem = "the image has no pixels"
    if problem:
        raise UnreadableRecordError(problem, where=where, remedy=EXPORT_AGAIN)
    spacing = _pair(item, "ImagePlanePixelSpacing")
    row_mm, column_mm = spacing if spacing and min(spacing) > 0 else (None, None)
    plans = items(data, "ReferencedRTPlanSequence")
    kinds = [str(word) for word in np.atleast_1d(data.get("ImageType") or [])]
    return RtImage(
        item, text(data, "RTImageLabel"), text(data, "RTImageName"),
        text(data, "RTImageDescription"), kinds[2] if len(kinds) > 2 else "",
        text(data, "RadiationMachineName"), _date(item), frames, rows, columns,
        text(data, "PhotometricInterpretation") == "MONOCHROME1", row_mm, column_mm,
        _pair(item, "RTImagePosition"), _pair(item, "XRayImageReceptorTranslation"),
        _is_square_on(item), maybe_float(data, "GantryAngle"),
        maybe_float(data, "BeamLimitingDeviceAngle"), maybe_float(data, "PatientSupportAngle"),
        _positive(item, "RadiationMachineSAD"), _positive(item, "RTImageSID"), _exposure(item),
        text(plans[0], "ReferencedSOPInstanceUID") if plans else "",
        maybe_int(data, "ReferencedBeamNumber"), _window(item),
    )  # fmt: skip


def image_values(image: RtImage, frame: int = 0) -> Values:
    """Return the values of one picture after slope and intercept; shape (rows, columns).

    Raises:
        UnreadableFileError: The pixels are cut short, or their compression is not known.

    """
    shape = (image.frames, image.rows, image.columns)
    stored = stored_values(image.item, shape)[frame]
    slope = maybe_float(image.item.header, "RescaleSlope") or 1.0
    added = maybe_float(image.item.header, "RescaleIntercept") or 0.0
    return np.asarray(stored, dtype=np.float32) * np.float32(slope) + np.float32(added)


def beam_of(image: RtImage, plans: tuple[Plan, ...]) -> tuple[Plan | None, Beam | None]:
    """Return plan and beam of an image; None for what it does not name or is not here."""
    plan = next((one for one in plans if one.item.sop_uid == image.plan_uid), None)
    if plan is None or image.beam_number is None:
        return plan, None
    return plan, next((one for one in plan.beams if one.number == image.beam_number), None)


def readable_images(found: tuple[Item, ...]) -> tuple[tuple[RtImage, ...], tuple[str, ...]]:
    """Return the RT images that can be shown, and a sentence on each that cannot."""
    images, problems = [], []
    for item in found:
        try:
            images.append(read_rt_image(item))
        except RemedyError as problem:
            problems.append(f"{item.source.name}: {problem.what}")
    return tuple(images), tuple(problems)


def _pair(item: Item, keyword: str) -> tuple[float, float] | None:
    found = numbers(item.header, keyword)
    return None if found is None or len(found) < 2 else (float(found[0]), float(found[1]))


def _positive(item: Item, keyword: str) -> float | None:
    value = maybe_float(item.header, keyword)
    return value if value is not None and value > 0 else None


def _date(item: Item) -> str:
    words = ("AcquisitionDate", "ContentDate", "InstanceCreationDate", "StudyDate")
    return next((found for word in words if (found := item.text(word))), "")


def _is_square_on(item: Item) -> bool:
    """Whether the receptor is upright and square to the axis; a turned one cannot be scaled."""
    plane = item.text("RTImagePlane") or "NORMAL"
    axes = numbers(item.header, "RTImageOrientation")
    upright = axes is None or (len(axes) == 6 and bool(np.allclose(axes, UPRIGHT, atol=1e-3)))
    angle_deg = maybe_float(item.header, "XRayImageReceptorAngle") or 0.0
    return plane == "NORMAL" and upright and abs(angle_deg) < 1e-3


def _exposure(item: Item) -> float | None:
    found = [
        maybe_float(one, "MetersetExposure") for one in items(item.header, "ExposureSequence")
    ]
    known = [value for value in found if value is not None]
    return sum(known) if known else None


def _window(item: Item) -> tuple[float, float] | None:
    centre, width = (numbers(item.header, key) for key in ("WindowCenter", "WindowWidth"))
    if centre is None or width is None or not width[0] > 0:
        return None
    return float(centre[0] - width[0] / 2), float(centre[0] + width[0] / 2)
