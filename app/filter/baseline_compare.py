"""Changes since a check as findings: the expected ones blue or yellow, the rest red (R-31)."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache

from app.filter.baseline_expected import ExpectedList
from app.filter.baseline_values import Change, Place
from app.filter.rtp_columns import KNOWN_LENGTHS, columns
from core.findings import Finding, State

REMEDY = (
    "Find out who changed it and why; then check the whole plan again and save a new baseline."
)
SHOWN = 3
_LEAF = re.compile(r"(mlc_[ab]|LeafJawPositions\[|.*Points\[\])")
UNITS = {"cm": "cm", "deg": "deg", "mu": "MU", "cgy": "cGy"}
RULE = "F-BASE-CHANGED"
OF_SITE = ("RX_DEF", "SITE_SETUP_DEF")
"""Records that are known by their site, not by a field."""


def findings_of(
    kind: str, changed: Sequence[Change], was: set[Place], expected: ExpectedList
) -> Iterator[Finding]:
    """Return one finding per change; leaves of one control point and whole records are one.

    Args:
        kind: Kind of the source.
        changed: The values that differ.
        was: Every place that held a value when the plan was checked.
        expected: Which of them are no error.

    """
    groups: dict[tuple[str, str, int | None], list[Change]] = defaultdict(list)
    for one in changed:
        groups[one.place[:3]].append(one)
    known = {place[:3] for place in was}
    for key, group in groups.items():
        if key not in known and all(one.was is None for one in group):
            yield _whole(group, "is new: it was not there when the plan was checked")
        elif all(one.now is None for one in group) and len(group) == sum(
            place[:3] == key for place in was
        ):
            yield _whole(group, "is gone: it was there when the plan was checked")
        else:
            yield from _of_group(kind, group, expected)


def _of_group(kind: str, group: Sequence[Change], expected: ExpectedList) -> Iterator[Finding]:
    leaves = [one for one in group if _LEAF.match(one.place.item)]
    for one in group:
        if len(leaves) > SHOWN and one in leaves[1:]:
            continue
        row = expected.of(kind, one.place)
        state, why = (row.state, f"; expected: {row.why}") if row else (State.ERROR, "")
        more = ""
        if len(leaves) > SHOWN and one is leaves[0]:
            more = f", and {len(leaves) - 1} more leaf values of this record differ"
        unit = _unit(one.place)
        yield _finding(
            state, one.place,
            f"{_words(one.place)} was {_text(one.was, unit)} when the plan was checked, is "
            f"{_text(one.now, unit)} now{more}{why}", one,
        )  # fmt: skip


def _whole(group: Sequence[Change], what: str) -> Finding:
    place = group[0].place
    where = _where(place)
    return Finding(
        RULE, State.ERROR, f"{where}{' ' if where else ''}{place.record} {what}", _field(place),
        place.point, item=place.record, remedy=REMEDY,
    )  # fmt: skip


def _finding(state: State, place: Place, words: str, one: Change) -> Finding:
    remedy = REMEDY if state == State.ERROR else ""
    return Finding(
        RULE, state, words, _field(place), place.point, place.item, one.was or "", one.now or "",
        _unit(place), remedy=remedy,
    )  # fmt: skip


def _words(place: Place) -> str:
    where = _where(place)
    return f"{where}{': ' if where else ''}{place.item} ({place.record})"


def _field(place: Place) -> str:
    return "" if place.record in OF_SITE else place.field


def _where(place: Place) -> str:
    if not place.field:
        return ""
    if place.record in OF_SITE:
        return f"Site {place.field}"
    point = "" if place.point is None else f", control point {place.point}"
    return f"Field {place.field}{point}"


def _text(value: str | None, unit: str) -> str:
    return f"{value} {unit}".rstrip() if value else "empty"


def _unit(place: Place) -> str:
    """Return the unit of an element of an RTP-Connect record; empty for any other."""
    return _unit_of(place.record, place.item)


@lru_cache(maxsize=1024)
def _unit_of(record: str, item: str) -> str:
    lengths = KNOWN_LENGTHS.get(record)
    layout = columns(record, max(lengths)) if lengths else None
    kind = next((one.kind for one in layout or () if one.name == item), "")
    return UNITS.get(kind.partition(".")[0], "")
