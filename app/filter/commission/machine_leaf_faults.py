"""Faults of the leaves that the machine would refuse: reach, span, gap, neighbours, Y jaw."""

from decimal import Decimal

from app.filter.commission.clinic import Clinic, How, Injected
from app.filter.commission.export import Values
from app.filter.commission.machine_places import BEYOND_CM, Asked, cm, own_record, sign_of
from app.filter.commission.moved import number_in
from app.filter.commission.table_faults import points_of
from app.filter.field import ControlPoint, Field, LeafBanks
from core.machines import Machine, Mlc


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
    values = {item: f"{cm(tip):.2f}" for item, tip in tips_mm.items()}
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
    shape, row = _shape(field, machine), own_record(clinic, field)
    if reach is None or shape is None or row is None or field.jaws.y2_mm is None:
        return None
    if sign_of(number_in(row.text("collimator_y2")), field.jaws.y2_mm) != 1:
        return None
    new = f"{cm(field.jaws.y2_mm + Decimal(str(reach))) + BEYOND_CM:.1f}"
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
    tip = f"{cm(middle):.2f}"
    rows = [row for row in points_of(clinic, field) if row.text(a) and row.text(b)]
    data = clinic.export.with_values({row.place: {a: tip, b: tip} for row in rows})
    words = f"Field {field.id}: pair {pairs[0] + 1} is closed at {tip} cm throughout"
    return Injected(data, words, field.id)


REACH = frozenset({"F-INT-SPAN", "F-INT-REACH", "F-INT-YJAW"})
LEAF_RULES: tuple[tuple[str, Asked, frozenset[str]], ...] = (
    ("F-INT-LEAVES", _leaf_count, frozenset()), ("F-INT-REACH", _leaf_reach, REACH),
    ("F-INT-SPAN", _leaf_span, REACH), ("F-INT-GAP", _leaf_gap, frozenset()),
    ("F-INT-DIGIT", _digit, REACH), ("F-INT-YJAW", _y_jaw, frozenset({"F-INT-RANGE"})),
    ("F-HINT-PARKED", _parked, frozenset({"F-INT-DIGIT"})),
)  # fmt: skip
