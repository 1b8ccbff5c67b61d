"""What is drawn of DVHs, without a widget: lines in % or cc, places of limits, colours, words."""

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QColor, QPen

from app.contrast import contrast, luminance
from core.dicom.structure_dvh import ExportedCurve
from core.dose.constraints import Metric, Verdict
from core.dose.dvh_values import Banded, Curves, share_curves
from core.dose.geometry import Floats

# Differential curves: so many bins over the range of the dose.
BINS = 150
# A line is told from its ground at a contrast of 3 or more (WCAG 2.2, 1.4.11).
CONTRAST = 3.0
# Dashes of the lines in their widths: dotted for low confidence, dashed for exported curves.
DOTS, DASHES = (0.1, 1.9), (6.0, 3.0)
NOTHING = "–"  # noqa: RUF001  (a dash)


def number_text(value: float, digits: int = 2) -> str:
    """Return a number as the user's country writes it; a dash for none."""
    return QLocale().toString(float(value), "f", digits) if np.isfinite(value) else NOTHING


def banded_text(value: Banded, digits: int = 2) -> str:
    """Return a value with its half band, e.g. "45.21 ± 0.30"; a dash where there is none."""
    if not np.isfinite(value.value):
        return NOTHING
    return f"{number_text(value.value, digits)} ± {number_text(value.half_width, digits)}"


def line_pen(
    colour: QColor, width: float, pattern: tuple[float, ...] = (), *, cosmetic: bool = True
) -> QPen:
    """Return a pen, solid without a pattern; a cosmetic one stays as wide whatever the zoom."""
    pen = QPen(colour, width)
    pen.setCosmetic(cosmetic)
    if pattern:
        pen.setDashPattern(pattern)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap if pattern == DOTS else Qt.PenCapStyle.FlatCap)
    return pen


def seen_on(colour: QColor, ground: QColor) -> QColor:
    """Return the colour, made darker or lighter in its hue until it stands out from the ground."""
    hue, saturation, lightness = colour.hslHueF(), colour.hslSaturationF(), colour.lightnessF()
    step = 0.02 if luminance(ground) < 0.18 else -0.02
    made = QColor(colour)
    while contrast(made, ground) < CONTRAST and 0 < lightness + step < 1:
        lightness += step
        made = QColor.fromHslF(max(hue, 0.0), saturation, lightness)
    return made


def differential(
    edges_gy: Floats, cumulative: Floats, bins: int = BINS, top_gy: float | None = None
) -> tuple[Floats, Floats]:
    """Return the middles of the bins (Gy) and volume per Gy; the area is the whole volume."""
    doses = np.linspace(edges_gy[0], top_gy or edges_gy[-1], bins + 1)
    inside = np.interp(doses, edges_gy, cumulative, right=0.0)
    return (doses[:-1] + doses[1:]) / 2, -np.diff(inside) / np.diff(doses)


def cumulative_lines(own: Curves, *, in_cc: bool) -> tuple[Floats, Floats, Floats]:
    """Return the volume at or above each edge and its band, in % or cc."""
    if not in_cc:
        best, low, high = share_curves(own)
        return best * 100, low * 100, high * 100
    sampling = own.rule * own.sampling_share
    low = np.maximum(np.minimum(own.inner, own.rule) - sampling, 0.0)
    return own.rule, low, np.maximum(own.outer, own.rule) + sampling


def differential_lines(own: Curves, *, in_cc: bool) -> tuple[Floats, Floats, Floats, Floats]:
    """Return doses, and volume per Gy with its band: what is surely there, what at most."""
    doses, best = differential(own.edges_gy, own.rule)
    low = np.minimum(differential(own.edges_gy, own.inner)[1], best)
    high = np.maximum(differential(own.edges_gy, own.outer)[1], best)
    if in_cc:
        return doses, best, low, high
    whole, most, least = (max(float(c[0]), 1e-9) for c in (own.rule, own.outer, own.inner))
    high = high * 100 / (least if least > 0.1 * whole else whole)
    return doses, best * 100 / whole, low * 100 / most, high


def exported_line(
    exported: ExportedCurve, own: Curves, *, in_cc: bool, differentially: bool
) -> tuple[Floats, Floats]:
    """Return the exported curve in the units of ours; in percent of its own volume."""
    whole = exported.volume_cc or float(own.rule[0])
    volume = exported.share * (whole if in_cc else 100.0)
    if not differentially:
        return exported.dose_gy, volume
    return differential(exported.dose_gy, volume)


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a limit lies on the cumulative plot: dose in Gy, volume in % or cc."""

    dose_gy: float
    volume: float
    at_most: bool
    met: bool
    words: str


def mark_of(verdict: Verdict, own: Curves, reference_gy: float, *, in_cc: bool) -> Mark | None:
    """Return the mark of a limit; None when there is none or it was not judged."""
    if verdict.limit is None or verdict.value is None:
        return None
    constraint, metric = verdict.constraint, verdict.constraint.metric
    whole = float(own.rule[0])
    dose, volume_cc = _place(metric, verdict.limit, whole, reference_gy)
    volume = volume_cc if in_cc else 100 * volume_cc / max(whole, 1e-9)
    at_most = constraint.relation == "<="
    met = verdict.value.value <= verdict.limit if at_most else verdict.value.value >= verdict.limit
    words = f"{verdict.structure_name}: {constraint.words}, {verdict.words}"
    return Mark(dose, volume, at_most != (metric.kind == "CV"), met, words)


def _place(
    metric: Metric, limit: float, whole_cc: float, reference_gy: float
) -> tuple[float, float]:
    """Return dose and volume in cc; mean and highest dose stand on the axis, the lowest above."""
    if metric.kind == "D":
        in_cc = metric.level_unit == "cc"
        return limit, metric.level if in_cc else metric.level / 100 * whole_cc
    if metric.kind in ("V", "CV"):
        volume = limit if metric.unit == "cc" else limit / 100 * whole_cc
        return metric.dose_gy(reference_gy), whole_cc - volume if metric.kind == "CV" else volume
    return limit, whole_cc if metric.kind == "Min" else 0.0
