"""The way from patient to beam in words and as JSON: `eqs lex list` (L-03)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.lex.browse import PatientChoice, PlanChoice
from app.lex.plan import Beam, Prescription
from app.lex.reading import Reading
from app.lex.sources import open_source
from core.errors import UnreadableFileError


@dataclass(frozen=True, slots=True)
class Listing:
    """Patients; the plans of the one chosen; the trials of the plan chosen.

    Attributes:
        patients: All, or the one chosen with its plans.
        plan: The plan chosen; None while there are several to choose from.
        readings: Its trials, read or refused.

    """

    patients: tuple[PatientChoice, ...]
    plan: PlanChoice | None = None
    readings: tuple[Reading, ...] = ()


def list_source(
    patients: Sequence[PatientChoice],
    patient: str | None,
    plan: str | None,
    *,
    with_plans: Callable[[PatientChoice], PatientChoice] = lambda one: one,
    local: Callable[[PlanChoice], Path] = lambda one: one.path,
) -> Listing:
    """Go as far down as there is one choice, or as the caller has chosen.

    Args:
        patients: What the source holds.
        patient: Patient ID; None for any.
        plan: Plan name; None for any.
        with_plans: Completes a patient with the plans; asks the server.
        local: Returns where the plan can be read; copies it from the server.

    Raises:
        RemedyError: A name fits nothing, or more than one.

    """
    if patient is None and plan is None and len(patients) > 1:
        return Listing(tuple(patients))
    chosen = with_plans(choose_patient(patients, patient))
    present = [one for one in chosen.plans if one.present]
    if plan is None and len(present) != 1:
        return Listing((chosen,))
    wanted = choose_plan(chosen, plan)
    return Listing((chosen,), wanted, open_source(local(wanted)).readings)


def choose_patient(patients: Sequence[PatientChoice], number: str | None) -> PatientChoice:
    """Return the only patient of this ID; None takes the only one there is.

    Raises:
        UnreadableFileError: None or several have it.

    """
    found = [one for one in patients if number is None or one.id == number]
    if len(found) == 1:
        return found[0]
    what = f"{len(found)} patients have the ID {number!r}"
    if number is None:
        what = f"{len(found)} patients are there, and none was chosen"
    remedy = "List the patients, and give the ID as it stands there."
    raise UnreadableFileError(what, where="the patient index", remedy=remedy)


def choose_plan(patient: PatientChoice, name: str | None) -> PlanChoice:
    """Return the only plan of this name that is there; None takes the only one there is.

    Raises:
        UnreadableFileError: None or several have it.

    """
    found = [one for one in patient.plans if one.present and name in (None, one.name)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(repr(one.name) for one in patient.plans if one.present)
    raise UnreadableFileError(
        f"{len(found)} plans are called {name!r}" if name else f"{len(found)} plans are there",
        where=f"patient {patient.id or patient.name}",
        remedy=f"Choose one of {names}." if names else "Ask whether the plan was archived.",
    )


def as_json(listing: Listing) -> dict[str, Any]:
    """Return the listing as plain values for JSON."""
    return {
        "status": "pass",
        "patients": [_patient_json(listing, one) for one in listing.patients],
    }


def _patient_json(listing: Listing, patient: PatientChoice) -> dict[str, Any]:
    return {
        "id": patient.id,
        "name": patient.name,
        "plans": [_plan_json(listing, one) for one in patient.plans],
    }


def _plan_json(listing: Listing, plan: PlanChoice) -> dict[str, Any]:
    row: dict[str, Any] = {"name": plan.name, "about": plan.words, "present": plan.present}
    if plan == listing.plan:
        row["trials"] = [_trial_json(one) for one in listing.readings]
    return row


def _trial_json(reading: Reading) -> dict[str, Any]:
    trial = reading.trial
    return {
        "name": reading.name,
        "for_treatment": reading.for_treatment,
        "refused": None if reading.fault is None else str(reading.fault),
        "prescriptions": []
        if trial is None
        else [_prescription_json(one) for one in trial.prescriptions],
    }


def _prescription_json(rx: Prescription) -> dict[str, Any]:
    return {
        "name": rx.name, "fractions": rx.fractions, "fraction_cgy": rx.fraction_cgy,
        "beams": [_beam_json(beam) for beam in rx.beams],
    }  # fmt: skip


def _beam_json(beam: Beam) -> dict[str, Any]:
    return {
        "name": beam.name, "modality": beam.modality, "energy": beam.energy,
        "technique": beam.technique, "machine": beam.machine, "setup": beam.setup,
        "mu": None if beam.setup else beam.mu, "control_points": len(beam.segments),
    }  # fmt: skip


def as_text(listing: Listing) -> str:
    """Return the listing for a terminal, each level further to the right."""
    lines: list[str] = []
    for patient in listing.patients:
        lines.append(f"{patient.name}   ID {patient.id or '-'}")
        for plan in patient.plans:
            lines.append(_line(1, "plan", plan.name, plan.words))
            if plan == listing.plan:
                lines += _trial_lines(listing.readings)
    return "\n".join(lines) or "No patient."


def _trial_lines(readings: Iterable[Reading]) -> list[str]:
    lines: list[str] = []
    for reading in readings:
        about = "for treatment" if reading.for_treatment else ""
        if reading.fault is not None:
            about = f"refused: {reading.fault}"
        lines.append(_line(2, "trial", reading.name, about))
        for rx in reading.trial.prescriptions if reading.trial is not None else ():
            dose = "" if rx.fraction_cgy is None else f"{rx.fractions} x {rx.fraction_cgy:g} cGy"
            lines.append(_line(3, "prescription", rx.name, dose))
            lines += [_line(4, "beam", beam.name, _beam_words(beam)) for beam in rx.beams]
    return lines


def _beam_words(beam: Beam) -> str:
    mu = "set-up" if beam.setup else f"{beam.mu:.2f} MU"
    return f"{beam.modality} {beam.energy:g}, {mu}, {len(beam.segments)} points, {beam.machine}"


def _line(depth: int, level: str, name: str, about: str) -> str:
    return f"{'  ' * depth}{level} {name}{'   ' if about else ''}{about}"
