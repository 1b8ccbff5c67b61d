"""The answers about structures: where their contours lie, what is odd about them."""

import numpy as np

from core.dicom.certificate_words import Answer, answered, listed
from core.dicom.images import ImageSeries
from core.dicom.rt_set import RtSet
from core.dicom.structures import CLOSED, Contour, Structure
from core.dose.geometry import Floats
from core.findings import State

# A contour further from every slice than this share of the slice distance was drawn elsewhere.
OFF_SLICE_SHARE = 0.5
ON_SLICE_MM = 0.5
OTHER_FRAME = "Structures and images are in different frames of reference."


def contours_on_slices(own: RtSet) -> Answer:
    """Ask how far contours lie from the slices, and whether each lies in one."""
    series, structures = own.chief_series(), own.chief_structures()
    if series is None or structures is None:
        return State.NOT_RUN, ["No images." if series is None else "No structures."]
    if series.frame_uid not in structures.frame_uids:
        return State.NOT_RUN, [OTHER_FRAME]
    limit_mm = max(series.geometry.slice_mm * OFF_SLICE_SHARE, ON_SLICE_MM)
    far: dict[str, float] = {}
    between: dict[str, float] = {}
    bent: dict[str, float] = {}
    for structure in structures.structures:
        away_mm, spread_mm = _off_slices(structure, series)
        if away_mm > limit_mm + 1e-6:
            far[structure.name] = away_mm
        elif away_mm > ON_SLICE_MM:
            between[structure.name] = away_mm
        if spread_mm > ON_SLICE_MM:
            bent[structure.name] = spread_mm
    found = [
        (state, f"{words}: {listed([f'{name} ({mm:.1f} mm)' for name, mm in which.items()])}.")
        for state, words, which in (
            (State.WARNING, "Contours lie where no slice is", far),
            (State.WARNING, "Contours do not lie in one slice", bent),
            (State.INFO, "Contours lie between slices", between),
        )
        if which
    ]
    return answered(found, ["Every contour lies on a slice."])


def _off_slices(structure: Structure, series: ImageSeries) -> tuple[float, float]:
    """Return how far the worst contour lies from its slice, and how thick it is, in mm."""
    geometry = series.geometry
    places = geometry.slice_offsets_mm * float(geometry.normal @ geometry.along_slices)
    away_mm = spread_mm = 0.0
    for contour in structure.closed:
        heights = (contour.points_mm - geometry.origin_mm) @ geometry.normal
        away_mm = max(away_mm, float(np.abs(places - heights.mean()).min()))
        spread_mm = max(spread_mm, float(np.ptp(heights)))
    return away_mm, spread_mm


def contours_in_images(own: RtSet) -> Answer:
    """Ask whether a structure lies beyond the images."""
    series, structures = own.chief_series(), own.chief_structures()
    if series is None or structures is None:
        return State.NOT_RUN, ["No images." if series is None else "No structures."]
    asked = [
        one for one in structures.structures if one.closed and one.frame_uid == series.frame_uid
    ]
    if not asked and any(one.closed for one in structures.structures):
        return State.NOT_RUN, [OTHER_FRAME]
    box = series.geometry.box_mm
    # Half a slice beyond the outermost centres still belongs to the images.
    half = np.full(3, max(series.geometry.slice_mm / 2, 1.0))
    outside, reaching = [], []
    for one in asked:
        if not _boxes_touch(one.box_mm, box):
            outside.append(one.name)
        elif (one.box_mm[0] < box[0] - half).any() or (one.box_mm[1] > box[1] + half).any():
            reaching.append(one.name)
    found = []
    if outside:
        found.append((State.ERROR, f"Entirely outside the images: {listed(outside)}."))
    if reaching:
        found.append((State.INFO, f"Partly outside the images: {listed(reaching)}."))
    return answered(found, ["Every structure lies within the images."])


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
        found.append((State.WARNING, f"Names used more than once: {listed(twice)}."))
    flat = [one.name for one in structures.structures if any(map(_encloses_nothing, one.contours))]
    if flat:
        words = f"Closed contours of fewer than 3 points enclose nothing: {listed(flat)}."
        found.append((State.WARNING, words))
    empty = [one.name for one in structures.structures if not one.contours]
    if empty:
        found.append((State.INFO, f"Without contours: {listed(empty)}."))
    return answered(found, [f"{len(names)} structures."])


def _encloses_nothing(contour: Contour) -> bool:
    return contour.kind in CLOSED and not contour.is_closed


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
        found.append((State.WARNING, f"Entirely outside the dose grid: {listed(wholly)}."))
    if partly:
        found.append((State.INFO, f"Partly outside the dose grid: {listed(partly)}."))
    return answered(found, ["The dose grid covers every structure."])
