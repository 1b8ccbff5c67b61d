"""The numbers LEX's checks compare with: shipped ones, and the clinic's in place of them.

A limit may differ by technique, by machine type, or for one technique of one machine: the most
special number holds. The clinic's file (lex_limits.toml in its folder) changes numbers only; each
stays within the bounds of the shipped file.
"""

import difflib
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from core.errors import ClinicFileError
from core.layers import Layers, Own, own_files
from core.machines import machine_ids
from core.paths import RESOURCES

FILE = "lex_limits.toml"
SEGMENT = "Segment"
"""A segment that is written as a field of its own."""
TECHNIQUES = ("Static", "StepNShoot", "DMLC", "Arc", "VMAT", SEGMENT)
_SHIPPED_KEYS = {"value", "unit", "least", "most", "source", "special"}


@dataclass(frozen=True, slots=True)
class Limit:
    """One number and where it is known from.

    Attributes:
        least, most: What the clinic may set it to.
        special: Numbers for a technique ("VMAT"), a machine type ("demo_linac"), or both
            ("demo_linac VMAT").
        own: Whether the clinic has set it.

    """

    name: str
    value: float
    unit: str
    least: float
    most: float
    source: str
    special: Mapping[str, float] = field(default_factory=dict)
    own: bool = False

    def at(self, technique: str = "", machine: str = "") -> float:
        """Return the number for a technique on a machine type, the most special one there is."""
        for key in (f"{machine} {technique}", machine, technique):
            if key in self.special:
                return self.special[key]
        return self.value


def read_limits(folder: Own = None) -> dict[str, Limit]:
    """Return every limit by name.

    Args:
        folder: The clinic's folder or layers; a lex_limits.toml there changes numbers of the
            shipped file, a stronger one those of a weaker one.

    Raises:
        ClinicFileError: A file is damaged, names an unknown limit, or has a number out of bounds.

    """
    shipped = RESOURCES / FILE
    limits = {name: _limit(name, row) for name, row in _toml(shipped).items()}
    machines = machine_ids(folder) if isinstance(folder, Layers) else machine_ids()
    for own in own_files(folder, FILE):
        for name, entry in _toml(own).items():
            if name not in limits:
                raise _refused(f"unknown limit {name!r}", own, _near(name, limits))
            limits[name] = _changed(limits[name], entry, own, machines)
    return limits


def _limit(name: str, row: Mapping[str, Any]) -> Limit:
    """Return a limit of the shipped file."""
    file = RESOURCES / FILE
    if not set(row) <= _SHIPPED_KEYS or not set(row) >= _SHIPPED_KEYS - {"special"}:
        raise _refused(
            f"limit {name!r} has the keys {', '.join(row)}", file, "Take the shipped file."
        )
    plain = Limit(name, 0.0, row["unit"], row["least"], row["most"], row["source"])
    return replace(
        plain,
        value=_number(plain, "value", row["value"], file),
        special=_specials(plain, row.get("special", {}), file, machine_ids()),
    )


def _changed(limit: Limit, entry: object, file: Path, machines: Collection[str]) -> Limit:
    """Return a limit with the clinic's numbers."""
    table = entry if isinstance(entry, Mapping) else {"value": entry}
    for key in table:
        if key not in ("value", "special"):
            what = f"{limit.name} has the key {key!r}"
            raise _refused(what, file, _near(key, ("value", "special")))
    value = _number(limit, "value", table["value"], file) if "value" in table else limit.value
    # A number the clinic sets for all holds before a shipped special one.
    kept = {} if "value" in table else limit.special
    special = {**kept, **_specials(limit, table.get("special", {}), file, machines)}
    return replace(limit, value=value, special=special, own=True)


def _specials(
    limit: Limit, table: object, file: Path, machines: Collection[str]
) -> dict[str, float]:
    """Return the numbers for techniques and machine types, each name a known one."""
    if not isinstance(table, Mapping):
        what = f"special of {limit.name} is {table!r}, not a table"
        raise _refused(what, file, f"Begin it with [{limit.name}.special].")
    for key in table:
        machine, _, technique = key.rpartition(" ")
        good = key in (*machines, *TECHNIQUES) or (machine in machines and technique in TECHNIQUES)
        if not good:
            what = f"{limit.name} has a number for {key!r}, no technique and no machine type"
            raise _refused(what, file, _near(key, (*TECHNIQUES, *machines)))
    return {key: _number(limit, key, value, file) for key, value in table.items()}


def _number(limit: Limit, key: str, value: object, file: Path) -> float:
    """Return a number within the bounds of its limit."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = float(value)
        # No comparison with a number that is none ever holds, so NaN is refused here.
        if limit.least <= number <= limit.most:
            return number
    what = f"{limit.name}, {key}, is {value!r}"
    wanted = f"Enter a number from {limit.least:g} to {limit.most:g}, in {limit.unit}."
    raise _refused(what, file, wanted)


def _toml(file: Path) -> dict[str, Any]:
    """Return the tables of a file."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as fault:
        raise _refused(f"the limits cannot be read: {fault}", file, "Correct the file.") from fault


def _near(name: str, known: Iterable[str]) -> str:
    """Return the nearest known name as a question, or what is known."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    return f"Did you mean {near[0]!r}?" if near else f"Known are {', '.join(names)}."


def _refused(what: str, file: Path, remedy: str) -> ClinicFileError:
    """Return the error for a file of limits that cannot be used."""
    return ClinicFileError(what, where=str(file), remedy=remedy)
