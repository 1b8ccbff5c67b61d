"""Whether the plan's machine is calibrated as the book is, said in words.

A book of another calibration is wrong by the same share in every field, and no field by itself
shows why. A Pinnacle plan states its machine's calibration: what the book gives there is compared.
A DICOM plan does not: where all its fields together differ, the usual calibrations are tried, and
the one that would explain the difference is named.
"""

from collections.abc import Iterator, Sequence

from app.filter.limits import Limits
from app.filter.mu.book import Book, BookBeam
from app.filter.mu.photon import PhotonDose
from app.filter.mu.report import BeamResult
from app.filter.plan_trial_calibration import MachineCalibration
from core.errors import RemedyError
from core.findings import Finding, NotChecked, State

USUAL = (  # SSD, depth; None is the depth of the maximum.
    (100.0, None),
    (None, None),
    (95.0, 5.0),
    (90.0, 10.0),
    (100.0, 5.0),
    (100.0, 10.0),
)
"""Calibrations in use, for 10x10 cm: SSD and depth cm; SSD None puts the point at 100 cm."""
NEAR, FAR = 0.04, 0.05
"""A calibration explains a difference of more than `FAR` where it leaves less than `NEAR`."""
REMEDY = (
    "Compare the machine's calibration with [calibration] of the book's beam.toml; a machine of "
    "another calibration needs a beam of its own in the book (machines = [...])."
)


def book_output(
    book: BookBeam, distance_cm: float, depth_cm: float, field_cm: tuple[float, float]
) -> float:
    """Return the dose of one MU by the book on the axis, cGy.

    Args:
        book: Photon beam.
        distance_cm: Source to point.
        depth_cm: Of the point.
        field_cm: Sides at the isocentre plane, 100 cm.

    Raises:
        OutOfBookError: A table does not reach.

    """
    x, y = field_cm
    side = 2 * x * y / (x + y)
    there = side * distance_cm / 100
    own = book.calibration
    return (
        own.cgy_per_mu
        * (own.distance_cm / distance_cm) ** 2
        * book.table("csf").at(side)
        * book.table("psf").at(there)
        * book.table("tmr").at(depth_cm, there)
    )


def condition(distance_cm: float, depth_cm: float, field_cm: tuple[float, float]) -> str:
    """Return a calibration in words."""
    x, y = field_cm
    return f"{x:g} x {y:g} cm, {depth_cm:g} cm deep, {distance_cm:g} cm from the source"


def calibration_findings(
    beams: Sequence[BeamResult], book: Book, limits: Limits
) -> Iterator[Finding]:
    """Return where a machine's calibration is, or seems to be, another than the book's."""
    for own in book.beams:
        ours = [
            one for one in beams if one.book_beam == own.id and isinstance(one.dose, PhotonDose)
        ]
        stated = {one.calibration for one in ours if one.calibration is not None}
        if own.modality != "photon" or not ours:
            continue
        for told in sorted(stated, key=lambda one: one.machine):
            yield from _stated(own, told, limits)
        if not stated:
            yield from _guessed(own, ours)


def assumed(beams: Sequence[BeamResult], book: Book) -> tuple[NotChecked, ...]:
    """Return which calibration was taken where the plan states none."""
    used = {one.book_beam for one in beams if one.calibration is None and one.dose is not None}
    return tuple(
        NotChecked(
            "calibration",
            f"the plan does not state that of its machine; {own.id} of the book gives "
            f"{own.calibration.cgy_per_mu:g} cGy/MU for {_of_book(own)}",
        )
        for own in book.beams
        if own.id in used and own.modality == "photon"
    )


def _of_book(own: BookBeam) -> str:
    told = own.calibration
    return condition(told.distance_cm, told.depth_cm, (told.field_cm, told.field_cm))


def _stated(own: BookBeam, told: MachineCalibration, limits: Limits) -> Iterator[Finding]:
    place = condition(told.distance_cm, told.depth_cm, told.field_cm)
    try:
        ours = book_output(own, told.distance_cm, told.depth_cm, told.field_cm)
    except RemedyError as problem:
        words = f"The calibration of {told.machine} ({place}) lies beyond the book: {problem.what}"
        yield Finding("F-MU-CALIBRATION", State.NOT_RUN, words, item="calibration",
                      remedy=problem.remedy)  # fmt: skip
        return
    share = 100 * (ours / told.cgy_per_mu - 1)
    if abs(share) < float(limits["mu.calibration_percent"]):
        return
    yield Finding(
        "F-MU-CALIBRATION", State.WARNING,
        f"{told.machine} of the plan gives {told.cgy_per_mu:.4f} cGy/MU at {place}; {own.id} of "
        f"the book gives {ours:.4f} there ({share:+.1f} %), and every dose by the book differs by "
        "that share",
        item="calibration", expected=f"{told.cgy_per_mu:.4f}", found=f"{ours:.4f}",
        unit="cGy/MU", difference=f"{share:+.1f} %", remedy=REMEDY,
    )  # fmt: skip


def _guessed(own: BookBeam, beams: Sequence[BeamResult]) -> Iterator[Finding]:
    """Name the usual calibration that explains why all fields together differ, if one does."""
    # A wedge has a factor of its own that may be wrong.
    bare = [one for one in beams if not (isinstance(one.dose, PhotonDose) and one.dose.wedge)]
    planned = sum(one.plan_cgy or 0.0 for one in bare)
    dose = sum(one.dose_cgy or 0.0 for one in bare if one.plan_cgy)
    if planned <= 0 or dose <= 0 or abs(dose / planned - 1) < FAR:
        return
    ratio = dose / planned
    tried: list[tuple[float, float, str]] = []
    for ssd, stated_depth in USUAL:
        depth = own.calibration.depth_cm if stated_depth is None else stated_depth
        distance = 100.0 if ssd is None else ssd + depth
        try:
            output = book_output(own, distance, depth, (10.0, 10.0))
        except RemedyError:
            continue
        tried.append((abs(ratio / output - 1), output, condition(distance, depth, (10.0, 10.0))))
    if not tried:
        return
    left, output, place = min(tried)
    if left > NEAR or left > abs(ratio - 1) / 2:
        return
    yield Finding(
        "F-MU-CALIBRATION", State.WARNING,
        f"All open fields of {own.id} together give {ratio:.2f} of the plan's dose. The book "
        f"gives {output:.2f} cGy/MU for {place}: for a machine calibrated to 1 cGy/MU there they "
        f"would differ by {100 * (ratio / output - 1):+.1f} %. The book is calibrated to "
        f"{own.calibration.cgy_per_mu:g} cGy/MU for {_of_book(own)}; the plan states no "
        "calibration",
        item="calibration", remedy=REMEDY,
    )  # fmt: skip
