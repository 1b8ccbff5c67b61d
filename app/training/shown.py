"""What a trainee is shown of a case: values side by side, and the program's own report.

Read and reported by the very functions the rooms use, without those that keep records.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from app.demo.dicom_plan import plan_file
from app.demo.rv_export import export_records
from app.demo.rv_records import file_of
from app.demo.words import treatment_file
from app.filter.field import Accessory, Field, Plan
from app.filter.parameters import FIELD_PARAMETERS, FITTINGS, Kind, Parameter
from app.filter.plan_source import read_plan_source
from app.filter.report import compare_report
from app.filter.rv_source import open_rv
from app.lex.sources import choose_trial, open_source
from app.lex.transfer import prepare
from app.lex.treatment import read_treatment
from app.training.cases import Case, Level
from core.errors import RemedyError
from core.findings import Finding, NotChecked, State
from core.safe_write import write_whole

Progress = Callable[[float, str], None]
FOLDER, PLAN, TREATMENT = "cases", "plan.dcm", "treatment.toml"
# What nobody compares by eye: links between files, and what the set leaves out on both sides.
LEFT_OUT = {
    "original_beam_number", "original_beam_name", "original_plan_uid", "isfff", "couch_pedestal",
    "isocenter_position_x", "isocenter_position_y", "isocenter_position_z", "field_note",
    "arc_mu_degree", "wedge_monitor_units", "sad",
}  # fmt: skip
LABELS = {
    "doserate": "Dose rate", "ssd": "SSD", "field_monitor_units": "Monitor units",
    "field_id": "Field ID", "e_applicator": "Applicator", "e_field_def_aperture": "Cutout",
    "collimator_x1": "Jaw X1", "collimator_x2": "Jaw X2", "collimator_y1": "Jaw Y1",
    "collimator_y2": "Jaw Y2", "couch_vertical": "Table vertical",
    "couch_lateral": "Table lateral", "couch_longitudinal": "Table longitudinal",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: titles, rows of equal length; an empty cell means the source is silent."""

    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """One case as the trainee sees it.

    Attributes:
        case: With its answer; the page keeps it to itself until then.
        file: The export or the plan.
        fields: Values of the fields, the plan's beside the R&V system's; empty for a plan.
        whole: Patient and prescriptions, in the same way.
        level: Whether the report may be seen before the answer.
        findings: The program's report; what it could not read is one finding.
        places: What an answer can name: field IDs of an export, beam names of a plan.

    """

    case: Case
    file: Path
    level: Level
    fields: Grid
    whole: Grid
    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...]
    places: tuple[str, ...]


def write_cases(
    folder: Path, cases: Sequence[Case], progress: Progress | None = None
) -> tuple[Path, ...]:
    """Write the plan, its treatment data and the file of each case; return these in their order.

    Raises:
        OSError: The folder cannot be written.

    """
    tell = progress or (lambda _share, _words: None)
    sound = plan_file()
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    write_whole(folder / PLAN, sound)
    write_whole(folder / TREATMENT, treatment_file())
    made = []
    for case in cases:
        tell(case.number / len(cases), f"case {case.number}")
        file = folder / FOLDER / f"case_{case.number:02d}.{'dcm' if case.is_plan else 'rtp'}"
        if case.error is not None:
            data = case.error.data()
        else:
            data = sound if case.is_plan else file_of(export_records())
        write_whole(file, data)
        made.append(file)
    return tuple(made)


def show(folder: Path, case: Case, file: Path, level: Level) -> Shown:
    """Return a case with all that can be seen of it; what may be seen is for the page."""
    if case.is_plan:
        return _of_plan(case, file, folder / TREATMENT, level)
    plan = read_plan_source(folder / PLAN, None)
    places = tuple(field.id or str(field.number) for field in plan.fields)
    try:
        rv = open_rv(file)
        report = compare_report(file, folder / PLAN)
    except RemedyError as fault:
        row = Finding("F-OPEN", State.ERROR, f"{fault.what} ({fault.where})", remedy=fault.remedy)
        empty = Grid((), ())
        return Shown(case, file, level, empty, empty, (row,), (), places)
    extra = tuple(one.id for one in rv.fields if one.id not in places)
    return Shown(
        case, file, level, field_grid(rv, plan), whole_grid(rv, plan), report.findings,
        report.not_checked, (*places, *extra),
    )  # fmt: skip


def _of_plan(case: Case, file: Path, treatment: Path, level: Level) -> Shown:
    trial = choose_trial(open_source(file), None)
    transfer = prepare(trial, read_treatment(treatment))
    beams = tuple(beam.name for rx in trial.prescriptions for beam in rx.beams)
    empty = Grid((), ())
    return Shown(case, file, level, empty, empty, transfer.findings, transfer.not_checked, beams)


def field_grid(rv: Plan, plan: Plan) -> Grid:
    """Return one row per value, and for each field the plan's column beside the R&V system's.

    A field stands beside the beam of its number; one without a beam, or a beam without a field,
    has an empty column at its side.
    """
    pairs = _pairs(rv.fields, plan.fields)
    titles = ["Value"]
    for beam, field in pairs:
        titles.append(f"Plan: {beam.name}" if beam is not None else "Plan: none")
        titles.append(f"R&V: {field.id}" if field is not None else "R&V: none")
    rows = []
    for row in FIELD_PARAMETERS:
        if row.item not in LEFT_OUT:
            unit = f" ({row.unit})" if row.unit else ""
            cells = [_value(row, one) for pair in pairs for one in pair]
            rows.append((f"{_label(row.item)}{unit}", *cells))
    for fitting in FITTINGS:
        cells = ["" if one is None else _names(fitting.get(one)) for pair in pairs for one in pair]
        rows.append((_label(fitting.item), *cells))
    rows.append(("Prescription", *(one.site if one else "" for pair in pairs for one in pair)))
    return Grid(tuple(titles), tuple(row for row in rows if any(row[1:])))


def whole_grid(rv: Plan, plan: Plan) -> Grid:
    """Return patient and prescriptions of both sources, one row per value."""
    rows = [
        ("Patient ID", plan.patient.id, rv.patient.id),
        ("Last name", plan.patient.last_name, rv.patient.last_name),
        ("Position", plan.position or "", rv.position or ""),
    ]
    planned = {rx.site.casefold(): rx for rx in plan.prescriptions}
    for rx in rv.prescriptions:
        own = planned.get(rx.site.casefold())
        fields = sum(one.site.casefold() == rx.site.casefold() for one in plan.fields)
        rows += [
            (f"{rx.site}: {name}", _number(mine), _number(theirs))
            for name, mine, theirs in (
                ("total dose (cGy)", own.total_cgy if own else None, rx.total_cgy),
                ("fraction dose (cGy)", own.fraction_cgy if own else None, rx.fraction_cgy),
                ("fractions", own.fractions if own else None, rx.fractions),
                ("number of fields", fields, rx.field_count),
            )
        ]
        rows.append((f"{rx.site}: particle", "", rx.modality or ""))
    return Grid(("Value", "Plan", "R&V"), tuple(rows))


def _pairs(
    fields: Sequence[Field], beams: Sequence[Field]
) -> list[tuple[Field | None, Field | None]]:
    left = list(fields)
    pairs: list[tuple[Field | None, Field | None]] = []
    for beam in beams:
        own = next((one for one in left if one.number == beam.number), None)
        if own is not None:
            left.remove(own)
        pairs.append((beam, own))
    return [*pairs, *((None, one) for one in left)]


def _value(row: Parameter, field: Field | None) -> str:
    value = None if field is None else row.get(field)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return _number(value.scaleb(-1) if row.kind == Kind.LENGTH else value)
    return "" if value is None else str(value)


def _number(value: Decimal | int | None) -> str:
    if value is None:
        return ""
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _names(devices: Sequence[Accessory] | None) -> str:
    return ", ".join(one.names[0] for one in devices or () if one.names)


def _label(item: str) -> str:
    return LABELS.get(item, item.replace("_", " ").capitalize())
