"""Depths of the plan's points, traced through the planning CT (own ray tracer, R-16, R-18).

Along the ray, brought to the beam's axis as the book's depths are: path times the cosine of its
angle. Couch and fixation count where the images show them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.filter.field import Field, Plan
from app.filter.mu.beam_eye import from_table, on_table, seen, source_on_table
from app.filter.mu.electron_density import DensityCurve
from app.filter.mu.plan_points import Stated, Traced
from app.filter.mu.states import states_of
from app.filter.plan_dicom import load_plan
from core.dicom.files import read_items
from core.dicom.images import image_series
from core.dicom.pixels import read_volume
from core.dose.geometry import Grid
from core.dose.ray_depth import depths_mm, ray_path
from core.errors import RemedyError, UnsupportedPlanError

SKIN_HU = -400.0
"""Halfway between air and soft tissue, as bodies are usually outlined."""


@dataclass(frozen=True, eq=False, slots=True)
class PlanningCt:
    """A CT with what tells whether it is the plan's."""

    grid: Grid
    patient_id: str
    title: str


def read_ct(path: Path) -> PlanningCt:
    """Return the CT under a folder; of several stacks the largest.

    Raises:
        RemedyError: There is none, or it cannot be read.

    """
    items, _ = read_items([path])
    series, _ = image_series([item for item in items if item.modality == "CT"])
    if not series or len(series[0].items) < 2:
        raise UnsupportedPlanError(
            "there is no CT of two slices or more",
            where=str(path),
            remedy="Name the folder of the planning CT.",
        )
    first = series[0].first
    if series[0].unit != "HU":
        raise UnsupportedPlanError(
            "the CT's values are not in HU", where=str(path), remedy="Export the CT again."
        )
    return PlanningCt(read_volume(series[0]), first.text("PatientID"), series[0].title)


def traced_points(
    plan: Plan, stated: Mapping[int | None, Stated], ct: PlanningCt, curve: DensityCurve
) -> dict[int | None, Traced]:
    """Return the depths of the points of all photon beams.

    Raises:
        RemedyError: The CT is not that of the plan.

    """
    _refuse_other(plan, ct)
    found: dict[int | None, Traced] = {}
    for field in plan.fields:
        own = stated.get(field.number, Stated())
        if not field.setup and field.modality == "Xrays" and own.offset_cm is not None:
            found[field.number] = traced(field, own, plan.position, ct, curve)
    return found


def traced(
    field: Field, stated: Stated, position: str | None, ct: PlanningCt, curve: DensityCurve
) -> Traced:
    """Return the depths of one beam's point, at each of its states.

    Raises:
        RemedyError: The point or the skin above it lies outside the CT.

    """
    if stated.offset_cm is None or field.isocentre is None:
        raise _outside(field, "the plan names no point or no isocentre")
    states = states_of(field, field)
    sad_cm = float(field.sad_mm or 1000) / 10
    centre = np.array([float(one) for one in (
        field.isocentre.x_mm, field.isocentre.y_mm, field.isocentre.z_mm
    )])  # fmt: skip
    point = centre + 10 * np.array(stated.offset_cm)
    table = on_table(stated.offset_cm, position)
    place = seen(table, states.gantry_deg, states.collimator_deg, states.couch_deg, sad_cm)
    rows: list[tuple[float, float, float]] = []
    known: dict[tuple[float, float], tuple[float, float]] = {}
    for n, share in enumerate(states.share):
        angles = (float(states.gantry_deg[n]), float(states.couch_deg[n]))
        if angles not in known:
            offset = from_table(source_on_table(*angles, sad_cm), position)
            source = centre + 10 * np.array(offset)
            axial = float(place.away_cm[n]) * 10 / float(np.linalg.norm(point - source))
            deep, water = _along(ct.grid, source, point, curve, field)
            known[angles] = (deep * axial / 10, water * axial / 10)
        rows.append((float(share), *known[angles]))
    return Traced(tuple((s, w) for s, _, w in rows), tuple((s, g) for s, g, _ in rows))


def _along(
    grid: Grid, source: np.ndarray, point: np.ndarray, curve: DensityCurve, field: Field
) -> tuple[float, float]:
    path = ray_path(grid, source, point)
    if not path.ends_inside:
        raise _outside(field, "the point lies outside the CT")
    deep, water, skin = depths_mm(path, curve, SKIN_HU)
    if not skin:
        raise _outside(field, "the CT does not hold the skin on the way to the point")
    return deep, water


def _outside(field: Field, what: str) -> RemedyError:
    return UnsupportedPlanError(
        what,
        where=f"beam {field.name}",
        remedy="Name the whole planning CT, or calculate without it.",
    )


def _refuse_other(plan: Plan, ct: PlanningCt) -> None:
    if plan.kind == "Pinnacle plan":
        raise UnsupportedPlanError(
            "a Pinnacle plan is not in the coordinates of a DICOM CT",
            where=plan.source,
            remedy="Export the plan as DICOM, or calculate without the CT.",
        )
    if plan.patient.id and ct.patient_id and plan.patient.id != ct.patient_id:
        raise UnsupportedPlanError(
            f"the CT is of patient {ct.patient_id}, the plan of {plan.patient.id}",
            where=ct.title,
            remedy="Name the folder of this plan's CT.",
        )
    frame = str(load_plan(Path(plan.source)).get("FrameOfReferenceUID") or "")
    if frame and ct.grid.frame_uid and frame != ct.grid.frame_uid:
        raise UnsupportedPlanError(
            "the CT has another frame of reference than the plan",
            where=ct.title,
            remedy="Name the folder of the CT the plan was made on.",
        )
