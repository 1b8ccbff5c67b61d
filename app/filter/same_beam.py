"""Which field of the final export is which of the initial one (R-07; Siochi 2009, II.C.2).

The rule is the paper's own and another than that for plan beams: two fields are the same beam when
everything that makes the beam is equal, the couch angle within the tolerance table. Among several,
leaves and jaws decide, then labels. A field without such a partner is looked for by its ID.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from app.filter.field import Accessory, Field
from app.filter.parameters import arc_length_deg
from app.filter.segments import Array, aperture
from app.filter.settings import Settings

FAR = 1e9
"""Deviation of fields whose control points or leaves do not even have the same number."""


@dataclass(frozen=True, slots=True)
class ExportPairs:
    """Places of paired fields (final, initial) with their deviation in cm.

    Attributes:
        same: Pairs that are the same beam.
        by_id: Pairs with the same field ID that are not the same beam.
        spare_final, spare_initial: Fields without a partner.

    """

    same: tuple[tuple[int, int, float], ...]
    by_id: tuple[tuple[int, int], ...]
    spare_final: tuple[int, ...]
    spare_initial: tuple[int, ...]


def pair_exports(
    final: Sequence[Field], initial: Sequence[Field], settings: Settings
) -> ExportPairs:
    """Pair the fields of two exports."""
    same = _same(final, initial, settings)
    free_final = [n for n in range(len(final)) if n not in {place for place, *_ in same}]
    free_initial = [n for n in range(len(initial)) if n not in {place for _, place, _ in same}]
    by_id = []
    for place in list(free_final):
        match = next((n for n in free_initial if _id(initial[n]) == _id(final[place])), None)
        if match is not None:
            by_id.append((place, match))
            free_final.remove(place)
            free_initial.remove(match)
    return ExportPairs(same, tuple(by_id), tuple(free_final), tuple(free_initial))


def is_same_beam(final: Field, initial: Field, settings: Settings) -> bool:
    """Return whether two fields are the same beam by what makes the beam."""
    if _beam(final) != _beam(initial):
        return False
    one, other = final.couch_deg, initial.couch_deg
    if one is None or other is None:
        return one is other
    apart = abs(one - other) % 360
    return min(apart, 360 - apart) <= settings.couch_deg(initial.tolerance_table)


def deviation_cm(final: Field, initial: Field, settings: Settings) -> float:
    """Return the sum of leaf and jaw differences, and the weight of each label that differs."""
    found, before = aperture(final.control_points), aperture(initial.control_points)
    amount = FAR if found.shape != before.shape else float(np.abs(found - before).sum())
    sides = ("x1_mm", "x2_mm", "y1_mm", "y2_mm")
    jaws = [[getattr(one.jaws, side) for side in sides] for one in (final, initial)]
    amount += sum(abs(float((a or 0) - (b or 0))) / 10 for a, b in zip(*jaws, strict=True))
    weight = float(settings.limits["exports.label_weight"])
    labels = ((one.mu, one.site, _id(one)) for one in (final, initial))
    return float(amount + weight * sum(a != b for a, b in zip(*labels, strict=True)))


def _same(
    final: Sequence[Field], initial: Sequence[Field], settings: Settings
) -> tuple[tuple[int, int, float], ...]:
    """Return the pairs with the least sum of deviations, each field in one pair at most."""
    if not final or not initial:
        return ()
    never = 2 * FAR * (len(final) + len(initial))
    cost: Array = np.array(
        [
            [
                deviation_cm(one, other, settings) if is_same_beam(one, other, settings) else never
                for other in initial
            ]
            for one in final
        ]
    )
    rows, columns = linear_sum_assignment(cost)
    pairs = [(int(row), int(column)) for row, column in zip(rows, columns, strict=True)]
    return tuple((row, column, float(cost[row, column])) for row, column in pairs
                 if cost[row, column] < never)  # fmt: skip


def _beam(field: Field) -> tuple[object, ...]:
    """Return everything that makes the beam, ready to be compared."""
    length = arc_length_deg(field)
    per_degree = field.arc_mu_per_deg
    if per_degree is None and length and field.mu is not None:
        per_degree = field.mu / length
    return (
        field.gantry_deg, field.collimator_deg, field.arc_direction, field.arc_start_deg,
        field.arc_stop_deg, per_degree, field.energy, field.modality, _names(field.boluses),
        _names(field.wedges), _names(field.applicators),
    )  # fmt: skip


def _names(accessories: tuple[Accessory, ...] | None) -> tuple[tuple[str, ...], ...]:
    rows = (tuple(name.casefold() for name in one.names) for one in accessories or ())
    return tuple(sorted(rows))


def _id(field: Field) -> str:
    return field.id.strip().casefold()
