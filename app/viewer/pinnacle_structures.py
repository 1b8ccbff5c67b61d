"""Pinnacle's regions and points of interest to structures; what is left out is told by name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from app.viewer.pinnacle_images import ImageSet
from app.viewer.pinnacle_space import CERTAIN, MM_PER_CM, Space
from app.viewer.pinnacle_text import Block
from core.dicom.structures import SPARE_COLOURS, Contour, Structure
from core.dose.geometry import Floats
from core.findings import Finding, State

# Rule of a region or point that is left out.
NOT_SHOWN = "V-PIN-ROI"
CLOSED, POINT = "CLOSED_PLANAR", "POINT"
# Points of one curve lie in one plane within the six digits of the file.
SAME_PLANE_CM = 0.001
SAME_PLACE_MM = 0.05
COLOURS = {
    "red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "yellow": (255, 255, 0),
    "purple": (160, 32, 240), "orange": (255, 165, 0), "skyblue": (135, 206, 235),
    "lightblue": (173, 216, 230), "brown": (165, 42, 42), "forest": (34, 139, 34),
    "slateblue": (106, 90, 205), "lightorange": (255, 200, 110), "yellowgreen": (154, 205, 50),
    "lavender": (200, 180, 255), "grey": (160, 160, 160), "khaki": (240, 230, 140),
    "aquamarine": (127, 255, 212), "teal": (0, 128, 128), "steelblue": (70, 130, 180),
    "tomato": (255, 99, 71), "olive": (128, 128, 0), "maroon": (128, 0, 0),
    "greyscale": (190, 190, 190), "inverse_grey": (110, 110, 110), "white": (255, 255, 255),
}  # fmt: skip


@dataclass(frozen=True, eq=False, slots=True)
class Drawn:
    """Where regions and points lie.

    Attributes:
        space: The frame of the plan.
        images: The plan's image set; None when it is not known.
        alone: Whether the patient has no other image set, so that all is drawn on this one.

    """

    space: Space
    images: ImageSet | None
    alone: bool

    def other_volume(self, name: str) -> bool:
        """Return whether something was drawn on another image set, whose shift is not known."""
        if self.alone or self.images is None or not name.strip():
            return False
        return name.strip().casefold() != self.images.name.strip().casefold()


def read_structures(
    regions: Block, points: Sequence[Block], drawn: Drawn
) -> tuple[tuple[Structure, ...], tuple[Finding, ...]]:
    """Return the structures of plan.roi, then the points of plan.Points, and what is odd."""
    found: list[Structure] = []
    oddities = [*_frame_notes(drawn.space)]
    slices = _slice_uids(drawn.images)
    for roi in regions.blocks("roi"):
        name = roi.text("name") or f"region {len(found) + 1}"
        if drawn.other_volume(roi.text("volume_name")):
            oddities.append(_not_shown(name, f"drawn on the images '{roi.text('volume_name')}'"))
            continue
        contours, broken = _contours(roi, drawn.space, slices)
        if broken:
            oddities.append(_not_shown(name, "a curve is damaged or not in one plane"))
            continue
        kind = roi.text("roiinterpretedtype").upper()
        found.append(_structure(len(found) + 1, (name, kind), roi.text("color"), contours, drawn))
    for poi in points:
        name = poi.text("Name") or f"point {len(found) + 1}"
        problem = _point_problem(poi, drawn)
        if problem:
            oddities.append(_not_shown(name, problem))
            continue
        contour = Contour(drawn.space.to_dicom_mm(np.array([poi_cm(poi)])), POINT, "")
        kind = poi.text("PoiInterpretedType").upper()
        found.append(
            _structure(len(found) + 1, (name, kind), poi.text("Color"), (contour,), drawn)
        )
    return tuple(found), tuple(oddities)


def poi_cm(poi: Block) -> Floats | None:
    """Return the place of a point of interest in Pinnacle's axes, cm; None when not told."""
    values = [poi.number(f"{axis}Coord") for axis in "XYZ"]
    return None if None in values else np.array(values, dtype=np.float64)


def point_named(points: Iterable[Block], name: str) -> Block | None:
    """Return the point of interest of a name, letters' case ignored; None without exactly one."""
    wanted = name.strip().casefold()
    found = [poi for poi in points if wanted and poi.text("Name").strip().casefold() == wanted]
    return found[0] if len(found) == 1 else None


def _point_problem(poi: Block, drawn: Drawn) -> str:
    if drawn.other_volume(poi.text("VolumeName")):
        return f"placed on the images '{poi.text('VolumeName')}'"
    if poi.text("CoordSys") not in ("", "CT"):
        return f"placed in the system '{poi.text('CoordSys')}'"
    return "it has no coordinates" if poi_cm(poi) is None else ""


def _structure(
    number: int, words: tuple[str, str], colour: str, contours: tuple[Contour, ...], drawn: Drawn
) -> Structure:
    spare = SPARE_COLOURS[(number - 1) % len(SPARE_COLOURS)]
    shown = COLOURS.get(colour.strip().casefold(), spare)
    return Structure(number, *words, shown, drawn.space.frame_uid, contours)


def _contours(
    roi: Block, space: Space, slices: Sequence[tuple[float, str]]
) -> tuple[tuple[Contour, ...], bool]:
    """Return the curves of a region; True when one of them cannot be used."""
    found: list[Contour] = []
    for curve in roi.blocks("curve"):
        values, count = curve.rows("points"), curve.number("num_points")
        if len(values) % 3 or not len(values) or count not in (None, len(values) // 3):
            return (), True
        points = values.reshape(-1, 3)
        if float(np.ptp(points[:, 2])) > SAME_PLANE_CM:
            return (), True
        places = space.to_dicom_mm(points)
        found.append(Contour(places, CLOSED, _slice_at(slices, float(places[0, 2]))))
    told = roi.number("num_curve")
    return tuple(found), told is not None and told != len(found)


def _slice_uids(images: ImageSet | None) -> list[tuple[float, str]]:
    """Return place (DICOM z, mm) and SOPInstanceUID of each slice whose pixels are here."""
    if images is None or not images.has_pixels:
        return []
    heights = (
        (one.number("TablePosition") or 0.0, images.image_uid(one)) for one in images.slices
    )
    sign = float(images.space.axis_mm(2)[2])
    return [(z_cm * MM_PER_CM * sign, uid) for z_cm, uid in heights]


def _slice_at(slices: Sequence[tuple[float, str]], z_mm: float) -> str:
    found = (uid for place, uid in slices if abs(place - z_mm) <= SAME_PLACE_MM)
    return next(found, "")


def _frame_notes(space: Space) -> Iterable[Finding]:
    if space.position not in CERTAIN:
        yield Finding(
            "V-PIN-POSITION",
            State.WARNING,
            f"Pinnacle's axes for {space.position} are as another reader compared with exports; "
            "compare one point with Pinnacle before use.",
            item="structures",
        )
    if not space.is_dicom:
        yield Finding(
            "V-PIN-FRAME",
            State.INFO,
            "The places are those of the image set's own start: how it is shifted against the "
            "DICOM images is not in the files, so nothing is drawn on those.",
            item="structures",
        )


def _not_shown(name: str, why: str) -> Finding:
    return Finding(
        NOT_SHOWN,
        State.WARNING,
        f"'{name}' is not shown: {why}.",
        item="structures",
        remedy="Export the structures from Pinnacle as DICOM.",
    )
