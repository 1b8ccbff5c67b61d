"""DVHs of a structure set in a dose: ours with its band, and the exported one beside it."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from core.dicom.dose import Dose, ExportedDvh
from core.dicom.files import Progress
from core.dicom.structures import Structure, StructureSet
from core.dose.dvh import Tally, tally
from core.dose.dvh_values import (
    Banded,
    Curves,
    curves,
    dose_at_share,
    dose_at_volume,
    extremes_gy,
    mean_gy,
    share_curves,
    volume_cc,
)
from core.dose.geometry import Floats
from core.dose.stack import Stack, stack_of
from core.errors import RemedyError

# A volume whose band is wider than this share, or fewer planes, makes every value doubtful.
LOW_CONFIDENCE_SHARE = 0.25
LOW_CONFIDENCE_PLANES = 4
# The exported and our own volume differ by more: they are not of the same shape.
OTHER_VOLUME_SHARE = 0.05


@dataclass(frozen=True, eq=False)
class StructureDvh:
    """One structure's DVH, or why there is none.

    Attributes:
        structure: The structure.
        problem: Why there is no DVH; empty when there is one.
        stack: The structure as planes; None with a problem.
        tally: Volume per dose bin; None with a problem.
        curves: Cumulative volumes; None with a problem.
        exported: The planning system's own cumulative DVH as share of volume, or None.
        notes: What the user must know about the values.
        is_partial: Whether the dose is a sum that lacks a part somewhere in the structure.

    """

    structure: Structure
    problem: str
    stack: Stack | None
    tally: Tally | None
    curves: Curves | None
    exported: "ExportedCurve | None"
    notes: tuple[str, ...]
    is_partial: bool = False

    @property
    def low_confidence(self) -> bool:
        """Whether the structure is too small for its slices, so that the band is wide."""
        if self.curves is None or self.stack is None:
            return True
        own = volume_cc(self.curves)
        narrow = own.value > 0 and own.half_width <= LOW_CONFIDENCE_SHARE * own.value
        return not narrow or len(self.stack.planes) < LOW_CONFIDENCE_PLANES


@dataclass(frozen=True, eq=False, slots=True)
class ExportedCurve:
    """The planning system's cumulative DVH.

    Attributes:
        dose_gy: Dose of each point.
        share: Share of the volume (0 to 1) at or above it.
        volume_cc: Its whole volume; None when it was exported in percent.
        largest_difference: Largest difference of the shares to our own curve, in percent points.
        at_gy: Dose at which it is that large.

    """

    dose_gy: Floats
    share: Floats
    volume_cc: float | None
    largest_difference: float
    at_gy: float


def structure_dvhs(
    structures: StructureSet,
    dose: Dose,
    image_gap_mm: float | None,
    progress: Progress | None = None,
    *,
    only: Sequence[int] | None = None,
) -> list[StructureDvh]:
    """Return the DVH of every structure, in the order of the set.

    Args:
        structures: Structures, in the frame of reference of the dose.
        dose: Dose in Gy.
        image_gap_mm: Slice distance of the image, for structures on one plane.
        progress: Told per structure; may raise to stop.
        only: ROI numbers to work on; all for None.

    """
    wanted = [one for one in structures.structures if only is None or one.number in only]
    if dose.structure_uids and structures.item.sop_uid not in dose.structure_uids:
        dose = replace(dose, dvhs=())  # its numbers are those of other structures

    def work(one: Structure) -> StructureDvh:
        return structure_dvh(one, dose, image_gap_mm)

    # Two at a time, as the walk over the samples holds no lock; the largest first, so that it is
    # not left for the end.
    largest_first = sorted(range(len(wanted)), key=lambda place: -_corners(wanted[place]))
    with ThreadPoolExecutor(2) as pool:
        started = {place: pool.submit(work, wanted[place]) for place in largest_first}
        found: list[StructureDvh] = []
        try:
            for number in range(len(wanted)):
                own = started[number].result()
                found.append(own)
                if progress is not None:
                    progress((number + 1) / len(wanted), own.structure.name)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return found


def _corners(structure: Structure) -> int:
    return sum(len(contour.points_mm) for contour in structure.closed)


def structure_dvh(structure: Structure, dose: Dose, image_gap_mm: float | None) -> StructureDvh:
    """Return the DVH of one structure, or the reason why it has none."""
    problem = _problem(structure, dose)
    if problem:
        return StructureDvh(structure, problem, None, None, None, None, ())
    try:
        contours = [contour.points_mm for contour in structure.closed]
        stack = stack_of(contours, image_gap_mm, structure.name)
    except RemedyError as refusal:
        return StructureDvh(structure, refusal.what, None, None, None, None, ())
    filled = tally(stack, dose.grid)
    own = curves(filled)
    exported = _exported(structure, dose, own)
    lacking = _share_lacking(structure, dose)
    notes = _notes(structure, stack, own, exported)
    if lacking > 0:
        notes.append(
            f"a dose of the sum ends within the structure: {lacking:.0%} of the outline lack it"
        )
    return StructureDvh(
        structure, "", stack, filled, own, exported, tuple(notes), is_partial=lacking > 0
    )


def _share_lacking(structure: Structure, dose: Dose) -> float:
    """Return the largest share of the outline that lies beyond one of the doses of a sum."""
    points = np.concatenate([contour.points_mm for contour in structure.closed])
    shares = (1 - float(part.holds(points).mean()) for part in dose.parts)
    return max(shares, default=0.0)


def _problem(structure: Structure, dose: Dose) -> str:
    return _problem_of_dose(dose) or _problem_of_structure(structure, dose.grid.frame_uid)


def _problem_of_dose(dose: Dose) -> str:
    if dose.units != "GY":
        return "the dose is relative"
    if dose.summation == "DIFFERENCE":
        return "a difference of doses has no DVH"
    if dose.kind == "ERROR":
        return "the object holds errors of dose, no dose"
    return ""


def _problem_of_structure(structure: Structure, frame_uid: str) -> str:
    if structure.is_point:
        return "a point has no volume"
    if not structure.closed:
        return "no closed contours"
    if structure.frame_uid == frame_uid:
        return ""
    if structure.frame_uid and frame_uid:
        return "structure and dose are in different frames of reference"
    lacking = "dose" if structure.frame_uid else "structure"
    return f"the {lacking} does not tell its frame of reference"


def _notes(
    structure: Structure, stack: Stack, own: Curves, exported: ExportedCurve | None
) -> list[str]:
    notes = []
    if not structure.frame_uid:
        notes.append("neither structure nor dose tells a frame of reference")
    whole = volume_cc(own).value
    if own.outside[0] > 0.0005 * whole:
        share = own.outside[0] / whole
        notes.append(f"{own.outside[0]:.2f} cc ({share:.1%}) lie outside the dose grid")
    if stack.gaps:
        places = "place" if stack.gaps == 1 else "places"
        notes.append(f"contours are missing in {stack.gaps} {places}, not filled in")
    if stack.repeated:
        notes.append(f"{stack.repeated} contours are drawn twice and count once")
    if abs(stack.volume_cc - whole) > max(0.02 * whole, 0.01):
        notes.append(f"contours cross each other: {stack.volume_cc:.2f} cc by their areas")
    if any(
        contour.kind not in ("POINT",) and not contour.is_closed for contour in structure.contours
    ):
        notes.append("open contours are drawn but have no volume")
    if exported is not None and exported.volume_cc:
        share = exported.volume_cc / whole - 1 if whole else 0.0
        if abs(share) > OTHER_VOLUME_SHARE:
            notes.append(f"the exported DVH is of {exported.volume_cc:.2f} cc ({share:+.0%})")
    return notes


def _exported(structure: Structure, dose: Dose, own: Curves) -> ExportedCurve | None:
    for dvh in dose.dvhs:
        if dvh.structure_numbers == (structure.number,) and dvh.dose_units == "GY":
            return _compared(dvh, own)
    return None


def _compared(dvh: ExportedDvh, own: Curves) -> ExportedCurve | None:
    volume = dvh.volume
    if dvh.kind == "DIFFERENTIAL":
        volume = np.cumsum(volume[::-1])[::-1]
    elif dvh.kind != "CUMULATIVE":
        return None
    whole = float(volume[0])
    if not whole > 0:
        return None
    share = volume / whole
    ours = np.interp(dvh.dose, own.edges_gy, share_curves(own)[0])
    difference = np.abs(share - ours)
    worst = int(difference.argmax())
    cc = whole if dvh.volume_units == "CM3" else None
    return ExportedCurve(
        dvh.dose, share, cc, float(difference[worst]) * 100, float(dvh.dose[worst])
    )


@dataclass(frozen=True, slots=True)
class Statistics:
    """The usual values of one structure, each with its band."""

    volume_cc: Banded
    contour_volume_cc: float
    min_gy: Banded
    mean_gy: Banded
    max_gy: Banded
    d98_gy: Banded
    d95_gy: Banded
    d50_gy: Banded
    d2_gy: Banded
    d003cc_gy: Banded


def statistics(own: StructureDvh) -> Statistics | None:
    """Return the usual values; None when there is no DVH."""
    if own.curves is None or own.tally is None or own.stack is None:
        return None
    lowest, highest = extremes_gy(own.tally)
    return Statistics(
        volume_cc(own.curves), own.stack.volume_cc, lowest, mean_gy(own.tally), highest,
        dose_at_share(own.curves, 0.98), dose_at_share(own.curves, 0.95),
        dose_at_share(own.curves, 0.50), dose_at_share(own.curves, 0.02),
        dose_at_volume(own.curves, 0.03),
    )  # fmt: skip
