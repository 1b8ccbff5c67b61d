"""Checks of what was entered: nothing missing, field IDs that the R&V system can tell apart."""

from collections import Counter
from collections.abc import Iterator

from app.lex.checks.case import Case, Miss, check
from app.lex.field_ids import is_field_id
from app.lex.treatment import missing
from core.findings import State


@check(
    "LEX-D1",
    "Everything the plan does not hold has been entered",
    State.ERROR,
    "Enter it in the treatment data.",
)
def required_data_are_present(case: Case) -> Iterator[Miss]:
    """Name each gap (L-05; Siochi 2009, II.B)."""
    for gap in missing(case.trial, case.treatment):
        yield Miss(f"Missing: {gap.label}.", item=gap.key)


@check(
    "LEX-D5",
    "Field IDs are unique and have one to five letters or digits",
    State.ERROR,
    "Enter another field ID in the treatment data.",
)
def field_ids_are_unique(case: Case) -> Iterator[Miss]:
    """Compare without regard to case, as the receiving system may (R-15)."""
    uses = Counter(field.id.upper() for field in case.fields)
    for field in case.fields:
        if not is_field_id(field.id):
            message = f"Field ID {field.id!r} of beam {field.beam.name!r} cannot be used."
            yield Miss(message, field.beam.name, item="field_id", found=field.id)
        elif uses[field.id.upper()] > 1:
            message = f"Field ID {field.id!r} is given to {uses[field.id.upper()]} fields."
            yield Miss(message, field.beam.name, item="field_id", found=field.id)


@check(
    "LEX-D6",
    "Every prescription has its own name in the R&V system",
    State.ERROR,
    "Give each prescription its own name in the treatment data.",
)
def site_names_are_unique(case: Case) -> Iterator[Miss]:
    """Fields hang on the site's name; a receiver drops a second site of the same name."""
    sites = {(id(field.prescription), field.site) for field in case.fields if field.site}
    uses = Counter(site for _, site in sites)
    for site, count in uses.items():
        if count > 1:
            message = f"{count} prescriptions are called {site!r}."
            yield Miss(message, item="rx_site_name", found=site)


@check(
    "LEX-D7",
    "The plan names its patient",
    State.ERROR,
    "Enter the patient's ID and name in the planning system, save, and read the plan again.",
)
def patient_is_named(case: Case) -> Iterator[Miss]:
    """Ask for ID and last name: the receiver finds the patient by the ID."""
    person = case.trial.person
    for item, words, text in (
        ("patient_id", "ID", person.id),
        ("patient_last_name", "last name", person.last_name),
    ):
        if not text.strip():
            yield Miss(f"The patient has no {words}.", item=item)
