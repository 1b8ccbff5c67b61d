"""A cube of 40 mm in a dose rising by 1 Gy per mm along x, from 10 Gy to 50 Gy in the cube."""

import numpy as np

from core.dicom.dose import Dose, ExportedDvh
from core.dicom.structure_dvh import structure_dvh
from core.dicom.structures import Contour, Structure
from core.dose.geometry import Grid, upright_geometry

RED, GREEN, WHITE = (255, 0, 0), (0, 255, 0), (255, 255, 255)
FRAME = "1.2"


def cube(name="PTV", number=1, colour=RED, x=(-20.0, 20.0), gap=2.0, half=20.0):
    """A box from x to x, contoured every `gap` mm."""
    corners = np.array([(x[0], -half), (x[1], -half), (x[1], half), (x[0], half)])
    contours = tuple(
        Contour(np.column_stack([corners, np.full(4, z)]), "CLOSED_PLANAR", "")
        for z in np.arange(-half + gap / 2, half, gap)
    )
    return Structure(number, name, "PTV", colour, FRAME, contours)


def point(name="iso", number=9):
    """A point of interest: it has no DVH."""
    where = Contour(np.zeros((1, 3)), "POINT", "")
    return Structure(number, name, "ISOCENTER", GREEN, FRAME, (where,))


def dose(*, exported=(), units="GY", reach=32.0):
    """The linear dose on a grid of 2 mm from -32 mm to `reach` along x."""
    columns = int((reach + 32) / 2) + 1
    geometry = upright_geometry((-32, -32, -32), (2.0, 2.0, 2.0), (33, 33, columns))
    gray = np.clip(30.0 + np.arange(-32, reach + 1, 2.0), 0, None)
    values = np.broadcast_to(gray, (33, 33, columns)).astype(np.float32)
    grid = Grid(geometry, values, FRAME)
    return Dose(None, grid, units, "PHYSICAL", "PLAN", (), (), (), "", "", tuple(exported), ())


def exported_dvh(number=1, shift_gy=0.5, volume_units="PERCENT"):
    """A cumulative DVH as a planning system would write it, `shift_gy` too high."""
    doses = np.arange(0.0, 60.0, 0.1)
    share = np.clip((50.0 + shift_gy - doses) / 40, 0, 1)
    whole = 64.0 if volume_units == "CM3" else 100.0
    return ExportedDvh((number,), "CUMULATIVE", doses, share * whole, "GY", volume_units)


def dvh(structure=None, own_dose=None):
    """The DVH of a structure; of the cube in the linear dose by default."""
    return structure_dvh(structure or cube(), own_dose or dose(), 2.0)
