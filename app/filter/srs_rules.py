"""What the clinic has laid down for stereotactic arcs: `srs.toml` (R-21)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.filter.template import Template, read_template
from app.filter.toml_table import read_table, refuse_unknown, require_unit
from core.errors import ClinicFileError
from core.layers import Own, strongest_file
from core.paths import RESOURCES

SHIPPED = RESOURCES / "filter" / "srs.toml"
UNITS = {"mm": 0, "cm": 1}
GROUPS = {"x", "y", "z"}
ENTRIES: Mapping[str, tuple[str, ...]] = {
    "template": (), "words": ("stereotactic",), "setup_note": ("pattern",), "collision": (),
    "arc_sets": ("tolerance_deg", "set"),
}  # fmt: skip
"""Groups of the file and what each may hold; empty where each row is looked at by itself."""
ROW_ENTRIES = ("name", "source", "arcs", "couch_deg", "gantry_deg")


@dataclass(frozen=True, slots=True)
class ArcPath:
    """Couch angle and the two ends of an arc, in the order in which it opens clockwise."""

    couch_deg: Decimal
    low_deg: Decimal
    high_deg: Decimal


@dataclass(frozen=True, slots=True)
class ArcSet:
    """A standard set of arcs by its name."""

    name: str
    arcs: tuple[ArcPath, ...]


@dataclass(frozen=True, slots=True)
class Sector:
    """Angles from `low_deg` clockwise over `width_deg`, at most a full turn."""

    low_deg: Decimal
    width_deg: Decimal

    @property
    def words(self) -> str:
        """Return the sector for a message."""
        return f"{self.low_deg} to {(self.low_deg + self.width_deg) % 360}"


@dataclass(frozen=True, slots=True)
class Zone:
    """A sector the gantry may not enter while the couch stands in another."""

    couch: Sector
    gantry: Sector


@dataclass(frozen=True, slots=True)
class SrsRules:
    """All of `srs.toml`.

    Attributes:
        note: Pattern of the set-up note with groups x, y, z and perhaps name.
        shift: 0 when the note is in mm, 1 when in cm.

    """

    template: Template
    words: tuple[str, ...]
    note: re.Pattern[str]
    shift: int
    zones: tuple[Zone, ...]
    sets: tuple[ArcSet, ...]
    tolerance_deg: Decimal


def read_srs_rules(folder: Own) -> SrsRules:
    """Return the rules for stereotactic arcs; the clinic's file replaces the shipped one.

    Raises:
        ClinicFileError: The file cannot be used as it stands.

    """
    file = strongest_file(folder, "filter/srs.toml") or SHIPPED
    table = read_table(file, ENTRIES)
    try:
        note = table["setup_note"]["pattern"]  # type: ignore[index]  # a wrong shape is refused
        pattern = re.compile(note["value"])
        _require_groups(pattern)
        sets = _mapping(table["arc_sets"])
        for group, known in ENTRIES.items():
            if known:
                refuse_unknown("entry", _mapping(table[group]), known, file, group)
        require_unit("arc_sets.tolerance_deg", sets["tolerance_deg"], "deg", file)
        zones, rows = _list(table.get("collision", [])), _list(sets.get("set", []))
        for row in (*zones, *rows):
            refuse_unknown("entry", row, ROW_ENTRIES, file, "a set of arcs or a collision")
        return SrsRules(
            read_template("SRS", _mapping(table["template"]), file),
            tuple(word.casefold() for word in table["words"]["stereotactic"]["value"]),  # type: ignore[index]
            pattern,
            UNITS[note["unit"]],
            tuple(_zone(row) for row in zones),
            tuple(_set(row) for row in rows),
            Decimal(str(sets["tolerance_deg"]["value"])),  # type: ignore[index]
        )
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError, re.error) as fault:
        words = f"the rules for stereotactic arcs cannot be read: {fault!r}"
        remedy = "Correct the file; resources/filter/srs.toml shows how it is written."
        raise ClinicFileError(words, where=str(file), remedy=remedy) from fault


def _require_groups(pattern: re.Pattern[str]) -> None:
    if not set(pattern.groupindex) >= GROUPS:
        raise ValueError("the pattern of the set-up note lacks one of the groups x, y, z")


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise TypeError("a table is missing")
    return value


def _list(value: object) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise TypeError("a list of tables is missing")
    return value


def _pair(values: list[object]) -> tuple[Decimal, Decimal]:
    low, high = ((Decimal(str(value)) % 360 + 360) % 360 for value in values)
    return low, high


def _zone(row: Mapping[str, list[object]]) -> Zone:
    return Zone(_sector(row["couch_deg"]), _sector(row["gantry_deg"]))


def _sector(values: list[object]) -> Sector:
    low, high = (Decimal(str(value)) for value in values)
    width = high - low
    return Sector(
        (low % 360 + 360) % 360, Decimal(360) if width >= 360 else (width % 360 + 360) % 360
    )


def _set(row: Mapping[str, list[Mapping[str, object]]]) -> ArcSet:
    arcs = tuple(
        ArcPath(Decimal(str(arc["couch_deg"])) % 360, *_pair(arc["gantry_deg"]))  # type: ignore[arg-type]
        for arc in row["arcs"]
    )
    return ArcSet(str(row["name"]), arcs)
