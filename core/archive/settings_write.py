"""Rules and systems written into archive.toml: what else stands there stays, to the letter (Y-02).

A person may have written the file by hand, with comments. So only the one table that is meant is
exchanged, and the whole is read before it takes the place of the old. Written is this user's file;
a system or rule of a weaker layer is overridden there, and taken out only in its own file.
"""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from core.archive.nodes import Node
from core.archive.rules import Rule
from core.archive.settings import (
    ArchiveSettings,
    settings_file,
    settings_of,
    told_by_all,
    weaker_files,
)
from core.archive.settings_layers import NAMED, name_of
from core.errors import ClinicFileError
from core.safe_write import write_whole

HEAD = "# The archive: listener, systems, rules. What each line means stands in its help.\n"
_TABLE = re.compile(r"\s*\[\[?\s*([A-Za-z0-9_.-]+)\s*\]\]?\s*(#.*)?$")
_KINDS: dict[type, str] = {Rule: "rule", Node: "node"}


def put_rule(rule: Rule, name: str = "", path: Path | None = None) -> ArchiveSettings:
    """Write a rule in the place of the one of this name, or add it where none has the name.

    Raises:
        ClinicFileError: The rule cannot be, or the file is faulty already; nothing is written.

    """
    return _put(rule, name, path)


def put_node(node: Node, name: str = "", path: Path | None = None) -> ArchiveSettings:
    """Write a system in the place of the one of this name, or add it.

    Raises:
        ClinicFileError: It cannot be, or a rule names the old one; nothing is written.

    """
    return _put(node, name, path)


def remove(kind: type[Rule] | type[Node], name: str, path: Path | None = None) -> ArchiveSettings:
    """Take a rule or system out.

    Raises:
        ClinicFileError: There is none of this name, or a rule needs it; nothing is written.

    """
    file = path if path is not None else settings_file()
    text, weaker = _text(file), told_by_all(weaker_files(path))
    there = _place(settings_of(text, file, weaker), kind, name)
    place = _own_place(text, kind, name)
    if there is not None and place is None:
        raise ClinicFileError(
            f"the {_KINDS[kind]} '{name}' is laid down for everybody, not by this user",
            where=str(weaker_files(path)[-1]),
            remedy="Have it taken out of the clinic's settings.",
        )
    if place is None:
        raise ClinicFileError(
            f"no {_KINDS[kind]} is called '{name}'", where=file.name, remedy="Look at the list."
        )
    made = _exchanged(text, _KINDS[kind], place, "")
    return _written(file, (text, made), weaker, kind, name, None)


def _put(one: Rule | Node, name: str, path: Path | None) -> ArchiveSettings:
    file = path if path is not None else settings_file()
    text, weaker = _text(file), told_by_all(weaker_files(path))
    kind = type(one)
    settings_of(text, file, weaker)
    # One of a weaker layer keeps its name: under another it would stand there twice.
    place = _own_place(text, kind, name) if name else None
    made = _exchanged(text, _KINDS[kind], place, _block(one))
    return _written(file, (text, made), weaker, kind, name, one)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig") if file.is_file() else HEAD
    except (OSError, UnicodeDecodeError) as fault:
        raise ClinicFileError(
            f"the settings cannot be read: {fault}", where=file.name, remedy="Correct the file."
        ) from fault


def _listed(settings: ArchiveSettings, kind: type) -> Sequence[Rule | Node]:
    return settings.rules if kind is Rule else settings.nodes


def _name(one: Rule | Node) -> str:
    return one.name if isinstance(one, Rule) else one.title


def _place(settings: ArchiveSettings, kind: type, name: str) -> int | None:
    names = [_name(one) for one in _listed(settings, kind)]
    return names.index(name) if name in names else None


def _own_place(text: str, kind: type, name: str) -> int | None:
    """Return the place of a name among the tables of this kind in the file's own text."""
    key = _KINDS[kind]
    names = [name_of(row, NAMED[key]) for row in tomllib.loads(text).get(key, [])]
    return names.index(name) if name in names else None


def _written(
    file: Path, texts: tuple[str, str], weaker: Mapping[str, Any], kind: type, name: str,
    one: Rule | Node | None,
) -> ArchiveSettings:  # fmt: skip
    """Write the new text once it says what it should and nothing else has changed."""
    before, after = (settings_of(text, file, weaker) for text in texts)
    new = texts[1]
    below = {_name(row): row for row in _listed(settings_of("", file, weaker), kind)}
    for each in _KINDS:
        wanted = list(_listed(before, each))
        if each is kind:
            place = _place(before, kind, name)
            end = len(wanted) if place is None else place
            left = [below[name]] if one is None and name in below else []
            wanted[end : end + 1] = left if one is None else [one]
        if list(_listed(after, each)) != wanted:
            raise ClinicFileError(
                "the file is written in a way that cannot be changed from here",
                where=file.name,
                remedy="Change it by hand; each table on lines of its own, under its [[...]].",
            )
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        write_whole(file, new.encode())
    except OSError as fault:
        raise ClinicFileError(
            f"the settings cannot be written: {fault.strerror}",
            where=file.name,
            remedy="Have writing in the clinic's folder allowed.",
        ) from fault
    return after


def _exchanged(text: str, kind: str, place: int | None, block: str) -> str:
    """Return the text with the table of this place exchanged; with None it is added at the end."""
    lines = text.splitlines(keepends=True)
    heads = [number for number, line in enumerate(lines) if _TABLE.match(line)]
    own = [number for number in heads if _named(lines[number]) == kind]
    if place is None or place >= len(own):
        gap = "" if not text or text.endswith("\n\n") else "\n" if text.endswith("\n") else "\n\n"
        return text + gap + block
    start = own[place]
    end = next((number for number in heads if number > start), len(lines))
    while end > start + 1 and _is_above_the_next(lines[end - 1]):
        end -= 1  # blank lines and comments before a table belong to that one
    return "".join([*lines[:start], block, *lines[end:]])


def _named(line: str) -> str:
    found = _TABLE.match(line)
    return found.group(1) if found is not None else ""


def _is_above_the_next(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _block(one: Rule | Node) -> str:
    """Return a table; what is as it is without a line has none."""
    lines = [f"[[{_KINDS[type(one)]}]]"]
    for each in fields(one):
        value = getattr(one, each.name)
        if value != each.default and not (value == "" and each.name != "name"):
            lines.append(f"{each.name} = {_value(value)}")
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, tuple):
        return f"[{', '.join(_value(str(one)) for one in value)}]"
    # JSON's strings are TOML's, but for one character that JSON leaves as it is.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
