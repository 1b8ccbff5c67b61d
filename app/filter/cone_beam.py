"""Cone-beam fields held to the clinic's template: jaws, arc and MU (R-24; CB-1)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from app.filter.field import Field, Plan
from app.filter.limits import Limits
from app.filter.template import Template, against, read_template
from app.filter.toml_table import read_table
from core.errors import ClinicFileError
from core.findings import Finding, NotChecked

REMEDY = "Correct it; resources/filter/cone_beam.toml shows how it is written."
NO_TEMPLATE = "the clinic has laid down no template for it (filter/cone_beam.toml)"
NOT_ELEMENTS = ("name", "source")


@dataclass(frozen=True, slots=True)
class ConeBeam:
    """Which fields are cone-beam fields, and what they have.

    Attributes:
        names: Pattern in a field's name or ID; None finds no field.
        templates: One per protocol; empty while the clinic has laid down none.

    """

    names: re.Pattern[str] | None = None
    templates: tuple[Template, ...] = ()

    def is_one(self, field: Field) -> bool:
        """Return whether a field is a cone-beam field."""
        return self.names is not None and bool(self.names.search(f"{field.name} {field.id}"))


def read_cone_beam(file: Path) -> ConeBeam:
    """Return the pattern and the templates.

    Raises:
        ClinicFileError: The pattern is none, or a template names no element.

    """
    table = read_table(file, ("names", "template"))
    entry, rows = table.get("names"), table.get("template", [])
    pattern = entry.get("value") if isinstance(entry, dict) else entry
    if not isinstance(pattern, str) or not isinstance(rows, list):
        what = "there is no pattern `names`, or `template` is no list of tables"
        raise ClinicFileError(what, where=str(file), remedy=REMEDY)
    try:
        names = re.compile(pattern, re.IGNORECASE)
    except re.error as fault:
        what = f"the pattern `names` is none: {fault}"
        raise ClinicFileError(what, where=str(file), remedy=REMEDY) from fault
    return ConeBeam(names, tuple(
        read_template(str(row.get("name", "cone beam")), row, file, NOT_ELEMENTS) for row in rows
    ))  # fmt: skip


def cone_beam_findings(
    rv: Plan, cone_beam: ConeBeam, limits: Limits
) -> Iterator[Finding | NotChecked]:
    """Hold every cone-beam field to the template it differs least from."""
    for field in rv.fields:
        if not cone_beam.is_one(field):
            continue
        if not cone_beam.templates:
            yield NotChecked("cone-beam field", NO_TEMPLATE, field.id)
            continue
        answers = [list(against(field, one, limits)) for one in cone_beam.templates]
        for asked in min(answers, key=_errors):
            if isinstance(asked, Finding):
                yield replace(asked, rule=asked.rule.replace("F-TPL", "F-CB", 1))
            else:
                yield asked


def _errors(answer: list[Finding | NotChecked]) -> int:
    return sum(isinstance(one, Finding) for one in answer)
