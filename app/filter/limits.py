"""The limits of the checks, from `tolerances.toml`: value, unit, range and source of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from app.filter.toml_table import entries_of, refuse_unknown, require_unit, unknown_entry
from core.errors import ClinicFileError
from core.layers import own_files, own_layers
from core.paths import RESOURCES

FILE = "tolerances.toml"
SHIPPED = RESOURCES / FILE
REMEDY = "Correct the entry; resources/tolerances.toml shows how it is written."


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit with the unit it is in and where it comes from."""

    value: Decimal
    unit: str
    source: str


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits, by group and name."""

    entries: Mapping[str, Limit]

    def __getitem__(self, name: str) -> Decimal:
        """Return the value of a limit, e.g. ``limits["comparison.angle_deg"]``."""
        return self.entries[name].value


def read_limits(*own: Path) -> Limits:
    """Return the shipped limits, those of the clinic's own files put over them.

    Args:
        *own: The clinic's files, weakest first: the same groups, only the entries that differ.

    Raises:
        ClinicFileError: An entry is unknown, out of its range, or not written as a table.

    """
    shipped = dict(entries_of(SHIPPED))
    entries = {name: _limit(name, row, row, SHIPPED) for name, row in shipped.items()}
    for file in own:
        for name, row in entries_of(file):
            if name not in shipped:
                raise unknown_entry("limit", name, shipped, file)
            refuse_unknown("entry", row, ("value", "unit", "source", "least", "most"), file, name)
            require_unit(name, row, str(shipped[name]["unit"]), file)
            entries[name] = _limit(name, row, shipped[name], file)
    return Limits(entries)


def limits_in_force() -> Limits:
    """Return the limits of this computer's layers; errors as in `read_limits`."""
    return read_limits(*own_files(own_layers(), FILE))


def _limit(
    name: str, row: Mapping[str, object], shipped: Mapping[str, object], file: Path
) -> Limit:
    value, least, most = row.get("value"), shipped["least"], shipped["most"]
    fits = (
        isinstance(value, int | float)
        and isinstance(least, int | float)
        and isinstance(most, int | float)
        and not isinstance(value, bool)
        and least <= value <= most
    )
    if not fits:
        words = f"{name} is {value!r}, allowed are {least} to {most} {shipped['unit']}"
        raise ClinicFileError(words, where=str(file), remedy=REMEDY)
    source = str(row.get("source", shipped["source"]))
    return Limit(Decimal(str(value)), str(shipped["unit"]), source)
