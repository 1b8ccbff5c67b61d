"""Who a Pinnacle plan is for, how the patient lies, its points, and the frame they stand in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from app.filter.field import Patient
from app.filter.pinnacle_stream import read_text, stream
from app.filter.plan_trial_keys import Keys, keys_of
from core.errors import UnreadableRecordError

HEADS = (("head first", "HF"), ("feet first", "FF"))
BACKS = (("supine", "S"), ("prone", "P"))
DICOM_START = re.compile(r"^\s*y_start_dicom\s*=\s*-?\d", re.MULTILINE)
IMAGE_FILE = re.compile(r"^\s*image_file\s*:\s*\S*?(ImageSet_\d+)\s*$", re.MULTILINE)
PLAN_FOLDER = re.compile(r"Plan_(\d+)")


@dataclass(frozen=True, slots=True)
class Folder:
    """What the files around plan.Trial say.

    Attributes:
        points_cm: Coordinates by point name in lower case, in the frame of the plan.
        shared_names: Point names (lower case) that more than one point has.
        position: DICOM word, or None when the texts do not say.
        in_dicom_frame: True when plan coordinates stand in the frame of the DICOM images.
        notes: Sentences for the report.

    """

    patient: Patient
    plan_name: str
    position: str | None
    points_cm: Mapping[str, tuple[Decimal, Decimal, Decimal]]
    shared_names: frozenset[str]
    in_dicom_frame: bool
    notes: tuple[str, ...]


def read_folder(folder: Path) -> Folder:
    """Read Patient, plan.PatientSetup, plan.Points and the signs of the coordinate frame.

    Each file may be absent, never damaged.

    Raises:
        RemedyError: A file is there but cannot be read.

    """
    person = _keys(folder.parent / "Patient")
    setup = _keys(folder / "plan.PatientSetup")
    points, shared = _points(_keys(folder / "plan.Points"))
    plan = _plan_entry(person, folder)
    in_frame, notes = _frame(folder, plan)
    return Folder(
        patient=_patient(person),
        plan_name=plan.text("PlanName") if plan else "",
        position=_position(setup),
        points_cm=points,
        shared_names=shared,
        in_dicom_frame=in_frame,
        notes=notes,
    )


def point_cm(folder: Folder, name: str, where: str) -> tuple[Decimal, Decimal, Decimal] | None:
    """Return a point by name, whatever its capitals; None when there is none.

    Raises:
        UnreadableRecordError: Two points share the name, so the beam could mean either.

    """
    key = name.strip().lower()
    if key in folder.shared_names:
        raise UnreadableRecordError(
            f"plan.Points holds the point {name!r} more than once",
            where=where,
            remedy="Give each point a name of its own in Pinnacle, save, and copy the plan again.",
        )
    return folder.points_cm.get(key)


def _keys(file: Path) -> Keys | None:
    return keys_of(stream(read_text(file), file.name), file.name) if file.is_file() else None


def _patient(person: Keys | None) -> Patient:
    if person is None:
        return Patient()
    return Patient(
        person.text("MedicalRecordNumber"),
        person.text("LastName"),
        person.text("FirstName"),
        person.text("MiddleName"),
    )


def _plan_entry(person: Keys | None, folder: Path) -> Keys | None:
    """Return what the patient file lists for this plan folder."""
    match = PLAN_FOLDER.fullmatch(folder.name)
    plans = person.listed("PlanList.Plan") if person and match else ()
    return next((plan for plan in plans if match and plan.text("PlanID") == match[1]), None)


def _position(setup: Keys | None) -> str | None:
    if setup is None:
        return None
    turned, entered = setup.text("Position").lower(), setup.text("Orientation").lower()
    head = [word for phrase, word in HEADS if phrase in entered]
    back = [word for phrase, word in BACKS if phrase in turned]
    return head[0] + back[0] if len(head) == len(back) == 1 else None


def _points(
    keys: Keys | None,
) -> tuple[dict[str, tuple[Decimal, Decimal, Decimal]], frozenset[str]]:
    points: dict[str, tuple[Decimal, Decimal, Decimal]] = {}
    shared: set[str] = set()
    for poi in keys.listed("Poi") if keys else ():
        name = poi.text("Name").lower()
        if name in points:
            shared.add(name)
        points[name] = (poi.need("XCoord"), poi.need("YCoord"), poi.need("ZCoord"))
    return points, frozenset(shared)


def _frame(folder: Path, plan: Keys | None) -> tuple[bool, tuple[str, ...]]:
    """Tell whether plan coordinates are DICOM coordinates, and on what evidence.

    Since version 9 the plan says so (StartWithDICOM) and the image header carries DICOM starts;
    older plans need a shift in y that only the images hold.
    """
    session = _keys(folder / "plan.Pinnacle")
    chosen = session.flag("StartWithDICOM") if session else None
    if chosen is not None:
        return chosen, ()
    header = _header(folder, plan)
    if header is None or not DICOM_START.search(read_text(header)):
        return False, ()
    note = (
        f"The isocentre was read in DICOM axes because {header.name} carries DICOM starts; "
        "plan.Pinnacle, which would confirm it, is not beside the plan."
    )
    return True, (note,)


def _header(folder: Path, plan: Keys | None) -> Path | None:
    """Return the image header of the plan's primary images, or the only one there is."""
    names: list[str] = []
    if plan and plan.text("PrimaryCTImageSetID"):
        names.append(f"ImageSet_{plan.text('PrimaryCTImageSetID')}")
    defaults = folder / "plan.defaults"
    if defaults.is_file():
        names += IMAGE_FILE.findall(read_text(defaults))
    for name in names:
        header = folder.parent / f"{name}.header"
        if header.is_file():
            return header
    headers = sorted(folder.parent.glob("ImageSet_*.header"))
    return headers[0] if len(headers) == 1 and not names else None
