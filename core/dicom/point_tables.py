"""Control points of a beam, and the leaves at one of them, as tables of text."""

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from core.dicom.plan import X_JAWS, Y_JAWS, Beam, ControlPoint, LeafBank
from core.dicom.text_table import (
    NONE,
    Columns,
    Table,
    fixed,
    make_table,
    number_or_none,
    words_or_none,
)
from core.dose.geometry import Floats

# Leaves that face each other within this distance touch.
TOUCHING_MM = 0.01
# A last control point may miss the beam's MU by the rounding of its meterset weights.
MU_ROUNDING = 0.01
JAWS = tuple((f"Jaw {name} (mm)", True) for name in ("X1", "X2", "Y1", "Y2"))
POINTS = (
    ("No.", True), ("Cumulative (MU)", True), ("Step (MU)", True), ("Gantry (°)", True),
    ("Collimator (°)", True), ("Couch (°)", True), ("Energy (MV, MeV)", True),
    ("Dose rate (MU/min)", True), *JAWS, ("Open pairs", True), ("Smallest gap (mm)", True),
    ("Largest gap (mm)", True), ("Couch vrt (mm)", True), ("Couch lng (mm)", True),
    ("Couch lat (mm)", True), ("Wedge", False),
)  # fmt: skip


def beam_title(beam: Beam) -> str:
    """Return number and name of a beam."""
    name = words_or_none(beam.name)
    return f"beam {number_or_none(beam.number)}" + ("" if name == NONE else f" ({name})")


def jaw_cells(point: ControlPoint | None) -> tuple[str, ...]:
    """Return X1, X2, Y1, Y2 of a control point."""
    pairs = (None, None) if point is None else (point.jaw_mm(X_JAWS), point.jaw_mm(Y_JAWS))
    cells = (
        (NONE, NONE) if pair is None else (fixed(pair[0], 1), fixed(pair[1], 1)) for pair in pairs
    )
    return tuple(cell for pair in cells for cell in pair)


def control_point_table(beam: Beam) -> Table:
    """Return every control point of a beam."""
    rows, before = [], None
    for point in beam.points:
        known = before is not None and point.meterset_mu is not None
        step = point.meterset_mu - before if known else None  # type: ignore[operator]
        rows.append(_point_row(beam, point, step))
        before = point.meterset_mu
    title = f"Control points of {beam_title(beam)}"
    return make_table(title, POINTS, rows, _point_notes(beam))


def _point_row(beam: Beam, point: ControlPoint, step: float | None) -> tuple[str, ...]:
    wedges = ", ".join(f"{number} {where}" for number, where in point.wedges.items())
    return (
        number_or_none(point.number), fixed(point.meterset_mu, 2), fixed(step, 2),
        fixed(point.gantry_deg, 1), fixed(point.collimator_deg, 1), fixed(point.couch_deg, 1),
        NONE if point.energy is None else f"{point.energy:g}", fixed(point.dose_rate, 0),
        *jaw_cells(point), *_openings(beam, point), *(fixed(one, 1) for one in point.couch_mm),
        words_or_none(wedges),
    )  # fmt: skip


def _openings(beam: Beam, point: ControlPoint) -> tuple[str, str, str]:
    """Return the number of open pairs, their smallest and largest gap; each per collimator."""
    found = [open_gaps_mm(bank, point) for bank in beam.leaf_banks]
    if not found:
        return NONE, NONE, NONE
    count = [NONE if gaps is None else str(len(gaps)) for gaps in found]
    ends = [(NONE, NONE) if gaps is None or not len(gaps) else _ends(gaps) for gaps in found]
    return (
        " / ".join(count),
        " / ".join(one for one, _ in ends),
        " / ".join(two for _, two in ends),
    )


def _ends(gaps: Floats) -> tuple[str, str]:
    return fixed(float(gaps.min()), 2), fixed(float(gaps.max()), 2)


def open_gaps_mm(bank: LeafBank, point: ControlPoint) -> Floats | None:
    """Return the gaps between facing leaves that leave an opening within the jaws.

    None when the point has no positions of this collimator, or another number of them.

    """
    leaves, pairs = point.leaves.get(bank.kind), len(bank.edges_mm) - 1
    if leaves is None or len(leaves) != 2 * pairs:
        return None
    low, high = leaves[:pairs], leaves[pairs:]
    along, across = (X_JAWS, Y_JAWS) if bank.along_x else (Y_JAWS, X_JAWS)
    everywhere = (-math.inf, math.inf)
    ends = point.jaw_mm(along) or everywhere
    sides = point.jaw_mm(across) or everywhere
    length = np.minimum(high, ends[1]) - np.maximum(low, ends[0])
    edges = np.sort(np.stack([bank.edges_mm[:-1], bank.edges_mm[1:]]), axis=0)
    width = np.minimum(edges[1], sides[1]) - np.maximum(edges[0], sides[0])
    gaps = (high - low)[(length > TOUCHING_MM) & (width > TOUCHING_MM)]
    return np.asarray(gaps, dtype=np.float64)


def _point_notes(beam: Beam) -> Iterator[str]:
    points = beam.points
    if not points:
        yield "The beam has no control points."
        return
    last, whole = points[-1].meterset_mu, beam.meterset_mu
    if whole is None:
        yield "No fraction group tells the MU of this beam."
    elif last is None:
        yield "The meterset weights cannot be told in MU."
    elif abs(last - whole) > MU_ROUNDING:
        yield (
            f"The last control point is reached at {fixed(last, 2)} MU, the beam has "
            f"{fixed(whole, 2)} MU."
        )
    if any(
        one.meterset_mu is not None and two.meterset_mu is not None
        and (two.meterset_mu - one.meterset_mu) * (whole or 0.0) < 0
        for one, two in pairwise(points)
    ):  # fmt: skip
        yield "The cumulative MU fall between two control points."
    if beam.leaf_banks:
        kinds = " / ".join(bank.kind for bank in beam.leaf_banks)
        yield f"Open pairs: leaf pairs of {kinds} that leave an opening within the jaws."
    for bank in beam.leaf_banks:
        pairs = len(bank.edges_mm) - 1
        if any(len(one.leaves.get(bank.kind, ())) not in (0, 2 * pairs) for one in points):
            yield f"{bank.kind}: other than two positions for each of its {pairs} pairs."
    yield "A value the file does not repeat is carried forward from the point before."


def leaf_table(beam: Beam, point_index: int) -> Table:
    """Return the leaf pairs of one control point; `point_index` counts from 0 as in the file."""
    title = f"Leaves of {beam_title(beam)}"
    if not 0 <= point_index < len(beam.points):
        return make_table(title, _leaf_columns("", layered=False), (), ["No control point."])
    point = beam.points[point_index]
    title = f"Leaves at control point {number_or_none(point.number)}"
    if not point.leaves:
        words = ["The beam has no leaf positions."]
        return make_table(title, _leaf_columns("", layered=False), (), words)
    kinds = sorted(point.leaves)
    axes = {kind[3] for kind in kinds}
    layered = len(kinds) > 1
    rows: list[tuple[str, ...]] = []
    for kind in kinds:
        bank = next((one for one in beam.leaf_banks if one.kind == kind), None)
        rows += ((kind, *row) if layered else row for row in _leaf_rows(bank, point.leaves[kind]))
    notes = [] if layered else [f"{kinds[0]}, positions at the isocentre plane."]
    if any(row[-1].startswith("-") for row in rows):
        notes.append("Leaves that face each other overlap (negative gap).")
    axis = axes.pop() if len(axes) == 1 else ""
    return make_table(title, _leaf_columns(axis, layered=layered), rows, notes)


def _leaf_columns(axis: str, *, layered: bool) -> Columns:
    names = (f"Leaf {axis}1 (mm)", f"Leaf {axis}2 (mm)")
    first = (("MLC", False),) if layered else ()
    return (
        *first,
        *((name, True) for name in ("Pair", "From (mm)", "To (mm)", *names, "Gap (mm)")),
    )


def _leaf_rows(bank: LeafBank | None, leaves: Floats) -> Iterator[tuple[str, ...]]:
    pairs = len(leaves) // 2
    fits = bank is not None and len(bank.edges_mm) == pairs + 1
    edges = (
        [float(one) for one in bank.edges_mm]
        if bank is not None and fits
        else [None] * (pairs + 1)
    )
    for pair in range(pairs):
        low, high = float(leaves[pair]), float(leaves[pair + pairs])
        yield (
            str(pair + 1), fixed(edges[pair], 2), fixed(edges[pair + 1], 2),
            fixed(low, 2), fixed(high, 2), fixed(high - low, 2),
        )  # fmt: skip
