"""Gamma: how far the nearest agreement of two doses lies, in units of what is tolerated.

gamma(r) = min over r' of sqrt(|r - r'|^2 / DTA^2 + (De(r') - Dr(r))^2 / dD^2)

(Low et al., Med Phys 1998;25:656), r over the reference's voxels, r' over everywhere in the
evaluated dose, which is trilinear between its voxels. Nothing is sampled: in each cell of the
evaluated grid that may hold the minimum, the nearest point of the dose surface is found
geometrically (after Ju et al., Med Phys 2008;35:879), within the cell's walls; cells that cannot
hold it are left out by the range of dose in them.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.dose.gamma_kernel import OUTSIDE, cell_ranges, gamma_rows
from core.dose.geometry import Floats, Grid
from core.errors import RemedyError

Values = npt.NDArray[np.float32]
Progress = Callable[[float, str], None]
RULE_VERSION = "GAMMA-2"
"""Changes whenever the same doses may give another gamma."""
WORKERS = 2
SLABS = 32
TURNED = 1e-6


class NotComparableError(RemedyError):
    """Two doses cannot be compared point by point as they lie."""


@dataclass(frozen=True, slots=True)
class Criteria:
    """What is tolerated.

    Attributes:
        dose_percent: Of the normalisation dose, or of the local dose.
        distance_mm: Distance to agreement.
        local: Whether `dose_percent` is of the reference dose at each point.
        threshold_percent: Points below this share of the normalisation dose are not judged.
        most: Gamma is not looked for beyond this value; larger ones are given as it.
        normalisation: Dose that is 100 %; None for the largest of the reference.
        tolerance_percent, action_percent: Pass rates (tolerance and action limit).

    """

    dose_percent: float = 3.0
    distance_mm: float = 2.0
    local: bool = False
    threshold_percent: float = 10.0
    most: float = 2.0
    normalisation: float | None = None
    tolerance_percent: float = 95.0
    action_percent: float = 90.0

    def __post_init__(self) -> None:
        for name in ("dose_percent", "distance_mm", "most"):
            if not 0 < getattr(self, name) < 1000:
                raise ValueError(f"{name} is {getattr(self, name)}")


@dataclass(frozen=True, eq=False, slots=True)
class Gamma:
    """Gamma at the voxels of the reference.

    Attributes:
        values: NaN where nothing was judged.
        judged: Number of points at or above the threshold inside the evaluated dose.
        outside: Number of points at or above the threshold with no evaluated dose within reach;
            they are not part of the pass rate, and to be told.
        criteria: What was asked.

    """

    values: Values
    judged: int
    outside: int
    criteria: Criteria

    @property
    def pass_percent(self) -> float:
        """Share of the judged points with gamma of at most 1; NaN without any."""
        if not self.judged:
            return float("nan")
        return 100 * float(np.count_nonzero(self.values <= 1)) / self.judged

    @property
    def mean(self) -> float:
        """Mean gamma of the judged points; NaN without any."""
        return float(np.nanmean(self.values)) if self.judged else float("nan")


def gamma(
    reference: Grid, evaluated: Grid, criteria: Criteria, progress: Progress | None = None
) -> Gamma:
    """Return gamma at every voxel of the reference; a grid of one slice is a plane.

    Args:
        reference: What is compared with (the measurement, the plan).
        evaluated: What is judged; it is interpolated.
        criteria: What is tolerated.
        progress: Told the share done; it may raise to cancel.

    Raises:
        NotComparableError: The grids are turned against each other, or hold no dose.

    """
    shift = _shift(reference, evaluated)
    steps = [_axes(reference), _axes(evaluated)]
    axes = [own + add for own, add in zip(steps[0], shift, strict=True)]
    return gamma_on_axes(axes, reference.values, steps[1], evaluated.values, criteria, progress)


def gamma_on_axes(
    axes: list[Floats],
    reference: Values,
    evaluated_axes: list[Floats],
    evaluated: Values,
    criteria: Criteria,
    progress: Progress | None = None,
) -> Gamma:
    """Return gamma for two doses on rising axes (slices, rows, columns; mm) of one frame.

    Raises:
        NotComparableError: There is no dose in the reference.

    """
    whole = criteria.normalisation
    if whole is None:
        whole = float(np.nanmax(reference)) if reference.size else 0.0
    if not whole > 0:
        raise NotComparableError(
            "the reference holds no dose", where="gamma", remedy="Choose the right dose file."
        )
    flat = evaluated.shape[0] == 1
    if flat != (reference.shape[0] == 1):
        raise NotComparableError(
            "one dose is a plane, the other a volume",
            where="gamma",
            remedy="Cut the same plane out of the volume first.",
        )
    values = np.ascontiguousarray(evaluated, dtype=np.float32)
    low, high = cell_ranges(values)
    offsets, nearest = _offsets(evaluated_axes, criteria)
    limits = np.array([
        criteria.distance_mm, criteria.dose_percent / 100 * (1.0 if criteria.local else whole),
        1.0 if criteria.local else 0.0, criteria.threshold_percent / 100 * whole, criteria.most,
    ])  # fmt: skip
    own = np.ascontiguousarray(reference, dtype=np.float32)
    out = np.full(own.shape, np.nan, dtype=np.float32)
    z, y, x = (np.ascontiguousarray(one, dtype=np.float64) for one in evaluated_axes)
    grid = (values, low, high, z, y, x)
    z, y, x = (np.ascontiguousarray(one, dtype=np.float64) for one in axes)
    where = (z, y, x)

    def run(rows: tuple[int, int]) -> None:
        gamma_rows(own, where, rows, grid, (offsets, nearest), limits, out)

    lines = own.shape[0] * own.shape[1]
    bounds = np.linspace(0, lines, min(SLABS, lines) + 1).astype(int)
    slabs = list(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True))
    with ThreadPoolExecutor(WORKERS) as pool:
        for done, _ in enumerate(pool.map(run, slabs), start=1):
            if progress is not None:
                progress(done / len(slabs), "gamma")
    missed = out == OUTSIDE
    out[missed] = np.nan
    judged = int(np.count_nonzero(np.isfinite(out)))
    return Gamma(out, judged, int(np.count_nonzero(missed)), criteria)


def _axes(grid: Grid) -> list[Floats]:
    geometry = grid.geometry
    _, rows, columns = geometry.shape
    return [
        np.asarray(geometry.slice_offsets_mm, dtype=np.float64),
        np.arange(rows, dtype=np.float64) * geometry.row_mm,
        np.arange(columns, dtype=np.float64) * geometry.column_mm,
    ]


def _shift(reference: Grid, evaluated: Grid) -> tuple[float, float, float]:
    """Return where the reference's first voxel lies on the evaluated axes, mm."""
    one, other = reference.geometry, evaluated.geometry
    frames = {reference.frame_uid, evaluated.frame_uid} - {""}
    if len(frames) > 1:
        raise NotComparableError(
            "the two doses lie in different frames of reference",
            where="gamma",
            remedy="Choose two doses of one frame, or bring one over by a registration.",
        )
    if np.abs(one.axes - other.axes).max() > TURNED or one.is_tilted or other.is_tilted:
        raise NotComparableError(
            "the two doses are turned against each other",
            where="gamma",
            remedy="Resample one of them onto the grid of the other first.",
        )
    columns, rows, slices = other.axes.T @ (one.origin_mm - other.origin_mm)
    return float(slices), float(rows), float(columns)


def _offsets(axes: list[Floats], criteria: Criteria) -> tuple[npt.NDArray[np.int64], Floats]:
    """Return steps to the cells within reach, nearest first, with the least distance of each.

    The distance is that from anywhere in the cell the steps start from, squared, in units of the
    distance to agreement.
    """
    reach = criteria.most * criteria.distance_mm
    least = [float(np.diff(one).min()) if len(one) > 1 else np.inf for one in axes]
    counts = [int(np.ceil(reach / step)) + 1 if np.isfinite(step) else 0 for step in least]
    spans = [np.arange(-count, count + 1) for count in counts]
    steps = np.stack(np.meshgrid(*spans, indexing="ij"), axis=-1).reshape(-1, 3)
    away = np.maximum(np.abs(steps) - 1, 0) * np.where(np.isfinite(least), least, 0.0)
    squared = (away**2).sum(axis=1) / criteria.distance_mm**2
    # Among cells that may be equally near, those in the middle first.
    order = np.lexsort((np.abs(steps).sum(axis=1), squared))
    order = order[squared[order] < criteria.most**2]
    return np.ascontiguousarray(steps[order]), np.ascontiguousarray(squared[order])


def warm_up() -> None:
    """Compile, or load what was compiled, for two small grids."""
    axes = [np.arange(2.0)] * 3
    dose = np.ones((2, 2, 2), dtype=np.float32)
    gamma_on_axes(axes, dose, axes, dose, Criteria())
