"""The therapist's one-page sheet: angles, jaws and SSD per field, plan beside R&V (O-10)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from pathlib import Path

from app.filter.compare import Match
from app.filter.field import Field, Plan
from app.filter.ledger_page import STYLE
from app.filter.limits import Limits
from app.filter.parameters import FIELD_PARAMETERS, Kind, Parameter
from app.filter.report import Report, beam_words, compare_report
from app.filter.settings import read_settings
from app.filter.values import compare_values
from core.errors import RemedyError

COLUMNS = (
    ("gantry_angle", "Gantry"), ("arc_stop_angle", "to"), ("collimator_angle", "Coll."),
    ("couch_angle", "Couch"), ("collimator_x1", "X1"), ("collimator_x2", "X2"),
    ("collimator_y1", "Y1"), ("collimator_y2", "Y2"), ("ssd", "SSD"),
)  # fmt: skip
ROWS = {row.item: row for row in FIELD_PARAMETERS}
EMPTY = "-"


@dataclass(frozen=True, slots=True)
class Cell:
    """One value from plan and R&V system; `differs` is None where one of them is silent."""

    plan: str
    rv: str
    differs: bool | None


@dataclass(frozen=True, slots=True)
class Line:
    """One field: ID, name, plan beam and a cell for each of COLUMNS; deg and cm."""

    field: str
    name: str
    beam: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The whole sheet."""

    patient: str
    plan: str
    machine: str
    lines: tuple[Line, ...]
    time: datetime


def sheet_of(rv_path: Path, plan_path: Path, trial: str | None = None) -> Sheet:
    """Return the sheet of an export and its plan.

    Raises:
        RemedyError: One of them cannot be read.

    """
    return sheet_from(compare_report(rv_path, plan_path, trial))


def sheet_from(report: Report) -> Sheet:
    """Return the sheet of a comparison that has been made."""
    rv, plan = report.rv, report.plan
    if rv is None or plan is None:
        raise RemedyError(
            "the sheet needs a plan beside the export", where=report.title,
            remedy="Compare the export with its plan first.",
        )  # fmt: skip
    patient = rv.patient
    name = ", ".join(part for part in (patient.last_name, patient.first_name) if part)
    matches = {match.rv_field: match for match in report.matches}
    limits = read_settings().limits
    made = []
    for field in rv.fields:
        match = matches.get(field.id)
        beam = _beam(match, plan)
        cells = tuple(
            _cell(ROWS[item], field, beam, limits, digits_count=rv.kind != "DICOM RT Plan")
            for item, _ in COLUMNS
        )
        words = beam_words(match) if match is not None and beam is not None else "none"
        made.append(Line(field.id, field.name, words, cells))
    machines = ", ".join(sorted({field.machine for field in rv.fields if field.machine}))
    return Sheet(
        f"{name or 'No name'}   ID {patient.id or EMPTY}", rv.plan_id or plan.plan_id or EMPTY,
        machines or EMPTY, tuple(made), datetime.now().astimezone(),
    )  # fmt: skip


def sheet_text(sheet: Sheet) -> str:
    """Return the sheet as text: two lines a field, plan above R&V; * marks a difference."""
    head = f"{'Field':7}{'':6}" + "".join(f"{title:>9}" for _, title in COLUMNS)
    rows = [
        sheet.patient,
        f"Plan {sheet.plan}   Machine {sheet.machine}   angles deg, cm",
        "",
        head,
    ]
    for line in sheet.lines:
        for source in ("plan", "R&V"):
            cells = "".join(f"{_marked(cell, source):>9}" for cell in line.cells)
            rows.append(f"{line.field if source == 'plan' else '':7}{source:6}{cells}")
        rows.append(f"{'':7}{line.name}  (plan: {line.beam})")
    rows += [
        "",
        "* differs     - not stated",
        _foot(sheet),
        "",
        "Checked by: ____________________",
    ]
    return "\n".join(rows)


def sheet_html(sheet: Sheet) -> str:
    """Return the sheet as one page; differences are bold, framed and marked."""
    titles = "".join(f'<th align="right">{title}</th>' for _, title in COLUMNS)
    body = "".join("".join(_html_rows(line)) for line in sheet.lines)
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f"<title>Therapist check {escape(sheet.plan)}</title><style>{STYLE}</style></head><body>"
        f"<h1>{escape(sheet.patient)}</h1><p>Therapist check: plan {escape(sheet.plan)}, machine "
        f"{escape(sheet.machine)}. Angles in degrees, jaws and SSD in cm.</p>"
        f'<table width="100%"><tr><th>Field</th><th></th>{titles}</tr>{body}</table>'
        f"<p>&#9650; marks a difference; - means that the source does not state the value.</p>"
        f"<p>Checked by: ______________________ Date: ______________</p>"
        f'<p class="small">{escape(_foot(sheet))}</p></body></html>'
    )


def _html_rows(line: Line) -> Iterator[str]:
    for source in ("plan", "R&V"):
        # The plan's beam stands in the plan's row, the field in the row of the R&V system.
        named = line.beam if source == "plan" else line.name
        name = f"<b>{escape(line.field)}</b>   {escape(named)}"
        cells = "".join(_html_cell(cell, source) for cell in line.cells)
        yield f"<tr><td>{name}</td><td>{escape(source)}</td>{cells}</tr>"


def _html_cell(cell: Cell, source: str) -> str:
    value = escape(cell.plan if source == "plan" else cell.rv)
    if not cell.differs:
        return f'<td align="right">{value}</td>'
    look = 'align="right" style="background:#fff3b0" bgcolor="#fff3b0"'
    return f"<td {look}><b>&#9650; {value}</b></td>"


def _marked(cell: Cell, source: str) -> str:
    value = cell.plan if source == "plan" else cell.rv
    return f"{value}*" if cell.differs else value


def _foot(sheet: Sheet) -> str:
    return f"Made {sheet.time:%Y-%m-%d %H:%M} from the R&V export and the plan by EQS Workstation"


def _beam(match: Match | None, plan: Plan) -> Field | None:
    """Return the plan's beam of a field, a segment's jaws in place of the beam's own."""
    if match is None:
        return None
    found = next((one for one in plan.fields if match.plan_beam in (one.name, one.id)), None)
    if found is None or match.segment is None:
        return found
    place = 2 * (match.segment - 1)
    if place >= len(found.control_points):
        return found
    return replace(found, jaws=found.control_points[place].jaws)


def _cell(
    row: Parameter, field: Field, beam: Field | None, limits: Limits, *, digits_count: bool
) -> Cell:
    found, planned = row.get(field), row.get(beam) if beam is not None else None
    plan_text, rv_text = _text(row, planned), _text(row, found)
    if found is None or planned is None:
        return Cell(plan_text, rv_text, None)
    apart = compare_values(row, found, planned, limits, digits_count=digits_count)
    return Cell(plan_text, rv_text, apart is not None)


def _text(row: Parameter, value: object) -> str:
    if value is None or value == "":
        return EMPTY
    number = float(value) / (10 if row.kind == Kind.LENGTH else 1)  # type: ignore[arg-type]  # columns are numbers
    return f"{number:.2f}" if abs(number * 10 - round(number * 10)) > 1e-6 else f"{number:.1f}"


def differences(lines: Sequence[Line]) -> int:
    """Return how many values differ."""
    return sum(cell.differs is True for line in lines for cell in line.cells)
