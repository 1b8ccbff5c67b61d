"""Total body irradiation: dose at mid-plane from the MU of the R&V system (R-20).

D = MU k CSF(jaws) PSF(s) TMR(d, s) (SCD / (SSD + d))^2 f(SSD + d) x spoiler x tray,
d half the thickness at the umbilicus, s the equivalent square of the patient (Siochi et al.,
JACMP 2009;10(1):43, II.C.3.g; the factors as AAPM Report 17 has them). f is the book's
`tbi_output`: what was measured at that distance over the inverse square; 1 without the table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.filter.field import Field
from app.filter.limits import Limits
from app.filter.mu.book import Book, BookBeam, OutOfBookError
from app.filter.mu.report import percent
from core.errors import RemedyError, UnsupportedPlanError
from core.findings import State


@dataclass(frozen=True, slots=True)
class TbiInput:
    """What no file states; by field ID where it differs.

    Attributes:
        thickness_cm: Lateral or AP thickness at the umbilicus, along the beam.
        measured_ssd_cm: Of verification day, by field ID.
        patient_side_cm: Equivalent square of the patient; None for the book's.

    """

    thickness_cm: float
    measured_ssd_cm: Mapping[str, float] = field(default_factory=dict)
    patient_side_cm: float | None = None


@dataclass(frozen=True, slots=True)
class TbiDose:
    """Mid-plane dose of one field with its factors; `why` and `remedy` where there is none."""

    field_id: str
    mu: float | None
    planned_cgy: float | None
    state: State = State.NOT_RUN
    dose_cgy: float | None = None
    factors: Mapping[str, float] = field(default_factory=dict)
    ssd_state: State = State.NOT_RUN
    ssd_cm: float | None = None
    measured_ssd_cm: float | None = None
    why: str = ""
    remedy: str = ""

    @property
    def difference_percent(self) -> float | None:
        """Book less prescription, in per cent of the prescription."""
        return percent(self.dose_cgy, self.planned_cgy)

    @property
    def mu_for_it(self) -> float | None:
        """The MU that would give the prescribed dose."""
        if not self.dose_cgy or self.planned_cgy is None or self.mu is None:
            return None
        return self.mu * self.planned_cgy / self.dose_cgy


def tbi_doses(
    fields: Sequence[Field], book: Book, given: TbiInput, limits: Limits
) -> list[TbiDose]:
    """Return the mid-plane dose of every treatment field."""
    return [_one(one, book, given, limits) for one in fields if not one.setup]


def _one(own: Field, book: Book, given: TbiInput, limits: Limits) -> TbiDose:
    planned = float(own.dose_cgy) if own.dose_cgy else None
    made = TbiDose(own.id, None if own.mu is None else float(own.mu), planned)
    made = _with_ssd(made, own, given, limits)
    try:
        factors = tbi_factors(own, book.beam_for(own), given)
    except RemedyError as problem:
        return replace(made, why=f"{problem.what} ({problem.where})", remedy=problem.remedy)
    dose = made.mu or 0.0
    for name in PRODUCT:
        dose *= factors[name]
    made = replace(made, dose_cgy=dose, factors=factors)
    difference = made.difference_percent
    if difference is None:
        return replace(made, why="the R&V system states no dose of the field",
                       remedy="Enter the field's dose in the R&V system.")  # fmt: skip
    wrong = not abs(difference) <= float(limits["mu.tbi_fail_percent"])
    return replace(made, state=State.ERROR if wrong else State.PASS)


PRODUCT = ("cgy_per_mu", "csf", "psf", "tmr", "isf", "distance", "spoiler", "tray")
"""Factors whose product with the MU is the dose."""


def tbi_factors(own: Field, book: BookBeam, given: TbiInput) -> dict[str, float]:
    """Return every factor of a field.

    Raises:
        RemedyError: MU, SSD or jaws are missing, or a table does not reach.

    """
    where = f"field {own.id or own.name}"
    if book.tbi is None:
        raise OutOfBookError(
            f"the book has no [tbi] for {book.id}", where="dosimetry book",
            remedy="Add spoiler, tray and patient_side_cm to its beam.toml.",
        )  # fmt: skip
    jaws = (own.jaws.x1_mm, own.jaws.x2_mm, own.jaws.y1_mm, own.jaws.y2_mm)
    if own.mu is None or own.ssd_mm is None or any(one is None for one in jaws):
        raise UnsupportedPlanError(
            "MU, SSD or jaws are missing", where=where, remedy="Enter them in the R&V system."
        )
    if not given.thickness_cm > 0:
        raise UnsupportedPlanError(
            "the thickness must be above 0 cm", where=where, remedy="Measure it at the umbilicus."
        )
    x1, x2, y1, y2 = (float(one or 0) / 10 for one in jaws)
    wide, tall = x2 - x1, y2 - y1
    side = given.patient_side_cm or book.tbi.patient_side_cm
    depth = given.thickness_cm / 2
    distance = float(own.ssd_mm) / 10 + depth
    calibration = book.calibration
    ratio = book.table("tbi_output").at(distance) if "tbi_output" in book.tables else 1.0
    return {
        "cgy_per_mu": calibration.cgy_per_mu,
        "csf": book.table("csf").at(2 * wide * tall / (wide + tall)),
        "psf": book.table("psf").at(side),
        "tmr": book.table("tmr").at(depth, side),
        "isf": (calibration.distance_cm / distance) ** 2,
        "distance": ratio,
        "spoiler": book.tbi.spoiler,
        "tray": book.tbi.tray,
        "depth_cm": depth,
        "away_cm": distance,
        "side_cm": side,
        "scd_cm": calibration.distance_cm,
    }


def _with_ssd(made: TbiDose, own: Field, given: TbiInput, limits: Limits) -> TbiDose:
    """Compare the SSD with the one of verification day."""
    ssd = None if own.ssd_mm is None else float(own.ssd_mm) / 10
    measured = given.measured_ssd_cm.get(own.id)
    state = State.NOT_RUN
    if ssd is not None and measured is not None:
        near = abs(ssd - measured) * 10 <= float(limits["special.tbi_ssd_mm"])
        state = State.PASS if near else State.ERROR
    return replace(made, ssd_cm=ssd, measured_ssd_cm=measured, ssd_state=state)
