"""Criteria of gamma by name, from TOML with the source of each; the clinic's put over ours."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from core.dose.gamma import Criteria
from core.errors import ClinicFileError
from core.layers import own_files, own_layers
from core.machine_values import near_name
from core.paths import RESOURCES

SHIPPED = RESOURCES / "gamma" / "presets.toml"
OWN_NAME = "gamma/presets.toml"
WORDS = ("id", "title", "source")
NUMBERS = (
    "dose_percent", "distance_mm", "threshold_percent", "tolerance_percent", "action_percent",
)  # fmt: skip
OPTIONAL = ("most", "normalisation")
REMEDY = "Correct the entry; resources/gamma/presets.toml shows how it is written."
DEFAULT = "tg218"


@dataclass(frozen=True, slots=True)
class Preset:
    """A set of criteria with a name and where it comes from."""

    id: str
    title: str
    source: str
    criteria: Criteria


def read_presets(own: Path | None = None) -> dict[str, Preset]:
    """Return the shipped presets by id, with those of the clinic added or put in their place.

    Args:
        own: The clinic's file; None takes those of this computer's layers.

    Raises:
        ClinicFileError: An entry lacks something, or a number of it is impossible.

    """
    files = own_files(own_layers(), OWN_NAME) if own is None else (own,)
    found = _presets(SHIPPED)
    for file in files:
        found |= _presets(file)
    return found


def preset_named(name: str, own: Path | None = None) -> Preset:
    """Return one preset.

    Raises:
        ClinicFileError: There is none of that name.

    """
    presets = read_presets(own)
    if name not in presets:
        raise ClinicFileError(
            f"there are no gamma criteria called {name!r}",
            where=OWN_NAME,
            remedy=near_name(name, presets, f"Choose one of {', '.join(presets)}."),
        )
    return presets[name]


def _presets(file: Path) -> dict[str, Preset]:
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        words = f"the gamma criteria cannot be read: {fault}"
        raise ClinicFileError(words, where=str(file), remedy=REMEDY) from fault
    rows = table.get("preset", [])
    unknown = min(set(table) - {"preset"}, default="")
    if unknown:
        raise _wrong(f"unknown entry {unknown!r} beside [[preset]]", file)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ClinicFileError(
            "the file holds no list of [[preset]]", where=str(file), remedy=REMEDY
        )  # fmt: skip
    made = [_preset(row, file) for row in rows]
    return {one.id: one for one in made}


def _preset(row: Mapping[str, object], file: Path) -> Preset:
    name = str(row.get("id", "?"))
    for key in WORDS:
        if not isinstance(row.get(key), str) or not row[key]:
            raise _wrong(f"preset {name!r} has no {key}", file)
    known = {*WORDS, *NUMBERS, *OPTIONAL, "local"}
    for key in row:
        if key not in known:
            raise _wrong(f"preset {name!r} has an unknown entry {key!r}", file)
    numbers: dict[str, float] = {}
    for key in (*NUMBERS, *(key for key in OPTIONAL if key in row)):
        value = row.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1000:
            raise _wrong(f"{key} of preset {name!r} is {value!r}, which is no such number", file)
        numbers[key] = float(value)
    if not isinstance(row.get("local"), bool):
        raise _wrong(f"preset {name!r} must say local = true or false", file)
    if not numbers["action_percent"] <= numbers["tolerance_percent"] <= 100:
        raise _wrong(f"pass rates of preset {name!r} must be action <= tolerance <= 100", file)
    try:
        own = Criteria(local=bool(row["local"]), **numbers)
    except ValueError as fault:
        raise _wrong(f"preset {name!r}: {fault}", file) from fault
    return Preset(name, str(row["title"]), str(row["source"]), own)


def _wrong(what: str, file: Path) -> ClinicFileError:
    return ClinicFileError(what, where=str(file), remedy=REMEDY)


def words_of(own: Criteria) -> str:
    """Return criteria as they are read aloud."""
    kind = "local" if own.local else "global"
    whole = "largest reference dose" if own.normalisation is None else f"{own.normalisation:g} Gy"
    return (
        f"{own.dose_percent:g} %/{own.distance_mm:g} mm {kind}, points from "
        f"{own.threshold_percent:g} % of {whole}, gamma up to {own.most:g}"
    )


def as_mapping(own: Criteria) -> dict[str, object]:
    """Return criteria for JSON."""
    return {one.name: getattr(own, one.name) for one in fields(own)}
