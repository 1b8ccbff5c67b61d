"""What things are called in the R&V system, and the clinic's map of the planner's names (L-04).

Every R&V system has a table per category, shipped with its description and layered over by the
clinic's nomenclature/<R&V system>.toml, a stronger layer's over a weaker one's. A name that no
table has either goes as planned or blocks the file; where the clinic has a table of its own, it
blocks unless the table says otherwise.
"""

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import ClinicFileError
from core.layers import Layers, Own, own_files

LONGEST = {
    "machines": 20, "energies": 2, "wedges": 10, "applicators": 10, "techniques": 10,
    "field_names": 20,
}  # fmt: skip
LISTS = ("tolerance_tables",)
RULES = ("field_ids",)
CATEGORIES = (*LONGEST, *LISTS, *RULES)
AS_PLANNED, REFUSE = "as planned", "refuse"
_ID_KEYS = {"pattern", "block_codes"}


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one category.

    Attributes:
        category: Its table in the file.
        names: R&V name by the planner's name.
        as_planned: Whether a name no line has goes as it is; otherwise it blocks the file.
        longest: Most characters of a name in the R&V system.
        allowed: Characters a name may have, as in a regular expression's brackets; "" any.

    """

    category: str
    names: Mapping[str, str] = field(default_factory=dict)
    as_planned: bool = True
    longest: int = 20
    allowed: str = ""

    def of(self, planned: str) -> str | None:
        """Return the R&V system's name; None when it has none or could not take it."""
        if planned in self.names:
            return self.names[planned]
        free = self.category == "field_names" and self.fits(planned)
        return planned if self.as_planned or free else None

    def fits(self, name: str) -> bool:
        """Tell whether a name has only allowed characters and not too many."""
        good = re.fullmatch(f"[{self.allowed}]+", name) if self.allowed else name
        return bool(good) and len(name) <= self.longest


@dataclass(frozen=True, slots=True)
class IdRule:
    """How field IDs are proposed.

    Attributes:
        pattern: {number} is the beam's number, {place} its place in its prescription from 1,
            {letter} that place as a letter, {rx} the place of the prescription; "" takes the
            planner's own ID, else the number.
        block_codes: Pattern by block code, for devices that find their shape by the code (R-15);
            the code is a regular expression, its groups stand in the pattern as {1}, {2}.

    """

    pattern: str = ""
    block_codes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Nomenclature:
    """Everything one R&V system calls by a name of its own.

    Attributes:
        tolerance_tables: What each number means; empty while the clinic has not listed them.
        own_file: Where the clinic adds a name.

    """

    machines: Names = Names("machines")
    energies: Names = Names("energies", longest=2)
    wedges: Names = Names("wedges", longest=10)
    applicators: Names = Names("applicators", longest=10)
    techniques: Names = Names("techniques", longest=10)
    field_names: Names = Names("field_names")
    tolerance_tables: Mapping[int, str] = field(default_factory=dict)
    field_ids: IdRule = IdRule()
    own_file: str = ""


def own_file(folder: Own, stem: str) -> Path:
    """Return where the clinic's map for an R&V system is, or would be.

    Of several layers it is the one that everybody shares; a map that is there goes before.
    """
    name = f"nomenclature/{stem}.toml"
    if not isinstance(folder, Layers):
        return (folder or Path("CLINIC")) / name
    there = folder.files(name)
    counting = [place for place in folder.places if folder.counts(place.layer, name)]
    return there[-1].path if there else counting[-1].path / name


def read_nomenclature(shipped: Mapping[str, Any], stem: str, folder: Own) -> Nomenclature:
    """Return the names of an R&V system.

    Args:
        shipped: Tables of its shipped description.
        stem: Id of the R&V system.
        folder: The clinic's folder or layers; None for the shipped names alone.

    Raises:
        ClinicFileError: The clinic's file is damaged, has an unknown table or key, or a name the
            R&V system could not take.

    """
    file = own_file(folder, stem)
    own: dict[str, Any] = {}
    for one in own_files(folder, f"nomenclature/{stem}.toml"):
        own = _over(own, _known(_toml(one), one), one)
    names = {
        key: _names(key, _table(shipped, key, file), _table(own, key, file), file)
        for key in LONGEST
    }
    tables = _table(shipped, LISTS[0], file) | _table(own, LISTS[0], file)
    rule = _id_rule(_table(shipped, RULES[0], file) | _table(own, RULES[0], file), file)
    return Nomenclature(
        **names, tolerance_tables=_tolerance_tables(tables, file), field_ids=rule,
        own_file=str(file),
    )  # fmt: skip


def _known(own: dict[str, Any], file: Path) -> dict[str, Any]:
    """Return the tables of a map once every one of them is known."""
    for key in own:
        if key not in CATEGORIES:
            near = difflib.get_close_matches(key, CATEGORIES, n=1)
            remedy = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(CATEGORIES)}."
            raise _refused(f"unknown table {key!r}", file, remedy)
    return own


def _over(weaker: Mapping[str, Any], own: Mapping[str, Any], file: Path) -> dict[str, Any]:
    """Return the tables of a weaker layer's map with those of a stronger one put over, by line."""
    made = dict(weaker)
    for key in own:
        lines, over = _table(weaker, key, file), _table(own, key, file)
        made[key] = lines | over
        for inner in ("names", "block_codes"):
            if inner in lines and inner in over:
                made[key][inner] = _table(lines, inner, file) | _table(over, inner, file)
    return made


def _names(key: str, shipped: Mapping[str, Any], own: Mapping[str, Any], file: Path) -> Names:
    """Return one category: the clinic's lines over the shipped ones."""
    known = ("unmapped", "names", "longest", "allowed")
    for one in (*shipped, *own):
        if one not in known:
            raise _refused(f"{key} has the key {one!r}", file, f"Known: {', '.join(known)}.")
    lines = {**_table(shipped, "names", file), **_table(own, "names", file)}
    unmapped = own.get("unmapped", REFUSE if own else shipped.get("unmapped", AS_PLANNED))
    longest = own.get("longest", shipped.get("longest", LONGEST[key]))
    allowed = own.get("allowed", shipped.get("allowed", ""))
    if unmapped not in (AS_PLANNED, REFUSE):
        what = f"unmapped of {key} is {unmapped!r}"
        raise _refused(what, file, f'Write "{AS_PLANNED}" or "{REFUSE}".')
    if type(longest) is not int or not 1 <= longest <= LONGEST[key]:
        what = f"longest of {key} is {longest!r}"
        raise _refused(what, file, f"Enter a whole number from 1 to {LONGEST[key]}.")
    if not isinstance(allowed, str) or not _is_class(allowed):
        what = f"allowed of {key} is {allowed!r}"
        raise _refused(what, file, 'Write the characters, e.g. "A-Za-z0-9 _-".')
    made = Names(key, {}, unmapped == AS_PLANNED, longest, allowed)
    return Names(key, _lines(made, lines, file), made.as_planned, longest, allowed)


def _lines(names: Names, lines: Mapping[str, Any], file: Path) -> dict[str, str]:
    """Return the lines of a map; every R&V name must be one the R&V system can take."""
    found = {}
    for planned, name in lines.items():
        text = str(name) if type(name) in (str, int) else ""
        number = names.category != "energies" or (text.isdecimal() and int(text) > 0)
        if not names.fits(text) or not text.isprintable() or not number:
            kind = "a whole number" if names.category == "energies" else "a text"
            what = f"{names.category}: {planned!r} is called {name!r}"
            remedy = f"Enter {kind} of 1 to {names.longest} characters the R&V system takes."
            raise _refused(what, file, remedy)
        found[planned] = text
    return found


def _id_rule(table: Mapping[str, Any], file: Path) -> IdRule:
    """Return the rule of the field IDs; a pattern that cannot be filled is refused here."""
    codes = _table(table, "block_codes", file)
    strange = set(table) - _ID_KEYS
    if strange or not all(isinstance(one, str) for one in (table.get("pattern", ""),
                                                           *codes.values())):  # fmt: skip
        raise _refused(
            "field_ids cannot be read", file, "Give pattern and [field_ids.block_codes]."
        )
    rule = IdRule(table.get("pattern", ""), codes)
    known = {"number": 1, "place": 1, "letter": "A", "rx": 1}
    for code, pattern in (("", rule.pattern), *codes.items()):
        try:
            groups = re.compile(code).groups
            pattern.format("", *["1"] * groups, **known)
        except (re.error, KeyError, IndexError, ValueError) as fault:
            what = f"the field ID pattern {pattern!r} for {code or 'all fields'!r} cannot be used"
            words = "Use {number}, {place}, {letter}, {rx}, and {1} for a group of the block code."
            raise _refused(what, file, words) from fault
    return rule


def _tolerance_tables(table: Mapping[str, Any], file: Path) -> dict[int, str]:
    """Return the tolerance tables of the R&V system by number."""
    for key, words in table.items():
        if not key.isdecimal() or not isinstance(words, str) or not 0 <= int(key) <= 99:
            what = f"tolerance table {key!r} is {words!r}"
            raise _refused(what, file, 'Write lines like "2" = "Pelvis".')
    return {int(key): words for key, words in table.items()}


def _is_class(allowed: str) -> bool:
    """Tell whether a text can stand between the brackets of a regular expression."""
    try:
        re.compile(f"[{allowed}]+" if allowed else "")
    except re.error:
        return False
    return "]" not in allowed.replace("\\]", "")


def _table(data: Mapping[str, Any], key: str, file: Path) -> dict[str, Any]:
    """Return a table, empty when it is not there."""
    table = data.get(key, {})
    if not isinstance(table, Mapping):
        raise _refused(f"{key} is {table!r}, not a table", file, f"Begin it with [{key}].")
    return dict(table)


def _toml(file: Path) -> dict[str, Any]:
    """Return the tables of the clinic's file."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as fault:
        raise _refused(f"the map cannot be read: {fault}", file, "Correct the file.") from fault


def _refused(what: str, file: Path, remedy: str) -> ClinicFileError:
    """Return the error for a map that cannot be used."""
    return ClinicFileError(what, where=str(file), remedy=remedy)
