"""What there is to choose from at a source: patients, and the plans of each (L-03)."""

from dataclasses import dataclass
from pathlib import Path

from app.lex.patient_index import ListedPlan, read_institution, read_patient
from app.lex.sources import open_source
from core.errors import RemedyError


@dataclass(frozen=True, slots=True)
class PlanChoice:
    """A plan to choose.

    Attributes:
        path: What `open_source` takes.
        words: Planner, date, and why it cannot be chosen if so.
        present: False when it is listed but not there.

    """

    name: str
    path: Path
    words: str = ""
    present: bool = True


@dataclass(frozen=True, slots=True)
class PatientChoice:
    """A patient and the plans of that patient only."""

    name: str
    id: str
    plans: tuple[PlanChoice, ...]


def browse(path: Path) -> tuple[PatientChoice, ...]:
    """Return patients and plans below a file or folder, in the order of the source.

    Raises:
        RemedyError: There is neither a plan nor an index of plans.

    """
    if path.is_dir() and (path / "Institution").is_file():
        patients = read_institution(path).patients
        return tuple(_listed(patient.folder) for patient in patients if patient.present)
    if path.is_dir() and (path / "Patient").is_file() and not (path / "plan.Trial").is_file():
        return (_listed(path),)
    person = open_source(path).trials[0].person
    plan = PlanChoice(path.name, path)
    return (PatientChoice(_joined(person.last_name, person.first_name), person.id, (plan,)),)


def _listed(folder: Path) -> PatientChoice:
    """Return a patient of the index; one whose file is damaged stays, with the reason."""
    try:
        patient = read_patient(folder)
    except RemedyError as fault:
        unreadable = PlanChoice(fault.what, folder, fault.remedy, present=False)
        return PatientChoice(folder.name, "", (unreadable,))
    plans = tuple(_plan(plan) for plan in patient.plans)
    name = _joined(patient.last_name, patient.first_name)
    return PatientChoice(name, patient.record_number, plans)


def _plan(plan: ListedPlan) -> PlanChoice:
    words = [plan.planner, plan.written, "locked" if plan.locked else ""]
    if not plan.present:
        words = ["listed, but its folder is not here"]
    return PlanChoice(
        plan.name or plan.folder.name, plan.folder, ", ".join(filter(None, words)), plan.present
    )


def _joined(last: str, first: str) -> str:
    return ", ".join(part for part in (last, first) if part) or "No name"
