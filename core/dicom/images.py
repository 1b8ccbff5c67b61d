"""Slices of CT, MR and PET to series sorted by geometry, with what is odd about them."""

import math
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from core.dicom.files import Item, Refused
from core.dicom.values import frame_axes, maybe_float, need_numbers, pixel_spacing, text
from core.dose.geometry import EVEN_GAP_MM, Floats, Geometry
from core.errors import RemedyError
from core.findings import Finding, State

MODALITIES = ("CT", "MR", "PT")
SHARED_BY_A_STACK = (
    "SOPClassUID", "Modality", "SeriesInstanceUID", "FrameOfReferenceUID", "NumberOfFrames",
    "Rows", "Columns", "ImageOrientationPatient", "PixelSpacing", "TransferSyntaxUID",
    "SpecificCharacterSet",
)  # fmt: skip
SAME_PLACE_MM = 0.01
# Positions in files are rounded to about 0.001 mm; a slice this far off the line is displaced.
OFF_LINE_MM = 0.1
# Direction cosines and pixel spacings (mm) are written with three or four decimals at least.
ALIKE = 1e-3
# A gap this many times the usual one means that slices are missing, not spaced unevenly.
MISSING_GAP = 1.5


@dataclass(frozen=True, eq=False)
class ImageSeries:
    """One stack of parallel slices, lowest first along its normal; no pixels yet.

    Attributes:
        items: One object per slice of the geometry.
        geometry: Where the voxels lie.
        oddities: What was found about spacing, duplicates and positions.

    """

    items: tuple[Item, ...]
    geometry: Geometry
    oddities: tuple[Finding, ...]

    @property
    def first(self) -> Item:
        """The lowest slice, which speaks for the series."""
        return self.items[0]

    @property
    def modality(self) -> str:
        """CT, MR or PT."""
        return self.first.modality

    @property
    def frame_uid(self) -> str:
        """FrameOfReferenceUID."""
        return self.first.text("FrameOfReferenceUID")

    @property
    def series_uid(self) -> str:
        """SeriesInstanceUID."""
        return self.first.text("SeriesInstanceUID")

    @property
    def patient_position(self) -> str:
        """PatientPosition, e.g. HFS; empty when not told."""
        return self.first.text("PatientPosition").upper()

    @property
    def thickness_mm(self) -> float | None:
        """SliceThickness, or None when not told or zero."""
        return maybe_float(self.first, "SliceThickness") or None

    @property
    def unit(self) -> str:
        """Unit of the values after rescaling: HU for CT, BQML and the like for PET.

        A CT whose RescaleType is another than HU has no unit (DICOM C.11.1.1.2).
        """
        if self.modality == "CT":
            return "HU" if self.first.text("RescaleType") in ("", "HU") else ""
        return self.first.text("Units") if self.modality == "PT" else ""

    @property
    def title(self) -> str:
        """Words for lists: modality, number of slices, description."""
        words = [self.modality, f"{len(self.items)} slices", self.first.text("SeriesDescription")]
        return ", ".join(word for word in words if word)


def image_series(items: Sequence[Item]) -> tuple[list[ImageSeries], list[Refused]]:
    """Group image objects into stacks of parallel slices, largest stack first.

    Scouts and re-orientated images of the same series become stacks of their own.

    """
    groups: dict[tuple[object, ...], list[_Alike]] = defaultdict(list)
    refused: list[Refused] = []
    known: dict[Hashable, _Key] = {}
    for item in items:
        try:
            key, lattice = _group_key(item, known)
        except RemedyError as problem:
            refused.append(Refused(item.source.name, problem.what))
            continue
        own = groups[key]
        place = next((one for one in own if np.abs(one.lattice - lattice).max() < ALIKE), None)
        if place is None:
            own.append(_Alike(lattice, [item]))
        else:
            place.items.append(item)
    series = []
    for group in (one.items for own in groups.values() for one in own):
        try:
            series.append(_sorted_series(group))
        except RemedyError as problem:
            refused += [Refused(item.source.name, problem.what) for item in group]
    series.sort(key=lambda one: len(one.items), reverse=True)
    return series, refused


@dataclass(frozen=True, eq=False, slots=True)
class _Alike:
    """Images of one direction and pixel spacing."""

    lattice: Floats
    items: list[Item]


_Key = tuple[tuple[object, ...], Floats]


def _group_key(item: Item, known: dict[Hashable, _Key]) -> _Key:
    """Return what images of a stack have in common: exactly, and but for rounding.

    Args:
        item: An image.
        known: The answers so far, by the values as they are written.

    """
    need_numbers(item, "ImagePositionPatient", 3, item.source.name)
    written = item.raw(SHARED_BY_A_STACK)
    if written is None:
        return _new_group_key(item)
    if written not in known:
        known[written] = _new_group_key(item)
    return known[written]


def _new_group_key(item: Item) -> _Key:
    where = item.source.name
    if (maybe_float(item, "NumberOfFrames") or 1) > 1:
        raise RemedyError(
            "multi-frame image objects are not read",
            where=where,
            remedy="Export the series as one object per slice.",
        )
    if item.pixel_start < 0 and not item.transfer_syntax.is_deflated:
        raise RemedyError("the image has no pixels", where=where, remedy="Export it again.")
    size = need_numbers(item, "Rows", 1, where)[0], need_numbers(item, "Columns", 1, where)[0]
    key = (
        item.modality, item.text("SeriesInstanceUID"), item.text("FrameOfReferenceUID"), *size,
    )  # fmt: skip
    return key, np.concatenate([*frame_axes(item, where), pixel_spacing(item, where)])


def _sorted_series(group: list[Item]) -> ImageSeries:
    first = group[0]
    along_columns, along_rows = frame_axes(first, first.source.name)
    column_mm, row_mm = pixel_spacing(first, first.source.name)
    normal = np.cross(along_columns, along_rows)
    places = {id(item): _position(item) for item in group}
    ordered = sorted(group, key=lambda item: float(places[id(item)] @ normal))
    kept, oddities = _without_duplicates(ordered, places, normal)
    positions = np.array([places[id(item)] for item in kept])
    along_slices = _slice_direction(positions, normal)
    offsets = (positions - positions[0]) @ along_slices
    _refuse_displaced(kept, positions, along_slices, offsets)
    shape = (len(kept), int(first.get("Rows")), int(first.get("Columns")))
    geometry = Geometry(
        positions[0], along_columns, along_rows, along_slices, column_mm, row_mm, offsets, shape
    )
    oddities += [*_spacing_oddities(geometry), *_tilt_oddity(geometry)]
    return ImageSeries(tuple(kept), geometry, tuple(oddities))


def _position(item: Item) -> Floats:
    return need_numbers(item, "ImagePositionPatient", 3, item.source.name)


def _without_duplicates(
    ordered: list[Item], places: dict[int, Floats], normal: Floats
) -> tuple[list[Item], list[Finding]]:
    kept: list[Item] = [ordered[0]]
    other: list[float] = []
    for item in ordered[1:]:
        place_mm = float(places[id(item)] @ normal)
        if place_mm - float(places[id(kept[-1])] @ normal) > SAME_PLACE_MM:
            kept.append(item)
        elif item.sop_uid != kept[-1].sop_uid:
            other.append(_patient_way(normal) * place_mm)
    if not other:
        return kept, []
    return kept, [
        Finding(
            "V-IMG-DUPLICATE",
            State.WARNING,
            f"{len(other)} positions hold more than one image (first at {other[0]:.1f} mm); "
            "the first image of each is shown.",
            item="slices",
            remedy="Export the series without repeated acquisitions.",
        )
    ]


def _patient_way(normal: Floats) -> float:
    """Return 1 or -1, so that a place along the normal is told as patients' coordinates grow."""
    return 1.0 if float(normal[int(np.argmax(np.abs(normal)))]) > 0 else -1.0


def _slice_direction(positions: Floats, normal: Floats) -> Floats:
    if len(positions) < 2:
        return normal
    way = positions[-1] - positions[0]
    direction: Floats = way / np.linalg.norm(way)
    # A direction that is the normal but for rounding is the normal.
    return normal if float(direction @ normal) > 1 - 1e-9 else direction


def _refuse_displaced(
    kept: list[Item], positions: Floats, along_slices: Floats, offsets: Floats
) -> None:
    away = np.linalg.norm(positions - positions[0] - np.outer(offsets, along_slices), axis=1)
    if float(away.max()) > OFF_LINE_MM:
        worst = kept[int(away.argmax())]
        raise RemedyError(
            f"the slices do not lie in one line: one is {away.max():.1f} mm beside the rest",
            where=worst.source.name,
            remedy="Export the series again, one reconstruction at a time.",
        )


def _spacing_oddities(geometry: Geometry) -> list[Finding]:
    gaps, usual = geometry.gaps_mm, geometry.slice_mm
    if geometry.is_even:
        return []
    places = geometry.slice_offsets_mm * float(geometry.normal @ geometry.along_slices)
    places = _patient_way(geometry.normal) * (places + geometry.origin_mm @ geometry.normal)
    found = []
    for number in np.flatnonzero(gaps > MISSING_GAP * usual):
        count = max(round(gaps[number] / usual) - 1, 1)
        low, high = sorted(float(place) for place in places[number : number + 2])
        found.append(
            Finding(
                "V-IMG-MISSING",
                State.ERROR,
                f"{count} {'slice is' if count == 1 else 'slices are'} missing between "
                f"{low:.1f} and {high:.1f} mm.",
                item="slices",
                expected=f"{usual:.2f}",
                found=f"{gaps[number]:.2f}",
                unit="mm",
                remedy="Fetch the missing slices; the gap is left blank.",
            )
        )
    ordinary = gaps[gaps <= MISSING_GAP * usual]
    if len(ordinary) and float(ordinary.max() - ordinary.min()) > EVEN_GAP_MM:
        found.append(
            Finding(
                "V-IMG-UNEVEN",
                State.WARNING,
                f"The slices are {ordinary.min():.2f} to {ordinary.max():.2f} mm apart; "
                "each is shown where it lies.",
                item="slices",
                found=f"{ordinary.min():.2f}-{ordinary.max():.2f}",
                unit="mm",
            )
        )
    return found


def _tilt_oddity(geometry: Geometry) -> list[Finding]:
    if not geometry.is_tilted:
        return []
    cosine = min(float(geometry.normal @ geometry.along_slices), 1.0)
    tilt_deg = math.degrees(math.acos(cosine))
    return [
        Finding(
            "V-IMG-TILT",
            State.WARNING,
            f"The gantry was tilted by {tilt_deg:.1f} degrees; each slice is shown where it lies.",
            item="slices",
            found=f"{tilt_deg:.1f}",
            unit="deg",
        )
    ]


def describe_source(item: Item) -> str:
    """Return maker and model of the device that made an object."""
    return f"{text(item, 'Manufacturer')} {text(item, 'ManufacturerModelName')}".strip()
