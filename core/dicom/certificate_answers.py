"""The answers behind the geometry certificate: one function per assertion."""

from collections.abc import Iterable

import numpy as np

from core.dicom.dose import Dose
from core.dicom.registration import link
from core.dicom.rt_image import readable_images
from core.dicom.rt_set import RtSet
from core.dicom.structures import StructureSet
from core.dose.geometry import Floats
from core.findings import State

Answer = tuple[State, list[str]]

# A contour further from every slice than this share of the slice distance was drawn elsewhere.
OFF_SLICE_SHARE = 0.5
ON_SLICE_MM = 0.5
COARSE_DOSE_MM = 5.0
NAMES_SHOWN = 6
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
    return _answer(found, [f"{len(series.items)} slices, evenly spaced."])


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
    found = [
        (State.ERROR, f"Plan {plan.label} is for {plan.patient_position}, images are {position}.")
        for plan in own.plans
        if plan.patient_position not in ("", position)
    ]
    turned = float(series.geometry.normal @ np.array([0.0, 0.0, 1.0]))
    words = f"{position}, {'transverse' if abs(turned) > 0.99 else 'not transverse'} slices."
    return _answer(found, [words])


def frames(own: RtSet) -> Answer:
    """Ask whether everything may be drawn on the images."""
    series = own.chief_series()
    reference = series.frame_uid if series is not None else ""
    parts = [
        *(
            (f"Structures {one.label}", uid)
            for one in own.structure_sets
            for uid in one.frame_uids
        ),
        *((f"Dose {one.title}", one.grid.frame_uid) for one in own.doses),
        *((f"Plan {one.label}", one.frame_uid) for one in own.plans if one.frame_uid),
    ]
    if not parts:
        return State.NOT_RUN, ["Neither structures nor dose nor plan."]
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
    return _answer(found, [f"All {len(parts)} objects are in frame ...{reference[-12:]}."])


def contours_on_slices(own: RtSet) -> Answer:
    """Ask how far contours lie from the slices."""
    series, structures = own.chief_series(), own.chief_structures()
    if series is None or structures is None:
        return State.NOT_RUN, ["No images." if series is None else "No structures."]
    if series.frame_uid not in structures.frame_uids:
        return State.NOT_RUN, ["Structures and images are in different frames of reference."]
    geometry = series.geometry
    limit_mm = max(geometry.slice_mm * OFF_SLICE_SHARE, ON_SLICE_MM)
    places = geometry.slice_offsets_mm * float(geometry.normal @ geometry.along_slices)
    far: dict[str, float] = {}
    between: dict[str, float] = {}
    for structure in structures.structures:
        for contour in structure.closed:
            height = float(((contour.points_mm - geometry.origin_mm) @ geometry.normal).mean())
            away_mm = float(np.abs(places - height).min())
            if away_mm > limit_mm + 1e-6:
                far[structure.name] = max(far.get(structure.name, 0.0), away_mm)
            elif away_mm > ON_SLICE_MM:
                between[structure.name] = max(between.get(structure.name, 0.0), away_mm)
    found = []
    if far:
        words = _listed([f"{name} ({mm:.1f} mm)" for name, mm in far.items()])
        found.append((State.WARNING, f"Contours lie where no slice is: {words}."))
    if between:
        words = _listed([f"{name} ({mm:.1f} mm)" for name, mm in between.items()])
        found.append((State.INFO, f"Contours lie between slices: {words}."))
    return _answer(found, ["Every contour lies on a slice."])


def contours_in_images(own: RtSet) -> Answer:
    """Ask whether a structure lies beyond the images."""
    series, structures = own.chief_series(), own.chief_structures()
    if series is None or structures is None:
        return State.NOT_RUN, ["No images." if series is None else "No structures."]
    low, high = series.geometry.box_mm
    outside = [
        one.name
        for one in structures.structures
        if one.closed and not _boxes_touch(one.box_mm, np.stack([low, high]))
    ]
    found = []
    if outside:
        found.append((State.ERROR, f"Entirely outside the images: {_listed(outside)}."))
    return _answer(found, ["Every structure lies within the images."])


def _boxes_touch(one: Floats, other: Floats) -> bool:
    return bool((one[1] >= other[0] - 1).all() and (one[0] <= other[1] + 1).all())


def structures_sound(own: RtSet) -> Answer:
    """Ask what is odd about names, numbers and contours."""
    structures = own.chief_structures()
    if structures is None:
        return State.NOT_RUN, ["No structures."]
    found = [(odd.state, odd.message) for odd in structures.oddities]
    names = [one.name for one in structures.structures]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        found.append((State.WARNING, f"Names used more than once: {_listed(twice)}."))
    empty = [one.name for one in structures.structures if not one.contours]
    if empty:
        found.append((State.INFO, f"Without contours: {_listed(empty)}."))
    return _answer(found, [f"{len(names)} structures."])


def dose_sound(own: RtSet) -> Answer:
    """Ask whether the dose is what a clinician takes it for."""
    if not own.doses:
        return State.WARNING, [f"No dose is here{_of_plans(own)}."]
    found: list[tuple[State, str]] = []
    for dose in own.doses:
        found += [(odd.state, odd.message) for odd in dose.oddities]
        found += list(_dose_findings(dose))
    words = [f"{dose.title}: at most {dose.largest:.2f} {dose.unit}." for dose in own.doses]
    return _answer(found, words)


def _of_plans(own: RtSet) -> str:
    labels = [plan.label or "without label" for plan in own.plans]
    return f" for plan {_listed(labels)}" if labels else ""


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


def dose_covers(own: RtSet) -> Answer:
    """Ask which structures reach out of the dose grid."""
    dose, structures = own.chief_dose(), own.chief_structures()
    if dose is None or structures is None:
        return State.NOT_RUN, ["No dose." if dose is None else "No structures."]
    frames = structures.frame_uids
    if dose.grid.frame_uid not in frames:
        return State.NOT_RUN, ["Structures and dose are in different frames of reference."]
    partly, wholly = [], []
    for one in structures.structures:
        if not one.closed:
            continue
        points = np.concatenate([contour.points_mm for contour in one.closed])
        share = 1 - float(dose.grid.geometry.holds(points).mean())
        if share == 1:
            wholly.append(one.name)
        elif share > 0:
            partly.append(f"{one.name} ({share:.0%} of its outline)")
    found = []
    if wholly:
        found.append((State.WARNING, f"Entirely outside the dose grid: {_listed(wholly)}."))
    if partly:
        found.append((State.INFO, f"Partly outside the dose grid: {_listed(partly)}."))
    return _answer(found, ["The dose grid covers every structure."])


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
                        f"Plan {plan.label}: its structure set {_tail(uid)} is not here.",
                    )
                )
    plans_asked = {uid for dose in own.doses for uid in dose.plan_uids}
    for uid in sorted(plans_asked - here):
        found.append(
            (State.WARNING, f"The plan {_tail(uid)} that a dose was calculated for is not here.")
        )
    for plan in own.plans:
        if own.doses and not own.doses_of(plan):
            found.append((State.WARNING, f"Plan {plan.label} has no dose here."))
    structures_asked = {uid for dose in own.doses for uid in dose.structure_uids}
    for uid in sorted(structures_asked - here):
        found.append(
            (State.WARNING, f"The structure set {_tail(uid)} that a dose refers to is not here.")
        )
    return _answer(found, ["Every object that another refers to is here."])


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
        f"{_listed(names)}."
    )
    return [(State.ERROR, words)]


def isocentres(own: RtSet) -> Answer:
    """Ask whether the isocentres lie within the images."""
    series = own.chief_series()
    places = [(plan.label, point) for plan in own.plans for point in plan.isocentres_mm]
    if series is None or not places:
        return State.NOT_RUN, ["No images." if series is None else "No isocentre."]
    low, high = series.geometry.box_mm
    found = [
        (State.WARNING, f"Plan {label}: isocentre {_point(point)} lies outside the images.")
        for label, point in places
        if not ((np.array(point) >= low).all() and (np.array(point) <= high).all())
    ]
    return _answer(found, [f"Isocentre {_point(places[0][1])}."])


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
    return _answer(found, [f"{len(own.items)} objects, all read."])


def _answer(found: list[tuple[State, str]], otherwise: list[str]) -> Answer:
    if not found:
        return State.PASS, otherwise
    order = list(State)
    worst = min((state for state, _ in found), key=order.index)
    ranked = sorted(found, key=lambda pair: order.index(pair[0]))
    return worst, [words for _, words in ranked]


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:NAMES_SHOWN])
    more = len(names) - NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _tail(uid: str) -> str:
    return f"...{uid[-12:]}"


def _point(point: tuple[float, float, float]) -> str:
    return "({:.1f}, {:.1f}, {:.1f}) mm".format(*point)
