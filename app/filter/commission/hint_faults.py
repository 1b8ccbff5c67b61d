"""Faults that are only told as hints or asked about: one per rule of `app.filter.hints` (R-23)."""

from collections.abc import Iterator
from decimal import Decimal

from app.filter.commission.clinic import Clinic, How, Injected
from app.filter.commission.fault import NO_PLACE, Fault, Inject
from app.filter.commission.logic_faults import ROW, own_row, put, quiet
from app.filter.commission.moved import number_in
from app.filter.field import Field


def hint_faults() -> Iterator[Fault]:
    """Yield one fault per hint on opening."""
    rules: tuple[tuple[str, Inject, set[str]], ...] = (
        ("F-GATING", _gating, set()), ("F-NAME-ANGLE", _name_angle, set()),
        ("F-HINT-DOSERATE", _rate_differs, {"F-INT-RATE"}),
        ("F-HINT-TOLERANCE-TABLE", _tolerance_differs, set()),
        ("F-HINT-MU", _many_mu, set()), ("F-HINT-SMALL", _small, {"F-INT-YJAW"}),
        ("F-HINT-SLOW", _slow, {"F-INT-RATE", "F-HINT-DOSERATE"}),
    )  # fmt: skip
    for rule, inject, beside in rules:
        yield Fault(ROW, rule, How.OPEN, inject, frozenset(beside))


def _gating(clinic: Clinic) -> Injected | str:
    words = clinic.settings.rules.words("notes.gating")
    fields = quiet(clinic, "gating")
    if not words or not fields:
        return NO_PLACE
    made = put(clinic, fields[0], "field_note", f"Treat {words[0]}")
    if isinstance(made, str):
        return made
    return Injected(made.data, made.words, made.field, None, frozenset({"gating"}))


def _name_angle(clinic: Clinic) -> Injected | str:
    pattern = clinic.settings.rules.pattern("names.gantry")
    for field in quiet(clinic, "field_name"):
        angles = (field.gantry_deg, field.arc_start_deg, field.arc_stop_deg)
        known = [one for one in angles if one is not None]
        said = next(one for one in range(5, 355) if all(abs(one - own) > 10 for own in known))
        if known and pattern.fullmatch(f"G{said}"):
            return put(clinic, field, "field_name", f"G{said} TEST")
    return "the clinic's pattern of angles in names could not be met"


def _with_twin(clinic: Clinic, *items: str) -> Iterator[Field]:
    """Yield fields with another one of the same beam in the same prescription."""
    known = {rx.site for rx in clinic.rv.prescriptions}
    for field in quiet(clinic, *items):
        beam = (field.site, field.machine, field.modality, field.energy)
        twins = [one for one in clinic.treating if one is not field
                 and (one.site, one.machine, one.modality, one.energy) == beam]  # fmt: skip
        if twins and field.site in known:
            yield field


def _rate_differs(clinic: Clinic) -> Injected | str:
    for field in _with_twin(clinic, "doserate"):
        machine = clinic.settings.machine(field.machine)
        rates = machine.dose_rates.photon_mu_min.value if machine else None
        own = field.dose_rate_mu_min
        other = next((one for one in rates or () if own is not None and Decimal(str(one)) != own),
                     None)  # fmt: skip
        if own is not None:
            new = f"{other:g}" if other is not None else f"{own + 100:f}"
            made = put(clinic, field, "doserate", new)
            return made if isinstance(made, str) else Injected(
                made.data, made.words, items=frozenset({"doserate"})
            )  # fmt: skip
    return "no two fields of one beam hold a dose rate, or theirs differ already"


def _tolerance_differs(clinic: Clinic) -> Injected | str:
    for field in _with_twin(clinic, "tolerance_table"):
        if field.tolerance_table and field.tolerance_table.isdigit():
            made = put(clinic, field, "tolerance_table", str(int(field.tolerance_table) + 1))
            return made if isinstance(made, str) else Injected(
                made.data, made.words, items=frozenset({"tolerance_table"})
            )  # fmt: skip
    return "no two fields of one beam hold a tolerance table, or theirs differ already"


def _many_mu(clinic: Clinic) -> Injected | str:
    most = clinic.settings.limits["hints.mu_per_cgy"]
    for field in quiet(clinic, "field_monitor_units"):
        rx = next((one for one in clinic.rv.prescriptions if one.site == field.site), None)
        if rx is not None and rx.fraction_cgy:
            new = f"{rx.fraction_cgy * (most + 1):.2f}"
            made = put(clinic, field, "field_monitor_units", new)
            return made if isinstance(made, str) else Injected(
                made.data, made.words, items=frozenset({"field_monitor_units"})
            )  # fmt: skip
    return "no prescription has a fraction dose"


def _small(clinic: Clinic) -> Injected | str:
    """Close the X jaws to 1 cm (or half of what is called small), where nothing else is in."""
    least = clinic.settings.limits["hints.small_field_mm"].scaleb(-1)
    half = min(Decimal("0.5"), least / 4)
    for field in quiet(clinic, "field_x"):
        row, jaws = own_row(clinic, field), field.jaws
        texts = [row.text(f"collimator_x{n}") if row else "" for n in (1, 2)]
        cells = [number_in(text) for text in texts]
        swapped = "collimator_x1" in dict(field.elements)  # a native export: these are Y jaws
        unread = jaws.x1_mm is None or jaws.x2_mm is None or swapped
        if row is None or field.modality == "Elect" or not half or None in cells or unread:
            continue
        ends = ((jaws.x1_mm, -half), (jaws.x2_mm, half))
        values = {"field_x_mode": "ASY"}
        for n, (cell, (iec, new)) in enumerate(zip(cells, ends, strict=True), start=1):
            turned = bool(cell) and iec is not None and cell is not None and cell * 10 == -iec
            values[f"collimator_x{n}"] = f"{-new if turned else new:.1f}"
        data = clinic.export.with_values({row.place: values})
        words = f"Field {field.id}: the X jaws are closed to {2 * half} cm"
        return Injected(data, words, field.id, None, frozenset({"field_x"}))
    return "no photon field has X jaws"


def _slow(clinic: Clinic) -> Injected | str:
    """Give an arc so many MU that the gantry has to creep."""
    for field in quiet(clinic, "gantry_angle"):
        rate = field.dose_rate_mu_min
        if field.arc_direction and rate and len(field.control_points) > 2:
            slow = clinic.settings.limits["hints.slow_gantry_deg_s"]
            if slow:
                new = f"{rate * 360 / slow / 60 * 2:.2f}"
                made = put(clinic, field, "field_monitor_units", new)
                return made if isinstance(made, str) else Injected(
                    made.data, made.words, made.field, None, frozenset({"gantry_angle"})
                )  # fmt: skip
    return "the export holds no arc with a dose rate"
