"""What the user asked LEX to do with the segments, done and told with numbers (L-07, L-09, L-10).

Covered leaves are opened first, then segments are put in order, then beams are cut into fields:
so the travel told is that of the leaves as they are written. Every step is a pure function of the
beam; a beam it cannot be done to is written as planned, with a finding.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from app.lex.delivery_time import delivery_time, travel_mm
from app.lex.fields import Field, rv_names
from app.lex.interlocks import breaches, not_stated
from app.lex.leaf_gap import open_covered_pairs
from app.lex.nomenclature import Nomenclature
from app.lex.options import FIELD_PER_POINT
from app.lex.plan import Beam
from app.lex.resequence import resequenced
from app.lex.segments import LONGEST_NAME, Part, is_cut, part_ids, parts_of, shots_of
from app.lex.treatment import Treatment
from core.errors import MissingDataError, RemedyError
from core.findings import Finding, State
from core.machines import Machine

CUT, ORDER, GAP = "LEX-O1", "LEX-O2", "LEX-O3"
# FIELD_DEF holds hundredths of a monitor unit.
_LEAST_MU = 0.005
_HALF_LOST_MU = 0.0005
_IN_PLAN = "Give every segment whole monitor units in the planning system, or write one field."


@dataclass(frozen=True, slots=True)
class Arranged:
    """The fields to write and what was done to get them."""

    fields: tuple[Field, ...]
    findings: tuple[Finding, ...]


def arranged(
    fields: Sequence[Field], treatment: Treatment, machine: Machine | None, names: Nomenclature
) -> Arranged:
    """Return the fields with the options of the treatment data applied.

    Args:
        fields: The plan's own, one for each beam.
        treatment: What was asked for.
        machine: None while none is chosen; then no leaf is opened.
        names: What the R&V system calls things; a part of a beam has a technique of its own.

    """
    found: list[Finding] = []
    kept = [field for field in fields if len(field.beam.segments) > 1]
    # A beam without control points is an error of LEX-C3; nothing is done to it.
    done = {id(field): field for field in fields}
    for field in kept:
        beam = _numbered(field.beam) if treatment.options else field.beam
        if treatment.open_covered_leaves:
            beam, told = _with_gaps(beam, machine)
            found += told
        if treatment.resequence and is_cut(beam):
            beam, told = _in_order(beam, machine, field.dose_rate_mu_min)
            found += told
        done[id(field)] = replace(field, beam=beam)
    result = [done[id(field)] for field in fields]
    if treatment.segments == FIELD_PER_POINT:
        result, told = _cut(result, names)
        found += told
    found += _without_effect(treatment, found)
    return Arranged(tuple(result), tuple(found))


def _numbered(beam: Beam) -> Beam:
    """Return the beam with the plan's number at each point, which stays with it in any order."""
    points = tuple(replace(point, plan_point=n) for n, point in enumerate(beam.segments))
    return replace(beam, segments=points)


def _with_gaps(beam: Beam, machine: Machine | None) -> tuple[Beam, list[Finding]]:
    """Open covered pairs and ask the machine's rules again."""
    try:
        opened = open_covered_pairs(beam, machine)
    except MissingDataError as gap:
        message = f"No leaf pair of beam {beam.name!r} was opened: {gap}."
        return beam, [Finding(GAP, State.NOT_RUN, message, field=beam.name)]
    if machine is None or not opened.pairs:
        message = f"Beam {beam.name!r} has no closed leaf pair wholly behind a Y jaw."
        return beam, [Finding(GAP, State.INFO, message, field=beam.name, found="0")]
    mlc = machine.mlc
    gap_mm = mlc.gap_under_jaw_mm.value if mlc is not None else None
    message = (
        f"Beam {beam.name!r}: {opened.pairs} leaf pairs wholly behind a Y jaw were opened to "
        f"{gap_mm:g} mm, counted over {len(beam.segments)} control points."
    )
    told = [
        Finding(
            GAP, State.INFO, message, field=beam.name, item="mlc_leaves", expected="0",
            found=str(opened.pairs),
        )
    ]  # fmt: skip
    return opened.beam, [*told, *_asked_again(beam, opened.beam, machine)]


def _asked_again(before: Beam, after: Beam, machine: Machine) -> Iterator[Finding]:
    """Yield what the opened leaves break, and what could not be asked."""
    rules = not_stated(machine)
    if rules:
        message = (
            f"Beam {after.name!r}, after opening leaves: {', '.join(rules)} not rechecked, the "
            f"description of {machine.name} does not state it."
        )
        yield Finding(GAP, State.NOT_RUN, message, field=after.name)
    for number, (old, new) in enumerate(zip(before.segments, after.segments, strict=True)):
        planned = {(breach.rule, breach.place) for breach in breaches(old, machine)}
        for breach in breaches(new, machine):
            known = (breach.rule, breach.place) in planned
            words = "as already planned" if known else "since leaves were opened"
            yield Finding(
                GAP,
                State.WARNING if known else State.ERROR,
                f"{breach.rule.capitalize()}, {words}: {breach.message}.",
                field=after.name,
                control_point=number,
                item="mlc_leaves",
                remedy="Transfer without opening covered leaves, or change the plan.",
            )


def _in_order(
    beam: Beam, machine: Machine | None, rate_mu_min: float | None
) -> tuple[Beam, list[Finding]]:
    """Put segments in the order of least travel; tell travel and time before and after."""
    try:
        after = resequenced(beam)
    except RemedyError as refused:
        message = f"The order of segments stays as planned: {refused.what}."
        return beam, [
            Finding(ORDER, State.WARNING, message, field=beam.name, remedy=refused.remedy)
        ]
    before_mm, after_mm = travel_mm(beam.segments), travel_mm(after.segments)
    before_s, after_s = (delivery_time(one, machine, rate_mu_min) for one in (beam, after))
    done = (
        "were put in another order" if after is not beam else "keep their order, none is shorter"
    )
    message = (
        f"The {len(shots_of(beam))} segments of beam {beam.name!r} {done}: travel {before_mm:.1f} "
        f"to {after_mm:.1f} mm, delivery {before_s} to {after_s}."
    )
    return after, [
        Finding(
            ORDER, State.INFO, message, field=beam.name, item="travel",
            expected=f"{before_mm:.1f}", found=f"{after_mm:.1f}", unit="mm",
            difference=f"{after_mm - before_mm:.1f}",
        )
    ]  # fmt: skip


def _cut(fields: Sequence[Field], names: Nomenclature) -> tuple[list[Field], list[Finding]]:
    """Write each segment as a field of its own; other beams stay one field."""
    found: list[Finding] = []
    result: list[Field] = []
    taken = [field.id for field in fields]
    for field in fields:
        if not is_cut(field.beam):
            result.append(field)
            continue
        try:
            parts = parts_of(field.beam, field.names.field)
        except RemedyError as refused:
            message = f"It cannot be written as one field per control point: {refused.what}."
            remedy = "Choose one field for each beam, or leave this beam out."
            found.append(Finding(CUT, State.ERROR, message, field=field.beam.name, remedy=remedy))
            result.append(field)
            continue
        if len(parts) < 2:
            result.append(field)
            continue
        ids = part_ids(field.id, len(parts), taken)
        taken += ids
        made = [_part_of(field, part, id, names) for part, id in zip(parts, ids, strict=True)]
        result += made
        found += _told_of_parts(field, made)
    return result, found


def _part_of(field: Field, part: Part, id: str, names: Nomenclature) -> Field:
    """Return the field of one segment, at the dose rate of the plan where that varies."""
    rates = {point.dose_rate_mu_min for point in field.beam.segments}
    beam = part.beam
    own = beam.segments[0].dose_rate_mu_min
    return replace(
        field,
        id=id,
        beam=beam,
        names=replace(rv_names(beam, names), field=part.name),
        segment=part.number,
        dose_rate_mu_min=own if len(rates) > 1 and own is not None else field.dose_rate_mu_min,
        dose_cgy=None if field.dose_cgy is None else beam.dose_cgy,
    )


def _told_of_parts(field: Field, parts: Sequence[Field]) -> Iterator[Finding]:
    """Yield what became of a beam, and each number the file cannot hold exactly."""
    beam = field.beam
    dose = "" if field.dose_cgy is None else "; its dose is shared by MU"
    yield Finding(
        CUT, State.INFO,
        f"Beam {beam.name!r} is written as {len(parts)} fields, {parts[0].id} to {parts[-1].id}, "
        f"with {beam.mu:.2f} MU in all as planned{dose}.",
        field=beam.name, item="field_monitor_units", expected=f"{beam.mu:.2f}",
        found=f"{sum(part.beam.mu for part in parts):.2f}", unit="MU",
    )  # fmt: skip
    for part in parts:
        if part.beam.mu < _LEAST_MU:
            message = f"Segment {part.segment} gives {part.beam.mu:.4f} MU, less than a field can."
            yield Finding(CUT, State.ERROR, message, field=beam.name, remedy=_IN_PLAN)
    lost = [part for part in parts if abs(part.beam.mu - round(part.beam.mu, 2)) > _HALF_LOST_MU]
    if lost:
        total = sum(round(part.beam.mu, 2) for part in parts)
        message = (
            f"{len(lost)} segments of beam {beam.name!r} give parts of a hundredth of a monitor "
            f"unit; the fields add up to {total:.2f} MU of {beam.mu:.4f} MU."
        )
        yield Finding(
            CUT, State.WARNING, message, field=beam.name, item="field_monitor_units",
            expected=f"{beam.mu:.4f}", found=f"{total:.2f}", unit="MU", remedy=_IN_PLAN,
        )  # fmt: skip
    if len(f"{field.names.field} {len(parts)}/{len(parts)}") > LONGEST_NAME:
        message = f"The name of beam {beam.name!r} is shortened to hold the segment's number."
        yield Finding(
            CUT, State.WARNING, message, field=beam.name, item="field_name", expected=beam.name,
            found=parts[0].names.field,
            remedy="Check that the fields can be told apart by their names.",
        )  # fmt: skip


def _without_effect(treatment: Treatment, found: Sequence[Finding]) -> Iterator[Finding]:
    """Yield a note for an option that no beam was touched by: it was asked for all the same."""
    told = {finding.rule for finding in found}
    for rule, asked, words in (
        (CUT, treatment.segments == FIELD_PER_POINT, "field per control point"),
        (ORDER, treatment.resequence, "resequence segments"),
        (GAP, treatment.open_covered_leaves, "open covered leaves"),
    ):
        if asked and rule not in told:
            message = f"The option {words!r} changes nothing: no beam has several segments."
            yield Finding(rule, State.INFO, message)
