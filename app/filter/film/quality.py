"""The QA of a plan by films: virtual and measured against the plan's own dose, with a verdict."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from app.filter.film.analysis import (
    Profile,
    best_shift,
    difference_gy,
    profile,
)
from app.filter.film.distance import distance_mm
from app.filter.film.gamma import (
    MEASURE,
    GammaReport,
    Pair,
    Progress,
    Side,
    as_planes,
    compare_planes,
    side_of,
)
from app.filter.film.plane import FilmError, FilmPlane, Values, moved
from app.filter.film.read import Reading, read_doses
from app.filter.film.register import Registering
from app.filter.film.rule import FilmRule
from app.filter.rule_set import FILM, RuleSet, rule_set
from core.dose.gamma import RULE_VERSION as GAMMA_RULES
from core.dose.geometry import Grid
from core.findings import Finding, NotChecked, State, overall

RULE_VERSION = f"FILM-QA-1, {GAMMA_RULES}"
ACCEPT = "accepted by the clinic's rule"
INSTEAD = "not accepted: measure instead, with a film and a chamber"
OPEN = "no verdict"
AS_SAID, AS_LIES = Reading(), Registering()


@dataclass(frozen=True, slots=True)
class FilmFile:
    """A film to hold against the plan.

    Attributes:
        label: "virtual film" or "measured film".
        file: Where it is.
        reading: What it does not say.
        fit: Whether it is moved to where it fits best.
        plane: The film itself, where it was calculated and not read.

    """

    label: str
    file: Path
    reading: Reading = AS_SAID
    fit: bool = False
    plane: FilmPlane | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What to compare.

    Attributes:
        plan_dose: The plan's dose: a plane, or a volume that is cut where the films lie.
        films: What is held against it.
        registering: Of the films against the plan's dose.
        fractions: By which the plan's dose is divided: a film has one fraction.
        lines_mm: Where profiles run: y of that along x, x of that along y.

    """

    plan_dose: Path
    films: tuple[FilmFile, ...]
    registering: Registering = AS_LIES
    fractions: int = 1
    lines_mm: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, eq=False, slots=True)
class FilmQuality:
    """One film against the plan.

    Attributes:
        gamma: Gamma with its points and registration.
        difference: Evaluated less reference, Gy.
        distance: To agreement, mm.
        fit_mm: How far the film was moved to fit; None when it was not.
        findings: Those of gamma, and of the rest of the rule.

    """

    label: str
    pair: Pair
    gamma: GammaReport
    difference: Values
    distance: Values
    profiles: tuple[Profile, ...]
    fit_mm: tuple[float, float] | None
    findings: tuple[Finding, ...]

    @property
    def mean_percent(self) -> float:
        """Mean difference at the judged points, in per cent of the largest reference dose."""
        judged = np.isfinite(self.gamma.gamma.values[0]) & np.isfinite(self.difference)
        if not judged.any():
            return float("nan")
        return 100 * float(self.difference[judged].mean()) / self.gamma.largest_gy

    @property
    def status(self) -> State:
        """ERROR, WARNING or PASS."""
        return overall(self.findings)


@dataclass(frozen=True, eq=False, slots=True)
class FilmReport:
    """The whole result; page, report and command show this and nothing else."""

    plan: Side
    films: tuple[FilmQuality, ...]
    rule: FilmRule
    about: tuple[tuple[str, str], ...]
    not_checked: tuple[NotChecked, ...]
    rules: RuleSet | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Those of every film."""
        own = tuple(one for film in self.films for one in film.findings)
        notice = dict(self.about).get("notice", "")
        return (*own, _generic(notice)) if notice else own

    @property
    def status(self) -> State:
        """ERROR, WARNING or PASS."""
        return overall(self.findings)

    @property
    def verdict(self) -> str:
        """What the clinic's rule says."""
        return {State.ERROR: INSTEAD, State.PASS: ACCEPT}.get(
            self.status, f"{OPEN}: a physicist looks at the warnings and decides"
        )


def _generic(notice: str) -> Finding:
    words = f"the virtual film is no basis for a verdict: {notice}"
    return Finding("F-FILM-GENERIC", State.WARNING, words, item="dosimetry book",
                   remedy="Commission a book of your own, or measure.")  # fmt: skip


def film_report(asked: Asked, rule: FilmRule, progress: Progress | None = None) -> FilmReport:
    """Compare films with the plan's dose and judge by the clinic's rule.

    Raises:
        RemedyError: A file cannot be read, or lies where it cannot be compared.

    """
    if not asked.films:
        raise FilmError("there is no film to compare", where="film QA",
                        remedy="Give a virtual film, a measured film, or both.")  # fmt: skip
    plan = read_doses(asked.plan_dose)
    side = side_of(asked.plan_dose, plan)
    if asked.fractions != 1:
        plan = _divided(plan, asked.fractions)
        side = replace(side, words=f"{side.words}, divided by {asked.fractions} fractions")
    found, about, gaps = [], dict(plan.about) if isinstance(plan, FilmPlane) else {}, []
    for number, film in enumerate(asked.films):

        def told(share: float, words: str, at: int = number, label: str = film.label) -> None:
            if progress is not None:
                progress((at + share) / len(asked.films), f"{label}: {words}")

        told(0.0, "reading")
        dose = film.plane or read_doses(film.file, film.reading)
        if isinstance(dose, Grid):
            raise FilmError(f"the {film.label} is a volume", where=film.file.name,
                            remedy="Choose a plane.")  # fmt: skip
        about |= dose.about
        if film.reading.calibration is not None:
            gaps.append(NotChecked("film calibration", film.reading.calibration.source, ""))
        sides = (side, side_of(film.file, dose))
        found.append(_compared(film, (plan, dose), sides, asked, rule, told))
    if asked.fractions == 1:
        gaps.append(NotChecked("fractions", "the plan's dose was taken as that of one fraction"))
    gaps += [gap for one in found for gap in one.gamma.not_checked]
    if not any(one.label == "measured film" for one in found):
        gaps.append(NotChecked("measurement", "nothing was measured: both doses are calculated"))
    words, left = tuple(about.items()), tuple(dict.fromkeys(gaps))
    return FilmReport(side, tuple(found), rule, words, left, rule_set(kinds=FILM))


def _divided(dose: Grid | FilmPlane, fractions: int) -> Grid | FilmPlane:
    return replace(dose, values=(dose.values / np.float32(fractions)).astype(np.float32))


def _compared(
    film: FilmFile,
    doses: tuple[Grid | FilmPlane, FilmPlane],
    sides: tuple[Side, Side],
    asked: Asked,
    rule: FilmRule,
    told: Progress,
) -> FilmQuality:
    criteria = rule.preset.criteria
    pair = as_planes(*doses, asked.registering, criteria.most * criteria.distance_mm)
    fit = None
    if film.fit:
        told(0.05, "registering")
        fit = best_shift(pair.reference, pair.evaluated)
        words = f"{pair.registered}; then moved by {fit[0]:.2f}, {fit[1]:.2f} mm to fit best"
        pair = Pair(pair.reference, moved(pair.evaluated, *fit), words)
    told(0.3, "gamma")
    source = f"{rule.preset.title}: {rule.preset.source}"
    report = compare_planes(pair, sides, criteria, None, source)
    told(0.6, "distance to agreement")
    distance = distance_mm(pair.reference, pair.evaluated, criteria.threshold_percent)
    told(0.9, "difference and profiles")
    lines = (
        profile(pair.reference, pair.evaluated, "x", asked.lines_mm[0]),
        profile(pair.reference, pair.evaluated, "y", asked.lines_mm[1]),
    )
    made = FilmQuality(
        film.label, pair, report, difference_gy(pair.reference, pair.evaluated), distance, lines,
        fit, (),
    )  # fmt: skip
    return replace(made, findings=tuple(_judged(made, rule)))


def _judged(one: FilmQuality, rule: FilmRule) -> Sequence[Finding]:
    """Return gamma's findings with the film's name, and those of the rest of the rule."""
    label = one.label.capitalize()
    kept = [
        replace(own, message=f"{label}: {own.message}", field=one.label)
        for own in one.gamma.findings
        if own.rule != "F-GAMMA-OUTSIDE"
    ]
    points, mean = one.gamma.points, one.mean_percent
    covered = 100 * points.judged / max(points.judged + points.outside, 1)
    if covered < rule.covered_percent:
        words = f"{label}: only {covered:.1f} % of the points from the threshold on are covered"
        kept.append(Finding("F-FILM-COVERED", State.WARNING, words, one.label, item="coverage",
                            expected=f"{rule.covered_percent:g}", found=f"{covered:.1f}", unit="%",
                            remedy="Take a larger film, or measure instead."))  # fmt: skip
    if not abs(mean) < rule.mean_difference_percent:
        words = f"{label}: the mean difference is {mean:+.2f} % of the largest plan dose"
        kept.append(Finding("F-FILM-MEAN", State.ERROR, words, one.label, item="difference",
                            expected="0", found=f"{mean:+.2f}", unit="%",
                            tolerance=f"{rule.mean_difference_percent:g}",
                            remedy=MEASURE))  # fmt: skip
    if one.fit_mm is not None and max(map(abs, one.fit_mm)) > rule.fit_mm:
        x, y = one.fit_mm
        words = f"{label}: it had to be moved by {x:.1f}, {y:.1f} mm to fit"
        kept.append(Finding("F-FILM-FIT", State.WARNING, words, one.label, item="registration",
                            expected=f"{rule.fit_mm:g}", found=f"{np.hypot(x, y):.1f}", unit="mm",
                            remedy="Check the set-up of the film."))  # fmt: skip
    return kept
