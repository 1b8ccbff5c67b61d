"""Which R&V field is which plan beam: minimum deviation, Eq. (1) to (3) of Siochi 2009 (R-05)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from app.filter.field import Field
from app.filter.fittings import mismatches
from app.filter.limits import Limits
from app.filter.parameters import FIELD_PARAMETERS, Parameter
from app.filter.segments import Array, fitted, in_order, ordered
from app.filter.values import compare_values

ANGLES = ("gantry_angle", "collimator_angle", "couch_angle", "arc_start_angle", "arc_stop_angle")
WORDS = {"modality": "modality", "energy": "energy", "arc_direction": "arc_direction"}
DEVICES = {
    "wedge": "wedge", "dynamic_wedge": "wedge", "e_applicator": "applicator", "bolus": "bolus",
    "block": "block",
}  # fmt: skip
LABELS = ("field_id", "field_name", "original_beam_number", "original_beam_name", "field_dose")
LABEL = 1e-7
ROWS = {row.item: row for row in FIELD_PARAMETERS}


@dataclass(frozen=True, slots=True)
class Deviation:
    """How far an R&V field is from a plan beam; degrees, cm and importances are added (Eq. 1)."""

    total: float
    parts: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Pairing:
    """Pairs of places (R&V field, plan beam), what is left over, and how sure the pairing is."""

    pairs: tuple[tuple[int, int, float], ...]
    spare_fields: tuple[int, ...]
    spare_beams: tuple[int, ...]
    ties: tuple[int, ...] = ()
    greedy_differs: bool = False


def deviation(
    field: Field, beam: Field, limits: Limits, *, digits_count: bool = True
) -> Deviation:
    """Return the deviation of an R&V field from a plan beam.

    Differences below what the R&V system wrote count 0, so that an exact match is 0. Control
    points count only when their number and the MU agree, as the paper has it.
    """
    parts = of_state(field, beam, limits, digits_count=digits_count)
    parts += _of_points(field, beam, limits, digits_count=digits_count)
    parts = [(item, amount) for item, amount in parts if amount]
    return Deviation(sum(amount for _, amount in parts), tuple(parts))


def of_state(
    field: Field, beam: Field, limits: Limits, *, digits_count: bool
) -> list[tuple[str, float]]:
    """Return the parts of the deviation that neither apertures nor MU have a share in."""
    parts = [
        (item, _apart(ROWS[item], field, beam, limits, digits_count=digits_count))
        for item in ANGLES
    ]
    for item, name in WORDS.items():
        if differ(ROWS[item], field, beam, limits, digits_count=digits_count):
            parts.append((item, float(limits[f"pairing.{name}"])))
    parts += [
        (one.item, float(limits[f"pairing.{DEVICES[one.item]}"]))
        for one in mismatches(field, beam)
        if one.item in DEVICES
    ]
    return parts


def _of_points(
    field: Field, beam: Field, limits: Limits, *, digits_count: bool
) -> list[tuple[str, float]]:
    parts = []
    points = fitted(beam.control_points, len(field.control_points))
    same_count = len(points) == len(field.control_points)
    if not same_count:
        parts.append(("total_control_points", float(limits["pairing.control_points"])))
    mu_row = ROWS["field_monitor_units"]
    if differ(mu_row, field, beam, limits, digits_count=digits_count):
        parts.append(("field_monitor_units", float(limits["pairing.monitor_units"])))
    if parts or not field.control_points:
        return parts
    weight_mu = float(limits["pairing.segment_mu"] * (field.mu or 0))
    arranged = ordered(field.control_points, points, weight_mu)
    amount = in_order(field.control_points, arranged.points, weight_mu)
    # However wrong its leaves, the same beam must stay nearer than one with other MU or points.
    most = 0.99 * float(min(limits["pairing.monitor_units"], limits["pairing.control_points"]))
    return [("control_points", min(amount, most))] if amount > 0 else []


def _apart(
    row: Parameter, field: Field, beam: Field, limits: Limits, *, digits_count: bool
) -> float:
    found, expected = row.get(field), row.get(beam)
    if found is None or expected is None:
        return 0.0
    apart = compare_values(row, found, expected, limits, digits_count=digits_count)
    return 0.0 if apart is None else abs(float(apart.difference))


def differ(
    row: Parameter, field: Field, beam: Field, limits: Limits, *, digits_count: bool
) -> bool:
    """Return whether both sources hold the value of a row, and not the same one."""
    found, expected = row.get(field), row.get(beam)
    if found is None or expected is None:
        return False
    return compare_values(row, found, expected, limits, digits_count=digits_count) is not None


def pair(
    fields: Sequence[Field], beams: Sequence[Field], limits: Limits, *, digits_count: bool = True
) -> Pairing:
    """Pair fields and beams by least deviation.

    The paper's own way is greedy in the order of the export; where an assignment with a smaller
    total exists it is taken instead and said so.
    """
    if not fields or not beams:
        return Pairing((), tuple(range(len(fields))), tuple(range(len(beams))))
    cost = np.array(
        [
            [deviation(field, beam, limits, digits_count=digits_count).total for beam in beams]
            for field in fields
        ]
    )
    # Beams that deliver the same are told apart by their labels; labels never outweigh geometry.
    labels = np.array([[_labels(field, beam, limits) for beam in beams] for field in fields])
    ranked = cost + LABEL * labels
    greedy, ties = _greedy(ranked)
    rows, columns = linear_sum_assignment(ranked)
    best = [(int(row), int(column)) for row, column in zip(rows, columns, strict=True)]
    better = sum(cost[place] for place in best) < sum(cost[place] for place in greedy) - 1e-6
    chosen = best if better else greedy
    taken_fields, taken_beams = {row for row, _ in chosen}, {column for _, column in chosen}
    return Pairing(
        tuple((row, column, float(cost[row, column])) for row, column in sorted(chosen)),
        tuple(place for place in range(len(fields)) if place not in taken_fields),
        tuple(place for place in range(len(beams)) if place not in taken_beams),
        tuple(ties),
        greedy_differs=better,
    )


def _labels(field: Field, beam: Field, limits: Limits) -> int:
    """Return how many labels of a field and a beam differ."""
    return sum(differ(ROWS[item], field, beam, limits, digits_count=True) for item in LABELS)


def _greedy(cost: Array) -> tuple[list[tuple[int, int]], list[int]]:
    """Return the pairs of the paper's algorithm, and the fields that fit two beams equally."""
    free = list(range(cost.shape[1]))
    pairs, ties = [], []
    for row in range(cost.shape[0]):
        if not free:
            break
        amounts = [cost[row, column] for column in free]
        least = min(amounts)
        if least > 0 and amounts.count(least) > 1:
            ties.append(row)
        column = free[amounts.index(least)]
        pairs.append((row, column))
        free.remove(column)
    return pairs, ties
