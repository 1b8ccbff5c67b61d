"""A set to a scene: what may be drawn together, brought into one frame, and what is left out."""

from dataclasses import replace

import numpy as np

from app.viewer.outlines import Outline
from app.viewer.scene import Scene
from core.dicom.dose import Dose
from core.dicom.images import ImageSeries
from core.dicom.plan import Plan
from core.dicom.registration import link, moved
from core.dicom.rt_set import RtSet
from core.dicom.structures import Contour, Structure, StructureSet
from core.dose.geometry import Floats, Geometry, Grid
from core.errors import RemedyError

# Part of the words of a reference dose that no plan has prescribed.
NO_PRESCRIPTION = "no prescription"


def build_scene(
    rt_set: RtSet,
    series: ImageSeries | None,
    volume: Grid | None,
    structures: StructureSet | None,
    dose: Dose | None,
    second: Dose | None = None,
) -> Scene:
    """Return the scene of chosen objects; nothing of an unlinked frame of reference is in it.

    Args:
        rt_set: The set they belong to.
        series: The images to show; their frame is the scene's.
        volume: The images' values as far as they are read, or None.
        structures: The structures to show.
        dose: The dose to show as colour wash and lines.
        second: A second dose to show as dashed lines.

    """
    frame = _frame(series, structures, dose)
    left_out: list[str] = []
    dose, second = (
        _in_frame(one, frame, rt_set, left_out) if one is not None else None
        for one in (dose, second)
    )
    outlines: tuple[Outline, ...] = ()
    if structures is not None:
        gap_mm = series.geometry.slice_mm if series is not None else None
        own = _structures_in_frame(structures, frame, rt_set, left_out)
        outlines = tuple(Outline(one, gap_mm) for one in own)
    return Scene(rt_set, series, volume, dose, second, outlines, tuple(left_out))


def _frame(series: ImageSeries | None, structures: StructureSet | None, dose: Dose | None) -> str:
    if series is not None:
        return series.frame_uid
    drawn = [one.frame_uid for one in structures.structures if one.contours] if structures else []
    if drawn:
        return max(sorted(set(drawn)), key=drawn.count)
    return dose.grid.frame_uid if dose is not None else ""


def _in_frame(dose: Dose, frame: str, rt_set: RtSet, left_out: list[str]) -> Dose | None:
    if dose.grid.frame_uid == frame:
        return dose
    matrix = link(rt_set.registrations, dose.grid.frame_uid, frame)
    if matrix is None:
        left_out.append(f"Dose {dose.title} is not drawn: another frame of reference")
        return None
    try:
        geometry = moved(dose.grid.geometry, matrix)
    except RemedyError as refusal:
        left_out.append(f"Dose {dose.title} is not drawn: {refusal.what}")
        return None
    left_out.append(f"Dose {dose.title} is brought over by a registration")
    return replace(dose, grid=Grid(geometry, dose.grid.values, frame))


def _structures_in_frame(
    structures: StructureSet, frame: str, rt_set: RtSet, left_out: list[str]
) -> list[Structure]:
    own: list[Structure] = []
    missing = 0
    matrices: dict[str, Floats | None] = {}
    for one in structures.structures:
        if one.frame_uid == frame or not one.contours:
            own.append(one)
            continue
        if one.frame_uid not in matrices:
            matrices[one.frame_uid] = link(rt_set.registrations, one.frame_uid, frame)
        matrix = matrices[one.frame_uid]
        if matrix is None:
            missing += 1
        else:
            own.append(_moved_structure(one, matrix, frame))
    if missing:
        left_out.append(f"{missing} structures are not drawn: another frame of reference")
    if any(matrix is not None for matrix in matrices.values()):
        left_out.append("Structures are brought over by a registration")
    return own


def _moved_structure(structure: Structure, matrix: Floats, frame: str) -> Structure:
    contours = tuple(
        Contour(
            contour.points_mm @ matrix[:3, :3].T + matrix[:3, 3], contour.kind, contour.image_uid
        )
        for contour in structure.contours
    )
    return replace(structure, frame_uid=frame, contours=contours)


def one_slice(grid: Grid, number: int) -> Grid:
    """Return one slice of a grid as a grid of its own: the first image, before the rest."""
    geometry = grid.geometry
    origin = geometry.points_mm([0.0, 0.0, float(number)])
    own = Geometry(
        origin, geometry.along_columns, geometry.along_rows, geometry.along_slices,
        geometry.column_mm, geometry.row_mm, np.zeros(1), (1, *geometry.shape[1:]),
    )  # fmt: skip
    return Grid(own, grid.values[number : number + 1], grid.frame_uid)


def reference_dose(plan: Plan | None, dose: Dose | None) -> tuple[float, str]:
    """Return the dose that 100 % stands for, and the words that say where it comes from.

    The highest prescribed target dose of the plan; of one fraction where the dose is of one
    fraction. Without a prescription the highest dose of the grid, and the words say so.

    """
    if dose is None:
        return 1.0, ""
    if dose.units != "GY":
        return 100.0, "relative dose, no Gy"
    if plan is not None and plan.prescribed_gy:
        gray, fractions = plan.prescribed_gy[0], plan.fractions
        if dose.summation == "FRACTION" and fractions:
            return (
                gray / fractions,
                f"100 % = {gray / fractions:.2f} Gy (one of {fractions} fractions)",
            )
        if dose.summation != "BEAM":
            return gray, f"100 % = {gray:.2f} Gy (prescription of {plan.label})"
    largest = max(dose.largest, 1e-6)
    return largest, f"100 % = {largest:.2f} Gy (highest dose, {NO_PRESCRIPTION})"
