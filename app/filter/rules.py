"""Words, lists and patterns of the checks, from `rules.toml` and the clinic's own file."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from app.filter.toml_table import entries_of, require_unit, unknown_entry
from core.errors import ClinicFileError
from core.paths import RESOURCES

SHIPPED = RESOURCES / "filter" / "rules.toml"
REMEDY = "Correct the entry; resources/filter/rules.toml shows how it is written."
Raw = str | list[object]


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry with the unit it is in and where it comes from."""

    value: Raw
    unit: str
    source: str


@dataclass(frozen=True, slots=True)
class Rules:
    """All entries, by group and name."""

    entries: Mapping[str, Rule]

    def words(self, name: str) -> tuple[str, ...]:
        """Return a list of words in lower case, e.g. ``rules.words("setup.words")``."""
        return tuple(str(word).casefold() for word in self.entries[name].value)

    def numbers(self, name: str) -> tuple[Decimal, ...]:
        """Return a list of numbers."""
        return tuple(Decimal(str(number)) for number in self.entries[name].value)

    def pattern(self, name: str) -> re.Pattern[str]:
        """Return a pattern."""
        return re.compile(str(self.entries[name].value))


def read_rules(*own: Path) -> Rules:
    """Return the shipped entries, those of the clinic's own files, weakest first, put over them.

    Raises:
        ClinicFileError: An entry is unknown, of another kind than the shipped one, or no pattern.

    """
    entries = _entries(SHIPPED)
    for file in own:
        for name, rule in _entries(file).items():
            if name not in entries:
                raise unknown_entry("rule", name, entries, file)
            if not _alike(rule.value, entries[name].value):
                words = f"{name} is {rule.value!r}, which is not written like the shipped entry"
                raise ClinicFileError(words, where=str(file), remedy=REMEDY)
            shipped = entries[name]
            require_unit(name, {"unit": rule.unit or shipped.unit}, shipped.unit, file)
            entries[name] = Rule(rule.value, shipped.unit, rule.source or shipped.source)
    return Rules(entries)


def _entries(file: Path) -> dict[str, Rule]:
    found: dict[str, Rule] = {}
    for name, table in entries_of(file):
        value = table.get("value")
        if not isinstance(value, str | list):
            words = f"{name} is neither a text nor a list"
            raise ClinicFileError(words, where=str(file), remedy=REMEDY)
        found[name] = Rule(value, str(table.get("unit", "")), str(table.get("source", "")))
    return found


def _alike(own: Raw, shipped: Raw) -> bool:
    """Tell whether an own entry is of the shipped one's kind: pattern, words or numbers."""
    if isinstance(own, list) and isinstance(shipped, list):
        kinds = {isinstance(one, str) for one in (*own, *shipped)}
        return len(kinds) == 1 and all(type(one) in (str, int, float) for one in own)
    if not (isinstance(own, str) and isinstance(shipped, str)):
        return False
    try:
        return re.compile(own).groups == re.compile(shipped).groups
    except re.error:
        return False
