"""The check of the monitor units: every field of an export at its plan's point (R-16, R-17, R-19).

The R&V's MU, collimators and angles; the plan's point, depth and leaf widths; the clinic's book.
What cannot be calculated is shown as not run with its reason, and never counts as a pass.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from app.filter.compare import Match, compare
from app.filter.field import Field, Plan
from app.filter.limits import Limits, read_limits
from app.filter.mu.book import Book
from app.filter.mu.electron import ElectronDose, ElectronInput, electron_dose
from app.filter.mu.photon import PhotonDose, photon_dose
from app.filter.mu.plan_points import Stated, point_for, stated_points
from app.filter.plan_source import read_plan_source
from app.filter.rv_source import open_rv
from core.errors import RemedyError
from core.findings import Finding, NotChecked, State, overall

T = TypeVar("T")
RULE_VERSION = "MU-1"
LEFT_OUT = (
    NotChecked("heterogeneity", "the patient is water: lung and bone are not corrected for"),
    NotChecked("surface", "the skin is flat and at right angles to the axis; no missing scatter"),
    NotChecked("backscatter", "backscatter into the monitor chamber is not modelled"),
    NotChecked(
        "leaf shape", "rounded tips, tongue and groove and dosimetric gap are not modelled"
    ),
    NotChecked("couch", "couch top and immobilisation are not modelled"),
    NotChecked("equations", "(4) to (8) of the paper were reconstructed from its text"),
)
FIND = "Find the cause: compare factors, depth and point with the plan; measure if it stays."


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user adds: by beam name or field ID.

    Attributes:
        depth_cm: Depth of the point, instead of the plan's.
        flash_cm: By edge ("X1": cm), see `app.filter.mu.strips.cropped`.
        electrons: Cutout, SSD and isodose of electron fields.

    """

    depth_cm: Mapping[str, float] = field(default_factory=dict)
    flash_cm: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    electrons: Mapping[str, ElectronInput] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BeamResult:
    """One R&V field: its dose by the book against the plan's.

    Attributes:
        plan_cgy: Dose of the plan's beam at the point; None when the plan does not state it or
            the field is only a part of the beam.
        why: Why nothing was calculated.
        part_of: Dose of the whole beam, where this field is only a part of it.
        place: The point in the frame of the plan.

    """

    field_id: str
    beam: str
    site: str
    mu: float | None
    book_beam: str = ""
    dose: PhotonDose | ElectronDose | None = None
    plan_cgy: float | None = None
    state: State = State.NOT_RUN
    point: str = ""
    radiological_cm: float | None = None
    why: str = ""
    remedy: str = ""
    part_of: float | None = None
    place: tuple[float, ...] = ()

    @property
    def dose_cgy(self) -> float | None:
        """Dose per fraction by the book."""
        return None if self.dose is None else self.dose.dose_cgy

    @property
    def difference_percent(self) -> float | None:
        """Book less plan, in per cent of the plan."""
        return percent(self.dose_cgy, self.plan_cgy)


@dataclass(frozen=True, slots=True)
class Total:
    """Sum over a split beam, or over one prescription at the common point of its beams."""

    label: str
    dose_cgy: float | None
    plan_cgy: float | None
    state: State
    why: str = ""

    @property
    def difference_percent(self) -> float | None:
        """Book less plan, in per cent of the plan."""
        return percent(self.dose_cgy, self.plan_cgy)


@dataclass(frozen=True, slots=True)
class MuReport:
    """The whole result; every page, sheet and command shows this and nothing else."""

    rv: str
    plan: str
    patient_id: str
    patient_name: str
    book: str
    book_digest: str
    notice: str
    beams: tuple[BeamResult, ...]
    totals: tuple[Total, ...]
    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...]
    limits: tuple[float, float, float]
    rule_version: str = RULE_VERSION

    @property
    def status(self) -> State:
        """ERROR, WARNING or PASS; a field that was not calculated keeps it from PASS."""
        state = overall(self.findings)
        silent = any(one.state == State.NOT_RUN for one in self.findings)
        return State.WARNING if silent and state == State.PASS else state

    @property
    def ran(self) -> bool:
        """Whether any field was calculated at all."""
        return any(one.dose is not None for one in self.beams)


def percent(value: float | None, of: float | None) -> float | None:
    """Return the difference in per cent of the second; None without either."""
    return None if value is None or not of else 100 * (value / of - 1)


def mu_report(
    rv_path: Path,
    plan_path: Path,
    book: Book,
    choices: Choices | None = None,
    trial: str | None = None,
) -> MuReport:
    """Calculate every field of an export and compare with the plan.

    Args:
        rv_path: What the R&V system exported; the plan itself for a check before the transfer.
        plan_path: The plan.
        book: The clinic's data.
        choices: What the user adds.
        trial: Of a Pinnacle plan.

    Raises:
        RemedyError: One of the sources cannot be read.

    """
    rv = open_rv(rv_path) if rv_path != plan_path else None
    plan = read_plan_source(plan_path, trial)
    return report_of(rv or plan, plan, book, choices or Choices(), stated_points(plan, trial))


def report_of(
    rv: Plan, plan: Plan, book: Book, choices: Choices, stated: Mapping[str, Stated]
) -> MuReport:
    """Calculate and compare what has been read."""
    limits = read_limits()
    pairs = field_pairs(rv, plan, limits)
    made = [_calculated(own, beam, plan.position, book, choices, stated) for own, beam in pairs]
    beams = [_judged(one, limits) for one in _parts(made)]
    totals = tuple(_totals(beams, limits))
    paired = {id(own) for own, _ in pairs}
    spare = [
        NotChecked("monitor units", "the field was paired with no beam of the plan", own.id)
        for own in rv.fields
        if not own.setup and id(own) not in paired
    ]
    name = ", ".join(part for part in (plan.patient.last_name, plan.patient.first_name) if part)
    return MuReport(
        rv.source, plan.source, plan.patient.id, name, book.name, book.digest, book.notice,
        tuple(beams), totals, tuple(_findings(beams, totals, book)),
        (*spare, *LEFT_OUT), _limits(limits),
    )  # fmt: skip


def field_pairs(rv: Plan, plan: Plan, limits: Limits) -> list[tuple[Field, Field]]:
    """Return each treatment field with its plan beam."""
    if rv is plan:
        return [(one, one) for one in plan.fields if not one.setup]
    matches: Sequence[Match] = compare(rv, plan, limits).matches
    names = {match.rv_field: match.plan_beam for match in matches}
    beams = {beam.id: beam for beam in plan.fields if beam.id}
    beams |= {beam.name: beam for beam in plan.fields}
    return [
        (own, beams[names[own.id]])
        for own in rv.fields
        if not own.setup and names.get(own.id) in beams
    ]


def _calculated(
    own: Field,
    beam: Field,
    position: str | None,
    book: Book,
    choices: Choices,
    stated: Mapping[str, Stated],
) -> BeamResult:
    label = own.id or own.name
    mu = None if own.mu is None else float(own.mu)
    planned = None if beam.dose_cgy is None else float(beam.dose_cgy)
    made = BeamResult(label, beam.name, own.site or beam.site, mu, plan_cgy=planned)
    own_stated = stated.get(beam.name, Stated())
    keys = (label, own.name, beam.name)
    try:
        book_beam = book.beam_for(own if own.energy is not None else beam)
        made = replace(made, book_beam=book_beam.id, radiological_cm=own_stated.radiological_cm,
                       place=own_stated.place_mm)  # fmt: skip
        if book_beam.modality == "electron":
            given = _chosen(choices.electrons, keys) or ElectronInput()
            dose = electron_dose(own, beam, book_beam, given, own_stated.outline_cm)
            return replace(made, dose=dose, point=dose.point)
        point = point_for(own_stated, beam, position, _chosen(choices.depth_cm, keys))
        flash = _chosen(choices.flash_cm, keys)
        return replace(
            made, dose=photon_dose(own, beam, point, book, flash), point=point.source
        )  # fmt: skip
    except RemedyError as problem:
        return replace(made, why=f"{problem.what} ({problem.where})", remedy=problem.remedy)


def _chosen(values: Mapping[str, T], keys: Sequence[str]) -> T | None:
    return next((values[key] for key in keys if key in values), None)


def _parts(beams: Sequence[BeamResult]) -> list[BeamResult]:
    """Take the plan's dose off fields that are only a part of a beam: their sum is compared."""
    counts = Counter((one.beam, one.site) for one in beams)
    return [
        replace(one, plan_cgy=None, part_of=one.plan_cgy)
        if counts[one.beam, one.site] > 1
        else one
        for one in beams
    ]


def _judged(one: BeamResult, limits: Limits) -> BeamResult:
    if one.dose is None:
        return one
    if one.plan_cgy is None and one.part_of is not None:
        return replace(one, state=State.INFO)
    state = _state(one.difference_percent, limits, electron=isinstance(one.dose, ElectronDose))
    return replace(one, state=state)


def _state(difference: float | None, limits: Limits, *, electron: bool) -> State:
    """Return how serious a difference is; NOT_RUN without one. At the limit it counts."""
    if difference is None:
        return State.NOT_RUN
    warn, fail, electron_fail = _limits(limits)
    if not abs(difference) < (electron_fail if electron else fail):
        return State.ERROR
    return State.WARNING if not electron and not abs(difference) < warn else State.PASS


def _limits(limits: Limits) -> tuple[float, float, float]:
    names = ("mu.photon_warn_percent", "mu.photon_fail_percent", "mu.electron_fail_percent")
    warn, fail, electron = (float(limits[name]) for name in names)
    return warn, fail, electron


def _totals(beams: Sequence[BeamResult], limits: Limits) -> Iterator[Total]:
    """Return the sums over split beams, and over the beams of each prescription."""
    for beam, site in dict.fromkeys((b.beam, b.site) for b in beams if b.part_of is not None):
        own = [one for one in beams if (one.beam, one.site) == (beam, site)]
        plan = own[0].part_of
        yield _total(f"beam {beam}", [one.dose_cgy for one in own], [plan], limits)
    for site in dict.fromkeys(one.site for one in beams):
        own = [one for one in beams if one.site == site]
        planned = {one.beam: one.plan_cgy if one.part_of is None else one.part_of for one in own}
        if len(own) < 2 or any(isinstance(one.dose, ElectronDose) for one in own):
            continue
        places = {one.place for one in own}
        why = "" if len(places) == 1 else "the beams state their dose at different points"
        yield _total(site, [one.dose_cgy for one in own], list(planned.values()), limits, why)


def _total(
    label: str,
    doses: Sequence[float | None],
    planned: Sequence[float | None],
    limits: Limits,
    why: str = "",
) -> Total:
    if None in doses:
        why = "not every field of it was calculated"
    elif not why and None in planned:
        why = "the plan does not state the dose of every beam"
    if why:
        return Total(label, None, None, State.NOT_RUN, why)
    dose = sum(one for one in doses if one is not None)
    plan = sum(one for one in planned if one is not None)
    return Total(label, dose, plan, _state(percent(dose, plan), limits, electron=False))


def _findings(
    beams: Sequence[BeamResult], totals: Sequence[Total], book: Book
) -> Iterator[Finding]:
    for one in beams:
        label = f"Field {one.field_id}"
        if one.dose is None:
            yield Finding("F-MU-NOT-RUN", State.NOT_RUN, f"{label}: {one.why}", one.field_id,
                          item="monitor_units", remedy=one.remedy)  # fmt: skip
        elif one.part_of is None and one.plan_cgy is None:
            words = f"{label}: {one.dose_cgy:.2f} cGy by the book; the plan states no beam dose"
            yield Finding("F-MU-NO-PLAN-DOSE", State.NOT_RUN, words, one.field_id,
                          item="monitor_units",
                          remedy="Export the plan with beam doses.")  # fmt: skip
        elif one.plan_cgy is not None:
            yield _compared("F-MU-BEAM", label, one, one.field_id)
    for total in totals:
        label = f"Sum of {total.label}"
        if total.why:
            yield Finding("F-MU-TOTAL", State.NOT_RUN, f"{label}: {total.why}",
                          item="monitor_units", remedy="Look at the single fields.")  # fmt: skip
        else:
            yield _compared("F-MU-TOTAL", label, total, "")
    if book.notice:
        yield Finding("F-MU-GENERIC", State.INFO, book.notice, item="dosimetry book",
                      remedy="Commission a book of your own before you rely on this.")  # fmt: skip


def _compared(rule: str, label: str, one: BeamResult | Total, field_id: str) -> Finding:
    dose, plan, difference = one.dose_cgy or 0.0, one.plan_cgy or 0.0, one.difference_percent
    words = f"{label}: {dose:.2f} cGy by the book, {plan:.2f} cGy in the plan"
    shown = f"{difference:+.1f}" if difference is not None else ""
    if shown:
        words += f" ({shown} %)"
    return Finding(rule, one.state, words, field_id, item="monitor_units", expected=f"{plan:.2f}",
                   found=f"{dose:.2f}", unit="cGy", difference=f"{dose - plan:+.2f}",
                   remedy=FIND if one.state != State.PASS else "")  # fmt: skip
