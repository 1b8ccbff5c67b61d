"""Field, control point and leaf tables of a source, as text in the units of the record table."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.filter.field import Accessory, ControlPoint, Field, Plan


@dataclass(frozen=True, slots=True)
class Table:
    """Titles (with units) and rows of equal length; an empty cell means the source is silent."""

    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def field_table(plan: Plan) -> Table:
    """Return one row per field: what a therapist would read on the R&V screen."""
    titles = (
        "ID", "Name", "Site", "Type", "Modality", "Energy", "MU", "Dose cGy", "Gantry deg",
        "Collimator deg", "Couch deg", "X1 cm", "X2 cm", "Y1 cm", "Y2 cm", "Wedge", "Block",
        "Bolus", "Applicator", "Points", "Machine",
    )  # fmt: skip
    return Table(titles, tuple(_field_row(field) for field in plan.fields))


def _field_row(field: Field) -> tuple[str, ...]:
    jaws = field.jaws
    gantry = _number(field.gantry_deg)
    if field.arc_direction:
        start, stop = _number(field.arc_start_deg), _number(field.arc_stop_deg)
        gantry = f"{start} {field.arc_direction} {stop}"
    return (
        field.id or str(field.number or ""), field.name, field.site,
        "Setup" if field.setup else field.treatment_type, field.modality or "",
        _number(field.energy), _number(field.mu), _number(field.dose_cgy), gantry,
        _number(field.collimator_deg), _number(field.couch_deg), _cm(jaws.x1_mm), _cm(jaws.x2_mm),
        _cm(jaws.y1_mm), _cm(jaws.y2_mm), _names(field.wedges), _names(field.blocks),
        _names(field.boluses), _names(field.applicators), str(len(field.control_points)),
        field.machine or "",
    )  # fmt: skip


def point_table(field: Field) -> Table:
    """Return one row per control point of a field."""
    titles = (
        "Point", "MU share", "Gantry deg", "Turn", "Collimator deg", "Couch deg", "X1 cm", "X2 cm",
        "Y1 cm", "Y2 cm", "Open pairs", "Dose rate MU/min",
    )  # fmt: skip
    return Table(titles, tuple(_point_row(point) for point in field.control_points))


def _point_row(point: ControlPoint) -> tuple[str, ...]:
    jaws = point.jaws
    open_pairs = sum(
        b - a > Decimal("0.5")
        for layer in point.layers
        for a, b in zip(layer.a_mm, layer.b_mm, strict=True)
    )
    return (
        str(point.number), f"{point.cumulative:.6f}", _number(point.gantry_deg),
        point.gantry_direction or "", _number(point.collimator_deg), _number(point.couch_deg),
        _cm(jaws.x1_mm), _cm(jaws.x2_mm), _cm(jaws.y1_mm), _cm(jaws.y2_mm),
        str(open_pairs) if point.layers else "", _number(point.dose_rate_mu_min),
    )  # fmt: skip


def leaf_table(point: ControlPoint, planned: ControlPoint | None) -> Table:
    """Return one row per leaf pair: R&V and plan positions in cm and their difference.

    Args:
        point: Control point of the R&V system.
        planned: The plan's control point of the same number, or None when there is none.

    """
    titles = ("Leaf", "A cm", "A plan", "A diff.", "B cm", "B plan", "B diff.", "Opening cm")
    rows = []
    for number, layer in enumerate(point.layers):
        other = planned.layers[number] if planned and number < len(planned.layers) else None
        prefix = f"{number + 1}: " if len(point.layers) > 1 else ""
        for leaf, (a, b) in enumerate(zip(layer.a_mm, layer.b_mm, strict=True)):
            plan_a = _at(other.a_mm, leaf) if other else None
            plan_b = _at(other.b_mm, leaf) if other else None
            cells = (_cm(a), _cm(plan_a), _change(a, plan_a), _cm(b), _cm(plan_b))
            rows.append((f"{prefix}{leaf + 1}", *cells, _change(b, plan_b), _cm(b - a)))
    return Table(titles, tuple(rows))


def _at(bank: Sequence[Decimal], leaf: int) -> Decimal | None:
    return bank[leaf] if leaf < len(bank) else None


def _change(found: Decimal, planned: Decimal | None) -> str:
    if planned is None:
        return ""
    change = (found - planned).scaleb(-1)
    return "" if abs(change) < Decimal("0.0005") else f"{change:+.3f}"


def _cm(value_mm: Decimal | None) -> str:
    return "" if value_mm is None else f"{value_mm.scaleb(-1):f}"


def _number(value: Decimal | None) -> str:
    return "" if value is None else f"{value:f}"


def _names(accessories: tuple[Accessory, ...] | None) -> str:
    if accessories is None:
        return ""
    return ", ".join(item.names[0] if item.names else item.kind for item in accessories) or "none"
