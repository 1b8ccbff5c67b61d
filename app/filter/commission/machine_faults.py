"""Faults that the machine would refuse: one per interlock, beyond its own description (F-INT)."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial

from app.filter.commission.clinic import Clinic, How, Injected
from app.filter.commission.export import Row, Values
from app.filter.commission.fault import Fault
from app.filter.commission.moved import number_in, written_as
from app.filter.commission.table_faults import points_of
from app.filter.field import ControlPoint, Field, LeafBanks
from core.machine_values import Listed, Span, Value
from core.machines import Machine, Mlc

ROW = "interlocks"
UNKNOWN = "the machine's description does not state it, or no field has it"
BEYOND_CM = Decimal(1)
Asked = Callable[[Clinic, Field, Machine], Injected | None]


def machine_faults() -> Iterator[Fault]:
    """Yield one fault per interlock; jaws, table and angles each have their own range."""
    ranges: list[tuple[str, Asked]] = [
        (f"collimator_{side}", partial(_jaw, side=side)) for side in ("x1", "x2", "y1", "y2")
    ]
    ranges += [(f"couch_{name}", partial(_table, name=name))
               for name in ("vertical", "lateral", "longitudinal")]  # fmt: skip
    ranges += [("collimator_angle", partial(_angle, item="collimator_angle")),
               ("couch_angle", partial(_angle, item="couch_angle"))]  # fmt: skip
    reach = frozenset({"F-INT-SPAN", "F-INT-REACH", "F-INT-YJAW"})
    for _, ask in ranges:
        yield Fault(ROW, "F-INT-RANGE", How.OPEN, _first(ask), reach)
    same_beam = frozenset({"F-RX-MODALITY", "F-INT-RATE", "F-HINT-DOSERATE"})
    rules: tuple[tuple[str, Asked, frozenset[str]], ...] = (
        ("F-INT-ARC", _arc, frozenset()), ("F-INT-ENERGY", _energy, same_beam),
        ("F-INT-RATE", _rate, same_beam), ("F-INT-APPLICATOR", _applicator, frozenset()),
        ("F-INT-APPL-JAWS", _applicator_jaws, frozenset()),
        ("F-INT-VW-ANGLE", _wedge_angle, frozenset()), ("F-INT-VW-MU", _wedge_mu, frozenset()),
        ("F-INT-VW-FIELD", _wedge_field, frozenset({"F-INT-RANGE", "F-INT-YJAW"})),
        ("F-INT-LEAVES", _leaf_count, frozenset()), ("F-INT-REACH", _leaf_reach, reach),
        ("F-INT-SPAN", _leaf_span, reach), ("F-INT-GAP", _leaf_gap, frozenset()),
        ("F-INT-DIGIT", _digit, reach), ("F-INT-YJAW", _y_jaw, frozenset({"F-INT-RANGE"})),
        ("F-HINT-PARKED", _parked, frozenset({"F-INT-DIGIT"})),
    )  # fmt: skip
    for rule, ask, beside in rules:
        yield Fault(ROW, rule, How.OPEN, _first(ask), beside)


def _first(ask: Asked) -> Callable[[Clinic], Injected | str]:
    """Return what asks the treatment fields one by one, last first, for a place."""

    def inject(clinic: Clinic) -> Injected | str:
        described = False
        for field in reversed(clinic.treating):
            machine = clinic.settings.machine(field.machine)
            described = described or machine is not None
            made = ask(clinic, field, machine) if machine is not None else None
            if made is not None:
                return made
        return UNKNOWN if described else "no machine description is named for the machine"

    return inject


def _own(clinic: Clinic, field: Field) -> Row | None:
    rows = clinic.export.of("FIELD_DEF", field=field.id)
    return rows[0] if rows else None


def _put(
    clinic: Clinic, field: Field, item: str, new: str, more: Values | None = None
) -> Injected | None:
    row = _own(clinic, field)
    if row is None or not row.holds(item) or _told(clinic, field, item):
        return None
    data = clinic.export.with_values({row.place: {item: new, **(more or {})}})
    words = f"Field {field.id}: {item} {row.text(item) or 'blank'} → {new}"
    return Injected(data, words, field.id, None, frozenset({item}))


def _told(clinic: Clinic, field: Field, item: str) -> bool:
    return clinic.is_told(How.OPEN, field.id, item, alone=True)


def _cm(value_mm: Decimal) -> Decimal:
    return value_mm.scaleb(-1)


def _sign(cell: Decimal | None, iec_mm: Decimal | None) -> int:
    """Return -1 where the file writes a length with the other sign than IEC; 0 where unsure."""
    if cell is None or iec_mm is None or not cell:
        return 0
    return 1 if cell.scaleb(1) == iec_mm else -1 if cell.scaleb(1) == -iec_mm else 0


def _jaw(clinic: Clinic, field: Field, machine: Machine, side: str) -> Injected | None:
    """Put a jaw outwards, 1 cm beyond its range."""
    value: Value[Span] = getattr(machine.jaws, f"{side}_mm")
    row, item = _own(clinic, field), f"collimator_{side}"
    if value.value is None or row is None or field.modality == "Elect":
        return None
    sign = _sign(number_in(row.text(item)), getattr(field.jaws, f"{side}_mm"))
    end = Decimal(str(value.value[0 if side.endswith("1") else 1]))
    new = _cm(end) + (BEYOND_CM if end > 0 else -BEYOND_CM)
    if not sign:
        return None
    mode = f"field_{side[0]}_mode"
    return _put(clinic, field, item, f"{sign * new:.1f}", {mode: "ASY"})


def _table(clinic: Clinic, field: Field, machine: Machine, name: str) -> Injected | None:
    """Put the table of every treatment field beyond its range, alike for all."""
    value: Value[Span] = getattr(machine.couch, f"{name}_mm")
    item = f"couch_{name}"
    if value.value is None or getattr(field.couch, f"{name}_mm") is None:
        return None
    new = f"{_cm(Decimal(str(value.value[1]))) + BEYOND_CM:.1f}"
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
    return _put(clinic, field, item, f"{beyond[0]}.0") if beyond else None


def _arc(clinic: Clinic, field: Field, machine: Machine) -> Injected | None:
    """Turn an arc the other way round: through the gantry's stop."""
    span = machine.ranges.gantry_deg.value
    turned = {"CW": "CCW", "CCW": "CW"}.get(field.arc_direction or "")
    if span is None or span[1] - span[0] > 360 or turned is None:
        return None
    return _put(clinic, field, "arc_direction", turned)


def _energy(clinic: Clinic, field: Field, machine: Machine) -> Injected | None:
    new = 99
    if not field.modality or machine.offers(field.modality, new, field.fff) is not False:
        return None
    return _put(clinic, field, "energy", str(new))


def _rate(clinic: Clinic, field: Field, machine: Machine) -> Injected | None:
    rates = machine.dose_rates
    listed = rates.electron_mu_min if field.modality == "Elect" else rates.photon_mu_min
    listed = rates.fff_mu_min if field.fff else listed
    if field.dose_rate_mu_min is None or listed.offers(7.0) is not False:
        return None
    return _put(clinic, field, "doserate", "7")


def _applicator(clinic: Clinic, field: Field, machine: Machine) -> Injected | None:
    names = machine.applicators.names
    if field.modality != "Elect" or not field.applicators or names.offers("99x99") is not False:
        return None
    known = machine.applicators.jaws.value is not None
    return _put(clinic, field, "e_applicator", "99x99") if known else None


def _applicator_jaws(clinic: Clinic, field: Field, machine: Machine) -> Injected | None:
    rows = machine.applicators.jaws.value
    if field.modality != "Elect" or not field.applicators or rows is None or field.energy is None:
        return None
    name = field.applicators[0].names[0].casefold() if field.applicators[0].names else ""
    own = [one for one in rows if one.applicator.casefold() == name
           and Decimal(str(one.energy_mev)) == field.energy]  # fmt: skip
    row = _own(clinic, field)
    value = number_in(row.text("collimator_x1")) if row is not None else None
    if not own or value is None or row is None:
        return None
    slack = _cm(clinic.settings.limits["interlocks.applicator_jaw_mm"])
    new = written_as(row.column("collimator_x1"), row.text("collimator_x1"), value + slack + 1)
    return _put(clinic, field, "collimator_x1", new, {"field_x_mode": "ASY"})


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
    return _put(clinic, field, "dynamic_wedge", name) if name and _enough(field, machine) else None


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
    return _put(clinic, field, "field_monitor_units", "1.00", more)


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
    axis, row = axis.lower(), _own(clinic, field)
    cells = [number_in(row.text(f"collimator_{axis}{n}")) if row else None for n in (1, 2)]
    signs = [_sign(cell, getattr(field.jaws, f"{axis}{n}_mm"))
             for n, cell in enumerate(cells, start=1)]  # fmt: skip
    if signs != [1, 1] or not _enough(field, machine) or _told(clinic, field, f"field_{axis}"):
        return None
    half = _cm(Decimal(str(longest))) / 2 + BEYOND_CM
    more = {f"collimator_{axis}1": f"{-half:.1f}", f"field_{axis}_mode": "ASY"}
    if not _dynamic(field):
        more |= {"dynamic_wedge": name, "wedge": ""}
    made = _put(clinic, field, f"collimator_{axis}2", f"{half:.1f}", more)
    words = f"Field {field.id}: {name}, the field is {2 * half} cm long"
    return made and Injected(made.data, words, field.id, None, frozenset({f"field_{axis}"}))


def _dynamic(field: Field) -> bool:
    return any(one.kind.casefold() in ("dynamic", "virtual") for one in field.wedges or ())


def _shape(field: Field, machine: Machine) -> tuple[ControlPoint, LeafBanks, Mlc] | None:
    """Return a control point with IEC leaves along X that fit the machine; None without one."""
    mlc = machine.mlc
    if mlc is None or field.elements:
        return None
    for point in sorted(field.control_points, key=lambda one: -one.number):
        layer = point.layers[0] if len(point.layers) == 1 else None
        edges = mlc.boundaries_mm.value
        if layer is None or layer.along == "Y" or "layers" not in point.stated:
            continue
        if edges is None or len(edges) - 1 == len(layer.a_mm):
            return point, layer, mlc
    return None


def _open_pairs(layer: LeafBanks, least_mm: int = 10) -> list[int]:
    pairs = zip(layer.a_mm, layer.b_mm, strict=True)
    found = [place for place, (a, b) in enumerate(pairs) if b - a > least_mm]
    return sorted(found, key=lambda place: abs(2 * place - len(layer.a_mm)))


def _leaf(
    clinic: Clinic, field: Field, point: ControlPoint, tips_mm: dict[str, Decimal], words: str
) -> Injected | None:
    """Put leaves of one control point elsewhere; the file must write the IEC sign."""
    rows = [row for row in points_of(clinic, field)
            if row.text("control_pt_number") == str(point.number)]  # fmt: skip
    if not rows or any(not rows[0].text(item) for item in tips_mm):
        return None
    for item in tips_mm:
        bank, leaf = item[4], int(item[5:]) - 1
        iec = (point.layers[0].a_mm if bank == "a" else point.layers[0].b_mm)[leaf]
        cell = number_in(rows[0].text(item))
        if cell is None or cell.scaleb(1) != iec:
            return None
    values = {item: f"{_cm(tip):.2f}" for item, tip in tips_mm.items()}
    data = clinic.export.with_values({rows[0].place: values})
    listed = ", ".join(f"{item} → {new}" for item, new in values.items())
    return Injected(data, f"Field {field.id}, control point {point.number}: {listed} ({words})",
                    field.id)  # fmt: skip


def _leaf_count(clinic: Clinic, field: Field, machine: Machine) -> Injected | None:
    """Leave out the last pair, in every control point of the field."""
    if _shape(field, machine) is None or machine.mlc is None:
        return None
    if machine.mlc.boundaries_mm.value is None:
        return None
    changes: dict[int, Values] = {}
    for row in points_of(clinic, field):
        pairs = number_in(row.text("mlc_leaves"))
        if not pairs:
            return None
        last = int(pairs)
        changes[row.place] = {"mlc_leaves": str(last - 1), f"mlc_a{last}": "", f"mlc_b{last}": ""}
    words = f"Field {field.id}: one leaf pair less"
    data = clinic.export.with_values(changes)
    return Injected(data, words, field.id, None, frozenset({"mlc_leaves"}))


def _leaf_reach(clinic: Clinic, field: Field, machine: Machine) -> Injected | None:
    shape = _shape(field, machine)
    if shape is None or shape[2].leaf_x1_mm.value is None:
        return None
    point, layer, mlc = shape
    pairs, low = _open_pairs(layer), shape[2].leaf_x1_mm.value[0]
    del mlc
    if not pairs:
        return None
    tips = {f"mlc_a{pairs[0] + 1}": Decimal(str(low)) - 10}
    return _leaf(clinic, field, point, tips, "beyond its reach")


def _leaf_span(clinic: Clinic, field: Field, machine: Machine) -> Injected | None:
    shape = _shape(field, machine)
    if shape is None or shape[2].span_mm.value is None:
        return None
    point, layer, mlc = shape
    reach = mlc.leaf_x1_mm.value
    pairs = _open_pairs(layer)
    tip = max(layer.a_mm) - Decimal(str(mlc.span_mm.value)) - 10
    if not pairs or (reach is not None and tip < Decimal(str(reach[0]))):
        return None
    return _leaf(clinic, field, point, {f"mlc_a{pairs[0] + 1}": tip}, "too far from the others")


def _leaf_gap(clinic: Clinic, field: Field, machine: Machine) -> Injected | None:
    shape = _shape(field, machine)
    least = machine.mlc.minimum_gap_mm.value if machine.mlc is not None else None
    if shape is None or not least or least < 2:
        return None
    point, layer, _ = shape
    pairs = _open_pairs(layer)
    if not pairs:
        return None
    tip = layer.b_mm[pairs[0]] - Decimal(str(least)) / 2
    return _leaf(clinic, field, point, {f"mlc_a{pairs[0] + 1}": tip}, "less than the least gap")


def _digit(clinic: Clinic, field: Field, machine: Machine) -> Injected | None:
    """Put a pair past its neighbour across."""
    shape = _shape(field, machine)
    if shape is None or shape[2].interdigitation.value is not False:
        return None
    point, layer, _ = shape
    for place in _open_pairs(layer):
        if place + 1 < len(layer.a_mm) and layer.b_mm[place + 1] - layer.a_mm[place + 1] > 10:
            tip = layer.b_mm[place + 1] + 5
            tips = {f"mlc_a{place + 1}": tip, f"mlc_b{place + 1}": tip + 20}
            return _leaf(clinic, field, point, tips, "past its neighbour across")
    return None


def _y_jaw(clinic: Clinic, field: Field, machine: Machine) -> Injected | None:
    reach = machine.jaws.y_reach_mm.value
    shape, row = _shape(field, machine), _own(clinic, field)
    if reach is None or shape is None or row is None or field.jaws.y2_mm is None:
        return None
    if _sign(number_in(row.text("collimator_y2")), field.jaws.y2_mm) != 1:
        return None
    new = f"{_cm(field.jaws.y2_mm + Decimal(str(reach))) + BEYOND_CM:.1f}"
    changes: dict[int, Values] = {row.place: {"collimator_y2": new, "field_y_mode": "ASY"}}
    for one in points_of(clinic, field):
        if one.text("collimator_y2"):
            changes[one.place] = {"collimator_y2": new, "field_y_mode": "ASY"}
    words = f"Field {field.id}: collimator_y2 {row.text('collimator_y2')} → {new}"
    data = clinic.export.with_values(changes)
    return Injected(data, words, field.id, None, frozenset({"collimator_y2"}))


def _parked(clinic: Clinic, field: Field, machine: Machine) -> Injected | None:
    """Close an open pair where it stands, in every control point of a field with four jaws."""
    shape, jaws = _shape(field, machine), field.jaws
    if shape is None or machine.mlc is None or machine.mlc.boundaries_mm.value is None:
        return None
    if jaws.x1_mm is None or jaws.x2_mm is None or jaws.y1_mm is None or jaws.y2_mm is None:
        return None
    pairs = _open_pairs(shape[1])
    margin = clinic.settings.limits["hints.parked_mm"]
    if not pairs or clinic.is_told(How.OPEN, field.id, f"mlc_a{pairs[0] + 1}"):
        return None
    a, b = f"mlc_a{pairs[0] + 1}", f"mlc_b{pairs[0] + 1}"
    middle = (shape[1].a_mm[pairs[0]] + shape[1].b_mm[pairs[0]]) / 2
    if not jaws.x1_mm + margin < middle < jaws.x2_mm - margin:
        return None
    tip = f"{_cm(middle):.2f}"
    rows = [row for row in points_of(clinic, field) if row.text(a) and row.text(b)]
    data = clinic.export.with_values({row.place: {a: tip, b: tip} for row in rows})
    words = f"Field {field.id}: pair {pairs[0] + 1} is closed at {tip} cm throughout"
    return Injected(data, words, field.id)
