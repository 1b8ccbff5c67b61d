"""A beam on its way to the R&V system: the plan's beam with what was entered for it."""

from dataclasses import dataclass

from app.lex.field_ids import entry_of, field_ids, written_beams
from app.lex.plan import Beam, Prescription, Trial
from app.lex.treatment import FieldEntry, PrescriptionEntry, Treatment


@dataclass(frozen=True, slots=True)
class Field:
    """A beam on its way to the R&V system, with all that was entered for it."""

    id: str
    beam: Beam
    prescription: Prescription
    site: str
    gated: bool
    dose_rate_mu_min: int | None


def fields_of(trial: Trial, treatment: Treatment) -> tuple[Field, ...]:
    """Return the fields to write, prescription by prescription."""
    written = written_beams(trial, treatment.beams)
    found = []
    for (rx, beam), id in zip(written, field_ids(trial, treatment), strict=True):
        entry = entry_of(trial, treatment.fields, beam)
        own = entry if isinstance(entry, FieldEntry) else FieldEntry()
        site = treatment.prescriptions.get(rx.name, PrescriptionEntry()).id
        found.append(Field(
            id, beam, rx, site or "",
            treatment.gated if own.gated is None else own.gated,
            own.dose_rate_mu_min or treatment.dose_rate_mu_min,
        ))  # fmt: skip
    return tuple(found)
