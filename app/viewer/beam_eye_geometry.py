"""Where a beam looks, and what the source sees: radiograph and silhouettes of structures.

Everything lies in the isocentre plane of the IEC 61217 beam limiting device frame, seen from the
source: +Xb to the right, +Yb up, mm. What the plan does not tell is said in words. Only two
values are ever assumed, and the words say so: a source-axis distance of 1000 mm, position HFS.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from pyqtgraph.functions import arrayToQPath
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter, QPainterPath, QTransform

from app.viewer.room_beams import field_outline
from app.viewer.scene import Scene
from core.dicom.plan import Beam, ControlPoint, Plan
from core.dicom.structures import Structure
from core.dose.beam_frame import PATIENT_POSITIONS, BeamFrame, beam_frame, project
from core.dose.drr import Progress, drr, to_grey
from core.dose.geometry import Floats
from core.dose.isodose import isodose_lines

Grey = npt.NDArray[np.uint8]
Rgb = tuple[int, int, int]
Key = tuple[float, ...]
USUAL_SAD_MM = 1000.0
USUAL_POSITION = "HFS"
# Half the width of radiograph and silhouettes.
HALF_WIDTH_MM = 200.0
QUICK_PIXELS, FINE_PIXELS, QUICK_STEP_MM = 128, 512, 2.0
# Denser than this is bone; as white as it gets is at least this path through bone, so that noise
# does not look like bone; brightness of all tissue, and of bone.
BONE_HU, LEAST_BONE_MM = 120.0, 30.0
ALL_SHARE, BONE_SHARE = 0.45, 135.0
MASK_PIXELS = 640
CORNERS = 48
# Slices further apart than this many usual gaps are not joined in a silhouette.
MOST_GAPS = 2.5


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of the isocentre plane is seen: its middle, and half the shorter side."""

    x_mm: float = 0.0
    y_mm: float = 0.0
    half_mm: float = 120.0

    def scale(self, width: int, height: int) -> float:
        """Return the pixels per mm of a picture."""
        return max(min(width, height), 1) / (2 * self.half_mm)

    def to_pixels(self, width: int, height: int) -> QTransform:
        """Return how mm become pixels."""
        scale = self.scale(width, height)
        return QTransform(
            scale, 0, 0, -scale, width / 2 - scale * self.x_mm, height / 2 + scale * self.y_mm
        )


def window_of(beam: Beam) -> Window:
    """Return a window in which all a beam opens is seen, the isocentre in the middle."""
    banks = [
        bank
        for bank in beam.leaf_banks
        if all(
            len(bank.edges_mm) * 2 - 2 == len(one.leaves.get(bank.kind, ())) for one in beam.points
        )
    ]
    outline = field_outline(replace(beam, leaf_banks=tuple(banks)))
    if outline is None or not np.isfinite(outline).all():
        return Window()
    return Window(half_mm=float(np.clip(1.2 * np.abs(outline).max() + 20.0, 50.0, 220.0)))


def aim(
    scene: Scene | None, plan: Plan, beam: Beam, point: ControlPoint | None
) -> tuple[BeamFrame | None, tuple[str, ...]]:
    """Return where a beam looks, or None, and what was assumed or is missing."""
    if point is None:
        return None, ("The beam has no control points",)
    lacking = [
        words
        for value, words in (
            (point.isocentre_mm, "no isocentre"), (point.gantry_deg, "no gantry angle"),
            (point.collimator_deg, "no collimator angle"), (point.couch_deg, "no couch angle"),
        )
        if value is None
    ]  # fmt: skip
    position, notes = _position(scene, plan)
    if len(plan.patient_positions) > 1:
        lacking.append(f"no single patient position ({', '.join(plan.patient_positions)})")
    elif position not in PATIENT_POSITIONS:
        lacking.append(f"patient position {position}, which DICOM does not know,")
    if lacking:
        found = f"{', '.join(lacking)} in the plan".replace(",, ", ", ")
        return None, (f"{found[0].upper()}{found[1:]}: DRR and structures are not drawn",)
    if beam.is_tilted:
        notes = (*notes, "Table pitch, roll or eccentric angle of the plan is not considered")
    sad_mm = beam.source_axis_mm
    if sad_mm is None:
        sad_mm = USUAL_SAD_MM
        notes = (*notes, "SAD not told, 1000 mm assumed")
    angles = (point.gantry_deg, point.collimator_deg, point.couch_deg)
    gantry, collimator, couch = (float(angle or 0.0) for angle in angles)
    isocentre = np.asarray(point.isocentre_mm, dtype=np.float64)
    try:
        return beam_frame(isocentre, gantry, collimator, couch, sad_mm, position), notes
    except ValueError as problem:
        return None, (f"DRR and structures are not drawn: {problem}",)


def _position(scene: Scene | None, plan: Plan) -> tuple[str, tuple[str, ...]]:
    images = scene.series.patient_position if scene is not None and scene.series else ""
    if plan.patient_position:
        if images and images != plan.patient_position:
            return plan.patient_position, (
                f"The images were taken {images}, the plan treats {plan.patient_position}",
            )
        return plan.patient_position, ()
    if images:
        return images, (f"Position not told by the plan, {images} of the images taken",)
    return USUAL_POSITION, ("Position not told, HFS assumed",)


def drawn_of(scene: Scene | None, plan: Plan) -> tuple[bool, bool, tuple[str, ...]]:
    """Return whether the radiograph and the structures belong to a plan, and why not."""
    if scene is None:
        return False, False, ()
    notes = []
    frames = {one.structure.frame_uid for one in scene.outlines if one.structure.contours}
    with_structures = not plan.frame_uid or frames <= {plan.frame_uid}
    with_images = scene.series is not None and scene.series.modality == "CT"
    if not with_images:
        notes.append("No DRR: the set shows no CT")
    elif plan.frame_uid and scene.series is not None and scene.series.frame_uid != plan.frame_uid:
        with_images = False
        notes.append("No DRR: the images are in another frame of reference than the plan")
    if not with_structures:
        notes.append("No structures: they are in another frame of reference than the plan")
    if not plan.frame_uid and (frames or with_images):
        notes.append("The plan names no frame of reference; drawn in that of the set")
    return with_images, with_structures, tuple(notes)


@dataclass(frozen=True, eq=False, slots=True)
class Shadow:
    """One structure as the source sees it.

    Attributes:
        number: ROINumber.
        name: ROIName.
        colour: Red, green, blue.
        lines: Its silhouette, and contours that are not closed; each (n, 2), mm.
        points: Points of interest; shape (n, 2).

    """

    number: int
    name: str
    colour: Rgb
    lines: tuple[Floats, ...]
    points: Floats


def shadow_of(structure: Structure, frame: BeamFrame, *, solid: bool = True) -> Shadow:
    """Return a structure as the source sees it; without `solid` only its points."""
    points = [one.points_mm for one in structure.contours if one.kind == "POINT"]
    seen = project(frame, np.concatenate([*points, np.empty((0, 3))]))
    seen = seen[np.isfinite(seen).all(axis=1)]
    lines: tuple[Floats, ...] = ()
    if solid:
        lines = silhouette(structure, frame)
        others = (
            project(frame, one.points_mm)
            for one in structure.contours
            if one.kind != "POINT" and not one.is_closed and len(one.points_mm) > 1
        )
        lines += tuple(line for line in others if np.isfinite(line).all())
    return Shadow(structure.number, structure.name, structure.colour, lines, seen)


def silhouette(structure: Structure, frame: BeamFrame) -> tuple[Floats, ...]:
    """Return the outer outline of a structure's projection: every contour as thick as its slice.

    Holes within a slice are not shown; what lies beyond the radiograph's width is cut off.

    """
    contours = [_thinned(one.points_mm) for one in structure.closed]
    if not contours:
        return ()
    points = np.stack(contours)
    normal = _normal(points[0])
    low, high = _slabs(points.mean(axis=1) @ normal)
    near = project(frame, points + low[:, np.newaxis, np.newaxis] * normal)
    far = project(frame, points + high[:, np.newaxis, np.newaxis] * normal)
    sides = np.stack([near, far, np.roll(far, -1, axis=1), np.roll(near, -1, axis=1)], axis=2)
    path = _polygons(near)
    path.addPath(_polygons(sides.reshape(-1, 4, 2)))
    path.setFillRule(Qt.FillRule.WindingFill)
    return _outlines(path)


def _thinned(points: Floats) -> Floats:
    return points[np.arange(CORNERS) * len(points) // CORNERS]


def _normal(points: Floats) -> Floats:
    """Return the unit normal of a contour; along the patient where it has none."""
    centred = points - points.mean(axis=0)
    area = np.cross(centred, np.roll(centred, -1, axis=0)).sum(axis=0)
    length = float(np.linalg.norm(area))
    return area / length if length > 0 else np.array([0.0, 0.0, 1.0])


def _slabs(places: Floats) -> tuple[Floats, Floats]:
    """Return how far each contour reaches below and above its plane: half way to the next."""
    planes, own = np.unique(places.round(2), return_inverse=True)
    gaps = np.diff(planes)
    usual = float(np.median(gaps)) if len(gaps) else 1.0
    half = np.where(gaps <= MOST_GAPS * usual, gaps, usual) / 2
    low, high = np.append(usual / 2, half), np.append(half, usual / 2)
    return -low[own], high[own]


def _polygons(corners: Floats) -> QPainterPath:
    """Return polygons (n, corners, 2) as one path, all turning the same way round."""
    corners = corners[np.isfinite(corners).all(axis=(1, 2))]
    if not len(corners):
        return QPainterPath()
    following = np.roll(corners, -1, axis=1)
    area = (corners[..., 0] * following[..., 1] - corners[..., 1] * following[..., 0]).sum(axis=1)
    turned = np.where((area < 0)[:, np.newaxis, np.newaxis], corners[:, ::-1], corners)
    return path_of(np.concatenate([turned, turned[:, :1]], axis=1))


def path_of(lines: Floats) -> QPainterPath:
    """Return polylines (n, points, 2) as one path."""
    joined = np.ones(lines.shape[:2], dtype=np.int32)
    joined[:, -1] = 0
    flat = lines.reshape(-1, 2)
    path: QPainterPath = arrayToQPath(
        flat[:, 0], flat[:, 1], connect=joined.reshape(-1), finiteCheck=False
    )
    return path


def _outlines(path: QPainterPath) -> tuple[Floats, ...]:
    """Return the outline of all that a path covers, in its own unit."""
    image = QImage(MASK_PIXELS, MASK_PIXELS, QImage.Format.Format_Grayscale8)
    image.fill(Qt.GlobalColor.black)
    to_pixels = Window(half_mm=HALF_WIDTH_MM).to_pixels(MASK_PIXELS, MASK_PIXELS)
    painter = QPainter(image)
    painter.setTransform(to_pixels)
    painter.fillPath(path, Qt.GlobalColor.white)
    painter.end()
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(MASK_PIXELS, -1)
    # Not antialiased: where polygons meet in a pixel, Qt adds up their shares to too much.
    mask = np.pad(rows[:, :MASK_PIXELS], 1, mode="edge").astype(np.float32)
    mask = mask[:-2] + mask[1:-1] + mask[2:]
    mask = mask[:, :-2] + mask[:, 1:-1] + mask[:, 2:]
    pitch = 2 * HALF_WIDTH_MM / MASK_PIXELS
    (found,) = isodose_lines(mask, (4.5 * 255,))
    to_mm = np.array([pitch, -pitch])
    corner = np.array([pitch / 2 - HALF_WIDTH_MM, HALF_WIDTH_MM - pitch / 2])
    return tuple(corner + line * to_mm for line in found.lines)


def radiograph(scene: Scene, frame: BeamFrame, pixels: int, progress: Progress | None) -> Grey:
    """Return the radiograph of a scene's images as grey levels, bone emphasised.

    All tissue makes nearly half of the brightness, what is denser than soft tissue the rest.

    """
    if scene.volume is None:
        return np.zeros((1, 1), dtype=np.uint8)
    step_mm = QUICK_STEP_MM if pixels <= QUICK_PIXELS else None
    all_mm, bone_mm = (
        drr(
            scene.volume,
            frame,
            half_width_mm=HALF_WIDTH_MM,
            pixels=pixels,
            step_mm=step_mm,
            only_above_hu=least,
            progress=progress,
        )
        for least in (None, BONE_HU)
    )
    met = bone_mm[bone_mm > 0]
    most = max(float(np.percentile(met, 99.5)) if met.size else 0.0, LEAST_BONE_MM)
    bone = np.clip(np.nan_to_num(bone_mm) / most, 0.0, 1.0)
    grey: Grey = np.rint(ALL_SHARE * to_grey(all_mm) + BONE_SHARE * bone).astype(np.uint8)
    return grey


@dataclass(eq=False, slots=True)
class Made:
    """What was made for one direction.

    Attributes:
        grey: Radiograph, or None.
        pixels: Its width in pixels; 0 when there is none.
        shadows: Structures by ROINumber.

    """

    grey: Grey | None = None
    pixels: int = 0
    shadows: dict[int, Shadow] = field(default_factory=dict)

    def add(self, other: "Made") -> None:
        """Take over what another has."""
        self.shadows.update(other.shadows)
        if other.grey is not None:
            self.grey, self.pixels = other.grey, other.pixels


@dataclass(frozen=True, eq=False, slots=True)
class Work:
    """What is to be made for one direction.

    Attributes:
        key: The direction, as in `key_of`.
        frame: The direction.
        structures: Structures.
        pixels: Width of the radiograph in pixels; 0 for none.

    """

    key: Key
    frame: BeamFrame
    structures: Sequence[Structure]
    pixels: int


def key_of(frame: BeamFrame) -> Key:
    """Return what tells where a beam looks from other directions, whatever its name."""
    parts = np.concatenate([frame.source_mm, frame.isocentre_mm, 1000 * frame.x_axis])
    return tuple((parts.round(2) + 0.0).tolist())


def make(work: Work, scene: Scene, progress: Progress) -> Made:
    """Return what was wanted; `progress` may raise to stop."""
    made = Made()
    for place, structure in enumerate(work.structures):
        progress(place / (len(work.structures) + 1), f"structure {structure.name}")
        made.shadows[structure.number] = shadow_of(structure, work.frame)
    if work.pixels:
        made.grey = radiograph(scene, work.frame, work.pixels, progress)
        made.pixels = work.pixels
    return made
