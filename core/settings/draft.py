"""A table of a layer as it would be after a change; nothing is written here."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path as File
from typing import Any

from core.errors import ClinicFileError
from core.layers import Layer, Layers, Table
from core.paths import machine_folder
from core.settings.cells import MOST_CELLS, cell_leaves
from core.settings.edit import changed_text, put_back, toml_of, with_row, without, without_row
from core.settings.keys import Item, Leaf, Path, item_at, keys_for, words_of
from core.settings.rows import (
    REFUSE,
    UNMAPPED,
    files_of,
    found_below,
    kind_of,
    row_end,
    rows_of,
    text_leaves,
)

ROW_END = 2
"""Parts of a path that lead to a row: the list's name, the row's."""


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
        below: What the layers below say, where a change can take it away: of a table that holds
            whole or row by row, special values of limits, names that no line has.

    """

    name: str
    layer: Layer
    file: File
    text: str | None
    before: str | None
    below: Mapping[Path, Leaf] = field(default_factory=dict)

    @property
    def begins_whole(self) -> bool:
        """Whether the layer gets a table that holds whole, so that those below count no more."""
        new = self.before is None and self.text is not None
        return new and bool(self.below) and kind_of(self.name).merge == "whole"

    @property
    def changes(self) -> tuple[Change, ...]:
        """What is different, by key, in what holds up to this layer."""
        old, new = self._holding(self.before), self._holding(self.text)
        both = list(dict.fromkeys([*old, *new]))
        words = _cell_words if self.name.endswith(".csv") else words_of
        changed = tuple(
            Change(words(path), _words(old.get(path)), _words(new.get(path)))
            for path in both
            if path not in old or path not in new or old[path].value != new[path].value
        )
        most = MOST_CELLS if self.name.endswith(".csv") else len(changed)
        if self.text != self.before and not 0 < len(changed) <= most:
            return (Change("whole file", _short(self.before), _short(self.text)),)
        return changed

    def _holding(self, text: str | None) -> dict[Path, Leaf]:
        """Return the values of a text of the file, and those below that it lets through.

        Of limits these are the special values, of names what is done with one that no line has;
        the others say by themselves what they are.
        """
        own = _leaves(self.name, text, self.file)
        if kind_of(self.name).merge == "whole":
            return own if text is not None else dict(self.below)
        if kind_of(self.name).merge == "names":
            laid_down = {path[0] for path in own}
            refused = {path: Leaf(REFUSE) if path[0] in laid_down else leaf
                       for path, leaf in self.below.items()}  # fmt: skip
            return refused | own
        if kind_of(self.name).merge == "limits":
            anew = {path[0] for path in own if len(path) == 1}
            return {path: leaf for path, leaf in self.below.items() if path[0] not in anew} | own
        rows = {path[: row_end(path)] for path in own if row_end(path)}
        weaker = {
            path: leaf for path, leaf in self.below.items()
            if row_end(path) and path[: row_end(path)] not in rows
        }  # fmt: skip
        return weaker | own


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
    if kind.merge == "rows" and row_end(path) == ROW_END:
        for _, weaker in reversed(files_of(name, layers, layer)):
            base = _with_row(base or "", path, weaker, kind)
        if row is not None and _row_in(base or "", path, kind) is None:
            raise ClinicFileError(
                f"neither the layer '{layer}' nor one below has {words_of(path[: row_end(path)])}",
                where=str(file), remedy="Change it in the layer that has it.",
            )  # fmt: skip
    entry = kind.merge in ("entries", "limits") and row is not None and row.leaf.is_entry
    said = "" if kind.merge == "limits" else source
    made = changed_text(base or "", path, value, said, kind.rows_by, entry=entry)
    return Draft(name, layer, file, made, before, held_below(layers, layer, name))


def draft_without(layers: Layers, layer: Layer, name: str, path: Path) -> Draft:
    """Return a table without one value, so that what the layer below says holds again.

    Raises:
        ClinicFileError: The layer does not have it; or it holds a table or a row whole, and no
            layer below has the value.

    """
    file = layer_folder(layers, layer) / name
    before = text_in(file)
    if before is None:
        raise ClinicFileError(
            f"the layer '{layer}' has no {name}", where=str(file), remedy="Nothing is to be done."
        )
    if path not in _leaves(name, before, file):
        raise ClinicFileError(
            f"the layer '{layer}' does not have {words_of(path)}", where=str(file),
            remedy="Nothing is to be done.",
        )  # fmt: skip
    kind, below = kind_of(name), held_below(layers, layer, name)
    if kind.merge == "whole" or (kind.merge == "rows" and row_end(path)):
        text = _as_below(layers, Draft(name, layer, file, before, before, below), path)
    else:
        text = without(before, path, kind.rows_by)
    return Draft(name, layer, file, text, before, below)


def _as_below(layers: Layers, draft: Draft, path: Path) -> str | None:
    """Return a whole table, or one of rows, with a value of the layer below; None for no file.

    Taken out alone it would be gone: a file or row that holds whole lets nothing through from
    below. Where nothing else is different, the layer's own file or row goes.
    """
    kind, before = kind_of(draft.name), draft.before or ""
    if path not in draft.below:
        raise ClinicFileError(
            f"no layer below '{draft.layer}' has {words_of(path)}", where=str(draft.file),
            remedy="Change the value, or take out what belongs together in the file's text.",
        )  # fmt: skip
    end = row_end(path) if kind.merge == "rows" else 0
    weaker = next(
        text for _, file in reversed(files_of(draft.name, layers, draft.layer))
        if (text := text_in(file)) and path in text_leaves(draft.name, text, file)
    )  # fmt: skip
    text = put_back(before, path, weaker, kind.rows_by)
    left = {one: leaf for one, leaf in _leaves(draft.name, text, draft.file).items()
            if one[:end] == path[:end]}  # fmt: skip
    same = {one: leaf for one, leaf in draft.below.items() if one[:end] == path[:end]}
    if left != same:
        return text
    row = path[1] if end else None
    if isinstance(row, Item):
        text = without_row(text, str(path[0]), row.name, kind.rows_by)
        return text if _leaves(draft.name, text, draft.file) else None
    return None


UNSEEN = "\0"
"""In the place of a text nobody has looked at."""


def draft_text(
    layers: Layers, layer: Layer, name: str, text: str | None, seen: str | None = UNSEEN
) -> Draft:
    """Return a table replaced whole; None takes it away.

    Args:
        layers: In force.
        layer: Where it is replaced.
        name: Of the table.
        text: New text.
        seen: What stood there when it was looked at, None for no file; a file that is another
            by now is not replaced.

    Raises:
        ClinicFileError: There is no such table, or the text is no TOML.

    """
    kind_of(name)
    file = layer_folder(layers, layer) / name
    before = text_in(file) if seen == UNSEEN else seen
    draft = Draft(name, layer, file, text, before, held_below(layers, layer, name))
    if text is not None and not name.endswith(".csv"):
        text_leaves(name, text, file)
    return draft


def _below(layers: Layers, layer: Layer, name: str) -> str:
    """Return the text that a layer's new file begins with: of the strongest file below it."""
    files = files_of(name, layers, layer)
    return (text_in(files[-1][1]) or "") if files else ""


def held_below(layers: Layers, layer: Layer, name: str) -> dict[Path, Leaf]:
    """Return what the layers below one say of a table that a file of it can take away."""
    merge = kind_of(name).merge
    found = found_below(name, layers, layer) if merge not in ("entries", "folder") else {}
    return {
        path: leaf for path, (leaf, of, _) in found.items()
        if merge in ("whole", "rows") or (merge == "limits" and len(path) > 1)
        or (merge == "names" and path[1:] == (UNMAPPED,) and of == Layer.SHIPPED)
    }  # fmt: skip


def _row_in(text: str, path: Path, kind: Table) -> Mapping[str, Any] | None:
    """Return the row of a list that a path leads into; None where the text has none."""
    key, item = str(path[0]), path[1]
    rows = tomllib.loads(text).get(key, [])
    named = item.name if isinstance(item, Item) else ""
    place = item_at(rows, named, keys_for(key, kind.rows_by))
    return None if place is None else rows[place]


def _with_row(text: str, path: Path, file: File, kind: Table) -> str:
    """Return a text with the row of a list copied in from a weaker file, where it lacks it."""
    row = None if _row_in(text, path, kind) else _row_in(text_in(file) or "", path, kind)
    return text if row is None else with_row(text, str(path[0]), row)


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
