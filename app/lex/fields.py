"""A beam on its way to the R&V system: the plan's beam with what was entered for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.lex.field_ids import entry_of, field_ids, written_beams
from app.lex.plan import Beam, Prescription, Trial
from app.lex.treatment import FieldEntry, PrescriptionEntry, Treatment


@dataclass(frozen=True, slots=True)
class Field:
    """A beam on its way to the R&V system, with all that was entered for it.

    Attributes:
        dose_rate_mu_min: Whole where it was entered; the plan's own for a part of a beam.
        dose_cgy: What the field adds to the dose tracking each fraction; None when the beams'
            doses do not add up to the fraction dose, so that none of them can be booked.
        name: Name in the R&V system; "" for the beam's own.
        segment: Place of the segment, from 1, when the beam is written as several fields.

    """

    id: str
    beam: Beam
    prescription: Prescription
    site: str
    gated: bool
    dose_rate_mu_min: float | None
    dose_cgy: float | None = None
    name: str = ""
    segment: int | None = None


ADD_UP_CGY = 0.5


def doses_add_up(rx: Prescription, beams: Sequence[Beam]) -> bool:
    """Return whether every beam has a dose and they sum to the fraction dose (R-11).

    Planning systems may give beam doses at points of their own; booked in the dose tracking they
    would stop the treatment too early or too late.
    """
    doses = [beam.dose_cgy for beam in beams if beam.dose_cgy is not None]
    if len(doses) < len(beams) or rx.fraction_cgy is None:
        return False
    return abs(sum(doses) - rx.fraction_cgy) <= ADD_UP_CGY


def fields_of(trial: Trial, treatment: Treatment) -> tuple[Field, ...]:
    """Return the fields to write, prescription by prescription."""
    written = written_beams(trial, treatment.beams)
    together: dict[str, list[Beam]] = {}
    for rx, beam in written:
        together.setdefault(rx.name, []).append(beam)
    found = []
    for (rx, beam), id in zip(written, field_ids(trial, treatment), strict=True):
        entry = entry_of(trial, treatment.fields, beam)
        own = entry if isinstance(entry, FieldEntry) else FieldEntry()
        site = treatment.prescriptions.get(rx.name, PrescriptionEntry()).id
        found.append(Field(
            id, beam, rx, site or "",
            treatment.gated if own.gated is None else own.gated,
            own.dose_rate_mu_min or treatment.dose_rate_mu_min,
            beam.dose_cgy if doses_add_up(rx, together[rx.name]) else None,
        ))  # fmt: skip
    return tuple(found)
