"""The clinic's own rules: a file of sentences about plans, read and refused in words (L-21).

lex_rules.toml in the clinic's folder holds a version and any number of rules; the program need
not be built again for one. A rule names where it applies, what must hold there, and what a plan
that breaks it is asked for. It can only ask, never change anything.
"""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.lex.own_items import BY_NAME, LEVELS, Item, Value
from core.errors import ClinicFileError
from core.findings import State
from core.layers import Own, strongest_file

FILE = "lex_rules.toml"
PREFIX = "CLINIC-"
NEEDS = {"stop": State.ERROR, "reason": State.WARNING, "info": State.INFO}
_TOP = {"version", "rule"}
_RULE = {"id", "sentence", "needs", "of", "when", "must", "why", "remedy"}
_OPTIONAL = {"when"}


@dataclass(frozen=True, slots=True)
class Condition:
    """One item compared with what the file says; `words` say the comparison."""

    item: Item
    operator: str
    wanted: Any

    def holds(self, value: Value) -> bool:
        """Tell whether a value that is known is as wanted."""
        return _HOLDS[self.operator](value, self.wanted)

    @property
    def words(self) -> str:
        """Return the comparison in words, e.g. "at least 5"."""
        wanted = self.wanted if isinstance(self.wanted, list) else [self.wanted]
        return f"{_WORDS[self.operator]} {' or '.join(f'{one}' for one in wanted)}"


@dataclass(frozen=True, slots=True)
class OwnRule:
    """A rule of the clinic.

    Attributes:
        level: What it is asked of: "plan", "beam" or "control point".
        when: What must hold for the rule to be asked at all.
        must: What the rule demands.
        version: Of the file, told with the rule.

    """

    id: str
    sentence: str
    state: State
    level: str
    when: tuple[Condition, ...]
    must: tuple[Condition, ...]
    why: str
    remedy: str
    version: str


def read_own_rules(folder: Own) -> tuple[OwnRule, ...]:
    """Return the rules of the clinic's folder or layers; none where there is no such file.

    Raises:
        ClinicFileError: The file is damaged, or a rule is not one that can be asked.

    """
    file = strongest_file(folder, FILE)
    if file is None:
        return ()
    try:
        top = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as fault:
        raise _refused(f"the rules cannot be read: {fault}", file, "Correct the file.") from fault
    version, rows = top.get("version"), top.get("rule", [])
    if set(top) - _TOP or not isinstance(version, str) or not version.strip():
        raise _refused(
            "the file must hold a version and rules", file,
            'Begin it with version = "...", then write a [[rule]] for each.',
        )  # fmt: skip
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise _refused("rule is not a list of tables", file, "Begin each one with [[rule]].")
    rules = tuple(_rule(row, version.strip(), file) for row in rows)
    names = [rule.id for rule in rules]
    for name in names:
        if names.count(name) > 1:
            raise _refused(f"rule {name} stands there twice", file, "Give each its own id.")
    return rules


def _rule(row: Mapping[str, Any], version: str, file: Path) -> OwnRule:
    """Return one rule."""
    name = row.get("id")
    if not isinstance(name, str) or not re.fullmatch(rf"{PREFIX}[A-Z0-9-]{{1,20}}", name):
        raise _refused(
            f"{name!r} cannot be the id of a rule", file,
            f"Call it {PREFIX} and up to 20 of A-Z, 0-9 and -.",
        )  # fmt: skip
    lacking = sorted(_RULE - _OPTIONAL - set(row))
    unknown = sorted(set(row) - _RULE)
    if lacking or unknown:
        what = f"rule {name} lacks {', '.join(lacking)}" if lacking else (
            f"rule {name} has the unknown key {unknown[0]!r}"
        )  # fmt: skip
        raise _refused(what, file, f"A rule has the keys {', '.join(sorted(_RULE))}.")
    for key in ("sentence", "why", "remedy"):
        if not isinstance(row[key], str) or not row[key].strip():
            raise _refused(f"rule {name}, {key}, says nothing", file, "Write a sentence.")
    for key, known in (("needs", NEEDS), ("of", LEVELS)):
        if row[key] not in known:
            raise _refused(
                f"rule {name}, {key}, is {row[key]!r}", file, f"Known are {', '.join(known)}."
            )
    level = row["of"]
    when = _conditions(row.get("when", []), name, level, file)
    must = _conditions(row["must"], name, level, file)
    if not must:
        raise _refused(f"rule {name} demands nothing", file, "Write what must hold.")
    return OwnRule(
        name, row["sentence"].strip().rstrip("."), NEEDS[row["needs"]], level, when, must,
        row["why"].strip(), row["remedy"].strip(), version,
    )  # fmt: skip


def _conditions(
    rows: object, rule: str, level: str, file: Path
) -> tuple[Condition, ...]:  # fmt: skip
    """Return what stands under "when" or "must"."""
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise _refused(
            f"rule {rule}: when and must are lists of tables", file,
            'Write for example must = [{ item = "ssd_cm", least = 90 }].',
        )  # fmt: skip
    return tuple(one for row in rows for one in _of_row(row, rule, level, file))


def _of_row(
    row: Mapping[str, Any], rule: str, level: str, file: Path
) -> Sequence[Condition]:  # fmt: skip
    """Return the comparisons of one item."""
    item = BY_NAME.get(str(row.get("item")))
    if item is None or LEVELS.index(item.level) > LEVELS.index(level):
        known = [one.name for one in BY_NAME.values() if _reaches(one, level)]
        raise _refused(
            f"rule {rule}: {row.get('item')!r} is nothing a {level} has", file,
            f"Known are {', '.join(known)}.",
        )  # fmt: skip
    operators = [key for key in row if key != "item"]
    if not operators:
        raise _refused(f"rule {rule}: {item.name} is not compared", file, _KNOWN)
    for operator in operators:
        check = _TAKES.get(operator)
        if check is None or not check(row[operator]):
            what = f"rule {rule}: {item.name} cannot be compared by {operator} = {row[operator]!r}"
            raise _refused(what, file, _KNOWN)
    return [Condition(item, operator, row[operator]) for operator in operators]


def _reaches(item: Item, level: str) -> bool:
    return LEVELS.index(item.level) <= LEVELS.index(level)


def _is_number(value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and value == value  # noqa: PLR0124  (NaN is no limit)


def _is_value(value: object) -> bool:
    return isinstance(value, str | bool) or _is_number(value)


def _is_list(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(_is_value(one) for one in value)


def _is_pattern(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        re.compile(value)
    except re.error:
        return False
    return True


def _same(value: Value, wanted: object) -> bool:
    """Compare texts without regard to case, and never a yes or no with a number."""
    if isinstance(value, str) and isinstance(wanted, str):
        return value.strip().casefold() == wanted.strip().casefold()
    return isinstance(value, bool) == isinstance(wanted, bool) and value == wanted


def _at_least(value: Value, wanted: float) -> bool:
    return _is_number(value) and float(value or 0) >= wanted


def _at_most(value: Value, wanted: float) -> bool:
    return _is_number(value) and float(value or 0) <= wanted


_HOLDS: Mapping[str, Callable[[Value, Any], bool]] = {
    "is": _same,
    "is_not": lambda value, wanted: not _same(value, wanted),
    "one_of": lambda value, wanted: any(_same(value, one) for one in wanted),
    "none_of": lambda value, wanted: not any(_same(value, one) for one in wanted),
    "least": _at_least,
    "most": _at_most,
    "matches": lambda value, wanted: re.fullmatch(wanted, str(value)) is not None,
}
_TAKES: Mapping[str, Callable[[object], bool]] = {
    "is": _is_value, "is_not": _is_value, "one_of": _is_list, "none_of": _is_list,
    "least": _is_number, "most": _is_number, "matches": _is_pattern,
}  # fmt: skip
_WORDS = {
    "is": "", "is_not": "not", "one_of": "one of", "none_of": "none of", "least": "at least",
    "most": "at most", "matches": "of the form",
}  # fmt: skip
_KNOWN = (
    "Compare by is, is_not (text, number, true or false), one_of, none_of (a list), least, most "
    "(a number) or matches (a regular expression)."
)


def _refused(what: str, file: Path, remedy: str) -> ClinicFileError:
    """Return the error for a file of rules that cannot be used."""
    return ClinicFileError(what, where=str(file), remedy=remedy)
