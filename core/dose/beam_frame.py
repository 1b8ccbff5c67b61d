"""Where a beam looks: DICOM patient coordinates to the collimator's frame and back.

Frames (all right-handed, mm):

- Patient (DICOM PS3.3 C.7.6.2.1.1): +x to the patient's left, +y to the back, +z to the head.
- IEC 61217 fixed: origin at the isocentre, +Zf up, +Yf towards the gantry, +Xf to the right of
  a viewer who faces the gantry.
- IEC 61217 beam limiting device: +Zb from the isocentre towards the source; +Xb and +Yb turn
  with the collimator and agree with +Xf and +Yf when all angles are 0. This is the frame of the
  jaws and leaves in an RT plan (DICOM PS3.3 C.8.8.14); at the isocentre plane it is used here
  with its origin moved from the source to the isocentre.

Angles are IEC 61217's, as in an RT plan, and every rotation follows the right-hand rule:

- gantry about +Yf: clockwise for a viewer who faces the gantry, so 90 deg is a source at +Xf;
- collimator about +Zb: counter-clockwise for a viewer at the source;
- couch (patient support) about +Zf: counter-clockwise for a viewer above.

A vector of the collimator's frame becomes one of the patient by

    patient = P^T . Rz(-couch) . Ry(gantry) . Rz(collimator) . collimator's

where the columns of P are the patient's left, back and head in the fixed frame at couch 0.
Worked out for HFS, P = [+Xf, -Zf, +Yf]:

- gantry 0: the source lies in front (-y), Xb = +x (left), Yb = +z (head);
- gantry 90: Ry(90) takes Zf to Xf and Xf to -Zf: the source lies at the left (+x), Xb = +y
  (back), Yb = +z (head);
- gantry 0, couch 90: Rz(90) takes Yf to -Xf, so the head points to -Xf and the left side to the
  gantry: Xb = -z (feet), Yb = +x (left), the source in front (-y);
- gantry 0, collimator 90: Rz(90) takes Xb to where Yb was: Xb = +z (head), Yb = -x (right).
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.dose.geometry import Floats

# Where the patient's left, back and head point in the IEC fixed frame at couch 0. "Head first"
# is the head towards the gantry, "decubitus right" the right side down: DICOM PS3.3 C.7.3.1.1.2.
_RIGHT, _LEFT = (1.0, 0.0, 0.0), (-1.0, 0.0, 0.0)
_IN, _OUT = (0.0, 1.0, 0.0), (0.0, -1.0, 0.0)
_UP, _DOWN = (0.0, 0.0, 1.0), (0.0, 0.0, -1.0)
_LYING = {
    "HFS": (_RIGHT, _DOWN, _IN),
    "HFP": (_LEFT, _UP, _IN),
    "HFDR": (_UP, _RIGHT, _IN),
    "HFDL": (_DOWN, _LEFT, _IN),
    "FFS": (_LEFT, _DOWN, _OUT),
    "FFP": (_RIGHT, _UP, _OUT),
    "FFDR": (_UP, _LEFT, _OUT),
    "FFDL": (_DOWN, _RIGHT, _OUT),
}
PATIENT_POSITIONS = tuple(_LYING)
# Points no deeper than this are level with the source: what rounding leaves of 0.
NEAREST_MM = 1e-6


@dataclass(frozen=True, eq=False)
class BeamFrame:
    """The IEC 61217 beam limiting device frame of one beam, in patient coordinates.

    Attributes:
        source_mm: Patient position of the radiation source; shape (3,).
        isocentre_mm: Patient position of the isocentre; shape (3,).
        x_axis: Unit vector of +Xb; shape (3,).
        y_axis: Unit vector of +Yb; shape (3,).
        axis: Unit vector of +Zb: from the isocentre towards the source; shape (3,).
        sad_mm: Distance of the source from the isocentre.

    """

    source_mm: Floats
    isocentre_mm: Floats
    x_axis: Floats
    y_axis: Floats
    axis: Floats
    sad_mm: float


def beam_frame(
    isocentre_mm: npt.ArrayLike,
    gantry_deg: float,
    collimator_deg: float,
    couch_deg: float,
    sad_mm: float,
    patient_position: str = "HFS",
) -> BeamFrame:
    """Return the collimator's frame of a beam.

    Args:
        isocentre_mm: Patient coordinates; shape (3,).
        gantry_deg: Gantry angle, IEC 61217.
        collimator_deg: Beam limiting device angle, IEC 61217.
        couch_deg: Patient support angle, IEC 61217.
        sad_mm: Source-axis distance.
        patient_position: DICOM PatientPosition of the setup, one of `PATIENT_POSITIONS`.

    Raises:
        ValueError: Unknown patient position, a number that is not finite, or no distance.

    """
    if patient_position not in _LYING:
        raise ValueError(f"patient position {patient_position!r} is none of {PATIENT_POSITIONS}")
    isocentre = np.array(isocentre_mm, dtype=np.float64)
    if isocentre.shape != (3,) or not np.isfinite(isocentre).all():
        raise ValueError(f"isocentre {isocentre_mm!r} is not three numbers")
    angles = (gantry_deg, collimator_deg, couch_deg)
    if not all(map(math.isfinite, angles)):
        raise ValueError(f"gantry, collimator, couch angle {angles} are not all numbers")
    if not (math.isfinite(sad_mm) and sad_mm > 0):
        raise ValueError(f"source-axis distance {sad_mm} mm is not above 0")
    fixed_to_patient = np.array(_LYING[patient_position]) @ _about_z(-couch_deg)
    axes = fixed_to_patient @ _about_y(gantry_deg) @ _about_z(collimator_deg)
    x_axis, y_axis, axis = (np.ascontiguousarray(axes[:, n]) for n in range(3))
    return BeamFrame(isocentre + sad_mm * axis, isocentre, x_axis, y_axis, axis, float(sad_mm))


def project(frame: BeamFrame, points_mm: npt.ArrayLike) -> Floats:
    """Return where points appear on the isocentre plane, seen from the source.

    Args:
        frame: The beam.
        points_mm: Patient positions; shape (n, 3) or (..., 3).

    Returns:
        Xb and Yb in mm at the isocentre plane, shape (n, 2) or (..., 2); NaN for points level
        with the source or behind it.

    """
    away = np.asarray(points_mm, dtype=np.float64) - frame.source_mm
    depth = -(away @ frame.axis)
    scale = np.full(depth.shape, np.nan)
    np.divide(frame.sad_mm, depth, out=scale, where=depth > NEAREST_MM)
    across: Floats = away @ np.stack([frame.x_axis, frame.y_axis], axis=1)
    places: Floats = across * scale[..., np.newaxis]
    return places


def unproject(
    frame: BeamFrame, xy_mm: npt.ArrayLike, depth_from_source_mm: npt.ArrayLike
) -> Floats:
    """Return the points of the rays through places on the isocentre plane.

    Args:
        frame: The beam.
        xy_mm: Xb and Yb in mm at the isocentre plane; shape (n, 2) or (..., 2).
        depth_from_source_mm: Distance from the source along the beam's axis (not along the
            ray): one number, or one for each place.

    Returns:
        Patient positions in mm; shape (n, 3) or (..., 3).

    """
    places = np.asarray(xy_mm, dtype=np.float64)
    depth = np.asarray(depth_from_source_mm, dtype=np.float64)[..., np.newaxis]
    across: Floats = places @ np.stack([frame.x_axis, frame.y_axis])
    points: Floats = frame.source_mm + depth * (across / frame.sad_mm - frame.axis)
    return points


def _about_y(angle_deg: float) -> Floats:
    cosine, sine = _cosine_sine(angle_deg)
    return np.array([[cosine, 0.0, sine], [0.0, 1.0, 0.0], [-sine, 0.0, cosine]])


def _about_z(angle_deg: float) -> Floats:
    cosine, sine = _cosine_sine(angle_deg)
    return np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])


def _cosine_sine(angle_deg: float) -> tuple[float, float]:
    """Return cosine and sine, exact at the quarter turns."""
    quarters, rest = divmod(angle_deg, 90.0)
    cosine, sine = math.cos(math.radians(rest)), math.sin(math.radians(rest))
    turned = ((cosine, sine), (-sine, cosine), (-cosine, -sine), (sine, -cosine))
    return turned[int(quarters) % 4]
