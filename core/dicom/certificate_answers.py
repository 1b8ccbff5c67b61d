"""The answers behind the geometry certificate: images, frames, dose, references, persons."""

from collections.abc import Iterable, Sequence

import numpy as np

from core.dicom.dose import Dose
from core.dicom.plan import Plan
from core.dicom.registration import Registration, link
from core.dicom.rt_image import readable_images
from core.dicom.rt_set import RtSet
from core.dicom.structures import StructureSet
from core.findings import State

Answer = tuple[State, list[str]]

COARSE_DOSE_MM = 5.0
NAMES_SHOWN = 6
# Registrations are compared within this reach of the origin, to this distance.
BODY_MM, SAME_REGISTRATION_MM = 300.0, 0.5
EXPECTED_AXES = ("HFS", "HFP", "FFS", "FFP", "HFDL", "HFDR", "FFDL", "FFDR")


def images(own: RtSet) -> Answer:
    """Ask whether there is anything to see dose on."""
    series = own.chief_series()
    if series is None:
        return State.WARNING, ["No CT, MR or PET images are here: dose and contours stand alone."]
    count = len(own.series)
    more = f"; {count - 1} further series" if count > 1 else ""
    return State.PASS, [f"{series.title} of {series.geometry.slice_mm:.2f} mm{more}."]


def slices(own: RtSet) -> Answer:
    """Ask what is odd about the slices of the chief series."""
    series = own.chief_series()
    if series is None:
        return State.NOT_RUN, ["No images."]
    found = [(odd.state, odd.message) for odd in series.oddities]
    if len(series.items) == 1:
        found.append((State.WARNING, "The series is a single slice."))
    return answered(found, [f"{len(series.items)} slices, evenly spaced."])


def position(own: RtSet) -> Answer:
    """Ask whether images and plans are of the same patient position."""
    series = own.chief_series()
    if series is None:
        return State.NOT_RUN, ["No images."]
    position = series.patient_position
    if not position:
        return State.WARNING, ["The images do not tell the patient position."]
    if position not in EXPECTED_AXES:
        return State.WARNING, [f"Patient position {position} is none of the eight known ones."]
    found: list[tuple[State, str]] = []
    several = sorted({item.text("PatientPosition").upper() for item in series.items})
    if len(several) > 1:
        names = ", ".join(name or "(not told)" for name in several)
        found.append((State.ERROR, f"The images are of several patient positions: {names}."))
    for plan in own.plans:
        other = [one for one in plan.patient_positions if one != position]
        if other:
            words = f"Plan {plan.label} is for {', '.join(other)}, images are {position}."
            found.append((State.ERROR, words))
    turned = float(series.geometry.normal @ np.array([0.0, 0.0, 1.0]))
    words = f"{position}, {'transverse' if abs(turned) > 0.99 else 'not transverse'} slices."
    return answered(found, [words])


def frames(own: RtSet) -> Answer:
    """Ask whether everything may be drawn on the images."""
    series = own.chief_series()
    reference = series.frame_uid if series is not None else ""
    parts = [
        *(
            (f"Structures {one.label}", uid)
            for one in own.structure_sets
            for uid in _frames_of(one)
        ),
        *((f"Dose {one.title}", one.grid.frame_uid) for one in own.doses),
        *((f"Plan {one.label}", one.frame_uid) for one in own.plans if one.frame_uid),
    ]
    if not parts:
        return State.NOT_RUN, ["Neither structures nor dose nor plan."]
    found: list[tuple[State, str]] = []
    if not reference:
        reference = next((uid for _, uid in parts if uid), "")
        if not reference:
            return State.ERROR, ["No object tells its frame of reference."]
        if series is not None:
            words = "The images do not tell their frame of reference: nothing is drawn on them."
            found.append((State.ERROR, words))
    found += _contradictions(own.registrations)
    for name, uid in parts:
        if uid == reference:
            continue
        if not uid:
            found.append((State.ERROR, f"{name} does not tell its frame of reference."))
        elif link(own.registrations, uid, reference) is None:
            words = (
                f"{name} is in another frame of reference (...{uid[-12:]}) and no registration "
                "links them: it is not drawn on these images."
            )
            found.append((State.ERROR, words))
        else:
            found.append((State.INFO, f"{name} is brought over by a registration object."))
    return answered(found, [f"All {len(parts)} objects are in frame ...{reference[-12:]}."])


def _contradictions(registrations: Sequence[Registration]) -> list[tuple[State, str]]:
    """Return a warning for registrations of the same two frames that lead to other places."""
    found = []
    for number, one in enumerate(registrations):
        for other in registrations[:number]:
            both = {one.from_frame, one.to_frame}
            if both != {other.from_frame, other.to_frame}:
                continue
            way = one.matrix if one.from_frame == other.from_frame else np.linalg.inv(one.matrix)
            apart = np.abs(way - other.matrix)
            apart_mm = float(apart[:3, :3].max()) * BODY_MM + float(apart[:3, 3].max())
            if apart_mm > SAME_REGISTRATION_MM:
                words = (
                    f"Two registrations of the same frames differ by up to {apart_mm:.1f} mm "
                    f"({other.item.source.name}, {one.item.source.name}): the first is used."
                )
                found.append((State.WARNING, words))
    return found


def _frames_of(structures: StructureSet) -> list[str]:
    """Return the frames a set names, and "" where drawn structures tell none."""
    untold = any(one.contours and not one.frame_uid for one in structures.structures)
    return [*sorted(structures.frame_uids), *([""] if untold else [])]


def frame_of_plan(plan: Plan, own: RtSet) -> str:
    """Return the frame a plan is given in: its own, else that of its structures; "" if untold."""
    if plan.frame_uid:
        return plan.frame_uid
    frames = {
        uid
        for one in own.structure_sets
        if one.item.sop_uid in plan.structure_uids
        for uid in one.frame_uids
    }
    return frames.pop() if len(frames) == 1 else ""


def dose_sound(own: RtSet) -> Answer:
    """Ask whether the dose is what a clinician takes it for."""
    if not own.doses:
        return State.WARNING, [f"No dose is here{_of_plans(own)}."]
    found: list[tuple[State, str]] = []
    for dose in own.doses:
        found += [(odd.state, odd.message) for odd in dose.oddities]
        found += list(_dose_findings(dose))
    words = [f"{dose.title}: at most {dose.largest:.2f} {dose.unit}." for dose in own.doses]
    return answered(found, words)


def _of_plans(own: RtSet) -> str:
    labels = [plan.label or "without label" for plan in own.plans]
    return f" for plan {listed(labels)}" if labels else ""


def _dose_findings(dose: Dose) -> Iterable[tuple[State, str]]:
    geometry = dose.grid.geometry
    if dose.units != "GY":
        yield State.WARNING, f"Dose {dose.title} is relative: no Gy can be told."
    if dose.kind != "PHYSICAL":
        yield (
            State.WARNING,
            f"Dose {dose.title} is {dose.kind or 'of unknown type'}, not PHYSICAL.",
        )
    if dose.largest <= 0:
        yield State.WARNING, f"Dose {dose.title} is zero everywhere."
    coarse = max(geometry.column_mm, geometry.row_mm, geometry.slice_mm)
    if coarse > COARSE_DOSE_MM:
        yield State.WARNING, f"Dose {dose.title} has voxels of {coarse:.0f} mm."
    if dose.summation == "BEAM":
        yield State.INFO, f"Dose {dose.title} is of single beams, not of the whole plan."


def references(own: RtSet) -> Answer:
    """Ask which objects are referred to and are not here."""
    here = {item.sop_uid for item in own.items}
    images = {item.sop_uid for series in own.series for item in series.items}
    found: list[tuple[State, str]] = []
    for one in own.structure_sets:
        found += _missing_slices(one, images)
    for plan in own.plans:
        found += _missing_of_plan(plan, own, here)
    plans_asked = {uid for dose in own.doses for uid in dose.plan_uids}
    found += [
        (State.WARNING, f"The plan {_tail(uid)} that a dose was calculated for is not here.")
        for uid in sorted(plans_asked - here)
    ]
    structures_asked = {uid for dose in own.doses for uid in dose.structure_uids}
    found += [
        (State.WARNING, f"The structure set {_tail(uid)} that a dose refers to is not here.")
        for uid in sorted(structures_asked - here)
    ]
    return answered(found, ["Every object that another refers to is here."])


def _missing_of_plan(plan: Plan, own: RtSet, here: set[str]) -> Iterable[tuple[State, str]]:
    for uid in plan.structure_uids:
        if uid not in here:
            words = f"Plan {plan.label}: its structure set {_tail(uid)} is not here."
            yield State.WARNING, words
    if own.doses and not own.doses_of(plan):
        yield State.WARNING, f"Plan {plan.label} has no dose here."
    for uid in plan.dose_uids:
        if uid and uid not in here:
            state = State.INFO if own.doses_of(plan) else State.WARNING
            yield state, f"Plan {plan.label}: its dose {_tail(uid)} is not here."


def _missing_slices(one: StructureSet, here: set[str]) -> list[tuple[State, str]]:
    asked = one.image_uids | {
        contour.image_uid for structure in one.structures for contour in structure.contours
    } - {""}
    missing = asked - here
    if not missing:
        return []
    if missing == asked:
        return [
            (
                State.WARNING,
                f"The images of structure set {one.label} ({len(asked)} slices) are not here.",
            )
        ]
    heights = {
        contour.image_uid: float(contour.points_mm[:, 2].mean())
        for structure in one.structures
        for contour in structure.contours
        if contour.image_uid in missing
    }
    names = [
        f"{_tail(uid)} at z = {heights[uid]:.1f} mm" if uid in heights else _tail(uid)
        for uid in sorted(missing, key=lambda uid: heights.get(uid, 1e9))
    ]
    count = len(missing)
    verb = "slice is" if count == 1 else "slices are"
    words = (
        f"{count} of {len(asked)} {verb} missing that structure set {one.label} refers to: "
        f"{listed(names)}."
    )
    return [(State.ERROR, words)]


def isocentres(own: RtSet) -> Answer:
    """Ask whether the isocentres lie within the images."""
    series = own.chief_series()
    places = [(plan, point) for plan in own.plans for point in plan.isocentres_mm]
    if series is None or not places:
        return State.NOT_RUN, ["No images." if series is None else "No isocentre."]
    found: list[tuple[State, str]] = []
    for plan, point in places:
        frame = frame_of_plan(plan, own)
        matrix = link(own.registrations, frame, series.frame_uid)
        if matrix is None:
            where = "another frame of reference" if frame else "no frame of reference that is told"
            found.append((State.NOT_RUN, f"Plan {plan.label}: isocentre in {where}."))
        elif not series.geometry.holds(matrix[:3, :3] @ point + matrix[:3, 3]):
            words = f"Plan {plan.label}: isocentre {_point(point)} lies outside the images."
            found.append((State.WARNING, words))
    return answered(found, [f"Isocentre {_point(places[0][1])}."])


def person(own: RtSet) -> Answer:
    """Ask whether all objects name the same person: other names under one ID are a mix-up."""
    found: list[tuple[State, str]] = []
    for words, keyword, state in (
        ("names", "PatientName", State.ERROR), ("birth dates", "PatientBirthDate", State.ERROR),
    ):  # fmt: skip
        told = own.told(keyword)
        if len(told) > 1:
            found.append((state, f"Several {words} under one ID: {listed(list(told))}."))
    ids = {item.text("PatientID").casefold(): item.text("PatientID") for item in own.items}
    ids.pop("", None)
    if len(ids) > 1:
        words = f"Several patient IDs in one folder: {listed(sorted(ids.values()))}."
        found.append((State.WARNING, words))
    if not own.patient_id:
        found.append((State.WARNING, "The objects tell no patient ID."))
    return answered(found, [f"{own.patient_name or 'No name'}, ID {own.patient_id}."])


def files(own: RtSet) -> Answer:
    """Ask which files were not used or are not shown."""
    found = [(State.WARNING, f"Not used: {one.name}: {one.why}.") for one in own.refused]
    _, problems = readable_images(own.rt_images)
    found += [(State.WARNING, f"Not shown: RT image {words}.") for words in problems]
    found += [
        (State.INFO, f"Not shown: {item.modality or 'unknown kind'} {item.source.name}.")
        for item in own.others[:NAMES_SHOWN]
    ]
    if len(own.others) > NAMES_SHOWN:
        found.append((State.INFO, f"Not shown: {len(own.others) - NAMES_SHOWN} further objects."))
    return answered(found, [f"{len(own.items)} objects, all read."])


def answered(found: list[tuple[State, str]], otherwise: list[str]) -> Answer:
    """Return the worst state with all sentences, worst first; PASS where nothing was found."""
    if not found:
        return State.PASS, otherwise
    order = list(State)
    worst = min((state for state, _ in found), key=order.index)
    ranked = sorted(found, key=lambda pair: order.index(pair[0]))
    return worst, [words for _, words in ranked]


def listed(names: list[str]) -> str:
    """Return the first few names, and how many more there are."""
    shown = ", ".join(names[:NAMES_SHOWN])
    more = len(names) - NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _tail(uid: str) -> str:
    return f"...{uid[-12:]}"


def _point(point: tuple[float, float, float]) -> str:
    return "({:.1f}, {:.1f}, {:.1f}) mm".format(*point)
