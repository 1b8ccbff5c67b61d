"""Which fields and sums are compared with the plan, and how serious a difference is (R-16, R-17).

A field that is no check by itself (`app.filter.mu.steadiness`) may still be one in the sum of its
prescription: the beams of an IMRT plan are steep, their sum at a point of the target is flat.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import reduce
from operator import add

from app.filter.limits import Limits
from app.filter.mu.electron import ElectronDose
from app.filter.mu.report import BeamResult, Total, percent
from core.findings import State

COMPARED = (State.PASS, State.WARNING, State.ERROR)


def judged(beams: Sequence[BeamResult], limits: Limits) -> tuple[list[BeamResult], list[Total]]:
    """Return the fields with their states, and the sums over beams and prescriptions."""
    made = [_judged(one, limits) for one in _parts(beams)]
    totals = list(_totals(made, limits))
    in_sum = {
        place for total in totals if total.state in COMPARED for place in total.members
    }  # fmt: skip
    for place in in_sum:
        one = made[place]
        if one.dose is not None and one.why and one.state == State.NOT_RUN:
            made[place] = replace(one, state=State.INFO)
    return made, totals


def limits_of(limits: Limits) -> tuple[float, float, float]:
    """Return where photons warn and fail, and where electrons fail, in per cent."""
    names = ("mu.photon_warn_percent", "mu.photon_fail_percent", "mu.electron_fail_percent")
    warn, fail, electron = (float(limits[name]) for name in names)
    return warn, fail, electron


def state_of(difference: float | None, limits: Limits, *, electron: bool) -> State:
    """Return how serious a difference is; NOT_RUN without one. At the limit it counts."""
    if difference is None:
        return State.NOT_RUN
    warn, fail, electron_fail = limits_of(limits)
    if not abs(difference) < (electron_fail if electron else fail):
        return State.ERROR
    return State.WARNING if not electron and not abs(difference) < warn else State.PASS


def _parts(beams: Sequence[BeamResult]) -> list[BeamResult]:
    """Take the plan's dose off fields that are only a part of a beam: their sum is compared."""
    counts = Counter((one.number, one.beam, one.site) for one in beams)
    return [
        replace(one, plan_cgy=None, part_of=one.plan_cgy)
        if counts[one.number, one.beam, one.site] > 1
        else one
        for one in beams
    ]


def _judged(one: BeamResult, limits: Limits) -> BeamResult:
    if one.dose is None:
        return one
    if one.plan_cgy is None and one.part_of is not None:
        return replace(one, state=State.INFO)
    state = state_of(one.difference_percent, limits, electron=isinstance(one.dose, ElectronDose))
    why = one.steady.why_not(limits) if one.steady is not None and one.plan_cgy else ""
    if not why and one.assumed and state in (State.WARNING, State.ERROR):
        why = _assumed(one.difference_percent)
    return replace(one, state=State.NOT_RUN, why=why) if why else replace(one, state=state)


def _assumed(difference: float | None) -> str:
    shown = f"{difference:+.1f} %, but " if difference is not None else ""
    return (
        f"{shown}the plan states no depth; distance less SSD is geometric, so that bone, lung "
        "and couch are unknown"
    )


def _totals(beams: Sequence[BeamResult], limits: Limits) -> Iterator[Total]:
    """Return the sums over split beams, and over the beams of each prescription."""
    split = ((b.number, b.beam, b.site) for b in beams if b.part_of is not None)
    for key in dict.fromkeys(split):
        own = [n for n, one in enumerate(beams) if (one.number, one.beam, one.site) == key]
        yield _total(f"beam {key[1]}", own, beams, [beams[own[0]].part_of], limits)
    for site in dict.fromkeys(one.site for one in beams):
        own = [n for n, one in enumerate(beams) if one.site == site]
        planned = {
            beams[n].number if beams[n].number is not None else beams[n].beam: beams[n].plan_cgy
            if beams[n].part_of is None
            else beams[n].part_of
            for n in own
        }
        if len(own) < 2 or any(isinstance(beams[n].dose, ElectronDose) for n in own):
            continue
        same = len({beams[n].place for n in own}) == 1
        why = "" if same else "the beams state their dose at different points"
        yield _total(site, own, beams, list(planned.values()), limits, why)


def _total(
    label: str,
    own: Sequence[int],
    beams: Sequence[BeamResult],
    planned: Sequence[float | None],
    limits: Limits,
    why: str = "",
) -> Total:
    doses, members = [beams[n].dose_cgy for n in own], tuple(own)
    if None in doses:
        why = "not every field of it was calculated"
    elif not why and None in planned:
        why = "the plan does not state the dose of every beam"
    if why:
        return Total(label, None, None, State.NOT_RUN, why, members)
    dose = sum(one for one in doses if one is not None)
    plan = sum(one for one in planned if one is not None)
    steady = [one for n in own if (one := beams[n].steady) is not None]
    if len(steady) == len(own):
        why = reduce(add, steady).why_not(limits, in_sum=True)
    state = state_of(percent(dose, plan), limits, electron=False)
    if not why and any(beams[n].assumed for n in own) and state in (State.WARNING, State.ERROR):
        why = _assumed(percent(dose, plan))
    return Total(label, dose, plan, State.NOT_RUN if why else state, why, members)
