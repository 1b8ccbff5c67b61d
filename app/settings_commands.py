"""`eqs settings`: every table of the clinic, its layers, and how a value is changed."""

# ruff: noqa: PLC0415  (the readers of all rooms are loaded by the command that needs them)

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from app.answers import finish, say
from app.settings_book_commands import add_book_command
from core.findings import State
from core.layers import Layer

CLEAN, FINDINGS = 0, 1
LAYERS = {"machine": Layer.MACHINE, "clinic": Layer.CLINIC, "user": Layer.USER}
ARGUMENTS = {
    "set": ("table", "key", "value"), "reset": ("table", "key"), "put": ("table", "file"),
    "import": ("file",), "undo": (), "share": ("folder",),
}  # fmt: skip


def add_settings_commands(rooms: Any) -> None:  # noqa: ANN401  (argparse has no public name for it)
    """Add the commands that show, change and move settings."""
    own = rooms.add_parser("settings", help="tables of the clinic, by layer").add_subparsers(
        required=True
    )
    for name, words, run in (
        ("list", "every table, key, value, unit, layer and file", _list),
        ("show", "one table", _show),
        ("check", "let every reader read its table", _check),
    ):
        one = own.add_parser(name, help=words)
        if name == "show":
            one.add_argument("table", metavar="TABLE")
        if name == "list":
            one.add_argument("--find", default="", metavar="WORDS", help="only rows with them")
        finish(one, run)
    for name, words, run in (
        ("set", "set one value", _set),
        ("reset", "take one value out, so that the layer below holds", _reset),
        ("put", "put a whole table in from a file, or a dosimetry book from its folder", _put),
        ("import", "take in a file of exported settings", _import),
        ("undo", "put back what stood there before your last change", _undo),
        ("share", "name the folder of the clinic's share", _share),
    ):
        one = own.add_parser(name, help=words)
        for each in ARGUMENTS[name]:
            one.add_argument(each, type=Path if each in ("file", "folder") else str,
                             metavar=each.upper())  # fmt: skip
        if name != "undo":
            one.add_argument("--layer", choices=tuple(LAYERS))
        if name == "import":
            one.add_argument("--dry-run", action="store_true", help="only show what would change")
        if name == "share":
            one.add_argument("--name", default="", help="of the clinic")
        one.add_argument("--person", default="", metavar="NAME", help="who changes it")
        one.add_argument("--reason", default="", metavar="WORDS", help="why; it is logged")
        finish(one, run)
    add_book_command(own)
    one = own.add_parser("export", help="write the tables of a layer into one file")
    one.add_argument("file", type=Path, metavar="FILE")
    one.add_argument("--layer", choices=tuple(LAYERS))
    finish(one, _export)


def _list(words: argparse.Namespace) -> int:
    from app.settings_desk import ignored_words, row_json, tables
    from core.layers import own_layers
    from core.settings.rows import matches

    layers = own_layers()
    found = [row for rows in tables(layers).values() for row in rows if matches(row, words.find)]
    ignored = ignored_words(layers)
    folders = {str(place.layer): str(place.path) for place in layers.places}
    answer = {"status": State.WARNING if ignored else State.PASS, "layers": folders,
              "rows": [row_json(row) for row in found], "ignored": list(ignored)}  # fmt: skip
    say(words, answer, "\n".join([*_lines(found), *ignored]))
    return FINDINGS if ignored else CLEAN


def _show(words: argparse.Namespace) -> int:
    from app.settings_desk import row_json
    from core.layers import own_layers
    from core.settings.rows import rows_of

    found = rows_of(words.table, own_layers())
    say(words, {"status": State.PASS, "rows": [row_json(row) for row in found]},
        "\n".join(_lines(found)) or "The table is empty.")  # fmt: skip
    return CLEAN


def _lines(rows: Iterable[Any]) -> list[str]:
    from app.settings_desk import value_words

    lines, table = [], ""
    for row in rows:
        if row.table != table:
            table = row.table
            lines.append(table)
        value = f"{value_words(row)} {row.leaf.unit}".rstrip()
        lines.append(f"  {row.key} = {value}  [{row.layer}]")
    return lines


def _check(words: argparse.Namespace) -> int:
    from app.settings_desk import ignored_words
    from app.settings_readers import faults
    from core.layers import own_layers

    layers = own_layers()
    found, ignored = faults(layers), ignored_words(layers)
    rows = [
        {"what": one.what, "where": one.where, "remedy": one.remedy} for one in found.values()
    ]  # fmt: skip
    state = State.ERROR if rows else State.WARNING if ignored else State.PASS
    lines = [*(str(one) for one in found.values()), *ignored]
    say(words, {"status": state, "faults": rows, "ignored": list(ignored)},
        "\n".join(lines) or "Every table can be read.")  # fmt: skip
    return FINDINGS if lines else CLEAN


def _author(words: argparse.Namespace) -> Any:  # noqa: ANN401  (loaded late)
    from core.settings.change import Author

    return Author(words.person, words.reason)


def _layer(words: argparse.Namespace) -> Layer:
    from app.settings_desk import usual_layer
    from core.layers import own_layers

    return LAYERS[words.layer] if words.layer else usual_layer(own_layers(), words.table)


def _set(words: argparse.Namespace) -> int:
    from app.settings_desk import set_value

    return _told(
        words, set_value(words.table, words.key, words.value, _layer(words), _author(words))
    )


def _reset(words: argparse.Namespace) -> int:
    from app.settings_desk import reset_value

    return _told(words, reset_value(words.table, words.key, _layer(words), _author(words)))


def _put(words: argparse.Namespace) -> int:
    from app.settings_desk import put_file

    return _told(words, put_file(words.table, words.file, _layer(words), _author(words)))


def _undo(words: argparse.Namespace) -> int:
    from app.settings_desk import undo

    return _told(words, undo(_author(words)))


def _import(words: argparse.Namespace) -> int:
    from app.settings_desk import import_drafts, import_file

    layer = LAYERS[words.layer] if words.layer else None
    if words.dry_run:
        return _told(words, import_drafts(words.file, layer), dry=True)
    return _told(words, import_file(words.file, layer, _author(words)))


def _share(words: argparse.Namespace) -> int:
    from app.settings_desk import share_at

    layer = LAYERS[words.layer or "machine"]
    file = share_at(words.folder, layer, words.name, _author(words))
    say(words, {"status": State.PASS, "file": str(file)}, f"{file} names the share.")
    return CLEAN


def _export(words: argparse.Namespace) -> int:
    from core.layers import own_layers
    from core.settings.pack import export, strongest_layer

    layers = own_layers()
    layer = LAYERS[words.layer] if words.layer else strongest_layer(layers)
    digests = export(layers, layer, words.file)
    say(words, {"status": State.PASS, "file": str(words.file), "layer": layer, "tables": digests},
        f"{words.file} holds {len(digests)} tables of the layer '{layer}'.")  # fmt: skip
    return CLEAN


def _told(words: argparse.Namespace, drafts: Iterable[Any], *, dry: bool = False) -> int:
    from app.settings_desk import notes_of

    drafts = tuple(drafts)
    rows = [
        {"table": one.name, "layer": str(one.layer), "file": str(one.file), "key": change.key,
         "old": change.old, "new": change.new}
        for one in drafts for change in one.changes
    ]  # fmt: skip
    notes = () if dry else notes_of(drafts)
    lines = [
        f"{row['table']} {row['key']}: {row['old'] or 'nothing'} -> {row['new'] or 'nothing'}"
        f"  [{row['layer']}]" for row in rows
    ]  # fmt: skip
    say(words, {"status": State.PASS, "written": not dry, "changes": rows, "notes": list(notes)},
        "\n".join([*lines, *notes]) or "Nothing is different.")  # fmt: skip
    return CLEAN
