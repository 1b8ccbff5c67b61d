"""A set to a scene: what may be drawn together, brought into one frame, and what is left out."""

from dataclasses import replace

import numpy as np

from app.viewer.outlines import Outline
from app.viewer.scene import Scene
from core.dicom.combine import is_of_several_plans, part_of_course
from core.dicom.dose import Dose
from core.dicom.images import ImageSeries
from core.dicom.plan import Plan
from core.dicom.registration import is_rigid, link, moved
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
    dose = _in_frame(dose, frame, rt_set, left_out)
    second = _comparable(dose, _in_frame(second, frame, rt_set, left_out), left_out)
    if not frame and (series is not None) + (structures is not None) + (dose is not None) > 1:
        left_out.append("No object tells its frame of reference: drawn as if it were one")
    outlines: tuple[Outline, ...] = ()
    if structures is not None:
        drawn_on = rt_set.series_of(structures) or series
        gap_mm = drawn_on.geometry.slice_mm if drawn_on is not None else None
        own = _structures_in_frame(structures, frame, rt_set, left_out)
        outlines = tuple(Outline(one, gap_mm) for one in own)
        left_out += [
            f"{one.structure.name} is not drawn: {one.problem}" for one in outlines if one.problem
        ]
    return Scene(rt_set, series, volume, dose, second, outlines, tuple(left_out), frame)


def _frame(series: ImageSeries | None, structures: StructureSet | None, dose: Dose | None) -> str:
    """Return the frame of reference in which all is drawn: that of the images, where there are."""
    if series is not None:
        return series.frame_uid
    drawn = [one.frame_uid for one in structures.structures if one.contours] if structures else []
    if drawn:
        return max(sorted(set(drawn)), key=drawn.count)
    return dose.grid.frame_uid if dose is not None else ""


def with_dose(scene: Scene, dose: Dose | None) -> Scene:
    """Return a scene with another dose, brought into its frame of reference or left out."""
    words = [one for one in scene.left_out if not one.startswith("Dose ")]
    shown = _in_frame(dose, scene.frame_uid, scene.rt_set, words)
    return replace(scene, dose=shown, second=None, left_out=tuple(words))


def _comparable(dose: Dose | None, second: Dose | None, left_out: list[str]) -> Dose | None:
    """Return the second dose where its lines mean the same as those of the first."""
    if second is None or (dose is not None and dose.units == second.units):
        return second
    why = "it has another unit" if dose is not None else "there is no dose to compare it with"
    left_out.append(f"Dose {second.title} is not drawn dashed: {why}")
    return None


def _in_frame(dose: Dose | None, frame: str, rt_set: RtSet, left_out: list[str]) -> Dose | None:
    if dose is None or dose.grid.frame_uid == frame:
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
    missing = bent = 0
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
        elif not is_rigid(matrix):
            bent += 1
        else:
            own.append(_moved_structure(one, matrix, frame))
    if missing:
        left_out.append(f"{missing} structures are not drawn: another frame of reference")
    if bent:
        left_out.append(f"{bent} structures are not drawn: their registration scales or shears")
    if any(matrix is not None and is_rigid(matrix) for matrix in matrices.values()):
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


def into_slice(point_mm: Floats | None, grid: Grid) -> Floats:
    """Return the point moved into the only slice of a grid."""
    geometry = grid.geometry
    if point_mm is None:
        return np.asarray(geometry.box_mm.mean(axis=0))
    away = float((geometry.origin_mm - point_mm) @ geometry.normal)
    return np.asarray(point_mm + away * geometry.normal)


def reference_dose(plan: Plan | None, dose: Dose | None) -> tuple[float, str]:
    """Return the dose that 100 % stands for, and the words that say where it comes from.

    The highest prescribed target dose of the plan; of one fraction where the dose is of one
    fraction. Without a prescription for what the dose is of, the highest dose of the grid, and
    the words say so.

    """
    if dose is None:
        return 1.0, ""
    if dose.units != "GY":
        return 100.0, "relative dose, no Gy"
    if plan is not None and plan.prescribed_gy and not is_of_several_plans(dose):
        gray, fractions = plan.prescribed_gy[0], plan.fractions
        if dose.summation == "FRACTION_SESSION" and fractions:
            return (
                gray / fractions,
                f"100 % = {gray / fractions:.2f} Gy (one of {fractions} fractions)",
            )
        if not part_of_course(plan, dose):
            count = len(plan.prescribed_gy)
            which = "prescription" if count == 1 else f"highest of {count} prescribed doses"
            return gray, f"100 % = {gray:.2f} Gy ({which} of {plan.label})"
    largest = max(dose.largest, 1e-6)
    return largest, f"100 % = {largest:.2f} Gy (highest dose, {NO_PRESCRIPTION})"
