"""Small grids of known dose, straight and turned, for the tests of sums."""

import numpy as np
from scipy.spatial.transform import Rotation

from core.dicom.registration import moved
from core.dose.geometry import Grid, upright_geometry

FRAME = "1.2.826.0.1.3680043.8.498.111111111111"
OTHER = "1.2.826.0.1.3680043.8.498.222222222222"
ONTO = upright_geometry((-10, -10, -10), (2.0, 2.5, 3.0), (6, 7, 8))


def rigid(angles=(0, 0, 0), shift=(0, 0, 0)):
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    matrix[:3, 3] = shift
    return matrix


def turned(geometry, angles, shift=(0, 0, 0)):
    return moved(geometry, rigid(angles, shift))


def positions(geometry):
    slices, rows, columns = geometry.shape
    s, r, c = np.meshgrid(range(slices), range(rows), range(columns), indexing="ij")
    return geometry.points_mm(np.stack([c, r, s], axis=-1))


def linear(geometry, slope=(0.1, -0.2, 0.05), base=30.0, frame=FRAME):
    """Return a dose that rises evenly, so that trilinear interpolation is exact."""
    values = positions(geometry) @ np.array(slope) + base
    return Grid(geometry, values.astype(np.float32), frame)


def uniform(gray, geometry=ONTO, frame=FRAME):
    return Grid(geometry, np.full(geometry.shape, gray, dtype=np.float32), frame)


def large(spacing=5.0, angles=(0, 0, 0)):
    """Return a grid that holds all of ONTO, at any angle."""
    count = int(120 / spacing) + 1
    middle = upright_geometry((-60, -60, -60), (spacing,) * 3, (count,) * 3)
    return turned(middle, angles)
