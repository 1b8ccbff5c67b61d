"""RT Dose objects to grids in Gy: both forms of frame offsets, planar files put together."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from core.dicom.files import Item, Refused
from core.dicom.pixels import stored_values
from core.dicom.values import (
    frame_axes,
    items,
    maybe_float,
    maybe_int,
    need_float,
    need_numbers,
    numbers,
    pixel_spacing,
    text,
)
from core.dose.geometry import Floats, Geometry, Grid
from core.errors import RemedyError, UnreadableFileError
from core.findings import Finding, State

UPRIGHT = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


@dataclass(frozen=True, eq=False, slots=True)
class ExportedDvh:
    """One cumulative or differential DVH as the planning system wrote it.

    Attributes:
        structure_numbers: ROI numbers it was made of; usually one.
        kind: CUMULATIVE, DIFFERENTIAL or NATURAL.
        dose: Left edge of each bin, in `dose_units`.
        volume: Volume of each bin, in `volume_units`.
        dose_units: GY or RELATIVE.
        volume_units: CM3, PERCENT or PER_U.

    """

    structure_numbers: tuple[int, ...]
    kind: str
    dose: Floats
    volume: Floats
    dose_units: str
    volume_units: str


@dataclass(frozen=True, eq=False, slots=True)
class Dose:
    """One dose distribution.

    Attributes:
        item: The object (the first of them, where planar files were put together).
        grid: Dose at the voxel centres; Gy unless `units` is RELATIVE.
        units: GY or RELATIVE.
        kind: DoseType: PHYSICAL, EFFECTIVE or ERROR.
        summation: DoseSummationType: PLAN, MULTI_PLAN, FRACTION, BEAM, BRACHY, CONTROL_POINT...
        plan_uids: Plans it was calculated for.
        structure_uids: Structure sets it refers to.
        beam_numbers: Beams it is of; none for the whole plan.
        comment: DoseComment.
        made_by: "" as exported; otherwise words that say what this program has added up.
        dvhs: The planning system's own DVHs.
        oddities: What is odd about it.
        more_items: The other objects, where planar files were put together.

    """

    item: Item
    grid: Grid
    units: str
    kind: str
    summation: str
    plan_uids: tuple[str, ...]
    structure_uids: tuple[str, ...]
    beam_numbers: tuple[int, ...]
    comment: str
    made_by: str
    dvhs: tuple[ExportedDvh, ...]
    oddities: tuple[Finding, ...]
    more_items: tuple[Item, ...] = ()

    @property
    def unit(self) -> str:
        """Unit for screens."""
        return "Gy" if self.units == "GY" else "%"

    @property
    def largest(self) -> float:
        """Highest value of the grid."""
        return float(self.grid.values.max())

    @property
    def title(self) -> str:
        """Words for lists: what it sums over, of which beams, by whom."""
        words = [self.summation or "dose"]
        if self.beam_numbers:
            words.append("beam " + ", ".join(str(number) for number in self.beam_numbers))
        words += [self.comment, self.made_by]
        return ", ".join(word for word in words if word)


def read_doses(found: Sequence[Item]) -> tuple[list[Dose], list[Refused]]:
    """Return the dose distributions of some objects; single planes of one dose put together."""
    doses: list[Dose] = []
    refused: list[Refused] = []
    planes: dict[tuple[object, ...], list[Dose]] = defaultdict(list)
    for item in found:
        try:
            dose = read_dose(item)
        except RemedyError as problem:
            refused.append(Refused(item.source.name, problem.what))
            continue
        if dose.grid.geometry.shape[0] == 1:
            planes[_plane_key(dose)].append(dose)
        else:
            doses.append(dose)
    for group in planes.values():
        try:
            doses.append(_stacked(group))
        except RemedyError as problem:
            refused += [Refused(dose.item.source.name, problem.what) for dose in group]
    return doses, refused


def read_dose(item: Item) -> Dose:
    """Return one RT Dose object.

    Raises:
        UnreadableRecordError: Positions, offsets, scaling or units are missing or impossible.
        UnreadableFileError: No pixels, or they are cut short.

    """
    where = item.source.name
    header = item.header
    if item.pixel_start < 0 and not item.transfer_syntax.is_deflated:
        raise UnreadableFileError(
            "the dose object holds no dose grid", where=where, remedy="Export it with its grid."
        )
    oddities: list[Finding] = []
    geometry, flip = _geometry(header, oddities, where)
    scaling = need_float(header, "DoseGridScaling", where)
    if not scaling > 0:
        raise UnreadableFileError(
            f"DoseGridScaling is {scaling:g}: every dose would be zero or negative",
            where=where,
            remedy="Export the dose again.",
        )
    units = text(header, "DoseUnits").upper()
    if units not in ("GY", "RELATIVE"):
        raise UnreadableFileError(
            f"DoseUnits '{units}' are neither GY nor RELATIVE", where=where, remedy="Export again."
        )
    stored = stored_values(item, geometry.shape)
    gray = np.multiply(stored, scaling, dtype=np.float64).astype(np.float32)
    if flip:
        gray = np.ascontiguousarray(gray[::-1])
    plans = items(header, "ReferencedRTPlanSequence")
    return Dose(
        item=item,
        grid=Grid(geometry, gray, text(header, "FrameOfReferenceUID")),
        units=units,
        kind=text(header, "DoseType").upper(),
        summation=text(header, "DoseSummationType").upper(),
        plan_uids=_uids(plans),
        structure_uids=_uids(items(header, "ReferencedStructureSetSequence")),
        beam_numbers=_beam_numbers(plans),
        comment=text(header, "DoseComment"),
        made_by="",
        dvhs=_exported_dvhs(header),
        oddities=tuple(oddities),
    )


def _uids(references: Iterable[Dataset]) -> tuple[str, ...]:
    found = (text(one, "ReferencedSOPInstanceUID") for one in references)
    return tuple(dict.fromkeys(uid for uid in found if uid))


def _beam_numbers(plans: Iterable[Dataset]) -> tuple[int, ...]:
    found: list[int] = []
    for plan in plans:
        for group in items(plan, "ReferencedFractionGroupSequence"):
            for keyword in ("ReferencedBeamSequence", "ReferencedBrachyApplicationSetupSequence"):
                for one in items(group, keyword):
                    number = maybe_int(one, "ReferencedBeamNumber")
                    if number is not None:
                        found.append(number)
    return tuple(dict.fromkeys(found))


def _geometry(header: Dataset, oddities: list[Finding], where: str) -> tuple[Geometry, bool]:
    along_columns, along_rows = frame_axes(header, where)
    column_mm, row_mm = pixel_spacing(header, where)
    position = need_numbers(header, "ImagePositionPatient", 3, where)
    frames = int(maybe_float(header, "NumberOfFrames") or 1)
    rows, columns = (int(need_float(header, name, where)) for name in ("Rows", "Columns"))
    normal = np.cross(along_columns, along_rows)
    offsets = _frame_offsets(header, frames, position, normal, oddities, where)
    flip = bool(frames > 1 and offsets[1] < offsets[0])
    if flip:
        # Frames run against the normal: turn their order, so that offsets ascend.
        position = position + normal * offsets[-1]
        offsets = (offsets - offsets[-1])[::-1].copy()
    else:
        position = position + normal * offsets[0]
        offsets = offsets - offsets[0]
    shape = (frames, rows, columns)
    geometry = Geometry(
        position, along_columns, along_rows, normal, column_mm, row_mm, offsets, shape
    )
    oddities += _uneven(geometry, where)
    return geometry, flip


def _uneven(geometry: Geometry, where: str) -> list[Finding]:
    if geometry.is_even:
        return []
    low, high = geometry.gaps_mm.min(), geometry.gaps_mm.max()
    return [
        Finding(
            "V-RD-UNEVEN",
            State.WARNING,
            f"{where}: the dose planes are {low:.2f} to {high:.2f} mm apart; "
            "each is used where it lies.",
            item="GridFrameOffsetVector",
        )
    ]


def _frame_offsets(
    header: Dataset,
    frames: int,
    position: Floats,
    normal: Floats,
    oddities: list[Finding],
    where: str,
) -> Floats:
    """Return the offset of each frame along `normal` from ImagePositionPatient (C.8.8.3.2)."""
    vector = numbers(header, "GridFrameOffsetVector")
    if frames == 1:
        return np.zeros(1)
    if vector is None or len(vector) != frames:
        have = "no" if vector is None else str(len(vector))
        raise UnreadableFileError(
            f"the dose has {frames} frames but {have} frame offsets",
            where=where,
            remedy="Export the dose again.",
        )
    steps = np.diff(vector)
    if not (bool((steps > 0).all()) or bool((steps < 0).all())):
        raise UnreadableFileError(
            "the frame offsets neither rise nor fall throughout",
            where=where,
            remedy="Export the dose again.",
        )
    if vector[0] == 0:
        return vector
    if not (abs(vector[0] - position[2]) < 0.01 and abs(abs(normal[2]) - 1) < 1e-6):
        raise UnreadableFileError(
            f"the first frame offset, {vector[0]:g}, is neither 0 nor the z position "
            f"{position[2]:g} of a transverse grid",
            where=where,
            remedy="Export the dose again.",
        )
    six = need_numbers(header, "ImageOrientationPatient", 6, where)
    if not np.allclose(six, UPRIGHT, atol=1e-4):
        oddities.append(
            Finding(
                "V-RD-OFFSETS",
                State.WARNING,
                f"{where}: frame offsets are z positions although the grid is turned, which the "
                "DICOM standard does not provide for (C.8.8.3.2); they are used as z positions.",
                item="GridFrameOffsetVector",
            )
        )
    return np.asarray((vector - position[2]) * float(np.sign(normal[2])))


def _exported_dvhs(header: Dataset) -> tuple[ExportedDvh, ...]:
    found = (_exported_dvh(one) for one in items(header, "DVHSequence"))
    return tuple(dvh for dvh in found if dvh is not None)


def _exported_dvh(one: Dataset) -> ExportedDvh | None:
    pairs = numbers(one, "DVHData")
    if pairs is None or len(pairs) < 2 or len(pairs) % 2:
        return None
    scaling = maybe_float(one, "DVHDoseScaling") or 1.0
    widths, volumes = pairs[0::2] * scaling, pairs[1::2]
    edges = np.concatenate([[0.0], np.cumsum(widths)[:-1]])
    referenced = [
        maybe_int(roi, "ReferencedROINumber")
        for roi in items(one, "DVHReferencedROISequence")
        if text(roi, "DVHROIContributionType").upper() != "EXCLUDED"
    ]
    return ExportedDvh(
        tuple(number for number in referenced if number is not None),
        text(one, "DVHType").upper(), edges, volumes,
        text(one, "DoseUnits").upper(), text(one, "DVHVolumeUnits").upper(),
    )  # fmt: skip


def _plane_key(dose: Dose) -> tuple[object, ...]:
    geometry = dose.grid.geometry
    return (
        dose.item.text("SeriesInstanceUID"), dose.grid.frame_uid, dose.units, dose.kind,
        dose.summation, dose.plan_uids, dose.beam_numbers, geometry.shape,
        *geometry.along_columns.round(4), *geometry.along_rows.round(4),
        round(geometry.column_mm, 4), round(geometry.row_mm, 4),
    )  # fmt: skip


def _stacked(group: list[Dose]) -> Dose:
    if len(group) == 1:
        return group[0]
    normal = group[0].grid.geometry.normal
    group = sorted(group, key=lambda dose: float(dose.grid.geometry.origin_mm @ normal))
    origins = np.array([dose.grid.geometry.origin_mm for dose in group])
    offsets = (origins - origins[0]) @ normal
    beside = np.linalg.norm(origins - origins[0] - np.outer(offsets, normal), axis=1)
    if float(beside.max()) > 0.1 or float(np.diff(offsets).min()) < 0.01:
        raise UnreadableFileError(
            "the dose planes of one series do not lie behind one another",
            where=group[0].item.source.name,
            remedy="Export the dose as one object.",
        )
    first = group[0].grid.geometry
    shape = (len(group), *first.shape[1:])
    geometry = Geometry(
        origins[0], first.along_columns, first.along_rows, normal, first.column_mm, first.row_mm,
        offsets, shape,
    )  # fmt: skip
    values = np.concatenate([dose.grid.values for dose in group])
    chief = group[0]
    return Dose(
        chief.item, Grid(geometry, values, chief.grid.frame_uid), chief.units, chief.kind,
        chief.summation, chief.plan_uids, chief.structure_uids, chief.beam_numbers, chief.comment,
        f"put together from {len(group)} planes", chief.dvhs,
        (*(odd for dose in group for odd in dose.oddities),
         *_uneven(geometry, "planar doses put together")),
        tuple(dose.item for dose in group[1:]),
    )  # fmt: skip
