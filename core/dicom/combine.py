"""Doses of one person put together: weighted sums, EQD2, differences, overlap (Y-15).

Only what lies in one frame of reference, or is linked by a registration, is combined; everything
else is refused with the reason.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.dicom.dose import Dose
from core.dicom.files import Progress
from core.dicom.plan import Plan
from core.dicom.registration import link, moved
from core.dicom.rt_set import RtSet
from core.dose.coverage import coverage
from core.dose.finest import UnusableDoseError, finest
from core.dose.geometry import Geometry, Grid
from core.dose.sample import on_plane
from core.dose.stack import Stack
from core.dose.sum import Part, difference, eqd2_sum, physical_sum

DIFFERENCE = "DIFFERENCE"
# DoseSummationType of doses that are not of a whole course (C.8.8.3), and what they are of.
OF_BEAMS = {
    "BEAM": "single beams",
    "BEAM_SESSION": "one fraction of single beams",
    "CONTROL_POINT": "single control points",
}
OF_PARTS = OF_BEAMS | {
    "FRACTION_SESSION": "one fraction",
    "BRACHY_SESSION": "one brachytherapy session",
    "RECORD": "a treatment record",
}


@dataclass(frozen=True, eq=False, slots=True)
class Wanted:
    """One dose to combine.

    Attributes:
        dose: The dose.
        weight: Share of its fractions that was given.
        fractions: Number of fractions it is the dose of; None when not known.

    """

    dose: Dose
    weight: float
    fractions: int | None


@dataclass(frozen=True, eq=False, slots=True)
class Combined:
    """A dose made here, and what the user must know of it."""

    dose: Dose
    words: tuple[str, ...]


def obstacle(rt_set: RtSet, dose: Dose, frame_uid: str) -> str:
    """Return why a dose cannot be combined in a frame of reference; empty when it can."""
    if dose.units != "GY":
        return "relative dose"
    if dose.summation == DIFFERENCE:
        return "a difference of doses"
    if dose.kind not in ("PHYSICAL", ""):
        return "not physical dose"
    if not dose.grid.frame_uid or not frame_uid:
        return "frame of reference not told"
    if link(rt_set.registrations, dose.grid.frame_uid, frame_uid) is None:
        return "another frame of reference, not linked by a registration"
    return ""


def dose_name(rt_set: RtSet, dose: Dose) -> str:
    """Return a dose's name for lists: its plan, then what it sums over."""
    labels = [plan.label for plan in rt_set.plans if plan.item.sop_uid in dose.plan_uids]
    names = " + ".join(label for label in labels if label)
    return f"{names}: {dose.title}" if names else dose.title


def part_of_course(plan: Plan | None, dose: Dose) -> str:
    """Return what a dose is of where it is not of a whole course; empty when it is.

    FRACTION is the whole delivery of one fraction group (C.8.8.3); some systems write it for one
    fraction. So it is of the course only where the plan has one group and the dose is high enough.

    """
    if dose.kind == "ERROR":
        return "errors of dose"
    if dose.summation == "FRACTION":
        sure = plan is not None and len(plan.groups) == 1 and not _looks_like_one(plan, dose)
        return "" if sure else "one fraction group, or one fraction"
    if dose.summation == "BRACHY":
        return "" if plan is not None and plan.brachy_setups <= 1 else "single application setups"
    if dose.summation == "BEAM" and plan is not None:
        treating = {beam.number for beam in plan.beams if not beam.is_setup}
        if treating and treating <= set(dose.beam_numbers):
            return ""
    return OF_PARTS.get(dose.summation, "")


def _looks_like_one(plan: Plan, dose: Dose) -> bool:
    """Tell whether the highest dose is below half of what all fractions are to give."""
    several = plan.fractions is None or plan.fractions > 1
    return several and bool(plan.prescribed_gy) and dose.largest < plan.prescribed_gy[0] / 2


def fractions_of(rt_set: RtSet, dose: Dose) -> int | None:
    """Return the number of fractions that a dose is of; None when the set does not tell."""
    if dose.summation.endswith("_SESSION") or dose.summation == "CONTROL_POINT":
        return 1
    plan = rt_set.plan_of(dose)
    if plan is None or is_of_several_plans(dose):
        return None
    if dose.summation in ("FRACTION", "RECORD") and part_of_course(plan, dose):
        return None
    return plan.fractions


def course_words(rt_set: RtSet, dose: Dose) -> str:
    """Return what limits must be held against: fractions, and a dose that is not physical."""
    count = fractions_of(rt_set, dose)
    told = "not told here" if count is None else str(count)
    kind = (
        " It is an effective dose (EQD2), not a physical one." if dose.kind == "EFFECTIVE" else ""
    )
    return f"Fractions of this dose: {told}.{kind}"


def is_of_several_plans(dose: Dose) -> bool:
    """Tell whether a dose is the sum of plans, so that none of them speaks for it."""
    return dose.summation == "MULTI_PLAN" or len(dose.plan_uids) > 1


def sum_of(
    rt_set: RtSet,
    wanted: Sequence[Wanted],
    frame_uid: str,
    alpha_beta_gy: float | None = None,
    progress: Progress | None = None,
) -> Combined:
    """Return the weighted sum of doses; as EQD2 when an alpha/beta is given.

    Args:
        rt_set: The set they belong to, with its registrations.
        wanted: Two or more doses.
        frame_uid: Frame of reference of the sum.
        alpha_beta_gy: Alpha/beta in Gy for an EQD2 sum; None for the physical dose.
        progress: Told how far it is; may raise to stop.

    Raises:
        RemedyError: A dose cannot be combined, or too few are chosen.

    """
    if len(wanted) < 2:
        raise UnusableDoseError(
            f"{len(wanted)} dose is chosen", where="sum", remedy="Choose two or more doses."
        )
    _refuse(rt_set, [one.dose for one in wanted], frame_uid)
    if alpha_beta_gy is not None:
        _refuse_beams(rt_set, [one.dose for one in wanted])
    parts = [
        Part(
            one.dose.grid,
            one.weight,
            one.fractions,
            link(rt_set.registrations, one.dose.grid.frame_uid, frame_uid),
        )
        for one in wanted
    ]
    onto = finest([_in_frame(rt_set, one.dose, frame_uid) for one in wanted])
    if alpha_beta_gy is None:
        made = physical_sum(parts, onto, frame_uid, progress)
        kind, name = "PHYSICAL", "sum"
    else:
        made = eqd2_sum(parts, onto, frame_uid, alpha_beta_gy, progress)
        kind, name = "EFFECTIVE", f"EQD2 sum, alpha/beta {alpha_beta_gy:g} Gy"
    names = " + ".join(_short(rt_set, one) for one in wanted)
    words = f"{name} of {names}, by this program"
    dose = _made(wanted[0].dose, made.grid, kind, "SUM", words)
    given = [one.dose for one in wanted if one.weight > 0]
    dose = replace(dose, parts=tuple(_grids(rt_set, given, frame_uid)))
    return Combined(dose, (*made.words, *_same_plan(rt_set, wanted)))


def _grids(rt_set: RtSet, doses: Sequence[Dose], frame_uid: str) -> Iterator[Geometry]:
    """Yield where each dose is known, in the frame of the sum; of a sum, where each part is."""
    for dose in doses:
        matrix = link(rt_set.registrations, dose.grid.frame_uid, frame_uid)
        for geometry in dose.parts or (dose.grid.geometry,):
            yield geometry if matrix is None else moved(geometry, matrix)


def _same_plan(rt_set: RtSet, wanted: Sequence[Wanted]) -> Iterator[str]:
    for plan in rt_set.plans:
        own = [one.dose for one in wanted if plan.item.sop_uid in one.dose.plan_uids]
        beams = [number for dose in own for number in dose.beam_numbers]
        if len(own) > 1 and not (len(set(beams)) == len(beams) >= len(own)):
            yield f"{len(own)} of the doses are of one plan ({plan.label}): it counts again."


def difference_of(
    rt_set: RtSet, first: Dose, second: Dose, frame_uid: str, progress: Progress | None = None
) -> Combined:
    """Return the first dose less the second, on the finer of the two grids.

    Where one of them has no value there is no difference: those voxels are NaN and the words say
    how many they are.

    """
    _refuse(rt_set, [first, second], frame_uid)
    if progress is not None:
        progress(0.1, "subtracting")
    onto = finest([_in_frame(rt_set, one, frame_uid) for one in (first, second)])
    grids = [
        Grid(_in_frame(rt_set, one, frame_uid), one.grid.values, frame_uid)
        for one in (first, second)
    ]
    made = difference(grids[0], grids[1], onto, frame_uid)
    missing = ~np.isfinite(made.values)
    if missing.all():
        raise UnusableDoseError(
            "the two doses have no place in common",
            where="difference",
            remedy="Look at the doses side by side.",
        )
    words = []
    if missing.any():
        words.append(f"{missing.mean():.1%} of the grid has only one dose; no difference there.")
    one, other = (_short(rt_set, Wanted(dose, 1.0, None)) for dose in (first, second))
    name = f"{one} less {other}, by this program"
    return Combined(_made(first, made, "PHYSICAL", DIFFERENCE, name), tuple(words))


def _short(rt_set: RtSet, wanted: Wanted) -> str:
    plan = rt_set.plan_of(wanted.dose)
    name = plan.label if plan is not None and plan.label else wanted.dose.title
    return name if wanted.weight == 1 else f"{wanted.weight:g} x {name}"


def _refuse(rt_set: RtSet, doses: Sequence[Dose], frame_uid: str) -> None:
    for dose in doses:
        why = obstacle(rt_set, dose, frame_uid)
        if why:
            raise UnusableDoseError(
                f"dose '{dose.title}' cannot be combined: {why}",
                where=dose.item.source.name,
                remedy="Add the registration object to the set, or leave this dose out.",
            )


def _refuse_beams(rt_set: RtSet, doses: Sequence[Dose]) -> None:
    """Refuse an EQD2 of beams: they are given together, and the squares of parts add to less."""
    for dose in doses:
        if dose.summation in OF_BEAMS and part_of_course(rt_set.plan_of(dose), dose):
            raise UnusableDoseError(
                f"dose '{dose.title}' is of {OF_BEAMS[dose.summation]}, which have no EQD2 of "
                "their own",
                where=dose.item.source.name,
                remedy="Choose the dose of the whole plan, or make a physical sum.",
            )


def _in_frame(rt_set: RtSet, dose: Dose, frame_uid: str) -> Geometry:
    matrix = link(rt_set.registrations, dose.grid.frame_uid, frame_uid)
    geometry = dose.grid.geometry
    if matrix is None or np.array_equal(matrix, np.eye(4)):
        return geometry
    return moved(geometry, matrix)


def _made(like: Dose, grid: Grid, kind: str, summation: str, words: str) -> Dose:
    return replace(
        like, grid=grid, units="GY", kind=kind, summation=summation, plan_uids=(),
        beam_numbers=(), comment="", made_by=words, dvhs=(), oddities=(),
    )  # fmt: skip


def overlap_cc(
    stack: Stack, doses: Sequence[Grid], levels_gy: Sequence[float], pixel_mm: float = 1.0
) -> float:
    """Return the volume of a structure, in cc, that receives at least its level of every dose.

    Args:
        stack: The structure.
        doses: Doses in Gy, in the frame of the structure.
        levels_gy: One level per dose.
        pixel_mm: Distance of the samples on a plane.

    """
    corner = stack.box_mm[0] - pixel_mm
    span = stack.box_mm[1] - corner + pixel_mm
    size = (int(span[1] / pixel_mm) + 1, int(span[0] / pixel_mm) + 1)
    middle = corner + pixel_mm / 2
    whole = 0.0
    for plane, thickness in zip(stack.planes, stack.thicknesses_mm, strict=True):
        shares = coverage(plane.polygons, corner, pixel_mm, size)
        start = middle[0] * stack.across + middle[1] * stack.along + plane.place_mm * stack.normal
        hit = np.ones(size, dtype=bool)
        for grid, level in zip(doses, levels_gy, strict=True):
            values = on_plane(grid, start, stack.across * pixel_mm, stack.along * pixel_mm, size)
            hit &= np.nan_to_num(values, nan=-1.0) >= level
        whole += float(shares[hit].sum()) * pixel_mm**2 * float(thickness)
    return whole / 1000
