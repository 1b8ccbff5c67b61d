"""Which records a transfer has, and in which order: plan, prescriptions, site setups, doses.

Scale convention 2 (IEC 61217) and MU convention 1 (cumulative fraction) throughout; the fields
themselves are in `field_records`. Values go in unrounded: `rtp_write` rounds.
"""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from itertools import groupby

from app.lex.field_records import field_rows
from app.lex.fields import Field
from app.lex.plan import Beam, Prescription, Trial
from app.lex.rtp_columns import DOSE_SLOTS, has_record
from app.lex.rtp_write import Cell, Row
from app.lex.treatment import PrescriptionEntry, Treatment
from core.machines import Machine

PROGRAM = {
    "rtp_mfg": "EQS", "rtp_model": "LEX", "rtp_version": "0.1.0", "rtp_if_protocol": "EQS-LEX",
}  # fmt: skip


def rows_of(
    trial: Trial,
    treatment: Treatment,
    chosen: Sequence[Field],
    machine: Machine | None,
    dialect: str,
) -> Iterator[Row]:
    """Yield every record of the transfer in the order of the file.

    Args:
        trial: The plan.
        treatment: What the plan does not hold.
        chosen: The fields to write, prescription by prescription.
        machine: The machine chosen; None leaves the leaf maker at "other".
        dialect: Layout of the target, one of `rtp_columns.LAYOUTS`.

    """
    yield _plan(trial, treatment)
    if has_record("EXTENDED_PLAN_DEF", dialect):
        yield Row("EXTENDED_PLAN_DEF", _full_name(trial))
    for _, group in groupby(chosen, key=lambda one: id(one.prescription)):
        fields = tuple(group)
        yield _prescription(fields, treatment)
        yield _setup(trial, fields, treatment)
        for field in fields:
            yield from field_rows(field, trial, treatment, machine, dialect)
        yield from _doses(fields)


def _plan(trial: Trial, treatment: Treatment) -> Row:
    """Return the record of patient and plan."""
    person = trial.person
    return Row("PLAN_DEF", {
        "patient_id": person.id,
        "patient_last_name": person.last_name,
        "patient_first_name": person.first_name,
        "patient_minitial": person.middle_name[:1],
        "plan_id": trial.plan_name or trial.name,
        "course_id": treatment.course,
        **PROGRAM,
    })  # fmt: skip


def _full_name(trial: Trial) -> dict[str, Cell]:
    """Return the whole name as the record of the full name wants it: DICOM PN, UTF-16, base64."""
    person = trial.person
    name = f"{person.last_name}^{person.first_name}^{person.middle_name}".rstrip("^")
    coded = b64encode(name.encode("utf-16-le")).decode("ascii")
    return {"encoding": "ENCODING=BASE64", "fullname": f"FULLNAME={coded}"}


def _prescription(fields: Sequence[Field], treatment: Treatment) -> Row:
    """Return the record of a prescription; modality and depth only where all beams agree."""
    rx = fields[0].prescription
    entry = treatment.prescriptions.get(rx.name, PrescriptionEntry())
    return Row("RX_DEF", {
        "course_id": treatment.course,
        "rx_site_name": fields[0].site,
        "technique": entry.technique,
        "modality": _common([one.beam.modality for one in fields]),
        "rx_depth": _common([one.beam.depth_cm for one in fields]),
        "dose_ttl": total_cgy(rx),
        "dose_tx": rx.fraction_cgy,
        "number_of_fields": len(fields),
    })  # fmt: skip


def total_cgy(rx: Prescription) -> float | None:
    """Return the total dose: as stated, else fractions times the dose of one; None unknown."""
    if rx.total_cgy is not None:
        return rx.total_cgy
    if rx.fractions is None or rx.fraction_cgy is None:
        return None
    return rx.fractions * rx.fraction_cgy


def _setup(trial: Trial, fields: Sequence[Field], treatment: Treatment) -> Row:
    """Return the record of the site setup; the isocentre only where all beams share it."""
    isocentre = common_isocentre([one.beam for one in fields]) or (None, None, None)
    return Row("SITE_SETUP_DEF", {
        "rx_site_name": fields[0].site,
        "patient_orientation": trial.position,
        "treatment_machine": treatment.machine,
        "tolerance_table": treatment.tolerance_table,
        "isocenter_position_x": isocentre[0],
        "isocenter_position_y": isocentre[1],
        "isocenter_position_z": isocentre[2],
        "structure_set_uid": trial.structure_set_uid,
        "frame_of_reference_uid": trial.frame_uid,
        "couch_vertical": treatment.vertical_cm,
        "couch_lateral": treatment.lateral_cm,
        "couch_longitudinal": treatment.longitudinal_cm,
    })  # fmt: skip


def common_isocentre(beams: Sequence[Beam]) -> tuple[float, float, float] | None:
    """Return the isocentre in cm, DICOM patient axes, that all beams share within 0.01 mm."""
    first = beams[0].isocentre_cm
    if first is None or any(beam.isocentre_cm is None for beam in beams):
        return None
    places = [beam.isocentre_cm for beam in beams if beam.isocentre_cm is not None]
    near = all(abs(a - b) <= 0.001 for place in places for a, b in zip(place, first, strict=True))
    return first if near else None


def _common(values: Sequence[Cell]) -> Cell:
    """Return the value all beams have, or None."""
    return values[0] if len(set(values)) == 1 else None


def _doses(fields: Sequence[Field]) -> Iterator[Row]:
    """Yield the dose tracking of a prescription: each field with a known dose counts in full.

    A record has room for ten fields; more than ten take a second record of the same region.
    """
    known = [one.id for one in fields if one.dose_cgy is not None]
    for start in range(0, len(known), DOSE_SLOTS):
        values: dict[str, Cell] = {"region_name": fields[0].site}
        for slot, id in enumerate(known[start : start + DOSE_SLOTS], start=1):
            values |= {f"field_id{slot}": id, f"reg_coeff{slot}": 1.0}
        yield Row("DOSE_DEF", values)
