"""Relative electron density of HU: a table of the CT, straight lines between its points."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.filter.toml_table import refuse_unknown
from core.dose.geometry import Floats
from core.errors import ClinicFileError
from core.layers import own_layers
from core.paths import RESOURCES

FILE = "electron_density.toml"
GROUPS = ("name", "hu_unit", "density_unit", "source", "point")
REMEDY = "resources/electron_density.toml shows how the table is written."


@dataclass(frozen=True, eq=False, slots=True)
class DensityCurve:
    """Electron density relative to water over HU; both rise."""

    name: str
    hu: Floats
    density: Floats

    def __call__(self, hu: Floats) -> Floats:
        """Return the density of each value; below and above the table its ends."""
        return np.asarray(np.interp(hu, self.hu, self.density))


def density_curve(own: Path | None = None) -> DensityCurve:
    """Return the clinic's curve, else the generic one.

    Raises:
        ClinicFileError: The table is not written as it must be.

    """
    path = own or own_layers().strongest(FILE) or RESOURCES / FILE
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        refuse_unknown("entry", rows, GROUPS, path)
        for one in rows["point"]:
            refuse_unknown("entry", one, ("hu", "density", "source"), path, "a point")
        points = [(float(one["hu"]), float(one["density"])) for one in rows["point"]]
        name = str(rows["name"])
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as fault:
        raise ClinicFileError(
            f"the electron densities cannot be read: {fault}", where=str(path), remedy=REMEDY
        ) from fault
    table = np.array(points)
    if len(points) < 2 or not (np.diff(table, axis=0) > 0).all() or not (table[:, 1] >= 0).all():
        raise ClinicFileError(
            "HU and density must both rise from point to point", where=str(path), remedy=REMEDY
        )
    if abs(float(np.interp(0, table[:, 0], table[:, 1])) - 1) > 0.05:
        raise ClinicFileError(
            "water (0 HU) has no density near 1", where=str(path), remedy=REMEDY
        )  # fmt: skip
    return DensityCurve(name, table[:, 0], table[:, 1])
