"""Templates of dose constraints, read from TOML: what is asked, the limit, and its source."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import ClinicFileError
from core.layers import own_layers
from core.machine_values import near_name
from core.paths import RESOURCES

OF_REFERENCE = "% of reference"
AT_LEAST, AT_MOST = ">=", "<="
SIGNS = {AT_LEAST: "≥", AT_MOST: "≤"}
METRIC = re.compile(
    r"(?P<word>Mean|Max|Min)"
    r"|D(?P<level>\d+(\.\d+)?)(?P<level_unit>%|cc)"
    r"|(?P<kind>C?V)(?P<dose>\d+(\.\d+)?)(?P<dose_unit>Gy|%)(?P<in_cc>\[cc\])?"
)
EXAMPLES = "D95%, D0.03cc, V20Gy, V20Gy[cc], V95%, CV12.5Gy[cc], Mean, Max or Min"
NEEDED = ("structure", "metric", "source")
OPTIONAL = ("relation", "limit", "limit_unit", "warn", "note", "each")


@dataclass(frozen=True, slots=True)
class Metric:
    """What is read from a DVH.

    Attributes:
        text: As written, e.g. ``D95%``.
        kind: D, V, CV (volume that gets less than the dose), Mean, Max or Min.
        level: Of D: % or cc; of V and CV: Gy or % of the reference dose; else 0.
        level_unit: "%", "cc" or "Gy"; empty for Mean, Max and Min.
        unit: Unit of the result: "Gy", "%" (of the volume) or "cc".

    """

    text: str
    kind: str
    level: float
    level_unit: str
    unit: str

    def dose_gy(self, reference_gy: float) -> float:
        """Return the dose of a V or CV in Gy."""
        return self.level * reference_gy / 100 if self.level_unit == "%" else self.level


@dataclass(frozen=True, slots=True)
class Constraint:
    """One row of a template.

    Attributes:
        patterns: Names of the structure, letters' case ignored, with ``*`` and ``?``.
        metric: What is read.
        relation: ">=" or "<="; empty when the value is only reported.
        limit: In `limit_unit`; None when the value is only reported.
        limit_unit: "Gy", "% of reference", "%" (of the volume) or "cc".
        warn: Limit of the acceptable variation, in `limit_unit`, or None.
        each: Whether every structure of that name is judged by itself (left and right).
        source: Where the limit is from.
        note: What else the user must know.

    """

    patterns: tuple[str, ...]
    metric: Metric
    relation: str
    limit: float | None
    limit_unit: str
    warn: float | None
    each: bool
    source: str
    note: str

    @property
    def words(self) -> str:
        """The constraint as it is read aloud, e.g. "D95% ≥ 95 % of reference"."""
        if self.limit is None:
            return self.metric.text
        return f"{self.metric.text} {SIGNS[self.relation]} {self.limit:g} {self.limit_unit}"

    @property
    def needs_reference(self) -> bool:
        """Whether it cannot be judged without a reference dose."""
        of_dose = self.metric.kind in ("V", "CV") and self.metric.level_unit == "%"
        return of_dose or self.limit_unit == OF_REFERENCE

    def in_unit(self, limit: float, reference_gy: float) -> float:
        """Return a limit in the unit of the result."""
        return limit * reference_gy / 100 if self.limit_unit == OF_REFERENCE else limit


@dataclass(frozen=True, slots=True)
class Template:
    """A set of constraints for one way of treating.

    Attributes:
        title: Name for lists.
        fractionation: What it holds for.
        note: What the user must know before using it.
        constraints: In the order of the file.

    """

    title: str
    fractionation: str
    note: str
    constraints: tuple[Constraint, ...]


def shipped_templates() -> tuple[Template, ...]:
    """Return the templates that come with the program, by the names of their files."""
    files = sorted((RESOURCES / "constraints").glob("*.toml"))
    return tuple(read_template(path) for path in files)


def templates_in_force() -> tuple[Template, ...]:
    """Return the shipped templates and the clinic's; a file of hers replaces ours of its name.

    Raises:
        ClinicFileError: See `read_template`; or a folder of the clinic is out of reach.

    """
    files = {path.name: path for path in sorted((RESOURCES / "constraints").glob("*.toml"))}
    files |= {name: one.path for name, one in own_layers().listing("constraints").items()}
    return tuple(read_template(path) for path in files.values())


def read_template(path: Path) -> Template:
    """Read one template whole or not at all.

    Raises:
        ClinicFileError: The file cannot be read, or a row of it cannot be.

    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as fault:
        raise ClinicFileError(
            f"the file of constraints cannot be read: {fault}",
            where=path.name,
            remedy="Choose a readable text file in UTF-8.",
        ) from fault
    return parse(text, path.name)


def parse(text: str, where: str) -> Template:
    """Return the template of a TOML text.

    Args:
        text: The file's content.
        where: Name of the file, for the error.

    Raises:
        ClinicFileError: With the line and the key that is wrong.

    """
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as fault:
        raise ClinicFileError(
            f"the file of constraints cannot be read as TOML: {fault}",
            where=where,
            remedy="Correct the file at that place, or take the last good copy.",
        ) from fault
    top = _Row(data, where)
    top.check(("title", "fractionation", "constraint"), ("note",))
    rows = data["constraint"]
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise top.refuse("constraint", "is no list of rows", "Begin each row with [[constraint]].")
    starts = [
        number
        for number, line in enumerate(text.splitlines(), 1)
        if re.match(r"\s*\[\[\s*constraint\s*\]\]", line)
    ]
    if len(starts) != len(rows):
        starts = [0] * len(rows)
    places = [
        f"{where}, constraint {number}" + (f" (line {start})" if start else "")
        for number, start in enumerate(starts, 1)
    ]
    constraints = tuple(
        _constraint(_Row(row, place)) for row, place in zip(rows, places, strict=True)
    )
    note = top.text("note") if "note" in data else ""
    return Template(top.text("title"), top.text("fractionation"), note, constraints)


@dataclass(frozen=True, slots=True)
class _Row:
    """One table of the file, and where it stands."""

    data: Mapping[str, Any]
    where: str

    def refuse(self, key: str, what: str, remedy: str) -> ClinicFileError:
        return ClinicFileError(f"{key!r} {what}", where=self.where, remedy=remedy)

    def check(self, needed: Sequence[str], optional: Sequence[str]) -> None:
        for key in self.data:
            if key not in (*needed, *optional):
                near = near_name(key, (*needed, *optional), "Remove it.")
                raise self.refuse(key, "is an unknown key", near)
        for key in needed:
            if key not in self.data:
                raise self.refuse(key, "is missing", "Add it.")

    def text(self, key: str) -> str:
        raw = self.data[key]
        if not isinstance(raw, str) or not raw.strip():
            raise self.refuse(key, "is no text", "Write a text in quotes.")
        return raw.strip()

    def number(self, key: str) -> float:
        raw = self.data[key]
        if isinstance(raw, bool) or not isinstance(raw, int | float) or not 0 <= raw < 1e6:
            raise self.refuse(key, "is no number of 0 or more", "Write a number without quotes.")
        return float(raw)

    def one_of(self, key: str, known: Sequence[str]) -> str:
        raw = self.data[key]
        if raw not in known:
            listed = ", ".join(f'"{one}"' for one in known)
            raise self.refuse(key, f"is {raw!r}", f"Write one of {listed}.")
        return str(raw)


def _constraint(row: _Row) -> Constraint:
    row.check(NEEDED, OPTIONAL)
    names = row.data["structure"]
    if isinstance(names, str):
        names = [names]
    usable = isinstance(names, list) and names
    if not usable or not all(isinstance(name, str) and name.strip() for name in names):
        raise row.refuse("structure", "is no list of names", 'Write e.g. ["PTV*", "Target"].')
    each = row.data.get("each", False)
    if not isinstance(each, bool):
        raise row.refuse("each", "is neither true nor false", "Write true or false.")
    metric = _metric(row)
    relation, limit, unit = _limit(row, metric)
    warn = row.number("warn") if "warn" in row.data else None
    if warn is not None and (
        limit is None or (warn < limit if relation == AT_MOST else warn > limit)
    ):
        raise row.refuse(
            "warn", "is stricter than the limit", "It must be what is still accepted."
        )
    note = row.text("note") if "note" in row.data else ""
    patterns = tuple(name.strip() for name in names)
    return Constraint(
        patterns, metric, relation, limit, unit, warn, each, row.text("source"), note
    )


def _metric(row: _Row) -> Metric:
    text = row.text("metric").replace(" ", "")
    found = METRIC.fullmatch(text)
    if found is None:
        raise row.refuse("metric", f"is {text!r}", f"Write e.g. {EXAMPLES}.")
    if found["word"]:
        return Metric(text, found["word"], 0.0, "", "Gy")
    if found["level"]:
        level, unit = float(found["level"]), found["level_unit"]
        if not 0 < level <= (100 if unit == "%" else 1e5):
            raise row.refuse("metric", f"is {text!r}", "Ask for more than 0 and at most 100 %.")
        return Metric(text, "D", level, unit, "Gy")
    unit = "cc" if found["in_cc"] else "%"
    return Metric(text, found["kind"], float(found["dose"]), found["dose_unit"], unit)


def _limit(row: _Row, metric: Metric) -> tuple[str, float | None, str]:
    """Return relation, limit and its unit; a row without any of the three is only reported."""
    keys = ("relation", "limit", "limit_unit")
    if not any(key in row.data for key in keys):
        return "", None, ""
    for key in keys:
        if key not in row.data:
            raise row.refuse(key, "is missing", "Give relation, limit and limit_unit, or none.")
    fitting = ("Gy", OF_REFERENCE) if metric.unit == "Gy" else (metric.unit,)
    unit = row.one_of("limit_unit", fitting)
    limit = row.number("limit")
    if unit == "%" and limit > 100:
        raise row.refuse("limit", "is more than the whole volume", "Write at most 100.")
    return row.one_of("relation", (AT_LEAST, AT_MOST)), limit, unit
