"""The Viewer without a window: certificate and DVHs of a set, for scripts and night runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from app.viewer.sources import read_sets
from core.dicom.certificate import Certificate, certify
from core.dicom.dose import Dose
from core.dicom.rt_set import RtSet
from core.dicom.structure_dvh import StructureDvh, structure_dvhs
from core.dicom.structures import StructureSet
from core.errors import RemedyError, UnreadableFileError

# Of what is not used, as much of it as still makes one sentence.
REASONS_SHOWN = 3


@dataclass(frozen=True, eq=False, slots=True)
class DvhAnswer:
    """What `eqs dvh` found."""

    rt_set: RtSet
    dose: Dose
    structures: StructureSet
    dvhs: tuple[StructureDvh, ...]


def one_set(paths: Sequence[Path], patient: str | None = None) -> RtSet:
    """Return the only set under some paths, or that of a patient.

    Raises:
        RemedyError: There are several persons and none is named, or nobody of that ID.

    """
    sets = read_sets(paths)
    known = ", ".join(one.patient_id or "(no ID)" for one in sets)
    where = ", ".join(path.name for path in paths)
    if patient is not None:
        sets = [one for one in sets if one.patient_id == patient]
    if len(sets) == 1:
        return sets[0]
    what = "several persons are here" if sets else f"nobody has the ID '{patient}'"
    raise RemedyError(
        f"{what}: {known}", where=where, remedy="Name one of them with --patient ID."
    )


def not_used(own: RtSet) -> tuple[str, ...]:
    """Return what of a set is not shown or computed, and why: one sentence each."""
    return tuple(f"{one.name}: {one.why}" for one in own.refused)


def certificate_of(paths: Sequence[Path], patient: str | None = None) -> tuple[RtSet, Certificate]:
    """Return the geometry certificate of a set."""
    own = one_set(paths, patient)
    return own, certify(own)


def certificate_text(own: RtSet, certificate: Certificate) -> str:
    """Return a certificate for people."""
    lines = [f"{own.patient_name or 'No name'}   ID {own.patient_id or '-'}", certificate.verdict]
    for one in certificate.assertions:
        lines.append(f"{one.state:8} {one.title}")
        lines += [f"{'':9}{detail}" for detail in one.details]
    return "\n".join(lines)


def dvhs_of(
    paths: Sequence[Path],
    patient: str | None = None,
    *,
    names: Sequence[str] = (),
    dose_uid: str | None = None,
) -> DvhAnswer:
    """Return the DVHs of a set.

    Args:
        paths: DICOM files, folders or zip archives; Pinnacle folders.
        patient: PatientID, where there are several persons.
        names: Structure names, with * and ?; all for none.
        dose_uid: SOPInstanceUID of the dose; the chief dose for None.

    Raises:
        RemedyError: No dose, no structures, or no structure of these names.

    """
    own = one_set(paths, patient)
    where = ", ".join(path.name for path in paths)
    structures = own.chief_structures()
    dose = own.chief_dose()
    if dose_uid is not None:
        dose = next((one for one in own.doses if one.item.sop_uid == dose_uid), None)
    if dose is None or structures is None:
        lacking = "dose" if dose is None else "structure set"
        why = "; ".join(not_used(own)[:REASONS_SHOWN])
        raise UnreadableFileError(
            f"there is no {lacking}{why and f' ({why})'}",
            where=where,
            remedy=f"Add the RT {lacking} to the set.",
        )
    chosen = [
        one.number
        for one in structures.structures
        if not names or any(fnmatch(one.name.casefold(), name.casefold()) for name in names)
    ]
    if not chosen:
        known = ", ".join(one.name for one in structures.structures)
        raise RemedyError(
            f"no structure is named {', '.join(names)}", where=where, remedy=f"Choose of: {known}."
        )
    series = own.chief_series()
    gap_mm = series.geometry.slice_mm if series is not None else None
    found = structure_dvhs(structures, dose, gap_mm, only=chosen)
    return DvhAnswer(own, dose, structures, tuple(found))
