"""Checks of what was entered: nothing missing, field IDs that the R&V system can tell apart."""

from collections import Counter
from collections.abc import Iterator

from app.lex.checks.case import Case, Miss, check
from app.lex.checks.example import Change
from app.lex.field_ids import is_field_id
from app.lex.treatment import FieldEntry, missing
from core.findings import State


@check(
    "LEX-D1",
    "Everything the plan does not hold has been entered",
    State.ERROR,
    "Enter it in the treatment data.",
    requirements=["L-05"],
    source="Siochi 2009, II.B",
    why="The R&V system cannot treat, or treats elsewhere, without it.",
    good=[Change("treatment.tolerance_table", 0)],
    bad=[Change("treatment.course", None, "course")],
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
    requirements=["R-15"],
    source="Siochi 2009, II.C.3",
    why="Two fields of one ID overwrite each other.",
    good=[Change("treatment.fields", {"AP": FieldEntry(id="Z9")})],
    bad=[Change("treatment.fields", {"AP": FieldEntry(id="A-1")}, "AP, field_id")],
    also=["LEX-D1"],
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
    source="LED17001, RX_DEF",
    why="Fields would be booked on the other prescription.",
    good=[Change("treatment.prescriptions.Boost.id", "BOOST 2")],
    bad=[Change("treatment.prescriptions.Boost.id", "PELVIS", "rx_site_name")],
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
    source="LED17001, PLAN_DEF",
    why="The R&V system finds the patient by the ID; a plan without it may reach another patient.",
    good=[Change("trial.person.first_name", "")],
    bad=[Change("trial.person.id", "", "patient_id")],
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


@check(
    "LEX-D8",
    "The machine offers the dose rate of every field",
    State.WARNING,
    "Choose one of the machine's dose rates in the treatment data.",
    requirements=["L-05"],
    source="Siochi 2009, II.B and IV",
    why="The machine would treat with another rate, or ask for one at the console.",
    good=[Change("treatment.fields", {"AP": FieldEntry(dose_rate_mu_min=400)})],
    bad=[Change("treatment.fields", {"AP": FieldEntry(dose_rate_mu_min=450)}, "AP, doserate")],
    also=["LEX-C9"],
)
def dose_rates_are_offered(case: Case) -> Iterator[Miss]:
    """Ask the machine description; a list that is not complete cannot tell."""
    rates = case.need_machine().dose_rates
    for field in case.fields:
        if field.dose_rate_mu_min is None:
            continue
        listed = rates.electron_mu_min if field.beam.modality == "Elect" else rates.photon_mu_min
        if field.beam.fff:
            listed = rates.fff_mu_min
        offered = listed.offers(float(field.dose_rate_mu_min))
        if not offered:
            words = ", ".join(f"{rate:g}" for rate in listed.value or ()) or "none"
            message = f"{field.dose_rate_mu_min} MU/min; the machine description lists {words}."
            yield Miss(
                message, field.beam.name, item="doserate", expected=words,
                found=str(field.dose_rate_mu_min), unit="MU/min",
                state=State.NOT_RUN if offered is None else None,
            )  # fmt: skip
