"""Faults in what belongs to the whole plan: patient, position, prescription, number of fields."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial

from app.filter.commission.clinic import Clinic, How, Injected
from app.filter.commission.fault import NO_PLACE, Inject
from app.filter.commission.moved import moved, number_in, reworded

ENTERED = "EQS TEST"
OTHER_POSITION = {"HFS": "HFP", "HFP": "HFS", "FFS": "FFP", "FFP": "FFS"}


def _text(clinic: Clinic, how: How, keyword: str, item: str) -> Injected | str:
    for row in clinic.export.of(keyword):
        new = reworded(row.text(item)) if row.holds(item) else None
        if keyword == "RX_DEF" and how is How.LATER and row.holds(item) and not row.text(item):
            new = ENTERED  # what is entered later differs from the blank before
        if new is None or clinic.is_told(how, "", item):
            continue
        if keyword == "SITE_SETUP_DEF":
            new = OTHER_POSITION.get(row.text(item).upper())
            if new is None or (how is How.COMPARE and not clinic.plan.position):
                continue
        if keyword == "PLAN_DEF" and how is How.COMPARE and not _planned(clinic, item):
            continue
        words = f"{item} {row.text(item) or 'blank'} → {new}"
        data = clinic.export.with_values({row.place: {item: new}})
        return Injected(data, words, items=frozenset({item}))
    return f"one of the two does not hold {item}"


def _planned(clinic: Clinic, item: str) -> str:
    patient = clinic.plan.patient
    known = {"patient_id": patient.id, "patient_last_name": patient.last_name,
             "patient_first_name": patient.first_name}  # fmt: skip
    return known[item]


def _dose(clinic: Clinic, how: How, item: str) -> Injected | str:
    """Change a dose alone; the other side has to hold it, or the number of fractions."""
    holds = how is How.LATER or any(
        rx.fraction_cgy if item == "dose_tx" else rx.total_cgy for rx in clinic.plan.prescriptions
    )
    for row in clinic.export.of("RX_DEF") if holds else ():
        passes = clinic.settings.limits["comparison.dose_cgy"]
        new = moved(row.column(item), row.text(item), passes) if row.holds(item) else None
        if new is not None and not clinic.is_told(how, "", item):
            data = clinic.export.with_values({row.place: {item: new}})
            words = f"{row.text('rx_site_name')}: {item} {row.text(item)} → {new} cGy"
            return Injected(data, words, items=frozenset({item}))
    return f"one of the two does not hold {item}"


def _fractions(clinic: Clinic, how: How) -> Injected | str:
    """Prescribe one fraction more, in the R&V system only."""
    if how is How.COMPARE and not any(rx.fractions for rx in clinic.plan.prescriptions):
        return "the plan does not state the number of fractions"
    for row in clinic.export.of("RX_DEF"):
        total, one = number_in(row.text("dose_ttl")), number_in(row.text("dose_tx"))
        if total and one and not clinic.is_told(how, "", "dose_ttl"):
            new = f"{total + one:f}"
            data = clinic.export.with_values({row.place: {"dose_ttl": new}})
            words = f"{row.text('rx_site_name')}: one fraction more, dose_ttl {total} → {new} cGy"
            return Injected(data, words, items=frozenset({"dose_ttl", "fractions"}))
    return "the export holds no total and fraction dose"


def _announced(clinic: Clinic, how: How) -> Injected | str:
    for row in clinic.export.of("RX_DEF"):
        count = number_in(row.text("number_of_fields"))
        if count is not None and not clinic.is_told(how, "", "number_of_fields"):
            new = f"{count + Decimal(1):f}"
            data = clinic.export.with_values({row.place: {"number_of_fields": new}})
            return Injected(data, f"number_of_fields {count} → {new}",
                            items=frozenset({"number_of_fields"}))  # fmt: skip
    return NO_PLACE


def _of(make: Callable[..., Injected | str], **words: str) -> Callable[[How], Inject]:
    return lambda how: partial(make, how=how, **words)


# Element, row of Table 1, and what makes the fault for a report.
PLAN_FAULTS: tuple[tuple[str, str, Callable[[How], Inject]], ...] = (
    ("dose_tx", "Fraction dose", _of(_dose, item="dose_tx")),
    ("dose_ttl", "Total dose", _of(_dose, item="dose_ttl")),
    ("fractions", "Total dose", _of(_fractions)),
    ("technique", "Rx technique", _of(_text, keyword="RX_DEF", item="technique")),
    ("modality", "Rx modality", _of(_text, keyword="RX_DEF", item="modality")),
    ("pattern", "beside Table 1", _of(_text, keyword="RX_DEF", item="pattern")),
    ("rx_note", "beside Table 1", _of(_text, keyword="RX_DEF", item="rx_note")),
    ("dose_spec", "beside Table 1", _of(_text, keyword="RX_DEF", item="dose_spec")),
    ("patient_id", "beside Table 1", _of(_text, keyword="PLAN_DEF", item="patient_id")),
    ("patient_last_name", "beside Table 1",
     _of(_text, keyword="PLAN_DEF", item="patient_last_name")),
    ("patient_first_name", "beside Table 1",
     _of(_text, keyword="PLAN_DEF", item="patient_first_name")),
    ("patient_orientation", "beside Table 1",
     _of(_text, keyword="SITE_SETUP_DEF", item="patient_orientation")),
)  # fmt: skip
