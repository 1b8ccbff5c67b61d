"""Dose to colour: continuous scales between two thresholds, so that hot spots stand out (O-04)."""

import tomllib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.dose.geometry import Floats
from core.paths import RESOURCES

STEPS = 256


@dataclass(frozen=True, slots=True)
class Scale:
    """One colour scale.

    Attributes:
        id: Name in the file.
        title: Words for lists.
        colours: Red, green, blue from the lower to the upper threshold, evenly spaced.

    """

    id: str
    title: str
    colours: tuple[tuple[int, int, int], ...]

    def table(self) -> npt.NDArray[np.uint8]:
        """Return the colours in `STEPS` steps; shape (STEPS, 3)."""
        stops = np.linspace(0, 1, len(self.colours))
        at = np.linspace(0, 1, STEPS)
        channels = np.array(self.colours, dtype=np.float64).T
        mixed = [np.interp(at, stops, channel) for channel in channels]
        return np.stack(mixed, axis=1).round().astype(np.uint8)

    def colours_of(self, values: Floats, lower: float, upper: float) -> npt.NDArray[np.uint8]:
        """Return the colour of each value, clipped to the thresholds; shape (n, 3)."""
        place = (np.asarray(values) - lower) / max(upper - lower, 1e-9)
        steps = np.clip((place * (STEPS - 1)).round(), 0, STEPS - 1).astype(np.int64)
        return np.asarray(self.table()[steps])


# For differences: blue where the first dose is lower, red where it is higher.
DIFFERENCE_SCALE = Scale(
    "difference",
    "Difference (blue less, red more)",
    (
        (30, 70, 200),
        (90, 150, 240),
        (200, 215, 240),
        (240, 205, 195),
        (240, 120, 80),
        (200, 25, 30),
    ),
)


def scales() -> tuple[Scale, ...]:
    """Return the shipped scales, the usual one first."""
    file = RESOURCES / "colour_wash" / "scales.toml"
    tables = tomllib.loads(file.read_text(encoding="utf-8"))
    return tuple(
        Scale(
            name, table["title"], tuple((int(r), int(g), int(b)) for r, g, b in table["colours"])
        )
        for name, table in tables.items()
    )
