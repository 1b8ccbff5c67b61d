"""What a field's jaws and leaves let through, as lines in the beam's eye view (IEC, cm).

For a picture beside a finding: the R&V system's outline and the plan's, one over the other. A
side that a source does not hold is not drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from app.filter.field import ControlPoint, Field, Jaws, LeafBanks
from app.filter.segments import fitted
from app.filter.settings import Settings
from core.errors import MissingDataError

CLOSED_MM = Decimal("0.5")
REACH_CM = 20.0
"""How far a jaw is drawn where the jaws across it are not known."""
Line = tuple[tuple[float, ...], tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Outline:
    """Lines of one aperture; each is X and Y of its points in cm.

    Attributes:
        jaws: One line per jaw that is known.
        leaves: One staircase of leaf tips per bank and layer.

    """

    jaws: tuple[Line, ...]
    leaves: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Aperture:
    """One state of a field: jaws and leaf layers, each layer with the edges of its pairs."""

    jaws: Jaws
    layers: tuple[LeafBanks, ...] = ()


def aperture_at(field: Field, place: int, count: int | None = None) -> Aperture | None:
    """Return the state of a field at a control point.

    Args:
        field: R&V field or plan beam.
        place: Place of the control point; of a field without any, the field's own jaws count.
        count: How many points the field beside it has; where this one cannot be brought to as
            many, nothing can be laid over it.

    """
    points: Sequence[ControlPoint] = field.control_points
    if count is not None:
        points = fitted(points, count)
        if len(points) != count:
            return None
    if not points:
        return Aperture(field.jaws)
    point = points[place] if 0 <= place < len(points) else points[0]
    return Aperture(point.jaws if point.jaws != Jaws() else field.jaws, point.layers)


def with_edges(
    own: Aperture, other: Aperture | None, field: Field, settings: Settings
) -> Aperture:
    """Return an aperture whose layers know the edges of their pairs, from whoever knows them.

    From the source itself, from the one beside it when it has as many pairs, or from the
    description of the machine; else the layer stays without edges and is not drawn.
    """
    layers = []
    for place, layer in enumerate(own.layers):
        beside = other.layers[place : place + 1] if other is not None else ()
        edges = layer.edges_mm
        along = layer.along
        for one in beside:
            if not edges and len(one.a_mm) == len(layer.a_mm):
                edges, along = one.edges_mm, along or one.along
        if not edges:
            edges = _of_machine(field, settings, len(layer.a_mm))
        layers.append(LeafBanks(layer.a_mm, layer.b_mm, along, edges))
    return Aperture(own.jaws, tuple(layers))


def outline_of(aperture: Aperture) -> Outline:
    """Return the lines of an aperture."""
    leaves: list[Line] = []
    for layer in aperture.layers:
        if layer.edges_mm:
            leaves += [_staircase(bank, layer) for bank in (layer.a_mm, layer.b_mm)]
    return Outline(tuple(_jaw_lines(aperture.jaws)), tuple(leaves))


def pair_box(layer: LeafBanks, leaf: int) -> tuple[float, float, float, float] | None:
    """Return x1, x2, y1, y2 (cm) of what a leaf pair leaves open; None where it is not known.

    Args:
        layer: With edges.
        leaf: 0-based.

    """
    if not layer.edges_mm or not 0 <= leaf < len(layer.a_mm):
        return None
    a, b = sorted((_cm(layer.a_mm[leaf]), _cm(layer.b_mm[leaf])))
    low, high = _cm(layer.edges_mm[leaf]), _cm(layer.edges_mm[leaf + 1])
    return (low, high, a, b) if layer.along == "Y" else (a, b, low, high)


def field_box(aperture: Aperture) -> tuple[float, float, float, float] | None:
    """Return x1, x2, y1, y2 (cm) of the jaws; of the open leaf pairs where a jaw is not known."""
    jaws = aperture.jaws
    open_boxes = [
        box
        for layer in aperture.layers
        for leaf in range(len(layer.a_mm))
        if (box := pair_box(layer, leaf)) and layer.b_mm[leaf] - layer.a_mm[leaf] > CLOSED_MM
    ]
    sides = []
    for place, (name, pick) in enumerate((("x1", min), ("x2", max), ("y1", min), ("y2", max))):
        at = getattr(jaws, f"{name}_mm")
        if at is None and not open_boxes:
            return None
        sides.append(_cm(at) if at is not None else pick(box[place] for box in open_boxes))
    return (sides[0], sides[1], sides[2], sides[3])


def jaw_line(jaws: Jaws, side: str) -> Line | None:
    """Return the line of one jaw ("x1" to "y2"); None where it is not known."""
    at = getattr(jaws, f"{side}_mm", None)
    if at is None:
        return None
    across = "y" if side[0] == "x" else "x"
    ends = [
        _cm(value) if (value := getattr(jaws, f"{across}{n}_mm")) is not None else reach
        for n, reach in ((1, -REACH_CM), (2, REACH_CM))
    ]
    along, fixed = (ends[0], ends[1]), (_cm(at), _cm(at))
    return (fixed, along) if side[0] == "x" else (along, fixed)


def _jaw_lines(jaws: Jaws) -> list[Line]:
    lines = [jaw_line(jaws, side) for side in ("x1", "x2", "y1", "y2")]
    return [line for line in lines if line is not None]


def _staircase(bank: tuple[Decimal, ...], layer: LeafBanks) -> Line:
    tips = tuple(_cm(tip) for tip in bank for _ in (0, 1))
    edges = layer.edges_mm
    sides = tuple(_cm(edge) for pair in pairwise(edges) for edge in pair)
    return (sides, tips) if layer.along == "Y" else (tips, sides)


def _of_machine(field: Field, settings: Settings, pairs: int) -> tuple[Decimal, ...]:
    machine = settings.machine(field.machine)
    if machine is None or machine.mlc is None:
        return ()
    try:
        edges = machine.mlc.boundaries_mm.require()
    except MissingDataError:
        return ()
    return tuple(Decimal(str(edge)) for edge in edges) if len(edges) == pairs + 1 else ()


def _cm(value_mm: Decimal) -> float:
    return float(value_mm) / 10
