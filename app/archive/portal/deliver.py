"""Objects leave the archive: as a download, or to a listener (Y-07, Y-08)."""

import re
import shutil
import uuid
from collections.abc import Sequence
from typing import Any

from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from app.archive.portal.ask import Ask, Sent
from app.archive.portal.search import GONE, LOOK
from app.archive.retrieve import retrieve
from core.archive.find import patient_of
from core.archive.index import Instance
from core.archive.plan_sets import plan_sets
from core.errors import RemedyError

UNTOLD = "nothing was said of it"
LEVELS = {"patient": "p.id = ?", "study": "s.id = ?", "series": "r.id = ?",
          "instance": "i.sop_uid = ?"}  # fmt: skip


def download(ask: Ask) -> Response:
    """Send the objects of a level as one zip file; each is compared with what was received."""
    wanted = _wanted(ask)
    if not wanted:
        return ask.problem(404, GONE, LOOK)
    folder = ask.portal.outgoing / uuid.uuid4().hex
    folder.mkdir(parents=True)
    name = _file_name(ask, wanted)
    try:
        made = retrieve(ask.portal.archive, wanted, folder / name)
    except (RemedyError, OSError) as fault:
        shutil.rmtree(folder, ignore_errors=True)
        words = fault.what if isinstance(fault, RemedyError) else fault.strerror
        return ask.problem(500, f"The download could not be made: {words}.", "Try again later.")
    if made.missing and ask.asked("rest") != "yes":
        shutil.rmtree(folder, ignore_errors=True)
        return ask.page(
            "damaged.html", 409, missing=made.missing, count=len(wanted),
            rest=f"{ask.request.url.path}?rest=yes", **_whose(ask, wanted),
        )  # fmt: skip
    _note(ask, "download", wanted, missing=len(made.missing))
    return FileResponse(
        made.target, filename=name, media_type="application/zip",
        background=BackgroundTask(shutil.rmtree, folder, ignore_errors=True),
    )  # fmt: skip


def forward_form(ask: Ask) -> Response:
    """Ask where to."""
    wanted = _wanted(ask)
    if not wanted:
        return ask.problem(404, GONE, LOOK)
    return ask.page(
        "forward.html", count=len(wanted), nodes=ask.portal.nodes(), sent=None, to="",
        **_whose(ask, wanted),
    )  # fmt: skip


def forward(ask: Ask) -> Response:
    """Send, and show what became of each object; only what failed is offered again."""
    wanted, node = _wanted(ask), ask.form.get("node", "")
    if not wanted:
        return ask.problem(404, GONE, LOOK)
    if ask.portal.forward is None or node not in ask.portal.nodes():
        return ask.problem(400, "There is no such listener.", "Choose one of the list.")
    again = set(ask.form.get("only", "").split())
    wanted = [one for one in wanted if not again or one.sop_uid in again]
    told = {one.sop_uid: one for one in ask.portal.forward(node, wanted)}
    # What was never answered for has not arrived either.
    sent = [told.get(one.sop_uid) or Sent(one.sop_uid, False, UNTOLD) for one in wanted]
    arrived = sum(one.arrived for one in sent)
    failed = [one.sop_uid for one in sent if not one.arrived]
    _note(ask, "forward", wanted, to=node, arrived=arrived)
    return ask.page(
        "forward.html", 200 if not failed else 502, count=len(wanted), nodes=ask.portal.nodes(),
        sent=sent, to=node, arrived=arrived, failed=failed, **_whose(ask, wanted),
    )  # fmt: skip


def _wanted(ask: Ask) -> list[Instance]:
    """Return the objects of the level and number in the address."""
    level, key = str(ask.request.path_params["level"]), str(ask.request.path_params["key"])
    if level == "plan":
        return _of_plan(ask, key)
    if level not in LEVELS or (level != "instance" and not key.isdigit()):
        return []
    return ask.portal.archive.index.instances(LEVELS[level], key)


def _of_plan(ask: Ask, uid: str) -> list[Instance]:
    """Return the objects of the plan set of a plan."""
    rows = ask.portal.archive.index.rows(
        "SELECT s.patient FROM instance i JOIN series r ON i.series = r.id"
        " JOIN study s ON r.study = s.id WHERE i.sop_uid = ?", uid,
    )  # fmt: skip
    if not rows:
        return []
    sets = plan_sets(ask.portal.archive.instances_of_patient(rows[0]["patient"]))
    own = next((one for one in sets if one.plan is not None and one.plan.sop_uid == uid), None)
    return [] if own is None else list(own.instances)


def _whose(ask: Ask, wanted: Sequence[Instance]) -> dict[str, Any]:
    """Return whose objects these are, and what of the person, for the page."""
    index = ask.portal.archive.index
    rows = index.rows(
        "SELECT s.patient, s.description AS study, r.description AS series FROM instance i"
        " JOIN series r ON i.series = r.id JOIN study s ON r.study = s.id WHERE i.sop_uid = ?",
        wanted[0].sop_uid,
    )
    level, first = str(ask.request.path_params["level"]), wanted[0]
    label = first.rt.label if first.rt is not None else ""
    what = {
        "patient": "everything that is here", "study": rows[0]["study"] or "study",
        "series": f"{first.modality} series {rows[0]['series']}".strip(),
        "instance": f"{first.modality} {first.number}".strip(),
        "plan": f"plan set {label}".strip(),
    }  # fmt: skip
    return {"person": patient_of(index, rows[0]["patient"]), "what": what.get(level, "")}


def _file_name(ask: Ask, wanted: Sequence[Instance]) -> str:
    """Return a file name without the person's: downloads lie about."""
    level = str(ask.request.path_params["level"])
    tail = re.sub(r"[^0-9]", "", wanted[0].study_uid)[-8:]
    return f"dicom_{level}_{tail}.zip"


def _note(ask: Ask, event: str, wanted: Sequence[Instance], **more: object) -> None:
    level = str(ask.request.path_params["level"])
    ask.portal.note(
        ask.who,
        event,
        level=level,
        patient_id=wanted[0].patient_id,
        study_uid=wanted[0].study_uid,
        objects=len(wanted),
        **more,
    )
