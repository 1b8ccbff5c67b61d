"""Faults that the machine would refuse: one per interlock, beyond its own description (F-INT)."""

from collections.abc import Iterator
from decimal import Decimal
from functools import partial

from app.filter.commission.clinic import Clinic, How, Injected
from app.filter.commission.fault import Fault
from app.filter.commission.machine_leaf_faults import LEAF_RULES, REACH
from app.filter.commission.machine_places import (
    BEYOND_CM,
    Asked,
    cm,
    first_place,
    is_told,
    own_record,
    put,
    sign_of,
)
from app.filter.commission.moved import number_in, written_as
from app.filter.commission.table_faults import points_of
from app.filter.field import Field
from core.machine_values import Listed, Span, Value
from core.machines import Machine

ROW = "interlocks"


def machine_faults() -> Iterator[Fault]:
    """Yield one fault per interlock; jaws, table and angles each have their own range."""
    ranges: list[tuple[str, Asked]] = [
        (f"collimator_{side}", partial(_jaw, side=side)) for side in ("x1", "x2", "y1", "y2")
    ]
    ranges += [(f"couch_{name}", partial(_table, name=name))
               for name in ("vertical", "lateral", "longitudinal")]  # fmt: skip
    ranges += [("collimator_angle", partial(_angle, item="collimator_angle")),
               ("couch_angle", partial(_angle, item="couch_angle"))]  # fmt: skip
    for _, ask in ranges:
        yield Fault(ROW, "F-INT-RANGE", How.OPEN, first_place(ask), REACH)
    same_beam = frozenset({"F-RX-MODALITY", "F-INT-RATE", "F-HINT-DOSERATE"})
    rules: tuple[tuple[str, Asked, frozenset[str]], ...] = (
        ("F-INT-ARC", _arc, frozenset()), ("F-INT-ENERGY", _energy, same_beam),
        ("F-INT-RATE", _rate, same_beam), ("F-INT-APPLICATOR", _applicator, frozenset()),
        ("F-INT-APPL-JAWS", _applicator_jaws, frozenset()),
        ("F-INT-VW-ANGLE", _wedge_angle, frozenset()), ("F-INT-VW-MU", _wedge_mu, frozenset()),
        ("F-INT-VW-FIELD", _wedge_field, frozenset({"F-INT-RANGE", "F-INT-YJAW"})),
    )  # fmt: skip
    for rule, ask, beside in (*rules, *LEAF_RULES):
        yield Fault(ROW, rule, How.OPEN, first_place(ask), beside)


def _jaw(clinic: Clinic, field: Field, machine: Machine, side: str) -> Injected | None:
    """Put a jaw outwards, 1 cm beyond its range."""
    value: Value[Span] = getattr(machine.jaws, f"{side}_mm")
    row, item = own_record(clinic, field), f"collimator_{side}"
    if value.value is None or row is None or field.modality == "Elect":
        return None
    sign = sign_of(number_in(row.text(item)), getattr(field.jaws, f"{side}_mm"))
    end = Decimal(str(value.value[0 if side.endswith("1") else 1]))
    new = cm(end) + (BEYOND_CM if end > 0 else -BEYOND_CM)
    if not sign:
        return None
    mode = f"field_{side[0]}_mode"
    return put(clinic, field, item, f"{sign * new:.1f}", {mode: "ASY"})


def _table(clinic: Clinic, field: Field, machine: Machine, name: str) -> Injected | None:
    """Put the table of every treatment field beyond its range, alike for all."""
    value: Value[Span] = getattr(machine.couch, f"{name}_mm")
    item = f"couch_{name}"
    if value.value is None or getattr(field.couch, f"{name}_mm") is None:
        return None
    new = f"{cm(Decimal(str(value.value[1]))) + BEYOND_CM:.1f}"
    rows = [row for one in clinic.treating for row in clinic.export.of("FIELD_DEF", field=one.id)]
    rows += [row for one in clinic.treating for row in points_of(clinic, one) if row.text(item)]
    if any(clinic.is_told(How.OPEN, one.id, item) for one in clinic.treating):
        return None
    data = clinic.export.with_values({row.place: {item: new} for row in rows})
    return Injected(data, f"Every field: {item} → {new}", items=frozenset({item}))


def _angle(clinic: Clinic, field: Field, machine: Machine, item: str) -> Injected | None:
    value = (
        machine.ranges.collimator_deg if item == "collimator_angle" else machine.couch.angle_deg
    )
    if value.value is None:
        return None
    low, high = value.value
    beyond = [
        one
        for one in range(360)
        if not any(low - 1 <= turn <= high + 1 for turn in (one, one - 360, one + 360))
    ]
    return put(clinic, field, item, f"{beyond[0]}.0") if beyond else None


def _arc(clinic: Clinic, field: Field, machine: Machine) -> Injected | None:
    """Turn an arc the other way round: through the gantry's stop."""
    span = machine.ranges.gantry_deg.value
    turned = {"CW": "CCW", "CCW": "CW"}.get(field.arc_direction or "")
    if span is None or span[1] - span[0] > 360 or turned is None:
        return None
    return put(clinic, field, "arc_direction", turned)


def _energy(clinic: Clinic, field: Field, machine: Machine) -> Injected | None:
    new = 99
    if not field.modality or machine.offers(field.modality, new, field.fff) is not False:
        return None
    return put(clinic, field, "energy", str(new))


def _rate(clinic: Clinic, field: Field, machine: Machine) -> Injected | None:
    rates = machine.dose_rates
    listed = rates.electron_mu_min if field.modality == "Elect" else rates.photon_mu_min
    listed = rates.fff_mu_min if field.fff else listed
    if field.dose_rate_mu_min is None or listed.offers(7.0) is not False:
        return None
    return put(clinic, field, "doserate", "7")


def _applicator(clinic: Clinic, field: Field, machine: Machine) -> Injected | None:
    names = machine.applicators.names
    if field.modality != "Elect" or not field.applicators or names.offers("99x99") is not False:
        return None
    known = machine.applicators.jaws.value is not None
    return put(clinic, field, "e_applicator", "99x99") if known else None


def _applicator_jaws(clinic: Clinic, field: Field, machine: Machine) -> Injected | None:
    rows = machine.applicators.jaws.value
    if field.modality != "Elect" or not field.applicators or rows is None or field.energy is None:
        return None
    name = field.applicators[0].names[0].casefold() if field.applicators[0].names else ""
    own = [one for one in rows if one.applicator.casefold() == name
           and Decimal(str(one.energy_mev)) == field.energy]  # fmt: skip
    row = own_record(clinic, field)
    value = number_in(row.text("collimator_x1")) if row is not None else None
    if not own or value is None or row is None:
        return None
    slack = cm(clinic.settings.limits["interlocks.applicator_jaw_mm"])
    new = written_as(row.column("collimator_x1"), row.text("collimator_x1"), value + slack + 1)
    return put(clinic, field, "collimator_x1", new, {"field_x_mode": "ASY"})


def _wedge_name(clinic: Clinic, angle: float) -> str:
    """Return a name that the clinic's pattern reads as a dynamic wedge of this angle."""
    name = f"VW{angle:02.0f}"
    match = clinic.settings.rules.pattern("wedges.dynamic_angle").search(name)
    return name if match is not None and float(match.group(1)) == angle else ""


def _wedge_angle(clinic: Clinic, field: Field, machine: Machine) -> Injected | None:
    lists: tuple[Listed[float], ...] = (
        machine.wedges.dynamic_deg, machine.wedges.allowed_dynamic_deg,
    )  # fmt: skip
    angle = next((one for one in (13.0, 17.0, 30.0)
                  if any(listed.offers(one) is False for listed in lists)), None)  # fmt: skip
    if field.modality != "Xrays" or angle is None or field.wedges:
        return None
    name = _wedge_name(clinic, angle)
    return put(clinic, field, "dynamic_wedge", name) if name and _enough(field, machine) else None


def _enough(field: Field, machine: Machine) -> bool:
    """Return whether the field has MU for a virtual wedge, so that only its angle is wrong."""
    least = machine.wedges.dynamic_minimum_mu.value
    return field.mu is not None and (least is None or field.mu >= Decimal(str(least)))


def _wedge_mu(clinic: Clinic, field: Field, machine: Machine) -> Injected | None:
    """Give a virtual wedge that is commissioned 1 MU."""
    least = machine.wedges.dynamic_minimum_mu.value
    allowed = machine.wedges.allowed_dynamic_deg.value or machine.wedges.dynamic_deg.value or ()
    name = _wedge_name(clinic, allowed[0]) if allowed else ""
    if field.modality != "Xrays" or not least or least <= 1 or not name or not field.mu:
        return None
    more = {} if _dynamic(field) else {"dynamic_wedge": name, "wedge": ""}
    return put(clinic, field, "field_monitor_units", "1.00", more)


def _wedge_field(clinic: Clinic, field: Field, machine: Machine) -> Injected | None:
    """Open the jaws of a virtual wedge 2 cm wider than it goes, to either side alike."""
    longest, axis = (
        machine.wedges.dynamic_longest_field_mm.value,
        machine.wedges.dynamic_axis.value,
    )
    allowed = machine.wedges.allowed_dynamic_deg.value or machine.wedges.dynamic_deg.value or ()
    name = _wedge_name(clinic, allowed[0]) if allowed else ""
    if field.modality != "Xrays" or longest is None or axis is None or not name:
        return None
    axis, row = axis.lower(), own_record(clinic, field)
    cells = [number_in(row.text(f"collimator_{axis}{n}")) if row else None for n in (1, 2)]
    signs = [sign_of(cell, getattr(field.jaws, f"{axis}{n}_mm"))
             for n, cell in enumerate(cells, start=1)]  # fmt: skip
    if signs != [1, 1] or not _enough(field, machine) or is_told(clinic, field, f"field_{axis}"):
        return None
    half = cm(Decimal(str(longest))) / 2 + BEYOND_CM
    more = {f"collimator_{axis}1": f"{-half:.1f}", f"field_{axis}_mode": "ASY"}
    if not _dynamic(field):
        more |= {"dynamic_wedge": name, "wedge": ""}
    made = put(clinic, field, f"collimator_{axis}2", f"{half:.1f}", more)
    words = f"Field {field.id}: {name}, the field is {2 * half} cm long"
    return made and Injected(made.data, words, field.id, None, frozenset({f"field_{axis}"}))


def _dynamic(field: Field) -> bool:
    return any(one.kind.casefold() in ("dynamic", "virtual") for one in field.wedges or ())
