"""The dose of the demonstration beams, by an analytic formula.

    dose per MU = depth curve(d) x (SAD / z)^2 x opening(Xb, Yb) x wedge(Xb, Yb)

d is the water along the ray from the skin (bolus included), z the distance from the source along
the beam axis, Xb and Yb the point projected to the isocentre plane. The opening is the product of
error functions at the edges of every leaf pair within the jaws, or a block outline blurred by the
same penumbra, on 1 % leakage. A constant per beam brings the point of the prescription to
field dose / MU. An arc's MU between two control points are given half way, with the mean leaves.
It looks like dose, and is exact where it is compared; it is not a dose calculation.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.special import erf, erfc

from app.demo.anatomy import depth_mm, inside_body
from app.demo.apertures import BOUNDARIES_MM, Leaves
from app.demo.geometry import SAD_MM, beam_axes, seen_from_source, source_mm
from app.demo.truth import DemoAperture, DemoBeam, DemoBlock, DemoWedge

Array = npt.NDArray[np.floating]
Grid32 = npt.NDArray[np.float32]

STEP_MM = 4.0
ORIGIN_MM = (-176.0, -128.0, -20.0)
SHAPE = (29, 61, 95)  # planes along z, rows along y, columns along x
LEAKAGE = 0.01
MAP_STEP_MM = 2.0
MAP_MM = np.arange(-110.0, 110.1, MAP_STEP_MM)
PENUMBRA_MM = {"photon": 3.0, "electron": 6.0}


@dataclass(frozen=True, slots=True)
class PhotonCurve:
    """Build-up to the maximum, then one exponential; 1 at the maximum."""

    build_up_mm: float
    missing_at_skin: float
    attenuation_per_mm: float

    def __call__(self, depth: Array) -> Array:
        """Return the relative dose at each depth in mm."""
        raw = self._raw(depth)
        return np.asarray(raw / self._raw(np.arange(0.0, 80.0, 0.5)).max())

    def _raw(self, depth: Array) -> Array:
        built_up = 1 - self.missing_at_skin * np.exp(-depth / self.build_up_mm)
        return np.asarray(built_up * np.exp(-self.attenuation_per_mm * depth))


def electron_12_mev(depth: Array) -> Array:
    """Return the relative dose of 12 MeV electrons: plateau, fall at 49 mm, photon tail."""
    plateau = 0.90 + 0.10 * (1 - np.exp(-depth / 10))
    return np.asarray(plateau * 0.5 * erfc((depth - 49) / 10) + 0.02 * np.exp(-depth / 200))


CURVES: dict[tuple[str, int], Callable[[Array], Array]] = {
    ("photon", 6): PhotonCurve(4.0, 0.55, 0.0040),
    ("photon", 18): PhotonCurve(9.0, 0.75, 0.0029),
    ("electron", 12): electron_12_mev,
}


class Body:
    """The voxels of the dose grid that lie in the body, as points in patient axes."""

    @cached_property
    def inside(self) -> npt.NDArray[np.bool_]:
        """Which voxels are body, in the order z, y, x."""
        x_mm = ORIGIN_MM[0] + STEP_MM * np.arange(SHAPE[2])
        y_mm = (ORIGIN_MM[1] + STEP_MM * np.arange(SHAPE[1]))[:, None]
        return np.asarray(np.broadcast_to(inside_body(x_mm, y_mm), SHAPE))

    @cached_property
    def points_mm(self) -> Array:
        """The voxels in the body, columns x, y, z."""
        k, j, i = np.nonzero(self.inside)
        places = np.array([i, j, k], dtype=np.float32)
        return np.asarray(np.array(ORIGIN_MM, dtype=np.float32)[:, None] + STEP_MM * places)


def _edges(low: Array, high: Array, sigma_mm: float) -> Array:
    """Return for each interval (rows) how open it is at each place of the map (columns)."""
    width = np.sqrt(2) * sigma_mm
    rise = erf((MAP_MM - low[:, None]) / width) - erf((MAP_MM - high[:, None]) / width)
    return np.asarray(np.where((high > low)[:, None], rise / 2, 0.0))


def opening(beam: DemoBeam, leaves: Leaves) -> Array:
    """Return how open the beam is on the isocentre plane, rows along Yb, columns along Xb."""
    jaws, sigma_mm = beam.jaws, PENUMBRA_MM[beam.modality]
    bounds = np.array(BOUNDARIES_MM if leaves else (jaws.y1_mm, jaws.y2_mm))
    tips = np.array(leaves or ((jaws.x1_mm, jaws.x2_mm),))
    across = _edges(tips[:, 0].clip(jaws.x1_mm), tips[:, 1].clip(max=jaws.x2_mm), sigma_mm)
    along = _edges(bounds[:-1].clip(jaws.y1_mm), bounds[1:].clip(max=jaws.y2_mm), sigma_mm)
    made = along.T @ across
    if beam.block is not None:
        made *= 1 - _blurred(beam.block, sigma_mm)
    if beam.cutout is not None:
        made *= _blurred(beam.cutout, sigma_mm)
    if beam.wedge is not None:
        made *= _wedge(beam.wedge)
    return np.asarray(LEAKAGE + (1 - LEAKAGE) * made)


def _blurred(block: DemoBlock, sigma_mm: float) -> Array:
    """Return the inside of an outline (even-odd rule), blurred by the penumbra."""
    x, y = np.meshgrid(MAP_MM, MAP_MM)
    inside = np.zeros(x.shape, dtype=bool)
    for (x0, y0), (x1, y1) in pairwise(block.outline_mm):
        if y0 != y1:
            inside ^= ((y0 > y) != (y1 > y)) & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return np.asarray(gaussian_filter(inside.astype(float), sigma_mm / MAP_STEP_MM))


def _wedge(wedge: DemoWedge) -> Array:
    """Return the transmission over the field: 1 on the axis, more to the toe."""
    slope_per_mm = 0.0040 * np.tan(np.radians(wedge.angle_deg))
    toe_mm = MAP_MM[:, None] if wedge.toe_deg == 0 else MAP_MM[None, :]
    return np.asarray(np.exp(slope_per_mm * toe_mm))


def _settings(beam: DemoBeam) -> list[DemoAperture]:
    """Return the settings in which dose is given; those of an arc lie between its points."""
    if beam.kind != "arc":
        return list(beam.apertures)
    made = []
    for one, two in pairwise(beam.apertures):
        turned_deg = (two.gantry_deg - one.gantry_deg) % 360
        leaves = tuple(
            ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
            for a, b in zip(one.leaves, two.leaves, strict=True)
        )
        gantry_deg = one.gantry_deg + turned_deg / 2
        made.append(DemoAperture(gantry_deg, one.ssd_mm, one.mu, leaves))
    return made


def model_dose(beam: DemoBeam, points_mm: Array) -> Array:
    """Return the model's dose per MU at each point (columns) before the constant of the beam."""
    curve, isocentre = CURVES[(beam.modality, beam.energy)], beam.prescription.isocentre_mm
    total = np.zeros(points_mm.shape[1])
    settings = _settings(beam)
    for gantry_deg in dict.fromkeys(setting.gantry_deg for setting in settings):
        axes = beam_axes(gantry_deg, beam.collimator_deg, beam.couch_deg)
        x_mm, y_mm, away_mm = seen_from_source(points_mm, isocentre, axes)
        depth = depth_mm(points_mm, source_mm(isocentre, axes)) + beam.bolus_mm
        fluence = sum(
            setting.mu / beam.mu * opening(beam, setting.leaves)
            for setting in settings
            if setting.gantry_deg == gantry_deg
        )
        places = np.stack([(y_mm - MAP_MM[0]) / MAP_STEP_MM, (x_mm - MAP_MM[0]) / MAP_STEP_MM])
        seen = map_coordinates(fluence, places, order=1, mode="nearest")
        total += curve(depth) * (SAD_MM / away_mm) ** 2 * seen
    return total


def dose_per_mu(beam: DemoBeam, body: Body) -> Grid32:
    """Return the dose of a beam in cGy per MU on the grid, in the order z, y, x.

    At the voxel of the prescription's point it is field dose / MU to single precision.
    """
    dose = np.zeros(SHAPE)
    dose[body.inside] = model_dose(beam, body.points_mm)
    wanted = beam.field_dose_cgy / beam.mu
    scaled = dose * (wanted / dose[node_of(beam.prescription.point_mm)])
    return np.asarray(scaled, dtype=np.float32)


def node_of(point_mm: tuple[float, float, float]) -> tuple[int, int, int]:
    """Return the place z, y, x in the grid of a point that lies on a grid node."""
    i, j, k = (
        round((at - first) / STEP_MM) for at, first in zip(point_mm, ORIGIN_MM, strict=True)
    )
    return k, j, i
