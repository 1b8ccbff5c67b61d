"""Which changes between a check and a later export are expected (R-27), from a TOML list."""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path

from app.filter.baseline_values import Place
from app.filter.ledger_log import TABLES
from app.filter.toml_table import read_table, refuse_unknown
from core.errors import ClinicFileError
from core.findings import State
from core.layers import own_layers

STATES = {"info": State.INFO, "warning": State.WARNING}


@dataclass(frozen=True, slots=True)
class Expected:
    """One kind of change that is no error; names may hold * and ?, items are parted by |."""

    kind: str
    record: str
    items: tuple[str, ...]
    state: State
    why: str

    def covers(self, kind: str, place: Place) -> bool:
        """Tell whether a change at this place is meant."""
        # "[" opens a set in a pattern, and places of DICOM hold it; no list needs sets.
        return (
            self.kind == kind
            and _fits(place.record, self.record)
            and any(_fits(place.item, item) for item in self.items)
        )


@dataclass(frozen=True, slots=True)
class ExpectedList:
    """A whole list with the file it comes from."""

    rows: tuple[Expected, ...]
    passed_over: tuple[str, ...]
    source: str
    sha256: str

    def of(self, kind: str, place: Place) -> Expected | None:
        """Return the first row that means this place."""
        return next((row for row in self.rows if row.covers(kind, place)), None)


def table_file(name: str) -> Path:
    """Return the clinic's own table when it has laid one down, else the one shipped."""
    return own_layers().strongest(f"filter/{name}") or TABLES / name


TEXTS = ("kind", "record", "item", "state", "why")


def read_expected(file: Path | None = None) -> ExpectedList:
    """Return the list of expected changes.

    Raises:
        ClinicFileError: A row is not complete, or its state is neither info nor warning.

    """
    file = file or table_file("baseline.toml")
    table = read_table(file, ("expected", "passed_over"))
    rows = table.get("expected", [])
    passed_over = table.get("passed_over", [])
    if not isinstance(rows, list) or not isinstance(passed_over, list):
        raise _wrong("`expected` and `passed_over` must be lists", file)
    return ExpectedList(
        tuple(_row(row, number, file) for number, row in enumerate(rows, start=1)),
        tuple(str(name) for name in passed_over),
        str(file),
        sha256(file.read_bytes()).hexdigest(),
    )


def _row(row: Mapping[str, object], number: int, file: Path) -> Expected:
    texts = {}
    refuse_unknown("entry", row, (*TEXTS, "source"), file, f"row {number} of `expected`")
    for name in TEXTS:
        value = row.get(name) if isinstance(row, dict) else None
        if not isinstance(value, str) or not value.strip():
            raise _wrong(f"row {number} of `expected` has no {name}", file)
        texts[name] = value.strip()
    state = STATES.get(texts["state"])
    if state is None:
        raise _wrong(f"row {number}: state {texts['state']!r} is none of info, warning", file)
    items = tuple(texts["item"].split("|"))
    return Expected(texts["kind"], texts["record"], items, state, texts["why"])


def _fits(text: str, pattern: str) -> bool:
    return fnmatchcase(text, pattern.replace("[", "[[]"))


def _wrong(what: str, file: Path) -> ClinicFileError:
    remedy = "Correct the table; the one in resources/filter shows how it is written."
    return ClinicFileError(what, where=str(file), remedy=remedy)
