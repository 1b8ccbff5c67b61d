"""One value changed in the text of a table; every comment and all else stays as it is."""

import json
import re
import tomllib
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Array

from core.errors import ClinicFileError
from core.settings.keys import ABOUT, Item, Leaf, Path, item_at, keys_for, words_of

HEAD = "# Written by EQS Workstation. The shipped table says what each entry means.\n"
MARK = "the row that goes"


def path_of(key: str, known: Mapping[Path, Leaf]) -> Path:
    """Return the path of a key as typed: one that is known, or a new one in a group.

    Raises:
        ClinicFileError: It is no key.

    """
    path = next((one for one in known if words_of(one) == key.strip()), None)
    if path is not None:
        return path
    try:
        node: Any = tomllib.loads(f"{key} = 0")
    except ValueError as fault:
        remedy = (
            "Write it as the list shows it; new rows of a list are put in with the whole file."
        )
        raise ClinicFileError(f"{key!r} is no key", where="settings", remedy=remedy) from fault
    parts: list[str] = []
    while isinstance(node, dict) and len(node) == 1:
        ((part, node),) = node.items()
        parts.append(part)
    if isinstance(node, dict) or not parts:
        raise ClinicFileError(f"{key!r} is no key", where="settings", remedy="Name one key.")
    return tuple(parts)


def value_of(text: str, like: Any) -> Any:  # noqa: ANN401  (TOML)
    """Return a typed value of the kind of the one it replaces; a point parts the decimals.

    Raises:
        ClinicFileError: It is of another kind.

    """
    if isinstance(like, str):
        quoted = text.strip()[:1] in ("'", '"') and text.strip()[-1:] == text.strip()[:1]
        return _toml(text) if quoted and len(text.strip()) > 1 else text
    try:
        value = _toml(text)
    except ValueError as fault:
        if like is None or isinstance(like, dict):
            return text
        raise _other_kind(text, like) from fault
    if like is None:
        return value
    number = isinstance(like, int | float) and not isinstance(like, bool)
    if number and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if isinstance(like, float) else value
    if type(value) is not type(like):
        raise _other_kind(text, like)
    return value


def text_of(value: Any) -> str:  # noqa: ANN401  (TOML)
    """Return a value as it is typed: a text as it stands, all else as TOML."""
    if value is None:
        return ""
    return value if isinstance(value, str) else toml_of(value)


def toml_of(value: Any) -> str:  # noqa: ANN401  (TOML)
    """Return a value as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(toml_of(one) for one in value)}]"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {toml_of(one)}" for key, one in value.items()) + " }"
    # JSON's strings are TOML's, but for one character that JSON leaves as it is.
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return f"{value}"


def changed_text(
    text: str,
    path: Path,
    value: Any,  # noqa: ANN401  (TOML)
    source: str,
    rows_by: Mapping[str, str],
    *,
    entry: bool,
) -> str:
    """Return the text with one value changed or added.

    Args:
        text: Of the file; empty for a new one.
        path: Where.
        value: What stands there then.
        source: Where the value is from, written beside it where the table says such; "" to leave
            what stands there.
        rows_by: As in `keys.leaves`.
        entry: Whether a value that is added is written as a table with value and source.

    Raises:
        ClinicFileError: The text is no TOML, or has no such row.

    """
    document = _document(text or HEAD)
    node: Any = document
    for at, part in enumerate(path[:-1]):
        node = _below(node, path, at, part, rows_by)
    last = path[-1]
    if isinstance(last, Item):
        _change_entry(_below(node, path, len(path) - 1, last, rows_by), value, source)
        return tomlkit.dumps(document)
    if not isinstance(node, MutableMapping):
        raise _no_place(path)
    there = node.get(last)
    if isinstance(there, MutableMapping):
        _change_entry(there, value, source)
    elif there is None and entry:
        table = tomlkit.inline_table()
        table["value"] = value
        if source:
            table["source"] = source
        node[last] = table
    else:
        node[last] = value
    return tomlkit.dumps(document)


def with_row(text: str, key: str, row: Mapping[str, Any]) -> str:
    """Return the text with a row added to a list of tables."""
    document = _document(text or HEAD)
    if key not in document:
        document[key] = tomlkit.aot()
    table = tomlkit.table()
    table.update(row)
    document[key].append(table)
    return tomlkit.dumps(document)


def without(text: str, path: Path, rows_by: Mapping[str, str]) -> str:
    """Return the text without one value; what a weaker layer says holds then.

    Raises:
        ClinicFileError: It does not stand there.

    """
    document = _document(text)
    node: Any = document
    for at, part in enumerate(path[:-1]):
        there = node.get(part) if isinstance(node, Mapping) and not isinstance(part, Item) else 0
        if there is None:
            raise _no_place(path)
        node = _below(node, path, at, part, rows_by)
    if not isinstance(node, MutableMapping) or path[-1] not in node:
        raise _no_place(path)
    del node[path[-1]]
    return tomlkit.dumps(document)


def put_back(text: str, path: Path, weaker: str, rows_by: Mapping[str, str]) -> str:
    """Return the text with one value, and what is said about it, as another text has it.

    Raises:
        ClinicFileError: It does not stand in both.

    """
    document, there = _document(text), tomllib.loads(weaker)
    own: Any = document
    for at, part in enumerate(path[:-1]):
        own, there = _below(own, path, at, part, rows_by), _below(there, path, at, part, rows_by)
    last = path[-1]
    if isinstance(last, Item):
        mine, entry = (_below(one, path, len(path) - 1, last, rows_by) for one in (own, there))
    elif last in own and last in there:
        mine, entry = own[last], there[last]
    else:
        raise _no_place(path)
    if not isinstance(mine, MutableMapping):
        own[last] = entry
        return tomlkit.dumps(document)
    entry = entry if isinstance(entry, Mapping) else {"value": entry}
    for key in ("value", *ABOUT):
        if key in entry:
            mine[key] = entry[key]
        elif key in mine:
            del mine[key]
    return tomlkit.dumps(document)


def without_row(text: str, key: str, name: str, rows_by: Mapping[str, str]) -> str:
    """Return the text without a row of a list of tables.

    Comments directly above a row speak of it: they go with it, and those of the next row stay.
    """
    document = _document(text)
    place = item_at(document[key], name, keys_for(key, rows_by))
    if place is None:
        return tomlkit.dumps(document)
    cuts = [_lines_without_row(text, key, place), _lines_without_item(text, key, place)]
    del document[key][place]
    if not document[key]:
        del document[key]
    left = document.unwrap()
    whole = (cut for cut in cuts if _parsed(cut) == left)
    return next(whole, tomlkit.dumps(document))


def _lines_without_row(text: str, key: str, place: int) -> str:
    lines = text.splitlines(keepends=True)
    name = rf"\s*['\"]?{re.escape(key)}['\"]?\s*"
    # What looks like a head inside a text or list of many lines is none: that is not over before.
    heads = [n for n, one in enumerate(lines) if re.match(r"\s*\[", one) and _is_whole(lines[:n])]
    own = [n for n in heads if re.match(rf"\s*\[\[{name}\]\]", lines[n])]
    if place >= len(own):
        return text
    begin = own[place]
    after = (n for n in heads if n > begin
             and not re.match(rf"\s*\[\[?{name}\.", lines[n]))  # fmt: skip
    end = next(after, len(lines))
    while end > begin + 1 and re.match(r"\s*(#|$)", lines[end - 1]):
        end -= 1
    return "".join(lines[: _above(lines, begin)] + lines[end:])


def _lines_without_item(text: str, key: str, place: int) -> str:
    """Return the text without a row of a list in brackets that has a line of its own."""
    document = _document(text)
    if not isinstance(document[key], Array):
        return text
    document[key][place] = MARK
    lines = tomlkit.dumps(document).splitlines(keepends=True)
    begin = next(n for n, one in enumerate(lines) if MARK in one)
    return "".join(lines[: _above(lines, begin)] + lines[begin + 1 :])


def _above(lines: Sequence[str], begin: int) -> int:
    """Return where the comment directly above a line begins; the file's own head is none."""
    while begin and re.match(r"\s*#", lines[begin - 1]) and lines[begin - 1] != HEAD:
        begin -= 1
    return begin


def _is_whole(lines: Sequence[str]) -> bool:
    try:
        tomllib.loads("".join(lines))
    except ValueError:
        return False
    return True


def _parsed(text: str) -> object:
    try:
        return tomlkit.parse(text).unwrap()
    except TOMLKitError:
        return None


def _document(text: str) -> Any:  # noqa: ANN401  (tomlkit's documents)
    try:
        return tomlkit.parse(text)
    except TOMLKitError as fault:
        raise ClinicFileError(
            f"the table cannot be read: {fault}", where="settings", remedy="Correct it by hand."
        ) from fault


def _below(node: Any, path: Path, at: int, part: "str | Item", rows_by: Mapping[str, str]) -> Any:  # noqa: ANN401
    if isinstance(part, Item):
        keys = keys_for(str(path[at - 1]) if at else "", rows_by)
        place = item_at(node, part.name, keys) if isinstance(node, list) else None
        if place is None:
            raise _no_place(path)
        return node[place]
    if not isinstance(node, MutableMapping):
        raise _no_place(path)
    if part not in node:
        node[part] = tomlkit.table(is_super_table=at + 2 < len(path))
    return node[part]


def _change_entry(entry: MutableMapping[str, Any], value: Any, source: str) -> None:  # noqa: ANN401
    """Change a value that stands with its unit and source; one that was unknown is known then."""
    entry["value"] = value
    if source and "source" in entry:
        entry["source"] = source
    if source and "confidence" in entry:
        entry["confidence"] = "S"


def _toml(text: str) -> Any:  # noqa: ANN401  (TOML)
    told = tomllib.loads(f"value = {text}")
    if set(told) != {"value"}:
        raise ValueError(text)
    return told["value"]


def _other_kind(text: str, like: object) -> ClinicFileError:
    kinds = {bool: "true or false", int: "a number", float: "a number", list: "a list"}
    kind = kinds.get(type(like), "such a value")
    example = " like [1, 2]" if isinstance(like, list) else ""
    return ClinicFileError(
        f"{text!r} is not {kind}", where="settings", remedy=f"Write {kind}{example}."
    )


def _no_place(path: Path) -> ClinicFileError:
    return ClinicFileError(
        f"the table has no place for {words_of(path)}",
        where="settings",
        remedy="Write it as the list shows it, or put the whole file in.",
    )
