"""Reports of total body fields and radiosurgery arcs: command, sheet and window show these (O-02).

Each carries the book's digest, the rule version and what the calculation leaves out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.filter.field import Field
from app.filter.limits import limits_in_force
from app.filter.mu.book import Book, BookBeam
from app.filter.mu.special_sheet import About, write_srs, write_tbi
from app.filter.mu.srs_arcs import Arc, ArcMu, arc_mus
from app.filter.mu.tbi_dose import TbiDose, TbiInput, tbi_doses
from app.filter.rule_set import MU, RuleSet, printed, rule_set
from core.errors import ClinicFileError
from core.findings import NotChecked, State

TBI_RULES, SRS_RULES = "TBI-1", "SRS-2"
TBI_LEFT_OUT = (
    NotChecked("heterogeneity", "the patient is water throughout: lungs and bones are not known"),
    NotChecked("shape", "one thickness at the umbilicus; head, neck and legs get other doses"),
    NotChecked("scatter", "from walls, floor and couch at that distance only as measured in "
               "tbi_output and spoiler"),
    NotChecked("surface", "dose of the skin, and what the spoiler adds to it"),
    NotChecked("lung blocks", "dose behind blocks and electron boost"),
)  # fmt: skip
SRS_LEFT_OUT = (
    NotChecked("heterogeneity", "the head is water throughout"),
    NotChecked("depth", "as printed or typed: no image was looked at"),
    NotChecked("isocentre", "dose at the isocentre alone; other isocentres add to it"),
    NotChecked("arc", "start, stop and couch are not part of it: the comparison of the fields "
               "checks them"),
)  # fmt: skip


@dataclass(frozen=True, eq=False, slots=True)
class TbiReport:
    """Mid-plane doses of an export; `limits` is dose in per cent and SSD in mm."""

    about: str
    book: Book
    doses: tuple[TbiDose, ...]
    limits: tuple[float, float]
    rule_version: str = TBI_RULES
    not_checked: tuple[NotChecked, ...] = TBI_LEFT_OUT
    rules: RuleSet | None = None

    @property
    def status(self) -> State:
        """The worst of doses and SSDs; what was not run keeps it from passing."""
        return worst([state for one in self.doses for state in (one.state, one.ssd_state)])

    @property
    def ran(self) -> bool:
        """Whether any field was calculated."""
        return any(one.dose_cgy is not None for one in self.doses)

    def save(self, path: Path) -> None:
        """Write the sheet, whole or not at all."""
        write_tbi(self.doses, self.book, self._about, self.limits, path)

    @property
    def _about(self) -> About:
        return About(self.about, _version(self), self.not_checked)


@dataclass(frozen=True, eq=False, slots=True)
class SrsReport:
    """MU of arcs; `limits` are where a difference warns and fails, per cent."""

    about: str
    book: Book
    arcs: tuple[ArcMu, ...]
    limits: tuple[float, float]
    rule_version: str = SRS_RULES
    not_checked: tuple[NotChecked, ...] = SRS_LEFT_OUT
    rules: RuleSet | None = None

    @property
    def status(self) -> State:
        """The worst of the arcs; what was not run keeps it from passing."""
        return worst([one.state for one in self.arcs])

    @property
    def ran(self) -> bool:
        """Whether any arc was calculated."""
        return any(one.mu is not None for one in self.arcs)

    def save(self, path: Path) -> None:
        """Write the sheet, whole or not at all."""
        about = About(self.about, _version(self), self.not_checked)
        write_srs(self.arcs, self.book, about, self.limits, path)


def tbi_report(fields: Sequence[Field], about: str, book: Book, given: TbiInput) -> TbiReport:
    """Calculate the total body fields of an export."""
    limits = limits_in_force()
    pair = (float(limits["mu.tbi_fail_percent"]), float(limits["special.tbi_ssd_mm"]))
    doses = tuple(tbi_doses(fields, book, given, limits))
    return TbiReport(about, book, doses, pair, rules=rule_set(kinds=MU))


def srs_report(arcs: Sequence[Arc], about: str, book: Book, beam: str) -> SrsReport:
    """Calculate the MU of arcs by one beam of the book; an arc of another energy is not run.

    Raises:
        ClinicFileError: The book has no such beam.

    """
    limits = limits_in_force()
    pair = (float(limits["mu.photon_warn_percent"]), float(limits["mu.photon_fail_percent"]))
    made = tuple(arc_mus(arcs, beam_of(book, beam), limits))
    unknown = [one.name for one in arcs if one.field is None or one.field.energy is None]
    left_out = (*_energy_not_stated(unknown, beam), *SRS_LEFT_OUT)
    return SrsReport(about, book, made, pair, not_checked=left_out, rules=rule_set(kinds=MU))


def _energy_not_stated(arcs: Sequence[str], beam: str) -> tuple[NotChecked, ...]:
    if not arcs:
        return ()
    why = f"not stated for {', '.join(arcs)}; {beam} was taken as typed"
    return (NotChecked("energy", why),)


def _version(report: TbiReport | SrsReport) -> str:
    """Return version and tables as they stand on the sheet."""
    words = f"; {printed(report.rules)}" if report.rules is not None else ""
    return f"{report.rule_version}{words}"


def beam_of(book: Book, name: str) -> BookBeam:
    """Return a beam of the book by its ID.

    Raises:
        ClinicFileError: There is none.

    """
    for beam in book.beams:
        if beam.id == name:
            return beam
    listed = ", ".join(beam.id for beam in book.beams)
    raise ClinicFileError(
        f"the book has no beam {name}; it has {listed}", where="dosimetry book",
        remedy="Name one of its beams (--beam).",
    )  # fmt: skip


def worst(states: Sequence[State]) -> State:
    """Return the worst; what was not run keeps the result from passing."""
    for one in (State.ERROR, State.WARNING):
        if one in states:
            return one
    return State.WARNING if State.NOT_RUN in states or not states else State.PASS
