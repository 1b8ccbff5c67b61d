"""Stereotactic arcs: requirements, isocentres, standard sets, collisions (R-21).

FASTPLAN leaves no plan that could be read, so the export is held to the requirements every
stereotactic arc has, and laid out like the planning printout for the comparison by eye
(Siochi 2009, II.C.3.f).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.filter.field import Field, Plan, Point
from app.filter.parameters import arc_length_deg
from app.filter.settings import Settings
from app.filter.srs_rules import ArcPath, SrsRules, Zone
from app.filter.template import against
from core.findings import Finding, NotChecked, State

CURE = "Correct the R&V system, export again, and check again."


@dataclass(frozen=True, slots=True)
class Isocentre:
    """One isocentre with its arcs.

    Attributes:
        name: As the set-up note calls it; "" when it gives none.
        point: From the set-up note, mm; None for fields whose note does not say it.
        arc_set: Name of the standard set its arcs are; "" when they are none.

    """

    name: str
    point: Point | None
    arcs: tuple[Field, ...]
    arc_set: str = ""


@dataclass(frozen=True, slots=True)
class Stereotactic:
    """The stereotactic fields of an export by isocentre, and what was found of them."""

    isocentres: tuple[Isocentre, ...]
    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...]


def stereotactic(rv: Plan, settings: Settings, rules: SrsRules) -> Stereotactic:
    """Return the stereotactic part of an export."""
    fields = [field for field in rv.fields if not field.setup]
    arcs = [field for field in fields if _is_meant(rv, field, rules)]
    asked: list[Finding | NotChecked] = list(_strangers(rv, fields, rules))
    mixed = {one.field for one in asked if isinstance(one, Finding)}
    for arc in arcs:
        if arc.id not in mixed:
            asked += against(arc, rules.template, settings.limits)
        asked += _collisions(arc, rules.zones)
    groups = _grouped(arcs, rules)
    for group in groups:
        asked += _of_group(group)
    if not rules.zones and arcs:
        why = "no collision zones are stated in srs.toml"
        asked.append(NotChecked("collision of gantry and table", why))
    if not arcs:
        asked.append(NotChecked("stereotactic arcs", "the export holds none"))
    manual = "Table 1 leaves it to the comparison with the FASTPLAN printout"
    asked += [NotChecked(item, manual) for item in ("couch_angle", "arc_start_angle",
              "arc_stop_angle", "field_monitor_units", "isocentre", "total and fraction dose",
              "technique", "set-up notes and field names")]  # fmt: skip
    return Stereotactic(
        groups,
        tuple(one for one in asked if isinstance(one, Finding)),
        tuple(one for one in asked if isinstance(one, NotChecked)),
    )


def is_stereotactic(field: Field, rules: SrsRules) -> bool:
    """Return whether a field carries the tray code of stereotactic arcs."""
    wanted = {name.casefold() for name in rules.template.fittings.get("block", ())}
    codes = {name.strip().casefold() for block in field.blocks or () for name in block.names}
    return bool(wanted & codes)


def _says_so(rv: Plan, site: str, rules: SrsRules) -> bool:
    texts = [f"{rx.site} {rx.technique} {rx.modality} {rx.note}".casefold()
             for rx in rv.prescriptions if rx.site == site]  # fmt: skip
    return any(word in text for word in rules.words for text in texts)


def _is_meant(rv: Plan, field: Field, rules: SrsRules) -> bool:
    """Return whether a field is stereotactic by its tray or by its prescription."""
    return is_stereotactic(field, rules) or _says_so(rv, field.site, rules)


def _strangers(rv: Plan, fields: Sequence[Field], rules: SrsRules) -> Iterator[Finding]:
    """Find fields that do not belong: stereotactic among others, or the reverse.

    The prescription says what it is by its words, else by what most of its fields are.
    """
    for site in dict.fromkeys(field.site for field in fields):
        own = [field for field in fields if field.site == site]
        flags = [is_stereotactic(field, rules) for field in own]
        meant = _says_so(rv, site, rules) or 2 * sum(flags) > len(own)
        for field, flag in zip(own, flags, strict=True):
            if flag != meant:
                kind = "stereotactic" if flag else "non-stereotactic"
                other = "stereotactic" if meant else "non-stereotactic"
                yield Finding(
                    "F-SRS-MIXED", State.ERROR,
                    f"Field {field.id} is {kind}, its prescription {site} is {other}", field.id,
                    item="block", found=", ".join(_codes(field)) or "none", remedy=CURE,
                )  # fmt: skip


def _codes(field: Field) -> list[str]:
    return [block.names[0] for block in field.blocks or () if block.names]


def _grouped(arcs: Sequence[Field], rules: SrsRules) -> tuple[Isocentre, ...]:
    groups: dict[tuple[str, Point | None], list[Field]] = {}
    for arc in arcs:
        groups.setdefault(isocentre_in_note(arc.note or "", rules), []).append(arc)
    return tuple(
        Isocentre(name, point, tuple(own), arc_set_of(own, rules))
        for (name, point), own in groups.items()
    )


def isocentre_in_note(note: str, rules: SrsRules) -> tuple[str, Point | None]:
    """Return name and place (mm) of the isocentre a set-up note gives; None when it gives none."""
    match = rules.note.search(note)
    if match is None:
        return "", None
    parts = match.groupdict()
    try:
        x, y, z = (Decimal(parts[axis]).scaleb(rules.shift) for axis in "xyz")
    except ArithmeticError:
        return "", None
    return (parts.get("name") or "").strip(), Point(x, y, z)


def _of_group(group: Isocentre) -> Iterator[Finding]:
    if group.point is None:
        for arc in group.arcs:
            words = f"Field {arc.id}: no isocentre can be read from its set-up note {arc.note!r}"
            yield Finding(
                "F-SRS-NOTE", State.ERROR, words, arc.id, item="field_note",
                found=arc.note or "none", remedy=CURE,
            )  # fmt: skip
        return
    words = f"Isocentre {group.name or _place(group.point)}: {len(group.arcs)} arcs"
    if group.arc_set:
        yield Finding("F-SRS-SET", State.INFO, f"{words}, the standard set {group.arc_set}")
    else:
        yield Finding(
            "F-SRS-SET", State.WARNING, f"{words} that are no standard set",
            remedy="Compare the arcs with the plan one by one.",
        )  # fmt: skip


def arc_set_of(arcs: Sequence[Field], rules: SrsRules) -> str:
    """Return the name of the standard set that arcs are; empty when they are none."""
    own = [path for arc in arcs if (path := _path(arc)) is not None]
    if len(own) != len(arcs):
        return ""
    for one in rules.sets:
        left = list(one.arcs)
        for path in own:
            match = next((arc for arc in left if _alike(arc, path, rules.tolerance_deg)), None)
            if match is None:
                break
            left.remove(match)
        else:
            if not left:
                return one.name
    return ""


def _path(field: Field) -> ArcPath | None:
    start, stop = field.arc_start_deg, field.arc_stop_deg
    if not field.arc_direction or start is None or stop is None or field.couch_deg is None:
        return None
    low, high = (start, stop) if field.arc_direction == "CW" else (stop, start)
    return ArcPath(field.couch_deg, low, high)


def _alike(one: ArcPath, other: ArcPath, tolerance: Decimal) -> bool:
    pairs = (
        (one.couch_deg, other.couch_deg), (one.low_deg, other.low_deg),
        (one.high_deg, other.high_deg),
    )  # fmt: skip
    return all(min(_turn(a, b), _turn(b, a)) <= tolerance for a, b in pairs)


def _collisions(arc: Field, zones: Sequence[Zone]) -> Iterator[Finding]:
    """Find zones that an arc's way enters (SR-2)."""
    path, length = _path(arc), arc_length_deg(arc)
    if path is None or length is None:
        return
    for zone in zones:
        low, wide = zone.gantry.low_deg, zone.gantry.width_deg
        inside = _turn(path.couch_deg, zone.couch.low_deg) <= zone.couch.width_deg
        # Two sectors meet when one begins in the other.
        meets = _turn(low, path.low_deg) <= length or _turn(path.low_deg, low) <= wide
        if inside and meets:
            words = (
                f"Field {arc.id}: at couch {arc.couch_deg} deg the arc from {arc.arc_start_deg} "
                f"{arc.arc_direction} to {arc.arc_stop_deg} deg enters {zone.gantry.words} deg, "
                "where the gantry would meet the table"
            )
            yield Finding(
                "F-SRS-COLLISION", State.ERROR, words, arc.id, item="couch_angle",
                found=str(arc.couch_deg), unit="deg", remedy=CURE,
            )  # fmt: skip
            return


def _turn(to: Decimal, start: Decimal) -> Decimal:
    """Return the clockwise way from one angle to another, 0 to below 360."""
    return ((to - start) % 360 + 360) % 360


def _place(point: Point) -> str:
    return f"({point.x_mm}, {point.y_mm}, {point.z_mm}) mm"
