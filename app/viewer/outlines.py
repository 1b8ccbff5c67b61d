"""Where a view plane cuts the structures: contours as they were drawn, never smoothed.

On a plane parallel to the contours the nearest drawn contour is shown; on any other plane the
structure shows the steps of its slices, because that is what is known of it (`core.dose.stack`).
"""

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from app.viewer.planes import ViewPlane
from core.dicom.structures import Structure
from core.dose.geometry import Floats
from core.dose.stack import Stack, is_inside, stack_of
from core.errors import RemedyError

PARALLEL = 0.9999
HOLDS_NORMAL = 1e-4
POINT_REACH_MM = 2.5


@dataclass(frozen=True, eq=False, slots=True)
class Cut:
    """What is to be drawn of one structure, in pixels of the view.

    Attributes:
        loops: Closed outlines, each of shape (n, 2).
        lines: Single straight lines; shape (n, 4): from column, row to column, row.
        boxes: Filled parts where only lines are drawn; shape (n, 4): two opposite corners.
        banded: Outlines that count only within a band of the picture: (band corners, outlines).
        points: Points of interest; shape (n, 2).

    """

    loops: tuple[Floats, ...] = ()
    lines: Floats = field(default_factory=lambda: np.empty((0, 4)))
    boxes: Floats = field(default_factory=lambda: np.empty((0, 4)))
    banded: tuple[tuple[Floats, tuple[Floats, ...]], ...] = ()
    points: Floats = field(default_factory=lambda: np.empty((0, 2)))

    @property
    def is_empty(self) -> bool:
        """Whether the plane misses the structure."""
        return not (self.loops or self.banded or len(self.lines) or len(self.points))


class Outline:
    """One structure, prepared so that every cut is quick."""

    def __init__(self, structure: Structure, image_gap_mm: float | None) -> None:
        self.structure = structure
        self.stack: Stack | None = None
        self.problem = ""
        self._points = np.concatenate(
            [contour.points_mm for contour in structure.contours if contour.kind == "POINT"]
            or [np.empty((0, 3))]
        )
        self._open = [
            contour.points_mm
            for contour in structure.contours
            if contour.kind != "POINT" and not contour.is_closed and len(contour.points_mm) > 1
        ]
        if structure.closed:
            try:
                contours = [contour.points_mm for contour in structure.closed]
                self.stack = stack_of(contours, image_gap_mm or 1.0, structure.name)
            except RemedyError as refusal:
                self.problem = refusal.what
        if self.stack is not None:
            self._prepare(self.stack)

    def _prepare(self, stack: Stack) -> None:
        count = len(stack.planes)
        places = np.array([plane.place_mm for plane in stack.planes])
        self._low, self._high = places.copy(), places.copy()
        self._joined = np.zeros(count, dtype=bool)
        for layer in stack.layers:
            middle = (layer.low_mm + layer.high_mm) / 2
            if layer.below is not None:
                self._high[layer.below] = middle
            if layer.above is not None:
                self._low[layer.above] = middle
            if layer.below is not None and layer.above is not None:
                self._joined[layer.below] = True
        corners, following, owners = [], [], []
        count = 0
        for number, plane in enumerate(stack.planes):
            for polygon in plane.polygons:
                size = len(polygon)
                corners.append(polygon)
                following.append(count + (np.arange(size) + 1) % size)
                owners.append(np.full(size, number))
                count += size
        self._corners, self._next = np.concatenate(corners), np.concatenate(following)
        self._owners = np.concatenate(owners)
        self._box_mm = self.structure.box_mm

    def cut(self, plane: ViewPlane) -> Cut:
        """Return what a view plane shows of the structure."""
        found = self._cut(plane)
        if not self._open:
            return found
        near = [self._near_segments(points, plane) for points in self._open]
        return replace(found, lines=np.concatenate([found.lines, *near]))

    def _near_segments(self, points: Floats, plane: ViewPlane) -> Floats:
        """Return the pieces of an open contour that lie at the plane; shape (n, 4)."""
        close = np.abs(plane.depth_mm(points)) <= POINT_REACH_MM
        pixels = plane.pixels(points)
        return np.concatenate([pixels[:-1], pixels[1:]], axis=1)[close[:-1] & close[1:]]

    def _cut(self, plane: ViewPlane) -> Cut:
        points = self._near_points(plane)
        if self.stack is None or self._is_missed(self.stack, plane):
            return Cut(points=points)
        along = abs(float(plane.normal @ self.stack.normal))
        if along > PARALLEL:
            return Cut(loops=self._parallel(self.stack, plane), points=points)
        if along < HOLDS_NORMAL:
            lines, boxes = self._upright(self.stack, plane)
            return Cut(lines=lines, boxes=boxes, points=points)
        return Cut(banded=self._slanted(self.stack, plane), points=points)

    def _is_missed(self, stack: Stack, plane: ViewPlane) -> bool:
        """Whether a plane passes by the box around the structure, end caps included."""
        middle, half = self._box_mm.mean(axis=0), (self._box_mm[1] - self._box_mm[0]) / 2
        reach = float(np.abs(plane.normal) @ (half + stack.usual_mm))
        return abs(float((middle - plane.centre_mm) @ plane.normal)) > reach

    def holds(self, point_mm: Floats) -> bool:
        """Return whether a patient point lies in the structure, by the rule."""
        if self.stack is None:
            return False
        height = float(point_mm @ self.stack.normal)
        flat = np.array([point_mm @ self.stack.across, point_mm @ self.stack.along])
        inside = np.flatnonzero((self._low <= height) & (height < self._high))
        return any(
            sum(is_inside(flat, polygon) for polygon in self.stack.planes[number].polygons) % 2
            for number in inside[:1]
        )

    def _near_points(self, plane: ViewPlane) -> Floats:
        near = np.abs(plane.depth_mm(self._points)) <= POINT_REACH_MM
        return plane.pixels(self._points[near])

    def _parallel(self, stack: Stack, plane: ViewPlane) -> tuple[Floats, ...]:
        height = float(plane.centre_mm @ stack.normal)
        inside = np.flatnonzero((self._low <= height) & (height <= self._high))
        if not len(inside):
            return ()
        away = [abs(stack.planes[number].place_mm - height) for number in inside]
        chosen = stack.planes[inside[int(np.argmin(away))]]
        return tuple(
            plane.pixels(
                polygon[:, :1] * stack.across
                + polygon[:, 1:] * stack.along
                + chosen.place_mm * stack.normal
            )
            for polygon in chosen.polygons
        )

    def _upright(self, stack: Stack, plane: ViewPlane) -> tuple[Floats, Floats]:
        """Cut by a plane that holds the stack's normal: intervals on every contour plane."""
        normal = plane.normal
        flat = np.array([normal @ stack.across, normal @ stack.along])
        level = float(plane.centre_mm @ normal)
        way = np.array([-flat[1], flat[0]])
        away = self._corners @ flat - level
        behind = away > 0
        crossed = np.flatnonzero(behind != behind[self._next])
        if not len(crossed):
            return np.empty((0, 4)), np.empty((0, 4))
        ends = self._next[crossed]
        share = away[crossed] / (away[crossed] - away[ends])
        start, end = self._corners[crossed], self._corners[ends]
        places = (start + share[:, None] * (end - start)) @ way
        owners = self._owners[crossed]
        order = np.lexsort((places, owners))
        places, owners = places[order], owners[order]
        boxes = np.stack(
            [places[0::2], self._low[owners[0::2]], places[1::2], self._high[owners[0::2]]], axis=1
        )
        sides = np.stack([places, self._low[owners], places, self._high[owners]], axis=1)
        lines = np.concatenate([sides, self._steps(places, owners)])
        origin = level * normal
        across = way[0] * stack.across + way[1] * stack.along
        return (
            _to_pixels(lines, origin, across, stack.normal, plane),
            _to_pixels(boxes, origin, across, stack.normal, plane),
        )

    def _steps(self, places: Floats, owners: npt.NDArray[np.int64]) -> Floats:
        """Return the lines where neighbouring slices differ: only one of them has it."""
        count = len(self._low)
        # Each crossing bounds the structure below and above its own slab; at a joint between two
        # slabs the crossings of both, sorted, enclose by pairs what only one of them has.
        above = np.where(self._joined[owners], owners, owners + count)
        below = np.where(
            (owners > 0) & self._joined[np.maximum(owners - 1, 0)], owners - 1, owners + 2 * count
        )
        joints = np.concatenate([above, below])
        both = np.concatenate([places, places])
        heights = np.concatenate([self._high[owners], self._low[owners]])
        order = np.lexsort((both, joints))
        both, heights = both[order], heights[order]
        steps = np.stack([both[0::2], heights[0::2], both[1::2], heights[0::2]], axis=1)
        return np.asarray(steps[steps[:, 2] - steps[:, 0] > 1e-6])

    def _slanted(
        self, stack: Stack, plane: ViewPlane
    ) -> tuple[tuple[Floats, tuple[Floats, ...]], ...]:
        """Cut by a slanted plane: each slab shows in a band, its contours carried along."""
        rate = stack.normal / float(stack.normal @ plane.normal)
        height, width = plane.size
        reach = plane.pixel_mm * (height + width)
        # In the picture the height over the stack grows along this direction.
        right, down = float(plane.right @ stack.normal), float(plane.down @ stack.normal)
        slope = np.hypot(right, down)
        uphill = (plane.right * right + plane.down * down) / slope
        level = np.cross(plane.normal, uphill)
        base = float(plane.centre_mm @ stack.normal)
        found = []
        for number, own in enumerate(stack.planes):
            ends = (np.array([self._low[number], self._high[number]]) - base) / slope
            if ends.min() > reach or ends.max() < -reach:
                continue
            corners = [
                plane.centre_mm + end * uphill + side * reach * level
                for end, side in ((ends[0], -1), (ends[0], 1), (ends[1], 1), (ends[1], -1))
            ]
            outlines = []
            for polygon in own.polygons:
                points = (
                    polygon[:, :1] * stack.across
                    + polygon[:, 1:] * stack.along
                    + own.place_mm * stack.normal
                )
                carried = points - plane.depth_mm(points)[:, None] * rate
                outlines.append(plane.pixels(carried))
            found.append((plane.pixels(np.array(corners)), tuple(outlines)))
        return tuple(found)


def _to_pixels(
    flat: Floats, origin: Floats, across: Floats, up: Floats, plane: ViewPlane
) -> Floats:
    first = origin + flat[:, :1] * across + flat[:, 1:2] * up
    second = origin + flat[:, 2:3] * across + flat[:, 3:] * up
    return np.concatenate([plane.pixels(first), plane.pixels(second)], axis=1)
