"""Is the export consistent in itself? Asked on opening, before any plan is there (R-02)."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from app.filter.field import Field, Plan, Prescription
from app.filter.limits import Limits
from app.filter.rules import Rules
from app.filter.settings import Settings
from app.filter.setup_fields import asked_about
from core.findings import Finding, State

CURE = "Correct the R&V system, export again, and check again."
PARTICLES = {"x": "Xrays", "mv": "Xrays", "e": "Elect", "mev": "Elect"}
_BEAM = re.compile(r"(\d+(?:\.\d+)?)\s*(mev|mv|x|e)\b|\b(x)\s*0?(\d+)\b", re.IGNORECASE)


def consistency(rv: Plan, settings: Settings) -> Iterator[Finding]:
    """Return everything in an export that contradicts itself."""
    limits = settings.limits
    if rv.kind != "DICOM RT Plan":  # it holds no field IDs
        yield from _field_ids(rv, settings)
    sites = {rx.site for rx in rv.prescriptions}
    lost = [field for field in rv.fields if field.site not in sites and sites]
    for field in lost:
        words = f"Field {field.id} belongs to the site {field.site!r}, which has no prescription"
        yield _error("F-SITE-UNKNOWN", words, field.id, "rx_site_name", found=field.site)
    for rx in rv.prescriptions:
        fields = [field for field in rv.fields if field.site == rx.site]
        sure = [field for field in fields if not asked_about(field, settings.rules)]
        yield from _counts(rx, fields, whole=not lost)
        yield from _prescription(rx, sure, limits, whole=not lost)
        treating = [field for field in fields if not field.setup]
        yield from _table_positions(rx, treating, limits)
    for field in rv.fields:
        if not field.setup and not field.mu and not asked_about(field, settings.rules):
            words = f"Treatment field {field.id} has no MU"
            yield _error("F-MU-MISSING", words, field.id, "field_monitor_units", found="0")
        yield from _shares(field)
        yield from _crossed(field)


def _field_ids(rv: Plan, settings: Settings) -> Iterator[Finding]:
    """Field IDs are unique and have at most five letters (R-15)."""
    most = int(settings.limits["consistency.field_id_letters"])
    for name, count in Counter(field.id for field in rv.fields).items():
        if count > 1:
            yield _error("F-ID-UNIQUE", f"Field ID {name} is used {count} times", name, "field_id")
        if len(name) > most or not name.strip():
            words = f"Field ID {name!r} has {len(name)} letters; allowed are 1 to {most}"
            yield _error("F-ID-LENGTH", words, name, "field_id", found=name)
        elif not settings.rules.pattern("field_ids.pattern").fullmatch(name):
            usual = settings.rules.pattern("field_ids.tolerated").fullmatch(name)
            words = f"Field ID {name!r} holds other characters than letters and digits"
            state = State.INFO if usual else State.ERROR
            yield Finding(
                "F-ID-LETTERS", state, words, name, item="field_id", found=name, remedy=CURE
            )
    yield from _moduleaf(rv, settings.rules)


def _moduleaf(rv: Plan, rules: Rules) -> Iterator[Finding]:
    """Each block code of a MODULEAF belongs to one field, whose ID bears the same key (R-15)."""
    used: dict[str, str] = {}
    for field in rv.fields:
        for block in field.blocks or ():
            code = block.names[0].strip() if block.names else ""
            key = rules.pattern("moduleaf.block").fullmatch(code)
            if key is None:
                continue
            own = rules.pattern("moduleaf.field_id").fullmatch(field.id.strip())
            if own is None or own.group(1) != key.group(1):
                words = (
                    f"Field {field.id} has block code {code}, which belongs to another field ID"
                )
                yield _error("F-ID-MODULEAF", words, field.id, "block", found=code)
            elif code in used:
                words = f"Fields {used[code]} and {field.id} have the same block code {code}"
                yield _error("F-ID-MODULEAF", words, field.id, "block", found=code)
            used.setdefault(code, field.id)


def _counts(rx: Prescription, fields: list[Field], *, whole: bool) -> Iterator[Finding]:
    """As many fields are there as the prescription announces."""
    if rx.field_count is not None and whole and rx.field_count != len(fields):
        words = f"{rx.site}: {rx.field_count} fields are announced, {len(fields)} are there"
        yield Finding(
            "F-RX-COUNT", State.WARNING, words, item="number_of_fields",
            expected=str(rx.field_count), found=str(len(fields)), remedy=CURE,
        )  # fmt: skip


def _prescription(
    rx: Prescription, fields: list[Field], limits: Limits, *, whole: bool
) -> Iterator[Finding]:
    treating = [field for field in fields if not field.setup]
    if rx.total_cgy and rx.fraction_cgy and rx.total_cgy % rx.fraction_cgy:
        count = (rx.total_cgy / rx.fraction_cgy).to_integral_value()
        rounded = fractions_agree(rx.total_cgy, rx.fraction_cgy, count)
        words = (
            f"{rx.site}: {rx.total_cgy} cGy is no whole number of fractions of "
            f"{rx.fraction_cgy} cGy" + (", unless that is rounded" if rounded else "")
        )
        state = State.WARNING if rounded else State.ERROR
        yield Finding(
            "F-RX-FRACTIONS", state, words, item="dose_ttl", found=str(rx.total_cgy), unit="cGy",
            remedy=CURE,
        )  # fmt: skip
    if whole:
        yield from _doses(rx, treating, limits)
    yield from _modality(rx, treating)


def fractions_agree(total_cgy: Decimal, fraction_cgy: Decimal, count: Decimal) -> bool:
    """Return whether doses rounded to whole cGy can be those of `count` fractions (R-09)."""
    return abs(total_cgy - count * fraction_cgy) <= (count + 1) / 2


def _table_positions(rx: Prescription, fields: list[Field], limits: Limits) -> Iterator[Finding]:
    """Fields that share an isocentre share the table position (R-14)."""
    slack = limits["consistency.table_position_mm"]
    for name in ("vertical", "lateral", "longitudinal"):
        groups: dict[object, list[tuple[Decimal, str]]] = defaultdict(list)
        for field in fields:
            value = getattr(field.couch, f"{name}_mm")
            if value is not None:
                groups[field.isocentre].append((value, field.id))
        silent = [field.id for field in fields if getattr(field.couch, f"{name}_mm") is None]
        if groups and silent:
            words = f"{rx.site}: couch_{name} is blank in {', '.join(silent)}, not in the others"
            yield Finding(
                "F-TABLE-BLANK", State.WARNING, words, silent[0] if len(silent) == 1 else "",
                item=f"couch_{name}", expected="a position", found="blank", remedy=CURE,
            )  # fmt: skip
        for group in groups.values():
            common, _ = Counter(value for value, _ in group).most_common(1)[0]
            for value, field_id in group:
                if not abs(value - common) <= slack:
                    yield Finding(
                        "F-TABLE-POSITION", State.ERROR,
                        f"Field {field_id}: couch_{name} is {value.scaleb(-1):f} cm, the other "
                        f"fields of {rx.site} stand at {common.scaleb(-1):f} cm; they cannot be "
                        "delivered in one auto-sequence", field_id, item=f"couch_{name}",
                        expected=f"{common.scaleb(-1):f}", found=f"{value.scaleb(-1):f}",
                        unit="cm", tolerance=f"{slack.scaleb(-1):f}", remedy=CURE,
                    )  # fmt: skip


def _doses(rx: Prescription, fields: list[Field], limits: Limits) -> Iterator[Finding]:
    """Every treatment field is booked with dose, and the doses add up (R-11, R-22)."""
    booked = [field for field in fields if field.dose_cgy]
    if not booked:
        return
    silent = [field for field in fields if not field.dose_cgy]
    for field in silent:
        words = f"Treatment field {field.id} has no dose, other fields of {rx.site} have"
        yield _error("F-DOSE-MISSING", words, field.id, "field_dose", found="none")
    total = sum((field.dose_cgy or Decimal(0) for field in booked), Decimal(0))
    limit = limits["consistency.field_dose_sum_cgy"]
    if not silent and rx.fraction_cgy and abs(total - rx.fraction_cgy) > limit:
        yield Finding(
            "F-DOSE-SUM", State.ERROR,
            f"{rx.site}: the doses of its fields add up to {total} cGy, the fraction dose is "
            f"{rx.fraction_cgy} cGy", item="dose_tx", expected=str(total),
            found=str(rx.fraction_cgy), unit="cGy", tolerance=str(limit), remedy=CURE,
        )  # fmt: skip


def _modality(rx: Prescription, fields: list[Field]) -> Iterator[Finding]:
    """Every field's particle and energy is one the prescription names (R-08)."""
    allowed = allowed_beams(rx.modality or "")
    if allowed is None:
        return
    other = [field for field in fields if not _is_allowed(field, allowed)]
    if other:
        ids = ", ".join(f"{field.id} ({field.modality} {field.energy})" for field in other)
        words = f"{rx.site} is prescribed as {rx.modality}; not so: {ids}"
        field_id = other[0].id if len(other) == 1 and len(fields) > 1 else ""
        found = str(rx.modality)
        yield _error("F-RX-MODALITY", words, field_id, "modality", found=found)


def _is_allowed(field: Field, allowed: dict[str, set[Decimal]]) -> bool:
    energies = allowed.get(field.modality or "")
    return energies is not None and (not energies or field.energy in energies)


def allowed_beams(text: str) -> dict[str, set[Decimal]] | None:
    """Return the particles and energies a modality text names; None when it cannot be read.

    "Xrays" names photons of any energy, "6X/18X" two photon energies, "Elect" electrons.
    """
    plain = text.strip().casefold()
    if plain in ("xrays", "x-rays", "photons"):
        return {"Xrays": set()}
    if plain in ("elect", "electrons"):
        return {"Elect": set()}
    found: dict[str, set[Decimal]] = defaultdict(set)
    for match in _BEAM.finditer(plain):
        number, unit, x, behind = match.groups()
        found[PARTICLES[(unit or x).casefold()]].add(Decimal(number or behind))
    return dict(found) or None


def _shares(field: Field) -> Iterator[Finding]:
    points = field.control_points
    if len(points) < 2:
        return
    for before, point in pairwise(points):
        if point.cumulative < before.cumulative:
            words = f"Field {field.id}: the cumulative MU fall at control point {point.number}"
            yield _error("F-SHARE-FALLS", words, field.id, "monitor_units")
    if points[0].cumulative != 0 or points[-1].cumulative != 1:
        words = (
            f"Field {field.id}: the cumulative MU run from {points[0].cumulative} to "
            f"{points[-1].cumulative}, not from 0 to 1"
        )
        yield _error("F-SHARE-ENDS", words, field.id, "monitor_units")


def _crossed(field: Field) -> Iterator[Finding]:
    """Facing leaves do not cross; one finding a field names the first place."""
    for point in field.control_points:
        for layer in point.layers:
            pairs = zip(layer.a_mm, layer.b_mm, strict=True)
            crossed = [leaf for leaf, (a, b) in enumerate(pairs, start=1) if a > b]
            if crossed:
                words = (
                    f"Field {field.id}, control point {point.number}: the leaves of pair "
                    f"{crossed[0]} cross"
                )
                item = f"mlc_a{crossed[0]}"
                yield _error("F-LEAVES-CROSS", words, field.id, item)
                return


def _error(rule: str, words: str, field: str, item: str, found: str = "") -> Finding:
    return Finding(rule, State.ERROR, words, field, item=item, found=found, remedy=CURE)
