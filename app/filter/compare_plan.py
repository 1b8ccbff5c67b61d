"""What belongs to the whole plan: the patient, the position, the prescriptions."""

from collections.abc import Iterator
from decimal import Decimal

from app.filter.consistency import fractions_agree
from app.filter.field import Plan, Prescription
from app.filter.limits import Limits
from app.filter.views import PLAN_TO_RV, View
from core.findings import Finding, State

PATIENT = (
    ("patient_id", "id", State.ERROR, 20),
    ("patient_last_name", "last_name", State.WARNING, 40),
    ("patient_first_name", "first_name", State.WARNING, 40),
)
REMEDY = "Make sure that both belong to the same patient and plan; correct the wrong one."


def compare_plan(
    rv: Plan, plan: Plan, limits: Limits, *, digits_count: bool, view: View = PLAN_TO_RV
) -> Iterator[Finding]:
    """Compare patient, position and doses of an export with the plan."""
    for item, name, state, letters in PATIENT:
        found, expected = getattr(rv.patient, name), getattr(plan.patient, name)
        if expected and found.strip().casefold() != expected.strip()[:letters].strip().casefold():
            yield _finding(item, state, expected, found, view)
    if rv.position and plan.position and rv.position.upper() != plan.position.upper():
        yield _finding("patient_orientation", State.ERROR, plan.position, rv.position, view)
    doses = _of_doses(rv, plan, limits, digits_count=digits_count)
    for item, rx, theirs, mine in doses:
        yield _dose(item, rx, theirs, mine, view)


def _of_doses(
    rv: Plan, plan: Plan, limits: Limits, *, digits_count: bool
) -> Iterator[tuple[str, Prescription, Decimal, Decimal]]:
    """Yield item, prescription, expected and found dose (cGy) or number of fractions."""
    for found, planned in prescription_pairs(rv, plan):
        told = False
        for item, mine, theirs in (
            ("dose_ttl", found.total_cgy, planned.total_cgy),
            ("dose_tx", found.fraction_cgy, planned.fraction_cgy),
        ):
            if mine is None or theirs is None:
                continue
            half = Decimal("0.5") if digits_count else Decimal("0.0001")
            if abs(mine - theirs) > max(half, limits["comparison.dose_cgy"]):
                yield item, found, theirs, mine
                told = True
        count = _fractions(found, planned.fractions)
        # A number of fractions that follows from a dose already told is no second error.
        if (
            not told
            and count is not None
            and planned.fractions is not None
            and count != planned.fractions
        ):
            yield "fractions", found, Decimal(planned.fractions), count


def _fractions(rx: Prescription, planned: int | None) -> Decimal | None:
    """Return the number of fractions, computed from the doses where it is not stated (R-09).

    R&V systems keep doses in whole cGy: the planned number is returned when the doses are those
    of that many fractions within rounding.
    """
    if rx.fractions is not None:
        return Decimal(rx.fractions)
    if not rx.total_cgy or not rx.fraction_cgy:
        return None
    if planned and fractions_agree(rx.total_cgy, rx.fraction_cgy, Decimal(planned)):
        return Decimal(planned)
    return rx.total_cgy / rx.fraction_cgy


def prescription_pairs(rv: Plan, plan: Plan) -> list[tuple[Prescription, Prescription]]:
    """Pair prescriptions: by name where names agree, else in order when as many are there."""
    by_name = {rx.site.strip()[:20].casefold(): rx for rx in plan.prescriptions}
    named = [
        (rx, by_name[rx.site.strip().casefold()])
        for rx in rv.prescriptions
        if rx.site.strip().casefold() in by_name
    ]
    if len(named) == len(rv.prescriptions):
        return named
    if len(rv.prescriptions) == len(plan.prescriptions):
        return list(zip(rv.prescriptions, plan.prescriptions, strict=True))
    return named


def _finding(item: str, state: State, expected: str, found: str, view: View) -> Finding:
    message = f"{item} is {found or 'empty'} in {view.checked}, {expected} in {view.reference}"
    return Finding(
        f"F-CMP-{item.upper().replace('_', '-')}", state, message, item=item, expected=expected,
        found=found, remedy=REMEDY,
    )  # fmt: skip


def _dose(item: str, rx: Prescription, expected: Decimal, found: Decimal, view: View) -> Finding:
    unit = "" if item == "fractions" else "cGy"
    wanted, have = f"{expected.normalize():f}", f"{found:f}"
    if len(have.partition(".")[2]) > 3:
        have = f"{found:.3f}"
    words = f"{rx.site}: {item} is {have} {unit}".rstrip() + f" in {view.checked}, "
    return Finding(
        f"F-CMP-{item.upper().replace('_', '-')}", State.ERROR,
        f"{words}{wanted} {unit}".rstrip() + f" in {view.reference}", item=item, expected=wanted,
        found=have, unit=unit, remedy=REMEDY, difference=f"{found - expected:+f}",
    )  # fmt: skip
