"""Templates by treatment site, and rules the clinic does not ask (`filter/sites.toml`)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from app.filter.field import Field, Plan, Prescription
from app.filter.limits import Limits
from app.filter.template import Template, against, read_template
from app.filter.toml_table import read_table
from core.errors import ClinicFileError
from core.findings import Finding, NotChecked, State

NEVER_OFF = ("F-CMP", "F-RTP", "F-OPEN", "F-LOG", "F-BASE")
SPANS = {"fraction_dose": "cGy", "fields": "1"}
REMEDY = "Correct it; resources/filter/sites.toml shows how it is written."
CHECK = "Find out whether this plan is meant to differ; acknowledge with the reason."
Span = tuple[Decimal, Decimal]


@dataclass(frozen=True, slots=True)
class Site:
    """What the clinic does at one treatment site.

    Attributes:
        pattern: Of the whole name of the prescription's site.
        template: What every treatment field has.
        spans: Smallest and largest "fraction_dose" (cGy) and number of "fields".
        off: Reason by rule that is not asked here.

    """

    name: str
    pattern: re.Pattern[str]
    template: Template
    spans: Mapping[str, Span] = field(default_factory=dict)
    off: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sites:
    """Everything of the file; `off` are rules that are asked nowhere."""

    sites: tuple[Site, ...] = ()
    off: Mapping[str, str] = field(default_factory=dict)

    def of(self, name: str) -> Site | None:
        """Return the first site whose pattern a prescription's site fits."""
        return next((one for one in self.sites if one.pattern.fullmatch(name.strip())), None)

    def reason(self, rule: str, name: str) -> str:
        """Return why a rule is not asked at a site; empty when it is asked."""
        site = self.of(name)
        own = site.off.get(rule, "") if site is not None else ""
        return own or self.off.get(rule, "")


def read_sites(file: Path) -> Sites:
    """Return the site templates and what is switched off.

    Raises:
        ClinicFileError: An entry is unknown, incomplete, or switches off what must be asked.

    """
    table = read_table(file)
    rows = table.get("site", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _wrong("`site` must be a list of tables ([[site]])", file)
    unknown = set(table) - {"site", "off"}
    if unknown:
        raise _wrong(f"unknown entry {min(unknown)!r}", file)
    return Sites(tuple(_site(row, file) for row in rows), _off(table.get("off", {}), file))


def site_findings(rv: Plan, sites: Sites, limits: Limits) -> Iterator[Finding | NotChecked]:
    """Return where an export differs from the templates of its sites: warnings, never errors."""
    for rx in rv.prescriptions:
        site = sites.of(rx.site)
        if site is None:
            continue
        treating = [one for one in rv.fields if one.site == rx.site and not one.setup]
        yield from _spans(rx, treating, site)
        for one in treating:
            for asked in against(one, site.template, limits):
                if isinstance(asked, Finding):
                    rule = asked.rule.replace("F-TPL", "F-CLINIC", 1)
                    yield replace(asked, rule=rule, state=State.WARNING, remedy=CHECK)
                else:
                    yield asked


def without_off(
    findings: tuple[Finding, ...], rv: Plan | None, sites: Sites
) -> tuple[tuple[Finding, ...], tuple[NotChecked, ...]]:
    """Return the findings of rules that are asked, and a row for each rule that is not.

    Args:
        findings: Of a report.
        rv: The export; its prescriptions say which sites there are.
        sites: From `read_sites`.

    """
    names = tuple(dict.fromkeys(rx.site for rx in rv.prescriptions)) if rv is not None else ()
    of_field = {one.id: one.site for one in rv.fields} if rv is not None else {}
    kept = []
    for one in findings:
        own = (of_field[one.field],) if one.field in of_field else names or ("",)
        if not all(sites.reason(one.rule, name) for name in own):
            kept.append(one)
    rows = []
    for name in names or ("",):
        site = sites.of(name)
        for rule, why in {**sites.off, **(site.off if site is not None else {})}.items():
            where = f" for {name}" if name and rule not in sites.off else ""
            rows.append(
                NotChecked(f"rule {rule}", f"switched off{where} by filter/sites.toml: {why}")
            )
    return tuple(kept), tuple(dict.fromkeys(rows))


def _spans(rx: Prescription, fields: list[Field], site: Site) -> Iterator[Finding | NotChecked]:
    values = {"fraction_dose": rx.fraction_cgy, "fields": Decimal(len(fields))}
    for name, (low, high) in site.spans.items():
        value, unit = values[name], SPANS[name] if name == "fraction_dose" else ""
        if value is None:
            yield NotChecked(f"{name} of {rx.site}", "the export does not hold it")
        elif not low <= value <= high:
            words = "fraction dose" if name == "fraction_dose" else "number of treatment fields"
            yield Finding(
                f"F-CLINIC-{name.upper().replace('_', '-')}", State.WARNING,
                f"{rx.site}: the {words} is {value} {unit}".rstrip() + ", the clinic's template "
                f"{site.name} has {low} to {high} {unit}".rstrip(),
                item="dose_tx" if name == "fraction_dose" else "number_of_fields",
                expected=f"{low} to {high}", found=str(value), unit=unit, remedy=CHECK,
            )  # fmt: skip


def _site(row: Mapping[str, object], file: Path) -> Site:
    name, pattern = row.get("name"), row.get("sites")
    if not isinstance(name, str) or not name or not isinstance(pattern, str) or not pattern:
        raise _wrong("a [[site]] has no name or no pattern `sites`", file)
    unknown = set(row) - {"name", "sites", "off", "field", *SPANS}
    if unknown:
        raise _wrong(f"unknown entry {min(unknown)!r} of {name}", file)
    try:
        compiled = re.compile(pattern, re.IGNORECASE)
    except re.error as fault:
        raise _wrong(f"the pattern of {name} is none: {fault}", file) from fault
    values = row.get("field", {})
    if not isinstance(values, dict):
        raise _wrong(f"`field` of {name} is no table", file)
    spans = {key: _span(row[key], key, name, file) for key in SPANS if key in row}
    template = read_template(name, values, file)
    return Site(name, compiled, template, spans, _off(row.get("off", {}), file))


def _span(entry: object, key: str, name: str, file: Path) -> Span:
    value = entry.get("value") if isinstance(entry, dict) else None
    unit = entry.get("unit") if isinstance(entry, dict) else None
    numbers = isinstance(value, list) and [
        Decimal(str(one)) for one in value
        if isinstance(one, int | float) and not isinstance(one, bool)
    ]  # fmt: skip
    if not numbers or len(numbers) != 2 or not numbers[0] <= numbers[1] or unit != SPANS[key]:
        what = f"{key} of {name} is not the smallest and the largest value in {SPANS[key]}"
        raise _wrong(what, file)
    return numbers[0], numbers[1]


def _off(rows: object, file: Path) -> dict[str, str]:
    if not isinstance(rows, dict):
        raise _wrong("`off` must be a table of rules with their reasons", file)
    for rule, why in rows.items():
        if not isinstance(why, str) or not why.strip():
            raise _wrong(f"{rule} is switched off without a reason", file)
        if not str(rule).startswith("F-") or str(rule).startswith(NEVER_OFF):
            raise _wrong(f"{rule} is no rule that may be switched off", file)
    return {str(rule): why.strip() for rule, why in rows.items()}


def _wrong(what: str, file: Path) -> ClinicFileError:
    return ClinicFileError(what, where=str(file), remedy=REMEDY)
