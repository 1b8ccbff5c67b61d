"""Gamma of two doses from files: what was compared, registered how, and what was not covered."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from math import isfinite
from pathlib import Path

import numpy as np

from app.filter.film.plane import FilmPlane, Values, cut_like, moved
from app.filter.film.read import Reading, read_doses
from app.filter.film.register import (
    Registering,
    offset_between,
    place_in,
    require_one_frame,
    shifted,
)
from app.filter.film.write import raw_bytes
from core.dose.gamma import RULE_VERSION, Criteria, Gamma, gamma, gamma_on_axes
from core.dose.gamma_presets import as_mapping, words_of
from core.dose.geometry import Floats, Grid
from core.findings import Finding, NotChecked, State, overall

Progress = Callable[[float, str], None]
MEASURE = "Measure the plan with film and chamber instead of trusting the calculation."
FIND = "Look where the points that fail lie; check registration, dose unit and set-up first."


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two doses, for the report."""

    file: str
    sha256: str
    words: str


@dataclass(frozen=True, slots=True)
class Points:
    """What became of the points of the reference.

    Attributes:
        reference: All of them.
        no_dose: Points without a reference dose.
        below: Points below the threshold: not judged, as the criteria say.
        outside: At or above the threshold, but no evaluated dose lies within reach: not covered.
        judged: Those that count for the pass rate.
        failed: Judged points with gamma over 1.

    """

    reference: int
    no_dose: int
    below: int
    outside: int
    judged: int
    failed: int


@dataclass(frozen=True, eq=False, slots=True)
class GammaReport:
    """The whole result of one comparison.

    Attributes:
        kind: "3D" or "2D".
        registered: By which coordinates.
        largest_gy: Largest reference dose.
        plane: Reference and evaluated dose on the reference's points, of a 2D comparison.

    """

    reference: Side
    evaluated: Side
    kind: str
    registered: str
    criteria: Criteria
    source: str
    gamma: Gamma
    points: Points
    largest_gy: float
    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...]
    plane: tuple[FilmPlane, FilmPlane] | None = None

    @property
    def status(self) -> State:
        """ERROR, WARNING or PASS."""
        return overall(self.findings)

    @property
    def ran(self) -> bool:
        """Whether any point was judged."""
        return self.points.judged > 0


def side_of(file: Path, dose: Grid | FilmPlane) -> Side:
    """Return what a report says of one dose."""
    data = file.read_bytes() if file.is_file() else b""
    if isinstance(dose, FilmPlane) and not data:  # calculated, not read
        data = raw_bytes(dose)
    digest = sha256(data).hexdigest()
    if isinstance(dose, FilmPlane):
        return Side(file.name, digest, f"{dose.title}: plane, {dose.size_words}")
    slices, rows, columns = dose.geometry.shape
    steps = (dose.geometry.column_mm, dose.geometry.row_mm, dose.geometry.slice_mm)
    spacing = " x ".join(f"{one:g}" for one in steps)
    return Side(file.name, digest, f"volume, {columns} x {rows} x {slices} points of {spacing} mm")


def compare_files(
    files: tuple[Path, Path],
    criteria: Criteria,
    registering: Registering,
    readings: tuple[Reading, Reading],
    progress: Progress | None = None,
    source: str = "",
) -> GammaReport:
    """Return gamma of the doses in two files.

    Args:
        files: Reference and evaluated dose.
        criteria: What is tolerated.
        registering: How they lie to each other.
        readings: What the files do not say.
        progress: Told the share done; it may raise to cancel.
        source: Where the criteria are from.

    Raises:
        RemedyError: A file cannot be read, or the doses cannot be compared as they lie.

    """
    one, other = (read_doses(file, own) for file, own in zip(files, readings, strict=True))
    sides = (side_of(files[0], one), side_of(files[1], other))
    if isinstance(one, Grid) and isinstance(other, Grid):
        require_one_frame(one.frame_uid, other.frame_uid, registering)
        there = shifted(other, registering, one.frame_uid)
        found = gamma(one, there, criteria, progress)
        words = registering.words("patient coordinates of both files")
        return report_of(sides, "3D", words, found, one.values, source)
    planes = as_planes(one, other, registering, criteria.most * criteria.distance_mm)
    return compare_planes(planes, sides, criteria, progress, source)


@dataclass(frozen=True, eq=False, slots=True)
class Pair:
    """Two planes on one set of axes: the evaluated one's positions are those of the reference."""

    reference: FilmPlane
    evaluated: FilmPlane
    registered: str


def as_planes(
    one: Grid | FilmPlane, other: Grid | FilmPlane, own: Registering, margin_mm: float
) -> Pair:
    """Return reference and evaluated dose as planes; a volume is cut where the plane lies.

    Raises:
        RemedyError: They cannot be laid on each other.

    """
    if isinstance(one, FilmPlane) and isinstance(other, FilmPlane):
        x, y, words = offset_between(one, other, own)
        return Pair(one, moved(other, x, y), words)
    words = own.words("patient coordinates; the plane was cut out of the volume")
    if isinstance(one, FilmPlane) and isinstance(other, Grid):
        place = place_in(other, one, own, plane_is_a=True)
        return Pair(one, cut_like(other, one, place, margin_mm), words)
    if isinstance(one, Grid) and isinstance(other, FilmPlane):
        place = place_in(one, other, own, plane_is_a=False)
        return Pair(cut_like(one, other, place, 0.0), other, words)
    raise TypeError("two volumes are compared as volumes")


def compare_planes(
    pair: Pair,
    sides: tuple[Side, Side],
    criteria: Criteria,
    progress: Progress | None = None,
    source: str = "",
) -> GammaReport:
    """Return gamma of two planes on one set of axes."""
    found = gamma_of_planes(pair.reference, pair.evaluated, criteria, progress)
    return report_of(
        sides, "2D", pair.registered, found, pair.reference.values, source,
        (pair.reference, pair.evaluated),
    )  # fmt: skip


def gamma_of_planes(
    one: FilmPlane, other: FilmPlane, criteria: Criteria, progress: Progress | None = None
) -> Gamma:
    """Return 2D gamma at the points of the first plane; values of shape (1, rows, columns)."""

    def axes(plane: FilmPlane) -> list[Floats]:
        return [np.zeros(1), plane.y_mm, plane.x_mm]

    return gamma_on_axes(
        axes(one), one.values[None], axes(other), other.values[None], criteria, progress
    )


def report_of(
    sides: tuple[Side, Side],
    kind: str,
    registered: str,
    found: Gamma,
    reference: Values,
    source: str = "",
    plane: tuple[FilmPlane, FilmPlane] | None = None,
) -> GammaReport:
    """Return what gamma says, with what it does not cover."""
    no_dose = int(np.isnan(reference).sum())
    below = reference.size - no_dose - found.judged - found.outside
    failed = int(np.count_nonzero(found.values > 1))
    points = Points(reference.size, no_dose, below, found.outside, found.judged, failed)
    findings, gaps = _judged(found, points)
    largest = float(np.nanmax(reference))
    return GammaReport(
        *sides, kind, registered, found.criteria, source, found, points, largest,
        tuple(findings), tuple(gaps), plane,
    )  # fmt: skip


def _judged(found: Gamma, points: Points) -> tuple[list[Finding], list[NotChecked]]:
    own = found.criteria
    gaps = [
        NotChecked(
            "dose below the threshold",
            f"{points.below} points get less than {own.threshold_percent:g} % and are not judged",
        )
    ]
    if points.no_dose:
        gaps.append(NotChecked("points without dose", f"{points.no_dose} of the reference"))
    if not points.judged:
        words = "no point could be judged: the two doses do not overlap where there is dose"
        return [Finding("F-GAMMA-NONE", State.ERROR, words, item="gamma", remedy=FIND)], gaps
    rate = found.pass_percent
    state, remedy = State.PASS, ""
    if not rate >= own.action_percent:
        state, remedy = State.ERROR, MEASURE
    elif not rate >= own.tolerance_percent:
        state, remedy = State.WARNING, FIND
    words = (
        f"{rate:.2f} % of {points.judged} points pass ({words_of(own)}); tolerance "
        f"{own.tolerance_percent:g} %, action limit {own.action_percent:g} %"
    )
    findings = [
        Finding("F-GAMMA", state, words, item="gamma", expected=f"{own.tolerance_percent:g}",
                found=f"{rate:.2f}", unit="%", remedy=remedy)
    ]  # fmt: skip
    if points.outside:
        words = (
            f"{points.outside} points at or above the threshold have no evaluated dose in reach"
        )
        findings.append(
            Finding("F-GAMMA-OUTSIDE", State.WARNING, words, item="gamma",
                    remedy="Export a larger evaluated dose, or say why they may be left out.")
        )  # fmt: skip
        gaps.append(NotChecked("points beyond the evaluated dose", f"{points.outside} points"))
    return findings, gaps


def to_json(report: GammaReport) -> dict[str, object]:
    """Return the report as a mapping that JSON can hold."""
    values = report.gamma.values[np.isfinite(report.gamma.values)]
    share = {
        name: float(np.percentile(values, level)) if len(values) else None
        for name, level in (("median", 50), ("p95", 95), ("largest", 100))
    }
    rate, mean = report.gamma.pass_percent, report.gamma.mean
    return {
        "status": report.status, "kind": report.kind, "rule_version": RULE_VERSION,
        "reference": _side(report.reference), "evaluated": _side(report.evaluated),
        "registered_by": report.registered,
        "criteria": {**as_mapping(report.criteria), "source": report.source},
        "points": {name: getattr(report.points, name) for name in Points.__slots__},
        "pass_percent": rate if isfinite(rate) else None,
        "gamma": {"mean": mean if isfinite(mean) else None, **share},
        "largest_reference_gy": report.largest_gy,
        "findings": [
            {"rule": one.rule, "severity": one.state, "item": one.item, "message": one.message,
             "expected": one.expected, "found": one.found, "unit": one.unit,
             "remedy": one.remedy}
            for one in report.findings
        ],
        "not_checked": [{"item": one.item, "why": one.why} for one in report.not_checked],
    }  # fmt: skip


def _side(side: Side) -> dict[str, str]:
    return {"file": side.file, "sha256": side.sha256, "what": side.words}


def as_text(report: GammaReport) -> str:
    """Return the report as a page of plain text for the terminal."""
    points = report.points
    counts = (
        f"Points: {points.reference} in the reference, {points.below} below the threshold, "
        f"{points.no_dose} without dose, {points.outside} not covered, {points.judged} judged, "
        f"{points.failed} with gamma over 1"
    )
    lines = [
        f"Status: {report.status.value.upper()}",
        f"Gamma {report.kind}: {words_of(report.criteria)}",
        *([f"  {report.source}"] if report.source else []),
        f"Reference  {report.reference.file}: {report.reference.words}",
        f"Evaluated  {report.evaluated.file}: {report.evaluated.words}",
        f"Registered by {report.registered}",
        counts,
        "",
    ]
    lines += [f"{one.state.value:8} {one.message}" for one in report.findings]
    lines += [f"         {one.remedy}" for one in report.findings if one.remedy]
    lines += ["", "Not checked:"]
    lines += [f"  {one.item}: {one.why}" for one in report.not_checked]
    lines += ["", f"Rules {RULE_VERSION}"]
    return "\n".join(lines)
