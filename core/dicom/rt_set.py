"""Which images, structures, plans and doses belong together: one set per person."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.dicom.dose import Dose, read_doses
from core.dicom.files import Item, Progress, Refused, read_items, read_whole
from core.dicom.images import MODALITIES, ImageSeries, image_series
from core.dicom.plan import Plan
from core.dicom.plan_read import read_plan
from core.dicom.registration import Registration, read_registrations
from core.dicom.structures import StructureSet, read_structure_set
from core.dicom.values import name_words
from core.dose.geometry import Grid
from core.errors import RemedyError, UnreadableFileError

SUMMED_HERE = "summed by this program"


@dataclass(frozen=True, eq=False)
class RtSet:
    """Everything of one person that was found, read but for the images' pixels.

    Attributes:
        patient_id: PatientID; empty when not told.
        patient_name: PatientName, family name first, parts separated by a comma.
        series: Image series, largest first.
        structure_sets: Structure sets.
        plans: Plans.
        doses: Doses as exported, and sums of beam doses made here (`Dose.made_by`).
        registrations: Spatial registrations.
        rt_images: RT images: portal images, DRRs.
        others: Objects of kinds that are not shown.
        refused: Files that are not used, and why.

    """

    patient_id: str
    patient_name: str
    series: tuple[ImageSeries, ...]
    structure_sets: tuple[StructureSet, ...]
    plans: tuple[Plan, ...]
    doses: tuple[Dose, ...]
    registrations: tuple[Registration, ...]
    rt_images: tuple[Item, ...]
    others: tuple[Item, ...]
    refused: tuple[Refused, ...]

    def told(self, keyword: str) -> tuple[str, ...]:
        """Return what the objects tell of their person under a keyword: one where all agree.

        Names are alike whose family and given names are, without regard to case and spaces.

        """
        found = {_plain(item.text(keyword)): item.text(keyword) for item in self.items}
        found.pop("", None)
        return tuple(sorted(found.values()))

    @property
    def items(self) -> tuple[Item, ...]:
        """Every object of the set."""
        return (
            *(item for series in self.series for item in series.items),
            *(one.item for one in self.structure_sets),
            *(one.item for one in self.plans),
            *(
                item
                for one in self.doses
                if one.made_by != SUMMED_HERE
                for item in (one.item, *one.more_items)
            ),
            *dict.fromkeys(one.item for one in self.registrations),
            *self.rt_images,
            *self.others,
        )

    def plan_of(self, dose: Dose) -> Plan | None:
        """Return the plan a dose was calculated for; None when it is not here."""
        return next((plan for plan in self.plans if plan.item.sop_uid in dose.plan_uids), None)

    def series_of(self, structures: StructureSet) -> ImageSeries | None:
        """Return the images that structures were drawn on; None when they are not here."""
        uids = structures.series_uids
        return next((one for one in self.series if one.series_uid in uids), None)

    def doses_of(self, plan: Plan) -> tuple[Dose, ...]:
        """Return the doses that refer to a plan."""
        return tuple(dose for dose in self.doses if plan.item.sop_uid in dose.plan_uids)

    def chief_dose(self) -> Dose | None:
        """Return the dose to show first: of a whole plan before sums made here before beams."""
        return min(self.doses, key=_dose_rank, default=None)

    def chief_structures(self) -> StructureSet | None:
        """Return the structures to show first: of the first dose's plan, of any, else most."""
        wanted = {uid for plan in self.plans for uid in plan.structure_uids}
        dose = self.chief_dose()
        plan = self.plan_of(dose) if dose is not None else None
        first = plan.structure_uids if plan is not None else ()
        return max(
            self.structure_sets,
            key=lambda one: (
                one.item.sop_uid in first, one.item.sop_uid in wanted, len(one.structures)
            ),
            default=None,
        )  # fmt: skip

    def chief_series(self) -> ImageSeries | None:
        """Return the images to show first: those drawn on, else the largest."""
        chief = self.chief_structures()
        if chief is not None:
            drawn_on = self.series_of(chief)
            if drawn_on is not None:
                return drawn_on
            for series in self.series:
                if series.frame_uid in chief.frame_uids:
                    return series
        return self.series[0] if self.series else None


def _plain(text: str) -> str:
    """Return family and given name without regard to case, spaces and further parts."""
    parts = text.split("=", maxsplit=1)[0].replace("_", " ").split("^")
    return " ".join(" ".join(parts[:2]).casefold().replace(",", " ").split())


def _dose_rank(dose: Dose) -> tuple[int, int]:
    order = ("PLAN", "MULTI_PLAN", "FRACTION", "PLAN_OVERVIEW", "BRACHY")
    rank = order.index(dose.summation) if dose.summation in order else len(order) + 1
    if dose.made_by == SUMMED_HERE:
        rank = len(order)
    return rank, -dose.grid.values.size


def read_rt_sets(paths: Sequence[Path], progress: Progress | None = None) -> list[RtSet]:
    """Return what lies under `paths`, one set per person, the largest first.

    Raises:
        UnreadableFileError: Nothing of use was found.

    """
    items, refused = read_items(paths, _part(progress, 0.0, 0.5))
    if not items:
        where = ", ".join(path.name for path in paths)
        why = f" ({refused[0].name}: {refused[0].why})" if refused else ""
        raise UnreadableFileError(
            f"no DICOM object was found{why}", where=where, remedy="Choose another folder or file."
        )
    people: dict[tuple[str, str], list[Item]] = defaultdict(list)
    for item in _each_once(items, refused):
        people[_person(item)].append(item)
    sets = [
        _one_set(patient_id, own, refused, _part(progress, 0.5, 1.0))
        for (patient_id, _), own in people.items()
    ]
    return sorted(sets, key=lambda one: len(one.items), reverse=True)


def _person(item: Item) -> tuple[str, str]:
    """Return what tells a person apart: the ID, or the name where there is no ID."""
    patient_id = item.text("PatientID")
    return patient_id, "" if patient_id else item.text("PatientName").strip("^ ").casefold()


def _part(progress: Progress | None, start: float, end: float) -> Progress | None:
    if progress is None:
        return None
    tell = progress
    return lambda share, words: tell(start + share * (end - start), words)


def _each_once(items: Iterable[Item], refused: list[Refused]) -> list[Item]:
    """Drop second copies of an object, as on a CD and its copy; refuse those that differ."""
    seen: dict[str, Item] = {}
    kept: list[Item] = []
    for item in items:
        first = seen.get(item.sop_uid) if item.sop_uid else None
        if first is None:
            seen[item.sop_uid] = item
            kept.append(item)
        elif _bytes(first) != _bytes(item):
            if _is_whole(item) and not _is_whole(first):
                first, item = item, first  # noqa: PLW2901  (the sound copy takes the place)
                seen[first.sop_uid] = first
                kept = [first if one is item else one for one in kept]
            name = first.source.name
            why = f"other content than {name} under the same SOPInstanceUID"
            refused.append(Refused(item.source.name, why))
    return kept


def _is_whole(item: Item) -> bool:
    try:
        read_whole(item)
    except RemedyError:
        return False
    return True


def _bytes(item: Item) -> bytes:
    with item.source.open() as stream:
        return stream.read()


def _one_set(
    patient_id: str, items: list[Item], refused: list[Refused], progress: Progress | None
) -> RtSet:
    kinds: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        kinds[item.modality].append(item)
    bad = list(refused)
    images = [item for kind in MODALITIES for item in kinds.pop(kind, [])]
    series, odd = image_series(images)
    bad += odd
    structure_sets: list[StructureSet] = []
    plans: list[Plan] = []
    registrations: list[Registration] = []
    for number, item in enumerate([*kinds["RTSTRUCT"], *kinds["RTPLAN"], *kinds["REG"]]):
        if progress is not None:
            progress(min(number / 10, 0.5), f"reading {item.modality}")
        try:
            if item.modality == "RTSTRUCT":
                structure_sets.append(read_structure_set(item))
            elif item.modality == "RTPLAN":
                plans.append(read_plan(item))
            else:
                registrations += read_registrations(item)
        except RemedyError as problem:
            bad.append(Refused(item.source.name, problem.what))
    if progress is not None and kinds["RTDOSE"]:
        progress(0.6, "reading dose")
    doses, odd = read_doses(kinds["RTDOSE"])
    bad += odd
    shown = {"RTSTRUCT", "RTPLAN", "REG", "RTDOSE", "RTIMAGE"}
    others = tuple(item for kind, own in kinds.items() if kind not in shown for item in own)
    return RtSet(
        patient_id,
        _name(items),
        tuple(series),
        tuple(structure_sets),
        tuple(plans),
        (*doses, *_beam_sums(doses, plans)),
        tuple(registrations),
        tuple(kinds["RTIMAGE"]),
        others,
        tuple(bad),
    )


def _name(items: Iterable[Item]) -> str:
    return name_words(next((text for item in items if (text := item.text("PatientName"))), ""))


def _beam_sums(doses: Sequence[Dose], plans: Sequence[Plan]) -> list[Dose]:
    """Return the sum of beam doses for each plan that has no dose of the whole plan.

    Only doses on the very same grid, of different single beams that make up the plan's whole
    list of treatment beams, are added: anything less would show too little dose.

    """
    sums = []
    for plan in plans:
        own = [dose for dose in doses if plan.item.sop_uid in dose.plan_uids]
        beams = [dose for dose in own if dose.summation == "BEAM" and len(dose.beam_numbers) == 1]
        wanted = {beam.number for beam in plan.beams if not beam.is_setup}
        numbers = [dose.beam_numbers[0] for dose in beams]
        whole = any(dose.summation == "PLAN" for dose in own)
        complete = bool(wanted) and sorted(numbers) == sorted(wanted)
        if whole or len(beams) < 2 or not complete:
            continue
        first = beams[0]
        alike = all(
            first.units == "GY"
            and dose.grid.geometry.matches(first.grid.geometry)
            and (dose.units, dose.kind, dose.grid.frame_uid)
            == (first.units, first.kind, first.grid.frame_uid)
            for dose in beams
        )
        if alike:
            values = np.asarray(sum(dose.grid.values for dose in beams))
            grid = Grid(first.grid.geometry, values, first.grid.frame_uid)
            sums.append(
                replace(
                    first, grid=grid, summation="PLAN", beam_numbers=(), comment="", dvhs=(),
                    made_by=SUMMED_HERE,
                )
            )  # fmt: skip
    return sums
