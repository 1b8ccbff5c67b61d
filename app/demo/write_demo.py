"""Write the demonstration patient: plan in two forms, images, dose, R&V export, seeded errors."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from app.demo import anatomy, dicom_images, dose, planner_patient, planner_trial, rv_variants
from app.demo.dicom_plan import plan_file
from app.demo.plan_variants import PLAN_VARIANTS, plan_index_file
from app.demo.planner_beam import dose_file_name, empty_file_names
from app.demo.planner_machine import machines_file
from app.demo.rv_export import export_records
from app.demo.rv_records import file_of
from app.demo.truth import PLAN
from app.demo.words import FIRST_LINE, readme_file, treatment_file
from core.errors import RemedyError

GY_PER_CGY = 0.01
README = "README.txt"
TREATMENT = "treatment.toml"
EXPORT = f"export/{PLAN.patient_id}_IE.rtp"
VARIANTS = "export/variants"
PLANS = "plans"
PLANNER_PATIENT = f"pinnacle/{planner_patient.PATIENT_PATH}"
PLANNER_PLAN = f"pinnacle/{planner_patient.PLAN_PATH}"

Progress = Callable[[float, str], None]


class DemoFolderError(RemedyError):
    """The folder holds something that is not an earlier demonstration set."""


@dataclass(frozen=True, slots=True)
class DemoSet:
    """Where everything of a demonstration set lies."""

    folder: Path
    readme: Path
    treatment: Path
    ct: tuple[Path, ...]
    structures: Path
    plan: Path
    dose: Path
    pinnacle: Path
    pinnacle_patient: Path
    pinnacle_plan: Path
    export: Path
    variants: tuple[Path, ...]
    variant_index: Path
    plan_variants: tuple[Path, ...]
    plan_index: Path


def write_demo(folder: Path, progress: Progress | None = None) -> DemoSet:
    """Write the demonstration set into `folder` and return where everything lies.

    The same bytes each time. README.txt is written first, so that a set cut short is known for
    one and can be written again.

    Args:
        folder: Made when missing. An earlier demonstration set is overwritten.
        progress: Told a share of 0 to 1 and what is being done.

    Raises:
        DemoFolderError: The folder holds other files, or cannot be written.

    """
    tell = progress or (lambda _share, _words: None)
    demo = demo_set(folder)
    try:
        _refuse_other_files(demo)
        for name, data in _files(tell):
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
    except OSError as fault:
        raise DemoFolderError(
            f"the demonstration set cannot be written: {fault.strerror or fault}",
            where=str(fault.filename or folder),
            remedy="Choose a folder you may write to, on a disk with 20 MB to spare.",
        ) from fault
    tell(1.0, "Demonstration set written")
    return demo


def demo_set(folder: Path) -> DemoSet:
    """Return where everything of a set in `folder` lies, whether or not it is there."""
    dicom = folder / "dicom"
    return DemoSet(
        folder=folder,
        readme=folder / README,
        treatment=folder / TREATMENT,
        ct=tuple(folder / _ct_name(number) for number in _ct_numbers()),
        structures=dicom / "structures.dcm",
        plan=dicom / "plan.dcm",
        dose=dicom / "dose.dcm",
        pinnacle=folder / "pinnacle",
        pinnacle_patient=folder / PLANNER_PATIENT,
        pinnacle_plan=folder / PLANNER_PLAN,
        export=folder / EXPORT,
        variants=tuple(folder / f"{VARIANTS}/{v.name}.rtp" for v in rv_variants.VARIANTS),
        variant_index=folder / VARIANTS / "INDEX.json",
        plan_variants=tuple(folder / f"{PLANS}/{v.name}.dcm" for v in PLAN_VARIANTS),
        plan_index=folder / PLANS / "INDEX.json",
    )


def _refuse_other_files(demo: DemoSet) -> None:
    """Accept a missing or empty folder, or one that holds an earlier set and nothing else."""
    folder = demo.folder
    if folder.exists() and not folder.is_dir():
        raise DemoFolderError(
            "a file has this name", where=str(folder), remedy="Choose another folder."
        )
    present = sorted(file for file in folder.rglob("*") if not file.is_dir())
    if not present:
        return
    known = {folder / name for name in _names()}
    strange = [file for file in present if file not in known or file.is_symlink()]
    if not strange and not _is_our_readme(demo.readme):
        strange = present
    if strange:
        raise DemoFolderError(
            f"the folder holds {strange[0].relative_to(folder)}, which is not of an earlier "
            "demonstration set",
            where=str(folder),
            remedy="Choose an empty folder; nothing was written.",
        )


def _is_our_readme(file: Path) -> bool:
    return file.is_file() and file.read_bytes().startswith(FIRST_LINE.encode("ascii"))


def _ct_numbers() -> range:
    return range(1, anatomy.SLICES + 1)


def _ct_name(number: int) -> str:
    return f"dicom/ct_{number:02d}.dcm"


def _small_files() -> dict[str, Callable[[], bytes]]:
    """Return every file that needs no dose: name within the set, and what makes it."""
    return {
        README: readme_file,
        TREATMENT: treatment_file,
        "dicom/plan.dcm": plan_file,
        "dicom/structures.dcm": dicom_images.structure_set_file,
        "pinnacle/Institution": planner_patient.institution_file,
        f"{PLANNER_PATIENT}/Patient": planner_patient.patient_file,
        f"{PLANNER_PATIENT}/ImageSet_0.header": planner_patient.header_file,
        f"{PLANNER_PATIENT}/ImageSet_0.ImageInfo": planner_patient.image_info_file,
        f"{PLANNER_PLAN}/plan.Trial": planner_trial.trial_file,
        f"{PLANNER_PLAN}/plan.Points": planner_trial.points_file,
        f"{PLANNER_PLAN}/plan.PatientSetup": planner_patient.patient_setup_file,
        f"{PLANNER_PLAN}/plan.PlanInfo": planner_patient.plan_info_file,
        f"{PLANNER_PLAN}/plan.Pinnacle": planner_patient.session_file,
        f"{PLANNER_PLAN}/plan.Pinnacle.Machines": machines_file,
        f"{PLANNER_PLAN}/plan.roi": planner_patient.regions_file,
        EXPORT: lambda: file_of(export_records()),
        f"{VARIANTS}/INDEX.json": rv_variants.index_file,
        **{f"{VARIANTS}/{v.name}.rtp": v.data for v in rv_variants.VARIANTS},
        f"{PLANS}/INDEX.json": plan_index_file,
        **{f"{PLANS}/{v.name}.dcm": v.data for v in PLAN_VARIANTS},
    }


def _names() -> list[str]:
    """Return the name within the set of every file."""
    binaries = [
        f"{PLANNER_PLAN}/{name}"
        for beam in PLAN.beams
        for name in (dose_file_name(beam), *empty_file_names(beam))
    ]
    ct = [_ct_name(number) for number in _ct_numbers()]
    return [*_small_files(), *ct, *binaries, "dicom/dose.dcm"]


def _files(tell: Progress) -> Iterator[tuple[str, bytes]]:
    """Yield every file of the set, README.txt first."""
    for name, make in _small_files().items():
        yield name, make()
    tell(0.3, "CT slices")
    for number in _ct_numbers():
        yield _ct_name(number), dicom_images.ct_file(number)
    body = dose.Body()
    total_gy: npt.NDArray[np.float64] = np.zeros(dose.SHAPE)
    for beam in PLAN.beams:
        tell(0.5 + 0.08 * beam.number, f"Dose of {beam.name}")
        per_mu = dose.dose_per_mu(beam, body)
        total_gy += per_mu.astype(np.float64) * (
            beam.mu * beam.prescription.fractions * GY_PER_CGY
        )
        yield f"{PLANNER_PLAN}/{dose_file_name(beam)}", per_mu[::-1].astype(">f4").tobytes()
        for name in empty_file_names(beam):
            yield f"{PLANNER_PLAN}/{name}", b""
    yield "dicom/dose.dcm", dicom_images.dose_file(total_gy)
