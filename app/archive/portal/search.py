"""Finding persons, and what is here of them (Y-05, Y-06)."""

from starlette.responses import Response

from app.archive.portal.ask import Ask
from core.archive.find import (
    MOST,
    Wanted,
    find_patients,
    patient_of,
    series_by_id,
    series_of,
    studies_of,
)
from core.archive.plan_sets import plan_sets

GONE = "This is not in the archive."
LOOK = "Search for the patient again."
ROWS = 500


def search(ask: Ask) -> Response:
    """Show the two boxes, and who was found."""
    name, number = ask.asked("name"), ask.asked("id")
    modality = ask.asked("modality")
    found = None
    if name or number or modality:
        wanted = Wanted(name=name, patient_id=number, modality=modality)
        found = find_patients(ask.portal.archive.index, wanted)
        ask.portal.note(ask.who, "search", name=name, patient_id=number, found=len(found))
    return ask.page(
        "search.html", name=name, number=number, modality=modality, found=found, most=MOST
    )


def patient(ask: Ask) -> Response:
    """Show a person's plan sets with what they lack, and the studies with their series."""
    index = ask.portal.archive.index
    person = patient_of(index, ask.number("patient"))
    if person is None:
        return ask.problem(404, GONE, LOOK)
    sets = plan_sets(ask.portal.archive.instances_of_patient(person.id))
    studies = [(study, series_of(index, study.id)) for study in studies_of(index, person.id)]
    ask.portal.note(ask.who, "patient", patient_id=person.patient_id)
    return ask.page("patient.html", person=person, sets=sets, studies=studies)


def series(ask: Ask) -> Response:
    """Show the objects of a series, a page at a time."""
    index = ask.portal.archive.index
    found = series_by_id(index, ask.number("series"))
    if found is None:
        return ask.problem(404, GONE, LOOK)
    own, study, person = found
    instances = ask.portal.archive.instances_of_series(own.id)
    start = int(ask.asked("from")) if ask.asked("from").isdigit() else 0
    return ask.page(
        "series.html", person=person, study=study, series=own, count=len(instances), start=start,
        instances=instances[start : start + ROWS], rows=ROWS,
    )  # fmt: skip
