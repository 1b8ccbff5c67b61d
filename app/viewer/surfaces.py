"""Structures and isodoses as surfaces for the room view, in patient mm.

No number comes from here: the surfaces are smoothed and thinned, for orientation only. Volumes,
doses and distances come from the contours (`core.dose.stack`) and the dose grid.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from vtkmodules.util import numpy_support
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkImageData, vtkPolyData
from vtkmodules.vtkFiltersCore import (
    vtkAppendPolyData,
    vtkFlyingEdges3D,
    vtkPolyDataNormals,
    vtkWindowedSincPolyDataFilter,
)
from vtkmodules.vtkFiltersSources import vtkSphereSource
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

from app.viewer.outlines import Outline
from app.viewer.room_beams import BeamShape
from app.viewer.scene import Scene
from core.dose.coverage import coverage
from core.dose.geometry import Floats, Grid
from core.dose.sample import Values
from core.dose.stack import GAP_FACTOR, Plane, Stack

PolyData = Any  # vtkPolyData; VTK's own type hints are not read.
Actor = Any
Renderer = Any
Colour = tuple[int, int, int]
BRIDGE: Any = numpy_support
MOST_TRIANGLES = 20_000
PIXELS_MM = (0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
# Triangles per crossed voxel face, measured on round bodies.
PER_FACE = 2.6
SMOOTHING_ROUNDS = 20
PASS_BAND = 0.08
POINT_RADIUS_MM = 3.0
ISOCENTRE_RADIUS_MM = 4.0
ISOCENTRE_COLOUR = (255, 80, 200)
BEAM_COLOUR, CHOSEN_COLOUR = (205, 180, 90), (255, 245, 170)
# Opacity of the body and of what surrounds another structure.
BODY, SHELL = 0.15, 0.35
# A structure that fills so much of the body's box is seen through like the body.
LIKE_BODY = 0.6


def structure_surface(outline: Outline, most_triangles: int = MOST_TRIANGLES) -> PolyData:
    """Return the surface of a structure, balls for points; empty where there is neither."""
    if outline.stack is None:
        points = [
            contour.points_mm for contour in outline.structure.contours if contour.kind == "POINT"
        ]
        return balls(np.concatenate(points), POINT_RADIUS_MM) if points else vtkPolyData()
    stack = outline.stack
    pixel_mm = _pixel_mm(stack, most_triangles)
    found = [_part_surface(stack, part, pixel_mm) for part in _parts(stack)]
    return _smoothed(_joined(found))


def _pixel_mm(stack: Stack, most_triangles: int) -> float:
    """Return the finest pixel with which the surface keeps to a number of triangles."""
    around = [sum(_length(polygon) for polygon in plane.polygons) for plane in stack.planes]
    side = float(np.array(around) @ stack.thicknesses_mm)
    extent = stack.box_mm[1] - stack.box_mm[0]
    caps = 1.6 * float(extent[0] * extent[1])
    for pixel_mm in PIXELS_MM:
        step_mm = _planes_per_step(stack, pixel_mm) * stack.usual_mm
        faces = side / (pixel_mm * step_mm) + caps / pixel_mm**2
        if pixel_mm >= stack.usual_mm / 3 and PER_FACE * faces <= most_triangles:
            return pixel_mm
    return PIXELS_MM[-1]


def _length(polygon: Floats) -> float:
    return float(np.linalg.norm(polygon - np.roll(polygon, 1, axis=0), axis=1).sum())


def _planes_per_step(stack: Stack, pixel_mm: float) -> int:
    return max(1, round(pixel_mm / stack.usual_mm))


def _parts(stack: Stack) -> list[list[Plane]]:
    """Return the planes between gaps: by the rule the structure ends on both sides of one."""
    parts = [[stack.planes[0]]]
    for plane in stack.planes[1:]:
        if plane.place_mm - parts[-1][-1].place_mm > GAP_FACTOR * stack.usual_mm:
            parts.append([])
        parts[-1].append(plane)
    return parts


def _part_surface(stack: Stack, planes: list[Plane], pixel_mm: float) -> PolyData:
    """Return the raw surface: half covered pixels, and end caps half a distance beyond."""
    low, high = stack.box_mm
    corner = low - 2 * pixel_mm
    columns, rows = (int(count) for count in np.ceil((high - low) / pixel_mm) + 4)
    per_step = _planes_per_step(stack, pixel_mm)
    steps = math.ceil(len(planes) / per_step)
    shares = np.zeros((steps + 2, rows, columns), dtype=np.float32)
    places = np.empty(steps + 2)
    for step in range(steps):
        own = planes[step * per_step : (step + 1) * per_step]
        for plane in own:
            shares[step + 1] += coverage(plane.polygons, corner, pixel_mm, (rows, columns))
        shares[step + 1] /= len(own)
        places[step + 1] = np.mean([plane.place_mm for plane in own])
    # An empty plane at each end, so far that the surface (share 0.5, half-way) is the end cap.
    reach = stack.usual_mm / 2
    places[0] = 2 * (planes[0].place_mm - reach) - places[1]
    places[-1] = 2 * (planes[-1].place_mm + reach) - places[-2]
    surface = _iso_surface(shares, 0.5)
    index = _points(surface)
    flat = corner + (index[:, :2] + 0.5) * pixel_mm
    heights = np.interp(index[:, 2], np.arange(steps + 2), places)
    _set_points(
        surface,
        flat[:, :1] * stack.across + flat[:, 1:] * stack.along + heights[:, None] * stack.normal,
    )
    return surface


def isodose_surface(
    dose: Grid, level: float, most_triangles: int = 2 * MOST_TRIANGLES
) -> PolyData | None:
    """Return where the dose passes a level, closed at the grid's edge; None below the level."""
    inside = dose.values >= level
    if level <= 0 or not inside.any():
        return None
    cuts = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        hit = np.flatnonzero(inside.any(axis=others))
        cuts.append(slice(max(int(hit[0]) - 1, 0), int(hit[-1]) + 2))
    inside = inside[tuple(cuts)]
    faces = sum(np.count_nonzero(np.diff(inside, axis=axis)) for axis in range(3))
    stride = max(1, math.ceil(math.sqrt(2 * faces / most_triangles)))
    thinned = dose.values[tuple(cuts)][::stride, ::stride, ::stride]
    values = np.pad(np.nan_to_num(thinned), 1)  # a difference has no value where one dose ends
    surface = _iso_surface(values.astype(np.float32), level)
    start = np.array([own.start for own in cuts[::-1]])
    _set_points(surface, dose.geometry.points_mm(start + (_points(surface) - 1) * stride))
    return _smoothed(surface)


def _iso_surface(values: Values, level: float) -> PolyData:
    """Return the surface of a level in (column, row, slice) indices."""
    slices, rows, columns = values.shape
    image = vtkImageData()
    image.SetDimensions(columns, rows, slices)
    flat = BRIDGE.numpy_to_vtk(np.ascontiguousarray(values).ravel(), deep=True)
    image.GetPointData().SetScalars(flat)
    edges = vtkFlyingEdges3D()
    edges.SetInputData(image)
    edges.SetValue(0, level)
    edges.ComputeNormalsOff()
    edges.ComputeGradientsOff()
    edges.ComputeScalarsOff()
    edges.Update()
    surface = vtkPolyData()
    surface.ShallowCopy(edges.GetOutput())
    return surface


def _smoothed(surface: PolyData) -> PolyData:
    smooth = vtkWindowedSincPolyDataFilter()
    smooth.SetInputData(surface)
    smooth.SetNumberOfIterations(SMOOTHING_ROUNDS)
    smooth.SetPassBand(PASS_BAND)
    smooth.NormalizeCoordinatesOn()
    smooth.NonManifoldSmoothingOn()
    smooth.BoundarySmoothingOff()
    normals = vtkPolyDataNormals()
    normals.SetInputConnection(smooth.GetOutputPort())
    normals.SplittingOff()
    normals.AutoOrientNormalsOn()
    normals.Update()
    made = vtkPolyData()
    made.ShallowCopy(normals.GetOutput())
    return made


def _joined(parts: Sequence[PolyData]) -> PolyData:
    if len(parts) == 1:
        return parts[0]
    append = vtkAppendPolyData()
    for part in parts:
        append.AddInputData(part)
    append.Update()
    return append.GetOutput()


def _points(surface: PolyData) -> Floats:
    if surface.GetNumberOfPoints() == 0:
        return np.empty((0, 3))
    return np.asarray(BRIDGE.vtk_to_numpy(surface.GetPoints().GetData()), dtype=np.float64)


def _set_points(surface: PolyData, points_mm: Floats) -> None:
    points = vtkPoints()
    points.SetData(
        BRIDGE.numpy_to_vtk(np.ascontiguousarray(points_mm, dtype=np.float32), deep=True)
    )
    surface.SetPoints(points)


def balls(points_mm: Iterable[Floats], radius_mm: float) -> PolyData:
    """Return a ball at each point."""
    found = []
    for point in points_mm:
        source = vtkSphereSource()
        source.SetCenter(*(float(value) for value in point))
        source.SetRadius(radius_mm)
        source.SetThetaResolution(20)
        source.SetPhiResolution(14)
        source.Update()
        found.append(source.GetOutput())
    return _joined(found)


def lines(polylines: Iterable[Floats]) -> PolyData:
    """Return polylines, each of shape (n, 3)."""
    own = list(polylines)
    cells: list[npt.NDArray[np.int64]] = []
    first = 0
    for polyline in own:
        cells.append(np.concatenate([[len(polyline)], np.arange(first, first + len(polyline))]))
        first += len(polyline)
    made = vtkPolyData()
    if not own:
        return made
    _set_points(made, np.concatenate(own))
    array = vtkCellArray()
    array.ImportLegacyFormat(BRIDGE.numpy_to_vtkIdTypeArray(np.concatenate(cells), deep=True))
    made.SetLines(array)
    return made


def opacities(outlines: Sequence[Outline]) -> dict[int, float]:
    """Return how opaque each structure is: what surrounds or covers others is seen through."""
    own = [one.structure for one in outlines if one.structure.contours]
    boxes = {one.number: one.box_mm for one in own}
    sizes = {number: float(np.prod(box[1] - box[0])) for number, box in boxes.items()}
    bodies = [one.number for one in own if one.kind == "EXTERNAL"]
    body = max((sizes[number] for number in bodies), default=np.inf)
    found = {}
    for one in own:
        low, high = boxes[one.number] + np.array([[-2.0], [2.0]])
        holds = any(
            number != one.number
            and sizes[number] < sizes[one.number]
            and (box[0] >= low).all()
            and (box[1] <= high).all()
            for number, box in boxes.items()
        )
        found[one.number] = SHELL if holds or one.kind == "BOLUS" else 1.0
        if one.kind == "EXTERNAL" or sizes[one.number] >= LIKE_BODY * body:
            found[one.number] = BODY
    return found


def patient_box(scene: Scene) -> Floats:
    """Return the box of what is drawn of the patient: structures, else the dose grid."""
    boxes = [one.structure.box_mm for one in scene.outlines if one.structure.contours]
    if not boxes:
        return scene.box_mm
    return np.stack([np.min([box[0] for box in boxes], axis=0),
                     np.max([box[1] for box in boxes], axis=0)])  # fmt: skip


def actor_of(surface: PolyData, colour: Colour, opacity: float = 1.0) -> Actor:
    """Return what the renderer draws."""
    mapper = vtkPolyDataMapper()
    mapper.SetInputData(surface)
    mapper.ScalarVisibilityOff()
    actor = vtkActor()
    actor.SetMapper(mapper)
    look = actor.GetProperty()
    look.SetColor(*(value / 255 for value in colour))
    look.SetOpacity(opacity)
    look.SetAmbient(0.15)
    look.SetDiffuse(0.85)
    look.SetSpecular(0.1)
    return actor


class BeamActors:
    """The beams in a renderer: axis and arc, field, and a ball at each isocentre."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer
        self._pairs: list[tuple[Actor, Actor]] = []
        self._balls: list[Actor] = []
        self.isocentres: tuple[Floats, ...] = ()

    def set_shapes(self, shapes: Sequence[BeamShape]) -> None:
        """Draw other beams."""
        for actor in (*(one for pair in self._pairs for one in pair), *self._balls):
            self._renderer.RemoveViewProp(actor)
        places = {tuple(shape.frame.isocentre_mm.round(2)) for shape in shapes}
        self.isocentres = tuple(np.array(place) for place in sorted(places))
        self._balls = [
            actor_of(balls([place], ISOCENTRE_RADIUS_MM), ISOCENTRE_COLOUR)
            for place in self.isocentres
        ]
        self._pairs = [
            (actor_of(lines(one.way), BEAM_COLOUR), actor_of(lines(one.pyramid), BEAM_COLOUR))
            for one in shapes
        ]
        for actor in (*(one for pair in self._pairs for one in pair), *self._balls):
            self._renderer.AddActor(actor)

    def show(self, on: bool, all_fields: bool, chosen: int, ratio: float) -> None:
        """Show or hide, and highlight one beam; `ratio` are the screen's pixels per unit."""
        for number, (way, pyramid) in enumerate(self._pairs):
            is_chosen = number == chosen
            colour = CHOSEN_COLOUR if is_chosen else BEAM_COLOUR
            for actor in (way, pyramid):
                look = actor.GetProperty()
                look.LightingOff()
                look.SetColor(*(value / 255 for value in colour))
                look.SetLineWidth((2.2 if is_chosen else 1.0) * ratio)
            way.SetVisibility(on)
            pyramid.SetVisibility(on and (all_fields or is_chosen))
        for ball in self._balls:
            ball.SetVisibility(on)
