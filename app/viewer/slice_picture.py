"""One slice as a picture: CT in grey and dose as colour wash, by VTK's imaging pipeline.

The pipeline works in voxel indices: the matrix from pixels to indices holds every turn, tilt and
spacing, so that one code serves all patient positions and oblique planes.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkDataArray, vtkLookupTable
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkCommonExecutionModel import vtkImageAlgorithm
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkImagingCore import vtkImageBlend, vtkImageMapToColors, vtkImageReslice

from app.viewer.planes import ViewPlane
from core.dose.colour_wash import STEPS, Scale
from core.dose.geometry import Geometry, Grid
from core.dose.sample import on_plane

BLACK = -32768.0
NO_DOSE = -1.0e6
# Blank voxels between two slices that are further apart than this many times the usual distance.
BLANK_GAP = 1.5


@dataclass(frozen=True, slots=True)
class Window:
    """Grey window: values from `low` (black) to `high` (white)."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Wash:
    """Colour wash: doses from `lower` to `upper`, in the unit of the dose.

    Doses below `lower` are not coloured; doses above `upper` keep the last colour.
    """

    scale: Scale
    lower: float
    upper: float
    opacity: float


class Layer:
    """A grid as VTK wants it: shared by all views, values not copied where evenly spaced."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        even = _even(grid)
        self.geometry = even.geometry
        self._keep = even.values
        self.image = vtkImageData()
        slices, rows, columns = even.geometry.shape
        self.image.SetDimensions(columns, rows, slices)
        self.image.GetPointData().SetScalars(_to_vtk(even.values))

    def matrix(self, plane: ViewPlane) -> vtkMatrix4x4:
        """Return the matrix from pixels of a plane to voxel indices."""
        geometry = self.geometry
        scale = np.array([1 / geometry.column_mm, 1 / geometry.row_mm, 1 / geometry.slice_mm])
        to_index = geometry.inverse_axes * scale[:, None]
        right = to_index @ (plane.right * plane.pixel_mm)
        down = to_index @ (plane.down * plane.pixel_mm)
        deep = to_index @ plane.normal
        start = to_index @ (plane.corner_mm - geometry.origin_mm)
        made = vtkMatrix4x4()
        for row in range(3):
            for column, vector in enumerate((right, down, deep, start)):
                made.SetElement(row, column, _exact(float(vector[row])))
        return made


def _to_vtk(values: npt.NDArray[Any]) -> vtkDataArray:
    """Return the values as VTK's array, without a copy."""
    made: vtkDataArray = numpy_to_vtk(values.reshape(-1), deep=False)  # type: ignore[no-untyped-call]  # VTK's
    return made


def _exact(number: float) -> float:
    """Return the number without rounding dust, so that VTK sees planes along the voxels."""
    return 0.0 if abs(number) < 1e-12 else number


def _even(grid: Grid) -> Grid:
    """Return the grid with evenly spaced slices; wide gaps stay blank."""
    geometry = grid.geometry
    if geometry.is_even:
        return grid
    step_mm = float(geometry.gaps_mm.min())
    length = float(geometry.slice_offsets_mm[-1])
    count = round(length / step_mm) + 1
    step_mm = length / (count - 1)
    offsets = np.linspace(0.0, length, count)
    blank = BLACK if grid.values.dtype == np.int16 else NO_DOSE
    values = np.full((count, *geometry.shape[1:]), blank, dtype=grid.values.dtype)
    right = geometry.along_columns * geometry.column_mm
    down = geometry.along_rows * geometry.row_mm
    for number, offset in enumerate(offsets):
        after = int(np.searchsorted(geometry.slice_offsets_mm, offset - 1e-6))
        before = max(after - 1, 0)
        near = abs(geometry.slice_offsets_mm[min(after, geometry.shape[0] - 1)] - offset) < 1e-6
        gap = geometry.slice_offsets_mm[min(after, geometry.shape[0] - 1)]
        gap -= geometry.slice_offsets_mm[before]
        if near or gap <= BLANK_GAP * geometry.slice_mm:
            corner = geometry.origin_mm + offset * geometry.along_slices
            plane = on_plane(grid, corner, right, down, geometry.shape[1:])
            values[number] = np.nan_to_num(plane, nan=blank).round(3)
    made = Geometry(
        geometry.origin_mm, geometry.along_columns, geometry.along_rows, geometry.along_slices,
        geometry.column_mm, geometry.row_mm, offsets, values.shape,
    )  # fmt: skip
    return Grid(made, values, grid.frame_uid)


class SlicePicture:
    """The pipeline of one view."""

    def __init__(self) -> None:
        self._image_cut = _cutter(BLACK)
        self._dose_cut = _cutter(NO_DOSE)
        self._grey = vtkImageMapToColors()
        self._grey.SetInputConnection(self._image_cut.GetOutputPort())
        self._grey.SetOutputFormatToRGBA()
        self._colour = vtkImageMapToColors()
        self._colour.SetInputConnection(self._dose_cut.GetOutputPort())
        self._colour.SetOutputFormatToRGBA()
        self._blend = vtkImageBlend()
        self._blend.AddInputConnection(self._grey.GetOutputPort())
        self._blend.AddInputConnection(self._colour.GetOutputPort())
        self._image: Layer | None = None
        self._dose: Layer | None = None
        self._wash: Wash | None = None

    def set_image(self, layer: Layer | None) -> None:
        """Show another image, or none."""
        self._image = layer
        if layer is not None:
            self._image_cut.SetInputData(layer.image)

    def set_window(self, window: Window) -> None:
        """Use another grey window."""
        self._grey.SetLookupTable(_grey_table(window))

    def set_dose(self, layer: Layer | None, wash: Wash | None) -> None:
        """Show another dose as colour wash, or none."""
        self._dose, self._wash = layer, wash
        if layer is not None and wash is not None:
            self._dose_cut.SetInputData(layer.image)
            self._colour.SetLookupTable(_wash_table(wash))

    def render(self, plane: ViewPlane) -> npt.NDArray[np.uint8]:
        """Return the picture; shape (height, width, 4), RGBA, a copy."""
        height, width = plane.size
        last: vtkImageAlgorithm | None = None
        if self._image is not None:
            _place(self._image_cut, self._image, plane)
            last = self._grey
        if self._dose is not None and self._wash is not None:
            _place(self._dose_cut, self._dose, plane)
            last = self._colour if last is None else self._blend
        if last is None:
            return np.tile(np.array([0, 0, 0, 255], dtype=np.uint8), (height, width, 1))
        last.Update()
        scalars = last.GetOutput().GetPointData().GetScalars()
        flat = vtk_to_numpy(scalars)  # type: ignore[no-untyped-call]  # VTK's
        picture: npt.NDArray[np.uint8] = flat.reshape(height, width, 4).copy()
        if last is self._colour:
            _on_black(picture)
        return picture


def _on_black(picture: npt.NDArray[np.uint8]) -> None:
    share = picture[..., 3:].astype(np.uint16)
    picture[..., :3] = (picture[..., :3] * share // 255).astype(np.uint8)
    picture[..., 3] = 255


def _cutter(outside: float) -> vtkImageReslice:
    cutter = vtkImageReslice()
    cutter.SetOutputDimensionality(2)
    cutter.SetInterpolationModeToLinear()
    cutter.SetBackgroundLevel(outside)
    cutter.SetOutputSpacing(1, 1, 1)
    cutter.SetOutputOrigin(0, 0, 0)
    # Values reach half a voxel beyond the centres, but no further.
    cutter.SetBorder(True)
    return cutter


def _place(cutter: vtkImageReslice, layer: Layer, plane: ViewPlane) -> None:
    height, width = plane.size
    cutter.SetResliceAxes(layer.matrix(plane))
    cutter.SetOutputExtent(0, width - 1, 0, height - 1, 0, 0)


def _grey_table(window: Window) -> vtkLookupTable:
    table = vtkLookupTable()
    table.SetNumberOfTableValues(STEPS)
    table.SetRange(window.low, max(window.high, window.low + 1e-6))
    for step in range(STEPS):
        grey = step / (STEPS - 1)
        table.SetTableValue(step, grey, grey, grey, 1.0)
    return table


def _wash_table(wash: Wash) -> vtkLookupTable:
    table = vtkLookupTable()
    table.SetNumberOfTableValues(STEPS)
    table.SetRange(wash.lower, max(wash.upper, wash.lower + 1e-9))
    for step, (red, green, blue) in enumerate(wash.scale.table() / 255):
        table.SetTableValue(step, red, green, blue, wash.opacity)
    table.SetUseBelowRangeColor(True)
    table.SetBelowRangeColor(0.0, 0.0, 0.0, 0.0)
    return table
