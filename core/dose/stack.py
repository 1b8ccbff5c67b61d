"""Contours of one structure to a stack of planes: the one rule by which it becomes a volume.

The rule, in full:

1. Contours lie on parallel planes. A structure with contours in two directions has no volume here.
2. On a plane a point is inside when a line from it crosses the contours an odd number of times,
   all contours of the plane taken together. So an inner contour is a hole, a keyhole is a hole,
   and two separate contours are two parts. A contour drawn twice counts once.
3. Each plane stands for the space half-way to its neighbours; an end plane reaches half the usual
   distance beyond itself (the end cap).
4. Where neighbours are more than 1.5 times the usual distance apart, the structure ends on both
   sides as in 3, and the gap is reported.

What lies between two planes is not known. Two bounds hold for any shape that grows or shrinks
steadily from plane to plane: `inner` is what both neighbours share and ends at the end planes;
`outer` is what either has, and reaches a whole distance beyond the end planes (further would have
met another plane). The error band of every DVH value comes from these two.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from core.dose.geometry import Floats
from core.errors import UnreadableRecordError

SAME_PLANE_MM = 0.05
PARALLEL = 0.999
FLAT_MM = 0.5
GAP_FACTOR = 1.5
AXES = np.eye(3)


@dataclass(frozen=True, eq=False, slots=True)
class Plane:
    """The contours of one plane.

    Attributes:
        place_mm: Distance of the plane from the origin along the stack's normal.
        polygons: Corner points along the stack's two in-plane axes; each of shape (n, 2), mm.

    """

    place_mm: float
    polygons: tuple[Floats, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Layer:
    """Space between two planes, or between an end plane and the end of the outer bound.

    Attributes:
        low_mm: Where it begins along the normal.
        high_mm: Where it ends.
        below: Index of the plane at its lower side, or None below the first plane of a part.
        above: Index of the plane at its upper side, or None above the last plane of a part.

    """

    low_mm: float
    high_mm: float
    below: int | None
    above: int | None


@dataclass(frozen=True, eq=False)
class Stack:
    """A structure as parallel planes.

    Attributes:
        across: First in-plane unit vector, patient coordinates.
        along: Second in-plane unit vector.
        normal: Unit vector from plane to plane.
        planes: Lowest first.
        usual_mm: Usual distance of the planes, which the end caps follow.
        gaps: Number of places where planes are missing.
        repeated: Number of contours that were drawn twice and count once.

    """

    across: Floats
    along: Floats
    normal: Floats
    planes: tuple[Plane, ...]
    usual_mm: float
    gaps: int
    repeated: int

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """The space that the structure may fill, from the lowest end to the highest."""
        found: list[Layer] = []
        places = [plane.place_mm for plane in self.planes]
        for number, place_mm in enumerate(places):
            if number == 0 or self._is_gap(number - 1):
                found.append(Layer(place_mm - self.usual_mm, place_mm, None, number))
            if number == len(places) - 1 or self._is_gap(number):
                found.append(Layer(place_mm, place_mm + self.usual_mm, number, None))
            else:
                found.append(Layer(place_mm, places[number + 1], number, number + 1))
        return tuple(found)

    def _is_gap(self, number: int) -> bool:
        gap_mm = self.planes[number + 1].place_mm - self.planes[number].place_mm
        return gap_mm > GAP_FACTOR * self.usual_mm

    @cached_property
    def thicknesses_mm(self) -> Floats:
        """Thickness that each plane stands for, by the rule; shape (planes,)."""
        whole = np.zeros(len(self.planes))
        for layer in self.layers:
            for side in (layer.below, layer.above):
                if side is not None:
                    whole[side] += (layer.high_mm - layer.low_mm) / 2
        return whole

    @cached_property
    def volume_cc(self) -> float:
        """Volume by the rule from the contours' own areas, no sampling."""
        areas = np.array([even_odd_area(plane.polygons) for plane in self.planes])
        return float(areas @ self.thicknesses_mm) / 1000

    @cached_property
    def corners_mm(self) -> Floats:
        """In-plane coordinates of all corners, plane after plane; shape (n, 2)."""
        return np.concatenate([polygon for plane in self.planes for polygon in plane.polygons])

    @cached_property
    def corner_counts(self) -> npt.NDArray[np.int64]:
        """How many of the corners lie on each plane."""
        return np.array([sum(map(len, plane.polygons)) for plane in self.planes])

    @cached_property
    def box_mm(self) -> Floats:
        """Lowest and highest in-plane coordinates; shape (2, 2)."""
        return np.stack([self.corners_mm.min(axis=0), self.corners_mm.max(axis=0)])


def stack_of(contours: Sequence[Floats], image_gap_mm: float | None, where: str) -> Stack:
    """Return closed planar contours as a stack of planes.

    Args:
        contours: Corner points in patient mm; each of shape (n, 3) with at least three points.
        image_gap_mm: Slice distance of the image, for a structure on one plane only.
        where: Name of the structure for messages.

    Raises:
        UnreadableRecordError: No contours, contours that are not flat or not parallel, or a
            single plane without an image to tell its thickness.

    """
    if not contours:
        raise UnreadableRecordError(
            "the structure has no closed contours", where=where, remedy="Draw it, or leave it out."
        )
    normal = _common_normal(contours, where)
    across, along = _in_plane_axes(normal)
    planes, repeated = _planes(contours, across, along, normal, where)
    usual_mm = _usual_gap(planes, image_gap_mm, where)
    gaps = sum(
        1 for low, high in pairwise(planes) if high.place_mm - low.place_mm > GAP_FACTOR * usual_mm
    )
    return Stack(across, along, normal, tuple(planes), usual_mm, gaps, repeated)


def _common_normal(contours: Sequence[Floats], where: str) -> Floats:
    vectors = _area_vectors(contours)
    sizes = np.linalg.norm(vectors, axis=1)
    length = float(sizes.max())
    if length == 0:
        raise UnreadableRecordError(
            "no contour encloses an area", where=where, remedy="Draw the structure again."
        )
    normal: Floats = vectors[sizes.argmax()] / length
    if bool(((sizes > 1.0) & (np.abs(vectors @ normal) < PARALLEL * sizes)).any()):
        raise UnreadableRecordError(
            "the contours lie in more than one direction, so no volume follows from them",
            where=where,
            remedy="Export the structure as contours on parallel slices.",
        )
    # The same way for every structure: towards +z, else +y, else +x.
    for axis in AXES[::-1]:
        along = float(normal @ axis)
        if abs(along) > 1e-3:
            normal = normal * np.sign(along)
            break
    snapped = np.round(normal, 6)
    return snapped / np.linalg.norm(snapped)


def _area_vectors(contours: Sequence[Floats]) -> Floats:
    """Return area times normal of each contour in mm2; shape (contours, 3)."""
    begins = _begins(contours)
    flat = np.concatenate([points - points[0] for points in contours])
    # The first corner is the origin, so that the step to the next contour's first adds nothing.
    return np.add.reduceat(np.cross(flat, np.roll(flat, -1, axis=0)), begins) / 2


def _begins(contours: Sequence[Floats]) -> npt.NDArray[np.int64]:
    return np.cumsum([0, *map(len, contours[:-1])])


def _in_plane_axes(normal: Floats) -> tuple[Floats, Floats]:
    """Return x and y for transverse planes, and the axes nearest to them for others."""
    helper = AXES[int(np.argmin(np.abs(normal)))]
    across = helper - (helper @ normal) * normal
    across = across / np.linalg.norm(across)
    return across, np.cross(normal, across)


def _planes(
    contours: Sequence[Floats], across: Floats, along: Floats, normal: Floats, where: str
) -> tuple[list[Plane], int]:
    points = np.concatenate(contours)
    begins = _begins(contours)
    places = points @ normal
    spread = np.maximum.reduceat(places, begins) - np.minimum.reduceat(places, begins)
    if float(spread.max()) > FLAT_MM:
        raise UnreadableRecordError(
            "a contour does not lie in one plane",
            where=where,
            remedy="Export the structure as contours on parallel slices.",
        )
    polygons = np.split(points @ np.stack([across, along], axis=1), begins[1:])
    middles = np.add.reduceat(places, begins) / [len(polygon) for polygon in polygons]
    flat = sorted(zip(middles.tolist(), polygons, strict=True), key=lambda pair: pair[0])
    groups: list[tuple[float, list[Floats]]] = []
    repeated = 0
    for place_mm, polygon in flat:
        if not groups or place_mm - groups[-1][0] > SAME_PLANE_MM:
            groups.append((place_mm, [polygon]))
        elif any(_same(polygon, other) for other in groups[-1][1]):
            repeated += 1
        else:
            groups[-1][1].append(polygon)
    return [Plane(place_mm, tuple(polygons)) for place_mm, polygons in groups], repeated


def _same(one: Floats, other: Floats) -> bool:
    """Whether two contours are the same, wherever they begin and whichever way they go round."""
    first, second = _sorted_corners(one), _sorted_corners(other)
    return first.shape == second.shape and bool(np.abs(first - second).max() < 1e-3)


def _sorted_corners(polygon: Floats) -> Floats:
    open_end = polygon[:-1] if np.abs(polygon[0] - polygon[-1]).max() < 1e-3 else polygon
    return np.asarray(open_end[np.lexsort(open_end.round(2).T)])


def _usual_gap(planes: list[Plane], image_gap_mm: float | None, where: str) -> float:
    if len(planes) > 1:
        return float(np.median(np.diff([plane.place_mm for plane in planes])))
    if image_gap_mm is None:
        raise UnreadableRecordError(
            "the structure lies on one plane and no image tells its thickness",
            where=where,
            remedy="Load the images it was drawn on.",
        )
    return image_gap_mm


def even_odd_area(polygons: Sequence[Floats]) -> float:
    """Return the area in mm2 by the even-odd rule, for polygons that do not cross each other.

    A polygon inside an odd number of others is a hole. Where polygons cross, this area and the
    sampled one differ, and both are shown.

    """
    whole = 0.0
    for number, polygon in enumerate(polygons):
        others = (other for place, other in enumerate(polygons) if place != number)
        depth = sum(is_inside(polygon[0], other) for other in others)
        whole += area(polygon) * (1 if depth % 2 == 0 else -1)
    return whole


def area(polygon: Floats) -> float:
    """Return the area of one polygon in mm2, whichever way round it was drawn."""
    x, y = (polygon - polygon[0]).T
    # The first corner is the origin, so that the edges from and to it add nothing.
    return abs(float(x[:-1] @ y[1:] - y[:-1] @ x[1:])) / 2


def is_inside(point: Floats, polygon: Floats) -> bool:
    """Return whether a point of the plane lies inside a polygon; shapes (2,) and (n, 2)."""
    above = polygon[:, 1] > point[1]
    starts = np.flatnonzero(above != np.roll(above, -1))
    x, y = polygon[starts].T
    next_x, next_y = polygon[(starts + 1) % len(polygon)].T
    crossing = x + (point[1] - y) / (next_y - y) * (next_x - x)
    return bool(np.count_nonzero(crossing > point[0]) % 2)
