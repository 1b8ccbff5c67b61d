"""A field the clinic always uses in the same way, and R&V fields held to it (Table 1, "T").

Values stand in a TOML table by the elements of the record table, in its units.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from app.filter.field import Field
from app.filter.limits import Limits
from app.filter.parameters import FIELD_PARAMETERS, FITTINGS, Kind, Parameter, Value
from app.filter.values import compare_values
from core.errors import ClinicFileError
from core.findings import Finding, NotChecked, State

REMEDY = "Correct the field in the R&V system; if the template is wrong, have its file corrected."
ROWS = {row.item: row for row in FIELD_PARAMETERS}
FITTED = {one.item: one for one in FITTINGS}
NOT_READ = ("source", "name", "ssd", "field_monitor_units")
OPEN_MM = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Template:
    """What every field of a kind has.

    Attributes:
        values: By element; lengths in mm.
        fittings: Names of accessories by element; an empty tuple means none.
        tips_mm: Both tips of every open leaf pair.

    """

    name: str
    values: Mapping[str, Value]
    fittings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tips_mm: tuple[Decimal, Decimal] | None = None


def read_template(
    name: str, table: Mapping[str, object], file: Path, passed: Collection[str] = NOT_READ
) -> Template:
    """Return a template from its TOML table; `passed` are entries that are no elements.

    Raises:
        ClinicFileError: An element is unknown, or its value or unit is not the element's.

    """
    values: dict[str, Value] = {}
    fittings: dict[str, tuple[str, ...]] = {}
    tips = None
    for item, entry in table.items():
        if item in passed:
            continue
        raw = entry.get("value") if isinstance(entry, dict) else None
        unit = entry.get("unit") if isinstance(entry, dict) else None
        if item in FITTED and isinstance(raw, list):
            fittings[item] = tuple(str(one) for one in raw)
        elif item == "mlc" and isinstance(raw, list) and len(raw) == 2 and unit == "cm":
            low, high = (Decimal(str(one)).scaleb(1) for one in raw)
            tips = (low, high)
        elif item in ROWS and _fits(ROWS[item], raw, unit):
            values[item] = _value(ROWS[item], raw)
        else:
            words = f"{item} = {entry!r} of {name} is no value of an element of the record table"
            raise ClinicFileError(
                words[:200], where=str(file),
                remedy="Write it as in the shipped file, with value and unit.",
            )  # fmt: skip
    return Template(name, values, fittings, tips)


def _fits(row: Parameter, raw: object, unit: object) -> bool:
    if row.kind in (Kind.TEXT, Kind.WORD):
        return isinstance(raw, str)
    units = row.unit.split(" or ")
    return isinstance(raw, int | float) and not isinstance(raw, bool) and unit in units


def _value(row: Parameter, raw: object) -> Value:
    if isinstance(raw, str):
        return raw
    number = Decimal(str(raw))
    return number.scaleb(1) if row.kind == Kind.LENGTH else number


def against(one: Field, template: Template, limits: Limits) -> Iterator[Finding | NotChecked]:
    """Return where a field is not as its template, and what it does not hold."""
    for item, expected in template.values.items():
        row = ROWS[item]
        found = row.get(one)
        if found is None:
            if expected != Decimal(0) or item != "doserate":  # 0 and blank are the same there
                yield NotChecked(item, "the R&V export does not hold it", one.id)
            continue
        apart = compare_values(row, found, expected, limits, digits_count=True)
        if apart is not None:
            yield _finding(one, template, item, apart.found, apart.expected, row.unit)
    for item, names in template.fittings.items():
        yield from _of_fitting(one, template, item, names)
    if template.tips_mm is not None:
        yield from _of_leaves(one, template, template.tips_mm)


def _of_fitting(
    one: Field, template: Template, item: str, names: tuple[str, ...]
) -> Iterator[Finding | NotChecked]:
    accessories = FITTED[item].get(one)
    if accessories is None:
        yield NotChecked(item, "the R&V export does not hold it", one.id)
        return
    found = [each.names[0].strip() if each.names else "unnamed" for each in accessories]
    if sorted(text.casefold() for text in found) != sorted(name.casefold() for name in names):
        words = [", ".join(texts) or "none" for texts in (found, names)]
        yield _finding(one, template, item, words[0], words[1], "")


def _of_leaves(
    one: Field, template: Template, tips: tuple[Decimal, Decimal]
) -> Iterator[Finding | NotChecked]:
    points = [point for point in one.control_points if point.layers]
    if not points:
        yield NotChecked("mlc", "the R&V export holds no leaves of the field", one.id)
    for point in points:
        for leaf, pair in enumerate(
            zip(point.layers[0].a_mm, point.layers[0].b_mm, strict=True), start=1
        ):
            wrong = [n for n in (0, 1) if pair[n] != tips[n]]
            if pair[1] - pair[0] > OPEN_MM and wrong:
                texts = [f"{pair[n].scaleb(-1):f}" for n in wrong]
                wanted = [f"{tips[n].scaleb(-1):f}" for n in wrong]
                item = f"mlc_{'ab'[wrong[0]]}{leaf}"
                yield _finding(one, template, item, texts[0], wanted[0], "cm", point.number)
                return


def _finding(
    one: Field,
    template: Template,
    item: str,
    found: str,
    expected: str,
    unit: str,
    point: int | None = None,
) -> Finding:
    short = "mlc" if item.startswith("mlc") else item
    tail = f" {unit}" if unit else ""
    return Finding(
        f"F-TPL-{short.upper().replace('_', '-')}", State.ERROR,
        f"Field {one.id}: {item} is {found}{tail}, the template {template.name} has "
        f"{expected}{tail}", one.id, point, item, expected, found, unit, remedy=REMEDY,
    )  # fmt: skip
