"""Truth by mathematics: bodies whose volume above any dose is known in closed form.

A body stands upright on one axis, the dose is a straight slope along one axis. Then the volume
above a dose is the volume on one side of a plane: a spherical cap, a circular segment times a
height, a piece of a cone. Nothing here knows how the program works; `Slope.on` makes its grid.
"""

import math
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from scipy.optimize import brentq

from core.dose.geometry import Geometry, Grid, upright_geometry

X, Y, Z = range(3)
CORNERS = 720


def segment(radius, t):
    """Return the area of the circle's part beyond a chord at distance t from its centre."""
    if t <= -radius:
        return math.pi * radius * radius
    if t >= radius:
        return 0.0
    return radius * radius * math.acos(t / radius) - t * math.sqrt(radius * radius - t * t)


def half_chord(radius, t):
    """Return half the width of a circle at distance t from its centre."""
    return math.sqrt(max(radius * radius - t * t, 0.0))


@dataclass(frozen=True)
class Body:
    """What the four bodies share: a place, and the two ends along each axis."""

    name: str
    axis: int = Z
    radius: float = 12.0
    height: float = 24.0
    centre: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def volume(self):
        """Volume in mm3."""
        return self.volume_above(X, -math.inf)

    def volume_above(self, along, place):
        """Return the volume in mm3 at coordinates beyond `place` along an axis."""
        return self.own_above(along, place - self.centre[along])

    def ends(self, along):
        """Return the lowest and the highest coordinate."""
        low, high = self.own_ends(along)
        return self.centre[along] + low, self.centre[along] + high

    def own_ends(self, along):
        half = self.height / 2 if along == self.axis else self.radius
        return -half, half

    def middle(self, along):
        """Return the coordinate of the centre of mass."""
        return self.centre[along]

    def area_at(self, normal, place):
        """Return the area of the section at a coordinate along `normal`."""
        return self.own_area(normal, place - self.centre[normal])

    def planes(self, normal, spacing, offset):
        """Return the coordinates of the slices that cut the body with an area."""
        low, high = self.ends(normal)
        first = self.centre[normal] + offset
        begin = math.ceil((low - first) / spacing - 1e-9)
        end = math.floor((high - first) / spacing + 1e-9)
        places = [first + number * spacing for number in range(begin, end + 1)]
        return [place for place in places if self.area_at(normal, place) > 1e-6]

    def contours(self, spacing, offset=0.0, normal=Z, *, area_true=False):
        """Return closed contours on slices; `offset` is the first slice's from the centre, mm."""
        return [
            points + np.array(self.centre)
            for place in self.planes(normal, spacing, offset)
            for points in self.own_contours(normal, place - self.centre[normal], area_true)
        ]


@dataclass(frozen=True)
class Sphere(Body):
    def own_ends(self, along):
        return -self.radius, self.radius

    def own_above(self, along, t):
        cap = self.radius - min(max(t, -self.radius), self.radius)
        return math.pi * cap * cap * (3 * self.radius - cap) / 3

    def own_area(self, normal, t):
        return math.pi * half_chord(self.radius, t) ** 2

    def own_contours(self, normal, t, area_true):
        return [circle(normal, t, half_chord(self.radius, t), area_true)]


@dataclass(frozen=True)
class Cylinder(Body):
    def own_above(self, along, t):
        if along == self.axis:
            low, high = self.own_ends(along)
            return math.pi * self.radius**2 * (high - min(max(t, low), high))
        return self.height * segment(self.radius, t)

    def own_area(self, normal, t):
        low, high = self.own_ends(normal)
        if not low - 1e-9 <= t <= high + 1e-9:
            return 0.0
        if normal == self.axis:
            return math.pi * self.radius**2
        return 2 * half_chord(self.radius, t) * self.height

    def own_contours(self, normal, t, area_true):
        if normal == self.axis:
            return [circle(normal, t, self.radius, area_true)]
        wide, half = half_chord(self.radius, t), self.height / 2
        return [
            lay(
                normal,
                t,
                self.axis,
                edges([(-half, -wide), (half, -wide), (half, wide), (-half, wide)]),
            )
        ]


@dataclass(frozen=True)
class Cone(Body):
    """A cone; `tip` -1 has the apex at the low end of its axis, +1 at the high end."""

    tip: int = -1

    def middle(self, along):
        shift = self.height / 4 if along == self.axis else 0.0
        return self.centre[along] - self.tip * shift

    def own_above(self, along, t):
        whole = math.pi * self.radius**2 * self.height / 3
        if along == self.axis:
            if self.tip > 0:
                return whole * self._depth(-t) ** 3
            return whole * (1 - self._depth(t) ** 3)
        beyond = self._beyond(min(abs(t), self.radius))
        return beyond if t >= 0 else whole - beyond

    def _depth(self, t):
        """Return the distance from the apex as share of the height; t as if it were below."""
        return min(max(t / self.height + 0.5, 0.0), 1.0)

    def _beyond(self, t):
        """Volume beyond a plane beside the axis: the integral of `_hyperbola_area` from t to R."""
        r = self.radius
        root = half_chord(r, t)
        last = t**3 / 3 * math.acosh(r / t) if t > 0 else 0.0
        return self.height / r * (r**3 / 3 * math.acos(t / r) - 2 / 3 * r * t * root + last)

    def _hyperbola_area(self, t):
        r = self.radius
        last = t * t * math.acosh(r / t) if t > 0 else 0.0
        return self.height / r * (r * half_chord(r, t) - last)

    def own_area(self, normal, t):
        if normal == self.axis:
            inside = abs(t) <= self.height / 2 + 1e-9
            return math.pi * (self.radius * self._depth(-self.tip * t)) ** 2 if inside else 0.0
        return self._hyperbola_area(min(abs(t), self.radius))

    def own_contours(self, normal, t, area_true):
        if normal == self.axis:
            return [circle(normal, t, self.radius * self._depth(-self.tip * t), area_true)]
        # Evenly in the logarithm of the distance from the axis plane: the bend is at the vertex.
        last = math.asinh(half_chord(self.radius, t) / abs(t)) if t else 1.0
        steps = np.linspace(-last, last, CORNERS // 2 * 2 + 1)
        wide = abs(t) * np.sinh(steps) if t else self.radius * steps
        depth = self.height / self.radius * np.hypot(wide, t)
        along = -self.tip * (depth - self.height / 2)
        return [lay(normal, t, self.axis, np.stack([along, wide], axis=1))]


@dataclass(frozen=True)
class Annulus(Cylinder):
    """A cylinder with a cylindrical hole along its axis, cut across the axis only."""

    hole: float = 5.0

    def _hole(self):
        return Cylinder("hole", self.axis, self.hole, self.height)

    def own_above(self, along, t):
        return super().own_above(along, t) - self._hole().own_above(along, t)

    def own_area(self, normal, t):
        return super().own_area(normal, t) - self._hole().own_area(normal, t)

    def own_contours(self, normal, t, area_true):
        return [
            circle(normal, t, self.radius, area_true),
            circle(normal, t, self.hole, area_true)[::-1],
        ]

    def keyholes(self, spacing, offset=0.0):
        """Return one contour per slice that runs in to the hole, round it and out again."""
        made = []
        for place in self.planes(self.axis, spacing, offset):
            outer, inner = self.own_contours(self.axis, place - self.centre[self.axis], False)
            inner = np.roll(inner, 1, axis=0)
            whole = np.concatenate([outer, outer[:1], inner, inner[:1]])
            made.append(whole + np.array(self.centre))
        return made


def circle(normal, t, radius, area_true=False):
    """Return a circle's corners, four of them on the axes; inscribed, or of the true area."""
    angle = 2 * math.pi / CORNERS
    if area_true:
        radius *= math.sqrt(angle / math.sin(angle))
    angles = np.arange(CORNERS) * angle
    flat = radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return lay(normal, t, (normal + 1) % 3, flat)


def lay(normal, t, first, flat):
    """Return flat points in space: column 0 along axis `first`, column 1 along the third axis."""
    points = np.empty((len(flat), 3))
    points[:, normal] = t
    points[:, first] = flat[:, 0]
    points[:, 3 - normal - first] = flat[:, 1]
    return points


def edges(corners, count=60):
    """Return a polygon with each edge cut into `count` pieces."""
    closed = [*corners, corners[0]]
    return np.concatenate(
        [np.linspace(one, other, count, endpoint=False) for one, other in pairwise(closed)]
    )


def flat_area(points, normal):
    """Return the area of a polygon by its corners."""
    one, other = (points[:, axis] for axis in range(3) if axis != normal)
    one, other = one - one[0], other - other[0]
    return abs(one @ np.roll(other, -1) - other @ np.roll(one, -1)) / 2


@dataclass(frozen=True)
class Slope:
    """A dose that rises by `gy_per_mm` along one axis from `base_gy` at coordinate 0."""

    axis: int
    gy_per_mm: float = 1.0
    base_gy: float = 30.0

    def at(self, place):
        return self.base_gy + self.gy_per_mm * place

    def on(self, geometry):
        """Return the dose on a grid, and how far its single precision is from the slope."""
        slices, rows, columns = geometry.shape
        s, r, c = np.meshgrid(range(slices), range(rows), range(columns), indexing="ij")
        true = self.at(geometry.points_mm(np.stack([c, r, s], axis=-1))[..., self.axis])
        values = true.astype(np.float32)
        return Grid(geometry, values, "1.2.3"), 2 * float(np.spacing(values.max()))


@dataclass(frozen=True)
class Truth:
    """The DVH of a body in a slope, exactly."""

    body: Body
    slope: Slope
    ends_gy: tuple[float, float] = field(init=False)

    def __post_init__(self):
        ends = sorted(self.slope.at(place) for place in self.body.ends(self.slope.axis))
        object.__setattr__(self, "ends_gy", tuple(ends))

    @property
    def volume_cc(self):
        return self.body.volume / 1000

    @property
    def mean_gy(self):
        return self.slope.at(self.body.middle(self.slope.axis))

    def cc_at(self, dose_gy):
        """Return the volume in cc at or above a dose."""
        place = (dose_gy - self.slope.base_gy) / self.slope.gy_per_mm
        above = self.body.volume_above(self.slope.axis, place)
        return (above if self.slope.gy_per_mm > 0 else self.body.volume - above) / 1000

    def dose_at(self, cc):
        """Return the dose that this volume receives at least."""
        if cc >= self.volume_cc:
            return self.ends_gy[0]
        if cc <= 0:
            return self.ends_gy[1]
        return brentq(lambda dose: self.cc_at(dose) - cc, *self.ends_gy, xtol=1e-10)


def drawn_short_cc(body, contours, normal, spacing):
    """Return by how much polygons may miss the body's volume, from the areas they miss."""
    drawn = {}
    for points in contours:
        place = round(float(points[:, normal].mean()), 6)
        # By even-odd and for bodies with at most one hole: the smaller one is the hole.
        drawn.setdefault(place, []).append(flat_area(points, normal))
    missed = 0.0
    for place, areas in drawn.items():
        net = 2 * max(areas) - sum(areas)
        missed += abs(body.area_at(normal, place) - net) + (len(areas) > 1) * 2 * miss(min(areas))
    # Each plane serves as bound for the space to both neighbours.
    return 2 * spacing * missed / 1000


def miss(area):
    """Return the area that a circle of this area loses as a polygon."""
    angle = 2 * math.pi / CORNERS
    return area * (1 - math.sin(angle) / angle)


GRIDS = ("1", "2", "3", "1 shifted", "2 shifted", "3 shifted", "uneven", "turned")
HALF_MM = 20.0


def geometry_of(kind):
    """Return a dose grid that reaches past all bodies and their outer bounds."""
    if kind == "turned":
        x, y, z = np.eye(3)
        offsets = np.arange(23) * 2.0
        return Geometry(np.full(3, -22.0), y, z, x, 2.0, 2.5, offsets, (23, 20, 23))
    if kind == "uneven":
        gaps = np.resize([1.0, 2.5, 2.0, 3.0, 1.5], 22)
        offsets = np.concatenate([[0.0], np.cumsum(gaps)])
        x, y, z = np.eye(3)
        return Geometry(np.full(3, -22.0), x, y, z, 2.0, 2.0, offsets, (23, 23, 23))
    voxel = float(kind.split()[0])
    count = math.ceil(HALF_MM / voxel)
    origin = -count * voxel + (0.4 * voxel if "shifted" in kind else 0.0)
    return upright_geometry(np.full(3, origin), (voxel,) * 3, (2 * count + 1,) * 3)


BODIES = (
    Sphere("sphere"),
    Cylinder("cylinder"),
    Cylinder("lying cylinder", axis=Y),
    Cone("cone"),
    Cone("lying cone", axis=Y, tip=1),
    Annulus("annulus"),
)
