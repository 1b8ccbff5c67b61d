"""Patients, plans and plan copies of a planning server: each question opens its own connection.

A connection kept open while a person thinks would be closed by the server's idle limit.
"""

from contextlib import closing
from pathlib import Path

from app.lex.browse import PatientChoice, PlanChoice, in_one_line, plan_choice
from app.lex.connect import connect
from app.lex.fetch import fetch_index, fetch_patient, fetch_plans, plan_folders
from app.lex.patient_index import ListedPatient, PatientPlans, read_institution, read_patient
from app.lex.remote import Progress
from app.lex.servers import Server


def list_patients(server: Server, password: str, progress: Progress) -> tuple[PatientChoice, ...]:
    """Return the patients of the server's indexes, plans not yet asked for.

    Raises:
        RemedyError: The server is not reached, holds no index, or an index is damaged.

    """
    progress(0.0, f"Connecting to {server.name}")
    with closing(connect(server, password)) as remote:
        tree = fetch_index(remote, server.name, progress)
    if (tree / "Patient").is_file():
        alone = read_patient(tree)
        name = in_one_line(alone.last_name, alone.first_name)
        return (PatientChoice(name, alone.record_number, (), remote=""),)
    return tuple(
        _choice(patient, tree)
        for index in sorted(tree.rglob("Institution"))
        for patient in read_institution(index).patients
    )


def list_plans(
    server: Server, password: str, patient: PatientChoice, progress: Progress
) -> PatientChoice:
    """Return the patient with the plans that the patient's own file lists.

    Raises:
        RemedyError: The patient's file is not there or damaged, or the connection fails.

    """
    folder = _folder(patient)
    progress(0.0, f"Connecting to {server.name}")
    with closing(connect(server, password)) as remote:
        own = fetch_patient(remote, server.name, folder, progress)
        there = plan_folders(remote, folder)
    return _with_plans(patient, read_patient(own), folder, there)


def copy_plans(
    server: Server, password: str, plans: tuple[PlanChoice, ...], progress: Progress
) -> Path:
    """Copy plans of one patient; return the local patient folder that holds them.

    Raises:
        RemedyError: Nothing was kept; see `fetch.fetch_plans`.

    """
    progress(0.0, f"Connecting to {server.name}")
    patient = plans[0].remote
    if patient is None:
        raise ValueError(f"{plans[0].name} lies on no server")
    with closing(connect(server, password)) as remote:
        names = [plan.path.name for plan in plans]
        return fetch_plans(remote, server.name, patient, names, progress)


def _choice(patient: ListedPatient, tree: Path) -> PatientChoice:
    name = in_one_line(patient.last_name, patient.first_name)
    folder = patient.folder.relative_to(tree).as_posix()
    return PatientChoice(name, patient.record_number, (), remote=folder)


def _with_plans(
    patient: PatientChoice, listed: PatientPlans, folder: str, there: tuple[str, ...]
) -> PatientChoice:
    plans = tuple(
        plan_choice(plan, Path(plan.folder.name), present=plan.folder.name in there, remote=folder)
        for plan in listed.plans
    )
    # The patient's own file is nearer to the truth than the index.
    name = in_one_line(listed.last_name, listed.first_name)
    return PatientChoice(name, listed.record_number or patient.id, plans, remote=folder)


def _folder(patient: PatientChoice) -> str:
    if patient.remote is None:
        raise ValueError(f"{patient.name} lies on no server")
    return patient.remote
