"""What there is to choose from at a source: patients, and the plans of each (L-03)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.lex.copies import require_whole
from app.lex.patient_index import ListedPlan, read_institution, read_patient
from app.lex.plan import Person
from app.lex.sources import DICOM, open_source
from core.errors import RemedyError


@dataclass(frozen=True, slots=True)
class PlanChoice:
    """A plan to choose.

    Attributes:
        path: What `open_source` takes; for a plan on a server, the name of its folder there.
        words: Planner, date, and why it cannot be chosen if so.
        present: False when it is listed but not there.
        remote: Patient folder on the planning server; None for a plan that lies here.

    """

    name: str
    path: Path
    words: str = ""
    present: bool = True
    remote: str | None = None


@dataclass(frozen=True, slots=True)
class PatientChoice:
    """A patient and the plans of that patient only.

    Attributes:
        remote: Patient folder on the planning server; its plans are asked for when the patient is
            chosen. None for a patient that lies here.

    """

    name: str
    id: str
    plans: tuple[PlanChoice, ...]
    remote: str | None = None


def browse(path: Path) -> tuple[PatientChoice, ...]:
    """Return patients and plans below a file or folder, in the order of the source.

    Raises:
        RemedyError: There is neither a plan nor an index of plans.

    """
    require_whole(path)
    if path.is_dir() and (path / "Institution").is_file():
        patients = read_institution(path).patients
        return tuple(_listed(patient.folder) for patient in patients if patient.present)
    if path.is_dir() and (path / "Patient").is_file() and not (path / "plan.Trial").is_file():
        return (_listed(path),)
    source = open_source(path)
    persons = {trial.person.id: trial.person for trial in source.trials}
    if source.kind == DICOM and len(persons) > 1:
        return tuple(
            _of_person(
                person,
                [
                    PlanChoice(one.plan_name or one.name, path / one.name, one.name)
                    for one in source.trials
                    if one.person.id == number
                ],
            )
            for number, person in persons.items()
        )
    return (_of_person(source.trials[0].person, [PlanChoice(path.name, path)]),)


def _of_person(person: Person, plans: Sequence[PlanChoice]) -> PatientChoice:
    name = in_one_line(person.last_name, person.first_name)
    return PatientChoice(name, person.id, tuple(plans))


def _listed(folder: Path) -> PatientChoice:
    """Return a patient of the index; one whose file is damaged stays, with the reason."""
    try:
        patient = read_patient(folder)
    except RemedyError as fault:
        unreadable = PlanChoice(fault.what, folder, fault.remedy, present=False)
        return PatientChoice(folder.name, "", (unreadable,))
    plans = tuple(_plan(plan) for plan in patient.plans)
    name = in_one_line(patient.last_name, patient.first_name)
    return PatientChoice(name, patient.record_number, plans)


def _plan(plan: ListedPlan) -> PlanChoice:
    return plan_choice(plan, plan.folder, present=plan.present)


def plan_choice(
    plan: ListedPlan, path: Path, *, present: bool, remote: str | None = None
) -> PlanChoice:
    """Return a plan of the patient's list as one to choose."""
    words = [plan.planner, plan.written, "locked" if plan.locked else ""]
    if not present:
        words = ["listed, but its folder is not here"]
    about = ", ".join(filter(None, words))
    return PlanChoice(plan.name or plan.folder.name, path, about, present, remote)


def in_one_line(last: str, first: str) -> str:
    """Return a patient's name for a list."""
    return ", ".join(part for part in (last, first) if part) or "No name"
