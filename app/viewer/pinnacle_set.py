"""A Pinnacle plan, patient or institution folder to sets as those of DICOM objects."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.viewer.pinnacle_dose import PlanFolder, TrialDose, trial_dose
from app.viewer.pinnacle_gaps import (
    WITHOUT_DOSE,
    WITHOUT_FILE,
    WITHOUT_ISOCENTRE,
    WITHOUT_PLAN,
    WITHOUT_REGION,
)
from app.viewer.pinnacle_images import CT_OFFSET, ImageSet, image_items, read_image_set
from app.viewer.pinnacle_object import Person, made_header, made_item, made_uid, read_person
from app.viewer.pinnacle_plan import beams_of, groups_of, prescriptions_of
from app.viewer.pinnacle_slices import original_series
from app.viewer.pinnacle_space import SIGNS, Space, setup_position
from app.viewer.pinnacle_structures import NOT_SHOWN, Drawn, read_structures
from app.viewer.pinnacle_text import Block, read_file
from core.dicom.dose import Dose
from core.dicom.files import Progress, Refused
from core.dicom.images import ImageSeries, image_series
from core.dicom.plan import Plan
from core.dicom.rt_set import RtSet
from core.dicom.structures import StructureSet
from core.errors import RemedyError, UnreadableFileError
from core.findings import Finding, State

PLAN_CLASS = "1.2.840.10008.5.1.4.1.1.481.5"
STRUCTURE_CLASS = "1.2.840.10008.5.1.4.1.1.481.3"
DOSE_CLASS = "1.2.840.10008.5.1.4.1.1.481.2"
# An institution may hold thousands of patients; a Viewer that reads them all helps nobody.
MOST_PATIENTS = 10


@dataclass(eq=False)
class _Made:
    """What has been read of one patient so far."""

    folder: Path
    person: Person
    index: Block
    series: list[ImageSeries] = field(default_factory=list)
    structure_sets: list[StructureSet] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    doses: list[Dose] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    image_sets: dict[str, ImageSet | None] = field(default_factory=dict)


def read_institution(folder: Path, progress: Progress | None = None) -> list[RtSet]:
    """Return the patients of an institution folder that are here.

    Raises:
        UnreadableFileError: There is none, or there are too many to read at once.

    """
    index = read_file(folder / "Institution")
    told = [
        one.text("PatientPath") for one in index.block("PatientLiteList").blocks("PatientLite")
    ]
    # Paths begin at the root; the index lies there in a backup, one folder deeper on a server.
    homes = [root / path for path in told if _is_inside(path) for root in (folder, folder.parent)]
    here = [home for home in homes if (home / "Patient").is_file()]
    if not here:
        raise UnreadableFileError(
            f"none of the {len(told)} patients that it lists is here",
            where=folder.name,
            remedy="Copy the patients' folders too.",
        )
    if len(here) > MOST_PATIENTS:
        raise UnreadableFileError(
            f"the institution has {len(here)} patients here, too many to show at once",
            where=folder.name,
            remedy="Choose the folder of one patient.",
        )
    return [read_patient(home, progress) for home in here]


def _is_inside(path: str) -> bool:
    return bool(path) and not Path(path).is_absolute() and ".." not in Path(path).parts


def read_patient(folder: Path, progress: Progress | None = None) -> RtSet:
    """Return all plans of a patient folder.

    Raises:
        UnreadableFileError: It has no readable plan.

    """
    index = read_file(folder / "Patient")
    made = _Made(folder, read_person(index, folder), index)
    homes = sorted(
        home
        for home in folder.glob("Plan_*")
        if (home / "plan.Trial").is_file() or (home / "plan.roi").is_file()
    )
    for number, home in enumerate(homes):
        _tell(progress, number / len(homes), f"reading {home.name}")
        _add_plan(made, home)
    for plan in index.block("PlanList").blocks("Plan"):
        name = f"Plan_{plan.text('PlanID')}"
        if not any(home.name == name for home in homes):
            words = f"plan {plan.text('PlanName')} is listed, but its files are not here"
            made.refused.append(Refused(name, words))
    return _finished(made)


def read_one_plan(path: Path, progress: Progress | None = None) -> RtSet:
    """Return one plan, by its folder or its plan.Trial; images and person lie in the folder above.

    Raises:
        UnreadableFileError: Nothing of it can be read.

    """
    if path.is_file() and path.name != "plan.Trial":
        raise UnreadableFileError(
            "a trial alone has no dose and no structures",
            where=path.name,
            remedy="Choose the plan's folder.",
        )
    home = path.resolve() if path.is_dir() else path.resolve().parent
    folder, index, problem = home.parent, Block(), ""
    try:
        index = read_file(folder / "Patient")
    except UnreadableFileError as fault:
        problem = fault.what
        if (home / "plan.PlanInfo").is_file():
            index = read_file(home / "plan.PlanInfo")
    made = _Made(folder, read_person(index, folder), index)
    if problem:
        made.refused.append(Refused("Patient", f"{problem}; the person is as the plan tells"))
    _tell(progress, 0.1, f"reading {home.name}")
    _add_plan(made, home)
    return _finished(made)


def _tell(progress: Progress | None, share: float, words: str) -> None:
    if progress is not None:
        progress(share, words)


def _finished(made: _Made) -> RtSet:
    if not (made.plans or made.structure_sets or made.series):
        why = "; ".join(f"{one.name}: {one.why}" for one in made.refused[:3])
        raise UnreadableFileError(
            f"nothing of the Pinnacle folder can be shown ({why or 'it has no plan'})",
            where=made.folder.name,
            remedy="Copy the patient's whole folder.",
        )
    name = ", ".join(part for part in made.person.name.split("^") if part)
    return RtSet(
        made.person.id, name, tuple(made.series), tuple(made.structure_sets), tuple(made.plans),
        tuple(made.doses), (), (), (), tuple(dict.fromkeys(made.refused)),
    )  # fmt: skip


def _add_plan(made: _Made, home: Path) -> None:
    """Add all that can be shown of a plan folder; each thing that cannot is told by name."""
    info = _plan_info(made.index, home)
    images = _images(made, info)
    try:
        space = _space(made, home, images)
    except RemedyError as problem:
        words = f"not shown: {problem.what} ({problem.where})"
        made.refused.append(Refused(home.name, words, WITHOUT_PLAN))
        return
    sets = made.index.block("ImageSetList").blocks("ImageSet")
    drawn = Drawn(space, images, alone=len(sets) <= 1)
    points = _read(made, home / "plan.Points").blocks("Poi")
    structures = _add_structures(made, home, info, points, drawn)
    machines = _read(made, home / "plan.Pinnacle.Machines").numbered()
    trials = _read(made, home / "plan.Trial").blocks("Trial")
    shared = _shared_files(trials)
    folder = PlanFolder(home, points, machines, space)
    label = info.text("PlanName") or home.name
    for trial in trials:
        name = trial.text("Name")
        words = label if len(trials) == 1 else f"{label} ({name})"
        dose = trial_dose(trial, folder, shared)
        uid = made_uid(*_identity(made, home), name)
        _add_trial(made, (trial, folder, dose), (words, uid), structures)


def _plan_info(index: Block, home: Path) -> Block:
    """Return what the patient's index says about a plan; what plan.PlanInfo says else."""
    for plan in index.block("PlanList").blocks("Plan"):
        if f"Plan_{plan.text('PlanID')}" == home.name:
            return plan
    try:
        return read_file(home / "plan.PlanInfo")
    except UnreadableFileError:
        return Block()


def _images(made: _Made, info: Block) -> ImageSet | None:
    """Return a plan's image set; its series is added once, and what is missing told once."""
    told = info.text("PrimaryCTImageSetID")
    stems = sorted(path.stem for path in made.folder.glob("ImageSet_*.header"))
    stem = f"ImageSet_{told}" if told else stems[0] if len(stems) == 1 else ""
    if not stem:
        words = "the plan does not tell which image set it is on" if stems else "is not here"
        made.refused.append(Refused("ImageSet_*.header", f"{words}; no images are shown"))
        return None
    if stem not in made.image_sets:
        made.image_sets[stem] = None
        try:
            found = read_image_set(made.folder, stem)
            made.image_sets[stem] = found
            made.image_sets[stem] = _add_series(made, found)
        except RemedyError as problem:
            made.refused.append(Refused(problem.where, problem.what))
    return made.image_sets[stem]


def _add_series(made: _Made, images: ImageSet) -> ImageSet:
    """Add the original DICOM slices, or else Pinnacle's own pixels."""
    try:
        kept = original_series(images)
    except RemedyError as problem:
        made.refused.append(Refused(problem.where, problem.what))
        kept = None
    if kept is not None:
        made.series.append(kept[1])
        return kept[0]
    series, odd = image_series(image_items(images, made.person))
    made.series += [_with_unit_note(one) for one in series]
    made.refused += odd
    return replace(images, has_pixels=bool(series))


def _with_unit_note(series: ImageSeries) -> ImageSeries:
    if series.modality != "CT":
        return series
    note = Finding(
        "V-PIN-HU",
        State.INFO,
        f"No file tells how the stored CT numbers become HU: they are shown less {CT_OFFSET}, "
        "which may be some 24 HU off.",
        item="slices",
    )
    return replace(series, oddities=(*series.oddities, note))


def _space(made: _Made, home: Path, images: ImageSet | None) -> Space:
    """Return the frame of a plan.

    Raises:
        RemedyError: Its patient position is unknown or another than that of its images, or it
            is in another frame than they are.

    """
    setup = home / "plan.PatientSetup"
    position = setup_position(read_file(setup)) if setup.is_file() else ""
    if images is None:
        if not position:
            raise _refusal("neither plan nor images tell the patient position", home.name)
        return Space(position, made_uid(*_identity(made, home), "frame"), False)
    own = images.space
    if position and position != own.position:
        raise _refusal(f"the plan is for {position}, its images are {own.position}", home.name)
    session = home / "plan.Pinnacle"
    told = read_file(session).number("StartWithDICOM") if session.is_file() else None
    if told is not None and bool(told) == images.own_start and not _same_start(images):
        raise _refusal(
            f"StartWithDICOM is {told:g}, and how such a plan lies on these images is not known",
            f"{home.name}, plan.Pinnacle",
        )
    return own


def _same_start(images: ImageSet) -> bool:
    """Return whether both frames of an image set are one."""
    pairs = [
        (images.header.number(f"{axis}_start"), images.header.number(f"{axis}_start_dicom"))
        for axis in "xy"
    ]
    return all(one is not None and one == other for one, other in pairs)


def _refusal(what: str, where: str) -> RemedyError:
    return RemedyError(what, where=where, remedy="Export the plan from Pinnacle as DICOM.")


def _read(made: _Made, path: Path) -> Block:
    """Return the tree of a file; an empty one when it cannot be read, which is told."""
    try:
        return read_file(path)
    except UnreadableFileError as problem:
        name = f"{path.parent.name}/{path.name}"
        made.refused.append(Refused(name, problem.what, WITHOUT_FILE.get(path.name, ())))
        return Block()


def _identity(made: _Made, home: Path) -> tuple[str, ...]:
    """Return words that are the same for the same plan, wherever it was copied to."""
    trial = home / "plan.Trial"
    content = trial.read_bytes() if trial.is_file() else b""
    return made.person.id, home.name, hashlib.sha256(content).hexdigest()


def _add_structures(
    made: _Made, home: Path, info: Block, points: Sequence[Block], drawn: Drawn
) -> StructureSet | None:
    path = home / "plan.roi"
    found, oddities = read_structures(_read(made, path), points, drawn)
    if not found and not oddities:
        return None
    hidden = sum(odd.rule == NOT_SHOWN for odd in oddities)
    if hidden:
        words = f"{hidden} of its regions and points are not shown"
        made.refused.append(Refused(f"{home.name}/{path.name}", words, WITHOUT_REGION))
    uid = made_uid(*_identity(made, home), "plan.roi")
    frame = drawn.space.frame_uid
    item = made_item(path, made_header("RTSTRUCT", STRUCTURE_CLASS, uid, frame), made.person)
    images = drawn.images
    uids = {contour.image_uid for one in found for contour in one.contours} - {""}
    own = StructureSet(
        item, info.text("PlanName") or home.name, found, frozenset({frame}),
        frozenset({images.series_uid} if images is not None else ()), frozenset(uids), oddities,
    )  # fmt: skip
    made.structure_sets.append(own)
    return own


def _shared_files(trials: Sequence[Block]) -> set[int]:
    """Return the numbers of dose files that more than one beam of the plan names."""
    counts = Counter(
        beam.elsewhere("DoseVolume")
        for trial in trials
        for beam in trial.block("BeamList").blocks("Beam")
    )
    return {number for number, count in counts.items() if number is not None and count > 1}


def _add_trial(
    made: _Made,
    read: tuple[Block, PlanFolder, TrialDose],
    words: tuple[str, str],
    structures: StructureSet | None,
) -> None:
    (trial, folder, dose), (label, uid) = read, words
    path, space = folder.path / "plan.Trial", folder.space
    beams, notes = beams_of(trial, folder, dose.mu)
    lost = {f"beam {one.name}" for one in beams if all(p.isocentre_mm is None for p in one.points)}
    made.refused += [
        Refused(f"{label}, {name}", note, WITHOUT_ISOCENTRE if name in lost else ())
        for name, note in notes
    ]
    header = made_header("RTPLAN", PLAN_CLASS, uid, space.frame_uid)
    on = (structures.item.sop_uid,) if structures is not None else ()
    dose_uid = made_uid(uid, "dose")
    shown = (dose_uid,) if dose.grid is not None else ()
    made.plans.append(
        Plan(
            item=made_item(path, header, made.person),
            label=label,
            name=trial.text("Name"),
            intent="",
            approval="",
            date=trial.block("ObjectVersion").text("WriteTimeStamp")[:10].replace("-", ""),
            geometry="PATIENT",
            frame_uid=space.frame_uid,
            structure_uids=on,
            dose_uids=shown,
            prescriptions=prescriptions_of(trial),
            groups=groups_of(trial),
            beams=beams,
            brachy_setups=0,
            is_ion=False,
            patient_positions=(space.position,) if space.position in SIGNS else (),
        )
    )
    if dose.grid is None:
        why = f"its dose is not shown: {dose.problem}"
        made.refused.append(Refused(label, why, WITHOUT_DOSE))
        return
    header = made_header("RTDOSE", DOSE_CLASS, dose_uid, space.frame_uid)
    made.doses.append(
        Dose(
            item=made_item(path, header, made.person), grid=dose.grid, units="GY",
            kind="PHYSICAL", summation="PLAN", plan_uids=(uid,), structure_uids=on,
            beam_numbers=(), comment=trial.text("Name"), made_by=_added(len(dose.mu)), dvhs=(),
            oddities=tuple(dose.oddities),
        )
    )  # fmt: skip


def _added(count: int) -> str:
    return "the only beam" if count == 1 else f"{count} beams added up"
