"""Dx, Vx, mean, lowest and highest dose of a structure, each with its error band."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.dose.dvh import Tally
from core.dose.geometry import Floats


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

    `rule`, `even` and `odd` are by the rule (the halves count twice, so that they compare);
    `inner` and `outer` are bounds. `outside` are the volumes outside the dose grid by the rule,
    inner and outer.

    """

    edges_gy: Floats
    rule: Floats
    even: Floats
    odd: Floats
    inner: Floats
    outer: Floats
    outside: tuple[float, float, float]


def curves(tally: Tally) -> Curves:
    """Return the cumulative curves of a tally."""
    return Curves(
        tally.edges_gy,
        cumulative(tally.rule_cc),
        cumulative(tally.even_cc * 2),
        cumulative(tally.odd_cc * 2),
        cumulative(tally.inner_cc),
        cumulative(tally.outer_cc),
        tally.outside_cc,
    )


def cumulative(volumes: Floats) -> Floats:
    """Return the volume at or above each edge; one value more than bins, the last one zero."""
    return np.concatenate([np.cumsum(volumes[::-1])[::-1], [0.0]])


def volume_cc(own: Curves) -> Banded:
    """Return the sampled volume, the part outside the dose grid included."""
    value = own.rule[0] + own.outside[0]
    return Banded(
        float(value), float(own.inner[0] + own.outside[1]), float(own.outer[0] + own.outside[2])
    )


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
    """Return the dose that at least this share (0 to 1) of the volume receives, in Gy."""
    best, low, high = share_curves(own)
    halves = [half / half[0] for half in (own.even, own.odd) if half[0] > 0]
    return _dose_banded(own, best, low, high, halves, share)


def dose_at_volume(own: Curves, cc: float) -> Banded:
    """Return the dose that at least this many cc receive, in Gy; 0 when it has not so many."""
    return _dose_banded(own, own.rule, own.inner, own.outer, [own.even, own.odd], cc)


def _dose_banded(
    own: Curves, best: Floats, low: Floats, high: Floats, halves: list[Floats], level: float
) -> Banded:
    find = _finder(own.edges_gy, level)
    value = find(best)
    sampling = _spread([find(half) for half in halves]) + own.edges_gy[1]
    return Banded(
        value, max(min(find(low), value) - sampling, 0), max(find(high), value) + sampling
    )


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
    at = [_at(own.edges_gy, curve, dose_gy) for curve in (own.rule, own.even, own.odd)]
    sampling = _spread(at[1:])
    low, high = (_at(own.edges_gy, curve, dose_gy) for curve in (own.inner, own.outer))
    return Banded(at[0], max(min(low, at[0]) - sampling, 0.0), max(high, at[0]) + sampling)


def share_at_dose(own: Curves, dose_gy: float) -> Banded:
    """Return the share (0 to 1) of the volume that receives at least this dose."""
    best, low, high = (_at(own.edges_gy, curve, dose_gy) for curve in share_curves(own))
    halves = [
        _at(own.edges_gy, half / half[0], dose_gy) for half in (own.even, own.odd) if half[0] > 0
    ]
    sampling = _spread(halves)
    return Banded(best, max(low - sampling, 0.0), min(high + sampling, 1.0))


def _at(edges: Floats, curve: Floats, dose_gy: float) -> float:
    return float(np.interp(dose_gy, edges, curve))


def mean_gy(tally: Tally) -> Banded:
    """Return the mean dose of the part inside the dose grid; the band counts outside as 0 Gy."""
    middles = (tally.edges_gy[:-1] + tally.edges_gy[1:]) / 2
    value = _mean(middles, tally.rule_cc)
    halves = [_mean(middles, half) for half in (tally.even_cc, tally.odd_cc)]
    extra = np.maximum(tally.outer_cc - tally.inner_cc, 0.0)
    low = _lowest_mean(middles, tally.inner_cc, extra, tally.outside_cc[2])
    high = -_lowest_mean(-middles[::-1], tally.inner_cc[::-1], extra[::-1], 0.0)
    sampling = _spread(halves)
    return Banded(value, max(min(low, value) - sampling, 0.0), max(high, value) + sampling)


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
        return Banded(np.nan, np.nan, np.nan), Banded(np.nan, np.nan, np.nan)
    width = float(tally.edges_gy[1])
    inner_low, inner_high = (inner[0], inner[1]) if np.isfinite(inner[0]) else (high, low)
    return (
        Banded(low, float(min(outer[0], low)), float(max(inner_low, low)) + width),
        Banded(high, float(min(inner_high, high)) - width, float(max(outer[1], high))),
    )
