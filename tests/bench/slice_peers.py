"""A slice of CT with colour wash by other means, without contours: what the Viewer is measured by.

Each function takes image and dose and returns a function that draws one plane.
"""

import numpy as np
import vtkmodules.vtkRenderingOpenGL2  # noqa: F401  (registers the renderer that draws)
from PySide6.QtGui import QImage, QPainter
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkLookupTable, vtkUnsignedCharArray
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPlane
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkImagingCore import vtkImageBlend, vtkImageMapToColors, vtkImageReslice
from vtkmodules.vtkRenderingCore import (
    vtkImageProperty,
    vtkImageSlice,
    vtkRenderer,
    vtkRenderWindow,
)
from vtkmodules.vtkRenderingImage import vtkImageResliceMapper

GREY, WASH, OPACITY = (-160.0, 240.0), (10.0, 66.0), 0.45


def _vtk_image(grid):
    image = vtkImageData()
    slices, rows, columns = grid.geometry.shape
    image.SetDimensions(columns, rows, slices)
    image.SetSpacing(grid.geometry.column_mm, grid.geometry.row_mm, grid.geometry.slice_mm)
    image.SetOrigin(*grid.geometry.origin_mm)
    image.GetPointData().SetScalars(numpy_to_vtk(grid.values.reshape(-1), deep=False))
    return image


def _vtk_table(ends, opacity):
    table = vtkLookupTable()
    table.SetNumberOfTableValues(256)
    table.SetRange(*ends)
    table.SetAlphaRange(opacity, opacity)
    if ends == GREY:
        table.SetSaturationRange(0, 0)
        table.SetValueRange(0, 1)
    else:
        table.SetHueRange(0.667, 0)
    table.Build()
    return table


def imaging_pipeline(volume, dose):
    """VTK without a graphics card: vtkImageReslice, vtkImageMapToColors, vtkImageBlend."""
    blend = vtkImageBlend()
    cutters = []
    for grid, ends, opacity in ((volume, GREY, 1.0), (dose, WASH, OPACITY)):
        cutter = vtkImageReslice()
        cutter.SetInputData(_vtk_image(grid))
        cutter.SetOutputDimensionality(2)
        cutter.SetInterpolationModeToLinear()
        cutter.SetBackgroundLevel(-1000)
        colours = vtkImageMapToColors()
        colours.SetLookupTable(_vtk_table(ends, opacity))
        colours.SetOutputFormatToRGBA()
        colours.SetInputConnection(cutter.GetOutputPort())
        blend.AddInputConnection(colours.GetOutputPort())
        cutters.append(cutter)

    def draw(plane):
        axes = vtkMatrix4x4()
        vectors = (plane.right, plane.down, plane.normal, plane.centre_mm)
        for column, vector in enumerate(vectors):
            for row in range(3):
                axes.SetElement(row, column, float(vector[row]))
        height, width = plane.size
        for cutter in cutters:
            cutter.SetResliceAxes(axes)
            cutter.SetOutputSpacing(plane.pixel_mm, plane.pixel_mm, 1)
            cutter.SetOutputOrigin(-width / 2 * plane.pixel_mm, -height / 2 * plane.pixel_mm, 0)
            cutter.SetOutputExtent(0, width - 1, 0, height - 1, 0, 0)
        blend.Update()
        return vtk_to_numpy(blend.GetOutput().GetPointData().GetScalars())

    return draw


def reslice_mapper(volume, dose):
    """VTK as its examples have it: two vtkImageResliceMapper, drawn off-screen, read back."""
    renderer, window = vtkRenderer(), vtkRenderWindow()
    window.SetOffScreenRendering(1)
    window.AddRenderer(renderer)
    camera = renderer.GetActiveCamera()
    camera.ParallelProjectionOn()
    cut = vtkPlane()
    for grid, ends, opacity in ((volume, GREY, 1.0), (dose, WASH, OPACITY)):
        mapper = vtkImageResliceMapper()
        mapper.SetInputData(_vtk_image(grid))
        mapper.SetSlicePlane(cut)
        look = vtkImageProperty()
        look.SetLookupTable(_vtk_table(ends, opacity))
        look.UseLookupTableScalarRangeOn()
        look.SetInterpolationTypeToLinear()
        look.SetOpacity(opacity)
        look.SetLayerNumber(0 if grid is volume else 1)
        slice_ = vtkImageSlice()
        slice_.SetMapper(mapper)
        slice_.SetProperty(look)
        renderer.AddViewProp(slice_)

    def draw(plane):
        height, width = plane.size
        window.SetSize(width, height)
        cut.SetOrigin(*plane.centre_mm)
        cut.SetNormal(*plane.normal)
        camera.SetFocalPoint(*plane.centre_mm)
        camera.SetPosition(*(plane.centre_mm - 1000 * plane.normal))
        camera.SetViewUp(*-plane.down)
        camera.SetParallelScale(height / 2 * plane.pixel_mm)
        camera.SetClippingRange(1, 2000)
        window.Render()
        pixels = vtkUnsignedCharArray()
        window.GetPixelData(0, 0, width - 1, height - 1, 0, pixels, 0)
        return vtk_to_numpy(pixels).reshape(height, width, 3)[::-1]

    return draw


def numpy_and_qimage(volume, dose):
    """The shortest way: index arrays by nearest neighbour, colour by table, blend by Qt."""
    greys = np.clip((np.arange(-1024, 3072) - GREY[0]) * 255 / (GREY[1] - GREY[0]), 0, 255)
    greys = greys.astype(np.uint8)
    colours = np.zeros(256, dtype=np.uint32)
    shades = np.arange(1, 256, dtype=np.uint32)
    alpha = np.uint32(255 * OPACITY)
    colours[1:] = alpha << 24 | (shades * alpha // 255) << 16 | (255 - shades) * alpha // 255

    def nearest(grid, plane):
        """Return the values at the pixels' places, and whether a row or column is within."""
        geometry = grid.geometry
        step_mm = np.array([geometry.column_mm, geometry.row_mm, geometry.slice_mm])
        height, width = plane.size
        places, inside = [0, 0, 0], [True, True]
        for axis in range(3):
            start = plane.corner_mm[axis] - geometry.origin_mm[axis]
            for way, (vector, count) in enumerate(((plane.down, height), (plane.right, width))):
                if abs(vector[axis]) > 0.5:
                    along = start + np.arange(count) * (vector[axis] * plane.pixel_mm)
                    found = np.rint(along / step_mm[axis]).astype(np.int64)
                    last = geometry.shape[2 - axis] - 1
                    inside[way] = (found >= 0) & (found <= last)
                    found = found.clip(0, last)
                    places[axis] = found[:, None] if way == 0 else found[None, :]
                    break
            else:
                places[axis] = int(np.rint(start / step_mm[axis]))
        return grid.values[places[2], places[1], places[0]], inside

    def draw(plane):
        height, width = plane.size
        values, (rows, columns) = nearest(volume, plane)
        grey = greys[values + 1024]
        grey[~rows] = 0
        grey[:, ~columns] = 0
        gray, (rows, columns) = nearest(dose, plane)
        index = ((gray - WASH[0]) * (255 / (WASH[1] - WASH[0]))).clip(0, 255).astype(np.uint8)
        index[~rows] = 0
        index[:, ~columns] = 0
        wash = colours[index]
        under = QImage(grey.data, width, height, width, QImage.Format.Format_Grayscale8)
        image = under.convertToFormat(QImage.Format.Format_RGB32)
        over = QImage(
            wash.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied
        )
        painter = QPainter(image)
        painter.drawImage(0, 0, over)
        painter.end()
        return image

    return draw


PEERS = {
    "vtkImageResliceMapper": reslice_mapper,
    "VTK's imaging pipeline": imaging_pipeline,
    "numpy and QImage, nearest neighbour": numpy_and_qimage,
}
