"""Recipes for exports that need the same repairs every time (O-01): TOML, read strictly."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from app.lex.rtp_columns import LAYOUTS, RECORDS, TEXTS, Column, layout
from core.errors import ClinicFileError
from core.machine_values import near_name

# Angle of the machine's scale to that of the file's reader; each is its own way back but the last.
SCALES = {
    "varian_standard": "180 degrees less the angle",
    "mirrored": "360 degrees less the angle",
    "full_turn": "the angle within 0 and 360 degrees",
}
ACTIONS = ("set", "fill", "map", "scale", "negate", "add_cm")
_KEYS = ("record", "item", "reason", "where", "of_field", "text", *ACTIONS)
LONGEST_WORD = 10
Wanted = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Edit:
    """One repair.

    Attributes:
        number: Place in the recipe, from 1.
        items: Elements it is made to.
        action: One of `ACTIONS`.
        value: What the action needs: text, table, name of a scale, centimetres; None for "negate".
        where: What elements of the same record must be, each one of several texts.
        of_field: The same for the FIELD_DEF the record belongs to.
        text: Whether a word may stand in a column of numbers.

    """

    number: int
    record: str
    items: tuple[str, ...]
    reason: str
    action: str
    value: str | Decimal | Mapping[str, str] | None
    where: Wanted = field(default_factory=dict)
    of_field: Wanted = field(default_factory=dict)
    text: bool = False


@dataclass(frozen=True, slots=True)
class Recipe:
    """Repairs in the order they are made; a later one sees what an earlier one has changed.

    Attributes:
        for_file: What elements of PLAN_DEF must be: a recipe applied to the wrong file, or twice
            to the same one, would turn right values wrong.

    """

    name: str
    edits: tuple[Edit, ...]
    for_file: Wanted = field(default_factory=dict)


def read_recipe(path: Path) -> Recipe:
    """Read a recipe whole or not at all.

    Raises:
        ClinicFileError: It cannot be opened or is not TOML, or a key, record, element or value
            in it cannot be.

    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as fault:
        what, remedy = f"the recipe cannot be opened: {fault.strerror}", "Choose the file again."
    except (ValueError, RecursionError) as fault:
        what = f"the recipe cannot be read as TOML: {fault}"
        remedy = "Correct the file at that place."
    else:
        return parse_recipe(data, path.name)
    raise ClinicFileError(what, where=str(path), remedy=remedy)


def parse_recipe(data: Mapping[str, Any], where: str) -> Recipe:
    """Return the recipe of a mapping shaped like its file; errors as in `read_recipe`."""
    _refuse_unknown(data, ("name", "for_file", "edit"), where)
    name, rows = data.get("name"), data.get("edit")
    if not isinstance(name, str) or not name:
        raise _fault("the recipe has no name", where, 'Begin it with name = "...".')
    if not isinstance(rows, list) or not rows:
        raise _fault("the recipe has no edit", where, "Write each repair below [[edit]].")
    for_file = _wanted(data.get("for_file"), "PLAN_DEF", f"{where}, for_file")
    return Recipe(name, tuple(_edit(row, n, where) for n, row in enumerate(rows, 1)), for_file)


def _edit(row: object, number: int, file: str) -> Edit:
    """Return one repair."""
    where = f"{file}, edit {number}"
    if not isinstance(row, Mapping):
        raise _fault("the edit is not a table", where, "Begin it with [[edit]].")
    _refuse_unknown(row, _KEYS, where)
    record, reason = row.get("record"), row.get("reason")
    if not isinstance(record, str) or record not in RECORDS:
        raise _fault(f"record is {record!r}", where, near_name(
            str(record), RECORDS, f"Known are {', '.join(RECORDS)}."))  # fmt: skip
    if not isinstance(reason, str) or not reason.strip():
        raise _fault("the edit gives no reason", where, 'Write reason = "...": it is shown.')
    items = row.get("item")
    items = (items,) if isinstance(items, str) else items
    if not isinstance(items, list | tuple) or not items:
        raise _fault("the edit names no item", where, 'Write item = "...".')
    columns = [_column(record, item, where) for item in items]
    actions = [action for action in ACTIONS if action in row]
    if len(actions) != 1:
        found = ", ".join(actions) or "nothing"
        raise _fault(f"the edit asks for {found}", where, f"Use one of {', '.join(ACTIONS)}.")
    free = row.get("text", False)
    if not isinstance(free, bool) or (free and actions[0] not in ("set", "fill", "map")):
        raise _fault(f"text is {free!r}", where, "Use text = true with set, fill or map only.")
    for column in columns:
        value = _value(actions[0], row[actions[0]], column, where, free=free)
    return Edit(
        number, record, tuple(items), reason.strip(), actions[0], value,
        _wanted(row.get("where"), record, f"{where}, where"),
        _wanted(row.get("of_field"), "FIELD_DEF", f"{where}, of_field"), free,
    )  # fmt: skip


def _column(record: str, item: object, where: str) -> Column:
    """Return the column of an element; newer layouts have all that older ones have."""
    columns = {column.name: column for column in layout(record, LAYOUTS[-1])}
    if not isinstance(item, str) or item not in columns or item == "keyword":
        remedy = near_name(str(item), columns, "See the list of elements with `eqs rtp show`.")
        raise _fault(f"{record} has no item {item!r}", where, remedy)
    return columns[item]


def _wanted(table: object, record: str, where: str) -> Wanted:
    """Return conditions: element name to the texts it may be."""
    if table is None:
        return {}
    if not isinstance(table, Mapping):
        raise _fault("it is not a table", where, 'Write { item = "text" }.')
    found = {}
    for item, texts in table.items():
        _column(record, item, where)
        several = texts if isinstance(texts, list) else [texts]
        if not several or not all(isinstance(text, str) for text in several):
            raise _fault(
                f"{item} is {texts!r}", where, "Write a text in quotes, or several in []."
            )
        found[item] = tuple(text.strip() for text in several)
    return found


def _value(
    action: str, value: object, column: Column, where: str, *, free: bool
) -> str | Decimal | Mapping[str, str] | None:
    """Return what an action needs, checked against the column."""
    place = f"{where}, {action}"
    if action in ("set", "fill"):
        return _fits(value, column, place, free=free)
    if action == "map":
        if not isinstance(value, Mapping) or not value:
            raise _fault("it is not a table", place, 'Write { "old" = "new" }.')
        return {str(k).strip(): _fits(v, column, place, free=free) for k, v in value.items()}
    if column.kind in TEXTS:
        raise _fault(f"{column.name} is a text", place, "Use set, fill or map for a text.")
    if action == "scale":
        if value not in SCALES or column.kind != "deg":
            remedy = near_name(str(value), SCALES, f"For angles only, one of {', '.join(SCALES)}.")
            raise _fault(f"scale of {column.name} is {value!r}", place, remedy)
        return str(value)
    if action == "negate":
        if value is not True:
            raise _fault(f"negate is {value!r}", place, "Write negate = true, or leave it out.")
        return None
    if column.kind not in ("cm", "jaw"):
        raise _fault(f"{column.name} is no length", place, "Add centimetres to lengths only.")
    return _length(value, column, place)


def _length(value: object, column: Column, place: str) -> Decimal:
    """Return centimetres that the column can hold without rounding."""
    decimals = 2 if column.kind == "jaw" else column.size
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e4:
        number = Decimal(repr(value))
        if number == number.quantize(Decimal(1).scaleb(-decimals)):
            return number
    raise _fault(f"add_cm is {value!r}", place, f"Write centimetres, at most {decimals} decimals.")


def number_of(text: str) -> Decimal | None:
    """Return the number a text stands for; None for anything but digits, sign and point."""
    if not text or not set(text) <= set("+-.0123456789"):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _fits(value: object, column: Column, place: str, *, free: bool) -> str:
    """Return a text that may stand in the column."""
    good = isinstance(value, str) and value.isprintable() and '"' not in value
    if not good or any(ord(sign) > 255 for sign in str(value)):
        raise _fault(f"{value!r} is no text for the file", place, "Write plain text in quotes.")
    text, longest = str(value), column.size if column.kind in TEXTS else LONGEST_WORD
    if len(text) > longest:
        raise _fault(f"{text!r} is longer than {longest} characters", place, "Shorten it.")
    if column.kind not in TEXTS and not free and text:
        number = number_of(text)
        low, high = column.limits or (Decimal("-Infinity"), Decimal("Infinity"))
        if number is None or not low <= number <= high:
            raise _fault(
                f"{text!r} is no number for {column.name}", place,
                f"Write {low:g} to {high:g}, or text = true for a word of your R&V system.",
            )  # fmt: skip
    return text


def _refuse_unknown(table: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    """Refuse a key nobody reads, with the nearest one that is read."""
    for key in table:
        if key not in known:
            remedy = near_name(key, known, f"Known are {', '.join(known)}.")
            raise _fault(f"unknown key {key!r}", where, remedy)


def _fault(what: str, where: str, remedy: str) -> ClinicFileError:
    return ClinicFileError(what, where=where, remedy=remedy)
