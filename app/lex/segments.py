"""A step-and-shoot beam as what it is: apertures with monitor units, and the ways between them.

The plan counts control points: one where an aperture begins to give dose, one where it ends. A
step of the running total over an unmoved aperture is a `Shot`; a step that moves something gives
no dose. Everything that cuts a beam up or puts it in another order works on shots (L-07, L-09).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from app.lex.field_ids import LONGEST, is_field_id
from app.lex.plan import Beam, Segment
from core.errors import UnsupportedPlanError

LONGEST_NAME = 20
_NO_DOSE = 1e-9
_MOVEMENTS = {
    "VMAT": "an arc with moving leaves", "Arc": "an arc", "DMLC": "a beam with moving leaves",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shot:
    """One aperture that gives dose.

    Attributes:
        share: Its part of the beam's monitor units.
        begin, end: The two control points; they differ in nothing that shapes the beam.

    """

    share: float
    begin: Segment
    end: Segment


@dataclass(frozen=True, slots=True)
class Part:
    """A beam of its own made of one shot.

    Attributes:
        beam: A static beam with the shot's aperture, MU and part of the dose.
        number: Place of the shot, from 1.
        name: Field name and number, at most 20 characters.

    """

    beam: Beam
    number: int
    name: str


def moves(here: Segment, there: Segment) -> bool:
    """Tell whether anything that shapes or aims the beam differs between two points."""
    return aim(here) != aim(there) or bool(here.gantry_turn)


def aim(point: Segment) -> Segment:
    """Return a point without what does not shape or aim the beam."""
    return replace(
        point, meterset_share=0.0, gantry_turn="", collimator_turn="", couch_turn="",
        dose_rate_mu_min=None, ssd_cm=None,
    )  # fmt: skip


def shots_of(beam: Beam) -> tuple[Shot, ...]:
    """Return the apertures of a step-and-shoot beam in the order of the plan.

    Points between apertures that give no dose are ways and are left out.

    Raises:
        UnsupportedPlanError: Something moves while dose is given.

    """
    found = []
    for number, (here, there) in enumerate(pairwise(beam.segments), start=1):
        share = there.meterset_share - here.meterset_share
        if share <= _NO_DOSE:
            continue
        if beam.technique in _MOVEMENTS or moves(here, there):
            what = _MOVEMENTS.get(beam.technique, "moving")
            raise UnsupportedPlanError(
                f"beam {beam.name!r} is {what}: its control points are one movement, not segments",
                where=f"beam {beam.name!r}, control point {number}",
                remedy="Write it as one field in the order of the plan.",
            )
        found.append(Shot(share, here, there))
    return tuple(found)


def is_cut(beam: Beam) -> bool:
    """Tell whether a beam has more than one segment to write as fields or to put in order."""
    return beam.technique == "StepNShoot" or beam.technique in _MOVEMENTS


def joined(beam: Beam, shots: Sequence[Shot]) -> Beam:
    """Return the beam with these shots in this order: two control points for each."""
    points: list[Segment] = []
    share = 0.0
    for shot in shots:
        points.append(_still(shot.begin, share))
        share += shot.share
        points.append(_still(shot.end, share))
    points[-1] = replace(points[-1], meterset_share=1.0)
    return replace(beam, segments=tuple(points))


def parts_of(beam: Beam, name: str) -> tuple[Part, ...]:
    """Return one static beam for each shot (L-07); MU and dose add up to the beam's.

    The dose at the prescription point is shared by monitor units, so that the fields of a beam
    book what the beam does.

    Args:
        beam: The plan's.
        name: What its field is called in the R&V system; each part's name begins with it.

    Raises:
        UnsupportedPlanError: As in `shots_of`.

    """
    shots = shots_of(beam)
    return tuple(
        Part(_static(beam, shot), number, _name(name, number, len(shots)))
        for number, shot in enumerate(shots, start=1)
    )


def part_ids(id: str, count: int, taken: Iterable[str]) -> tuple[str, ...]:
    """Return a field ID for each part: the beam's own with S and a number, at most 5 characters.

    The beam's ID is cut where it is too long; where the result is taken, the next free number is.

    Args:
        id: The beam's field ID.
        count: Number of parts.
        taken: Field IDs of others; upper and lower case count as the same.

    """
    used = {text.upper() for text in taken}
    width = len(str(count))
    mark = "S" if len(id) + 1 + width <= LONGEST else ""
    stem = id[: LONGEST - width - len(mark)] + mark
    ids: list[str] = []
    for number in range(1, count + 1):
        text = f"{stem}{number:0{width}d}"
        if not is_field_id(text) or text.upper() in used:
            text = next(str(one) for one in range(1, 100_000) if str(one) not in used)
        used.add(text.upper())
        ids.append(text)
    return tuple(ids)


def _still(point: Segment, share: float) -> Segment:
    """Return a point at a share of the MU from which nothing turns."""
    return replace(point, meterset_share=share, gantry_turn="", collimator_turn="", couch_turn="")


def _static(beam: Beam, shot: Shot) -> Beam:
    """Return a shot as a beam of its own; a motorised wedge that is out is not in the beam."""
    wedges = beam.wedges
    points = (_still(shot.begin, 0.0), _still(shot.end, 1.0))
    if shot.begin.wedge_in is False:
        wedges = tuple(wedge for wedge in wedges if wedge.kind != "motorised")
        points = (replace(points[0], wedge_in=None), replace(points[1], wedge_in=None))
    return replace(
        beam,
        technique="Static",
        mu=beam.mu * shot.share,
        segments=points,
        dose_cgy=None if beam.dose_cgy is None else beam.dose_cgy * shot.share,
        wedges=wedges,
    )


def _name(name: str, number: int, count: int) -> str:
    """Return field name and segment number; the name gives way where both do not fit."""
    end = f" {number}/{count}"
    return name[: LONGEST_NAME - len(end)].rstrip() + end
