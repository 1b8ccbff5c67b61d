"""A step-and-shoot beam with leaf pairs under the jaws, and the forms in which it may arrive."""

from dataclasses import replace
from decimal import Decimal as D

from app.filter.field import ControlPoint, Couch, Jaws, LeafBanks, Point
from tests.filter.compare_samples import STATED, field, plan

EDGES = tuple(D(edge) for edge in range(-40, 41, 10))
JAWS = Jaws(D("-40.0"), D("43.0"), D("-25.0"), D("20.0"))
WHOLLY = (0, 6, 7)
PARTLY = 1
EXPOSED = (2, 3, 4, 5)
PARK = D("12.0")


def banks(tips):
    """Return leaves with the given (a, b) tips in the exposed rows, closed under the jaws."""
    pairs = [(PARK, PARK)] * len(EDGES[1:])
    for row, (a, b) in zip(EXPOSED, tips, strict=True):
        pairs[row] = (D(a), D(b))
    return LeafBanks(tuple(a for a, _ in pairs), tuple(b for _, b in pairs), "X", EDGES)


def segment(number, before, after, layer):
    """Return the two control points of a segment."""
    made = ControlPoint(
        2 * number, before, D("90.0"), "", D("10.0"), "", D("350.0"), "", D("0.0"), "", JAWS,
        (layer,), Couch(D(10), D(20), D(30)), Point(D("1.0"), D("2.0"), D("3.0")), D(6),
        D(400), D("897.0"), wedge_in=False, stated=STATED,
    )  # fmt: skip
    return (made, replace(made, number=2 * number + 1, cumulative=after))


def beam(segments, **changes):
    """Return a plan beam of (MU, banks) segments."""
    total, given, points = sum(mu for mu, _ in segments), D(0), []
    for number, (mu, layer) in enumerate(segments):
        points += segment(number, given / total, (given + mu) / total, layer)
        given += mu
    static = {"arc_direction": "", "arc_start_deg": None, "arc_stop_deg": None}
    values = static | {"arc_mu_per_deg": None, "jaws": JAWS, "mu": D(total), "name": "RPO IMRT"}
    values |= {"id": "", "source_name": "RPO IMRT", "dose_cgy": D(total)}
    return replace(field("1"), control_points=tuple(points), **(values | changes))


def whole(planned, order=None):
    """Return the R&V field of a beam, its segments in the given order, digits as written."""
    order = range(len(planned.control_points) // 2) if order is None else order
    points, given = [], D(0)
    for place in order:
        first, last = planned.control_points[2 * place : 2 * place + 2]
        share = last.cumulative - first.cumulative
        for point, cumulative in ((first, given), (last, given + share)):
            written = cumulative.quantize(D("0.000001"))
            points.append(replace(point, number=len(points), cumulative=written))
        given += share
    return written_field(planned, "1", planned.mu, tuple(points), planned.name)


def split(planned, order=None):
    """Return the R&V fields of a beam, one per segment, in the given order."""
    order = range(len(planned.control_points) // 2) if order is None else order
    fields = []
    for number, place in enumerate(order):
        first, last = planned.control_points[2 * place : 2 * place + 2]
        mu = planned.mu * (last.cumulative - first.cumulative)
        points = (replace(first, number=0, cumulative=D("0.000000")),)
        name = f"{planned.name} {number + 1}"
        fields.append(written_field(planned, f"1{'ABCDEFGH'[number]}", mu, points, name))
    return fields


def written_field(planned, name, mu, points, label):
    mu = mu.quantize(D("0.01"))
    dose = (planned.dose_cgy * mu / planned.mu).quantize(D("0.01"))
    return replace(
        planned, id=name, name=label, mu=mu, dose_cgy=dose, control_points=points,
        jaws=points[0].jaws,
    )  # fmt: skip


def opened(one, gap="2.0", rows=WHOLLY, points=None):
    """Return a field whose closed pairs in `rows` stand open about their middle."""
    half = D(gap) / 2
    made = []
    for place, point in enumerate(one.control_points):
        layer = point.layers[0]
        a, b = list(layer.a_mm), list(layer.b_mm)
        for row in rows if points is None or place in points else ():
            a[row], b[row] = a[row] - half, b[row] + half
        made.append(replace(point, layers=(replace(layer, a_mm=tuple(a), b_mm=tuple(b)),)))
    return replace(one, control_points=tuple(made))


def moved_leaf(one, place, bank, row, by="0.1"):
    """Return a field with one leaf of one control point moved."""
    points = list(one.control_points)
    layer = points[place].layers[0]
    tips = list(getattr(layer, f"{bank}_mm"))
    tips[row] += D(by)
    changed = replace(layer, **{f"{bank}_mm": tuple(tips)})
    points[place] = replace(points[place], layers=(changed,))
    return replace(one, control_points=tuple(points))


def sources(fields, *beams):
    """Return an R&V export and a plan."""
    return plan(*fields), plan(*beams, kind="DICOM RT Plan")
