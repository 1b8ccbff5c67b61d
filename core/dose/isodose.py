"""Isodose lines on a plane, by marching squares."""

from collections.abc import Sequence
from dataclasses import dataclass

import contourpy
import numpy as np

from core.dose.geometry import Floats
from core.dose.sample import Values


@dataclass(frozen=True, eq=False, slots=True)
class IsodoseLine:
    """The lines of one level.

    Attributes:
        level: Dose, in the unit of the plane.
        lines: Each of shape (n, 2): column and row on the plane, fractions of a pixel.

    """

    level: float
    lines: tuple[Floats, ...]


def isodose_lines(plane: Values, levels: Sequence[float]) -> tuple[IsodoseLine, ...]:
    """Return the lines of each level; none where the plane has no value (NaN).

    Args:
        plane: Dose on a plane; shape (rows, columns).
        levels: Doses, in the same unit.

    """
    if min(plane.shape) < 2:
        return tuple(IsodoseLine(level, ()) for level in levels)
    generator = contourpy.contour_generator(z=np.ma.masked_invalid(plane), name="serial")
    return tuple(
        IsodoseLine(level, tuple(np.asarray(line) for line in generator.lines(level)))
        for level in levels
    )
