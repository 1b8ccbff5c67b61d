"""Doses of one person put together: weighted sums, EQD2, differences, overlap (Y-15).

Only what lies in one frame of reference, or is linked by a registration, is combined; everything
else is refused with the reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.dicom.dose import Dose
from core.dicom.files import Progress
from core.dicom.registration import link, moved
from core.dicom.rt_set import RtSet
from core.dose.coverage import coverage
from core.dose.finest import UnusableDoseError, finest
from core.dose.geometry import Geometry, Grid
from core.dose.sample import on_plane
from core.dose.stack import Stack
from core.dose.sum import Part, difference, eqd2_sum, physical_sum

DIFFERENCE = "DIFFERENCE"


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
    if dose.kind == "EFFECTIVE":
        return "not physical dose"
    if not dose.grid.frame_uid or not frame_uid:
        return "frame of reference not told"
    if link(rt_set.registrations, dose.grid.frame_uid, frame_uid) is None:
        return "another frame of reference, not linked by a registration"
    return ""


def dose_name(rt_set: RtSet, dose: Dose) -> str:
    """Return a dose's name for lists: its plan, then what it sums over."""
    plan = rt_set.plan_of(dose)
    return f"{plan.label}: {dose.title}" if plan is not None and plan.label else dose.title


def fractions_of(rt_set: RtSet, dose: Dose) -> int | None:
    """Return the number of fractions that a dose is of; None when the set does not tell."""
    if dose.summation == "FRACTION":
        return 1
    plan = rt_set.plan_of(dose)
    return plan.fractions if plan is not None else None


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
    return Combined(dose, made.words)


def difference_of(
    rt_set: RtSet, first: Dose, second: Dose, frame_uid: str, progress: Progress | None = None
) -> Combined:
    """Return the first dose less the second, on the finer of the two grids.

    Where one of them has no value there is no difference: those voxels are 0 and the words say
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
    values = np.where(missing, np.float32(0.0), made.values).astype(np.float32)
    words = []
    if missing.any():
        words.append(f"{missing.mean():.1%} of the grid has only one dose; no difference there.")
    one, other = (_short(rt_set, Wanted(dose, 1.0, None)) for dose in (first, second))
    name = f"{one} less {other}, by this program"
    grid = Grid(onto, values, frame_uid)
    return Combined(_made(first, grid, "PHYSICAL", DIFFERENCE, name), tuple(words))


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
