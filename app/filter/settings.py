"""What the clinic has laid down for the Filter: limits, rules, and which machine is which."""

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from app.filter.cone_beam import ConeBeam, read_cone_beam
from app.filter.limits import Limits, read_limits
from app.filter.rule_set import RuleSet, rule_set
from app.filter.rules import Rules, read_rules
from app.filter.sites import Sites, read_sites
from app.filter.toml_table import read_table, refuse_unknown, require_unit
from core.errors import ClinicFileError
from core.layers import Layers, Own, own_files, own_layers, strongest_file
from core.machines import Machine, machine_ids, read_machine
from core.paths import RESOURCES

NAMES = RESOURCES / "filter" / "machine_names.toml"
CONE_BEAM = RESOURCES / "filter" / "cone_beam.toml"
SITES = RESOURCES / "filter" / "sites.toml"


@dataclass(frozen=True, slots=True)
class Settings:
    """Limits, rules and machines.

    Attributes:
        names: Machine description by the machine's name in the R&V system, in lower case.
        tables: Allowed difference of the couch angle (deg) by number of the tolerance table.
        folder: The clinic's folder or layers; None where there is none.
        sites: Templates by treatment site, and rules that are not asked.
        cone_beam: Which fields are cone-beam fields, and what they have.
        rule_set: Version of all that was read here; None for settings made by hand.

    """

    limits: Limits
    rules: Rules
    names: dict[str, str]
    tables: dict[str, Decimal] = field(default_factory=dict)
    folder: Own = None
    sites: Sites = field(default_factory=Sites)
    cone_beam: ConeBeam = field(default_factory=ConeBeam)
    rule_set: RuleSet | None = None
    _read: dict[str, Machine | None] = field(default_factory=dict, repr=False, compare=False)

    def couch_deg(self, tolerance_table: str | None) -> Decimal:
        """Return how far the couch angles of one beam may be apart."""
        number = (tolerance_table or "").strip()
        return self.tables.get(number, self.limits["exports.couch_deg"])

    def machine(self, name: str | None) -> Machine | None:
        """Return the description of a machine of the R&V system; None when none is named.

        The name of a description itself ("varian_hd_120") is understood as well.
        """
        plain = (name or "").strip().casefold()
        stem = self.names.get(plain, plain)
        if stem not in self._read:
            known = bool(stem) and stem in machine_ids(self.folder)
            self._read[stem] = read_machine(stem, self.folder) if known else None
        return self._read[stem]


def read_settings(folder: Own = None) -> Settings:
    """Return the shipped settings with the clinic's own put over them.

    Args:
        folder: The clinic's folder alone, or its layers; None takes those of this computer.

    Raises:
        ClinicFileError: A file of the clinic cannot be used as it stands.

    """
    place: Own = own_layers() if folder is None else folder
    if isinstance(place, Path) and not place.is_dir():
        place = None
    return Settings(
        read_limits(*own_files(place, "tolerances.toml")),
        read_rules(*own_files(place, "filter/rules.toml")),
        _names(place),
        _tables(place),
        place,
        read_sites(strongest_file(place, "filter/sites.toml") or SITES),
        read_cone_beam(strongest_file(place, "filter/cone_beam.toml") or CONE_BEAM),
        rule_set(Layers(()) if place is None else place),
    )


def _names(folder: Own) -> dict[str, str]:
    names: dict[str, str] = {}
    for file in (NAMES, *own_files(folder, "filter/machine_names.toml")):
        rows = read_table(file, ("names",)).get("names")
        for name, stem in rows.items() if isinstance(rows, dict) else ():
            if stem not in machine_ids(folder):
                raise ClinicFileError(
                    f"machine {name!r} is said to be {stem!r}, which has no description",
                    where=str(file),
                    remedy=f"Name one of: {', '.join(machine_ids(folder))}.",
                )
            names[name.strip().casefold()] = str(stem)
    return names


def _tables(folder: Own) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for own in own_files(folder, "filter/tolerance_tables.toml"):
        found |= _couch_deg(own)
    return found


def _couch_deg(own: Path) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    rows = read_table(own, ("tables",)).get("tables")
    for number, row in rows.items() if isinstance(rows, dict) else ():
        entry = row.get("couch_deg") if isinstance(row, dict) else None
        value = entry.get("value") if isinstance(entry, dict) else entry
        fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 30
        if not fits:
            raise ClinicFileError(
                f"couch_deg of tolerance table {number} is {value!r}, allowed are 0 to 30 deg",
                where=str(own),
                remedy="Correct the entry; resources/filter/tolerance_tables.toml shows how.",
            )
        refuse_unknown("entry", row, ("couch_deg",), own, f"tolerance table {number}")
        require_unit(f"couch_deg of tolerance table {number}", entry, "deg", own)
        found[number] = Decimal(str(value))
    return found
