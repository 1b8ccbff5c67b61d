"""Which fields of an export can lie on one film: proposed to the user, who decides."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.filter.field import Field
from app.filter.film.virtual import SAME_MM
from app.filter.limits import limits_in_force
from app.filter.mu.check import field_pairs
from app.filter.plan_source import read_plan_source
from app.filter.rv_source import open_rv

PHOTONS = "Xrays"


@dataclass(frozen=True, slots=True)
class Offer:
    """One treatment field.

    Attributes:
        id: Field ID.
        name: Field name.
        proposed: Whether it is proposed for the film.
        why: Why not; empty when it is.

    """

    id: str
    name: str
    proposed: bool
    why: str = ""


def offers(rv_path: Path, plan_path: Path, trial: str | None = None) -> tuple[Offer, ...]:
    """Return the treatment fields; proposed are photon fields about the isocentre of the first.

    Raises:
        RemedyError: A source cannot be read.

    """
    plan = read_plan_source(plan_path, trial)
    rv = open_rv(rv_path) if rv_path != plan_path else plan
    pairs = field_pairs(rv, plan, limits_in_force())
    return tuple(_offers([one for one in rv.fields if not one.setup], pairs))


def _offers(fields: list[Field], pairs: list[tuple[Field, Field]]) -> Iterator[Offer]:
    first: tuple[float, ...] | None = None
    for own in fields:
        beam = next((beam for one, beam in pairs if one is own), None)
        label = own.id or own.name
        if beam is None:
            yield Offer(label, own.name, proposed=False, why="no beam of the plan is its pair")
            continue
        if (own.modality or beam.modality) != PHOTONS:
            yield Offer(label, own.name, proposed=False, why="no photon field")
            continue
        at = beam.isocentre or own.isocentre
        place = None if at is None else (float(at.x_mm), float(at.y_mm), float(at.z_mm))
        first = first or place
        if (
            place
            and first
            and max(abs(a - b) for a, b in zip(place, first, strict=True)) > SAME_MM
        ):
            yield Offer(label, own.name, proposed=False, why="it has another isocentre")
            continue
        yield Offer(label, own.name, proposed=True)
