"""The states in which a field delivers its MU: segments, or steps between control points (R-17).

A step-and-shoot segment is one state. Where the machine moves while it radiates, the interval
between two control points is cut into steps so small that no leaf travels more than
`LEAF_STEP_CM` in one; each step stands with the state in its middle. Lengths cm.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.filter.field import ControlPoint, Field, LeafBanks
from core.dose.geometry import Floats
from core.errors import UnsupportedPlanError

Places = npt.NDArray[np.int_]
LEAF_STEP_CM = 0.5
GANTRY_STEP_DEG = 5.0
MOST_STEPS = 20
OPEN_CM = 1000.0
"""Where a jaw that the machine does not have stands."""


@dataclass(frozen=True, eq=False, slots=True)
class States:
    """The states of a field; leaves along X, unless `along_y` says that X and Y are exchanged.

    Attributes:
        mu: Of each state.
        share: Cumulative share of the field's MU in its middle.
        point: Number of the control point at which it begins.
        tips: Shape (states, pairs, 2).
        edges: Shape (pairs + 1,).
        jaws: X1, X2, Y1, Y2 (Y1, Y2, X1, X2 when `along_y`).
        wedge_in: 1 where a motorised wedge is in.

    """

    mu: Floats
    share: Floats
    point: Floats
    gantry_deg: Floats
    collimator_deg: Floats
    couch_deg: Floats
    tips: Floats
    edges: Floats
    jaws: Floats
    wedge_in: Floats
    along_y: bool


def states_of(field: Field, beam: Field) -> States:
    """Return the states of a field.

    Args:
        field: Of the R&V system: what is delivered.
        beam: Its plan beam, for the leaf edges and angles that an export does not hold.

    Raises:
        UnsupportedPlanError: A value the calculation needs is in neither.

    """
    points = field.control_points or beam.control_points
    if not points or field.mu is None:
        raise _missing(field, "control points" if field.mu is not None else "monitor units")
    matrix, pairs = _matrix(points, field, beam)
    along_y, edges = _leaf_frame(points[0], beam, field)
    starts, ends, mu = _intervals(matrix[:, 0], float(field.mu))
    first, last = matrix[starts], matrix[ends]
    last = last.copy()
    for column in (1, 2, 3):
        turn = (last[:, column] - first[:, column] + 180) % 360 - 180
        last[:, column] = first[:, column] + turn
    travel = np.abs(last - first)
    leaf = travel[:, 9:].max(axis=1, initial=0.0)
    counts = np.ceil(np.maximum(leaf / LEAF_STEP_CM, travel[:, 1] / GANTRY_STEP_DEG))
    counts = np.clip(counts, 1, MOST_STEPS).astype(int)
    which = np.repeat(np.arange(len(counts)), counts)
    step = np.concatenate([np.arange(count) for count in counts])
    part = ((step + 0.5) / counts[which])[:, None]
    made = (1 - part) * first[which] + part * last[which]
    jaws = made[:, 4:8]
    return States(
        mu=(mu / counts)[which],
        share=made[:, 0],
        point=starts[which].astype(float),
        gantry_deg=made[:, 1],
        collimator_deg=made[:, 2],
        couch_deg=made[:, 3],
        tips=np.ascontiguousarray(made[:, 9:].reshape(len(made), pairs, 2)),
        edges=edges,
        jaws=np.ascontiguousarray(jaws[:, [2, 3, 0, 1]] if along_y else jaws),
        wedge_in=first[which][:, 8],
        along_y=along_y,
    )


def _intervals(shares: Floats, mu: float) -> tuple[Places, Places, Floats]:
    """Return where the intervals with MU begin and end, and the MU of each."""
    if len(shares) == 1 or shares[-1] <= 0:
        return np.zeros(1, dtype=int), np.zeros(1, dtype=int), np.array([mu])
    given = np.diff(shares) / shares[-1]
    starts = np.flatnonzero(given > 0)
    return starts, starts + 1, mu * given[starts]


def _matrix(points: tuple[ControlPoint, ...], field: Field, beam: Field) -> tuple[Floats, int]:
    """Return one row a point: share, three angles, four jaws, wedge in, leaf tips in pairs."""
    layers = [_merged(point, beam, field) for point in points]
    pairs = len(layers[0][0])
    made = np.empty((len(points), 9 + 2 * pairs))
    for row, point, (a_cm, b_cm) in zip(made, points, layers, strict=True):
        row[0] = float(point.cumulative)
        for column, name in enumerate(("gantry_deg", "collimator_deg", "couch_deg"), start=1):
            value = getattr(point, name)
            value = getattr(field, name) if value is None else value
            value = getattr(beam, name) if value is None else value
            if value is None and name != "couch_deg":
                raise _missing(field, name.removesuffix("_deg") + " angle")
            row[column] = float(value or 0)
        row[4:8] = _jaws(point, field, pairs)
        row[8] = 0.0 if point.wedge_in is False else 1.0
        row[9::2], row[10::2] = a_cm, b_cm
    return made, pairs


def _jaws(point: ControlPoint, field: Field, pairs: int) -> list[float]:
    jaws = point.jaws if point.jaws.y2_mm is not None or point.jaws.x2_mm is not None else (
        field.jaws
    )  # fmt: skip
    values = (jaws.x1_mm, jaws.x2_mm, jaws.y1_mm, jaws.y2_mm)
    if any(value is None for value in values) and pairs == 1 and not point.layers:
        raise _missing(field, "jaws")
    fallback = (-OPEN_CM, OPEN_CM, -OPEN_CM, OPEN_CM)
    return [
        other if value is None else float(value) / 10
        for value, other in zip(values, fallback, strict=True)
    ]


def _merged(point: ControlPoint, beam: Field, field: Field) -> tuple[Floats, Floats]:
    """Return the tips of the pairs; two layers along one axis leave open what both leave open."""
    if not point.layers:
        return np.array([-OPEN_CM]), np.array([OPEN_CM])
    banks = [
        (np.array(layer.a_mm, dtype=float) / 10, np.array(layer.b_mm, dtype=float) / 10)
        for layer in point.layers
    ]
    if len(banks) == 1:
        return banks[0]
    frames = [_described(layer, place, beam, field) for place, layer in enumerate(point.layers)]
    edges = _union(frames)
    middles = (edges[:-1] + edges[1:]) / 2
    a_cm, b_cm = np.full(len(middles), -OPEN_CM), np.full(len(middles), OPEN_CM)
    for frame, (own_a, own_b) in zip(frames, banks, strict=True):
        own = np.array(frame.edges_mm, dtype=float) / 10
        place = np.clip(np.searchsorted(own, middles) - 1, 0, len(own_a) - 1)
        covered = (middles > own[0]) & (middles < own[-1])
        a_cm = np.maximum(a_cm, np.where(covered, own_a[place], 0.0))
        b_cm = np.minimum(b_cm, np.where(covered, own_b[place], 0.0))
    return a_cm, b_cm


def _described(layer: LeafBanks, place: int, beam: Field, field: Field) -> LeafBanks:
    """Return the layer that says its edges: itself, or that of the plan beam."""
    if layer.edges_mm and layer.along:
        return layer
    planned = beam.control_points[0].layers if beam.control_points else ()
    other = planned[place] if place < len(planned) else None
    if other and other.edges_mm and other.along and len(other.a_mm) == len(layer.a_mm):
        return other
    raise _missing(field, "leaf widths")


def _union(frames: list[LeafBanks]) -> Floats:
    return np.unique(np.concatenate([np.array(one.edges_mm, dtype=float) / 10 for one in frames]))


def _leaf_frame(point: ControlPoint, beam: Field, field: Field) -> tuple[bool, Floats]:
    """Return whether leaves move along Y, and the edges of the pairs."""
    if not point.layers:
        return False, np.array([-OPEN_CM, OPEN_CM])
    frames = [_described(layer, place, beam, field) for place, layer in enumerate(point.layers)]
    ways = {frame.along for frame in frames}
    if len(ways) > 1:
        raise UnsupportedPlanError(
            "leaves of one layer move along X, those of another along Y",
            where=f"field {field.id or field.name}",
            remedy="Check this field by measurement.",
        )
    return ways == {"Y"}, _union(frames)


def _missing(field: Field, what: str) -> UnsupportedPlanError:
    return UnsupportedPlanError(
        f"neither the R&V field nor the plan beam states the {what}",
        where=f"field {field.id or field.name}",
        remedy="Export the plan with it, or check this field by measurement.",
    )
