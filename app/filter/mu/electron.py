"""Point dose and MU of an electron field: cutout factor by the square-root rule (R-19).

D = MU k Se (IDL/100) ((f + dmax) / (f + dmax + g))^2, Se = sqrt(Se(L) Se(W)), where L and W are
the averages of the sides of the largest rectangle in the cutout and of the smallest around it, f
is the effective SSD of the applicator and g the gap beyond the calibration SSD (Siochi 2009,
II.C.4.c; AAPM TG-71, VI). Lengths cm.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from app.filter.field import Field
from app.filter.mu.book import BookBeam, OutOfBookError
from core.errors import UnsupportedPlanError

PIXEL_CM = 0.05
SIZE = re.compile(r"\d{1,2}(?:\.\d+)?")
Outline = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class ElectronInput:
    """What no file states, or what the user overrides.

    Attributes:
        isodose_percent: Isodose line the dose is prescribed to; has to be given.
        cutout_cm: Clinical length and width of the cutout, instead of its outline.
        cutout_factor: Measured for this very cutout; replaces table and rule.
        ssd_cm: Source to skin.
        bolus_cm: Thickness, where the SSD was read on the skin.

    """

    isodose_percent: float | None = None
    cutout_cm: tuple[float, float] | None = None
    cutout_factor: float | None = None
    ssd_cm: float | None = None
    bolus_cm: float = 0.0


@dataclass(frozen=True, slots=True)
class Cutout:
    """Length and width of a cutout, with the rectangles they are the average of."""

    length_cm: float
    width_cm: float
    inscribed_cm: tuple[float, float]
    bounding_cm: tuple[float, float]
    source: str


@dataclass(frozen=True, slots=True)
class ElectronDose:
    """Dose of an electron field on the chosen isodose, with every factor."""

    dose_cgy: float
    mu: float
    calibration_cgy_per_mu: float
    applicator_cm: float
    cutout: Cutout
    cutout_factor: float
    factor_length: float
    factor_width: float
    isodose_percent: float
    ssd_cm: float
    bolus_cm: float
    gap_cm: float
    effective_ssd_cm: float
    dmax_cm: float
    isf: float
    point: str

    @property
    def dose_per_mu_cgy(self) -> float:
        """Dose of one MU on the isodose."""
        return self.dose_cgy / self.mu if self.mu else 0.0

    def mu_for(self, dose_cgy: float) -> float:
        """Return the MU that give a dose."""
        return dose_cgy / self.dose_per_mu_cgy


def electron_dose(
    own: Field, beam: Field, book: BookBeam, given: ElectronInput, outline_cm: Outline = ()
) -> ElectronDose:
    """Return the dose of an electron field.

    Args:
        own: Field of the R&V system.
        beam: Its plan beam.
        book: Energy of the book.
        given: By the user.
        outline_cm: Of the cutout at the isocentre plane, from the plan.

    Raises:
        RemedyError: Isodose, cutout size, SSD or a table is missing.

    """
    where = f"field {own.id or own.name}"
    if given.isodose_percent is None:
        raise UnsupportedPlanError(
            "no file states the isodose line the electron dose is prescribed to",
            where=where,
            remedy="Type it, in % of the dose at dmax (--isodose FIELD=PERCENT).",
        )
    if own.mu is None:
        raise UnsupportedPlanError(
            "the field has no MU", where=where, remedy="Check the R&V system."
        )
    applicator = _applicator(own, beam, where)
    cutout = _cutout(own, beam, given, outline_cm, applicator)
    length, width, factor = _factor(book, cutout, applicator, given)
    ssd = given.ssd_cm
    for field in (own, beam):
        if ssd is None and field.ssd_mm is not None:
            ssd = float(field.ssd_mm) / 10
    if ssd is None:
        raise UnsupportedPlanError(
            "neither R&V nor plan state the SSD", where=where, remedy="Type it (--ssd FIELD=CM)."
        )
    calibration = book.calibration
    gap = ssd - given.bolus_cm - calibration.distance_cm
    effective = book.table("effective_ssd").at(applicator)
    start = effective + calibration.depth_cm
    isf = (start / (start + gap)) ** 2
    mu = float(own.mu)
    per_mu = calibration.cgy_per_mu * factor * isf * given.isodose_percent / 100
    return ElectronDose(
        mu * per_mu, mu, calibration.cgy_per_mu, applicator, cutout, factor, length, width,
        given.isodose_percent, ssd, given.bolus_cm, gap, effective, calibration.depth_cm, isf,
        f"{given.isodose_percent:g} % isodose, SSD {ssd:g} cm",
    )  # fmt: skip


def _applicator(own: Field, beam: Field, where: str) -> float:
    for field in (own, beam):
        for applicator in field.applicators or ():
            for name in applicator.names:
                if match := SIZE.search(name):
                    return float(match[0])
    raise UnsupportedPlanError(
        "the applicator's size is not stated",
        where=where,
        remedy="Name the applicator with its size in R&V and plan, e.g. 10x10.",
    )


def _cutout(
    own: Field, beam: Field, given: ElectronInput, outline_cm: Outline, applicator: float
) -> Cutout:
    if given.cutout_cm is not None:
        length, width = max(given.cutout_cm), min(given.cutout_cm)
        return Cutout(length, width, (length, width), (length, width), "typed by the user")
    if outline_cm:
        return cutout_of(outline_cm)
    if own.cutouts or beam.cutouts or own.blocks or beam.blocks:
        raise UnsupportedPlanError(
            "the field has a cutout whose outline is not in the files",
            where=f"field {own.id or own.name}",
            remedy="Type its clinical length and width (--cutout FIELD=LxW).",
        )
    side = (applicator, applicator)
    return Cutout(applicator, applicator, side, side, "open applicator")


def _factor(
    book: BookBeam, cutout: Cutout, applicator: float, given: ElectronInput
) -> tuple[float, float, float]:
    if given.cutout_factor is not None:
        return given.cutout_factor, given.cutout_factor, given.cutout_factor
    table = book.table("cutout")
    if applicator not in table.columns:
        raise OutOfBookError(
            f"the book has no cutout factors for applicator {applicator:g}",
            where=f"dosimetry book, {book.id}",
            remedy="Add its column to cutout.csv, or type the measured factor.",
        )
    length, width = table.at(cutout.length_cm, applicator), table.at(cutout.width_cm, applicator)
    return length, width, sqrt(length * width)


def cutout_of(outline_cm: Sequence[tuple[float, float]]) -> Cutout:
    """Return length and width of a cutout from its outline.

    The largest rectangle inside is found on pixels of half a millimetre. Rectangles lie along the
    axes of the collimator.

    Raises:
        UnsupportedPlanError: The outline encloses nothing.

    """
    points = np.array(outline_cm, dtype=float)
    low, high = points.min(axis=0), points.max(axis=0)
    bounding = high - low
    inside = _inside(points, low, high)
    inner = _largest(inside)
    if not inner[0] * inner[1]:
        raise UnsupportedPlanError(
            "the outline of the cutout encloses nothing",
            where="cutout of the plan",
            remedy="Type its clinical length and width.",
        )
    step = bounding / np.array(inside.shape[::-1])
    inscribed = np.array(inner) * step
    sides = (inscribed + bounding) / 2
    return Cutout(
        float(sides.max()), float(sides.min()), (float(inscribed[0]), float(inscribed[1])),
        (float(bounding[0]), float(bounding[1])), "outline of the plan",
    )  # fmt: skip


def _inside(points: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return which pixels' centres lie inside, by the even-odd rule; rows along y."""
    counts = np.maximum(np.ceil((high - low) / PIXEL_CM), 1).astype(int)
    x = low[0] + (np.arange(counts[0]) + 0.5) * (high[0] - low[0]) / counts[0]
    y = low[1] + (np.arange(counts[1]) + 0.5) * (high[1] - low[1]) / counts[1]
    inside = np.zeros((counts[1], counts[0]), dtype=bool)
    for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
        crossed = (y0 > y) != (y1 > y)
        if crossed.any():
            at = x0 + (y[crossed] - y0) * (x1 - x0) / (y1 - y0)
            inside[crossed] ^= x[None, :] < at[:, None]
    return inside


def _largest(inside: np.ndarray) -> tuple[int, int]:
    """Return width and height, in pixels, of the largest rectangle of true pixels."""
    best = (0, 0)
    heights = np.zeros(inside.shape[1] + 1, dtype=int)
    for row in inside:
        heights[:-1] = np.where(row, heights[:-1] + 1, 0)
        stack: list[int] = []
        for column, height in enumerate(heights):
            while stack and heights[stack[-1]] >= height:
                tall = int(heights[stack.pop()])
                wide = column - (stack[-1] + 1 if stack else 0)
                if tall * wide > best[0] * best[1]:
                    best = (wide, tall)
            stack.append(column)
    return best
