"""A dose plane: values over positions in the plane, and where the plane lies where that is known.

x runs along the columns and y along the rows, both rising: row 0 is the lowest y. Pictures and
files that begin at the top are turned over by those who read and write them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from core.dose.geometry import Floats, Geometry, Grid
from core.dose.sample import on_plane
from core.errors import RemedyError

Values = npt.NDArray[np.float32]
UNEVEN_MM = 0.01
SQUARE = 1e-6


class FilmError(RemedyError):
    """A film or plane cannot be used as it stands."""


@dataclass(frozen=True, eq=False, slots=True)
class Placement:
    """Where a plane lies, in DICOM patient axes (of a phantom: as head first, supine).

    Attributes:
        zero_mm: Position of x = y = 0; shape (3,).
        along_x, along_y: Unit vectors at right angles.
        frame_uid: FrameOfReferenceUID; empty when unknown.

    """

    zero_mm: Floats
    along_x: Floats
    along_y: Floats
    frame_uid: str = ""

    @property
    def normal(self) -> Floats:
        """Unit vector out of the plane."""
        return np.asarray(np.cross(self.along_x, self.along_y))


@dataclass(frozen=True, eq=False, slots=True)
class FilmPlane:
    """Dose on a plane.

    Attributes:
        values: Gy; shape (rows, columns), NaN where there is none.
        x_mm: Positions of the columns, evenly rising.
        y_mm: Positions of the rows, evenly rising.
        place: Where it lies; None when only positions within the plane are known.
        title: What it is, for lists and reports.
        about: What a file must say of it: plan, book, phantom ...

    """

    values: Values
    x_mm: Floats
    y_mm: Floats
    place: Placement | None = None
    title: str = ""
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def step_mm(self) -> tuple[float, float]:
        """Distance of columns and of rows."""
        return float(self.x_mm[1] - self.x_mm[0]), float(self.y_mm[1] - self.y_mm[0])

    @property
    def size_words(self) -> str:
        """Pixels and steps for people."""
        rows, columns = self.values.shape
        across, up = self.step_mm
        return f"{columns} x {rows} points of {across:g} x {up:g} mm"


def plane_of(
    values: npt.ArrayLike, x_mm: npt.ArrayLike, y_mm: npt.ArrayLike, where: str
) -> FilmPlane:
    """Return a plane whose axes may run either way.

    Raises:
        FilmError: Positions do not run evenly, or there are fewer than two each way.

    """
    found = np.asarray(values, dtype=np.float32)
    axes = [np.asarray(one, dtype=np.float64) for one in (y_mm, x_mm)]
    for number, (name, axis) in enumerate(zip(("row", "column"), axes, strict=True)):
        if len(axis) < 2 or len(axis) != found.shape[number]:
            raise FilmError(
                f"the plane has {len(axis)} {name} positions for {found.shape[number]} {name}s",
                where=where, remedy="Export a plane of at least 2 x 2 points.",
            )  # fmt: skip
        steps = np.diff(axis)
        if not abs(steps[0]) > 0 or np.abs(steps - steps.mean()).max() > UNEVEN_MM:
            raise FilmError(
                f"the {name} positions of the plane are not evenly spaced",
                where=where, remedy="Export the plane with one step throughout.",
            )  # fmt: skip
        if steps[0] < 0:
            axes[number] = axis[::-1].copy()
            found = np.flip(found, number)
    return FilmPlane(np.ascontiguousarray(found), axes[1], axes[0])


def plane_of_grid(grid: Grid, title: str) -> FilmPlane:
    """Return a grid of one slice as a plane; x and y are patient coordinates along its sides."""
    geometry = grid.geometry
    _, rows, columns = geometry.shape
    along_x, along_y = geometry.along_columns, -geometry.along_rows
    x = geometry.origin_mm @ along_x + np.arange(columns) * geometry.column_mm
    y = geometry.origin_mm @ along_y - np.arange(rows) * geometry.row_mm
    normal = np.cross(along_x, along_y)
    zero = normal * (geometry.origin_mm @ normal)
    made = plane_of(grid.values[0], x, y, title)
    place = Placement(zero, along_x, along_y, grid.frame_uid)
    return FilmPlane(made.values, made.x_mm, made.y_mm, place, title)


def grid_of_plane(plane: FilmPlane, place: Placement) -> Grid:
    """Return a plane as a grid of one slice; its rows begin at the top, as in DICOM."""
    across, up = plane.step_mm
    corner = place.zero_mm + plane.x_mm[0] * place.along_x + plane.y_mm[-1] * place.along_y
    normal = np.cross(place.along_x, -place.along_y)
    rows, columns = plane.values.shape
    geometry = Geometry(
        corner, place.along_x, -place.along_y, normal, across, up, np.zeros(1),
        (1, rows, columns),
    )  # fmt: skip
    return Grid(geometry, np.ascontiguousarray(plane.values[::-1])[None], place.frame_uid)


def cut_like(volume: Grid, plane: FilmPlane, place: Placement, margin_mm: float) -> FilmPlane:
    """Return the dose of a volume on a plane's points and some beyond its sides.

    Args:
        volume: Dose.
        plane: Whose points are used.
        place: Where it lies in the frame of the volume.
        margin_mm: How far beyond the sides.

    """
    across, up = plane.step_mm
    more = (int(np.ceil(margin_mm / across)), int(np.ceil(margin_mm / up)))
    x = plane.x_mm[0] + across * np.arange(-more[0], len(plane.x_mm) + more[0])
    y = plane.y_mm[0] + up * np.arange(-more[1], len(plane.y_mm) + more[1])
    corner = place.zero_mm + x[0] * place.along_x + y[0] * place.along_y
    values = on_plane(
        volume, corner, across * place.along_x, up * place.along_y, (len(y), len(x))
    )  # fmt: skip
    return FilmPlane(values, x, y, place, "plane cut out of the dose volume")


def moved(plane: FilmPlane, x_mm: float, y_mm: float) -> FilmPlane:
    """Return a plane whose positions are shifted; where it lies is no longer known."""
    return FilmPlane(
        plane.values, plane.x_mm + x_mm, plane.y_mm + y_mm, None, plane.title, plane.about
    )  # fmt: skip


def turned(plane: FilmPlane, quarter_turns: int, *, mirrored: bool = False) -> FilmPlane:
    """Return a plane mirrored left to right, then turned counter-clockwise by quarter turns."""
    values, x, y = plane.values, plane.x_mm, plane.y_mm
    if mirrored:
        values, x = values[:, ::-1], -x[::-1]
    for _ in range(quarter_turns % 4):
        # (x, y) goes to (-y, x): the new rows are the old columns, the new columns the old rows.
        values, x, y = values.T[:, ::-1], -y[::-1], x
    return FilmPlane(
        np.ascontiguousarray(values), np.ascontiguousarray(x), np.ascontiguousarray(y), None,
        plane.title, plane.about,
    )  # fmt: skip
