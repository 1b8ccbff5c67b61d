"""Hints on opening: what the file cannot prove, told so that nobody overlooks it (R-23).

Gating has no element in the file, so a note that speaks of it is shown; dose rates and tolerance
tables that differ within a prescription are shown; a name with an angle that the gantry does not
have is a warning (Siochi 2009, III.A).
"""

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from app.filter.field import Field, Plan, Prescription
from app.filter.settings import Settings
from core.findings import Finding, NotChecked, State


def hints(rv: Plan, settings: Settings) -> Iterator[Finding | NotChecked]:
    """Return the hints of an export."""
    yield from _gating(rv, settings)
    for rx in rv.prescriptions:
        treating = [field for field in rv.fields if field.site == rx.site and not field.setup]
        yield from _differing(rx.site, treating, "doserate", "dose_rate_mu_min", "MU/min")
        yield from _differing(rx.site, treating, "tolerance_table", "tolerance_table", "")
        yield from _isocentres(rx.site, treating)
    silent = [one.id for one in rv.fields if not one.setup and one.dose_rate_mu_min is None]
    if silent:
        yield NotChecked("doserate", "the export does not hold it", ", ".join(silent))
    for field in rv.fields:
        yield from _name(field, settings)
        yield from _small(field, settings.limits["hints.small_field_mm"])
        yield from _slow(field, settings.limits["hints.slow_gantry_deg_s"])
    for rx in rv.prescriptions:
        yield from _mu_factor(rv, rx, settings.limits["hints.mu_per_cgy"])


def _small(field: Field, least: Decimal) -> Iterator[Finding]:
    """Show a treatment field that is smaller than a side the clinic has measured well."""
    jaws = field.jaws
    for axis in "xy":
        one, two = getattr(jaws, f"{axis}1_mm"), getattr(jaws, f"{axis}2_mm")
        if field.setup or one is None or two is None or not 0 < two - one < least:
            continue
        width = (two - one).scaleb(-1)
        yield Finding(
            "F-HINT-SMALL", State.INFO,
            f"Field {field.id} is only {width} cm wide along {axis.upper()}", field.id,
            item=f"field_{axis}", expected=f"{least.scaleb(-1)}", found=str(width), unit="cm",
            remedy="See that output and dose of so small a field are commissioned.",
        )  # fmt: skip


def _slow(field: Field, least_deg_s: Decimal) -> Iterator[Finding]:
    """Show where an arc needs a slow gantry even at the field's own dose rate.

    Between two control points the gantry turns so many degrees in the time its MU take; a machine
    that cannot go so slowly, or does it unevenly, gives the dose elsewhere (TG-275).
    """
    rate, mu = field.dose_rate_mu_min, field.mu
    if not field.arc_direction or not rate or not mu:
        return
    slow = []
    for before, point in pairwise(field.control_points):
        share = point.cumulative - before.cumulative
        if share <= 0 or before.gantry_deg is None or point.gantry_deg is None:
            continue
        turn = abs(point.gantry_deg - before.gantry_deg) % 360
        seconds = share * mu / rate * 60
        speed = min(turn, 360 - turn) / seconds
        if turn and speed < least_deg_s:
            slow.append((speed, point.number))
    if slow:
        speed, number = min(slow)
        yield Finding(
            "F-HINT-SLOW", State.INFO,
            f"Field {field.id}: the gantry turns at {speed:.2f} deg/s before control point "
            f"{number} at {rate} MU/min; {len(slow)} point(s) are below {least_deg_s} deg/s",
            field.id, number, "gantry_angle", f"{least_deg_s}", f"{speed:.2f}", "deg/s",
            remedy="See that arcs as slow as this are part of the machine's quality assurance.",
        )  # fmt: skip


def _mu_factor(rv: Plan, rx: Prescription, most: Decimal) -> Iterator[Finding]:
    """Show far more MU than the dose needs: high modulation, or a wrong MU."""
    own = [field for field in rv.fields if field.site == rx.site and not field.setup]
    total = sum((field.mu or Decimal(0) for field in own), Decimal(0))
    if rx.fraction_cgy and total > most * rx.fraction_cgy:
        factor = total / rx.fraction_cgy
        yield Finding(
            "F-HINT-MU", State.INFO,
            f"{rx.site}: {total} MU for {rx.fraction_cgy} cGy are {factor:.1f} MU per cGy",
            item="field_monitor_units", expected=f"{most}", found=f"{factor:.1f}", unit="MU/cGy",
            remedy="Compare the MU with the plan; acknowledge for a highly modulated plan.",
        )  # fmt: skip


def _gating(rv: Plan, settings: Settings) -> Iterator[Finding]:
    words = settings.rules.words("notes.gating")
    places: list[tuple[str, str, str]] = []
    for rx in rv.prescriptions:
        where = f"{rx.site}: the prescription"
        places += [(where, "", text) for text in (rx.note, rx.pattern, rx.technique) if text]
    for field in rv.fields:
        where = f"Field {field.id}: its note or name"
        places += [(where, field.id, text) for text in (field.note, field.name) if text]
    for where, field_id, text in places:
        if any(word in text.casefold() for word in words):
            yield Finding(
                "F-GATING", State.MANUAL,
                f"{where} speaks of gating: {text!r}; the file has no element for it", field_id,
                item="gating", found=text,
                remedy="See at the machine that the field is set up as gated, then attest it.",
            )  # fmt: skip


def _differing(
    site: str, fields: list[Field], item: str, name: str, unit: str
) -> Iterator[Finding]:
    """Show values that differ between the fields of a prescription with the same beam."""
    groups: dict[tuple[object, ...], dict[str, list[str]]] = {}
    for field in fields:
        value = getattr(field, name)
        if value is not None:
            beam = (field.machine, field.modality, field.energy)
            groups.setdefault(beam, {}).setdefault(str(value), []).append(field.id)
    for values in groups.values():
        if len(values) > 1:
            text = "; ".join(f"{value} {unit}".strip() + f" ({', '.join(ids)})"
                             for value, ids in values.items())  # fmt: skip
            yield Finding(
                f"F-HINT-{item.upper().replace('_', '-')}", State.INFO,
                f"{site}: {item} differs between its fields: {text}", item=item,
                remedy="Compare with what was ordered.",
            )  # fmt: skip


def _isocentres(site: str, fields: list[Field]) -> Iterator[Finding]:
    """Show that a prescription has more than one isocentre (MPPG 11.a)."""
    groups: dict[tuple[Decimal, Decimal, Decimal], list[str]] = {}
    for field in fields:
        point = field.isocentre
        if point is not None:
            groups.setdefault((point.x_mm, point.y_mm, point.z_mm), []).append(field.id)
    if len(groups) > 1:
        text = "; ".join(
            f"({', '.join(f'{value.scaleb(-1):.2f}' for value in point)}) cm: {', '.join(ids)}"
            for point, ids in groups.items()
        )
        yield Finding(
            "F-HINT-ISOCENTRES", State.INFO,
            f"{site} has {len(groups)} isocentres: {text}", item="isocentre",
            remedy="See that each isocentre is labelled and its shift stands in the set-up notes.",
        )  # fmt: skip


def _name(field: Field, settings: Settings) -> Iterator[Finding]:
    """Ask whether an angle in the name is the gantry's; of an arc, its start or stop."""
    angles = [field.gantry_deg]
    if field.arc_direction:
        angles += [field.arc_start_deg, field.arc_stop_deg]
    known = [one for one in angles if one is not None]
    limit = settings.limits["consistency.name_angle_deg"]
    pattern = settings.rules.pattern("names.gantry")
    for match in pattern.finditer(field.name) if known else ():
        said = Decimal(match.group(1))
        if said <= 360 and all(not _near(said, angle, limit) for angle in known):
            yield Finding(
                "F-NAME-ANGLE", State.WARNING,
                f"Field {field.id} is called {field.name!r}, but its gantry stands at "
                f"{field.gantry_deg} deg", field.id, item="field_name",
                expected=str(field.gantry_deg), found=str(said), unit="deg",
                remedy="Correct the name, or find out whether the angle is the wrong one.",
            )  # fmt: skip


def _near(one: Decimal, other: Decimal, limit: Decimal) -> bool:
    apart = abs(one - other) % 360
    return min(apart, 360 - apart) <= limit
