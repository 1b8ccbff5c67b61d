"""What the settings commands and the window do: list, change, undo, export, import."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.filter.people import PHYSICIST, printed_name, signer
from app.settings_readers import faults
from core.errors import ClinicFileError
from core.layers import MARK_FILE, Layer, Layers, is_protected, own_layers
from core.paths import data_folder, machine_folder
from core.safe_write import write_whole
from core.settings import change, pack
from core.settings.change import Author
from core.settings.draft import UNSEEN, Change, Draft, draft_text, draft_value, draft_without
from core.settings.edit import path_of, text_of, toml_of, value_of
from core.settings.rows import Row, kind_of, rows_of, table_names

SHORTEST_REASON = 3


def tables(layers: Layers) -> dict[str, tuple[Row, ...]]:
    """Return every table with its values in force; errors as in `rows_of`."""
    return {name: rows_of(name, layers) for name in table_names(layers)}


@dataclass(frozen=True, slots=True)
class Loaded:
    """Everything the window shows of the settings."""

    layers: Layers
    tables: dict[str, tuple[Row, ...]]
    ignored: tuple[str, ...]
    person: str
    undo: bool


def load() -> Loaded:
    """Return every table as it is in force; errors as in `tables`."""
    layers = own_layers()
    return Loaded(
        layers, tables(layers), ignored_words(layers), printed_name(), change.can_undo()
    )  # fmt: skip


def title_of(name: str) -> str:
    """Return what a table is called in lists."""
    kind = kind_of(name)
    if "*" not in kind.name:
        return kind.title
    return f"{kind.title} {name.rpartition('/')[2].removesuffix('.toml')}"


def ignored_words(layers: Layers) -> tuple[str, ...]:
    """Return a sentence for each of the user's tables that does not count."""
    return tuple(
        f"{one.path} is not used: one user does not set this table. Have it put into the "
        "machine's or the clinic's settings, or take it away."
        for one in layers.ignored()
    )


def layer_words() -> tuple[str, ...]:
    """Return what is to be told at the start: tables that are not used.

    Raises:
        ClinicFileError: A layer is out of reach.

    """
    layers = own_layers()
    layers.files("tolerances.toml")
    return ignored_words(layers)


def usual_layer(layers: Layers, name: str) -> Layer:
    """Return the layer a change of a table goes to where nobody says otherwise."""
    return pack.strongest_layer(layers) if is_protected(name) else Layer.USER


def set_value(name: str, key: str, typed: str, layer: Layer, author: Author) -> tuple[Draft, ...]:
    """Set one value as typed, a point parting decimals; errors as in `change.write`."""
    layers = own_layers()
    rows = {row.path: row.leaf for row in rows_of(name, layers)}
    path = path_of(key, rows)
    leaf = rows.get(path)
    value = value_of(typed, leaf.value if leaf is not None else None)
    author = allowed(author, [name])
    change.refuse_forbidden(layers, layer, [name])
    source = f"{author.reason or 'set by the clinic'} ({author.person})"
    draft = draft_value(layers, layer, name, path, value, source)
    return change.write(layers, [draft], author, faults, "setting changed")


def reset_value(name: str, key: str, layer: Layer, author: Author) -> tuple[Draft, ...]:
    """Take one value out of a layer, so that the layer below holds again."""
    layers = own_layers()
    path = path_of(key, {row.path: row.leaf for row in rows_of(name, layers)})
    author = allowed(author, [name])
    draft = draft_without(layers, layer, name, path)
    return change.write(layers, [draft], author, faults, "setting taken out")


def put_text(
    name: str, text: str | None, layer: Layer, author: Author, seen: str | None = UNSEEN
) -> tuple[Draft, ...]:
    """Replace a layer's table whole; None takes it away; `seen` as in `draft_text`."""
    layers = own_layers()
    author = allowed(author, [name])
    change.refuse_forbidden(layers, layer, [name])
    draft = draft_text(layers, layer, name, text, seen)
    return change.write(layers, [draft], author, faults, "table replaced")


def put_file(name: str, source: Path, layer: Layer, author: Author) -> tuple[Draft, ...]:
    """Replace a layer's table by a file; a dosimetry book by a folder."""
    if kind_of(name).merge != "folder":
        return put_text(name, _read(source), layer, author)
    layers = own_layers()
    author = allowed(author, [name])
    change.refuse_forbidden(layers, layer, [name])
    files = {
        f"{name}/{file.relative_to(source).as_posix()}": file
        for file in sorted(source.rglob("*")) if file.suffix in (".toml", ".csv")
    }  # fmt: skip
    if f"{name}/book.toml" not in files:
        raise ClinicFileError(
            "the folder holds no dosimetry book (book.toml)", where=str(source),
            remedy="Choose the folder with book.toml.",
        )  # fmt: skip
    there = [one for one in pack.tables_of(layers, layer) if one.startswith(f"{name}/")]
    drafts = [draft_text(layers, layer, one, _read(file)) for one, file in files.items()]
    drafts += [draft_text(layers, layer, one, None) for one in there if one not in files]
    return change.write(layers, drafts, author, faults, "book replaced")


def undo(author: Author) -> tuple[Draft, ...]:
    """Put back what stood there before this user's last change; who may change it may do so.

    Raises:
        RemedyError: There is none, the table has been changed since, or the role is missing.

    """
    reason = author.reason.strip() or "the last change undone"
    author = allowed(Author(author.person, reason), change.undo_names())
    return change.undo(own_layers(), author, faults)


def import_drafts(file: Path, layer: Layer | None) -> tuple[Draft, ...]:
    """Return what an import would change, each table tried by its readers.

    Raises:
        RemedyError: The file is no export, or a reader refuses a table of it.

    """
    layers = own_layers()
    to = layer or pack.strongest_layer(layers)
    drafts = pack.drafts_of(layers, to, pack.read_pack(file))
    different = tuple(one for one in drafts if one.text != one.before)
    change.refuse_forbidden(layers, to, [one.name for one in drafts])
    change.refuse_faulty(layers, different, faults)
    return different


def import_file(file: Path, layer: Layer | None, author: Author) -> tuple[Draft, ...]:
    """Write what an export holds into a layer, all or nothing."""
    drafts = import_drafts(file, layer)
    author = allowed(author, [one.name for one in drafts])
    return change.write(own_layers(), drafts, author, faults, f"imported from {file.name}")


def share_at(folder: Path, layer: Layer, name: str, author: Author) -> Path:
    """Name the clinic's share for everybody on this computer, or for this user; return the file.

    Raises:
        ClinicFileError: The folder is not there, or tables of the user would count no more.

    """
    layers = own_layers()
    if not folder.is_dir():
        raise ClinicFileError(
            "the folder is not there", where=str(folder), remedy="Connect the drive it lies on."
        )
    left = [] if layers.is_shared else [
        one for one in pack.tables_of(layers, Layer.USER) if is_protected(one)
    ]  # fmt: skip
    there = (folder / MARK_FILE).is_file()
    if left and not all((folder / one).is_file() for one in left):
        raise ClinicFileError(
            f"the user's folder holds {', '.join(left)}, which would count no more beside a share",
            where=str(folder), remedy="Copy these tables into the share first.",
        )  # fmt: skip
    author = allowed(author, ["layers.toml"])
    if not there:
        write_whole(folder / MARK_FILE, f"name = {toml_of(name or 'clinic')}\n".encode())
    at = machine_folder() if layer == Layer.MACHINE else data_folder()
    at.mkdir(parents=True, exist_ok=True)
    change.log_share(folder, layer, author)
    write_whole(at / "layers.toml", f"clinic_share = {toml_of(str(folder.absolute()))}\n".encode())
    return at / "layers.toml"


def row_json(row: Row) -> dict[str, Any]:
    """Return a row for programs."""
    leaf = row.leaf
    value = leaf.value
    plain = value if isinstance(value, str | int | float | bool | list | None) else str(value)
    return {
        "table": row.table, "key": row.key, "value": plain, "unit": leaf.unit,
        "allowed": leaf.allowed, "source": leaf.source, "layer": str(row.layer),
        "file": str(row.file), "protected": is_protected(row.table),
    }  # fmt: skip


def value_words(row: Row) -> str:
    """Return a row's value as it is shown: a point parts decimals."""
    return "not known" if row.leaf.value is None else text_of(row.leaf.value)


def gone_words(draft: Draft, one: Change) -> str:
    """Return what holds in place of a value that is no longer in a layer."""
    whole = kind_of(draft.name).merge in ("whole", "rows")
    return "nothing" if whole or ".special." in one.key else "as below"


def notes_of(drafts: Iterable[Draft]) -> tuple[str, ...]:
    """Return a sentence for what a change does that its values do not say.

    A stronger layer may hold instead of the one written; a table that holds whole stands in the
    layer from now on, so that changes to the one below reach nobody here.
    """
    drafts = tuple(drafts)
    layers = own_layers()
    told = []
    for draft in drafts:
        stronger = [
            one for one in layers.files(draft.name)
            if list(Layer).index(one.layer) > list(Layer).index(draft.layer)
        ]  # fmt: skip
        if stronger:
            told.append(
                f"The layer '{stronger[-1].layer}' has {draft.name} too; what it says holds."
            )
    whole = [draft for draft in drafts if draft.begins_whole]
    if whole:
        told.append(
            f"The layer '{whole[0].layer}' now holds the whole of "
            f"{', '.join(one.name for one in whole)}: a change to it in a layer below does not "
            "reach here."
        )
    return tuple(told)


def allowed(author: Author, names: Iterable[str]) -> Author:
    """Return the author by the clinic's list of people; for a protected table a physicist.

    Raises:
        RemedyError: Nobody is named, the role is missing, or no reason is given.

    """
    protected = any(is_protected(name) for name in names)
    one = signer(author.person, PHYSICIST if protected else (), "change settings")
    reason = author.reason.strip()
    if protected and len(reason) < SHORTEST_REASON:
        what = f"the reason {reason!r} is too short" if reason else "no reason is given"
        raise ClinicFileError(
            what, where="change settings",
            remedy="Say in a few words why; it stands in the log and beside the value.",
        )  # fmt: skip
    return Author(one.name, " ".join(author.reason.split()))


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise ClinicFileError(
            f"the file is no text in UTF-8: {fault}", where=str(file), remedy="Save it as UTF-8."
        ) from fault
