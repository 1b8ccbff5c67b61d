"""Every table and every value that is in force, with the layer and the file it comes from."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path as File
from typing import Any

from core.errors import ClinicFileError
from core.layers import Layer, Layers, Table, catalogue, known
from core.paths import RESOURCES
from core.settings.keys import Item, Leaf, Path, leaves, words_of


@dataclass(frozen=True, slots=True)
class Row:
    """One value in force.

    Attributes:
        table: Name of the table.
        path: Where in it; `key` says it in words.
        file: The file it stands in.

    """

    table: str
    path: Path
    leaf: Leaf
    layer: Layer
    file: File

    @property
    def key(self) -> str:
        """The key in words."""
        return words_of(self.path)


Found = dict[Path, tuple[Leaf, Layer, File]]
UNMAPPED, REFUSE = "unmapped", "refuse"
"""What is done with a name that no line has; a category that is laid down blocks it."""


def table_names(layers: Layers) -> tuple[str, ...]:
    """Return the name of every table there is, in the order of the catalogue.

    Raises:
        ClinicFileError: A folder is out of reach.

    """
    found: list[str] = []
    for kind in catalogue():
        if "*" not in kind.name:
            found.append(kind.name)
            continue
        folder, _, pattern = kind.name.rpartition("/")
        names = {file.name for file in RESOURCES.glob(kind.shipped)} if kind.shipped else set()
        names |= set(layers.listing(folder, pattern))
        found += [f"{folder}/{name}" for name in sorted(names)]
    return tuple(found)


def kind_of(name: str) -> Table:
    """Return the row of the catalogue for a table.

    Raises:
        ClinicFileError: There is no such table.

    """
    kind = known(name)
    if kind is None or ".." in name:
        raise ClinicFileError(
            f"there is no table {name!r}",
            where="settings",
            remedy="Look at the names with: eqs settings list",
        )
    return kind


def shipped_file(name: str) -> File | None:
    """Return the shipped table of a name; None where there is none."""
    kind = kind_of(name)
    if not kind.shipped:
        return None
    told = kind.shipped
    if "*" in told:
        told = told.replace("*", name.rpartition("/")[2].removesuffix(".toml"))
        told = told.removesuffix(".toml") + ".toml"
    file = RESOURCES / told
    return file if file.exists() else None


def rows_of(name: str, layers: Layers) -> tuple[Row, ...]:
    """Return the values of a table that are in force.

    Raises:
        ClinicFileError: There is no such table, a file of it is no TOML, or out of reach.

    """
    kind = kind_of(name)
    files = files_of(name, layers)
    if kind.merge in ("whole", "folder"):
        files = files[-1:]
    found: Found = {}
    for layer, file in files:
        own = folder_leaves(file) if kind.merge == "folder" else file_leaves(name, file)
        _put_over(found, own, kind, layer, file)
    return tuple(Row(name, path, *one) for path, one in found.items())


def files_of(name: str, layers: Layers, below: Layer | None = None) -> list[tuple[Layer, File]]:
    """Return the files of a table, weakest first; only those below a layer where one is named."""
    shipped = shipped_file(name)
    files = [(Layer.SHIPPED, shipped)] if shipped is not None else []
    files += [(one.layer, one.path) for one in layers.files(name)]
    order = list(Layer)
    return [
        one for one in files if below is None or order.index(one[0]) < order.index(below)
    ]  # fmt: skip


def found_below(name: str, layers: Layers, layer: Layer) -> Found:
    """Return what a table would say without a layer and those above it."""
    kind = kind_of(name)
    files = files_of(name, layers, layer)
    if kind.merge == "whole":
        files = files[-1:]
    found: Found = {}
    for one, file in files:
        _put_over(found, file_leaves(name, file), kind, one, file)
    return found


def file_leaves(name: str, file: File) -> dict[Path, Leaf]:
    """Return the values of one file.

    Raises:
        ClinicFileError: It cannot be read as TOML.

    """
    try:
        return text_leaves(name, file.read_text(encoding="utf-8-sig"), file)
    except (OSError, UnicodeDecodeError) as fault:
        raise _unreadable(file, fault) from fault


def text_leaves(name: str, text: str, file: File) -> dict[Path, Leaf]:
    """Return the values of a text; `file` is for the message.

    Raises:
        ClinicFileError: It cannot be read as TOML.

    """
    try:
        told = tomllib.loads(text)
    except (ValueError, RecursionError) as fault:
        raise _unreadable(file, fault) from fault
    kind = kind_of(name)
    if kind.merge == "names":  # the description of an R&V system says more than its names
        told = {key: one for key, one in told.items() if isinstance(one, dict)}
    return leaves(told, kind.rows_by)


def folder_leaves(folder: File) -> dict[Path, Leaf]:
    """Return the values of a dosimetry book; of a table of numbers only how long it is."""
    found: dict[Path, Leaf] = {}
    try:
        for file in sorted([*folder.glob("*.toml"), *folder.glob("*/*.toml")]):
            under = file.parent.relative_to(folder).parts
            told = tomllib.loads(file.read_text(encoding="utf-8-sig"))
            found |= {(*under, *path): leaf for path, leaf in leaves(told).items()}
        for file in sorted(folder.glob("*/*.csv")):
            lines = file.read_text(encoding="utf-8-sig").splitlines()
            head = leaves(_head(lines))
            said = {str(path[0]): str(leaf.value) for path, leaf in head.items() if path}
            count = sum(1 for line in lines if line.strip() and not line.startswith("#")) - 1
            found[(file.parent.name, file.name)] = Leaf(
                f"table of {count} rows", said.get("unit", ""), said.get("source", "")
            )
    except (OSError, ValueError) as fault:
        raise _unreadable(folder, fault) from fault
    return found


def _head(lines: list[str]) -> Mapping[str, Any]:
    return tomllib.loads("\n".join(one[1:].strip() for one in lines if one.startswith("#")))


def _put_over(
    found: Found, own: Mapping[Path, Leaf], kind: Table, layer: Layer, file: File
) -> None:
    """Put the values of a stronger layer over those found so far, as the table's reader does."""
    if kind.merge == "rows":
        rows = {path[: row_end(path)] for path in own if row_end(path)}
        for path in [one for one in found if one[: row_end(one)] in rows]:
            del found[path]
    if kind.merge == "limits":
        anew = {path[0] for path in own if len(path) == 1}
        for path in [one for one in found if len(one) > 1 and one[0] in anew]:
            del found[path]
    if kind.merge == "names" and layer != Layer.SHIPPED:
        own = {**_implied(own, found), **own}
    for path, leaf in own.items():
        weaker = found.get(path)
        if weaker is not None:
            unit, allowed = leaf.unit or weaker[0].unit, leaf.allowed or weaker[0].allowed
            leaf = replace(leaf, unit=unit, allowed=allowed)  # noqa: PLW2901  (same value, more words)
        found[path] = (leaf, layer, file)


def row_end(path: Path) -> int:
    """Return how many parts of a path name a row of a list; 0 when it is in none."""
    return next((at for at, part in enumerate(path, 1) if isinstance(part, Item)), 0)


def _implied(own: Mapping[Path, Leaf], found: Found) -> dict[Path, Leaf]:
    """Return what a category laid down says without a line: names not listed block the file."""
    said = {path[0] for path in found if len(path) == 2 and path[1] == UNMAPPED}
    own_said = {path[0] for path, one in own.items() if path[1:] == (UNMAPPED,)}
    mapped = {path[0] for path in own if path[0] in said} - own_said
    laid_down = {
        path[0] for path, one in found.items()
        if path[1:] == (UNMAPPED,) and one[1] != Layer.SHIPPED
    }  # fmt: skip
    return {(name, UNMAPPED): Leaf(REFUSE) for name in mapped - laid_down}


def matches(row: Row, words: str) -> bool:
    """Tell whether a row has every word that is searched, in table, key, value, unit or source."""
    text = " ".join(
        (row.table, row.key, f"{row.leaf.value}", row.leaf.unit, row.leaf.source, row.layer)
    ).casefold()
    return all(
        fnmatchcase(text, f"*{word}*") if "*" in word else word in text
        for word in words.casefold().split()
    )


def _unreadable(file: File, fault: Exception) -> ClinicFileError:
    return ClinicFileError(
        f"the table cannot be read: {fault}", where=str(file), remedy="Correct it at that place."
    )
