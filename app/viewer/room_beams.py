"""The beams of a plan as lines in patient mm, for the room view: no GUI, no VTK."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from app.viewer.scene import Scene
from core.dicom.plan import (
    LEAVES_ALONG_X,
    LEAVES_ALONG_Y,
    X_JAWS,
    Y_JAWS,
    Beam,
    ControlPoint,
    Plan,
)
from core.dose.beam_frame import PATIENT_POSITIONS, BeamFrame, beam_frame, unproject
from core.dose.geometry import Floats

# A leaf pair closer than this is shut.
SHUT_MM = 1.0
ARC_STEP_DEG = 4.0
# Beams are drawn from at most this share of the way from the isocentre to the source.
SHARE_DRAWN = 0.6


@dataclass(frozen=True, eq=False, slots=True)
class BeamShape:
    """One treatment beam as it is drawn: from the source's side to the isocentre plane.

    Attributes:
        beam: The beam.
        frame: Where it looks at its first control point.
        upright: The same with the collimator at 0, for the beam's own view.
        axis: The central axis, from the source's side to the isocentre.
        field: Field outline at the isocentre plane; None where the plan does not tell it.
        arc: Where the source's side of the axis goes; one point for a fixed beam.

    """

    beam: Beam
    frame: BeamFrame
    upright: BeamFrame
    axis: Floats
    field: Floats | None
    arc: Floats

    @property
    def way(self) -> list[Floats]:
        """The central axis, and the arc where the gantry turns, as polylines."""
        return [self.axis, self.arc] if len(self.arc) > 1 else [self.axis]

    @property
    def pyramid(self) -> list[Floats]:
        """The field from the source's side to the isocentre plane, as polylines."""
        if self.field is None:
            return []
        reach = float(np.linalg.norm(self.axis[0] - self.axis[1])) / self.frame.sad_mm
        source = self.frame.source_mm
        near = source + (self.field - source) * (1 - reach)
        edges = [np.stack([start, end]) for start, end in zip(near, self.field, strict=True)]
        return [np.vstack([end, end[:1]]) for end in (self.field, near)] + edges


def beam_shapes(plan: Plan, reach_mm: float) -> tuple[tuple[BeamShape, ...], tuple[str, ...]]:
    """Return the treatment beams of a plan, and words on those that cannot be drawn.

    Args:
        plan: The plan.
        reach_mm: How far from the isocentre towards the source the beams are drawn; at most
            60 % of the way.

    """
    beams = [beam for beam in plan.beams if not beam.is_setup]
    sure = len(plan.patient_positions) == 1 and plan.patient_position in PATIENT_POSITIONS
    if beams and not sure:
        told = ", ".join(plan.patient_positions) or "no patient position"
        return (), (f"Beams are not drawn: the plan tells {told}",)
    shapes, problems = [], []
    for beam in beams:
        shape = _beam_shape(beam, plan.patient_position, reach_mm)
        if shape is None:
            problems.append(f"Beam {beam.name} is not drawn: isocentre, angles or SAD are missing")
        else:
            shapes.append(shape)
            if beam.is_tilted:
                problems.append(f"Beam {beam.name}: table pitch, roll is not considered")
    return tuple(shapes), tuple(problems)


def _beam_shape(beam: Beam, position: str, reach_mm: float) -> BeamShape | None:
    frames = [_frame(beam, point, position) for point in _between(beam.points)]
    own = [frame for frame in frames if frame is not None]
    if not own or frames[0] is None:
        return None
    first = own[0]
    reach = min(reach_mm, SHARE_DRAWN * first.sad_mm)
    upright = _frame(beam, replace(beam.points[0], collimator_deg=0.0), position)
    axis = np.stack([first.isocentre_mm + reach * first.axis, first.isocentre_mm])
    arc = np.stack([frame.isocentre_mm + reach * frame.axis for frame in own])
    if np.abs(arc - arc[0]).max() < 1.0:
        arc = arc[:1]
    flat = field_outline(beam)
    field = None if flat is None else unproject(first, flat, first.sad_mm)
    return BeamShape(beam, first, upright or first, axis, field, arc)


def _frame(beam: Beam, point: ControlPoint, position: str) -> BeamFrame | None:
    angles = (point.gantry_deg, point.collimator_deg, point.couch_deg)
    sad_mm, isocentre = beam.source_axis_mm, point.isocentre_mm
    if isocentre is None or sad_mm is None or sad_mm <= 0 or None in angles:
        return None
    gantry, collimator, couch = (float(angle or 0.0) for angle in angles)
    return beam_frame(isocentre, gantry, collimator, couch, sad_mm, position)


def _between(points: Sequence[ControlPoint]) -> list[ControlPoint]:
    """Return control points with steps of a few degrees between them, the way the gantry turns."""
    found = list(points[:1])
    for before, after in pairwise(points):
        if before.gantry_deg is not None and after.gantry_deg is not None:
            turn = _turn_deg(before.gantry_deg, after.gantry_deg, before.gantry_turn)
            steps = math.ceil(abs(turn) / ARC_STEP_DEG)
            found += [
                replace(before, gantry_deg=before.gantry_deg + turn * step / steps)
                for step in range(1, steps)
            ]
        found.append(after)
    return found


def _turn_deg(start: float, end: float, way: str) -> float:
    """Return the signed turn; clockwise is positive (IEC 61217)."""
    if way == "CW":
        return (end - start) % 360
    return -((start - end) % 360) if way == "CC" else 0.0


def field_outline(beam: Beam) -> Floats | None:
    """Return the box of all that a beam opens, in mm at the isocentre plane; shape (4, 2).

    At each control point what jaws and leaves both leave open; of all points the box. So it is
    right where the jaws stand wide open behind the leaves, and where the leaves begin shut.
    Behind an applicator the aperture (shape (n, 2)): the jaws do not shape the field there.

    """
    apertures = [block for block in beam.blocks if block.kind == "APERTURE"]
    if apertures or beam.applicator:
        return apertures[0].outline_mm if apertures else None
    boxes = [box for point in beam.points if (box := _open_box(beam, point)) is not None]
    if not boxes:
        return None
    (left, low), (right, high) = np.min(boxes, axis=0)[:, 0], np.max(boxes, axis=0)[:, 1]
    return np.array([(left, low), (right, low), (right, high), (left, high)])


def _open_box(beam: Beam, point: ControlPoint) -> Floats | None:
    """Return from and to along X, along Y; shape (2, 2). None where shut, or not told.

    Leaf pairs behind a jaw do not count: they are often parked open.

    """
    everywhere = (-math.inf, math.inf)
    limits = [(point.jaw_mm(X_JAWS) or everywhere, point.jaw_mm(Y_JAWS) or everywhere)]
    for bank in beam.leaf_banks:
        if bank.kind not in LEAVES_ALONG_X + LEAVES_ALONG_Y or bank.kind not in point.leaves:
            continue
        positions = point.leaves[bank.kind]
        if len(positions) != 2 * (len(bank.edges_mm) - 1):
            return None  # not as many positions as leaves: nobody knows which is which
        first, second = np.split(positions, 2)
        low, high = limits[0][1 if bank.along_x else 0]
        bare = (bank.edges_mm[1:] > low) & (bank.edges_mm[:-1] < high)
        ajar = bare & (second - first > SHUT_MM)
        if not ajar.any():
            return None
        along = (float(first[ajar].min()), float(second[ajar].max()))
        across = (float(bank.edges_mm[:-1][ajar].min()), float(bank.edges_mm[1:][ajar].max()))
        limits.append((along, across) if bank.along_x else (across, along))
    box = np.array(limits)
    both = np.stack([box[:, :, 0].max(axis=0), box[:, :, 1].min(axis=0)], axis=1)
    return both if np.isfinite(both).all() and (both[:, 1] > both[:, 0]).all() else None


def plan_shown(scene: Scene) -> tuple[Plan | None, tuple[str, ...]]:
    """Return the plan of the dose shown, else the first, unless its frame of reference is another.

    Returns:
        The plan or None, and words that say which, or why none.

    """
    plans = scene.rt_set.plans
    if not plans:
        return None, ()
    plan = scene.rt_set.plan_of(scene.dose) if scene.dose is not None else None
    plan = plan or plans[0]
    frames = {one.structure.frame_uid for one in scene.outlines if one.structure.contours}
    frames |= {scene.series.frame_uid} if scene.series is not None else set()
    frames |= {scene.dose.grid.frame_uid} if scene.dose is not None else set()
    if plan.frame_uid and frames - {"", plan.frame_uid}:
        return None, (f"Plan {plan.label} is not drawn: another frame of reference",)
    if not plan.frame_uid:
        return plan, (f"Plan {plan.label} names no frame of reference; drawn in that of the set",)
    return plan, (f"Plan {plan.label}",) if len(plans) > 1 else ()
