"""List institution, patients and plans of a Pinnacle root folder, for choosing a plan (L-03)."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from app.lex.pinnacle_text import Block, read_pinnacle_file

_PARTS = 6


@dataclass(frozen=True, slots=True)
class ListedPlan:
    """A plan as the patient's file lists it.

    Attributes:
        folder: Where it should lie (Plan_<PlanID>).
        present: False when the folder holds no plan.Trial.

    """

    plan_id: str
    name: str
    folder: Path
    present: bool
    planner: str = ""
    version: str = ""
    locked: bool = False
    written: str = ""


@dataclass(frozen=True, slots=True)
class ListedPatient:
    """A patient as the institution's file lists it.

    Attributes:
        record_number: Medical record number.
        written: Time stamp in the index, "YYYY-MM-DD hh:mm:ss".
        folder: Patient folder.
        present: False when the folder holds no patient file.

    """

    last_name: str
    first_name: str
    middle_name: str
    record_number: str
    physician: str
    written: str
    folder: Path
    present: bool


@dataclass(frozen=True, slots=True)
class Institution:
    """One institution and its patients, in the order of the file."""

    name: str
    patients: tuple[ListedPatient, ...]


@dataclass(frozen=True, slots=True)
class PatientPlans:
    """One patient and the plans listed, in the order of the file."""

    last_name: str
    first_name: str
    record_number: str
    plans: tuple[ListedPlan, ...]


def read_institution(path: Path) -> Institution:
    """Read the file Institution, or the one in the folder `path`.

    Raises:
        UnreadableFileError: It is missing or damaged, or a patient path leaves the root folder.

    """
    file = path / "Institution" if path.is_dir() else path
    index = read_pinnacle_file(file)
    listed = index.block("PatientLiteList")
    patients = () if listed is None else listed.blocks("PatientLite")
    return Institution(
        index.text("Name"), tuple(_patient(file, index, block) for block in patients)
    )


def _patient(file: Path, index: Block, block: Block) -> ListedPatient:
    """Return one row of the index; its description is six parts between double ampersands."""
    parts = [part.strip() for part in block.text("FormattedDescription").split("&&")]
    parts += [""] * (_PARTS - len(parts))
    folder = _patient_folder(file, index, block)
    return ListedPatient(
        last_name=parts[0],
        first_name=parts[1],
        middle_name=parts[2],
        record_number=parts[3],
        physician=parts[4],
        written=parts[5],
        folder=folder,
        present=(folder / "Patient").is_file(),
    )


def _patient_folder(file: Path, index: Block, block: Block) -> Path:
    """Return where the patient lies: below the root, which holds the institution's folder.

    In a backup the index lies at the root, on a server inside its own institution folder.
    """
    stated = PurePosixPath(block.text("PatientPath"))
    if stated.is_absolute() or ".." in stated.parts or not stated.parts:
        raise block.fault(f"the patient path {str(stated)!r} does not lie below the root folder")
    root = file.parent
    if root.name == index.text("InstitutionPath") and not (root / stated).exists():
        root = root.parent
    return root / stated


def read_patient(path: Path) -> PatientPlans:
    """Read the file Patient, or the one in the folder `path`.

    Raises:
        UnreadableFileError: It is missing or damaged.

    """
    file = path / "Patient" if path.is_dir() else path
    patient = read_pinnacle_file(file)
    listed = patient.block("PlanList")
    plans = () if listed is None else listed.blocks("Plan")
    return PatientPlans(
        patient.text("LastName"),
        patient.text("FirstName"),
        patient.text("MedicalRecordNumber"),
        tuple(_plan(file, block) for block in plans),
    )


def _plan(file: Path, block: Block) -> ListedPlan:
    """Return one row of the plan list; the folder carries the plan's number."""
    plan_id = block.text("PlanID")
    if not plan_id.isdigit():
        raise block.fault(f"the plan number is {plan_id!r}")
    folder = file.parent / f"Plan_{plan_id}"
    stamps = block.block("ObjectVersion")
    return ListedPlan(
        plan_id=plan_id,
        name=block.text("PlanName"),
        folder=folder,
        present=(folder / "plan.Trial").is_file(),
        planner=block.text("Dosimetrist"),
        version=block.text("PinnacleVersionDescription"),
        locked=block.flag("PlanIsLocked"),
        written=stamps.text("WriteTimeStamp") if stamps else "",
    )
