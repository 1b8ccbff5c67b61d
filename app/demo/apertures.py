"""Leaf positions of the demonstration beams, by formula and rounded to 0.1 mm.

Leaves lie on the IEC 61217 beam limiting device X axis at the isocentre: x1 is the leaf on the
negative side, x2 on the positive one; pair 1 is at the negative Y end. Pairs outside the shape
are closed, under the Y jaws.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, sin, sqrt

Leaves = tuple[tuple[float, float], ...]

BOUNDARIES_MM: tuple[float, ...] = (
    *(float(y) for y in range(-200, -100, 10)),
    *(float(y) for y in range(-100, 100, 5)),
    *(float(y) for y in range(100, 201, 10)),
)


@dataclass(frozen=True, slots=True)
class Oval:
    """An elliptic opening, its middle and half axes at the isocentre plane."""

    x_mm: float
    y_mm: float
    half_x_mm: float
    half_y_mm: float

    def half_width_mm(self, y_mm: float) -> float:
        """Return half the opening at `y_mm`, 0 beyond the ends."""
        height = (y_mm - self.y_mm) / self.half_y_mm
        return self.half_x_mm * sqrt(1 - height * height) if abs(height) < 1 else 0.0


def oval_leaves(oval: Oval, left: float = -1.0, right: float = 1.0) -> Leaves:
    """Return the leaves that open `oval` from `left` to `right`, in shares of its half width."""
    halves_mm = [oval.half_width_mm((low + high) / 2) for low, high in pairwise(BOUNDARIES_MM)]
    opened = [k for k, half_mm in enumerate(halves_mm) if half_mm > 0]
    leaves = []
    for k, half_mm in enumerate(halves_mm):
        # A closed pair meets on the middle of the nearest open one, so that no leaf passes a
        # facing neighbour.
        nearest_mm = halves_mm[min(max(k, opened[0]), opened[-1])]
        middle_mm = oval.x_mm + (left + right) / 2 * nearest_mm
        tips_mm = (oval.x_mm + left * half_mm, oval.x_mm + right * half_mm)
        x1_mm, x2_mm = tips_mm if half_mm > 0 else (middle_mm, middle_mm)
        leaves.append((round(x1_mm, 1), round(x2_mm, 1)))
    return tuple(leaves)


def arc_leaves(oval: Oval, points: int) -> list[Leaves]:
    """Return the leaves of each control point of an arc: both sides breathe, each in its time."""
    return [
        oval_leaves(oval, -0.80 + 0.20 * cos(0.45 * k), 0.78 + 0.22 * sin(0.33 * k))
        for k in range(points)
    ]


def step_leaves(oval: Oval, sides: Sequence[tuple[float, float]]) -> list[Leaves]:
    """Return the leaves of each segment of a step-and-shoot beam."""
    return [oval_leaves(oval, left, right) for left, right in sides]
