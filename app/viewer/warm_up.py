"""What the first set needs, loaded beforehand: libraries and compiled loops. No widget in sight.

Loading VTK and numba and their compiled loops takes seconds, once per start of the program. Done
while the user looks for a folder, it is no longer waited for.
"""

from importlib import import_module
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset

from app.viewer.display import Display
from app.viewer.outlines import Outline
from app.viewer.planes import Orientation, view_plane
from app.viewer.scene import Scene, SliceRenderer
from core.dicom.dose import Dose
from core.dicom.files import Item, Source
from core.dicom.rt_set import RtSet
from core.dicom.structure_dvh import structure_dvh
from core.dicom.structures import Contour, Structure
from core.dose.geometry import Grid, upright_geometry

SIDE, SPACING_MM = 4, 2.0


def warm_up() -> None:
    """Draw a slice and compute a DVH of a cube of a few millimetres, and forget both."""
    import_module("app.viewer.desk")  # with it VTK and the plots
    dose, structure = _dose(), _structure()
    values = np.zeros(dose.grid.geometry.shape, dtype=np.int16)
    volume = Grid(dose.grid.geometry, values, "")
    empty = RtSet("", "", (), (), (), (dose,), (), (), (), ())
    scene = Scene(empty, None, volume, dose, None, (Outline(structure, SPACING_MM),))
    middle = scene.box_mm.mean(axis=0)
    for kind in (Orientation.AXIAL, Orientation.CORONAL):
        plane = view_plane(kind, scene.box_mm, middle, (8, 8))
        SliceRenderer(scene).image(plane, Display(), middle)
    scene.values_at(middle)
    structure_dvh(structure, dose, SPACING_MM)


def _dose() -> Dose:
    shape = (SIDE, SIDE, SIDE)
    geometry = upright_geometry(np.zeros(3), (SPACING_MM,) * 3, shape)
    grid = Grid(geometry, np.ones(shape, dtype=np.float32), "")
    nothing = Item(Source(Path()), -1, Dataset())
    return Dose(nothing, grid, "GY", "PHYSICAL", "PLAN", (), (), (), "", "", (), ())


def _structure() -> Structure:
    corners = [(1.0, 1.0), (5.0, 1.0), (5.0, 5.0), (1.0, 5.0)]
    contours = tuple(
        Contour(np.array([(x, y, z) for x, y in corners]), "CLOSED_PLANAR", "") for z in (2.0, 4.0)
    )
    return Structure(1, "", "ORGAN", (0, 0, 0), "", contours)
