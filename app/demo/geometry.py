"""Where the source stands and how a point looks from it, by IEC 61217 (couch, gantry, collimator).

IEC fixed axes: X to the right when facing the gantry, Y to the gantry, Z up. For a patient head
first supine at couch angle 0 they are the DICOM patient axes x, z and -y (IEC 61217, 5; DICOM
PS3.3, C.8.8.25). All lengths mm, all angles degrees.
"""

from math import cos, radians, sin

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating]

SAD_MM = 1000.0
TO_TABLE = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])


def beam_axes(gantry_deg: float, collimator_deg: float, couch_deg: float) -> Array:
    """Return the rows Xb, Yb, Zb (to the source) of the beam frame in patient axes."""
    gantry, collimator, couch = (radians(a) for a in (gantry_deg, collimator_deg, couch_deg))
    turn_collimator = np.array(
        [[cos(collimator), sin(collimator), 0], [-sin(collimator), cos(collimator), 0], [0, 0, 1]]
    )
    turn_gantry = np.array(
        [[cos(gantry), 0, -sin(gantry)], [0, 1, 0], [sin(gantry), 0, cos(gantry)]]
    )
    turn_couch = np.array([[cos(couch), -sin(couch), 0], [sin(couch), cos(couch), 0], [0, 0, 1]])
    return np.asarray(turn_collimator @ turn_gantry @ turn_couch @ TO_TABLE)


def source_mm(isocentre_mm: tuple[float, float, float], axes: Array) -> Array:
    """Return where the source stands in patient axes."""
    return np.asarray(np.array(isocentre_mm) + SAD_MM * axes[2])


def seen_from_source(
    points_mm: Array, isocentre_mm: tuple[float, float, float], axes: Array
) -> tuple[Array, Array, Array]:
    """Return Xb, Yb projected to the isocentre plane, and the distance from source along Zb.

    Points are columns x, y, z in patient axes.
    """
    offsets = [p - at for p, at in zip(points_mm, isocentre_mm, strict=True)]
    x_mm, y_mm, z_mm = (
        float(row[0]) * offsets[0] + float(row[1]) * offsets[1] + float(row[2]) * offsets[2]
        for row in axes
    )
    away = SAD_MM - z_mm
    return x_mm * SAD_MM / away, y_mm * SAD_MM / away, away
