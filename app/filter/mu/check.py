"""The check of the monitor units: every field of an export at its plan's point (R-16, R-17, R-19).

The R&V's MU, collimators and angles; the plan's point, depth and leaf widths; the clinic's book.
What cannot be calculated is shown as not run with its reason, and never counts as a pass.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from app.filter.compare import Match, compare
from app.filter.field import Field, Plan
from app.filter.limits import Limits, limits_in_force
from app.filter.mu.book import Book
from app.filter.mu.calibration import assumed, calibration_findings
from app.filter.mu.ct_depth import read_ct, traced_points
from app.filter.mu.electron import ElectronInput, electron_dose
from app.filter.mu.electron_density import density_curve
from app.filter.mu.mu_findings import findings_of
from app.filter.mu.photon import photon_dose
from app.filter.mu.plan_points import WATER, Stated, Traced, point_for, stated_points
from app.filter.mu.report import BeamResult, MuReport
from app.filter.mu.steadiness import steadiness_of
from app.filter.mu.sums import judged, limits_of
from app.filter.plan_source import read_plan_source
from app.filter.rule_set import MU, rule_set
from app.filter.rv_source import open_rv
from core.errors import ClinicFileError, RemedyError
from core.findings import NotChecked

T = TypeVar("T")
LEFT_OUT = (
    NotChecked(
        "heterogeneity",
        "a water-equivalent depth takes lung and bone into account along the ray alone; a "
        "geometric one does not",
    ),
    NotChecked("surface", "the skin is flat and at right angles to the axis; no missing scatter"),
    NotChecked("backscatter", "backscatter into the monitor chamber is not modelled"),
    NotChecked(
        "leaf shape", "rounded tips, tongue and groove and dosimetric gap are not modelled"
    ),
    NotChecked("couch", "couch top and immobilisation are not modelled"),
    NotChecked("equations", "(4) and (5) of the paper were reconstructed from its text"),
)


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user adds: by beam name or field ID.

    Attributes:
        depth_cm: Depth of the point, instead of the plan's.
        flash_cm: By edge ("X1": cm), see `app.filter.mu.strips.cropped`.
        electrons: Cutout, SSD and isodose of electron fields.
        depth_kind: `WATER` (where there is one) or `GEOMETRIC`.
        traced: Depths traced through the CT, by beam number.

    """

    depth_cm: Mapping[str, float] = field(default_factory=dict)
    flash_cm: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    electrons: Mapping[str, ElectronInput] = field(default_factory=dict)
    depth_kind: str = WATER
    traced: Mapping[int | None, Traced] = field(default_factory=dict)


def mu_report(
    rv_path: Path,
    plan_path: Path,
    book: Book,
    choices: Choices | None = None,
    trial: str | None = None,
    ct: Path | None = None,
) -> MuReport:
    """Calculate every field of an export and compare with the plan.

    Args:
        rv_path: What the R&V system exported; the plan itself for a check before the transfer.
        plan_path: The plan.
        book: The clinic's data.
        choices: What the user adds.
        trial: Of a Pinnacle plan.
        ct: Folder of the planning CT: depths are traced through it.

    Raises:
        RemedyError: One of the sources cannot be read.

    """
    rv = open_rv(rv_path) if rv_path != plan_path else None
    plan = read_plan_source(plan_path, trial)
    stated, chosen = stated_points(plan, trial), choices or Choices()
    if ct is not None:
        depths = traced_points(plan, stated, read_ct(ct), density_curve())
        chosen = replace(chosen, traced=depths)
    return report_of(rv or plan, plan, book, chosen, stated)


def report_of(
    rv: Plan, plan: Plan, book: Book, choices: Choices, stated: Mapping[int | None, Stated]
) -> MuReport:
    """Calculate and compare what has been read.

    Raises:
        ClinicFileError: Something was added for a field that is not there.

    """
    _refuse_unknown(choices, rv, plan)
    limits = limits_in_force()
    pairs = field_pairs(rv, plan, limits)
    made = [
        _calculated(own, beam, plan.position, book, choices, stated, limits) for own, beam in pairs
    ]
    beams, totals = judged(made, limits)
    paired = {id(own) for own, _ in pairs}
    spare = [
        NotChecked("monitor units", "the field was paired with no beam of the plan", own.id)
        for own in rv.fields
        if not own.setup and id(own) not in paired
    ]
    found = (*findings_of(beams, totals, book), *calibration_findings(beams, book, limits))
    name = ", ".join(part for part in (plan.patient.last_name, plan.patient.first_name) if part)
    return MuReport(
        rv.source, plan.source, plan.patient.id, name, book.name, book.digest, book.notice,
        tuple(beams), tuple(totals), found,
        (*spare, *assumed(beams, book), *LEFT_OUT), limits_of(limits),
        rules=rule_set(kinds=MU),
    )  # fmt: skip


def _refuse_unknown(choices: Choices, rv: Plan, plan: Plan) -> None:
    known = {name for one in (*rv.fields, *plan.fields) for name in (one.id, one.name) if name}
    given = (choices.depth_cm, choices.flash_cm, choices.electrons)
    for name in dict.fromkeys(key for one in given for key in one):
        if name not in known:
            raise ClinicFileError(
                f"something is given for the field {name!r}, which is not there",
                where=rv.source, remedy=f"Name one of: {', '.join(sorted(known))}.",
            )  # fmt: skip


def field_pairs(rv: Plan, plan: Plan, limits: Limits) -> list[tuple[Field, Field]]:
    """Return each treatment field with its plan beam; beams may share a name."""
    if rv is plan:
        return [(one, one) for one in plan.fields if not one.setup]
    matches: Sequence[Match] = compare(rv, plan, limits).matches
    names = {match.rv_field: match.plan_beam for match in matches}
    found: list[tuple[Field, Field]] = []
    for own in rv.fields:
        name = names.get(own.id)
        beams = [beam for beam in plan.fields if name and name in (beam.name, beam.id)]
        if len(beams) > 1:
            beams = [beam for beam in beams if beam.number == own.number]
        if len(beams) == 1 and not own.setup:
            found.append((own, beams[0]))
    return found


def _calculated(
    own: Field,
    beam: Field,
    position: str | None,
    book: Book,
    choices: Choices,
    stated: Mapping[int | None, Stated],
    limits: Limits,
) -> BeamResult:
    label = own.id or own.name
    mu = None if own.mu is None else float(own.mu)
    planned = float(beam.dose_cgy) if beam.dose_cgy else None
    made = BeamResult(
        label, beam.name, own.site or beam.site, mu, plan_cgy=planned, number=beam.number
    )
    own_stated = stated.get(beam.number, Stated())
    keys = (label, own.name, beam.name)
    try:
        book_beam = book.beam_for(own if own.energy is not None else beam)
        made = replace(
            made, book_beam=book_beam.id, place=own_stated.place_mm,
            calibration=own_stated.calibration,
        )  # fmt: skip
        if book_beam.modality == "electron":
            given = _chosen(choices.electrons, keys) or ElectronInput()
            dose = electron_dose(own, beam, book_beam, given, own_stated.outline_cm)
            return replace(made, dose=dose, point=dose.point)
        point = point_for(
            own_stated, beam, position, _chosen(choices.depth_cm, keys),
            choices.traced.get(beam.number), choices.depth_kind,
        )  # fmt: skip
        flash = _chosen(choices.flash_cm, keys)
        photon = photon_dose(own, beam, point, book, flash, own_stated.shield)
        sad_cm = float(own.sad_mm or beam.sad_mm or 1000) / 10
        steady = steadiness_of(photon, point, book_beam, sad_cm, limits)
        return replace(
            made, dose=photon, point=point.source, steady=steady, assumed=point.assumed
        )  # fmt: skip
    except RemedyError as problem:
        return replace(made, why=f"{problem.what} ({problem.where})", remedy=problem.remedy)


def _chosen(values: Mapping[str, T], keys: Sequence[str]) -> T | None:
    return next((values[key] for key in keys if key in values), None)
