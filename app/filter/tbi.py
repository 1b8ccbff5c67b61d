"""Total body irradiation: R&V fields held to the clinic's template (R-20; TB-1 and TB-2).

Everything but SSD and MU is always the same (Siochi 2009, II.C.3.g). The SSD is held to what was
measured on verification day.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

import numpy as np
from scipy.optimize import linear_sum_assignment

from app.filter.compare import Comparison, Match
from app.filter.field import Field, Plan
from app.filter.limits import Limits
from app.filter.template import Template, against, read_template
from app.filter.toml_table import read_table
from core.errors import ClinicFileError
from core.findings import Finding, NotChecked, State
from core.layers import Own, strongest_file
from core.paths import RESOURCES

SHIPPED = RESOURCES / "filter" / "tbi.toml"
GROUPS = ("source", "field", "dose")
REMEDY = "Correct the field in the R&V system; if the template is wrong, have its file corrected."
MANUAL = "Table 1 leaves it to the physicist"


def read_tbi_templates(folder: Own) -> tuple[Template, ...]:
    """Return the fields of the template; the clinic's file replaces the shipped one.

    Raises:
        ClinicFileError: The file cannot be used as it stands.

    """
    file = strongest_file(folder, "filter/tbi.toml") or SHIPPED
    rows = read_table(file, GROUPS).get("field")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        words = "the template has no list of fields"
        remedy = "Write one [[field]] per field, as in resources/filter/tbi.toml."
        raise ClinicFileError(words, where=str(file), remedy=remedy)
    return tuple(read_template(str(row.get("name", "TBI")), row, file) for row in rows)


def compare_tbi(
    rv: Plan,
    templates: tuple[Template, ...],
    limits: Limits,
    measured_ssd_mm: Mapping[str, Decimal] | None = None,
) -> Comparison:
    """Hold every treatment field to the template field it differs least from.

    Args:
        rv: The export.
        templates: Fields of the template.
        limits: From tolerances.toml.
        measured_ssd_mm: SSD measured on verification day, by field ID.

    """
    fields = [field for field in rv.fields if not field.setup]
    answers = [[list(against(field, one, limits)) for one in templates] for field in fields]
    cost = np.array([[_errors(cell) for cell in row] for row in answers]).reshape(
        len(fields), len(templates)
    )
    asked: list[Finding | NotChecked] = []
    matches = []
    rows, columns = linear_sum_assignment(cost)
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        asked += answers[row][column]
        matches.append(Match(fields[row].id, templates[column].name, float(cost[row, column])))
        asked += _ssd(fields[row], limits, measured_ssd_mm or {})
    for place in set(range(len(fields))) - set(rows.tolist()):
        words = f"The template has no field for {fields[place].id} ({fields[place].name})"
        asked.append(_field("F-CMP-FIELD", words, fields[place].id))
    for place in set(range(len(templates))) - set(columns.tolist()):
        words = f"The R&V system has no field for {templates[place].name!r} of the template"
        asked.append(_field("F-CMP-BEAM", words, ""))
    asked.append(NotChecked("lung blocks", MANUAL))
    return Comparison(
        tuple(matches),
        tuple(one for one in asked if isinstance(one, Finding)),
        tuple(one for one in asked if isinstance(one, NotChecked)),
    )


def _errors(answer: list[Finding | NotChecked]) -> int:
    return sum(isinstance(one, Finding) for one in answer)


def _ssd(
    field: Field, limits: Limits, measured: Mapping[str, Decimal]
) -> Iterator[Finding | NotChecked]:
    found, expected = field.ssd_mm, measured.get(field.id)
    if found is None or expected is None:
        why = "the export does not hold it" if found is None else "no measured SSD was given"
        yield NotChecked("ssd", why, field.id)
        return
    limit = limits["special.tbi_ssd_mm"]
    if not abs(found - expected) <= limit:
        texts = [f"{value.scaleb(-1):f}" for value in (found, expected, limit)]
        yield Finding(
            "F-TBI-SSD", State.ERROR,
            f"Field {field.id}: ssd is {texts[0]} cm in the R&V system, {texts[1]} cm were "
            "measured on verification day", field.id, item="ssd", expected=texts[1],
            found=texts[0], unit="cm", tolerance=texts[2], remedy=REMEDY,
        )  # fmt: skip


def _field(rule: str, words: str, field: str) -> Finding:
    return Finding(rule, State.ERROR, words, field, item="field_id", remedy=REMEDY)
