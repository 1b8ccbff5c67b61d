"""From the pixel values of a film to dose: the clinic's measured points, straight lines between.

A value beyond the measured ones has no dose: nothing is extrapolated, and such pixels are counted.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.dose.geometry import Floats
from core.errors import ClinicFileError

REMEDY = (
    'Write source = "...", and points = [[pixel value, dose in Gy], ...] with at least two '
    "points whose values rise or fall throughout."
)
UNITS = {"Gy": 1.0, "cGy": 0.01}


@dataclass(frozen=True, eq=False, slots=True)
class Calibration:
    """A calibration curve.

    Attributes:
        pixels: Rising pixel values.
        doses_gy: Dose of each.
        source: Film batch, scanner, who and when.

    """

    pixels: Floats
    doses_gy: Floats
    source: str

    def dose_gy(self, pixels: Floats) -> Floats:
        """Return the dose of pixel values; NaN beyond the curve."""
        return np.asarray(
            np.interp(pixels, self.pixels, self.doses_gy, left=np.nan, right=np.nan)
        )  # fmt: skip


def read_calibration(file: Path) -> Calibration:
    """Return the calibration in a TOML file.

    Raises:
        ClinicFileError: It is not written as it must be.

    """
    try:
        rows = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        words = f"the calibration of the film cannot be read: {fault}"
        raise ClinicFileError(words, where=str(file), remedy=REMEDY) from fault
    return _calibration(rows, file)


def _calibration(rows: Mapping[str, object], file: Path) -> Calibration:
    source, unit = rows.get("source"), str(rows.get("unit", "Gy"))
    if not isinstance(source, str) or not source:
        raise ClinicFileError(
            "the calibration does not say where it is from", where=str(file), remedy=REMEDY
        )  # fmt: skip
    try:
        points = np.array(rows.get("points"), dtype=np.float64)
    except (TypeError, ValueError):
        points = np.zeros(0)
    fits = points.ndim == 2 and points.shape[1:] == (2,) and len(points) >= 2 and unit in UNITS
    if fits:
        points = points[np.argsort(points[:, 0])]
        steps = np.diff(points, axis=0)
        rising = (steps[:, 1] > 0).all() or (steps[:, 1] < 0).all()
        fits = bool((steps[:, 0] > 0).all() and rising and np.isfinite(points).all())
    if not fits:
        raise ClinicFileError(
            "the points of the calibration are no curve from pixel values to dose",
            where=str(file), remedy=REMEDY,
        )  # fmt: skip
    return Calibration(points[:, 0].copy(), points[:, 1] * UNITS[unit], source)
