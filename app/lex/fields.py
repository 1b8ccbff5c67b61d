"""A beam on its way to the R&V system: the plan's beam with what was entered for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.lex.field_ids import entry_of, field_ids, written_beams
from app.lex.nomenclature import Nomenclature
from app.lex.plan import Beam, Prescription, Trial
from app.lex.rv_systems import RvSystem, read_rv_system
from app.lex.treatment import FieldEntry, PrescriptionEntry, Treatment


@dataclass(frozen=True, slots=True)
class RvNames:
    """What a field and its parts are called in the R&V system.

    A name the R&V system does not have stands as planned; LEX-N checks keep such a file from
    being written.

    Attributes:
        energy: MV or MeV as the R&V system counts it.
        codes: Codes of wedges and applicators by the planner's code.

    """

    field: str
    energy: float
    technique: str
    codes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Field:
    """A beam on its way to the R&V system, with all that was entered for it.

    Attributes:
        dose_rate_mu_min: Whole where it was entered; the plan's own for a part of a beam.
        dose_cgy: What the field adds to the dose tracking each fraction; None when the beams'
            doses do not add up to the fraction dose, so that none of them can be booked.
        segment: Place of the segment, from 1, when the beam is written as several fields.

    """

    id: str
    beam: Beam
    prescription: Prescription
    site: str
    gated: bool
    dose_rate_mu_min: float | None
    names: RvNames
    dose_cgy: float | None = None
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


def energy_words(beam: Beam) -> str:
    """Return the name an energy goes by in the maps, e.g. "Xrays 6 FFF"."""
    return f"{beam.modality} {beam.energy:g}{' FFF' if beam.fff else ''}"


def rv_names(beam: Beam, names: Nomenclature) -> RvNames:
    """Return what a beam is called in the R&V system; cobalt's 1.25 MV is a whole 1 there."""
    energy = names.energies.names.get(energy_words(beam))
    codes = {wedge.code: names.wedges.of(wedge.code) or wedge.code for wedge in beam.wedges}
    if beam.applicator is not None:
        code = beam.applicator.code
        codes[code] = names.applicators.of(code) or code
    planned = 1.0 if beam.modality == "Co-60" else beam.energy
    return RvNames(
        field=names.field_names.of(beam.name) or beam.name,
        energy=planned if energy is None else float(energy),
        technique=names.techniques.of(beam.technique) or beam.technique,
        codes=codes,
    )


def fields_of(
    trial: Trial, treatment: Treatment, system: RvSystem | None = None
) -> tuple[Field, ...]:
    """Return the fields to write, prescription by prescription.

    Args:
        trial: The plan.
        treatment: What the plan does not hold.
        system: Where it goes; None takes the shipped one that the treatment data name.

    """
    names = (system or read_rv_system(treatment.rv_system)).names
    written = written_beams(trial, treatment.beams)
    together: dict[str, list[Beam]] = {}
    for rx, beam in written:
        together.setdefault(rx.name, []).append(beam)
    found = []
    for (rx, beam), id in zip(written, field_ids(trial, treatment, names.field_ids), strict=True):
        entry = entry_of(trial, treatment.fields, beam)
        own = entry if isinstance(entry, FieldEntry) else FieldEntry()
        site = treatment.prescriptions.get(rx.name, PrescriptionEntry()).id
        found.append(Field(
            id, beam, rx, site or "",
            treatment.gated if own.gated is None else own.gated,
            own.dose_rate_mu_min or treatment.dose_rate_mu_min,
            rv_names(beam, names),
            beam.dose_cgy if doses_add_up(rx, together[rx.name]) else None,
        ))  # fmt: skip
    return tuple(found)
