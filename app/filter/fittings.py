"""Wedges, blocks, boluses, applicators: which of the R&V system's is which of the plan's."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from app.filter.field import Accessory, Field
from app.filter.parameters import FITTINGS, Fitting

LETTERS = 10


@dataclass(frozen=True, slots=True)
class Mismatch:
    """An accessory of one side that the other side does not have, or has under another name."""

    item: str
    expected: str
    found: str


def mismatches(field: Field, beam: Field) -> Iterator[Mismatch]:
    """Return every accessory that differs between an R&V field and its plan beam."""
    for fitting in FITTINGS:
        found, planned = fitting.get(field), fitting.get(beam)
        if found is not None and planned is not None:
            yield from _of_kind(fitting, found, planned)


def _of_kind(
    fitting: Fitting, found: Sequence[Accessory], planned: Sequence[Accessory]
) -> Iterator[Mismatch]:
    left: list[Accessory] = []
    wanted = list(planned)
    for one in found:
        match = next((other for other in wanted if same(one, other)), None)
        if match is None:
            left.append(one)
        else:
            wanted.remove(match)
    for mine, theirs in zip_longest(left, wanted):
        seen = mine or theirs
        yield Mismatch(_item(fitting, seen), _words(theirs), _words(mine))


def same(found: Accessory, planned: Accessory) -> bool:
    """Return whether an R&V accessory is one that the plan knows under any of its names.

    R&V texts are cut to ten letters. An accessory that the plan does not name only counts.
    """
    known = {_short(name) for name in planned.names if name.strip()}
    if not known:
        return True
    return any(_short(name) in known for name in found.names)


def _short(name: str) -> str:
    return name.strip()[:LETTERS].strip().casefold()


def _item(fitting: Fitting, accessory: Accessory) -> str:
    moving = accessory.kind.casefold() in ("dynamic", "virtual")
    return "dynamic_wedge" if fitting.item == "wedge" and moving else fitting.item


def _words(accessory: Accessory | None) -> str:
    if accessory is None:
        return "none"
    return accessory.names[0] if accessory.names else accessory.kind or "unnamed"
