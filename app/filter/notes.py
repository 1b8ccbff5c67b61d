"""Chart notes: the note template is read item by item, key words are shown in their sentence.

R&V exports do not hold gating, isodose line or cone-beam filter (R-23); the notes do, as text. A
template of "name: value" lines makes them comparable (O-03, O-15).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from app.filter.baseline_expected import table_file
from app.filter.toml_table import read_table, refuse_unknown
from core.errors import ClinicFileError

KINDS = ("word", "number")
ITEMS = ("gating", "dose_rate", "isodose", "tolerance_table", "cb_filter")
_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?](?=\d)[^.!?\n]+)*[.!?]*")
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?")
_EITHER = re.compile(r"[-+]?\d{1,3}[.,]\d{3}")
"""A thousand to some, one with three decimals to others; taken for neither."""


@dataclass(frozen=True, slots=True)
class Note:
    """One note of the chart, or pasted text."""

    text: str
    date: str = ""
    author: str = ""
    source: str = "pasted text"


@dataclass(frozen=True, slots=True)
class NoteItem:
    """How a note states one item.

    Attributes:
        item: One of ITEMS.
        names: Words before the colon, without regard to case.
        kind: "word" or "number".
        unit: Unit a number is in; another one after the number makes the line unreadable.

    """

    item: str
    names: tuple[str, ...]
    kind: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class NoteRules:
    """The clinic's template, and the words it wants to see."""

    items: tuple[NoteItem, ...]
    words: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Stated:
    """What a note says of one item.

    Attributes:
        value: Text as written; a number without its unit.
        number: The value of a number, None for a word and for a number that cannot be read.
        line: The whole line.

    """

    item: str
    value: str
    number: Decimal | None
    line: str
    note: Note


@dataclass(frozen=True, slots=True)
class Hit:
    """A key word in the sentence it stands in; `at` is its place in the sentence."""

    word: str
    sentence: str
    at: int
    note: Note


def read_rules(file: Path | None = None) -> NoteRules:
    """Return the note template and the key words.

    Raises:
        ClinicFileError: An item is unknown, or a row is not complete.

    """
    file = file or table_file("notes.toml")
    table = read_table(file, ("source", "item", "words"))
    rows = table.get("item", {})
    shown = table.get("words", {})
    words = shown.get("shown", []) if isinstance(shown, dict) else shown
    if not isinstance(rows, dict) or not isinstance(words, list):
        raise _wrong("`item` must be tables and `words.shown` a list", file)
    if isinstance(shown, dict):
        refuse_unknown("entry", shown, ("shown", "source"), file, "words")
    return NoteRules(
        tuple(_item(name, row, file) for name, row in rows.items()),
        tuple(str(word) for word in words),
        str(file),
    )


def stated_in(notes: Sequence[Note], rules: NoteRules) -> tuple[Stated, ...]:
    """Return every item every note states, in the order of the notes; later ones may differ."""
    return tuple(
        found
        for note in notes
        for line in note.text.splitlines()
        if (found := _stated(line, note, rules)) is not None
    )


def hits_in(notes: Sequence[Note], rules: NoteRules) -> tuple[Hit, ...]:
    """Return every key word of every note in its sentence, in the order of the text."""
    found = []
    patterns = [(word, _pattern(word)) for word in rules.words]
    for note in notes:
        for sentence in _sentences(note.text):
            own = [
                Hit(match.group(), sentence, match.start(), note)
                for _, pattern in patterns
                for match in pattern.finditer(sentence)
            ]
            found += sorted(own, key=lambda hit: hit.at)
    return tuple(found)


def _stated(line: str, note: Note, rules: NoteRules) -> Stated | None:
    name, mark, value = re.split(r"([:=])", line, maxsplit=1) if re.search("[:=]", line) else (
        "", "", "",
    )  # fmt: skip
    plain = " ".join(name.split()).strip("-*• ").casefold()
    for item in rules.items:
        if mark and plain in item.names:
            return _value(item, value.strip(), line.strip(), note)
    return None


def _value(item: NoteItem, value: str, line: str, note: Note) -> Stated:
    if item.kind == "word":
        return Stated(item.item, value, None, line, note)
    match = _NUMBER.match(value)
    rest = value[match.end() :].strip(" .") if match else ""
    fits = match is not None and (not rest or _same_unit(rest, item.unit))
    if not match or not fits or _EITHER.fullmatch(match.group()):
        return Stated(item.item, value, None, line, note)
    try:
        number = Decimal(match.group().replace(",", "."))
    except InvalidOperation:
        return Stated(item.item, value, None, line, note)
    return Stated(item.item, match.group(), number, line, note)


def _same_unit(text: str, unit: str) -> bool:
    return "".join(text.split()).casefold() == "".join(unit.split()).casefold()


def _sentences(text: str) -> Iterator[str]:
    for match in _SENTENCE.finditer(text):
        sentence = match.group().strip()
        if sentence:
            yield sentence


def _pattern(word: str) -> re.Pattern[str]:
    """Return the expression for a word; blanks may be line breaks, * lets the word go on."""
    parts = [re.escape(part) for part in word.rstrip("*").split()]
    ending = r"\w*" if word.endswith("*") else r"\b"
    return re.compile(r"\b" + r"\s+".join(parts) + ending, re.IGNORECASE)


def _item(name: str, row: Mapping[str, Any], file: Path) -> NoteItem:
    names = row.get("names") if isinstance(row, dict) else None
    if name not in ITEMS:
        raise _wrong(f"item.{name} is none of {', '.join(ITEMS)}", file)
    if not isinstance(names, list) or not names or row.get("kind") not in KINDS:
        raise _wrong(f"item.{name} needs names and a kind ({', '.join(KINDS)})", file)
    refuse_unknown("entry", row, ("names", "kind", "unit", "source"), file, f"item.{name}")
    plain = tuple(" ".join(str(one).split()).casefold() for one in names)
    return NoteItem(name, plain, str(row["kind"]), str(row.get("unit", "")))


def _wrong(what: str, file: Path) -> ClinicFileError:
    remedy = "Correct the table; resources/filter/notes.toml shows how it is written."
    return ClinicFileError(what, where=str(file), remedy=remedy)
