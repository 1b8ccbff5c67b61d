"""The archive without a window: take in, find, plan sets, copies, scrub."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.archive.archive import Archive
from core.archive.find import PatientRow, Wanted, find_patients
from core.archive.index import Instance
from core.archive.plan_sets import PlanSet, plan_sets
from core.dicom.values import name_words
from core.errors import RemedyError
from core.paths import data_folder


def own_archive(folder: Path | None = None) -> Archive:
    """Open the archive of this computer, or that of a folder."""
    return Archive(folder if folder is not None else data_folder() / "archive")


def existing_archive(folder: Path | None = None) -> Archive:
    """Open an archive to look at; a folder that is named and is none is refused, not made one.

    Raises:
        RemedyError: There is no such folder.

    """
    if folder is not None and not folder.is_dir():
        raise RemedyError(
            "there is no archive in this place", where=str(folder), remedy="Check --archive."
        )
    return own_archive(folder)


def person(archive: Archive, patient_id: str) -> PatientRow:
    """Return the person of exactly this number.

    Raises:
        RemedyError: Nobody has it, or persons of different names do.

    """
    found = [
        one
        for one in find_patients(archive.index, Wanted(patient_id=patient_id))
        if one.patient_id == patient_id
    ]
    if len(found) == 1:
        return found[0]
    names = ", ".join(one.name or "(no name)" for one in found)
    what = f"several persons have the number: {names}" if found else "nobody has this number"
    raise RemedyError(what, where=patient_id, remedy="Look with 'eqs archive find'.")


def patient_rows(rows: Sequence[PatientRow]) -> list[dict[str, Any]]:
    """Return persons as plain values."""
    return [asdict(one) for one in rows]


def patient_text(rows: Sequence[PatientRow]) -> str:
    """Return persons as a table."""
    if not rows:
        return "Nobody was found."
    lines = [
        f"{one.patient_id:16} {one.name:30} {iso_date(one.birth_date):10} "
        f"{one.studies:3} studies  {iso_date(one.last_study):10} {' '.join(one.modalities)}"
        for one in rows
    ]
    return "\n".join(lines)


def sets_of(archive: Archive, patient: int) -> list[PlanSet]:
    """Return the plan sets of a person."""
    return plan_sets(archive.instances_of_patient(patient))


def set_row(own: PlanSet) -> dict[str, Any]:
    """Return one plan set as plain values."""
    return {
        "label": own.label,
        "plan_uid": own.plan.sop_uid if own.plan is not None else None,
        "state": own.state,
        "slices": len(own.images),
        "slices_asked": own.slices_asked,
        "structures": [one.instance.sop_uid for one in own.structures],
        "doses": [one.instance.sop_uid for one in own.doses],
        "records": len(own.records),
        "evidence": sorted(
            {one.evidence.value for one in (*own.structures, *own.images, *own.doses)}
        ),
        "remarks": [one.words for one in own.remarks],
    }


def set_text(own: PlanSet) -> str:
    """Return one plan set as one line."""
    asked = f" of {own.slices_asked}" if own.slices_asked else ""
    remarks = "; ".join(one.words for one in own.remarks) or "complete"
    name = own.label or ("plan without label" if own.plan is not None else "no plan")
    return (
        f"{own.state:8} {name:20} {len(own.images)}{asked} slices, {len(own.structures)} "
        f"structure sets, {len(own.doses)} doses: {remarks}"
    )


def chosen_instances(
    archive: Archive, patient: int, study_uid: str | None, series_uid: str | None
) -> list[Instance]:
    """Return the objects of a person, a study or a series.

    Raises:
        RemedyError: There is none.

    """
    found = [
        one
        for one in archive.instances_of_patient(patient)
        if study_uid in (None, one.study_uid) and series_uid in (None, one.series_uid)
    ]
    if not found:
        raise RemedyError(
            "no object is there",
            where=series_uid or study_uid or "archive",
            remedy="Look with 'eqs archive find'.",
        )
    return found


def person_words(name: str) -> str:
    """Return a DICOM name for people, also of somebody without one."""
    return name_words(name) or "No name"


def local_time(text: str) -> str:
    """Return a time of index or log (ISO 8601; UTC when it names no zone) as this computer's."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def iso_date(text: str) -> str:
    """Return a DICOM date as an ISO date; other texts as they are."""
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 and text.isdigit() else text
