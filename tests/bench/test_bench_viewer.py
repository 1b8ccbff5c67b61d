"""The Viewer's speed as ratios to named peers in the same run, on a 512 x 512 x 200 set.

Peers: pydicom's headers plus one numpy buffer (loading); VTK's imaging pipeline, reslice, colour
map and blend (slices). Memory: bytes of the volumes.
"""

from dataclasses import replace

import numpy as np
import pytest

from app.viewer.display import Display
from app.viewer.outlines import Outline
from app.viewer.planes import Orientation, view_plane
from app.viewer.render import ensure_application
from app.viewer.scene import Scene, SliceRenderer
from core.dicom.dose import Dose
from core.dicom.rt_set import RtSet
from core.dicom.structures import Contour, Structure
from core.dose.geometry import Grid, upright_geometry
from tests.bench.timing import fastest

SLICES, SIDE, STRUCTURES = 200, 512, 25
DOSE_SHAPE = (100, 128, 128)


def made_volume():
    rng = np.random.default_rng(1)
    values = rng.integers(-1000, 1500, (SLICES, SIDE, SIDE), dtype=np.int16)
    return Grid(upright_geometry((-250, -250, -250), (0.98, 0.98, 2.5), values.shape), values, "f")


def made_dose():
    s, r, c = np.meshgrid(*(np.linspace(-1, 1, n) for n in DOSE_SHAPE), indexing="ij")
    gray = (60 * np.exp(-3 * (s**2 + r**2 + c**2))).astype(np.float32)
    return Grid(upright_geometry((-190, -190, -150), (3, 3, 3), DOSE_SHAPE), gray, "f")


def made_structures():
    angles = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    rng = np.random.default_rng(2)
    for number in range(STRUCTURES):
        x, y = rng.uniform(-120, 120, 2)
        radius = rng.uniform(15, 80)
        contours = []
        for z in np.arange(-240, 240, 2.5)[20:160]:
            wobble = radius * (1 + 0.1 * np.sin(5 * angles + z / 20))
            ring = [x + wobble * np.cos(angles), y + wobble * np.sin(angles), np.full(120, z)]
            contours.append(Contour(np.stack(ring, axis=1), "CLOSED_PLANAR", ""))
        yield Structure(number, f"s{number}", "ORGAN", (255, 0, 0), "f", tuple(contours))


@pytest.fixture(scope="module")
def scene():
    ensure_application()
    dose = Dose(None, made_dose(), "GY", "PHYSICAL", "PLAN", (), (), (), "", "", (), ())
    own = RtSet("1", "one", (), (), (), (dose,), (), (), (), ())
    outlines = tuple(Outline(one, 2.5) for one in made_structures())
    return Scene(own, None, made_volume(), dose, None, outlines)


def vtk_peer(volume, dose):
    """Return a function that makes the same slice by VTK's imaging pipeline, no contours."""
    from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
    from vtkmodules.vtkCommonCore import vtkLookupTable
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkCommonMath import vtkMatrix4x4
    from vtkmodules.vtkImagingCore import vtkImageBlend, vtkImageMapToColors, vtkImageReslice

    blend = vtkImageBlend()
    cutters = []
    for grid, low, high, alpha in ((volume, -160, 240, 1.0), (dose, 10, 66, 0.45)):
        image = vtkImageData()
        slices, rows, columns = grid.geometry.shape
        image.SetDimensions(columns, rows, slices)
        image.SetSpacing(grid.geometry.column_mm, grid.geometry.row_mm, grid.geometry.slice_mm)
        image.SetOrigin(*grid.geometry.origin_mm)
        image.GetPointData().SetScalars(numpy_to_vtk(grid.values.reshape(-1), deep=False))
        cutter = vtkImageReslice()
        cutter.SetInputData(image)
        cutter.SetOutputDimensionality(2)
        cutter.SetInterpolationModeToLinear()
        cutter.SetBackgroundLevel(-1000)
        table = vtkLookupTable()
        table.SetNumberOfTableValues(256)
        table.SetRange(low, high)
        table.SetAlphaRange(alpha, alpha)
        table.Build()
        colours = vtkImageMapToColors()
        colours.SetLookupTable(table)
        colours.SetOutputFormatToRGBA()
        colours.SetInputConnection(cutter.GetOutputPort())
        blend.AddInputConnection(colours.GetOutputPort())
        cutters.append((cutter, image))

    def draw(plane):
        axes = vtkMatrix4x4()
        vectors = (plane.right, plane.down, plane.normal, plane.centre_mm)
        for column, vector in enumerate(vectors):
            for row in range(3):
                axes.SetElement(row, column, float(vector[row]))
        height, width = plane.size
        for cutter, _ in cutters:
            cutter.SetResliceAxes(axes)
            cutter.SetOutputSpacing(plane.pixel_mm, plane.pixel_mm, 1)
            cutter.SetOutputOrigin(-width / 2 * plane.pixel_mm, -height / 2 * plane.pixel_mm, 0)
            cutter.SetOutputExtent(0, width - 1, 0, height - 1, 0, 0)
        blend.Update()
        return vtk_to_numpy(blend.GetOutput().GetPointData().GetScalars())

    return draw


@pytest.mark.bench
@pytest.mark.parametrize("orientation", list(Orientation)[:3])
@pytest.mark.parametrize("side", [800, 1600])
def test_that_a_slice_with_wash_and_25_structures_scrolls(scene, orientation, side):
    size = (side, side) if side == 800 else (1200, 1600)
    display = replace(Display(), reference_gy=60.0, show_lines=False)
    plane = view_plane(orientation, scene.volume.geometry.box_mm, np.zeros(3), size)
    renderer, draw = SliceRenderer(scene), vtk_peer(scene.volume, scene.dose.grid)
    places = iter(range(1000))

    def ours():
        renderer.image(plane.moved(next(places) % 40 * 2.5 - 50), display, np.zeros(3))

    def peer():
        draw(plane.moved(next(places) % 40 * 2.5 - 50))

    ours()
    peer()
    own_s, peer_s = fastest(ours, peer, rounds=15)
    words = f"{orientation} {size[1]}x{size[0]}: {own_s * 1e3:.1f} ms with 25 structures"
    print(f"\n{words}; VTK without them {peer_s * 1e3:.1f} ms; ratio {own_s / peer_s:.2f}")
    assert own_s < 3.0 * peer_s
