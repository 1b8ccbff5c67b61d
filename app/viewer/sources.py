"""Whatever was chosen to sets, one per person: DICOM objects and Pinnacle's own folders."""

from collections.abc import Callable, Sequence
from pathlib import Path

from app.recognise import Kind, recognise
from app.viewer.pinnacle_set import read_institution, read_one_plan, read_patient
from core.dicom.files import Progress
from core.dicom.rt_set import RtSet, read_rt_sets

PINNACLE: dict[Kind, Callable[[Path, Progress | None], list[RtSet]]] = {
    Kind.PINNACLE: lambda path, progress: [read_one_plan(path, progress)],
    Kind.PINNACLE_PATIENT: lambda path, progress: [read_patient(path, progress)],
    Kind.PINNACLE_ROOT: read_institution,
}


def read_sets(paths: Sequence[Path], progress: Progress | None = None) -> list[RtSet]:
    """Return what lies under `paths`, one set per person, the largest first.

    A Pinnacle folder is known by its Institution, Patient or plan.Trial file.

    Raises:
        RemedyError: Nothing of use was found, or a folder cannot be shown.

    """
    kinds = {path: recognise(path) for path in paths}
    others = [path for path in paths if kinds[path] not in PINNACLE]
    found = read_rt_sets(others, progress) if others else []
    for path in paths:
        if kinds[path] in PINNACLE:
            for own in PINNACLE[kinds[path]](path, progress):
                _join(found, own)
    return sorted(found, key=lambda one: len(one.items), reverse=True)


def _join(found: list[RtSet], own: RtSet) -> None:
    """Add a set to that of the same person, or to the end."""
    for place, other in enumerate(found):
        if own.patient_id and other.patient_id == own.patient_id:
            found[place] = RtSet(
                other.patient_id,
                other.patient_name,
                (*other.series, *own.series),
                (*other.structure_sets, *own.structure_sets),
                (*other.plans, *own.plans),
                (*other.doses, *own.doses),
                (*other.registrations, *own.registrations),
                (*other.rt_images, *own.rt_images),
                (*other.others, *own.others),
                (*other.refused, *own.refused),
            )
            return
    found.append(own)
