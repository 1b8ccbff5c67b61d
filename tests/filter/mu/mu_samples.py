"""Fields for the MU check, built from numbers in cm."""

from dataclasses import replace
from decimal import Decimal as D
from itertools import pairwise

from app.filter.field import ControlPoint, Field, Jaws, LeafBanks, Point
from app.filter.mu.photon import Point as CalcPoint

EDGES = tuple(D(k) * 10 for k in range(-20, 21))


def mm(value):
    return D(str(round(value * 10, 6)))


def leaves(shape, along="X", edges=EDGES):
    """Return banks of 1 cm pairs; `shape` gives the tips at the middle of a pair, in cm."""
    middles = [float(a + b) / 20 for a, b in pairwise(edges)]
    tips = [shape(y) for y in middles]
    return LeafBanks(tuple(mm(a) for a, _ in tips), tuple(mm(b) for _, b in tips), along, edges)


def box(x1, x2, y1, y2):
    return lambda y: (x1, x2) if y1 < y < y2 else (0.0, 0.0)


def jaws(x1=-5.0, x2=5.0, y1=-5.0, y2=5.0):
    return Jaws(mm(x1), mm(x2), mm(y1), mm(y2))


def state(number=0, share=0.0, banks=(), own_jaws=None, gantry=0.0, **changes):
    made = ControlPoint(
        number, D(str(share)), D(str(gantry)), "", D(0), "", D(0), "", jaws=own_jaws or jaws(),
        layers=tuple(banks),
    )  # fmt: skip
    return replace(made, **changes)


def photon_field(*points, mu=100, **changes):
    made = Field(
        "1", "AP", 1, modality="Xrays", energy=D(6), fff=False,
        mu=None if mu is None else D(str(mu)), sad_mm=D(1000),
        isocentre=Point(D(0), D(0), D(0)), wedges=(), blocks=(), compensators=(), boluses=(),
        control_points=points or (state(0, 0.0), state(1, 1.0)),
    )  # fmt: skip
    return replace(made, **changes)


def at(x=0.0, y=0.0, z=0.0, depth=10.0, position="HFS"):
    """Return a calculation point, offset in DICOM axes."""
    depths = depth if isinstance(depth, tuple) else ((0.0, depth),)
    return CalcPoint((x, y, z), position, depths)
