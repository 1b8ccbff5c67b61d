"""A cohort for research: persons without their names, plans and DVH values as tables (Y-14).

All UIDs of the archive are mapped by one key, so references inside a set and between exports
still lead somewhere; the key stays in the archive. Private elements and whatever no rule keeps go
(PS3.15 annex E); pictures that may show a name are left out unless a person has looked at them.
"""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.archive.archive import Archive
from core.archive.find import PatientRow
from core.archive.index import Instance
from core.archive.pseudonyms import pseudonym_of, research_key
from core.dicom.anonymise import export_anonymised
from core.dicom.dose import Dose
from core.dicom.dvh_export import COLUMNS
from core.dicom.files import Item, read_items
from core.dicom.plan import Plan
from core.dicom.rt_set import RtSet, read_rt_sets
from core.dicom.structure_dvh import statistics, structure_dvhs
from core.dicom.structures import StructureSet
from core.errors import RemedyError
from core.safe_write import write_whole

Progress = Callable[[float, str], None]
# Pictures of screens and papers: names are burned into their pixels more often than not.
PICTURES = (
    "1.2.840.10008.5.1.4.1.1.7", "1.2.840.10008.5.1.4.1.1.6", "1.2.840.10008.5.1.4.1.1.3",
    "1.2.840.10008.5.1.4.1.1.77", "1.2.840.10008.5.1.4.1.1.104",
)  # fmt: skip
PLAN_COLUMNS = (
    "patient", "plan", "intent", "approval", "radiation", "machines", "beams", "control_points",
    "fractions", "prescribed_gy", "meterset_mu",
)  # fmt: skip


@dataclass(slots=True)
class Cohort:
    """What an export wrote. It names objects of the archive, so it stays with the sender.

    Attributes:
        refused: UID or name of what was left out, and why.
        warnings: What a person should look at before the cohort is handed on.

    """

    folder: Path
    persons: int = 0
    objects: int = 0
    plans: int = 0
    curves: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def export_cohort(
    archive: Archive,
    persons: Sequence[PatientRow],
    folder: Path,
    *,
    pictures: bool = False,
    shift_days: int = 0,
    progress: Progress | None = None,
) -> Cohort:
    """Write persons without their names into a new folder, with plans.csv and dvh.csv.

    Args:
        archive: Ours.
        persons: Who belongs to the cohort.
        folder: Must not be there, or be empty.
        pictures: Also export pictures whose pixels may show a name.
        shift_days: Move every date by this; 0 removes dates and times.
        progress: Told the fraction done.

    Raises:
        RemedyError: The folder is not empty, or nobody is in the cohort.

    """
    if not persons:
        raise RemedyError("nobody is in the cohort", where="archive", remedy="Ask for less.")
    if folder.is_dir() and any(folder.iterdir()):
        raise RemedyError(
            "the folder is not empty", where=str(folder), remedy="Choose an empty one."
        )
    done = Cohort(folder)
    plans: list[Sequence[object]] = []
    curves: list[Sequence[object]] = []
    for number, one in enumerate(persons):
        if progress is not None:
            progress(number / len(persons), f"{number} of {len(persons)} persons")
        _person(archive, one, done, pictures=pictures, shift_days=shift_days)
        code = pseudonym_of(research_key(archive), one.patient_id, one.name).patient_id
        if (folder / code).is_dir():
            for own in read_rt_sets([folder / code]):
                plans += plan_rows(own, code)
                curves += dvh_rows(own, code)
    done.plans, done.curves = len(plans), len(curves)
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "plans.csv", _csv(PLAN_COLUMNS, plans))
    head = ("patient", "plan", "dose", "structure", *(name for name, _ in COLUMNS), "notes")
    write_whole(folder / "dvh.csv", _csv(head, curves))
    return done


def who_is(archive: Archive, code: str) -> PatientRow | None:
    """Return the person behind a pseudonym; only the archive with the key can tell."""
    from core.archive.find import Wanted, find_patients  # noqa: PLC0415  (rarely needed)

    key = research_key(archive)
    everybody = find_patients(archive.index, Wanted(), most=10_000_000)
    return next(
        (one for one in everybody
         if pseudonym_of(key, one.patient_id, one.name).patient_id == code), None,
    )  # fmt: skip


def _person(
    archive: Archive, one: PatientRow, done: Cohort, *, pictures: bool, shift_days: int
) -> None:
    wanted = archive.instances_of_patient(one.id)
    items = _items(archive, wanted, done)
    kept = [item for item in items if pictures or not _may_show_a_name(item)]
    left = {item.sop_uid for item in items} - {item.sop_uid for item in kept}
    done.refused += [(uid, "a picture that may show a name") for uid in sorted(left)]
    if not kept:
        return
    key = research_key(archive)
    own = pseudonym_of(key, one.patient_id, one.name)
    report = export_anonymised(kept, done.folder / own.patient_id, own, key, shift_days=shift_days)
    done.persons += 1
    done.objects += report.written
    names = {item.source.name: item.sop_uid for item in kept}
    done.refused += [(names.get(each.name, each.name), each.why) for each in report.refused]
    done.warnings += [f"{own.patient_id}: {each}" for each in report.warnings]


def _items(archive: Archive, wanted: Sequence[Instance], done: Cohort) -> list[Item]:
    paths = []
    for one in wanted:
        path = archive.path_of(one)
        if path is None:
            done.refused.append((one.sop_uid, "the file is gone"))
        else:
            paths.append(path)
    items, refused = read_items(paths)
    done.refused += [(each.name, each.why) for each in refused]
    return items


def _may_show_a_name(item: Item) -> bool:
    told = item.text("BurnedInAnnotation").upper()
    picture = item.text("SOPClassUID").startswith(PICTURES)
    return told == "YES" or (picture and told != "NO")


def plan_rows(own: RtSet, code: str) -> Iterator[Sequence[object]]:
    """Yield one row for each plan; the columns are `PLAN_COLUMNS`."""
    for plan in own.plans:
        beams = [one for one in plan.beams if one.delivery != "SETUP"]
        metersets = [one.meterset_mu for one in beams if one.meterset_mu is not None]
        doses = [one.dose_gy for one in plan.prescriptions if one.dose_gy is not None]
        yield (
            code, plan.label, plan.intent, plan.approval,
            " ".join(sorted({one.radiation for one in beams})),
            " ".join(sorted({one.machine for one in beams})),
            len(beams), sum(len(one.points) for one in beams),
            " ".join(str(one.fractions) for one in plan.groups if one.fractions is not None),
            f"{max(doses):.3f}" if doses else "",
            f"{sum(metersets):.2f}" if len(metersets) == len(beams) and beams else "",
        )  # fmt: skip


def dvh_rows(own: RtSet, code: str) -> Iterator[Sequence[object]]:
    """Yield one row for each structure of each plan that has a dose and structures."""
    for plan in own.plans:
        dose, structures = _dose_of(own, plan), _structures_of(own, plan)
        if dose is None or structures is None:
            continue
        series = own.series_of(structures)
        gap_mm = series.geometry.slice_mm if series is not None else None
        numbers = [one.number for one in structures.structures]
        for one in structure_dvhs(structures, dose, gap_mm, only=numbers):
            found = statistics(one)
            values = [_value(getattr(found, name, None)) for name, _ in COLUMNS]
            notes = "; ".join([*([one.problem] if one.problem else []), *one.notes])
            yield (code, plan.label, dose.title, one.structure.name, *values, notes)


def _dose_of(own: RtSet, plan: Plan) -> Dose | None:
    found = [one for one in own.doses if plan.item.sop_uid in one.plan_uids]
    whole = [one for one in found if not one.beam_numbers]
    return next(iter(whole or found), None) if whole or len(found) == 1 else None


def _structures_of(own: RtSet, plan: Plan) -> StructureSet | None:
    return next((one for one in own.structure_sets if one.item.sop_uid in plan.structure_uids),
                None)  # fmt: skip


def _value(found: object) -> str:
    value = getattr(found, "value", found)
    return f"{value:.3f}" if isinstance(value, float) and value == value else ""  # noqa: PLR0124  (NaN)


def _csv(head: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue().encode("utf-8")
