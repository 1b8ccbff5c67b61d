"""A plan set: what it lacks, its plan as tables, a quick look at dose and structures (Y-10)."""

from collections.abc import Sequence
from pathlib import Path

from starlette.responses import Response

from app.archive.portal.ask import Ask, Picture, Point
from app.archive.portal.search import GONE, LOOK
from core.archive.find import patient_of
from core.archive.plan_sets import PlanSet, plan_sets
from core.dicom.certificate import Certificate, certify
from core.dicom.plan_tables import Table, beam_table, prescription_table
from core.dicom.rt_set import RtSet, read_rt_sets
from core.errors import RemedyError

VIEWS = {"axial": 2, "coronal": 1, "sagittal": 0}
"""Views and the patient axis each goes along."""
STEPS_MM = (-15.0, -3.0, 3.0, 15.0)


def plan_set(ask: Ask) -> Response:
    """Show one plan set."""
    person = patient_of(ask.portal.archive.index, ask.number("patient"))
    sets = [] if person is None else plan_sets(ask.portal.archive.instances_of_patient(person.id))
    place = ask.number("place")
    if person is None or not 0 <= place < len(sets):
        return ask.problem(404, GONE, LOOK)
    own = sets[place]
    paths, gone = _files(ask, own)
    try:
        read = max(read_rt_sets(paths), key=lambda one: len(one.items)) if paths else None
    except RemedyError as fault:
        return ask.problem(500, fault.what, fault.remedy)
    view = ask.asked("view") if ask.asked("view") in VIEWS else "axial"
    picture, fault_words = _picture(ask, paths, view)
    name = "" if picture is None else ask.portal.pictures.keep(ask.who, picture.png)
    ask.portal.note(ask.who, "plan-set", patient_id=person.patient_id, label=own.label)
    return ask.page(
        "set.html", person=person, own=own, place=place, gone=gone, tables=_tables(read),
        certificate=_certificate(read), view=view, views=tuple(VIEWS), picture=picture,
        picture_name=name, fault=fault_words, steps=_steps(picture, view),
    )  # fmt: skip


def picture(ask: Ask) -> Response:
    """Send a picture that a page has just made for this account."""
    png = ask.portal.pictures.get(ask.who, str(ask.request.path_params["name"]))
    if png is None:
        return ask.problem(404, "This picture is gone.", "Load the page again.")
    return Response(png, media_type="image/png")


def _files(ask: Ask, own: PlanSet) -> tuple[list[Path], int]:
    """Return the files of a set, and how many are gone."""
    paths = [ask.portal.archive.path_of(one) for one in own.instances]
    here = [path for path in paths if path is not None]
    return here, len(paths) - len(here)


def _tables(read: RtSet | None) -> list[Table]:
    if read is None:
        return []
    return [table for plan in read.plans for table in (prescription_table(plan), beam_table(plan))]


def _certificate(read: RtSet | None) -> Certificate | None:
    return None if read is None else certify(read)


def _picture(ask: Ask, paths: Sequence[Path], view: str) -> tuple[Picture | None, str]:
    """Return a view of the set, or why there is none."""
    if ask.portal.look is None:
        return None, "This portal shows no pictures."
    if not paths:
        return None, "No file of this set is here."
    try:
        return ask.portal.look(paths, view, _point(ask.asked("at"))), ""
    except RemedyError as fault:
        return None, fault.what


def _point(words: str) -> Point | None:
    """Return a patient point "x,y,z" in mm; None where that is not one."""
    try:
        x, y, z = (float(word) for word in words.split(","))
    except ValueError:
        return None
    return (x, y, z) if all(abs(value) < 1e5 for value in (x, y, z)) else None


def _steps(shown: Picture | None, view: str) -> list[tuple[str, str]]:
    """Return the slices to go on to: words and point."""
    if shown is None:
        return []
    steps = []
    for step_mm in STEPS_MM:
        point = list(shown.at_mm)
        point[VIEWS[view]] += step_mm
        steps.append((f"{step_mm:+.0f} mm", ",".join(f"{value:.2f}" for value in point)))
    return steps
