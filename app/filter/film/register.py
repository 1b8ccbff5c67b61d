"""Bringing two doses together: by the coordinates of their files, a common point, a shift."""

from dataclasses import dataclass, replace

import numpy as np

from app.filter.film.plane import FilmError, FilmPlane, Placement
from core.dose.geometry import Floats, Grid

Triple = tuple[float, float, float]
APART_MM = 0.5
TURNED = 1e-4
ZERO: Triple = (0.0, 0.0, 0.0)
# Directions of x and y in DICOM patient axes, for one who looks at the film from above.
ORIENTATIONS: dict[str, tuple[Triple, Triple]] = {
    "coronal": ((1, 0, 0), (0, 0, 1)),
    "transverse": ((1, 0, 0), (0, -1, 0)),
    "sagittal": ((0, 0, 1), (0, -1, 0)),
}


@dataclass(frozen=True, slots=True)
class Registering:
    """How two doses lie to each other.

    Attributes:
        point_a_mm, point_b_mm: The same point in the reference and in the evaluated dose, patient
            coordinates; None takes the coordinates as they stand.
        move_mm: Added to the positions of the evaluated dose: x, y in the plane of planes, else
            x, y, z of the patient.
        in_plane: Whether two planes are laid on each other by x and y alone.
        orientation: Of a plane without a place in a volume.

    """

    point_a_mm: Triple | None = None
    point_b_mm: Triple | None = None
    move_mm: Triple = ZERO
    in_plane: bool = False
    orientation: str = "coronal"

    @property
    def by_points(self) -> bool:
        """Whether a common point was given."""
        return self.point_a_mm is not None or self.point_b_mm is not None

    @property
    def shift_mm(self) -> Floats:
        """What is added to patient positions of the evaluated dose."""
        here = np.array(self.point_a_mm or ZERO, dtype=np.float64)
        return np.asarray(here - np.array(self.point_b_mm or ZERO, dtype=np.float64))

    def words(self, plain: str) -> str:
        """Return how the doses were registered, for the report."""
        words = [plain]
        if self.by_points:
            there, here = _triple(self.point_b_mm), _triple(self.point_a_mm)
            words = [f"point {there} mm of the evaluated dose laid on {here} mm of the reference"]
        if any(self.move_mm):
            words.append(f"evaluated dose moved by {_triple(self.move_mm)} mm")
        return "; ".join(words)


def _triple(values: Triple | None) -> str:
    return ", ".join(f"{one:g}" for one in values or ZERO)


def require_one_frame(one: str, other: str, own: Registering) -> None:
    """Refuse doses of two frames of reference that nobody has brought together.

    Raises:
        FilmError: They are of two, and no common point is given.

    """
    if one and other and one != other and not own.by_points:
        raise FilmError(
            "the two doses lie in different frames of reference",
            where="registration",
            remedy="Give a point they share, such as the isocentre (--point-a, --point-b), or lay "
            "planes on each other by their own x and y (--in-plane).",
        )


def shifted(grid: Grid, own: Registering, frame_uid: str) -> Grid:
    """Return the evaluated volume in the frame of the reference."""
    geometry = grid.geometry
    there = geometry.origin_mm + own.shift_mm + np.array(own.move_mm)
    return Grid(replace(geometry, origin_mm=there), grid.values, frame_uid or grid.frame_uid)


def place_in(volume: Grid, plane: FilmPlane, own: Registering, *, plane_is_a: bool) -> Placement:
    """Return where a plane lies in the frame of a volume.

    Raises:
        FilmError: The plane says no place and no common point is given, or the frames differ.

    """
    at_volume = np.array((own.point_b_mm if plane_is_a else own.point_a_mm) or ZERO)
    at_plane = np.array((own.point_a_mm if plane_is_a else own.point_b_mm) or ZERO)
    # A shift moves the evaluated dose; a reference plane goes the other way.
    move = np.array(own.move_mm) * (-1 if plane_is_a else 1)
    if plane.place is None:
        if not own.by_points:
            raise FilmError(
                "the plane does not say where in the volume it lies",
                where=plane.title or "plane",
                remedy="Give the point of the volume that is x = y = 0 of the plane "
                f"(--point-{'b' if plane_is_a else 'a'} X,Y,Z).",
            )
        along_x, along_y = (np.array(one, dtype=float) for one in ORIENTATIONS[own.orientation])
        return Placement(at_volume + move, along_x, along_y, volume.frame_uid)
    require_one_frame(plane.place.frame_uid, volume.frame_uid, own)
    there = plane.place.zero_mm + at_volume - at_plane + move
    return replace(plane.place, zero_mm=there, frame_uid=volume.frame_uid)


def offset_between(
    reference: FilmPlane, evaluated: FilmPlane, own: Registering
) -> tuple[float, float, str]:
    """Return what to add to x and y of the evaluated plane, and by what coordinates.

    Raises:
        FilmError: The planes lie in different frames, turned, or one behind the other.

    """
    one, other = reference.place, evaluated.place
    if one is None or other is None or own.in_plane:
        why = "" if own.in_plane else " (one of them says no place in a patient or phantom)"
        words = f"x and y of the two planes{why}"
        return own.move_mm[0], own.move_mm[1], own.words(words)
    require_one_frame(one.frame_uid, other.frame_uid, own)
    for first, second in ((one.along_x, other.along_x), (one.along_y, other.along_y)):
        if np.abs(first - second).max() > TURNED:
            raise FilmError(
                "the two planes are turned against each other", where="registration",
                remedy="Turn one of them (--turn), or lay them on each other (--in-plane).",
            )  # fmt: skip
    apart = other.zero_mm + own.shift_mm - one.zero_mm
    behind = float(apart @ one.normal)
    if abs(behind) > APART_MM:
        raise FilmError(
            f"the two planes lie {abs(behind):.1f} mm one behind the other", where="registration",
            remedy="Choose the same plane of both, or compare anyway by x and y (--in-plane).",
        )  # fmt: skip
    x, y = float(apart @ one.along_x), float(apart @ one.along_y)
    return x + own.move_mm[0], y + own.move_mm[1], own.words("patient coordinates of both files")
