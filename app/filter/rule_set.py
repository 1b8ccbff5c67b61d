"""By which rules a check was made: program, code and the tables in force, as one version (R-28).

The clinic's tables come in layers (`core.layers`). Here counts what is in force, not where it
stands: comments, sources, the order of entries and the layer change nothing, a limit does. So two
checks under different limits never bear the same version, and the same limits always do.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from app.filter.ledger_log import TABLES, program_version
from core.layers import Layer, Layers, Own, OwnFile, catalogue, known, own_layers
from core.settings.rows import Row, rows_of, shipped_file, table_names

CHECK = (
    "tolerances.toml", "filter/tolerance_tables.toml", "machines/*.toml",
    "filter/machine_names.toml", "filter/rules.toml", "filter/sites.toml", "filter/baseline.toml",
    "filter/srs.toml", "filter/tbi.toml", "filter/cone_beam.toml", "filter/notes.toml",
)  # fmt: skip
"""Tables of the checks of exports and plans."""
MU = ("tolerances.toml", "electron_density.toml")
"""Tables of the independent MU; the dosimetry book has a digest of its own beside it."""
FILM = ("tolerances.toml", "filter/film.toml", "gamma/presets.toml")
"""Tables of the film's analysis."""
NAMED = 3
"""Values named in a sentence; the others are counted."""


@dataclass(frozen=True, slots=True)
class OwnTable:
    """A table that differs from the shipped one.

    Attributes:
        name, title: As in the catalogue of tables.
        layers: Where what differs comes from, weakest first.
        keys: What differs, in words; empty where nothing is shipped under the name.

    """

    name: str
    title: str
    layers: tuple[Layer, ...]
    keys: tuple[str, ...]

    @property
    def words(self) -> str:
        """Which table, which layer, what differs."""
        where = " and ".join(f"'{one}'" for one in self.layers)
        what = ", ".join(self.keys[:NAMED]) or "the whole table"
        more = len(self.keys) - NAMED
        what += f" and {more} more" if more > 0 else ""
        layer = "layer" if len(self.layers) == 1 else "layers"
        return f"{self.title} ({self.name}), {layer} {where}: {what}"


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules a check was made by.

    Attributes:
        version: The program's version and the begin of a SHA-256 over all there is.
        tables: Begin of the SHA-256 of each table in force, by name.
        own: Tables that differ from the shipped ones.

    """

    version: str
    tables: Mapping[str, str] = field(default_factory=dict)
    own: tuple[OwnTable, ...] = ()

    @property
    def words(self) -> str:
        """Whether the tables are those shipped, in a sentence without its full stop."""
        if not self.own:
            return "all tables as shipped"
        return "tables that differ from the shipped ones: " + "; ".join(
            one.words for one in self.own
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as a mapping that JSON can hold."""
        return {
            "version": self.version, "tables": dict(self.tables),
            "not_as_shipped": [
                {"table": one.name, "title": one.title, "layers": [str(x) for x in one.layers],
                 "keys": list(one.keys), "words": one.words}
                for one in self.own
            ],
        }  # fmt: skip


def rule_set(own: Own = None, kinds: Iterable[str] = CHECK) -> RuleSet:
    """Return the rules in force.

    Args:
        own: The clinic's folder or layers, as a check reads them; None takes those set up.
        kinds: Tables that count, by their names in the catalogue.

    Raises:
        ClinicFileError: A table cannot be read, or a layer is out of reach.

    """
    layers = own_layers() if own is None else own
    if isinstance(layers, Path):
        layers = Layers((OwnFile(Layer.USER, layers),))
    kinds = tuple(kinds)
    names = [name for name in table_names(layers) if any(fnmatchcase(name, k) for k in kinds)]
    whole, tables = sha256(_program()), {}
    differing: list[OwnTable] = []
    for name in names:
        rows = rows_of(name, layers)
        content = {row.key: _content(row) for row in rows}
        told = json.dumps(content, sort_keys=True, ensure_ascii=False).encode()
        tables[name] = sha256(told).hexdigest()[:12]
        whole.update(name.encode() + b"\0" + told + b"\0")
        differing += _differing(name, rows, content, layers)
    return RuleSet(f"{program_version()}+{whole.hexdigest()[:12]}", tables, tuple(differing))


def what_changed(before: object, now: RuleSet) -> str:
    """Say which tables differ from those of an earlier check; empty where that is not known.

    Args:
        before: Digest by name of table, as a record keeps it; an old record has none.
        now: Rules in force.

    """
    if not isinstance(before, Mapping):
        return ""
    names = [
        name for name in dict.fromkeys((*before, *now.tables))
        if before.get(name) != now.tables.get(name)
    ]  # fmt: skip
    return f"other tables: {', '.join(names)}" if names else "the tables are the same"


def _differing(
    name: str, rows: tuple[Row, ...], content: Mapping[str, str], layers: Layers
) -> Iterator[OwnTable]:
    """Yield the table where it is not as shipped."""
    kind, nothing = known(name), Layers(())
    files = layers.files(name)
    if kind is None or not files:
        return
    shipped = {row.key: _content(row) for row in rows_of(name, nothing)}
    keys = tuple(
        key for key in dict.fromkeys((*shipped, *content)) if shipped.get(key) != content.get(key)
    )
    if not keys:
        return
    from_layers: set[Layer] = {
        row.layer for row in rows if row.key in keys and row.layer != Layer.SHIPPED
    }
    if any(key not in content for key in keys):  # what the strongest file leaves out is gone
        from_layers.add(files[-1].layer)
    whole = shipped_file(name) is None
    order = tuple(one for one in Layer if one in from_layers)
    yield OwnTable(name, kind.title, order, () if whole else keys)


def _content(row: Row) -> str:
    """Return a value as its reader understands it: 2 and 2.0 are the same number."""
    return json.dumps([_plain(row.leaf.value), row.leaf.standing], ensure_ascii=False)


def _plain(value: Any) -> Any:  # noqa: ANN401  (TOML)
    if isinstance(value, Mapping):
        return {str(key): _plain(value[key]) for key in sorted(value) if key != "source"}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        number = Decimal(str(value))
        return ["number", str(number.normalize() if number else Decimal(0))]
    return str(value)


@lru_cache(maxsize=1)
def _program() -> bytes:
    """Return the Filter's code and the tables of it that no clinic lays down, as one digest."""
    here, kinds = Path(__file__).parent, [one.name for one in catalogue()]
    code = [file for file in here.rglob("*.py") if "gui" not in file.relative_to(here).parts]
    fixed = [file for file in TABLES.glob("*.toml") if f"filter/{file.name}" not in kinds]
    digest = sha256()
    for file in sorted((*code, *fixed)):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.digest()


def printed(rules: RuleSet) -> str:
    """Return the rules as they stand at the foot of a report."""
    return f"Rules {rules.version}; {rules.words}."
