"""A TOML table taken apart into its values, each by a key a person can read and type.

    comparison.angle_deg              an entry of a group
    names."DEMO LINAC"                a name with a blank
    preset[tg218].dose_percent        a row of a list, by its name; by its number where it has none

What is written as { value = ..., unit = ..., source = ... } is one value with a unit and a source.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

BARE = re.compile(r"[A-Za-z0-9_-]+")
ABOUT = ("unit", "source", "least", "most", "confidence", "exhaustive")
"""Keys of an entry that say something about its value."""
NAMES = ("id", "name")


@dataclass(frozen=True, slots=True)
class Item:
    """A row of a list: its name, or its number from 1 as "#1"."""

    name: str


Path = tuple["str | Item", ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value of a file.

    Attributes:
        value: As TOML gives it; None for what is said to be unknown.
        unit, source, allowed: In words, empty where the file does not say.
        is_entry: Whether it is written as a table with a value.
        standing: What else the entry says that its reader goes by (confidence, exhaustive).

    """

    value: Any
    unit: str = ""
    source: str = ""
    allowed: str = ""
    is_entry: bool = False
    standing: str = ""


def leaves(told: Mapping[str, Any], rows_by: Mapping[str, str] | None = None) -> dict[Path, Leaf]:
    """Return every value of a table by its path, in the order of the file.

    Args:
        told: The table.
        rows_by: For a list of tables the keys that name its rows, "name|ae_title".

    """
    return dict(_leaves((), told, rows_by or {}))


def words_of(path: Path) -> str:
    """Return a path as it is shown and typed."""
    words = ""
    for part in path:
        if isinstance(part, Item):
            words += f"[{part.name}]"
        else:
            name = part if BARE.fullmatch(part) else json.dumps(part, ensure_ascii=False)
            words += f".{name}" if words else name
    return words


def item_at(rows: Sequence[Any], name: str, keys: Sequence[str]) -> int | None:
    """Return the place of a row by its name; None where there is none."""
    names = row_names(rows, keys)
    return names.index(name) if name in names else None


def row_names(rows: Sequence[Any], keys: Sequence[str]) -> list[str]:
    """Return the name of each row; numbers where one has none, or two have the same."""
    names = [next((str(row[key]) for key in keys if row.get(key)), "") for row in rows]
    good = all(names) and len(set(names)) == len(names) and not any("]" in one for one in names)
    return names if good else [f"#{number}" for number in range(1, len(rows) + 1)]


def keys_for(list_name: str, rows_by: Mapping[str, str]) -> tuple[str, ...]:
    """Return the keys that name the rows of a list."""
    told = rows_by.get(list_name)
    return tuple(told.split("|")) if told else NAMES


def _leaves(path: Path, node: Any, rows_by: Mapping[str, str]) -> Iterator[tuple[Path, Leaf]]:  # noqa: ANN401  (TOML)
    if isinstance(node, Mapping):
        if _is_entry(node):
            yield path, _entry(node)
            node = {key: one for key, one in node.items() if key not in (*ABOUT, "value")}
        for key, one in node.items():
            yield from _leaves((*path, str(key)), one, rows_by)
    elif isinstance(node, list) and node and all(isinstance(one, Mapping) for one in node):
        keys = keys_for(str(path[-1]) if path else "", rows_by)
        for name, one in zip(row_names(node, keys), node, strict=True):
            yield from _leaves((*path, Item(name)), one, rows_by)
    else:
        yield path, Leaf(node)


def _is_entry(node: Mapping[str, Any]) -> bool:
    """Tell a value with what is said about it from a group of values."""
    known = "value" in node and not isinstance(node["value"], Mapping)
    return known or {"confidence", "source"} <= set(node)


def _entry(node: Mapping[str, Any]) -> Leaf:
    least, most = node.get("least"), node.get("most")
    numbers = isinstance(least, int | float) and isinstance(most, int | float)
    allowed = f"{least:.10g} to {most:.10g}" if numbers else ""
    standing = [f"{key} {node[key]}" for key in ("confidence", "exhaustive") if key in node]
    return Leaf(
        node.get("value"), str(node.get("unit", "")), str(node.get("source", "")), allowed,
        is_entry=True, standing=", ".join(standing),
    )  # fmt: skip
