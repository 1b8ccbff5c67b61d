"""Dx, Vx, mean, lowest and highest dose of a structure, each with its error band."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.dose.dvh import Tally
from core.dose.geometry import Floats

# A volume of n samples counts as known to this share over the root of n, at most to the second.
ROUGH_SAMPLES, ROUGH_MOST = 8.0, 0.5


@dataclass(frozen=True, slots=True)
class Banded:
    """One value and the band in which the truth lies.

    Attributes:
        value: Best estimate, by the rule.
        low: Lower end of the band.
        high: Upper end of the band.

    """

    value: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Half the width of the band."""
        return (self.high - self.low) / 2


@dataclass(frozen=True, eq=False, slots=True)
class Curves:
    """Cumulative volumes over the left bin edges and one edge more; all in cc.

    `rule` and `quarters` are by the rule (the quarters of the samples count four times, so that
    they compare); `inner` and `outer` are bounds. `outside` are the volumes outside the dose grid
    by the rule, inner and outer. `contour_cc` is the volume from the contours' areas, `sample_cc`
    that of one sample.

    """

    edges_gy: Floats
    rule: Floats
    quarters: tuple[Floats, ...]
    inner: Floats
    outer: Floats
    outside: tuple[float, float, float]
    contour_cc: float
    sample_cc: float

    @property
    def sampling_share(self) -> float:
        """Error of sampling volumes: spread of the quarters and difference to the areas."""
        whole = self.rule[0] + self.outside[0]
        if not whole > 0:
            return 0.0
        halves = [float(quarter[0]) for quarter in self.quarters]
        own = float(self.rule[0])
        spread = (max(halves) - min(halves)) / own / 4 if own > 0 else 0.0
        return spread + abs(self.contour_cc - float(whole)) / float(whole)


# Where nothing is known, since too little lies in the dose grid.
UNKNOWN = Banded(np.nan, np.nan, np.nan)


def curves(tally: Tally) -> Curves:
    """Return the cumulative curves of a tally."""
    return Curves(
        tally.edges_gy,
        cumulative(tally.rule_cc),
        tuple(cumulative(quarter * 4) for quarter in tally.quarters_cc),
        cumulative(tally.inner_cc),
        cumulative(tally.outer_cc),
        tally.outside_cc,
        tally.contour_cc,
        tally.step_mm**3 / 1000,
    )


def cumulative(volumes: Floats) -> Floats:
    """Return the volume at or above each edge; one value more than bins, the last one zero."""
    return np.concatenate([np.cumsum(volumes[::-1])[::-1], [0.0]])


def volume_cc(own: Curves) -> Banded:
    """Return the sampled volume, the part outside the dose grid included."""
    value = float(own.rule[0] + own.outside[0])
    sampling = value * own.sampling_share
    low, high = own.inner[0] + own.outside[1], own.outer[0] + own.outside[2]
    return Banded(value, max(min(float(low), value) - sampling, 0.0), float(high) + sampling)


def _share_bounds(own: Curves) -> tuple[Floats, Floats]:
    """Return lowest and highest possible share of the volume at or above each edge.

    The truth lies between inner and outer bound. Its share is lowest when it has as little as
    possible above the dose and as much as possible below; what lies outside the grid counts as
    below for the lowest, and as like the rest for the highest.

    """
    inner_below = own.inner[0] - own.inner
    outer_below = own.outer[0] - own.outer
    with np.errstate(divide="ignore", invalid="ignore"):
        low = own.inner / (own.inner + outer_below + own.outside[2])
        high = own.outer / (own.outer + inner_below)
    return np.nan_to_num(low), np.nan_to_num(high)


def share_curves(own: Curves) -> tuple[Floats, Floats, Floats]:
    """Return the share of the volume at or above each edge, and its band; 0 to 1."""
    whole = own.rule[0]
    share = own.rule / whole if whole > 0 else np.zeros_like(own.rule)
    low, high = _share_bounds(own)
    return share, np.minimum(low, share), np.maximum(high, share)


def dose_at_share(own: Curves, share: float) -> Banded:
    """Return the dose that at least this share (0 to 1) of the volume receives, in Gy.

    The share is of what lies in the dose grid; NaN when nothing does.

    """
    if not own.rule[0] > 0:
        return UNKNOWN
    best, low, high = share_curves(own)
    parts = [part / part[0] for part in own.quarters if part[0] > 0]
    return _dose_banded(own, best, low, high, parts, share)


def dose_at_volume(own: Curves, cc: float) -> Banded:
    """Return the dose that at least this many cc receive, in Gy; NaN when it has not so many."""
    if own.rule[0] < cc:
        return UNKNOWN
    given = _dose_banded(own, own.rule, own.inner, own.outer, list(own.quarters), cc)
    # A volume of few samples is itself known roughly only.
    rough = min(ROUGH_SAMPLES / max(cc / own.sample_cc, 1.0) ** 0.5, ROUGH_MOST)
    at = [_finder(own.edges_gy, cc * factor)(own.rule) for factor in (1 - rough, 1 + rough)]
    more, less = max(at[0] - given.value, 0.0), max(given.value - at[1], 0.0)
    return Banded(given.value, given.low - less, given.high + more)


def _dose_banded(
    own: Curves, best: Floats, low: Floats, high: Floats, parts: list[Floats], level: float
) -> Banded:
    find = _finder(own.edges_gy, level)
    value = find(best)
    sampling = _spread([find(part) for part in parts]) + own.edges_gy[1] - own.edges_gy[0]
    return Banded(value, min(find(low), value) - sampling, max(find(high), value) + sampling)


def _finder(edges: Floats, level: float) -> Callable[[Floats], float]:
    def find(curve: Floats) -> float:
        if not curve[0] >= level:
            return 0.0
        # Curves fall; the last edge at which it still holds, and the way on into the bin.
        last = int(np.searchsorted(-curve, -level, side="right")) - 1
        if last >= len(edges) - 1:
            return float(edges[-1])
        drop = curve[last] - curve[last + 1]
        part = (curve[last] - level) / drop if drop > 0 else 0.0
        return float(edges[last] + part * (edges[last + 1] - edges[last]))

    return find


def _spread(values: list[float]) -> float:
    return max(values) - min(values) if values else 0.0


def volume_at_dose(own: Curves, dose_gy: float) -> Banded:
    """Return the volume in cc that receives at least this dose."""
    value = _at(own.edges_gy, own.rule, dose_gy)
    spread = _spread([_at(own.edges_gy, part, dose_gy) for part in own.quarters])
    sampling = spread + value * own.sampling_share
    low, high = (_at(own.edges_gy, curve, dose_gy) for curve in (own.inner, own.outer))
    return Banded(value, max(min(low, value) - sampling, 0.0), max(high, value) + sampling)


def share_at_dose(own: Curves, dose_gy: float) -> Banded:
    """Return the share (0 to 1) of the volume that receives at least this dose, as above."""
    if not own.rule[0] > 0:
        return UNKNOWN
    best, low, high = (_at(own.edges_gy, curve, dose_gy) for curve in share_curves(own))
    parts = [_at(own.edges_gy, part / part[0], dose_gy) for part in own.quarters if part[0] > 0]
    sampling = _spread(parts)
    return Banded(best, max(low - sampling, 0.0), min(high + sampling, 1.0))


def _at(edges: Floats, curve: Floats, dose_gy: float) -> float:
    return float(np.interp(dose_gy, edges, curve))


def mean_gy(tally: Tally) -> Banded:
    """Return the mean dose of the part inside the dose grid; the band counts outside as 0 Gy.

    NaN when no part is inside.

    """
    if not tally.rule_cc.sum() > 0:
        return UNKNOWN
    middles = (tally.edges_gy[:-1] + tally.edges_gy[1:]) / 2
    value = _mean(middles, tally.rule_cc)
    parts = [_mean(middles, part) for part in tally.quarters_cc]
    extra = np.maximum(tally.outer_cc - tally.inner_cc, 0.0)
    low = _lowest_mean(middles, tally.inner_cc, extra, tally.outside_cc[2])
    high = -_lowest_mean(-middles[::-1], tally.inner_cc[::-1], extra[::-1], 0.0)
    sampling = _spread(parts)
    return Banded(value, min(low, value) - sampling, max(high, value) + sampling)


def _mean(middles: Floats, volumes: Floats) -> float:
    whole = float(volumes.sum())
    return float(middles @ volumes) / whole if whole > 0 else 0.0


def _lowest_mean(middles: Floats, certain: Floats, extra: Floats, nothing: float) -> float:
    """Return the lowest mean of `certain` with any part of `extra` and `nothing` at dose 0."""
    volume = certain.sum() + nothing + np.concatenate([[0.0], np.cumsum(extra)])
    moment = certain @ middles + np.concatenate([[0.0], np.cumsum(extra * middles)])
    usable = volume > 0
    return float((moment[usable] / volume[usable]).min()) if usable.any() else 0.0


def extremes_gy(tally: Tally) -> tuple[Banded, Banded]:
    """Return lowest and highest dose; NaN when nothing lies inside the grid."""
    (low, high), inner, outer = tally.extremes_gy
    if not np.isfinite(low):
        low, high = outer
    if not np.isfinite(low):
        return UNKNOWN, UNKNOWN
    width = float(tally.edges_gy[1] - tally.edges_gy[0])
    inner_low, inner_high = (inner[0], inner[1]) if np.isfinite(inner[0]) else (high, low)
    return (
        Banded(low, float(min(outer[0], low)) - width, float(max(inner_low, low)) + width),
        Banded(high, float(min(inner_high, high)) - width, float(max(outer[1], high)) + width),
    )
