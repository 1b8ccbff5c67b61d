"""The sentences of the MU check: what agrees, what differs, what is not checked and why."""

from collections.abc import Iterator, Sequence

from app.filter.mu.book import Book
from app.filter.mu.electron import ElectronDose
from app.filter.mu.report import BeamResult, Total
from core.findings import Finding, State

FIND = "Find the cause: compare factors, depth and point with the plan; measure if it stays."
SAME = (
    "All fields differ by about the same share: compare first the calibration of the book (cGy "
    "per MU, distance, depth) with that of the machine and the plan's beam model."
)
OTHER_POINT = (
    "Check this field by measurement, or give its dose in the plan at a point of high dose and "
    "low gradient, with its depth."
)
ALIKE_PERCENT = 3.0
"""Differences that lie this near to each other, all of them errors, have one cause."""


def findings_of(
    beams: Sequence[BeamResult], totals: Sequence[Total], book: Book
) -> Iterator[Finding]:
    """Return the findings of a report."""
    remedy = SAME if _alike(beams) else FIND
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
        elif one.why:
            alone = one.state == State.NOT_RUN
            words = "not checked" if alone else "not checked by itself, but in the sum"
            yield Finding("F-MU-NOT-CHECKED", one.state, f"{label}: {words}: {one.why}",
                          one.field_id, item="monitor_units",
                          remedy=OTHER_POINT if alone else "")  # fmt: skip
        elif one.plan_cgy is not None:
            yield _compared("F-MU-BEAM", label, one, one.field_id, remedy)
    for total in totals:
        label = f"Sum of {total.label}"
        if total.why:
            checked = "not checked: " if total.dose_cgy is not None else ""
            yield Finding("F-MU-TOTAL", State.NOT_RUN, f"{label}: {checked}{total.why}",
                          item="monitor_units", remedy="Look at the single fields.")  # fmt: skip
        else:
            yield _compared("F-MU-TOTAL", label, total, "", remedy)
    if book.notice:
        yield Finding("F-MU-GENERIC", State.INFO, book.notice, item="dosimetry book",
                      remedy="Commission a book of your own before you rely on this.")  # fmt: skip


def _alike(beams: Sequence[BeamResult]) -> bool:
    """Return whether all photon fields differ, and by about the same share."""
    found = [
        one.difference_percent
        for one in beams
        if one.difference_percent is not None and not isinstance(one.dose, ElectronDose)
    ]
    wrong = all(one.state == State.ERROR for one in beams if one.difference_percent is not None)
    return len(found) > 1 and wrong and max(found) - min(found) < ALIKE_PERCENT


def _compared(
    rule: str, label: str, one: BeamResult | Total, field_id: str, remedy: str
) -> Finding:
    dose, plan, difference = one.dose_cgy or 0.0, one.plan_cgy or 0.0, one.difference_percent
    words = f"{label}: {dose:.2f} cGy by the book, {plan:.2f} cGy in the plan"
    shown = f"{difference:+.1f}" if difference is not None else ""
    if shown:
        words += f" ({shown} %)"
    return Finding(rule, one.state, words, field_id, item="monitor_units", expected=f"{plan:.2f}",
                   found=f"{dose:.2f}", unit="cGy", difference=f"{dose - plan:+.2f}",
                   remedy=remedy if one.state != State.PASS else "")  # fmt: skip
