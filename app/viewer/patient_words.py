"""Whose set it is, in words: for the banner, the pages and the tables that are kept."""

from core.dicom.rt_set import RtSet
from core.dicom.text_table import iso_date
from core.dicom.values import name_words


def patient_words(own: RtSet) -> str:
    """Return name, ID and birth date; where the objects tell several persons, all of them."""
    names, born = own.told("PatientName"), own.told("PatientBirthDate")
    who = own.patient_name or "No name"
    if len(names) > 1 or len(born) > 1:
        who = f"MORE THAN ONE PERSON: {' / '.join(name_words(one) for one in names) or who}"
    dates = " / ".join(iso_date(one) for one in born)
    return f"{who}   ID {own.patient_id or '-'}" + (f"   born {dates}" if dates else "")


def banner_words(own: RtSet) -> str:
    """Return the words of the patient banner: the person, and the first plans."""
    plans = ", ".join(plan.label for plan in own.plans[:3] if plan.label)
    return patient_words(own) + (f"   Plan {plans}" if plans else "")
