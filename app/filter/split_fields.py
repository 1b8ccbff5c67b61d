"""A step-and-shoot beam that arrives as several fields of one segment each (L-07).

Siochi 2009, II.B.3: a beam of many control points may be sent as one field per control point. Each
segment of the plan becomes a beam of its own here, and the fields are assigned to these segments
by least deviation, as fields are to beams elsewhere.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
from scipy.optimize import linear_sum_assignment

from app.filter.delivery_forms import RESEQUENCED, RULES, SPLIT
from app.filter.field import Field
from app.filter.limits import Limits
from app.filter.pairing import ROWS, Pairing, deviation, differ, of_state
from app.filter.segments import aperture, is_step_and_shoot
from app.filter.values import half_step, same_name
from core.findings import Finding, State

NEVER = 1e6
"""Cost of what cannot be paired; above every real one, below where sums lose digits."""

LETTERS_KEPT = 8
"""So many letters of the beam's name a field keeps at least when its own name is cut."""

OF_POINTS = (
    "gantry_deg", "collimator_deg", "couch_deg", "pedestal_deg", "isocentre", "energy",
    "dose_rate_mu_min", "ssd_mm",
)  # fmt: skip
"""What a field says of itself as a whole and a control point says too."""

REMEDY = "Find out which of the two is right; correct the R&V system or the plan, and check again."


@dataclass(frozen=True, slots=True)
class Split:
    """A plan beam and the fields it was split into.

    Attributes:
        beam: Place of the beam.
        pieces: One beam per segment, in plan order.
        taken: Pairs of places (field, piece) in the order of the export.

    """

    beam: int
    pieces: tuple[Field, ...]
    taken: tuple[tuple[int, int, float], ...]


@dataclass(frozen=True, slots=True)
class _Task:
    fields: Sequence[Field]
    beams: Sequence[Field]
    limits: Limits
    digits_count: bool


def pieces_of(beam: Field) -> tuple[Field, ...]:
    """Return each segment of a step-and-shoot beam as a beam of its own; else nothing.

    What the plan says of the beam as a whole and not of its segments (dose, field ID) is left out.
    """
    points = beam.control_points
    if len(points) < 4 or not beam.mu or not is_step_and_shoot(points):
        return ()
    return tuple(_piece(beam, place) for place in range(0, len(points), 2))


def _piece(beam: Field, place: int) -> Field:
    first, last = beam.control_points[place], beam.control_points[place + 1]
    mu = (beam.mu or Decimal(0)) * (last.cumulative - first.cumulative)
    stated = {name: value for name in OF_POINTS if (value := getattr(first, name)) is not None}
    wedge_mu = beam.wedge_mu
    if wedge_mu and first.wedge_in is not None:
        wedge_mu = mu if first.wedge_in else Decimal(0)
    elif wedge_mu:
        wedge_mu = None
    return replace(
        beam, id="", mu=mu, wedge_mu=wedge_mu, dose_cgy=None, jaws=first.jaws, couch=first.couch,
        control_points=(
            replace(first, number=0, cumulative=Decimal(0)),
            replace(last, number=1, cumulative=Decimal(1)),
        ),
        **stated,
    )  # fmt: skip


def find_splits(
    fields: Sequence[Field],
    beams: Sequence[Field],
    whole: Pairing,
    limits: Limits,
    *,
    digits_count: bool,
) -> tuple[Split, ...]:
    """Return the beams that arrived as one field per segment, with their fields.

    Only a beam that no field of several control points was paired with can have been split, and
    only when its segments explain the fields assigned to them: by their own MU, or by the sum.

    Args:
        fields: Treatment fields of the R&V system.
        beams: Treatment beams of the plan.
        whole: How they pair when no beam is split.
        limits: From tolerances.toml.
        digits_count: Whether the digits written say how finely a value is known.

    """
    pieces = {place: parts for place, beam in enumerate(beams) if (parts := pieces_of(beam))}
    if not pieces or not any(_is_single(field) for field in fields):
        return ()
    held = {beam for field, beam, _ in whole.pairs if not _is_single(fields[field])}
    task = _Task(fields, beams, limits, digits_count)
    pieces = {place: parts for place, parts in pieces.items() if place not in held}
    while pieces:
        splits = _assigned(task, pieces)
        kept = {split.beam for split in splits if _is_proven(task, split)}
        if len(kept) == len(pieces):
            return tuple(_apportioned(task, split) for split in splits)
        pieces = {place: parts for place, parts in pieces.items() if place in kept}
    return ()


def _is_single(field: Field) -> bool:
    return len(field.control_points) <= 2 and not field.arc_direction


def _assigned(task: _Task, pieces: dict[int, tuple[Field, ...]]) -> list[Split]:
    """Assign all fields to segments of the beams in question and to the other beams."""
    targets = [(place, number) for place, parts in pieces.items() for number in range(len(parts))]
    others = [place for place in range(len(task.beams)) if place not in pieces]
    cost = np.array(
        [
            [_cost(task, field, pieces[place][number]) for place, number in targets]
            + [_cost(task, field, task.beams[place]) for place in others]
            for field in task.fields
        ]
    )
    rows, columns = linear_sum_assignment(cost)
    taken: dict[int, list[tuple[int, int, float]]] = {place: [] for place in pieces}
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        if column < len(targets) and cost[row, column] < NEVER:
            place, number = targets[column]
            taken[place].append((row, number, float(cost[row, column])))
    return [Split(place, parts, tuple(taken[place])) for place, parts in pieces.items()]


def _cost(task: _Task, field: Field, beam: Field) -> float:
    """Return degrees, cm, importances and MU by which a field and one aperture differ.

    Unlike the deviation of whole beams it looks at apertures when the MU differ too: the segments
    of one beam have nothing else to be told apart by.
    """
    if not (_is_single(field) and _is_single(beam)):
        if _is_single(field) or _is_single(beam):
            return NEVER
        limits, digits_count = task.limits, task.digits_count
        return deviation(field, beam, limits, digits_count=digits_count).total
    parts = of_state(field, beam, task.limits, digits_count=task.digits_count)
    found, planned = aperture(field.control_points), aperture(beam.control_points[:1])
    if len(found) and len(planned) and found.shape[1] == planned.shape[1]:
        apart = float(np.abs(found - planned).sum(axis=1).mean())
    else:
        apart = 0.0 if len(found) == len(planned) == 0 else NEVER / 10
    weight = float(task.limits["pairing.segment_mu"])
    moved = abs(float((field.mu or 0) - (beam.mu or 0)))
    return sum(amount for _, amount in parts) + apart + weight * moved


def _is_proven(task: _Task, split: Split) -> bool:
    """Return whether the fields assigned to a beam can be its segments and nothing else."""
    row, beam = ROWS["field_monitor_units"], task.beams[split.beam]
    agree = [
        not differ(
            row, task.fields[place], split.pieces[number], task.limits,
            digits_count=task.digits_count,
        )
        for place, number, _ in split.taken
    ]  # fmt: skip
    if len(agree) == 1:
        return agree[0] and split.taken[0][2] < 1
    return len(agree) > 1 and (any(agree) or _mu_of(task, split) == beam.mu)


def _mu_of(task: _Task, split: Split) -> Decimal:
    return sum((task.fields[place].mu or Decimal(0) for place, *_ in split.taken), Decimal(0))


def _apportioned(task: _Task, split: Split) -> Split:
    """Return the split with pieces that bear what the plan leaves to whoever splits the beam.

    Shares of an odd number of MU cannot all be rounded to the nearest: when the sum is exact, a
    field may be off by less than one step of its last digit.
    """
    total, beam = _mu_of(task, split), task.beams[split.beam]
    pieces = list(split.pieces)
    for place, number, _ in split.taken:
        field, piece = task.fields[place], pieces[number]
        mu = field.mu or Decimal(0)
        step = 2 * half_step(mu, digits_count=task.digits_count)
        exact = abs(total - (beam.mu or 0)) <= step / 2 and not missing(split)
        apportioned = exact and abs(mu - (piece.mu or 0)) < step
        pieces[number] = replace(
            piece,
            mu=mu if apportioned else piece.mu,
            name=field.name if _bears(field.name, beam.name) else piece.name,
            unread=(*piece.unread, *_unread(task, split)),
        )
    return replace(split, pieces=tuple(pieces))


def _bears(found: str, name: str) -> bool:
    """Return whether a field's name is the beam's, whole or cut, with something added behind."""
    one, other = found.strip().casefold(), name.strip().casefold()
    kept = min(len(other), LETTERS_KEPT)
    return one[:kept] == other[:kept] or same_name(one, other, name)


def _unread(task: _Task, split: Split) -> Iterator[tuple[str, str]]:
    name = task.beams[split.beam].name
    yield "field_id", f"beam {name!r} was split; the plan has no IDs for its segments"
    if _dose_of(task.fields, split) is not None and not missing(split):
        yield (
            "field_dose",
            f"beam {name!r} was split; the doses of its fields were compared by their sum only",
        )
    else:
        yield "field_dose", f"beam {name!r} was split; the plan has no doses for its segments"


def missing(split: Split) -> tuple[int, ...]:
    """Return the segments that give MU and have no field."""
    taken = {number for _, number, _ in split.taken}
    return tuple(
        number for number, piece in enumerate(split.pieces) if number not in taken and piece.mu
    )


def findings_of(
    split: Split, fields: Sequence[Field], beams: Sequence[Field], limits: Limits
) -> Iterator[Finding]:
    """Tell that a beam was split, in which order, and what only all its fields together show."""
    beam = beams[split.beam]
    name = beam.name or beam.id
    own = [fields[place] for place, *_ in split.taken]
    ids = ", ".join(field.id for field in own)
    total = sum((field.mu or Decimal(0) for field in own), Decimal(0))
    lost = missing(split)
    sums = "" if lost else f"; their MU add up to {total:f}, planned are {_short(beam.mu)}"
    yield Finding(
        RULES[SPLIT], State.INFO,
        f"Beam {name!r} arrives as {len(own)} fields of one segment each ({ids}){sums}",
        item="delivery", expected="1 field", found=f"{len(own)} fields",
    )  # fmt: skip
    for number in lost:
        mu = _short(split.pieces[number].mu)
        yield Finding(
            "F-CMP-SEGMENT", State.ERROR,
            f"The R&V system has no field for segment {number + 1} of beam {name!r} (control "
            f"points {2 * number} and {2 * number + 1} of the plan, {mu} MU)",
            item="field_id", expected=f"{name}, segment {number + 1}", found="none", remedy=REMEDY,
        )  # fmt: skip
    order = [number for _, number, _ in split.taken]
    if order != sorted(order):
        words = ", ".join(str(number + 1) for number in order)
        yield Finding(
            RULES[RESEQUENCED], State.INFO,
            f"Beam {name!r}: the fields {ids} stand in another order than planned (plan segments "
            f"{words}); each was compared with its own",
        )  # fmt: skip
    if not lost:
        yield from _of_dose(split, fields, beam, limits)


def _of_dose(
    split: Split, fields: Sequence[Field], beam: Field, limits: Limits
) -> Iterator[Finding]:
    """Compare the sum of the booked doses with the beam's; name the field that is out of line."""
    total = _dose_of(fields, split)
    if total is None or beam.dose_cgy is None or not beam.mu:
        return
    own = [(fields[place], split.pieces[number]) for place, number, _ in split.taken]
    steps = [half_step(field.dose_cgy or Decimal(0), digits_count=True) for field, _ in own]
    if abs(total - beam.dose_cgy) <= max(limits["comparison.dose_cgy"], sum(steps, Decimal(0))):
        return
    odd = [
        field
        for (field, piece), half in zip(own, steps, strict=True)
        if abs((field.dose_cgy or 0) - beam.dose_cgy * (piece.mu or 0) / beam.mu) > 2 * half
    ]
    named = odd[0].id if len(odd) == 1 else ""
    ids = ", ".join(field.id for field, _ in own)
    which = f"; out of line is field {named}" if named else ""
    yield Finding(
        "F-CMP-FIELD-DOSE", State.ERROR,
        f"Beam {beam.name!r}: field_dose of its fields {ids} adds up to {total:f} cGy, the plan "
        f"has {_short(beam.dose_cgy)} cGy{which}",
        named, None, "field_dose", _short(beam.dose_cgy), f"{total:f}", "cGy", remedy=REMEDY,
        difference=f"{total - beam.dose_cgy:+f}",
    )  # fmt: skip


def _dose_of(fields: Sequence[Field], split: Split) -> Decimal | None:
    doses = [fields[place].dose_cgy for place, *_ in split.taken]
    if None in doses:
        return None
    return sum((dose for dose in doses if dose is not None), Decimal(0))


def _short(value: Decimal | None) -> str:
    text = f"{value or Decimal(0):f}"
    return text if len(text.partition(".")[2]) <= 3 else f"{value:.3f}"
