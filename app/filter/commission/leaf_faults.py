"""One leaf of one control point stands elsewhere."""

from decimal import Decimal

from app.filter.commission.clinic import Clinic, How, Injected
from app.filter.commission.moved import moved
from app.filter.field import ControlPoint, Field

OPEN_MM = Decimal(10)
BANK = "mlc_a"
OTHER_LEAVES = ("mlc_leaves", "total_control_points")


def one_leaf(clinic: Clinic, how: How) -> Injected | str:
    """Move one leaf of an open pair, in the middle control point that states its leaves."""
    for field in reversed(clinic.treating):
        if not clinic.compares(how, field.id, "mlc", "mlc_leaves", "control points"):
            continue
        if any(clinic.is_told(how, field.id, one) for one in OTHER_LEAVES):
            continue  # their leaves are not compared one by one
        found = wide_pair(field)
        if found is None:
            continue
        point, leaf = found
        item = f"{dict(field.elements).get(BANK, BANK)}{leaf}"
        rows = clinic.export.of("CONTROL_PT_DEF", "MLC_DEF", field=field.id)
        for row in rows:
            own = row.keyword == "MLC_DEF" or row.text("control_pt_number") == str(point.number)
            if not own or not row.text(item) or clinic.is_told(how, field.id, item):
                continue
            passes = clinic.settings.limits["comparison.length_mm"].scaleb(-1)
            new = moved(row.column(item), row.text(item), passes)
            if new is not None:
                words = (f"Field {field.id}, control point {point.number}: {item} "
                         f"{row.text(item)} → {new}")  # fmt: skip
                data = clinic.export.with_values({row.place: {item: new}})
                return Injected(data, words, field.id, point.number, frozenset({item}))
    return "no field has leaves that both sides state"


def wide_pair(field: Field) -> tuple[ControlPoint, int] | None:
    """Return a control point that states its leaves, and a pair of it that is well open."""
    points = [one for one in field.control_points if one.layers and "layers" in one.stated]
    for point in sorted(points, key=lambda one: abs(2 * one.number - len(field.control_points))):
        layer = point.layers[0]
        gaps = [b - a for a, b in zip(layer.a_mm, layer.b_mm, strict=True)]
        widest = max(range(len(gaps)), key=lambda place: gaps[place])
        if gaps[widest] > OPEN_MM:
            return point, widest + 1
    return None
