"""Where a point of the patient lies as the beam sees it: IEC 61217, cm.

Patient (DICOM axes, from the isocentre) to table top to couch, gantry and collimator; the source
stands at +Z of the last. Distances are from the source along the central axis.
"""

from dataclasses import dataclass

import numpy as np

from core.dose.geometry import Floats
from core.errors import UnsupportedPlanError

Triple = tuple[float, float, float]

# Table axes X, Y, Z as (sign, DICOM axis): IEC 61217 and DICOM PS3.3 C.7.3.1.1.2.
TO_TABLE = {
    "HFS": ((1, 0), (1, 2), (-1, 1)),
    "HFP": ((-1, 0), (1, 2), (1, 1)),
    "FFS": ((-1, 0), (-1, 2), (-1, 1)),
    "FFP": ((1, 0), (-1, 2), (1, 1)),
}


@dataclass(frozen=True, eq=False, slots=True)
class Seen:
    """A point in the beam's eye view of each state of a beam; arrays of one length.

    Attributes:
        x_cm, y_cm: Projected to the isocentre plane.
        away_cm: Distance from the source along the central axis.
        beam_cm: The point in the collimator's frame, not projected; shape (3, states).

    """

    x_cm: Floats
    y_cm: Floats
    away_cm: Floats
    beam_cm: Floats


def on_table(offset_cm: Triple, position: str | None) -> Triple:
    """Return a patient offset from the isocentre in table axes (couch at 0).

    Raises:
        UnsupportedPlanError: The patient lies on a side, or the position is unknown.

    """
    if position not in TO_TABLE:
        raise UnsupportedPlanError(
            f"the patient position is {position or 'not stated'}",
            where="patient set-up of the plan",
            remedy="Check the dose at the point by hand: head or feet first, supine or prone, "
            "are calculated.",
        )
    x, y, z = (sign * offset_cm[axis] for sign, axis in TO_TABLE[position])
    return x, y, z


def from_table(table_cm: Triple, position: str | None) -> Triple:
    """Return the patient offset (DICOM axes) of a place given in table axes."""
    on_table((0.0, 0.0, 0.0), position)  # refuses an unknown position
    found = [0.0, 0.0, 0.0]
    for value, (sign, axis) in zip(table_cm, TO_TABLE[position or ""], strict=True):
        found[axis] = sign * value
    return found[0], found[1], found[2]


def source_on_table(gantry_deg: float, couch_deg: float, sad_cm: float = 100.0) -> Triple:
    """Return where the source stands, in table axes (couch at 0) from the isocentre."""
    gantry, couch = np.radians(gantry_deg), np.radians(couch_deg)
    x, z = sad_cm * np.sin(gantry), sad_cm * np.cos(gantry)
    return float(x * np.cos(couch)), float(-x * np.sin(couch)), float(z)


def seen(
    table_cm: Triple,
    gantry_deg: Floats | float,
    collimator_deg: Floats | float,
    couch_deg: Floats | float,
    sad_cm: float = 100.0,
) -> Seen:
    """Return how each state of a beam sees a point given in table axes.

    Raises:
        UnsupportedPlanError: The point lies at or behind the source.

    """
    gantry, collimator, couch = (
        np.radians(np.atleast_1d(np.asarray(angle, dtype=float)))
        for angle in (gantry_deg, collimator_deg, couch_deg)
    )
    x0, y0, z0 = table_cm
    x, y = x0 * np.cos(couch) - y0 * np.sin(couch), x0 * np.sin(couch) + y0 * np.cos(couch)
    x, z = x * np.cos(gantry) - z0 * np.sin(gantry), x * np.sin(gantry) + z0 * np.cos(gantry)
    x, y = (
        x * np.cos(collimator) + y * np.sin(collimator),
        -x * np.sin(collimator) + y * np.cos(collimator),
    )
    away = sad_cm - z
    if not (away > 0).all():
        raise UnsupportedPlanError(
            "the calculation point lies at or behind the source",
            where="calculation point",
            remedy="Check the isocentre and the point of the plan.",
        )
    scale = sad_cm / away
    return Seen(x * scale, y * scale, away, np.stack([x, y, z]))
