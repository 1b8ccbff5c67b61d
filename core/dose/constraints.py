"""Dose constraints judged on DVHs with their error bands.

A constraint is met only when the whole band of the value meets it. What was not examined (no such
structure, several of that name, no DVH, partly outside the dose grid) is never a pass.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from math import isfinite
from typing import Protocol

import numpy as np

from core.dose.constraint_template import (
    AT_LEAST,
    AT_MOST,
    Constraint,
    Metric,
    Template,
    parse,
    read_template,
    shipped_templates,
    templates_in_force,
)
from core.dose.dvh import Tally
from core.dose.dvh_values import (
    Banded,
    Curves,
    dose_at_share,
    dose_at_volume,
    extremes_gy,
    mean_gy,
    share_at_dose,
    volume_at_dose,
    volume_cc,
)
from core.findings import State

__all__ = [
    "Constraint", "HasDvh", "Metric", "Template", "Verdict", "judge", "parse", "read_template",
    "shipped_templates", "templates_in_force", "value_of",
]  # fmt: skip

# As much of a volume may lie outside the dose grid without a note; see core.dicom.structure_dvh.
OUTSIDE_SHARE = 0.0005


class _Named(Protocol):
    @property
    def name(self) -> str: ...


class HasDvh(Protocol):
    """What is judged: `core.dicom.structure_dvh.StructureDvh` and anything like it."""

    @property
    def structure(self) -> _Named:
        """The structure; its name is looked up."""

    @property
    def problem(self) -> str:
        """Why there is no DVH; empty when there is one."""

    @property
    def tally(self) -> Tally | None:
        """Volume per dose bin."""

    @property
    def curves(self) -> Curves | None:
        """Cumulative volumes."""

    @property
    def low_confidence(self) -> bool:
        """Whether the structure is too small for its slices."""

    @property
    def is_partial(self) -> bool:
        """Whether the dose is a sum that lacks a part somewhere in the structure."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one constraint says of one structure.

    Attributes:
        constraint: The constraint.
        structure_name: Structure it was judged on; empty when there is none.
        value: In the unit of the metric; None when it was not judged.
        limit: Limit in the unit of the metric; None when there is none or it was not judged.
        state: PASS only when the whole band meets the limit.
        words: One sentence.

    """

    constraint: Constraint
    structure_name: str
    value: Banded | None
    limit: float | None
    state: State
    words: str


def judge(
    template: Template, dvhs: Sequence[HasDvh], reference_gy: float | None
) -> tuple[Verdict, ...]:
    """Return one verdict per constraint, or one per structure where each is judged by itself.

    Args:
        template: The constraints.
        dvhs: DVHs of all structures, those without one too.
        reference_gy: Dose that 100 % stands for; None when nothing is prescribed.

    """
    found: list[Verdict] = []
    for constraint in template.constraints:
        matching = [own for own in dvhs if _is_named(own.structure.name, constraint.patterns)]
        not_run = partial(_not_run, constraint)
        if not matching:
            found.append(not_run("", f"no structure is called {', '.join(constraint.patterns)}"))
        elif len(matching) > 1 and not constraint.each:
            names = ", ".join(own.structure.name for own in matching)
            found.append(not_run(names, f"several structures match: {names}"))
        else:
            found += [_judge_whole(constraint, own, reference_gy) for own in matching]
    return tuple(found)


def _is_named(name: str, patterns: Iterable[str]) -> bool:
    own = name.strip().casefold()
    return any(fnmatchcase(own, pattern.casefold()) for pattern in patterns)


def _not_run(constraint: Constraint, name: str, why: str) -> Verdict:
    return Verdict(constraint, name, None, None, State.NOT_RUN, why)


def _judge_whole(constraint: Constraint, own: HasDvh, reference_gy: float | None) -> Verdict:
    """Judge, but pass nothing because a part of the dose is not there."""
    found = _judge_one(constraint, own, reference_gy)
    if own.is_partial and found.state in (State.PASS, State.WARNING) and _flatters(constraint):
        why = "a dose of the sum ends within the structure, so that it may get more than this"
        return _not_run(constraint, own.structure.name, why)
    return found


def _judge_one(constraint: Constraint, own: HasDvh, reference_gy: float | None) -> Verdict:
    name = own.structure.name
    if own.problem or own.curves is None or own.tally is None:
        return _not_run(constraint, name, f"no DVH: {own.problem or 'it was not computed'}")
    reference = reference_gy if reference_gy is not None and reference_gy > 0 else 0.0
    if constraint.needs_reference and not reference:
        return _not_run(constraint, name, "there is no prescribed dose that 100 % could stand for")
    metric = constraint.metric
    whole = volume_cc(own.curves).value
    if metric.level_unit == "cc" and metric.level > whole:
        return _not_run(constraint, name, f"the structure has only {whole:.3g} cc")
    value = value_of(metric, own.tally, own.curves, reference)
    if not isfinite(value.value):
        return _not_run(constraint, name, "no part of the structure lies in the dose grid")
    limit = None
    if constraint.limit is not None:
        limit = constraint.in_unit(constraint.limit, reference)
    state, words = _state(constraint, value, limit, reference)
    if _is_outside(metric, own.curves, whole):
        outside = float(own.curves.outside[0])
        words = f"{outside:.2f} cc of {whole:.2f} cc lie outside the dose grid"
        if limit is None or not _surely_missed(constraint, value, reference):
            return _not_run(constraint, name, f"{words}, so that the value is not known")
        state, words = State.ERROR, f"missed whatever the rest gets: {words}"
    if own.low_confidence:
        words += "; low confidence: few slices for its size"
    return Verdict(constraint, name, value, limit, state, words)


def _is_outside(metric: Metric, curves: Curves, whole_cc: float) -> bool:
    """Tell whether so much lies outside the dose grid that it matters; none may for extremes."""
    in_cc = "cc" in (metric.unit, metric.level_unit) or metric.kind in ("Max", "Min")
    return float(curves.outside[0]) > (0.0 if in_cc else OUTSIDE_SHARE * whole_cc)


def _flatters(constraint: Constraint) -> bool:
    """Tell whether too low a dose looks better than the truth."""
    return (constraint.relation == AT_MOST) != (constraint.metric.kind == "CV")


def _surely_missed(constraint: Constraint, value: Banded, reference_gy: float) -> bool:
    """Tell whether the band is beyond the limit, though it counts what is outside as 0 Gy."""
    allowed = constraint.limit if constraint.warn is None else constraint.warn
    if (
        allowed is None
        or constraint.relation != AT_MOST
        or constraint.metric.kind in ("Min", "CV")
    ):
        return False
    return value.low > constraint.in_unit(allowed, reference_gy)


def _state(
    constraint: Constraint, value: Banded, limit: float | None, reference_gy: float
) -> tuple[State, str]:
    if limit is None:
        return State.INFO, "reported, no limit"
    is_met: Callable[[float], bool]
    if constraint.relation == AT_LEAST:
        worst, best = value.low, value.high
        is_met = limit.__le__
    else:
        worst, best = value.high, value.low
        is_met = limit.__ge__
    if is_met(value.value):
        if is_met(worst):
            return State.PASS, "met with the whole error band"
        return State.WARNING, "met, but the error band crosses the limit"
    reach = ", but within the error band" if is_met(best) else ""
    if constraint.warn is not None:
        warn = constraint.in_unit(constraint.warn, reference_gy)
        accepted = value.value >= warn if constraint.relation == AT_LEAST else value.value <= warn
        if accepted:
            words = f"up to {constraint.warn:g} {constraint.limit_unit}"
            return State.WARNING, f"missed{reach}; within the acceptable variation ({words})"
    return State.ERROR, f"missed{reach}"


def value_of(metric: Metric, tally: Tally, curves: Curves, reference_gy: float) -> Banded:
    """Return the value of a metric with its band, in the metric's unit."""
    if metric.kind == "Mean":
        return mean_gy(tally)
    if metric.kind in ("Max", "Min"):
        return extremes_gy(tally)[metric.kind == "Max"]
    if metric.kind == "D":
        if metric.level_unit == "cc":
            return dose_at_volume(curves, metric.level)
        return dose_at_share(curves, metric.level / 100)
    dose_gy = metric.dose_gy(reference_gy)
    if metric.unit == "cc":
        return (
            _spared_cc(curves, dose_gy) if metric.kind == "CV" else volume_at_dose(curves, dose_gy)
        )
    share = share_at_dose(curves, dose_gy)
    if metric.kind == "CV":
        share = Banded(1 - share.value, 1 - share.high, 1 - share.low)
    return Banded(share.value * 100, share.low * 100, share.high * 100)


def _spared_cc(curves: Curves, dose_gy: float) -> Banded:
    """Return the volume in cc that receives less than a dose."""
    edges = curves.edges_gy
    low, value, high = (
        float(np.interp(dose_gy, edges, curve[0] - curve))
        for curve in (curves.inner, curves.rule, curves.outer)
    )
    parts = [float(np.interp(dose_gy, edges, part[0] - part)) for part in curves.quarters]
    sampling = value * curves.sampling_share + (max(parts) - min(parts) if parts else 0.0)
    return Banded(value, max(min(low, value) - sampling, 0.0), max(high, value) + sampling)
