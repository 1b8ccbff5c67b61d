"""Two planes held against each other: difference, profiles, best shift."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import map_coordinates
from scipy.optimize import minimize

from app.filter.film.plane import FilmError, FilmPlane, Values, moved
from core.dose.geometry import Floats

FIT_MOST_MM = 15.0


@dataclass(frozen=True, eq=False, slots=True)
class Profile:
    """Doses of two planes along a line.

    Attributes:
        along: "x" or "y".
        at_mm: Where the line lies on the other axis.
        mm: Positions along it.
        reference, evaluated: Gy; NaN where there is none.

    """

    along: str
    at_mm: float
    mm: Floats
    reference: Floats
    evaluated: Floats

    @property
    def words(self) -> str:
        """The line for people."""
        other = "y" if self.along == "x" else "x"
        return f"profile along {self.along} at {other} = {self.at_mm:g} mm"


def on_points(plane: FilmPlane, x_mm: Floats, y_mm: Floats) -> Floats:
    """Return the dose of a plane at places, bilinear; NaN outside. Arrays of one shape."""
    across, up = plane.step_mm
    places = np.array([(y_mm - plane.y_mm[0]) / up, (x_mm - plane.x_mm[0]) / across])
    # Positions are rounded in files: a point on the border is one of the plane.
    last = np.array(plane.values.shape, dtype=float).reshape(2, *[1] * (places.ndim - 1)) - 1
    near = (places > -1e-4) & (places < last + 1e-4)
    places = np.where(near, np.clip(places, 0, last), -1)
    return np.asarray(
        map_coordinates(plane.values, places, order=1, mode="constant", cval=np.nan,
                        output=np.float64)
    )  # fmt: skip


def difference_gy(reference: FilmPlane, evaluated: FilmPlane) -> Values:
    """Return evaluated less reference dose at the points of the reference, Gy."""
    x, y = np.meshgrid(reference.x_mm, reference.y_mm)
    found: Values = (on_points(evaluated, x, y) - reference.values).astype(np.float32)
    return found


def profile(reference: FilmPlane, evaluated: FilmPlane, along: str, at_mm: float) -> Profile:
    """Return both doses along a line of the reference's points.

    Args:
        reference: Whose positions are taken.
        evaluated: On the same axes.
        along: "x" or "y".
        at_mm: Position on the other axis.

    """
    mm = reference.x_mm if along == "x" else reference.y_mm
    other = np.full(len(mm), float(at_mm))
    x, y = (mm, other) if along == "x" else (other, mm)
    return Profile(
        along, at_mm, mm, on_points(reference, x, y), on_points(evaluated, x, y)
    )  # fmt: skip


def best_shift(
    reference: FilmPlane, evaluated: FilmPlane, most_mm: float = FIT_MOST_MM
) -> tuple[float, float]:
    """Return the shift of the evaluated plane that leaves the least squares of dose difference.

    Args:
        reference: At whose points the difference is taken, where it has over a tenth of its dose.
        evaluated: What is moved.
        most_mm: Farthest that is looked at, along x and y.

    Raises:
        FilmError: The planes do not overlap, or the best shift lies at the border of the search.

    """
    x, y = np.meshgrid(reference.x_mm, reference.y_mm)
    counted = reference.values >= 0.1 * np.nanmax(reference.values)
    x, y, dose = x[counted], y[counted], reference.values[counted].astype(np.float64)

    def miss(shift: Floats) -> float:
        own = on_points(moved(evaluated, float(shift[0]), float(shift[1])), x, y) - dose
        good = np.isfinite(own)
        # A shift off the film must not win by leaving points out.
        return float((own[good] ** 2).sum() + (dose[~good] ** 2).sum())

    steps = np.arange(-most_mm, most_mm + 0.1, 2.5)
    coarse = min(((a, b) for a in steps for b in steps), key=lambda one: miss(np.array(one)))
    corners = [coarse, (coarse[0] + 1, coarse[1]), (coarse[0], coarse[1] + 1)]
    options = {"xatol": 0.005, "fatol": 1e-9, "initial_simplex": corners}
    found = minimize(miss, np.array(coarse), method="Nelder-Mead", options=options)
    if np.abs(found.x).max() > most_mm:
        raise FilmError(
            f"no shift up to {most_mm:g} mm lays the planes on each other", where="registration",
            remedy="Check turn, mirror and centre of the film, and that it is of this plan.",
        )  # fmt: skip
    return float(found.x[0]), float(found.x[1])
