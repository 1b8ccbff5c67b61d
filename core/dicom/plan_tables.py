"""Plans as tables of text: prescription, fractions, beams, control points, leaves, references."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from core.dicom.files import Item
from core.dicom.plan import Beam, ControlPoint, FractionGroup, Plan, Prescription
from core.dicom.point_tables import JAWS, control_point_table, jaw_cells, leaf_table
from core.dicom.rt_set import SUMMED_HERE, RtSet
from core.dicom.text_table import (
    NONE,
    Table,
    fixed,
    iso_date,
    make_table,
    number_or_none,
    tail,
    words_or_none,
)
from core.dicom.values import items, text
from core.dose.geometry import Floats

__all__ = [
    "Table",
    "beam_table",
    "control_point_table",
    "fraction_table",
    "leaf_table",
    "prescription_table",
    "reference_table",
]

NO_NAMES: Mapping[int, str] = MappingProxyType({})
PRESCRIPTION = (
    ("No.", True), ("Description", False), ("Type", False), ("Given to", False),
    ("Structure", False), ("Prescribed dose (Gy)", True), ("Maximum dose (Gy)", True),
)  # fmt: skip
FRACTIONS = (
    ("Fraction group", True), ("Fractions", True), ("Treatment beams", True),
    ("Beam numbers", False), ("MU per fraction", True),
)  # fmt: skip
BEAMS = (
    ("No.", True), ("Name", False), ("Delivery", False), ("Type", False), ("Radiation", False),
    ("Energy (MV, MeV)", True), ("MU", True), ("Dose per fraction (Gy)", True),
    ("Machine", False), ("Gantry (°)", False), ("Collimator (°)", False), ("Couch (°)", False),
    *JAWS, ("Control points", True), ("Wedges", False), ("Applicator", False),
    ("Blocks", False), ("Bolus", True), ("SAD (mm)", True), ("Isocentre x (mm)", True),
    ("Isocentre y (mm)", True), ("Isocentre z (mm)", True),
)  # fmt: skip
REFERENCES = (
    ("Object", False), ("Label", False), ("Date", False), ("Made by", False),
    ("UID ends with", False), ("Frame ends with", False), ("Refers to", False),
    ("Is it here?", False),
)  # fmt: skip
HERE, NOT_HERE, SUM = "here", "not here", "dose, summed here"
# The series' number differs, but each of its slices that is asked for is here.
OTHER_SERIES = "slices here in another series"


def prescription_table(plan: Plan, names: Mapping[int, str] = NO_NAMES) -> Table:
    """Return one row per dose reference.

    Args:
        plan: The plan.
        names: Names of the structures by number, as far as they are known.

    """
    notes = [*_kind_notes(plan)]
    if plan.prescriptions:
        notes.append("Doses are of all fractions together, as the file tells them.")
        if not plan.prescribed_gy:
            notes.append("The plan tells no prescribed dose.")
    else:
        notes.append("The plan tells no prescription.")
    rows = (_prescription_row(one, names) for one in plan.prescriptions)
    return make_table("Prescription", PRESCRIPTION, rows, notes)


def _prescription_row(one: Prescription, names: Mapping[int, str]) -> tuple[str, ...]:
    structure = NONE
    if one.structure_number is not None:
        name = names.get(one.structure_number, "")
        structure = f"{one.structure_number} {name}".strip()
    return (
        number_or_none(one.number), words_or_none(one.description), words_or_none(one.kind),
        words_or_none(one.how), structure, fixed(one.dose_gy, 3), fixed(one.maximum_gy, 3),
    )  # fmt: skip


def number_ranges(numbers: Iterable[int]) -> str:
    """Return numbers in words, three and more in a row as a range.

    >>> number_ranges([1, 2, 3, 4, 7, 101, 102])
    '1 to 4, 7, 101, 102'

    """
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    parts = [
        [f"{run[0]} to {run[-1]}"] if len(run) > 2 else [str(number) for number in run]
        for run in runs
    ]
    return ", ".join(part for run in parts for part in run)


def fraction_table(plan: Plan) -> Table:
    """Return one row per fraction group, with the sum of MU where it can be told."""
    rows, notes = [], []
    for place, group in enumerate(plan.groups):
        whole, why = _group_mu(plan, place)
        beams = [beam for beam in plan.beams if _treats(beam, group)]
        numbers = number_ranges(group.beam_numbers)
        rows.append((
            number_or_none(group.number), number_or_none(group.fractions), str(len(beams)),
            words_or_none(numbers), fixed(whole, 2),
        ))  # fmt: skip
        if why:
            notes.append(f"{_group_title(group)}: no sum of MU: {why}.")
    if not plan.groups:
        notes.append("The plan tells no fractions.")
    return make_table("Fractions", FRACTIONS, rows, notes)


def _treats(beam: Beam, group: FractionGroup) -> bool:
    return beam.number in group.beam_numbers and not beam.is_setup


def _group_title(group: FractionGroup) -> str:
    return f"Fraction group {number_or_none(group.number)}"


def _group_mu(plan: Plan, place: int) -> tuple[float | None, str]:
    """Return the MU of one fraction of a group; None, and why, where it cannot be told."""
    group, before = plan.groups[place], plan.groups[:place]
    beams = [beam for beam in plan.beams if _treats(beam, group)]
    known = {beam.number for beam in plan.beams}
    count = Counter([beam.number for beam in beams])
    reasons = (
        (set(group.beam_numbers) - known, "{} not in the plan"),
        ({n for n in group.beam_numbers if group.beam_numbers.count(n) > 1}, "{} listed twice"),
        ({number for number in count if count[number] > 1}, "{} there more than once"),
        ({b.number for b in beams if b.meterset_mu is None}, "{} without MU"),
        (
            {b.number for b in beams for one in before if b.number in one.beam_numbers},
            "{} also in a group before, whose MU are shown",
        ),
    )
    for numbers, words in reasons:
        if numbers:
            return None, words.format(_beams_are(numbers))
    if not beams:
        return None, "no treatment beam"
    return sum(beam.meterset_mu or 0.0 for beam in beams), ""


def _beams_are(numbers: Iterable[int]) -> str:
    listed = [str(number) for number in sorted(numbers)]
    return f"beam {listed[0]} is" if len(listed) == 1 else f"beams {', '.join(listed)} are"


def beam_table(plan: Plan) -> Table:
    """Return one row per beam, the sums of MU below."""
    return make_table("Beams", BEAMS, map(_beam_row, plan.beams), _beam_notes(plan))


def _beam_row(beam: Beam) -> tuple[str, ...]:
    points = beam.points
    first = points[0] if points else None
    blocks = ", ".join(one.name or one.kind.lower() or "without name" for one in beam.blocks)
    energies = dict.fromkeys(one.energy for one in points if one.energy is not None)
    return (
        number_or_none(beam.number), words_or_none(beam.name), words_or_none(beam.delivery),
        words_or_none(beam.kind), words_or_none(beam.radiation),
        words_or_none(" / ".join(f"{energy:g}" for energy in energies)),
        fixed(beam.meterset_mu, 2), fixed(beam.dose_gy, 3),
        words_or_none(beam.machine), _gantry(points),
        _span([one.collimator_deg for one in points]),
        _span([one.couch_deg for one in points]), *jaw_cells(first), str(len(points)),
        words_or_none(", ".join(beam.wedges)),
        words_or_none(beam.applicator), words_or_none(blocks),
        str(beam.bolus) if beam.bolus else NONE, fixed(beam.source_axis_mm, 1),
        *_point(first.isocentre_mm if first is not None else None),
    )  # fmt: skip


def _point(point_mm: Floats | None) -> tuple[str, ...]:
    return (NONE,) * 3 if point_mm is None else tuple(fixed(float(one), 1) for one in point_mm)


def _gantry(points: Sequence[ControlPoint]) -> str:
    """Return where the gantry goes, and which way round; "CCW" where DICOM writes CC."""
    turns = dict.fromkeys(one.gantry_turn for one in points[:-1])
    ways = [turn.replace("CC", "CCW") for turn in turns if turn not in ("", "NONE")]
    span = _span([one.gantry_deg for one in points], moves=bool(ways))
    return " ".join([span, ", ".join(ways)]) if ways else span


def _span(values: Sequence[float | None], *, moves: bool = False) -> str:
    """Return one angle, or first and last of an angle that changes."""
    if not values:
        return NONE
    ends = fixed(values[0], 1), fixed(values[-1], 1)
    changes = len({fixed(value, 1) for value in values}) > 1
    return f"{ends[0]} → {ends[1]}" if moves or changes else ends[0]


def _kind_notes(plan: Plan) -> Iterator[str]:
    """Yield what is said of plans whose treatment is not shown."""
    if plan.brachy_setups:
        count = plan.brachy_setups
        setups = "application setup" if count == 1 else "application setups"
        yield (
            f"Brachytherapy plan ({count} {setups}): sources and channels are not shown, only "
            "what the plan refers to."
        )
    if plan.is_ion:
        yield "Ion plan: its beams are not shown, only what the plan refers to."


def _beam_notes(plan: Plan) -> Iterator[str]:
    yield from _kind_notes(plan)
    if not plan.beams:
        if not (plan.brachy_setups or plan.is_ion):
            yield "The plan has no beams."
        return
    for place, group in enumerate(plan.groups):
        whole, why = _group_mu(plan, place)
        number = (
            "one fraction"
            if group.fractions == 1
            else f"{number_or_none(group.fractions)} fractions"
        )
        told = f"{fixed(whole, 2)} MU" if whole is not None else f"{NONE} ({why})"
        yield f"{_group_title(group)}, {number}: sum over treatment beams: {told}."
    if not plan.groups:
        yield "The plan tells no fraction group, hence no MU."
    numbers = Counter(beam.number for beam in plan.beams)
    twice = [number for number, count in numbers.items() if count > 1]
    if twice:
        yield f"Beam numbers used more than once: {', '.join(map(number_or_none, twice))}."
    grouped = {number for group in plan.groups for number in group.beam_numbers}
    loose = [b.number for b in plan.beams if not b.is_setup and b.number not in grouped]
    if loose and plan.groups:
        yield f"In no fraction group: {', '.join(map(number_or_none, loose))}."
    yield "Jaws and isocentre: at the first control point. MU and dose: of one fraction."


@dataclass(frozen=True)
class _Object:
    """One object of a set: its cells, and what it refers to with whether that is here."""

    item: Item
    kind: str
    label: str
    date: str = ""
    frame: str = ""
    uid: str = ""
    asked: tuple[tuple[str, str], ...] = ()


def reference_table(rt_set: RtSet) -> Table:
    """Return the objects of a set, one row for each thing they refer to and whether it is here."""
    known = {item.sop_uid for item in rt_set.items}
    rows = [row for one in _objects(rt_set, known) for row in _reference_rows(one)]
    notes = ["UID: of images, their series'; of all else, the SOPInstanceUID."]
    missing = sum(row[-1] not in (HERE, OTHER_SERIES, NONE) for row in rows)
    if missing:
        verb = "reference points" if missing == 1 else "references point"
        notes.append(f"{missing} {verb} to something that is not here.")
    if not rows:
        notes = ["The set has no objects."]
    return make_table("References", REFERENCES, rows, notes)


def _reference_rows(one: _Object) -> Iterator[tuple[str, ...]]:
    names = (one.item.text("Manufacturer"), one.item.text("ManufacturerModelName"))
    maker = " ".join(dict.fromkeys(name for name in names if name))
    summed = one.kind == SUM
    cells = (
        one.kind, words_or_none(one.label), iso_date(one.date),
        "this program" if summed else words_or_none(maker),
        NONE if summed else tail(one.uid or one.item.sop_uid), one.frame or NONE,
    )  # fmt: skip
    for words, here in one.asked or ((NONE, NONE),):
        yield (*cells, words, here)


def _objects(own: RtSet, known: set[str]) -> Iterator[_Object]:
    for series in own.series:
        item, label = series.first, series.first.text("SeriesDescription")
        uid, frame = series.series_uid, tail(series.frame_uid)
        words = f"{series.modality}, {len(series.items)} slices"
        yield _Object(item, words, label, _date(item, "SeriesDate"), frame, uid)
    series_here = {one.series_uid for one in own.series}
    for one in own.structure_sets:
        frames = ", ".join(tail(uid) for uid in sorted(one.frame_uids))
        uids = sorted(one.series_uids)
        by_slices = OTHER_SERIES if one.image_uids and one.image_uids <= known else NOT_HERE
        found = [
            (f"image series {tail(uid)}", HERE if uid in series_here else by_slices)
            for uid in uids
        ]
        if one.image_uids:
            words = f"{len(one.image_uids)} slices"
            found.append((words, _how_many_here(one.image_uids, known)))
        date = _date(one.item, "StructureSetDate")
        yield _Object(one.item, "structures", one.label, date, frames, asked=tuple(found))
    for plan in own.plans:
        kind = "ion plan" if plan.is_ion else "plan"
        lists = (
            ("structures", plan.structure_uids), ("dose", plan.dose_uids),
            ("plan", _uids(plan.item, "ReferencedRTPlanSequence")),
        )  # fmt: skip
        asked = _asked(lists, known)
        yield _Object(plan.item, kind, plan.label, plan.date, tail(plan.frame_uid), asked=asked)
    yield from _dose_objects(own, known)
    yield from _other_objects(own, known)


def _dose_objects(own: RtSet, known: set[str]) -> Iterator[_Object]:
    for dose in own.doses:
        kind = SUM if dose.made_by == SUMMED_HERE else "dose"
        asked = _asked((("plan", dose.plan_uids), ("structures", dose.structure_uids)), known)
        frame, date = tail(dose.grid.frame_uid), _date(dose.item, "InstanceCreationDate")
        yield _Object(dose.item, kind, dose.title, date, frame, asked=asked)


def _other_objects(own: RtSet, known: set[str]) -> Iterator[_Object]:
    frames = {series.frame_uid for series in own.series}
    frames |= {uid for one in own.structure_sets for uid in one.frame_uids}
    frames |= {plan.frame_uid for plan in own.plans} | {one.grid.frame_uid for one in own.doses}
    for one in own.registrations:
        ends = ((f"frame {tail(uid)}", uid) for uid in (one.from_frame, one.to_frame))
        asked = tuple((words, _is_here(uid in frames)) for words, uid in ends)
        date, frame = _date(one.item, "ContentDate"), tail(one.to_frame)
        yield _Object(one.item, "registration", one.label, date, frame, asked=asked)
    for item in own.rt_images:
        asked = _asked((("plan", _uids(item, "ReferencedRTPlanSequence")),), known)
        frame, label = tail(item.text("FrameOfReferenceUID")), item.text("RTImageLabel")
        date = _date(item, "AcquisitionDate")
        yield _Object(item, "RT image", label, date, frame, asked=asked)
    for item in own.others:
        frame = tail(item.text("FrameOfReferenceUID"))
        label = item.text("SeriesDescription")
        yield _Object(item, item.modality or "unknown", label, _date(item, "ContentDate"), frame)


def _date(item: Item, keyword: str) -> str:
    words = (item.text(name) for name in (keyword, "SeriesDate", "StudyDate"))
    return next((word for word in words if word), "")


def _uids(item: Item, keyword: str) -> tuple[str, ...]:
    return tuple(text(one, "ReferencedSOPInstanceUID") for one in items(item.header, keyword))


def _asked(
    lists: Iterable[tuple[str, Iterable[str]]], known: set[str]
) -> tuple[tuple[str, str], ...]:
    return tuple(
        (f"{kind} {tail(uid)}", _is_here(uid in known)) for kind, uids in lists for uid in uids
    )


def _is_here(here: bool) -> str:
    return HERE if here else NOT_HERE


def _how_many_here(wanted: Iterable[str], known: set[str]) -> str:
    uids = set(wanted)
    missing = len(uids - known)
    if missing in (0, len(uids)):
        return _is_here(missing == 0)
    return f"{missing} of {len(uids)} {NOT_HERE}"
