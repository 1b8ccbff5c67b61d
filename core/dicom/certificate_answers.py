"""The answers behind the geometry certificate: one function per assertion."""

from collections.abc import Iterable

import numpy as np

from core.dicom.certificate_words import (
    NAMES_SHOWN,
    Answer,
    answered,
    listed,
    point_words,
    uid_end,
)
from core.dicom.dose import Dose
from core.dicom.plan import Plan
from core.dicom.registration import link
from core.dicom.rt_image import readable_images
from core.dicom.rt_set import RtSet
from core.dicom.structures import StructureSet
from core.dicom.values import items, text
from core.findings import State

COARSE_DOSE_MM = 5.0
EXPECTED_AXES = ("HFS", "HFP", "FFS", "FFP", "HFDL", "HFDR", "FFDL", "FFDR")


def person(own: RtSet) -> Answer:
    """Ask whether everything is of one person."""
    names = sorted({name for item in own.items if (name := item.text("PatientName"))})
    if len({_letters(name) for name in names}) > 1:
        return State.ERROR, [
            f"One patient ID, but different names: {'; '.join(map(_plain, names))}."
        ]
    born = sorted({date for item in own.items if (date := item.text("PatientBirthDate"))})
    if len(born) > 1:
        return State.WARNING, [f"Different dates of birth: {', '.join(born)}."]
    return State.PASS, [f"{own.patient_name or 'No name'}, ID {own.patient_id or '-'}."]


def _letters(name: str) -> str:
    """Return a name without what systems write differently: case, separators, blanks."""
    return "".join(letter for letter in name.partition("=")[0].casefold() if letter.isalnum())


def _plain(name: str) -> str:
    return ", ".join(part for part in name.partition("=")[0].split("^") if part)


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
    positions = sorted({item.text("PatientPosition").upper() for item in series.items})
    if len(positions) > 1:
        told = " and ".join(one or "none told" for one in positions)
        return State.ERROR, [f"The images are of different patient positions: {told}."]
    (position,) = positions
    if not position:
        return State.WARNING, ["The images do not tell the patient position."]
    if position not in EXPECTED_AXES:
        return State.WARNING, [f"Patient position {position} is none of the eight known ones."]
    found = [
        (State.ERROR, f"Plan {plan.label} is for {other}, images are {position}.")
        for plan in own.plans
        for other in sorted(_positions_of(plan))
        if other != position
    ]
    turned = float(series.geometry.normal @ np.array([0.0, 0.0, 1.0]))
    words = f"{position}, {'transverse' if abs(turned) > 0.99 else 'not transverse'} slices."
    return answered(found, [words])


def _positions_of(plan: Plan) -> set[str]:
    """Return the patient positions of all setups of a plan."""
    setups = items(plan.item.header, "PatientSetupSequence")
    return {text(one, "PatientPosition").upper() for one in setups} - {""}


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
    if series is not None and not reference:
        return State.ERROR, ["The images tell no frame of reference: nothing is drawn on them."]
    if not reference:
        reference = next((uid for _, uid in parts if uid), "")
        if not reference:
            return State.ERROR, ["No object tells its frame of reference."]
    found: list[tuple[State, str]] = []
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


def _frames_of(structures: StructureSet) -> list[str]:
    """Return the frames of reference its contours are in; "" where that is not told."""
    drawn = {one.frame_uid for one in structures.structures if one.contours}
    return sorted(drawn or structures.frame_uids or {""})


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
    found: list[tuple[State, str]] = []
    here = {item.sop_uid for item in own.items}
    images = {item.sop_uid: item for series in own.series for item in series.items}
    for one in own.structure_sets:
        found += _missing_slices(one, set(images))
    for plan in own.plans:
        for uid in plan.structure_uids:
            if uid not in here:
                found.append(
                    (
                        State.WARNING,
                        f"Plan {plan.label}: its structure set {uid_end(uid)} is not here.",
                    )
                )
        found += [
            (State.WARNING, f"Plan {plan.label}: its dose {uid_end(uid)} is not here.")
            for uid in plan.dose_uids
            if uid not in here
        ]
    plans_asked = {uid for dose in own.doses for uid in dose.plan_uids}
    for uid in sorted(plans_asked - here):
        found.append(
            (State.WARNING, f"The plan {uid_end(uid)} that a dose was calculated for is not here.")
        )
    for plan in own.plans:
        if own.doses and not own.doses_of(plan):
            found.append((State.WARNING, f"Plan {plan.label} has no dose here."))
    structures_asked = {uid for dose in own.doses for uid in dose.structure_uids}
    for uid in sorted(structures_asked - here):
        found.append(
            (State.WARNING, f"The structure set {uid_end(uid)} that a dose refers to is not here.")
        )
    return answered(found, ["Every object that another refers to is here."])


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
        f"{uid_end(uid)} at z = {heights[uid]:.1f} mm" if uid in heights else uid_end(uid)
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
    here = [
        plan
        for plan in own.plans
        if series is not None and plan.frame_uid in ("", series.frame_uid)
    ]
    places = [(plan.label, point) for plan in here for point in plan.isocentres_mm]
    if series is None:
        return State.NOT_RUN, ["No images."]
    if not places:
        elsewhere = any(plan.isocentres_mm for plan in own.plans)
        words = "Plan and images are in different frames of reference."
        return State.NOT_RUN, [words if elsewhere else "No isocentre."]
    low, high = series.geometry.box_mm
    found = [
        (State.WARNING, f"Plan {label}: isocentre {point_words(point)} lies outside the images.")
        for label, point in places
        if not ((np.array(point) >= low).all() and (np.array(point) <= high).all())
    ]
    return answered(found, [f"Isocentre {point_words(places[0][1])}."])


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
