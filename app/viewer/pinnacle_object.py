"""Objects of a Pinnacle folder in the form of DICOM objects, so that one Viewer shows both."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset

from app.viewer.pinnacle_text import Block
from core.dicom.files import Item, Source

MADE_FROM = "Pinnacle"
# Names of this space are the words an object is known by; it makes their UIDs repeatable.
UID_SPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "pinnacle.eqs")


@dataclass(frozen=True, slots=True)
class Person:
    """Who a folder is about.

    Attributes:
        id: Medical record number; the folder's name where there is none, so that two persons
            without a number stay two.
        name: Family, first and middle name, parts separated by ^.
        born: YYYYMMDD; empty when not told in full.

    """

    id: str
    name: str
    born: str


def read_person(patient: Block, folder: Path) -> Person:
    """Return the person of a file Patient (or plan.PlanInfo, which has the same names)."""
    parts = [patient.text(f"{part}Name").strip() for part in ("Last", "First", "Middle")]
    born = patient.text("DateOfBirth").replace("-", "").strip()
    number = patient.text("MedicalRecordNumber").strip()
    return Person(
        number or folder.name,
        "^".join(parts).strip("^"),
        born if len(born) == 8 and born.isdigit() else "",
    )


def made_uid(*words: str) -> str:
    """Return a UID that is always the same for the same words (DICOM PS3.5 B.2)."""
    return f"2.25.{uuid.uuid5(UID_SPACE, '|'.join(words)).int}"


def made_item(
    path: Path,
    header: Dataset,
    person: Person,
    *,
    pixel_start: int = -1,
    stored: Callable[[], Any] | None = None,
) -> Item:
    """Return an object made here, with the person it is about."""
    header.PatientID = person.id
    header.PatientName = person.name
    header.PatientBirthDate = person.born
    return Item(Source(path), pixel_start, header, made_from=MADE_FROM, stored=stored)


def made_header(modality: str, class_uid: str, uid: str, frame_uid: str) -> Dataset:
    """Return the values that every object of a plan has."""
    header = Dataset()
    header.Modality = modality
    header.SOPClassUID = class_uid
    header.SOPInstanceUID = uid
    header.FrameOfReferenceUID = frame_uid
    header.Manufacturer = MADE_FROM
    return header
