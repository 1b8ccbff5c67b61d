"""Values that say how they are known, and how a TOML table becomes a dataclass of them."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, is_dataclass
from enum import StrEnum
from itertools import pairwise
from types import UnionType
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints

from core.errors import ClinicFileError, MissingDataError

T = TypeVar("T")
Span = tuple[float, float]


class Confidence(StrEnum):
    """How a value is known."""

    SOURCE = "S"  # read in the source named
    PAPER = "P"  # stated in Siochi 2009 for the authors' machines or practice
    DEMONSTRATION = "D"  # invented for the demonstration machine
    RECALLED = "R"  # general knowledge, to be verified at the site
    UNKNOWN = "U"  # the site must supply it


@dataclass(frozen=True, slots=True)
class Value(Generic[T]):
    """One value of a machine description, or the statement that it is not known.

    Attributes:
        name: Machine and key, e.g. ``siemens_160, mlc.transmission``.
        value: None when it is not known.
        source: Where it was read; for an unknown value, why it is not there.

    """

    name: str
    value: T | None
    confidence: Confidence
    source: str

    @property
    def known(self) -> bool:
        """Whether the description states the value."""
        return self.value is not None

    def require(self) -> T:
        """Return the value.

        Raises:
            MissingDataError: It is not known, so the check that asks cannot be run.

        """
        if self.value is None:
            raise MissingDataError(f"the machine file does not state {self.name}: {self.source}")
        return self.value


@dataclass(frozen=True, slots=True)
class Listed(Value[tuple[T, ...]]):
    """A list of what the machine offers.

    Attributes:
        exhaustive: Whether what is not in the list is not offered.

    """

    exhaustive: bool = False

    def offers(self, wanted: T) -> bool | None:
        """Tell whether `wanted` is offered; None when the list cannot tell.

        A recalled list proves nothing either way, an open one only what it names.
        """
        if self.value is None or self.confidence is Confidence.RECALLED:
            return None
        if wanted in self.value:
            return True
        return False if self.exhaustive else None


@dataclass(frozen=True, slots=True)
class Place:
    """Where in which file: for the error, and for the name a value goes by."""

    file: str
    machine: str
    key: str = ""

    def at(self, key: str) -> "Place":
        """Return the place of `key` below this one."""
        return Place(self.file, self.machine, f"{self.key}.{key}" if self.key else key)

    def refuse(self, what: str, remedy: str) -> ClinicFileError:
        """Return the error that names this place."""
        where = f"{self.file}, {self.key}" if self.key else self.file
        return ClinicFileError(what, where=where, remedy=remedy)


def near_name(name: str, known: Iterable[str], otherwise: str) -> str:
    """Return a question with the nearest known name, or `otherwise` when none is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"Did you mean {near[0]!r}?" if near else otherwise


def _table(
    data: object, wanted: Iterable[str], place: Place, optional: Iterable[str] = ()
) -> Mapping[str, Any]:
    """Return `data` when it is a table with every key of `wanted` and no unknown one.

    Raises:
        ClinicFileError: With the nearest name when a key is unknown.

    """
    needed, known = list(wanted), [*wanted, *optional]
    if not isinstance(data, dict):
        raise place.refuse(
            f"{_shown(data)} stands alone",
            "Write it as a table with value, confidence and source.",
        )
    for key in data:
        if key not in known:
            remedy = near_name(key, known, "Remove it; the shipped files show every key there is.")
            raise place.refuse(f"unknown key {key!r}", remedy)
    for key in needed:
        if key not in data:
            raise place.refuse(
                f"{key!r} is missing",
                'Add it; a value nobody knows has confidence = "U", a source and no value.',
            )
    return data


def read_section(
    kind: type[T], data: object, place: Place, given: Mapping[str, str] | None = None
) -> T:
    """Return the dataclass `kind`, whose attributes are the keys and whose types the values.

    Args:
        kind: Its attributes are `Value`, `Listed`, text, or such a dataclass again (``| None``
            when the table may be left out).
        data: The TOML table.
        place: Where the table stands.
        given: Attributes that do not stand in the table.

    Raises:
        ClinicFileError: A key is unknown or missing, or a value is not of its type.

    """
    parts: dict[str, Any] = dict(given or {})
    hints = {key: hint for key, hint in get_type_hints(kind).items() if key not in parts}
    optional = [key for key, hint in hints.items() if get_origin(hint) is UnionType]
    table = _table(data, [key for key in hints if key not in optional], place, optional)
    for key, hint in hints.items():
        parts[key] = _read(hint, table[key], place.at(key)) if key in table else None
    return kind(**parts)


def _read(hint: Any, data: object, place: Place) -> object:  # noqa: ANN401  (any annotation)
    """Return what one attribute of a section is annotated as."""
    if get_origin(hint) in (Value, Listed):
        return _value(hint, data, place)
    if hint is str:
        return _scalar(str, data, place)
    return read_section(get_args(hint)[0] if get_args(hint) else hint, data, place)


def _value(hint: object, data: object, place: Place) -> Value[Any]:
    """Return the `Value` or `Listed` that `hint` names, e.g. ``Value[float]``.

    Raises:
        ClinicFileError: It has no known confidence or no source, is unknown and yet has a value
            or the other way round, or is not of its type.

    """
    kind, inner = get_origin(hint) or Value, get_args(hint)[0]
    optional = ("value", "exhaustive") if kind is Listed else ("value",)
    table = _table(data, ("confidence", "source"), place, optional)
    parts: dict[str, Any] = {
        key: _scalar(scalar, table[key], place.at(key))
        for key, scalar in (("source", str), ("exhaustive", bool))
        if key in table
    }
    value = None
    if "value" in table:
        convert = _list if kind is Listed else _convert
        value = convert(inner, table["value"], place)
        _refuse_impossible(value, place)
    name = f"{place.machine}, {place.key}"
    return kind(name=name, value=value, confidence=_confidence(table, place), **parts)


def _confidence(table: Mapping[str, Any], place: Place) -> Confidence:
    """Return the letter; only an unknown value has none, and it has none for certain."""
    letters = [str(letter) for letter in Confidence]
    if table["confidence"] not in letters:
        raise place.refuse(
            f"confidence {_shown(table['confidence'])} is not one of {', '.join(letters)}",
            "Write S when you have read the value in a source, U when nobody knows it.",
        )
    confidence = Confidence(table["confidence"])
    if (confidence is Confidence.UNKNOWN) is ("value" in table):
        raise place.refuse(
            f"confidence {confidence} and {'a' if 'value' in table else 'no'} value exclude "
            "each other",
            'Give the value with its source and confidence, or confidence = "U" and no value.',
        )
    return confidence


_SCALARS: dict[type, tuple[tuple[type, ...], str]] = {
    float: ((int, float), "a number"),
    int: ((int,), "a whole number"),
    str: ((str,), "a text in quotes"),
    bool: ((bool,), "true or false"),
}


def _scalar(kind: type, raw: object, place: Place) -> object:
    """Return a number, truth value or text that is not empty; true is not taken for 1."""
    types, words = _SCALARS[kind]
    fits = isinstance(raw, types) and (kind is bool or not isinstance(raw, bool))
    if isinstance(raw, int | float):  # TOML allows nan and inf; no machine needs a milliard
        fits = fits and abs(raw) < 1e9
    if not fits or raw == "":
        raise place.refuse(f"{_shown(raw)} is not {words}", f"Write {words}.")
    return kind(raw)


def _shown(raw: object) -> str:
    """Return what stands in the file, short enough for one sentence."""
    try:
        return repr(raw)[:60]
    except ValueError:  # Python refuses to print whole numbers of thousands of digits
        return "a number of thousands of digits"


def _convert(kind: object, raw: object, place: Place) -> object:
    """Return the TOML value as `kind`: a scalar, a row, a tuple of one kind or a span."""
    if isinstance(kind, type) and kind in _SCALARS:
        return _scalar(kind, raw, place)
    if isinstance(kind, type) and is_dataclass(kind):
        return _row(kind, raw, place)
    if kind == Span:
        return _span(raw, place)
    return _list(get_args(kind)[0], raw, place)


def _list(kind: object, raw: object, place: Place) -> tuple[object, ...]:
    """Return the items of a TOML list, each as `kind`."""
    if not isinstance(raw, list):
        raise place.refuse(f"{_shown(raw)} is not a list", "Write the values between [ and ].")
    return tuple(_convert(kind, item, place) for item in raw)


def _span(raw: object, place: Place) -> tuple[object, ...]:
    """Return lowest and highest value of a range."""
    span: tuple[Any, ...] = _list(float, raw, place)
    if len(span) != 2 or not span[0] <= span[1]:
        raise place.refuse(f"{_shown(raw)} is not a range", "Write [lowest, highest].")
    return span


def _row(kind: type, raw: object, place: Place) -> object:
    """Return one row of a table, e.g. the jaws of one applicator at one energy."""
    hints = get_type_hints(kind)
    table = _table(raw, hints, place)
    return kind(**{key: _convert(hint, table[key], place.at(key)) for key, hint in hints.items()})


def _rises(numbers: tuple[float, ...]) -> bool:
    return len(numbers) > 1 and all(low < high for low, high in pairwise(numbers))


# What a value of this key must be, beyond its type.
_POSSIBLE: dict[str, tuple[Callable[[Any], bool], str]] = {
    "boundaries_mm": (_rises, "two or more numbers, each greater than the one before"),
    "replaces_jaw": (lambda word: word in ("X", "Y", "none"), 'one of "X", "Y", "none"'),
    "dynamic_axis": (lambda word: word in ("X", "Y"), 'one of "X", "Y"'),
    "transmission": (lambda share: 0 <= share <= 1, "a share between 0 and 1"),
    "mlc_type": (lambda code: 1 <= code <= 12, "a code between 1 and 12"),
    "minimum_gap_mm": (lambda gap_mm: gap_mm >= 0, "0 or more"),
    "gap_under_jaw_mm": (lambda gap_mm: gap_mm >= 0, "0 or more"),
    "speed_mm_s": (lambda speed_mm_s: speed_mm_s > 0, "more than 0"),
    "y_reach_mm": (lambda reach_mm: reach_mm >= 0, "0 or more"),
}


def _refuse_impossible(value: object, place: Place) -> None:
    """Refuse a value of the right type that no machine has."""
    holds, words = _POSSIBLE.get(place.key.rpartition(".")[2], (lambda _: True, ""))
    if not holds(value):
        raise place.refuse(f"the value is not {words}", f"Write {words}.")
