"""The slab phantom and the plane of the film: IEC 61217 table-top axes from the isocentre, cm.

X to the left of a supine patient, Y to the gantry, Z up. The phantom lies on the table and turns
with it.
"""

from dataclasses import dataclass

import numba
import numpy as np

from app.filter.film.plane import FilmError, Placement
from core.dose.geometry import Floats

# Which table axes x and y of the film run along, and which stands across it.
AXES = {"coronal": (0, 1, 2), "transverse": (0, 2, 1), "sagittal": (1, 2, 0)}
# Table axes of the phantom in DICOM axes of a patient who lies head first and supine.
TO_DICOM = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])
MOST_POINTS = 4_000_000


@dataclass(frozen=True, slots=True)
class Phantom:
    """A box of slabs.

    Attributes:
        width_cm, length_cm, thickness_cm: Along X, Y and Z; X and Y about the isocentre.
        depth_cm: How deep below the upper side the isocentre lies.
        density: Electron density relative to water: depths are multiplied by it.

    """

    width_cm: float = 30.0
    length_cm: float = 30.0
    thickness_cm: float = 20.0
    depth_cm: float = 10.0
    density: float = 1.0

    def __post_init__(self) -> None:
        sizes = (self.width_cm, self.length_cm, self.thickness_cm)
        if not all(0 < one <= 200 for one in sizes) or not 0 < self.depth_cm < self.thickness_cm:
            raise FilmError(
                f"a phantom of {self.words} with the isocentre {self.depth_cm:g} cm deep is none",
                where="phantom", remedy="Give sizes in cm, and a depth within the thickness.",
            )  # fmt: skip
        if not 0.5 <= self.density <= 2:
            raise FilmError(
                f"an electron density of {self.density:g} of water's is no phantom's",
                where="phantom", remedy="Give a density between 0.5 and 2.",
            )  # fmt: skip

    @property
    def low_cm(self) -> Floats:
        """The corner with the lowest X, Y, Z."""
        return np.array(
            [-self.width_cm / 2, -self.length_cm / 2, self.depth_cm - self.thickness_cm]
        )

    @property
    def high_cm(self) -> Floats:
        """The corner opposite."""
        return np.array([self.width_cm / 2, self.length_cm / 2, self.depth_cm])

    @property
    def words(self) -> str:
        """Its size for people."""
        return f"{self.width_cm:g} x {self.length_cm:g} x {self.thickness_cm:g} cm"


@dataclass(frozen=True, slots=True)
class FilmSetup:
    """How the film is set up.

    Attributes:
        orientation: "coronal", "transverse" or "sagittal".
        offset_mm: Of the film from the isocentre along the axis across it.
        width_mm, height_mm: Size about the isocentre.
        step_mm: Distance of points.
        perpendicular: Whether every field is given from above, couch at 0 (collimator as planned);
            else at its own angles (a true composite, in TG-218's words).
        along_ray: Whether depths are measured along the ray from the source; else along the
            central axis, as book's tables are (Siochi 2009, II.C.4.a).

    """

    phantom: Phantom = Phantom()
    orientation: str = "coronal"
    offset_mm: float = 0.0
    width_mm: float = 200.0
    height_mm: float = 200.0
    step_mm: float = 1.0
    perpendicular: bool = False
    along_ray: bool = False

    def __post_init__(self) -> None:
        sizes = (self.width_mm, self.height_mm)
        fits = all(self.step_mm <= size <= 1000 for size in sizes) and self.step_mm > 0
        if not fits or len(self.x_mm) * len(self.y_mm) > MOST_POINTS:
            raise FilmError(
                f"a film of {self.width_mm:g} x {self.height_mm:g} mm in steps of "
                f"{self.step_mm:g} mm is none",
                where="film", remedy="Give a size up to 1000 mm and a step of some mm.",
            )  # fmt: skip

    @property
    def x_mm(self) -> Floats:
        """Positions of the columns; 0 is one of them."""
        return _about_zero(self.width_mm, self.step_mm)

    @property
    def y_mm(self) -> Floats:
        """Positions of the rows; 0 is one of them."""
        return _about_zero(self.height_mm, self.step_mm)

    @property
    def points_cm(self) -> Floats:
        """Return the points in table axes; shape (rows * columns, 3)."""
        first, second, across = AXES[self.orientation]
        x, y = np.meshgrid(self.x_mm / 10, self.y_mm / 10)
        points = np.empty((x.size, 3))
        points[:, first], points[:, second] = x.ravel(), y.ravel()
        points[:, across] = self.offset_mm / 10
        return points

    @property
    def placement(self) -> Placement:
        """Where the film lies, in DICOM axes of the phantom, the isocentre at 0."""
        first, second, across = AXES[self.orientation]
        zero = TO_DICOM[:, across] * self.offset_mm
        return Placement(zero, TO_DICOM[:, first].copy(), TO_DICOM[:, second].copy())

    @property
    def words(self) -> str:
        """The set-up for people."""
        offset = f", {self.offset_mm:g} mm from it" if self.offset_mm else ""
        angles = "all fields from above" if self.perpendicular else "fields at their own angles"
        depth = "along the ray" if self.along_ray else "along the central axis"
        density = f", density {self.phantom.density:g}" if self.phantom.density != 1 else ""
        return (
            f"{self.orientation} plane at the isocentre{offset}, "
            f"{len(self.x_mm)} x {len(self.y_mm)} points of {self.step_mm:g} mm, in a phantom of "
            f"{self.phantom.words}{density}, isocentre {self.phantom.depth_cm:g} cm deep; "
            f"{angles}; depth {depth}"
        )


def _about_zero(size_mm: float, step_mm: float) -> Floats:
    half = int(size_mm / 2 / step_mm + 1e-9)
    return np.arange(-half, half + 1, dtype=np.float64) * step_mm


@dataclass(frozen=True, eq=False, slots=True)
class Views:
    """How the beam stands in each state; arrays of one length.

    Attributes:
        source_cm: Of the source, table axes; shape (states, 3).
        turn: From table axes to those of the collimator; shape (states, 3, 3).

    """

    source_cm: Floats
    turn: Floats


def views(gantry_deg: Floats, collimator_deg: Floats, couch_deg: Floats, sad_cm: float) -> Views:
    """Return where the source stands, and the turn into the beam's eye view (IEC 61217)."""
    gantry, collimator, couch = map(np.radians, (gantry_deg, collimator_deg, couch_deg))
    zero, one = np.zeros_like(gantry), np.ones_like(gantry)
    to_fixed = _matrix((np.cos(couch), -np.sin(couch), zero), (np.sin(couch), np.cos(couch), zero),
                       (zero, zero, one))  # fmt: skip
    to_gantry = _matrix((np.cos(gantry), zero, -np.sin(gantry)), (zero, one, zero),
                        (np.sin(gantry), zero, np.cos(gantry)))  # fmt: skip
    cos, sin = np.cos(collimator), np.sin(collimator)
    to_beam = _matrix((cos, sin, zero), (-sin, cos, zero), (zero, zero, one))
    turn = to_beam @ to_gantry @ to_fixed
    # The source is (0, 0, SAD) for the collimator; the inverse of a turn is its transpose.
    return Views(np.ascontiguousarray(turn[:, 2, :] * sad_cm), np.ascontiguousarray(turn))


def _matrix(*rows: tuple[Floats, Floats, Floats]) -> Floats:
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


@numba.njit(cache=True, nogil=True)
def depth_in_box(point: Floats, source: Floats, low: Floats, high: Floats) -> tuple[float, float]:
    """Return the way from the surface of a box to a point along the ray, and the whole ray, cm.

    Args:
        point: Shape (3,).
        source: Where the ray comes from; outside the box.
        low: The corner of the box with the lowest coordinates.
        high: The corner opposite.

    Returns:
        Depth, -1 for a point outside the box; distance from source to point.

    """
    inside = True
    squared = 0.0
    for axis in range(3):
        inside = inside and low[axis] - 1e-9 <= point[axis] <= high[axis] + 1e-9
        squared += (point[axis] - source[axis]) ** 2
    ray = np.sqrt(squared)
    if not inside:
        return -1.0, ray
    entry = 0.0
    for axis in range(3):
        way = (point[axis] - source[axis]) / ray
        if abs(way) > 1e-12:
            first = min((low[axis] - source[axis]) / way, (high[axis] - source[axis]) / way)
            entry = max(entry, first)
    return max(ray - entry, 0.0), ray
