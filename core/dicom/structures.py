"""Structure sets: contours in patient millimetres, as they were drawn."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from core.dicom.files import Item, read_whole
from core.dicom.values import items, maybe_int, numbers, text
from core.dose.geometry import Floats
from core.errors import UnreadableFileError
from core.findings import Finding, State

CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR", "CLOSED_PLANAR_XOR")
# Okabe and Ito's colours, told apart with colour-blind eyes too; for structures without one.
SPARE_COLOURS = (
    (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0),
    (204, 121, 167),
)  # fmt: skip


@dataclass(frozen=True, eq=False, slots=True)
class Contour:
    """One contour.

    Attributes:
        points_mm: Patient positions; shape (n, 3).
        kind: ContourGeometricType, e.g. CLOSED_PLANAR, POINT, OPEN_PLANAR.
        image_uid: SOPInstanceUID of the slice it was drawn on; empty when not told.

    """

    points_mm: Floats
    kind: str
    image_uid: str

    @property
    def is_closed(self) -> bool:
        """Whether it encloses an area."""
        return self.kind in CLOSED and len(self.points_mm) >= 3


@dataclass(frozen=True, eq=False, slots=True)
class Structure:
    """One region of interest.

    Attributes:
        number: ROINumber.
        name: ROIName as written.
        kind: RTROIInterpretedType, e.g. PTV, ORGAN, EXTERNAL; empty when not told.
        colour: Red, green, blue, 0 to 255.
        frame_uid: ReferencedFrameOfReferenceUID.
        contours: In the order of the file.

    """

    number: int
    name: str
    kind: str
    colour: tuple[int, int, int]
    frame_uid: str
    contours: tuple[Contour, ...]

    @property
    def closed(self) -> tuple[Contour, ...]:
        """The contours that enclose an area."""
        return tuple(contour for contour in self.contours if contour.is_closed)

    @property
    def is_point(self) -> bool:
        """Whether it is a point of interest, not a volume."""
        return bool(self.contours) and all(contour.kind == "POINT" for contour in self.contours)

    @property
    def box_mm(self) -> Floats:
        """Lowest and highest x, y, z of all contour points; shape (2, 3)."""
        points = np.concatenate([contour.points_mm for contour in self.contours])
        return np.stack([points.min(axis=0), points.max(axis=0)])


@dataclass(frozen=True, eq=False, slots=True)
class StructureSet:
    """One RTSTRUCT object.

    Attributes:
        item: The object it was read from.
        label: StructureSetLabel.
        structures: In the order of the file.
        frame_uids: Every frame of reference it names.
        series_uids: Series it was drawn on.
        image_uids: Slices it refers to.
        oddities: Contours that could not be used, colours and names that are odd.

    """

    item: Item
    label: str
    structures: tuple[Structure, ...]
    frame_uids: frozenset[str]
    series_uids: frozenset[str]
    image_uids: frozenset[str]
    oddities: tuple[Finding, ...]


def read_structure_set(item: Item) -> StructureSet:
    """Return a structure set.

    Raises:
        UnreadableFileError: The file is damaged, or has no structures at all.

    """
    data = read_whole(item)
    where = item.source.name
    rois = items(data, "StructureSetROISequence")
    if not rois:
        raise UnreadableFileError(
            "the structure set names no structures", where=where, remedy="Export it again."
        )
    oddities: list[Finding] = []
    drawn, colours = _contours(data, oddities, where)
    kinds = {
        maybe_int(one, "ReferencedROINumber"): text(one, "RTROIInterpretedType").upper()
        for one in items(data, "RTROIObservationsSequence")
    }
    structures: list[Structure] = []
    for place, roi in enumerate(rois):
        number = maybe_int(roi, "ROINumber")
        if number is None or any(one.number == number for one in structures):
            oddities.append(_odd_number(roi, where))
            continue
        colour = colours.get(number) or SPARE_COLOURS[place % len(SPARE_COLOURS)]
        frame_uid = text(roi, "ReferencedFrameOfReferenceUID")
        name = text(roi, "ROIName") or f"structure {number}"
        own = tuple(drawn.pop(number, ()))
        structures.append(Structure(number, name, kinds.get(number, ""), colour, frame_uid, own))
    oddities += [_no_such_structure(number, where) for number in drawn]
    references = _references(data)
    frames = {one.frame_uid for one in structures} | references[0]
    return StructureSet(
        item, text(data, "StructureSetLabel"), tuple(structures), frozenset(frames - {""}),
        frozenset(references[1]), frozenset(references[2]), tuple(oddities),
    )  # fmt: skip


def _no_such_structure(number: int, where: str) -> Finding:
    return Finding(
        "V-RS-NO-ROI",
        State.WARNING,
        f"{where}: contours belong to structure number {number}, which the list of structures "
        "does not have; they are not shown.",
        remedy="Export the structure set again.",
    )


def _odd_number(roi: Dataset, where: str) -> Finding:
    return Finding(
        "V-RS-NUMBER",
        State.WARNING,
        f"{where}: structure '{text(roi, 'ROIName')}' has no number of its own "
        f"({text(roi, 'ROINumber') or 'none'}); it is not shown.",
        remedy="Export the structure set again.",
    )


def _contours(
    data: Dataset, oddities: list[Finding], where: str
) -> tuple[dict[int, list[Contour]], dict[int, tuple[int, int, int]]]:
    drawn: dict[int, list[Contour]] = {}
    colours: dict[int, tuple[int, int, int]] = {}
    for one in items(data, "ROIContourSequence"):
        number = maybe_int(one, "ReferencedROINumber")
        if number is None:
            continue
        colour = numbers(one, "ROIDisplayColor")
        if colour is not None and len(colour) == 3 and colour.min() >= 0 and colour.max() <= 255:
            colours[number] = (int(colour[0]), int(colour[1]), int(colour[2]))
        own = drawn.setdefault(number, [])
        broken = 0
        for contour in items(one, "ContourSequence"):
            made = _contour(contour)
            if made is None:
                broken += 1
            else:
                own.append(made)
        if broken:
            oddities.append(
                Finding(
                    "V-RS-CONTOUR",
                    State.ERROR,
                    f"{where}: {broken} contours of structure number {number} have no usable "
                    "coordinates; the structure is shown without them.",
                    remedy="Export the structure set again.",
                )
            )
    return drawn, colours


def _contour(contour: Dataset) -> Contour | None:
    values = _coordinates(contour)
    if values is None or len(values) % 3:
        return None
    images = items(contour, "ContourImageSequence")
    image_uid = text(images[0], "ReferencedSOPInstanceUID") if images else ""
    return Contour(values.reshape(-1, 3), text(contour, "ContourGeometricType").upper(), image_uid)


def _coordinates(contour: Dataset) -> Floats | None:
    """Return ContourData straight from the bytes: a set holds a million numbers of them."""
    if "ContourData" not in contour:
        return None
    element = contour.get_item("ContourData")
    if not isinstance(element.value, bytes):
        return numbers(contour, "ContourData")
    try:
        values = np.array(element.value.rstrip(b" \0").split(b"\\"), dtype=np.float64)
    except ValueError:
        return None
    return values if np.isfinite(values).all() else None


def _references(data: Dataset) -> tuple[set[str], set[str], set[str]]:
    frames: set[str] = set()
    series_uids: set[str] = set()
    images: set[str] = set()
    for frame in items(data, "ReferencedFrameOfReferenceSequence"):
        frames.add(text(frame, "FrameOfReferenceUID"))
        for study in items(frame, "RTReferencedStudySequence"):
            for series in items(study, "RTReferencedSeriesSequence"):
                series_uids.add(text(series, "SeriesInstanceUID"))
                images |= {
                    text(image, "ReferencedSOPInstanceUID")
                    for image in items(series, "ContourImageSequence")
                }
    return frames, series_uids, images - {""}


def by_name(structures: Iterable[Structure], name: str) -> Structure | None:
    """Return the structure of that name, letters' case ignored; None when there is none."""
    wanted = name.strip().casefold()
    return next((one for one in structures if one.name.strip().casefold() == wanted), None)
