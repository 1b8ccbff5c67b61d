"""Read a Pinnacle plan folder: every trial with its beams, prescriptions and patient.

Read: plan.Trial, plan.Points, plan.PatientSetup, plan.Pinnacle, plan.Pinnacle.Machines, the
patient's file one folder up and the header of the planning images. Nothing is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from app.lex.pinnacle_beam import PlanFolder, read_beam
from app.lex.pinnacle_dose import isodose_point_of, named_point
from app.lex.pinnacle_scale import position_of
from app.lex.pinnacle_text import Block, read_colon_lines, read_pinnacle_file
from app.lex.plan import Beam, Person, Prescription, Trial
from app.lex.reading import Reading
from core.errors import RemedyError, UnreadableFileError

_SAVE = "Save the plan again in the planning system."


@dataclass(frozen=True, slots=True)
class _Heading:
    """What all trials of a plan folder share."""

    person: Person
    plan_name: str
    version: str
    notes: tuple[str, ...]


def read_pinnacle_plan(folder: Path, trial_file: str = "plan.Trial") -> tuple[Reading, ...]:
    """Read every trial of a plan folder; a trial that is refused does not hide the others.

    Args:
        folder: Plan folder (Plan_n).
        trial_file: Name of the trial file in it.

    Raises:
        UnreadableFileError: A file the plan cannot do without is missing or damaged.

    """
    root = read_pinnacle_file(folder / trial_file)
    trials = root.blocks("Trial")
    if not trials:
        raise root.fault("the file holds no trial", "Choose the plan.Trial of a saved plan.")
    setup = _optional(folder / "plan.PatientSetup")
    plan = PlanFolder(
        folder=folder,
        machines=read_pinnacle_file(folder / "plan.Pinnacle.Machines"),
        points_cm=_points(folder / "plan.Points"),
        position=position_of(setup),
        dicom_frame=_in_dicom_frame(folder),
    )
    heading = _heading(folder, plan)
    return tuple(_reading(plan, heading, trial) for trial in trials)


def _reading(plan: PlanFolder, heading: _Heading, block: Block) -> Reading:
    """Read one trial, or keep why it was refused."""
    name = block.text("Name")
    chosen = False
    try:
        chosen = block.flag("UseTrialForTreatment")
        return Reading(name, _trial(plan, heading, block), for_treatment=chosen)
    except RemedyError as fault:
        return Reading(name, fault=fault, for_treatment=chosen)


def _trial(plan: PlanFolder, heading: _Heading, block: Block) -> Trial:
    """Return one trial."""
    listed = block.need("BeamList").blocks("Beam")
    if not listed:
        raise block.fault("the trial has no beam", "Choose another trial of the plan.")
    beams: list[tuple[str, Beam]] = []
    notes = list(heading.notes)
    for number, beam_block in enumerate(listed, start=1):
        beam, more = read_beam(plan, block, beam_block, number)
        beams.append((beam_block.text("PrescriptionName"), beam))
        notes += more
    prescriptions, more = _prescriptions(plan, block, beams)
    version = block.block("ObjectVersion")
    return Trial(
        name=block.text("Name"),
        person=heading.person,
        prescriptions=prescriptions,
        plan_name=heading.plan_name,
        position=plan.position,
        system_maker="Philips",
        system_model="Pinnacle3",
        system_version=heading.version or (version.text("WriteVersion") if version else ""),
        notes=tuple(dict.fromkeys(notes + more)),
    )


def _prescriptions(
    plan: PlanFolder, trial: Block, beams: Sequence[tuple[str, Beam]]
) -> tuple[tuple[Prescription, ...], list[str]]:
    """Return the prescriptions that have beams, and what does not fit between the two."""
    listed = trial.need("PrescriptionList").blocks("Prescription")
    names = [block.text("Name") for block in listed]
    for name, beam in beams:
        if names.count(name) != 1:
            raise trial.fault(
                f"the prescription {name!r} of beam {beam.name!r} stands {names.count(name)} "
                "times in the trial",
                _SAVE,
            )
    notes: list[str] = []
    kept: list[Prescription] = []
    for block, name in zip(listed, names, strict=True):
        own = tuple(beam for wanted, beam in beams if wanted == name)
        if not own:
            notes.append(f"Prescription {name!r} has no beams and is left out.")
            continue
        said = _prescription(block, own)
        kept.append(
            replace(
                said,
                point=named_point(block.text("PrescriptionPoint"), plan.points_cm),
                isodose_point=isodose_point_of(trial, plan.points_cm),
            )
        )
        notes += _requested_mu_note(block, own)
    return tuple(kept), notes


def _prescription(block: Block, beams: tuple[Beam, ...]) -> Prescription:
    """Return one prescription; with "Set Monitor Units" its dose is that of its beams."""
    fractions = block.number("NumberOfFractions")
    if not 1 <= fractions <= 999 or fractions % 1:
        raise block.fault(
            f"prescription {block.text('Name')!r} has {fractions:g} fractions", _SAVE
        )
    if block.text("Method") == "Set Monitor Units":
        doses = [beam.dose_cgy for beam in beams if beam.dose_cgy is not None]
        fraction_cgy = sum(doses)
    elif block.text("PrescriptionPeriod") == "Per Fraction":
        fraction_cgy = block.number("PrescriptionDose")
    elif block.text("PrescriptionPeriod") == "Overall":
        fraction_cgy = block.number("PrescriptionDose") / fractions
    else:
        raise block.fault(
            f"the prescription period is {block.text('PrescriptionPeriod')!r}, neither "
            "'Overall' nor 'Per Fraction'",
            _SAVE,
        )
    return Prescription(
        name=block.text("Name"),
        fractions=int(fractions),
        fraction_cgy=fraction_cgy,
        total_cgy=fraction_cgy * fractions,
        beams=beams,
        method=block.text("Method"),
        normalisation=block.text("NormalizationMethod"),
    )


def _requested_mu_note(block: Block, beams: tuple[Beam, ...]) -> list[str]:
    """Compare the sum of the MU with the sum the prescription states, if it states one."""
    stated = block.maybe("RequestedMonitorUnitsPerFraction")
    total = sum(beam.mu for beam in beams)
    # Each beam may have been rounded to a whole MU before the sum was stored.
    if not stated or abs(stated - total) <= 0.5 * len(beams) + 0.5:
        return []
    name = block.text("Name")
    return [f"Prescription {name!r} states {stated:g} MU, its beams add up to {total:.2f} MU."]


def _points(path: Path) -> dict[str, tuple[float, float, float]]:
    """Return the named points (cm, Pinnacle's axes), names in lower case.

    A name given to two different places means neither, and is left out.
    """
    found: dict[str, set[tuple[float, float, float]]] = {}
    for poi in read_pinnacle_file(path).blocks("Poi"):
        place = (poi.number("XCoord"), poi.number("YCoord"), poi.number("ZCoord"))
        found.setdefault(poi.text("Name").strip().lower(), set()).add(place)
    return {name: places.pop() for name, places in found.items() if len(places) == 1}


def _optional(path: Path) -> Block | None:
    """Read a file that a plan may lack."""
    return read_pinnacle_file(path) if path.is_file() else None


def _listed_plan(folder: Path, patient: Block | None) -> Block | None:
    """Return the entry of the patient's plan list that means this folder (Plan_<PlanID>)."""
    if patient is None or (plans := patient.block("PlanList")) is None:
        return None
    number = folder.resolve().name.removeprefix("Plan_")
    return next((p for p in plans.blocks("Plan") if p.text("PlanID") == number), None)


def _in_dicom_frame(folder: Path) -> bool:
    """Return whether the plan's coordinates lie in the frame of the DICOM slices.

    From version 9 on a plan may start with the DICOM frame; older plans need an offset that
    only the images tell, so for them the answer is no.
    """
    session = _optional(folder / "plan.Pinnacle")
    if session is not None and session.text("StartWithDICOM"):
        return session.flag("StartWithDICOM")
    header = _image_header(folder)
    return "x_start_dicom" in header and "y_start_dicom" in header


def _image_header(folder: Path) -> dict[str, str]:
    """Return the header of the planning images; empty when it is not there."""
    listed = _listed_plan(folder, _optional(folder.parent / "Patient"))
    stem = read_colon_lines(folder / "plan.defaults").get("image_file", "").rpartition("/")[2]
    if listed is not None and listed.text("PrimaryCTImageSetID").isdigit():
        stem = f"ImageSet_{listed.text('PrimaryCTImageSetID')}"
    return read_colon_lines(folder.parent / f"{stem}.header") if stem else {}


def _heading(folder: Path, plan: PlanFolder) -> _Heading:
    """Return patient, plan name and version, and what all trials of the plan lack."""
    patient = _optional(folder.parent / "Patient")
    info = _optional(folder / "plan.PlanInfo")
    listed = _listed_plan(folder, patient)
    notes = []
    if not plan.position:
        notes.append("The patient position is not in the plan, or in words LEX does not know.")
    if not plan.dicom_frame:
        notes.append(
            "The plan does not say that its coordinates are those of the DICOM slices, so the "
            "isocentre is left out."
        )
    return _Heading(
        person=_person(folder, patient, info),
        plan_name=(listed.text("PlanName") if listed else "")
        or (info.text("PlanName") if info else ""),
        version=listed.text("PinnacleVersionDescription") if listed else "",
        notes=tuple(notes),
    )


def _person(folder: Path, patient: Block | None, info: Block | None) -> Person:
    """Return the patient from the patient's file, or from plan.PlanInfo when only that is there.

    Raises:
        UnreadableFileError: Neither is there, or both name a different record number.

    """
    sources = [block for block in (patient, info) if block is not None]
    if not sources:
        raise UnreadableFileError(
            "nothing beside the plan says whose plan it is",
            where=f"{folder.name}: neither ../Patient nor plan.PlanInfo",
            remedy="Copy the whole patient folder from the planning system.",
        )
    ids = {block.text("MedicalRecordNumber") for block in sources} - {""}
    if len(ids) > 1:
        raise sources[-1].fault(f"plan and folder belong to different patients, {sorted(ids)}")
    return Person(
        id=sources[0].text("MedicalRecordNumber"),
        last_name=sources[0].text("LastName"),
        first_name=sources[0].text("FirstName"),
        middle_name=sources[0].text("MiddleName"),
        birth_date=sources[0].text("DateOfBirth"),
    )
