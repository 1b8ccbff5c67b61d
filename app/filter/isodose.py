"""The isodose line that follows from fraction dose and plan, for comparison by eye (R-12)."""

from collections.abc import Iterator
from decimal import Decimal

from app.filter.compare_plan import prescription_pairs
from app.filter.field import Plan, Prescription
from core.findings import NotChecked

ITEM = "Rx isodose"


def isodose_lines(rv: Plan, plan: Plan) -> Iterator[NotChecked]:
    """Return the computed line of each prescription; nothing but a person knows the ordered one.

    100 x fraction dose of the R&V system / dose of the plan's beams at their prescription point
    (Siochi 2009, II.C.3.a).
    """
    pairs = prescription_pairs(rv, plan)
    for rx, planned in pairs:
        words = _line(rx, planned, plan)
        yield NotChecked(ITEM, f"{rx.site}: {words}")
    if not pairs:
        yield NotChecked(ITEM, "no prescription of the export is one of the plan's")


def _line(rx: Prescription, planned: Prescription, plan: Plan) -> str:
    if not rx.fraction_cgy:
        return "the export holds no fraction dose; compare with the prescription note"
    own = [field for field in plan.fields if not field.setup and field.site == planned.site]
    doses = [field.dose_cgy for field in own if field.dose_cgy is not None]
    total = sum(doses, Decimal(0))
    if not own or len(doses) < len(own) or not total:
        return "the plan holds no dose at the point for every beam; compare with the note"
    line = 100 * rx.fraction_cgy / total
    return (
        f"{rx.fraction_cgy} cGy are the {line:.1f} % line of {total.normalize():f} cGy, which the "
        "plan's beams give at their prescription point; compare with the prescription note"
    )
