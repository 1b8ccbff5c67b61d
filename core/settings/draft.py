"""A table of a layer as it would be after a change; nothing is written here."""

import tomllib
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path as File
from typing import Any

from core.errors import ClinicFileError
from core.layers import Layer, Layers, Table
from core.paths import machine_folder
from core.settings.cells import MOST_CELLS, cell_leaves
from core.settings.edit import changed_text, toml_of, with_row, without
from core.settings.keys import Item, Leaf, Path, item_at, keys_for, words_of
from core.settings.rows import kind_of, rows_of, shipped_file, text_leaves


@dataclass(frozen=True, slots=True)
class Change:
    """One value of a file: what stood there and what stands there now, in words; "" for none."""

    key: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A table of a layer as it would be.

    Attributes:
        text: None to take the file away.
        before: What stands there now; None while there is no file.

    """

    name: str
    layer: Layer
    file: File
    text: str | None
    before: str | None

    @property
    def changes(self) -> tuple[Change, ...]:
        """What is different, by key."""
        old = _leaves(self.name, self.before, self.file)
        new = _leaves(self.name, self.text, self.file)
        both = list(dict.fromkeys([*old, *new]))
        words = _cell_words if self.name.endswith(".csv") else words_of
        changed = tuple(
            Change(words(path), _words(old.get(path)), _words(new.get(path)))
            for path in both
            if path not in old or path not in new or old[path].value != new[path].value
        )
        if not both or (self.name.endswith(".csv") and not 0 < len(changed) <= MOST_CELLS):
            return (Change("whole file", _short(self.before), _short(self.text)),)
        return changed


def layer_folder(layers: Layers, layer: Layer) -> File:
    """Return the folder of a layer, also of the machine's that is not set up yet.

    Raises:
        ClinicFileError: Shipped tables are not changed, or there is no share.

    """
    if layer == Layer.MACHINE:
        return machine_folder()
    folder = layers.folder(layer)
    if folder is None:
        what = "shipped tables are not changed" if layer == Layer.SHIPPED else "there is no share"
        remedy = 'Name one with: eqs settings share FOLDER --person "..."'
        raise ClinicFileError(
            what, where=f"layer '{layer}'",
            remedy="Choose another layer." if layer == Layer.SHIPPED else remedy,
        )  # fmt: skip
    return folder


def draft_value(
    layers: Layers, layer: Layer, name: str, path: Path, value: Any, source: str  # noqa: ANN401
) -> Draft:  # fmt: skip
    """Return a table with one value changed.

    Args:
        layers: In force.
        layer: Where it is changed; a table that holds whole is copied there from the layer below.
        name: Of the table.
        path: Of the value.
        value: As TOML.
        source: Written beside the value where the table has such.

    Raises:
        ClinicFileError: There is no such table or place.

    """
    kind, file = kind_of(name), layer_folder(layers, layer) / name
    if kind.merge == "folder":
        raise ClinicFileError(
            "a dosimetry book is changed by the cells of its tables, or put in whole", where=name,
            remedy="Use eqs settings book BEAM TABLE, or eqs settings put dosimetry_book FOLDER.",
        )  # fmt: skip
    before = text_in(file)
    base = _below(layers, layer, name) if before is None and kind.merge == "whole" else before
    found = {row.path: row for row in rows_of(name, layers)}
    row = found.get(path)
    if row is not None and kind.merge == "rows":
        base = _with_row(base or "", path, row.file, kind)
    entry = kind.merge in ("entries", "limits") and row is not None and row.leaf.is_entry
    said = "" if kind.merge == "limits" else source
    made = changed_text(base or "", path, value, said, kind.rows_by, entry=entry)
    return Draft(name, layer, file, made, before)


def draft_without(layers: Layers, layer: Layer, name: str, path: Path) -> Draft:
    """Return a table without one value, so that what the layer below says holds again.

    Raises:
        ClinicFileError: The layer does not have it.

    """
    file = layer_folder(layers, layer) / name
    before = text_in(file)
    if before is None:
        raise ClinicFileError(
            f"the layer '{layer}' has no {name}", where=str(file), remedy="Nothing is to be done."
        )
    return Draft(name, layer, file, without(before, path, kind_of(name).rows_by), before)


def draft_text(layers: Layers, layer: Layer, name: str, text: str | None) -> Draft:
    """Return a table replaced whole; None takes it away.

    Raises:
        ClinicFileError: There is no such table, or the text is no TOML.

    """
    kind_of(name)
    file = layer_folder(layers, layer) / name
    draft = Draft(name, layer, file, text, text_in(file))
    if text is not None and not name.endswith(".csv"):
        text_leaves(name, text, file)
    return draft


def _below(layers: Layers, layer: Layer, name: str) -> str:
    """Return the text that a layer's new file begins with: of the strongest file below it."""
    order = list(Layer).index(layer)
    weaker = [one.path for one in layers.files(name) if list(Layer).index(one.layer) < order]
    shipped = shipped_file(name)
    files = weaker or ([shipped] if shipped is not None else [])
    return (text_in(files[-1]) or "") if files else ""


def _with_row(text: str, path: Path, file: File, kind: Table) -> str:
    """Return a text with the row of a list copied in from where it is in force."""
    if len(path) < 2 or not isinstance(path[1], Item):
        return text
    item, key = path[1].name, str(path[0])
    names = keys_for(key, kind.rows_by)
    if item_at(tomllib.loads(text).get(key, []), item, names) is not None:
        return text
    rows = tomllib.loads(text_in(file) or "").get(key, [])
    place = item_at(rows, item, names)
    return text if place is None else with_row(text, key, rows[place])


def text_in(file: File) -> str | None:
    """Return what stands in a file to the letter; None where there is none."""
    try:
        return file.read_bytes().decode("utf-8-sig") if file.is_file() else None
    except (OSError, UnicodeDecodeError) as fault:
        raise ClinicFileError(
            f"the table cannot be read: {fault}", where=str(file), remedy="Correct it by hand."
        ) from fault


def _leaves(name: str, text: str | None, file: File) -> dict[Path, Leaf]:
    if text is not None and name.endswith(".csv"):
        return cell_leaves(text)
    try:
        return text_leaves(name, text, file) if text is not None else {}
    except ClinicFileError:
        return {}


def _cell_words(path: Path) -> str:
    return ", ".join(str(part) for part in path)


def _short(text: str | None) -> str:
    """Return the begin of a text's digest, for what is no TOML or holds no value."""
    return "" if text is None else f"SHA-256 {sha256(text.encode('utf-8')).hexdigest()[:12]}"


def _words(leaf: Leaf | None) -> str:
    return "" if leaf is None or leaf.value is None else toml_of(leaf.value)
