"""The clinic's rule for films: what is accepted, and when the plan is measured instead (R-18)."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.dose.gamma_presets import Preset, preset_named
from core.errors import ClinicFileError
from core.layers import own_files, own_layers
from core.paths import RESOURCES

SHIPPED = RESOURCES / "filter" / "film.toml"
OWN_NAME = "filter/film.toml"
NUMBERS = ("covered_percent", "mean_difference_percent", "fit_mm")
REMEDY = "Correct the entry; resources/filter/film.toml shows how it is written."


@dataclass(frozen=True, slots=True)
class FilmRule:
    """What is asked of a film.

    Attributes:
        preset: Criteria and pass rates of gamma.
        covered_percent: Share of the points that must have an evaluated dose.
        mean_difference_percent: Largest mean difference, of the largest plan dose.
        fit_mm: Farthest that a film may be moved to fit.
        sources: Where each entry is from.

    """

    preset: Preset
    covered_percent: float
    mean_difference_percent: float
    fit_mm: float
    sources: Mapping[str, str]


def read_rule(own: Path | None = None, preset: str | None = None) -> FilmRule:
    """Return the shipped rule with the clinic's entries put over it.

    Args:
        own: The clinic's file; None takes those of this computer's layers.
        preset: Criteria to use instead of the rule's.

    Raises:
        ClinicFileError: An entry is unknown, out of its range, or not written as a table.

    """
    files = own_files(own_layers(), OWN_NAME) if own is None else (own,)
    shipped = _rows(SHIPPED)
    rows = {name: dict(row) for name, row in shipped.items()}
    from_file = dict.fromkeys(shipped, SHIPPED)
    for file in files:
        for name, row in _rows(file).items():
            if name not in shipped:
                raise ClinicFileError(
                    f"unknown entry {name!r}", where=str(file), remedy=REMEDY
                )  # fmt: skip
            rows[name] |= {"source": f"the clinic's {file.name}"} | dict(row)
            from_file[name] = file
    numbers = {
        name: _number(name, rows[name], shipped[name], from_file[name]) for name in NUMBERS
    }  # fmt: skip
    chosen = preset_named(preset or str(rows["preset"].get("value", "")))
    sources = {name: str(row.get("source", "")) for name, row in rows.items()}
    return FilmRule(chosen, **numbers, sources=sources)


def _rows(file: Path) -> dict[str, Mapping[str, object]]:
    try:
        rows = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        words = f"the rule for films cannot be read: {fault}"
        raise ClinicFileError(words, where=str(file), remedy=REMEDY) from fault
    for name, row in rows.items():
        if not isinstance(row, dict) or "value" not in row:
            raise ClinicFileError(
                f"{name} is not written as a table with a value", where=str(file), remedy=REMEDY
            )  # fmt: skip
    return rows


def _number(
    name: str, row: Mapping[str, object], shipped: Mapping[str, object], file: Path
) -> float:
    value, least, most = row.get("value"), shipped["least"], shipped["most"]
    fits = (
        isinstance(value, int | float) and not isinstance(value, bool)
        and isinstance(least, int | float) and isinstance(most, int | float)
        and least <= value <= most
    )  # fmt: skip
    if not fits or not isinstance(value, int | float):
        words = f"{name} is {value!r}, allowed are {least} to {most} {shipped['unit']}"
        raise ClinicFileError(words, where=str(file), remedy=REMEDY)
    return float(value)
