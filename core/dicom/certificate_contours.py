"""The answers of the geometry certificate that are about structures and their contours."""

import numpy as np

from core.dicom.certificate_answers import Answer, answered, listed
from core.dicom.images import ImageSeries
from core.dicom.rt_set import RtSet
from core.dicom.structures import CLOSED, Structure, StructureSet
from core.dose.geometry import Geometry
from core.findings import State

# A contour further from every slice than this share of the slice distance was drawn elsewhere.
OFF_SLICE_SHARE = 0.5
ON_SLICE_MM = 0.5
# Contours of a skin may touch the outermost pixels' edges.
EDGE_INDEX = 0.5


def structures_sound(own: RtSet) -> Answer:
    """Ask what is odd about names, numbers and contours."""
    structures = own.chief_structures()
    if structures is None:
        return State.NOT_RUN, ["No structures."]
    found = [(odd.state, odd.message) for odd in structures.oddities]
    names = [one.name for one in structures.structures]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        found.append((State.WARNING, f"Names used more than once: {listed(twice)}."))
    empty = [one.name for one in structures.structures if not one.contours]
    if empty:
        found.append((State.INFO, f"Without contours: {listed(empty)}."))
    small = {one.name: count for one in structures.structures if (count := _too_small(one))}
    if small:
        words = listed([f"{name} ({count})" for name, count in small.items()])
        found.append((State.INFO, f"Contours of one or two points enclose nothing: {words}."))
    return answered(found, [f"{len(names)} structures."])


def _too_small(structure: Structure) -> int:
    return sum(one.kind in CLOSED and len(one.points_mm) < 3 for one in structure.contours)


def _comparable(own: RtSet) -> tuple[ImageSeries, StructureSet, list[Structure]] | Answer:
    """Return images and the structures of the same frame, or why there is nothing to ask."""
    series, structures = own.chief_series(), own.chief_structures()
    if series is None or structures is None:
        return State.NOT_RUN, ["No images." if series is None else "No structures."]
    drawn = [one for one in structures.structures if one.closed]
    same = [one for one in drawn if one.frame_uid == series.frame_uid]
    if not same or not series.frame_uid:
        return State.NOT_RUN, ["Structures and images are in different frames of reference."]
    return series, structures, same


def _of_other_frames(structures: StructureSet, same: list[Structure]) -> list[tuple[State, str]]:
    other = [one.name for one in structures.structures if one.closed and one not in same]
    if not other:
        return []
    return [(State.NOT_RUN, f"In another frame of reference, not examined: {listed(other)}.")]


def contours_on_slices(own: RtSet) -> Answer:
    """Ask how far contours lie from the slices, and whether each lies in one plane."""
    asked = _comparable(own)
    if len(asked) == 2:
        return asked
    series, structures, same = asked
    geometry = series.geometry
    limit_mm = max(geometry.slice_mm * OFF_SLICE_SHARE, ON_SLICE_MM)
    places = geometry.slice_offsets_mm * float(geometry.normal @ geometry.along_slices)
    far: dict[str, float] = {}
    between: dict[str, float] = {}
    bent: dict[str, float] = {}
    for structure in same:
        for contour in structure.closed:
            heights = (contour.points_mm - geometry.origin_mm) @ geometry.normal
            away_mm = float(np.abs(places - heights.mean()).min())
            if away_mm > limit_mm + 1e-6:
                _keep(far, structure.name, away_mm)
            elif away_mm > ON_SLICE_MM:
                _keep(between, structure.name, away_mm)
            if float(np.ptp(heights)) > ON_SLICE_MM:
                _keep(bent, structure.name, float(np.ptp(heights)))
    found = _of_other_frames(structures, same)
    for state, start, those in (
        (State.WARNING, "Contours lie where no slice is", far),
        (State.WARNING, "Contours are not within one plane of the images", bent),
        (State.INFO, "Contours lie between slices", between),
    ):
        if those:
            words = listed([f"{name} ({mm:.1f} mm)" for name, mm in those.items()])
            found.append((state, f"{start}: {words}."))
    return answered(found, ["Every contour lies on a slice."])


def _keep(largest: dict[str, float], name: str, value: float) -> None:
    largest[name] = max(largest.get(name, 0.0), value)


def contours_in_images(own: RtSet) -> Answer:
    """Ask whether a structure lies or reaches beyond the images."""
    asked = _comparable(own)
    if len(asked) == 2:
        return asked
    series, structures, same = asked
    wholly, partly = _outside(same, series.geometry, EDGE_INDEX)
    found = _of_other_frames(structures, same)
    if wholly:
        found.append((State.ERROR, f"Entirely outside the images: {listed(wholly)}."))
    if partly:
        found.append((State.INFO, f"Partly outside the images: {listed(partly)}."))
    return answered(found, ["Every structure lies within the images."])


def dose_covers(own: RtSet) -> Answer:
    """Ask which structures reach out of the dose grid."""
    dose, structures = own.chief_dose(), own.chief_structures()
    if dose is None or structures is None:
        return State.NOT_RUN, ["No dose." if dose is None else "No structures."]
    drawn = [one for one in structures.structures if one.closed]
    same = [one for one in drawn if one.frame_uid == dose.grid.frame_uid]
    if not same:
        return State.NOT_RUN, ["Structures and dose are in different frames of reference."]
    wholly, partly = _outside(same, dose.grid.geometry, 1e-6)
    found = _of_other_frames(structures, same)
    if wholly:
        found.append((State.WARNING, f"Entirely outside the dose grid: {listed(wholly)}."))
    if partly:
        found.append((State.INFO, f"Partly outside the dose grid: {listed(partly)}."))
    return answered(found, ["The dose grid covers every structure."])


def _outside(
    structures: list[Structure], geometry: Geometry, margin_index: float
) -> tuple[list[str], list[str]]:
    """Return names of structures wholly outside a grid, and partly with the share outside."""
    wholly, partly = [], []
    for one in structures:
        points = np.concatenate([contour.points_mm for contour in one.closed])
        share = 1 - float(geometry.holds(points, margin_index=margin_index).mean())
        if share == 1:
            wholly.append(one.name)
        elif share > 0:
            partly.append(f"{one.name} ({share:.0%} of its outline)")
    return wholly, partly
